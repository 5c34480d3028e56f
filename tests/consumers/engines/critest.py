# SPDX-License-Identifier: LGPL-2.1-or-later
"""critest, the validation suite of Kubernetes' container runtime interface, with images made on the spot.

It is a program of many specs, most of which wait for seconds between two looks; so several of it run
side by side, each with a share of them.
"""

import functools
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import xml.etree.ElementTree as ElementTree

from harness import host

from .containerd import CRI_TOOLS
from .engine import Engine, end
from .image import docker_machine
from .reaper import Popen

# Names and no more: nothing is ever fetched.
E2E = ".".join(("registry", "k8s", "io")) + "/e2e-test-images"
STAGING = ".".join(("gcr", "io")) + "/k8s-staging-cri-tools"

# What critest asks for by name, and what it expects to run there: command, user.
IMAGES = {
    f"{E2E}/busybox:1.29-2": (["sh"], ""),
    f"{E2E}/nginx:1.14-2": (["nginx", "master process", "80", "/var/run/nginx.pid"], ""),
    f"{E2E}/httpd:2.4.39-4": (["nginx", "master process", "80", "/var/run/httpd.pid"], ""),
    f"{E2E}/nonewprivs:1.3": (["nnp", "effective-uid"], ""),
    f"{STAGING}/hostnet-nginx-{{machine}}:latest": (["nginx", "master process", "12003", "/var/run/nginx.pid"], ""),
    f"{STAGING}/test-image-user-uid:latest": (["sh"], "1002"),
    f"{STAGING}/test-image-user-username:latest": (["sh"], "www-data"),
    f"{STAGING}/test-image-user-uid-group:latest": (["sh"], "1003:1004"),
    f"{STAGING}/test-image-user-username-group:latest": (["sh"], "www-data:1004"),
    f"{STAGING}/test-image-predefined-group:latest": (["sh"], "1000"),
}

USERS = {"root": (0, "/root"), "www-data": (33, "/var/www"), "nobody": (65534, "/"), "default-user": (1000, "/tmp")}
SCRIPTS = {
    "ipcs": "exec cat /proc/sysvipc/shm",
    "pgrep": 'for i in /proc/[0-9]*; do read -r name <$i/comm && [ "$name" = "$1" ] && found=$i && echo ${i#/proc/}; done\n'
             '[ -n "$found" ]',
}


def find_critest():
    """critest of the host, prepared for it, or built once by Go; None where none of these can be."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "dray" / f"cri-tools-{CRI_TOOLS}"
    for path in (shutil.which("critest"), os.path.join(os.environ.get("PREBUILT", "/nonexistent"), "critest"), cache / "critest"):
        if path and os.access(path, os.X_OK):
            return str(path)
    if not shutil.which("go"):
        return None
    cache.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, GOFLAGS="-mod=mod -buildvcs=false", GOTOOLCHAIN="local")
    # It is a test of the module, so it is built where the module lies.
    done = subprocess.run(["go", "mod", "download", "-json", f"sigs.k8s.io/cri-tools@{CRI_TOOLS}"], cwd="/", check=False,
                          env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    if done.returncode != 0:
        return None
    environment["GOFLAGS"] = "-mod=readonly -buildvcs=false"
    done = subprocess.run(["go", "test", "-c", "-ldflags=-s -w", "-o", cache / "critest.new", "./cmd/critest"],
                          cwd=json.loads(done.stdout)["Dir"], check=False, env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=600)
    if done.returncode != 0:
        return None
    os.replace(cache / "critest.new", cache / "critest")
    return str(cache / "critest")


def _add(archive, name, content=b"", mode=0o755, link=None, kind=tarfile.REGTYPE):
    info = tarfile.TarInfo(name)
    info.type = kind if link is None else tarfile.LNKTYPE
    info.linkname = link or ""
    info.mode = mode
    info.size = len(content) if link is None else 0
    archive.addfile(info, io.BytesIO(content))


def _make_layer(rootfs, path):
    """Tools are hard links, as in the images that critest knows: it masks one and no other may be gone."""
    with tarfile.open(path, "w") as archive:
        for directory in ("bin", "dev", "etc", "proc", "root", "run", "sys", "var", "var/run", "var/www", "usr", "usr/bin"):
            _add(archive, directory, kind=tarfile.DIRTYPE)
        _add(archive, "tmp", mode=0o1777, kind=tarfile.DIRTYPE)
        _add(archive, "bin/busybox", (rootfs / "bin/busybox").read_bytes())
        for tool in sorted(os.listdir(rootfs / "bin")):
            if tool not in ("busybox", "tool", "ls", *SCRIPTS):
                _add(archive, f"bin/{tool}", link="bin/busybox")
        # The one that is masked has an inode of its own: links of one layer may share what is mounted on.
        _add(archive, "bin/ls", (rootfs / "bin/busybox").read_bytes())
        _add(archive, "bin/nginx", (rootfs / "bin/tool").read_bytes())
        _add(archive, "bin/nnp", (rootfs / "bin/tool").read_bytes(), mode=0o4755)
        for name, script in SCRIPTS.items():
            _add(archive, f"bin/{name}", f"#!/bin/sh\n{script}\n".encode())
        _add(archive, "etc/passwd", "".join(f"{name}:x:{uid}:{uid}::{home}:/bin/sh\n"
                                            for name, (uid, home) in USERS.items()).encode(), mode=0o644)
        _add(archive, "etc/group", ("".join(f"{name}:x:{uid}:\n" for name, (uid, _) in USERS.items()) +
                                    "group-defined-in-image:x:50000:default-user\n").encode(), mode=0o644)
    return path


def make_images(rootfs, directory):
    """All of IMAGES in one archive as "docker save" writes it, with one layer."""
    layer = _make_layer(rootfs, directory / "critest-layer.tar")
    digest = "sha256:" + hashlib.sha256(layer.read_bytes()).hexdigest()
    manifest = []
    path = directory / "critest-images.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(layer, arcname="layer.tar")
        for name, (command, user) in IMAGES.items():
            config = json.dumps({
                "architecture": docker_machine(), "os": "linux",
                "config": {"Cmd": command, "User": user, "Env": ["PATH=/usr/bin:/bin"]},
                "rootfs": {"type": "layers", "diff_ids": [digest]},
            }).encode()
            config_name = hashlib.sha256(config).hexdigest() + ".json"
            _add(archive, config_name, config, mode=0o644)
            manifest.append({"Config": config_name, "RepoTags": [name.format(machine=docker_machine())],
                             "Layers": ["layer.tar"]})
        _add(archive, "manifest.json", json.dumps(manifest).encode(), mode=0o644)
    layer.unlink()
    return path


def _read_report(path):
    """Spec to (status, message)."""
    found = {}
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        name = case.get("name", "")
        if name.startswith("[It] "):
            problem = next((child for child in case if child.tag in ("failure", "error", "skipped")), None)
            words = "" if problem is None else "\n".join(filter(None, [problem.get("message"), problem.text]))
            found[name[len("[It] "):]] = (case.get("status"), words)
    return found


@functools.cache
def list_specs(program):
    """The specs without the benchmarks, in the program's order."""
    report = subprocess.run(["mktemp"], capture_output=True, text=True, check=True).stdout.strip()
    try:
        subprocess.run([program, "--ginkgo.dry-run", f"--ginkgo.junit-report={report}"], stdin=subprocess.DEVNULL,
                       capture_output=True, timeout=60 * host.PATIENCE, check=True)
        return [name for name, (status, _) in _read_report(report).items() if status == "passed"]
    finally:
        os.unlink(report)


