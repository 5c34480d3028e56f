# SPDX-License-Identifier: LGPL-2.1-or-later
"""dockerd with --add-runtime: limits, security, namespaces, volumes, devices."""

import json
import os

import pytest

from engines.docker import IMAGE
from engines.engine import limit
from harness import host

pytestmark = pytest.mark.needs("docker")


def status_of(docker, *words):
    lines = docker.rm_run(*words, IMAGE, "cat", "/proc/self/status").stdout.splitlines()
    return {line.split(":")[0]: line.split(":")[1].strip() for line in lines}


def has(status, capability, kind="CapEff"):
    return bool(int(status[kind], 16) >> capability & 1)


def test_default_security(docker):
    status = status_of(docker)
    assert has(status, 0) and not has(status, 21)
    assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "0")


def test_capabilities(docker):
    status = status_of(docker, "--cap-add", "NET_ADMIN", "--cap-drop", "CHOWN")
    assert has(status, 12) and not has(status, 0)
    assert status_of(docker, "--cap-drop", "ALL")["CapBnd"] == "0" * 16


def test_no_new_privileges(docker):
    assert status_of(docker, "--security-opt", "no-new-privileges")["NoNewPrivs"] == "1"


def test_unconfined_seccomp(docker):
    assert status_of(docker, "--security-opt", "seccomp=unconfined")["Seccomp"] == "0"


def test_seccomp_profile(docker, workdir):
    (workdir / "profile.json").write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}))
    assert "No space left" in docker.rm_run("--security-opt", f"seccomp={workdir}/profile.json", IMAGE, "mkdir", "/tmp/x",
                                            code=1).stderr


def test_default_seccomp_refuses(docker):
    docker.rm_run(IMAGE, "unshare", "--mount", "true", code=1)


def test_privileged(docker):
    status = status_of(docker, "--privileged")
    assert has(status, 21) and status["Seccomp"] == "0"
    assert docker.rm_run("--privileged", IMAGE, "sh", "-c", "mount -t tmpfs none /tmp && echo mounted").stdout == "mounted\n"


def test_masked_paths(docker):
    assert docker.rm_run(IMAGE, "sh", "-c", "cat /proc/kcore | wc -c; ls /sys/firmware | wc -w").stdout.split() == ["0", "0"]


def test_read_only_and_tmpfs(docker):
    done = docker.rm_run("--read-only", "--tmpfs", "/t:size=1m,mode=700", IMAGE, "sh", "-c",
                         "echo x >/t/y && cat /t/y; stat -c %a /t; touch /new", code=1)
    assert done.stdout == "x\n700\n" and "Read-only" in done.stderr


@pytest.mark.parametrize("option, written", [("rw", True), ("ro", False)])
def test_volume(docker, workdir, option, written):
    (workdir / "v").mkdir()
    (workdir / "v/in").write_text("in\n")
    shown = docker.rm_run("-v", f"{workdir}/v:/v:{option}", IMAGE, "sh", "-c",
                          "cat /v/in; touch /v/out 2>/dev/null && echo written; true").stdout
    assert shown == ("in\nwritten\n" if written else "in\n")


def test_named_volume(docker):
    assert docker.rm_run("-v", "named:/data", IMAGE, "cat", "/data/in-image").stdout == "in-image\n"
    docker("volume", "rm", "named")


def test_device(docker):
    assert docker.rm_run("--device", "/dev/full:/dev/mine:rw", IMAGE, "stat", "-c", "%t:%T", "/dev/mine").stdout == "1:7\n"


def test_device_without_permission(docker):
    docker.fails("run", "--rm", "--runtime", docker.handler, IMAGE, "sh", "-c", "mknod /tmp/kmsg c 1 11 && cat /tmp/kmsg")


def test_ulimits(docker):
    shown = docker.rm_run("--ulimit", "nofile=100:200", IMAGE, "sh", "-c", "ulimit -Sn; ulimit -Hn").stdout
    assert shown.split() == ["100", "200"]


def test_sysctl(docker):
    assert docker.rm_run("--sysctl", "kernel.msgmax=4321", IMAGE, "cat", "/proc/sys/kernel/msgmax").stdout == "4321\n"


def test_init(docker):
    assert "init" in docker.rm_run("--init", IMAGE, "sh", "-c", "cat /proc/1/cmdline | tr '\\0' ' '").stdout


def test_user_groups_and_directory(docker):
    shown = docker.rm_run("--user", "1000:1000", "--group-add", "4321", "--workdir", "/tmp", "--hostname", "box", IMAGE, "sh",
                          "-c", "id -u; id -G; pwd; hostname").stdout.split()
    assert shown[0] == "1000" and "4321" in shown and shown[-2:] == ["/tmp", "box"]


