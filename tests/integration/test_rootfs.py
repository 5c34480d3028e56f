# SPDX-License-Identifier: LGPL-2.1-or-later
"""root: where it is, read-only, propagation, pivot_root or not."""

import os
import subprocess

import pytest

from harness import host, mountinfo


def test_relative_path_is_relative_to_the_bundle(bundle):
    os.rename(bundle.rootfs, bundle.directory / "other")
    bundle.config["root"]["path"] = "other"
    bundle.args = ["/bin/probe", "exit", "5"]
    bundle.run().exits(5)


def test_absolute_path(bundle, workdir):
    os.rename(bundle.rootfs, workdir / "elsewhere")
    bundle.config["root"]["path"] = str(workdir / "elsewhere")
    bundle.args = ["/bin/probe", "exit", "5"]
    bundle.run().exits(5)


def test_path_through_a_symlink_of_the_host(bundle, workdir):
    os.rename(bundle.rootfs, workdir / "elsewhere")
    os.symlink(workdir / "elsewhere", bundle.rootfs)
    bundle.args = ["/bin/probe", "exit", "5"]
    done = bundle.run()
    if done.code != 5:  # runc refuses it, crun follows it
        done.fails(1).dray_error(("ROOTFS_UNSAFE", "ROOTFS_MISSING"), "/root/path")
    assert bundle.leaks() == []


def test_missing_rootfs(bundle):
    bundle.config["root"]["path"] = "nowhere"
    done = bundle.run().fails(1, ["nowhere"]).dray_error("ROOTFS_MISSING", "/root/path", place=True)
    if done.kind == "dray":
        assert "no such file or directory" not in done.err
    assert bundle.leaks() == []


def test_rootfs_is_a_file(bundle):
    (bundle.directory / "file").write_text("x")
    bundle.config["root"]["path"] = "file"
    bundle.run().fails(1).dray_error("ROOTFS_MISSING", "/root/path", ["file"], place=True)
    assert bundle.leaks() == []


@pytest.mark.parametrize("kind", ["dangling", "to a file"])
def test_rootfs_is_a_useless_symlink(bundle, kind):
    (bundle.directory / "file").write_text("x")
    os.symlink("file" if kind == "to a file" else "nothing", bundle.directory / "link")
    bundle.config["root"]["path"] = "link"
    bundle.run().fails(1).dray_error(("ROOTFS_MISSING", "ROOTFS_UNSAFE"), "/root/path", ["link"])
    assert bundle.leaks() == []


def test_empty_rootfs(bundle):
    (bundle.directory / "empty").mkdir()
    bundle.config["root"]["path"] = "empty"
    bundle.run().fails(1, ["/bin/probe"]).dray_error("PROGRAM_NOT_FOUND")
    assert bundle.leaks() == []


def test_root_of_the_bundle_with_dotdot(bundle):
    bundle.config["root"]["path"] = f"../{bundle.directory.name}/rootfs"
    bundle.args = ["/bin/probe", "exit", "5"]
    done = bundle.run()
    assert done.code in (1, 5), done


def test_writable_by_default(bundle):
    assert bundle.tries("create /made")[0]["ok"]
    assert (bundle.rootfs / "made").exists()


def test_read_only(bundle):
    bundle.config["root"]["readonly"] = True
    results = bundle.tries("create /made", "create /dev/made", "mkdir /etc/x", "create /dev/shm/made")
    assert results[0]["errno"] == "EROFS"
    assert results[1]["ok"]
    assert results[2]["errno"] == "EROFS"
    assert results[3]["ok"]
    assert "ro" in mountinfo.parse(bundle.facts("mountinfo")["mountinfo"])["/"].options
    assert os.access(bundle.rootfs, os.W_OK)


def test_read_only_root_still_gets_its_mount_targets(bundle):
    bundle.config["root"]["readonly"] = True
    bundle.add_mount("/made/for/it", "tmpfs", "tmpfs")
    assert bundle.tries("create /made/for/it/x")[0]["ok"]


def test_cannot_be_made_writable_again(bundle):
    bundle.config["root"]["readonly"] = True
    remount = 32 | 4096
    assert not bundle.tries(["mount", "-", "/", "-", remount])[0]["ok"]


def test_is_a_mount_of_its_own(bundle):
    found = mountinfo.parse(bundle.facts("mountinfo")["mountinfo"])
    assert found["/"].root.endswith("/rootfs")


@pytest.mark.parametrize("word, expected", [
    ("private", "private"), ("rprivate", "private"), ("slave", "private"), ("rslave", "private"),
    ("unbindable", "unbindable"), ("runbindable", "unbindable"), ("shared", "shared"), ("rshared", "shared"),
])
def test_propagation(bundle, word, expected):
    if bundle.runtime.kind == "runc" and expected in ("shared", "unbindable"):
        pytest.skip("runc: since 1.4 only")
    bundle.linux["rootfsPropagation"] = word
    found = mountinfo.parse(bundle.facts("mountinfo")["mountinfo"])["/"].propagation
    # The host's mounts are private here, so there is no master to be a slave of.
    assert found in ((expected, "slave") if "slave" in word else (expected,))


