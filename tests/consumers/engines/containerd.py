# SPDX-License-Identifier: LGPL-2.1-or-later
"""containerd with a configuration, state and socket of its own; ctr and crictl as its clients."""

import json
import os
import pathlib
import re
import shutil
import subprocess

from harness import host

from . import private
from .daemon import Daemon
from .engine import Engine

IMAGE = "localhost/consumers/busybox:latest"
NAMESPACE = "drayconsumers"
RUN = pathlib.Path("/run/containerd")
CRI_TOOLS = "v1.34.0"

# The form of containerd 1.
CONFIG = """version = 2
root = "{directory}/root"
state = "{run}/state"
[grpc]
  address = "{run}/c.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{image}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni}"
    conf_dir = "{directory}/net.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "dray"
"""

# The form of containerd 2; bin_dirs is of 2.1.
CONFIG_3 = """version = 3
root = "{directory}/root"
state = "{run}/state"
[grpc]
  address = "{run}/c.sock"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "{image}"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["{cni}"]
    conf_dir = "{directory}/net.d"
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "dray"
"""

HANDLER = """    [plugins."{plugin}".containerd.runtimes.{name}]
      runtime_type = "io.containerd.runc.v2"
      [plugins."{plugin}".containerd.runtimes.{name}.options]
        BinaryName = "{path}"
        SystemdCgroup = {systemd}
"""

NETWORK = {
    "cniVersion": "0.4.0", "name": "consumers",
    "plugins": [
        {"type": "bridge", "bridge": "cons0", "isGateway": True, "ipMasq": False,
         "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.89.77.0/24"}]], "dataDir": ""}},
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ],
}


def find_cni():
    for directory in ("/usr/lib/cni", "/opt/cni/bin"):
        if os.path.exists(f"{directory}/bridge"):
            return directory
    return None


def containerd_version():
    words = subprocess.run(["containerd", "--version"], capture_output=True, text=True, check=True).stdout.split()
    return tuple(int(number) for number in re.match(r"v?(\d+)\.(\d+)", words[2]).groups())


class Containerd:
    """The daemon and its images."""

    def __init__(self, directory, runtimes, manager):
        self.directory = directory
        self.manager = manager
        self.socket = RUN / "c.sock"
        (directory / "net.d").mkdir()
        NETWORK["plugins"][0]["ipam"]["dataDir"] = str(directory / "ipam")
        (directory / "net.d/10-consumers.conflist").write_text(json.dumps(NETWORK))
        form, plugin = (CONFIG_3, "io.containerd.cri.v1.runtime") if containerd_version() >= (2, 1) \
            else (CONFIG, "io.containerd.grpc.v1.cri")
        text = form.format(directory=directory, run=RUN, image=IMAGE, cni=find_cni() or "/nonexistent")
        for name, runtime in runtimes.items():
            text += HANDLER.format(plugin=plugin, name=name, path=runtime.path, systemd=str(manager == "systemd").lower())
        (directory / "config.toml").write_text(text)
        self.environment = dict(os.environ, TMPDIR=str(directory))
        self.client = Engine("ctr", ["--address", self.socket, "--namespace", NAMESPACE], self.environment)
        self.daemon = Daemon(["containerd", "--config", directory / "config.toml"], directory / "log", self.environment,
                             lambda: self.client("version", code=None).returncode == 0)

    def start(self, archive):
        self.daemon.start()
        for namespace in (NAMESPACE, "k8s.io"):
            Engine("ctr", ["--address", self.socket, "--namespace", namespace], self.environment)(
                "image", "import", archive)

    def stop(self):
        self.daemon.stop()
        private.unmount_below(RUN / "state")


class Ctr(Engine):
    """ctr with one of the runtimes."""

    def __init__(self, containerd, runtime):
        super().__init__("ctr", containerd.client.options, containerd.environment)
        self.containerd = containerd
        self.runtime = runtime
        self.made = []

    def run(self, name, *words, options=(), **settings):
        """ctr run; the container's command is words."""
        return self("run", *self.how(name), *options, IMAGE, name, *words, **settings)

    def how(self, name):
        """How a container of that name runs, which is removed in the end; systemd wants to know its slice."""
        self.made.append(name)
        words = ["--runc-binary", self.runtime.path]
        if self.containerd.manager == "systemd":
            words += ["--runc-systemd-cgroup", "--cgroup", f"system.slice:drayconsumers:{name}"]
        return words

    def rm_run(self, *words, options=(), **settings):
        return self.run(f"once{len(self.made)}", *words, options=("--rm", *options), **settings)

    def detached(self, name, *words, options=()):
        self.run(name, *(words or ("sleep", "1000")), options=("--detach", *options))
        return name

    def tasks(self):
        """Name to (pid, status)."""
        rows = [line.split() for line in self("task", "ls").stdout.splitlines()[1:]]
        return {row[0]: (int(row[1]), row[2]) for row in rows}

    def wait_status(self, name, status):
        host.wait_until(lambda: self.tasks().get(name, (0, "gone"))[1] == status, f"{name} to be {status}")

    def left(self):
        found = [f"container {name}" for name in self("container", "ls", "--quiet").stdout.split()]
        root = RUN / "runc" / NAMESPACE
        found += [f"state {entry}" for entry in root.iterdir()] if root.is_dir() else []
        found += [f"mount {line.split()[4]}" for line in host.mounts_below(RUN / "state/io.containerd.runtime.v2.task")]
        return found

    def remove_all(self):
        for name in self("task", "ls", "--quiet").stdout.split():
            self("task", "rm", "--force", name, code=None)
        for name in self("container", "ls", "--quiet").stdout.split():
            self("container", "rm", name, code=None)
        for name in self("snapshot", "ls").stdout.split("\n")[1:]:
            if name and not name.startswith("sha256:"):
                self("snapshot", "rm", name.split()[0], code=None)

    def clean(self):
        """Removes everything; returns what was left after that."""
        self.remove_all()
        host.wait_until(lambda: not [pid for pid in host.reap_dead() if "containerd-shim" in host.describe_process(pid)],
                        "the end of the shims")
        return self.left()