@pytest.mark.parametrize("words, v2_file, v2_value, v1, v1_value", [
    (("--memory", "64m"), "memory.max", str(64 << 20), ("memory", "memory.limit_in_bytes"), str(64 << 20)),
    (("--memory", "64m", "--memory-reservation", "32m"), "memory.low", str(32 << 20),
     ("memory", "memory.soft_limit_in_bytes"), str(32 << 20)),
    (("--pids-limit", "50"), "pids.max", "50", ("pids", "pids.max"), "50"),
    (("--pids-limit", "-1"), "pids.max", "max", ("pids", "pids.max"), "max"),
    (("--cpus", "0.5"), "cpu.max", "50000 100000", ("cpu", "cpu.cfs_quota_us"), "50000"),
    (("--cpu-shares", "300"), "cpu.weight", None, ("cpu", "cpu.shares"), "300"),
    (("--cpuset-cpus", "0"), "cpuset.cpus", "0", ("cpuset", "cpuset.cpus"), "0"),
])
def test_limit(docker, words, v2_file, v2_value, v1, v1_value):
    docker.detached("--name", "limited", *words)
    value = limit(docker.pid("limited"), v2_file, *v1)
    if host.cgroup_mode() != "v2":
        assert value == v1_value
    elif v2_value is None:
        assert 1 <= int(value) < 100
    else:
        assert value == v2_value


def test_out_of_memory(docker):
    docker.run("--name", "hungry", "--memory", "24m", "--memory-swap", "24m", IMAGE, "tool", "allocate", "100", code=137)
    assert docker.state("hungry")["OOMKilled"] is True


def test_cgroup_parent(docker, manager):
    parent = "consumers.slice" if manager == "systemd" else "/consumers-parent"
    docker.detached("--name", "child", "--cgroup-parent", parent)
    assert parent.strip("/") in open(f"/proc/{docker.pid('child')}/cgroup").read()


@pytest.mark.parametrize("kind, option", [("net", "network"), ("pid", "pid"), ("ipc", "ipc"), ("uts", "uts")])
def test_namespace_of_the_host(docker, kind, option):
    words = () if option == "network" else (f"--{option}", "host")
    network = "host" if option == "network" else "none"
    shown = docker.rm_run(*words, IMAGE, "readlink", f"/proc/self/ns/{kind}", network=network).stdout.strip()
    assert shown == os.readlink(f"/proc/self/ns/{kind}")


@pytest.mark.parametrize("kind, option", [("net", "network"), ("pid", "pid"), ("ipc", "ipc")])
def test_namespace_of_a_container(docker, kind, option):
    docker.detached("--name", "first", "--ipc", "shareable")
    words = () if option == "network" else (f"--{option}", "container:first")
    network = "container:first" if option == "network" else "none"
    shown = docker.rm_run(*words, IMAGE, "readlink", f"/proc/self/ns/{kind}", network=network).stdout.strip()
    assert shown == os.readlink(f"/proc/{docker.pid('first')}/ns/{kind}")


def test_bridge(docker, dockerd_bridge):
    """The network comes by a prestart hook, which is the daemon's own program."""
    shown = docker.rm_run(IMAGE, "ip", "-o", "-4", "addr", network="bridge").stdout
    assert "eth0" in shown


def test_network_of_two_containers(docker, dockerd_bridge):
    docker("network", "create", "itnet")
    try:
        docker.detached("--name", "server", command=("sh", "-c", "echo hello >/index.html; exec httpd -f -p 80 -h /"),
                        network="itnet")
        address = docker.inspect("server")["NetworkSettings"]["Networks"]["itnet"]["IPAddress"]
        script = f"for i in 1 2 3 4 5 6 7 8; do wget -q -O - http://{address}/ && exit 0; sleep 0.2; done; exit 1"
        assert docker.rm_run(IMAGE, "sh", "-c", script, network="itnet").stdout == "hello\n"
    finally:
        docker.remove_all()
        docker("network", "rm", "itnet")


def test_out_of_memory_score(docker):
    assert docker.rm_run("--oom-score-adj", "500", IMAGE, "cat", "/proc/self/oom_score_adj").stdout == "500\n"


def test_shared_memory_size(docker):
    assert docker.rm_run("--shm-size", "3m", IMAGE, "sh", "-c", "df -k /dev/shm | tail -n 1").stdout.split()[1] == "3072"
