# SPDX-License-Identifier: LGPL-2.1-or-later
"""A caller that lacks a capability: it works without, or the error names what cannot be had, and nothing is left."""

import os
import pathlib
import re

import pytest

from harness import host

pytestmark = [pytest.mark.only_dray("the words are dray's own"),
              pytest.mark.needs("root"),
              pytest.mark.skipif(host.own_capabilities() & 1 << 8 == 0, reason="needs CAP_SETPCAP to drop others")]

HEADER = pathlib.Path("/usr/include/linux/capability.h")
NAMES = re.findall(r"^#define CAP_(\w+)\s+(\d+)$", HEADER.read_text(), re.MULTILINE) if HEADER.exists() else []
CAPABILITIES = [name.lower() for name, number in NAMES if host.own_capabilities() >> int(number) & 1]


def without(*capabilities):
    """The command prefix that leaves root without them."""
    return ["setpriv", "--bounding-set", ",".join(f"-{name}" for name in capabilities)]


def run(bundle, *capabilities):
    bundle.write()
    return bundle.runtime("run", "--bundle", bundle.directory, bundle.name, wrap=without(*capabilities))


# What a plain container cannot do without: what the fault names.  Whoever cannot write id maps asks
# newuidmap and newgidmap, which root has no ids from, or misses them.
NEEDED = {
    "plain": {"setgid": ["EPERM", "/process/user"], "setpcap": ["EPERM", "/process/capabilities"],
              "net_admin": ["EPERM", "loopback"], "sys_admin": ["EPERM"]},
    "userns": {"setgid": ["IDMAP_HELPER_", "/linux/gidMappings"], "setuid": ["IDMAP_HELPER_", "/linux/uidMappings"]},
}


@pytest.mark.skipif(not CAPABILITIES, reason="needs the header with the names of the capabilities")
@pytest.mark.parametrize("shape", NEEDED)
@pytest.mark.parametrize("capability", CAPABILITIES or ["none"])
def test_each_capability(bundle, shape, capability):
    if shape == "userns":
        bundle.map_users()
    bundle.args = ["/bin/probe", "exit", "7"]
    done = run(bundle, capability)
    if done.code != 7:
        assert capability in NEEDED[shape], done
        done.fails(1, NEEDED[shape][capability])
    assert bundle.leaks() == []


FIELDS = [
    ("real-time", ["sys_nice"], "/process/scheduler"),
    ("deadline", ["sys_nice"], "/process/scheduler"),
    ("better-nice", ["sys_nice"], "/process/scheduler"),
    ("oom-score", ["sys_resource"], "/process/oomScoreAdj"),
    ("rlimit", ["sys_resource"], "/process/rlimits/0"),
    ("user", ["setuid"], "/process/user"),
    ("time-offsets", ["sys_time"], "/linux/timeOffsets"),
    ("seccomp", ["sys_admin"], ""),
    ("sysctl", ["net_admin"], ""),
    ("device", ["mknod"], "/linux/devices/0"),
]


def ask_for(bundle, what):
    if what == "real-time":
        bundle.process["scheduler"] = {"policy": "SCHED_RR", "priority": 5}
    elif what == "deadline":
        bundle.process["scheduler"] = {"policy": "SCHED_DEADLINE", "runtime": 1_000_000, "deadline": 10_000_000,
                                       "period": 10_000_000}
    elif what == "better-nice":
        bundle.process["scheduler"] = {"policy": "SCHED_OTHER", "nice": -10}
    elif what == "oom-score":
        bundle.process["oomScoreAdj"] = -900
    elif what == "rlimit":
        bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 1 << 63, "hard": (1 << 64) - 1}]
    elif what == "user":
        bundle.process["user"] = {"uid": 1000, "gid": 1000}
    elif what == "time-offsets":
        bundle.namespace("time")
        bundle.linux["timeOffsets"] = {"boottime": {"secs": 100}}
    elif what == "seccomp":
        bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW"}
    elif what == "sysctl":
        bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1"}
    elif what == "device":
        bundle.linux["devices"] = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]


@pytest.mark.parametrize("what, capabilities, pointer", FIELDS)
def test_fields(bundle, what, capabilities, pointer):
    ask_for(bundle, what)
    bundle.args = ["/bin/probe", "exit", "7"]
    if what == "rlimit":
        bundle.write()
        done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name,
                              wrap=["prlimit", "--core=0:0", *without(*capabilities)])
    else:
        done = run(bundle, *capabilities)
    done.fails(1, [pointer])
    assert what == "device" or re.search("EPERM|EACCES", done.err), done
    assert bundle.leaks() == []


def test_devices_of_the_host_need_no_mknod(bundle):
    """The default ones are bound from the host instead."""
    bundle.args = ["/bin/probe", "try", "stat", "/dev/null", ",", "stat", "/dev/urandom"]
    results = run(bundle, "mknod").ok().json()
    assert all(result["ok"] for result in results)
