# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host with systemd: this one, or one that is booted in namespaces.

Where no systemd runs but its program and dbus-daemon are installed, it is started as the first
process of new PID, mount, cgroup, UTS and IPC namespaces, with a cgroup2 of its own at
/sys/fs/cgroup (a part of this host's, with the controllers that are there) and a handful of units.
The files of tests are seen on both sides; processes have other numbers inside.
"""

import atexit
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

from . import host
from .user import NAME, UID

SYSTEMD = pathlib.Path("/lib/systemd/systemd")
UNITS = {
    "test.target": "[Unit]\nDefaultDependencies=no\nWants=dbus.socket\n",
    "dbus.socket": "[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=/run/dbus/system_bus_socket\n",
    "dbus.service": ("[Unit]\nDefaultDependencies=no\nRequires=dbus.socket\n[Service]\nType=notify\n"
                     "ExecStart=/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile "
                     "--systemd-activation --syslog-only\n"),
    "exit.target": "[Unit]\nDefaultDependencies=no\n",
}
USER_UNITS = {
    "default.target": "[Unit]\nDefaultDependencies=no\nWants=dbus.socket\nAfter=dbus.socket\n",
    "dbus.socket": "[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=%t/bus\n",
    "dbus.service": ("[Unit]\nDefaultDependencies=no\nRequires=dbus.socket\n[Service]\nType=notify\n"
                     "ExecStart=/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile "
                     "--systemd-activation --syslog-only\n"),
}
INSIDE = """
set -e
for top in $1; do echo $$ > "$top/cgroup.procs"; done
exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child=KILL --cgroup --uts --ipc --propagation private sh -e -c '
mount -t proc proc /proc
umount -R /sys/fs/cgroup
eval "$2"
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/dbus
mount --bind "$1/passwd" /etc/passwd
exec env -i container=dray-test PATH="$PATH" SYSTEMD_UNIT_PATH="/run/systemd/transient:$1" SYSTEMD_LOG_TARGET=console \
    /lib/systemd/systemd --system --unit=test.target --show-status=0
' sh "$2" "$3"
"""
MOUNT_V2 = "mount -t cgroup2 cgroup2 /sys/fs/cgroup"


def is_booted():
    return pathlib.Path("/run/systemd/system").is_dir()


def unified():
    """Where this host's cgroup2 is mounted, or None."""
    for line in open("/proc/self/mounts"):
        _, target, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(target)
    return None


def missing():
    """Why there can be no such host, or None."""
    if not host.is_root():
        return "needs root"
    if is_booted():
        return None
    if not SYSTEMD.exists() or shutil.which("dbus-daemon") is None:
        return "needs systemd, or its program and dbus-daemon to boot one in namespaces"
    return None if unified() else "needs a cgroup2"


class SystemdHost:
    """How to run things on it, and what its systemd says."""

    def __init__(self, v1=False):
        self.process = None
        self.v1 = v1
        self.tops = []
        self.prefix = []
        self.top = pathlib.Path("/sys/fs/cgroup")
        self.units = None
        if v1 or not is_booted():
            self.boot()

    def boot(self):
        self.units = pathlib.Path(tempfile.mkdtemp(prefix="dray-units-"))
        for name, text in UNITS.items():
            (self.units / name).write_text(text)
        own = pathlib.Path("/etc/passwd").read_text(encoding="utf-8")
        (self.units / "passwd").write_text(own + f"{NAME}:x:{UID}:{UID}::/:/bin/sh\n", encoding="utf-8")
        name = f"dray-systemd-{'v1-' if self.v1 else ''}{os.getpid()}"
        self.top = unified() / name
        self.tops = [self.top]
        if self.v1:
            self.tops += sorted({path / name for path in host.v1_mounts().values()})
        for top in self.tops:
            top.mkdir()
        if self.v1:
            cpuset = host.v1_mounts()["cpuset"]
            for file in ("cpuset.cpus", "cpuset.mems"):
                (cpuset / name / file).write_text((cpuset / file).read_text())
        self.log = open(self.units / "log", "w+b")
        tops = " ".join(map(str, self.tops))
        self.process = subprocess.Popen(["sh", "-c", INSIDE, "sh", tops, self.units, self.mounts()], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        host.kept.add(self.process.pid)
        first = host.wait_until(self._first, "systemd's process")
        self.prefix = ["nsenter", "--target", str(first), "--mount", "--pid", "--cgroup", "--uts", "--ipc"]
        host.wait_until(lambda: self.try_run("systemctl", "is-active", "dbus.socket").returncode == 0,
                        "systemd to be up", timeout=30)
        if self.v1:  # systemd makes mount points for what it would mount together, and cannot
            self.run("sh", "-c", "mount -o remount,rw /sys/fs/cgroup; cd /sys/fs/cgroup; rmdir -- *,* 2>/dev/null; true")

    def mounts(self):
        """The script that mounts cgroups in the new namespaces."""
        if not self.v1:
            return MOUNT_V2
        lines = ["mount -t tmpfs tmpfs /sys/fs/cgroup", "mkdir /sys/fs/cgroup/unified",
                 "mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified"]
        for path in sorted(set(host.v1_mounts().values())):
            names = [name for name, where in host.v1_mounts().items() if where == path]
            option = ",".join("none,name=systemd" if name in ("systemd", "name=systemd") else name for name in names)
            lines += [f"mkdir {path}", f"mount -t cgroup -o {option} cgroup {path}"]
        return "\n".join(lines)

    def _first(self):
        pid = self.process.pid
        try:
            children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if children and pathlib.Path(f"/proc/{children[0]}/comm").read_text() == "systemd\n":
                return int(children[0])
        except FileNotFoundError:
            pass
        assert self.process.poll() is None, f"systemd did not start: {self.log_text()}"
        return None

    def log_text(self):
        return (self.units / "log").read_text(errors="replace")

    def try_run(self, *words, **settings):
        return subprocess.run([*self.prefix, *map(str, words)], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60 * host.PATIENCE, **settings)

    def run(self, *words):
        done = self.try_run(*words)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def show(self, unit, *names):
        """Properties of a unit as systemctl prints them."""
        lines = self.run("systemctl", "show", unit, *(f"--property={name}" for name in names)).splitlines()
        found = dict(line.split("=", 1) for line in lines)
        return found[names[0]] if len(names) == 1 else found

    def is_loaded(self, unit):
        return self.show(unit, "LoadState") != "not-found"

    def is_active(self, unit):
        return self.try_run("systemctl", "is-active", unit).stdout.strip() in ("active", "activating", "deactivating")

    def gone(self, unit):
        """Waits until systemd has forgotten the unit."""
        host.wait_until(lambda: not self.is_loaded(unit), f"{unit} to be gone")

    def cgroup(self, unit):
        """The unit's cgroup as a path on this side."""
        path = self.show(unit, "ControlGroup")
        assert path, f"{unit} has no cgroup"
        return self.top / path.lstrip("/")

    def leftover(self, unit, systemctl=("systemctl",)):
        """What there still is of a unit that should be gone, in words."""
        def is_gone():
            return "LoadState=not-found" in self.run(*systemctl, "show", "--property=LoadState", unit)
        try:
            host.wait_until(is_gone, f"{unit} to be gone", 5)
        except AssertionError:
            return [f"unit {unit} is still there"]
        return []

    def controllers(self):
        return (self.top / "cgroup.controllers").read_text().split()

    def ordinary_user(self):
        """The uid of one; None where there is none."""
        users = [line.split(":") for line in self.run("cat", "/etc/passwd").splitlines()]
        return next((int(user[2]) for user in users if 1000 <= int(user[2]) < 60000), None)

    def start_user_manager(self, uid):
        """A systemd of that user's, with a bus, in a delegated cgroup; returns its $XDG_RUNTIME_DIR."""
        directory = f"/run/user/{uid}"
        if self.is_active(f"dray-user-{uid}.service"):
            return directory
        units = pathlib.Path(tempfile.mkdtemp(prefix="dray-user-units-"))
        os.chmod(units, 0o755)
        for name, text in USER_UNITS.items():
            (units / name).write_text(text)
        self.run("mkdir", "-p", directory)
        self.run("chown", f"{uid}:{uid}", directory)
        self.run("chmod", "700", directory)
        self.run("systemd-run", f"--unit=dray-user-{uid}.service", "--collect", f"--uid={uid}", f"--gid={uid}",
                 "--property=Delegate=yes", "--property=Type=notify", "--property=DefaultDependencies=no",
                 f"--setenv=XDG_RUNTIME_DIR={directory}",
                 f"--setenv=SYSTEMD_UNIT_PATH={units}", "--setenv=SYSTEMD_LOG_TARGET=console", SYSTEMD, "--user")
        atexit.register(self.stop_user_manager, uid, units)
        return directory

    def as_user(self, bundle):
        """From now on an ordinary user calls the runtime, with its helper, for the bundle; False: there is none."""
        uid = self.ordinary_user()
        if uid is None:
            return False
        runtime = bundle.runtime
        bundle.map_users(uid, 1)
        bundle.linux.pop("resources", None)
        runtime.uid = uid
        runtime.variables = {"XDG_RUNTIME_DIR": self.start_user_manager(uid)}
        runtime.root.mkdir()
        runtime.root.chmod(0o700)
        installed = pathlib.Path(os.path.realpath(runtime.path))
        tools = runtime.directory / "runtime"
        helper = tools / "src/helper"
        helper.mkdir(parents=True)
        runtime.path = tools / runtime.kind
        shutil.copy2(installed, runtime.path)
        if (installed.parent / "src/helper/dray-helper").exists():
            shutil.copy2(installed.parent / "src/helper/dray-helper", helper)
        for path in (tools, tools / "src", helper):
            path.chmod(0o755)
        for path in (runtime.root, bundle.directory):
            os.chown(path, uid, uid)
        runtime.prefix = [*self.prefix, "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--"]
        runtime.options = ["--systemd-cgroup"]
        runtime.environment = lambda extra=None: {
            key: value for key, value in {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **runtime.variables,
                                          **(extra or {})}.items() if value is not None}
        return True

    def stop_user_manager(self, uid, units):
        if self.process is None:
            self.try_run("systemctl", "kill", "--signal=KILL", f"dray-user-{uid}.service")
        shutil.rmtree(units, ignore_errors=True)

    def close(self):
        if self.process is None:
            return
        host.kept.discard(self.process.pid)
        self.process.kill()
        self.process.wait()
        for _ in range(100):
            host.remove_cgroups(list(map(str, self.tops)))
            if not any(top.exists() for top in self.tops):
                break
            time.sleep(0.05)
        self.log.close()
        shutil.rmtree(self.units, ignore_errors=True)


@functools.cache
def shared(v1=False):
    """The one of this test session."""
    booted = SystemdHost(v1)
    atexit.register(booted.close)
    return booted
