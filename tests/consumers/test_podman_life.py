# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman: containers come, are looked at, and go."""

import json
import os
import re
import signal
import subprocess

import pytest

from engines.engine import cgroup_paths, end
from engines.podman import IMAGE
from harness import host

pytestmark = pytest.mark.needs("podman")


def test_run(podman):
    assert podman.rm_run(IMAGE, "echo", "hello from inside").stdout == "hello from inside\n"


@pytest.mark.parametrize("code", [0, 1, 42, 125, 255])
def test_exit_code(podman, code):
    podman.rm_run(IMAGE, "sh", "-c", f"exit {code}", code=code)


def test_exit_code_of_a_signal(podman):
    podman.rm_run(IMAGE, "sh", "-c", "sh -c 'kill -9 $$'; exit $?", code=137)


def test_standard_input_and_error(podman):
    assert podman.rm_run("-i", IMAGE, "cat", input="through").stdout == "through"
    done = podman.rm_run(IMAGE, "sh", "-c", "echo out; echo err >&2")
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


def test_a_megabyte_through_the_pipes(podman):
    text = "0123456789abcde\n" * 65536
    assert podman.rm_run("-i", IMAGE, "cat", input=text).stdout == text


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program"])
def test_command_not_found_is_127(podman, program):
    assert program in podman.rm_run(IMAGE, program, code=127).stderr


@pytest.mark.parametrize("program", ["/etc/passwd", "/etc"])
def test_command_not_executable_is_126(podman, program):
    assert "permission denied" in podman.rm_run(IMAGE, program, code=126).stderr.lower()


def test_missing_interpreter_is_named(podman):
    assert "/etc/interpreter: no such file or directory" in podman.fails("run", "--rm", "--network", "none", IMAGE,
                                                                        "/etc/interpreter").stderr


def test_detached_and_logs(podman):
    name = podman.detached(command=("sh", "-c", "echo out; echo err >&2; sleep 1000"))
    assert re.fullmatch("[0-9a-f]{64}", name)
    host.wait_until(lambda: "err" in podman("logs", name).stderr, "the log")
    assert podman("logs", name).stdout == "out\n"
    assert podman("logs", "--tail", "1", name).stdout + podman("logs", "--tail", "1", name).stderr != ""


def test_stop_ends_with_term(podman):
    podman.detached("--name", "polite", command=("sh", "-c", "trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done"))
    host.wait_until(lambda: "up" in podman("logs", "polite").stdout, "the start")
    podman("stop", "--time", "20", "polite")
    assert podman.state("polite")["ExitCode"] == 7


def test_stop_of_the_deaf_ends_with_kill(podman):
    podman.detached("--name", "deaf")
    podman("stop", "--time", "0", "deaf")
    state = podman.state("deaf")
    assert (state["Status"], state["ExitCode"]) == ("exited", 137)


def test_stop_signal_of_the_container(podman):
    podman.detached("--name", "own", "--stop-signal", "USR2",
                    command=("sh", "-c", "trap 'exit 12' USR2; echo up; while :; do sleep 0.05; done"))
    host.wait_until(lambda: "up" in podman("logs", "own").stdout, "the start")
    podman("stop", "--time", "20", "own")
    assert podman.state("own")["ExitCode"] == 12


@pytest.mark.parametrize("name", ["USR1", "SIGHUP", "15", "34"])
def test_kill_with_a_signal(podman, name):
    shell_name = {"SIGHUP": "HUP"}.get(name, name)
    podman.detached("--name", "trap", command=(
        "sh", "-c", f"trap 'echo got; exit 5' {shell_name}; echo up; while :; do sleep 0.05; done"))
    host.wait_until(lambda: "up" in podman("logs", "trap").stdout, "the start")
    podman("kill", "--signal", name, "trap")
    assert podman("wait", "trap").stdout.strip() == "5"
    assert podman("logs", "trap").stdout == "up\ngot\n"


def test_kill_of_a_stopped_container_fails(podman):
    podman.detached("--name", "done", command=("true",))
    podman("wait", "done")
    podman.fails("kill", "done")


def test_kill_ends_all_processes_in_the_host_pid_namespace(podman):
    podman.detached("--name", "many", "--pid", "host",
                    command=("sh", "-c", "sleep 1234567 & sleep 1234567 & echo up; wait"))
    host.wait_until(lambda: "up" in podman("logs", "many").stdout, "the start")
    podman("rm", "--force", "--time", "0", "many")
    host.wait_until(lambda: not processes_of("sleep\0001234567\0"), "the end of its children")


