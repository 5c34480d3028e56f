# SPDX-License-Identifier: LGPL-2.1-or-later
"""update: other limits for a container that runs, all of them or none."""

import json

import pytest

MIB = 1 << 20


def update(bundle, *options, resources=None, **settings):
    if resources is not None:
        options = ("--resources", "-", *options)
        settings["input"] = resources if isinstance(resources, str) else json.dumps(resources)
    return bundle.runtime("update", *options, bundle.name, **settings)


def saved(bundle):
    """What the state directory says of the limits."""
    text = (bundle.runtime.root / bundle.name / "config.json").read_text()
    return json.loads(text)["linux"].get("resources", {})


VALUES = [
    # option, value, where it is in the resources, controller, file, what the file then says
    ("--memory", str(64 * MIB), "memory.limit", "memory", "memory.limit_in_bytes", str(64 * MIB)),
    ("--memory", "32m", "memory.limit", "memory", "memory.limit_in_bytes", str(32 * MIB)),
    ("--memory-reservation", "16MiB", "memory.reservation", "memory", "memory.soft_limit_in_bytes",
     str(16 * MIB)),
    ("--kernel-memory-tcp", "8388608", "memory.kernelTCP", "memory",
     "memory.kmem.tcp.limit_in_bytes", "8388608"),
    ("--cpu-share", "512", "cpu.shares", "cpu", "cpu.shares", "512"),
    ("--cpu-period", "50000", "cpu.period", "cpu", "cpu.cfs_period_us", "50000"),
    ("--cpu-quota", "20000", "cpu.quota", "cpu", "cpu.cfs_quota_us", "20000"),
    ("--cpu-idle", "1", "cpu.idle", "cpu", "cpu.idle", "1"),
    ("--cpuset-cpus", "0", "cpu.cpus", "cpuset", "cpuset.cpus", "0"),
    ("--cpuset-mems", "0", "cpu.mems", "cpuset", "cpuset.mems", "0"),
    ("--pids-limit", "77", "pids.limit", "pids", "pids.max", "77"),
    ("--pids-limit", "-1", "pids.limit", "pids", "pids.max", "max"),
]


@pytest.mark.needs("cgroup_v1")
@pytest.mark.parametrize("option, value, path, controller, file, expected", VALUES)
def test_one_limit(bundle, is_dray, option, value, path, controller, file, expected):
    bundle.up()
    update(bundle, option, value).ok()
    assert bundle.cgroup_value(controller, file) == expected
    if is_dray:
        group, key = path.split(".")
        want = value if group == "cpu" and key in ("cpus", "mems") else \
            -1 if value == "-1" else int(expected)
        assert saved(bundle)[group][key] == want
    assert bundle.status == "running"


@pytest.mark.needs("cgroup_v1")
def test_burst_within_the_quota(bundle):
    bundle.up()
    update(bundle, "--cpu-quota", "50000", "--cpu-burst=10000").ok()
    assert bundle.cgroup_value("cpu", "cpu.cfs_quota_us") == "50000"
    assert bundle.cgroup_value("cpu", "cpu.cfs_burst_us") == "10000"


@pytest.mark.needs("cgroup_v1")
def test_memory_and_swap_grow_and_shrink_together(bundle):
    bundle.resources["memory"] = {"limit": 64 * MIB, "swap": 128 * MIB}
    bundle.up()
    for limit, swap in ((256, 512), (32, 48)):
        update(bundle, "--memory", f"{limit}m", "--memory-swap", f"{swap}m").ok()
        assert bundle.cgroup_value("memory", "memory.limit_in_bytes") == str(limit * MIB)
        assert bundle.cgroup_value("memory", "memory.memsw.limit_in_bytes") == str(swap * MIB)
    update(bundle, "--memory", "-1").ok()
    assert int(bundle.cgroup_value("memory", "memory.limit_in_bytes")) > 1 << 60
    assert int(bundle.cgroup_value("memory", "memory.memsw.limit_in_bytes")) > 1 << 60


@pytest.mark.needs("cgroup_v1")
def test_resources_from_stdin_as_containerd_sends_them(bundle):
    bundle.up()
    update(bundle, resources={"memory": {"limit": 40 * MIB}, "pids": {"limit": 55},
                              "cpu": {"shares": 200}}).ok()
    assert bundle.cgroup_value("memory", "memory.limit_in_bytes") == str(40 * MIB)
    assert bundle.cgroup_value("pids", "pids.max") == "55"
    assert bundle.cgroup_value("cpu", "cpu.shares") == "200"


@pytest.mark.needs("cgroup_v1")
def test_resources_from_a_file_with_options_on_top(bundle, is_dray):
    bundle.up()
    path = bundle.directory / "resources.json"
    path.write_text(json.dumps({"pids": {"limit": 55}, "cpu": {"shares": 200}}))
    update(bundle, f"--resources={path}", *(("--pids-limit", "66") if is_dray else ())).ok()
    assert bundle.cgroup_value("pids", "pids.max") == ("66" if is_dray else "55")
    assert bundle.cgroup_value("cpu", "cpu.shares") == "200"


