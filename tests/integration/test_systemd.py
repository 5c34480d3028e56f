# SPDX-License-Identifier: LGPL-2.1-or-later
"""The systemd cgroup manager: the container's scope from its beginning to its end."""


import threading

import pytest

from harness import host

pytestmark = [pytest.mark.needs("systemd_host", "busybox"), pytest.mark.only_dray("scopes by dray's own rules")]


@pytest.fixture
def scope(systemd_host, make_bundle, runtime):
    """A bundle whose container is a scope of that systemd."""
    runtime.prefix = systemd_host.prefix
    runtime.options = ["--systemd-cgroup"]
    bundle = make_bundle()
    bundle.linux["cgroupsPath"] = f"drayit-a.slice:it:{bundle.name}"
    bundle.unit = f"it-{bundle.name}.scope"
    bundle.args = ["/bin/probe", "wait"]
    yield bundle
    bundle.runtime.options = ["--systemd-cgroup"]


def up(bundle):
    bundle.create().ok()
    bundle.start().ok()
    bundle.output.expect("ready")


def processes(cgroup):
    return (cgroup / "cgroup.procs").read_text().split()


def test_scope_from_create_to_delete(scope, systemd_host):
    up(scope)
    shown = systemd_host.show(scope.unit, "ActiveState", "Slice", "Delegate", "Transient", "Description", "ControlGroup")
    assert shown["ActiveState"] == "active" and shown["Delegate"] == "yes" and shown["Transient"] == "yes"
    assert shown["Slice"] == "drayit-a.slice"
    assert shown["ControlGroup"] == f"/drayit.slice/drayit-a.slice/{scope.unit}"
    assert scope.name in shown["Description"]
    assert len(processes(systemd_host.cgroup(scope.unit))) == 1
    scope.kill("KILL").ok()
    host.wait_until(lambda: scope.status == "stopped", "the container to stop")
    scope.delete().ok()
    systemd_host.gone(scope.unit)


def test_later_commands_need_no_option(scope, systemd_host):
    """Podman gives --systemd-cgroup to create alone."""
    up(scope)
    cgroup = systemd_host.cgroup(scope.unit)
    scope.runtime.options = []
    scope.runtime("pause", scope.name).ok()
    assert (cgroup / "cgroup.events").read_text().splitlines()[-1] == "frozen 1"
    assert scope.status == "paused"
    scope.runtime("resume", scope.name).ok()
    assert len(scope.runtime("ps", "--format", "json", scope.name).json()) == 1
    scope.exec("/bin/busybox", "true").ok()
    scope.delete("--force").ok()
    systemd_host.gone(scope.unit)
    assert not cgroup.exists()


def test_exec_is_in_the_scope(scope, systemd_host):
    up(scope)
    process = scope.runtime.popen("exec", scope.name, "/bin/sleep", "1000")
    cgroup = systemd_host.cgroup(scope.unit)
    host.wait_until(lambda: len(processes(cgroup)) == 2, "the exec to be in the scope")
    scope.delete("--force").ok()
    assert process.wait(20 * host.PATIENCE) != 0


def test_cgroup_namespace_is_rooted_in_the_scope(scope):
    scope.namespace("cgroup")
    scope.args = ["/bin/cat", "/proc/self/cgroup"]
    assert scope.run().ok().out.splitlines()[-1] == "0::/"


def test_joined_pid_namespace(scope, systemd_host):
    """The process that stays is a child of the one that was cloned; it must be the one in the scope."""
    holder = systemd_host.try_run("sh", "-c", "unshare --pid --fork sleep 1000 >/dev/null 2>&1 & sleep 0.5;"
                                  "cat /proc/$!/task/$!/children")
    child = int(holder.stdout)
    try:
        scope.namespace("pid", f"/proc/{child}/ns/pid")
        up(scope)
        found = processes(systemd_host.cgroup(scope.unit))
        assert len(found) == 1
        scope.delete("--force").ok()
        systemd_host.gone(scope.unit)
    finally:
        systemd_host.try_run("kill", "-9", child)


