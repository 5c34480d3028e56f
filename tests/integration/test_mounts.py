# SPDX-License-Identifier: LGPL-2.1-or-later
"""mounts: every kind, in the order of the config, on targets that are made when missing."""

import os
import socket
import stat

import pytest

from harness import mountinfo


def mounts(bundle):
    return mountinfo.parse(bundle.facts("mountinfo")["mountinfo"])


def test_the_mounts_of_a_container_are_exactly_those_of_the_config(bundle):
    bundle.linux["maskedPaths"] = bundle.linux["readonlyPaths"] = []
    found = mounts(bundle)
    expected = {"/"} | {mount["destination"] for mount in bundle.config["mounts"]}
    assert set(found) - {"/dev/console"} == expected


def test_kinds_of_the_default_mounts(bundle):
    found = mounts(bundle)
    assert {path: found[path].kind for path in ("/proc", "/dev", "/sys", "/dev/pts", "/dev/mqueue", "/dev/shm")} \
        == {"/proc": "proc", "/dev": "tmpfs", "/sys": "sysfs", "/dev/pts": "devpts",
            "/dev/mqueue": "mqueue", "/dev/shm": "tmpfs"}
    assert {"nosuid", "noexec", "nodev"} <= found["/proc"].options
    assert {"nosuid", "noexec", "nodev", "ro"} <= found["/sys"].options
    assert {"nosuid", "noexec", "nodev"} <= found["/dev/shm"].options
    assert "nosuid" in found["/dev"].options
    assert {"ptmxmode=666", "gid=5"} <= found["/dev/pts"].data
    assert "mode=620" in found["/dev/pts"].data
    assert "size=65536k" in found["/dev/shm"].data


def test_bind_of_a_directory(bundle, workdir):
    source = workdir / "source"
    source.mkdir()
    (source / "file").write_text("content")
    bundle.add_mount("/data", "bind", source, ["bind"])
    results = bundle.tries("read /data/file", "create /data/new hello", "list /data")
    assert results[0]["value"] == "content"
    assert results[1]["ok"]
    assert sorted(results[2]["value"]) == ["file", "new"]
    assert (source / "new").read_text() == "hello"


def test_bind_of_a_file(bundle, workdir):
    source = workdir / "file"
    source.write_text("content")
    bundle.add_mount("/etc/made/here", "bind", source, ["bind", "ro"])
    results = bundle.tries("read /etc/made/here", "write /etc/made/here x", "stat /etc/made/here")
    assert results[0]["value"] == "content"
    assert results[1]["errno"] == "EROFS"
    assert results[2]["value"]["type"] == "file"
    assert source.read_text() == "content"
    assert (bundle.rootfs / "etc/made/here").is_file()


def test_bind_over_a_file_that_is_there(bundle, workdir):
    source = workdir / "file"
    source.write_text("new")
    bundle.file("/etc/hosts", "old")
    bundle.add_mount("/etc/hosts", "bind", source, ["bind"])
    assert bundle.tries("read /etc/hosts")[0]["value"] == "new"
    assert (bundle.rootfs / "etc/hosts").read_text() == "old"


def test_bind_of_a_device_socket_and_fifo(bundle, workdir):
    fifo, sock = workdir / "fifo", workdir / "sock"
    os.mkfifo(fifo)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(sock))
    server.listen()
    bundle.add_mount("/run/fifo", "bind", fifo, ["bind"])
    bundle.add_mount("/run/sock", "bind", sock, ["bind"])
    bundle.add_mount("/dev/mynull", "bind", "/dev/null", ["bind"])
    results = bundle.tries("stat /run/fifo", "connect /run/sock", "stat /dev/mynull", "open /dev/mynull rw")
    assert results[0]["value"]["type"] == "fifo"
    assert results[1]["ok"]
    assert (results[2]["value"]["major"], results[2]["value"]["minor"]) == (1, 3)
    assert results[3]["ok"]
    server.close()


def test_bind_by_option_without_a_type(bundle, workdir):
    source = workdir / "source"
    source.mkdir()
    (source / "mark").touch()
    bundle.add_mount("/data", None, source, ["rbind"])
    assert bundle.tries("list /data")[0]["value"] == ["mark"]


def test_relative_bind_source_is_relative_to_the_bundle(bundle):
    (bundle.directory / "extra").mkdir()
    (bundle.directory / "extra/mark").touch()
    bundle.add_mount("/data", "bind", "extra", ["bind"])
    assert bundle.tries("list /data")[0]["value"] == ["mark"]


