# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bundles of different shapes for the fault walk: together they need every row of the step lists.

A shape changes the bundle it is given and returns the arguments that create needs.
"""

import contextlib
import os
import socket

import pytest

from . import cgroup2, host, systemd_host
from .faults import PidHolder
from .network import Network

HOOK_KINDS = ("prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop")


class Sink:
    """A listening socket where connections and messages may pile up; drained after each try."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self.socket.bind(str(path))
        self.socket.listen(64)

    def drain(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.socket.accept()[0].close()

    def close(self):
        self.socket.close()


class Mailbox(Sink):
    """The same for datagrams, as a service manager gets them."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(str(path))

    def drain(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.socket.recv(4096)


class Shape:
    """The bundle and what it needs around it."""

    def __init__(self, bundle):
        self.bundle = bundle
        self.arguments = []
        self.environment = {}
        self.exec_options = []
        self.sinks = []
        self.holders = []
        self.hook_log = None
        self.renewals = []
        self.checks = []
        self.leftovers = list  # what else is left of a container that is gone, in words

    def sink(self, name):
        self.sinks.append(Sink(self.bundle.directory / name))
        return self.sinks[-1].path

    @property
    def keep(self):
        return [holder.process.pid for holder in self.holders if holder.process is not None]

    def renew(self):
        """Before each try: what a container that was created and deleted has used up."""
        for renewal in self.renewals:
            renewal()

    def lost(self):
        """What a creation that failed should have given back."""
        return [word for check in self.checks for word in check()]

    def drain(self):
        for sink in self.sinks:
            sink.drain()

    def hooks_run(self):
        """Kinds of the hooks that ran since the last call."""
        if self.hook_log is None or not self.hook_log.exists():
            return []
        words = self.hook_log.read_text().split()
        self.hook_log.unlink()
        return words

    def close(self):
        if self.holders:
            self.bundle.runtime.prefix = []  # it may lead into one of them
        for owned in (*self.sinks, *self.holders):
            owned.close()


def plain(shape):
    """As Podman writes it for a container of root."""


def readonly(shape):
    shape.bundle.config["root"]["readonly"] = True
    shape.bundle.linux["rootfsPropagation"] = "rslave"


def userns(shape):
    shape.bundle.map_users()
    shape.bundle.process["noNewPrivileges"] = True


def terminal(shape):
    shape.bundle.process["terminal"] = True
    shape.arguments = ["--console-socket", shape.sink("console")]
    shape.exec_options = ["--tty", "--console-socket", shape.sinks[0].path]


def pidfd(shape):
    shape.arguments = ["--pidfd-socket", shape.sink("pidfd")]
    shape.exec_options = ["--pidfd-socket", shape.sinks[0].path]


def notify(shape):
    shape.sinks.append(Mailbox(shape.bundle.directory / "manager"))
    shape.environment = {"NOTIFY_SOCKET": str(shape.sinks[0].path)}
    shape.bundle.shell("/bin/probe try send $NOTIFY_SOCKET READY=1 >/dev/null; exec /bin/probe wait")


def hooks(shape):
    bundle = shape.bundle
    shape.hook_log = bundle.directory / "hooks.log"
    bundle.config["hooks"] = {kind: [hook(f"echo {kind} >> {shape.hook_log}")] for kind in HOOK_KINDS}
    bundle.config["hooks"]["startContainer"] = [hook("echo startContainer >> /hooks.log")]


def create_container_hook(shape):
    bundle = shape.bundle
    shape.hook_log = bundle.directory / "hooks.log"
    bundle.config["hooks"] = {kind: [hook(f"echo {kind} >> {shape.hook_log}")]
                              for kind in ("createContainer", "poststop")}


def hook(script):
    return {"path": "/bin/sh", "args": ["sh", "-c", f"cat > /dev/null; {script}"]}


def seccomp(shape):
    shape.bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_X86_64"],
        "listenerPath": str(shape.sink("agent")),
        "syscalls": [{"names": ["acct", "swapon"], "action": "SCMP_ACT_NOTIFY"}],
    }


def joined(shape):
    holder = PidHolder()
    shape.holders.append(holder)
    shape.bundle.namespace("pid", holder.path("pid"))
    shape.bundle.namespace("network", holder.path("net"))
    shape.bundle.namespace("cgroup")


def joined_by_mapped(shape):
    """A namespace of the host's user namespace is joined before the new one is made."""
    userns(shape)
    holder = PidHolder()
    shape.holders.append(holder)
    shape.bundle.namespace("network", holder.path("net"))
    shape.bundle.mount_at("/sys").update(type="bind", source="/sys", options=["rbind", "ro"])


def host_pid(shape):
    shape.bundle.no_namespace("pid")
    shape.bundle.config["process"]["terminal"] = False


def host_mounts(shape):
    shape.bundle.no_namespace("mount")
    shape.bundle.config["mounts"] = []
    shape.bundle.linux.pop("maskedPaths")
    shape.bundle.linux.pop("readonlyPaths")


def detached(shape):
    """Likewise, with mounts: in a tree that is attached nowhere."""
    shape.bundle.no_namespace("mount")
    shape.bundle.config["root"]["readonly"] = True
    shape.bundle.linux.pop("maskedPaths")
    shape.bundle.linux.pop("readonlyPaths")


def sysctl(shape):
    shape.bundle.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "0"}
    shape.bundle.config["domainname"] = "example.org"
    shape.bundle.resources["memory"] = {"limit": 64 << 20}
    shape.bundle.resources["pids"] = {"limit": 100}
    shape.bundle.process["execCPUAffinity"] = {"initial": "0", "final": "0"}
    shape.bundle.process["scheduler"] = {"policy": "SCHED_BATCH", "nice": 5}
    shape.bundle.process["oomScoreAdj"] = 100


