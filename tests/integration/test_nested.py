# SPDX-License-Identifier: LGPL-2.1-or-later
"""dray in a container: what a runtime finds there is not what it finds on a host."""

import os
import pathlib
import subprocess
import tarfile

import pytest

from harness import host
from harness.bundle import Bundle
from harness.config import CAPABILITY_NUMBERS
from harness.runtime import Runtime, runtime_path
from harness.seccomp import allow_all_but, rule

pytestmark = [pytest.mark.only_dray("what it does without the powers of a host"), pytest.mark.needs("busybox")]
EVERY_CAPABILITY = [f"CAP_{name}" for name in CAPABILITY_NUMBERS]
# An init for who lives there: it reaps what it inherits.
INIT = "echo ready; while :; do sleep 100000 & wait; done"
FIRST = 100000  # of the ids of an outer user namespace


class InnerRuntime(Runtime):
    """The runtime as a process in the outer container calls it."""

    def __init__(self, directory, enter):
        super().__init__(directory)
        self.prefix = enter
        self.path = "/bin/dray"


class Nest:
    """A container in which others are made, in a directory that has the same path outside and inside."""

    def __init__(self, bundle, workdir):
        self.bundle = bundle
        self.shared = workdir / "shared"
        self.shared.mkdir()
        self.made = []
        self.owner = 0
        bundle.process["capabilities"] = {kind: list(EVERY_CAPABILITY) for kind in ("bounding", "effective", "permitted")}
        bundle.shell(INIT)
        bundle.namespace("cgroup")
        bundle.add_mount(str(self.shared), "bind", self.shared, ["rbind", "rw"])
        bundle.add_mount("/bin/dray", "bind", runtime_path().resolve(), ["bind", "ro"])

    def privileged(self):
        """As the engines' --privileged has it."""
        self.bundle.linux["maskedPaths"] = self.bundle.linux["readonlyPaths"] = []
        self.bundle.resources["devices"] = [{"allow": True, "access": "rwm"}]
        self.bundle.mount_at("/sys")["options"].remove("ro")
        return self.cgroups("rw")

    def cgroups(self, access):
        self.bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", access])
        return self

    def in_user_namespace(self):
        self.bundle.map_users(FIRST)
        self.owner = FIRST
        os.chown(self.shared, FIRST, FIRST)
        return self

    def up(self):
        self.bundle.create().ok()
        self.bundle.start().ok()
        self.bundle.output.expect("ready")
        return self

    def shell(self, script):
        return self.bundle.exec("/bin/sh", "-c", script)

    def leave_root_cgroup(self):
        """What images of nested engines do first: on cgroup2 one with processes can limit no others."""
        if host.cgroup_mode() == "v2":
            self.shell("mkdir -p /sys/fs/cgroup/init && for pid in $(cat /sys/fs/cgroup/cgroup.procs); do"
                       " echo $pid > /sys/fs/cgroup/init/cgroup.procs 2>/dev/null || :; done").ok()
        return self

    def inner(self):
        """A bundle of a container in it."""
        serial = len(self.made)
        directory = self.shared / f"r{serial}"
        directory.mkdir()
        os.chown(directory, self.owner, self.owner)
        runtime = InnerRuntime(directory, [*self.bundle.runtime.words("exec"), self.bundle.name])
        made = Bundle(self.shared / f"b{serial}", f"{self.bundle.name}-in{serial}", runtime, self.bundle.probe)
        os.chown(made.directory, self.owner, self.owner)
        made.own_rootfs(self.owner)
        self.made.append(made)
        return made

    def clean(self):
        return [line for made in reversed(self.made) for line in made.clean()]


def is_dynamic():
    with open(runtime_path(), "rb") as program:
        return b"/ld-" in program.read(4096)


@pytest.fixture
def nest(bundle, workdir):
    if is_dynamic():
        pytest.skip("a dynamic dray finds no libraries in the container")
    made = Nest(bundle, workdir)
    yield made
    left = made.clean()
    assert not left, "left behind:\n" + "\n".join(left)


