# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.netDevices: devices move into the container.  dray runs in a namespace of the test's own."""

import json
import os
import shutil
import signal
import subprocess

import pytest

from harness import host
from harness.network import Network

pytestmark = [
    pytest.mark.needs("busybox"),
    pytest.mark.only_dray("others are older than the field"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2"),
]


@pytest.fixture
def outside(runtime):
    """Where dray runs: v0 with addresses and up, its peer, and v2 down and plain."""
    network = Network()
    network.pair("v0", "p0")
    network.pair("v2", "p2")
    network.ip("link set p0 up")
    network.ip("link set v0 mtu 1400 up")
    network.ip("addr add 192.0.2.1/24 broadcast 192.0.2.255 label v0:a dev v0")
    network.ip("addr add 192.0.2.2/24 dev v0")
    network.ip("addr add 169.254.7.7/16 scope link dev v0")
    network.ip("addr add 2001:db8::1/64 nodad dev v0")
    network.ip("addr add 192.0.2.77/24 valid_lft 1000 preferred_lft 1000 dev v0")
    runtime.prefix = network.prefix
    yield network
    runtime.prefix = []
    network.close()


@pytest.fixture
def inside(outside):
    """Another namespace, to be joined by path."""
    network = Network()
    yield network
    network.close()


def as_it_was(network, devices=("p0", "p2", "v0", "v2")):
    """v0 has what the fixture gave it but for addresses that expire, which their owner renews."""
    assert network.links() == sorted(devices)
    device = network.device("v0")
    assert "UP" in device["flags"] and device["mtu"] == 1400
    assert sorted(set(network.addresses("v0")) - {"192.0.2.77/24"}) == \
        sorted(["192.0.2.1/24", "192.0.2.2/24", "169.254.7.7/16", "2001:db8::1/64"])
    assert next(entry for entry in device["addr_info"] if entry["local"] == "192.0.2.1")["label"] == "v0:a"


def up_in(bundle):
    """A running container and its network namespace, through the eyes of ip."""
    bundle.up()
    return Network(bundle.pid)


def test_device_is_moved_with_name_addresses_and_state(bundle, outside):
    hardware = outside.device("v0")["address"]
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    network = up_in(bundle)
    assert network.links() == ["eth0"]
    device = network.device("eth0")
    assert device["address"] == hardware and device["mtu"] == 1400
    assert "UP" in device["flags"]
    assert sorted(network.addresses("eth0")) == ["192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64"], \
        "permanent ones of global scope, and no others"
    entry = device["addr_info"][0]
    assert (entry["local"], entry["broadcast"], entry["label"]) == ("192.0.2.1", "192.0.2.255", "eth0:a")
    v6 = next(entry for entry in device["addr_info"] if entry["local"] == "2001:db8::1")
    assert v6.get("nodad") is True
    assert outside.links() == ["p0", "p2", "v2"]


def test_program_finds_it(bundle, outside):
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.linux["sysctl"] = {"net.ipv4.conf.eth0.forwarding": "1"}
    bundle.shell("cat /proc/sys/net/ipv4/conf/eth0/forwarding; ls /sys/class/net")
    assert bundle.run().ok().out.split() == ["1", "eth0", "lo"]


def test_hooks_find_it(bundle, outside):
    log = bundle.directory / "log"
    bundle.linux["netDevices"] = {"v2": {}}
    bundle.config["hooks"] = {"createContainer": [
        {"path": "/bin/sh", "args": ["sh", "-c", f"cat >/dev/null; cat /proc/net/dev > {log}"]}]}
    bundle.args = ["/bin/true"]
    bundle.run().ok()
    assert "v2:" in log.read_text()


@pytest.mark.parametrize("value", [{}, {"name": ""}])
def test_name_is_kept(bundle, outside, value):
    bundle.linux["netDevices"] = {"v2": value}
    network = up_in(bundle)
    assert network.links() == ["v2"]
    assert "UP" in network.device("v2")["flags"], "up, though it was down outside"


def test_several_devices_with_a_template(bundle, outside, inside):
    inside.pair("eth0", "other")
    bundle.namespace("network", inside.path)
    bundle.linux["netDevices"] = {"v0": {"name": "eth%d"}, "v2": {"name": "eth%d"}}
    network = up_in(bundle)
    assert network.links() == ["eth0", "eth1", "eth2", "other"]
    assert sorted(network.addresses("eth1")) == ["192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64"]


def test_user_namespace(bundle, outside):
    bundle.map_users()
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    network = up_in(bundle)
    assert network.addresses("eth0")[0] == "192.0.2.1/24"


def test_joined_namespace_with_a_device_of_the_old_name(bundle, outside, inside):
    inside.pair("v0", "other")
    bundle.namespace("network", inside.path)
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.up()
    assert inside.links() == ["eth0", "other", "v0"]


def test_joined_namespace_keeps_the_device(bundle, outside, inside):
    """The runtime must not move it out; who owns the namespace decides."""
    bundle.namespace("network", inside.path)
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.up()
    bundle.kill("KILL").ok()
    bundle.wait()
    bundle.delete().ok()
    assert inside.links() == ["eth0"]
    assert "v0" not in outside.links()


def test_virtual_device_ends_with_the_container(bundle, outside):
    bundle.linux["netDevices"] = {"v0": {}}
    bundle.up()
    bundle.delete("--force").ok()
    bundle.wait()
    host.wait_until(lambda: outside.links() == ["p2", "v2"], "the end of the namespace")


# --- what cannot be

@pytest.mark.parametrize("devices, pointer, names", [
    ({"nothing0": {}}, "/linux/netDevices/nothing0", ["no network device", "nothing0", "ENODEV"]),
    ({"v0": {"name": "lo"}}, "/linux/netDevices/v0", ["has a network device", "lo", "EEXIST"]),
    ({"lo": {"name": "lo1"}}, "/linux/netDevices/lo", ["cannot move", "EINVAL"]),
    ({"v0": {}, "nothing0": {}}, "/linux/netDevices/nothing0", ["ENODEV"]),
    ({"v0": {"name": "a23456789012%d"}, "v2": {"name": "lo"}}, "/linux/netDevices/v2", ["EEXIST"]),
])
@pytest.mark.parametrize("joined", [False, True])
def test_devices_that_cannot_be_moved(bundle, outside, inside, devices, pointer, names, joined):
    if joined:
        bundle.namespace("network", inside.path)
    bundle.linux["netDevices"] = devices
    bundle.create().dray_error("NET_DEVICE", pointer, names, place=True)
    as_it_was(outside)
    assert inside.links() == []
    assert bundle.leaks() == []


@pytest.mark.parametrize("devices, code, pointer", [
    ({"v0": {"name": "sixteen-chars-xx"}}, "CONFIG_VALUE", "/linux/netDevices/v0/name"),
    ({"sixteen-chars-xx": {}}, "CONFIG_VALUE", "/linux/netDevices/sixteen-chars-xx"),
    ({"": {}}, "CONFIG_VALUE", None),
    *[({"v0": {"name": name}}, "CONFIG_VALUE", "/linux/netDevices/v0/name")
      for name in ("a/b", "a:b", "a b", "a\tb", ".", "..", "a%db", "%d%d", "eth%s", "%d")],
    *[({name: {}}, "CONFIG_VALUE", None) for name in ("a/b", "a:b", "a b", ".", "..", "eth%d")],
    ({"v0": {"name": "x"}, "v2": {"name": "x"}}, "CONFIG_DUPLICATE", "/linux/netDevices/v2"),
    ({"v0": {"name": "v2"}, "v2": {}}, "CONFIG_DUPLICATE", "/linux/netDevices/v2"),
    ({"v0": {"name": 7}}, "CONFIG_TYPE", "/linux/netDevices/v0/name"),
    ({"v0": "eth0"}, "CONFIG_TYPE", "/linux/netDevices/v0"),
    (["v0"], "CONFIG_TYPE", "/linux/netDevices"),
])
def test_bad_values(bundle, outside, devices, code, pointer):
    bundle.linux["netDevices"] = devices
    bundle.create().dray_error(code, pointer)
    as_it_was(outside)
    assert bundle.leaks() == []


def test_without_a_network_namespace(bundle, outside):
    bundle.no_namespace("network")
    bundle.remove_mount("/sys")
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.create().dray_error("CONFIG_CONFLICT", "/linux/netDevices", place=True)
    as_it_was(outside)


def test_into_our_own_namespace(bundle, outside):
    bundle.namespace("network", outside.path)
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.create().dray_error("CONFIG_CONFLICT", "/linux/netDevices", ["shares"], place=True)
    as_it_was(outside)


def test_rootless(bundle, outside):
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.create(options=["--rootless=true"]).dray_error("NET_DEVICE", "/linux/netDevices", ["takes root", "EPERM"])
    as_it_was(outside)


def test_without_the_capability(bundle, outside):
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.create(wrap=["capsh", "--drop=cap_net_admin", "--", "-c", 'exec "$@"', "sh"]) \
        .dray_error("NET_DEVICE", "/linux/netDevices", ["CAP_NET_ADMIN"])
    as_it_was(outside)


def test_address_that_cannot_be_given(bundle, outside, inside):
    """Without IPv6 inside, the address has nowhere to go; all comes back."""
    bundle.namespace("network", inside.path)
    for place in ("all", "default"):
        script = f"echo 1 > /proc/sys/net/ipv6/conf/{place}/disable_ipv6"
        subprocess.run([*inside.prefix, "sh", "-c", script], check=True)
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.create().dray_error("NET_DEVICE", "/linux/netDevices/v0", ["2001:db8::1/64", "eth0"])
    as_it_was(outside)
    assert inside.links() == []


# --- creations that fail later

@pytest.mark.parametrize("joined", [False, True])
def test_failed_create_brings_it_back(bundle, outside, inside, joined):
    if joined:
        bundle.namespace("network", inside.path)
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}, "v2": {"name": "v0"}}
    bundle.args = ["/bin/not-there"]
    bundle.create().dray_error("PROGRAM_NOT_FOUND")
    as_it_was(outside)
    assert "UP" not in outside.device("v2")["flags"], "v2 was down"
    assert inside.links() == []
    assert bundle.leaks() == []


