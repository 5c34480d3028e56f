# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman and systemd: systemd in a container, containers as units, and a user's session with its own systemd."""

import os
import pathlib

import pytest

from engines import control
from engines.engine import cleaned, limit
from engines.podman import IMAGE
from engines.session import HostPodman, Session, SessionPodman, Unit, has_session, listed
from harness import host

pytestmark = [pytest.mark.needs("podman"),
              pytest.mark.skipif(not has_session(), reason="needs systemd and CONSUMERS_USER, on a machine to be thrown away")]


def make_init(directory):
    """A root directory in which the host's systemd runs one service."""
    for name in ("usr", "etc/systemd/system", "run", "tmp", "var", "proc", "sys", "dev", "root"):
        (directory / name).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        os.symlink(f"usr/{name}", directory / name)
    for name in ("passwd", "group"):
        (directory / "etc" / name).write_text(pathlib.Path(f"/etc/{name}").read_text())
    (directory / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    units = directory / "etc/systemd/system"
    (units / "default.target").write_text("[Unit]\nDefaultDependencies=no\nAllowIsolate=yes\nWants=hello.service\n")
    (units / "hello.service").write_text("[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
                                         "MemoryMax=50M\nExecStart=/bin/sh -c 'cat /proc/self/cgroup >/run/hello'\n")
    return directory


def test_systemd_in_a_container(podman, workdir):
    podman.run("-d", "--name", "init", "--systemd", "always", "-v", "/usr:/usr:ro", "--rootfs", make_init(workdir / "root"),
               "/usr/lib/systemd/systemd")
    host.wait_until(lambda: podman("exec", "init", "systemctl", "is-active", "hello.service", code=None).stdout == "active\n",
                    "its service", 40)
    assert podman("exec", "init", "cat", "/run/hello").stdout == "0::/system.slice/hello.service\n"
    assert podman("exec", "init", "cat", "/sys/fs/cgroup/system.slice/hello.service/memory.max",
                  code=None).stdout in (f"{50 << 20}\n", "")  # None when it has ended.
    podman("stop", "-t", "200", "init")
    assert podman.state("init")["ExitCode"] in (0, 130), "it ended by itself"


def test_unit_of_quadlet(podman, workdir):
    there = HostPodman(podman.store, podman.runtime)
    unit = Unit("consumers-quadlet", there, workdir)
    try:
        unit("start", "consumers-quadlet.service")
        check_unit(unit, there)
    finally:
        unit.remove()


def check_unit(unit, there):
    """The container is in the unit's cgroup, with its limit; systemd knows its end, and starts it again."""
    assert unit.show("ActiveState") == "active"
    pid = there.pid(unit.name)
    assert unit.show("ControlGroup") in pathlib.Path(f"/proc/{pid}/cgroup").read_text()
    assert limit(pid, "memory.max", "memory", "memory.limit_in_bytes") == str(64 << 20)
    there.wait_logged(unit.name, "up")
    unit("restart", f"{unit.name}.service")
    again = there.pid(unit.name)
    assert again not in (0, pid)
    assert there("exec", unit.name, "cat", "/proc/1/cmdline").stdout.startswith("sh")
    unit("stop", f"{unit.name}.service")
    assert (unit.show("ActiveState"), unit.show("Result")) == ("inactive", "success")
    assert listed(there) == []


@pytest.fixture(scope="module")
def session(base):
    (base / "session").mkdir()
    runtimes = [runtime for runtime in (control.dray(), control.control("crun", "runc")) if runtime]
    made = Session(base / "session", runtimes)
    yield made
    made.end()


@pytest.fixture
def user(session, which):
    """Podman of an ordinary user with a session."""
    yield from cleaned(SessionPodman(session, control.runtime(which, "crun", "runc")))


def test_life_of_a_users_container(user):
    name = user.detached("--name", "box", "--memory", "64m", "--pids-limit", "50", "--cpus", "0.5")
    pid = user.pid("box")
    cgroup = pathlib.Path(f"/proc/{pid}/cgroup").read_text()
    assert f"/user@{user.session.uid}.service/user.slice/libpod-{name}.scope" in cgroup
    assert limit(pid, "memory.max", "", "") == str(64 << 20)
    assert (limit(pid, "pids.max", "", ""), limit(pid, "cpu.max", "", "")) == ("50", "50000 100000")
    user("update", "--memory", "48m", "--memory-swap", "48m", "box")
    assert limit(pid, "memory.max", "", "") == str(48 << 20)
    user("pause", "box")
    assert user.state("box")["Status"] == "paused"
    user("unpause", "box")
    assert user("exec", "box", "cat", "/sys/fs/cgroup/memory.max", "/proc/self/cgroup").stdout.split()[0] == str(48 << 20)
    user("kill", "--signal", "KILL", "box")
    assert user("wait", "box").stdout == "137\n"
    assert not host.cgroups_named(f"libpod-{name}")


@pytest.mark.parametrize("words, expected", [
    (("--userns", "keep-id"), None), (("--userns", "nomap"), "0"), (("--userns", "auto:size=1000"), "0"),
    (("--uidmap", "0:1:100", "--gidmap", "0:1:100"), "0"), (("--user", "user"), "1000"),
], ids=["keep-id", "nomap", "auto", "uidmap", "user"])
def test_users_of_a_users_container(user, words, expected):
    assert user.rm_run(*words, IMAGE, "id", "-u").stdout == f"{expected or user.session.uid}\n"


@pytest.mark.parametrize("mode", ["disabled", "no-conmon", "enabled"])
def test_cgroups_of_a_users_container(user, mode):
    user.detached("--name", "free", "--cgroups", mode)
    cgroup = pathlib.Path(f"/proc/{user.pid('free')}/cgroup").read_text()
    assert ("libpod" in cgroup) == (mode != "disabled")
    user("stop", "-t", "0", "free")


@pytest.mark.parametrize("words", [
    ("--read-only", "--cap-drop", "all"), ("--privileged",), ("--pid", "host", "--cgroupns", "host"), ("--systemd", "always"),
    ("--device", "/dev/null:/dev/other", "--security-opt", "unmask=all"), ("--oom-score-adj", "500", "--init"),
], ids=" ".join)
def test_options_of_a_users_container(user, words):
    assert user.rm_run(*words, IMAGE, "echo", "works").stdout == "works\n"


def test_terminal_of_a_users_container(user):
    shown = user.seen_on_terminal(*user.run_words("--rm", "-it"), IMAGE, "sh", "-c", "tty; exit 3", code=3)
    assert "/dev/pts/0" in shown


def test_pod_of_a_user(user):
    user("pod", "create", "--name", "pod", "--network", "none", "--infra-image", IMAGE, "--infra-command", "/bin/sleep 1000",
         "--memory", "128m")
    for name in ("one", "two"):
        user("run", "-d", "--pod", "pod", "--name", name, IMAGE, "sleep", "1000")
    assert user("exec", "one", "readlink", "/proc/self/ns/ipc").stdout == user("exec", "two", "readlink", "/proc/self/ns/ipc").stdout
    assert "_pod_" in pathlib.Path(f"/proc/{user.pid('one')}/cgroup").read_text()
    user("pod", "stop", "-t", "0", "pod")
    user.wait_status("one", "exited")
    user("pod", "start", "pod")
    assert user.state("two")["Status"] == "running"


def test_healthcheck_by_the_users_systemd(user):
    """Its timer is a unit of the user's systemd."""
    user.detached("--name", "health", "--health-cmd", "test -e /well", "--health-interval", "2s", "--health-retries", "1")

    def health():
        return user.state("health")["Health"]["Status"]
    host.wait_until(lambda: health() == "unhealthy", "its illness")
    user("exec", "health", "touch", "/well")
    host.wait_until(lambda: health() == "healthy", "its health")


def test_unit_of_a_user(user, session, workdir):
    unit = Unit("consumers-own", user, workdir, session)
    try:
        unit("start", "consumers-own.service")
        check_unit(unit, user)
    finally:
        unit.remove()
