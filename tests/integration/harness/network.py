# SPDX-License-Identifier: LGPL-2.1-or-later
"""Network namespaces of the tests' own: devices are made and moved there, never among the host's."""

import json
import os
import pathlib
import subprocess

from . import host


class Network:
    """A network namespace that lives as long as this object, or that of process @pid."""

    def __init__(self, pid=None):
        if pid is not None:
            self.path = pathlib.Path(f"/proc/{pid}/ns/net")
            return
        ours = os.readlink("/proc/self/ns/net")
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], stdin=subprocess.DEVNULL)
        self.path = pathlib.Path(f"/proc/{self.process.pid}/ns/net")
        host.kept.add(self.process.pid)
        host.wait_until(lambda: os.readlink(self.path) != ours, "the network namespace")

    @property
    def prefix(self):
        """Before a command that shall run in it."""
        return ["nsenter", f"--net={self.path}"]

    def ip(self, *words):
        done = subprocess.run([*self.prefix, "ip", *" ".join(map(str, words)).split()], check=True,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return done.stdout

    def links(self):
        """Names of its devices, the loopback device aside."""
        return sorted(link["ifname"] for link in json.loads(self.ip("-json link")) if link["ifname"] != "lo")

    def device(self, name):
        """What ip says of one device."""
        return json.loads(self.ip("-json addr show dev", name))[0]

    def addresses(self, name, scope=None):
        """Its addresses with prefix length; but for those that the kernel makes of the hardware's."""
        return [f"{entry['local']}/{entry['prefixlen']}" for entry in self.device(name)["addr_info"]
                if not entry["local"].startswith("fe80:") and scope in (None, entry["scope"])]

    def pair(self, name, peer):
        self.ip("link add", name, "type veth peer name", peer)

    def close(self):
        self.process.kill()
        self.process.wait()
        host.kept.discard(self.process.pid)
