# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers of an ordinary user: every command, mounts, what a user may not do, and where its things are."""

import json
import os
import shutil

import pytest

from harness import host
from harness.runtime import TOP, runtime_kind
from harness.terminal import Terminal
from harness.user import COUNT, FIRST, NAME, UID, own_bundle, rootless, without_user_namespace
from harness.user_fixtures import bundle, runtime, user  # noqa: F401: fixtures

pytestmark = [pytest.mark.skipif(shutil.which("newuidmap") is None, reason="needs uidmap"),
              pytest.mark.skipif(runtime_kind() != "dray", reason="dray only: how users map ids differs")]


def numbers(lines):
    return [[int(word) for word in line.split()] for line in lines]


# --- mounts

def test_mounts_and_devices(bundle):
    results = bundle.tries("statfs /proc", "statfs /sys", "statfs /dev/mqueue", "write /dev/null x", "read /proc/1/comm",
                           "stat /dev/pts", "create /dev/shm/x")
    assert all(result["ok"] for result in results), results
    assert results[1]["value"]["type"] == 0x62656572
    assert results[2]["value"]["type"] == 0x19800202


def test_sysfs_without_a_network_namespace(bundle):
    bundle.no_namespace("network")
    results = bundle.tries("statfs /sys", "create /sys/fs/cgroup/x", "create /sys/x")
    assert results[0]["value"]["type"] == 0x62656572
    assert results[1]["errno"] in ("EROFS", "EACCES") and results[2]["errno"] in ("EROFS", "EACCES", "EPERM")


def test_proc_without_a_pid_namespace(bundle):
    bundle.no_namespace("pid")
    results = bundle.tries("statfs /proc", "read /proc/self/comm")
    assert results[0]["value"]["type"] == 0x9fa0
    assert results[1]["ok"]


def test_mqueue_without_an_ipc_namespace(bundle, user):
    bundle.no_namespace("ipc")
    directory = user.directory / "mqueue"
    directory.mkdir(exist_ok=True)
    there = os.path.exists("/dev/mqueue")
    if not there:
        bundle.run().fails(1).dray_error("MOUNT_FAILED", names=["shares with the host", "/mounts/4"])
        bundle.mount_at("/dev/mqueue")["type"] = "tmpfs"
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()


def test_gid_of_devpts_that_is_not_mapped(bundle):
    rootless(bundle)
    bundle.args = ["/bin/probe", "exit", "0"]
    assert "gid=5" in bundle.mount_at("/dev/pts")["options"]
    said = bundle.command("run", options=["--log-level", "warning"]).ok()
    assert "gid=5" in said.err


def test_file_system_that_only_root_mounts(bundle):
    bundle.add_mount("/x", "ext4", "/dev/null", [])
    bundle.run().fails(1).dray_error("MOUNT_FAILED", names=["/mounts/6", "user namespace"])
    assert bundle.leaks() == []


def test_device_that_the_host_has_not(bundle):
    bundle.linux["devices"] = [{"path": "/dev/dray-none", "type": "c", "major": 1, "minor": 3}]
    bundle.run().fails(1).dray_error("DEVICE_FAILED", names=["/dev/dray-none", "/linux/devices/0"])


# --- what only root may

@pytest.mark.parametrize("change, code, place", [
    (lambda b: b.process.__setitem__("oomScoreAdj", -500), "PROCESS_ATTRIBUTE", "/process/oomScoreAdj"),
    (lambda b: b.process.__setitem__("rlimits", [{"type": "RLIMIT_NOFILE", "soft": 1 << 40, "hard": 1 << 40}]),
     "RLIMIT_FAILED", "/process/rlimits/0"),
    (lambda b: b.linux.__setitem__("sysctl", {"kernel.domainname": "x"}), "SYSCTL_FAILED", "/linux/sysctl/kernel.domainname"),
    (lambda b: b.linux.__setitem__("netDevices", {"eth9": {}}), "NET_DEVICE", "/linux/netDevices"),
    (lambda b: b.process.__setitem__("user", {"uid": 70000, "gid": 0}), "CONFIG_CONFLICT", "/process/user/uid"),
])
def test_refusals(bundle, change, code, place):
    change(bundle)
    done = bundle.run().fails(1)
    if code != "SYSCTL_FAILED" or "SYSCTL_FAILED" in done.err:
        done.dray_error((code, "CONFIG_VALUE", "CONFIG_CONFLICT"), names=[place])
    assert bundle.leaks() == []


