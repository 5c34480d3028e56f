# SPDX-License-Identifier: LGPL-2.1-or-later
"""checkpoint and restore with CRIU itself."""

import contextlib
import json
import os
import pathlib
import subprocess

import pytest

from harness import criu, host
from harness.runtime import Output
from harness.terminal import ConsoleSocket

pytestmark = [pytest.mark.needs("criu"), pytest.mark.only_dray("the images are ours"), pytest.mark.slow]

COUNT = "i=0; while :; do i=$((i+1)); echo $i > /count; sleep 0.05; done"


class Saved:
    """A bundle with a place for its images."""

    def __init__(self, bundle, directory):
        self.bundle = bundle
        self.images = directory / "images"
        self.work = directory / "work"

    def checkpoint(self, *options, **settings):
        return self.bundle.runtime("checkpoint", "--image-path", self.images, "--work-path", self.work, *options,
                                   self.bundle.name, timeout=60, **settings)

    def restore(self, *options, stdout=None, **settings):
        bundle = self.bundle
        if bundle.output:
            bundle.output.close()
        bundle.output = Output()
        try:
            return bundle.command("restore", "--detach", "--image-path", self.images, "--work-path", self.work,
                                  "--pid-file", bundle.pid_file, *options, timeout=60,
                                  stdout=bundle.output.writer if stdout is None else stdout, **settings)
        finally:
            bundle.output.close_writer()

    def goes_on(self):
        """It runs with what it had in memory, and its output is the new one."""
        self.bundle.kill("USR1").ok()
        self.bundle.output.expect("signal 10")


@pytest.fixture
def saved(bundle, workdir):
    return Saved(bundle, workdir)


def number(bundle):
    text = (bundle.rootfs / "count").read_text().strip()
    return int(text) if text else 0


def counting(bundle):
    """A container whose memory can be told from a new one's."""
    bundle.config["root"]["readonly"] = False
    bundle.shell(COUNT)
    bundle.create().ok()
    bundle.start().ok()
    host.wait_until(lambda: (bundle.rootfs / "count").exists() and number(bundle) > 3, "some numbers")


def test_from_where_it_was(bundle, saved):
    bundle.config["root"]["readonly"] = False
    counting(bundle)
    saved.checkpoint().ok()
    assert bundle.leaks() == []
    last = number(bundle)
    (bundle.rootfs / "count").write_text("0")
    saved.restore().ok()
    state = bundle.state()
    assert state["status"] == "running"
    assert state["pid"] == bundle.pid
    found = host.wait_until(lambda: number(bundle), "the next number")
    assert found > last
    assert bundle.exec("/bin/echo", "hello").ok().out == "hello\n"
    assert (saved.work / "dump.log").exists() and (saved.work / "restore.log").exists()


def test_output_and_exit_code(bundle, saved):
    bundle.up(status=7)
    saved.checkpoint().ok()
    saved.restore().ok()
    saved.goes_on()
    bundle.kill("TERM").ok()
    assert bundle.wait() == 7
    assert bundle.status == "stopped"
    bundle.delete().ok()
    assert bundle.leaks() == []


def test_leave_running(bundle, saved):
    bundle.up()
    pid = bundle.pid
    saved.checkpoint("--leave-running", "--leave-running").ok()
    assert bundle.state()["pid"] == pid
    saved.goes_on()
    bundle.delete("--force").ok()
    saved.restore().ok()
    saved.goes_on()


@pytest.mark.needs("cgroup_v2")
def test_below_its_limits(bundle, saved):
    """What a container was delegated is where it goes on."""
    bundle.config["annotations"] = {"run.oci.delegate-cgroup": "payload/a"}
    bundle.namespace("cgroup")
    bundle.config["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro"]})
    bundle.up()
    saved.checkpoint().ok()
    assert bundle.leaks() == []
    saved.restore().ok()
    saved.goes_on()
    assert bundle.exec("/bin/cat", "/proc/self/cgroup").ok().out.splitlines()[-1] == "0::/payload/a"
    place = host.CGROUP_ROOT / "dray-itest" / bundle.token
    assert (place / "payload/a/cgroup.procs").read_text().split() == [str(bundle.pid)]


