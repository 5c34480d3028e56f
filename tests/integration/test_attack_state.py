# SPDX-License-Identifier: LGPL-2.1-or-later
"""What lies on the host beside a container: state, sockets, hooks, stdio; and hostile files read on the way.

CVE-2013-6441, CVE-2015-1331 (planted state), CVE-2015-1334 (fake /proc), CVE-2021-41103 class (modes),
pid reuse, damaged state, seccomp agents, console sockets, hooks, tmpcopyup, hostile /etc/passwd.
"""

import json
import os
import random
import socket
import stat
import struct
import subprocess
import time
import threading

import pytest

from harness.attack import THOROUGH, canary, racer, rounds  # noqa: F401  fixtures
from harness import host

JOURNAL_CGROUP, JOURNAL_PROCESS = 2, 3  # src/plan/journal_format.h

COMMANDS = (("state", "ID"), ("kill", "ID", "KILL"), ("kill", "--all", "ID", "TERM"), ("exec", "ID", "/bin/true"),
            ("pause", "ID"), ("resume", "ID"), ("ps", "ID"), ("start", "ID"), ("list",), ("delete", "ID"),
            ("delete", "--force", "ID"))


@pytest.fixture
def victim():
    """A process of the host that nobody may signal."""
    process = subprocess.Popen(["sleep", "300"])
    time.sleep(0.05)  # start times are ticks of 10 ms: the container must not begin in the same one
    yield process
    alive = process.poll() is None
    process.kill()
    process.wait()
    assert alive, "a process that does not belong to the container was killed"


def call(bundle, words):
    done = bundle.runtime(*[bundle.name if word == "ID" else word for word in words])
    assert 0 <= done.code < 256, f"was killed by a signal: {done}"
    assert "AddressSanitizer" not in done.err and "runtime error" not in done.err, done.err[:3000]
    return done


def state_files(bundle):
    directory = bundle.runtime.root / bundle.name
    return {path: path.read_bytes() for path in sorted(directory.iterdir()) if stat.S_ISREG(path.stat().st_mode)}


# --- the state directory

@pytest.mark.parametrize("what", ["owner", "mode", "link", "file"])
def test_state_root_of_somebody_else(bundle, canary, what, is_dray):
    root = bundle.runtime.root
    if what == "link":
        (canary / "directory").chmod(0o700)
        canary.before = canary.look()
        os.symlink(canary / "directory", root)
        os.chown(root, 1000, 1000, follow_symlinks=False)
    elif what == "file":
        root.write_text("")
    else:
        root.mkdir(mode=0o700)
        if what == "owner":
            os.chown(root, 1000, 1000)
        else:
            root.chmod(0o777)
    done = bundle.run()
    canary.check()
    if is_dray:
        done.dray_error("STATE_ROOT")
    os.unlink(root) if what in ("link", "file") else root.chmod(0o700)
    if root.exists():
        os.chown(root, 0, 0)


@pytest.mark.only_dray("the file names are dray's own")
def test_planted_container(bundle, canary, victim):
    """A link in the place of a container's directory."""
    bundle.runtime.root.mkdir(mode=0o700)
    os.symlink(canary, bundle.runtime.root / bundle.name)
    bundle.run().fails()
    for words in COMMANDS:
        call(bundle, words)
    canary.check()
    (bundle.runtime.root / bundle.name).unlink()


def test_files_of_the_runtime_are_private(bundle, workdir):
    bundle.args = ["/bin/probe", "exit", "0"]
    log = workdir / "log"
    old = os.umask(0)
    try:
        bundle.create(options=["--log", str(log), "--debug"]).ok()
    finally:
        os.umask(old)
    for parent, directories, files in os.walk(bundle.runtime.root):
        for name in directories + files + ["."]:
            mode = stat.S_IMODE(os.lstat(os.path.join(parent, name)).st_mode)
            assert mode & 0o077 == 0 or bundle.runtime.kind != "dray", f"{parent}/{name} has mode {mode:o}"
    assert stat.S_IMODE(log.stat().st_mode) & 0o022 == 0 or bundle.runtime.kind != "dray"
    assert stat.S_IMODE(bundle.pid_file.stat().st_mode) & 0o022 == 0 or bundle.runtime.kind != "dray"


def test_planted_pid_file(bundle, canary):
    """A link where the pid file goes is replaced, not followed."""
    os.symlink(canary / "secret", bundle.pid_file)
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.create()
    canary.check()