def test_rootfs_that_the_user_cannot_reach(bundle, workdir):
    closed = workdir / "closed"
    closed.mkdir()
    os.rename(bundle.rootfs, closed / "rootfs")
    os.chmod(closed, 0o700)
    bundle.config["root"]["path"] = str(closed / "rootfs")
    bundle.run().fails(1).dray_error(("ROOTFS_MISSING", "MOUNT_FAILED"))
    assert bundle.leaks() == []


# --- states

def test_default_root(bundle, user):
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    bundle.runtime("create", "--bundle", bundle.directory, bundle.name, root=None).ok()
    try:
        assert (user.runtime_directory / "dray" / bundle.name).is_dir()
        assert os.stat(user.runtime_directory / "dray").st_mode & 0o777 == 0o700
        assert bundle.runtime("list", "-q", root=None).ok().out.split() == [bundle.name]
    finally:
        bundle.runtime("delete", "--force", bundle.name, root=None).ok()


@pytest.mark.parametrize("directory", [None, "", "relative", "/nonexistent/run", "/etc"])
def test_default_root_that_cannot_be_used(bundle, directory):
    bundle.write()
    bundle.runtime("create", "--bundle", bundle.directory, bundle.name, root=None, env={"XDG_RUNTIME_DIR": directory}).fails(
        1).dray_error("STATE_ROOT", names=["/dray", "XDG_RUNTIME_DIR"])


def test_root_of_a_user_namespace_keeps_its_states_in_its_session(bundle, user):
    """As Podman calls us: uid 0 of a user namespace, with the user's XDG_RUNTIME_DIR."""
    bundle.args = ["/bin/probe", "wait"]
    without_user_namespace(bundle)
    bundle.write()
    bundle.mount_at("/dev/pts")["options"].remove("gid=5")
    bundle.write()
    bundle.runtime.prefix = [*user.prefix, "unshare", "--user", "--map-root-user", "--mount"]
    bundle.runtime("create", "--bundle", bundle.directory, bundle.name, root=None).ok()
    try:
        assert (user.runtime_directory / "dray" / bundle.name).is_dir()
    finally:
        bundle.runtime("delete", "--force", bundle.name, root=None).ok()


def test_root_does_not_use_the_states_of_a_user(bundle, user, workdir):
    """Root who is told to work in a directory that a user can write refuses to."""
    bundle.write()
    bundle.runtime.prefix = []
    bundle.runtime("list").fails(1).dray_error("STATE_ROOT", names=[f"owner {UID}"])
    bundle.runtime("delete", "--force", bundle.name).fails(1).dray_error("STATE_ROOT")
    bundle.runtime("create", "--bundle", bundle.directory, bundle.name).fails(1).dray_error("STATE_ROOT")
    bundle.runtime.prefix = user.prefix


def test_root_that_may_make_no_namespaces(bundle, user):
    """--rootless=true: as for any user.  Without it the kernel's refusal is the answer."""
    without_user_namespace(bundle)
    bundle.runtime.prefix = [*user.prefix[:3], "setpriv", "--bounding-set=-sys_admin", "--"]
    os.chown(bundle.runtime.root, 0, 0)
    bundle.own_rootfs(0)
    bundle.run().fails(1).dray_error(("NAMESPACE_FAILED", "CAPABILITY_FAILED"))
    bundle.args = ["/bin/probe", "facts", "uid_map"]
    assert numbers(bundle.command("run", options=["--rootless=true"]).json()["uid_map"]) == [[0, 0, 1]]


# --- every command

def test_lifecycle(bundle):
    bundle.up(status=9)
    assert bundle.status == "running"
    assert bundle.runtime("ps", "--format", "json", bundle.name).json() == [bundle.pid]
    listed = bundle.runtime("list", "--format", "json").json()
    assert [(entry["id"], entry["owner"]) for entry in listed] == [(bundle.name, NAME)]
    bundle.exec("/bin/probe", "exit", "7").exits(7)
    second = bundle.exec_detached("/bin/sleep", "1000", options=["--user", "5:6"])
    assert os.stat(f"/proc/{second.pid}").st_uid == FIRST + 4
    bundle.kill("KILL").ok()
    host.wait_gone(bundle.pid)
    bundle.delete().ok()
    assert bundle.leaks() == []


def test_kill_all_without_cgroup_and_pid_namespace(bundle):
    """Nobody can tell the container's processes: a warning says so."""
    bundle.no_namespace("pid")
    bundle.up()
    assert bundle.runtime("kill", "--all", bundle.name, "0").ok().err == ""
    said = bundle.runtime("kill", "--all", bundle.name, "KILL", options=["--log-level", "warning"]).ok()
    assert "first process alone" in said.err
    host.wait_gone(bundle.pid)


