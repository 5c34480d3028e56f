# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many commands at once: on many containers, and on one."""

import concurrent.futures
import itertools
import json
import os
import re
import signal
import time

import pytest

from harness import faults, host

pytestmark = [pytest.mark.slow]

CALLERS = 8
CONTAINERS = 50
ROUNDS = 12


class Crowd:
    """Bundles that share a rootfs and a leading cgroup."""

    def __init__(self, bundle):
        self.bundle = bundle
        self.runtime = bundle.runtime
        self.top = bundle.name
        self.host = faults.Host.look(bundle.directory)

    def add(self, name, **changes):
        config = json.loads(json.dumps(self.bundle.config))
        config["root"]["path"] = str(self.bundle.rootfs)
        config["root"]["readonly"] = True
        config["linux"]["cgroupsPath"] = f"/{self.top}/{name}"
        config["process"]["args"] = ["/bin/probe", "wait"]
        config.update(changes)
        directory = self.bundle.directory / name
        directory.mkdir(exist_ok=True)
        (directory / "config.json").write_text(json.dumps(config))
        return name

    def create(self, name):
        return self.runtime("create", "--bundle", self.bundle.directory / name, name)

    def __call__(self, *words):
        return self.runtime(*words)

    def nothing_is_left(self):
        # a leading cgroup that the first container made and others shared belongs to nobody
        host.remove_cgroups(faults.cgroups(self.top))
        left = self.host.processes_end() + self.host.changes(self.runtime, self.top)
        assert not left, "left behind: " + "; ".join(left)


@pytest.fixture
def crowd(bundle):
    bundle.file("/dev/.keep")
    return Crowd(bundle)


@pytest.fixture
def callers():
    with concurrent.futures.ThreadPoolExecutor(CALLERS) as pool:
        yield pool


def at_once(callers, *calls):
    return [future.result() for future in [callers.submit(call) for call in calls]]


def whole_life(crowd, name):
    crowd.create(name).ok()
    assert crowd("state", name).json()["status"] == "created"
    crowd("start", name).ok()
    crowd("exec", name, "/bin/probe", "exit", "7").exits(7)
    crowd("list", "--format", "json").ok()
    crowd("kill", name, "KILL").ok()
    crowd("delete", "--force", name).ok()
    crowd("state", name).fails(1, ["does not exist"])


def test_many_containers_side_by_side(crowd, callers):
    names = [crowd.add(f"{crowd.top}-{number}") for number in range(CONTAINERS)]
    list(callers.map(lambda name: whole_life(crowd, name), names))
    crowd.nothing_is_left()


def test_one_of_two_creates_wins(crowd, callers):
    name = crowd.add(crowd.top + "-one")
    for _ in range(ROUNDS):
        done = at_once(callers, *[lambda: crowd.create(name)] * 3)
        losers = [result for result in done if result.code != 0]
        assert len(losers) == 2, "\n".join(map(str, done))
        for result in losers:
            result.fails(1).dray_error("ID_IN_USE")
        assert crowd("state", name).json()["status"] == "created"
        crowd("delete", "--force", name).ok()
    crowd.nothing_is_left()


# What may come of a command on a container that others end at the same time.
EXPECTED = {"CONTAINER_NOT_FOUND", "CONTAINER_NOT_RUNNING", "CONTAINER_STATUS", "STAGE_DIED",
            "CONTAINER_BROKEN", "INTERRUPTED", "ID_IN_USE"}


def is_expected(done, more=()):
    if done.code == 0:
        return
    done.fails()
    if done.kind == "dray":
        found = re.search(r"error\[([A-Z_]+)\]", done.err)
        assert found and found[1] in EXPECTED | set(more), str(done)


@pytest.mark.parametrize("commands", [
    ("start", "start"), ("start", "kill", "delete"), ("delete", "delete", "delete"), ("kill", "kill", "delete"),
    ("start", "exec", "delete"), ("pause", "start", "delete"),
], ids="-".join)
def test_commands_on_one_container(crowd, callers, commands):
    words = {"start": ["start"], "kill": ["kill", "--all"], "delete": ["delete", "--force"],
             "exec": ["exec"], "pause": ["pause"]}
    tails = {"kill": ["KILL"], "exec": ["/bin/probe", "exit", "0"]}
    name = crowd.add(crowd.top + "-one")
    for _ in range(ROUNDS):
        crowd.create(name).ok()
        done = at_once(callers, *[
            lambda verb=verb: crowd(*words[verb], name, *tails.get(verb, [])) for verb in commands])
        for verb, result in zip(commands, done):
            if verb == "exec" and result.code == 137:
                continue  # the program ran, and the delete killed it
            is_expected(result, ("NAMESPACE_FAILED", "CGROUP_JOIN", "CGROUP_FREEZE", "CONTAINER_PAUSED",
                                 "CGROUP_READ", "STATE_DAMAGED"))
        if commands == ("start", "start"):
            assert sorted(result.code for result in done) == [0, 1], "\n".join(map(str, done))
        crowd("delete", "--force", name).ok()
    crowd.nothing_is_left()


