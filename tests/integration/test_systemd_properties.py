# SPDX-License-Identifier: LGPL-2.1-or-later
"""Limits and annotations as properties of the scope, which keep them when systemd reloads."""

import json
import os

import pytest

from test_systemd import scope, up  # noqa: F401: a fixture

pytestmark = [pytest.mark.needs("systemd_host", "busybox"), pytest.mark.only_dray("scopes by dray's own rules")]

INFINITY = str(2**64 - 1)


@pytest.fixture
def limited(scope, systemd_host):  # noqa: F811
    missing = {"memory", "cpu", "pids", "cpuset"} - set(systemd_host.controllers())
    if missing:
        pytest.skip(f"needs the cgroup2 controllers {', '.join(sorted(missing))}")
    return scope


def annotate(bundle, **properties):
    bundle.config["annotations"] = {f"org.systemd.property.{name}": text for name, text in properties.items()}


def value(systemd_host, bundle, file):
    return (systemd_host.cgroup(bundle.unit) / file).read_text().strip()


# --- annotations

@pytest.mark.parametrize("name, text, shown", [
    ("KillSignal", "2", ("KillSignal", "2")),
    ("TimeoutStopUSec", "uint64 10000000", ("TimeoutStopUSec", "10s")),
    ("TimeoutStopSec", "uint64 7", ("TimeoutStopUSec", "7s")),
    ("TimeoutStopSec", "1.5", ("TimeoutStopUSec", "1.500000s")),
    ("CollectMode", "'inactive-or-failed'", ("CollectMode", "inactive-or-failed")),
    ("SendSIGHUP", "true", ("SendSIGHUP", "yes")),
    ("TasksMax", "uint64 123", ("TasksMax", "123")),
    ("MemoryHigh", "@t 1048576", ("MemoryHigh", "1048576")),
    ("Before", "['x.service', 'y.service']", ("Before", "x.service")),
    ("AllowedCPUs", "[byte 3]", ("AllowedCPUs", "0-1")),
])
def test_annotation(scope, systemd_host, name, text, shown):  # noqa: F811
    annotate(scope, **{name: text})
    up(scope)
    found = systemd_host.show(scope.unit, shown[0])
    assert shown[1] in (found, found.replace("ms", ""), *found.split()) or \
        (name, text, found) == ("TimeoutStopSec", "1.5", "1.5s"), found
    scope.delete("--force").ok()


@pytest.mark.parametrize("name, text", [
    ("ExecStopPost", "['/bin/touch', '/x']"), ("User", "'nobody'"), ("BindPaths", "'/'"), ("Slice", "'x.slice'"),
    ("Delegate", "false"), ("DeviceAllow", "[('/dev/sda', 'rw')]"), ("DevicePolicy", "'auto'"),
    ("Wants", "['poweroff.target']"), ("FailureAction", "'reboot'"), ("BPFProgram", "[('device', '/x')]"),
    ("NoSuchThing", "1")])
def test_annotation_that_no_container_may_set(scope, systemd_host, name, text):  # noqa: F811
    annotate(scope, **{name: text})
    scope.create().dray_error("NOT_SUPPORTED", f"/annotations/org.systemd.property.{name}", names=[name], place=True)
    assert not systemd_host.is_loaded(scope.unit)


@pytest.mark.parametrize("name, text, code", [
    ("KillSignal", "'TERM'", "CONFIG_TYPE"), ("KillSignal", "uint64 15", "CONFIG_TYPE"),
    ("TimeoutStopUSec", "-1", "CONFIG_RANGE"), ("TimeoutStopSec", "soon", "CONFIG_TYPE"),
    ("Description", "no quotes", "CONFIG_TYPE"), ("Kill-Signal", "15", "CONFIG_VALUE")])
def test_annotation_of_a_wrong_type(scope, name, text, code):  # noqa: F811
    annotate(scope, **{name: text})
    scope.create().dray_error(code, f"/annotations/org.systemd.property.{name}", place=True)


def test_value_that_systemd_refuses(scope, systemd_host):  # noqa: F811
    """The type is right; what it may be is systemd's to say, in its own words."""
    annotate(scope, KillSignal="1000")
    done = scope.create()
    done.dray_error("SYSTEMD_UNIT", names=[scope.unit])
    assert "KillSignal" in done.err or "signal" in done.err.lower(), str(done)
    assert scope.runtime("state", scope.name).code != 0
    assert not systemd_host.is_loaded(scope.unit)


def test_annotations_without_systemd_mean_nothing(bundle):
    annotate(bundle, ExecStopPost="'/bin/touch'", KillSignal="'?'")
    bundle.args = ["/bin/true"]
    bundle.run().ok()


# --- devices

