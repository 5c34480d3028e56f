# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kernels without a system call: dray does it another way, or the error names what asked for it."""

import shutil

import pytest

from harness.seccomp import allow_all_but, rule

pytestmark = [
    pytest.mark.only_dray("which system calls dray uses"),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace, which refuses the calls, is not installed"),
]


def run(bundle, calls):
    """With the calls refused as a kernel does that never heard of them."""
    bundle.write()
    # a sanitizer's look for leaks at the end fails in a process that is traced
    refuse = ["env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", f"inject={calls}:error=ENOSYS"]
    return bundle.runtime("run", "--bundle", bundle.directory, bundle.name, wrap=refuse, timeout=60)


def ask_for(bundle, what, workdir):
    source = workdir / "source"
    source.mkdir(exist_ok=True)
    bundle.args = ["/bin/probe", "exit", "7"]
    if what == "bind":
        bundle.add_mount("/mnt", "bind", source, ["rbind", "ro", "nosuid", "nodev"])
    elif what == "recursive read-only":
        bundle.add_mount("/mnt", "bind", source, ["rbind", "rro"])
    elif what == "idmap":
        mount = bundle.add_mount("/mnt", "bind", source, ["bind"])
        mount["uidMappings"] = mount["gidMappings"] = [{"containerID": 0, "hostID": 5000, "size": 10}]
    elif what == "seccomp":
        bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"))
    elif what == "scheduler":
        bundle.process["scheduler"] = {"policy": "SCHED_BATCH", "nice": 3}
    elif what == "io priority":
        bundle.process["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 3}
    elif what == "personality":
        bundle.linux["personality"] = {"domain": "LINUX32"}
    elif what == "memory policy":
        bundle.linux["memoryPolicy"] = {"mode": "MPOL_INTERLEAVE", "nodes": "0"}
    elif what == "rlimits":
        bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
    elif what == "user namespace":
        bundle.map_users()


@pytest.mark.parametrize("what, calls", [
    ("plain", "fsopen,fsconfig,fsmount,open_tree,move_mount,mount_setattr"), ("bind", "open_tree"), ("bind", "mount_setattr"),
    ("user namespace", "fsopen,open_tree,move_mount"), ("plain", "openat2"), ("plain", "pidfd_open"), ("plain", "statx"),
    ("plain", "keyctl"), ("plain", "faccessat2"),
])
def test_another_way(bundle, workdir, what, calls):
    ask_for(bundle, what, workdir)
    run(bundle, calls).exits(7)
    assert bundle.leaks() == []


@pytest.mark.parametrize("what, calls, pointer", [
    ("recursive read-only", "mount_setattr", "/mounts/6"), ("idmap", "mount_setattr", "/mounts/6"),
    ("idmap", "open_tree", "/mounts/6"), ("seccomp", "seccomp", "/linux/seccomp"),
    ("scheduler", "sched_setattr", "/process/scheduler"), ("io priority", "ioprio_set", "/process/ioPriority"),
    ("personality", "personality", "/linux/personality"), ("memory policy", "set_mempolicy", "/linux/memoryPolicy"),
    ("rlimits", "prlimit64", "/process/rlimits/0"), ("plain", "capset", "/process/capabilities"), ("plain", "pivot_root", ""),
    ("plain", "close_range", "close_range(2)"), ("plain", "memfd_create", ""), ("plain", "clone3,pidfd_open", "pidfd_open"),
])
def test_the_error_names_who_asked(bundle, workdir, what, calls, pointer):
    ask_for(bundle, what, workdir)
    done = run(bundle, calls)
    if "AddressSanitizer getrlimit() failed" in done.err:
        pytest.skip("AddressSanitizer does not start without the call itself")
    done.fails(1, [pointer, "ENOSYS"])
    assert bundle.leaks() == []
