# SPDX-License-Identifier: LGPL-2.1-or-later
"""Step lists of dray, faults in their rows, and what a failed command may leave on the host.

FAULT_RUNTIME   a dray configured with --enable-fault-injection
FAULT_WALK      "full": every action in every row of every shape, not a sample
"""

import dataclasses
import os
import pathlib
import re
import subprocess

import pytest

from . import host
from .runtime import TOP, Runtime

FULL = os.environ.get("FAULT_WALK") == "full"
HOW = ("set FAULT_RUNTIME to a dray built with: configure --enable-fault-injection && make "
       "(scripts/test does it)")


@dataclasses.dataclass(frozen=True)
class Step:
    """One row, on one of the two sides that run it."""

    name: str
    role: str
    place: int

    def __str__(self):
        return f"{self.role}:{self.name}"


def steps(list_name):
    """The rows of src/plan/LIST_steps.def in their order; messages count once for each side."""
    text = (TOP / f"src/plan/{list_name}_steps.def").read_text()
    found = []
    for place, (name, role) in enumerate(re.findall(r"^STEP\((\w+), (\w+), \w+\)", text, re.M)):
        assert role in ("DRAY", "STAGE", "BOTH"), f"{name} has an unknown role {role}"
        found += [Step(name, side, place) for side in ("dray", "stage")
                  if role in (side.upper(), "BOTH")]
    assert len(found) > 10, f"{list_name}_steps.def was not understood"
    return found


def place_of(list_name, name):
    return next(step.place for step in steps(list_name) if step.name == name)


def fault_runtime(workdir):
    path = os.environ.get("FAULT_RUNTIME")
    if not path:
        pytest.skip(HOW)
    runtime = Runtime(workdir)
    runtime.path = pathlib.Path(path)
    assert runtime.path.exists(), f"no runtime at {path}: {HOW}"
    return runtime


def environment(step, action):
    return {"DRAY_FAULT": f"{step}={action}"}


def mounts(directory):
    """The mount table without what others mount meanwhile where they keep their own things."""
    session = pathlib.Path(directory).parents[1]
    return [line for line in open("/proc/self/mountinfo")
            if str(session) in line or f" {session.parent}/" not in line]


def interfaces():
    """But for those that other tests make meanwhile."""
    return sorted(name for name in os.listdir("/sys/class/net") if not re.match("it|dray|veth", name))


def state_entries(runtime):
    return os.listdir(runtime.root) if runtime.root.exists() else []


def cgroups(name):
    """Directories of that name at the top of any hierarchy."""
    tops = [host.CGROUP_ROOT, *(entry for entry in host.CGROUP_ROOT.iterdir() if entry.is_dir())]
    return [str(top / name) for top in tops if (top / name).exists()]


@dataclasses.dataclass
class Host:
    """What a failed command must not change; `keep` are processes of the test itself."""

    mounts: list
    devices: list
    links: list
    directory: pathlib.Path
    keep: tuple

    @classmethod
    def look(cls, directory, keep=()):
        return cls(mounts(directory), sorted(os.listdir("/dev")), interfaces(), directory, tuple(keep))

    def changes(self, runtime, cgroup):
        """What is different now, apart from processes that are still dying."""
        now = Host.look(self.directory)
        found = [f"mount {line.strip()}" for line in now.mounts if line not in self.mounts]
        found += [f"lost mount {line.strip()}" for line in self.mounts if line not in now.mounts]
        if now.devices != self.devices:
            found.append(f"/dev changed: {set(now.devices) ^ set(self.devices)}")
        if now.links != self.links:
            found.append(f"interfaces changed: {set(now.links) ^ set(self.links)}")
        found += [f"cgroup {path}" for path in cgroups(cgroup)]
        found += [f"state entry {entry}" for entry in state_entries(runtime)]
        return found

    def processes_end(self):
        """Reaps what is ours; whatever still lives after a while is described, and killed."""
        try:
            host.wait_until(lambda: not host.reap_dead(self.keep), "processes to end", timeout=5)
        except AssertionError:
            alive = host.reap_dead(self.keep)
            described = [f"process {host.describe_process(pid)}" for pid in alive]
            for pid in alive:
                try:
                    os.kill(pid, 9)
                except ProcessLookupError:
                    pass
            host.wait_until(lambda: not host.reap_dead(self.keep), "killed processes to end")
            return described
        return []


class PidHolder:
    """A process that keeps a PID and a network namespace for others to join."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--net", "--fork", "--kill-child=KILL", "sleep", "infinity"],
            stdin=subprocess.DEVNULL)
        self.child = host.wait_until(self._child, "the holder of the namespaces")

    def _child(self):
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else None

    def path(self, kind):
        return f"/proc/{self.child}/ns/{kind}"

    def close(self):
        os.kill(self.child, 9)
        self.process.wait()