def test_long_pid_file(bundle):
    deep = bundle.directory
    while len(str(deep)) < 3000:
        deep = deep / ("d" * 200)
    deep.mkdir(parents=True)
    bundle.pid_file = deep / "pid"
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.create().ok()
    assert bundle.pid > 1


@pytest.mark.only_dray("the file names are dray's own")
def test_pid_of_another_process_in_the_state(bundle, victim):
    """The pid was given to another process meanwhile: no command touches that one."""
    bundle.up()
    pid, other = str(bundle.pid).encode(), str(victim.pid).encode()
    os.kill(bundle.pid, 9)
    bundle.wait()
    for path, content in state_files(bundle).items():
        changed = content.replace(b'"pid":' + pid + b",", b'"pid":' + other + b",")
        changed = changed.replace(int(pid).to_bytes(4, "little"), int(other).to_bytes(4, "little"))
        with open(path, "r+b") as file:  # the file itself: it may be open elsewhere
            if len(changed) == len(content):
                file.write(changed)
    assert bundle.state()["status"] == "stopped"
    for words in COMMANDS:
        call(bundle, words)


@pytest.mark.only_dray("the file names are dray's own")
@pytest.mark.slow
def test_damaged_state(bundle, victim, canary):
    """Bytes that are wrong, and files that end too early: an error, never a crash, a hang or the wrong thing."""
    bundle.up()
    files = state_files(bundle)
    chance = random.Random(int(os.environ.get("ATTACK_SEED", "1")))
    for number in rounds(3):
        for path, content in files.items():
            damaged = bytearray(content)
            if number % 3 == 0:
                damaged = damaged[:chance.randrange(len(damaged) + 1)]
            else:
                for _ in range(chance.randint(1, 8)):
                    if damaged:
                        damaged[chance.randrange(len(damaged))] = chance.choice((0, 1, 0x7f, 0x80, 0xff, 0x22, 0x2f, 0x2e))
            path.write_bytes(bytes(damaged))
            for words in chance.sample(COMMANDS[:3] + COMMANDS[6:9], 2):
                call(bundle, words)
            if not path.exists() or not path.parent.exists():
                return
            path.write_bytes(content)
        if not host.describe_process(bundle.pid).endswith(")"):
            break


def records(content):
    """Where each record of a journal ends, by kind."""
    ends, at = {}, 0
    while at + 8 <= len(content):
        kind, length = struct.unpack_from("<II", content, at)
        at += 8 + length
        ends[kind] = at
    return ends


def journal_of(bundle):
    return next(path for path in state_files(bundle) if path.name == "journal")


@pytest.mark.only_dray("the file names are dray's own")
@pytest.mark.slow
def test_journal_cut_at_every_byte(bundle):
    """Before it says which process is the container's, nothing but force removes what may live."""
    bundle.up()
    journal = journal_of(bundle)
    content = journal.read_bytes()
    for length in range(records(content)[JOURNAL_PROCESS]):
        journal.write_bytes(content[:length])
        bundle.delete().fails(1, ["journal is cut short"])
        assert bundle.status == "stopped"
    os.kill(bundle.pid, 0)
    journal.write_bytes(content[:-1])
    journal.unlink()
    bundle.delete().fails(1, ["journal is cut short"])
    journal.write_bytes(content)
    assert bundle.status == "running"


@pytest.mark.only_dray("the file names are dray's own")
@pytest.mark.parametrize("force", [False, True], ids=["plain", "force"])
@pytest.mark.parametrize("behind", [0, 1, 9, 40], ids=str)
def test_journal_cut_behind_the_process(bundle, behind, force):
    """Which process it is is known, not that its creation was completed: it ends with its state."""
    bundle.up()
    journal = journal_of(bundle)
    content = journal.read_bytes()
    journal.write_bytes(content[:records(content)[JOURNAL_PROCESS] + behind])
    bundle.delete(*["--force"] * force).ok()
    assert bundle.wait() == 137
    assert bundle.leaks() == []


def damage_journal(bundle, how):
    journal = journal_of(bundle)
    content = journal.read_bytes()
    if how == "cgroup":
        journal.write_bytes(content[:records(content)[JOURNAL_CGROUP]])
    elif how == "garbage":  # a record of a kind that nobody knows, where the first one was
        journal.write_bytes(b"\xee" + content[1:])
    elif how == "directory":
        journal.unlink()
        journal.mkdir()
    elif how == "missing":
        journal.unlink()
    else:
        journal.write_bytes(b"" if how == "empty" else content[:5])


