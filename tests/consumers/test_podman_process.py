# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman: the process, its user, surroundings and descriptors, and exec into a running container."""

import socket

import pytest

from engines.engine import end
from engines.podman import IMAGE
from harness import host

pytestmark = pytest.mark.needs("podman")


@pytest.fixture
def box(podman):
    podman.detached("--name", "box", "--env", "BASE=1", "--workdir", "/data")
    return podman


def test_exec_preserves_descriptors(box, workdir):
    (workdir / "text").write_text("through a descriptor")
    assert box.with_file(workdir / "text", "exec", "--preserve-fds", "1", "box", "tool", "read", "3") == \
        "through a descriptor"


def test_workdir(podman):
    assert podman.rm_run("--workdir", "/usr/bin", IMAGE, "pwd").stdout == "/usr/bin\n"
    podman.fails("run", "--rm", "--network", "none", "--workdir", "/no/such", IMAGE, "pwd")


def test_environment_and_hostname(podman):
    shown = podman.rm_run("--env", "A=b c", "--env", "EMPTY=", "--hostname", "box", IMAGE, "sh", "-c",
                          "echo $A; echo ${EMPTY-unset}; hostname; echo $container; echo $HOME").stdout
    assert shown == "b c\n\nbox\npodman\n/root\n"


def test_umask(podman):
    assert podman.rm_run("--umask", "0077", IMAGE, "sh", "-c", "umask").stdout.strip() == "0077"


def test_entrypoint(podman):
    assert podman.rm_run("--entrypoint", '["echo", "from"]', IMAGE, "entry").stdout == "from entry\n"


def test_preserves_descriptors(podman, workdir):
    (workdir / "text").write_text("through a descriptor")
    assert podman.with_file(workdir / "text", "run", "--rm", "--network", "none", "--preserve-fds", "1", IMAGE,
                            "tool", "read", "3") == "through a descriptor"


@pytest.mark.needs("catatonit")
def test_init(podman):
    shown = podman.rm_run("--init", IMAGE, "sh", "-c", "cat /proc/1/cmdline | tr '\\0' ' '").stdout
    assert "init" in shown or "catatonit" in shown


def listen(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(path))
    listener.settimeout(30 * host.PATIENCE)
    return listener


def test_sdnotify_of_conmon(podman, workdir):
    with listen(workdir / "n") as listener:
        podman.run("-d", "--sdnotify", "conmon", IMAGE, "sleep", "1000", env={"NOTIFY_SOCKET": str(workdir / "n")})
        seen = ""
        while "READY=1" not in seen:
            seen += listener.recv(4096).decode() + "\n"
        assert "MAINPID=" in seen


def test_sdnotify_of_the_container(podman, workdir):
    with listen(workdir / "n") as listener:
        process = podman.popen("run", "-d", "--network", "none", "--sdnotify", "container", IMAGE, "sh", "-c",
                               "tool notify READY=1; sleep 1000", env={"NOTIFY_SOCKET": str(workdir / "n")})
        try:
            seen = ""
            while "READY=1" not in seen:
                seen += listener.recv(4096).decode() + "\n"
            assert process.wait(30 * host.PATIENCE) == 0
        finally:
            end(process)


def test_systemd_mode(podman):
    """What systemd in a container finds: tmpfs where it writes, its own cgroup writable, $container set."""
    shown = podman.rm_run("--systemd", "always", IMAGE, "sh", "-c",
                          "grep -E ' (/run|/run/lock|/tmp) tmpfs' /proc/mounts | wc -l; echo $container; "
                          "cd /sys/fs/cgroup; if test -d systemd; then cd systemd; fi; "
                          "mkdir consumers-test; echo $?; rmdir consumers-test").stdout
    assert shown.split() == ["3", "podman", "0"]


def test_files_of_the_engine(podman):
    shown = podman.rm_run("--add-host", "there:192.0.2.7", "--dns", "192.0.2.8", IMAGE, "cat", "/etc/hosts",
                          "/etc/resolv.conf", "/run/.containerenv", network="host").stdout
    assert "192.0.2.7" in shown and "there" in shown and "192.0.2.8" in shown