def test_terminal(bundle):
    bundle.args = ["/bin/sh", "-c", "tty; stat -c %u:%g /dev/console"]
    bundle.process["terminal"] = True
    said = bundle.run().ok().out.split()
    assert said[0].startswith("/dev/"), said


@pytest.mark.parametrize("words", [("pause",), ("resume",), ("update", "--pids-limit", "10"), ("events", "--stats")])
def test_commands_that_need_a_cgroup_say_so(bundle, words):
    bundle.up()
    done = bundle.runtime(words[0], *words[1:], bundle.name)
    done.fails(1).dray_error(("CGROUP_FREEZE", "CGROUP_HOST", "CGROUP_CONTROLLER", "CGROUP_WRITE", "CGROUP_NOT_DELEGATED",
                              "CONTAINER_STATUS"), names=["cgroup"] if words[0] != "resume" else [])
    assert bundle.status == "running"


def test_spec_rootless_runs_as_it_is(bundle, runtime, user):
    config = bundle.directory / "config.json"
    config.unlink(missing_ok=True)
    user.run(runtime.path, "spec", "--rootless", "--bundle", bundle.directory, cwd=bundle.directory)
    document = json.loads(config.read_text())
    # the harness has no terminal for the shell of the template
    document["process"]["terminal"] = False
    document["process"]["args"] = ["/bin/probe", "facts", "ids"]
    config.write_text(json.dumps(document))
    done = bundle.run(write=False).json()
    assert done["ids"]["uid"] == [0] * 3


def test_spec_rootless_runs_as_it_is_on_a_terminal(bundle, runtime, user):
    config = bundle.directory / "config.json"
    config.unlink(missing_ok=True)
    user.run(runtime.path, "spec", "--rootless", "--bundle", bundle.directory).check_returncode()
    master, slave = os.openpty()
    process = runtime.popen("run", "--bundle", bundle.directory, bundle.name, stdin=slave, stdout=slave, stderr=slave,
                            start_new_session=True)
    os.close(slave)
    terminal = Terminal(master)
    os.write(master, b"echo $((6 * 7)) is $(id -u); exit 3\n")
    terminal.read_until("42 is 0")
    assert process.wait(20 * host.PATIENCE) == 3
    os.close(master)


def test_hooks_of_a_container_whose_user_namespace_was_added(bundle, workdir, user):
    without_user_namespace(bundle)
    log = user.own(workdir / "hooks")
    bundle.config["hooks"] = {kind: [{"path": "/usr/bin/touch", "args": ["touch", str(log / kind)]}]
                              for kind in ("prestart", "createRuntime", "poststart", "poststop")}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    assert sorted(os.listdir(log)) == ["createRuntime", "poststart", "poststop", "prestart"]
    assert {path.stat().st_uid for path in log.iterdir()} == {UID}


def test_idmapped_mounts_are_roots(bundle):
    bundle.add_mount("/m", "bind", bundle.rootfs, ["rbind", "idmap"])
    bundle.run().fails(1).dray_error("MOUNT_IDMAP", names=["/mounts/6"])


def test_overlay(bundle, workdir, user):
    layers = [user.own(workdir / name) for name in ("lower", "upper", "work")]
    (layers[0] / "file").write_text("below")
    bundle.add_mount("/o", "overlay", "overlay", [f"lowerdir={layers[0]}", f"upperdir={layers[1]}", f"workdir={layers[2]}"])
    results = bundle.tries("read /o/file", "write /o/new text")
    if results[0].get("errno"):
        pytest.skip("this kernel mounts no overlay in a user namespace")
    assert results[0]["value"] == "below"
    assert (layers[1] / "new").exists() or results[1]["errno"] == "ENOENT"


def test_joining_another_container_of_the_user(bundle, make_bundle, runtime):
    bundle.up()
    second = make_bundle(runtime=runtime)
    second.linux.pop("cgroupsPath")
    second.linux.pop("resources")
    own_bundle(second)
    for kind, file in (("user", "user"), ("network", "net"), ("ipc", "ipc")):
        second.namespace(kind, f"/proc/{bundle.pid}/ns/{file}")
    facts = second.facts("namespaces", "ids")
    for kind in ("user", "net", "ipc"):
        assert facts["namespaces"][kind] == os.readlink(f"/proc/{bundle.pid}/ns/{kind}")
    assert facts["ids"]["uid"] == [0] * 3


