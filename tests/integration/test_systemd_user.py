# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scopes of an ordinary user's systemd."""

import subprocess

import pytest

from harness import host
from harness.runtime import Runtime
from test_systemd import processes, up

pytestmark = [pytest.mark.needs("systemd_host", "busybox"), pytest.mark.only_dray("scopes by dray's own rules")]


@pytest.fixture
def user_scope(workdir, systemd_host, make_bundle):
    runtime = Runtime(workdir)
    bundle = make_bundle(runtime=runtime)
    if not systemd_host.as_user(bundle):
        pytest.skip("needs an ordinary user")
    bundle.linux["cgroupsPath"] = f":it:{bundle.name}"
    bundle.unit = f"it-{bundle.name}.scope"
    bundle.args = ["/bin/probe", "wait"]
    yield bundle
    bundle.runtime.options = ["--systemd-cgroup"]


@pytest.fixture
def show(systemd_host, user_scope):
    """What the user's systemd says of the unit."""
    prefix = [*user_scope.runtime.prefix, "env", f"XDG_RUNTIME_DIR={user_scope.runtime.variables['XDG_RUNTIME_DIR']}"]

    def show(*names):
        done = subprocess.run([*prefix, "systemctl", "--user", "show", user_scope.unit,
                               *(f"--property={name}" for name in names)], capture_output=True, text=True, check=True,
                              stdin=subprocess.DEVNULL)
        found = dict(line.split("=", 1) for line in done.stdout.splitlines())
        return found[names[0]] if len(names) == 1 else found
    return show


def cgroup(systemd_host, show):
    return systemd_host.top / show("ControlGroup").lstrip("/")


def gone(show):
    host.wait_until(lambda: show("LoadState") == "not-found", "the unit to be gone")


def test_scope_of_the_user(user_scope, systemd_host, show):
    up(user_scope)
    found = show("ActiveState", "Slice", "ControlGroup")
    assert found["ActiveState"] == "active"
    assert found["Slice"] == "user.slice"
    assert f"dray-user-{user_scope.runtime.uid}.service/user.slice/{user_scope.unit}" in found["ControlGroup"]
    assert len(processes(cgroup(systemd_host, show))) == 1
    assert not systemd_host.is_loaded(user_scope.unit), "the system's systemd has nothing to do with it"
    user_scope.kill("KILL").ok()
    host.wait_until(lambda: user_scope.status == "stopped", "the container to stop")
    user_scope.delete().ok()
    gone(show)


def test_bus_by_its_address(user_scope, show):
    """DBUS_SESSION_BUS_ADDRESS is enough."""
    directory = user_scope.runtime.variables["XDG_RUNTIME_DIR"]
    user_scope.runtime.variables = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={directory}/bus"}
    up(user_scope)
    user_scope.delete("--force").ok()
    user_scope.runtime.variables = {"XDG_RUNTIME_DIR": directory}
    gone(show)


def test_no_bus_is_an_error(user_scope, show):
    directory = user_scope.runtime.variables["XDG_RUNTIME_DIR"]
    user_scope.runtime.variables = {}
    user_scope.create().dray_error("SYSTEMD_BUS", names=["XDG_RUNTIME_DIR"])
    user_scope.runtime.variables = {"XDG_RUNTIME_DIR": directory, "DBUS_SESSION_BUS_ADDRESS": "unix:path=/not/there"}
    user_scope.create().dray_error("SYSTEMD_BUS")
    user_scope.runtime.variables = {"XDG_RUNTIME_DIR": directory}
    assert show("LoadState") == "not-found"


@pytest.mark.parametrize("subgroup", [None, "inner"])
def test_exec_from_elsewhere(user_scope, systemd_host, show, subgroup):
    """The kernel lets no user move a process there from a login session; systemd does."""
    if subgroup:
        user_scope.config["annotations"] = {"run.oci.systemd.subgroup": subgroup}
    up(user_scope)
    user_scope.runtime.options = []
    process = user_scope.runtime.popen("exec", user_scope.name, "/bin/sleep", "1000")
    place = cgroup(systemd_host, show) / (subgroup or "")
    host.wait_until(lambda: process.poll() is not None or len(processes(place)) == 2, "the exec to be in the scope")
    assert process.poll() is None
    user_scope.exec("/bin/sh", "-c", "exit 7").exits(7)
    user_scope.runtime("pause", user_scope.name).ok()
    assert user_scope.status == "paused"
    user_scope.runtime("resume", user_scope.name).ok()
    user_scope.delete("--force").ok()
    assert process.wait(20 * host.PATIENCE) != 0
    gone(show)


def test_annotations(user_scope, show):
    user_scope.config["annotations"] = {"org.systemd.property.TimeoutStopUSec": "uint64 10000000"}
    up(user_scope)
    assert show("TimeoutStopUSec") == "10s"
    user_scope.delete("--force").ok()


def test_limits_that_are_delegated(user_scope, systemd_host, show):
    if not {"memory", "pids"} <= set(systemd_host.controllers()):
        pytest.skip("needs the cgroup2 controllers memory and pids")
    user_scope.linux["resources"] = {"memory": {"limit": 64 << 20}, "pids": {"limit": 50}}
    up(user_scope)
    assert show("MemoryMax", "TasksMax") == {"MemoryMax": str(64 << 20), "TasksMax": "50"}
    assert (cgroup(systemd_host, show) / "pids.max").read_text() == "50\n"
    user_scope.runtime("update", "--pids-limit", "40", user_scope.name).ok()
    assert show("TasksMax") == "40"
    user_scope.delete("--force").ok()
