# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.devices and the device files every container has."""

import os

import pytest

DEFAULTS = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
LINKS = {"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}


def test_default_devices(bundle):
    results = bundle.tries(*[f"stat /dev/{name}" for name in DEFAULTS])
    for (name, numbers), result in zip(DEFAULTS.items(), results):
        value = result["value"]
        assert value["type"] == "character", name
        assert (value["major"], value["minor"]) == numbers, name
        assert value["mode"] == 0o666, name
        assert (value["uid"], value["gid"]) == (0, 0), name


def test_default_devices_can_be_used(bundle):
    results = bundle.tries("open /dev/null rw", "write /dev/null x", "open /dev/zero", "open /dev/random",
                           "open /dev/urandom", "write /dev/full x", "open /dev/ptmx rw", "open /dev/tty rw")
    assert [result["errno"] for result in results] == ["", "", "", "", "", "ENOSPC", "", "ENXIO"]


def test_default_links(bundle):
    results = bundle.tries(*[f"readlink /dev/{name}" for name in [*LINKS, "ptmx"]])
    assert [result["value"] for result in results[:-1]] == list(LINKS.values())
    assert results[-1]["value"] in ("pts/ptmx", "/dev/pts/ptmx")


def test_nothing_else_is_in_dev(bundle):
    names = bundle.tries("list /dev")[0]["value"]
    assert set(names) - {"core", "console"} == {*DEFAULTS, *LINKS, "ptmx", "pts", "mqueue", "shm"}


def test_extra_devices(bundle):
    bundle.linux["devices"] = [
        {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o640, "uid": 5, "gid": 6},
        {"path": "/dev/disk/loop", "type": "b", "major": 7, "minor": 0, "fileMode": 0o600},
        {"path": "/dev/pipe", "type": "p", "fileMode": 0o622, "uid": 1},
        {"path": "/dev/unbuffered", "type": "u", "major": 1, "minor": 3},
        {"path": "/srv/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666},
    ]
    results = [result.get("value") for result in bundle.tries(
        "stat /dev/fuse", "stat /dev/disk/loop", "stat /dev/pipe", "stat /dev/unbuffered", "open /srv/null rw")]
    fuse, loop, fifo, unbuffered = results[:4]
    assert (fuse["type"], fuse["major"], fuse["minor"], fuse["mode"], fuse["uid"], fuse["gid"]) == \
        ("character", 10, 229, 0o640, 5, 6)
    assert (loop["type"], loop["major"], loop["minor"], loop["mode"]) == ("block", 7, 0, 0o600)
    assert (fifo["type"], fifo["mode"], fifo["uid"], fifo["gid"]) == ("fifo", 0o622, 1, 0)
    assert (unbuffered["type"], unbuffered["major"], unbuffered["minor"]) == ("character", 1, 3)


def test_file_mode_with_type_bits(bundle):
    """Podman sends 8612, which is 020644."""
    bundle.linux["devices"] = [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": 0o20644}]
    assert bundle.tries("stat /dev/x")[0]["value"]["mode"] == 0o644


@pytest.mark.unlike(runc="fails to reopen its standard streams")
def test_device_of_a_default_name(bundle):
    bundle.linux["devices"] = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o600, "uid": 9}]
    assert bundle.tries("open /dev/null rw")[0]["ok"]


@pytest.mark.only_dray("runc 1.1.5 fails on them")
@pytest.mark.parametrize("name, numbers", [("tty", (5, 0)), ("ptmx", (5, 2))])
def test_tty_and_ptmx_listed_as_devices(bundle, name, numbers):
    bundle.linux["devices"] = [{"path": f"/dev/{name}", "type": "c", "major": numbers[0], "minor": numbers[1]}]
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()


@pytest.mark.unlike(runc="1.1.5 fails on it")
def test_trailing_slash(bundle):
    bundle.linux["devices"] = [{"path": "/dev/x/", "type": "c", "major": 1, "minor": 3}]
    assert bundle.tries("stat /dev/x")[0]["value"]["type"] == "character"


@pytest.mark.parametrize("device, word", [
    ({"path": "/dev/x", "type": "q", "major": 1, "minor": 3}, "q"),
    ({"path": "/dev/x", "type": "c", "major": -1, "minor": 3}, "/linux/devices/0/major"),
    ({"path": "/dev/x", "type": "c", "minor": 3}, "/linux/devices/0"),
    ({"type": "c", "major": 1, "minor": 3}, "/linux/devices/0"),
    ({"path": "/dev/x", "major": 1, "minor": 3}, "/linux/devices/0"),
    ({"path": "dev/x", "type": "c", "major": 1, "minor": 3}, "/linux/devices/0/path"),
])
def test_bad_devices(bundle, device, word, kind):
    if kind == "runc":
        pytest.skip("runc: takes missing numbers for 0")
    bundle.linux["devices"] = [device]
    bundle.run().fails(1).dray_error(("CONFIG_VALUE", "CONFIG_RANGE", "CONFIG_MISSING"), names=[word])
    assert bundle.leaks() == []


@pytest.mark.unlike(runc="1.1.5 needs a /dev/null in there")
def test_dev_bound_from_elsewhere_is_left_alone(bundle, workdir):
    own = workdir / "dev"
    own.mkdir()
    (own / "mine").write_text("x")
    for destination in ("/dev/pts", "/dev/mqueue", "/dev/shm"):
        bundle.remove_mount(destination)
    mount = bundle.mount_at("/dev")
    mount.update({"type": "bind", "source": str(own), "options": ["rbind"]})
    assert bundle.tries("list /dev")[0]["value"] == ["mine"]
    assert os.listdir(own) == ["mine"]


def test_without_a_mount_on_dev(bundle):
    for destination in ("/dev/pts", "/dev/mqueue", "/dev/shm", "/dev"):
        bundle.remove_mount(destination)
    results = bundle.tries("open /dev/null rw", "stat /dev/zero")
    assert results[0]["ok"]
    assert (results[1]["value"]["major"], results[1]["value"]["minor"]) == (1, 5)


def test_pts_is_an_instance_of_its_own(bundle):
    assert bundle.tries("list /dev/pts")[0]["value"] == ["ptmx"]


@pytest.mark.needs("cgroup_v1")
def test_device_that_is_not_allowed_cannot_be_opened(bundle):
    bundle.linux["devices"] = [{"path": "/dev/port", "type": "c", "major": 1, "minor": 4, "fileMode": 0o666}]
    bundle.resources["devices"] = [{"allow": False, "access": "rwm"}]
    for name in bundle.process["capabilities"].values():
        name += ["CAP_SYS_RAWIO", "CAP_MKNOD"]
    assert bundle.tries("open /dev/port")[0]["errno"] == "EPERM"


@pytest.mark.needs("cgroup_v1")
def test_allowed_device_can_be_opened(bundle):
    bundle.linux["devices"] = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11, "fileMode": 0o666}]
    bundle.resources["devices"] = [{"allow": False, "access": "rwm"},
                                   {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "r"}]
    for name in bundle.process["capabilities"].values():
        name += ["CAP_SYSLOG"]
    results = bundle.tries("open /dev/kmsg", "open /dev/kmsg w")
    assert results[0]["ok"]
    assert results[1]["errno"] == "EPERM"


