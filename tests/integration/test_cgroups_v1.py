# SPDX-License-Identifier: LGPL-2.1-or-later
"""cgroups on a v1 or hybrid host: values read back from the files, placement, removal."""

import os
import pathlib
import signal

import pytest

from harness import host

pytestmark = pytest.mark.needs("cgroup_v1")


def up(bundle, **resources):
    bundle.resources.update(resources)
    return bundle.up()


@pytest.mark.parametrize("resource, controller, file, value", [
    ({"memory": {"limit": 64 << 20}}, "memory", "memory.limit_in_bytes", str(64 << 20)),
    ({"memory": {"limit": 64 << 20, "swap": 128 << 20}}, "memory", "memory.memsw.limit_in_bytes", str(128 << 20)),
    ({"memory": {"limit": 64 << 20, "swap": 64 << 20}}, "memory", "memory.memsw.limit_in_bytes", str(64 << 20)),
    ({"memory": {"reservation": 32 << 20}}, "memory", "memory.soft_limit_in_bytes", str(32 << 20)),
    ({"memory": {"swappiness": 11}}, "memory", "memory.swappiness", "11"),
    ({"memory": {"swappiness": 0}}, "memory", "memory.swappiness", "0"),
    ({"cpu": {"shares": 512}}, "cpu", "cpu.shares", "512"),
    ({"cpu": {"shares": 2}}, "cpu", "cpu.shares", "2"),
    ({"cpu": {"quota": 50000, "period": 100000}}, "cpu", "cpu.cfs_quota_us", "50000"),
    ({"cpu": {"quota": 20000, "period": 40000}}, "cpu", "cpu.cfs_period_us", "40000"),
    ({"cpu": {"quota": -1}}, "cpu", "cpu.cfs_quota_us", "-1"),
    ({"cpu": {"cpus": "0"}}, "cpuset", "cpuset.cpus", "0"),
    ({"cpu": {"cpus": "0-1"}}, "cpuset", "cpuset.cpus", "0-1"),
    ({"cpu": {"mems": "0"}}, "cpuset", "cpuset.mems", "0"),
    ({"pids": {"limit": 25}}, "pids", "pids.max", "25"),
    ({"pids": {"limit": -1}}, "pids", "pids.max", "max"),
    ({"blockIO": {"weight": 300}}, "blkio", "blkio.bfq.weight", "300"),
])
def test_value(bundle, resource, controller, file, value):
    if controller == "blkio" and not (host.v1_mounts()["blkio"] / "blkio.bfq.weight").exists() and \
            not (host.v1_mounts()["blkio"] / "blkio.weight").exists():
        pytest.skip("needs a block device scheduler with weights")
    up(bundle, **resource)
    assert bundle.cgroup_value(controller, file) == value


@pytest.mark.unlike(runc="1.1.5 knows no burst")
def test_cpu_burst(bundle):
    up(bundle, cpu={"quota": 50000, "period": 100000, "burst": 20000})
    assert bundle.cgroup_value("cpu", "cpu.cfs_burst_us") == "20000"


@pytest.mark.unlike(runc="1.1.5 knows no idle")
def test_cpu_idle(bundle):
    up(bundle, cpu={"idle": 1})
    assert bundle.cgroup_value("cpu", "cpu.idle") == "1"


@pytest.mark.only_dray("runc 1.1.5 takes 0 for unset")
@pytest.mark.parametrize("version, value", [("1.3.0", "1"), ("1.2.1", "max"), ("1.0.2-dev", "max")])
def test_pids_limit_zero(bundle, version, value):
    """Before 1.3 it was no limit, and Podman still means that."""
    bundle.config["ociVersion"] = version
    bundle.resources["pids"] = {"limit": 0}
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    assert bundle.cgroup_value("pids", "pids.max") == value


def test_oom_killer_can_be_disabled(bundle):
    up(bundle, memory={"limit": 64 << 20, "disableOOMKiller": True})
    assert "oom_kill_disable 1" in bundle.cgroup_value("memory", "memory.oom_control")


def test_zeros_of_docker_mean_unset(bundle):
    up(bundle, cpu={"shares": 0}, blockIO={"weight": 0}, memory={"disableOOMKiller": False})
    assert bundle.cgroup_value("cpu", "cpu.shares") == "1024"


def test_pids_limit_is_enforced(bundle):
    bundle.resources["pids"] = {"limit": 5}
    result = bundle.tries("fork 10")[0]
    assert result["errno"] == "EAGAIN"
    assert result["value"] == 4


