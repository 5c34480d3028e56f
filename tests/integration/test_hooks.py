# SPDX-License-Identifier: LGPL-2.1-or-later
"""hooks: which, when, with what, and what their failure does."""

import json
import os

import pytest

from harness import host

KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]


@pytest.fixture
def log(workdir):
    return workdir / "hooks.log"


def say(bundle, log, kind, word=None, then=""):
    """A hook that appends a line to the log; startContainer's log lies in the rootfs."""
    word = word or kind
    target = log
    shell = "/bin/sh"
    if kind == "startContainer":
        target = "/hooks.log"
        (bundle.rootfs / "hooks.log").touch()
    hook = {"path": shell, "args": ["sh", "-c", f"echo {word} >>{target}; {then}"]}
    bundle.config.setdefault("hooks", {}).setdefault(kind, []).append(hook)
    return hook


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.unlike(runc="1.1.5 runs poststart hooks at create, too")
def test_all_kinds_run_in_the_order_of_the_specification(bundle, log):
    for kind in KINDS:
        say(bundle, log, kind)
    bundle.args = ["/bin/sh", "-c", "echo program >>/hooks.log; exec /bin/probe wait"]
    bundle.create().ok()
    assert lines(log) == ["prestart", "createRuntime", "createContainer"]
    assert lines(bundle.rootfs / "hooks.log") == []
    bundle.start().ok()
    bundle.output.expect("ready")
    assert lines(bundle.rootfs / "hooks.log") == ["startContainer", "program"]
    assert lines(log) == ["prestart", "createRuntime", "createContainer", "poststart"]
    bundle.kill("KILL").ok()
    bundle.wait()
    assert lines(log)[-1] == "poststart"
    bundle.delete().ok()
    assert lines(log) == ["prestart", "createRuntime", "createContainer", "poststart", "poststop"]


def test_several_of_a_kind_run_in_the_order_listed(bundle, log):
    for number in range(5):
        say(bundle, log, "createRuntime", str(number))
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    assert lines(log) == ["0", "1", "2", "3", "4"]


def state_of(bundle, kind, workdir):
    target = workdir / f"{kind}.json"
    if kind == "startContainer":
        target = bundle.rootfs / "state.json"
        bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", "cat >/state.json"]}]}
    else:
        bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"cat >{target}"]}]}
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    pid = bundle.pid
    bundle.start().ok()
    bundle.output.expect("ready")
    bundle.delete("--force").ok()
    bundle.wait()
    return target.read_text(), pid


@pytest.mark.parametrize("kind, status", [
    ("prestart", "creating"), ("createRuntime", "creating"), ("createContainer", "creating"),
    ("startContainer", "created"), ("poststart", "running"), ("poststop", "stopped")])
def test_state_on_standard_input(bundle, workdir, kind, status, is_dray):
    bundle.config["annotations"] = {"path": "a/b", "text": "\"x\""}
    text, pid = state_of(bundle, kind, workdir)
    state = json.loads(text)
    assert state["id"] == bundle.name
    assert state["bundle"] == str(bundle.directory)
    assert state["ociVersion"].startswith("1.")
    assert state["annotations"] == bundle.config["annotations"] or not is_dray and kind == "startContainer"
    if is_dray:
        assert state["status"] == status
        assert "a/b" in text, "slashes must not be escaped"
        assert len(text.strip().splitlines()) == 1, "compact, on one line"
    if kind in ("prestart", "createRuntime", "poststart"):
        assert state["pid"] == pid
    elif kind in ("createContainer", "startContainer") and is_dray:
        assert state["pid"] == 1, "the pid in the container's own PID namespace"


