# SPDX-License-Identifier: LGPL-2.1-or-later
"""cgroup v2: on a host that has it, or in a mount namespace that shows the v2 tree alone."""

import os

import pytest

from harness import cgroup2, host
from harness.bundle import settle
from harness.runtime import Runtime, runtime_kind

pytestmark = [
    pytest.mark.skipif(host.cgroup_mode() not in ("v2", "hybrid"), reason="needs a cgroup2 hierarchy"),
    pytest.mark.skipif(runtime_kind() == "runc", reason="runc: 1.1.5 wants controllers of a full v2 host"),
    pytest.mark.skipif(runtime_kind() == "crun", reason="crun: 1.8.1 wants controllers of a full v2 host"),
]


@pytest.fixture(scope="module")
def v2_view():
    """The command prefix that leads to a view with cgroup2 at /sys/fs/cgroup."""
    view = cgroup2.View()
    yield view.prefix
    view.close()


@pytest.fixture
def tree():
    return host.CGROUP_ROOT if host.cgroup_mode() == "v2" else host.CGROUP_ROOT / "unified"


@pytest.fixture
def runtime(workdir, v2_view):
    made = Runtime(workdir)
    made.prefix = v2_view
    return made


@pytest.fixture
def place(bundle, tree):
    return tree / "dray-itest" / bundle.token


def controllers(tree):
    return (tree / "cgroup.controllers").read_text().split()


def test_the_container_is_in_its_cgroup(bundle, place):
    bundle.up()
    assert (place / "cgroup.procs").read_text().split() == [str(bundle.pid)]
    assert f"0::/dray-itest/{bundle.token}\n" in open(f"/proc/{bundle.pid}/cgroup").readlines()


def test_run_and_exit_code(bundle, place):
    bundle.args = ["/bin/probe", "exit", "7"]
    bundle.run().exits(7)
    assert not place.exists()


def test_v1_hierarchies_are_left_alone(bundle):
    if host.cgroup_mode() == "v2":
        pytest.skip("this host has none")
    bundle.up()
    assert all("unified" in path for path in host.cgroups_named(bundle.token))


def test_exec_joins(bundle, place):
    bundle.up()
    second = bundle.exec_detached("/bin/sleep", "1000")
    assert sorted((place / "cgroup.procs").read_text().split()) == sorted([str(bundle.pid), str(second.pid)])


def test_pause_freezes(bundle, place):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    assert (place / "cgroup.freeze").read_text() == "1\n"
    assert "frozen 1" in (place / "cgroup.events").read_text()
    assert bundle.status == "paused"
    bundle.kill("USR1").ok()
    settle()
    assert bundle.output.pending == b""
    bundle.runtime("resume", bundle.name).ok()
    bundle.output.expect("signal 10")
    assert bundle.status == "running"


def test_paused_container_can_be_killed_and_deleted(bundle, place):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    bundle.delete("--force").ok()
    assert bundle.wait() == 137
    assert not place.exists()


def test_exec_in_a_paused_container(bundle):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    bundle.exec("/bin/true").fails(255, ["paused"])
    process = bundle.runtime.popen("exec", "--ignore-paused", bundle.name, "/bin/probe", "exit", "8")
    settle()
    assert process.poll() is None
    bundle.runtime("resume", bundle.name).ok()
    assert process.wait(30) == 8


def test_kill_all_reaches_sub_cgroups(bundle, place):
    bundle.no_namespace("pid")
    bundle.shell("sleep 1000 & echo $!; exec /bin/probe wait")
    bundle.create().ok()
    bundle.start().ok()
    child = int(bundle.output.line())
    bundle.output.expect("ready")
    (place / "inner").mkdir()
    (place / "inner/cgroup.procs").write_text(str(child))
    bundle.kill("KILL", "--all").ok()
    assert bundle.wait() == 137
    host.wait_gone(child)
    bundle.delete().ok()
    assert not place.exists()


def test_removal_with_nested_cgroups(bundle, place):
    bundle.up()
    (place / "a/b/c").mkdir(parents=True)
    (place / "d").mkdir()
    bundle.delete("--force").ok()
    bundle.wait()
    assert not place.exists()


