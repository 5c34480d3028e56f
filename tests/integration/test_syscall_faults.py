# SPDX-License-Identifier: LGPL-2.1-or-later
"""Killed at its N-th system call, or with that call failing: what is begun can be removed.

tracer/syscall_fault.c hits one call of dray, or of the stage that it starts.  By default every
SYSCALL_STRIDE-th (7th) call is hit, beginning elsewhere for each action; SYSCALL_STRIDE=1 hits them
all, which takes some minutes.
"""

import errno
import os
import platform
import subprocess

import pytest

from harness import faults, host
from harness.shapes import shaped

from test_fault_walk import Walk, one_error

pytestmark = [pytest.mark.only_dray("dray leaves nothing"), pytest.mark.slow,
              pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"),
                                 reason="the tracer does not know this architecture")]

STRIDE = int(os.environ.get("SYSCALL_STRIDE", "7"))
ERRORS = ("ENOMEM", "EIO", "EINTR")
READ, WRITE = {"x86_64": (0, 1), "aarch64": (63, 64)}.get(platform.machine(), (None, None))
MOST = 2000


@pytest.fixture(scope="session")
def tracer(base):
    target = base / "syscall_fault"
    compiler = os.environ.get("CC", "gcc").split()
    subprocess.run([*compiler, "-std=gnu17", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-o",
                    target, faults.TOP / "tests/integration/tracer/syscall_fault.c"], check=True)
    return target


class Hunt:
    """Calls of one command, hit one after the other until there is none left."""

    def __init__(self, walk, tracer, whom, action):
        self.walk = walk
        self.report = walk.bundle.directory / "report"
        self.words = [str(tracer), str(self.report), whom,
                      action if action == "kill" else str(getattr(errno, action))]
        self.number = 0
        self.call = None

    def hit(self, verb, *arguments, **settings):
        """The next call; returns the result of the command, or None after the last call."""
        self.number += STRIDE if self.number else 1 + sum(self.words[3].encode()) % STRIDE
        assert self.number < MOST, "there is no end to it"
        self.report.unlink(missing_ok=True)
        done = self.walk.call(verb, *arguments, wrap=[*self.words, str(self.number)], **settings)
        said = self.report.read_text().split()
        self.call = None if said[0] == "missed" else int(said[0])
        return None if self.call is None else done

    def could_not_say(self, done):
        """The call that failed was the one that writes the message."""
        return self.call == WRITE and done.code > 0 and done.err == ""

    def is_wait_for_start(self, status):
        """The stage was hit after the creation had been done, and ended: its last read waits for start."""
        return self.words[2] == "child" and self.call == READ and status == "stopped"

    def __str__(self):
        return f"{' '.join(self.words[2:])} at call {self.number} (number {self.call})"


@pytest.fixture
def walk(request, make_bundle, runtime):
    with shaped(request.param, make_bundle()) as shape:
        walk = Walk(shape, runtime)
        yield walk
    assert not walk.wrong, f"{len(walk.wrong)} faults:\n" + "\n".join(walk.wrong[:40])


def killed(walk, hunt, label, done):
    """dray or its stage got SIGKILL: whatever is left answers, and can be removed."""
    assert done.code in (0, 1, -9), f"neither done, failed nor killed:\n{done}"
    if done.code == 1:
        one_error(done, 1)
        walk.nothing_is_left(label)
    assert walk.state() in (None, "creating", "created", "stopped")
    walk.call("list").ok()
    walk.remove(label)


def failed(walk, hunt, label, done):
    """A call failed: the command copes, or ends with one error and leaves nothing."""
    if done.code == 0:
        status = walk.state()
        if hunt.is_wait_for_start(status):
            one_error(walk.call("start", walk.bundle.name), 1)
        else:
            assert status == "created", f"{status}, not created, and no error:\n{done}"
        walk.remove(label)
    else:
        hunt.could_not_say(done) or one_error(done, 1)
        walk.nothing_is_left(label)


@pytest.mark.parametrize("whom", ["self", "child"], ids=["dray", "stage"])
@pytest.mark.parametrize("action", ["kill", *ERRORS])
@pytest.mark.parametrize("walk", ["plain", "userns"], indirect=True)
def test_create(walk, tracer, whom, action):
    hunt = Hunt(walk, tracer, whom, action)
    judge = killed if action == "kill" else failed
    arguments = ["--bundle", walk.bundle.directory, *walk.shape.arguments, walk.bundle.name]
    while (done := hunt.hit("create", *arguments)) is not None:
        walk.guard(f"create: {hunt}", lambda label, found: judge(walk, hunt, label, found), done)
    walk.remove("the last")