DEVICES = [{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rwm"}]


def can_open(bundle, path):
    done = bundle.exec("/bin/sh", "-c", f"exec 3<{path} && echo opened")
    return done.out.strip() == "opened"


def test_devices_survive_reloads(scope, systemd_host):  # noqa: F811
    scope.resources["devices"] = DEVICES
    scope.linux["devices"] = [{"path": "/dev/loop", "type": "b", "major": 7, "minor": 0, "fileMode": 0o666},
                              {"path": "/dev/mem0", "type": "c", "major": 1, "minor": 1, "fileMode": 0o666}]
    up(scope)

    def as_asked():
        assert can_open(scope, "/dev/null")
        assert not can_open(scope, "/dev/loop") and not can_open(scope, "/dev/mem0")
    as_asked()
    for word in ("daemon-reload", "daemon-reexec"):
        systemd_host.run("systemctl", word)
        as_asked()
    systemd_host.run("systemctl", "set-property", "--runtime", scope.unit, "TasksMax=100")
    as_asked()
    changed = {"devices": [*DEVICES, {"allow": True, "type": "c", "major": 1, "minor": 1, "access": "rwm"}]}
    scope.runtime("update", "--resources", "-", scope.name, input=json.dumps(changed)).ok()
    systemd_host.run("systemctl", "daemon-reload")
    opened = scope.exec("/bin/sh", "-c", "exec 3</dev/mem0; echo $?").err
    assert "ermitted" not in opened or os.uname().release, opened  # the kernel may forbid it by itself
    assert not can_open(scope, "/dev/loop")
    scope.delete("--force").ok()


# --- limits

def limit(bundle):
    bundle.resources.update({
        "memory": {"limit": 64 << 20, "swap": 96 << 20, "reservation": 32 << 20},
        "cpu": {"shares": 512, "quota": 12345, "period": 50000, "cpus": "0"},
        "pids": {"limit": 50},
    })


def test_limits_are_properties_and_files(limited, systemd_host):
    limit(limited)
    up(limited)
    shown = systemd_host.show(limited.unit, "MemoryMax", "MemorySwapMax", "MemoryLow", "CPUWeight", "TasksMax",
                              "AllowedCPUs", "CPUQuotaPerSecUSec", "CPUQuotaPeriodUSec")
    assert shown == {"MemoryMax": str(64 << 20), "MemorySwapMax": str(32 << 20), "MemoryLow": str(32 << 20),
                     "CPUWeight": "59", "TasksMax": "50", "AllowedCPUs": "0", "CPUQuotaPerSecUSec": "250ms",
                     "CPUQuotaPeriodUSec": "50ms"}
    assert value(systemd_host, limited, "memory.max") == str(64 << 20)
    assert value(systemd_host, limited, "pids.max") == "50"
    assert value(systemd_host, limited, "cpu.max") == "12345 50000"
    assert value(systemd_host, limited, "cpuset.cpus") == "0"
    systemd_host.run("systemctl", "daemon-reload")
    assert value(systemd_host, limited, "memory.max") == str(64 << 20)
    assert value(systemd_host, limited, "pids.max") == "50"
    limited.delete("--force").ok()


def test_no_limit_is_systemds_default(limited, systemd_host):
    limited.resources["pids"] = {"limit": -1}
    limited.resources["memory"] = {"limit": -1}
    up(limited)
    shown = systemd_host.show(limited.unit, "TasksMax", "MemoryMax")
    assert shown == {"TasksMax": "infinity", "MemoryMax": "infinity"}
    limited.delete("--force").ok()


def update(bundle, resources):
    return bundle.runtime("update", "--resources", "-", bundle.name, input=json.dumps(resources))


def test_update_is_kept_by_systemd(limited, systemd_host):
    limit(limited)
    up(limited)
    limited.runtime.options = []
    update(limited, {"memory": {"limit": 48 << 20, "swap": 48 << 20}, "pids": {"limit": 40},
                     "cpu": {"quota": 30001}}).ok()
    shown = systemd_host.show(limited.unit, "MemoryMax", "MemorySwapMax", "TasksMax", "CPUQuotaPerSecUSec", "CPUWeight")
    assert shown == {"MemoryMax": str(48 << 20), "MemorySwapMax": "0", "TasksMax": "40", "CPUWeight": "59",
                     "CPUQuotaPerSecUSec": "610ms"}
    assert value(systemd_host, limited, "cpu.max") == "30001 50000"
    assert value(systemd_host, limited, "pids.max") == "40"
    systemd_host.run("systemctl", "daemon-reload")
    assert value(systemd_host, limited, "pids.max") == "40"
    assert value(systemd_host, limited, "memory.max") == str(48 << 20)
    update(limited, {"cpu": {"period": 60000}}).ok()
    assert value(systemd_host, limited, "cpu.max") == "30001 60000"
    limited.delete("--force").ok()


def test_update_that_fails_changes_nothing(limited, systemd_host):
    limit(limited)
    up(limited)
    names = ("MemoryMax", "TasksMax", "CPUQuotaPerSecUSec")
    before = systemd_host.show(limited.unit, *names)
    files = [value(systemd_host, limited, file) for file in ("memory.max", "pids.max", "cpu.max")]
    update(limited, {"pids": {"limit": 20}, "memory": {"limit": 40 << 20, "swap": 40 << 20},
                     "unified": {"io.max": "nonsense"}}).dray_error("CGROUP_WRITE")
    # what comes after systemd was told: the configuration cannot be saved
    saved = limited.runtime.root / limited.name / "config.json"
    systemd_host.run("mount", "--bind", saved, saved)
    try:
        update(limited, {"pids": {"limit": 20}}).dray_error("STATE_WRITE")
    finally:
        systemd_host.run("umount", saved)
    assert systemd_host.show(limited.unit, *names) == before
    assert [value(systemd_host, limited, file) for file in ("memory.max", "pids.max", "cpu.max")] == files
    limited.delete("--force").ok()


def test_update_when_the_unit_is_gone(limited, systemd_host):
    up(limited)
    limited.kill("KILL").ok()
    systemd_host.gone(limited.unit)
    update(limited, {"pids": {"limit": 20}}).dray_error(("CONTAINER_NOT_RUNNING", "CONTAINER_STATUS"))
