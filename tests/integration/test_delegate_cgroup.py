# SPDX-License-Identifier: LGPL-2.1-or-later
"""run.oci.delegate-cgroup: the container manages a cgroup below the one with its limits."""

import json
import os

import pytest

from harness import cgroup2, host
from harness.runtime import Runtime
from test_rootless_cgroups import tree as user_tree, user_on_v2  # noqa: F401
from test_systemd import scope, up  # noqa: F401

pytestmark = pytest.mark.only_dray("others are not asked on this view of cgroup2")

KEY = "run.oci.delegate-cgroup"
POINTER = f"/annotations/{KEY}"


@pytest.fixture(scope="module")
def view():
    if host.cgroup_mode() not in ("v2", "hybrid"):
        pytest.skip("needs a cgroup2 hierarchy")
    made = cgroup2.View()
    yield made.prefix
    made.close()


@pytest.fixture
def inner(workdir, view, make_bundle):
    """A bundle with the annotation; place is its cgroup, with the limits."""
    runtime = Runtime(workdir)
    runtime.prefix = view
    bundle = make_bundle(runtime=runtime)
    bundle.config["annotations"] = {KEY: "payload"}
    bundle.namespace("cgroup")
    top = host.CGROUP_ROOT if host.cgroup_mode() == "v2" else host.CGROUP_ROOT / "unified"
    bundle.place = top / "dray-itest" / bundle.token
    return bundle


def processes(cgroup):
    return (cgroup / "cgroup.procs").read_text().split()


def owners(cgroup):
    names = [name for name in open("/sys/kernel/cgroup/delegate").read().split() if (cgroup / name).exists()]
    return {os.stat(path).st_uid for path in (cgroup, *(cgroup / name for name in names))}


@pytest.mark.parametrize("name, seen", [("payload", "payload"), ("a/b", "a/b"), ("/init", "init"), ("./a//b/", "a/b")])
def test_the_program_is_in_it(inner, name, seen):
    inner.config["annotations"][KEY] = name
    inner.up()
    assert processes(inner.place) == []
    assert processes(inner.place / seen) == [str(inner.pid)]
    assert (inner.place / "cgroup.subtree_control").read_text() == (inner.place / "cgroup.controllers").read_text()
    inside = inner.exec("/bin/cat", "/proc/self/cgroup").ok().out.splitlines()
    assert f"0::/{seen}" in inside, "the namespace is rooted above it, and exec is in it"
    inner.delete("--force").ok()
    assert not inner.place.exists()


def test_commands_act_on_the_whole(inner):
    inner.resources["unified"] = {"cgroup.max.descendants": "7"}
    inner.up()
    assert (inner.place / "cgroup.max.descendants").read_text() == "7\n"
    assert (inner.place / "payload/cgroup.max.descendants").read_text() == "max\n"
    inner.runtime("pause", inner.name).ok()
    assert (inner.place / "cgroup.freeze").read_text() == "1\n"
    assert inner.status == "paused"
    inner.runtime("resume", inner.name).ok()
    assert inner.runtime("ps", "--format", "json", inner.name).json() == [inner.pid]
    inner.runtime("update", "--resources", "-", inner.name,
                  input=json.dumps({"unified": {"cgroup.max.descendants": "9"}})).ok()
    assert (inner.place / "cgroup.max.descendants").read_text() == "9\n"
    inner.runtime("events", "--stats", inner.name).ok()
    (inner.place / "payload/made/by/it").mkdir(parents=True)
    inner.kill("KILL", "--all").ok()
    assert inner.wait() == 137
    inner.delete().ok()
    assert not inner.place.exists()


def test_its_owner_is_the_containers_root(inner):
    inner.map_users()
    inner.config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup"})
    inner.config["annotations"][KEY] = "payload/a"
    inner.create().ok()
    assert owners(inner.place / "payload/a") == owners(inner.place / "payload") == owners(inner.place) == {100000}
    given = {"cgroup.procs", *open("/sys/kernel/cgroup/delegate").read().split()}
    assert {os.stat(path).st_uid for path in inner.place.iterdir() if path.is_file() and path.name not in given} == {0}


