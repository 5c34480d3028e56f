# SPDX-License-Identifier: LGPL-2.1-or-later
"""Root file systems that an image has prepared: links, wrong kinds of file, decoys.

CVE-2026-41579, CVE-2026-47766, CVE-2026-88264/88265 (/dev), CVE-2019-19921, CVE-2023-27561,
CVE-2023-28642, CVE-2025-54867 (/proc and /sys), CVE-2025-31133, CVE-2025-62161 (/dev/null),
CVE-2025-52565 (console), CVE-2019-18837, CVE-2015-1335, CVE-2024-45310, CVE-2026-87766 (targets),
CVE-2026-55686, CVE-2025-9566 (working directory), CVE-2025-24965 (files by handlers),
CVE-2026-84042 (helpers), CVE-2019-16884 (mounts over /proc), CVE-2022-0811 class.
"""

import os
import random
import stat

import pytest

from harness.attack import canary, fill_canary_link, racer, upward  # noqa: F401  fixtures

DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "console", "fd", "stdin", "stdout", "stderr",
           "core", "pts", "shm", "mqueue")


def links_to(bundle, place, target):
    return {"absolute": str(target), "relative": upward(bundle, place, target)}


def attempt(bundle):
    """Runs it; whether that works is the runtime's choice, the canary judges."""
    done = bundle.run()
    bundle.delete("--force")
    return done


def without_dev(bundle):
    for name in ("/dev/pts", "/dev/mqueue", "/dev/shm", "/dev"):
        bundle.remove_mount(name)
    return bundle


# --- /dev

@pytest.mark.parametrize("form", ["absolute", "relative"])
@pytest.mark.parametrize("place", ["/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"])
def test_dev_is_a_link_to_the_host(bundle, canary, form, place):
    fill_canary_link(bundle, place, links_to(bundle, place, canary)[form])
    for mount in list(bundle.config["mounts"]):
        if mount["destination"] == "/dev":
            bundle.config["mounts"].remove(mount)
    attempt(bundle)
    without = bundle.config["mounts"]
    bundle.config["mounts"] = [m for m in without if not m["destination"].startswith("/dev")]
    attempt(bundle)


@pytest.mark.parametrize("terminal", [False, True], ids=["plain", "terminal"])
@pytest.mark.parametrize("name", DEVICES)
def test_device_name_is_a_link_to_the_host(bundle, canary, name, terminal):
    """Without a mount on /dev, so the names are those of the image."""
    without_dev(bundle)
    place = f"/dev/{name}"
    for target in (canary / "ptmx", canary / "new", canary.directory):
        for link in links_to(bundle, place, target).values():
            fill_canary_link(bundle, place, link)
            bundle.process["terminal"] = terminal
            attempt(bundle)


@pytest.mark.parametrize("name", ["null", "zero", "tty", "ptmx", "console", "fd"])
def test_device_name_is_something_else(bundle, canary, name):
    """A directory, a hard link to a file outside, a fifo, a file: an error or the device, never a hang."""
    without_dev(bundle)
    path = bundle.rootfs / "dev" / name
    makers = {
        "directory": lambda: path.mkdir(),
        "fifo": lambda: os.mkfifo(path),
        "file": lambda: path.write_text("x"),
        "hard link": lambda: os.link(canary / "ptmx", path),
        "other device": lambda: os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5)),
    }
    for make in makers.values():
        if path.is_dir():
            path.rmdir()
        elif os.path.lexists(path):
            path.unlink()
        make()
        canary.before["ptmx"] = canary.look()["ptmx"]
        attempt(bundle)
    if os.path.lexists(path) and not path.is_dir():
        path.unlink()
    canary.before["ptmx"] = canary.look()["ptmx"]


def test_extra_device_below_a_link(bundle, canary):
    for place in ("/dev/x", "/srv"):
        for link in links_to(bundle, place, canary).values():
            without = bundle.config["mounts"]
            bundle.config["mounts"] = [m for m in without if not m["destination"].startswith("/dev")]
            fill_canary_link(bundle, place, link)
            bundle.linux["devices"] = [{"path": place + "/made", "type": "c", "major": 1, "minor": 3}]
            attempt(bundle)
            bundle.config["mounts"] = without


def test_the_hosts_dev_is_left_alone(bundle, canary):
    """A /dev of the host bound into the container: no link and no node is made or removed there."""
    for name in ("/dev/pts", "/dev/mqueue", "/dev/shm", "/dev"):
        bundle.remove_mount(name)
    device = canary / "directory"
    (device / "ptmx").write_text("mine")
    canary.before = canary.look()
    bundle.add_mount("/dev", "bind", device, ["rbind", "rw"])
    attempt(bundle)


