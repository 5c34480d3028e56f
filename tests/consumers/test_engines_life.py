# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman and Docker alike: containers come, are looked at, and go."""

import os
import re
import signal
import subprocess

import pytest

from engines.engine import cgroup_paths, end, limit, trapping
from harness import host


def test_run(engine):
    assert engine.rm_run(engine.image, "echo", "hello from inside").stdout == "hello from inside\n"


@pytest.mark.parametrize("code", [0, 1, 42, 125, 255])
def test_exit_code(engine, code):
    engine.rm_run(engine.image, "sh", "-c", f"exit {code}", code=code)


def test_exit_code_of_a_signal(engine):
    engine.rm_run(engine.image, "sh", "-c", "sh -c 'kill -9 $$'; exit $?", code=137)


def test_standard_input_and_error(engine):
    assert engine.rm_run("-i", engine.image, "cat", input="through").stdout == "through"
    done = engine.rm_run(engine.image, "sh", "-c", "echo out; echo err >&2")
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


def test_a_megabyte_through_the_pipes(engine):
    text = "0123456789abcde\n" * 65536
    assert engine.rm_run("-i", engine.image, "cat", input=text).stdout == text


@pytest.mark.parametrize("program", ["no-such-program", "/no/such/program"])
def test_command_not_found_is_127(engine, program):
    assert program in engine.rm_run(engine.image, program, code=127).stderr


@pytest.mark.parametrize("program", ["/etc/passwd", "/etc"])
def test_command_not_executable_is_126(engine, program):
    assert "permission denied" in engine.rm_run(engine.image, program, code=126).stderr.lower()


def test_missing_interpreter_is_named(engine):
    assert "/etc/interpreter: no such file or directory" in engine.run("--rm", engine.image, "/etc/interpreter",
                                                                       code=None).stderr


def test_detached_and_logs(engine):
    name = engine.detached(command=("sh", "-c", "echo out; echo err >&2; sleep 1000"))
    assert re.fullmatch("[0-9a-f]{64}", name)
    host.wait_until(lambda: engine("logs", name).stderr == "err\n", "the log")
    assert engine("logs", name).stdout == "out\n"
    assert engine("logs", "--tail", "1", name).stdout + engine("logs", "--tail", "1", name).stderr != ""


def test_stop_ends_with_term(engine):
    engine.detached("--name", "polite", command=trapping("TERM", "exit 7"))
    engine.wait_logged("polite", "up")
    engine("stop", "-t", "20", "polite")
    assert engine.state("polite")["ExitCode"] == 7


def test_stop_of_the_deaf_ends_with_kill(engine):
    engine.detached("--name", "deaf")
    engine("stop", "-t", "0", "deaf")
    state = engine.state("deaf")
    assert (state["Status"], state["ExitCode"]) == ("exited", 137)


def test_stop_signal_of_the_container(engine):
    engine.detached("--name", "own", "--stop-signal", "USR2", command=trapping("USR2", "exit 12"))
    engine.wait_logged("own", "up")
    engine("stop", "-t", "20", "own")
    assert engine.state("own")["ExitCode"] == 12


@pytest.mark.parametrize("name", ["USR1", "SIGHUP", "15", "34"])
def test_kill_with_a_signal(engine, name):
    engine.detached("--name", "trap", command=trapping({"SIGHUP": "HUP"}.get(name, name), "echo got; exit 5"))
    engine.wait_logged("trap", "up")
    engine("kill", "--signal", name, "trap")
    assert engine("wait", "trap").stdout.strip() == "5"
    host.wait_until(lambda: engine("logs", "trap").stdout == "up\ngot\n", "its last words")


def test_kill_of_the_dead_fails(engine):
    engine.detached("--name", "dead", command=("true",))
    engine("wait", "dead")
    engine.fails("kill", "dead")


def test_pause_and_unpause(engine):
    engine.detached("--name", "still")
    engine("pause", "still")
    assert engine.state("still")["Status"] == "paused"
    engine.fails("exec", "still", "true")
    engine("unpause", "still")
    engine("exec", "still", "true")


def test_remove_a_paused_container(engine):
    engine.detached("--name", "still")
    pid = engine.pid("still")
    engine("pause", "still")
    engine.remove("still")
    host.wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "its end")


def test_start_again_and_restart(engine):
    engine.create("--name", "again", engine.image, "sh", "-c", "echo run >>/log; cat /log")
    assert engine("start", "--attach", "again").stdout == "run\n"
    assert engine("start", "--attach", "again").stdout == "run\nrun\n"
    engine("restart", "-t", "0", "again")
    engine("wait", "again")
    host.wait_until(lambda: engine("logs", "again").stdout.endswith("run\nrun\nrun\n"), "the log")


def test_restart_of_what_runs(engine):
    engine.detached("--name", "twice")
    before = engine.pid("twice")
    engine("restart", "-t", "0", "twice")
    assert engine.pid("twice") not in (0, before)
    engine("exec", "twice", "true")


def test_restart_policy_on_failure(engine):
    engine.detached("--name", "retry", "--restart", "on-failure:2", command=("sh", "-c", "echo try; exit 3"))
    host.wait_until(lambda: engine("logs", "retry").stdout == "try\n" * 3, "three tries", 40)
    engine.wait_status("retry", "exited")
    assert engine.state("retry")["ExitCode"] == 3 and engine.inspect("retry")["RestartCount"] == 2