@pytest.mark.needs("cgroup_v1")
def test_zeros_leave_limits_alone(bundle, is_dray):
    """What dockerd sends for a plain `docker update --memory`."""
    bundle.resources.update({"cpu": {"shares": 300, "quota": 30000, "period": 60000}})
    bundle.up()
    update(bundle, resources={
        "memory": {"limit": 80 * MIB, "reservation": 0, "kernel": 0},
        "cpu": {"shares": 0, "quota": 0, "period": 0}, "blockIO": {"weight": 0}}).ok()
    assert bundle.cgroup_value("memory", "memory.limit_in_bytes") == str(80 * MIB)
    assert bundle.cgroup_value("cpu", "cpu.shares") == "300"
    assert bundle.cgroup_value("cpu", "cpu.cfs_quota_us") == "30000"
    assert bundle.cgroup_value("cpu", "cpu.cfs_period_us") == "60000"
    if is_dray:
        assert saved(bundle)["cpu"] == {"shares": 300, "quota": 30000, "period": 60000}
        assert saved(bundle)["memory"]["limit"] == 80 * MIB


@pytest.mark.needs("cgroup_v1")
@pytest.mark.only_dray("runc leaves what it wrote before the fault")
def test_nothing_changes_when_a_part_fails(bundle):
    bundle.resources.update({"pids": {"limit": 100}, "cpu": {"shares": 300},
                             "memory": {"limit": 64 * MIB, "swap": 64 * MIB}})
    bundle.up()
    before = saved(bundle)
    update(bundle, resources={
        "pids": {"limit": 7}, "cpu": {"shares": 900, "quota": 5000},
        "memory": {"limit": 256 * MIB, "swap": 512 * MIB},
        "blockIO": {"throttleReadBpsDevice": [{"major": 4000, "minor": 1, "rate": 1}]},
    }).dray_error("CGROUP_WRITE", "/blockIO/throttleReadBpsDevice/0",
                  ["4000:1", "blkio.throttle.read_bps_device"])
    assert bundle.cgroup_value("pids", "pids.max") == "100"
    assert bundle.cgroup_value("cpu", "cpu.shares") == "300"
    assert bundle.cgroup_value("cpu", "cpu.cfs_quota_us") == "-1"
    assert bundle.cgroup_value("memory", "memory.limit_in_bytes") == str(64 * MIB)
    assert bundle.cgroup_value("memory", "memory.memsw.limit_in_bytes") == str(64 * MIB)
    assert saved(bundle) == before


@pytest.mark.needs("cgroup_v1", "busybox")
def test_a_memory_limit_below_the_usage_is_refused_with_both_numbers(bundle):
    bundle.up()
    bundle.exec("/bin/dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M", "count=16").ok()
    before = bundle.cgroup_value("memory", "memory.limit_in_bytes")
    done = update(bundle, "--memory", str(4 * MIB), "--memory-swap", str(4 * MIB))
    usage = bundle.cgroup_value("memory", "memory.usage_in_bytes")
    done.dray_error("CGROUP_WRITE", "/memory/limit",
                    [f"the memory limit {4 * MIB} is below the current usage {usage[:2]}"])
    assert bundle.cgroup_value("memory", "memory.limit_in_bytes") == before


@pytest.mark.needs("cgroup_v1")
@pytest.mark.only_dray("runc does not update device rules")
def test_device_rules_are_replaced(bundle):
    bundle.up()
    assert "c 10:229 rw\n" not in (bundle.cgroup("devices") / "devices.list").read_text()
    update(bundle, resources={"devices": [
        {"allow": False, "access": "rwm"},
        {"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"}]}).ok()
    rules = (bundle.cgroup("devices") / "devices.list").read_text()
    assert "c 10:229 rw\n" in rules
    assert "c 1:3 rwm\n" in rules  # /dev/null stays
    update(bundle, resources={"devices": [{"allow": False, "access": "rwm"}]}).ok()
    assert "c 10:229 rw\n" not in (bundle.cgroup("devices") / "devices.list").read_text()
    assert bundle.status == "running"
    assert len(saved(bundle)["devices"]) == 1


@pytest.mark.needs("cgroup_v1")
@pytest.mark.only_dray("runc does not update device rules")
def test_device_rules_stay_when_limits_cannot_be_written(bundle):
    bundle.up()
    before = (bundle.cgroup("devices") / "devices.list").read_text()
    update(bundle, resources={
        "devices": [{"allow": True, "type": "c", "major": 10, "minor": 229, "access": "rw"}],
        "cpu": {"cpus": "0", "mems": "63"}}).dray_error("CGROUP_WRITE", "/cpu/mems")
    assert (bundle.cgroup("devices") / "devices.list").read_text() == before


