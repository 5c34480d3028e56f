# SPDX-License-Identifier: LGPL-2.1-or-later
"""mounts add and mounts remove: what a running container sees, what is refused, who is in the way."""

import json
import os
import threading

import pytest

from harness import host

pytestmark = [pytest.mark.needs("busybox", "kernel>=5.12"), pytest.mark.only_dray("runc has no such command")]


def change(bundle, verb, *mounts, document=None, **settings):
    path = bundle.directory / "mounts.json"
    path.write_text(document if document is not None else json.dumps({"mounts": list(mounts)}))
    return bundle.runtime("mounts", verb, bundle.name, path, **settings)


def bind(destination, source, *options):
    return {"destination": destination, "type": "bind", "source": str(source), "options": ["bind", *options]}


def table(bundle):
    """Mount points in the container, in their order."""
    return [line.split()[4] for line in open(f"/proc/{bundle.pid}/mountinfo")]


@pytest.fixture
def source(bundle):
    directory = bundle.directory / "source"
    directory.mkdir()
    (directory / "file").write_text("of the host\n")
    os.chmod(directory, 0o755)
    return directory


@pytest.fixture
def running(bundle, source):
    """A running container, nothing of whose mounts the test leaves changed."""
    return bundle.up()


def read(bundle, path):
    return bundle.exec("/bin/cat", path).ok().out


def test_directory(running, source):
    before = table(running)
    change(running, "add", bind("/data", source)).ok()
    assert read(running, "/data/file") == "of the host\n"
    assert (running.rootfs / "data").is_dir() and not os.listdir(running.rootfs / "data")
    running.exec("/bin/sh", "-c", "echo x > /data/new").ok()
    assert (source / "new").read_text() == "x\n"
    assert table(running) == [*before, "/data"]
    change(running, "remove", {"destination": "/data"}).ok()
    assert table(running) == before
    running.exec("/bin/cat", "/data/file").fails()
    assert host.mounts_below(source) == []


def test_file(running, source):
    change(running, "add", bind("/etc/deep/name", source / "file", "ro")).ok()
    assert read(running, "/etc/deep/name") == "of the host\n"
    running.exec("/bin/sh", "-c", "echo x > /etc/deep/name").fails()
    change(running, "remove", bind("/etc/deep/name", source)).ok()
    assert read(running, "/etc/deep/name") == ""


def test_options(running, source):
    change(running, "add", bind("/data", source, "rbind", "rro", "nosuid", "nodev", "noexec", "noatime")).ok()
    line = next(line for line in open(f"/proc/{running.pid}/mountinfo") if line.split()[4] == "/data")
    assert {"ro", "nosuid", "nodev", "noexec", "noatime"} <= set(line.split()[5].split(","))


def test_several_in_their_order(running, source):
    inner = source / "inner"
    inner.mkdir()
    change(running, "add", bind("/a", source), bind("/a/inner", source), bind("/b", source / "file")).ok()
    assert read(running, "/a/inner/file") == "of the host\n"
    change(running, "remove", *({"destination": name} for name in ("/a/inner", "/b", "/a"))).ok()
    assert not {"/a", "/b", "/a/inner"} & set(table(running))


def test_relative_source_and_destination_as_in_config(running, source):
    change(running, "add", bind("data", "source")).ok()
    assert read(running, "/data/file") == "of the host\n"
    change(running, "remove", {"destination": "//data/."}).ok()
    assert "/data" not in table(running)


def test_links_stay_inside(running, source):
    """An absolute link in the root means the container's root, whatever the host has there."""
    target = running.directory / "outside"
    target.mkdir()
    os.symlink(target, running.rootfs / "way")
    change(running, "add", bind("/way/in", source)).ok()
    assert os.listdir(target) == []
    assert read(running, f"{target}/in/file") == "of the host\n"
    change(running, "remove", {"destination": "/way/in"}).ok()
    assert f"{target}/in" not in table(running)


def test_user_namespace(bundle, source):
    bundle.map_users()
    bundle.up()
    change(bundle, "add", bind("/data", source), bind("/mapped", source, "idmap")).ok()
    assert read(bundle, "/data/file") == "of the host\n"
    owner = bundle.exec("/bin/busybox", "stat", "-c", "%u", "/data/file", "/mapped/file").ok().out.split()
    assert owner == ["65534", "0"]
    change(bundle, "remove", {"destination": "/data"}, {"destination": "/mapped"}).ok()
    assert not {"/data", "/mapped"} & set(table(bundle))


def test_created_container(bundle, source):
    bundle.args = ["/bin/cat", "/data/file"]
    bundle.create().ok()
    change(bundle, "add", bind("/data", source)).ok()
    bundle.start().ok()
    assert bundle.output.rest() == "of the host\n"


