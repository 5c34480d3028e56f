# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman and Docker alike: security options, limits, namespaces, volumes, devices."""

import json
import os
import subprocess

import pytest

from engines.containers import has
from engines.engine import cgroup_paths, limit
from harness import host

CAP_CHOWN, CAP_NET_ADMIN, CAP_SYS_ADMIN = 0, 12, 21


def test_default_capabilities_and_seccomp(engine):
    status = engine.status_of()
    assert has(status, CAP_CHOWN) and not has(status, CAP_SYS_ADMIN)
    assert (status["Seccomp"], status["NoNewPrivs"], status["CapInh"]) == ("2", "0", "0" * 16)
    engine.rm_run(engine.image, "unshare", "--mount", "true", code=1)


def test_added_and_dropped_capability(engine):
    status = engine.status_of("--cap-add", "NET_ADMIN", "--cap-drop", "CHOWN")
    for kind in ("CapEff", "CapBnd"):
        assert has(status, CAP_NET_ADMIN, kind) and not has(status, CAP_CHOWN, kind)


def test_no_capabilities(engine):
    status = engine.status_of("--cap-drop", "ALL")
    assert {status[kind] for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {"0" * 16}


def test_no_new_privileges(engine):
    assert engine.status_of("--security-opt", "no-new-privileges")["NoNewPrivs"] == "1"


def test_unconfined_seccomp(engine):
    assert engine.status_of("--security-opt", "seccomp=unconfined")["Seccomp"] == "0"


@pytest.mark.parametrize("action, seen, code", [
    ({"action": "SCMP_ACT_ERRNO", "errnoRet": 1}, "Operation not permitted", 1),
    ({"action": "SCMP_ACT_ERRNO", "errnoRet": 28}, "No space left on device", 1),
    ({"action": "SCMP_ACT_KILL_PROCESS"}, "", 128 + 31),
])
def test_seccomp_profile(engine, workdir, action, seen, code):
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_AARCH64"],
               "syscalls": [{"names": ["mkdir", "mkdirat"], **action}]}
    (workdir / "profile.json").write_text(json.dumps(profile))
    done = engine.rm_run("--security-opt", f"seccomp={workdir}/profile.json", engine.image, "sh", "-c",
                         "mkdir /tmp/x; code=$?; exit $code", code=code)
    assert seen in done.stderr


def test_seccomp_profile_that_is_broken_fails(engine, workdir):
    (workdir / "profile.json").write_text('{"defaultAction": "SCMP_ACT_NONSENSE"}')
    assert engine.rm_run("--security-opt", f"seccomp={workdir}/profile.json", engine.image, "true", code=None).returncode != 0


PROFILE = """profile dray-consumers flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  signal,
  ptrace,
  unix,
  deny /data/** r,
}
"""


@pytest.mark.needs("apparmor")
def test_apparmor_profile(engine, workdir):
    (workdir / "profile").write_text(PROFILE)
    subprocess.run(["apparmor_parser", "--skip-cache", "--replace", workdir / "profile"], check=True)
    try:
        engine.detached("--name", "box", "--security-opt", "apparmor=dray-consumers")
        for number in ("1", "self"):
            assert engine("exec", "box", "cat", f"/proc/{number}/attr/current").stdout == "dray-consumers (enforce)\n"
        assert "denied" in engine.fails("exec", "box", "cat", "/data/in-image").stderr
    finally:
        engine.remove_all()
        subprocess.run(["apparmor_parser", "--remove", workdir / "profile"], check=True)


def test_privileged(engine):
    status = engine.status_of("--privileged")
    assert has(status, CAP_SYS_ADMIN) and status["Seccomp"] == "0"
    shown = engine.rm_run("--privileged", engine.image, "sh", "-c", "mount -t tmpfs none /tmp && echo mounted; ls /dev | wc -l").stdout
    assert shown.split()[0] == "mounted" and int(shown.split()[1]) > 10


def test_masked_paths(engine):
    shown = engine.rm_run(engine.image, "sh", "-c", "cat /proc/kcore | wc -c; ls /proc/acpi /sys/firmware | grep -v : | wc -w; "
                          "cat /proc/timer_list | wc -c").stdout.split()
    assert shown == ["0", "0", "0"]


def test_read_only_paths(engine):
    shown = engine.rm_run(engine.image, "cat", "/proc/mounts").stdout.splitlines()
    options = {line.split()[1]: line.split()[3].split(",") for line in shown}
    for path in ("/proc/sys", "/proc/bus", "/proc/irq"):
        assert "ro" in options[path]


def test_read_only_root_and_tmpfs(engine):
    done = engine.rm_run("--read-only", "--tmpfs", "/t:size=1m,mode=700,noexec", engine.image, "sh", "-c",
                         "echo x >/t/y && cat /t/y; stat -c %a /t; grep ' /t ' /proc/mounts; touch /new", code=1)
    assert done.stdout.startswith("x\n700\n") and "Read-only" in done.stderr
    assert "size=1024k" in done.stdout and "noexec" in done.stdout