@pytest.mark.needs("cgroup_v1")
def test_several_updates_add_up_in_the_saved_state(bundle, is_dray):
    bundle.resources["pids"] = {"limit": 100}
    bundle.up()
    annotations = bundle.state()["annotations"]
    update(bundle, "--pids-limit", "50").ok()
    update(bundle, "--cpu-share", "128").ok()
    assert bundle.state()["annotations"] == annotations
    if is_dray:
        assert saved(bundle)["pids"]["limit"] == 50
        assert saved(bundle)["cpu"]["shares"] == 128
        assert saved(bundle)["devices"] == bundle.resources["devices"]
    bundle.exec("/bin/probe", "exit", "5").exits(5)


@pytest.mark.needs("cgroup_v1")
def test_created_and_paused_containers(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    update(bundle, "--pids-limit", "60").ok()
    assert bundle.cgroup_value("pids", "pids.max") == "60"
    assert bundle.status == "created"
    bundle.start().ok()
    bundle.output.expect("ready")
    bundle.runtime("pause", bundle.name).ok()
    update(bundle, "--pids-limit", "61", resources={
        "devices": [{"allow": False, "access": "rwm"}]} if bundle.runtime.kind == "dray" else {
        "pids": {"limit": 61}}).ok()
    assert bundle.cgroup_value("pids", "pids.max") == "61"
    assert bundle.status == "paused"


def test_stopped_and_missing_containers(bundle):
    bundle.up()
    bundle.kill("KILL").ok()
    bundle.wait()
    update(bundle, "--pids-limit", "60").fails(1, ["container not running"])
    bundle.runtime("update", "--pids-limit", "60", "no-such-container").fails(1, ["does not exist"])


@pytest.mark.only_dray("the words are dray's own")
@pytest.mark.parametrize("options, code, words", [
    (("--memory", "12x"), "USAGE", ["--memory", '"12x"']),
    (("--memory", "9999999999g"), "USAGE", ["--memory"]),
    (("--memory", ""), "USAGE", ["--memory"]),
    (("--pids-limit", "many"), "USAGE", ["--pids-limit", '"many"']),
    (("--blkio-weight", "70000"), "USAGE", ["--blkio-weight"]),
    (("--cpu-share", "-5"), "USAGE", ["--cpu-share"]),
    (("--cpuset-cpus", "a-b"), "CONFIG_VALUE", ["a-b"]),
    (("--cpu-idle", "2"), "CONFIG_RANGE", ["2"]),
    (("--cpu-period", "10"), "CONFIG_RANGE", ["period"]),
    (("--cpu-quota", "20000", "--cpu-burst", "30000"), "CONFIG_CONFLICT", ["burst"]),
    (("--memory", "64m", "--memory-swap", "32m"), "CONFIG_CONFLICT", ["swap"]),
    (("--l3-cache-schema", "L3:0=f"), "USAGE", ["intelRdt"]),
    (("--mem-bw-schema", "MB:0=20"), "USAGE", ["intelRdt"]),
    (("--resources", "/nonexistent"), "CONFIG_UNREADABLE", ["/nonexistent"]),
])
def test_bad_options(bundle, options, code, words):
    bundle.up()
    before = saved(bundle)
    update(bundle, *options).dray_error(code, names=words).exits(1)
    assert saved(bundle) == before


@pytest.mark.only_dray("the words are dray's own")
@pytest.mark.parametrize("text, words", [
    ("{", ["line 1"]),
    ("[]", ["line 1"]),
    ("", ["line 1"]),
    ('{"memory": {"limit": "64m"}}', ["line 1", "column 22"]),
    ('{\n"pids": {"limit": 1.5}}', ["line 2"]),
])
def test_bad_documents(bundle, text, words):
    bundle.up()
    update(bundle, resources=text).fails(1, words)


@pytest.mark.needs("cgroup_v1")
@pytest.mark.only_dray("the conflict is with the saved limits")
def test_conflicts_with_what_holds_already(bundle):
    bundle.resources["memory"] = {"limit": 64 * MIB, "swap": 96 * MIB}
    bundle.up()
    update(bundle, "--memory", "128m").dray_error("CONFIG_CONFLICT", names=["swap"])
    update(bundle, "--memory-swap", "32m").dray_error("CONFIG_CONFLICT", names=["swap"])
    update(bundle, "--memory", "80m").ok()
    assert bundle.cgroup_value("memory", "memory.memsw.limit_in_bytes") == str(96 * MIB)


@pytest.mark.only_dray("runc has no such manager")
def test_without_a_cgroup(bundle):
    bundle.resources.clear()
    bundle.args = ["/bin/probe", "wait"]
    bundle.create(options=["--cgroup-manager", "disabled"]).ok()
    update(bundle, "--pids-limit", "9").dray_error("CGROUP_HOST", names=[bundle.name])
