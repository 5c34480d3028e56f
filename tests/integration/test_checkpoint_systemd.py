# SPDX-License-Identifier: LGPL-2.1-or-later
"""restore with the systemd cgroup manager, with CRIU itself."""

import os

import pytest

from harness import host
from test_checkpoint import saved  # noqa: F401: a fixture
from test_systemd import processes, scope, up  # noqa: F401: a fixture

pytestmark = [pytest.mark.needs("criu", "systemd_host"), pytest.mark.only_dray("the images are ours"), pytest.mark.slow,
              pytest.mark.skipif(not os.path.isdir("/run/systemd/system"), reason="CRIU needs a systemd of the host's")]


@pytest.fixture
def bundle(scope):  # noqa: F811
    """What "saved" saves."""
    return scope


def test_in_a_scope_again(bundle, saved, systemd_host):  # noqa: F811
    bundle.resources["pids"] = {"limit": 40}
    up(bundle)
    saved.checkpoint().ok()
    host.wait_until(lambda: systemd_host.show(bundle.unit, "ActiveState") == "inactive", "the end of the scope")
    bundle.resources["pids"] = {"limit": 30}
    saved.restore().ok()
    saved.goes_on()
    shown = systemd_host.show(bundle.unit, "ActiveState", "Slice", "TasksMax")
    assert shown == {"ActiveState": "active", "Slice": "drayit-a.slice", "TasksMax": "30"}
    assert processes(systemd_host.cgroup(bundle.unit)) == [str(bundle.pid)]
    bundle.delete("--force").ok()
    systemd_host.gone(bundle.unit)


@pytest.mark.parametrize("mode", ["soft", "full"])
def test_in_another_scope(bundle, saved, systemd_host, mode):  # noqa: F811
    """With what the container had below its own cgroup."""
    bundle.namespace("cgroup")
    up(bundle)
    saved.checkpoint("--manage-cgroups-mode", mode).ok()
    bundle.name += "-again"
    bundle.linux["cgroupsPath"] = f"drayit-b.slice:it:{bundle.name}"
    saved.restore("--manage-cgroups-mode", mode).ok()
    saved.goes_on()
    unit = f"it-{bundle.name}.scope"
    assert systemd_host.show(unit, "Slice") == "drayit-b.slice"
    assert processes(systemd_host.cgroup(unit)) == [str(bundle.pid)]
    bundle.delete("--force").ok()
    systemd_host.gone(unit)
