# SPDX-License-Identifier: LGPL-2.1-or-later
"""pause and resume."""

import pytest

from harness.bundle import settle


def test_pause_and_resume(bundle):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    assert bundle.status == "paused"
    assert bundle.runtime("list", "-f", "json").json()[0]["status"] == "paused"
    bundle.kill("USR1").ok()
    settle()
    assert bundle.output.pending == b""
    bundle.runtime("resume", bundle.name).ok()
    assert bundle.status == "running"
    bundle.output.expect("signal 10")


def test_pause_twice_is_an_error(bundle):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    bundle.runtime("pause", bundle.name).fails(1)
    assert bundle.status == "paused"


def test_resume_of_a_running_container_is_an_error(bundle):
    bundle.up()
    bundle.runtime("resume", bundle.name).fails(1)
    assert bundle.status == "running"


def test_pause_of_a_stopped_container_is_an_error(bundle):
    bundle.up()
    bundle.kill("KILL").ok()
    bundle.wait()
    bundle.runtime("pause", bundle.name).fails(1)
    assert bundle.status == "stopped"


def test_exec_in_a_paused_container_is_refused(bundle):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    bundle.exec("/bin/true").fails(255, ["cannot exec in a paused container"])
    bundle.runtime("resume", bundle.name).ok()
    bundle.exec("/bin/true").ok()


def test_exec_with_ignore_paused_runs_after_resume(bundle):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    process = bundle.runtime.popen("exec", "--ignore-paused", bundle.name, "/bin/probe", "exit", "8")
    settle()
    assert process.poll() is None
    bundle.runtime("resume", bundle.name).ok()
    assert process.wait(30) == 8


def test_kill_of_a_paused_container_works_at_once(bundle):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    bundle.kill("KILL").ok()
    bundle.delete("--force").ok()
    assert bundle.wait() == 137


def test_delete_of_a_paused_container_is_refused(bundle):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    bundle.delete().fails(1)
    assert bundle.status == "paused"


def test_delete_force_of_a_paused_container(bundle):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    bundle.delete("--force").ok()
    assert bundle.wait() == 137
    assert bundle.leaks() == []


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_created_container(bundle, verb):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    done = bundle.runtime(verb, bundle.name)
    if verb == "resume":
        done.fails(1)
    assert bundle.status in ("created", "paused")


def test_ps_of_a_paused_container(bundle):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    assert bundle.runtime("ps", "-f", "json", bundle.name).json() == [bundle.pid]
