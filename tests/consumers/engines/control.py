# SPDX-License-Identifier: LGPL-2.1-or-later
"""The runtimes every flow is tried with: dray, and the distribution's own as a control.

A flow that fails with the control says something about the machine or the engine, and counts as
skipped; it is a fault of dray only when the control manages it.
"""

import dataclasses
import os
import pathlib
import shutil

import pytest

from harness import host
from harness.runtime import runtime_path


@dataclasses.dataclass(frozen=True)
class OciRuntime:
    name: str
    path: str
    state_root: pathlib.Path

    @property
    def is_dray(self):
        return self.name == "dray"


def dray():
    return OciRuntime("dray", os.path.realpath(runtime_path()), pathlib.Path("/run/dray"))


def control(*preferred):
    """The first of the distribution's runtimes that is there; CONTROL=NAME asks for one.

    crun refuses hosts whose cgroup v2 hierarchy has controllers beside v1 ones.
    """
    if host.cgroup_mode() == "hybrid":
        preferred = ("runc",)
    for name in filter(None, [os.environ.get("CONTROL"), *preferred]):
        path = shutil.which(name)
        if path:
            return OciRuntime(name, os.path.realpath(path), pathlib.Path("/run") / name)
    return None


# (file, test with its parameters): why it failed with the control.
_failed = {}


def _key(item):
    callspec = getattr(item, "callspec", None)
    values = tuple(sorted((name, str(value)) for name, value in callspec.params.items() if name != "which")) \
        if callspec else ()
    return item.nodeid.split("[")[0], values


def _which(item):
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("which") if callspec else None


def _last_line(report):
    crash = getattr(report.longrepr, "reprcrash", None)
    lines = [line for line in (crash.message if crash else str(report.longrepr)).splitlines() if line.strip()]
    return lines[-1][:200] if lines else "no reason"


def judge(item, report):
    """Turns the failure of a flow that the control does not manage either into a skip."""
    which = _which(item)
    if which is None or not report.failed:
        return
    if which == "control":
        _failed.setdefault(_key(item), _last_line(report))
        why = f"the control fails: {item.originalname}: {_failed[_key(item)]}"
    elif _key(item) in _failed:
        why = f"fails with the control, too: {item.originalname}"
    else:
        return
    report.outcome = "skipped"
    report.longrepr = (str(item.path), item.location[1] or 0, f"Skipped: {why}")


def order(items):
    """The control first, each beside its twin, so that the verdict is known in time."""
    position = {}
    for number, item in enumerate(items):
        position.setdefault((item.path, _key(item)), number)
    items.sort(key=lambda item: (position[(item.path, _key(item))], _which(item) != "control"))


def skip_without(runtime):
    if runtime is None:
        pytest.skip("no runc or crun as a control")
    return runtime


def runtime(which, *preferred):
    """The one a flow is tried with now: dray, or the first of the control's that is there."""
    return dray() if which == "dray" else skip_without(control(*preferred))
