# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman: capabilities, security options, sysctls, limits and cgroups."""

import json
import os

import pytest

from engines.engine import cgroup_paths, limit
from engines.podman import IMAGE
from harness import host

pytestmark = pytest.mark.needs("podman")

CAP_CHOWN, CAP_NET_ADMIN, CAP_SYS_ADMIN = 0, 12, 21


def status_of(podman, *words):
    lines = podman.rm_run(*words, IMAGE, "cat", "/proc/self/status").stdout.splitlines()
    return {line.split(":")[0]: line.split(":")[1].strip() for line in lines}


def has(status, capability, kind="CapEff"):
    return bool(int(status[kind], 16) >> capability & 1)


def test_default_capabilities_and_seccomp(podman):
    status = status_of(podman)
    assert has(status, CAP_CHOWN) and not has(status, CAP_SYS_ADMIN)
    assert (status["Seccomp"], status["NoNewPrivs"], status["CapInh"]) == ("2", "0", "0" * 16)


def test_added_capability(podman):
    status = status_of(podman, "--cap-add", "net_admin")
    assert has(status, CAP_NET_ADMIN) and has(status, CAP_NET_ADMIN, "CapBnd")


def test_dropped_capability(podman):
    status = status_of(podman, "--cap-drop", "chown")
    assert not has(status, CAP_CHOWN) and not has(status, CAP_CHOWN, "CapBnd")


def test_no_capabilities(podman):
    status = status_of(podman, "--cap-drop", "all")
    assert {status[kind] for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {"0" * 16}


def test_capabilities_of_a_user(podman):
    status = status_of(podman, "--user", "1000", "--cap-drop", "all", "--cap-add", "net_admin")
    assert has(status, CAP_NET_ADMIN) and has(status, CAP_NET_ADMIN, "CapAmb")
    assert not has(status_of(podman, "--user", "1000"), CAP_CHOWN)


def test_unknown_capability_fails(podman):
    podman.fails("run", "--rm", "--cap-add", "no_such", IMAGE, "true")


def test_no_new_privileges(podman):
    assert status_of(podman, "--security-opt", "no-new-privileges")["NoNewPrivs"] == "1"


def test_unconfined_seccomp(podman):
    assert status_of(podman, "--security-opt", "seccomp=unconfined")["Seccomp"] == "0"


@pytest.mark.parametrize("action, seen", [
    ({"action": "SCMP_ACT_ERRNO", "errnoRet": 1}, "Operation not permitted"),
    ({"action": "SCMP_ACT_ERRNO", "errnoRet": 28}, "No space left on device"),
    ({"action": "SCMP_ACT_KILL_PROCESS"}, None),
])
def test_seccomp_profile(podman, workdir, action, seen):
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"],
               "syscalls": [{"names": ["mkdir", "mkdirat"], **action}]}
    (workdir / "profile.json").write_text(json.dumps(profile))
    done = podman.fails("run", "--rm", "--network", "none", "--security-opt", f"seccomp={workdir}/profile.json", IMAGE, "sh", "-c",
                        "mkdir /tmp/x; code=$?; exit $code")
    if seen:
        assert seen in done.stderr
    else:
        assert done.returncode == 159  # 128 + SIGSYS


def test_seccomp_profile_that_is_broken_fails(podman, workdir):
    (workdir / "profile.json").write_text('{"defaultAction": "SCMP_ACT_NONSENSE"}')
    podman.fails("run", "--rm", "--network", "none", "--security-opt", f"seccomp={workdir}/profile.json", IMAGE, "true")


@pytest.mark.parametrize("option", ["apparmor=unconfined", "label=disable", "label=type:container_t"])
def test_labels_where_there_is_no_such_module(podman, option):
    podman.rm_run("--security-opt", option, IMAGE, "true")


def test_masked_paths(podman):
    shown = podman.rm_run(IMAGE, "sh", "-c", "cat /proc/kcore | wc -c; ls /proc/acpi /sys/firmware | grep -v : | wc -w; "
                          "cat /proc/timer_list | wc -c").stdout.split()
    assert shown == ["0", "0", "0"]


def test_read_only_paths(podman):
    shown = podman.rm_run(IMAGE, "cat", "/proc/mounts").stdout.splitlines()
    options = {line.split()[1]: line.split()[3].split(",") for line in shown}
    for path in ("/proc/sys", "/proc/bus", "/proc/irq"):
        assert "ro" in options[path]


def test_mask(podman):
    assert podman.rm_run("--security-opt", "mask=/data:/etc/group", IMAGE, "sh", "-c",
                         "ls /data | wc -l; wc -c </etc/group").stdout.split() == ["0", "0"]


def test_unmask(podman):
    shown = podman.rm_run("--security-opt", "unmask=ALL", IMAGE, "sh", "-c",
                          "grep -cE ' (/proc/[^ ]+|/sys/firmware) ' /proc/mounts; echo done").stdout.split()
    assert shown == ["0", "done"]


def test_privileged(podman):
    status = status_of(podman, "--privileged")
    assert has(status, CAP_SYS_ADMIN) and status["Seccomp"] == "0"
    shown = podman.rm_run("--privileged", IMAGE, "sh", "-c", "mount -t tmpfs none /tmp && echo mounted; ls /dev | wc -l").stdout
    assert shown.split()[0] == "mounted" and int(shown.split()[1]) > 10


