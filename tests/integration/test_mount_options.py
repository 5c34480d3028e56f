# SPDX-License-Identifier: LGPL-2.1-or-later
"""mounts[].options: flags, recursive flags, propagation, data, and refusals."""

import pytest

from harness import mountinfo

FLAGS = [
    ("ro", {"ro"}), ("rw", {"rw"}), ("nosuid", {"nosuid"}), ("nodev", {"nodev"}), ("noexec", {"noexec"}),
    ("noatime", {"noatime"}), ("nodiratime", {"nodiratime"}), ("relatime", {"relatime"}),
    ("nosymfollow", {"nosymfollow"}),
]
CLEARING = [("suid", "nosuid"), ("dev", "nodev"), ("exec", "noexec"), ("diratime", "nodiratime"),
            ("symfollow", "nosymfollow"), ("rw", "ro"), ("atime", "noatime")]


def mount(bundle, kind, options, source=None):
    bundle.add_mount("/m", kind, source or "tmpfs", options)
    return mountinfo.parse(bundle.facts("mountinfo")["mountinfo"])["/m"]


@pytest.fixture
def source(workdir):
    path = workdir / "source"
    path.mkdir()
    return path


@pytest.mark.parametrize("word, expected", FLAGS)
@pytest.mark.parametrize("kind", ["tmpfs", "bind"])
def test_flag(bundle, source, kind, word, expected):
    if bundle.runtime.kind == "runc" and word == "nosymfollow":
        pytest.skip("runc: 1.1.5 does not know it")
    options = [word] if kind == "tmpfs" else ["bind", word]
    assert expected <= mount(bundle, kind, options, source if kind == "bind" else None).options


@pytest.mark.parametrize("word, against", CLEARING)
def test_later_option_wins(bundle, word, against):
    if bundle.runtime.kind == "runc" and word == "symfollow":
        pytest.skip("runc: 1.1.5 does not know it")
    assert against not in mount(bundle, "tmpfs", [against, word]).options


@pytest.mark.parametrize("word", ["sync", "dirsync"])
def test_superblock_flag(bundle, word):
    assert word in mount(bundle, "tmpfs", [word]).data


@pytest.mark.parametrize("words", [["async"], ["defaults"], ["strictatime"], ["nostrictatime"], ["norelatime"],
                                   ["iversion"], ["noiversion"], ["loud"], ["silent"], ["lazytime"], ["nolazytime"],
                                   ["mand"], ["nomand"], ["acl"], ["noacl"]])
def test_words_that_are_accepted(bundle, words, source):
    if words == ["mand"]:
        # mand is gone from kernels; what counts is that it is not taken for file system data.
        bundle.add_mount("/m", "bind", source, ["bind", *words])
    else:
        bundle.add_mount("/m", "tmpfs", "tmpfs", words)
    if bundle.runtime.kind == "runc" and words in (["lazytime"], ["nolazytime"], ["defaults"], ["mand"], ["nomand"]):
        pytest.skip("runc: 1.1.5 hands it on as data")
    assert "/m" in mountinfo.parse(bundle.facts("mountinfo")["mountinfo"])


def test_no_options_at_all(bundle):
    assert mount(bundle, "tmpfs", None).kind == "tmpfs"
    bundle.config["mounts"].pop()
    assert mount(bundle, "tmpfs", []).kind == "tmpfs"


def test_bind_keeps_the_flags_of_its_source(bundle, source):
    bundle.add_mount("/m", "bind", source, ["bind", "ro"])
    bundle.args = ["/bin/probe", "facts", "mountinfo"]
    bundle.write()
    done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name,
                          wrap=["unshare", "-m", "sh", "-c",
                                f'mount -t tmpfs -o nosuid,nodev,noexec t {source} && exec "$0" "$@"'])
    found = mountinfo.parse(done.json()["mountinfo"])["/m"]
    assert "ro" in found.options


def test_read_only_bind_is_read_only_for_the_container_only(bundle, source):
    bundle.add_mount("/m", "bind", source, ["bind", "ro"])
    assert bundle.tries("create /m/x")[0]["errno"] == "EROFS"
    (source / "x").touch()


