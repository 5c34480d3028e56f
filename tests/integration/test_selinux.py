# SPDX-License-Identifier: LGPL-2.1-or-later
"""process.selinuxLabel and linux.mountLabel, on a host with SELinux and Debian's policy."""

import os
import pathlib

import pytest

pytestmark = pytest.mark.needs("selinux", "busybox")

PROCESS = "system_u:system_r:container_t:s0:c11,c22"
OTHER = "system_u:system_r:container_t:s0:c33,c44"
FILE = "system_u:object_r:container_file_t:s0:c11,c22"
LABEL = "cat /proc/self/attr/current"


@pytest.fixture
def enforcing():
    """The policy decides, until the end of the test."""
    switch = pathlib.Path("/sys/fs/selinux/enforce")
    before = switch.read_text()
    switch.write_text("1")
    yield
    switch.write_text(before)


def clean(text):
    return text.strip().strip("\0")


def label_of(bundle, **arguments):
    bundle.shell(LABEL)
    return clean(bundle.run(**arguments).ok().out)


def test_program_runs_with_the_label(bundle):
    bundle.process["selinuxLabel"] = PROCESS
    assert label_of(bundle) == PROCESS


@pytest.mark.parametrize("settings", ["no_new_privileges", "user_namespace", "ordinary_user"])
def test_with_other_restrictions(bundle, settings):
    bundle.process["selinuxLabel"] = PROCESS
    bundle.process["noNewPrivileges"] = settings == "no_new_privileges"
    if settings == "user_namespace":
        bundle.map_users()
    if settings == "ordinary_user":
        bundle.process["user"] = {"uid": 1000, "gid": 1000}
        bundle.process["capabilities"] = {}
    assert label_of(bundle) == PROCESS


@pytest.mark.parametrize("how", ["of_the_config", "process_file"])
def test_exec(bundle, how):
    bundle.process["selinuxLabel"] = PROCESS
    bundle.up()
    words = ["/bin/sh", "-c", LABEL]
    if how == "of_the_config":
        assert clean(bundle.exec(*words).ok().out) == PROCESS
    else:
        process = {**bundle.process, "args": words, "selinuxLabel": OTHER}
        assert clean(bundle.exec_process(process).ok().out) == OTHER


def test_mount_label(bundle):
    bundle.linux["mountLabel"] = FILE
    bundle.add_mount("/scratch", "tmpfs", "tmpfs", ["nosuid"])
    results = bundle.tries("create /scratch/x", "getxattr /scratch/x security.selinux",
                           "getxattr /dev/shm security.selinux", "getxattr /dev/null security.selinux")
    assert results[0]["ok"]
    for result in results[1:3]:
        assert clean(result["value"]) == FILE, results


def test_mount_label_with_a_tmpfs_that_copies_up(bundle):
    bundle.linux["mountLabel"] = FILE
    bundle.file("/var/x", "content")
    bundle.add_mount("/var", "tmpfs", "tmpfs", ["tmpcopyup"])
    results = bundle.tries("read /var/x", "getxattr /var/x security.selinux")
    assert results[0]["ok"] and clean(results[1]["value"]) == FILE


@pytest.mark.parametrize("label", ["nonsense", "a:b:c:d", "system_u:system_r:no_such_t:s0", "x" * 5000])
def test_label_that_the_policy_does_not_know(bundle, label):
    bundle.process["selinuxLabel"] = label
    bundle.shell(LABEL)
    bundle.run().dray_error("SELINUX_FAILED", "/process/selinuxLabel")


def test_mount_label_that_the_policy_does_not_know(bundle):
    bundle.linux["mountLabel"] = "system_u:object_r:no_such_t:s0"
    bundle.shell("true")
    bundle.run().fails()


def set_label(path, label):
    os.setxattr(path, "security.selinux", label.encode() + b"\0", follow_symlinks=False)


@pytest.fixture
def labelled(bundle, base, workdir):
    """The bundle as an engine labels it; what is made beside it takes over the directory's label."""
    for path in (base, workdir):
        set_label(path, "system_u:object_r:container_file_t:s0")
    for directory, directories, files in os.walk(bundle.directory):
        for entry in [".", *directories, *files]:
            set_label(os.path.join(directory, entry), FILE)
    set_label(bundle.file("/etc/secret", "x"), "system_u:object_r:shadow_t:s0")
    return bundle


@pytest.mark.parametrize("engine", ["podman_t", "container_engine_t", "unconfined_t"])
def test_inside_the_domain_of_an_engine(labelled, enforcing, engine):
    """The stage is a memory file; the policy decides about each of its steps, and about the program."""
    bundle = labelled
    bundle.process["selinuxLabel"] = PROCESS
    bundle.linux["mountLabel"] = FILE
    # Not to the test's own descriptors, which the container may not use.
    bundle.shell("{ cat /proc/self/attr/current; echo; cat /etc/secret || echo refused; } >/tmp/result")
    bundle.run(wrap=("runcon", f"system_u:system_r:{engine}:s0-s0:c0.c1023")).ok()
    assert clean((bundle.rootfs / "tmp/result").read_text()).replace("\0", "").split() == [PROCESS, "refused"]


def test_caller_who_may_not_give_that_label(bundle, enforcing):
    """An ordinary service is no engine."""
    bundle.process["selinuxLabel"] = PROCESS
    bundle.shell("true")
    bundle.run(wrap=("runcon", "system_u:system_r:initrc_t:s0")).dray_error("PROGRAM_NOT_EXECUTABLE")
