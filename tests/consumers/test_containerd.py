# SPDX-License-Identifier: LGPL-2.1-or-later
"""containerd through its own client: the shim calls the runtime as it does for Kubernetes and Docker."""

import json
import os
import re

import pytest

from engines.containerd import IMAGE, NAMESPACE, RUN
from engines.engine import cgroup_paths, end, limit
from harness import host

pytestmark = pytest.mark.needs("containerd")


def test_run(ctr):
    assert ctr.rm_run("echo", "hello from inside").stdout == "hello from inside\n"


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_exit_code(ctr, code):
    ctr.rm_run("sh", "-c", f"exit {code}", code=code)


def test_standard_error(ctr):
    done = ctr.rm_run("sh", "-c", "echo out; echo err >&2")
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


@pytest.mark.parametrize("program, words", [("no-such", "not found"), ("/no/such", "no such file"), ("/etc/passwd", "permission denied")])
def test_program_that_cannot_be_run(ctr, program, words):
    done = ctr.rm_run(program, code=None)
    assert done.returncode != 0 and words in done.stderr.lower() and program in done.stderr


def test_terminal(ctr):
    shown = ctr.seen_on_terminal("run", *ctr.how("term"), "--rm", "--tty", IMAGE, "term", "sh", "-c",
                                 "tty; sleep 0.3; stty size", rows=31, columns=91)
    assert "/dev/pts/0" in shown and "31 91" in shown


def test_life(ctr):
    ctr.detached("life")
    assert ctr.tasks()["life"][1] == "RUNNING"
    ctr.fails("container", "rm", "life")
    ctr("task", "kill", "--signal", "SIGKILL", "life")
    ctr.wait_status("life", "STOPPED")
    assert "137" in ctr("task", "rm", "life", code=None).stderr
    ctr("container", "rm", "life")
    assert not (RUN / "runc" / NAMESPACE / "life").exists()


def test_start_of_a_task_again(ctr):
    assert ctr.run("two", "sh", "-c", "echo run >>/log; cat /log").stdout == "run\n"
    for times in (2, 3):
        assert ctr("task", "start", "two").stdout == "run\n" * times


def test_exec(ctr):
    ctr.detached("box")
    assert ctr("task", "exec", "--exec-id", "e1", "box", "echo", "in").stdout == "in\n"
    ctr("task", "exec", "--exec-id", "e2", "box", "sh", "-c", "exit 9", code=9)
    assert ctr("task", "exec", "--exec-id", "e3", "--cwd", "/tmp", "box", "pwd").stdout == "/tmp\n"


def test_exec_of_a_user(ctr):
    ctr.detached("box")
    assert ctr("task", "exec", "--exec-id", "e1", "--user", "1000", "box", "id", "-u").stdout == "1000\n"


def test_exec_on_a_terminal(ctr):
    ctr.detached("box")
    assert "/dev/pts/" in ctr.seen_on_terminal("task", "exec", "--exec-id", "e1", "--tty", "box", "tty")


@pytest.mark.parametrize("program, words", [("no-such", "not found"), ("/etc/passwd", "permission denied")])
def test_exec_that_cannot_be_run(ctr, program, words):
    ctr.detached("box")
    done = ctr.fails("task", "exec", "--exec-id", "e1", "box", program)
    assert words in done.stderr.lower()
    ctr("task", "exec", "--exec-id", "e2", "box", "true")


def test_exec_standard_input(ctr):
    ctr.detached("box")
    assert ctr("task", "exec", "--exec-id", "e1", "box", "cat", input="through").stdout == "through"


def test_many_execs(ctr):
    ctr.detached("box")
    running = [ctr.popen("task", "exec", "--exec-id", f"e{number}", "box", "sh", "-c", f"exit {number}") for number in range(6)]
    assert [process.wait(60 * host.PATIENCE) for process in running] == list(range(6))


def test_kill_of_an_exec(ctr):
    ctr.detached("box")
    process = ctr.popen("task", "exec", "--exec-id", "long", "box", "sleep", "1000")
    try:
        host.wait_until(lambda: "long" in ctr("task", "ps", "box").stdout, "the exec")
        ctr("task", "kill", "--exec-id", "long", "--signal", "SIGKILL", "box")
        assert process.wait(30 * host.PATIENCE) == 137
    finally:
        end(process)


def test_pause_and_resume(ctr):
    ctr.detached("still")
    ctr("task", "pause", "still")
    assert ctr.tasks()["still"][1] == "PAUSED"
    ctr.fails("task", "exec", "--exec-id", "e1", "still", "true")
    ctr("task", "resume", "still")
    assert ctr.tasks()["still"][1] == "RUNNING"


def test_metrics(ctr):
    ctr.detached("measured", options=("--memory-limit", str(64 << 20)))
    host.wait_until(lambda: "sleep" in ctr("task", "exec", "--exec-id", "look", "measured", "ps").stdout, "the program")
    shown = json.loads(ctr("task", "metrics", "--format", "json", "measured").stdout)
    assert str(64 << 20) in json.dumps(shown)
    assert shown["pids"]["current"] == 1
    assert (shown["memory"]["usage"]["usage"] if "blkio" in shown else shown["memory"]["usage"]) > 0


