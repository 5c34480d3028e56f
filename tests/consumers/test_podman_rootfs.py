# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman: volumes, temporary file systems, devices and what is read-only."""

import os
import stat
import subprocess

import pytest

from engines.podman import IMAGE

pytestmark = pytest.mark.needs("podman")


@pytest.fixture
def data(workdir):
    made = workdir / "data"
    made.mkdir()
    (made / "in").write_text("in")
    return made


def options_of(podman, destination, *words):
    """The options with which something is mounted at the destination in a container."""
    for line in podman.rm_run(*words, IMAGE, "cat", "/proc/self/mountinfo").stdout.splitlines():
        fields = line.split()
        if fields[4] == destination:
            return set(fields[5].split(",") + fields[6:fields.index("-")])
    raise AssertionError(f"nothing is mounted at {destination}")


@pytest.mark.parametrize("option, seen", [("noexec", "noexec"), ("nosuid", "nosuid"), ("nodev", "nodev"), ("ro", "ro"), ("z", "rw")])
def test_volume_option(podman, data, option, seen):
    assert seen in options_of(podman, "/v", "-v", f"{data}:/v:{option}")


def test_volume_without_exec(podman, data):
    podman.rm_run("-v", f"{data}:/v", IMAGE, "cp", "/bin/busybox", "/v/echo")
    podman.rm_run("-v", f"{data}:/v:noexec", IMAGE, "/v/echo", "x", code=126)
    podman.rm_run("-v", f"{data}:/v:exec", IMAGE, "/v/echo", "x")


@pytest.mark.parametrize("option, field", [("rslave", "master:"), ("rshared", "shared:"), ("rprivate", None)])
def test_volume_propagation(podman, data, option, field):
    subprocess.run(["mount", "--bind", data, data], check=True)
    subprocess.run(["mount", "--make-shared", data], check=True)
    try:
        found = options_of(podman, "/v", "-v", f"{data}:/v:{option}")
        kinds = [word for word in found if ":" in word]
        assert [word for word in kinds if field and word.startswith(field)] or (field is None and not kinds), found
    finally:
        subprocess.run(["umount", data], check=True)


def test_volume_with_an_overlay(podman, data):
    podman.rm_run("-v", f"{data}:/v:O", IMAGE, "sh", "-c", "echo changed >/v/in")
    assert (data / "in").read_text() == "in"


def test_volume_with_mapped_owners(podman, data):
    os.chown(data / "in", 0, 0)
    shown = podman.rm_run("--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536", "-v", f"{data}:/v:idmap", IMAGE,
                          "stat", "-c", "%u", "/v/in").stdout
    assert shown == "0\n"


def test_volume_given_to_the_user(podman, data):
    podman.rm_run("--user", "1000", "-v", f"{data}:/v:U", IMAGE, "touch", "/v/mine")
    assert (data / "mine").stat().st_uid == 1000


def test_volumes_of_another_container(podman, data):
    podman.detached("--name", "owner", "-v", f"{data}:/v")
    assert podman.rm_run("--volumes-from", "owner", IMAGE, "cat", "/v/in").stdout == "in"


@pytest.mark.parametrize("mount", ["type=bind,src={data},dst=/v,ro=true", "type=bind,src={data},dst=/v,bind-nonrecursive"])
def test_mount(podman, data, mount):
    assert podman.rm_run("--mount", mount.format(data=data), IMAGE, "cat", "/v/in").stdout == "in"


def test_mount_of_an_image(podman):
    assert podman.rm_run("--mount", f"type=image,src={IMAGE},dst=/other", IMAGE, "cat", "/other/data/in-image").stdout == \
        "in-image\n"


def test_secret(podman, workdir):
    (workdir / "secret").write_text("hush")
    podman("secret", "create", "hush", workdir / "secret")
    try:
        assert podman.rm_run("--secret", "hush", IMAGE, "cat", "/run/secrets/hush").stdout == "hush"
    finally:
        podman("secret", "rm", "hush")


def test_missing_source_is_named(podman, workdir):
    assert f"{workdir}/none" in podman.fails("run", "--rm", "-v", f"{workdir}/none:/v", IMAGE, "true").stderr


def test_read_only_root(podman):
    done = podman.fails("run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/t", IMAGE, "sh", "-c",
                        "echo x >/t/y && echo z >/tmp/y && cat /t/y /tmp/y; touch /new", code=1)
    assert done.stdout == "x\nz\n" and "Read-only" in done.stderr


def test_read_only_root_without_tmpfs(podman):
    podman.fails("run", "--rm", "--network", "none", "--read-only", "--read-only-tmpfs=false", IMAGE, "touch", "/tmp/x", code=1)


def test_tmpfs_keeps_the_contents(podman):
    assert podman.rm_run("--tmpfs", "/data", IMAGE, "cat", "/data/in-image").stdout == "in-image\n"


def test_tmpfs_without_the_contents(podman):
    podman.fails("run", "--rm", "--network", "none", "--mount", "type=tmpfs,dst=/data,notmpcopyup", IMAGE,
                 "cat", "/data/in-image")


def test_default_devices(podman):
    shown = podman.rm_run(IMAGE, "sh", "-c", "for d in null zero full random urandom tty; do test -c /dev/$d && echo $d; done; "
                          "for l in fd stdin ptmx; do readlink /dev/$l; done; ls -d /dev/shm /dev/pts /dev/mqueue").stdout.split()
    assert shown == ["null", "zero", "full", "random", "urandom", "tty", "/proc/self/fd", "/proc/self/fd/0", "pts/ptmx",
                     "/dev/mqueue", "/dev/pts", "/dev/shm"]


def test_mode_of_a_device(podman):
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert podman.rm_run("--device", "/dev/full", IMAGE, "stat", "-c", "%a", "/dev/full").stdout == \
        f"{os.stat('/dev/full').st_mode & 0o7777:o}\n"


def test_hook(podman, workdir):
    """A hook of the engine's hooks directory; its state comes on standard input."""
    hook = podman.store.directory / "hooks/state.json"
    (workdir / "hook").write_text(f"#!/bin/sh\ncat >{workdir}/state\n")
    (workdir / "hook").chmod(0o755)
    hook.write_text('{"version": "1.0.0", "when": {"always": true}, "stages": ["createRuntime"], '
                    f'"hook": {{"path": "{workdir}/hook"}}}}')
    try:
        podman.rm_run(IMAGE, "true")
    finally:
        hook.unlink()
    assert '"bundle"' in (workdir / "state").read_text()