def test_twice(bundle, saved):
    bundle.up()
    for _ in range(2):
        saved.checkpoint().ok()
        saved.restore().ok()
        saved.goes_on()


def test_paused(bundle, saved):
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    saved.checkpoint("--leave-running").ok()
    assert bundle.status == "paused"
    bundle.runtime("resume", bundle.name).ok()
    saved.goes_on()


def test_a_failed_checkpoint_changes_nothing(bundle, saved):
    bundle.up()
    (saved.work / "dump.log").mkdir(parents=True)
    saved.checkpoint().dray_error("CRIU_FAILED")
    saved.goes_on()
    assert bundle.status == "running"


def test_restored_under_another_name_in_a_copy(bundle, saved):
    bundle.up()
    saved.checkpoint().ok()
    bundle.name += "-copy"
    bundle.linux["cgroupsPath"] = f"/{bundle.token}-copy"
    saved.restore().ok()
    saved.goes_on()
    groups = pathlib.Path(f"/proc/{bundle.pid}/cgroup").read_text()
    assert f"/{bundle.token}-copy" in groups
    for line in groups.splitlines():
        assert not line.endswith(f"/{bundle.token}"), groups


def test_limits_are_those_of_the_new_configuration(bundle, saved):
    bundle.resources["pids"] = {"limit": 40}
    bundle.up()
    saved.checkpoint().ok()
    bundle.resources["pids"] = {"limit": 30}
    saved.restore().ok()
    group = next(line.split(":", 2) for line in pathlib.Path(f"/proc/{bundle.pid}/cgroup").read_text().splitlines()
                 if line.split(":")[1] in ("pids", ""))
    base = host.v1_mounts().get("pids", host.CGROUP_ROOT)
    assert (base / group[2].lstrip("/") / "pids.max").read_text().strip() == "30"


def test_without_a_cgroup(bundle, saved):
    bundle.linux.pop("cgroupsPath", None)
    bundle.resources.clear()
    bundle.runtime.options.append("--cgroup-manager=disabled")
    bundle.up()
    saved.checkpoint().ok()
    saved.restore().ok()
    saved.goes_on()


def test_bind_mounts_come_from_the_new_configuration(bundle, saved, workdir):
    for place in ("old", "new"):
        (workdir / place / "sub").mkdir(parents=True)
        (workdir / place / "name").write_text(place)
    os.symlink("target", bundle.rootfs / "link")
    (bundle.rootfs / "target").mkdir()
    bundle.add_mount("/data", "bind", workdir / "old", ["rbind", "ro"])
    bundle.add_mount("/data/sub", "tmpfs", "tmpfs", ["size=64k"])
    bundle.add_mount("/link/inner", "bind", workdir / "old" / "name", ["bind", "ro"])
    bundle.up()
    bundle.exec("/bin/sh", "-c", "echo kept > /data/sub/file").ok()
    saved.checkpoint().ok()
    bundle.mount_at("/data")["source"] = str(workdir / "new")
    bundle.mount_at("/link/inner")["source"] = str(workdir / "new" / "name")
    saved.restore().ok()
    saved.goes_on()
    assert bundle.exec("/bin/cat", "/data/name", "/target/inner", "/data/sub/file").ok().out == "newnewkept\n"


def test_mount_points_are_made_in_a_fresh_root(bundle, saved, workdir):
    """The images are taken elsewhere, where the root file system has none of them yet."""
    (workdir / "data" / "sub").mkdir(parents=True)
    (workdir / "file").write_text("content")
    bundle.add_mount("/a/deep/place", "bind", workdir / "data", ["rbind"])
    bundle.add_mount("/a/deep/place/sub", "bind", workdir / "data", ["rbind"])
    bundle.add_mount("/a/file", "bind", workdir / "file", ["bind"])
    bundle.up()
    saved.checkpoint().ok()
    subprocess.run(["rm", "-r", "--one-file-system", bundle.rootfs / "a", bundle.rootfs / "proc"], check=True)
    (bundle.rootfs / "proc").mkdir()
    saved.restore().ok()
    saved.goes_on()
    assert bundle.exec("/bin/cat", "/a/file").ok().out == "content"


