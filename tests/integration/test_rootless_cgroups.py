# SPDX-License-Identifier: LGPL-2.1-or-later
"""Cgroups of an ordinary user: delegated ones are used, others are named with what would delegate them."""

import itertools
import os
import re
import shutil

import pytest

from harness import host
from harness.runtime import TOP, runtime_kind
from harness.user import COUNT, FIRST, NAME, UID, User, UserRuntime, own_bundle, rootless
from harness.user_fixtures import bundle, runtime, user  # noqa: F401: fixtures

pytestmark = [pytest.mark.skipif(shutil.which("newuidmap") is None, reason="needs uidmap"),
              pytest.mark.skipif(runtime_kind() != "dray", reason="dray only: what is done without differs")]
_serial = itertools.count(1)
V2_FILES = ("cgroup.procs", "cgroup.subtree_control", "cgroup.threads")


@pytest.fixture(scope="module")
def user_on_v2(base):
    """The user where cgroup2 is all there is."""
    made = User(base / "user-v2")
    if host.cgroup_mode() != "v2":
        made.as_root("sh", "-c", "umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup")
    yield made
    made.close()


def make(make_bundle, runtime, size=COUNT):
    made = make_bundle(runtime=runtime)
    made.linux.pop("cgroupsPath")
    rootless(made, size)
    own_bundle(made)
    return made


def own_name():
    """For a directory that is the test's, not the container's."""
    return f"dray-user-{os.getpid()}-{next(_serial)}"


def remove(directory):
    for path, _, _ in os.walk(directory, topdown=False):
        os.rmdir(path)


# --- cgroup v1

@pytest.fixture
def delegated(bundle):
    """A directory of the user's in some hierarchies of v1, and the path that leads there."""
    made = []

    def delegate(*controllers):
        name = own_name()
        for controller in controllers:
            directory = host.v1_mounts()[controller] / name
            directory.mkdir()
            made.append(directory)
            os.chown(directory, UID, UID)
        bundle.linux["cgroupsPath"] = f"/{name}/c"
        return host.v1_mounts()[controllers[0]] / name / "c"

    yield delegate
    bundle.delete("--force")
    host.reap_dead()
    for directory in made:
        assert [entry for entry in directory.iterdir() if entry.is_dir()] == []
        directory.rmdir()


v1 = pytest.mark.needs("cgroup_v1")


@v1
@pytest.mark.parametrize("root_inside", [0, 5], ids=["root-is-the-user", "root-is-another"])
def test_delegated_hierarchies_of_v1(bundle, delegated, root_inside):
    """The kernel lets the user move only a process that is still its own."""
    place = delegated("pids", "freezer")
    for key in ("uidMappings", "gidMappings"):
        bundle.linux[key] = [{"containerID": root_inside, "hostID": UID, "size": 1},
                             {"containerID": 1 if root_inside == 0 else 0, "hostID": FIRST, "size": 4}]
    bundle.linux["resources"] = {"pids": {"limit": 50}}
    bundle.up()
    assert str(bundle.pid) in (place / "cgroup.procs").read_text().split()
    assert (place / "pids.max").read_text() == "50\n"
    assert (place / "pids.max").stat().st_uid == UID
    bundle.runtime("pause", bundle.name).ok()
    assert bundle.status == "paused"
    bundle.runtime("resume", bundle.name).ok()
    bundle.runtime("update", "--pids-limit", "60", bundle.name).ok()
    assert (place / "pids.max").read_text() == "60\n"
    assert bundle.runtime("events", "--stats", bundle.name).json()["data"]["pids"]["limit"] == 60
    bundle.runtime("update", "--memory", "100000000", bundle.name).fails(1).dray_error(
        ("CGROUP_CONTROLLER", "CGROUP_HOST", "CGROUP_WRITE"), names=["memory"])
    second = bundle.exec_detached("/bin/sleep", "1000")
    assert str(second.pid) in (place / "cgroup.procs").read_text().split()
    bundle.delete("--force").ok()
    assert not place.exists()


