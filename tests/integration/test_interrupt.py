# SPDX-License-Identifier: LGPL-2.1-or-later
"""A runtime that is interrupted or killed on its way: delete --force leaves nothing of it."""

import os
import signal
import time

import pytest

from harness import host

pytestmark = pytest.mark.slow


def stopped_in_hook(bundle, workdir, kind="createRuntime"):
    """Starts a create that waits in a hook for ever; returns the process once it is there."""
    gate = workdir / "gate"
    os.mkfifo(gate)
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", f"exec >{gate}; echo in; exec sleep 1000"]}]}
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    process = bundle.runtime.popen("create", "--bundle", bundle.directory, "--pid-file", bundle.pid_file, bundle.name,
                                   stdout=-3, stderr=-1, text=True)
    with open(gate) as reader:
        assert reader.readline() == "in\n"
    return process


def end_of_hooks():
    """A hook is no part of the container; whoever kills the runtime ends it."""
    for pid in host.children():
        if "sleep" in host.describe_process(pid):
            os.kill(pid, signal.SIGKILL)


def reaped_and_clean(bundle):
    bundle.delete("--force", timeout=30).ok()
    host.wait_until(lambda: not host.reap_dead(), "the end of what was started")
    assert bundle.leaks() == []


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted_in_a_hook_unwinds_by_itself(bundle, workdir, kind, number):
    if bundle.runtime.kind != "dray":
        pytest.skip("others wait for the hook")
    process = stopped_in_hook(bundle, workdir, kind)
    process.send_signal(number)
    try:
        code = process.wait(10 * host.PATIENCE)
        err = process.stderr.read()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
        end_of_hooks()
    assert code in (1, 128 + number, -number), (code, err)
    if code > 0:
        assert "INTERRUPTED" in err, err
    host.wait_until(lambda: not host.reap_dead(), "the end of what was started")
    reaped_and_clean(bundle)


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer"])
def test_killed_in_a_hook(bundle, workdir, kind):
    process = stopped_in_hook(bundle, workdir, kind)
    process.kill()
    process.wait(30)
    process.stderr.close()
    end_of_hooks()
    reaped_and_clean(bundle)


def test_container_of_a_killed_create_can_be_asked_about(bundle, workdir):
    process = stopped_in_hook(bundle, workdir)
    process.kill()
    process.wait(30)
    process.stderr.close()
    done = bundle.runtime("list", "-f", "json").ok()
    if done.kind == "dray":
        entries = done.json()
        assert [entry["status"] for entry in entries if entry["id"] == bundle.name] in (["stopped"], ["creating"], [])
        bundle.start().fails(1)
        bundle.exec("/bin/true").fails(255)
    end_of_hooks()
    reaped_and_clean(bundle)


def test_an_id_is_not_free_after_a_killed_create(bundle, workdir):
    process = stopped_in_hook(bundle, workdir)
    process.kill()
    process.wait(30)
    process.stderr.close()
    del bundle.config["hooks"]
    again = bundle.create()
    if again.code == 0:
        pytest.skip("this runtime takes the id over")
    again.fails(1)
    end_of_hooks()
    reaped_and_clean(bundle)
    bundle.args = ["/bin/probe", "exit", "5"]
    bundle.run().exits(5)


@pytest.mark.parametrize("verb", ["create", "run"])
def test_killed_at_many_moments(bundle, verb):
    """The kill comes a bit later every time, so that it meets every phase."""
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.resources["memory"] = {"limit": 64 << 20}
    bundle.namespace("cgroup")
    for number in range(60):
        bundle.write()
        process = bundle.runtime.popen(verb, "--bundle", bundle.directory, bundle.name, stdout=-3, stderr=-3)
        deadline = time.monotonic() + number * 0.0004
        while time.monotonic() < deadline:
            pass
        process.kill()
        process.wait(30)
        bundle.delete("--force", timeout=30).ok()
        host.wait_until(lambda: not host.reap_dead(), "the end of what was started")
        assert bundle.leaks() == [], f"after a kill at moment {number}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signalled_at_many_moments(bundle, number):
    bundle.args = ["/bin/probe", "exit", "0"]
    for moment in range(40):
        bundle.write()
        process = bundle.runtime.popen("create", "--bundle", bundle.directory, bundle.name, stdout=-3, stderr=-3)
        deadline = time.monotonic() + moment * 0.0005
        while time.monotonic() < deadline:
            pass
        process.send_signal(number)
        process.wait(30)
        bundle.delete("--force", timeout=30).ok()
        host.wait_until(lambda: not host.reap_dead(), "the end of what was started")
        assert bundle.leaks() == [], f"after a signal at moment {moment}"


def test_two_creates_of_one_id_at_once(bundle):
    """One wins, the other says so; nothing of the loser harms the winner."""
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    for _ in range(5):
        racers = [bundle.runtime.popen("create", "--bundle", bundle.directory, "--pid-file", bundle.directory / f"pid{n}",
                                       bundle.name, stdout=-3, stderr=-3) for n in range(4)]
        codes = sorted(process.wait(30 * host.PATIENCE) for process in racers)
        assert codes == [0, 1, 1, 1]
        assert bundle.status == "created"
        bundle.start().ok()
        assert bundle.status == "running"
        reaped_and_clean(bundle)


def test_delete_and_start_at_once(bundle):
    for _ in range(5):
        bundle.args = ["/bin/probe", "wait"]
        bundle.create().ok()
        starting = bundle.runtime.popen("start", bundle.name, stderr=-3)
        deleting = bundle.runtime.popen("delete", "--force", bundle.name, stderr=-3)
        assert starting.wait(30) in (0, 1)
        assert deleting.wait(30) == 0
        reaped_and_clean(bundle)


def test_many_deletes_at_once(bundle):
    for _ in range(5):
        bundle.up()
        deleting = [bundle.runtime.popen("delete", "--force", bundle.name, stderr=-3) for _ in range(4)]
        assert [process.wait(30) for process in deleting] == [0] * 4
        reaped_and_clean(bundle)
