# SPDX-License-Identifier: LGPL-2.1-or-later
"""A root file system made of busybox, and the archives that engines import: nothing is ever pulled."""

import hashlib
import io
import json
import os
import pathlib
import platform
import shutil
import subprocess
import tarfile

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "tools"


def make_rootfs(directory):
    """busybox with all its names, two users, a file that is not executable, and our own tool."""
    rootfs = directory / "rootfs"
    for entry in ("bin", "dev", "etc", "proc", "root", "run", "sys", "usr/bin", "var", "data"):
        (rootfs / entry).mkdir(parents=True)
    (rootfs / "tmp").mkdir()
    os.chmod(rootfs / "tmp", 0o1777)
    shutil.copy2(os.path.realpath(shutil.which("busybox")), rootfs / "bin/busybox")
    tools = subprocess.run([rootfs / "bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout
    for tool in tools.split():
        if tool != "busybox":
            os.symlink("busybox", rootfs / "bin" / tool)
    compiler = os.environ.get("CC", "gcc").split()
    subprocess.run([*compiler, "-std=gnu17", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-static",
                    "-o", rootfs / "bin/tool", TOOLS / "tool.c"], check=True)
    (rootfs / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n")
    (rootfs / "etc/group").write_text("root:x:0:\nuser:x:1000:\nextra:x:77:user\n")
    (rootfs / "etc/interpreter").write_text("#!/no/such/interpreter\n")
    os.chmod(rootfs / "etc/interpreter", 0o755)
    (rootfs / "data/in-image").write_text("in-image\n")
    return rootfs


def make_archive(rootfs, path):
    with tarfile.open(path, "w") as archive:
        archive.add(rootfs, arcname=".")
    return path


def docker_machine():
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def make_docker_archive(layer, path, name):
    """What "docker save" writes, with one layer; containerd and Podman read it, too."""
    config = json.dumps({
        "architecture": docker_machine(), "os": "linux",
        "config": {"Cmd": ["/bin/tool", "wait"], "Env": ["PATH=/usr/bin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer.read_bytes()).hexdigest()]},
    }).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(path, "w") as archive:
        archive.add(layer, arcname="layer.tar")
        for entry, content in ((config_name, config), ("manifest.json", manifest)):
            info = tarfile.TarInfo(entry)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path