def test_bind_leaves_submounts_out_and_rbind_takes_them(bundle, workdir, runtime):
    source = workdir / "tree"
    (source / "sub").mkdir(parents=True)
    bundle.add_mount("/plain", "bind", source, ["bind"])
    bundle.add_mount("/deep", "bind", source, ["rbind"])
    bundle.args = ["/bin/probe", "try", "list", "/plain/sub", ",", "list", "/deep/sub"]
    bundle.write()
    done = runtime("run", "--bundle", bundle.directory, bundle.name,
                   wrap=["unshare", "-m", "sh", "-c",
                         f'mount -t tmpfs t {source}/sub && : >{source}/sub/mark && exec "$0" "$@"'])
    results = done.json()
    assert results[0]["value"] == []
    assert results[1]["value"] == ["mark"]


def test_bind_source_inside_the_rootfs(bundle):
    bundle.file("/srv/a/mark")
    bundle.add_mount("/srv/b", "bind", bundle.rootfs / "srv/a", ["bind"])
    assert bundle.tries("list /srv/b")[0]["value"] == ["mark"]


def test_missing_bind_source_is_named(bundle):
    bundle.add_mount("/data", "bind", "/no/such/source", ["bind"])
    done = bundle.run().fails(1, ["/no/such/source"])
    done.dray_error("MOUNT_SOURCE_MISSING", names=["/mounts/6", "ENOENT"], place=True)
    if done.kind == "dray":
        assert "no such file or directory" not in done.err
    assert bundle.leaks() == []


def test_missing_source_does_not_make_it(bundle, workdir):
    bundle.add_mount("/data", "bind", workdir / "missing", ["bind"])
    bundle.run().fails(1)
    assert not (workdir / "missing").exists()


def test_targets_are_made_with_their_parents(bundle):
    bundle.add_mount("/a/b/c", "tmpfs", "tmpfs")
    assert bundle.tries("stat /a/b/c")[0]["value"]["type"] == "directory"
    status = os.stat(bundle.rootfs / "a/b")
    assert stat.S_IMODE(status.st_mode) == 0o755
    assert (status.st_uid, status.st_gid) == (0, 0)


def test_order_of_the_config_is_the_order_of_mounting(bundle, workdir):
    source = workdir / "source"
    source.mkdir()
    bundle.add_mount("/data", "bind", source, ["bind"])
    bundle.add_mount("/data/inner", "tmpfs", "tmpfs")
    assert {"/data", "/data/inner"} <= set(mounts(bundle))
    assert (source / "inner").is_dir()


def test_later_mount_covers_an_earlier_one(bundle):
    bundle.add_mount("/data/inner", "tmpfs", "tmpfs")
    bundle.add_mount("/data", "tmpfs", "tmpfs")
    assert bundle.tries("list /data")[0]["value"] == []


def test_two_mounts_on_one_target(bundle, workdir):
    for name in ("one", "two"):
        (workdir / name).mkdir()
        (workdir / name / name).touch()
        bundle.add_mount("/data", "bind", workdir / name, ["bind"])
    assert bundle.tries("list /data")[0]["value"] == ["two"]


def test_target_through_symlinks_stays_inside(bundle):
    outside = bundle.directory / "outside"
    outside.mkdir()
    os.symlink("/real", bundle.rootfs / "link")
    (bundle.rootfs / "real").mkdir()
    os.symlink("../../../../../../../up", bundle.rootfs / "real/up")
    bundle.add_mount("/link/x", "tmpfs", "tmpfs")
    bundle.add_mount("/real/up/y", "tmpfs", "tmpfs")
    found = mounts(bundle)
    assert {"/real/x", "/up/y"} <= set(found)


def test_dangling_symlink_as_target(bundle, kind):
    os.symlink("/made/later", bundle.rootfs / "link")
    bundle.add_mount("/link", "tmpfs", "tmpfs")
    assert "/made/later" in mounts(bundle)


def test_symlink_loop_as_target_is_an_error(bundle):
    os.symlink("loop", bundle.rootfs / "loop")
    bundle.add_mount("/loop/x", "tmpfs", "tmpfs")
    bundle.run().fails(1).dray_error("MOUNT_TARGET", names=["/loop/x"])
    assert bundle.leaks() == []


def test_dotdot_in_the_target_stays_inside(bundle):
    bundle.add_mount("/../../../data/../other", "tmpfs", "tmpfs")
    found = mounts(bundle)
    assert "/other" in found


def test_file_in_the_way_is_an_error(bundle):
    bundle.file("/data", "a file")
    bundle.add_mount("/data", "tmpfs", "tmpfs")
    bundle.run().fails(1).dray_error(("MOUNT_TARGET", "MOUNT_FAILED"), names=["/data", "/mounts/6"])
    assert bundle.leaks() == []