def test_restart_policy_always(engine):
    engine.detached("--name", "always", "--restart", "always", command=("sh", "-c", "echo run; sleep 0.1"))
    host.wait_until(lambda: engine("logs", "always").stdout.count("run") >= 3, "three runs", 40)


def test_removal_with_rm(engine):
    name = engine.detached("--rm", command=("true",))
    host.wait_until(lambda: engine("inspect", name, code=None).returncode != 0, "the removal")


def test_remove_a_running_container(engine):
    engine.detached("--name", "live")
    pid = engine.pid("live")
    own = [path for path in cgroup_paths(pid).values() if engine.inspect("live")["Id"] in str(path)]
    assert own
    engine.fails("rm", "live")
    engine.remove("live")
    assert not os.path.exists(f"/proc/{pid}")
    host.wait_until(lambda: not [str(path) for path in own if path.exists()], "the end of its cgroups")


def test_wait(engine):
    engine.detached("--name", "soon", command=("sh", "-c", "sleep 0.2; exit 9"))
    assert engine("wait", "soon").stdout.strip() == "9"


def test_top(engine):
    engine.detached("--name", "tops", command=("sleep", "4321"))
    assert "sleep 4321" in engine("top", "tops").stdout


def test_stats(engine):
    engine.detached("--name", "stat", "--memory", "64m")
    shown = engine("stats", "--no-stream", "--format", "{{.PIDs}} {{.MemUsage}}", "stat").stdout.split()
    assert int(shown[0]) >= 1
    assert shown[-1] in ("64MiB", "67.11MB")


def test_copy_in_and_out(engine, workdir):
    engine.detached("--name", "files")
    (workdir / "in").write_text("carried in")
    engine("cp", workdir / "in", "files:/tmp/in")
    assert engine("exec", "files", "cat", "/tmp/in").stdout == "carried in"
    engine("exec", "files", "sh", "-c", "echo out >/tmp/out")
    engine("cp", "files:/tmp/out", workdir / "out")
    assert (workdir / "out").read_text() == "out\n"


def test_commit(engine):
    engine.detached("--name", "old")
    engine("exec", "old", "sh", "-c", "echo kept >/kept")
    engine("commit", "old", "localhost/consumers/new")
    try:
        assert engine.rm_run("localhost/consumers/new", "cat", "/kept").stdout == "kept\n"
        assert engine.state("old")["Status"] == "running"
    finally:
        engine("rmi", "--force", "localhost/consumers/new")


def test_diff_and_export(engine, workdir):
    engine.run("--name", "changed", engine.image, "touch", "/changed")
    assert "A /changed" in engine("diff", "changed").stdout
    engine("export", "--output", workdir / "all.tar", "changed")
    assert (workdir / "all.tar").stat().st_size > 100000


def test_attach(engine):
    engine.detached("--name", "open", command=("sh", "-c", "while ! test -e /go; do sleep 0.05; echo wait; done; echo late"))
    process = engine.popen("attach", "--no-stdin", "open", stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "wait\n"
        engine("exec", "open", "touch", "/go")
        process.communicate(timeout=30 * host.PATIENCE)
        assert process.returncode == 0
    finally:
        end(process)


def test_signal_is_passed_on(engine):
    process = engine.popen(*engine.run_words("--rm", "--name", "proxy"), engine.image, "sh", "-c",
                           "trap 'exit 33' USR1; touch /up; while :; do sleep 0.05; done")
    try:
        host.wait_until(lambda: engine("exec", "proxy", "test", "-e", "/up", code=None).returncode == 0, "the start")
        process.send_signal(signal.SIGUSR1)
        assert process.wait(30 * host.PATIENCE) == 33
    finally:
        end(process)


def test_terminal(engine):
    shown = engine.seen_on_terminal(*engine.run_words("--rm", "-it"), engine.image, "sh", "-c", "tty; sleep 0.5; stty size",
                                    rows=33, columns=99)
    assert "/dev/pts/0" in shown and "33 99" in shown


def test_terminal_talks(engine):
    process, terminal = engine.on_terminal(*engine.run_words("--rm", "-it"), engine.image, "sh")
    try:
        terminal.read_until("#")
        terminal.write("echo $((6 * 7))\n")
        terminal.read_until("42")
        terminal.write("exit 4\n")
        assert process.wait(30 * host.PATIENCE) == 4
    finally:
        end(process)
        terminal.close()


def test_terminal_interrupt(engine):
    process, terminal = engine.on_terminal(*engine.run_words("--rm", "-it"), engine.image, *trapping("INT", "echo got; exit 6"))
    try:
        terminal.read_until("up")
        terminal.write("\x03")
        terminal.read_until("got")
        assert process.wait(30 * host.PATIENCE) == 6
    finally:
        end(process)
        terminal.close()


def test_update(engine):
    engine.detached("--name", "less", "--memory", "64m", "--memory-swap", "64m", "--cpu-shares", "300")
    pid = engine.pid("less")
    before = limit(pid, "cpu.weight", "cpu", "cpu.shares")
    engine("update", "--memory", "48m", "--memory-swap", "48m", "less")
    assert limit(pid, "memory.max", "memory", "memory.limit_in_bytes") == str(48 << 20)
    # What nobody asked for stays, although Docker sends zeros for it.
    assert limit(pid, "cpu.weight", "cpu", "cpu.shares") == before


def test_many_at_once(engine):
    running = [engine.popen(*engine.run_words("--rm"), engine.image, "sh", "-c", f"exit {number}") for number in range(6)]
    assert [process.wait(60 * host.PATIENCE) for process in running] == list(range(6))
