# SPDX-License-Identifier: LGPL-2.1-or-later
"""User namespaces: mappings, what root inside may do, and refusals."""

import json
import os

import pytest


def numbers(lines):
    return [[int(word) for word in line.split()] for line in lines]


def test_mapping(bundle):
    bundle.map_users(100000, 65536)
    facts = bundle.facts("uid_map", "gid_map", "ids", "namespaces", "setgroups")
    assert numbers(facts["uid_map"]) == [[0, 100000, 65536]]
    assert numbers(facts["gid_map"]) == [[0, 100000, 65536]]
    assert facts["ids"] == {"uid": [0] * 3, "gid": [0] * 3}
    assert facts["namespaces"]["user"] != os.readlink("/proc/self/ns/user")
    assert facts["setgroups"] == "allow"


def test_the_host_sees_the_mapped_user(bundle):
    bundle.map_users(100000, 65536)
    bundle.process["user"] = {"uid": 7, "gid": 8}
    bundle.up()
    status = os.stat(f"/proc/{bundle.pid}")
    assert (status.st_uid, status.st_gid) == (100007, 100008)


def test_several_ranges(bundle):
    bundle.map_users(100000, 65536)
    bundle.linux["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 10},
                                   {"containerID": 10, "hostID": 200000, "size": 5},
                                   {"containerID": 1000, "hostID": 1000, "size": 1}]
    assert numbers(bundle.facts("uid_map")["uid_map"]) == [[0, 100000, 10], [10, 200000, 5], [1000, 1000, 1]]


def test_many_ranges(bundle):
    # The kernel takes 340 ranges, but no more than a page of text.
    bundle.map_users(100000, 65536)
    ranges = [{"containerID": n * 2, "hostID": 100000 + n * 2, "size": 1} for n in range(300)]
    bundle.linux["uidMappings"] = ranges
    assert len(bundle.facts("uid_map")["uid_map"]) == 300


@pytest.mark.only_dray("others leave it to the kernel")
def test_more_ranges_than_the_kernel_takes(bundle):
    bundle.map_users(100000, 65536)
    bundle.linux["uidMappings"] = [{"containerID": n * 2, "hostID": 100000 + n * 2, "size": 1} for n in range(341)]
    bundle.run().fails(1).dray_error(("IDMAP_FAILED", "CONFIG_RANGE", "CONFIG_VALUE"))
    assert bundle.leaks() == []


def test_overlapping_ranges_are_an_error(bundle):
    bundle.map_users(100000, 65536)
    bundle.linux["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 10},
                                   {"containerID": 5, "hostID": 200000, "size": 10}]
    bundle.run().fails(1).dray_error(("CONFIG_CONFLICT", "CONFIG_VALUE", "IDMAP_FAILED"), names=["/linux/uidMappings"])
    assert bundle.leaks() == []


