# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman with storage of its own; the runtime is chosen anew with every call."""

import json
import os
import shutil
import subprocess

from harness import host

from . import private
from .containers import Containers
from .engine import Engine, describe

IMAGE = "localhost/consumers/busybox"


def podman_version():
    words = subprocess.run(["podman", "--version"], capture_output=True, text=True, check=True).stdout.split()
    return tuple(int(number) for number in words[2].split("-")[0].split(".")[:2])


class PodmanStore:
    """Images and containers; both runtimes share it."""

    def __init__(self, directory, manager):
        self.directory = directory
        self.rootfs = directory.parent / "image/rootfs"
        network = "netavark" if shutil.which("netavark") or os.path.exists("/usr/lib/podman/netavark") else "cni"
        # The policy, registries, limits and hooks of this machine must not matter.
        (directory / "containers.conf").write_text(
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\napparmor_profile = ""\n'
            f'[engine]\ntmp_dir = "{directory}/tmp"\n'
            # Which runtimes know these is told by name, and ours is not in this version's list.
            'runtime_supports_json = ["dray", "crun", "runc"]\nruntime_supports_nocgroup = ["dray", "crun"]\n'
            f'[network]\nnetwork_backend = "{network}"\n')
        (directory / "hooks").mkdir()
        self.options = ["--root", directory / "storage", "--runroot", directory / "run",
                        "--storage-driver", os.environ.get("CONSUMERS_STORAGE", "overlay"),
                        "--cgroup-manager", manager, "--events-backend", "file", "--hooks-dir", directory / "hooks"]
        self.environment = dict(os.environ, CONTAINERS_CONF=str(directory / "containers.conf"),
                                TMPDIR=str(directory), XDG_RUNTIME_DIR="")
        self.environment.pop("NOTIFY_SOCKET", None)
        # Podman 5 warns on every call.
        self.environment["PODMAN_IGNORE_CGROUPSV1_WARNING"] = "1"
        client = Engine("podman", self.options, self.environment)
        client("import", directory.parent / "image/image.tar", IMAGE)

    def clean(self):
        client = Engine("podman", self.options, self.environment)
        client("pod", "rm", "--all", "--force", code=None)
        client("rm", "--all", "--force", "--time", "0", code=None)
        private.unmount_below(self.directory)


class Podman(Containers):
    name = "podman"
    image = IMAGE

    def __init__(self, store, runtime):
        super().__init__("podman", [*store.options, "--runtime", runtime.path], store.environment)
        self.directory = store.directory  # where conmon notes that memory has run out
        self.store = store
        self.runtime = runtime
        self.said = set()

    def remove(self, *names):
        """At once, without the time that a container gets to end."""
        self("rm", "--force", "--time", "0", *names)

    def remove_all(self):
        """Podman's own cleaning up, which conmon calls, may still have the shm of a user namespace mounted, with every
        runtime: then once more when that has ended."""
        done = self("rm", "--force", "--time", "0", "--all", code=None)
        if "device or resource busy" in done.stderr:
            host.wait_until(lambda: self("rm", "--force", "--time", "0", "--all", code=None).returncode == 0, "the end of Podman's cleanup")
        else:
            assert done.returncode == 0, describe(done, 0)

    def words(self, *words):
        self.said.update(map(str, words))
        return super().words(*words)

    def stored(self):
        """Ids of the containers in the storage, read from its files: a call takes seconds on a slow machine."""
        files = (self.store.directory / "storage").glob("*-containers/*containers.json")
        return [entry["id"] for file in files for entry in json.loads(file.read_text() or "[]") or []]

    def left(self):
        """What of this store's containers is still to be found on the host."""
        found = [f"container {name}" for name in self.stored()]
        if self.runtime.state_root.is_dir():
            found += [f"state {entry}" for entry in self.runtime.state_root.iterdir()
                      if len(entry.name) == 64]
        found += [f"mount {line.split()[4]}" for line in host.mounts_below(self.store.directory)
                  if line.split()[4].endswith(("/merged", "/shm"))]
        return found

    def clean(self):
        """Removes every container; returns what was left after that."""
        if self.said & {"pod", "kube"}:
            # Without this every infra container would be waited for.
            self("pod", "kill", "--all", code=None)
            self("pod", "rm", "--all", "--force", code=None)
        if self.stored() or "--rootfs" in self.said:
            self.remove_all()
        volumes = self.store.directory / "storage/volumes"
        if volumes.is_dir() and any(volumes.iterdir()):
            self("volume", "rm", "--all", "--force", code=None)
        host.wait_until(lambda: not [pid for pid in host.reap_dead() if "conmon" in host.describe_process(pid)],
                        "the end of conmon")
        return self.left()
