# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.maskedPaths and readonlyPaths."""

import os

import pytest


def test_masked_file_reads_empty_and_refuses_nothing(bundle):
    bundle.file("/etc/secret", "hidden")
    bundle.linux["maskedPaths"] = ["/etc/secret"]
    results = bundle.tries("read /etc/secret", "stat /etc/secret")
    assert results[0]["value"] == ""
    assert (results[1]["value"]["type"], results[1]["value"]["major"], results[1]["value"]["minor"]) == \
        ("character", 1, 3)
    assert (bundle.rootfs / "etc/secret").read_text() == "hidden"


def test_masked_directory_is_empty_and_read_only(bundle):
    bundle.file("/etc/secrets/one", "hidden")
    bundle.linux["maskedPaths"] = ["/etc/secrets"]
    results = bundle.tries("list /etc/secrets", "create /etc/secrets/x", "statfs /etc/secrets")
    assert results[0]["value"] == []
    assert results[1]["errno"] == "EROFS"
    assert results[2]["value"]["type"] == 0x01021994


def test_several_masked_directories(bundle):
    for name in ("a", "b", "c"):
        bundle.file(f"/etc/{name}/one", "hidden")
    bundle.linux["maskedPaths"] = ["/etc/a", "/etc/b", "/etc/c"]
    results = bundle.tries("list /etc/a", "list /etc/b", "list /etc/c", "mkdir /etc/b/x")
    assert [result["value"] for result in results[:3]] == [[], [], []]
    assert results[3]["errno"] == "EROFS"


def test_masked_paths_of_proc(bundle):
    results = bundle.tries("read /proc/kcore", "read /proc/keys", "list /sys/firmware", "read /proc/timer_list")
    for result in results:
        assert result["ok"] is False and result["errno"] == "ENOENT" or not result["value"], result


def test_missing_masked_paths_are_ignored(bundle):
    bundle.linux["maskedPaths"] = ["/no/such/path", "/etc/none"]
    assert bundle.tries("stat /etc/none")[0]["errno"] == "ENOENT"


def test_duplicate_masked_paths(bundle):
    bundle.file("/etc/secret", "hidden")
    bundle.file("/etc/d/x")
    bundle.linux["maskedPaths"] = ["/etc/secret", "/etc/secret", "/etc/d", "/etc/d"]
    results = bundle.tries("read /etc/secret", "list /etc/d")
    assert results[0]["value"] == ""
    assert results[1]["value"] == []


def test_mask_of_a_symlink_masks_its_target_inside(bundle):
    bundle.file("/etc/secret", "hidden")
    os.symlink("/etc/secret", bundle.rootfs / "etc/alias")
    bundle.linux["maskedPaths"] = ["/etc/alias"]
    done = bundle.tries("read /etc/alias")
    assert done[0]["value"] == ""


@pytest.mark.unlike(runc="1.1.5 takes the file for the null device, or waits for the fifo")
def test_mask_with_a_forged_null_device(bundle, workdir):
    """CVE-2025-31133: the container's own /dev/null may be anything."""
    bundle.remove_mount("/dev")
    for destination in ("/dev/pts", "/dev/mqueue", "/dev/shm"):
        bundle.remove_mount(destination)
    canary = bundle.file("/canary", "untouched")
    os.symlink("/canary", bundle.rootfs / "dev/null")
    bundle.file("/etc/secret", "hidden")
    bundle.linux["maskedPaths"] = ["/etc/secret"]
    bundle.args = ["/bin/probe", "try", "stat", "/etc/secret", ",", "read", "/etc/secret"]
    done = bundle.run()
    if done.code == 0:
        status, text = done.json()
        assert (status["value"]["type"], status["value"]["major"], status["value"]["minor"]) == ("character", 1, 3)
        assert text["value"] == ""
    else:
        done.fails(1)
    assert canary.read_text() == "untouched"


@pytest.mark.unlike(runc="1.1.5 takes the file for the null device, or waits for the fifo")
@pytest.mark.parametrize("shape", ["file", "directory", "fifo"])
def test_mask_with_dev_null_of_another_shape(bundle, shape):
    bundle.remove_mount("/dev")
    for destination in ("/dev/pts", "/dev/mqueue", "/dev/shm"):
        bundle.remove_mount(destination)
    null = bundle.rootfs / "dev/null"
    {"file": null.touch, "directory": null.mkdir, "fifo": lambda: os.mkfifo(null)}[shape]()
    bundle.file("/etc/secret", "hidden")
    bundle.linux["maskedPaths"] = ["/etc/secret"]
    bundle.args = ["/bin/probe", "try", "read", "/etc/secret", ",", "stat", "/etc/secret"]
    done = bundle.run()
    if done.code == 0:
        text, status = done.json()
        assert "hidden" not in text["value"]
        assert status["value"]["type"] == "character"
    else:
        done.fails(1)


def test_read_only_file_and_directory(bundle):
    bundle.file("/etc/fixed", "text")
    bundle.file("/etc/dir/file", "text")
    bundle.linux["readonlyPaths"] = ["/etc/fixed", "/etc/dir"]
    results = bundle.tries("write /etc/fixed x", "write /etc/dir/file x", "create /etc/dir/new", "read /etc/fixed",
                           "create /etc/other")
    assert [result["errno"] for result in results] == ["EROFS", "EROFS", "EROFS", "", ""]
    assert results[3]["value"] == "text"


def test_read_only_paths_of_proc(bundle):
    results = bundle.tries("write /proc/sys/net/ipv4/ip_forward 1", "read /proc/sys/net/ipv4/ip_forward",
                           "write /proc/sysrq-trigger h", "write /proc/irq/default_smp_affinity 1")
    assert results[0]["errno"] == "EROFS"
    assert results[1]["value"].strip() in ("0", "1")
    assert results[2]["errno"] in ("EROFS", "ENOENT")
    assert results[3]["errno"] in ("EROFS", "ENOENT")


def test_missing_read_only_paths_are_ignored(bundle):
    bundle.linux["readonlyPaths"] = ["/no/such"]
    assert bundle.tries("create /x")[0]["ok"]


def test_read_only_keeps_the_flags_it_had(bundle):
    bundle.linux["readonlyPaths"] = ["/dev/shm"]
    from harness import mountinfo
    found = mountinfo.parse(bundle.facts("mountinfo")["mountinfo"])["/dev/shm"]
    assert {"ro", "nosuid", "nodev", "noexec"} <= found.options


def test_masked_wins_over_read_only(bundle):
    bundle.file("/etc/dir/file", "hidden")
    bundle.linux["readonlyPaths"] = ["/etc/dir"]
    bundle.linux["maskedPaths"] = ["/etc/dir/file"]
    results = bundle.tries("read /etc/dir/file", "create /etc/dir/new")
    assert results[0]["value"] == ""
    assert results[1]["errno"] == "EROFS"


@pytest.mark.only_dray("others take relative paths as they come")
@pytest.mark.parametrize("member", ["maskedPaths", "readonlyPaths"])
def test_relative_paths_are_refused(bundle, member):
    bundle.linux[member] = ["etc/secret"]
    bundle.run().fails(1).dray_error("CONFIG_VALUE", f"/linux/{member}/0", place=True)