def live(inner):
    """The life of a container, as far as engines take part in it."""
    inner.args = ["/bin/probe", "exit", "7"]
    inner.run().exits(7)
    inner.shell("echo up; exec sleep 1000")
    inner.create().ok()
    assert inner.status == "created"
    inner.start().ok()
    inner.output.expect("up")
    assert inner.status == "running"
    facts = inner.exec_facts("process", "namespaces")
    assert facts["process"]["pid"] > 1
    for kind in ("pid", "net", "ipc", "uts", "mnt"):
        assert facts["namespaces"][kind] != os.readlink(f"/proc/self/ns/{kind}")
    inner.exec("/bin/sh", "-c", "exit 5").exits(5)
    inner.kill("KILL").ok()
    inner.output.rest()
    host.wait_until(lambda: inner.status == "stopped", "the end of the inner container")
    inner.delete().ok()
    assert inner.leaks() == []


def limits_of(inner):
    """What the host says of the inner container: {file: value}, and where it is."""
    if host.cgroup_mode() == "v2":
        directory, = [pathlib.Path(path) for path in host.cgroups_named(inner.token)]
        return directory, (directory / "pids.max").read_text().strip(), (directory / "memory.max").read_text().strip()
    return (inner.cgroup("pids"), inner.cgroup_value("pids", "pids.max"),
            inner.cgroup_value("memory", "memory.limit_in_bytes"))


def without_cgroup(inner):
    inner.linux.pop("cgroupsPath")
    inner.linux.pop("resources", None)
    return inner


def test_privileged(nest):
    live(nest.privileged().up().leave_root_cgroup().inner())


def test_limits_hold_below_the_outer_container(nest):
    inner = nest.privileged().up().leave_root_cgroup().inner()
    inner.resources.update({"pids": {"limit": 7}, "memory": {"limit": 64 << 20}})
    inner.shell("echo up; exec sleep 1000")
    inner.create().ok()
    directory, pids, memory = limits_of(inner)
    assert (pids, memory) == ("7", str(64 << 20))
    assert nest.bundle.token in str(directory.parent), "it is in the outer container's cgroup"
    inner.runtime("update", "--pids-limit", "9", inner.name).ok()
    assert limits_of(inner)[1] == "9"


@pytest.mark.needs("cgroup_v2")
def test_exec_finds_the_processes_that_have_left_the_root_cgroup(nest):
    """The kernel lets nobody into a cgroup that gives controllers to others: exec goes where init is."""
    nest.privileged().up().leave_root_cgroup()
    nest.shell("echo +pids +memory > /sys/fs/cgroup/cgroup.subtree_control").ok()
    assert nest.shell("cat /proc/self/cgroup").ok().out == "0::/init\n"


@pytest.mark.needs("cgroup_v2")
def test_root_cgroup_with_processes_is_named(nest):
    inner = nest.privileged().up().inner()
    inner.resources["pids"] = {"limit": 7}
    inner.run().dray_error("CGROUP_CONTROLLER", names=["pids", "has processes itself"])
    inner.resources.pop("pids")
    live(inner)


@pytest.mark.needs("cgroup_v2")
def test_root_cgroup_does_not_become_threaded(nest):
    """A cgroup with processes takes pids, cpu and cpuset; what is below can then have no processes."""
    nest.bundle.linux["cgroupsPath"] = f"/dray-nest-{nest.bundle.token}/{nest.bundle.token}"
    inner = nest.privileged().up().inner()
    above = host.CGROUP_ROOT / f"dray-nest-{nest.bundle.token}/cgroup.subtree_control"
    above.write_text(" ".join(f"-{name}" for name in above.read_text().split() if name != "pids"))
    live(inner)
    inner.resources["pids"] = {"limit": 7}
    inner.run().dray_error("CGROUP_CONTROLLER", names=["pids", "has processes itself"])
    inner.resources.pop("pids")
    live(inner)
    nest.shell("echo +pids > /sys/fs/cgroup/cgroup.subtree_control").ok()
    inner.run().dray_error("CGROUP_JOIN", names=["threaded"])