@pytest.fixture
def shared_host(bundle):
    """A mount namespace for dray in which the rootfs is a shared mount."""
    script = f"mount --bind {bundle.rootfs} {bundle.rootfs} && mount --make-shared {bundle.rootfs} && " \
             "echo up && exec sleep infinity"
    with subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as holder:
        host.kept.add(holder.pid)
        assert holder.stdout.readline() == b"up\n"
        bundle.runtime.prefix = ["nsenter", f"--mount=/proc/{holder.pid}/ns/mnt"]
        yield holder.pid
        bundle.delete("--force")
        bundle.runtime.prefix = []
        holder.kill()
    host.kept.discard(holder.pid)


def mounted(pid, path):
    return any(line.split()[4] == str(path) for line in open(f"/proc/{pid}/mountinfo"))


@pytest.mark.unlike(runc="unbindable since 1.4 only")
@pytest.mark.needs("busybox")
@pytest.mark.parametrize("word, comes_in", [
    (None, True), ("private", False), ("rprivate", False), ("slave", True), ("rslave", True), ("unbindable", False),
    ("runbindable", False), ("shared", False), ("rshared", False),
])
def test_propagation_of_later_mounts(bundle, shared_host, word, comes_in):
    """
    What the host mounts below the root later is seen by slaves; nothing of the container reaches the host.
    For that a shared root is taken out of its peer group, by runc, too: it is shared with nobody but its own children.
    """
    for name in ("theirs", "ours"):
        (bundle.rootfs / name).mkdir()
    for name in ("bounding", "effective", "permitted"):
        bundle.process["capabilities"][name].append("CAP_SYS_ADMIN")
    if word is not None:
        bundle.linux["rootfsPropagation"] = word
    bundle.up()
    subprocess.run([*bundle.runtime.prefix, "mount", "-t", "tmpfs", "none", bundle.rootfs / "theirs"], check=True)
    assert mounted(bundle.pid, "/theirs") == comes_in
    bundle.exec("/bin/mount", "-t", "tmpfs", "none", "/ours").ok()
    assert mounted(bundle.pid, "/ours")
    assert not mounted(shared_host, bundle.rootfs / "ours")


def test_unknown_propagation(bundle):
    bundle.linux["rootfsPropagation"] = "wild"
    bundle.run().fails(1, ["wild"]).dray_error("CONFIG_VALUE", "/linux/rootfsPropagation", place=True)


def test_no_pivot(bundle):
    bundle.args = ["/bin/probe", "try", "list", "/", ",", "read", "/proc/self/mountinfo"]
    results = bundle.run("--no-pivot").json()
    assert set(results[0]["value"]) == {entry.name for entry in bundle.rootfs.iterdir()}


def test_no_pivot_with_a_read_only_root(bundle):
    bundle.config["root"]["readonly"] = True
    bundle.args = ["/bin/probe", "try", "create", "/x"]
    assert bundle.run("--no-pivot").json()[0]["errno"] == "EROFS"


def test_no_way_out_of_the_root(bundle):
    results = bundle.tries("list /..", "list /../../..", "readlink /proc/self/root", "readlink /proc/1/cwd")
    names = {entry.name for entry in bundle.rootfs.iterdir()}
    assert set(results[0]["value"]) == set(results[1]["value"]) == names
    assert results[2]["value"] == "/"


def test_the_same_rootfs_for_two_containers(make_bundle):
    one, two = make_bundle(), make_bundle()
    two.config["root"]["path"] = str(one.rootfs)
    one.up()
    two.up()
    one.delete("--force").ok()
    one.wait()
    two.exec("/bin/true").ok()


@pytest.mark.unlike(runc="leaves a mount on the host")
def test_without_a_mount_namespace(bundle):
    bundle.no_namespace("mount")
    bundle.linux["maskedPaths"] = bundle.linux["readonlyPaths"] = []
    bundle.config["mounts"] = []
    bundle.args = ["/bin/probe", "exit", "5"]
    done = bundle.run()
    if done.code != 5:
        done.fails(1).dray_error(("CONFIG_CONFLICT", "NOT_SUPPORTED"))
    assert bundle.leaks() == []


def test_files_of_the_runtime_are_not_left_in_the_rootfs(bundle):
    bundle.linux["maskedPaths"] = bundle.linux["readonlyPaths"] = []
    before = {str(path.relative_to(bundle.rootfs)) for path in bundle.rootfs.rglob("*")}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    after = {str(path.relative_to(bundle.rootfs)) for path in bundle.rootfs.rglob("*")}
    assert after == before
