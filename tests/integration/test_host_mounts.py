# SPDX-License-Identifier: LGPL-2.1-or-later
"""A container in the host's mount namespace: what it mounts below its root goes with it."""
import os

import pytest

pytestmark = pytest.mark.only_dray("runc and crun leave these mounts to the host")


def in_the_hosts_mount_namespace(bundle):
    bundle.no_namespace("mount")
    bundle.config["root"]["readonly"] = True
    bundle.linux.pop("maskedPaths", None)
    bundle.linux.pop("readonlyPaths", None)
    return bundle

def run_in_a_host_of_its_own(bundle, before=""):
    """Runs the bundle in a mount namespace that plays the host, and prints its mounts afterwards."""
    bundle.linux["namespaces"] = [entry for entry in bundle.linux["namespaces"] if entry["type"] != "mount"]
    bundle.config["mounts"] = []
    bundle.linux.pop("maskedPaths", None)
    bundle.linux.pop("readonlyPaths", None)
    bundle.config["root"].pop("readonly", None)
    caps = bundle.config["process"]["capabilities"]
    for name in ("bounding", "effective", "permitted"):
        caps[name] = [*caps[name], "CAP_SYS_ADMIN"]
    (bundle.rootfs / "mnt").mkdir(exist_ok=True)
    (bundle.rootfs / "opt").mkdir(exist_ok=True)
    bundle.args = ["/bin/busybox", "sh", "-c", "busybox mount -t tmpfs inside /mnt && busybox mount -t tmpfs below /mnt"]
    bundle.write()
    script = f'{before}"$0" "$@"; code=$?; cat /proc/self/mountinfo; exit $code'
    return bundle.runtime("run", "--bundle", bundle.directory, bundle.name,
                          wrap=["unshare", "-m", "--propagation", "private", "sh", "-c", script]).ok()


def test_mounts_of_the_container_are_unmounted(bundle):
    assert str(bundle.rootfs) not in run_in_a_host_of_its_own(bundle).out


def test_mounts_that_were_there_before_stay(bundle):
    done = run_in_a_host_of_its_own(bundle, f"mount -t tmpfs engine {bundle.rootfs}/opt; ")
    assert f" {bundle.rootfs}/opt " in done.out


def test_the_mounted_root_itself_stays(bundle):
    done = run_in_a_host_of_its_own(bundle, f"mount --bind {bundle.rootfs} {bundle.rootfs}; ")
    assert f" {bundle.rootfs} " in done.out
    assert f"{bundle.rootfs}/mnt" not in done.out


def test_mounts_of_the_config_are_not_the_hosts(bundle):
    before = open("/proc/self/mountinfo", encoding="utf-8").read()
    in_the_hosts_mount_namespace(bundle).add_mount("/mnt", "tmpfs", "tmpfs")
    bundle.up()
    pid = int(bundle.pid_file.read_text())
    assert os.readlink(f"/proc/{pid}/ns/mnt") == os.readlink("/proc/self/ns/mnt")
    assert open("/proc/self/mountinfo", encoding="utf-8").read() == before
    bundle.kill("KILL").ok()
    bundle.delete("--force").ok()
    assert bundle.leaks() == []


def test_mounts_of_the_config_are_there(bundle):
    in_the_hosts_mount_namespace(bundle).add_mount("/mnt", "tmpfs", "tmpfs")
    bundle.shell("echo 1 >/mnt/file && cat /mnt/file && ! echo >/file "
                 "&& cat /proc/self/comm && ls -d /dev/null /sys/kernel")
    assert bundle.run().ok().out.split() == ["1", "cat", "/dev/null", "/sys/kernel"]


def test_exec_sees_the_mounts_of_the_config(bundle):
    in_the_hosts_mount_namespace(bundle).add_mount("/mnt", "tmpfs", "tmpfs")
    bundle.up()
    assert bundle.exec("/bin/busybox", "cat", "/proc/self/comm").ok().out == "busybox\n"
    assert bundle.exec("/bin/sh", "-c", "echo 1 >/mnt/file && cat /mnt/file").ok().out == "1\n"


def test_a_shared_root_needs_a_mount_namespace(bundle):
    in_the_hosts_mount_namespace(bundle).linux["rootfsPropagation"] = "shared"
    bundle.run().dray_error("CONFIG_CONFLICT", "/linux/rootfsPropagation")


def test_a_user_namespace_needs_a_mount_namespace(bundle):
    bundle.map_users()
    in_the_hosts_mount_namespace(bundle)
    bundle.run().dray_error("CONFIG_CONFLICT", "/linux/namespaces")


def test_masked_and_read_only_paths_are_not_the_hosts(bundle):
    """As with crun, and without a trace on the host; runc refuses such a configuration."""
    before = open("/proc/self/mountinfo", encoding="utf-8").read()
    bundle.no_namespace("mount")
    for name in ("hidden", "still"):
        bundle.file(f"/{name}/file", "here\n")
    bundle.linux["maskedPaths"] = ["/hidden", "/proc/keys", "/etc/hostname"]
    bundle.linux["readonlyPaths"] = ["/still", "/proc/sys"]
    bundle.up()
    assert open("/proc/self/mountinfo", encoding="utf-8").read() == before
    script = "cat /hidden/file; cat /proc/keys; cat /etc/hostname; cat /still/file; echo x >/still/file"
    done = bundle.exec("/bin/sh", "-c", script)
    assert done.out == "here\n"
    assert "open '/hidden/file': No such file" in done.err and "create /still/file: Read-only" in done.err
    assert (bundle.rootfs / "hidden/file").read_text() == (bundle.rootfs / "still/file").read_text() == "here\n"
    bundle.kill("KILL").ok()
    bundle.delete("--force").ok()
    assert bundle.leaks() == []
