# SPDX-License-Identifier: LGPL-2.1-or-later
"""What engines read of errors: one JSON object in the log file, their phrases, nothing on stderr."""

import json
import re

import pytest


def failing(bundle, workdir, *, args=None, verb="create", more=(), log="log.json", options=()):
    if args is not None:
        bundle.args = args
    bundle.write()
    path = workdir / log
    words = {"create": ["create", "--bundle", bundle.directory, bundle.name],
             "exec": ["exec", bundle.name, *more]}[verb]
    done = bundle.runtime(*words, options=["--log", str(path), "--log-format", "json", *options])
    assert done.code != 0
    return done, path.read_text()


def test_exactly_one_object(bundle, workdir):
    """Podman parses the whole file as one object."""
    done, text = failing(bundle, workdir, args=["/no/such/program"])
    entry = json.loads(text)
    assert entry["level"] == "error"
    assert "/no/such/program" in entry["msg"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", entry["time"])
    assert text.endswith("\n") and text.count("\n") == 1


@pytest.mark.unlike(runc="writes to stderr as well")
def test_nothing_goes_to_stderr(bundle, workdir):
    done, _ = failing(bundle, workdir, args=["/no/such/program"])
    assert done.err == ""


def test_commands_without_a_program_say_it_on_stderr_too(bundle, workdir):
    """containerd's shim looks there when it has killed or deleted what is gone."""
    path = workdir / "log.json"
    for words in (["kill", "missing", "9"], ["delete", "missing"]):
        done = bundle.runtime(*words, options=["--log", str(path), "--log-format", "json"])
        assert "does not exist" in done.fails(1).err
        assert "does not exist" in json.loads(path.read_text())["msg"]
        path.unlink()
    # it is the same place: once is enough
    done = bundle.runtime("kill", "missing", options=["--log", "/dev/stderr"])
    assert done.fails(1).err.count("does not exist") == 1


def test_success_leaves_the_log_empty(bundle, workdir):
    bundle.args = ["/bin/probe", "exit", "0"]
    path = workdir / "log.json"
    bundle.run(options=["--log", str(path), "--log-format=json"]).ok()
    assert not path.exists() or path.read_text() == ""


def test_log_is_appended_to(bundle, workdir):
    """containerd uses one file for all calls and takes the last error."""
    for number in range(3):
        _, text = failing(bundle, workdir, args=[f"/no/such/program{number}"])
    entries = [json.loads(line) for line in text.splitlines()]
    assert len(entries) == 3
    assert "program2" in entries[-1]["msg"]


@pytest.mark.parametrize("args, pattern", [
    (["no-such-program"], r'exec: "no-such-program": executable file not found in \$PATH'),
    (["/no/such/program"], r'/no/such/program.*no such file or directory'),
    (["/etc/passwd"], r'exec: "/etc/passwd": permission denied'),
])
def test_phrases_of_the_program(bundle, workdir, args, pattern):
    _, text = failing(bundle, workdir, args=args)
    assert re.search(pattern, json.loads(text)["msg"]), text


@pytest.mark.parametrize("args, pattern", [
    ("no-such-program", r'"no-such-program".*executable file not found in \$PATH'),
    ("/no/such/program", r'/no/such/program.*no such file or directory'),
    ("/etc/passwd", r'/etc/passwd.*permission denied'),
])
def test_phrases_of_exec(bundle, workdir, args, pattern):
    bundle.up()
    done, text = failing(bundle, workdir, verb="exec", more=[args])
    assert done.code == 255
    assert re.search(pattern, json.loads(text)["msg"]), text


RESERVED = re.compile(r"(?i)permission denied|operation not permitted|executable file not found in|"
                      r"no such file or directory|open executable")


@pytest.mark.only_dray("others confuse Podman here")
@pytest.mark.parametrize("fault", ["mount source", "rootfs", "hook", "console", "namespace", "sysctl", "device cgroup",
                                   "rlimit", "seccomp agent", "hook with words", "mount target", "cgroup"])
def test_reserved_phrases_stay_out_of_other_faults(bundle, workdir, fault):
    if fault == "mount source":
        bundle.add_mount("/data", "bind", "/no/such/source", ["bind"])
    elif fault == "rootfs":
        bundle.config["root"]["path"] = "none"
    elif fault == "hook":
        bundle.config["hooks"] = {"createRuntime": [{"path": "/no/such/hook"}]}
    elif fault == "hook with words":
        bundle.config["hooks"] = {"createRuntime": [
            {"path": "/bin/sh", "args": ["sh", "-c", "echo no such file or directory, permission denied >&2; exit 1"]}]}
    elif fault == "console":
        bundle.process["terminal"] = True
    elif fault == "namespace":
        bundle.namespace("network", "/no/such/ns")
    elif fault == "sysctl":
        bundle.linux["sysctl"] = {"net.ipv4.none": "1"}
    elif fault == "device cgroup":
        bundle.linux["devices"] = [{"path": "/proc/x", "type": "c", "major": 1, "minor": 3}]
    elif fault == "rlimit":
        bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 1 << 40, "hard": 1 << 40}]
    elif fault == "seccomp agent":
        bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/no/such/socket", "syscalls": [
            {"names": ["getppid"], "action": "SCMP_ACT_NOTIFY"}]}
    elif fault == "mount target":
        bundle.file("/file", "x")
        bundle.add_mount("/file/below", "tmpfs", "tmpfs")
    elif fault == "cgroup":
        bundle.resources["cpu"] = {"cpus": "5000"}
    _, text = failing(bundle, workdir, args=["/bin/probe", "wait"])
    entry = json.loads(text)
    assert not RESERVED.search(entry["msg"]), entry["msg"]


