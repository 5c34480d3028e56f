# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the suite wants of the host, as far as a mount namespace of our own can give it."""

import ctypes
import os
import subprocess
import time

CLONE_NEWNS = 0x20000
CGROUPS = "/sys/fs/cgroup"
# In no hierarchy of cgroup v2, so that mounting one takes nothing from anybody.
V1_ONLY = ("net_cls", "net_prio")


def leave_mount_namespace():
    """No mount that the runtime makes, in whatever namespace, is seen by the host."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "cannot unshare the mount namespace")
    mount("--make-rprivate", "/")


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def idle_controllers():
    """Those of V1_ONLY that the kernel has and that are mounted nowhere."""
    with open("/proc/cgroups", encoding="ascii") as file:
        rows = [line.split() for line in file if not line.startswith("#")]
    return [name for name, hierarchy, _, on in rows if name in V1_ONLY and (hierarchy, on) == ("0", "1")]


def place_controllers(scratch):
    """Adds a hierarchy of what is idle to a host with cgroup v1.  What was there stays as it is."""
    names = idle_controllers()
    if not names or not os.path.isdir(os.path.join(CGROUPS, "memory")):
        return
    base = os.path.join(scratch, "cgroup")
    os.mkdir(base)
    mount("-t", "tmpfs", "cgroup", base)
    for entry in os.scandir(CGROUPS):
        place = os.path.join(base, entry.name)
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), place)
        elif entry.is_dir():
            os.mkdir(place)
            mount("--rbind", entry.path, place)
    hierarchy = ",".join(names)
    os.mkdir(os.path.join(base, hierarchy))
    try:
        mount("-t", "cgroup", "-o", hierarchy, "cgroup", os.path.join(base, hierarchy))
    except subprocess.CalledProcessError:
        # Somebody was quicker, or this is a container: then without.
        subprocess.run(["umount", "-R", base], check=False)
        return
    for name in names:
        if name != hierarchy:
            os.symlink(hierarchy, os.path.join(base, name))
    mount("--move", base, CGROUPS)


def count_groups(name):
    with open("/proc/cgroups", encoding="ascii") as file:
        return next(int(line.split()[2]) for line in file if line.split()[0] == name)


def free_controllers(names):
    """A hierarchy ends with its last mount only when it has no groups any more, not even dying ones."""
    for name in names:
        for directory, _, _ in os.walk(os.path.join(CGROUPS, name), topdown=False):
            if directory != os.path.join(CGROUPS, name):
                try:
                    os.rmdir(directory)
                except OSError:
                    pass
    deadline = time.monotonic() + 20
    while any(count_groups(name) > 1 for name in names) and time.monotonic() < deadline:
        time.sleep(0.1)
