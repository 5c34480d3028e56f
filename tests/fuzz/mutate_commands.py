#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mutates real documents and runs the real commands on them: no crash, no hang, nothing left behind.

    tests/fuzz/mutate_commands.py RUNTIME [--seconds N] [--seed N]

RUNTIME is best a build with sanitizers.  Runs as root.  Documents that would touch the host (another
root directory, no mount namespace, hooks, bind mounts) are not run.
"""

import argparse
import copy
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "integration"))
from harness import config as configs  # noqa: E402
from harness import host  # noqa: E402
from harness.bundle import Bundle  # noqa: E402
from harness.runtime import Runtime  # noqa: E402

WORDS = ["", "/", "..", "../..", ".", "a" * 300, "x" * 5000, "\u0000", "%n%s", "-1", "0", "é", "\ud800", "/dev/null", "rw",
         "/proc/self/fd/3", "SCMP_ACT_ALLOW", "CAP_SYS_ADMIN", "RLIMIT_CORE", "tmpfs", "size=1", "mode=777", "idmap"]
NUMBERS = [0, 1, -1, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 1.5, 1e300]
SEEDS = {
    "seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32"], "syscalls": [
        {"names": ["mkdir", "rmdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 7,
         "args": [{"index": 1, "value": 5, "valueTwo": 3, "op": "SCMP_CMP_MASKED_EQ"}]}]},
    "sysctl": {"kernel.shmmni": "4096", "net.ipv4.ip_forward": "1"},
    "devices": [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": 420, "uid": 0, "gid": 0}],
    "timeOffsets": {"monotonic": {"secs": 5, "nanosecs": 7}},
    "personality": {"domain": "LINUX"},
}


def seed_document(name):
    document = configs.default_config(name)
    document["linux"].update(copy.deepcopy(SEEDS))
    document["linux"]["namespaces"].append({"type": "time"})
    document["linux"]["resources"].update({"memory": {"limit": 50_000_000}, "cpu": {"shares": 512, "quota": 50_000},
                                           "pids": {"limit": 100}})
    document["process"].update({"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 512, "hard": 1024}], "oomScoreAdj": 100,
                                "scheduler": {"policy": "SCHED_BATCH", "nice": 3}, "noNewPrivileges": True,
                                "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 4}})
    document["process"]["args"] = ["/bin/probe", "wait"]
    return document


def places(value, path=()):
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], path + (key,))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, path + (index,))


def mutate_tree(chance, document):
    document = copy.deepcopy(document)
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(list(places(document)))
        if not path:
            continue
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        choice = chance.randrange(6)
        if choice == 0:
            del parent[path[-1]]
        elif choice == 1:
            parent[path[-1]] = chance.choice(WORDS)
        elif choice == 2:
            parent[path[-1]] = chance.choice(NUMBERS)
        elif choice == 3:
            parent[path[-1]] = chance.choice([None, True, False, [], {}, [[]], {"": 1}])
        elif choice == 4 and isinstance(parent, list):
            parent += [copy.deepcopy(parent[path[-1]])] * chance.choice([1, 2, 100])
        elif isinstance(parent, dict):
            parent[chance.choice(WORDS[:12]) + "x"] = parent[path[-1]]
    return json.dumps(document, indent=chance.choice([None, 1])).encode("utf-8", "surrogatepass")


def mutate_bytes(chance, data):
    data = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        if not data:
            break
        at, length = chance.randrange(len(data)), chance.randint(1, 40)
        choice = chance.randrange(4)
        if choice == 0:
            data[at] = chance.randrange(256)
        elif choice == 1:
            del data[at:at + length]
        elif choice == 2:
            data[at:at] = data[at:at + length] * chance.choice([1, 3])
        else:
            del data[at:]
    return bytes(data)


def is_harmless(data, seed):
    """Whether a runtime that takes it stays inside its bundle."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return True
    if not isinstance(document, dict):
        return True
    text = json.dumps(document)
    linux = document.get("linux")
    namespaces = linux.get("namespaces") if isinstance(linux, dict) else None
    types = [entry.get("type") for entry in namespaces if isinstance(entry, dict)] if isinstance(namespaces, list) else []
    return document.get("root") == seed["root"] and {"mount", "pid", "ipc", "uts", "network"} <= set(types) \
        and '"hooks"' not in text and "bind" not in text and '"path": "/proc' not in text


