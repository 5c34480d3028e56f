# SPDX-License-Identifier: LGPL-2.1-or-later
"""exec: a further process in a running container."""

import contextlib
import json
import os
import signal

import pytest

from harness import host
from harness.config import capability_mask


def test_output_and_exit_code(bundle):
    bundle.up()
    done = bundle.exec("/bin/sh", "-c", "echo out; echo err >&2; exit 9").exits(9)
    assert done.out == "out\n"
    assert done.err == "err\n"


def test_standard_input(bundle):
    bundle.up()
    assert bundle.exec("/bin/cat", input="some\ntext").ok().out == "some\ntext"


def test_options_after_the_id_belong_to_the_program(bundle):
    bundle.up()
    argv = bundle.exec("/bin/probe", "facts", "argv", "-t", "--cwd=/tmp")
    assert argv.code == 1  # the probe knows no fact of that name
    done = bundle.exec("/bin/echo", "--detach", "-e", "A=1")
    assert done.ok().out in ("--detach -e A=1\n", "--detach A=1\n")


def test_double_dash_before_the_program(bundle):
    bundle.up()
    assert bundle.runtime("exec", "--", bundle.name, "/bin/echo", "hello").ok().out == "hello\n"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_killed_by_a_signal(bundle, number):
    bundle.up()
    bundle.exec("/bin/probe", "die", str(int(number))).exits(128 + number)


def test_joins_the_namespaces_of_the_container(bundle):
    bundle.namespace("cgroup")
    bundle.shell("/bin/probe facts namespaces; exec /bin/probe wait")
    bundle.create().ok()
    bundle.start().ok()
    first = json.loads(bundle.output.line())["namespaces"]
    assert bundle.exec_facts("namespaces")["namespaces"] == first


def test_joins_the_cgroups_of_the_container(bundle):
    bundle.up()
    own = open(f"/proc/{bundle.pid}/cgroup").read().splitlines()
    second = bundle.exec_detached("/bin/sleep", "1000")
    assert open(f"/proc/{second.pid}/cgroup").read().splitlines() == own


def test_environment_is_that_of_the_container_plus_options(bundle):
    bundle.process["env"] = ["PATH=/bin", "HOME=/root", "KEPT=1", "CHANGED=old"]
    bundle.up()
    env = bundle.exec_facts("env", options=["--env", "CHANGED=new", "--env=ADDED=a=b"])["env"]
    assert sorted(env) == ["ADDED=a=b", "CHANGED=new", "HOME=/root", "KEPT=1", "PATH=/bin"]


def test_environment_of_the_caller_does_not_leak(bundle):
    bundle.up()
    env = bundle.exec("/bin/probe", "facts", "env", env={"SECRET": "x", "LISTEN_PID": None}).json()["env"]
    assert not [entry for entry in env if "SECRET" in entry]


def test_cwd(bundle):
    bundle.up()
    assert bundle.exec_facts("cwd")["cwd"] == "/"
    assert bundle.exec_facts("cwd", options=["--cwd", "/usr/bin"])["cwd"] == "/usr/bin"
    assert bundle.exec_facts("cwd", options=["--cwd=/tmp"])["cwd"] == "/tmp"


def test_cwd_missing_is_an_error(bundle):
    bundle.up()
    bundle.exec("/bin/true", options=["--cwd", "/no/such/place"]) \
        .fails(255, ["/no/such/place"]).dray_error("CWD_FAILED")


def test_program_missing(bundle):
    bundle.up()
    bundle.exec("/bin/no-such").fails(255, ["/bin/no-such", "no such file or directory"]) \
        .dray_error("PROGRAM_NOT_FOUND")
    bundle.exec("no-such").fails(255, ['exec: "no-such": executable file not found in $PATH']) \
        .dray_error("PROGRAM_NOT_FOUND")


def test_program_not_executable(bundle):
    bundle.file("/etc/data", "text", 0o644)
    bundle.up()
    bundle.exec("/etc/data").fails(255, ["/etc/data", "permission denied"]) \
        .dray_error("PROGRAM_NOT_EXECUTABLE")
    bundle.exec("/etc").fails(255, ["/etc"]).dray_error("PROGRAM_NOT_EXECUTABLE")


def test_program_is_looked_up_in_the_containers_path(bundle):
    bundle.process["env"] = ["PATH=/opt/tools:/bin"]
    bundle.file("/opt/tools/greet", "#!/bin/sh\necho hello $1\n", 0o755)
    bundle.up()
    assert bundle.exec("greet", "you").ok().out == "hello you\n"


def test_path_of_the_option_counts(bundle):
    bundle.file("/opt/tools/greet", "#!/bin/sh\necho hello\n", 0o755)
    bundle.up()
    bundle.exec("greet").fails(255)
    assert bundle.exec("greet", options=["-e", "PATH=/opt/tools:/bin"]).ok().out == "hello\n"


def test_without_a_program_is_an_error(bundle):
    bundle.up()
    bundle.exec().fails()