def test_a_container_that_manages_cgroups(inner):
    """What nested engines do: cgroups with controllers beside their own."""
    inner.map_users()
    inner.config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup"})
    inner.shell("cd /sys/fs/cgroup && grep ^0: /proc/self/cgroup && test -d payload && mkdir own || exit 1\n"
                "for name in $(cat cgroup.controllers); do\n"
                "  grep -qw $name own/cgroup.controllers && echo -$name >cgroup.subtree_control || exit 2\n"
                "  ! grep -qw $name own/cgroup.controllers && echo +$name >cgroup.subtree_control || exit 3\n"
                "done\n"
                "echo 0 >own/cgroup.procs && grep ^0: /proc/self/cgroup && rmdir payload && exec /bin/probe wait")
    inner.create().ok()
    inner.start().ok()
    for line in ("0::/payload", "0::/own", "ready"):
        inner.output.expect(line)
    assert processes(inner.place / "own") == [str(inner.pid)]
    assert not (inner.place / "payload").exists()
    assert inner.exec("/bin/cat", "/proc/self/cgroup").ok().out.splitlines()[-1] == "0::/own"
    inner.delete("--force").ok()
    assert not inner.place.exists()


def test_without_a_cgroup_namespace(inner):
    """Where the container sees what is above, only what was named is given away."""
    inner.linux["namespaces"] = [each for each in inner.linux["namespaces"] if each["type"] != "cgroup"]
    inner.map_users()
    inner.up()
    assert processes(inner.place / "payload") == [str(inner.pid)]
    assert owners(inner.place / "payload") == {100000} and owners(inner.place) == {0}


def test_its_owner_is_the_user_where_the_specification_says_so(inner):
    inner.map_users()
    inner.process["user"] = {"uid": 7, "gid": 7}
    inner.config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup"})
    inner.up()
    assert owners(inner.place / "payload") == owners(inner.place) == {100007}


def test_a_cgroup_that_was_there_stays_as_it_was(inner):
    inner.place.mkdir(parents=True)
    before = (inner.place / "cgroup.subtree_control").read_text()
    inner.config["annotations"][KEY] = "a/b"
    inner.args = ["/bin/probe", "exit", "0"]
    try:
        inner.run().ok()
        assert not (inner.place / "a").exists()
        assert (inner.place / "cgroup.subtree_control").read_text() == before
    finally:
        inner.place.rmdir()


def test_a_cgroup_that_gives_its_controllers_to_others(inner):
    """It could be the root of no namespace: cgroup2 lets no process into it."""
    (inner.place / "other").mkdir(parents=True)
    control = inner.place / "cgroup.subtree_control"
    available = (inner.place.parent / "cgroup.controllers").read_text().split()
    if not available:
        pytest.skip("needs a controller of cgroup2")
    try:
        for above in (inner.place.parent.parent, inner.place.parent, inner.place):
            (above / "cgroup.subtree_control").write_text(f"+{available[0]}")
        inner.create().dray_error("CGROUP_IN_USE", names=[inner.token, "gives controllers"])
        (inner.place / "other").rmdir()
        assert available[0] in control.read_text()
        inner.up()
        assert inner.exec("/bin/cat", "/proc/self/cgroup").ok().out.splitlines()[-1] == "0::/payload"
        inner.delete("--force").ok()
    finally:
        for path in (inner.place / "other", inner.place):
            if path.exists():
                path.rmdir()


def test_a_frozen_one_that_was_there_is_refused(inner):
    (inner.place / "payload").mkdir(parents=True)
    (inner.place / "payload/cgroup.freeze").write_text("1")
    try:
        inner.create().dray_error("CGROUP_IN_USE", names=["payload", "frozen"])
    finally:
        for path in (inner.place / "payload", inner.place):
            if path.exists():
                path.rmdir()


@pytest.mark.parametrize("name", ["..", "a/../../b", "../x", "x" * 300, "a/" * 80, "a\nb", "/", "./."])
def test_bad_names(inner, name):
    inner.config["annotations"][KEY] = name
    inner.create().dray_error("CONFIG_VALUE", POINTER)
    assert not inner.place.exists()


def test_names_of_the_kernels_files(inner):
    inner.config["annotations"][KEY] = "cgroup.procs"
    inner.create().dray_error("CGROUP_CREATE", names=["cgroup.procs"])
    assert not inner.place.exists()