def test_failed_create_gives_it_back_to_its_bridge(bundle, outside):
    outside.ip("link add br0 type bridge")
    outside.ip("link set v0 master br0")
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.args = ["/bin/not-there"]
    bundle.create().dray_error("PROGRAM_NOT_FOUND")
    assert outside.device("v0")["master"] == "br0"
    as_it_was(outside, ("br0", "p0", "p2", "v0", "v2"))


def test_name_taken_outside_meanwhile(bundle, outside, inside):
    """It cannot come back under its name: the container stays, broken, until it can."""
    bundle.namespace("network", inside.path)
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.config["hooks"] = {"createRuntime": [
        {"path": "/bin/sh", "args": ["sh", "-c", "cat >/dev/null; ip link add v0 type bridge; exit 1"],
         "env": ["PATH=" + os.environ["PATH"]]}]}
    done = bundle.create().dray_error("HOOK_FAILED")
    assert 'cannot bring the network device "v0" back' in done.err
    outside.ip("link del v0")
    bundle.delete("--force").ok()
    as_it_was(outside)
    assert inside.links() == []
    assert bundle.leaks() == []


def test_killed_create_is_undone_by_delete(bundle, outside, inside):
    bundle.namespace("network", inside.path)
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.config["hooks"] = {"createRuntime": [
        {"path": "/bin/sh", "args": ["sh", "-c", "cat >/dev/null; kill -KILL $PPID"]}]}
    assert bundle.create().code == -signal.SIGKILL
    assert inside.links() == ["eth0"]
    bundle.delete("--force").ok()
    as_it_was(outside)
    assert inside.links() == []