@pytest.mark.parametrize("option, written", [("rw", True), ("ro", False)])
def test_volume(engine, workdir, option, written):
    (workdir / "v").mkdir()
    (workdir / "v/in").write_text("in\n")
    shown = engine.rm_run("-v", f"{workdir}/v:/v:{option}", engine.image, "sh", "-c",
                          "cat /v/in; touch /v/out 2>/dev/null && echo written; true").stdout
    assert shown == ("in\nwritten\n" if written else "in\n")
    assert (workdir / "v/out").exists() == written


def test_volume_of_a_file(engine, workdir):
    (workdir / "in").write_text("in")
    assert engine.rm_run("-v", f"{workdir}/in:/etc/one", engine.image, "cat", "/etc/one").stdout == "in"


def test_named_volume_takes_the_image_contents(engine):
    assert engine.rm_run("-v", "named:/data", engine.image, "sh", "-c", "cat /data/in-image; echo more >/data/more").stdout == \
        "in-image\n"
    assert engine.rm_run("-v", "named:/data", engine.image, "cat", "/data/more").stdout == "more\n"
    engine("volume", "rm", "named")


def test_device(engine):
    shown = engine.rm_run("--device", "/dev/null:/dev/mine:rw", engine.image, "sh", "-c",
                          "stat -c '%t:%T %F' /dev/mine; echo x >/dev/mine && echo written").stdout
    assert shown == "1:3 character special file\nwritten\n"


def test_device_without_permission(engine):
    assert engine.rm_run("--cap-add", "MKNOD", engine.image, "sh", "-c", "mknod /tmp/kmsg c 1 11 && cat /tmp/kmsg",
                         code=None).returncode != 0


def test_device_rule(engine):
    assert engine.rm_run("--device-cgroup-rule", "c 1:3 r", "--cap-add", "MKNOD", engine.image, "sh", "-c",
                         "mknod /tmp/k c 1 1; dd if=/tmp/k count=1", code=None).returncode != 0


def test_sysctl(engine):
    assert engine.rm_run("--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "kernel.msgmax=4321", engine.image, "cat",
                         "/proc/sys/net/ipv4/ip_forward", "/proc/sys/kernel/msgmax").stdout.split() == ["1", "4321"]


def test_ulimits(engine):
    shown = engine.rm_run("--ulimit", "nofile=100:200", "--ulimit", "nproc=300:400", engine.image, "sh", "-c",
                          "ulimit -Sn; ulimit -Hn; grep processes /proc/self/limits").stdout
    assert shown.split()[:6] == ["100", "200", "Max", "processes", "300", "400"]


def test_user_groups_directory_and_name(engine):
    shown = engine.rm_run("--user", "1000:1000", "--group-add", "4321", "--workdir", "/tmp", "--hostname", "box", engine.image, "sh",
                          "-c", "id -u; id -G; pwd; hostname").stdout.split()
    assert shown[0] == "1000" and "4321" in shown and shown[-2:] == ["/tmp", "box"]


@pytest.mark.parametrize("user, uid, gid", [("1000:1000", "1000", "1000"), ("user", "1000", "1000"), ("0:77", "0", "77")])
def test_user(engine, user, uid, gid):
    assert engine.rm_run("--user", user, engine.image, "sh", "-c", "id -u; id -g").stdout.split() == [uid, gid]


def test_environment(engine):
    assert engine.rm_run("--env", "A=b c", "--env", "EMPTY=", engine.image, "sh", "-c",
                         "echo $A; echo ${EMPTY-unset}; echo $HOME").stdout == "b c\n\n/root\n"


def test_no_other_descriptors(engine):
    shown = engine.rm_run(engine.image, "ls", "/proc/self/fd").stdout.split()
    assert set(shown) <= {"0", "1", "2", "3"}  # 3 is the directory that ls reads.


def test_long_command_lines(engine):
    word = "x" * 100000
    assert len(engine.rm_run("--env", f"LONG={word}", engine.image, "sh", "-c", 'echo "$LONG$0"', word).stdout) == 200001


def systemd_default(name):
    """What a unit has that says nothing about it, as cgroup files have it."""
    shown = subprocess.run(["systemctl", "show", "--property", f"Default{name}", "--value"], check=True, capture_output=True, text=True)
    return shown.stdout.strip().replace("infinity", "max")


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
def test_limit(engine, manager, words, v2_file, v2_value, v1, v1_value):
    engine.detached("--name", "limited", *words)
    value = limit(engine.pid("limited"), v2_file, *v1)
    if "-1" in words and engine.name == "docker" and manager == "systemd":
        # dockerd passes no limit at all on, and then the scope has systemd's own.
        v2_value = v1_value = systemd_default("TasksMax")
    if host.cgroup_mode() != "v2":
        assert value == v1_value
    elif v2_value is None:
        assert 1 <= int(value) < 100
    else:
        assert value == v2_value