def test_user_namespace(scope, systemd_host):
    scope.map_users()
    up(scope)
    assert len(processes(systemd_host.cgroup(scope.unit))) == 1
    scope.delete("--force").ok()


def test_default_name_and_slice(scope, systemd_host):
    scope.linux.pop("cgroupsPath")
    scope.name = f"{scope.token}+x"
    up(scope)
    assert systemd_host.show(f"dray-{scope.token}\\x2bx.scope", "Slice") == "system.slice"
    scope.delete("--force").ok()


def test_empty_slice_is_system_slice(scope, systemd_host):
    scope.linux["cgroupsPath"] = f":it:{scope.name}"
    up(scope)
    assert systemd_host.show(scope.unit, "Slice") == "system.slice"
    scope.delete("--force").ok()


@pytest.mark.parametrize("subgroup", ["inner", ""])
def test_subgroup(scope, systemd_host, subgroup):
    scope.config["annotations"] = {"run.oci.systemd.subgroup": subgroup}
    scope.namespace("cgroup")
    up(scope)
    cgroup = systemd_host.cgroup(scope.unit)
    assert len(processes(cgroup / subgroup)) == 1
    inside = scope.exec("/bin/cat", "/proc/self/cgroup").ok().out.splitlines()[-1]
    assert inside == "0::/"
    scope.runtime("pause", scope.name).ok()
    assert scope.status == "paused"
    scope.delete("--force").ok()
    systemd_host.gone(scope.unit)


@pytest.mark.parametrize("subgroup", ["../x", "a/b", ".", "..", "x" * 300, "a b"])
def test_bad_subgroup(scope, subgroup):
    scope.config["annotations"] = {"run.oci.systemd.subgroup": subgroup}
    scope.create().dray_error("CONFIG_VALUE", "/annotations/run.oci.systemd.subgroup", place=True)


@pytest.mark.parametrize("path", [
    "/a/b", "name", "a.slice:b", "a.slice:b:c:d", "a.slice:b:", "b:c:d", "-a.slice:b:c", "a--b.slice:b:c",
    "a-.slice:b:c", ".slice:b:c", "a.slice/b.slice:b:c", "a.slice:b:c.slice", "a.slice:b/c:d",
    "a.slice:b:c d", "a.slice:b:c@d", "a.slice:b:c\nd", "a.slice:b:" + "c" * 260, "a.slice:b:..c/d"])
def test_bad_cgroups_path(scope, path):
    scope.linux["cgroupsPath"] = path
    scope.create().dray_error("CGROUP_PATH", "/linux/cgroupsPath", place=True)


def test_root_slice(scope, systemd_host):
    scope.linux["cgroupsPath"] = f"-.slice:it:{scope.name}"
    up(scope)
    assert systemd_host.show(scope.unit, "ControlGroup") == f"/{scope.unit}"
    scope.delete("--force").ok()


def test_taken_name_is_refused_and_left_alone(scope, systemd_host, make_bundle):
    up(scope)
    other = make_bundle()
    other.linux["cgroupsPath"] = scope.linux["cgroupsPath"]
    other.create().dray_error("CGROUP_IN_USE", names=[scope.unit])
    other.delete("--force").ok()
    assert systemd_host.show(scope.unit, "ActiveState") == "active"
    assert scope.status == "running"
    scope.delete("--force").ok()


def test_scope_of_another_is_not_stopped(scope, systemd_host):
    """The container's scope has gone with its process; meanwhile the name is somebody else's."""
    up(scope)
    scope.kill("KILL").ok()
    systemd_host.gone(scope.unit)
    systemd_host.run("sh", "-c", f"systemd-run --scope --unit={scope.unit} sleep 1000 >/dev/null 2>&1 &")
    host.wait_until(lambda: systemd_host.is_active(scope.unit), "the other's scope")
    scope.delete().ok()
    assert systemd_host.is_active(scope.unit)
    systemd_host.run("systemctl", "kill", "--signal=KILL", scope.unit)
    systemd_host.gone(scope.unit)