def test_features(runtime):
    assert json.loads(runtime("features").out)["linux"]["netDevices"] == {"enabled": True}


# --- other kinds than veth, as far as this kernel has them

def make_kind(network, kind, name="k0"):
    """A device of that kind, up and with addresses; skips where the kernel has none."""
    link = "link p0" if kind in ("macvlan", "ipvlan", "vlan") else ""
    words = {"macvlan": "mode bridge", "vlan": "id 5", "vxlan": "id 5 dstport 4789 local 192.0.2.1"}.get(kind, "")
    try:
        if kind in ("tun", "tap"):
            network.ip("tuntap add dev", name, "mode", kind)
        else:
            network.ip("link add", link, "name", name, "type", kind, words)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no {kind} here: {error.stderr.strip()}")
    network.ip("link set", name, "up")
    network.ip("addr add 198.51.100.1/24 dev", name)
    network.ip("addr add 198.51.100.9 peer 198.51.100.10/32 dev", name)
    network.ip("addr add 2001:db8:5::1/64 nodad dev", name)
    network.ip("addr add 2001:db8:5::2/128 nodad dev", name)
    network.ip("route add 203.0.113.0/24 dev", name)
    network.ip("link property add dev", name, "altname alias0")


ADDRESSES = ["198.51.100.1/24", "198.51.100.9/32", "2001:db8:5::1/64", "2001:db8:5::2/128"]