def test_device_rules(bundle):
    bundle.linux["devices"] = [{"path": "/dev/port", "type": "c", "major": 1, "minor": 4, "fileMode": 0o666},
                               {"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11, "fileMode": 0o666}]
    bundle.resources["devices"] = [{"allow": False, "access": "rwm"},
                                   {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "r"},
                                   {"allow": True, "type": "b", "major": 7, "access": "m"}]
    for name in bundle.process["capabilities"].values():
        name += ["CAP_SYS_RAWIO", "CAP_MKNOD", "CAP_SYSLOG"]
    results = bundle.tries("open /dev/port", "open /dev/kmsg", "open /dev/kmsg w", "open /dev/null rw", "open /dev/zero",
                           "open /dev/urandom", "open /dev/tty", "open /dev/ptmx rw", "mknod /tmp/b b 7 9", "open /tmp/b",
                           "mknod /tmp/fifo p")
    assert [result["errno"] for result in results] == \
        ["EPERM", "", "EPERM", "", "", "", "ENXIO", "", "", "EPERM", ""]


def test_later_device_rules_win(bundle):
    bundle.linux["devices"] = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11, "fileMode": 0o666}]
    bundle.resources["devices"] = [{"allow": True, "access": "rwm"},
                                   {"allow": False, "type": "c", "major": 1, "minor": 11, "access": "rw"}]
    for name in bundle.process["capabilities"].values():
        name += ["CAP_SYSLOG"]
    results = bundle.tries("open /dev/kmsg", "open /dev/null rw")
    assert [result["errno"] for result in results] == ["EPERM", ""]


def test_all_devices(bundle):
    bundle.resources["devices"] = [{"allow": True, "access": "rwm"}]
    for name in bundle.process["capabilities"].values():
        name += ["CAP_MKNOD"]
    results = bundle.tries("mknod /tmp/b b 7 200", "mknod /tmp/c c 1 3", "open /tmp/c rw")
    assert all(result["ok"] for result in results)


def test_device_rules_hold_for_exec(bundle):
    bundle.linux["devices"] = [{"path": "/dev/port", "type": "c", "major": 1, "minor": 4, "fileMode": 0o666}]
    bundle.up()
    results = bundle.exec_tries("open /dev/port", "open /dev/null rw", options=["--cap", "CAP_SYS_RAWIO"])
    assert [result["errno"] for result in results] == ["EPERM", ""]


def test_many_device_rules(bundle):
    bundle.resources["devices"] += [{"allow": True, "type": "c", "major": 240, "minor": minor, "access": "rw"}
                                    for minor in range(300)]
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()


def test_cgroup_namespace(bundle):
    bundle.namespace("cgroup")
    lines = bundle.facts("cgroup")["cgroup"]
    assert "0::/" in lines


@pytest.mark.parametrize("private", [True, False])
def test_cgroup_mount(bundle, private):
    if private:
        bundle.namespace("cgroup")
    bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"])
    results = bundle.tries("statfs /sys/fs/cgroup", "read /sys/fs/cgroup/cgroup.procs", "mkdir /sys/fs/cgroup/x")
    assert results[0]["value"]["type"] == 0x63677270
    if private:  # without a namespace of its own the container sees the whole tree, read-only
        assert results[1]["value"].split() == ["1"]
    assert results[2]["errno"] == "EROFS"


def test_writable_cgroup_mount_in_a_user_namespace(bundle):
    bundle.map_users()
    bundle.namespace("cgroup")
    bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["rw", "nosuid", "noexec", "nodev"])
    results = bundle.tries("mkdir /sys/fs/cgroup/inner", "stat /sys/fs/cgroup/cgroup.procs")
    assert results[1]["ok"]
    # Delegation: the container's root owns its cgroup when its user is another one outside.
    assert results[0]["ok"], results


def test_cgroup_in_use_is_refused(make_bundle):
    first, second = make_bundle(), make_bundle()
    first.up()
    second.linux["cgroupsPath"] = first.linux["cgroupsPath"]
    second.run().fails(1).dray_error("CGROUP_IN_USE", "/linux/cgroupsPath")
    assert first.status == "running"


