# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fields of config.json that no other file has a test for; src/plan/config_fields.def lists all of them."""

import os
import shutil

import pytest

from harness import host

HOOK_KINDS = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]


# --- hooks: each member of each kind

def hook_log(bundle, kind):
    """(where the hook sees it, where the test sees it)"""
    path = bundle.rootfs / "fields.log"
    path.touch()
    return ("/fields.log" if kind == "startContainer" else path), path


@pytest.mark.parametrize("kind", HOOK_KINDS)
def test_path_args_and_env_of_every_kind_of_hook(bundle, kind):
    inside, outside = hook_log(bundle, kind)
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "env": ["A=1", "B=x y"],
                                      "args": ["sh", "-c", f'echo "$0|$A|$B|$SECRET" >>{inside}', kind]}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run(env={"SECRET": "hidden"}).ok()
    assert outside.read_text() == f"{kind}|1|x y|\n"


@pytest.mark.slow
@pytest.mark.parametrize("kind", HOOK_KINDS)
def test_timeout_of_every_kind_of_hook(bundle, kind):
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", "exec sleep 1000"], "timeout": 1}]}
    bundle.args = ["/bin/probe", "wait"] if kind == "poststart" else ["/bin/probe", "exit", "0"]
    done = bundle.run(timeout=30, options=["--log-level", "warning"] if bundle.runtime.kind == "dray" else [])
    if kind == "poststop":
        done.ok()  # the container is gone already: a warning
        assert done.kind != "dray" or kind in done.err
    elif done.kind == "dray":
        done.dray_error("HOOK_TIMEOUT", names=[kind, "0"])
    else:
        done.fails(1)
    assert bundle.leaks() == []


# --- process

@pytest.mark.only_dray("runc 1.1.5 knows no scheduler")
def test_deadline_scheduler(bundle):
    bundle.process["scheduler"] = {"policy": "SCHED_DEADLINE", "runtime": 1_000_000, "deadline": 10_000_000,
                                   "period": 20_000_000, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}
    bundle.args = ["/bin/probe", "facts", "scheduler"]
    done = bundle.run()
    if done.code != 0:
        # The kernel admits no such task where a cpuset or a real-time budget is in the way.
        done.fails(1, ["SCHED_DEADLINE"]).dray_error("SCHEDULING_FAILED", "/process/scheduler")
        return
    found = done.json()["scheduler"]
    assert (found["policy"], found["flags"] & 1) == (6, 1)
    assert (found["runtime"], found["deadline"], found["period"]) == (1_000_000, 10_000_000, 20_000_000)


@pytest.mark.needs("two_cpus", "kernel>=6.2")  # before, entering a cpuset sets the affinity to all of it
@pytest.mark.only_dray("execCPUAffinity is of runtime-spec 1.3")
def test_exec_cpu_affinity_initial_lasts_without_a_final_one(bundle):
    bundle.process["execCPUAffinity"] = {"initial": "1"}
    bundle.up()
    assert bundle.exec_facts("affinity")["affinity"] == [1]


@pytest.mark.only_dray("needs the warning")
def test_mount_label_without_selinux_is_a_warning(bundle):
    if os.path.exists("/sys/fs/selinux/enforce"):
        pytest.skip("this host has SELinux")
    bundle.linux["mountLabel"] = "system_u:object_r:container_file_t:s0"
    bundle.args = ["/bin/probe", "exit", "0"]
    assert "linux.mountLabel" in bundle.run(options=["--log-level", "warning"]).ok().err