def test_nothing_is_mounted_on_the_host(bundle, saved, workdir):
    bundle.add_mount("/data", "bind", workdir, ["rbind", "ro"])
    bundle.up()
    saved.checkpoint().ok()
    saved.restore().ok()
    assert host.mounts_below(workdir) == []


@contextlib.contextmanager
def namespace_holder(*flags):
    """A process in namespaces of its own."""
    with subprocess.Popen(["unshare", *flags, "--fork", "sh", "-c", "echo up; exec sleep 1000"],
                          stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "up\n"
            child = int(pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
            yield child
        finally:
            with contextlib.suppress(ProcessLookupError, UnboundLocalError):
                os.kill(child, 9)
            process.kill()


@pytest.mark.parametrize("kind, flag, file", [("network", "--net", "net"), ("ipc", "--ipc", "ipc"),
                                              ("uts", "--uts", "uts"), ("pid", "--pid", "pid")])
def test_namespaces_of_others(bundle, saved, kind, flag, file):
    with namespace_holder(flag) as first, namespace_holder(flag) as second:
        bundle.namespace(kind, f"/proc/{first}/ns/{file}")
        if kind == "uts":
            bundle.config.pop("hostname", None)
        bundle.up()
        saved.checkpoint().ok()
        bundle.namespace(kind, f"/proc/{second}/ns/{file}")
        saved.restore().ok()
        assert os.stat(f"/proc/{bundle.pid}/ns/{file}").st_ino == os.stat(f"/proc/{second}/ns/{file}").st_ino
        saved.goes_on()
        bundle.delete("--force").ok()


def test_loopback_is_up(bundle, saved):
    bundle.up()
    saved.checkpoint().ok()
    saved.restore().ok()
    facts = bundle.exec("/bin/cat", "/sys/class/net/lo/flags")
    if facts.code == 0:
        assert int(facts.out, 16) & 1, facts


# CRIU opens a file of the caller's anew, with the container's ids
NO_STDERR = ["sh", "-c", 'exec "$@" 2>/dev/null', "sh"]


def up_in_a_user_namespace(bundle):
    bundle.map_users()
    bundle.args = ["/bin/probe", "wait"]
    bundle.create(wrap=NO_STDERR).ok()
    bundle.start().ok()
    bundle.output.expect("ready")


def test_user_namespace(bundle, saved):
    up_in_a_user_namespace(bundle)
    saved.checkpoint().ok()
    saved.restore(wrap=NO_STDERR).ok()
    saved.goes_on()
    assert saved.images.stat().st_gid == 100000 and saved.images.stat().st_mode & 0o7777 == 0o710
    assert pathlib.Path(f"/proc/{bundle.pid}/uid_map").read_text().split() == ["0", "100000", "65536"]


# --- the terminal

def test_console(bundle, saved, workdir):
    console = ConsoleSocket(workdir / "console.sock")
    with contextlib.closing(console):
        bundle.process["terminal"] = True
        bundle.shell("read x; echo got $x; read y; echo then $y")
        bundle.create("--console-socket", console.path).ok()
        terminal = console.receive()
        bundle.start().ok()
        terminal.write("one\n")
        terminal.read_until("got one")
        saved.checkpoint().ok()
        saved.restore("--console-socket", console.path).ok()
        again = console.receive()
        again.write("two\n")
        again.read_until("then two")
        assert bundle.wait() == 0


def test_foreground(bundle, saved, workdir):
    bundle.up(status=5)
    saved.checkpoint().ok()
    bundle.pid_file.unlink()
    errors = open(workdir / "errors", "wb")  # a file, as it was before
    process = bundle.runtime.popen("restore", "--bundle", bundle.directory, "--image-path", saved.images,
                                   "--work-path", saved.work, "--pid-file", bundle.pid_file, bundle.name,
                                   stdout=subprocess.PIPE, stderr=errors)
    host.wait_until(bundle.pid_file.exists, "the container")
    host.wait_until(lambda: bundle.runtime("state", bundle.name).code == 0 and bundle.status == "running", "the container")
    process.send_signal(15)  # forwarded
    process.communicate(timeout=30 * host.PATIENCE)
    errors.close()
    assert process.returncode == 5
    assert bundle.leaks() == []


# --- hooks

def test_hooks(bundle, saved, workdir):
    bundle.up()
    saved.checkpoint().ok()
    note = f"cat >> {workdir}/$0; echo >> {workdir}/$0"
    bundle.config["hooks"] = {kind: [{"path": "/bin/sh", "args": ["sh", "-c", note, kind]}]
                              for kind in ("prestart", "createRuntime", "poststop")}
    saved.restore().ok()
    for kind in ("prestart", "createRuntime"):
        state = json.loads((workdir / kind).read_text())
        assert state["pid"] == bundle.pid
        assert state["status"] == "creating"
    assert not (workdir / "poststop").exists()
    bundle.delete("--force").ok()
    assert json.loads((workdir / "poststop").read_text())["status"] == "stopped"


def test_a_failing_hook_ends_the_restore(bundle, saved, workdir):
    bundle.up()
    saved.checkpoint().ok()
    bundle.config["hooks"] = {"prestart": [{"path": "/bin/sh", "args": ["sh", "-c", "echo no >&2; exit 3"]}],
                              "poststop": [{"path": "/bin/touch", "args": ["touch", str(workdir / "stopped")]}]}
    saved.restore().dray_error("HOOK_FAILED", names=["prestart"])
    assert (workdir / "stopped").exists()
    assert bundle.leaks() == []


# --- the new configuration wins

def refused(saved, *names, pointer=None):
    result = saved.restore()
    result.dray_error("RESTORE_REFUSED", names=names, pointer=pointer)
    assert saved.bundle.leaks() == []
    assert not saved.bundle.pid_file.exists()
    host.wait_until(lambda: not host.reap_dead(), "the end of all of it")


def all_capabilities(bundle, *names):
    bundle.process["capabilities"] = {kind: list(names) for kind in ("bounding", "effective", "permitted")}


def test_fewer_capabilities(bundle, saved):
    all_capabilities(bundle, "CAP_KILL", "CAP_NET_RAW")
    bundle.up()
    saved.checkpoint().ok()
    bundle.pid_file.unlink()
    all_capabilities(bundle, "CAP_KILL")
    refused(saved, "capabilities")
    bundle.process.pop("capabilities")
    refused(saved, "capabilities")
    all_capabilities(bundle, "CAP_KILL", "CAP_NET_RAW", "CAP_CHOWN")
    saved.restore().ok()


def test_all_of_several_processes_end(bundle, saved):
    all_capabilities(bundle, "CAP_KILL")
    bundle.shell("sleep 1000 & (sleep 1000 & sleep 1000) & exec /bin/probe wait")
    bundle.create().ok()
    bundle.start().ok()
    bundle.output.expect("ready")
    saved.checkpoint().ok()
    bundle.pid_file.unlink()
    all_capabilities(bundle)
    refused(saved, "capabilities")


def test_no_new_privileges_wanted(bundle, saved):
    bundle.process["noNewPrivileges"] = False
    bundle.up()
    saved.checkpoint().ok()
    bundle.pid_file.unlink()
    bundle.process["noNewPrivileges"] = True
    refused(saved, "no_new_privs")


def test_another_user(bundle, saved):
    bundle.process["noNewPrivileges"] = True
    all_capabilities(bundle)
    bundle.up()
    saved.checkpoint().ok()
    bundle.pid_file.unlink()
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    refused(saved, "another user")
    bundle.process["user"] = {"uid": 0, "gid": 5}
    refused(saved, "another group")


def test_seccomp_wanted(bundle, saved):
    bundle.up()
    saved.checkpoint().ok()
    bundle.pid_file.unlink()
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                               "syscalls": [{"names": ["keyctl"], "action": "SCMP_ACT_ERRNO"}]}
    refused(saved, "seccomp")


def test_seccomp_is_kept(bundle, saved):
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW",
                               "syscalls": [{"names": ["keyctl"], "action": "SCMP_ACT_ERRNO"}]}
    bundle.up()
    saved.checkpoint().ok()
    saved.restore().ok()
    saved.goes_on()
    assert "Seccomp:\t2" in pathlib.Path(f"/proc/{bundle.pid}/status").read_text()


