# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bundle on disk and the container made from it."""

import json
import os
import pathlib
import shutil
import subprocess
import time

from . import config as configs
from . import host
from .runtime import Output, Runtime


class Bundle:
    """A directory with rootfs and config, an id of its own and the state root of its test."""

    def __init__(self, directory, name, runtime: Runtime, probe):
        self.directory = pathlib.Path(directory)
        self.name = name  # the id, which a test may change
        self.token = name  # in the cgroup's name, unique whatever the id
        self.runtime = runtime
        self.probe = probe
        self.rootfs = self.directory / "rootfs"
        self.config = configs.default_config(name)
        self.text = None  # written instead of the config when set
        self.output = None
        self.reapers = []
        self.pid_file = self.directory / "pid"
        self.make_rootfs()

    # --- what is on disk

    def make_rootfs(self):
        for entry in ("bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "usr/bin", "var"):
            (self.rootfs / entry).mkdir(parents=True, exist_ok=True)
        os.chmod(self.rootfs / "tmp", 0o1777)
        (self.rootfs / "etc/passwd").write_text(
            "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n")
        (self.rootfs / "etc/group").write_text("root:x:0:\ntty:x:5:\nuser:x:1000:\n")
        os.link(self.probe, self.rootfs / "bin/probe")
        busybox = self.probe.with_name("busybox")
        if busybox.exists():
            os.link(busybox, self.rootfs / "bin/busybox")
            for tool in ("sh", "cat", "ls", "sleep", "id", "env", "true", "false", "echo", "tty",
                         "stty", "ps", "mount", "umount", "kill", "mkdir", "ln", "dd", "readlink"):
                os.symlink("busybox", self.rootfs / "bin" / tool)

    def write(self):
        """Puts the config on disk, as the test left it."""
        text = self.text
        if text is None:
            text = json.dumps(self.config, indent=1)
        if isinstance(text, str):
            text = text.encode()
        (self.directory / "config.json").write_bytes(text)

    def file(self, path, text="", mode=None):
        """A file in the rootfs."""
        target = self.rootfs / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, str):
            text = text.encode()
        target.write_bytes(text)
        if mode is not None:
            os.chmod(target, mode)
        return target

    # --- shorthands for the config

    @property
    def process(self):
        return self.config["process"]

    @property
    def linux(self):
        return self.config["linux"]

    @property
    def resources(self):
        return self.config["linux"].setdefault("resources", {})

    @property
    def args(self):
        return self.process["args"]

    @args.setter
    def args(self, words):
        self.process["args"] = list(words)

    def shell(self, script):
        self.args = ["/bin/sh", "-c", script]

    def add_mount(self, destination, kind=None, source=None, options=None):
        mount = {"destination": destination}
        if kind is not None:
            mount["type"] = kind
        if source is not None:
            mount["source"] = str(source)
        if options is not None:
            mount["options"] = list(options)
        self.config["mounts"].append(mount)
        return mount

    def mount_at(self, destination):
        return next(m for m in self.config["mounts"] if m["destination"] == destination)

    def remove_mount(self, destination):
        self.config["mounts"].remove(self.mount_at(destination))

    def namespace(self, kind, path=None):
        """Adds or replaces the namespace of that kind."""
        self.no_namespace(kind)
        entry = {"type": kind}
        if path is not None:
            entry["path"] = str(path)
        self.linux["namespaces"].append(entry)

    def no_namespace(self, kind):
        self.linux["namespaces"] = [n for n in self.linux["namespaces"] if n["type"] != kind]

    def map_users(self, host_id=100000, size=65536):
        """A user namespace; the rootfs is given to its root.  No device rules, as Podman does."""
        self.namespace("user")
        mapping = [{"containerID": 0, "hostID": host_id, "size": size}]
        self.linux["uidMappings"] = mapping
        self.linux["gidMappings"] = [dict(entry) for entry in mapping]
        self.resources.pop("devices", None)
        self.own_rootfs(host_id)

    def own_rootfs(self, owner):
        """Gives every file to the owner; linked ones are copied first, others use them too."""
        for name in ("bin/probe", "bin/busybox"):
            path = self.rootfs / name
            if path.exists() and path.stat().st_nlink > 1:
                copy = path.with_name(path.name + ".copy")
                shutil.copy2(path, copy)
                os.rename(copy, path)
        os.chown(self.rootfs, owner, owner)
        for base, directories, files in os.walk(self.rootfs):
            for entry in directories + files:
                os.chown(os.path.join(base, entry), owner, owner, follow_symlinks=False)

    # --- commands

    def command(self, verb, *arguments, write=True, **settings):
        if write:
            self.write()
        return self.runtime(verb, "--bundle", self.directory, *arguments, self.name, **settings)

    def run(self, *arguments, **settings):
        """In the foreground, to the end."""
        return self.command("run", *arguments, **settings)

    def create(self, *arguments, **settings):
        """Leaves the container's output in self.output."""
        if self.output:
            self.output.close()
        self.output = Output()
        try:
            return self.command("create", "--pid-file", self.pid_file, *arguments,
                                stdout=settings.pop("stdout", self.output.writer), **settings)
        finally:
            self.output.close_writer()

    def run_detached(self, *arguments, **settings):
        self.output = Output()
        try:
            return self.command("run", "--detach", "--pid-file", self.pid_file, *arguments,
                                stdout=self.output.writer, **settings)
        finally:
            self.output.close_writer()

    def start(self, **settings):
        return self.runtime("start", self.name, **settings)

    def up(self, *arguments, status=None):
        """Creates and starts a container that reports signals, and waits until it does."""
        if self.args == ["/bin/probe", "facts"]:
            self.args = ["/bin/probe", "wait"] + ([str(status)] if status is not None else [])
        self.create(*arguments).ok()
        self.start().ok()
        self.output.expect("ready")
        return self

    def kill(self, *arguments, **settings):
        return self.runtime("kill", *arguments[1:], self.name, *arguments[:1], **settings)

    def delete(self, *arguments, **settings):
        return self.runtime("delete", *arguments, self.name, **settings)

    def exec(self, *words, options=(), **settings):
        return self.runtime("exec", *options, self.name, *words, **settings)

    def exec_detached(self, *words, options=()):
        """exec --detach, reaped in the background; the result has its pid and code()."""
        pid_file = self.directory / f"pid.{len(self.reapers)}"
        self.runtime("exec", "--detach", "--pid-file", pid_file, *options, self.name, *words).ok()
        self.reapers.append(host.Reaper(int(pid_file.read_text())))
        return self.reapers[-1]

    def exec_process(self, process, *arguments, **settings):
        """exec --process with this document."""
        path = self.directory / "process.json"
        path.write_text(process if isinstance(process, str) else json.dumps(process))
        return self.runtime("exec", "--process", path, *arguments, self.name, **settings)

    def state(self):
        return self.runtime("state", self.name).json()

    @property
    def status(self):
        return self.state()["status"]

    @property
    def pid(self):
        return int(self.pid_file.read_text())

    def wait(self, timeout=20):
        """The exit code of the container's first process; we are its subreaper."""
        return host.wait_exit(self.pid, timeout)

    # --- what the probe says

    def facts(self, *names, run=()):
        """Runs the probe as the container and returns what it says of itself."""
        self.args = ["/bin/probe", "facts", *names]
        return self.run(*run).json()

    def tries(self, *actions, run=()):
        """Runs the probe's actions, each a list or a string of words; returns their results."""
        self.args = probe_words("/bin/probe", actions)
        return self.run(*run).json()

    def exec_facts(self, *names, options=(), **settings):
        return self.exec("/bin/probe", "facts", *names, options=options, **settings).json()

    def exec_tries(self, *actions, options=(), **settings):
        return self.exec(*probe_words("/bin/probe", actions), options=options, **settings).json()

    # --- the host's view

    def cgroup(self, controller):
        """Our directory in that controller's v1 hierarchy."""
        base = host.v1_mounts()[controller]
        found = [base / path for path in host.cgroups_named(self.token)
                 if pathlib.Path(path).is_relative_to(base)]
        assert found, f"no cgroup of {self.name} below {base}"
        return min(found, key=lambda path: len(path.parts))

    def cgroup_value(self, controller, file):
        return (self.cgroup(controller) / file).read_text().strip()

    # --- the end

    def clean(self):
        """Removes the container and returns what it left behind."""
        left = []
        if self.runtime.root.exists():
            errors = self.directory.with_name(self.directory.name + ".clean")
            with open(errors, "wb") as err:
                process = self.runtime.popen("delete", "--force", self.name, stdout=err, stderr=err)
                host.wait_until(lambda: host.reap_dead([process.pid]) and False or
                                process.poll() is not None, "delete --force")
            if process.returncode != 0:
                left.append(f"delete --force failed: {errors.read_text(errors='replace')}")
        if self.output:
            self.output.close()
        left += self.leaks()
        for line in reversed(host.mounts_below(self.directory)):
            subprocess.run(["umount", "--lazy", line.split()[4]], check=False)
        host.remove_cgroups(host.cgroups_named(self.token))
        return left

    def leaks(self):
        """What is on the host of this container, which should be gone."""
        left = []
        root = self.runtime.root
        if root.exists():
            left += [f"state entry {root / entry}" for entry in os.listdir(root)
                     if entry == self.name or self.token in entry]
        mounts = host.mounts_below(self.directory)
        left += [f"mount {line}" for line in mounts]
        left += [f"cgroup {path}" for path in host.cgroups_named(self.token)]
        return left


def probe_words(path, actions):
    words = [path, "try"]
    for action in actions:
        words += (action.split() if isinstance(action, str) else [str(word) for word in action]) + [","]
    return words


def settle(seconds=0.05):
    """Gives a wrong thing the time to happen; never needed for a right one."""
    time.sleep(seconds * host.PATIENCE)
