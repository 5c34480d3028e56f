# SPDX-License-Identifier: LGPL-2.1-or-later
"""run.oci.systemd.force_cgroup_v1: cgroup v1's hierarchy "systemd" for a container with an old systemd."""

import subprocess

import pytest

from harness import cgroup2, host
from harness.runtime import Runtime

pytestmark = pytest.mark.only_dray("crun 1.8 and runc are not asked on this view of cgroup2")

KEY = "run.oci.systemd.force_cgroup_v1"
SHOW = ("cd /sys/fs/cgroup && ls && stat -f -c %T . systemd && test -e systemd/cgroup.procs && "
        "grep ' /sys/fs/cgroup' /proc/self/mountinfo; mkdir systemd/{name} 2>/dev/null && echo made; true")


def exists():
    return any(line.split(":")[1] == "name=systemd" for line in open("/proc/self/cgroup"))


@pytest.fixture(scope="module")
def view():
    if host.cgroup_mode() not in ("v2", "hybrid"):
        pytest.skip("needs a cgroup2 hierarchy")
    made = cgroup2.View()
    yield made.prefix
    made.close()


@pytest.fixture
def hierarchy(workdir):
    """Where it can be seen; on a host without one it is made for the test."""
    if exists() and (host.CGROUP_ROOT / "systemd/cgroup.procs").exists():
        yield host.CGROUP_ROOT / "systemd"
        return
    place = workdir / "systemd"
    place.mkdir()
    subprocess.run(["mount", "-t", "cgroup", "-o", "none,name=systemd,xattr", "cgroup", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.fixture
def forced(workdir, view, make_bundle):
    runtime = Runtime(workdir)
    runtime.prefix = view
    bundle = make_bundle(runtime=runtime)
    bundle.config["annotations"] = {KEY: "/sys/fs/cgroup/"}
    bundle.namespace("cgroup")
    bundle.config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
                                    "options": ["nosuid", "noexec", "nodev"]})
    bundle.pointer = f"/mounts/{len(bundle.config['mounts']) - 1}"
    return bundle


@pytest.mark.parametrize("readonly", [False, True])
def test_the_hierarchy_is_all_there_is(forced, hierarchy, readonly):
    name = f"dray-it-{forced.name}"
    if readonly:
        forced.config["mounts"][-1]["options"].append("ro")
    forced.shell(SHOW.format(name=name))
    try:
        lines = forced.run().ok().out.splitlines()
    finally:
        left = (hierarchy / name).exists()
        if left:
            (hierarchy / name).rmdir()
    assert lines[0] == "systemd" and lines[1] == "tmpfs"
    mounts = [line for line in lines if " - " in line]
    assert [line.split()[4] for line in mounts] == ["/sys/fs/cgroup", "/sys/fs/cgroup/systemd"]
    assert "name=systemd" in mounts[1] and " cgroup " in mounts[1]
    for mount in mounts:
        assert {"nosuid", "noexec", "nodev", "ro" if readonly else "rw"} <= set(mount.split()[5].split(","))
    assert ("made" in lines) == (not readonly) == left


def test_on_a_host_with_cgroup_v1(bundle, hierarchy):
    """There the container gets that hierarchy and no other one."""
    if host.cgroup_mode() == "v2":
        pytest.skip("this host has cgroup2 alone")
    bundle.config["annotations"] = {KEY: "/sys/fs/cgroup"}
    bundle.config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup"})
    bundle.args = ["/bin/ls", "/sys/fs/cgroup"]
    for namespace in (False, True):
        if namespace:
            bundle.namespace("cgroup")
        assert bundle.run().ok().out.split() == ["systemd"]


def test_in_a_user_namespace(forced, hierarchy):
    forced.map_users()
    forced.shell("cd /sys/fs/cgroup/systemd && test -e cgroup.procs && echo seen; echo 0 >cgroup.procs && echo written")
    assert forced.run().out.splitlines() == ["seen"]


def test_without_the_hierarchy(forced):
    """It must be there: a container makes none for the host."""
    if exists():
        pytest.skip("this host has it")
    forced.create().dray_error("CGROUP_HOST", forced.pointer, ["name=systemd", "/sys/fs/cgroup"], place=True)
    assert not exists()
    assert forced.leaks() == []


def test_without_a_cgroup_namespace_and_elsewhere(forced, hierarchy):
    """The own cgroup is bound then, from where hosts have it."""
    forced.no_namespace("cgroup")
    forced.create().dray_error("MOUNT_FAILED", forced.pointer, ["not mounted", "cgroup namespace"], place=True)
    assert forced.leaks() == []


def test_another_path_is_a_warning(forced):
    forced.config["annotations"] = {KEY: "/elsewhere"}
    forced.args = ["/bin/probe", "exit", "0"]
    done = forced.run(options=["--log-level", "warning"]).ok()
    assert KEY in done.err and "/elsewhere" in done.err


def test_a_bind_mount_is_refused(forced, workdir):
    forced.config["mounts"][-1].update(type="bind", source=str(workdir), options=["bind"])
    forced.create().dray_error("CONFIG_VALUE", f"{forced.pointer}/destination", [KEY], place=True)
    assert forced.leaks() == []


def test_options_of_the_file_system_are_refused(forced, hierarchy):
    forced.config["mounts"][-1]["options"] = ["name=other"]
    forced.create().dray_error("MOUNT_OPTION", forced.pointer, place=True)
    assert forced.leaks() == []