def test_namespace_wanted(bundle, saved):
    bundle.no_namespace("uts")
    bundle.config.pop("hostname", None)
    bundle.up()
    saved.checkpoint().ok()
    bundle.pid_file.unlink()
    bundle.namespace("uts")
    refused(saved, "uts namespace")


def test_user_namespace_with_other_maps(bundle, saved):
    up_in_a_user_namespace(bundle)
    saved.checkpoint().ok()
    bundle.pid_file.unlink()
    for kind in ("uidMappings", "gidMappings"):
        bundle.linux[kind][0]["size"] = 1000
    log = saved.images.parent / "log"
    result = saved.restore(wrap=NO_STDERR, options=["--log", log])
    assert result.code == 1
    assert "RESTORE_REFUSED" in log.read_text() and "id maps" in log.read_text()
    assert bundle.leaks() == []
    host.wait_until(lambda: not host.reap_dead(), "the end of all of it")


def test_read_only_mount_wanted(bundle, saved, workdir):
    bundle.add_mount("/data", "bind", workdir, ["rbind", "rw"])
    bundle.up()
    saved.checkpoint().ok()
    bundle.pid_file.unlink()
    bundle.mount_at("/data")["options"] = ["rbind", "ro"]
    refused(saved, "/data", "read-only")


@pytest.mark.parametrize("before", [True, False])
def test_read_only_root(bundle, saved, before):
    """CRIU leaves the root writable, whatever it was."""
    bundle.config["root"]["readonly"] = before
    bundle.up()
    saved.checkpoint().ok()
    bundle.config["root"]["readonly"] = True
    saved.restore().ok()
    saved.goes_on()
    assert "Read-only" in bundle.exec("/bin/sh", "-c", "echo > /file").fails().err
    assert os.access(bundle.rootfs, os.W_OK)