def test_read_only_dev_has_its_devices(bundle):
    """Podman's --read-only-tmpfs=false and its pods: /dev is read-only once all is in it."""
    mount = next(mount for mount in bundle.config["mounts"] if mount["destination"] == "/dev")
    mount["options"] = [*mount.get("options", []), "ro"]
    bundle.add_mount("/dev/pts", "devpts", "devpts", ["newinstance", "ptmxmode=0666"])
    assert bundle.tries("create /dev/x")[0]["errno"] == "EROFS"
    found = mountinfo.parse(bundle.facts("mountinfo")["mountinfo"])
    assert "ro" in found["/dev"].options and "rw" in found["/dev/pts"].options


@pytest.mark.parametrize("word", ["ro", "rro"])
def test_read_only_tmpfs_holds_later_mounts(bundle, source, word):
    (source / "in").touch()
    bundle.add_mount("/t", "tmpfs", "tmpfs", [word])
    bundle.add_mount("/t/below", "bind", source, ["bind"])
    bundle.add_mount("/t/covered", "tmpfs", "tmpfs", ["ro"])
    bundle.add_mount("/t/covered", "bind", source, ["bind"])
    tried = bundle.tries("create /t/x", "create /t/below/x", "create /t/covered/y")
    assert [one["errno"] for one in tried] == ["EROFS", "", ""]


def test_many_read_only_tmpfs(bundle):
    """More than are kept open until the end."""
    for number in range(20):
        bundle.add_mount(f"/many{number}", "tmpfs", "tmpfs", ["ro"])
    tried = bundle.tries(*(f"create /many{number}/x" for number in range(20)))
    assert {one["errno"] for one in tried} == {"EROFS"}


def nested(bundle, source, options):
    """Runs with a bind of a tree that has a tmpfs in it; returns the flags of both mounts."""
    (source / "sub").mkdir()
    bundle.add_mount("/m", "bind", source, options)
    bundle.args = ["/bin/probe", "facts", "mountinfo"]
    bundle.write()
    done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name,
                          wrap=["unshare", "-m", "sh", "-c", f'mount -t tmpfs t {source}/sub && exec "$0" "$@"'])
    found = mountinfo.parse(done.json()["mountinfo"])
    return found["/m"].options, found["/m/sub"].options


RECURSIVE = [("rro", "ro"), ("rnosuid", "nosuid"), ("rnodev", "nodev"), ("rnoexec", "noexec"),
             ("rnoatime", "noatime"), ("rnodiratime", "nodiratime"), ("rnosymfollow", "nosymfollow")]


@pytest.mark.parametrize("word, flag", RECURSIVE)
def test_recursive_flag_reaches_submounts(bundle, source, word, flag):
    if bundle.runtime.kind == "runc" and word == "rnosymfollow":
        pytest.skip("runc: 1.1.5 does not know it")
    top, below = nested(bundle, source, ["rbind", word])
    assert flag in top
    assert flag in below


def test_plain_read_only_reaches_the_top_mount_only(bundle, source):
    top, below = nested(bundle, source, ["rbind", "ro"])
    assert "ro" in top
    assert "rw" in below


@pytest.mark.unlike(runc="1.1.5 lets the setting win over a later clearing")
@pytest.mark.parametrize("clear, flag", [("rrw", "ro"), ("rsuid", "nosuid"), ("rdev", "nodev"), ("rexec", "noexec")])
def test_recursive_clearing(bundle, source, clear, flag):
    top, below = nested(bundle, source, ["rbind", "r" + flag, clear])
    assert flag not in top
    assert flag not in below


