# SPDX-License-Identifier: LGPL-2.1-or-later
"""dockerd with directories and a socket of its own, on the tests' containerd."""

import json
import os
import pathlib
import shutil

from harness import host

from . import private
from .containers import Containers
from .daemon import Daemon
from .engine import Engine

IMAGE = "consumers/busybox"
RUN = pathlib.Path("/run/docker")


def find_client():
    """The distribution's client, for another that comes first may want a newer daemon."""
    for path in ("/usr/bin/docker", shutil.which("docker")):
        if path and os.access(path, os.X_OK):
            return path
    return None


class Dockerd:
    """The daemon; options are further ones, name tells its sockets from those of another."""

    def __init__(self, directory, runtimes, manager, containerd, options=(), name="consumers"):
        self.directory = directory
        self.socket = RUN / f"{name}.sock"
        # The system's configuration and the user's login must not matter.
        (directory / "config").mkdir()
        (directory / "daemon.json").write_text(json.dumps(
            {"experimental": True,  # checkpoints are, for Docker
             "runtimes": {name: {"path": runtime.path} for name, runtime in runtimes.items()}}))
        self.environment = dict(os.environ, TMPDIR=str(directory), DOCKER_CONFIG=str(directory / "config"),
                                DOCKER_HOST=f"unix://{self.socket}")
        for variable in ("DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
            self.environment.pop(variable, None)
        self.client = Engine(find_client(), [], self.environment)
        words = ["dockerd", "--config-file", directory / "daemon.json", "--data-root", directory / "data",
                 "--exec-root", RUN / f"{name}.exec", "--containerd", containerd.socket, "--pidfile", RUN / f"{name}.pid", "--host", f"unix://{self.socket}",
                 "--iptables=false", "--ip-masq=false", "--group", "root", "--exec-opt", f"native.cgroupdriver={manager}",
                 "--default-ulimit", "nofile=1024:1024", "--log-driver", "json-file", *options]
        self.daemon = Daemon(words, directory / "log", self.environment,
                             lambda: self.client("version", code=None).returncode == 0)

    def start(self, layer):
        self.daemon.start()
        self.client("import", layer, IMAGE)

    def stop(self):
        self.daemon.stop()
        private.unmount_below(self.directory)
        private.unmount_below(RUN)


class Docker(Containers):
    """docker, with one of the runtimes for each container."""

    name = "docker"
    image = IMAGE

    def __init__(self, dockerd, runtime, handler):
        super().__init__(dockerd.client.program, [], dockerd.environment, ["--runtime", handler])
        self.dockerd = dockerd
        self.runtime = runtime
        self.handler = handler

    def remove(self, *names):
        self("rm", "--force", "--volumes", *names)

    def remove_all(self):
        names = self("ps", "--all", "--quiet", "--no-trunc").stdout.split()
        if names:
            self.remove(*names)

    def left(self):
        found = [f"container {name}" for name in self("ps", "--all", "--quiet").stdout.split()]
        for root in RUN.glob("*.exec/runtime-*/moby"):
            found += [f"state {entry}" for entry in root.iterdir()]
        found += [f"mount {line.split()[4]}" for line in host.mounts_below(self.dockerd.directory)
                  if line.split()[4].endswith(("/merged", "/shm"))]
        return found

    def clean(self):
        """Removes everything; returns what was left after that."""
        self.remove_all()
        host.wait_until(lambda: not [pid for pid in host.reap_dead() if "containerd-shim" in host.describe_process(pid)],
                        "the end of the shims")
        return self.left()
