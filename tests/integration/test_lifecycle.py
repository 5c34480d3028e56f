# SPDX-License-Identifier: LGPL-2.1-or-later
"""From create to delete: which command is allowed when, and what it leaves."""

import os
import signal

import pytest


def test_run_gives_exit_code_and_output(bundle):
    bundle.shell("echo out; echo err >&2; exit 7")
    done = bundle.run().exits(7)
    assert done.out == "out\n"
    assert done.err == "err\n"
    assert bundle.leaks() == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGABRT])
def test_run_of_a_killed_program_exits_128_plus_signal(bundle, number):
    # The first process of a PID namespace cannot kill itself: signals of its own need a handler.
    bundle.no_namespace("pid")
    bundle.args = ["/bin/probe", "die", str(int(number))]
    bundle.run().exits(128 + number)


def test_create_does_not_start_the_program(bundle):
    bundle.shell("echo started")
    bundle.create().ok()
    state = bundle.state()
    assert state["status"] == "created"
    assert state["pid"] == bundle.pid
    assert os.path.exists(f"/proc/{bundle.pid}")
    assert bundle.output.pending == b""
    bundle.start().ok()
    bundle.output.expect("started")
    assert bundle.wait() == 0


def test_whole_life(bundle):
    bundle.up(status=5)
    assert bundle.status == "running"
    bundle.kill("TERM").ok()
    bundle.output.expect("signal 15")
    assert bundle.wait() == 5
    assert bundle.status == "stopped"
    bundle.delete().ok()
    bundle.runtime("state", bundle.name).fails(1, ["does not exist"])
    assert bundle.leaks() == []