@v1
def test_limit_in_a_hierarchy_that_is_not_delegated(bundle, delegated):
    delegated("pids")
    bundle.linux["resources"] = {"memory": {"limit": 100 << 20}}
    memory = host.v1_mounts()["memory"]
    bundle.run().fails(1).dray_error("CGROUP_NOT_DELEGATED", names=[f'cd "{memory}" && chown {UID} .', "/linux/"])
    assert bundle.leaks() == []


@v1
def test_path_that_is_delegated_nowhere(bundle):
    bundle.linux["cgroupsPath"] = f"/{own_name()}/c"
    bundle.run().fails(1).dray_error("CGROUP_NOT_DELEGATED", names=["chown", "/linux/cgroupsPath"])
    assert bundle.leaks() == []


@v1
def test_cgroup_of_root_with_the_path(bundle):
    """A directory that is there, but root's."""
    directory = host.v1_mounts()["pids"] / own_name()
    directory.mkdir()
    try:
        bundle.linux["cgroupsPath"] = f"/{directory.name}"
        bundle.linux["resources"] = {"pids": {"limit": 50}}
        bundle.run().fails(1).dray_error("CGROUP_NOT_DELEGATED", names=["cgroup.procs"])
    finally:
        directory.rmdir()
    assert bundle.leaks() == []


@v1
def test_no_cgroup_when_nothing_is_asked_for(bundle):
    bundle.up()
    own = [line.split(":", 2)[2] for line in open("/proc/self/cgroup")]
    theirs = [line.split(":", 2)[2] for line in open(f"/proc/{bundle.pid}/cgroup")]
    assert own == theirs
    bundle.command("run", options=["--rootless=true"], write=False).fails(1).dray_error("ID_IN_USE")


@v1
def test_a_cgroup_is_a_must_when_strict(bundle):
    bundle.command("run", options=["--rootless=false"]).fails(1).dray_error("CGROUP_NOT_DELEGATED")
    assert bundle.leaks() == []


@v1
def test_device_rules_are_left_out(bundle):
    bundle.resources["devices"] = [{"allow": False, "access": "rwm"}]
    bundle.args = ["/bin/probe", "exit", "0"]
    said = bundle.command("run", options=["--log-level", "warning"]).ok()
    assert "linux.resources.devices" in said.err


def test_disabled_manager(bundle):
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.command("run", options=["--cgroup-manager=disabled"]).ok()
    bundle.linux["resources"] = {"pids": {"limit": 50}}
    bundle.command("run", options=["--cgroup-manager=disabled"]).fails(1).dray_error("CGROUP_HOST", names=["/linux/resources/pids"])


# --- cgroup v2

@pytest.fixture
def tree(make_bundle, workdir, user_on_v2):
    """(bundle, directory): the directory is delegated, and the caller is in the cgroup "shell" in it."""
    if host.cgroup_mode() not in ("v2", "hybrid"):
        pytest.skip("needs a cgroup2 hierarchy")
    user_on_v2.allow(f"{NAME}:{FIRST}:{COUNT}\n")
    (workdir / "v2").mkdir()
    runtime = UserRuntime(workdir / "v2", user_on_v2)
    bundle = make(make_bundle, runtime)
    top = host.CGROUP_ROOT if host.cgroup_mode() == "v2" else host.CGROUP_ROOT / "unified"
    directory = top / own_name()
    shell = directory / "shell"
    shell.mkdir(parents=True)
    for path in (directory, *(directory / name for name in V2_FILES), shell, shell / "cgroup.procs"):
        os.chown(path, UID, UID)
    seen = f"/sys/fs/cgroup/{directory.name}"
    runtime.prefix = ["nsenter", f"--mount=/proc/{user_on_v2.holder.pid}/ns/mnt", "--", "sh", "-c",
                      f'echo $$ > {seen}/shell/cgroup.procs && exec "$@"', "sh", *user_on_v2.prefix[3:]]
    yield bundle, directory
    bundle.delete("--force")
    host.reap_dead()
    host.wait_until(lambda: (shell / "cgroup.procs").read_text() == "", "the shell's cgroup to be empty")
    runtime.prefix = user_on_v2.prefix
    left = sorted(entry.name for entry in directory.iterdir() if entry.is_dir())
    remove(directory)
    assert left == ["shell"]