def test_mounts_end_with_the_container(running, source):
    change(running, "add", bind("/data", source)).ok()
    running.delete("--force").ok()
    assert running.leaks() == []
    assert (source / "file").exists()


def test_host_pid_namespace(bundle, source):
    bundle.no_namespace("pid")
    bundle.up()
    change(bundle, "add", bind("/data", source)).ok()
    assert read(bundle, "/data/file") == "of the host\n"


# --- what is refused, with nothing changed

@pytest.mark.parametrize("mounts, code, pointer", [
    ([{"destination": "/t", "type": "tmpfs", "source": "tmpfs"}], "MOUNT_OPTION", "/mounts/0/type"),
    ([{"destination": "/t", "type": "overlay", "source": "overlay"}], "MOUNT_OPTION", "/mounts/0/type"),
    ([{"destination": "/t", "type": "ext4", "source": "/dev/null"}], "MOUNT_OPTION", "/mounts/0/type"),
    ([{"destination": "/proc", "type": "proc", "source": "proc"}], "MOUNT_OPTION", "/mounts/0/type"),
    ([{"destination": "/t"}], "CONFIG_MISSING", "/mounts/0/type"),
    ([{"destination": "/t", "type": "bind"}], "CONFIG_MISSING", "/mounts/0/source"),
    ([{"destination": "/tmp", "options": ["remount", "ro"]}], "MOUNT_OPTION", "/mounts/0/options"),
    ([{"type": "bind", "source": "/etc"}], "CONFIG_MISSING", "/mounts/0/destination"),
    ([bind("/", "/etc")], "MOUNT_OPTION", "/mounts/0/destination"),
    ([bind("/t/..", "/etc")], "MOUNT_OPTION", "/mounts/0/destination"),
    ([bind("/proc/self", "/etc")], "MOUNT_TARGET", "/mounts/0/destination"),
    ([bind("/proc", "/etc")], "MOUNT_TARGET", "/mounts/0"),
    ([bind("/t", "/nowhere/at/all")], "MOUNT_SOURCE_MISSING", "/mounts/0"),
    ([bind("/t", "/etc", "sometimes")], "MOUNT_OPTION", "/mounts/0/options/1"),
    ([bind("/t", "/etc/mtab", "copy-symlink")], "MOUNT_OPTION", "/mounts/0/options"),
    ([bind("/t", "/etc"), bind("//t/", "/etc")], "MOUNT_OPTION", "/mounts/1/destination"),
    ([bind("/t", "/etc"), bind("/u", "/nowhere")], "MOUNT_SOURCE_MISSING", "/mounts/1"),
    ([bind("/t", "/etc"), bind("/bin/probe/x", "/etc")], "MOUNT_TARGET", "/mounts/1"),
    ([bind("/t", "/etc"), bind("/bin/probe", "/etc")], ("MOUNT_TARGET", "MOUNT_FAILED"), "/mounts/1"),
    (["/t"], "CONFIG_TYPE", "/mounts/0"),
    ([{"destination": 7}], "CONFIG_TYPE", "/mounts/0/destination"),
])
def test_bad_mounts(running, mounts, code, pointer):
    before = table(running)
    change(running, "add", *mounts).dray_error(code, pointer, place=True).exits(1)
    assert table(running) == before
    change(running, "add", bind("/t", running.directory / "source")).ok()


@pytest.mark.parametrize("document, code", [
    ("", "CONFIG_SYNTAX"), ("{", "CONFIG_SYNTAX"), ("[]", "CONFIG_TYPE"), ("{}", "CONFIG_MISSING"),
    ('{"mounts": {}}', "CONFIG_TYPE"), ('{"mounts": [], "mounts": []}', "CONFIG_DUPLICATE"),
])
@pytest.mark.parametrize("verb", ["add", "remove"])
def test_bad_documents(running, verb, document, code):
    change(running, verb, document=document).dray_error(code).exits(1)


def test_nothing_to_do(running):
    before = table(running)
    change(running, "add").ok()
    change(running, "remove").ok()
    assert table(running) == before


def test_missing_file(running):
    running.runtime("mounts", "add", running.name, "/nowhere/mounts.json") \
        .dray_error("CONFIG_UNREADABLE", names=["/nowhere/mounts.json"]).exits(1)


@pytest.mark.parametrize("words", [[], ["add"], ["add", "x"], ["change", "x", "y"], ["add", "x", "y", "z"]])
def test_bad_words(runtime, words):
    runtime("mounts", *words).dray_error("USAGE").exits(1)


def test_twice_is_an_error(running, source):
    change(running, "add", bind("/data", source)).ok()
    before = table(running)
    change(running, "add", bind("/other", source), bind("/data/", source)) \
        .dray_error("MOUNT_TARGET", "/mounts/1", ["before", "EEXIST"])
    assert table(running) == before