def test_sysctl(podman):
    assert podman.rm_run("--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.msgmax=4321", IMAGE, "cat",
                         "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/msgmax").stdout.split() == ["1", "4321"]


def test_sysctl_of_the_host_fails(podman):
    podman.fails("run", "--rm", "--network", "host", "--sysctl", "net.ipv4.ip_forward=1", IMAGE, "true")


def test_ulimits(podman):
    shown = podman.rm_run("--ulimit", "nofile=100:200", "--ulimit", "nproc=300:400", IMAGE, "sh", "-c",
                          "ulimit -Sn; ulimit -Hn; grep processes /proc/self/limits").stdout
    assert shown.split()[:6] == ["100", "200", "Max", "processes", "300", "400"]


def test_out_of_memory_score(podman):
    assert podman.rm_run("--oom-score-adj", "500", IMAGE, "cat", "/proc/self/oom_score_adj").stdout == "500\n"


@pytest.mark.parametrize("words, v2_file, v2_value, v1, v1_value", [
    (("--memory", "64m"), "memory.max", str(64 << 20), ("memory", "memory.limit_in_bytes"), str(64 << 20)),
    (("--memory", "64m", "--memory-reservation", "32m"), "memory.low", str(32 << 20),
     ("memory", "memory.soft_limit_in_bytes"), str(32 << 20)),
    (("--memory", "64m", "--memory-swap", "128m"), "memory.swap.max", str(64 << 20),
     ("memory", "memory.memsw.limit_in_bytes"), str(128 << 20)),
    (("--pids-limit", "50"), "pids.max", "50", ("pids", "pids.max"), "50"),
    (("--pids-limit", "-1"), "pids.max", "max", ("pids", "pids.max"), "max"),
    (("--cpus", "0.5"), "cpu.max", "50000 100000", ("cpu", "cpu.cfs_quota_us"), "50000"),
    (("--cpu-shares", "300"), "cpu.weight", None, ("cpu", "cpu.shares"), "300"),
    (("--cpuset-cpus", "0"), "cpuset.cpus", "0", ("cpuset", "cpuset.cpus"), "0"),
    (("--cpuset-mems", "0"), "cpuset.mems", "0", ("cpuset", "cpuset.mems"), "0"),
    (("--cpu-period", "50000", "--cpu-quota", "20000"), "cpu.max", "20000 50000", ("cpu", "cpu.cfs_period_us"), "50000"),
])
def test_limit(podman, words, v2_file, v2_value, v1, v1_value):
    podman.detached("--name", "limited", *words)
    value = limit(podman.pid("limited"), v2_file, *v1)
    if host.cgroup_mode() != "v2":
        assert value == v1_value
    elif v2_value is None:
        assert 1 <= int(value) < 100
    else:
        assert value == v2_value


def test_limits_seen_inside(podman):
    v2 = host.cgroup_mode() == "v2"
    files = "memory.max pids.max" if v2 else "memory/memory.limit_in_bytes pids/pids.max"
    shown = podman.rm_run("--memory", "64m", "--pids-limit", "50", "--cgroupns", "private", IMAGE, "sh", "-c",
                          f"cd /sys/fs/cgroup; cat {files}").stdout
    assert shown.split() == [str(64 << 20), "50"]


def test_out_of_memory(podman):
    podman.run("--name", "hungry", "--memory", "24m", "--memory-swap", "24m", IMAGE, "tool", "allocate", "100", code=137)
    assert podman.state("hungry")["ExitCode"] == 137


def test_out_of_memory_is_told(podman):
    """conmon sees it at the cgroup of the first process; not on every layout of cgroups."""
    podman.run("--name", "hungry", "--memory", "24m", "--memory-swap", "24m", IMAGE, "tool", "allocate", "100", code=137)
    assert podman.state("hungry")["OOMKilled"] is True


def test_out_of_processes(podman):
    shown = podman.rm_run("--pids-limit", "10", IMAGE, "sh", "-c",
                          "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 5 & done; wait", code=None)
    assert "fork" in shown.stderr


def test_memory_limit_that_is_too_small_is_said(podman):
    done = podman("run", "--rm", "--network", "none", "--memory", "1", IMAGE, "true", code=None)
    assert done.returncode != 0 and done.stderr.strip()


def test_cgroup_parent(podman):
    if os.environ.get("CONSUMERS_MANAGER") == "systemd":
        parent = "consumers.slice"
    else:
        parent = "/consumers-parent"
    podman.detached("--name", "child", "--cgroup-parent", parent)
    paths = [str(path) for path in cgroup_paths(podman.pid("child")).values()]
    assert any(parent.strip("/") in path for path in paths)


def test_without_cgroups(podman):
    podman.detached("--name", "free", "--cgroups", "disabled")
    mine = sorted(map(str, cgroup_paths("self").values()))
    assert sorted(map(str, cgroup_paths(podman.pid("free")).values())) == mine
    podman("stop", "--time", "0", "free")


def test_split_cgroups(podman):
    """--cgroups=split is for a unit of systemd; on the other hosts Podman says so."""
    done = podman.run("-d", "--name", "split", "--cgroups", "split", IMAGE, "sleep", "1000", code=None)
    if done.returncode != 0:
        assert "runtime" not in done.stderr, done.stderr
        pytest.skip(f"Podman does not do it here: {done.stderr.strip()}")
    assert podman.pid("split") > 0