def test_processes(ctr):
    ctr.detached("procs", "sh", "-c", "sleep 1000 & sleep 1000 & wait")
    host.wait_until(lambda: len(ctr("task", "ps", "procs").stdout.splitlines()) == 4, "its processes")
    pid = ctr.tasks()["procs"][0]
    assert str(pid) in ctr("task", "ps", "procs").stdout


def test_kill_all(ctr):
    ctr.detached("many", "sh", "-c", "sleep 1000 & sleep 1000 & wait")
    ctr("task", "kill", "--all", "--signal", "SIGKILL", "many")
    ctr.wait_status("many", "STOPPED")


@pytest.mark.parametrize("number", ["SIGUSR1", "15", "SIGHUP"])
def test_kill_with_a_signal(ctr, number):
    name = {"SIGUSR1": "USR1", "SIGHUP": "HUP"}.get(number, number)
    process = ctr.popen("run", *ctr.how("trap"), IMAGE, "trap", "sh", "-c",
                        f"trap 'exit 5' {name}; touch /up; while :; do sleep 0.05; done")
    try:
        host.wait_until(lambda: process.poll() is not None
                        or ctr("task", "exec", "--exec-id", "look", "trap", "test", "-e", "/up", code=None).returncode == 0,
                        "the start")
        ctr("task", "kill", "--signal", number, "trap")
        assert process.wait(30 * host.PATIENCE) == 5
    finally:
        end(process)


def test_kill_of_the_dead_fails(ctr):
    ctr.detached("dead", "true")
    ctr.wait_status("dead", "STOPPED")
    ctr.fails("task", "kill", "dead")


def test_removal_of_a_running_task(ctr):
    ctr.detached("live")
    pid = ctr.tasks()["live"][0]
    ctr.fails("task", "rm", "live")
    ctr("task", "rm", "--force", "live", code=None)
    host.wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "its end")


def test_memory_limit(ctr):
    ctr.detached("limited", options=("--memory-limit", str(64 << 20)))
    assert limit(ctr.tasks()["limited"][0], "memory.max", "memory", "memory.limit_in_bytes") == str(64 << 20)


def test_cpu_limit(ctr):
    ctr.detached("limited", options=("--cpus", "0.5"))
    assert limit(ctr.tasks()["limited"][0], "cpu.max", "cpu", "cpu.cfs_quota_us").split()[0] == "50000"


def test_out_of_memory(ctr):
    ctr.rm_run("tool", "allocate", "200", options=("--memory-limit", str(24 << 20)), code=137)


def test_read_only(ctr):
    done = ctr.rm_run("touch", "/x", options=("--read-only",), code=1)
    assert "Read-only" in done.stderr


def test_default_seccomp(ctr):
    assert ctr.rm_run("grep", "Seccomp:", "/proc/self/status", options=("--seccomp",)).stdout.split() == ["Seccomp:", "2"]
    assert ctr.rm_run("grep", "Seccomp:", "/proc/self/status").stdout.split() == ["Seccomp:", "0"]


def test_seccomp_profile(ctr, workdir):
    (workdir / "profile.json").write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}))
    done = ctr.rm_run("mkdir", "/tmp/x", options=("--seccomp", "--seccomp-profile", f"{workdir}/profile.json"), code=1)
    assert "No space left" in done.stderr


def test_no_new_privileges(ctr):
    assert ctr.rm_run("grep", "NoNewPrivs", "/proc/self/status").stdout.split()[1] == "1"
    assert ctr.rm_run("grep", "NoNewPrivs", "/proc/self/status", options=("--allow-new-privs",)).stdout.split()[1] == "0"


def test_capabilities(ctr):
    shown = ctr.rm_run("grep", "CapEff", "/proc/self/status", options=("--cap-add", "CAP_NET_ADMIN", "--cap-drop", "CAP_CHOWN"))
    value = int(shown.stdout.split()[1], 16)
    assert value >> 12 & 1 and not value & 1


def test_privileged(ctr):
    value = int(ctr.rm_run("grep", "CapEff", "/proc/self/status", options=("--privileged",)).stdout.split()[1], 16)
    assert value >> 21 & 1


def test_environment_and_directory(ctr):
    assert ctr.rm_run("sh", "-c", "echo $A; pwd", options=("--env", "A=b c", "--cwd", "/tmp")).stdout == "b c\n/tmp\n"


def test_mount(ctr, workdir):
    (workdir / "in").write_text("in")
    options = ("--mount", f"type=bind,src={workdir},dst=/m,options=rbind:ro")
    assert ctr.rm_run("cat", "/m/in", options=options).stdout == "in"
    assert "Read-only" in ctr.rm_run("touch", "/m/x", options=options, code=1).stderr


def test_device(ctr):
    assert ctr.rm_run("stat", "-c", "%t:%T", "/dev/full", options=("--device", "/dev/full")).stdout == "1:7\n"