def test_in_a_created_container(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    assert bundle.exec("/bin/echo", "early").ok().out == "early\n"
    assert bundle.status == "created"


def test_in_a_stopped_container_is_an_error(bundle):
    bundle.up()
    bundle.kill("KILL").ok()
    bundle.wait()
    bundle.exec("/bin/true").fails(255).dray_error("CONTAINER_NOT_RUNNING")


def test_detached(bundle):
    bundle.up()
    pid_file = bundle.directory / "second"
    done = bundle.exec("/bin/sleep", "1000", options=["--detach", "--pid-file", pid_file]).ok()
    assert done.out == ""
    pid = int(pid_file.read_text())
    assert pid_file.read_text() == str(pid)
    os.kill(pid, signal.SIGKILL)
    assert host.wait_exit(pid) == 137
    assert bundle.status == "running"


def test_exit_code_of_a_detached_program_reaches_its_reaper(bundle):
    bundle.up()
    pid_file = bundle.directory / "second"
    bundle.exec("/bin/probe", "exit", "21", options=["--detach", "--pid-file", pid_file]).ok()
    assert host.wait_exit(int(pid_file.read_text())) == 21


def test_bad_pid_file_place_is_an_error(bundle):
    bundle.up()
    bundle.exec("/bin/sleep", "1000", options=["--detach", "--pid-file", "/no/such/place/pid"]) \
        .fails(255).dray_error("PID_FILE", names=["/no/such/place/pid"])
    assert bundle.runtime("ps", "-f", "json", bundle.name).json() == [bundle.pid]


def test_ends_with_the_container(bundle):
    bundle.up()
    process = bundle.runtime.popen("exec", bundle.name, "/bin/sleep", "1000")

    def is_the_program():
        pids = bundle.runtime("ps", "-f", "json", bundle.name).json()
        with contextlib.suppress(OSError):  # one that was on its way is gone
            return "sleep" in [open(f"/proc/{pid}/comm").read().strip() for pid in pids]

    host.wait_until(is_the_program, "the second process to be the program")
    bundle.kill("KILL").ok()
    assert process.wait(30) == 137
    assert bundle.wait() == 137


def test_signals_are_forwarded(bundle):
    bundle.up()
    process = bundle.runtime.popen("exec", bundle.name, "/bin/probe", "wait", "4", stdout=-1, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "signal 15\n"
    assert process.wait(30) == 4


def test_has_a_session_of_its_own(bundle):
    bundle.up()
    process = bundle.exec_facts("process")["process"]
    assert process["sid"] == process["pid"] == process["pgid"]


def test_capabilities_are_those_of_the_config(bundle):
    wanted = capability_mask(bundle.process["capabilities"]["bounding"])
    bundle.up()
    caps = bundle.exec_facts("caps")["caps"]
    assert caps == {"bounding": wanted, "effective": wanted, "permitted": wanted,
                    "inheritable": "0", "ambient": "0"}


def test_further_capability_never_becomes_inheritable(bundle):
    bundle.up()
    names = bundle.process["capabilities"]["bounding"]
    caps = bundle.exec_facts("caps", options=["--cap", "CAP_SYS_PTRACE"])["caps"]
    wanted = capability_mask(names + ["CAP_SYS_PTRACE"])
    assert caps["bounding"] == caps["permitted"] == caps["effective"] == wanted
    assert caps["inheritable"] == "0"


def test_no_new_privs_option(bundle):
    bundle.up()
    assert bundle.exec_facts("process")["process"]["no_new_privs"] == 0
    assert bundle.exec_facts("process", options=["--no-new-privs"])["process"]["no_new_privs"] == 1


def test_keeps_no_new_privileges_of_the_container(bundle, kind):
    bundle.process["noNewPrivileges"] = True
    bundle.up()
    assert bundle.exec_facts("process")["process"]["no_new_privs"] == 1


@pytest.mark.unlike(runc="1.1 takes the umask of the caller")
def test_umask_and_rlimits_of_the_config(bundle):
    bundle.process["user"]["umask"] = 0o27
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 321, "hard": 654}]
    bundle.up()
    facts = bundle.exec_facts("umask", "rlimits")
    assert facts["umask"] == 0o27
    assert facts["rlimits"]["RLIMIT_NOFILE"] == [321, 654]


def test_sees_the_containers_files_only(bundle):
    bundle.file("/etc/marker", "inside")
    bundle.up()
    assert bundle.exec("/bin/cat", "/etc/marker").ok().out == "inside"
    names = bundle.exec_tries("list /")[0]["value"]
    assert set(names) == {entry.name for entry in bundle.rootfs.iterdir()}


def test_exec_of_one_program_many_times(bundle):
    bundle.up()
    for number in range(20):
        bundle.exec("/bin/probe", "exit", str(number)).exits(number)
    assert bundle.runtime("ps", "-f", "json", bundle.name).json() == [bundle.pid]


def test_when_the_first_process_moved_to_a_sub_cgroup(bundle):
    """exec follows an init that was moved below its cgroup, as nested systemd does."""
    if host.cgroup_mode() == "v2":
        pytest.skip("v1: see test_cgroups_v2.py for the other")
    bundle.up()
    inner = bundle.cgroup("pids") / "inner"
    inner.mkdir()
    (inner / "cgroup.procs").write_text(str(bundle.pid))
    bundle.exec("/bin/true").ok()