@pytest.mark.only_dray("fields of its own")
def test_fields_of_the_error(bundle, workdir):
    bundle.add_mount("/data", "bind", "/no/such/source", ["bind"])
    _, text = failing(bundle, workdir)
    entry = json.loads(text)
    assert entry["code"] == "MOUNT_SOURCE_MISSING"
    assert entry["pointer"] == "/mounts/6"
    assert "ENOENT" in entry["msg"]


def test_text_log(bundle, workdir):
    bundle.args = ["/no/such/program"]
    bundle.write()
    path = workdir / "log.txt"
    bundle.runtime("create", "--bundle", bundle.directory, bundle.name, options=["--log", str(path)])
    text = path.read_text()
    assert "/no/such/program" in text
    assert len(text.strip().splitlines()) == 1


@pytest.mark.only_dray("levels and forms of its own")
def test_debug_lines(bundle, workdir):
    bundle.args = ["/bin/probe", "exit", "0"]
    done = bundle.run(options=["--debug"]).ok()
    assert "level=debug" in done.err
    path = workdir / "log.json"
    bundle.run(options=["--debug", "--log", str(path), "--log-format", "json"]).ok()
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert entries
    assert {entry["level"] for entry in entries} == {"debug"}


@pytest.mark.parametrize("options", [["--log-format", "xml"], ["--log-format="]])
def test_unknown_log_format(bundle, options, kind):
    if kind == "runc" and options == ["--log-format="]:
        pytest.skip("runc: takes it for the default")
    bundle.runtime("list", options=options).fails()


@pytest.mark.only_dray("crun's level names")
def test_unknown_log_level(bundle):
    bundle.runtime("list", options=["--log-level", "loud"]).fails(1, ["loud"])


def test_log_that_cannot_be_opened(bundle):
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run(options=["--log", "/no/such/place/log"]).fails(1, ["/no/such/place/log"])


@pytest.mark.only_dray("destinations of crun")
def test_log_with_a_file_prefix(bundle, workdir):
    bundle.args = ["/no/such/program"]
    bundle.runtime("state", "none", options=[f"--log=file:{workdir}/log"]).exits(1)
    assert "does not exist" in (workdir / "log").read_text()


def test_errors_of_state_and_kill_for_engines(bundle):
    bundle.runtime("state", "none").fails(1, ["does not exist"])
    bundle.runtime("kill", "none", "9").fails(1, ["does not exist"])
    bundle.up()
    bundle.kill("KILL").ok()
    bundle.wait()
    done = bundle.kill("9").fails(1)
    assert re.search("container not running|os: process already finished|no such process", done.err), done
