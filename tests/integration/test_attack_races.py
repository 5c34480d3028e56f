# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody who shares a volume or the root changes it while the container is being made.

CVE-2021-30465, CVE-2024-45310, CVE-2025-31133, CVE-2025-52565, CVE-2025-52881, CVE-2019-19921,
CVE-2025-54867, CVE-2025-62161, CVE-2025-62596.  Each race runs for ATTACK_SECONDS.
"""

import os
import stat
import subprocess

import pytest

from harness.attack import canary, racer, racing, rounds, upward  # noqa: F401  fixtures

pytestmark = pytest.mark.slow


def attempt(bundle):
    done = bundle.run()
    bundle.delete("--force")
    return done


def race(bundle, racer, first, second, judge=None):
    """Runs the container while the two names are exchanged.  Returns how many runs succeeded."""
    good = 0
    with racing(racer, "swap-symlink", first, second):
        for _ in rounds():
            done = attempt(bundle)
            assert done.code >= 0, str(done)
            if done.code == 0:
                good += 1
                if judge:
                    judge(done)
    return good


@pytest.fixture
def volume(bundle):
    """A directory that another container writes to."""
    path = bundle.directory / "volume"
    path.mkdir()
    bundle.add_mount("/volume", "bind", path, ["rbind"])
    return path


@pytest.mark.parametrize("form", ["host", "root"])
def test_mounts_below_a_volume(bundle, racer, canary, volume, form):
    """A mount at vol/a/b while vol/a turns into a link: nothing is made or covered outside."""
    source = bundle.directory / "source"
    source.mkdir()
    (source / "mark").write_text("mark")
    (volume / "a").mkdir()
    os.symlink("/" if form == "root" else "../../../../../../../../../../.." + str(canary), volume / "link")
    bundle.add_mount("/volume/a/b", "bind", source, ["bind"])
    bundle.add_mount("/volume/a/tmp", "tmpfs", "tmpfs")
    bundle.args = ["/bin/probe", "try", "stat", str(canary / "secret"), ",", "list", "/"]

    def judge(done):
        host, top = done.json()
        assert not host["ok"], "the host's files are in the container"
        assert "canary" not in top["value"]

    race(bundle, racer, volume / "a", volume / "link", judge)


def test_files_made_below_a_volume(bundle, racer, canary, volume):
    """Targets, devices and the working directory, which are made where they are missing."""
    (volume / "a").mkdir()
    os.symlink("../../../../../../../../../.." + str(canary), volume / "link")
    file = bundle.directory / "file"
    file.write_text("x")
    bundle.add_mount("/volume/a/made/file", "bind", file, ["bind"])
    bundle.linux["devices"] = [{"path": "/volume/a/device", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666}]
    bundle.process["cwd"] = "/volume/a/cwd/made"
    race(bundle, racer, volume / "a", volume / "link")


@pytest.mark.parametrize("place", ["proc", "sys", "dev"])
def test_places_of_the_root(bundle, racer, canary, place):
    (bundle.rootfs / "evil").mkdir()
    os.symlink("/evil", bundle.rootfs / "link")
    if place == "dev":
        for name in ("/dev/pts", "/dev/mqueue", "/dev/shm", "/dev"):
            bundle.remove_mount(name)
        (bundle.rootfs / "link").unlink()
        os.symlink(upward(bundle, "/link", canary), bundle.rootfs / "link")
    bundle.args = ["/bin/probe", "try", "statfs", f"/{place}", ",", "list", "/evil"]

    def judge(done):
        kind, evil = done.json()
        if place != "dev":
            # the name may be a link again by now, but never to something that was written to
            assert not evil["ok"] or evil["value"] == []

    race(bundle, racer, bundle.rootfs / place, bundle.rootfs / "link", judge)


def test_a_device_of_the_volume_whose_mode_is_set(bundle, racer, canary, volume):
    """chmod of a device that is there already, while its name turns into a link to the host."""
    os.mknod(volume / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    os.symlink(str(canary / "secret"), volume / "link")
    bundle.linux["devices"] = [
        {"path": "/volume/device", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666, "uid": 0, "gid": 0}]
    with racing(racer, "swap-symlink", volume / "device", volume / "link"):
        for _ in rounds(3):
            attempt(bundle)
            for name in ("device", "link"):
                path = volume / name
                if not path.is_symlink() and path.exists():
                    os.chmod(path, 0o600, follow_symlinks=False) if os.chmod in os.supports_follow_symlinks \
                        else None
    canary.check()


def test_the_null_device_of_masks(bundle, racer, canary, volume):
    """The container's /dev/null turns into core_pattern while files are masked with it."""
    for name in ("/dev/pts", "/dev/mqueue", "/dev/shm", "/dev"):
        bundle.remove_mount(name)
    bundle.remove_mount("/volume")
    os.mknod(volume / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.symlink("/proc/sys/kernel/printk_ratelimit_burst", volume / "link")
    bundle.add_mount("/dev", "bind", volume, ["rbind"])
    bundle.file("/secret", "secret")
    bundle.linux["maskedPaths"] = ["/secret", "/proc/keys"]
    bundle.args = ["/bin/probe", "try", "stat", "/secret", ",", "stat", "/proc/keys", ",",
                   "read", "/secret"]

    def judge(done):
        secret, keys, text = done.json()
        for masked in (secret, keys):
            assert (masked["value"]["type"], masked["value"]["major"], masked["value"]["minor"]) == ("character", 1, 3)
        assert text["value"] == ""

    assert race(bundle, racer, volume / "null", volume / "link", judge) > 0


def test_the_console(bundle, racer, canary, volume):
    for name in ("/dev/mqueue", "/dev/shm", "/dev"):
        bundle.remove_mount(name)
    bundle.remove_mount("/volume")
    (volume / "pts").mkdir()
    (volume / "console").write_text("")
    os.symlink("/proc/sys/kernel/printk_ratelimit_burst", volume / "link")
    bundle.config["mounts"].insert(0, {"destination": "/dev", "type": "bind", "source": str(volume),
                                       "options": ["rbind"]})
    bundle.process["terminal"] = True
    bundle.args = ["/bin/probe", "try", "write", "/proc/sys/kernel/printk_ratelimit_burst", "77"]
    race(bundle, racer, volume / "console", volume / "link", lambda done: None)
    canary.check()


@pytest.mark.parametrize("what", ["sysctl", "mask"])
def test_a_procfs_whose_files_are_mounted_over(make_bundle, racer, canary, what):
    """Another container of the pod, in the same mount namespace as far as it can, bends its /proc."""
    first, second = make_bundle(), make_bundle()
    tool = first.rootfs / "bin/racer"
    os.link(racer, tool)
    for name in ("bounding", "effective", "permitted"):
        first.process["capabilities"][name].append("CAP_SYS_ADMIN")
    first.linux["readonlyPaths"] = []
    first.linux["maskedPaths"] = []
    first.file("/decoy", "")
    first.args = ["/bin/racer", "swap-mount", "/decoy", "/proc/sys/kernel/shmmni"]
    first.create().ok()
    first.start().ok()
    first.output.expect("ready")
    second.namespace("pid", f"/proc/{first.pid}/ns/pid")
    second.namespace("ipc")
    if what == "sysctl":
        second.config["linux"]["sysctl"] = {"kernel.shmmni": "3000"}
    second.args = ["/bin/probe", "try", "read", "/proc/sys/kernel/shmmni", ",", "stat", "/proc/keys"]
    for _ in rounds():
        done = second.run()
        if done.code == 0 and what == "sysctl":
            assert done.json()[0]["value"].strip() == "3000"
        second.delete("--force")
    assert (first.rootfs / "decoy").read_text() == ""


def test_the_root_itself(bundle, racer, canary):
    """The root directory turns into a link to the host while it is mounted."""
    os.symlink(str(canary), bundle.directory / "link")
    bundle.args = ["/bin/probe", "try", "list", "/"]

    def judge(done):
        assert "secret" not in done.json()[0]["value"]

    with racing(racer, "swap-symlink", bundle.rootfs, bundle.directory / "link"):
        for _ in rounds():
            done = attempt(bundle)
            if done.code == 0:
                judge(done)
    if bundle.rootfs.is_symlink():
        subprocess.run(["mv", "-T", bundle.rootfs, bundle.directory / "other"], check=True)
        subprocess.run(["mv", "-T", bundle.directory / "link", bundle.rootfs], check=True)
