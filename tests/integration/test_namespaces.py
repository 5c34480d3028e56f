# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.namespaces: new ones, the host's, and those joined by path."""

import json
import os
import select
import subprocess
import time

import pytest

from harness import host

KINDS = {"pid": "pid", "network": "net", "ipc": "ipc", "uts": "uts", "mount": "mnt", "cgroup": "cgroup"}


def own(name):
    return os.readlink(f"/proc/self/ns/{name}")


@pytest.mark.parametrize("kind, name", KINDS.items())
def test_new_namespace(bundle, kind, name):
    bundle.namespace(kind)
    found = bundle.facts("namespaces")["namespaces"][name]
    assert found and found != own(name)


@pytest.mark.parametrize("kind, name", [item for item in KINDS.items() if item[0] != "mount"])
def test_without_the_namespace_it_is_the_callers(bundle, kind, name):
    bundle.no_namespace(kind)
    if kind == "uts":
        del bundle.config["hostname"]
    if kind == "network":
        bundle.mount_at("/sys")["type"] = "bind"
        bundle.mount_at("/sys")["source"] = "/sys"
        bundle.mount_at("/sys")["options"] = ["rbind", "ro"]
    if kind == "ipc":
        bundle.remove_mount("/dev/mqueue")
    assert bundle.facts("namespaces")["namespaces"][name] == own(name)


def test_user_and_time_namespaces_are_the_callers_by_default(bundle):
    found = bundle.facts("namespaces")["namespaces"]
    assert found["user"] == own("user")
    assert found["time"] == own("time")


@pytest.mark.unlike(runc="1.1.5 knows no time namespace")
def test_new_time_namespace(bundle):
    bundle.namespace("time")
    assert bundle.facts("namespaces")["namespaces"]["time"] != own("time")


@pytest.mark.unlike(runc="1.1.5 knows no time namespace")
def test_time_offsets(bundle):
    bundle.namespace("time")
    bundle.linux["timeOffsets"] = {"monotonic": {"secs": 100000, "nanosecs": 5}, "boottime": {"secs": 200000}}
    bundle.args = ["/bin/probe", "try", "clock", "1", ",", "clock", "7", ",", "read", "/proc/self/timens_offsets"]
    before = time.clock_gettime(time.CLOCK_MONOTONIC), time.clock_gettime(time.CLOCK_BOOTTIME)
    results = bundle.run().json()
    after = time.clock_gettime(time.CLOCK_MONOTONIC), time.clock_gettime(time.CLOCK_BOOTTIME)
    assert int(before[0]) + 100000 <= results[0]["value"] <= int(after[0]) + 100001
    assert int(before[1]) + 200000 <= results[1]["value"] <= int(after[1]) + 200001
    assert [line.split() for line in results[2]["value"].splitlines()] == \
        [["monotonic", "100000", "5"], ["boottime", "200000", "0"]]


@pytest.mark.unlike(runc="1.1.5 knows no time namespace")
def test_time_offsets_apply_to_exec(bundle):
    bundle.namespace("time")
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 300000}}
    bundle.up()
    assert bundle.exec_tries("clock 7")[0]["value"] >= int(time.clock_gettime(time.CLOCK_BOOTTIME)) + 299990


@pytest.mark.unlike(runc="1.1.5 knows no time namespace")
def test_time_offsets_without_a_time_namespace(bundle):
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 1}}
    bundle.run().fails(1).dray_error("CONFIG_CONFLICT", "/linux/timeOffsets")