def whole(network, name):
    device = network.device(name)
    return (sorted(network.addresses(name)), "UP" in device["flags"], device.get("altnames"), device.get("address"),
            [entry.get("address") for entry in device["addr_info"] if entry["local"] == "198.51.100.9"])


@pytest.mark.parametrize("kind", ["dummy", "macvlan", "ipvlan", "vlan", "vxlan", "tun"])
def test_kinds_of_devices(bundle, outside, kind):
    make_kind(outside, kind)
    before = whole(outside, "k0")
    assert before[0] == ADDRESSES and before[1]
    bundle.linux["netDevices"] = {"k0": {"name": "eth0"}}
    bundle.args = ["/bin/not-there"]
    bundle.create().dray_error("PROGRAM_NOT_FOUND")
    assert whole(outside, "k0") == before, "a creation that fails gives it back as it was"
    bundle.args = ["/bin/probe", "wait"]
    network = up_in(bundle)
    assert network.links() == ["eth0"]
    assert whole(network, "eth0") == before
    assert "203.0.113" not in network.ip("route"), "routes stay behind"
    bundle.delete("--force").ok()
    bundle.wait()


@pytest.mark.parametrize("joined", [False, True])
def test_a_kind_that_the_kernel_keeps(bundle, outside, inside, joined):
    """A bridge belongs to its namespace."""
    if joined:
        bundle.namespace("network", inside.path)
    make_kind(outside, "bridge")
    before = whole(outside, "k0")
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}, "k0": {"name": "eth1"}}
    bundle.create().dray_error("NET_DEVICE", "/linux/netDevices/k0", ["cannot move", "k0", "of its kind", "EINVAL"],
                               place=True)
    assert whole(outside, "k0") == before
    as_it_was(outside, ("k0", "p0", "p2", "v0", "v2"))
    assert inside.links() == [] and bundle.leaks() == []


def test_by_another_name_of_it(bundle, outside):
    """What ip and the kernel take for a name; back it comes under its own."""
    make_kind(outside, "tap")
    before = whole(outside, "k0")
    bundle.linux["netDevices"] = {"alias0": {"name": "eth0"}}
    bundle.args = ["/bin/not-there"]
    bundle.create().dray_error("PROGRAM_NOT_FOUND")
    assert whole(outside, "k0") == before


def test_another_name_of_it_is_taken_inside(bundle, outside, inside):
    make_kind(outside, "tap")
    before = whole(outside, "k0")
    inside.pair("q0", "q1")
    inside.ip("link property add dev q0 altname alias0")
    bundle.namespace("network", inside.path)
    bundle.linux["netDevices"] = {"k0": {"name": "eth0"}}
    bundle.create().dray_error("NET_DEVICE", "/linux/netDevices/k0", ["k0", "alternative names", "EEXIST"])
    assert whole(outside, "k0") == before
    assert inside.links() == ["q0", "q1"]


def test_another_name_of_it_cannot_be_its_name(bundle, outside):
    make_kind(outside, "tap")
    before = whole(outside, "k0")
    bundle.linux["netDevices"] = {"alias0": {}}
    bundle.create().dray_error("NET_DEVICE", "/linux/netDevices/alias0", ["k0", "EEXIST"], place=True)
    assert whole(outside, "k0") == before


def test_name_outside_taken_as_another_name(bundle, outside, inside):
    """Likewise on its way back."""
    bundle.namespace("network", inside.path)
    bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    bundle.config["hooks"] = {"createRuntime": [
        {"path": "/bin/sh", "args": ["sh", "-c", "cat >/dev/null; ip link property add dev v2 altname v0; exit 1"],
         "env": ["PATH=" + os.environ["PATH"]]}]}
    done = bundle.create().dray_error("HOOK_FAILED")
    assert 'cannot bring the network device "v0" back' in done.err
    outside.ip("link property del dev v2 altname v0")
    bundle.delete("--force").ok()
    as_it_was(outside)
    assert inside.links() == [] and bundle.leaks() == []