def test_unusual_characters_in_paths(bundle, workdir):
    source = workdir / "a b\tc\"d,e\u00e4"
    source.mkdir()
    (source / "mark").touch()
    bundle.add_mount("/x y\t,\\z\u00e4", "bind", source, ["bind"])
    assert bundle.tries(["list", "/x y\t,\\z\u00e4"])[0]["value"] == ["mark"]


@pytest.mark.parametrize("length", [65535, 65536, 70000, 1 << 20])
def test_overlong_sources_are_never_cut(bundle, length):
    bundle.add_mount("/data", "bind", "/" + "x" * length, ["bind"])
    bundle.run().fails(1)
    assert bundle.leaks() == []


def test_tmpfs_options(bundle):
    bundle.add_mount("/t", "tmpfs", "tmpfs", ["size=1m", "mode=1770", "uid=5", "gid=6", "nr_inodes=100"])
    results = bundle.tries("stat /t", "statfs /t")
    assert results[0]["value"]["mode"] == 0o1770
    assert (results[0]["value"]["uid"], results[0]["value"]["gid"]) == (5, 6)
    assert results[1]["value"]["bytes"] == 1 << 20


@pytest.mark.unlike(runc="1.1 makes it 1777 always")
def test_tmpfs_without_mode_takes_that_of_what_it_covers(bundle):
    path = bundle.rootfs / "covered"
    path.mkdir()
    os.chmod(path, 0o750)
    bundle.add_mount("/covered", "tmpfs", "tmpfs")
    bundle.add_mount("/fresh", "tmpfs", "tmpfs")
    results = bundle.tries("stat /covered", "stat /fresh")
    assert results[0]["value"]["mode"] == 0o750
    assert results[1]["value"]["mode"] == 0o1777


def test_tmpcopyup(bundle):
    bundle.file("/data/sub/file", "content", 0o640)
    os.symlink("sub/file", bundle.rootfs / "data/link")
    os.chown(bundle.rootfs / "data/sub/file", 7, 8)
    os.chmod(bundle.rootfs / "data/sub", 0o711)
    bundle.add_mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])
    results = bundle.tries("read /data/sub/file", "stat /data/sub/file", "readlink /data/link", "stat /data/sub",
                           "statfs /data", "create /data/new")
    assert results[0]["value"] == "content"
    status = results[1]["value"]
    assert (status["mode"], status["uid"], status["gid"]) == (0o640, 7, 8)
    assert results[2]["value"] == "sub/file"
    assert results[3]["value"]["mode"] == 0o711
    assert results[4]["value"]["type"] == 0x01021994
    assert results[5]["ok"]
    assert not (bundle.rootfs / "data/new").exists()


def test_tmpcopyup_follows_no_symlink_out(bundle):
    canary = bundle.directory / "canary"
    canary.write_text("secret")
    (bundle.rootfs / "data").mkdir()
    os.symlink("/../../../../../.." + str(canary), bundle.rootfs / "data/link")
    bundle.add_mount("/data", "tmpfs", "tmpfs", ["tmpcopyup"])
    results = bundle.tries("lstat /data/link", "read /data/link")
    assert results[0]["value"]["type"] == "symlink"
    assert results[1]["errno"] == "ENOENT"


def test_overlay(bundle, workdir):
    for name in ("lower", "upper", "work"):
        (workdir / name).mkdir()
    (workdir / "lower/low").write_text("low")
    # The file system of this machine may not serve as an upper layer; tmpfs does.
    bundle.add_mount("/o", "overlay", "overlay", [f"lowerdir={workdir}/lower", f"upperdir={workdir}/upper",
                                                  f"workdir={workdir}/work"])
    results = bundle.tries("read /o/low", "create /o/new text")
    assert results[0]["value"] == "low"
    assert results[1]["ok"]
    assert (workdir / "upper/new").read_text() == "text"


def test_unknown_file_system_is_named(bundle):
    bundle.add_mount("/x", "nosuchfs", "none")
    bundle.run().fails(1).dray_error("MOUNT_FAILED", names=["nosuchfs", "/mounts/6"])
    assert bundle.leaks() == []


def test_relative_target(bundle, kind):
    bundle.add_mount("data", "tmpfs", "tmpfs")
    if kind == "dray":
        # The specification wants it absolute; Linux runtimes take it as relative to the root.
        done = bundle.run()
        if done.code != 0:
            done.dray_error("CONFIG_VALUE", "/mounts/6/destination")
            return
    assert "/data" in mounts(bundle)