@pytest.mark.parametrize("path", [None, "named"])
def test_delegated_cgroup2(tree, path):
    bundle, directory = tree
    if path is not None:
        bundle.linux["cgroupsPath"] = path
    place = directory / (path if path is not None else f"dray-{bundle.name}")
    bundle.up()
    assert (place / "cgroup.procs").read_text().split() == [str(bundle.pid)]
    bundle.runtime("pause", bundle.name).ok()
    assert bundle.status == "paused"
    bundle.runtime("resume", bundle.name).ok()
    second = bundle.exec_detached("/bin/sleep", "1000")
    assert str(second.pid) in (place / "cgroup.procs").read_text().split()
    bundle.runtime("events", "--stats", bundle.name).ok()
    bundle.delete("--force").ok()
    assert not place.exists()


def test_limits_of_a_delegated_cgroup2(tree):
    bundle, directory = tree
    bundle.linux["resources"] = {"unified": {"cgroup.max.descendants": "7"}}
    bundle.up()
    assert (directory / f"dray-{bundle.name}" / "cgroup.max.descendants").read_text() == "7\n"


def test_controllers_of_a_delegated_cgroup2(tree):
    """What root enabled above is not enabled once more, which a user may not."""
    bundle, directory = tree
    sizes = [name.removeprefix("hugepages-").removesuffix("kB") for name in os.listdir("/sys/kernel/mm/hugepages")]
    (directory.parent / "cgroup.subtree_control").write_text("+hugetlb")
    if "hugetlb" not in (directory / "cgroup.controllers").read_text().split() or "2048" not in sizes:
        pytest.skip("needs the hugetlb controller on cgroup2")
    bundle.linux["resources"] = {"hugepageLimits": [{"pageSize": "2MB", "limit": 4 << 20}]}
    bundle.up()
    assert (directory / f"dray-{bundle.name}" / "hugetlb.2MB.max").read_text() == f"{4 << 20}\n"
    assert "hugetlb" in (directory / "cgroup.subtree_control").read_text().split()
    bundle.delete("--force").ok()


@pytest.mark.needs("cgroup_v2")
def test_memory_and_processes_of_a_delegated_cgroup2(tree):
    bundle, directory = tree
    if not {"memory", "pids"} <= set((directory / "cgroup.controllers").read_text().split()):
        pytest.skip("needs the controllers memory and pids below the root")
    bundle.linux["resources"] = {"memory": {"limit": 64 << 20}, "pids": {"limit": 50}}
    bundle.up()
    place = directory / f"dray-{bundle.name}"
    assert (place / "memory.max").read_text() == f"{64 << 20}\n"
    bundle.runtime("update", "--memory", "70000000", "--pids-limit", "60", bundle.name).ok()
    assert (place / "pids.max").read_text() == "60\n"
    assert bundle.runtime("events", "--stats", bundle.name).json()["data"]["pids"]["limit"] == 60


@pytest.mark.needs("cgroup_v2")
def test_delegating_as_the_manual_says(make_bundle, runtime, user):
    """The commands of docs/rootless.md, for another user and in another place."""
    blocks = re.findall(r"```sh\n(.*?)```", (TOP / "docs/rootless.md").read_text(), re.S)
    script = next(block for block in blocks if "cgroup.subtree_control" in block)
    name = own_name()
    bundle = make(make_bundle, runtime)
    bundle.linux["resources"] = {"pids": {"limit": 50}}
    script = script.replace("cgroup/alice", f"cgroup/{name}").replace("alice", NAME).replace("PID_OF_THE_SHELL", "$$")
    runtime.prefix = [*user.prefix[:3], "sh", "-e", "-c", f'{script}\ncd /\nexec "$@"', "sh", *user.prefix[3:]]
    bundle.up()
    place = host.CGROUP_ROOT / name / f"dray-{bundle.name}"
    assert (place / "pids.max").read_text() == "50\n"
    assert str(bundle.pid) in (place / "cgroup.procs").read_text().split()
    runtime.prefix = user.prefix
    bundle.delete("--force").ok()
    host.reap_dead()
    remove(host.CGROUP_ROOT / name)