@pytest.mark.unlike(runc="ignores it")
def test_mapping_without_a_user_namespace_is_an_error(bundle):
    bundle.linux["uidMappings"] = bundle.linux["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 10}]
    bundle.run().fails(1).dray_error("CONFIG_CONFLICT", names=["/linux/"])
    assert bundle.leaks() == []


def test_user_namespace_without_mappings(bundle):
    bundle.namespace("user")
    bundle.run().fails(1).dray_error(("CONFIG_CONFLICT", "CONFIG_MISSING", "CONFIG_VALUE"), names=["/linux"])
    assert bundle.leaks() == []


def test_empty_range(bundle):
    bundle.map_users()
    bundle.linux["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 0}]
    bundle.run().fails(1)
    assert bundle.leaks() == []


def test_user_who_is_not_mapped_is_an_error(bundle):
    bundle.map_users(100000, 10)
    bundle.process["user"] = {"uid": 5000, "gid": 5000}
    bundle.run().fails(1).dray_error(("CONFIG_CONFLICT", "CONFIG_VALUE", "CREDENTIALS_FAILED", "CONFIG_RANGE"))
    assert bundle.leaks() == []


@pytest.mark.only_dray("others go in as they are")
def test_nobody_goes_in_with_an_id_that_is_not_mapped(bundle):
    """Neither root inside nor root outside is: the host's root would be in the container until it has become the user."""
    bundle.map_users()
    for key in ("uidMappings", "gidMappings"):
        bundle.linux[key] = [{"containerID": 1000, "hostID": 100000, "size": 10}]
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.run().fails(1).dray_error("CREDENTIALS_FAILED", names=["neither is mapped"])
    assert bundle.leaks() == []


def test_root_inside_has_the_capabilities_of_the_config(bundle):
    bundle.map_users()
    caps = bundle.facts("caps")["caps"]
    assert caps["effective"] == caps["permitted"] == caps["bounding"] == "800405fb"
    assert caps["inheritable"] == caps["ambient"] == "0"


def test_files_of_the_host_belong_to_nobody(bundle, workdir):
    (workdir / "foreign").write_text("x")
    bundle.map_users()
    bundle.add_mount("/foreign", "bind", workdir / "foreign", ["bind"])
    results = bundle.tries("stat /foreign", "write /foreign y", "stat /bin/probe")
    assert results[0]["value"]["uid"] == 65534
    assert results[1]["errno"] == "EACCES"
    assert results[2]["value"]["uid"] == 0


def test_devices_work(bundle):
    bundle.map_users()
    results = bundle.tries("open /dev/null rw", "open /dev/zero", "open /dev/urandom", "stat /dev/null",
                           "read /dev/null", "stat /dev/ptmx")
    assert all(result["ok"] for result in results)
    assert (results[3]["value"]["major"], results[3]["value"]["minor"]) == (1, 3)


@pytest.mark.skipif(not os.path.exists("/dev/fuse"), reason="needs /dev/fuse on the host")
def test_listed_device_is_the_hosts(bundle):
    """No node can be made in a user namespace: the host's is bound, with the host's owner."""
    bundle.map_users()
    number = os.stat("/dev/fuse").st_rdev
    bundle.linux["devices"] = [{"path": "/dev/fuse", "type": "c", "major": os.major(number), "minor": os.minor(number),
                                "fileMode": 0o666, "uid": 0, "gid": 0}]
    results = bundle.tries("stat /dev/fuse", "mknod /dev/node c 1 3")
    assert (results[0]["value"]["major"], results[0]["value"]["minor"]) == (os.major(number), os.minor(number))
    assert results[0]["value"]["uid"] == 65534
    assert results[1]["errno"] == "EPERM"


def test_proc_sys_and_other_mounts(bundle):
    bundle.map_users()
    results = bundle.tries("read /proc/1/comm", "statfs /sys", "statfs /dev/mqueue", "create /dev/shm/x", "stat /dev/shm")
    assert results[0]["value"] == "probe\n"
    assert results[1]["value"]["type"] == 0x62656572
    assert results[2]["value"]["type"] == 0x19800202
    assert results[3]["ok"]
    assert results[4]["value"]["uid"] == 0


def test_tmpfs_belongs_to_the_container(bundle):
    """A tmpfs made on the host's behalf could not be remounted inside."""
    bundle.map_users()
    for name in bundle.process["capabilities"].values():
        name.append("CAP_SYS_ADMIN")
    bundle.add_mount("/t", "tmpfs", "tmpfs", ["size=1m"])
    results = bundle.tries("mount - /t - 32 size=2m", "statfs /t")
    assert results[0]["ok"], results
    assert results[1]["value"]["bytes"] == 2 << 20


def test_exec_joins_the_user_namespace(bundle):
    bundle.map_users()
    bundle.up()
    facts = bundle.exec_facts("namespaces", "ids", "uid_map", "caps")
    assert facts["namespaces"]["user"] == os.readlink(f"/proc/{bundle.pid}/ns/user")
    assert facts["ids"]["uid"] == [0] * 3
    assert facts["caps"]["effective"] == "800405fb"
    assert numbers(facts["uid_map"]) == [[0, 100000, 65536]]


def test_exec_as_another_user(bundle):
    bundle.map_users()
    bundle.up()
    second = bundle.exec_detached("/bin/sleep", "1000", options=["--user", "5:6"])
    status = os.stat(f"/proc/{second.pid}")
    assert (status.st_uid, status.st_gid) == (100005, 100006)


def test_exec_as_a_user_who_is_not_mapped(bundle):
    bundle.map_users(100000, 10)
    bundle.up()
    bundle.exec("/bin/true", options=["--user", "5000"]).fails(255)


def test_additional_groups(bundle):
    bundle.map_users()
    bundle.process["user"] = {"uid": 3, "gid": 4, "additionalGids": [5, 6]}
    facts = bundle.facts("ids", "groups")
    assert facts["ids"] == {"uid": [3] * 3, "gid": [4] * 3}
    assert sorted(facts["groups"]) == [5, 6]


@pytest.mark.parametrize("kind, name", [("network", "net"), ("ipc", "ipc"), ("uts", "uts"), ("pid", "pid")])
def test_namespaces_belong_to_the_user_namespace(bundle, kind, name):
    bundle.map_users()
    for capability in bundle.process["capabilities"].values():
        capability += ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"]
    bundle.linux["readonlyPaths"] = []
    results = bundle.tries("sethostname other", "write /proc/sys/net/ipv4/ip_forward 1",
                           "write /proc/sys/kernel/msgmax 9000")
    assert results[{"uts": 0, "network": 1, "ipc": 2, "pid": 0}[kind]]["ok"], results


@pytest.mark.unlike(runc="1.1.5 wants the mappings again")
def test_join_a_user_namespace(make_bundle):
    first, second = make_bundle(), make_bundle()
    first.map_users()
    first.up()
    second.own_rootfs(100000)
    second.resources.pop("devices")
    second.namespace("user", f"/proc/{first.pid}/ns/user")
    second.args = ["/bin/probe", "facts", "namespaces", "ids"]
    facts = second.run().json()
    assert facts["namespaces"]["user"] == os.readlink(f"/proc/{first.pid}/ns/user")
    assert facts["ids"]["uid"] == [0] * 3


@pytest.mark.unlike(runc="1.1.5 wants the mappings again")
def test_join_network_of_a_pod_with_its_user_namespace(make_bundle):
    first, second = make_bundle(), make_bundle()
    first.map_users()
    first.up()
    second.own_rootfs(100000)
    second.resources.pop("devices")
    for kind, name in (("user", "user"), ("network", "net"), ("ipc", "ipc"), ("uts", "uts")):
        second.namespace(kind, f"/proc/{first.pid}/ns/{name}")
    del second.config["hostname"]
    found = second.facts("namespaces")["namespaces"]
    for name in ("user", "net", "ipc", "uts"):
        assert found[name] == os.readlink(f"/proc/{first.pid}/ns/{name}")


def test_new_user_namespace_with_a_network_of_the_host(bundle):
    """A network namespace owned by an ancestor has to be joined before the new user namespace."""
    import subprocess
    holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep 1000"], stdout=subprocess.PIPE)
    holder.stdout.readline()
    try:
        bundle.map_users()
        bundle.namespace("network", f"/proc/{holder.pid}/ns/net")
        bundle.mount_at("/sys")["type"] = "bind"
        bundle.mount_at("/sys")["source"] = "/sys"
        bundle.mount_at("/sys")["options"] = ["rbind", "ro"]
        assert bundle.facts("namespaces")["namespaces"]["net"] == os.readlink(f"/proc/{holder.pid}/ns/net")
    finally:
        holder.kill()
        holder.wait()


@pytest.mark.unlike(runc="1.1.5 fails here")
def test_sysfs_without_a_network_namespace_falls_back_to_a_bind(bundle):
    bundle.map_users()
    bundle.no_namespace("network")
    results = bundle.tries("list /sys", "statfs /sys")
    assert "kernel" in results[0]["value"]
    assert results[1]["value"]["type"] == 0x62656572


def test_masked_and_read_only_paths(bundle):
    bundle.map_users()
    bundle.file("/etc/secret", "hidden")
    bundle.own_rootfs(100000)
    bundle.linux["maskedPaths"].append("/etc/secret")
    bundle.linux["readonlyPaths"].append("/etc")
    results = bundle.tries("read /etc/secret", "create /etc/x", "write /proc/sys/kernel/msgmax 1", "list /sys/firmware")
    assert results[0]["value"] == ""
    assert results[1]["errno"] == "EROFS"
    assert results[2]["errno"] == "EROFS"
    assert not results[3].get("value")


def test_read_only_rootfs(bundle):
    bundle.map_users()
    bundle.config["root"]["readonly"] = True
    assert bundle.tries("create /x")[0]["errno"] == "EROFS"


def test_hostname(bundle):
    bundle.map_users()
    bundle.config["hostname"] = "inside"
    assert bundle.facts("uts")["uts"]["hostname"] == "inside"


def test_setgroups_of_the_config_with_the_callers_groups(bundle):
    bundle.map_users()
    bundle.args = ["/bin/probe", "facts", "groups"]
    assert bundle.run(wrap=["setpriv", "--groups", "0,27"]).json()["groups"] == []


def test_exit_codes_and_failures(bundle):
    bundle.map_users()
    bundle.args = ["/bin/probe", "exit", "9"]
    bundle.run().exits(9)
    bundle.args = ["/bin/nothing"]
    bundle.run().fails(1, ["/bin/nothing", "no such file or directory"])
    assert bundle.leaks() == []


def test_with_cgroup_and_time_namespaces(bundle, kind):
    bundle.map_users()
    bundle.namespace("cgroup")
    if kind != "runc":
        bundle.namespace("time")
        bundle.linux["timeOffsets"] = {"boottime": {"secs": 500000}}
    facts = bundle.facts("namespaces", "timens")
    assert facts["namespaces"]["cgroup"] != os.readlink("/proc/self/ns/cgroup")
    if kind != "runc":
        assert "500000" in json.dumps(facts["timens"])