def test_failed_leftover_is_forgotten(scope, systemd_host):
    """A unit of that name that has failed is no reason not to start."""
    systemd_host.run("sh", "-c", f"systemd-run --scope --unit={scope.unit} --property=RuntimeMaxSec=100ms "
                     "sleep 1000 >/dev/null 2>&1 &")
    host.wait_until(lambda: systemd_host.show(scope.unit, "ActiveState") == "failed", "the scope to fail")
    up(scope)
    assert systemd_host.show(scope.unit, "ActiveState") == "active"
    scope.delete("--force").ok()


def test_delete_clears_a_failed_unit(scope, systemd_host):
    scope.config["annotations"] = {"org.systemd.property.RuntimeMaxUSec": "uint64 500000",
                                   "org.systemd.property.TimeoutStopSec": "1"}
    up(scope)
    host.wait_until(lambda: systemd_host.show(scope.unit, "ActiveState") == "failed", "the scope to fail")
    host.wait_until(lambda: scope.status == "stopped", "the container to stop")
    scope.delete().ok()
    systemd_host.gone(scope.unit)


def test_failing_create_leaves_no_unit(scope, systemd_host):
    scope.args = ["/not/there"]
    scope.create().dray_error("PROGRAM_NOT_FOUND")
    systemd_host.gone(scope.unit)


def test_container_without_limits_in_plain_words(scope):
    scope.runtime.options = ["--cgroup-manager", "systemd"]
    scope.args = ["/bin/true"]
    scope.run().ok()


def test_without_a_bus(scope, systemd_host):
    """systemd has a socket of its own."""
    script = 'mount -t tmpfs none /run/dbus && exec "$@"'
    scope.runtime.prefix = [*systemd_host.prefix, "unshare", "--mount", "sh", "-c", script, "sh"]
    up(scope)
    cgroup = systemd_host.cgroup(scope.unit)
    assert len(processes(cgroup)) == 1
    if "pids" in systemd_host.controllers():
        scope.runtime("update", "--pids-limit", "100", scope.name).ok()
        assert systemd_host.show(scope.unit, "TasksMax") == "100"
    scope.delete("--force").ok()
    systemd_host.gone(scope.unit)


def test_features(runtime):
    cgroup = runtime("features").json()["linux"]["cgroup"]
    assert cgroup["systemd"] is True and cgroup["systemdUser"] is True


@pytest.mark.slow
def test_many_at_once(systemd_host, make_bundle):
    """Scopes made and removed side by side: systemd's answers reach those who asked."""
    bundles = [make_bundle() for _ in range(12)]
    for bundle in bundles:
        bundle.runtime.prefix = systemd_host.prefix
        bundle.runtime.options = ["--systemd-cgroup"]
        bundle.linux["cgroupsPath"] = f"drayit-a.slice:it:{bundle.name}"
        bundle.args = ["/bin/true"]
        bundle.write()
    for _ in range(3):
        running = [bundle.runtime.popen("run", "--bundle", bundle.directory, bundle.name) for bundle in bundles]
        assert [process.wait(60 * host.PATIENCE) for process in running] == [0] * len(bundles)
    for bundle in bundles:
        systemd_host.gone(f"it-{bundle.name}.scope")


@pytest.mark.slow
@pytest.mark.parametrize("bus", ["bus", "systemd's own socket"])
def test_systemd_that_is_executed_anew(systemd_host, scope, bus):
    """As an upgrade of its package does: what was being asked is asked again, and nobody sees it."""
    hide = 'mount -t tmpfs none /run/dbus && exec "$@"'
    if bus != "bus":
        scope.runtime.prefix = [*systemd_host.prefix, "unshare", "--mount", "sh", "-c", hide, "sh"]
    scope.args = ["/bin/true"]
    scope.write()
    over = threading.Event()
    failures = []

    def execute_anew():
        while not over.is_set():
            done = systemd_host.try_run("systemctl", "daemon-reexec")
            if done.returncode != 0:
                failures.append(done.stderr)
            over.wait(0.1)

    thread = threading.Thread(target=execute_anew)
    thread.start()
    try:
        for _ in range(12):
            scope.run().ok()
    finally:
        over.set()
        thread.join()
    systemd_host.gone(scope.unit)
    assert not failures