def test_capabilities_without_the_rest(nest):
    """As with --cap-add all: /proc/sys and /sys are read-only, parts are masked, cgroups can't be changed."""
    inner = without_cgroup(nest.cgroups("ro").up().inner())
    inner.linux["sysctl"] = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4096"}
    inner.shell("cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax")
    for options in ([], ["--cgroup-manager=disabled"]):
        done = inner.runtime("run", "--bundle", (inner.write(), inner.directory)[1], inner.name, options=options).ok()
        assert done.out.split() == ["1", "4096"]
    assert nest.shell("cat /proc/sys/net/ipv4/ip_forward").out == "0\n", "that of the outer container is as it was"
    live(inner)


def test_without_capabilities_it_is_explained(nest):
    for names in nest.bundle.process["capabilities"].values():
        names.remove("CAP_SYS_ADMIN")
    inner = without_cgroup(nest.up().inner())
    inner.run().dray_error("NAMESPACE_FAILED", names=["may not"])


def test_read_only_cgroups_are_named(nest):
    inner = nest.cgroups("ro").up().inner()
    inner.resources["pids"] = {"limit": 7}
    inner.run().dray_error("CGROUP_CREATE", "/linux/cgroupsPath", names=["/sys/fs/cgroup", "read-only"])


def test_no_cgroups_at_all(nest):
    inner = nest.up().inner()
    inner.resources["pids"] = {"limit": 7}
    inner.run().dray_error("CGROUP_PATH", "/linux/cgroupsPath", names=["/sys/fs/cgroup"])
    live(without_cgroup(inner))


OLD_FILTER = ["clone3", "openat2", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
              "faccessat2", "pidfd_getfd", "epoll_pwait2", "landlock_create_ruleset"]


@pytest.mark.parametrize("calls, errno", [(["openat2"], 1), (OLD_FILTER, 1), (OLD_FILTER, 38)],
                         ids=["openat2-EPERM", "all-EPERM", "all-ENOSYS"])
def test_filter_of_an_older_engine(nest, calls, errno):
    """What its engine's filter does not know is refused, by the older ones with EPERM."""
    nest.bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", *calls, errnoRet=errno))
    inner = without_cgroup(nest.privileged().up().inner())
    inner.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"))
    inner.config["root"]["readonly"] = True
    live(inner)


def test_in_a_user_namespace(nest):
    nest.bundle.linux["maskedPaths"] = nest.bundle.linux["readonlyPaths"] = []
    inner = without_cgroup(nest.in_user_namespace().up().inner())
    live(inner)
    inner.namespace("user")
    inner.linux["uidMappings"] = inner.linux["gidMappings"] = [{"containerID": 0, "hostID": 0, "size": 1000}]
    live(inner)
    assert inner.facts("uid_map")["uid_map"][0].split() == ["0", "0", "1000"]


def test_in_a_user_namespace_with_cgroups(nest):
    nest.bundle.linux["maskedPaths"] = nest.bundle.linux["readonlyPaths"] = []
    inner = nest.cgroups("rw").in_user_namespace().up().leave_root_cgroup().inner()
    inner.linux["resources"] = {"pids": {"limit": 7}}
    inner.shell("echo up; exec sleep 1000")
    if host.cgroup_mode() != "v2":
        inner.run().dray_error("CGROUP_NOT_DELEGATED", names=["pids"])
        return
    inner.create().ok()
    assert limits_of(inner)[1] == "7"


def test_masked_proc_in_a_user_namespace_is_explained(nest):
    inner = without_cgroup(nest.in_user_namespace().up().inner())
    live(inner)
    inner.namespace("user")
    inner.linux["uidMappings"] = inner.linux["gidMappings"] = [{"containerID": 0, "hostID": 0, "size": 1000}]
    inner.run().dray_error("MOUNT_FAILED", "/mounts/0", names=["proc", "masked"])


