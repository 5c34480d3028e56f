# SPDX-License-Identifier: LGPL-2.1-or-later
"""State directory, identity of processes, sockets, modes: the rest of the list of known flaws."""

import hashlib
import os
import shutil
import stat
import struct
import subprocess
import time

import pytest

from harness import host


def test_state_directory_is_private(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create(umask=0).ok()
    root = bundle.runtime.root
    assert stat.S_IMODE(os.stat(root).st_mode) & 0o077 in (0, 0o011)
    for base, directories, files in os.walk(root):
        for entry in directories + files:
            mode = os.lstat(os.path.join(base, entry)).st_mode
            if not stat.S_ISLNK(mode):
                assert stat.S_IMODE(mode) & 0o022 == 0, entry


@pytest.mark.only_dray("others leave their start fifo open to the mapped user")
def test_state_files_are_nobody_elses(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create(umask=0).ok()
    for base, directories, files in os.walk(bundle.runtime.root):
        for entry in directories + files:
            status = os.lstat(os.path.join(base, entry))
            assert status.st_uid == 0
            assert stat.S_IMODE(status.st_mode) & 0o077 == 0, entry


@pytest.mark.only_dray("demand on us")
@pytest.mark.parametrize("shape", ["of another user", "writable by others"])
def test_state_root_prepared_by_someone_else_is_refused(bundle, shape):
    """CVE-2013-6441."""
    root = bundle.runtime.root
    root.mkdir()
    if shape == "of another user":
        os.chown(root, 1000, 1000)
    else:
        os.chmod(root, 0o777)
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().fails(1).dray_error("STATE_ROOT", names=[str(root)])
    os.chown(root, 0, 0)
    os.chmod(root, 0o700)
    assert bundle.leaks() == []


def damage_file(path, damage):
    raw = path.read_bytes()
    if damage == "truncated":
        path.write_bytes(raw[:len(raw) // 2])
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "garbage":
        path.write_bytes(b"\xff\x00{]" * 50)
    elif damage == "zeros":
        path.write_bytes(b"\0" * len(raw))
    elif damage == "flipped":
        path.write_bytes(bytes(byte ^ 0xff for byte in raw))
    elif damage == "huge":
        with open(path, "ab") as file:
            file.truncate(1 << 33)
    else:
        path.unlink()
        if damage == "fifo":
            os.mkfifo(path)


DAMAGES = ["truncated", "empty", "garbage", "zeros", "flipped", "huge", "missing", "fifo"]


@pytest.mark.only_dray("files of its own")
@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", ["journal", "config.json", "recorder"])
def test_damaged_state_is_an_error_and_no_crash(bundle, file, damage):
    bundle.up()
    path = bundle.runtime.root / bundle.name / file
    if not path.exists():
        pytest.skip(f"no {file} in the state directory")
    damage_file(path, damage)
    for verb, words in (("state", []), ("pause", []), ("resume", []), ("exec", ["/bin/true"]), ("start", []), ("ps", [])):
        done = bundle.runtime(verb, bundle.name, *words, timeout=10)
        assert done.code >= 0, done
        # Of the huge one the beginning is whole, and that is all that is needed.
        if file == "journal" and damage != "huge" and verb in ("exec", "start"):
            done.dray_error(("STATE_DAMAGED", "CONTAINER_BROKEN", "CONTAINER_NOT_FOUND", "CONTAINER_STATUS",
                             "STATE_VERSION", "CONTAINER_NOT_RUNNING"))
    assert bundle.runtime("list", timeout=10).code >= 0
    forced = bundle.delete("--force", timeout=20)
    if forced.code != 0:
        shutil.rmtree(path.parent)
        os.kill(bundle.pid, 9)
        bundle.wait()
        host.remove_cgroups(host.cgroups_named(bundle.token))
    forced.ok()
    assert not path.parent.exists()
    # What the journal told the saved configuration tells, too, and the other way round.
    assert bundle.wait() == 137
    assert bundle.leaks() == []


def test_another_process_with_the_pid_is_not_signalled(bundle):
    """State that names a living process of someone else: identity is pid and start time."""
    victim = subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL)
    time.sleep(0.05)  # start times are ticks of 10 ms: the container must not begin in the same one
    try:
        bundle.up()
        pid = bundle.pid
        bundle.kill("KILL").ok()
        bundle.wait()
        for path in (bundle.runtime.root / bundle.name).iterdir():
            if stat.S_ISREG(path.lstat().st_mode):
                raw = path.read_bytes()
                path.write_bytes(raw.replace(f":{pid},".encode(), f":{victim.pid},".encode())
                                 .replace(f": {pid},".encode(), f": {victim.pid},".encode()))
        bundle.kill("KILL")
        bundle.delete("--force")
        assert victim.poll() is None, "a process of the host was killed"
    finally:
        victim.kill()
        victim.wait()


def test_groups_exactly_as_configured(bundle):
    """The class of CVE-2022-2989: no group of the caller, no group added."""
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.up()
    groups = next(line for line in open(f"/proc/{bundle.pid}/status") if line.startswith("Groups:")).split()[1:]
    assert groups == []


def test_inheritable_capabilities_are_empty_everywhere(bundle):
    """CVE-2022-24769, CVE-2022-29162, CVE-2025-27612."""
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.up()
    for options in ([], ["--cap", "CAP_NET_RAW"], ["--cap", "CAP_NET_RAW", "--user", "1000"], ["--user", "0"]):
        caps = bundle.exec_facts("caps", options=options)["caps"]
        assert caps["inheritable"] == "0", options


def test_file_capability_gains_nothing(bundle):
    """A program with cap_net_raw+ei must get nothing from an empty inheritable set."""
    target = bundle.rootfs / "bin/raw"
    shutil.copy2(bundle.rootfs / "bin/probe", target)
    # struct vfs_cap_data, revision 2 with the effective bit; inheritable CAP_NET_RAW (13).
    os.setxattr(target, "security.capability", struct.pack("<IIIII", 0x02000001, 0, 1 << 13, 0, 0))
    for name in bundle.process["capabilities"].values():
        name.append("CAP_NET_RAW")
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.args = ["/bin/raw", "facts", "caps"]
    caps = bundle.run().json()["caps"]
    assert caps["effective"] == caps["permitted"] == caps["inheritable"] == "0"


def test_exec_sees_no_new_privileges_in_setuid_programs(bundle):
    target = bundle.rootfs / "bin/su"
    shutil.copy2(bundle.rootfs / "bin/probe", target)
    os.chmod(target, 0o4755)
    bundle.process["noNewPrivileges"] = True
    bundle.up()
    ids = bundle.exec("/bin/su", "facts", "ids", options=["--user", "1000"]).json()["ids"]
    assert ids["uid"] == [1000] * 3


def test_exec_cgroup_sub_cgroup(bundle):
    bundle.up()
    (bundle.cgroup("pids") / "inner").mkdir()
    done = bundle.exec("/bin/probe", "facts", "cgroup", options=["--cgroup", "pids:inner"])
    assert [line for line in done.json()["cgroup"] if ":pids:" in line][0].endswith("/inner")


def test_start_container_hook_is_looked_up_inside(bundle, workdir):
    """A link in the rootfs to a program of the host must not run on the host."""
    script = workdir / "host-hook"
    script.write_text(f"#!/bin/sh\n: >{workdir}/ran-on-host\n")
    script.chmod(0o755)
    os.symlink("../" * 12 + str(script).lstrip("/"), bundle.rootfs / "hook")
    bundle.config["hooks"] = {"startContainer": [{"path": "/hook"}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run()
    assert not (workdir / "ran-on-host").exists()


@pytest.mark.skipif(os.environ.get("FAULT_RUNTIME") == os.environ.get("RUNTIME", ""),
                    reason="a build with fault injection hands its environment on, which says what has to fail")
def test_environment_secrets_do_not_reach_the_first_process(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create(env={"SECRET": "hidden"}).ok()
    assert b"hidden" not in open(f"/proc/{bundle.pid}/environ", "rb").read()
    bundle.start(env={"SECRET": "hidden"}).ok()
    bundle.output.expect("ready")
    assert b"hidden" not in open(f"/proc/{bundle.pid}/environ", "rb").read()


@pytest.mark.only_dray("runc's init can be looked into by the container's user")
def test_created_container_cannot_be_looked_into(bundle):
    """The waiting first process is not the container's yet."""
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    # Non-dumpable: its files below /proc belong to root, whoever it runs as.
    assert os.stat(f"/proc/{bundle.pid}/fd").st_uid == 0


def test_callers_working_directory_is_not_the_containers(bundle):
    """Nothing of the host is left as root or working directory of the first process."""
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    inside = os.stat(bundle.rootfs)
    root = os.stat(f"/proc/{bundle.pid}/root")
    assert (root.st_dev, root.st_ino) == (inside.st_dev, inside.st_ino)
    cwd = os.stat(f"/proc/{bundle.pid}/cwd")
    assert (cwd.st_dev, cwd.st_ino) == (inside.st_dev, inside.st_ino)


def test_maps_are_not_cut(bundle):
    """CVE-2021-43784: long lists arrive whole."""
    bundle.map_users()
    bundle.config["annotations"] = {"long": "x" * 70000}
    bundle.process["env"] = ["PATH=/bin", "LONG=" + "y" * 65536, "MORE=" + "z" * 70000]
    facts = bundle.facts("uid_map", "env")
    assert len(facts["uid_map"]) == 1
    assert "LONG=" + "y" * 65536 in facts["env"]
    assert "MORE=" + "z" * 70000 in facts["env"]
    assert host.reap_dead() == []


def test_entrypoint_that_is_proc_self_exe(bundle):
    """CVE-2019-5736: a script whose interpreter is the process itself."""
    path = os.path.realpath(bundle.runtime.path)
    before = hashlib.sha256(open(path, "rb").read()).hexdigest()
    bundle.file("/evil", "#!/proc/self/exe\n", 0o755)
    bundle.args = ["/evil"]
    bundle.run(timeout=20)
    bundle.args = ["/proc/self/exe"]
    bundle.run(timeout=20)
    assert hashlib.sha256(open(path, "rb").read()).hexdigest() == before


def test_exec_of_proc_self_exe(bundle):
    bundle.up()
    status = os.stat(os.path.realpath(bundle.runtime.path))
    for word in ("/proc/self/exe", "/proc/1/exe"):
        bundle.exec(word, "facts", "exe")
    after = os.stat(os.path.realpath(bundle.runtime.path))
    assert (status.st_mtime_ns, status.st_size, status.st_ino) == (after.st_mtime_ns, after.st_size, after.st_ino)


def test_fake_proc_in_the_container_does_not_fool_exec(bundle):
    """CVE-2015-1334, CVE-2019-16884: a process mounted a tmpfs over /proc; limits still hold."""
    for name in bundle.process["capabilities"].values():
        name.append("CAP_SYS_ADMIN")
    bundle.process["noNewPrivileges"] = True
    bundle.process["oomScoreAdj"] = 77
    bundle.shell("mount -t tmpfs fake /proc && mkdir -p /proc/self/attr /proc/1 /proc/thread-self && "
                 "echo fake >/proc/self/attr/exec; exec /bin/probe wait")
    bundle.create().ok()
    bundle.start().ok()
    bundle.output.expect("ready")
    done = bundle.exec("/bin/probe", "facts", "process", "caps", "ids", options=["--user", "1000"])
    if done.code == 0:
        facts = done.json()
        assert facts["process"]["no_new_privs"] == 1
        assert facts["caps"]["effective"] == "0"
        assert facts["ids"]["uid"] == [1000] * 3
    else:
        done.fails(255)


@pytest.mark.parametrize("shape", ["device", "fifo", "huge", "directory", "link to the host"])
def test_hostile_passwd_and_group(bundle, shape, kind):
    if kind == "runc" and shape == "fifo":
        pytest.skip("runc: waits for ever")
    for name in ("passwd", "group"):
        path = bundle.rootfs / "etc" / name
        path.unlink()
        if shape == "device":
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))
        elif shape == "fifo":
            os.mkfifo(path)
        elif shape == "huge":
            with open(path, "wb") as file:
                file.truncate(1 << 33)
        elif shape == "directory":
            path.mkdir()
        else:
            os.symlink("../" * 12 + f"etc/{name}", path)
    bundle.process["env"] = ["PATH=/bin"]
    bundle.args = ["/bin/probe", "exit", "0"]
    if kind == "runc" and shape in ("device", "huge"):
        pytest.skip("runc: reads all of it")
    assert bundle.run(timeout=15).code in (0, 1)


def test_copy_up_of_odd_files(bundle):
    canary = bundle.directory / "canary"
    canary.write_text("canary")
    data = bundle.rootfs / "data"
    data.mkdir()
    bundle.file("/data/setuid", "x", 0o4755)
    os.symlink("../" * 12 + str(canary).lstrip("/"), data / "link")
    os.mkfifo(data / "fifo")
    os.link(bundle.rootfs / "data/setuid", data / "hard")
    bundle.add_mount("/data", "tmpfs", "tmpfs", ["tmpcopyup", "nosuid", "nodev"])
    bundle.args = ["/bin/probe", "try", "lstat", "/data/link", ",", "lstat", "/data/setuid"]
    done = bundle.run(timeout=20)
    if done.code == 0:
        results = done.json()
        assert results[0]["value"]["type"] == "symlink"
    assert canary.read_text() == "canary"


def test_exec_race_with_the_end_of_the_container(bundle):
    """exec into a container that dies: an error or an exit code, never a hang and nothing left."""
    for _ in range(5):
        bundle.args = ["/bin/probe", "wait"]
        bundle.create().ok()
        bundle.start().ok()
        bundle.output.expect("ready")
        runs = [bundle.runtime.popen("exec", bundle.name, "/bin/probe", "exit", "3", stderr=subprocess.DEVNULL)
                for _ in range(3)]
        bundle.kill("KILL").ok()
        codes = [process.wait(30) for process in runs]
        assert all(code in (3, 137, 255, 1) for code in codes), codes
        bundle.wait()
        bundle.delete("--force").ok()
        assert bundle.leaks() == []
