# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the command lines of Podman and Docker have in common."""

import json

from harness import host

from .engine import Engine


class Containers(Engine):
    """name is the engine's, image that of the tests; options come after run and create, for each container."""

    name = None
    image = None

    def __init__(self, program, options, environment, run_options=()):
        super().__init__(program, options, environment)
        self.run_options = run_options

    def run_words(self, *words, network="none", verb="run"):
        """A container of the runtime, without a network, which most flows do not need."""
        return [verb, *self.run_options, "--network", network, *words]

    def run(self, *words, network="none", **settings):
        return self(*self.run_words(*words, network=network), **settings)

    def rm_run(self, *words, **settings):
        return self.run("--rm", *words, **settings)

    def create(self, *words, **settings):
        return self(*self.run_words(*words, verb="create"), **settings)

    def detached(self, *words, network="none", command=("sleep", "1000")):
        """A container that stays; returns its id."""
        return self.run("-d", *words, self.image, *command, network=network).stdout.strip()

    def inspect(self, name):
        return json.loads(self("inspect", name).stdout)[0]

    def state(self, name):
        return self.inspect(name)["State"]

    def pid(self, name):
        return self.state(name)["Pid"]

    def wait_status(self, name, status, timeout=20):
        host.wait_until(lambda: self.state(name)["Status"] == status, f"{name} to be {status}", timeout)

    def wait_logged(self, name, words):
        host.wait_until(lambda: words in self("logs", name).stdout, f"{words!r} in the log of {name}")

    def status_of(self, *words):
        """/proc/self/status of a container with these options."""
        lines = self.rm_run(*words, self.image, "cat", "/proc/self/status").stdout.splitlines()
        return {line.split(":")[0]: line.split(":")[1].strip() for line in lines}


def has(status, capability, kind="CapEff"):
    """Whether a process with that status has the capability."""
    return bool(int(status[kind], 16) >> capability & 1)