@pytest.mark.only_dray("the file names are dray's own")
@pytest.mark.parametrize("how,started", [("empty", False), ("missing", False), ("cgroup", True), ("cut", True),
                                         ("empty", True), ("missing", True), ("garbage", True), ("directory", True)])
def test_lost_journal(bundle, how, started):
    """The saved configuration has a copy of what it said: nothing is left, and nothing else is killed."""
    bundle.args = ["/bin/probe", "wait"]
    bundle.config["hooks"] = {"poststop": [{"path": "/bin/touch", "args": ["touch", str(bundle.directory / "poststop")]}]}
    bundle.create().ok()
    if started:
        bundle.start().ok()
        bundle.output.expect("ready")
    damage_journal(bundle, how)
    if how not in ("garbage", "directory"):
        bundle.delete().fails(1, ["journal is cut short"])
    if how == "empty":
        bundle.kill("KILL").ok()
    bundle.delete("--force").ok()
    assert bundle.wait() == 137
    assert bundle.leaks() == []
    assert (bundle.directory / "poststop").exists()


@pytest.mark.only_dray("the file names are dray's own")
def test_lost_journal_after_update(bundle):
    bundle.up()
    bundle.runtime("update", "--pids-limit", "50", bundle.name).ok()
    damage_journal(bundle, "missing")
    bundle.delete("--force").ok()
    assert bundle.wait() == 137
    assert bundle.leaks() == []


@pytest.mark.only_dray("the file names are dray's own")
def test_lost_journal_in_a_joined_pid_namespace(bundle, make_bundle):
    """The process that is in it is another than the one that was cloned first."""
    bundle.up()
    pod = make_bundle()
    pod.namespace("pid", f"/proc/{bundle.pid}/ns/pid")
    pod.up()
    damage_journal(pod, "missing")
    pod.delete("--force").ok()
    assert pod.wait() == 137
    assert pod.leaks() == []
    assert bundle.status == "running"


@pytest.mark.only_dray("the file names are dray's own")
@pytest.mark.parametrize("how", ["garbage", "missing"])
def test_lost_journal_and_copy(bundle, how):
    """What nothing tells of any more is not killed by guess, but told of."""
    bundle.up()
    damage_journal(bundle, "missing")
    config = next(path for path in state_files(bundle) if path.name == "config.json")
    if how == "missing":
        config.unlink()
    else:
        config.write_bytes(b"{}")
    bundle.kill("KILL").fails(1)
    bundle.delete().fails(1, ["journal is cut short"])
    bundle.delete("--force").fails(1, ["STATE_LOST", bundle.name, "/sys/fs/cgroup"])
    bundle.delete("--force").ok()
    os.kill(bundle.pid, 9)  # alive
    bundle.wait()
    host.remove_cgroups(host.cgroups_named(bundle.name))


# --- what is read of the container

@pytest.mark.parametrize("what", ["fifo", "device", "directory", "huge", "line", "link", "loop", "missing"])
def test_hostile_passwd(bundle, canary, what):
    """HOME is looked up in a file that the image made."""
    for name in ("passwd", "group"):
        path = bundle.rootfs / "etc" / name
        path.unlink()
        if what == "fifo":
            os.mkfifo(path)
        elif what == "device":
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
        elif what == "directory":
            path.mkdir()
        elif what == "huge":
            with open(path, "wb") as file:
                file.truncate(8 << 30)
        elif what == "line":
            path.write_bytes(b"x" * (3 << 20))
        elif what == "link":
            os.symlink(canary / "passwd", path)
        elif what == "loop":
            os.symlink(name, path)
    bundle.process["env"] = ["PATH=/bin"]
    bundle.args = ["/bin/probe", "facts", "env"]
    done = bundle.run(timeout=10)
    if done.code == 0:
        assert [word for word in done.json()["env"] if word.startswith("HOME=")] in ([], ["HOME=/"])
    bundle.delete("--force")
    bundle.args = ["/bin/probe", "wait"]
    bundle.process["env"] = ["PATH=/bin"]
    if bundle.create(timeout=10).code == 0:
        bundle.start().ok()
        bundle.output.expect("ready")
        bundle.exec("/bin/probe", "facts", "env", options=["--user", "77"], timeout=10)