@pytest.mark.parametrize("action", ["kill", "ENOMEM"])
@pytest.mark.parametrize("walk", ["plain"], indirect=True)
def test_create_with_a_long_id(walk, tracer, action):
    """Its directory has others that lead to it."""
    name = "long-" * 150
    hunt = Hunt(walk, tracer, "self", action)
    while hunt.hit("create", "--bundle", walk.bundle.directory, name) is not None:
        walk.call("delete", "--force", name).ok()
        assert faults.state_entries(walk.runtime) == [], f"left behind by {hunt}"
    walk.call("delete", "--force", name).ok()
    walk.nothing_is_left("the last")


@pytest.mark.parametrize("action", ["kill", "ENOMEM"])
@pytest.mark.parametrize("walk", ["hooks"], indirect=True)
def test_unwinding(walk, tracer, action):
    """A create that fails is hit in its unwinding too; poststop hooks may be due again then."""
    walk.runtime.path = faults.fault_runtime(walk.bundle.directory).path
    hunt = Hunt(walk, tracer, "self", action)
    fault = {"DRAY_FAULT": "dray:WRITE_PID_FILE=fail"}

    def judge(label, done):
        assert done.code in (1, -9), f"neither failed nor killed:\n{done}"
        if done.code == 1 and not hunt.could_not_say(done):
            one_error(done, 1)
        walk.remove(label)

    while (done := hunt.hit("create", "--bundle", walk.bundle.directory, walk.bundle.name, env=fault)) \
            is not None:
        walk.guard(f"unwinding: {hunt}", judge, done)
    walk.remove("the last")


def create(walk):
    walk.call("create", "--bundle", walk.bundle.directory, *walk.shape.arguments, walk.bundle.name).ok()


@pytest.mark.parametrize("action", ["kill", "ENOMEM"])
@pytest.mark.parametrize("walk", ["plain"], indirect=True)
def test_start(walk, tracer, action):
    """A start that was hit can be repeated, or the container was started, or it is gone for good."""
    hunt = Hunt(walk, tracer, "self", action)

    def judge(label, done):
        assert done.code in (0, 1, -9), f"neither done, failed nor killed:\n{done}"
        again = walk.call("start", walk.bundle.name)
        status = walk.state()
        assert status == "running", f"{status} after {done}\nand {again}"
        walk.call("kill", walk.bundle.name, "KILL").ok()
        walk.remove(label)

    create(walk)
    while (done := hunt.hit("start", walk.bundle.name)) is not None:
        walk.guard(f"start: {hunt}", judge, done)
        create(walk)
    walk.remove("the last")


@pytest.mark.parametrize("action", ["kill", *ERRORS])
@pytest.mark.parametrize("walk", ["plain"], indirect=True)
def test_delete(walk, tracer, action):
    """A delete that was hit can be repeated."""
    hunt = Hunt(walk, tracer, "self", action)

    def judge(label, done):
        if done.code == 1 and not hunt.could_not_say(done):
            one_error(done, 1)
        else:
            assert done.code in (0, -9), f"neither done, failed nor killed:\n{done}"
        if done.code == 0:
            walk.nothing_is_left(label)
        walk.remove(label)

    create(walk)
    while (done := hunt.hit("delete", "--force", walk.bundle.name)) is not None:
        walk.guard(f"delete: {hunt}", judge, done)
        create(walk)
    walk.remove("the last")


@pytest.mark.parametrize("whom", ["self", "child"], ids=["dray", "stage"])
@pytest.mark.parametrize("action", ["kill", "ENOMEM"])
@pytest.mark.parametrize("walk", ["plain"], indirect=True)
def test_exec(walk, tracer, whom, action):
    """The container goes on, whatever happens to an exec."""
    hunt = Hunt(walk, tracer, whom, action)

    def judge(label, done):
        assert done.code in (0, 255, -9), f"neither done, failed nor killed:\n{done}"
        if done.code == 255 and not hunt.could_not_say(done):
            one_error(done, 255)
        host.wait_until(lambda: host.reap_dead() is not None and
                        walk.call("ps", "--format", "json", walk.bundle.name).json() == before,
                        "the container to have its own processes only")
        assert walk.state() == "running"

    create(walk)
    walk.call("start", walk.bundle.name).ok()
    before = walk.call("ps", "--format", "json", walk.bundle.name).json()
    while (done := hunt.hit("exec", "--detach", walk.bundle.name, "/bin/probe", "exit", "0")) is not None:
        walk.guard(f"exec: {hunt}", judge, done)
    walk.call("exec", walk.bundle.name, "/bin/probe", "exit", "7").exits(7)
    walk.remove("the last")