def test_an_empty_name_is_none(inner):
    inner.config["annotations"][KEY] = ""
    inner.up()
    assert processes(inner.place) == [str(inner.pid)]


def test_exec_below_the_cgroup_with_the_limits(inner):
    inner.up()
    (inner.place / "payload/more").mkdir()
    inner.exec("/bin/true", options=["--cgroup", "../x"]).dray_error("CGROUP_PATH")
    second = inner.exec_detached("/bin/sleep", "1000", options=["--cgroup", "payload/more"])
    assert processes(inner.place / "payload/more") == [str(second.pid)]


@pytest.mark.skipif(host.cgroup_mode() == "v2", reason="this host has cgroup2 alone")
def test_not_with_cgroup_v1(bundle):
    bundle.config["annotations"] = {KEY: "payload"}
    bundle.create().dray_error("NOT_SUPPORTED", POINTER, ["cgroup v1"], place=True)
    assert bundle.leaks() == []


def test_not_without_a_cgroup(inner):
    inner.linux.pop("cgroupsPath", None)
    inner.linux.pop("resources", None)
    inner.runtime.options = ["--cgroup-manager=disabled"]
    inner.create().dray_error("NOT_SUPPORTED", POINTER, ["payload"], place=True)


@pytest.mark.skipif(host.cgroup_mode() != "v2", reason="needs cgroup2 alone")
def test_limits_are_of_the_cgroup_above(inner):
    inner.resources["memory"] = {"limit": 64 << 20}
    inner.resources["pids"] = {"limit": 30}
    inner.up()
    assert (inner.place / "memory.max").read_text() == f"{64 << 20}\n"
    assert (inner.place / "payload/memory.max").read_text() == "max\n"
    inner.runtime("update", "--pids-limit", "40", inner.name).ok()
    assert (inner.place / "pids.max").read_text() == "40\n"
    assert inner.runtime("events", "--stats", inner.name).json()["data"]["pids"]["limit"] == 40


@pytest.mark.needs("systemd_host", "busybox")
@pytest.mark.parametrize("subgroup", [None, "inner"])
def test_below_a_scope(scope, systemd_host, subgroup):  # noqa: F811
    """The subgroup is for the runtime, the delegated one for the container."""
    scope.config["annotations"] = {KEY: "payload/a"}
    if subgroup:
        scope.config["annotations"]["run.oci.systemd.subgroup"] = subgroup
    scope.namespace("cgroup")
    scope.map_users()
    up(scope)
    unit = systemd_host.cgroup(scope.unit)
    place = unit / (subgroup or "") / "payload/a"
    assert len(processes(place)) == 1 and processes(unit) == []
    assert owners(place) == owners(place.parent) == owners(unit / (subgroup or "")) == {100000}
    assert owners(unit) == ({0} if subgroup else {100000})
    assert (place / "cgroup.controllers").read_text() == (unit / "cgroup.controllers").read_text()
    assert scope.exec("/bin/cat", "/proc/self/cgroup").ok().out.splitlines()[-1] == "0::/payload/a"
    scope.runtime("pause", scope.name).ok()
    assert scope.status == "paused"
    scope.delete("--force").ok()
    systemd_host.gone(scope.unit)


def test_of_a_user(user_tree):  # noqa: F811
    bundle, directory = user_tree
    bundle.config.setdefault("annotations", {})[KEY] = "payload"
    place = directory / f"dray-{bundle.name}"
    bundle.up()
    assert processes(place / "payload") == [str(bundle.pid)]
    bundle.runtime("pause", bundle.name).ok()
    bundle.runtime("resume", bundle.name).ok()
    second = bundle.exec_detached("/bin/sleep", "1000")
    assert sorted(processes(place / "payload")) == sorted([str(bundle.pid), str(second.pid)])
    bundle.delete("--force").ok()
    assert not place.exists()


def test_a_user_whose_cgroup_cannot_be_made(user_tree):  # noqa: F811
    """Nothing is done without: the annotation asks for one."""
    bundle, directory = user_tree
    bundle.config.setdefault("annotations", {})[KEY] = "payload"
    os.chown(directory, 0, 0)
    bundle.run().dray_error("CGROUP_NOT_DELEGATED")