def test_only_what_was_added_is_removed(running, source):
    before = table(running)
    for destination in ("/proc", "/dev", "/data", "/", "/sys"):
        change(running, "remove", {"destination": destination}) \
            .dray_error("MOUNT_TARGET", "/mounts/0/destination", ["was added", "ENOENT"])
    assert table(running) == before


def test_unknown_container(runtime, workdir):
    (workdir / "m").write_text('{"mounts": []}')
    runtime("mounts", "add", "nobody", workdir / "m").dray_error("CONTAINER_NOT_FOUND")


def test_stopped_container(running, source):
    running.kill("KILL").ok()
    running.wait()
    change(running, "add", bind("/data", source)).dray_error("CONTAINER_NOT_RUNNING", names=["container not running"])


@pytest.mark.needs("cgroup_v1")
def test_paused_container(running, source):
    """A look-up could wait for a file system that a frozen process serves."""
    running.runtime("pause", running.name).ok()
    change(running, "add", bind("/data", source)).dray_error("CONTAINER_STATUS", names=["paused"])
    running.runtime("resume", running.name).ok()
    change(running, "add", bind("/data", source)).ok()


def test_without_a_mount_namespace(bundle, source):
    bundle.no_namespace("mount")
    bundle.linux.pop("maskedPaths", None)
    bundle.linux.pop("readonlyPaths", None)
    bundle.config["mounts"] = []
    bundle.up()
    change(bundle, "add", bind("/data", source)).dray_error("NAMESPACE_FAILED", names=["mount namespace"])
    assert host.mounts_below(source) == []


# --- a container that is in the way

@pytest.fixture
def hostile(bundle, source):
    """It may mount and unmount as it likes."""
    for name in ("bounding", "effective", "permitted"):
        bundle.process["capabilities"][name].append("CAP_SYS_ADMIN")
    bundle.linux.pop("seccomp", None)
    return bundle.up()


def test_unmounted_inside_it_can_be_added_again(hostile, source):
    change(hostile, "add", bind("/data", source)).ok()
    hostile.exec("/bin/umount", "/data").ok()
    change(hostile, "remove", {"destination": "/data"}).dray_error("MOUNT_TARGET", names=["was added"])
    change(hostile, "add", bind("/data", source)).ok()
    assert read(hostile, "/data/file") == "of the host\n"


def test_moved_inside_it_is_found(hostile, source):
    """Its destination is a link to a mask by now: the mask stays, the mount goes."""
    hostile.exec("/bin/mkdir", "/way").ok()
    change(hostile, "add", bind("/way/kcore", source)).ok()
    before = table(hostile)
    hostile.exec("/bin/busybox", "mv", "/way", "/moved").ok()
    hostile.exec("/bin/ln", "-s", "/proc", "/way").ok()
    change(hostile, "remove", {"destination": "/way/kcore"}).ok()
    after = table(hostile)
    assert sorted(set(before) - set(after)) == ["/way/kcore"] and "/moved/kcore" not in after
    assert ("/proc/kcore" in before) == ("/proc/kcore" in after)


def test_covered_inside_it_is_not_mistaken(hostile, source):
    change(hostile, "add", bind("/data", source)).ok()
    hostile.exec("/bin/mount", "-t", "tmpfs", "none", "/data").ok()
    before = table(hostile)
    change(hostile, "remove", {"destination": "/data"}) \
        .dray_error("MOUNT_TARGET", "/mounts/0/destination", ["something else", "EBUSY"])
    assert table(hostile) == before
    hostile.exec("/bin/umount", "/data").ok()
    change(hostile, "remove", {"destination": "/data"}).ok()


def test_races_with_links(running, source):
    """A directory of the destination becomes a link and back while mounts come and go."""
    outside = running.directory / "victim"
    outside.mkdir()
    (running.rootfs / "real/x").mkdir(parents=True)
    os.symlink("/../../../../../../../.." + str(outside), running.rootfs / "link")
    os.symlink("real", running.rootfs / "dir")
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            for target in ("/proc", str(outside), "real", "/../../../../tmp"):
                os.symlink(target, running.rootfs / "dir.new")
                os.rename(running.rootfs / "dir.new", running.rootfs / "dir")

    before = open("/proc/self/mountinfo").read().count(str(source))
    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(25):
            if change(running, "add", bind("/dir/x", source)).code == 0:
                change(running, "remove", {"destination": "/dir/x"}).ok()
    finally:
        stop.set()
        thread.join()
    assert os.listdir(outside) == []
    assert open("/proc/self/mountinfo").read().count(str(source)) == before
    assert not any(path.startswith("/proc/x") for path in table(running))