# --- /proc and /sys

@pytest.mark.parametrize("place", ["/proc", "/sys"])
@pytest.mark.parametrize("form", ["absolute", "relative", "inside"])
def test_proc_or_sys_is_a_link(bundle, canary, place, form):
    (bundle.rootfs / "evil").mkdir()
    targets = links_to(bundle, place, canary) | {"inside": "/evil"}
    fill_canary_link(bundle, place, targets[form])
    done = attempt(bundle)
    assert done.code != 0, f"{place} was taken from a link:\n{done}"
    assert not list((bundle.rootfs / "evil").iterdir())


@pytest.mark.parametrize("destination", ["/proc", "/proc/self", "/proc/self/attr", "/proc/self/attr/exec", "/proc/1/attr",
                                         "/proc/sys", "/proc/sys/kernel", "/proc/./sys/", "//proc//self",
                                         "/tmp/../proc/sys", "/proc/sysrq-trigger", "/link/sys"])
@pytest.mark.parametrize("mount_type", ["bind", "tmpfs"])
def test_mount_over_proc(bundle, canary, destination, mount_type):
    os.symlink("/proc", bundle.rootfs / "link")
    source = canary / ("ptmx" if destination.endswith(("exec", "trigger")) else "directory")
    if mount_type == "bind":
        bundle.add_mount(destination, "bind", source, ["bind"])
    else:
        bundle.add_mount(destination, "tmpfs", "tmpfs")
    done = attempt(bundle)
    done.fails()


def test_a_false_proc_from_a_bind(bundle, canary):
    """A directory that looks like a procfs, in the place of one."""
    bundle.remove_mount("/proc")
    (bundle.rootfs / "self").mkdir()
    bundle.add_mount("/proc", "bind", canary, ["bind"])
    attempt(bundle).fails()


# --- masks and console

@pytest.mark.parametrize("what", ["link", "fifo", "file", "directory", "other device"])
def test_masks_with_a_false_null_device(bundle, canary, what):
    """What covers a masked file must be the null device, whatever the image calls so."""
    without_dev(bundle)
    path = bundle.rootfs / "dev/null"
    {"link": lambda: os.symlink("/proc/sys/kernel/printk_ratelimit_burst", path),
     "fifo": lambda: os.mkfifo(path),
     "file": lambda: path.write_text("x"),
     "directory": lambda: path.mkdir(),
     "other device": lambda: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))}[what]()
    bundle.file("/secret", "secret")
    bundle.linux["maskedPaths"] += ["/secret"]
    bundle.args = ["/bin/probe", "try", "stat", "/secret", ",", "read", "/secret", ",", "stat", "/proc/keys", ",",
                   "write", "/proc/sys/kernel/printk_ratelimit_burst", "77"]
    done = attempt(bundle)
    if done.code == 0:
        secret, text, keys, core = done.json()
        for masked in (secret, keys):
            assert (masked["value"]["type"], masked["value"]["major"], masked["value"]["minor"]) == ("character", 1, 3)
        assert text["value"] == ""
        assert not core["ok"]


@pytest.mark.parametrize("link", ["/proc/sys/kernel/printk_ratelimit_burst", "/canary", "CANARY"])
def test_console_is_a_link(bundle, canary, link):
    without_dev(bundle)
    bundle.add_mount("/dev/pts", "devpts", "devpts", ["newinstance", "ptmxmode=0666", "mode=0620", "gid=5"])
    fill_canary_link(bundle, "/dev/console", link.replace("CANARY", str(canary / "console")))
    bundle.process["terminal"] = True
    bundle.args = ["/bin/probe", "try", "stat", "/dev/console"]
    done = attempt(bundle)
    assert done.code != 0 or '"major":136' in done.out.replace(" ", ""), str(done)
    assert not (bundle.rootfs / "canary").exists()


# --- targets, working directory, files of the runtime

@pytest.mark.parametrize("place", ["/out", "/out/deep", "/deep/er"])
def test_mount_target_below_a_link_to_the_host(bundle, canary, place):
    """A missing target is made in the container, wherever links of the image point."""
    for link in links_to(bundle, place, canary).values():
        fill_canary_link(bundle, place, link)
        source = bundle.directory / "source"
        source.mkdir(exist_ok=True)
        (bundle.directory / "file").write_text("x")
        mounts = list(bundle.config["mounts"])
        bundle.add_mount(place + "/a/b", "bind", source, ["bind"])
        bundle.add_mount(place + "/file", "bind", bundle.directory / "file", ["bind"])
        bundle.add_mount(place + "/tmpfs", "tmpfs", "tmpfs")
        attempt(bundle)
        bundle.config["mounts"] = mounts


