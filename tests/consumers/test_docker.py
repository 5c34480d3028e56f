# SPDX-License-Identifier: LGPL-2.1-or-later
"""dockerd with --add-runtime: life, processes and what is seen of containers."""

import json
import os
import re

import pytest

from engines.docker import IMAGE
from engines.engine import cgroup_paths, end, limit
from harness import host

pytestmark = pytest.mark.needs("docker")


def test_run(docker):
    assert docker.rm_run(IMAGE, "echo", "hello from inside").stdout == "hello from inside\n"


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_exit_code(docker, code):
    docker.rm_run(IMAGE, "sh", "-c", f"exit {code}", code=code)


def test_exit_code_of_a_signal(docker):
    docker.rm_run(IMAGE, "sh", "-c", "sh -c 'kill -9 $$'; exit $?", code=137)


def test_exit_code_of_the_daemon(docker):
    docker.fails("run", "--runtime", "none-such", IMAGE, "true", code=125)


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program"])
def test_command_not_found_is_127(docker, program):
    assert program in docker.rm_run(IMAGE, program, code=127).stderr


@pytest.mark.parametrize("program", ["/etc/passwd", "/etc"])
def test_command_not_executable_is_126(docker, program):
    assert "permission denied" in docker.rm_run(IMAGE, program, code=126).stderr


def test_standard_input(docker):
    assert docker.rm_run("-i", IMAGE, "cat", input="through").stdout == "through"


def test_detached_and_logs(docker):
    name = docker.detached(command=("sh", "-c", "echo out; echo err >&2; sleep 1000"))
    assert re.fullmatch("[0-9a-f]{64}", name)
    host.wait_until(lambda: docker("logs", name).stderr == "err\n", "the log")
    assert docker("logs", name).stdout == "out\n"


def test_runtime_is_that_of_the_container(docker):
    docker.detached("--name", "seen")
    assert docker.inspect("seen")["HostConfig"]["Runtime"] == docker.handler
    assert docker.handler in docker("info", "--format", "{{json .Runtimes}}").stdout


def test_stop_ends_with_term(docker):
    docker.detached("--name", "polite", command=("sh", "-c", "trap 'exit 7' TERM; echo up; while :; do sleep 0.05; done"))
    host.wait_until(lambda: "up" in docker("logs", "polite").stdout, "the start")
    docker("stop", "--time", "20", "polite")
    assert docker.state("polite")["ExitCode"] == 7


def test_stop_of_the_deaf_ends_with_kill(docker):
    docker.detached("--name", "deaf")
    docker("stop", "--time", "0", "deaf")
    assert docker.state("deaf")["ExitCode"] == 137


@pytest.mark.parametrize("name", ["USR1", "SIGHUP", "15"])
def test_kill_with_a_signal(docker, name):
    shell_name = {"SIGHUP": "HUP"}.get(name, name)
    docker.detached("--name", "trap", command=(
        "sh", "-c", f"trap 'exit 5' {shell_name}; echo up; while :; do sleep 0.05; done"))
    host.wait_until(lambda: "up" in docker("logs", "trap").stdout, "the start")
    docker("kill", "--signal", name, "trap")
    assert docker("wait", "trap").stdout.strip() == "5"


def test_kill_of_the_dead_fails(docker):
    docker.detached("--name", "dead", command=("true",))
    docker("wait", "dead")
    assert "not running" in docker.fails("kill", "dead").stderr


def test_pause_and_unpause(docker):
    docker.detached("--name", "still")
    docker("pause", "still")
    assert docker.state("still")["Status"] == "paused"
    docker.fails("exec", "still", "true")
    docker("unpause", "still")
    docker("exec", "still", "true")


def test_remove_a_paused_container(docker):
    docker.detached("--name", "still")
    docker("pause", "still")
    docker("rm", "--force", "still")


def test_start_again_and_restart(docker):
    docker("create", "--runtime", docker.handler, "--network", "none", "--name", "again", IMAGE, "sh", "-c", "echo run >>/log; cat /log")
    assert docker("start", "--attach", "again").stdout == "run\n"
    assert docker("start", "--attach", "again").stdout == "run\nrun\n"
    docker("restart", "--time", "0", "again")
    docker("wait", "again")
    assert docker("logs", "again").stdout.endswith("run\nrun\nrun\n")


def test_restart_policy_on_failure(docker):
    docker.detached("--name", "retry", "--restart", "on-failure:2", command=("sh", "-c", "echo try; exit 3"))
    host.wait_until(lambda: docker("logs", "retry").stdout == "try\n" * 3, "three tries", 40)
    docker.wait_status("retry", "exited")
    assert docker.inspect("retry")["RestartCount"] == 2


def test_restart_policy_always(docker):
    docker.detached("--name", "always", "--restart", "always", command=("sh", "-c", "echo run; sleep 0.1"))
    host.wait_until(lambda: docker("logs", "always").stdout.count("run") >= 3, "three runs", 40)


def test_remove_a_running_container(docker):
    docker.detached("--name", "live")
    pid = docker.pid("live")
    cgroups = cgroup_paths(pid)
    docker.fails("rm", "live")
    docker("rm", "--force", "live")
    assert not os.path.exists(f"/proc/{pid}")
    assert not [str(path) for path in cgroups.values() if path.name != "" and "docker" in str(path) and path.exists()]