def net_devices(shape):
    """A device moves from a namespace of ours to one that is joined, and so outlives the stage."""
    outside, inside = Network(), Network()
    shape.holders += [outside, inside]
    shape.bundle.namespace("network", inside.path)
    shape.bundle.linux["netDevices"] = {"v0": {"name": "eth0"}}
    shape.bundle.runtime.prefix = outside.prefix

    def renew():
        if "v0" in outside.links():
            return
        if "p0" in outside.links():
            outside.ip("link del p0")
        outside.pair("v0", "p0")
        outside.ip("addr add 192.0.2.1/24 dev v0")
        outside.ip("link set v0 up")

    def lost():
        if inside.links():
            yield f"devices {inside.links()} are inside"
        if outside.links() != ["p0", "v0"]:
            yield f"devices outside are {outside.links()}"
        elif "UP" not in outside.device("v0")["flags"] or outside.addresses("v0") != ["192.0.2.1/24"]:
            yield f"the device is {outside.device('v0')}"

    renew()
    shape.renewals.append(renew)
    shape.checks.append(lost)


def disabled(shape):
    shape.bundle.runtime.options += ["--cgroup-manager=disabled"]


def delegate(shape):
    """The first process is in a cgroup below the one with the limits."""
    if host.cgroup_mode() not in ("v2", "hybrid"):
        pytest.skip("needs a cgroup2 hierarchy")
    shape.holders.append(cgroup2.View())
    shape.bundle.runtime.prefix = shape.holders[0].prefix
    shape.bundle.config["annotations"] = {"run.oci.delegate-cgroup": "a/b"}
    shape.bundle.namespace("cgroup")


def systemd(shape):
    """A scope of a systemd that is there for the walk."""
    why = systemd_host.missing()
    if why:
        pytest.skip(why)
    booted = systemd_host.shared()
    bundle = shape.bundle
    unit = f"walk-{bundle.name}.scope"
    bundle.linux["cgroupsPath"] = f"drayit.slice:walk:{bundle.name}"
    bundle.config["annotations"] = {"org.systemd.property.TimeoutStopUSec": "uint64 5000000",
                                    "run.oci.systemd.subgroup": "inner", "run.oci.delegate-cgroup": "payload"}
    bundle.namespace("cgroup")
    bundle.runtime.options += ["--systemd-cgroup"]
    bundle.runtime.prefix = booted.prefix
    shape.leftovers = lambda: booted.leftover(unit)


def systemd_user(shape):
    """A scope of a user's systemd, which exec joins through systemd."""
    why = systemd_host.missing()
    if why:
        pytest.skip(why)
    booted = systemd_host.shared()
    bundle = shape.bundle
    if not booted.as_user(bundle):
        pytest.skip("needs an ordinary user")
    bundle.linux["cgroupsPath"] = f":walk:{bundle.name}"
    ask = [*bundle.runtime.prefix[len(booted.prefix):], "env", f"XDG_RUNTIME_DIR={bundle.runtime.variables['XDG_RUNTIME_DIR']}",
           "systemctl", "--user"]
    shape.leftovers = lambda: booted.leftover(f"walk-{bundle.name}.scope", ask)


SHAPES = {function.__name__: function for function in (
    plain, readonly, userns, terminal, pidfd, notify, hooks, create_container_hook, seccomp, joined, joined_by_mapped,
    host_pid, host_mounts, detached, sysctl, net_devices, disabled, delegate, systemd, systemd_user)}


@contextlib.contextmanager
def shaped(name, bundle):
    """The bundle in that shape, with a top cgroup of its own so that leading directories are made."""
    shape = Shape(bundle)
    bundle.linux["cgroupsPath"] = f"/{bundle.name}/inner"
    bundle.args = ["/bin/probe", "wait"]
    try:
        SHAPES[name](shape)
        yield shape
    finally:
        shape.close()
