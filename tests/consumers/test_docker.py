# SPDX-License-Identifier: LGPL-2.1-or-later
"""dockerd with --add-runtime: what Podman does not do, or not in the same way (test_engines_*.py have the rest)."""

import os

import pytest

from engines.docker import IMAGE
from engines.engine import limit
from harness import host

pytestmark = pytest.mark.needs("docker")


def test_exit_code_of_the_daemon(docker):
    docker.fails("run", "--runtime", "none-such", IMAGE, "true", code=125)


def test_runtime_is_that_of_the_container(docker):
    docker.detached("--name", "seen")
    assert docker.inspect("seen")["HostConfig"]["Runtime"] == docker.handler
    assert docker.handler in docker("info", "--format", "{{json .Runtimes}}").stdout


def test_kill_of_the_dead_fails(docker):
    docker.detached("--name", "dead", command=("true",))
    docker("wait", "dead")
    assert "not running" in docker.fails("kill", "dead").stderr


def test_update(docker):
    docker.detached("--name", "less", "--memory", "64m", "--memory-swap", "64m")
    docker("update", "--memory", "48m", "--memory-swap", "48m", "--cpus", "0.5", "--pids-limit", "77", "less")
    pid = docker.pid("less")
    assert limit(pid, "memory.max", "memory", "memory.limit_in_bytes") == str(48 << 20)
    assert limit(pid, "cpu.max", "cpu", "cpu.cfs_quota_us").split()[0] == "50000"
    assert limit(pid, "pids.max", "pids", "pids.max") == "77"


def test_healthcheck(docker):
    docker.detached("--name", "health", "--health-cmd", "true", "--health-interval", "100ms")
    host.wait_until(lambda: docker.state("health")["Health"]["Status"] == "healthy", "its health")


def test_init(docker):
    assert "init" in docker.rm_run("--init", IMAGE, "sh", "-c", "cat /proc/1/cmdline | tr '\\0' ' '").stdout


def test_remapped_users(remapped, workdir):
    remapped.detached("--name", "box", "-v", f"{workdir}:/v")
    assert remapped("exec", "box", "cat", "/proc/self/uid_map", "/proc/self/gid_map").stdout.split() == ["0", "2000000", "65536"] * 2
    assert remapped("exec", "--user", "1000", "box", "id", "-u").stdout == "1000\n"
    assert remapped("exec", "box", "stat", "-c", "%u", "/bin/busybox", "/v").stdout.split() == ["0", "65534"]
    assert os.stat(f"/proc/{remapped.pid('box')}").st_uid == 2000000
    remapped("stop", "-t", "0", "box")


@pytest.mark.parametrize("words", [
    ("--read-only", "--tmpfs", "/t"), ("--memory", "64m"), ("-v", "named:/data"), ("--device", "/dev/full"),
    ("--userns", "host", "--privileged"),
], ids=" ".join)
def test_options_of_remapped_users(remapped, words):
    shown = remapped.rm_run(*words, IMAGE, "sh", "-c", "cat /proc/self/uid_map; echo works").stdout.split()
    assert shown[1:] == ([str(0), str(2 ** 32 - 1)] if "host" in words else ["2000000", "65536"]) + ["works"]
