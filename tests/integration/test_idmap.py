# SPDX-License-Identifier: LGPL-2.1-or-later
"""Idmapped mounts: files keep their owner on disk and look owned by the container inside."""

import os

import pytest

pytestmark = [pytest.mark.needs("kernel>=5.12"), pytest.mark.unlike(runc="1.1.5 knows no idmapped mounts",
                                                                   crun="1.8.1 cannot run here")]


@pytest.fixture
def source(workdir):
    path = workdir / "source"
    (path / "sub").mkdir(parents=True)
    (path / "root").write_text("x")
    (path / "user").write_text("x")
    os.chown(path / "user", 1000, 1000)
    return path


def mapping(container, host, size):
    return [{"containerID": container, "hostID": host, "size": size}]


def test_idmap_follows_the_user_namespace(bundle, source):
    bundle.map_users(100000)
    bundle.add_mount("/data", "bind", source, ["bind", "idmap"])
    results = bundle.tries("stat /data/root", "stat /data/user", "create /data/new")
    assert results[0]["value"]["uid"] == 0
    assert results[1]["value"]["uid"] == 1000
    assert results[2]["ok"]
    assert (source / "new").stat().st_uid == 0


def test_mapping_of_its_own(bundle, source):
    mount = bundle.add_mount("/data", "bind", source, ["bind"])
    mount["uidMappings"] = mapping(0, 5000, 2000)
    mount["gidMappings"] = mapping(0, 6000, 2000)
    results = bundle.tries("stat /data/root", "stat /data/user")
    assert (results[0]["value"]["uid"], results[0]["value"]["gid"]) == (5000, 6000)
    assert (results[1]["value"]["uid"], results[1]["value"]["gid"]) == (6000, 7000)


def test_plain_bind_in_a_user_namespace_is_not_mapped(bundle, source):
    bundle.map_users(100000)
    bundle.add_mount("/data", "bind", source, ["bind"])
    assert bundle.tries("stat /data/root")[0]["value"]["uid"] == 65534


@pytest.mark.parametrize("word, below", [("idmap", 65534), ("ridmap", 0)])
def test_recursion(bundle, source, word, below):
    bundle.map_users(100000)
    bundle.add_mount("/data", "bind", source, ["rbind", word])
    bundle.args = ["/bin/probe", "try", "stat", "/data/root", ",", "stat", "/data/sub"]
    bundle.write()
    results = bundle.runtime("run", "--bundle", bundle.directory, bundle.name,
                             wrap=["unshare", "-m", "sh", "-c",
                                   f'mount --bind {source} {source}/sub && exec "$0" "$@"']).json()
    assert results[0]["value"]["uid"] == 0
    assert results[1]["value"]["uid"] == below


def test_idmap_without_any_mapping_is_an_error(bundle, source):
    bundle.add_mount("/data", "bind", source, ["bind", "idmap"])
    bundle.run().fails(1).dray_error(("MOUNT_IDMAP", "CONFIG_CONFLICT"), names=["/mounts/6"])
    assert bundle.leaks() == []


@pytest.mark.parametrize("present", ["uidMappings", "gidMappings"])
def test_one_mapping_without_the_other_is_an_error(bundle, source, present):
    bundle.add_mount("/data", "bind", source, ["bind"])[present] = mapping(0, 1000, 1)
    bundle.run().fails(1).dray_error(("MOUNT_IDMAP", "CONFIG_CONFLICT", "CONFIG_MISSING"), names=["/mounts/6"])


def test_overlapping_mapping_is_an_error(bundle, source):
    mount = bundle.add_mount("/data", "bind", source, ["bind"])
    mount["uidMappings"] = mapping(0, 5000, 10) + mapping(5, 6000, 10)
    mount["gidMappings"] = mapping(0, 5000, 10)
    bundle.run().fails(1).dray_error(("MOUNT_IDMAP", "CONFIG_CONFLICT", "CONFIG_VALUE", "IDMAP_FAILED"),
                                     names=["/mounts/6"])
    assert bundle.leaks() == []


def test_file_system_that_cannot_be_mapped_is_an_error(bundle):
    mount = bundle.add_mount("/data", "bind", "/proc/sys", ["bind"])
    mount["uidMappings"] = mapping(0, 5000, 10)
    mount["gidMappings"] = mapping(0, 5000, 10)
    bundle.run().fails(1).dray_error(("MOUNT_IDMAP", "MOUNT_FAILED"), names=["/data", "/mounts/6"])
    assert bundle.leaks() == []


def test_flags_still_apply(bundle, source):
    bundle.map_users(100000)
    bundle.add_mount("/data", "bind", source, ["bind", "idmap", "ro", "nosuid"])
    assert bundle.tries("create /data/x")[0]["errno"] == "EROFS"