def test_the_containers_user_gets_the_cgroup_if_it_can(tree):
    bundle, directory = tree
    bundle.namespace("cgroup")
    bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "rw"])
    bundle.up()
    assert (directory / f"dray-{bundle.name}").stat().st_uid == UID
    made = bundle.exec_tries("mkdir /sys/fs/cgroup/mine", "list /sys/fs/cgroup/mine")
    assert made[0]["ok"], made
    remove(directory / f"dray-{bundle.name}" / "mine")


@pytest.mark.parametrize("how", ["cgroup", "sysfs"])
def test_read_only_cgroups_stay_read_only(tree, how):
    """CVE-2023-25809: what the user may write outside is not writable inside where "ro" is asked for."""
    bundle, directory = tree
    bundle.no_namespace("network")  # then /sys is the host's
    if how == "cgroup":
        bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "ro"])
    bundle.up()
    places = [f"/sys/fs/cgroup{path}" for path in ("", f"/{directory.name}", f"/{directory.name}/dray-{bundle.name}")]
    tries = [f"{verb} {place}/{rest}" for place in places
             for verb, rest in (("write", "cgroup.procs 1"), ("mkdir", "made"), ("write", "cgroup.max.depth 5"))]
    results = bundle.exec_tries(*tries)
    assert {result.get("errno") for result in results} <= {"EROFS", "ENOENT", "EACCES"}, results
    own = results[:3] if how == "cgroup" else results[-3:]
    assert {result["errno"] for result in own} == {"EROFS"}, own


def test_owner_that_the_user_cannot_give_it_to(tree):
    bundle, directory = tree
    bundle.process["user"] = {"uid": 7, "gid": 7}
    bundle.namespace("cgroup")
    bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "rw"])
    bundle.up()
    assert (directory / f"dray-{bundle.name}").stat().st_uid == UID


def test_cgroup2_above_that_is_not_delegated(tree):
    """The kernel asks for cgroup.procs of the cgroup that is above both, here the delegated directory."""
    bundle, directory = tree
    os.chown(directory / "cgroup.procs", 0, 0)
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    assert not (directory / f"dray-{bundle.name}").exists()
    bundle.linux["resources"] = {"unified": {"cgroup.max.descendants": "7"}}
    seen = f"/sys/fs/cgroup/{directory.name}"
    bundle.run().fails(1).dray_error("CGROUP_NOT_DELEGATED", names=[f'"{seen}/cgroup.procs"', f"chown {UID} . cgroup.procs"])
    assert not (directory / f"dray-{bundle.name}").exists()


def test_controllers_that_are_not_delegated(tree):
    bundle, directory = tree
    bundle.linux["resources"] = {"memory": {"limit": 100 << 20}}
    if "memory" in (directory / "cgroup.controllers").read_text().split():
        os.chown(directory / "cgroup.subtree_control", 0, 0)
        bundle.run().fails(1).dray_error("CGROUP_NOT_DELEGATED", names=["cgroup.subtree_control"])
    else:
        bundle.run().fails(1).dray_error(("CGROUP_CONTROLLER", "CGROUP_HOST", "CGROUP_NOT_DELEGATED"), names=["memory"])


def test_cgroup2_that_is_mounted_read_only(tree, user_on_v2):
    bundle, directory = tree
    prefix = bundle.runtime.prefix
    bundle.runtime.prefix = [*prefix[:3], "unshare", "--mount", "sh", "-c",
                             'echo $$ > "$0/shell/cgroup.procs" && mount -o remount,bind,ro /sys/fs/cgroup && exec "$@"',
                             f"/sys/fs/cgroup/{directory.name}", *user_on_v2.prefix[3:]]
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    bundle.linux["resources"] = {"unified": {"cgroup.max.descendants": "7"}}
    bundle.run().fails(1).dray_error("CGROUP_NOT_DELEGATED", names=["mounted read-only"])
    bundle.runtime.prefix = prefix
