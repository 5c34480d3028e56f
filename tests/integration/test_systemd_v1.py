# SPDX-License-Identifier: LGPL-2.1-or-later
"""The systemd cgroup manager where the controllers are v1's, some of which systemd leaves alone."""

import pytest

from harness import systemd_host as hosts
from test_systemd import scope, up  # noqa: F401: a fixture

pytestmark = [pytest.mark.needs("systemd_host", "cgroup_hybrid", "busybox"),
              pytest.mark.only_dray("scopes by dray's own rules")]
HIERARCHIES = ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd")


@pytest.fixture
def systemd_host():
    """Instead of the usual one."""
    return hosts.shared(v1=True)


def value(booted, bundle, controller, file):
    return booted.run("cat", f"/sys/fs/cgroup/{controller}/drayit.slice/drayit-a.slice/{bundle.unit}/{file}").strip()


def test_scope_in_every_hierarchy(scope, systemd_host):  # noqa: F811
    scope.resources["devices"] = [{"allow": False, "access": "rwm"}]
    scope.resources.update({"memory": {"limit": 64 << 20}, "pids": {"limit": 50},
                            "cpu": {"shares": 512, "quota": 20000, "period": 50000, "cpus": "0"}})
    up(scope)
    for hierarchy in HIERARCHIES:
        assert len(value(systemd_host, scope, hierarchy, "cgroup.procs").split()) == 1, hierarchy
    shown = systemd_host.show(scope.unit, "MemoryLimit", "TasksMax", "CPUShares", "CPUQuotaPerSecUSec", "DevicePolicy")
    assert shown == {"MemoryLimit": str(64 << 20), "TasksMax": "50", "CPUShares": "512", "CPUQuotaPerSecUSec": "400ms",
                     "DevicePolicy": "strict"}
    devices = value(systemd_host, scope, "devices", "devices.list")
    assert "c 1:3 rwm" in devices and "a *:* rwm" not in devices

    def as_asked(pids):
        assert sorted(value(systemd_host, scope, "devices", "devices.list").split("\n")) == sorted(devices.split("\n"))
        assert value(systemd_host, scope, "memory", "memory.limit_in_bytes") == str(64 << 20)
        assert value(systemd_host, scope, "pids", "pids.max") == pids
        assert value(systemd_host, scope, "cpuset", "cpuset.cpus") == "0"
        assert value(systemd_host, scope, "cpu", "cpu.cfs_quota_us") == "20000"
    as_asked("50")
    systemd_host.run("systemctl", "daemon-reload")
    as_asked("50")
    scope.runtime("update", "--pids-limit", "40", scope.name).ok()
    systemd_host.run("systemctl", "daemon-reload")
    as_asked("40")
    scope.runtime("pause", scope.name).ok()
    assert scope.status == "paused"
    scope.delete("--force").ok()
    systemd_host.gone(scope.unit)
    assert systemd_host.run("find", "/sys/fs/cgroup", "-name", scope.unit) == ""
    assert systemd_host.run("find", "/sys/fs/cgroup/cpuset", "-name", "drayit*") == "", "nobody else removes it there"


def test_exec_and_subgroup(scope, systemd_host):  # noqa: F811
    scope.config["annotations"] = {"run.oci.systemd.subgroup": "inner"}
    scope.namespace("cgroup")
    up(scope)
    assert len(value(systemd_host, scope, "freezer", "inner/cgroup.procs").split()) == 1
    inside = scope.exec("/bin/cat", "/proc/self/cgroup").ok().out.splitlines()
    assert all(line.endswith(":/") for line in inside), inside
    scope.delete("--force").ok()
    systemd_host.gone(scope.unit)