def test_mounts_do_not_reach_the_host(bundle, workdir):
    before = open("/proc/self/mountinfo").read()
    bundle.add_mount("/data", "tmpfs", "tmpfs")
    bundle.up()
    assert open("/proc/self/mountinfo").read() == before
    bundle.delete("--force").ok()
    bundle.wait()
    assert open("/proc/self/mountinfo").read() == before


def test_host_mounts_are_gone_inside(bundle):
    found = mounts(bundle)
    assert not [m for m in found.values() if m.target.startswith(("/mnt", "/tmp", "/work"))]


def test_proc_shows_the_containers_processes_after_a_join(make_bundle):
    first, second = make_bundle(), make_bundle()
    first.up()
    second.namespace("pid", f"/proc/{first.pid}/ns/pid")
    names = second.tries("list /proc", "read /proc/1/comm")
    assert names[1]["value"] == "probe\n"


def test_mqueue_and_shm_are_private(make_bundle):
    one, two = make_bundle(), make_bundle()
    one.args = ["/bin/sh", "-c", "echo x >/dev/shm/mark; exec /bin/probe wait"]
    one.create().ok()
    one.start().ok()
    one.output.expect("ready")
    assert two.tries("list /dev/shm")[0]["value"] == []
    assert not os.path.exists("/dev/shm/mark")


@pytest.mark.needs("cgroup_v1")
@pytest.mark.parametrize("private", [True, False])
def test_cgroup_mount_v1(bundle, private):
    if private:
        bundle.namespace("cgroup")
    bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"])
    results = bundle.tries("list /sys/fs/cgroup", "read /sys/fs/cgroup/pids/cgroup.procs",
                           "create /sys/fs/cgroup/pids/x", "mkdir /sys/fs/cgroup/pids/x")
    assert {"pids", "memory", "cpu", "devices", "freezer"} <= set(results[0]["value"])
    assert results[1]["value"].split() == ["1"]
    assert results[2]["errno"] == "EROFS"
    assert results[3]["errno"] == "EROFS"


@pytest.mark.needs("cgroup_v1")
def test_cgroup_mount_v1_is_read_only_for_release_agent(bundle):
    bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"])
    for name in bundle.process["capabilities"].values():
        name.append("CAP_SYS_ADMIN")
    results = bundle.tries("write /sys/fs/cgroup/memory/release_agent /x", "write /sys/fs/cgroup/pids/notify_on_release 1")
    assert not results[0]["ok"]
    assert results[1]["errno"] == "EROFS"


@pytest.mark.parametrize("target", ["/proc", "/sys"])
@pytest.mark.parametrize("link", ["/evil", "evil", "../../../../tmp"])
def test_proc_or_sys_as_a_symlink_is_refused(bundle, target, link):
    (bundle.rootfs / "evil").mkdir()
    (bundle.rootfs / target[1:]).rmdir()
    os.symlink(link, bundle.rootfs / target[1:])
    bundle.run().fails(1).dray_error(("MOUNT_TARGET", "PROC_UNSAFE", "ROOTFS_UNSAFE"), names=[target])
    assert bundle.leaks() == []
    assert os.listdir(bundle.rootfs / "evil") == []


@pytest.mark.parametrize("destination", ["/proc/self", "/proc/1/attr", "/proc/sys/kernel"])
def test_mounts_inside_proc_are_refused(bundle, workdir, destination):
    (workdir / "fake").mkdir()
    bundle.add_mount(destination, "bind", workdir / "fake", ["bind"])
    bundle.run().fails(1).dray_error(("MOUNT_TARGET", "PROC_UNSAFE", "CONFIG_VALUE"), "/mounts/6/destination", place=True)
    assert bundle.leaks() == []


def test_a_directory_bound_over_proc_is_refused(bundle, workdir):
    (workdir / "fake").mkdir()
    bundle.remove_mount("/proc")
    bundle.add_mount("/proc", "bind", workdir / "fake", ["bind"])
    bundle.run().fails(1).dray_error(("MOUNT_TARGET", "PROC_UNSAFE", "CONFIG_VALUE"), names=["/proc"])


def test_a_file_below_proc_may_be_covered(bundle, workdir):
    (workdir / "uptime").write_text("1 1\n")
    bundle.add_mount("/proc/uptime", "bind", workdir / "uptime", ["bind", "ro"])
    assert bundle.tries("read /proc/uptime")[0]["value"] == "1 1\n"


def test_a_thousand_mounts(bundle):
    for number in range(1000):
        bundle.add_mount(f"/many/{number}", "tmpfs", "tmpfs", ["size=4k"])
    found = mounts(bundle)
    assert len([target for target in found if target.startswith("/many/")]) == 1000