@pytest.mark.parametrize("kind", ["network", "ipc", "uts", "pid"])
def test_namespace_by_path(ctr, kind):
    ctr.detached("first")
    pid = ctr.tasks()["first"][0]
    file = {"network": "net"}.get(kind, kind)
    shown = ctr.rm_run("readlink", f"/proc/self/ns/{file}", options=("--with-ns", f"{kind}:/proc/{pid}/ns/{file}")).stdout.strip()
    assert shown == os.readlink(f"/proc/{pid}/ns/{file}")


def test_host_network(ctr):
    assert ctr.rm_run("readlink", "/proc/self/ns/net", options=("--net-host",)).stdout.strip() == os.readlink("/proc/self/ns/net")


def test_id_maps(ctr):
    shown = ctr.rm_run("cat", "/proc/self/uid_map", options=("--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"))
    assert shown.stdout.split() == ["0", "100000", "65536"]


def test_rootfs_directory(ctr, base):
    assert ctr("run", *ctr.how("plain"), "--rm", "--rootfs", base / "image/rootfs", "plain", "/bin/echo", "plain").stdout == "plain\n"


def test_rootfs_directory_read_only(ctr, base):
    done = ctr("run", *ctr.how("plain"), "--rm", "--read-only", "--rootfs", base / "image/rootfs", "plain", "/bin/touch", "/x", code=1)
    assert "Read-only" in done.stderr and not (base / "image/rootfs/x").exists()


@pytest.mark.parametrize("snapshotter", ["native", "overlayfs"])
def test_snapshotter(ctr, snapshotter):
    done = ctr.rm_run("sh", "-c", "echo x >/data/new; cat /data/in-image /data/new; grep ' / ' /proc/self/mounts",
                      options=("--snapshotter", snapshotter))
    assert done.stdout.startswith("in-image\nx\n")
    assert ("overlay /" in done.stdout) == (snapshotter == "overlayfs")


HOOKS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")


def test_hooks(ctr, base, workdir):
    """All kinds, in a configuration of the caller's."""
    config = json.loads(ctr("oci", "spec").stdout)
    config["process"].update(args=["/bin/true"], terminal=False)
    config["root"] = {"path": str(base / "image/rootfs")}
    if ctr.containerd.manager == "systemd":
        config["linux"]["cgroupsPath"] = "consumers.slice:ctr:hooked"
    config["mounts"].append({"destination": "/seen", "type": "bind", "source": str(workdir), "options": ["rbind"]})
    shell = os.path.realpath("/bin/sh")
    config["hooks"] = {kind: [{"path": shell, "args": ["sh", "-c", f"cat >/dev/null; echo {kind} >>{workdir}/log"]}] for kind in HOOKS}
    # This one runs in the container.
    config["hooks"]["startContainer"] = [{"path": "/bin/sh", "args": ["sh", "-c", "echo startContainer >>/seen/log"]}]
    (workdir / "config.json").write_text(json.dumps(config))
    ctr("run", *ctr.how("hooked"), "--rm", "--config", workdir / "config.json", "hooked")
    host.wait_until(lambda: "poststop" in (workdir / "log").read_text(), "the last hook")
    assert sorted((workdir / "log").read_text().split()) == sorted(HOOKS)


def test_gpus(ctr, workdir):
    """containerd itself is the hook, and has a program of the vendor's set the container up."""
    (workdir / "bin").mkdir()
    program = workdir / "bin/nvidia-container-cli"
    program.write_text(f"#!/bin/sh\necho \"$@\" >{workdir}/called\n")
    program.chmod(0o755)
    ctr.rm_run("true", options=("--gpus", "0"), env={"PATH": f"{workdir}/bin:{os.environ['PATH']}"})
    words = (workdir / "called").read_text().split()
    assert "configure" in words and [word for word in words if re.fullmatch(r"--pid=[1-9]\d*", word)]
    assert words[-1].endswith("/rootfs")


def test_own_cgroup(ctr):
    ctr.detached("grouped", options=("--cgroup", "/drayconsumers-own/grouped") if ctr.containerd.manager != "systemd" else ())
    paths = [str(path) for path in cgroup_paths(ctr.tasks()["grouped"][0]).values()]
    assert [path for path in paths if "grouped" in path]


def test_pid_file(ctr, workdir):
    ctr.detached("filed", options=("--pid-file", workdir / "pid"))
    assert int((workdir / "pid").read_text()) == ctr.tasks()["filed"][0]


def test_no_descriptor_of_the_shim_comes_in(ctr):
    """The shim hands its socket on without close-on-exec."""
    assert set(ctr.rm_run("ls", "/proc/self/fd").stdout.split()) <= {"0", "1", "2", "3"}


def test_restart_of_the_daemon_keeps_containers(ctr):
    ctr.detached("stays")
    pid = ctr.tasks()["stays"][0]
    ctr.containerd.daemon.stop()
    assert os.path.exists(f"/proc/{pid}")
    ctr.containerd.daemon.start()
    assert ctr.tasks()["stays"] == (pid, "RUNNING")
    ctr("task", "exec", "--exec-id", "e1", "stays", "true")
