# SPDX-License-Identifier: LGPL-2.1-or-later
"""Statements of the runtime specification that no other test is about; see docs/spec-conformance.md."""
import pytest

# The table of config.md, "Linux mount options".
MOUNT_OPTIONS = """async atime bind defaults dev diratime dirsync exec iversion lazytime loud mand noatime nodev
    nodiratime noexec noiversion nolazytime nomand norelatime nostrictatime nosuid nosymfollow private ratime rbind
    rdev rdiratime relatime remount rexec rnoatime rnodiratime rnoexec rnorelatime rnostrictatime rnosuid
    rnosymfollow ro rprivate rrelatime rro rrw rshared rslave rstrictatime rsuid rsymfollow runbindable rw shared
    silent slave strictatime suid symfollow sync tmpcopyup unbindable idmap ridmap""".split()


def test_start_without_a_process_is_an_error(bundle):
    del bundle.config["process"]
    bundle.create().dray_error("CONFIG_MISSING", names=["process"])
    bundle.start().fails(1)
    assert bundle.leaks() == []


@pytest.mark.only_dray("runc 1.1.5 has no features for them, crun 1.8.1 neither")
def test_every_mount_option_of_the_specification_is_known(bundle):
    known = bundle.runtime("features").json()["mountOptions"]
    assert [word for word in MOUNT_OPTIONS if word not in known] == []


def test_console_size_without_a_terminal_is_ignored(bundle):
    bundle.process["consoleSize"] = {"height": 40, "width": 100}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()


@pytest.mark.parametrize("cwd", ["", "etc", "./etc"])
def test_cwd_has_to_be_absolute(bundle, cwd):
    bundle.process["cwd"] = cwd
    bundle.run().dray_error(("CONFIG_VALUE", "CONFIG_MISSING"), "/process/cwd")


def test_oom_score_of_the_caller_is_kept(bundle):
    bundle.process.pop("oomScoreAdj", None)
    bundle.shell("read score </proc/self/oom_score_adj; echo $score")
    bundle.write()
    done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name,
                          wrap=["sh", "-c", 'echo 7 >/proc/self/oom_score_adj; exec "$0" "$@"']).ok()
    assert done.out == "7\n"


@pytest.mark.only_dray("others take an empty key")
@pytest.mark.parametrize("annotations", [{"a": 1}, {"a": None}, {"": "x"}, ["a"], "a"])
def test_annotations_are_strings(bundle, annotations):
    bundle.config["annotations"] = annotations
    bundle.run().dray_error(("CONFIG_TYPE", "CONFIG_VALUE"), names=["/annotations"])


def test_image_annotations_are_carried(bundle):
    annotations = {"org.opencontainers.image.os": "plan9", "org.opencontainers.image.stopSignal": "SIGUSR1",
                   "com.example.nobody.knows": "", "no-dots": "x"}
    bundle.config["annotations"] = annotations
    bundle.up()
    carried = bundle.runtime("state", bundle.name).json()["annotations"]
    assert {key: carried.get(key) for key in annotations} == annotations


@pytest.mark.only_dray("others ignore it")
@pytest.mark.parametrize("profile, pointer", [
    ({"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1}, "/defaultErrnoRet"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["acct"], "action": "SCMP_ACT_LOG", "errnoRet": 1}]},
     "/syscalls/0/errnoRet"),
])
def test_errno_of_an_action_without_one_is_an_error(bundle, profile, pointer):
    bundle.linux["seccomp"] = profile
    bundle.run().dray_error("CONFIG_CONFLICT", "/linux/seccomp" + pointer)


@pytest.mark.only_dray("others ignore it")
def test_listener_metadata_without_a_path_is_an_error(bundle):
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"}
    bundle.run().dray_error("CONFIG_CONFLICT", "/linux/seccomp/listenerMetadata")