class Critest:
    """Runs specs with a runtime handler of containerd."""

    def __init__(self, containerd, program, directory):
        self.containerd = containerd
        self.program = program
        self.directory = directory
        self.serial = 0
        # Propagation is tested with directories of this one.
        self.temporary = directory / "tmp"
        self.temporary.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "critest", self.temporary], check=True)
        subprocess.run(["mount", "--make-shared", self.temporary], check=True)
        # critest leaves the shared memory that it makes on the host.
        self.segments = directory / "segments"
        (directory / "bin").mkdir()
        (directory / "bin/ipcmk").write_text(f'#!/bin/sh\n{shutil.which("ipcmk")} "$@" | tee -a {self.segments}\n')
        os.chmod(directory / "bin/ipcmk", 0o755)

    def import_images(self, rootfs):
        client = Engine("ctr", ["--address", self.containerd.socket, "--namespace", "k8s.io"], self.containerd.environment)
        archive = make_images(rootfs, self.directory)
        client("image", "import", archive)
        archive.unlink()

    def _start(self, handler, specs, name):
        environment = dict(self.containerd.environment, TMPDIR=str(self.temporary),
                           PATH=f"{self.directory}/bin:{os.environ['PATH']}")
        words = [self.program, f"--runtime-endpoint=unix://{self.containerd.socket}",
                 f"--image-endpoint=unix://{self.containerd.socket}", "--ginkgo.no-color", "--ginkgo.seed=1",
                 f"--ginkgo.junit-report={self.directory}/{name}.xml",
                 "--ginkgo.focus=" + "|".join(re.escape(spec) + "$" for spec in specs)]
        if handler:
            words.append(f"--runtime-handler={handler}")
        with open(self.directory / f"{name}.log", "w") as log:
            return Popen(words, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory)

    def run(self, handler, shares, seconds):
        """Spec to (status, message).  The shares run side by side; an empty handler is the default one."""
        self.serial += 1
        names = [f"{handler or 'default'}-{self.serial}-{number}" for number in range(len(shares))]
        running = [self._start(handler, specs, name) for name, specs in zip(names, shares)]
        found = {}
        try:
            for process, name, specs in zip(running, names, shares):
                process.wait(seconds * host.PATIENCE)
                report = self.directory / f"{name}.xml"
                results = _read_report(report) if report.exists() else {}
                found.update({spec: results[spec] for spec in specs if spec in results})
        finally:
            for process in running:
                end(process)
        return found

    def close(self):
        if self.segments.exists():
            for line in self.segments.read_text().splitlines():
                subprocess.run(["ipcrm", "-m", line.split()[-1]], check=False, capture_output=True)
        subprocess.run(["umount", "--lazy", self.temporary], check=False)
