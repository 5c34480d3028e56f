# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.sysctl."""

import pytest


def read(path):
    with open(path) as file:
        return file.read()


def test_values_are_set_inside_only(bundle):
    before = read("/proc/sys/net/ipv4/ip_forward"), read("/proc/sys/kernel/msgmax")
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "12345", "fs.mqueue.msg_max": "17",
                              "net.core.somaxconn": "256", "kernel.shm_rmid_forced": "1"}
    results = bundle.tries("read /proc/sys/net/ipv4/ip_forward", "read /proc/sys/kernel/msgmax",
                           "read /proc/sys/fs/mqueue/msg_max", "read /proc/sys/net/core/somaxconn",
                           "read /proc/sys/kernel/shm_rmid_forced")
    assert [result["value"].strip() for result in results] == ["1", "12345", "17", "256", "1"]
    assert (read("/proc/sys/net/ipv4/ip_forward"), read("/proc/sys/kernel/msgmax")) == before


def test_key_with_slashes(bundle, kind):
    if kind == "runc":
        pytest.skip("runc: 1.1.5 takes dots only")
    bundle.linux["sysctl"] = {"net/ipv4/ip_forward": "1"}
    assert bundle.tries("read /proc/sys/net/ipv4/ip_forward")[0]["value"].strip() == "1"


@pytest.mark.unlike(runc="turns every dot into a slash")
def test_interface_names_with_dots(bundle):
    bundle.linux["sysctl"] = {"net/ipv4/conf/lo/forwarding": "1"}
    assert bundle.tries("read /proc/sys/net/ipv4/conf/lo/forwarding")[0]["value"].strip() == "1"


@pytest.mark.parametrize("key", ["kernel.core_pattern", "kernel.panic", "vm.swappiness", "fs.file-max",
                                 "kernel.modprobe", "kernel.yama.ptrace_scope"])
def test_keys_of_the_whole_host_are_refused(bundle, key):
    path = "/proc/sys/" + key.replace(".", "/")
    try:
        before = read(path)
    except FileNotFoundError:
        before = None
    bundle.linux["sysctl"] = {key: "1"}
    bundle.run().fails(1, [key]).dray_error(("SYSCTL_FAILED", "CONFIG_VALUE", "CONFIG_CONFLICT"),
                                            names=["/linux/sysctl/" + key])
    if before is not None:
        assert read(path) == before
    assert bundle.leaks() == []


@pytest.mark.parametrize("namespace, key", [("network", "net.ipv4.ip_forward"), ("ipc", "kernel.msgmax"),
                                            ("ipc", "fs.mqueue.msg_max")])
def test_keys_without_their_namespace_are_refused(bundle, namespace, key):
    path = "/proc/sys/" + key.replace(".", "/")
    before = read(path)
    bundle.no_namespace(namespace)
    if namespace == "network":
        bundle.remove_mount("/sys")
    else:
        bundle.remove_mount("/dev/mqueue")
    bundle.linux["sysctl"] = {key: "77"}
    bundle.run().fails(1, [key]).dray_error("CONFIG_CONFLICT", names=["/linux/sysctl/"])
    assert read(path) == before
    assert bundle.leaks() == []


def test_unknown_key_is_named(bundle):
    bundle.linux["sysctl"] = {"net.ipv4.no_such_key": "1"}
    bundle.run().fails(1).dray_error("SYSCTL_FAILED", names=["net.ipv4.no_such_key"])
    assert bundle.leaks() == []


def test_value_the_kernel_refuses(bundle):
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "maybe"}
    bundle.run().fails(1).dray_error("SYSCTL_FAILED", names=["net.ipv4.ip_forward", "maybe"])
    assert bundle.leaks() == []


@pytest.mark.parametrize("key", ["net.ipv4/../../kernel/panic", "../kernel.panic", "net/../kernel/core_pattern",
                                 "net..ipv4", "", ".", "/net/ipv4/ip_forward/", "net.ipv4.ip_forward/../../../kernel/panic"])
def test_keys_that_climb_are_refused(bundle, key, kind):
    before = read("/proc/sys/kernel/panic"), read("/proc/sys/kernel/core_pattern")
    bundle.linux["sysctl"] = {key: "3"}
    done = bundle.run()
    assert (read("/proc/sys/kernel/panic"), read("/proc/sys/kernel/core_pattern")) == before
    if key.startswith("/net"):
        return  # harmless: some spell it so
    done.fails(1)


def test_hostname_by_sysctl_conflicts(bundle, kind):
    bundle.linux["sysctl"] = {"kernel.hostname": "other"}
    if kind == "crun":
        pytest.skip("crun: allows it")
    bundle.run().fails(1, ["kernel.hostname"])


def test_sysctl_in_a_user_namespace(bundle):
    bundle.map_users()
    bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "9999"}
    results = bundle.tries("read /proc/sys/net/ipv4/ip_forward", "read /proc/sys/kernel/msgmax")
    assert [result["value"].strip() for result in results] == ["1", "9999"]