@pytest.mark.parametrize("cwd", ["/w/made", "/w/a/../made", "/w/../../../../made", "/deep/w/made"])
def test_working_directory_below_a_link(bundle, canary, cwd):
    (bundle.rootfs / "deep").mkdir()
    for place in ("/w", "/deep/w"):
        for link in links_to(bundle, place, canary).values():
            fill_canary_link(bundle, place, link)
            bundle.process["cwd"] = cwd
            attempt(bundle)


def test_files_that_handlers_write(bundle, canary):
    """Nothing in the root tells the runtime to write there, or what to do on the host."""
    for name in (".krun_config.json", ".krun_vm.json", ".containerenv", "etc/resolv.conf", "etc/hosts", "etc/mtab"):
        fill_canary_link(bundle, "/" + name, str(canary / "new"))
    for handler in ("krun", "wasm", "wasmtime", "libkrun", "../../evil"):
        bundle.config["annotations"].update({"run.oci.handler": handler, "krun.cpus": "1"})
        attempt(bundle)
    bundle.config["annotations"].update({"module.wasm.image/variant": "compat", "run.oci.handler": "krun"})
    attempt(bundle)


def test_helpers_of_the_image_are_never_executed(bundle, canary):
    script = f"#!/bin/busybox sh\necho pwned > {canary}/executed\n"
    for directory in ("bin", "usr/bin", "sbin", "usr/sbin", "usr/local/bin", "usr/libexec/dray", "libexec"):
        for name in ("newuidmap", "newgidmap", "criu", "passt", "pasta", "dray-helper", "dray-stage", "modprobe",
                     "virgl_render_server", "ip"):
            bundle.file(f"/{directory}/{name}", script, 0o755)
    bundle.config["annotations"]["run.oci.handler"] = "krun"
    attempt(bundle)
    del bundle.config["annotations"]["run.oci.handler"]
    bundle.map_users()
    path = f"{bundle.rootfs}/bin:{bundle.rootfs}/usr/bin:/usr/bin:/bin"
    bundle.run(env={"PATH": path})


def test_long_chains_of_links(bundle, canary):
    """Links whose expansion passes 4,096 and 8,192 bytes, and loops."""
    long = "/".join(["x" * 200] * 20)
    for number in range(3):
        os.symlink(f"/{long[:3900]}/../l{number + 1}", bundle.rootfs / f"l{number}")
    os.symlink("/loop", bundle.rootfs / "loop")
    for destination in ("/l0/" + "y" * 200, "/loop/a", "/" + "a/" * 2000 + "b", "/" + "n" * 256, "/" + "z" * 5000):
        mounts = list(bundle.config["mounts"])
        bundle.add_mount(destination, "tmpfs", "tmpfs")
        done = attempt(bundle)
        assert done.code >= 0
        bundle.config["mounts"] = mounts


def test_random_trees_of_links(bundle, canary):
    """Random links by random destinations: nothing outside the root is ever made or covered."""
    chance = random.Random(int(os.environ.get("ATTACK_SEED", "1")))
    names = ["a", "b", "c", "d"]
    for _ in range(int(os.environ.get("ATTACK_TREES", "20"))):
        places = []
        for _ in range(12):
            place = "/".join(chance.choice(names) for _ in range(chance.randint(1, 4)))
            path = bundle.rootfs / "t" / place
            try:
                if not os.path.realpath(path).startswith(f"{bundle.rootfs}/t/"):
                    continue  # we would follow the links ourselves
                path.parent.mkdir(parents=True, exist_ok=True)
                if chance.random() < 0.4:
                    path.mkdir()
                else:
                    target = chance.choice([str(canary), upward(bundle, "/t/" + place, canary), "..", "../..", ".", "/",
                                            "/t/" + chance.choice(names), chance.choice(names) + "/", "../" * 30])
                    os.symlink(target, path)
            except OSError:
                continue
            places.append(place)
        mounts = list(bundle.config["mounts"])
        for _ in range(3):
            place = "/t/" + "/".join(chance.choice(names + ["..", "."]) for _ in range(chance.randint(1, 6)))
            bundle.add_mount(place + chance.choice(["", "/", "/new"]), "tmpfs", "tmpfs")
        attempt(bundle)
        bundle.config["mounts"] = mounts
        os.system(f"rm -r --one-file-system {bundle.rootfs}/t")