class Fuzzer:
    def __init__(self, options):
        self.options = options
        self.chance = random.Random(options.seed)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="dray-fuzz-"))
        self.sanitizer = self.work / "sanitizer"
        self.sanitizer.mkdir()
        os.environ["RUNTIME"] = options.runtime
        probe = self.work / "probe"
        subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O1", "-static", "-o", probe,
                        *sorted((HERE.parent / "integration/probe").glob("*.c"))], check=True)
        self.runtime = Runtime(self.work)
        self.bundle = Bundle(self.work / "bundle", f"fuzz{os.getpid()}", self.runtime, probe)
        self.seed = seed_document(self.bundle.name)
        self.counts = {}

    def call(self, *words, document=None):
        environment = {"ASAN_OPTIONS": f"log_path={self.sanitizer}/asan", "LSAN_OPTIONS": "exitcode=0",
                       "UBSAN_OPTIONS": f"log_path={self.sanitizer}/ubsan"}
        done = self.runtime(*words, env=environment, timeout=30)
        found = sorted(self.sanitizer.iterdir())
        if done.code < 0 or found or done.code > 255:
            keep = self.work / f"crash.{time.time()}"
            keep.write_bytes(document or b"")
            raise SystemExit(f"FAILED: {done}\n{found[0].read_text()[:4000] if found else ''}\nkept {keep}")
        key = (words[0], done.code == 0)
        self.counts[key] = self.counts.get(key, 0) + 1
        for pattern in ("out.*", "err.*"):
            for path in self.work.glob(pattern):
                path.unlink()
        return done

    def fuzz_config(self):
        base = json.dumps(self.seed).encode()
        data = mutate_tree(self.chance, self.seed) if self.chance.random() < 0.7 else mutate_bytes(self.chance, base)
        if not is_harmless(data, self.seed):
            return
        (self.bundle.directory / "config.json").write_bytes(data)
        if self.call("create", "--bundle", self.bundle.directory, self.bundle.name, document=data).code == 0:
            self.call("state", self.bundle.name)
            self.fuzz_process()
            if self.chance.random() < 0.5:
                self.fuzz_state()
        self.delete()

    def fuzz_process(self):
        process = copy.deepcopy(self.seed["process"])
        process["args"] = ["/bin/probe", "exit", "0"]
        data = mutate_tree(self.chance, process) if self.chance.random() < 0.7 else \
            mutate_bytes(self.chance, json.dumps(process).encode())
        path = self.bundle.directory / "process.json"
        path.write_bytes(data)
        if b'"wait"' not in data:
            self.call("exec", "--process", path, self.bundle.name, document=data)

    def fuzz_state(self):
        directory = self.runtime.root / self.bundle.name
        files = [path for path in directory.iterdir() if path.is_file()]
        path = self.chance.choice(files)
        data = path.read_bytes()
        path.write_bytes(mutate_bytes(self.chance, data))
        for words in self.chance.sample([("state",), ("kill",), ("ps",), ("pause",), ("resume",), ("delete",), ("start",)], 3):
            if path.exists():
                self.call(*words, self.bundle.name, document=data)
        if directory.exists():
            path.write_bytes(data)
        else:  # what the damaged journal did not tell of is ours to remove
            host.reap_strays()
            host.remove_cgroups(host.cgroups_named(self.bundle.name))

    def delete(self):
        self.call("delete", "--force", self.bundle.name)
        left = self.bundle.leaks()
        host.reap_dead()
        if left:
            raise SystemExit(f"FAILED: left behind: {left}, seed {self.options.seed}, in {self.work}")

    def run(self):
        end = time.monotonic() + self.options.seconds
        rounds = 0
        while time.monotonic() < end:
            self.fuzz_config()
            rounds += 1
        words = ", ".join(f"{verb} {'ok' if good else 'refused'} {count}" for (verb, good), count in sorted(self.counts.items()))
        print(f"{rounds} rounds: {words}")
        subprocess.run(["rm", "-r", "--one-file-system", self.work], check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runtime", help="the program to run")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    host.become_subreaper()
    Fuzzer(parser.parse_args()).run()


if __name__ == "__main__":
    main()