def test_masked_paths_wanted(bundle, saved):
    bundle.linux["maskedPaths"] = []
    bundle.linux["readonlyPaths"] = []
    bundle.up()
    saved.checkpoint().ok()
    bundle.pid_file.unlink()
    bundle.linux["maskedPaths"] = ["/proc/keys", "/none"]
    refused(saved, "/proc/keys", "masked", pointer="/linux/maskedPaths/0")
    bundle.linux["maskedPaths"] = []
    bundle.linux["readonlyPaths"] = ["/none", "/proc/sys"]
    refused(saved, "/proc/sys", "read-only", pointer="/linux/readonlyPaths/1")


# --- memory in several steps

@pytest.mark.needs("criu_pre_dump")
def test_pre_dump(bundle, saved, workdir):
    bundle.up()
    bundle.runtime("checkpoint", "--pre-dump", "--image-path", workdir / "before", bundle.name, timeout=60).ok()
    assert bundle.status == "running"
    saved.goes_on()
    saved.checkpoint("--parent-path", "../before").ok()
    assert os.readlink(saved.images / "parent") == "../before"
    saved.restore().ok()
    saved.goes_on()


def test_pre_dump_without_the_kernels_help(bundle, workdir):
    if criu.can("mem_dirty_track"):
        pytest.skip("this kernel tracks memory")
    bundle.up()
    bundle.runtime("checkpoint", "--pre-dump", "--image-path", workdir / "before", bundle.name, timeout=60) \
        .dray_error("CRIU_FAILED", names=["racking"])
    assert bundle.status == "running"