def test_frozen_cgroup_is_refused(bundle, place):
    place.mkdir(parents=True)
    (place / "cgroup.freeze").write_text("1")
    try:
        bundle.run(timeout=20).fails(1).dray_error(("CGROUP_IN_USE", "CGROUP_FREEZE", "CGROUP_JOIN"))
    finally:
        if place.exists():
            place.rmdir()


@pytest.mark.parametrize("resource, controller, file, value", [
    ({"memory": {"limit": 64 << 20}}, "memory", "memory.max", str(64 << 20)),
    ({"memory": {"limit": 64 << 20, "swap": 128 << 20}}, "memory", "memory.swap.max", str(64 << 20)),
    ({"memory": {"reservation": 32 << 20}}, "memory", "memory.low", str(32 << 20)),
    ({"cpu": {"quota": 50000, "period": 100000}}, "cpu", "cpu.max", "50000 100000"),
    ({"cpu": {"shares": 1024}}, "cpu", "cpu.weight", "100"),
    ({"cpu": {"idle": 1}}, "cpu", "cpu.idle", "1"),
    ({"cpu": {"cpus": "0"}}, "cpuset", "cpuset.cpus", "0"),
    ({"pids": {"limit": 20}}, "pids", "pids.max", "20"),
    ({"unified": {"memory.high": "33554432"}}, "memory", "memory.high", "33554432"),
    ({"hugepageLimits": [{"pageSize": "2MB", "limit": 4 << 20}]}, "hugetlb", "hugetlb.2MB.max", str(4 << 20)),
])
def test_value_or_a_missing_controller(bundle, tree, place, resource, controller, file, value):
    bundle.resources.update(resource)
    bundle.args = ["/bin/probe", "wait"]
    done = bundle.create()
    if controller not in controllers(tree):
        done.fails(1, [controller]).dray_error("CGROUP_CONTROLLER", names=["/linux/resources/"])
        assert bundle.leaks() == []
        return
    done.ok()
    assert (place / file).read_text().strip() == value


@pytest.mark.parametrize("key", ["no.such.file", "../escape", "a/b", "cgroup.procs/x", ""])
def test_bad_unified_keys(bundle, key):
    bundle.resources["unified"] = {key: "1"}
    bundle.run().fails(1).dray_error(("CGROUP_WRITE", "CGROUP_CONTROLLER", "CONFIG_VALUE", "CGROUP_PATH"),
                                     names=["/linux/resources/unified"])
    assert bundle.leaks() == []


def test_unified_file_of_the_core(bundle, place):
    bundle.resources["unified"] = {"cgroup.max.descendants": "7"}
    bundle.up()
    assert (place / "cgroup.max.descendants").read_text().strip() == "7"


def test_oom_and_other_events_are_where_engines_look(bundle, place):
    bundle.up()
    assert "populated 1" in (place / "cgroup.events").read_text()
    bundle.kill("KILL").ok()
    bundle.wait()
    assert "populated 0" in (place / "cgroup.events").read_text()


def test_first_process_moved_to_a_sub_cgroup(bundle, place):
    bundle.up()
    (place / "init.scope").mkdir()
    (place / "init.scope/cgroup.procs").write_text(str(bundle.pid))
    second = bundle.exec_detached("/bin/sleep", "1000")
    assert f"/dray-itest/{bundle.token}" in open(f"/proc/{second.pid}/cgroup").read()
    assert sorted(bundle.runtime("ps", "-f", "json", bundle.name).json()) == sorted([bundle.pid, second.pid])


@pytest.mark.parametrize("path, sane", [("inner", True), ("../escape", False), ("..", False), ("/", None), ("no-such", False)])
def test_exec_cgroup(bundle, place, path, sane):
    bundle.up()
    (place / "inner").mkdir()
    done = bundle.exec("/bin/probe", "facts", "cgroup", options=["--cgroup", path])
    if sane is True:
        assert done.ok().json()["cgroup"][-1].endswith(f"/{bundle.token}/inner")
    elif sane is False:
        done.fails(255)
    else:
        assert f"/dray-itest/{bundle.token}" in done.out or done.code == 255


def test_environment_is_clean_afterwards(bundle, tree):
    bundle.args = ["/bin/probe", "exit", "0"]
    before = sorted(os.listdir(tree))
    bundle.run().ok()
    assert set(os.listdir(tree)) - set(before) <= {"dray-itest"}