def test_memory_limit_is_enforced(bundle):
    bundle.resources["memory"] = {"limit": 32 << 20, "swap": 32 << 20}
    bundle.args = ["/bin/probe", "try", "memory", str(128 << 20)]
    bundle.run().exits(128 + signal.SIGKILL)


@pytest.mark.only_dray("code and words")
def test_memory_limit_too_small_to_start(bundle):
    bundle.resources["memory"] = {"limit": 4096, "swap": 4096}
    done = bundle.run().fails(1)
    done.dray_error("MEMORY_LIMIT_TOO_SMALL", names=["4096"])
    assert bundle.leaks() == []


def test_every_controller_has_the_first_process(bundle):
    bundle.up()
    for line in open(f"/proc/{bundle.pid}/cgroup"):
        number, controllers, path = line.strip().split(":", 2)
        if number == "0" or controllers.startswith("name="):
            continue
        assert path.endswith("/dray-itest/" + bundle.name), line


@pytest.mark.parametrize("path, ends", [("/dray-itest/{}", "/dray-itest/{}"), ("/dray-itest/dray-itest-deep/er/{}", "/dray-itest/dray-itest-deep/er/{}"),
                                        ("dray-itest-relative/{}", "/dray-itest-relative/{}"), (None, "{}")])
def test_forms_of_the_cgroups_path(bundle, path, ends):
    if path is None:
        del bundle.linux["cgroupsPath"]
    else:
        bundle.linux["cgroupsPath"] = path.format(bundle.name)
    bundle.up()
    line = next(line for line in open(f"/proc/{bundle.pid}/cgroup") if ":pids:" in line)
    assert line.strip().endswith(ends.format(bundle.name))
    bundle.delete("--force").ok()
    bundle.wait()
    assert host.cgroups_named(bundle.name) == []
    for leftover in ("dray-itest-deep", "dray-itest-relative"):
        host.remove_cgroups(host.cgroups_named(leftover))


@pytest.mark.only_dray("others clean the path")
@pytest.mark.parametrize("path", ["/a/../../x", "..", "../x", "/a/..", "a//../b/../.."])
def test_path_that_climbs_is_refused(bundle, path):
    bundle.linux["cgroupsPath"] = path
    bundle.run().fails(1).dray_error(("CGROUP_PATH", "CONFIG_VALUE"), "/linux/cgroupsPath")
    assert bundle.leaks() == []