@pytest.mark.only_dray("fields of runtime-spec 1.3")
def test_flags_of_the_memory_policy(bundle):
    bundle.linux["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]}
    found = bundle.facts("mempolicy")["mempolicy"]
    if found["result"] != 0:
        pytest.skip("needs a kernel with NUMA policies")
    assert (found["mode"], found["nodes"]) == (2 | 1 << 15, 1)


@pytest.mark.only_dray("fields of runtime-spec 1.3")
def test_personality_flags_are_refused(bundle):
    bundle.linux["personality"] = {"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]}
    bundle.run().dray_error("NOT_SUPPORTED", "/linux/personality/flags")


@pytest.mark.only_dray("the words of the plan")
@pytest.mark.parametrize("member, value", [("username", "ContainerAdministrator"), ("commandLine", "cmd /c dir")])
def test_members_for_windows_have_no_effect(bundle, member, value):
    (bundle.process["user"] if member == "username" else bundle.process)[member] = value
    facts = bundle.facts("process", "groups")
    assert facts["groups"] is not None


# --- resources

def v1_file(controller, name):
    mount = host.v1_mounts().get(controller)
    return mount is not None and (mount / name).exists()


@pytest.mark.needs("cgroup_v1")
def test_hierarchy_of_memory(bundle):
    if not v1_file("memory", "memory.use_hierarchy"):
        pytest.skip("this kernel has no such switch any more")
    bundle.resources["memory"] = {"useHierarchy": True}
    bundle.up()
    assert bundle.cgroup_value("memory", "memory.use_hierarchy") == "1"


WEIGHTS = [
    ({"weightDevice": [{"major": 7, "minor": 0, "weight": 300}]}, "weightDevice",
     ("blkio.bfq.weight_device", "blkio.weight_device"), "7:0 300"),
    ({"weightDevice": [{"major": 7, "minor": 0, "leafWeight": 300}]}, "weightDevice",
     ("blkio.leaf_weight_device",), "7:0 300"),
    ({"leafWeight": 300}, "leafWeight", ("blkio.leaf_weight",), "300"),
]


@pytest.mark.needs("cgroup_v1")
@pytest.mark.parametrize("given, member, files, value", WEIGHTS)
def test_weights_of_block_devices(bundle, given, member, files, value):
    """Whether the kernel has them depends on its schedulers; where not, the error says so."""
    bundle.resources["blockIO"] = given
    bundle.args = ["/bin/probe", "wait"]
    done = bundle.create()
    if done.code != 0:
        done.fails(1, ["blkio"]).dray_error(("CGROUP_CONTROLLER", "CGROUP_WRITE"), names=[f"/linux/resources/blockIO/{member}"])
        assert bundle.leaks() == []
        return
    there = [file for file in files if v1_file("blkio", file)]
    assert there and value in bundle.cgroup_value("blkio", there[0]).splitlines()


@pytest.mark.only_dray("runc 1.1.5 ignores it")
@pytest.mark.parametrize("member", ["hcaHandles", "hcaObjects"])
def test_limits_of_rdma(bundle, member):
    if "rdma" in host.v1_mounts():
        pytest.skip("this host has the controller")
    bundle.resources["rdma"] = {"mlx5_1": {member: 3}}
    # cgroup v2 has the controller where the kernel does, even without such a device.
    bundle.run().fails(1, ["rdma"]).dray_error(("CGROUP_CONTROLLER", "CGROUP_WRITE"), names=["/linux/resources/rdma"])
    assert bundle.leaks() == []


@pytest.mark.needs("cgroup_v1")
def test_check_before_update_is_accepted(bundle):
    """It is for cgroup v2 and what an update does there; v1 checks by itself."""
    bundle.resources["memory"] = {"limit": 64 << 20, "checkBeforeUpdate": True}
    bundle.up()
    assert bundle.cgroup_value("memory", "memory.limit_in_bytes") == str(64 << 20)


# --- mounts

@pytest.fixture
def source(workdir):
    path = workdir / "source"
    path.mkdir()
    (path / "file").write_text("content")
    (path / "link").symlink_to("file")
    (path / "outside").symlink_to("/etc/hostname")
    return path


@pytest.mark.unlike(runc="has no such option")
def test_copy_symlink(bundle, source):
    bundle.add_mount("/copied", "bind", source / "outside", ["bind", "copy-symlink"])
    bundle.args = ["/bin/readlink", "/copied"]
    assert bundle.run().ok().out == "/etc/hostname\n"


@pytest.mark.unlike(runc="has no such option")
def test_copy_symlink_of_a_file_is_a_bind_mount(bundle, source):
    bundle.add_mount("/copied", "bind", source / "file", ["bind", "copy-symlink"])
    bundle.args = ["/bin/cat", "/copied"]
    assert bundle.run().ok().out == "content"


@pytest.mark.unlike(runc="has no such option")
def test_source_that_is_not_followed(bundle, source):
    bundle.add_mount("/seen", "bind", source / "link", ["bind", "src-nofollow"])
    bundle.args = ["/bin/readlink", "/seen"]
    assert bundle.run().ok().out == "file\n"


@pytest.mark.unlike(runc="has no such option")
def test_destination_that_is_not_followed(bundle, source):
    (bundle.rootfs / "target").write_text("of the image")
    (bundle.rootfs / "pointer").symlink_to("target")
    bundle.add_mount("/pointer", "bind", source / "link", ["bind", "src-nofollow", "dest-nofollow"])
    bundle.args = ["/bin/readlink", "/pointer"]
    assert bundle.run().ok().out == "file\n"
    bundle.args = ["/bin/cat", "/target"]
    assert bundle.run().ok().out == "of the image"


@pytest.mark.needs("kernel>=5.12")
@pytest.mark.unlike(runc="has no such option")
@pytest.mark.parametrize("option, uid, gid", [
    ("idmap=uids=0-5000-10;gids=0-6000-10", 5000, 6000),
    ("idmap=uids=@0-0-10;gids=@0-1-10", 0, 1),
])
def test_idmap_of_the_option(bundle, source, option, uid, gid):
    """"@": the second number is one of the container's user namespace."""
    if "@" in option:
        bundle.map_users(100000)
    bundle.add_mount("/data", "bind", source, ["bind", option])
    found = bundle.tries("stat /data/file")[0]["value"]
    assert (found["uid"], found["gid"]) == (uid, gid)


@pytest.mark.only_dray("the words are dray's own")
@pytest.mark.parametrize("option", ["idmap=", "idmap=uids=0-1-1", "idmap=uids=x;gids=0-1-1", "idmap=gids=0-1-1;gids=0-1-1",
                                    "idmap=uids=0-0-0;gids=0-0-1", "idmap=uids=0-4294967295-2;gids=0-0-1"])
def test_idmap_of_the_option_that_is_none(bundle, source, option):
    bundle.add_mount("/data", "bind", source, ["bind", option])
    bundle.run().dray_error(("MOUNT_IDMAP", "CONFIG_VALUE", "CONFIG_RANGE", "MOUNT_OPTION"), names=["/mounts/6"])
    assert bundle.leaks() == []


def test_mount_at_the_root_replaces_it(bundle, workdir):
    other = workdir / "other"
    shutil.copytree(bundle.rootfs, other, symlinks=True)
    (other / "marker").touch()
    bundle.config["mounts"].insert(0, {"destination": "/", "type": "bind", "source": str(other), "options": ["rbind"]})
    results = bundle.tries("stat /marker", "stat /proc/self")
    assert results[0]["ok"] and results[1]["ok"]


@pytest.mark.unlike(runc="refuses it")
def test_sysctl_of_the_user_namespace(bundle):
    bundle.map_users()
    bundle.linux["sysctl"] = {"user.max_pid_namespaces": "77"}
    assert bundle.tries("read /proc/sys/user/max_pid_namespaces")[0]["value"] == "77\n"


def test_sysctl_of_a_user_namespace_that_is_the_hosts(bundle):
    bundle.linux["sysctl"] = {"user.max_pid_namespaces": "77"}
    bundle.run().fails(1, ["user.max_pid_namespaces"]).dray_error("CONFIG_CONFLICT",
                                                                  "/linux/sysctl/user.max_pid_namespaces")


# --- resctrl

@pytest.mark.only_dray("runc 1.1.5 ignores members that it does not know")
@pytest.mark.parametrize("member, value", [
    ("closID", "guaranteed"), ("schemata", ["L3:0=ff"]), ("l3CacheSchema", "L3:0=ff"), ("memBwSchema", "MB:0=20"),
    ("enableMonitoring", True),
])
def test_cache_allocation_without_resctrl(bundle, member, value):
    if os.path.exists("/sys/fs/resctrl/schemata"):
        pytest.skip("this host has resctrl")
    bundle.linux["intelRdt"] = {member: value}
    bundle.run().fails(1, ["/linux/intelRdt"])
    assert bundle.leaks() == []