def test_exec_where_proc_is_covered(bundle):
    """A container that put a tmpfs on its /proc gets its processes confined all the same."""
    for name in ("bounding", "effective", "permitted"):
        bundle.process["capabilities"][name].append("CAP_SYS_ADMIN")
    bundle.process["noNewPrivileges"] = True
    bundle.up()
    bundle.exec("/bin/probe", "try", "mount", "tmpfs", "/proc", "tmpfs").ok()
    done = bundle.exec("/bin/busybox", "sh", "-c", "mkdir /tmp/p; busybox mount -t proc proc /tmp/p; "
                       "cat /tmp/p/self/status")
    status = dict(line.split(":\t", 1) for line in done.ok().out.splitlines() if ":\t" in line)
    assert status["NoNewPrivs"] == "1" and status["CapInh"].strip("0") == ""


@pytest.mark.parametrize("what", ["setuid", "link", "device", "hard link", "fifo", "deep"])
def test_tmpcopyup_of_hostile_files(bundle, canary, what):
    source = bundle.rootfs / "data"
    source.mkdir()
    if what == "setuid":
        bundle.file("/data/setuid", "x", 0o4755)
    elif what == "link":
        os.symlink(canary, source / "link")
        os.symlink("../../../../../../../../.." + str(canary / "secret"), source / "other")
    elif what == "device":
        os.mknod(source / "device", stat.S_IFBLK | 0o666, os.makedev(8, 0))
    elif what == "hard link":
        os.link(canary / "secret", source / "link")
        canary.before = canary.look()
    elif what == "fifo":
        os.mkfifo(source / "fifo")
    else:
        deep = source
        for _ in range(300):
            deep = deep / "d"
            deep.mkdir()
    bundle.add_mount("/data", "tmpfs", "tmpfs", ["tmpcopyup", "nosuid", "nodev"])
    bundle.args = ["/bin/probe", "try", "list", "/data", ",", "lstat", "/data/setuid", ",", "open", "/data/device", ",",
                   "lstat", "/data/link"]
    done = bundle.run(timeout=10)
    if done.code == 0:
        _, setuid, device, link = done.json()
        assert what != "setuid" or setuid["value"]["mode"] in (0o4755, 0o755)
        assert not device["ok"]
        assert what != "link" or link["value"]["type"] == "symlink"


def test_locked_flags_stay_in_a_user_namespace(bundle):
    """nosuid, nodev and noexec of a mount cannot be taken off by binding it again."""
    bundle.map_users()
    bundle.mount_at("/dev/shm")["options"] = ["nosuid", "nodev", "noexec", "mode=1777"]
    bundle.add_mount("/mnt", "bind", "/dev/shm", ["bind", "rw"])
    for name in ("bounding", "effective", "permitted"):
        bundle.process["capabilities"][name].append("CAP_SYS_ADMIN")
    remount = str(0x1000 | 0x20)  # MS_BIND | MS_REMOUNT
    results = bundle.tries(["mount", "none", "/proc", "-", remount], ["mount", "none", "/sys", "-", remount],
                           ["write", "/sys/kernel/uevent_seqnum", "x"], ["write", "/proc/sys/kernel/printk", "7"])
    assert not any(result["ok"] for result in results[2:])


# --- stdio, sockets, hooks

@pytest.mark.parametrize("how", ["read", "null", "device"])
def test_stdio_keeps_its_owner(bundle, canary, how):
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.args = ["/bin/probe", "exit", "0"]
    path = {"read": canary / "secret", "null": "/dev/null", "device": "/dev/zero"}[how]
    with open(path, "rb") as file:
        bundle.run(stdin=file)
    canary.check()


@pytest.mark.parametrize("what", ["missing", "file", "nobody", "long", "dies"] + ["full"] * THOROUGH)
def test_console_socket_of_every_kind(bundle, what, workdir):
    """Clear errors, no hang; a path longer than an address works."""
    path = workdir / "s"
    server = None
    if what == "long":
        path = workdir / ("d" * 200) / "socket"
        path.parent.mkdir()
    if what == "file":
        path.write_text("")
    elif what != "missing":
        server = socket.socket(socket.AF_UNIX)
        here = os.getcwd()
        os.chdir(path.parent)
        server.bind(path.name)
        os.chdir(here)
        if what != "nobody":
            server.listen(0 if what == "full" else 1)
    if what == "full":
        filler = socket.socket(socket.AF_UNIX)
        filler.connect(str(path))
    if what == "dies":
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
    bundle.process["terminal"] = True
    bundle.args = ["/bin/probe", "exit", "0"]
    done = bundle.create("--console-socket", path, timeout=25)
    if server:
        server.close()
    if what == "long":
        done.ok()
    elif what != "dies" or done.code != 0:
        done.fails()


