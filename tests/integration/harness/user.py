# SPDX-License-Identifier: LGPL-2.1-or-later
"""An ordinary user of the host, in a mount namespace that has its lines of /etc, and the runtime as it calls it."""

import os
import shutil
import subprocess

from . import host
from .runtime import Runtime

UID = 2123
NAME = "drayt"
FIRST = 300000  # of its subordinate ids
COUNT = 65536


class User:
    """Its files in a directory of the test's; those of the host are not touched."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir(exist_ok=True)
        os.chmod(directory, 0o755)
        for name, line in (("passwd", f"{NAME}:x:{UID}:{UID}::{directory}/home:/bin/sh\n"), ("group", f"{NAME}:x:{UID}:\n")):
            with open(f"/etc/{name}", encoding="utf-8") as own:
                (directory / name).write_text(own.read() + line)
        self.allow(f"{NAME}:{FIRST}:{COUNT}\n")
        self.home = self.own(directory / "home")
        self.runtime_directory = self.own(directory / "run")
        binds = " && ".join(f"mount --bind {directory}/{name} /etc/{name}" for name in ("passwd", "group", "subuid", "subgid"))
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", f"{binds} && echo ready && exec sleep 100000"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert self.holder.stdout.readline() == b"ready\n"
        host.kept.add(self.holder.pid)

    def own(self, path):
        path.mkdir(exist_ok=True)
        os.chown(path, UID, UID)
        os.chmod(path, 0o700)
        return path

    def allow(self, uids, gids=None):
        """What /etc/subuid and /etc/subgid say; the files stay the ones that are mounted."""
        (self.directory / "subuid").write_text(uids)
        (self.directory / "subgid").write_text(uids if gids is None else gids)

    def as_root(self, *words):
        """A command of root's in the namespace."""
        return subprocess.run(["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "--", *map(str, words)], check=True,
                              capture_output=True, text=True)

    @property
    def prefix(self):
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", "--", "setpriv", f"--reuid={UID}", f"--regid={UID}",
                "--clear-groups", "--"]

    def run(self, *words, **settings):
        return subprocess.run([*self.prefix, *map(str, words)], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, cwd=settings.pop("cwd", "/"), timeout=60 * host.PATIENCE, **settings)

    def close(self):
        host.kept.discard(self.holder.pid)
        self.holder.kill()
        self.holder.wait()


class UserRuntime(Runtime):
    """The runtime, from where the user can reach it, called by the user."""

    def __init__(self, directory, user):
        super().__init__(directory)
        self.user = user
        self.root = user.own(directory / "state")
        tools = directory / "runtime"
        tools.mkdir()
        os.chmod(tools, 0o755)
        self.path = tools / self.kind
        shutil.copy2(os.path.realpath(Runtime(directory).path), self.path)
        os.chmod(self.path, 0o755)
        self.prefix = user.prefix

    def environment(self, extra=None):
        base = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(self.user.home), "USER": "drayt",
                "XDG_RUNTIME_DIR": str(self.user.runtime_directory)}
        base.update(extra or {})
        return {key: value for key, value in base.items() if value is not None}


def own_bundle(bundle, owner=UID):
    """The bundle's files are the user's."""
    bundle.own_rootfs(owner)
    os.chown(bundle.directory, UID, UID)


def rootless(bundle, size=0):
    """A user namespace with the user as root, and size subordinate ids; no cgroup rules."""
    bundle.namespace("user")
    mapping = [{"containerID": 0, "hostID": UID, "size": 1}]
    if size:
        mapping.append({"containerID": 1, "hostID": FIRST, "size": size})
    bundle.linux["uidMappings"] = mapping
    bundle.linux["gidMappings"] = [dict(entry) for entry in mapping]
    bundle.linux.pop("resources", None)


def without_user_namespace(bundle):
    """For the runtime to add one."""
    bundle.no_namespace("user")
    for key in ("uidMappings", "gidMappings"):
        bundle.linux.pop(key)