def test_limits_seen_inside(engine):
    v2 = host.cgroup_mode() == "v2"
    files = "memory.max pids.max" if v2 else "memory/memory.limit_in_bytes pids/pids.max"
    shown = engine.rm_run("--memory", "64m", "--pids-limit", "50", "--cgroupns", "private", engine.image, "sh", "-c",
                          f"cd /sys/fs/cgroup; cat {files}; cat /proc/self/cgroup").stdout
    assert shown.split()[:2] == [str(64 << 20), "50"]
    assert "libpod" not in shown and "docker" not in shown


def test_out_of_memory(engine):
    engine.run("--name", "hungry", "--memory", "24m", "--memory-swap", "24m", engine.image, "tool", "allocate", "100", code=137)
    assert engine.state("hungry")["ExitCode"] == 137


def test_out_of_memory_is_told(engine):
    """Seen at the cgroup of the first process; by conmon not on every layout of cgroups."""
    engine.run("--name", "hungry", "--memory", "24m", "--memory-swap", "24m", engine.image, "tool", "allocate", "100", code=137)
    assert engine.state("hungry")["OOMKilled"] is True


def test_out_of_processes(engine):
    shown = engine.rm_run("--pids-limit", "10", engine.image, "sh", "-c",
                          "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do sleep 5 & done; wait", code=None)
    assert "fork" in shown.stderr


def test_out_of_memory_score(engine):
    assert engine.rm_run("--oom-score-adj", "500", engine.image, "cat", "/proc/self/oom_score_adj").stdout == "500\n"


def test_shared_memory_size(engine):
    assert engine.rm_run("--shm-size", "3m", engine.image, "sh", "-c", "df -k /dev/shm | tail -n 1").stdout.split()[1] == "3072"


def test_cgroup_parent(engine, manager):
    parent = "consumers.slice" if manager == "systemd" else "/consumers-parent"
    engine.detached("--name", "child", "--cgroup-parent", parent)
    assert any(parent.strip("/") in str(path) for path in cgroup_paths(engine.pid("child")).values())


@pytest.mark.parametrize("kind, option", [("net", "network"), ("pid", "pid"), ("ipc", "ipc"), ("uts", "uts"), ("cgroup", "cgroupns")])
def test_namespace_of_the_host(engine, kind, option):
    words = {"network": "host"} if option == "network" else {}
    shown = engine.rm_run(*(() if words else (f"--{option}", "host")), engine.image, "readlink", f"/proc/self/ns/{kind}",
                          **words).stdout.strip()
    assert shown == os.readlink(f"/proc/self/ns/{kind}")


@pytest.mark.parametrize("kind", ["net", "pid", "ipc", "uts", "mnt", "cgroup"])
def test_namespaces_of_its_own(engine, kind):
    words = ("--cgroupns", "private") if kind == "cgroup" else ()
    assert engine.rm_run(*words, engine.image, "readlink", f"/proc/self/ns/{kind}").stdout.strip() != \
        os.readlink(f"/proc/self/ns/{kind}")


@pytest.mark.parametrize("kind, option", [("net", "network"), ("pid", "pid"), ("ipc", "ipc")])
def test_namespace_of_a_container(engine, kind, option):
    engine.detached("--name", "first", "--ipc", "shareable")
    words = {"network": "container:first"} if option == "network" else {}
    # A process of its own, for a shared PID namespace has another first process.
    shown = engine.rm_run(*(() if words else (f"--{option}", "container:first")), engine.image, "readlink", f"/proc/self/ns/{kind}",
                          **words).stdout.strip()
    assert shown == os.readlink(f"/proc/{engine.pid('first')}/ns/{kind}")


def test_shared_pid_namespace_sees_the_other(engine):
    engine.detached("--name", "first", command=("sleep", "4321"))
    assert "sleep 4321" in engine.rm_run("--pid", "container:first", engine.image, "ps").stdout


def test_network_none_has_loopback_alone(engine):
    assert engine.rm_run(engine.image, "ls", "/sys/class/net").stdout.split() == ["lo"]
    assert engine.rm_run(engine.image, "ping", "-c", "1", "127.0.0.1", code=None).returncode in (0, 1)


def test_network_bridge(engine, bridges):
    """Docker's comes by a prestart hook, which is the daemon's own program."""
    shown = engine.rm_run("--mac-address", "92:d0:c6:0a:29:33", engine.image, "sh", "-c",
                          "ip -o -4 addr; cat /sys/class/net/eth0/address", network="bridge").stdout
    assert "eth0" in shown and "92:d0:c6:0a:29:33" in shown


def test_network_of_two_containers(engine, bridges):
    engine("network", "create", "itnet")
    try:
        engine.detached("--name", "server", command=("sh", "-c", "echo hello >/index.html; exec httpd -f -p 80 -h /"), network="itnet")
        address = engine.inspect("server")["NetworkSettings"]["Networks"]["itnet"]["IPAddress"]
        script = f"for i in 1 2 3 4 5 6 7 8; do wget -q -O - http://{address}/ && exit 0; sleep 0.2; done; exit 1"
        assert engine.rm_run(engine.image, "sh", "-c", script, network="itnet").stdout == "hello\n"
    finally:
        engine.remove_all()
        engine("network", "rm", "itnet")