@pytest.mark.only_dray("others do not lock")
def test_create_against_delete(crowd, callers):
    """Whoever comes first: create succeeds or says that it was ended, and nothing is left."""
    name = crowd.add(crowd.top + "-one")
    for pause in itertools.islice(itertools.cycle((0, 0.002, 0.004, 0.008, 0.012)), 2 * ROUNDS):
        def delete(pause=pause):
            time.sleep(pause)
            return crowd("delete", "--force", name)

        created, deleted = at_once(callers, lambda: crowd.create(name), delete)
        deleted.ok()
        is_expected(created, ("STATE_WRITE",))
        crowd("delete", "--force", name).ok()
    crowd.nothing_is_left()


# --- nobody waits for what may never come

def hook(script):
    return [{"path": "/bin/sh", "args": ["sh", "-c", script]}]


SLEEP = "exec sleep 1000"


@pytest.mark.only_dray("others leave the hook")
@pytest.mark.parametrize("end", ["TERM", "INT", "HUP", "delete"])
def test_a_hook_that_hangs_does_not_make_create_immortal(crowd, end):
    name = crowd.add(crowd.top + "-one", hooks={
        "createRuntime": hook(f"touch {crowd.bundle.directory}/began; {SLEEP}")})
    directory = crowd.bundle.directory
    with open(directory / "err", "wb") as err:
        process = crowd.runtime.popen("create", "--bundle", directory / name, name, stdout=err, stderr=err)
    host.wait_until((directory / "began").exists, "the hook to begin")
    if end == "delete":
        crowd("delete", "--force", name).ok()
    else:
        process.send_signal(getattr(signal, "SIG" + end))
    assert process.wait(20 * host.PATIENCE) == 1
    said = (directory / "err").read_text()
    assert ("INTERRUPTED" if end != "delete" else "STAGE_DIED") in said, said
    crowd.nothing_is_left()


@pytest.mark.only_dray("others leave the hook")
def test_a_start_container_hook_that_hangs_can_be_deleted(crowd):
    name = crowd.add(crowd.top + "-one", hooks={"startContainer": hook(SLEEP)})
    crowd.create(name).ok()
    with open(crowd.bundle.directory / "err", "wb") as err:
        process = crowd.runtime.popen("start", name, stdout=err, stderr=err)
    host.wait_until(lambda: not (crowd.runtime.root / name / "start.fifo").exists(), "start to begin")
    assert crowd("state", name).json()["status"] in ("created", "running")
    crowd("delete", "--force", name).ok()
    assert process.wait(20 * host.PATIENCE) == 1
    crowd.nothing_is_left()


@pytest.mark.parametrize("verb", ["start", "run"])
def test_a_poststart_hook_that_hangs_locks_nobody_out(crowd, verb):
    directory = crowd.bundle.directory
    name = crowd.add(crowd.top + "-one", hooks={"poststart": hook(f"echo $$ > {directory}/pid; {SLEEP}")})
    pid = directory / "pid"
    if verb == "start":
        crowd.create(name).ok()
    words = ["start", name] if verb == "start" else ["run", "--bundle", directory / name, name]
    process = crowd.runtime.popen(*words, stdout=open(os.devnull, "wb"), stderr=open(os.devnull, "wb"))
    host.wait_until(lambda: pid.exists() and pid.read_text(), "the hook to begin")
    assert crowd("state", name).json()["status"] == "running"
    crowd("pause", name).ok()
    crowd("resume", name).ok()
    crowd("delete", "--force", name).ok()
    os.kill(int(pid.read_text()), signal.SIGKILL)
    assert process.wait(20 * host.PATIENCE) == 1
    crowd.nothing_is_left()


def test_a_container_paused_before_its_start(crowd):
    name = crowd.add(crowd.top + "-one")
    crowd.create(name).ok()
    crowd("pause", name).ok()
    assert crowd("state", name).json()["status"] == "paused"
    crowd("start", name).fails(1)
    crowd("resume", name).ok()
    assert crowd("state", name).json()["status"] == "created"
    crowd("start", name).ok()
    assert crowd("state", name).json()["status"] == "running"
    crowd("delete", "--force", name).ok()
    crowd.nothing_is_left()


def test_a_foreground_run_locks_nobody_out(crowd):
    name = crowd.add(crowd.top + "-one")
    process = crowd.runtime.popen("run", "--bundle", crowd.bundle.directory / name, name,
                                  stdout=open(os.devnull, "wb"), stderr=open(os.devnull, "wb"))
    host.wait_until(lambda: crowd("state", name).code == 0 and
                    crowd("state", name).json()["status"] == "running", "the program to run")
    crowd("pause", name).ok()
    crowd("resume", name).ok()
    crowd("exec", name, "/bin/probe", "exit", "7").exits(7)
    crowd("delete", "--force", name).ok()
    assert process.wait(20 * host.PATIENCE) == 137
    crowd.nothing_is_left()
