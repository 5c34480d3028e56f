# SPDX-License-Identifier: LGPL-2.1-or-later
"""run.oci.seccomp.plugins: shared objects answer the notifications of a filter."""

import json
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from harness import host
from harness.seccomp import NUMBERS, allow_all_but, rule

pytestmark = [pytest.mark.only_dray("runc has none, and Debian's crun is built without"),
              pytest.mark.skipif(not NUMBERS, reason="no system call numbers for this machine")]

KEY = "run.oci.seccomp.plugins"
POINTER = f"/annotations/{KEY}"
CALL = ["syscall", str(NUMBERS.get("munlockall", 0))]


@pytest.fixture(scope="session")
def compiled(base):
    target = base / "plugin.so"
    source = pathlib.Path(__file__).parent / "plugin/plugin.c"
    subprocess.run([*os.environ.get("CC", "gcc").split(), "-std=gnu17", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra",
                    "-Werror", "-shared", "-fPIC", "-o", target, source, "-lpthread", "-ldl"], check=True)
    return target


@pytest.fixture
def plugins(workdir, compiled):
    """Makes plugins of these kinds; returns what the annotation takes."""
    place = workdir / "plugins"
    place.mkdir()

    def make(*kinds):
        for kind in kinds:
            shutil.copy(compiled, place / kind)
        return ":".join(str(place / kind) for kind in kinds)

    make.log = lambda kind: (place / f"{kind}.log").read_text().splitlines()
    return make


@pytest.fixture
def served(bundle):
    """A bundle whose program makes a call that is notified of, twice."""
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_NOTIFY", "munlockall"))
    bundle.args = ["/bin/probe", "try", *CALL, ",", *CALL]
    bundle.config["annotations"] = {}
    return bundle


@pytest.mark.parametrize("kinds, value", [
    (["answer"], 4242), (["refuse"], "EPERM"), (["pass"], "EOPNOTSUPP"), (["pass", "answer"], 4242),
    (["pass", "refuse", "answer"], "EPERM"), (["continue"], 0), (["later"], 99), (["answer", "fail"], 4242),
])
def test_answers(served, plugins, kinds, value):
    served.config["annotations"][KEY] = plugins(*kinds)
    for result in served.run().json():
        assert value == (result["errno"] if isinstance(value, str) else result["value"])
    log = plugins.log(kinds[0])
    state = served.runtime.root / served.name
    assert log[0] == f"start 1 {state} {served.name} {served.directory} config"
    assert log[1:] == [f"call {NUMBERS['munlockall']}"] * 2 + ["stop"]
    assert served.leaks() == []


def test_exec(served, plugins):
    """Each attended process has plugins of its own."""
    served.config["annotations"][KEY] = plugins("answer")
    served.args = ["/bin/probe", "wait"]
    served.write()
    process = served.runtime.popen("run", "--bundle", served.directory, served.name, stdout=-1, text=True)
    assert process.stdout.readline() == "ready\n"
    assert served.exec("/bin/probe", "try", *CALL).json()[0]["value"] == 4242
    served.exec("/bin/true", options=["--detach"]).dray_error("NOT_SUPPORTED", POINTER)
    log = plugins.log("answer")
    assert len([line for line in log if line.startswith("start")]) == 2 and log.count("stop") == 1
    served.kill("KILL").ok()
    assert process.wait(30) == 137
    process.stdout.close()
    assert plugins.log("answer").count("stop") == 2


def test_a_user_namespace_and_children(served, plugins):
    served.map_users()
    served.config["annotations"][KEY] = plugins("answer")
    served.args = ["/bin/sh", "-c", f"/bin/probe try {' '.join(CALL)} & wait; exec /bin/probe exit 3"]
    done = served.run().exits(3)
    assert json.loads(done.out)[0]["value"] == 4242


@pytest.mark.parametrize("kind, words", [
    ("version", ["version", "is of version 2"]), ("no-start", ["no-start", "start", "EPERM"]),
    ("missing", ["missing", "cannot be loaded"]), ("text", ["text", "cannot be loaded"]),
    ("libm.so.6", ["libm.so.6", "run_oci_seccomp_notify_handle_request"]),
])
def test_what_cannot_be_used(served, plugins, kind, words, workdir):
    """And the ones in front of it are stopped again."""
    if kind in ("version", "no-start"):
        name = plugins(kind)
    else:
        name = kind if kind.startswith("lib") else str(workdir / kind)
        (workdir / "text").write_text("no shared object\n")
    served.config["annotations"][KEY] = plugins("answer") + ":" + name
    done = served.run().fails(1).dray_error("SECCOMP_PLUGIN", POINTER, words, place=True)
    assert done.out == "", "the program has not run"
    assert "no such file or directory" not in done.err
    assert plugins.log("answer")[-1] == "stop"
    assert served.leaks() == []


@pytest.mark.parametrize("kind, words", [
    ("fail", ["fail", "notifications", "EIO"]), ("confused", ["confused", "17"]), ("crash", ["signal 6"]),
])
def test_what_fails_later_ends_the_container(served, plugins, kind, words):
    served.config["annotations"][KEY] = plugins(kind)
    served.args = ["/bin/sh", "-c", f"/bin/probe try {' '.join(CALL)}; exec /bin/probe wait"]
    served.run().fails(1).dray_error("SECCOMP_PLUGIN", POINTER, words)
    assert served.leaks() == []


