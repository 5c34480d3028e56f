# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private corner of the host: mounts, networks and run-time directories that end with the tests.

Engines write to places that no option moves, such as /run/netns and the runtime's own /run/dray.  In a
mount and a network namespace of our own they find empty ones there, and "host" networking, bridges and
packet filters are those of that namespace.
"""

import ctypes
import os
import pathlib
import subprocess
import threading

from harness import host

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000

# Each becomes an empty tmpfs with that mode.
EMPTY = {
    "/run/dray": 0o700,
    "/run/crun": 0o700,
    "/run/runc": 0o700,
    "/run/netns": 0o755,
    "/run/containers": 0o755,
    "/run/containerd": 0o711,
    "/run/docker": 0o700,
    "/run/cni": 0o755,
    "/var/lib/cni": 0o755,
    "/var/lib/containers": 0o755,
    "/var/lib/docker": 0o711,
    "/etc/cni": 0o755,
}

# Directories that were made to be mounted on, outermost first.
_made = []
# Parents that engines make in the cgroup hierarchies, and never remove; those that were there before.
CGROUP_PARENTS = ("libpod_parent/conmon", "libpod_parent", "k8s.io", "docker", "buildah", "consumers-parent/conmon",
                  "consumers-parent", "drayconsumers", "drayconsumers-own", "system.slice")
_cgroups_before = set()


def _cgroup_parents():
    roots = {host.CGROUP_ROOT} if host.cgroup_mode() == "v2" else set(host.v1_mounts().values()) | {host.CGROUP_ROOT / "unified"}
    return [root / name for name in CGROUP_PARENTS for root in roots]


def _make_directory(path):
    for part in [*reversed(path.parents), path]:
        if not part.is_dir():
            part.mkdir()
            _made.append(part)


def enter():
    """Only the thread that calls this moves, and those it starts: it has to be the first and only one."""
    assert threading.active_count() == 1, "too late for namespaces of our own"
    if host.libc.unshare(CLONE_NEWNS | CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    _cgroups_before.update(path for path in _cgroup_parents() if path.exists())
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name, mode in EMPTY.items():
        path = pathlib.Path(name).resolve()
        _make_directory(path)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode={mode:o}", "dray-consumers", path], check=True)


def share_ids(directory, name, first, count):
    """Gives that name a range of subordinate ids, in copies of the host's tables."""
    for table in ("subuid", "subgid"):
        real = pathlib.Path("/etc") / table
        if not real.exists():
            continue
        lines = [line for line in real.read_text().splitlines() if not line.startswith(f"{name}:")]
        (directory / table).write_text("\n".join([*lines, f"{name}:{first}:{count}"]) + "\n")
        subprocess.run(["mount", "--bind", directory / table, real], check=True)


def unshare_ids():
    for table in ("subuid", "subgid"):
        subprocess.run(["umount", f"/etc/{table}"], check=False, stderr=subprocess.DEVNULL)


def leave():
    """The namespaces end with the process; the directories that were not there before go now."""
    for path in _cgroup_parents():
        if (path not in _cgroups_before or "consumers" in str(path)) and path.exists():
            try:
                os.rmdir(path)
            except OSError:
                pass  # Somebody else uses it by now.
    for name in EMPTY:
        subprocess.run(["umount", "--recursive", "--lazy", pathlib.Path(name).resolve()], check=False)
    for path in reversed(_made):
        try:
            os.rmdir(path)
        except OSError:
            pass  # Somebody else uses it by now.


def unmount_below(directory):
    """What an engine that was killed left mounted; deepest first."""
    for line in reversed(host.mounts_below(directory)):
        if line.split()[4].startswith(str(directory)):
            subprocess.run(["umount", "--lazy", line.split()[4]], check=False, stderr=subprocess.DEVNULL)