def test_container_sits_in_its_cgroup_before_the_program_starts(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    assert str(bundle.pid) in bundle.cgroup_value("pids", "cgroup.procs").split()


def test_removal_takes_sub_cgroups_along(bundle):
    bundle.up()
    inner = bundle.cgroup("pids") / "one/two"
    inner.mkdir(parents=True)
    (bundle.cgroup("memory") / "other").mkdir()
    bundle.delete("--force").ok()
    bundle.wait()
    assert host.cgroups_named(bundle.name) == []


def test_removal_with_processes_in_sub_cgroups(bundle):
    bundle.no_namespace("pid")
    bundle.shell("sleep 1000 & echo $!; exec /bin/probe wait")
    bundle.create().ok()
    bundle.start().ok()
    child = int(bundle.output.line())
    bundle.output.expect("ready")
    for controller in ("pids", "freezer", "memory"):
        inner = bundle.cgroup(controller) / "inner"
        inner.mkdir()
        (inner / "cgroup.procs").write_text(str(child))
    bundle.delete("--force").ok()
    bundle.wait()
    host.wait_gone(child)
    assert host.cgroups_named(bundle.name) == []


def test_parent_of_the_cgroup_is_left_alone(bundle):
    parent = host.v1_mounts()["pids"] / "dray-itest-parent"
    parent.mkdir(exist_ok=True)
    (parent / "sibling").mkdir(exist_ok=True)
    bundle.linux["cgroupsPath"] = f"/dray-itest-parent/{bundle.name}"
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    assert (parent / "sibling").exists()
    host.remove_cgroups([str(pathlib.Path(mount) / "dray-itest-parent") for mount in host.v1_mounts().values()]
                        + [str(host.CGROUP_ROOT / "unified/dray-itest-parent")])


@pytest.mark.unlike(runc="1.1.5 only warns")
def test_cgroup_in_use_is_refused(make_bundle):
    first, second = make_bundle(), make_bundle()
    first.up()
    second.linux["cgroupsPath"] = first.linux["cgroupsPath"]
    second.run().fails(1).dray_error("CGROUP_IN_USE", "/linux/cgroupsPath", ["/dray-itest/" + first.name])
    assert first.status == "running"
    assert second.leaks() == []


def test_frozen_cgroup_is_refused(bundle):
    frozen = host.v1_mounts()["freezer"] / "dray-itest" / bundle.name
    frozen.mkdir(parents=True)
    (frozen / "freezer.state").write_text("FROZEN")
    try:
        bundle.run(timeout=20).fails(1).dray_error(("CGROUP_IN_USE", "CGROUP_FREEZE", "CGROUP_JOIN"), names=[bundle.name])
    finally:
        if frozen.exists():
            (frozen / "freezer.state").write_text("THAWED")
            frozen.rmdir()


def test_empty_existing_cgroup_can_be_used(bundle):
    path = host.v1_mounts()["pids"] / "dray-itest" / bundle.name
    path.mkdir(parents=True)
    bundle.args = ["/bin/probe", "exit", "5"]
    bundle.run().exits(5)
    host.remove_cgroups(host.cgroups_named(bundle.name))


def test_pause_uses_the_freezer(bundle):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    assert bundle.cgroup_value("freezer", "freezer.state") == "FROZEN"
    bundle.runtime("resume", bundle.name).ok()
    assert bundle.cgroup_value("freezer", "freezer.state") == "THAWED"


def test_status_follows_a_freezer_someone_else_uses(bundle):
    bundle.up()
    (bundle.cgroup("freezer") / "freezer.state").write_text("FROZEN")
    host.wait_until(lambda: bundle.cgroup_value("freezer", "freezer.state") == "FROZEN", "the freezer")
    assert bundle.status == "paused"
    bundle.delete("--force").ok()
    assert bundle.wait() == 137


def test_device_rules_in_the_file(bundle):
    bundle.resources["devices"] = [{"allow": False, "access": "rwm"},
                                   {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"},
                                   {"allow": True, "type": "b", "major": 7, "access": "r"}]
    bundle.up()
    rules = bundle.cgroup_value("devices", "devices.list").splitlines()
    assert "c 10:229 rw" in rules
    assert "b 7:* r" in rules
    for default in ("c 1:3", "c 1:5", "c 1:7", "c 1:8", "c 1:9", "c 5:0", "c 5:2", "c 136:*"):
        assert any(rule.startswith(default + " ") for rule in rules), default
    assert not any(rule.startswith("a *:*") for rule in rules)


def test_device_rule_for_everything(bundle):
    bundle.resources["devices"] = [{"allow": True, "access": "rwm"}]
    bundle.up()
    assert bundle.cgroup_value("devices", "devices.list") == "a *:* rwm"


def test_block_throttle(bundle):
    number = os.stat("/").st_dev
    major, minor = os.major(number), os.minor(number)
    if not os.path.exists(f"/sys/dev/block/{major}:{minor}"):
        pytest.skip("needs a root file system on a block device")
    rate = {"major": major, "minor": minor, "rate": 1 << 20}
    up(bundle, blockIO={"throttleReadBpsDevice": [rate], "throttleWriteBpsDevice": [rate],
                        "throttleReadIOPSDevice": [dict(rate, rate=100)], "throttleWriteIOPSDevice": [dict(rate, rate=200)]})
    for file, value in (("read_bps", 1 << 20), ("write_bps", 1 << 20), ("read_iops", 100), ("write_iops", 200)):
        assert bundle.cgroup_value("blkio", f"blkio.throttle.{file}_device") == f"{major}:{minor} {value}"


@pytest.mark.parametrize("resource, pointer", [
    ({"memory": {"limit": "64m"}}, "/linux/resources/memory/limit"),
    ({"cpu": {"shares": -5}}, "/linux/resources/cpu/shares"),
    ({"pids": {"limit": 1.5}}, "/linux/resources/pids/limit"),
    ({"memory": {"limit": 18446744073709551616}}, "/linux/resources/memory/limit"),
])
def test_bad_values_of_the_document(bundle, resource, pointer):
    bundle.resources.update(resource)
    bundle.run().fails(1).dray_error(("CONFIG_TYPE", "CONFIG_RANGE"), pointer, place=True)
    assert bundle.leaks() == []


@pytest.mark.parametrize("resource, pointer, word", [
    ({"cpu": {"cpus": "0-999"}}, "/linux/resources/cpu/cpus", "0-999"),
    ({"cpu": {"cpus": "what"}}, "/linux/resources/cpu/cpus", "what"),
    ({"cpu": {"quota": 5}}, "/linux/resources/cpu/quota", "quota"),
    ({"memory": {"swappiness": 300}}, "/linux/resources/memory/swappiness", "swappiness"),
])
def test_values_the_kernel_refuses_name_controller_and_file(bundle, resource, pointer, word):
    bundle.resources.update(resource)
    bundle.run().fails(1, [word]).dray_error(("CGROUP_WRITE", "CONFIG_VALUE", "CONFIG_RANGE"), pointer)
    assert bundle.leaks() == []


@pytest.mark.parametrize("resource, word", [
    ({"network": {"classID": 1048577}}, "net_cls"),
    ({"network": {"priorities": [{"name": "lo", "priority": 1}]}}, "net_prio"),
    ({"rdma": {"mlx5_1": {"hcaHandles": 3}}}, "rdma"),
])
def test_controller_the_host_lacks_is_named(bundle, resource, word, kind):
    if word in host.v1_mounts():
        pytest.skip(f"this host has {word}")
    if kind == "runc" and word == "rdma":
        pytest.skip("runc: ignores it")
    bundle.resources.update(resource)
    bundle.run().fails(1, [word]).dray_error("CGROUP_CONTROLLER", names=["/linux/resources/"])
    assert bundle.leaks() == []


def test_huge_pages_by_the_unified_hierarchy(bundle, kind):
    """A controller that is not mounted as v1 may be there as v2 beside it."""
    unified = host.CGROUP_ROOT / "unified"
    controllers = (unified / "cgroup.controllers").read_text().split() if unified.exists() else []
    bundle.resources["hugepageLimits"] = [{"pageSize": "2MB", "limit": 4 << 20}]
    bundle.args = ["/bin/probe", "wait"]
    done = bundle.create()
    if done.code != 0:
        assert "hugetlb" not in controllers or kind != "dray", done
        done.fails(1, ["hugetlb"]).dray_error("CGROUP_CONTROLLER", names=["/linux/resources/hugepageLimits"])
        return
    place = unified / "dray-itest" / bundle.token
    assert (place / "hugetlb.2MB.max").read_text().strip() == str(4 << 20)
    assert (place / "hugetlb.2MB.rsvd.max").read_text().strip() == str(4 << 20)
    assert str(bundle.pid) in (place / "cgroup.procs").read_text().split()


def test_unified_on_v1_is_an_error(bundle):
    bundle.resources["unified"] = {"memory.max": "1000000"}
    bundle.run().fails(1).dray_error(("CGROUP_CONTROLLER", "CONFIG_CONFLICT", "CGROUP_HOST", "CONFIG_VALUE"),
                                     names=["/linux/resources/unified"])
    assert bundle.leaks() == []


def test_realtime_runtime_without_a_budget_is_named(bundle):
    if not (host.v1_mounts()["cpu"] / "cpu.rt_runtime_us").exists():
        bundle.resources["cpu"] = {"realtimeRuntime": 1000, "realtimePeriod": 100000}
        bundle.run().fails(1).dray_error(("CGROUP_WRITE", "CGROUP_CONTROLLER"), names=["/linux/resources/cpu/realtime"])
        assert bundle.leaks() == []
    else:
        pytest.skip("this kernel schedules real time by cgroup")


@pytest.mark.only_dray("runc has no such manager")
def test_disabled_manager(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    own = open("/proc/self/cgroup").read()
    bundle.create(options=["--cgroup-manager=disabled"]).ok()
    assert open(f"/proc/{bundle.pid}/cgroup").read() == own
    assert host.cgroups_named(bundle.name) == []
    bundle.start().ok()
    bundle.output.expect("ready")
    bundle.kill("KILL").ok()
    assert bundle.wait() == 137
    bundle.delete().ok()


@pytest.mark.only_dray("runc has no such manager")
def test_disabled_manager_does_not_kill_the_callers_cgroup(bundle):
    bundle.no_namespace("pid")
    bundle.args = ["/bin/probe", "wait"]
    bundle.create(options=["--cgroup-manager", "disabled"]).ok()
    bundle.start().ok()
    bundle.output.expect("ready")
    bundle.delete("--force").ok()  # we are still alive if the next line runs
    bundle.wait()


def test_kill_of_a_shared_pid_namespace_spares_the_sibling(make_bundle):
    one, two = make_bundle(), make_bundle()
    for item in (one, two):
        item.no_namespace("pid")
        item.up()
    one.delete("--force").ok()
    one.wait()
    two.kill("USR1").ok()
    two.output.expect("signal 10")


def test_nothing_is_left_after_a_failed_create(bundle):
    bundle.args = ["/no/such/program"]
    bundle.resources["memory"] = {"limit": 64 << 20}
    bundle.run().fails(1)
    assert host.cgroups_named(bundle.name) == []