@pytest.mark.needs("cgroup_v1")
def test_mknod_needs_a_rule(bundle):
    for name in bundle.process["capabilities"].values():
        name += ["CAP_MKNOD"]
    bundle.resources["devices"] = [{"allow": False, "access": "rwm"},
                                   {"allow": True, "type": "c", "major": 10, "minor": 200, "access": "rw"},
                                   {"allow": True, "type": "b", "access": "m"}]
    results = bundle.tries("mknod /tmp/b b 7 0", "open /tmp/b", "mknod /tmp/fifo p")
    assert results[0]["ok"]
    assert results[1]["errno"] == "EPERM"
    assert results[2]["ok"]


@pytest.mark.needs("cgroup_v1")
def test_privileged_devices(bundle):
    bundle.resources["devices"] = [{"allow": True, "access": "rwm"}]
    for name in bundle.process["capabilities"].values():
        name += ["CAP_MKNOD"]
    results = bundle.tries("mknod /tmp/null c 1 3", "open /tmp/null rw", "mknod /tmp/b b 7 200")
    assert all(result["ok"] for result in results)


@pytest.mark.needs("cgroup_v1")
def test_device_rules_apply_to_exec(bundle):
    bundle.linux["devices"] = [{"path": "/dev/port", "type": "c", "major": 1, "minor": 4, "fileMode": 0o666}]
    bundle.up()
    results = bundle.exec_tries("open /dev/port", "open /dev/null rw", options=["--cap", "CAP_SYS_RAWIO"])
    assert results[0]["errno"] == "EPERM"
    assert results[1]["ok"]


@pytest.mark.parametrize("rule", [
    {"allow": True, "type": "x", "access": "rwm"}, {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "z"},
    {"type": "c", "access": "rwm"}, {"allow": "yes", "access": "rwm"},
])
def test_bad_rules(bundle, rule, kind):
    if kind == "runc" and ("allow" not in rule or rule["access"] == "z"):
        pytest.skip("runc: takes a missing allow for false, drops unknown letters")
    bundle.resources["devices"].append(rule)
    bundle.run().fails(1).dray_error(("CONFIG_VALUE", "CONFIG_MISSING", "CONFIG_TYPE"),
                                     names=["/linux/resources/devices/1"])
    assert bundle.leaks() == []
