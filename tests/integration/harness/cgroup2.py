# SPDX-License-Identifier: LGPL-2.1-or-later
"""A view of this machine where cgroup2 is all there is at /sys/fs/cgroup."""

import subprocess

from . import host


class View:
    """A mount namespace, unless the machine is so anyway; prefix is what commands in it begin with."""

    def __init__(self):
        self.process = None
        self.prefix = []
        if host.cgroup_mode() == "v2":
            return
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c",
             "umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && echo ready && exec sleep 100000"],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert self.process.stdout.readline() == b"ready\n"
        host.kept.add(self.process.pid)
        self.prefix = ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt", "--"]

    def close(self):
        if self.process is not None:
            host.kept.discard(self.process.pid)
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