@pytest.mark.parametrize("word, top, below", [
    ("private", "private", "private"), ("rprivate", "private", "private"), ("shared", "shared", "private"),
    ("rshared", "shared", "shared"), ("slave", "private", "private"), ("rslave", "private", "private"),
    ("unbindable", "unbindable", "private"), ("runbindable", "unbindable", "unbindable"),
])
def test_propagation_of_a_mount(bundle, source, word, top, below):
    (source / "sub").mkdir()
    bundle.linux["rootfsPropagation"] = "rprivate"
    bundle.add_mount("/m", "bind", source, ["rbind", word])
    bundle.args = ["/bin/probe", "facts", "mountinfo"]
    bundle.write()
    done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name,
                          wrap=["unshare", "-m", "sh", "-c", f'mount -t tmpfs t {source}/sub && exec "$0" "$@"'])
    found = mountinfo.parse(done.json()["mountinfo"])
    assert found["/m"].propagation == top
    assert found["/m/sub"].propagation == below


def test_slave_receives_mounts_of_the_host(bundle, source):
    """The one propagation with an effect: what the host mounts later appears inside."""
    (source / "sub").mkdir()
    bundle.linux["rootfsPropagation"] = "rslave"
    bundle.add_mount("/m", "bind", source, ["rbind", "rslave"])
    bundle.args = ["/bin/sh", "-c", "read go; ls /m/sub"]
    bundle.write()
    script = (f'mount --make-rprivate / && mount --bind {source} {source} && mount --make-shared {source} && '
              f'"$0" "$@" <{bundle.directory}/gate & '
              f'exec 3>{bundle.directory}/gate; '
              f'while ! [ -e {bundle.directory}/pid ]; do sleep 0.02; done; '
              f'mount -t tmpfs t {source}/sub && : >{source}/sub/appeared; echo go >&3; wait $!')
    import os
    os.mkfifo(bundle.directory / "gate")
    done = bundle.runtime("run", "--bundle", bundle.directory, "--pid-file", bundle.directory / "pid", bundle.name,
                          wrap=["unshare", "-m", "sh", "-c", script])
    assert done.out == "appeared\n", done


def test_unknown_option_is_handed_to_the_file_system(bundle):
    bundle.add_mount("/m", "tmpfs", "tmpfs", ["nosuchoption=1"])
    bundle.run().fails(1).dray_error("MOUNT_FAILED", names=["/m", "/mounts/6", "nosuchoption"])
    assert bundle.leaks() == []


@pytest.mark.unlike(runc="ignores data on a bind mount")
def test_unknown_option_on_a_bind_is_an_error(bundle, source):
    bundle.add_mount("/m", "bind", source, ["bind", "nosuchoption"])
    bundle.run().fails(1, ["nosuchoption"]).dray_error("MOUNT_OPTION", names=["/mounts/6"], place=True)
    assert bundle.leaks() == []


def test_file_system_data_on_a_bind_is_ignored(bundle, source):
    bundle.add_mount("/m", "bind", source, ["mode=755", "bind", "size=1k"])
    bundle.run().ok()


@pytest.mark.only_dray("warning level and wording")
def test_file_system_data_on_a_bind_is_named_in_a_warning(bundle, source):
    bundle.add_mount("/m", "bind", source, ["mode=755", "bind"])
    said = bundle.run(options=["--log-level", "warning"]).ok().err
    assert "ignored option" in said and "mode=755" in said


def test_file_system_data_with_a_bad_value(bundle):
    bundle.add_mount("/m", "tmpfs", "tmpfs", ["size=much"])
    bundle.run().fails(1).dray_error("MOUNT_FAILED", names=["/m"])


@pytest.mark.only_dray("others ignore the strange type")
def test_option_of_the_wrong_json_type(bundle):
    bundle.add_mount("/m", "tmpfs", "tmpfs")
    bundle.config["mounts"][-1]["options"] = ["ro", 7]
    bundle.run().fails(1).dray_error("CONFIG_TYPE", "/mounts/6/options/1", place=True)


@pytest.mark.parametrize("word", ["acl", "noacl"])
@pytest.mark.parametrize("kind", ["bind", "proc"])
def test_acl_is_no_data_of_the_file_system(bundle, source, word, kind):
    """runc's word for a flag of the file system, which neither procfs nor a bind mount knows."""
    if kind == "bind":
        bundle.add_mount("/m", "bind", source, ["bind", word])
    else:
        bundle.mount_at("/proc")["options"] = ["nosuid", word]
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
