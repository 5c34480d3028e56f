# SPDX-License-Identifier: LGPL-2.1-or-later
"""NOTIFY_SOCKET: what a service in a container says of itself reaches the service manager."""

import os
import socket
import subprocess
import time

import pytest

from harness import host
from harness.bundle import settle

pytestmark = pytest.mark.unlike(runc="1.1.5 says it in other datagrams", crun="1.8.1 cannot run here")

SOCKET = "/run/notify/notify.sock"


class Manager:
    """The service manager's end."""

    def __init__(self, address):
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0"))
        self.socket.settimeout(20 * host.PATIENCE)
        self.env = {"NOTIFY_SOCKET": address}

    def lines(self):
        return self.socket.recv(8192).decode().splitlines()

    def says_nothing_more(self):
        self.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            self.socket.recv(8192)


@pytest.fixture(params=["path", "abstract"])
def manager(workdir, request):
    made = Manager(str(workdir / "manager") if request.param == "path" else f"@dray-itest-{workdir.name}-{time.time()}")
    yield made
    made.socket.close()


def say(*messages, then="exec /bin/probe wait"):
    """A program that says these things, one datagram each."""
    said = "; ".join(f"/bin/probe try send $NOTIFY_SOCKET '{message}' >/dev/null" for message in messages)
    return ["/bin/sh", "-c", f"{said}; {then}"]


def test_start_returns_when_the_container_is_ready(bundle, manager):
    bundle.args = say("STATUS=warming up\nMAINPID=1\nFDSTORE=1", "READY=1")
    bundle.create(env=manager.env).ok()
    manager.says_nothing_more()
    manager.socket.settimeout(20 * host.PATIENCE)
    bundle.start(env=manager.env).ok()
    assert manager.lines() == ["STATUS=warming up"]
    assert manager.lines() == ["READY=1", f"MAINPID={bundle.pid}"]
    assert bundle.status == "running"
    bundle.delete("--force").ok()
    bundle.wait()
    assert bundle.leaks() == []


def test_start_waits_until_then(bundle, manager):
    bundle.shell(f"echo up; read x </go; /bin/probe try send {SOCKET} READY=1 >/dev/null; exec /bin/probe wait")
    go = bundle.rootfs / "go"
    os.mkfifo(go)
    bundle.create(env=manager.env).ok()
    process = bundle.runtime.popen("start", bundle.name, env=manager.env)
    bundle.output.expect("up")
    settle()
    assert process.poll() is None
    assert bundle.status == "running"  # others need not wait for it
    go.write_text("now\n")
    assert process.wait(20 * host.PATIENCE) == 0
    assert manager.lines() == ["READY=1", f"MAINPID={bundle.pid}"]


def test_start_returns_when_the_container_ends_unready(bundle, manager):
    bundle.args = say("STATUS=failed", then="exit 3")
    bundle.create(env=manager.env).ok()
    bundle.start(env=manager.env).ok()
    assert manager.lines() == ["STATUS=failed"]
    assert bundle.wait() == 3
    manager.says_nothing_more()


def test_start_without_the_variable_does_not_wait(bundle, manager):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create(env=manager.env).ok()
    bundle.start().ok()
    bundle.output.expect("ready")


def test_start_with_the_variable_alone_does_not_wait(bundle, manager):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    bundle.start(env=manager.env).ok()
    bundle.output.expect("ready")
    assert not [entry for entry in bundle.exec_facts("env")["env"] if "NOTIFY" in entry]


def test_run_in_the_foreground_passes_on_all_the_time(bundle, manager):
    bundle.args = say("READY=1\nSTATUS=one", "WATCHDOG=1", "X=1", "READY=10", "STOPPING=1", then="exit 5")
    bundle.run(env=manager.env).exits(5)
    lines = manager.lines()
    assert lines[:2] == ["READY=1", "STATUS=one"]
    assert lines[2].startswith("MAINPID=") and len(lines) == 3
    assert manager.lines() == ["WATCHDOG=1"]
    assert manager.lines() == ["READY=10"]  # which is nothing to the manager
    assert manager.lines() == ["STOPPING=1"]
    assert bundle.leaks() == []


def test_run_detached_returns_when_it_is_ready(bundle, manager):
    bundle.args = say("READY=1")
    bundle.run_detached(env=manager.env).ok()
    assert manager.lines() == ["READY=1", f"MAINPID={bundle.pid}"]
    bundle.output.expect("ready")
    bundle.delete("--force").ok()
    bundle.wait()
    assert bundle.leaks() == []