def test_exec(docker):
    docker.detached("--name", "box", "--env", "BASE=1")
    done = docker("exec", "--env", "A=b c", "--workdir", "/tmp", "--user", "1000", "box", "sh", "-c",
                  "echo $BASE,$A; pwd; id -u; echo err >&2")
    assert (done.stdout, done.stderr) == ("1,b c\n/tmp\n1000\n", "err\n")


@pytest.mark.parametrize("command, codes", [
    (("sh", "-c", "exit 9"), [9]), (("sh", "-c", "kill -KILL $$"), [137]), (("/etc/passwd",), [126]),
    (("no-such",), [126, 127]), (("/no/such",), [126, 127]),  # Before Docker 23 it is 126.
])
def test_exec_code(docker, command, codes):
    docker.detached("--name", "box")
    done = docker("exec", "box", *command, code=None)
    assert done.returncode in codes, done


def test_exec_standard_input(docker):
    docker.detached("--name", "box")
    assert docker("exec", "-i", "box", "cat", input="through").stdout == "through"


def test_exec_privileged(docker):
    docker.detached("--name", "box")
    shown = docker("exec", "--privileged", "box", "grep", "CapEff", "/proc/self/status").stdout.split()[1]
    assert int(shown, 16) >> 21 & 1


def test_exec_detached(docker):
    docker.detached("--name", "box")
    docker("exec", "--detach", "box", "sh", "-c", "echo done >/tmp/done")
    host.wait_until(lambda: docker("exec", "box", "cat", "/tmp/done", code=None).stdout == "done\n", "its work")


def test_terminal(docker):
    shown = docker.seen_on_terminal("run", "--runtime", docker.handler, "--network", "none", "--rm", "-it", IMAGE, "sh", "-c",
                                    "tty; sleep 0.5; stty size", rows=33, columns=99)
    assert "/dev/pts/0" in shown and "33 99" in shown


def test_exec_on_a_terminal(docker):
    docker.detached("--name", "box")
    assert "/dev/pts/" in docker.seen_on_terminal("exec", "-it", "box", "tty")


def test_terminal_talks(docker):
    process, terminal = docker.on_terminal("run", "--runtime", docker.handler, "--network", "none", "--rm", "-it", IMAGE, "sh")
    try:
        terminal.read_until("#")
        terminal.write("echo $((6 * 7))\nexit 4\n")
        terminal.read_until("42")
        assert process.wait(30 * host.PATIENCE) == 4
    finally:
        end(process)
        terminal.close()


def test_top(docker):
    docker.detached("--name", "tops", command=("sleep", "4321"))
    assert "sleep 4321" in docker("top", "tops").stdout


def test_stats(docker):
    docker.detached("--name", "stat", "--memory", "64m")
    shown = json.loads(docker("stats", "--no-stream", "--format", "{{json .}}", "stat").stdout)
    assert "64MiB" in shown["MemUsage"] and int(shown["PIDs"]) >= 1


def test_update(docker):
    docker.detached("--name", "less", "--memory", "64m", "--memory-swap", "64m")
    docker("update", "--memory", "48m", "--memory-swap", "48m", "--cpus", "0.5", "--pids-limit", "77", "less")
    pid = docker.pid("less")
    assert limit(pid, "memory.max", "memory", "memory.limit_in_bytes") == str(48 << 20)
    assert limit(pid, "cpu.max", "cpu", "cpu.cfs_quota_us").split()[0] == "50000"
    assert limit(pid, "pids.max", "pids", "pids.max") == "77"


def test_update_of_one_thing_keeps_the_others(docker):
    """What nobody asked for comes as zeros."""
    docker.detached("--name", "less", "--memory", "64m", "--cpu-shares", "300")
    pid = docker.pid("less")
    before = limit(pid, "cpu.weight", "cpu", "cpu.shares")
    docker("update", "--memory", "48m", "--memory-swap", "96m", "less")
    assert limit(pid, "cpu.weight", "cpu", "cpu.shares") == before
    assert limit(pid, "memory.max", "memory", "memory.limit_in_bytes") == str(48 << 20)


def test_copy_and_commit(docker, workdir):
    docker.detached("--name", "files")
    (workdir / "in").write_text("carried in")
    docker("cp", workdir / "in", "files:/tmp/in")
    assert docker("exec", "files", "cat", "/tmp/in").stdout == "carried in"
    docker("commit", "files", "consumers/new")
    try:
        assert docker.rm_run("consumers/new", "cat", "/tmp/in").stdout == "carried in"
    finally:
        docker("rmi", "--force", "consumers/new")


def test_healthcheck(docker):
    docker.detached("--name", "health", "--health-cmd", "true", "--health-interval", "100ms")
    host.wait_until(lambda: docker.state("health")["Health"]["Status"] == "healthy", "its health")


def test_many_at_once(docker):
    running = [docker.popen("run", "--runtime", docker.handler, "--network", "none", "--rm", IMAGE, "sh", "-c", f"exit {number}")
               for number in range(6)]
    assert [process.wait(60 * host.PATIENCE) for process in running] == list(range(6))
