# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill: spellings of signals, whom they reach, and what is refused."""

import signal

import pytest

from harness import host


@pytest.mark.parametrize("word, number", [
    ("USR1", 10), ("SIGUSR1", 10), ("usr1", 10), ("sigusr1", 10), ("10", 10), ("HUP", 1), ("WINCH", 28),
    ("28", 28), ("SIGRTMIN", 34), ("RTMIN+3", 37), ("SIGRTMAX-1", 63), ("RTMAX", 64), ("64", 64),
    ("IO", 29), ("URG", 23),
])
def test_a_signal_by_name_or_number(bundle, word, number, kind):
    if kind == "runc" and "RT" in word:
        pytest.skip("runc: knows no names of real-time signals")
    bundle.up()
    bundle.kill(word).ok()
    bundle.output.expect(f"signal {number}")


def test_the_default_is_term(bundle):
    bundle.up()
    bundle.kill().ok()
    bundle.output.expect("signal 15")
    assert bundle.wait() == 0


@pytest.mark.parametrize("word", ["FOO", "SIGFOO", "SIG", "65", "-1", "99999999999", "9x", "KILL ", "", "0x9"])
def test_an_unknown_signal_is_an_error(bundle, word, kind):
    if kind == "runc" and word in ("65", "-1", ""):
        pytest.skip("runc: hands the number to the kernel, takes an empty word for the default")
    bundle.up()
    # Behind "--", so that a leading dash is not taken for an option.
    done = bundle.runtime("kill", "--", bundle.name, word)
    done.fails().dray_error("SIGNAL_UNKNOWN", names=[word.strip()])
    assert bundle.status == "running"
    bundle.kill("USR2").ok()
    bundle.output.expect("signal 12")


def test_signal_zero_only_asks(bundle):
    bundle.up()
    bundle.kill("0").ok()
    bundle.kill("KILL").ok()
    bundle.wait()
    bundle.kill("0").fails(1, ["not running"])


def test_kill_of_a_stopped_container(bundle):
    bundle.up()
    bundle.kill("KILL").ok()
    assert bundle.wait() == 137
    bundle.kill("TERM").fails(1, ["container not running"]).dray_error("CONTAINER_NOT_RUNNING")


def test_kill_all_of_a_stopped_container_succeeds(bundle):
    bundle.up()
    bundle.kill("KILL").ok()
    bundle.wait()
    bundle.kill("KILL", "--all").ok()


def test_kill_all_reaches_every_process(bundle):
    bundle.up()
    second = bundle.exec_detached("/bin/sleep", "1000")
    bundle.kill("KILL", "--all").ok()
    assert second.code() == 137
    assert bundle.wait() == 137


def test_plain_kill_reaches_the_first_process_only(bundle):
    bundle.up()
    second = bundle.exec_detached("/bin/sleep", "1000")
    bundle.kill("USR1").ok()
    bundle.output.expect("signal 10")
    assert second.thread.is_alive()


def test_kill_without_a_pid_namespace_ends_all_processes(bundle):
    bundle.no_namespace("pid")
    bundle.shell("sleep 1000 & echo $!; exec /bin/probe wait")
    bundle.create().ok()
    bundle.start().ok()
    child = int(bundle.output.line())
    bundle.output.expect("ready")
    bundle.kill("KILL").ok()
    assert bundle.wait() == 137
    bundle.delete("--force").ok()
    host.wait_gone(child)


def test_kill_all_without_a_pid_namespace(bundle):
    bundle.no_namespace("pid")
    bundle.shell("sleep 1000 & echo $!; exec /bin/probe wait")
    bundle.create().ok()
    bundle.start().ok()
    child = int(bundle.output.line())
    bundle.output.expect("ready")
    bundle.kill("KILL", "--all").ok()
    host.wait_gone(child)
    bundle.wait()


def test_delete_ends_what_an_ended_first_process_left(bundle):
    bundle.no_namespace("pid")
    bundle.shell("sleep 1000 & echo $!")
    bundle.create().ok()
    bundle.start().ok()
    child = int(bundle.output.line())
    assert bundle.wait() == 0
    bundle.delete("--force").ok()
    host.wait_gone(child)


def test_kill_of_a_created_container(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    bundle.kill("KILL").ok()
    assert bundle.wait() == 128 + signal.SIGKILL
    assert bundle.status == "stopped"


def test_signals_reach_the_program_during_a_foreground_run(bundle):
    bundle.args = ["/bin/probe", "wait", "6"]
    bundle.write()
    process = bundle.runtime.popen("run", "--bundle", bundle.directory, bundle.name,
                                   stdout=-1, text=True)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGUSR1)
    assert process.stdout.readline() == "signal 10\n"
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "signal 15\n"
    assert process.wait(30) == 6


def test_option_all_before_or_after_the_id(bundle):
    bundle.up()
    bundle.runtime("kill", "--all", bundle.name, "10").ok()
    bundle.output.expect("signal 10")
    bundle.runtime("kill", "-a", bundle.name, "12").ok()
    bundle.output.expect("signal 12")