def test_namespaces_of_root_cannot_be_joined(bundle):
    bundle.namespace("network", "/proc/1/ns/net")
    bundle.run().fails(1).dray_error(("NAMESPACE_PATH", "NAMESPACE_FAILED"), names=["/linux/namespaces"])
    assert bundle.leaks() == []


def test_seccomp_without_no_new_privileges(bundle):
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
    assert bundle.tries("mkdir /tmp/x")[0]["errno"] == "EPERM"


def test_bundle_example(runtime, user, workdir):
    """bundle-examples/rootless as its README shows, by the user."""
    target = workdir / "bundle-examples"
    (target / "rootless").mkdir(parents=True)
    for name in ("make-rootfs", "rootless/config.json", "rootless/demo.sh"):
        shutil.copy2(TOP / "bundle-examples" / name, target / name)
    os.chown(target / "rootless", UID, UID)
    here = ["env", "-C", target / "rootless", f"XDG_RUNTIME_DIR={user.runtime_directory}"]
    user.run(*here, "../make-rootfs", ".").check_returncode()
    done = user.run(*here, runtime.path, "run", f"rootless-{os.getpid()}")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert f"ids from 0 inside are those from {UID} outside, 1 of them" in lines
    assert f"ids from 1 inside are those from {FIRST} outside, {COUNT} of them" in lines


# --- a container in a container

@pytest.fixture
def nested(bundle, runtime):
    """A container of the user that runs dray itself, with a bundle in its root."""
    if b"/ld-" in runtime.path.read_bytes()[:4096]:
        pytest.skip("a dynamic dray finds no libraries in the container")
    inner = bundle.rootfs / "inner"
    inner_rootfs = inner / "rootfs"
    for name in ("bin", "proc", "dev", "sys"):
        (inner_rootfs / name).mkdir(parents=True)
    shutil.copy2(bundle.rootfs / "bin/probe", inner_rootfs / "bin/probe")
    shutil.copy2(runtime.path, bundle.rootfs / "bin/dray")
    (bundle.rootfs / "run").mkdir(exist_ok=True)
    own_bundle(bundle)
    for names in bundle.process["capabilities"].values():
        names.append("CAP_SYS_ADMIN")
    bundle.add_mount("/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=755"])
    config = {
        "ociVersion": "1.0.2",
        "process": {"user": {"uid": 0, "gid": 0}, "args": ["/bin/probe", "facts", "uid_map", "ids"], "cwd": "/",
                    "env": ["PATH=/bin"]},
        "root": {"path": "rootfs"},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
                   {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]},
                   {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"]}],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "ipc", "uts", "mount", "user")],
                  # the kernel wants each within one line of the outer map
                  "uidMappings": [{"containerID": 0, "hostID": 0, "size": 1}, {"containerID": 1, "hostID": 1, "size": 999}],
                  "gidMappings": [{"containerID": 0, "hostID": 0, "size": 1}, {"containerID": 1, "hostID": 1, "size": 999}]},
    }

    def run(change=None):
        document = json.loads(json.dumps(config))
        if change:
            change(document)
        (inner / "config.json").write_text(json.dumps(document))
        bundle.args = ["/bin/dray", "run", "--bundle", "/inner", "inner"]
        return bundle.run()

    return run


def test_nested(bundle, nested):
    """Where nothing of /proc is covered the kernel gives the inner container one of its own."""
    for key in ("maskedPaths", "readonlyPaths"):
        bundle.linux.pop(key)
    facts = nested().json()
    assert numbers(facts["uid_map"]) == [[0, 0, 1], [1, 1, 999]]
    assert facts["ids"]["uid"] == [0] * 3


def test_nested_where_proc_is_masked(nested):
    nested().fails(1).dray_error("MOUNT_FAILED", names=["covered or masked", "/mounts/0"])


def test_nested_where_proc_is_masked_without_a_pid_namespace(nested):
    def share(document):
        document["linux"]["namespaces"].remove({"type": "pid"})
    assert numbers(nested(share).json()["uid_map"]) == [[0, 0, 1], [1, 1, 999]]


def test_nested_ids_that_the_outer_one_lacks(bundle, nested):
    for key in ("maskedPaths", "readonlyPaths"):
        bundle.linux.pop(key)

    def widen(document):
        document["linux"]["uidMappings"][1]["size"] = COUNT + 10
    nested(widen).fails(1).dray_error("IDMAP_FAILED", names=["user namespace that dray is in", "/linux/uidMappings"])
