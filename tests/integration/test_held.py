# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stage that somebody stops or traces: whoever waits for it says so instead of waiting for ever."""

import os
import re
import signal
import subprocess
import sys

import pytest

from harness import faults, host

pytestmark = [pytest.mark.only_dray("others wait for ever")]

SHORT = {"DRAY_HELD_MS": "300"}

# PTRACE_SEIZE and PTRACE_INTERRUPT; its end lets go of the process.
TRACER = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pid = int(sys.argv[1])
for request in (0x4206, 0x4207):
    if libc.ptrace(request, pid, None, None) < 0:
        sys.exit(os.strerror(ctypes.get_errno()))
os.waitpid(pid, 0x40000000)  # __WALL: until it has stopped
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hold():
    """Holds a process by a signal or by tracing it; the result is what an error says of that."""
    tracers = []

    def hold_it(pid, how):
        if how == "stopped":
            os.kill(pid, signal.SIGSTOP)
            host.wait_until(lambda: "T (stopped)" in open(f"/proc/{pid}/status").read(), "the stop")
            return "a signal has stopped it"
        tracer = subprocess.Popen([sys.executable, "-c", TRACER, str(pid)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        tracers.append(tracer)
        assert tracer.stdout.readline() == b"held\n"
        return f"process {tracer.pid} traces it"

    def let_go():
        while tracers:
            tracers.pop().communicate()

    hold_it.let_go = let_go
    yield hold_it
    let_go()


@pytest.fixture
def impatient(make_bundle, workdir):
    return make_bundle(runtime=faults.fault_runtime(workdir))


@pytest.mark.parametrize("how", ["stopped", "traced"])
def test_start(impatient, hold, how):
    """It is killed, lest it becomes the program after start has failed."""
    impatient.args = ["/bin/probe", "wait"]
    impatient.create().ok()
    why = hold(impatient.pid, how)
    impatient.start(env=SHORT).fails(1, ["STAGE_HELD", f"process {impatient.pid}", "did not become the program", why])
    assert impatient.status == "stopped"
    hold.let_go()
    assert impatient.wait() == 137
    impatient.delete().ok()
    assert impatient.leaks() == []


@pytest.mark.parametrize("how", ["stopped", "traced"])
def test_force_ends_a_start_that_is_held(bundle, hold, how):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    hold(bundle.pid, how)
    start = bundle.runtime.popen("start", bundle.name, stderr=subprocess.PIPE)
    fifo = bundle.runtime.root / bundle.name / "start.fifo"
    host.wait_until(lambda: not fifo.exists(), "start to wait")
    bundle.delete("--force").ok()
    _, err = start.communicate(timeout=20)
    assert start.returncode == 1 and b"error[" in err, err
    hold.let_go()
    assert bundle.wait() == 137
    assert bundle.leaks() == []


@pytest.mark.parametrize("verb", ["run", "create"])
def test_slow_hooks_are_waited_for(impatient, verb):
    impatient.args = ["/bin/probe", "exit", "0"]
    impatient.config["hooks"] = {"startContainer": [{"path": "/bin/sleep", "args": ["sleep", "1"]}]}
    if verb == "run":
        impatient.run(env=SHORT).ok()
    else:
        impatient.create(env=SHORT).ok()
        impatient.start(env=SHORT).ok()
        assert impatient.wait() == 0


def test_create_among_processes_that_stop_it(make_bundle, impatient):
    """Hooks at creation are told a pid that is in the joined PID namespace by then."""
    first = make_bundle().up()
    impatient.namespace("pid", f"/proc/{first.pid}/ns/pid")
    stop = f'pid=$(tr "," "\\n" | grep -o \'"pid": *[0-9]*\' | grep -o "[0-9]*"); kill -STOP $pid; echo $pid >{impatient.directory}/stopped'
    impatient.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", stop],
                                                    "env": ["PATH=/usr/bin:/bin"]}]}
    done = impatient.create(env=SHORT).fails(1, ["STAGE_HELD", "entered the PID namespace of other processes", "a signal has stopped it"])
    pid = int((impatient.directory / "stopped").read_text())
    assert re.search(rf"process {pid} ", done.err), done
    assert not os.path.exists(f"/proc/{pid}")
    assert impatient.leaks() == []
    assert first.status == "running"
