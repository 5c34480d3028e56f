# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman: capabilities, security options, sysctls, limits and cgroups; most are in test_engines_options.py."""

import pytest

from engines.containers import has
from engines.engine import cgroup_paths
from engines.podman import IMAGE

pytestmark = pytest.mark.needs("podman")

CAP_CHOWN, CAP_NET_ADMIN = 0, 12


def test_capabilities_of_a_user(podman):
    status = podman.status_of("--user", "1000", "--cap-drop", "all", "--cap-add", "net_admin")
    assert has(status, CAP_NET_ADMIN) and has(status, CAP_NET_ADMIN, "CapAmb")
    assert not has(podman.status_of("--user", "1000"), CAP_CHOWN)


def test_unknown_capability_fails(podman):
    podman.fails("run", "--rm", "--cap-add", "no_such", IMAGE, "true")


@pytest.mark.parametrize("option", ["apparmor=unconfined", "label=disable", "label=type:container_t"])
def test_labels_where_there_is_no_such_module(podman, option):
    podman.rm_run("--security-opt", option, IMAGE, "true")


def test_mask(podman):
    assert podman.rm_run("--security-opt", "mask=/data:/etc/group", IMAGE, "sh", "-c",
                         "ls /data | wc -l; wc -c </etc/group").stdout.split() == ["0", "0"]


def test_unmask(podman):
    shown = podman.rm_run("--security-opt", "unmask=ALL", IMAGE, "sh", "-c",
                          "grep -cE ' (/proc/[^ ]+|/sys/firmware) ' /proc/mounts; echo done").stdout.split()
    assert shown == ["0", "done"]


def test_sysctl_of_the_host_fails(podman):
    podman.fails("run", "--rm", "--network", "host", "--sysctl", "net.ipv4.ip_forward=1", IMAGE, "true")


def test_memory_limit_that_is_too_small_is_said(podman):
    done = podman("run", "--rm", "--network", "none", "--memory", "1", IMAGE, "true", code=None)
    assert done.returncode != 0 and done.stderr.strip()


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