def processes_of(line):
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and open(f"/proc/{entry}/cmdline").read() == line:
                found.append(int(entry))
        except OSError:
            pass
    return found


def test_pause_and_unpause(podman):
    podman.detached("--name", "still")
    podman("pause", "still")
    assert podman.state("still")["Status"] == "paused"
    podman.fails("exec", "still", "true")
    podman("unpause", "still")
    podman("exec", "still", "true")


def test_remove_a_paused_container(podman):
    podman.detached("--name", "still")
    pid = podman.pid("still")
    podman("pause", "still")
    podman("rm", "--force", "--time", "0", "still")
    host.wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "its end")


def test_start_again(podman):
    podman("create", "--network", "none", "--name", "again", IMAGE, "sh", "-c", "echo run >>/log; cat /log")
    assert podman("start", "--attach", "again").stdout == "run\n"
    assert podman("start", "--attach", "again").stdout == "run\nrun\n"


def test_init_makes_a_created_container(podman):
    podman("create", "--network", "none", "--name", "made", IMAGE, "echo", "late")
    podman("init", "made")
    pid = podman.pid("made")
    assert podman.state("made")["Status"] in ("initialized", "created") and pid > 0
    podman("start", "made")
    podman("wait", "made")
    assert podman("logs", "made").stdout == "late\n"


def test_remove_a_created_container(podman):
    podman("create", "--network", "none", "--name", "made", IMAGE, "true")
    podman("init", "made")
    pid = podman.pid("made")
    podman("rm", "--force", "made")
    host.wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "its end")


def test_restart(podman):
    podman.detached("--name", "twice")
    before = podman.pid("twice")
    podman("restart", "--time", "0", "twice")
    assert podman.pid("twice") not in (0, before)
    podman("exec", "twice", "true")


def test_restart_policy_on_failure(podman):
    podman.detached("--name", "retry", "--restart", "on-failure:2", command=("sh", "-c", "echo try; exit 3"))
    host.wait_until(lambda: podman("logs", "retry").stdout == "try\n" * 3, "three tries", 40)
    podman.wait_status("retry", "exited")
    assert podman.state("retry")["ExitCode"] == 3


def test_restart_policy_always(podman):
    podman.detached("--name", "always", "--restart", "always", command=("sh", "-c", "echo run; sleep 0.1"))
    host.wait_until(lambda: podman("logs", "always").stdout.count("run") >= 3, "three runs", 40)


def test_removal_with_rm(podman):
    name = podman.detached("--rm", command=("true",))
    host.wait_until(lambda: podman("container", "exists", name, code=None).returncode == 1, "the removal")


def test_remove_a_running_container(podman):
    podman.detached("--name", "live")
    pid = podman.pid("live")
    cgroups = cgroup_paths(pid)
    podman.fails("rm", "live")
    podman("rm", "--force", "--time", "0", "live")
    assert not os.path.exists(f"/proc/{pid}")
    assert not [str(path) for path in cgroups.values() if "libpod" in str(path) and path.exists()]


def test_wait(podman):
    podman.detached("--name", "soon", command=("sh", "-c", "sleep 0.2; exit 9"))
    assert podman("wait", "soon").stdout.strip() == "9"


def test_inspect(podman):
    name = podman.detached("--name", "seen")
    seen = podman.inspect("seen")
    assert seen["Id"] == name
    assert seen["State"]["Running"] and seen["State"]["Pid"] > 1
    assert seen["OCIRuntime"] == podman.runtime.path
    assert os.path.samefile(f"/proc/{seen['State']['Pid']}/ns/pid", f"/proc/{podman.pid('seen')}/ns/pid")


def test_top(podman):
    podman.detached("--name", "tops")
    lines = podman("top", "tops", "pid", "args").stdout.splitlines()
    assert lines[1].split() == ["1", "sleep", "1000"]


def test_stats(podman):
    podman.detached("--name", "stat", "--memory", "64m")
    shown = json.loads(podman("stats", "--no-stream", "--format", "json", "stat").stdout)[0]
    assert shown["name"] == "stat"
    assert "67.11MB" in shown["mem_usage"]
    assert int(shown["pids"]) >= 1


def test_copy_in_and_out(podman, workdir):
    podman.detached("--name", "files")
    (workdir / "in").write_text("carried in")
    podman("cp", workdir / "in", "files:/tmp/in")
    assert podman("exec", "files", "cat", "/tmp/in").stdout == "carried in"
    podman("exec", "files", "sh", "-c", "echo out >/tmp/out")
    podman("cp", "files:/tmp/out", workdir / "out")
    assert (workdir / "out").read_text() == "out\n"