def find_crictl():
    """crictl of the host, prepared for it, or built once by Go; None where none of these can be."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "dray" / f"cri-tools-{CRI_TOOLS}"
    for path in (shutil.which("crictl"), os.path.join(os.environ.get("PREBUILT", "/nonexistent"), "crictl"), cache / "crictl"):
        if path and os.access(path, os.X_OK):
            return str(path)
    if not shutil.which("go"):
        return None
    cache.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["go", "install", f"sigs.k8s.io/cri-tools/cmd/crictl@{CRI_TOOLS}"], cwd="/", check=False,
                          env=dict(os.environ, GOBIN=str(cache), GOFLAGS="-mod=mod", GOTOOLCHAIN="local"),
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    return str(cache / "crictl") if done.returncode == 0 else None


class Crictl(Engine):
    """The client of Kubernetes' container runtime interface; the handler is the pod's RuntimeClass."""

    def __init__(self, containerd, program, handler, directory):
        (directory / "crictl.yaml").write_text(f"runtime-endpoint: unix://{containerd.socket}\n"
                                               f"image-endpoint: unix://{containerd.socket}\ntimeout: 30\n")
        super().__init__(program, ["--config", directory / "crictl.yaml"], containerd.environment)
        self.containerd = containerd
        self.handler = handler
        self.directory = directory
        self.serial = 0
        self.pods = {}

    def pod(self, name="pod", network="node", **settings):
        """Runs a pod's sandbox; returns its id.  Settings go into the linux part."""
        self.serial += 1
        linux = settings.pop("linux", {})
        if self.containerd.manager == "systemd":
            # As the kubelet does; without a slice there is no name for a scope.
            linux = {"cgroup_parent": "consumers.slice", **linux}
        namespaces = {"network": 2 if network == "node" else 0, **settings.pop("namespace_options", {})}
        config = {
            "metadata": {"name": name, "uid": f"{name}-{self.serial}", "namespace": "default", "attempt": 1},
            "hostname": "" if network == "node" else f"{name}-host",
            "log_directory": str(self.directory),
            "linux": {"security_context": {"namespace_options": namespaces, **settings.pop("security_context", {})},
                      **linux},
            **settings,
        }
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps(config))
        made = self("runp", "--runtime", self.handler, path).stdout.strip()
        self.pods[made] = path
        return made

    def create(self, pod, name="one", command=("sleep", "100000"), linux=None, **settings):
        config = {"metadata": {"name": name}, "image": {"image": IMAGE}, "command": list(command),
                  "log_path": f"{name}.log", "linux": linux or {}, **settings}
        path = self.directory / f"{name}-container.json"
        path.write_text(json.dumps(config))
        return self("create", "--no-pull", pod, path, self.pods[pod]).stdout.strip()

    def start(self, pod, **settings):
        made = self.create(pod, **settings)
        self("start", made)
        return made

    def status(self, container):
        return json.loads(self("inspect", container).stdout)["status"]

    def wait_state(self, container, state):
        host.wait_until(lambda: self.status(container)["state"] == state, f"the container to be {state}")

    def output(self, name="one"):
        """What a container wrote, without the log's own words."""
        file = self.directory / f"{name}.log"
        if not file.exists():
            return ""
        return "".join(line.split(" ", 3)[3] + "\n" for line in file.read_text().splitlines())

    def run_once(self, pod, *command, **settings):
        """A container's whole output."""
        made = self.start(pod, command=command, **settings)
        self.wait_state(made, "CONTAINER_EXITED")
        return self.output(settings.get("name", "one"))

    def remove_all(self):
        """containerd may be at work on a container that has just ended, and refuses; the kubelet tries again, too.

        Returns what the runtime is blamed for meanwhile: it has no such excuse.
        """
        blamed = []

        def are_gone():
            done = self("rmp", "--all", "--force", code=None)
            if "did not terminate successfully" in done.stderr:
                blamed.append(done.stderr.strip()[-400:])
            return not self("pods", "--quiet").stdout
        host.wait_until(are_gone, "the removal of the pods")
        return blamed

    def clean(self):
        blamed = self.remove_all()
        host.wait_until(lambda: not [pid for pid in host.reap_dead() if "containerd-shim" in host.describe_process(pid)],
                        "the end of the shims")
        root = RUN / "runc/k8s.io"
        return blamed + ([f"state {entry}" for entry in root.iterdir()] if root.is_dir() else [])