# --- in a container of Podman's

IMAGE = "itest/nest"
LIFE = """
dray="dray --root $1/state"
$dray run --bundle $1 once && exit 1
$dray run --detach --bundle $1/long long </dev/null >/dev/null 2>&1 || $dray run --detach --bundle $1/long long || exit 2
$dray exec long /bin/sh -c 'echo $$ in it'
$dray kill long KILL
until $dray state long | grep -q stopped; do sleep 0.1; done
$dray delete long
echo left: $(ls $1/state)
"""


class Podman:
    """Podman with storage of its own."""

    def __init__(self, directory, name):
        configuration = directory / "containers.conf"
        configuration.write_text(
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\napparmor_profile = ""\n'
            f'[engine]\ntmp_dir = "{directory}/tmp"\nlock_type = "file"\n')
        self.name = name
        self.environment = {"CONTAINERS_CONF": str(configuration), "TMPDIR": str(directory), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
        self.words = ["podman", "--root", directory / "storage", "--runroot", directory / "run", "--storage-driver", "vfs",
                      "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", runtime_path().resolve()]

    def __call__(self, *words, code=0):
        done = subprocess.run([*self.words, *words], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, timeout=60 * host.PATIENCE)
        assert code is None or done.returncode == code, f"podman {words}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def run(self, *options, shared):
        return self("run", "--detach", "--name", self.name, "--network", "none", "--cgroup-parent", f"/{self.name}",
                    "--volume", f"{shared}:{shared}", "--volume", f"{runtime_path().resolve()}:/bin/dray:ro", *options,
                    IMAGE, "sh", "-c", INIT)

    def end(self):
        self("rm", "--all", "--force", "--time", "0", code=None)
        host.wait_until(lambda: not [pid for pid in host.reap_dead() if "conmon" in host.describe_process(pid)], "the end of conmon")
        host.remove_cgroups(host.cgroups_named(self.name))


@pytest.fixture(scope="module")
def store(base, probe):
    if is_dynamic():
        pytest.skip("a dynamic dray finds no libraries in the container")
    directory = base / "pn"  # short: Podman's limit is 50 characters
    directory.mkdir()
    made = Podman(directory, f"dray-nest-{os.getpid()}")
    with tarfile.open(directory / "image.tar", "w") as archive:
        archive.add(Bundle(directory / "image", "unused-name", Runtime(directory), probe).rootfs, arcname=".")
    made("import", directory / "image.tar", IMAGE)
    return made


@pytest.fixture
def podman(store):
    yield store
    store.end()


@pytest.mark.slow
@pytest.mark.needs("podman")
@pytest.mark.parametrize("options, owner, cgroup", [
    (["--privileged"], 0, True),
    (["--cap-add", "sys_admin,net_admin"], 0, False),
    (["--privileged", "--uidmap", f"0:{FIRST}:65536", "--gidmap", f"0:{FIRST}:65536"], FIRST, False),
], ids=["privileged", "capabilities", "user-namespace"])
def test_in_podman(podman, workdir, probe, options, owner, cgroup):
    """The profile of seccomp is Podman's own, but with --privileged."""
    shared = workdir / "shared"
    bundles = [Bundle(path, "unused-name", Runtime(workdir), probe) for path in (shared, shared / "long")]
    for made, script in zip(bundles, ("exit 7", "exec sleep 1000")):
        made.shell(script)
        made.linux.pop("resources")
        if cgroup:
            made.linux["cgroupsPath"] = f"/inner-{script[:4]}"
        else:
            made.linux.pop("cgroupsPath")
        made.own_rootfs(owner)
        made.write()
    os.chown(shared, owner, owner)
    podman.run(*options, shared=shared)
    done = podman("exec", podman.name, "sh", "-c", LIFE, "life", str(shared), code=None)
    assert (done.returncode, done.stdout.split()[1:]) == (0, ["in", "it", "left:"]), done