@pytest.mark.parametrize("kind, words", [("fail", ["EIO"]), ("crash", ["signal 6"]), ("continue", None), ("refuse", None)])
def test_asked_about_the_execution_of_the_program(served, plugins, kind, words):
    served.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_NOTIFY", "execve", "execveat"))
    served.config["annotations"][KEY] = plugins(kind)
    served.args = ["/bin/probe", "exit", "5"]
    done = served.run()
    if kind == "continue":
        done.exits(5)
    elif kind == "refuse":
        done.dray_error("PROGRAM_NOT_EXECUTABLE")
    else:
        done.fails(1).dray_error("SECCOMP_PLUGIN", POINTER, words)
    assert served.leaks() == []


def test_what_fails_later_ends_exec_alone(served, plugins):
    served.config["annotations"][KEY] = plugins("fail")
    served.args = ["/bin/probe", "wait"]
    served.write()
    process = served.runtime.popen("run", "--bundle", served.directory, served.name, stdout=-1, text=True)
    assert process.stdout.readline() == "ready\n"
    served.exec("/bin/probe", "try", *CALL).fails(255).dray_error("SECCOMP_PLUGIN", POINTER, ["EIO"])
    assert served.status == "running"
    served.kill("KILL").ok()
    assert process.wait(30) == 137
    process.stdout.close()


@pytest.mark.parametrize("kind", ["hang", "slow-start"])
def test_a_plugin_that_hangs_does_not_hold_up_the_end(served, plugins, kind):
    served.config["annotations"][KEY] = plugins(kind)
    served.write()
    process = served.runtime.popen("run", "--bundle", served.directory, served.name, stdout=-1, stderr=-1, text=True)
    if kind == "hang":
        host.wait_until(lambda: (pathlib.Path(served.config["annotations"][KEY] + ".log")).exists()
                        and "call" in "".join(plugins.log(kind)), "the call")
        served.kill("KILL").ok()
        assert process.wait(30 * host.PATIENCE) == 137
    else:
        host.wait_until(lambda: (served.runtime.root / served.name / "journal").exists(), "the container")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30 * host.PATIENCE) == 1
    process.communicate()
    assert served.leaks() == []


def test_the_container_goes_on_without_dray(served, plugins):
    """SIGKILL of dray ends its helper; from then on the kernel says that there is no such call."""
    served.config["annotations"][KEY] = plugins("answer")
    served.args = ["/bin/sh", "-c", f"echo ready; read x; /bin/probe try {' '.join(CALL)} >/out; exec /bin/probe wait"]
    served.write()
    process = served.runtime.popen("run", "--bundle", served.directory, served.name, stdin=-1, stdout=-1, text=True)
    assert process.stdout.readline() == "ready\n"
    helpers = [int(pid) for pid in open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()]
    assert len(helpers) == 2
    first = served.state()["pid"]
    process.kill()
    process.wait()
    for pid in helpers:
        if pid != first:
            host.wait_gone(pid)
    process.stdin.write("go\n")
    process.stdin.close()
    output = served.rootfs / "out"
    host.wait_until(lambda: output.exists() and output.read_text().endswith("]\n"), "the answer")
    assert json.loads(output.read_text())[0]["errno"] == "ENOSYS"
    process.stdout.close()
    served.delete("--force").ok()


@pytest.mark.parametrize("verb", ["create", "run --detach"])
def test_detached_it_is_refused(served, plugins, verb):
    served.config["annotations"][KEY] = plugins("answer")
    done = served.create() if verb == "create" else served.run("--detach")
    done.dray_error("NOT_SUPPORTED", POINTER, ["attends", "linux.seccomp.listenerPath"], place=True)
    assert served.leaks() == []


def test_without_notifications_it_has_no_effect(served):
    served.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"))
    served.config["annotations"][KEY] = "/no/such/plugin"
    served.create().ok()
    served.delete("--force").ok()
    served.linux.pop("seccomp")
    assert served.run().json()[0]["ok"]


@pytest.mark.parametrize("by", ["annotation", "listenerPath", "environment"])
def test_not_together_with_an_agent(served, plugins, by):
    served.config["annotations"][KEY] = plugins("answer")
    variables = {}
    if by == "annotation":
        served.config["annotations"]["run.oci.seccomp.receiver"] = "/run/agent"
    elif by == "listenerPath":
        served.linux["seccomp"]["listenerPath"] = "/run/agent"
    else:
        variables["RUN_OCI_SECCOMP_RECEIVER"] = "/run/agent"
    served.run(env=variables).dray_error("CONFIG_CONFLICT", POINTER, ["/run/agent"], place=True)
    assert served.leaks() == []


@pytest.mark.parametrize("value, code", [
    ("", "CONFIG_VALUE"), ("::", "CONFIG_VALUE"), ("plugins/a.so", "CONFIG_VALUE"), ("/a.so:./b.so", "CONFIG_VALUE"),
    ("../a.so", "CONFIG_VALUE"), ("/" + "a" * 5000, "CONFIG_TOO_LARGE"),
])
def test_bad_lists(served, value, code):
    served.config["annotations"][KEY] = value
    served.create().dray_error(code, POINTER)
    assert served.leaks() == []