@pytest.mark.parametrize("what", ["missing", "file", "slow", "dies"])
def test_seccomp_agent_of_every_kind(bundle, what, workdir):
    path = workdir / "agent"
    server = None
    if what == "file":
        path.write_text("")
    elif what != "missing":
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(path))
        server.listen(1)
        if what == "dies":
            threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW", "listenerPath": str(path),
        "syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    done = bundle.create(timeout=20)
    if what in ("missing", "file"):
        done.fails()
    if server:
        server.close()


def test_start_container_hook_through_a_link(bundle, canary):
    """A hook of the container is the container's program, wherever its path leads."""
    target = canary / "program"
    target.write_text(f"#!/bin/sh\necho pwned > {canary}/executed\n")
    target.chmod(0o755)
    canary.before = canary.look()
    os.symlink(target, bundle.rootfs / "bin/hook")
    bundle.config["hooks"] = {"startContainer": [{"path": "/bin/hook"}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().fails()
    canary.check()


@pytest.mark.parametrize("kind", ["prestart", "createRuntime", "createContainer", "startContainer", "poststart"])
def test_hooks_get_no_descriptor(bundle, racer, canary, workdir, kind):
    """Neither ours nor what the caller leaked."""
    inside = kind == "startContainer"
    os.link(racer, bundle.rootfs / "bin/racer")
    place = "" if inside else str(bundle.rootfs)
    script = bundle.file("/bin/scan", f"#!/bin/sh\nexec {place}/bin/racer fd-scan > {place}/report\n", 0o755)
    bundle.config["hooks"] = {kind: [{"path": "/bin/scan" if inside else str(script)}]}
    leaked = [os.open(canary, os.O_RDONLY | os.O_DIRECTORY) for _ in range(20)]
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run(pass_fds=leaked).ok()
    for fd in leaked:
        os.close(fd)
    report = (bundle.rootfs / "report").read_text().splitlines()
    assert [line.split()[1] for line in report] == ["0", "1", "2"], report


def test_state_on_stdin_of_hooks_is_exact(bundle, workdir):
    """Annotations of an image cannot forge other members of the state."""
    evil = 'x","pid":1,"status":"running","bundle":"/'
    bundle.config["annotations"] = {"a" + evil: evil, "b\n\u0000".replace("\u0000", ""): "\\"}
    report = workdir / "state.json"
    bundle.config["hooks"] = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", f"cat > {report}"]}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    state = json.loads(report.read_text())
    assert state["status"] == "creating" and state["annotations"]["a" + evil] == evil and state["pid"] > 1
    assert state["bundle"] == str(bundle.directory)


@pytest.mark.only_dray("runc waits for the freezer")
@pytest.mark.slow
def test_interrupting_an_exec_that_is_frozen(bundle):
    """A container that is paused, by itself or by others, does not hold its caller for ever."""
    bundle.up()
    bundle.runtime("pause", bundle.name).ok()
    process = bundle.runtime.popen("exec", "--ignore-paused", bundle.name, "/bin/true", stderr=subprocess.DEVNULL)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.terminate()
    assert process.wait(20 * host.PATIENCE) != 0
    bundle.runtime("resume", bundle.name).ok()


@pytest.mark.needs("cgroup_v1")
@pytest.mark.parametrize("verb", ["delete", "kill"])
def test_cgroups_that_a_container_made(bundle, verb):
    """Names that begin with a dot, and more levels than the runtime may open files."""
    bundle.no_namespace("pid")
    bundle.up()
    inside = bundle.exec_detached("/bin/sleep", "1000")
    for controller in ("freezer", "pids"):
        deep = bundle.cgroup(controller).joinpath(".hidden", *["deep"] * 100)
        deep.mkdir(parents=True)
        (deep / "cgroup.procs").write_text(str(inside.pid))
    few = ["bash", "-c", 'ulimit -n 40; exec "$@"', "bash"]
    if verb == "kill":
        bundle.runtime("kill", "--all", bundle.name, "KILL", wrap=few).ok()
        assert inside.code() == 137
    bundle.runtime("delete", "--force", bundle.name, wrap=few).ok()
    assert inside.code() == 137
    assert not host.cgroups_named(bundle.name)