def test_args_are_kept_as_given(bundle, workdir):
    out = workdir / "args"
    bundle.config["hooks"] = {"createRuntime": [
        {"path": "/bin/sh", "args": ["any name", "-c", f'echo "$0|$1|$2" >{out}', "zero", "one two", ""]},
        {"path": str(bundle.probe), "args": ["odd name", "facts", "argv"]}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    assert out.read_text() == "zero|one two|\n"


def test_hook_without_args(bundle, workdir):
    script = workdir / "hook"
    script.write_text(f"#!/bin/sh\necho $# >{workdir}/count\n")
    script.chmod(0o755)
    bundle.config["hooks"] = {"createRuntime": [{"path": str(script)}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    assert (workdir / "count").read_text() == "0\n"


@pytest.mark.parametrize("kind", ["createRuntime", "createContainer", "poststart", "poststop"])
def test_environment_is_that_of_the_hook(bundle, workdir, kind):
    out = workdir / "env"
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"env >{out}"], "env": ["A=1", "B=x y"]}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run(env={"SECRET": "hidden"}).ok()
    found = out.read_text().splitlines()
    assert {"A=1", "B=x y"} <= set(found)
    assert not [entry for entry in found if "SECRET" in entry]


@pytest.mark.unlike(runc="1.1.5 gives startContainer hooks an empty environment")
def test_start_container_hook_has_the_containers_environment(bundle):
    bundle.process["env"] = ["PATH=/bin", "MARK=7", "HOME=/"]
    (bundle.rootfs / "env").touch()
    bundle.config["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "env >/env"]}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    assert "MARK=7" in (bundle.rootfs / "env").read_text()


@pytest.mark.parametrize("kind, where", [
    ("prestart", "runtime"), ("createRuntime", "runtime"), ("createContainer", "container"),
    ("startContainer", "container"), ("poststart", "runtime")])
def test_namespaces(bundle, workdir, kind, where):
    out = workdir / "ns"
    probe = str(bundle.probe) if kind != "startContainer" else "/bin/probe"
    target = out if kind != "startContainer" else "/ns"
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh",
                                      "args": ["sh", "-c", f"{probe} facts namespaces >{target}"]}]}
    bundle.up()
    text = out.read_text() if kind != "startContainer" else (bundle.rootfs / "ns").read_text()
    found = json.loads(text)["namespaces"]
    for name in ("mnt", "net", "uts", "ipc"):
        own = os.readlink(f"/proc/self/ns/{name}")
        inner = os.readlink(f"/proc/{bundle.pid}/ns/{name}")
        assert found[name] == (inner if where == "container" else own), name


def test_create_runtime_sees_the_namespaces_of_the_container(bundle, workdir):
    """What network hooks need: the pid of the state leads to the namespaces, before the program runs."""
    out = workdir / "ns"
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": [
        "sh", "-c", f"pid=$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' | head -n1); readlink /proc/$pid/ns/net >{out}"]}]}
    bundle.up()
    assert out.read_text().strip() == os.readlink(f"/proc/{bundle.pid}/ns/net")


def test_create_container_runs_after_the_mounts_and_before_pivot(bundle, workdir):
    """The place where GPU tools mount: the mounts are there, the root is still the host's and writable."""
    out = workdir / "seen"
    source = workdir / "source"
    source.mkdir()
    (source / "mark").touch()
    bundle.add_mount("/data", "bind", source, ["bind"])
    bundle.config["root"]["readonly"] = True
    root = bundle.rootfs
    bundle.config["hooks"] = {"createContainer": [{"path": "/bin/sh", "args": [
        "sh", "-c", f"ls {root}/data >{out}; ls -d /usr >>{out}; : >{root}/made-by-hook; "
                    f"mkdir -p {root}/tmp/x; mount -t tmpfs hook {root}/tmp/x; : >{root}/tmp/x/inside"]}]}
    results = bundle.tries("stat /made-by-hook", "list /tmp/x", "create /tmp/new")
    assert out.read_text().split() == ["mark", "/usr"]
    assert results[0]["ok"]
    assert results[1]["value"] == ["inside"]
    assert results[2]["errno"] == "EROFS"