def test_commit(podman):
    podman.detached("--name", "old")
    podman("exec", "old", "sh", "-c", "echo kept >/kept")
    podman("commit", "--pause", "old", "localhost/consumers/new")
    try:
        assert podman.rm_run("localhost/consumers/new", "cat", "/kept").stdout == "kept\n"
        assert podman.state("old")["Status"] == "running"
    finally:
        podman("rmi", "--force", "localhost/consumers/new")


def test_diff_and_export(podman, workdir):
    podman.run("--name", "changed", IMAGE, "touch", "/changed")
    assert "A /changed" in podman("diff", "changed").stdout
    podman("export", "--output", workdir / "all.tar", "changed")
    assert (workdir / "all.tar").stat().st_size > 100000


def test_attach(podman):
    podman.detached("--name", "open", command=("sh", "-c", "while ! test -e /go; do sleep 0.05; echo wait; done; echo late"))
    process = podman.popen("attach", "--no-stdin", "open", stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "wait\n"
        podman("exec", "open", "touch", "/go")
        process.communicate(timeout=30 * host.PATIENCE)
        assert process.returncode == 0
    finally:
        end(process)


def test_signal_is_passed_on(podman):
    process = podman.popen("run", "--network", "none", "--rm", "--name", "proxy", IMAGE, "sh", "-c",
                           "trap 'exit 33' USR1; touch /up; while :; do sleep 0.05; done")
    try:
        host.wait_until(lambda: podman("exec", "proxy", "test", "-e", "/up", code=None).returncode == 0, "the start")
        process.send_signal(signal.SIGUSR1)
        assert process.wait(30 * host.PATIENCE) == 33
    finally:
        end(process)


def test_terminal(podman):
    assert "/dev/pts/0" in podman.seen_on_terminal("run", "--network", "none", "--rm", "-it", IMAGE, "tty")


def test_terminal_size(podman):
    shown = podman.seen_on_terminal("run", "--network", "none", "--rm", "-it", IMAGE, "sh", "-c", "sleep 0.3; stty size",
                                    rows=33, columns=99)
    assert "33 99" in shown


def test_terminal_talks(podman):
    process, terminal = podman.on_terminal("run", "--network", "none", "--rm", "-it", IMAGE, "sh")
    try:
        terminal.read_until("#")
        terminal.write("echo $((6 * 7))\n")
        terminal.read_until("42")
        terminal.write("exit 4\n")
        assert process.wait(30 * host.PATIENCE) == 4
    finally:
        end(process)
        terminal.close()


def test_terminal_interrupt(podman):
    process, terminal = podman.on_terminal("run", "--network", "none", "--rm", "-it", IMAGE, "sh", "-c",
                                           "trap 'echo got; exit 6' INT; echo up; while :; do sleep 0.05; done")
    try:
        terminal.read_until("up")
        terminal.write("\x03")
        terminal.read_until("got")
        assert process.wait(30 * host.PATIENCE) == 6
    finally:
        end(process)
        terminal.close()


def test_update(podman):
    podman.detached("--name", "less", "--memory", "64m", "--memory-swap", "64m")
    podman("update", "--memory", "48m", "--memory-swap", "48m", "less")
    path = cgroup_paths(podman.pid("less"))
    file = path[""] / "memory.max" if "" in path else path["memory"] / "memory.limit_in_bytes"
    assert file.read_text().strip() == str(48 << 20)


@pytest.mark.parametrize("command, healthy", [("true", True), ("false", False)])
def test_healthcheck(podman, command, healthy):
    podman.detached("--name", "health", "--health-cmd", command, "--health-interval", "disable", "--health-retries", "1")
    done = podman("healthcheck", "run", "health", code=None)
    assert (done.returncode == 0) == healthy
    health = podman.state("health").get("Health") or podman.state("health").get("Healthcheck")
    assert health["Status"] == ("healthy" if healthy else "unhealthy")


def test_many_in_a_row(podman):
    for number in range(5):
        assert podman.rm_run(IMAGE, "echo", number).stdout == f"{number}\n"


def test_runtime_is_named_in_info(podman):
    shown = podman("info", "--format", "{{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}").stdout
    assert podman.runtime.path in shown and podman.runtime.name in shown


def test_rootfs_directory(podman):
    assert podman.rm_run("--rootfs", f"{podman.store.rootfs}:O", "echo", "plain").stdout == "plain\n"