def test_what_the_container_sees(bundle, manager):
    bundle.process["env"].append("NOTIFY_SOCKET=/somewhere/else")
    bundle.args = ["/bin/sh", "-c", "echo $NOTIFY_SOCKET; ls /run/notify; grep ' /run/notify ' /proc/mounts; "
                                    "touch /run/notify/x 2>/dev/null || echo cannot write"]
    out = bundle.run(env=manager.env).ok().out.splitlines()
    assert out[:2] == [SOCKET, "notify.sock"]
    assert {"ro", "nosuid", "nodev", "noexec"} <= set(out[2].split()[3].split(","))
    assert out[3] == "cannot write"


@pytest.mark.parametrize("shape", ["mapped users", "ordinary user"])
def test_users_who_are_not_root(bundle, manager, shape):
    if shape == "mapped users":
        bundle.map_users()
    else:
        bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.args = say("READY=1", then="exit 0")
    bundle.run(env=manager.env).ok()
    assert manager.lines()[0] == "READY=1"


def test_a_descriptor_that_comes_along_is_closed(bundle, manager):
    """BARRIER=1 waits for that."""
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    process = bundle.runtime.popen("run", "--bundle", bundle.directory, bundle.name, env=manager.env,
                                   stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    place = bundle.runtime.root / bundle.name / "notify/notify.sock"
    reader, writer = socket.socketpair()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(str(place))
        socket.send_fds(sender, [b"BARRIER=1"], [writer.fileno()])
    writer.close()
    reader.settimeout(20 * host.PATIENCE)
    assert reader.recv(1) == b""
    bundle.kill("KILL").ok()
    assert process.wait(20 * host.PATIENCE) == 137
    process.stdout.close()


@pytest.mark.only_dray("the words are dray's own")
@pytest.mark.parametrize("value", ["missing", "too long"])
def test_sockets_that_are_none(bundle, workdir, value):
    path = str(workdir / "missing") if value == "missing" else "/" + "x" * 200
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run(env={"NOTIFY_SOCKET": path}).dray_error("NOTIFY_SOCKET", names=["NOTIFY_SOCKET", path[:100]])
    assert bundle.leaks() == []
    bundle.create(env={"NOTIFY_SOCKET": path}).ok()
    bundle.start(env={"NOTIFY_SOCKET": path}).dray_error("NOTIFY_SOCKET", names=["NOTIFY_SOCKET"])
    assert bundle.status == "created"


def test_values_that_name_no_socket_are_none(bundle):
    bundle.args = ["/bin/probe", "facts", "env"]
    for value in ("", "relative/path"):
        env = bundle.run(env={"NOTIFY_SOCKET": value}).ok().json()["env"]
        assert not [entry for entry in env if "NOTIFY" in entry]


def test_a_long_id(bundle, manager):
    bundle.name = "n" * 600
    bundle.args = say("READY=1", then="exit 0")
    bundle.run(env=manager.env).ok()
    assert manager.lines()[0] == "READY=1"
    assert bundle.leaks() == []


@pytest.mark.only_dray("the place is dray's own")
@pytest.mark.needs("strace")
def test_a_link_in_the_place_of_the_socket_is_not_followed(bundle, manager, workdir):
    """A container that may mount can make the directory writable; it is quick, dray is slow between two calls."""
    canary = workdir / "secret"
    canary.write_text("secret")
    canary.chmod(0o600)
    bundle.args = ["/bin/probe", "wait"]
    bundle.create(env=manager.env).ok()
    place = bundle.runtime.root / bundle.name / "notify" / "notify.sock"
    slow = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=bind", "-e", "inject=bind:delay_exit=700000"]
    start = subprocess.Popen([*slow, *bundle.runtime.words("start", bundle.name)], stdin=subprocess.DEVNULL,
                             env=bundle.runtime.environment(manager.env), stderr=subprocess.PIPE)
    host.wait_until(place.is_socket, "the socket")
    place.unlink()
    place.symlink_to(canary)
    _, err = start.communicate(timeout=20)
    assert start.returncode == 1 and b"error[NOTIFY_SOCKET]" in err, err
    assert canary.stat().st_mode & 0o777 == 0o600