def test_pid_file_holds_the_bare_pid(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    text = bundle.pid_file.read_text()
    assert text == str(int(text))
    assert bundle.state()["pid"] == int(text)


def test_pid_file_path_is_relative_to_the_caller(bundle, workdir):
    caller = workdir / "caller"
    caller.mkdir()
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    bundle.runtime("create", "--bundle", bundle.directory, "--pid-file", "here.pid", bundle.name,
                   cwd=caller, stdout=os.open("/dev/null", os.O_WRONLY)).ok()
    assert int((caller / "here.pid").read_text()) == bundle.state()["pid"]
    assert not (bundle.directory / "here.pid").exists()


def test_bundle_defaults_to_the_working_directory(bundle):
    bundle.shell("echo here")
    bundle.write()
    done = bundle.runtime("run", bundle.name, cwd=bundle.directory).ok()
    assert done.out == "here\n"


def test_relative_bundle(bundle):
    bundle.shell("echo here")
    bundle.write()
    done = bundle.runtime("run", "-b", bundle.directory.name, bundle.name,
                          cwd=bundle.directory.parent).ok()
    assert done.out == "here\n"


def test_state_reports_the_absolute_bundle(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    bundle.runtime("create", "-b", bundle.directory.name, bundle.name, cwd=bundle.directory.parent,
                   stdout=os.open("/dev/null", os.O_WRONLY)).ok()
    assert bundle.state()["bundle"] == str(bundle.directory)


def test_run_detached_returns_while_the_container_runs(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.run_detached().ok()
    bundle.output.expect("ready")
    assert bundle.status == "running"
    bundle.kill("KILL").ok()
    assert bundle.wait() == 137


def test_run_removes_the_container_afterwards(bundle):
    bundle.args = ["/bin/probe", "exit", "3"]
    bundle.run().exits(3)
    bundle.runtime("state", bundle.name).fails(1)
    assert bundle.leaks() == []


@pytest.mark.unlike(runc="1.1.5 keeps the state entry but not a usable container")
def test_run_keep_leaves_a_stopped_container(bundle):
    bundle.args = ["/bin/probe", "exit", "3"]
    bundle.run("--keep").exits(3)
    assert bundle.status == "stopped"
    bundle.delete().ok()
    assert bundle.leaks() == []


def test_start_twice_is_an_error(bundle):
    bundle.up()
    bundle.start().fails(1)
    assert bundle.status == "running"


def test_start_of_a_stopped_container_is_an_error(bundle):
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.create().ok()
    bundle.start().ok()
    bundle.wait()
    bundle.start().fails(1)


def test_create_with_an_id_in_use_is_an_error(bundle):
    bundle.up()
    pid = bundle.pid
    bundle.command("create").fails(1).dray_error("ID_IN_USE", names=[bundle.name])
    bundle.run().fails(1).dray_error("ID_IN_USE", names=[bundle.name])
    assert bundle.status == "running"
    assert bundle.state()["pid"] == pid


def test_an_id_can_be_used_again_after_delete(bundle):
    bundle.args = ["/bin/probe", "exit", "4"]
    for _ in range(3):
        bundle.run().exits(4)
    bundle.create().ok()
    bundle.delete("--force").ok()
    bundle.run().exits(4)


def test_delete_of_a_running_container_is_refused(bundle):
    bundle.up()
    bundle.delete().fails(1)
    assert bundle.status == "running"


def test_delete_of_a_created_container(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    bundle.delete().ok()
    bundle.wait()
    assert bundle.leaks() == []


def test_delete_force_ends_a_running_container(bundle):
    bundle.args = ["/bin/probe", "wait", "stubborn"]
    bundle.up()
    done = bundle.delete("--force").ok()
    assert done.out == "" and done.err == ""
    assert bundle.wait() == 137
    assert bundle.leaks() == []


def test_delete_force_of_a_created_container(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    bundle.delete("-f").ok()
    bundle.wait()
    assert bundle.leaks() == []


def test_delete_force_of_an_unknown_id_is_silent(bundle):
    done = bundle.delete("--force").ok()
    assert done.out == "" and done.err == ""


def test_delete_after_delete_force_twice(bundle):
    bundle.up()
    bundle.delete("--force").ok()
    bundle.delete("--force").ok()
    bundle.delete().fails(1, ["does not exist"])


@pytest.mark.parametrize("verb", ["start", "state", "kill", "delete", "pause", "resume", "ps", "exec"])
def test_every_command_says_that_an_unknown_container_does_not_exist(bundle, verb):
    words = {"kill": ["TERM"], "exec": ["true"]}.get(verb, [])
    done = bundle.runtime(verb, bundle.name, *words)
    done.fails(255 if verb == "exec" else 1, ["does not exist"])
    done.dray_error("CONTAINER_NOT_FOUND")


def test_a_zombie_counts_as_stopped(bundle):
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.create().ok()
    bundle.start().ok()
    pid = bundle.pid
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert bundle.status == "stopped"
    assert bundle.state()["pid"] == 0
    bundle.kill("TERM").fails(1, ["not running"])
    bundle.delete().ok()
    assert bundle.wait() == 0


def test_program_that_ends_at_once_leaves_a_stopped_container(bundle):
    bundle.args = ["/bin/probe", "exit", "9"]
    bundle.create().ok()
    bundle.start().ok()
    assert bundle.wait() == 9
    assert bundle.status == "stopped"
    bundle.delete().ok()


def test_two_containers_do_not_see_each_other(make_bundle):
    one, two = make_bundle(), make_bundle()
    one.up()
    two.up()
    assert one.state()["pid"] != two.state()["pid"]
    one.delete("--force").ok()
    one.wait()
    assert two.status == "running"
    two.kill("USR1").ok()
    two.output.expect("signal 10")


def test_bundle_deleted_between_create_and_start(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    (bundle.directory / "config.json").unlink()
    os.rename(bundle.rootfs, bundle.directory / "elsewhere")
    started = bundle.start()
    assert started.code in (0, 1)
    bundle.delete("--force").ok()
    bundle.wait()
    assert bundle.leaks() == []


def test_many_containers_at_once(make_bundle):
    bundles = [make_bundle() for _ in range(6)]
    for item in bundles:
        item.args = ["/bin/probe", "wait"]
        item.write()
    running = [item.runtime.popen("run", "--detach", "--bundle", item.directory, "--pid-file",
                                  item.pid_file, item.name) for item in bundles]
    assert [process.wait(60) for process in running] == [0] * len(bundles)
    assert sorted(bundles[0].runtime("list", "-q").ok().out.split()) == sorted(b.name for b in bundles)
    for item in bundles:
        item.delete("--force").ok()
        item.wait()