def test_start_container_hook_runs_inside(bundle):
    (bundle.rootfs / "seen").touch()
    bundle.config["hooks"] = {"startContainer": [
        {"path": "/bin/sh", "args": ["sh", "-c", "ls / >/seen; hostname >>/seen 2>/dev/null || cat /proc/sys/kernel/hostname >>/seen"]}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    seen = (bundle.rootfs / "seen").read_text().split()
    assert "proc" in seen and "probe" in seen


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer"])
def test_failing_hook_fails_create_and_runs_poststop(bundle, log, kind):
    say(bundle, log, kind, "fine")
    say(bundle, log, kind, "bad", "echo reason >&2; exit 3")
    say(bundle, log, kind, "never")
    say(bundle, log, "poststop")
    bundle.args = ["/bin/probe", "wait"]
    done = bundle.create().fails(1)
    done.dray_error("HOOK_FAILED", names=[kind, "1", "3", "reason"])
    if done.kind == "dray":
        assert lines(log) == ["fine", "bad", "poststop"]
    else:
        assert lines(log)[:2] == ["fine", "bad"]
    bundle.runtime("state", bundle.name).fails(1, ["does not exist"])
    assert bundle.leaks() == []


@pytest.mark.unlike(runc="1.1.5: start succeeds")
def test_failing_start_container_hook_fails_start(bundle):
    bundle.config["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "exit 4"]}]}
    bundle.args = ["/bin/sh", "-c", "echo started"]
    bundle.create().ok()
    bundle.start().fails(1).dray_error("HOOK_FAILED", names=["startContainer", "0", "4"])
    bundle.wait()
    assert "started" not in bundle.output.rest()
    bundle.delete("--force").ok()


@pytest.mark.unlike(runc="1.1.5 only warns")
def test_failing_poststart_hook_fails_start_and_removes_the_container(bundle, log):
    say(bundle, log, "poststart", then="exit 5")
    say(bundle, log, "poststop")
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    bundle.start().fails(1).dray_error("HOOK_FAILED", names=["poststart", "0", "5"])
    assert bundle.wait() == 137
    assert lines(log) == ["poststart", "poststop"]
    bundle.runtime("state", bundle.name).fails(1, ["does not exist"])
    assert bundle.leaks() == []


@pytest.mark.unlike(runc="1.1.5 stops at the first that fails")
def test_failing_poststop_hook_only_warns(bundle, log):
    say(bundle, log, "poststop", "first", "exit 6")
    say(bundle, log, "poststop", "second")
    bundle.up()
    bundle.kill("KILL").ok()
    bundle.wait()
    bundle.delete().ok()
    assert lines(log) == ["first", "second"]
    assert bundle.leaks() == []


@pytest.mark.parametrize("path, word", [("/no/such/hook", "/no/such/hook"), ("/etc/passwd", "/etc/passwd"), ("/tmp", "/tmp")])
def test_hook_that_cannot_be_executed(bundle, path, word):
    bundle.config["hooks"] = {"createRuntime": [{"path": path}]}
    done = bundle.run().fails(1, [word]).dray_error("HOOK_FAILED", names=["createRuntime", "0"])
    if done.kind == "dray":
        for phrase in ("no such file or directory", "permission denied"):
            assert phrase not in done.err.lower(), done
    assert bundle.leaks() == []


@pytest.mark.only_dray("relative paths are looked up in PATH or in the working directory by others")
def test_relative_hook_path_is_an_error(bundle):
    bundle.config["hooks"] = {"createRuntime": [{"path": "sh"}]}
    bundle.run().fails(1).dray_error("CONFIG_VALUE", "/hooks/createRuntime/0/path", place=True)


def test_hook_killed_by_a_signal(bundle):
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "kill -9 $$"]}]}
    bundle.run().fails(1).dray_error("HOOK_FAILED", names=["createRuntime hook 0", "signal 9"])
    assert bundle.leaks() == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["createRuntime", "createContainer", "startContainer"])
def test_timeout_ends_the_hook(bundle, kind):
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", "exec sleep 1000"], "timeout": 1}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run(timeout=30).fails(1).dray_error("HOOK_TIMEOUT", names=[kind, "0"])
    assert bundle.leaks() == []


@pytest.mark.only_dray("others take it for none")
@pytest.mark.parametrize("timeout", [0, -1, "1"])
def test_bad_timeout(bundle, timeout):
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/true", "timeout": timeout}]}
    bundle.run().fails(1).dray_error(("CONFIG_RANGE", "CONFIG_VALUE", "CONFIG_TYPE"), "/hooks/createRuntime/0/timeout")


def test_hook_that_does_not_read_its_input(bundle):
    """The state may be longer than a pipe holds; nobody must die of SIGPIPE or wait for ever."""
    bundle.config["annotations"] = {f"key{n}": "x" * 1000 for n in range(200)}
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/true"}], "poststart": [{"path": "/bin/true"}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()


def test_hook_gets_a_long_state_whole(bundle, workdir):
    bundle.config["annotations"] = {f"key{n}": "x" * 1000 for n in range(200)}
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", f"cat >{workdir}/long"]}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    assert json.loads((workdir / "long").read_text())["annotations"] == bundle.config["annotations"]


def test_hook_that_leaves_a_child_behind_does_not_block(bundle):
    bundle.config["hooks"] = {"createRuntime": [
        {"path": "/bin/sh", "args": ["sh", "-c", "sleep 3 >/dev/null 2>&1 </dev/null & exit 0"]}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    host.reap_strays()


def test_no_descriptor_of_the_runtime_reaches_a_hook(bundle, workdir):
    out = workdir / "fds"
    bundle.config["hooks"] = {"createRuntime": [
        {"path": "/bin/sh", "args": ["sh", "-c", f"exec {bundle.probe} facts fds >{out}"]}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    assert set(json.loads(out.read_text())["fds"]) <= {"0", "1", "2"}


def test_container_without_a_program_runs_no_poststart(bundle, log):
    say(bundle, log, "poststart")
    bundle.args = ["/no/such/program"]
    bundle.create().fails(1)
    assert lines(log) == []
    assert bundle.leaks() == []


def test_poststop_runs_once(bundle, log):
    say(bundle, log, "poststop")
    bundle.up()
    bundle.delete("--force").ok()
    bundle.wait()
    bundle.delete("--force").ok()
    assert lines(log) == ["poststop"]


def test_exec_where_there_are_hooks(bundle, log):
    """Engines give almost every container hooks; a further process runs none of them."""
    for kind in ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"):
        say(bundle, log, kind)
    bundle.up()
    before = lines(log)
    bundle.exec("/bin/true").ok()
    assert lines(log) == before
