# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman: how containers come and go beside what Docker does, too (test_engines_life.py)."""

import os

import pytest

from engines.podman import IMAGE
from harness import host

pytestmark = pytest.mark.needs("podman")


def test_kill_ends_all_processes_in_the_host_pid_namespace(podman):
    podman.detached("--name", "many", "--pid", "host",
                    command=("sh", "-c", "sleep 1234567 & sleep 1234567 & echo up; wait"))
    host.wait_until(lambda: "up" in podman("logs", "many").stdout, "the start")
    podman("rm", "--force", "--time", "0", "many")
    host.wait_until(lambda: not processes_of("sleep\0001234567\0"), "the end of its children")


def processes_of(line):
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and open(f"/proc/{entry}/cmdline").read() == line:
                found.append(int(entry))
        except OSError:
            pass
    return found


def test_init_makes_a_created_container(podman):
    podman("create", "--network", "none", "--name", "made", IMAGE, "echo", "late")
    podman("init", "made")
    pid = podman.pid("made")
    assert podman.state("made")["Status"] in ("initialized", "created") and pid > 0
    podman("start", "made")
    podman("wait", "made")
    assert podman("logs", "made").stdout == "late\n"


def test_remove_a_created_container(podman):
    podman("create", "--network", "none", "--name", "made", IMAGE, "true")
    podman("init", "made")
    pid = podman.pid("made")
    podman("rm", "--force", "made")
    host.wait_until(lambda: not os.path.exists(f"/proc/{pid}"), "its end")


def test_inspect(podman):
    name = podman.detached("--name", "seen")
    seen = podman.inspect("seen")
    assert seen["Id"] == name
    assert seen["State"]["Running"] and seen["State"]["Pid"] > 1
    assert seen["OCIRuntime"] == podman.runtime.path
    assert os.path.samefile(f"/proc/{seen['State']['Pid']}/ns/pid", f"/proc/{podman.pid('seen')}/ns/pid")


@pytest.mark.parametrize("command, healthy", [("true", True), ("false", False)])
def test_healthcheck(podman, command, healthy):
    podman.detached("--name", "health", "--health-cmd", command, "--health-interval", "disable", "--health-retries", "1")
    done = podman("healthcheck", "run", "health", code=None)
    assert (done.returncode == 0) == healthy
    health = podman.state("health").get("Health") or podman.state("health").get("Healthcheck")
    assert health["Status"] == ("healthy" if healthy else "unhealthy")


def test_runtime_is_named_in_info(podman):
    shown = podman("info", "--format", "{{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}").stdout
    assert podman.runtime.path in shown and podman.runtime.name in shown


def test_rootfs_directory(podman):
    assert podman.rm_run("--rootfs", f"{podman.store.rootfs}:O", "echo", "plain").stdout == "plain\n"