@pytest.fixture
def holder():
    """A process in namespaces of its own, to be joined."""
    process = subprocess.Popen(
        ["unshare", "--net", "--ipc", "--uts", "--mount", "--cgroup", "--pid", "--fork", "--kill-child",
         "sh", "-c", "echo ready; exec sleep 1000"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout.readline() == b"ready\n"
    inner = int(open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()[0])
    ended = os.pidfd_open(inner)
    yield inner
    process.kill()
    process.wait()
    # its child dies with it, but not at the same instant
    assert select.select([ended], [], [], 30)[0]
    os.close(ended)


@pytest.mark.parametrize("kind", ["network", "ipc", "uts", "pid", "cgroup"])
def test_join_by_path(bundle, holder, kind):
    name = KINDS[kind]
    path = f"/proc/{holder}/ns/{name}"
    bundle.namespace(kind, path)
    assert bundle.facts("namespaces")["namespaces"][name] == os.readlink(path)


def test_join_several(bundle, holder):
    for kind in ("network", "ipc", "uts"):
        bundle.namespace(kind, f"/proc/{holder}/ns/{KINDS[kind]}")
    found = bundle.facts("namespaces")["namespaces"]
    for kind in ("network", "ipc", "uts"):
        assert found[KINDS[kind]] == os.readlink(f"/proc/{holder}/ns/{KINDS[kind]}")


def test_join_the_pid_namespace_of_another_container(make_bundle):
    first, second = make_bundle(), make_bundle()
    first.up()
    second.namespace("pid", f"/proc/{first.pid}/ns/pid")
    facts = second.facts("namespaces", "process")
    assert facts["namespaces"]["pid"] == os.readlink(f"/proc/{first.pid}/ns/pid")
    assert facts["process"]["pid"] != 1
    assert first.status == "running"


def test_cgroups_are_mounted_in_a_joined_pid_namespace(make_bundle):
    """Who mounts them is not in that PID namespace yet, so the container's own /proc does not know it."""
    first, second = make_bundle(), make_bundle()
    first.up()
    second.namespace("pid", f"/proc/{first.pid}/ns/pid")
    second.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["ro"])
    results = second.tries("list /sys/fs/cgroup", "read /proc/self/comm")
    assert all(result["ok"] for result in results), results


@pytest.mark.parametrize("hook", [False, True], ids=["no-hook", "hook"])
@pytest.mark.parametrize("user", [0, 1000])
def test_all_of_a_process_in_a_joined_pid_namespace(make_bundle, user, hook):
    """What dray sets on the stage reaches the child that goes on in its place; hooks know the pid that stays."""
    first, second = make_bundle(), make_bundle()
    first.up()
    second.namespace("pid", f"/proc/{first.pid}/ns/pid")
    second.process.update({"user": {"uid": user, "gid": user}, "oomScoreAdj": 321,
                           "rlimits": [{"type": "RLIMIT_NPROC", "soft": 1, "hard": 1}],
                           "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 6},
                           "scheduler": {"policy": "SCHED_BATCH", "nice": 3, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}})
    told = second.directory / "told"
    if hook:
        second.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", f"cat >{told}"]}]}
    second.args = ["/bin/probe", "wait"]
    second.create().ok()
    second.start().ok()
    second.output.expect("ready")
    assert not hook or json.loads(told.read_text())["pid"] == second.pid
    found = second.exec_facts("process", "exe", options=["--user", "0"])
    assert found["process"]["ppid"] == 0
    second.kill("TERM")
    second.wait()
    second.delete().ok()
    found = second.facts("namespaces", "process", "oom_score_adj", "rlimits", "scheduler", "mountinfo", "caps")
    assert found["namespaces"]["pid"] == os.readlink(f"/proc/{first.pid}/ns/pid")
    assert found["oom_score_adj"] == "321"
    assert found["rlimits"]["RLIMIT_NPROC"] == [1, 1]
    assert (found["scheduler"]["policy"], found["scheduler"]["nice"], found["scheduler"]["flags"]) == (3, 3, 1)
    assert found["process"]["ioprio"] == 2 << 13 | 6
    assert found["process"]["sid"] == found["process"]["pid"] > 1
    second.args = ["/bin/sh", "-c", "readlink /proc/self; cat /proc/1/comm"]
    second.process["rlimits"] = []
    lines = second.run().ok().out.split()
    assert int(lines[0]) > 1 and lines[1] == "probe"


def test_a_pod_of_two_containers(make_bundle):
    first, second = make_bundle(), make_bundle()
    first.up()
    for kind in ("network", "ipc", "uts"):
        second.namespace(kind, f"/proc/{first.pid}/ns/{KINDS[kind]}")
    del second.config["hostname"]
    second.up()
    for kind in ("network", "ipc", "uts"):
        assert os.readlink(f"/proc/{second.pid}/ns/{KINDS[kind]}") == os.readlink(f"/proc/{first.pid}/ns/{KINDS[kind]}")
    first.delete("--force").ok()
    first.wait()
    assert second.exec_facts("uts")["uts"]["hostname"] == "probe"


def test_join_a_bind_mounted_namespace_file(bundle, holder, workdir):
    target = workdir / "netns"
    target.touch()
    subprocess.run(["mount", "--bind", f"/proc/{holder}/ns/net", target], check=True)
    try:
        bundle.namespace("network", target)
        assert bundle.facts("namespaces")["namespaces"]["net"] == os.readlink(f"/proc/{holder}/ns/net")
    finally:
        subprocess.run(["umount", target], check=True)


@pytest.mark.needs("kernel>=5.6")
@pytest.mark.unlike(runc="1.1.5 knows no time namespace")
def test_join_a_time_namespace(make_bundle):
    first, second = make_bundle(), make_bundle()
    first.namespace("time")
    first.linux["timeOffsets"] = {"boottime": {"secs": 400000}}
    first.up()
    second.namespace("time", f"/proc/{first.pid}/ns/time")
    assert second.facts("namespaces")["namespaces"]["time"] == os.readlink(f"/proc/{first.pid}/ns/time")


def test_duplicate_namespace_is_an_error(bundle):
    bundle.linux["namespaces"].append({"type": "uts"})
    bundle.run().fails(1).dray_error(("CONFIG_CONFLICT", "CONFIG_DUPLICATE", "CONFIG_VALUE"),
                                     "/linux/namespaces/5/type", ["uts"]) \
        if bundle.runtime.kind == "dray" else bundle.run().fails(1)
    assert bundle.leaks() == []


def test_unknown_namespace_is_an_error(bundle):
    bundle.linux["namespaces"].append({"type": "dream"})
    bundle.run().fails(1, ["dream"]).dray_error("CONFIG_VALUE", "/linux/namespaces/5/type", place=True)
    assert bundle.leaks() == []


def test_path_of_another_type_is_an_error(bundle, holder):
    bundle.namespace("network", f"/proc/{holder}/ns/uts")
    bundle.run().fails(1).dray_error(("NAMESPACE_TYPE", "NAMESPACE_PATH"), names=["network", f"/proc/{holder}/ns/uts"])
    assert bundle.leaks() == []


@pytest.mark.parametrize("path", ["/etc/passwd", "/tmp", "/dev/null", "/proc/self/status"])
def test_path_that_is_no_namespace_is_an_error(bundle, path):
    bundle.namespace("network", path)
    bundle.run().fails(1).dray_error(("NAMESPACE_PATH", "NAMESPACE_TYPE"), names=[path])
    assert bundle.leaks() == []


def test_missing_path_is_an_error(bundle):
    bundle.namespace("network", "/no/such/ns")
    bundle.run().fails(1, ["/no/such/ns"]).dray_error("NAMESPACE_PATH", names=["/linux/namespaces/"])
    assert bundle.leaks() == []


@pytest.mark.only_dray("relative paths are taken as they are by others")
def test_relative_path_is_an_error(bundle):
    bundle.namespace("network", "proc/self/ns/net")
    bundle.run().fails(1).dray_error(("CONFIG_VALUE", "NAMESPACE_PATH"))


def test_no_namespace_of_the_wrong_json_type_falls_back_to_the_host(bundle):
    bundle.linux["namespaces"] = "all"
    bundle.run().fails(1).dray_error("CONFIG_TYPE", "/linux/namespaces", place=True)


def test_hostname_and_domainname(bundle, kind):
    bundle.config["hostname"] = "box"
    if kind != "runc":
        bundle.config["domainname"] = "example.test"
    uts = bundle.facts("uts")["uts"]
    assert uts["hostname"] == "box"
    if kind != "runc":
        assert uts["domainname"] == "example.test"
    assert os.uname().nodename != "box"


def test_hostname_without_a_uts_namespace_is_an_error(bundle):
    bundle.no_namespace("uts")
    bundle.config["hostname"] = "must-not-change"
    before = os.uname().nodename
    bundle.run().fails(1).dray_error("CONFIG_CONFLICT", "/hostname")
    assert os.uname().nodename == before


@pytest.mark.unlike(runc="1.1.5 knows no domainname")
def test_domainname_without_a_uts_namespace_is_an_error(bundle):
    bundle.no_namespace("uts")
    del bundle.config["hostname"]
    bundle.config["domainname"] = "must-not-change"
    bundle.run().fails(1).dray_error("CONFIG_CONFLICT", "/domainname")


@pytest.mark.only_dray("others leave it to the kernel")
def test_hostname_too_long(bundle):
    bundle.config["hostname"] = "x" * 65
    bundle.run().fails(1).dray_error(("CONFIG_RANGE", "CONFIG_VALUE", "HOSTNAME_FAILED"), "/hostname")


def test_new_network_namespace_has_only_loopback(bundle):
    assert bundle.tries("list /sys/class/net")[0]["value"] == ["lo"]


def test_pid_namespace_hides_the_host(bundle):
    names = bundle.tries("list /proc")[0]["value"]
    assert [name for name in names if name.isdigit()] == ["1"]


def test_cgroup_namespace_shows_a_root(bundle):
    bundle.namespace("cgroup")
    for line in bundle.facts("cgroup")["cgroup"]:
        number, controllers, path = line.split(":", 2)
        if controllers.startswith("name=") or number == "0":
            continue
        assert path == "/", line


@pytest.mark.needs("cgroup_v1")
def test_exec_sees_the_cgroup_namespace_root(bundle):
    bundle.namespace("cgroup")
    bundle.up()
    lines = bundle.exec_facts("cgroup")["cgroup"]
    assert [line for line in lines if ":pids:" in line][0].endswith(":/")


def test_no_namespace_is_left(bundle):
    """The namespaces go with the container: nothing of the runtime holds them."""
    bundle.up()
    inode = os.stat(f"/proc/{bundle.pid}/ns/net").st_ino
    bundle.delete("--force").ok()
    bundle.wait()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            assert os.stat(f"/proc/{pid}/ns/net").st_ino != inode, host.describe_process(pid)
        except OSError:
            pass
