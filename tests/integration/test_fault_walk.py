# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every row of the step lists fails, is killed before it and after it, in dray and in the stage.

What was begun must be gone: at once after an ordinary failure or a signal that asks to end, and
after `delete --force` when something was killed.  The rows come from src/plan/*_steps.def, so new
ones are walked by themselves; each must be reached by at least one shape of bundle.
"""

import json
import re

import pytest

from harness import faults, host, systemd_host
from harness.shapes import SHAPES, shaped

pytestmark = [pytest.mark.needs("busybox"), pytest.mark.only_dray("walks dray's own steps"),
              pytest.mark.slow]

ACTIONS = {"dray": ("fail", "kill", "kill-after", "signal-TERM"), "stage": ("fail", "kill", "kill-after")}
# Rows that need what this machine or this walk has not.
UNREACHED = {"LABELS": "no AppArmor and no SELinux here",
             "RDT_GROUP": "no resctrl here", "RDT_ATTACH": "no resctrl here"}
KILLED = -9
reached = set()


def actions(step, serial, thorough):
    """All actions of a row where a shape is walked thoroughly, else one after the other."""
    every = ACTIONS[step.role]
    return every if thorough or faults.FULL else [every[serial % len(every)]]


def tries(list_name, shape_name, thorough):
    for serial, step in enumerate(faults.steps(list_name)):
        for action in actions(step, serial + list(SHAPES).index(shape_name), thorough):
            yield step, action


def is_late(step, list_name):
    """The stage's rows after READY: dray does not wait for them."""
    return step.role == "stage" and step.place > faults.place_of(list_name, "READY")


class Walk:
    """One bundle, gone through many times; collects what is wrong instead of stopping at it."""

    def __init__(self, shape, runtime):
        self.shape = shape
        self.bundle = shape.bundle
        self.runtime = runtime
        self.host = faults.Host.look(self.bundle.directory, shape.keep)
        self.wrong = []
        self.bundle.write()
        if shape.hook_log:
            shape.hooks_run()

    def call(self, verb, *arguments, **settings):
        return self.runtime(verb, *arguments, **settings)

    def begin(self, verb, step, action, *arguments):
        self.shape.renew()
        return self.call(verb, "--bundle", self.bundle.directory, *self.shape.arguments, *arguments,
                         self.bundle.name, env={**self.shape.environment, **faults.environment(step, action)})

    def guard(self, label, function, *arguments):
        try:
            function(label, *arguments)
        except AssertionError as error:
            self.wrong.append(f"{label}: {error}")
            self.remove(label)
        self.shape.drain()

    def state(self):
        """The status word, or None when there is no such container."""
        done = self.call("state", self.bundle.name)
        if done.code != 0:
            done.fails(1, ["does not exist"])
            return None
        return done.json()["status"]

    def remove(self, label):
        """delete --force, twice as engines do; afterwards the host is as it was."""
        for _ in range(2):
            words = self.runtime.words("delete", "--force", self.bundle.name)
            errors = self.bundle.directory / "delete"
            with open(errors, "wb") as err:
                process = self.runtime.popen("delete", "--force", self.bundle.name, stdout=err, stderr=err)
                # an init cannot end before those it adopted are reaped, which is up to us
                host.wait_until(lambda: host.reap_dead([process.pid]) and False or
                                process.poll() is not None, f"the end of {words}")
            said = errors.read_text()
            assert process.returncode == 0, f"delete --force failed: {said}"
            assert said == "", f"delete --force is not silent: {said}"
        self.nothing_is_left(label)

    def nothing_is_left(self, label):
        left = self.host.processes_end() + self.host.changes(self.runtime, self.bundle.name)
        left += self.shape.leftovers()
        if left:
            self.wrong.append(f"{label}: left behind: " + "; ".join(left))
            self.host.mounts = faults.Host.look(self.bundle.directory).mounts  # told once

    def answers_are_sane(self, expect_created=False):
        """What remains can be asked for, and does not pretend to be a container that works."""
        status = self.state()
        assert status in (None, "creating", "created", "stopped"), f"status is {status!r}"
        assert isinstance(self.call("list", "--format", "json").json(), list)
        started = self.call("start", self.bundle.name)
        if expect_created:
            assert status == "created", f"it was committed, but is {status!r}"
            started.ok()
        else:
            one_error(started, 1)
            one_error(self.call("exec", self.bundle.name, "/bin/probe", "exit", "0"), 255)
        killed = self.call("kill", self.bundle.name, "KILL")
        if killed.code != 0:
            one_error(killed, 1)
            assert "container not running" in killed.err or "does not exist" in killed.err, str(killed)

    def hooks_are_even(self, label):
        """Where hooks of the creation ran, poststop ran once; where none did, it did not."""
        if self.shape.hook_log is None:
            return
        words = self.shape.hooks_run()
        assert words.count("poststop") <= 1, f"{label}: poststop hooks ran twice: {words}"
        if set(words) - {"poststop"}:
            assert words.count("poststop") == 1, f"{label}: no poststop hook ran: {words}"


def one_error(done, code):
    """Exit code, and exactly one error in one line of text."""
    done.fails(code)
    lines = [line for line in done.err.splitlines() if line.startswith("dray: error[")]
    assert len(lines) == 1, f"not one error:\n{done}"
    return lines[0]


def names_the_fault(done, code):
    line = one_error(done, code)
    assert "injected fault" in line, f"the error does not tell the fault:\n{done}"


@pytest.fixture
def walk(request, make_bundle, workdir):
    runtime = faults.fault_runtime(workdir)
    with shaped(request.param, make_bundle(runtime=runtime)) as shape:
        walk = Walk(shape, runtime)
        yield walk
    assert not walk.wrong, f"{len(walk.wrong)} faults:\n" + "\n".join(walk.wrong[:40])


def created_is_gone(walk, label, step, action, done):
    """After a create that was hit; the container must not be left half-made."""
    if action == "fail":
        names_the_fault(done, 1)
    elif action == "signal-TERM":
        one_error(done, 1)
        assert "INTERRUPTED" in done.err, str(done)
    elif step.role == "dray":
        assert done.code == KILLED, f"should have been killed:\n{done}"
    else:
        line = one_error(done, 1)
        assert "STAGE_DIED" in line and re.search(r"step [A-Z_]+", line), \
            f"the error does not tell what the stage was doing:\n{done}"
    committed = step.name == "COMMIT" and action == "kill-after" and step.role == "dray"
    if action in ("kill", "kill-after") and step.role == "dray":
        walk.answers_are_sane(expect_created=committed)
        walk.remove(label)
    else:
        walk.nothing_is_left(label)
        assert walk.state() is None, "a failed create leaves no container"
    if not committed:
        assert walk.shape.lost() == []


def try_create(label, walk, step, action):
    done = walk.begin("create", step, action)
    if is_late(step, "create"):
        try_start(walk, label, step, action, done)
    elif done.code == 0:
        walk.remove(label)  # the plan of this shape does not need the row
    else:
        reached.add(("create", step))
        created_is_gone(walk, label, step, action, done)
    walk.hooks_are_even(label)


def try_start(walk, label, step, action, done):
    """The row is the stage's, after create has ended: start is what meets the fault."""
    if done.code != 0:
        # only COMMIT can be noticed by create, when the stage ends before it is told to go on
        assert step.name == "COMMIT", f"create met a row of start:\n{done}"
        one_error(done, 1)
        walk.nothing_is_left(label)
        return
    started = walk.call("start", walk.bundle.name)
    if started.code != 0:
        reached.add(("create", step))
        one_error(started, 1)
        if action == "fail" and step.place > faults.place_of("create", "WAIT_START"):
            names_the_fault(started, 1)
        assert walk.state() in ("stopped", None)
        walk.call("delete", walk.bundle.name).ok()
        walk.nothing_is_left(label)
    else:
        walk.remove(label)


@pytest.mark.parametrize("walk", SHAPES, indirect=True)
def test_create(walk, request):
    name = request.node.callspec.params["walk"]
    for step, action in tries("create", name, thorough=name == "plain"):
        walk.guard(f"{name}: create with {step}={action}", try_create, walk, step, action)


def try_run(label, walk, step, action, detached):
    done = walk.begin("run", step, action, *(["--detach"] if detached else []))
    if done.code == 0:
        walk.remove(label)
    elif action == "fail":
        names_the_fault(done, 1)
    elif action == "signal-TERM":
        one_error(done, 1)
    elif step.role == "dray":
        assert done.code == KILLED, f"should have been killed:\n{done}"
        walk.state()
        walk.remove(label)
    else:
        one_error(done, 1)
    walk.nothing_is_left(label)
    walk.hooks_are_even(label)


@pytest.mark.parametrize("detached", [False, True], ids=["foreground", "detached"])
@pytest.mark.parametrize("walk", ["plain", "hooks"], indirect=True)
def test_run(walk, detached, request):
    name = request.node.callspec.params["walk"]
    walk.bundle.args = ["/bin/probe", "exit", "0"]
    walk.bundle.write()
    for step, action in tries("create", name, thorough=False):
        walk.guard(f"{name}: run with {step}={action}", try_run, walk, step, action, detached)


def container_works(walk, before):
    assert walk.state() == "running"
    walk.call("exec", walk.bundle.name, "/bin/probe", "exit", "7").exits(7)
    host.wait_until(lambda: walk.call("ps", "--format", "json", walk.bundle.name).json() == before,
                    "the container to have its own processes only")


def try_exec(label, walk, step, action, options, before):
    done = walk.call("exec", *options, *walk.shape.exec_options, walk.bundle.name, "/bin/probe", "exit", "0",
                     env=faults.environment(step, action))
    if done.code != 0:
        reached.add(("exec", step))
        if action == "fail":
            names_the_fault(done, 255)
        elif step.role == "dray" and action != "signal-TERM":
            assert done.code == KILLED, f"should have been killed:\n{done}"
        else:
            one_error(done, 255)
    host.reap_dead()
    container_works(walk, before)


@pytest.mark.parametrize("walk", ["plain", "userns", "terminal", "pidfd", "seccomp", "host_pid", "host_mounts", "joined",
                                  "sysctl", "systemd_user"], indirect=True)
def test_exec(walk, request):
    name = request.node.callspec.params["walk"]
    walk.call("create", "--bundle", walk.bundle.directory, *walk.shape.arguments, walk.bundle.name).ok()
    walk.call("start", walk.bundle.name).ok()
    before = walk.call("ps", "--format", "json", walk.bundle.name).json()
    for step, action in tries("exec", name, thorough=name == "plain"):
        options = ["--detach"] if walk.shape.exec_options or step.place % 2 else []
        walk.guard(f"{name}: exec with {step}={action}", try_exec, walk, step, action, options, before)
    walk.remove(name)


def mount_points(walk):
    return [line.split()[4] for line in open(f"/proc/{walk.container_pid}/mountinfo")]


def try_mounts(label, walk, step, action, verb, before):
    """Afterwards the list of added mounts is true, and what is in it can be removed."""
    name, file = walk.bundle.name, walk.bundle.directory / "mounts.json"
    if verb == "remove":
        walk.call("mounts", "add", name, file).ok()
    done = walk.call("mounts", verb, name, file, env=faults.environment(step, action))
    if done.code != 0:
        reached.add(("mounts", step))
        if action == "fail":
            names_the_fault(done, 1)
        elif step.role == "dray" and action != "signal-TERM":
            assert done.code == KILLED, f"should have been killed:\n{done}"
        else:
            one_error(done, 1)
    host.reap_dead()
    if verb == "add" and done.code == 1 and action != "fail":
        assert mount_points(walk) == before, "a failed addition leaves nothing"
    removed = walk.call("mounts", "remove", name, file)
    if removed.code != 0:
        assert "was added" in one_error(removed, 1)
    assert mount_points(walk) == before
    walk.call("exec", name, "/bin/probe", "exit", "7").exits(7)


@pytest.mark.parametrize("verb", ["add", "remove"])
@pytest.mark.parametrize("walk", ["plain", "userns"], indirect=True)
def test_mounts(walk, verb, request):
    name = request.node.callspec.params["walk"]
    pid_file = walk.bundle.directory / "init"
    walk.call("create", "--bundle", walk.bundle.directory, "--pid-file", pid_file, walk.bundle.name).ok()
    walk.call("start", walk.bundle.name).ok()
    walk.container_pid = int(pid_file.read_text())
    (walk.bundle.directory / "mounts.json").write_text(json.dumps({"mounts": [
        {"destination": "/added", "type": "bind", "source": "/etc", "options": ["bind"]}]}))
    before = mount_points(walk)
    for step, action in tries("mounts", name, thorough=name == "plain"):
        walk.guard(f"{name}: mounts {verb} with {step}={action}", try_mounts, walk, step, action, verb, before)
    walk.remove(name)


def test_every_row_was_reached(workdir):
    """A row that no shape needs would be a row without a test."""
    faults.fault_runtime(workdir)
    if not reached:
        pytest.skip("the walk did not run")
    unreached = set(UNREACHED)
    if host.kernel() < (6, 17):
        unreached |= {"ENTER_LAST", "ENTERED"}  # exec has them anyway, create needs a procfs from outside
    if systemd_host.missing():
        unreached |= {step.name for step in faults.steps("create") + faults.steps("exec") if "SCOPE" in step.name}
    missed = [f"{list_name} {step}" for list_name in ("create", "exec", "mounts") for step in faults.steps(list_name)
              if (list_name, step) not in reached and step.name not in unreached]
    assert not missed, "no shape of bundle reaches " + ", ".join(missed)
