# SPDX-License-Identifier: LGPL-2.1-or-later
"""process: arguments, environment, directory, and how the program is found."""

import json
import os
import stat

import pytest

from harness import host


def test_args_are_passed_exactly(bundle):
    words = ["/bin/probe", "facts", "argv", "env"]
    bundle.args = words
    assert bundle.run().json()["argv"] == words


def test_odd_args(bundle):
    bundle.args = ["/bin/sh", "-c", "for a; do echo \"<$a>\"; done", "sh", "", " a b ", "\"'\\$x", "\u00e4\u20ac", "\t"]
    assert bundle.run().ok().out == "<>\n< a b >\n<\"'\\$x>\n<\u00e4\u20ac>\n<\t>\n"


def test_ten_thousand_args(bundle):
    bundle.args = ["/bin/sh", "-c", "echo $#", "sh"] + ["x"] * 10000
    assert bundle.run().ok().out == "10000\n"


def test_env_is_exactly_that_of_the_config(bundle):
    bundle.process["env"] = ["A=1", "B=", "C=x=y", "PATH=/bin", "HOME=/h"]
    env = bundle.facts("env")["env"]
    assert sorted(env) == ["A=1", "B=", "C=x=y", "HOME=/h", "PATH=/bin"]


def test_env_of_the_caller_does_not_leak(bundle):
    bundle.process["env"] = ["PATH=/bin", "HOME=/"]
    bundle.args = ["/bin/probe", "facts", "env"]
    env = bundle.run(env={"SECRET": "1", "LISTEN_PID": "1"}).json()["env"]
    assert sorted(env) == ["HOME=/", "PATH=/bin"]


@pytest.mark.only_dray("entries without '=' are left in by others")
@pytest.mark.parametrize("entry", ["SECRET", "*", ""])
def test_env_entry_without_a_value_is_never_filled_from_the_caller(bundle, entry):
    bundle.process["env"] = ["PATH=/bin", "HOME=/", entry]
    bundle.args = ["/bin/probe", "facts", "env"]
    done = bundle.run(env={"SECRET": "hidden"})
    assert "hidden" not in done.out
    if done.code != 0:
        done.dray_error("CONFIG_VALUE", pointer="/process/env/2")


def test_last_duplicate_variable_wins(bundle):
    bundle.process["env"] = ["PATH=/bin", "A=1", "HOME=/", "A=2"]
    bundle.args = ["/bin/sh", "-c", "echo $A"]
    assert bundle.run().ok().out == "2\n"


@pytest.mark.only_dray("older runtimes pass duplicates on")
def test_duplicate_variable_is_set_once(bundle):
    bundle.process["env"] = ["PATH=/bin", "A=1", "HOME=/", "A=2"]
    env = bundle.facts("env")["env"]
    assert [entry for entry in env if entry.startswith("A=")] == ["A=2"]


def test_ten_thousand_variables(bundle):
    wanted = ["PATH=/bin", "HOME=/"] + [f"VARIABLE_{n}={n}" for n in range(10000)]
    bundle.process["env"] = wanted
    env = bundle.facts("env")["env"]
    assert sorted(env) == sorted(wanted)


@pytest.mark.parametrize("uid, home", [(0, "/root"), (1000, "/home/user"), (4242, "/")])
def test_home_comes_from_passwd_when_unset(bundle, uid, home):
    bundle.process["env"] = ["PATH=/bin"]
    bundle.process["user"]["uid"] = uid
    assert f"HOME={home}" in bundle.facts("env")["env"]


def test_home_of_the_config_is_kept(bundle):
    bundle.process["env"] = ["PATH=/bin", "HOME=/elsewhere"]
    assert "HOME=/elsewhere" in bundle.facts("env")["env"]


@pytest.mark.only_dray("behaviour asked of us")
def test_empty_home_counts_as_unset(bundle):
    bundle.process["env"] = ["PATH=/bin", "HOME="]
    env = bundle.facts("env")["env"]
    assert [entry for entry in env if entry.startswith("HOME=")] == ["HOME=/root"]


@pytest.mark.parametrize("shape", ["missing", "directory", "fifo", "symlink loop", "empty", "garbage", "link out"])
def test_home_with_a_hostile_passwd(bundle, shape, kind):
    if shape == "fifo" and kind == "runc":
        pytest.skip("runc: waits for a writer for ever")
    bundle.process["env"] = ["PATH=/bin"]
    passwd = bundle.rootfs / "etc/passwd"
    passwd.unlink()
    if shape == "directory":
        passwd.mkdir()
    elif shape == "fifo":
        os.mkfifo(passwd)
    elif shape == "symlink loop":
        os.symlink("passwd", passwd)
    elif shape == "empty":
        passwd.write_text("")
    elif shape == "garbage":
        passwd.write_bytes(b"root:x:0\n::::\n\xff\xfe:\0:0:0\n" + b"r" * 70000 + b"\n")
    elif shape == "link out":
        os.symlink("/../../../../../../etc/passwd", passwd)
    bundle.args = ["/bin/probe", "facts", "env"]
    done = bundle.run()
    if done.code == 0:
        assert "HOME=/" in done.json()["env"]
    else:
        assert kind == "runc", f"a strange passwd should only mean the default HOME:\n{done}"


@pytest.mark.only_dray("size cap asked of us")
def test_home_with_a_huge_passwd_is_bounded(bundle):
    bundle.process["env"] = ["PATH=/bin"]
    with open(bundle.rootfs / "etc/passwd", "wb") as file:
        file.truncate(1 << 40)  # sparse: reading all of it would take for ever
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run(timeout=10)


def test_cwd(bundle):
    bundle.process["cwd"] = "/usr/bin"
    assert bundle.facts("cwd")["cwd"] == "/usr/bin"


def test_cwd_through_a_symlink_inside(bundle):
    os.symlink("/usr/bin", bundle.rootfs / "link")
    bundle.process["cwd"] = "/link"
    assert bundle.facts("cwd")["cwd"] == "/usr/bin"


def test_cwd_in_a_mount(bundle):
    bundle.add_mount("/data", "tmpfs", "tmpfs")
    bundle.process["cwd"] = "/data"
    assert bundle.facts("cwd")["cwd"] == "/data"


def test_cwd_only_the_user_may_enter(bundle):
    path = bundle.rootfs / "private"
    path.mkdir(mode=0o700)
    os.chown(path, 1000, 1000)
    bundle.process["cwd"] = "/private"
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    assert bundle.facts("cwd")["cwd"] == "/private"


def test_program_found_through_path(bundle):
    bundle.process["env"] = ["PATH=/nowhere:/opt/x:/bin", "HOME=/"]
    bundle.file("/opt/x/tool", "#!/bin/sh\necho tool $0 $1\n", 0o755)
    bundle.args = ["tool", "arg"]
    assert bundle.run().ok().out == "tool /opt/x/tool arg\n"


def test_path_lookup_skips_what_is_not_executable(bundle):
    bundle.process["env"] = ["PATH=/a:/b:/bin", "HOME=/"]
    bundle.file("/a/tool", "#!/bin/sh\necho a\n", 0o644)
    bundle.file("/b/tool", "#!/bin/sh\necho b\n", 0o755)
    bundle.args = ["tool"]
    assert bundle.run().ok().out == "b\n"


def test_program_relative_to_cwd(bundle):
    bundle.file("/opt/x/tool", "#!/bin/sh\necho here\n", 0o755)
    bundle.process["cwd"] = "/opt/x"
    bundle.args = ["./tool"]
    assert bundle.run().ok().out == "here\n"


def test_program_through_a_symlink(bundle):
    os.symlink("/bin/probe", bundle.rootfs / "start")
    bundle.args = ["/start", "exit", "6"]
    bundle.run().exits(6)


def test_script_with_interpreter(bundle):
    bundle.file("/run.sh", "#!/bin/sh\necho script\n", 0o755)
    bundle.args = ["/run.sh"]
    assert bundle.run().ok().out == "script\n"


@pytest.mark.only_dray("exact wording")
def test_script_with_a_missing_interpreter(bundle):
    bundle.file("/run.sh", "#!/no/such/interpreter\n", 0o755)
    bundle.args = ["/run.sh"]
    bundle.create().ok()
    done = bundle.start().fails(1, ["exec /run.sh: no such file or directory"])
    assert len(done.err.strip().splitlines()) == 1, done
    bundle.wait()
    assert bundle.status == "stopped"


def test_program_is_a_file_of_another_format(bundle):
    bundle.file("/strange", b"\x7fELF\x02\x01\x01" + b"\0" * 200, 0o755)
    bundle.args = ["/strange"]
    bundle.run().fails(1, ["/strange"]).dray_error("PROGRAM_FORMAT")
    assert bundle.leaks() == []


def test_standard_streams_are_the_callers(bundle):
    bundle.args = ["/bin/cat"]
    assert bundle.run(input="through\n").ok().out == "through\n"


def test_dev_null_of_the_caller_keeps_its_owner(bundle, workdir):
    null = workdir / "null"
    os.mknod(null, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.chmod(null, 0o666)
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.args = ["/bin/probe", "exit", "0"]
    with open(null, "r+b", buffering=0) as stream:
        bundle.run(stdin=stream, stdout=stream).ok()
    status = os.stat(null)
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (0, 0, 0o666)


def test_session_of_its_own(bundle):
    process = bundle.facts("process")["process"]
    assert process["pid"] == process["sid"] == process["pgid"] == 1


def test_signals_start_out_default_and_unblocked(bundle):
    bundle.args = ["/bin/probe", "facts", "status"]
    # nohup-like callers ignore signals; a container must not inherit that from its monitor.
    status = bundle.run().json()["status"]
    assert int(status["SigBlk"], 16) == 0
    assert int(status["SigIgn"], 16) & ~(1 << 12 | 1 << 31) == 0


def test_process_is_dumpable_and_outlives_its_maker(bundle):
    process = bundle.facts("process")["process"]
    assert process["dumpable"] == 1
    assert process["death_signal"] == 0


@pytest.mark.unlike(runc="gives pipes of its own instead")
def test_closed_standard_streams(bundle):
    """Engines close what they do not need; nothing of ours may land on those numbers."""
    bundle.args = ["/bin/probe", "facts", "fds"]
    bundle.write()
    target = bundle.directory / "facts"
    done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name,
                          wrap=["sh", "-c", f'exec "$0" "$@" <&- 2>&- >{target}'])
    assert done.code in (0, 1), done
    if done.code == 0:
        fds = json.loads(target.read_text())["fds"]
        assert set(fds) <= {"0", "1", "2"}
        assert all(path in ("/dev/null", str(target)) for path in fds.values()), fds


def test_closed_stdout_and_stderr_on_failure(bundle):
    bundle.args = ["/no/such/program"]
    bundle.write()
    done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name,
                          wrap=["sh", "-c", 'exec "$0" "$@" >&- 2>&-'])
    assert done.code > 0
    assert bundle.leaks() == []


def test_umask_of_the_caller_does_not_matter(bundle):
    bundle.process["user"]["umask"] = 0o22
    bundle.args = ["/bin/probe", "try", "stat", "/dev/null", ",", "stat", "/dev/shm", ",", "stat", "/new", ",", "stat", "/dev"]
    bundle.add_mount("/new", "tmpfs", "tmpfs", ["mode=755"])
    results = bundle.run(umask=0o077).json()
    assert results[0]["value"]["mode"] == 0o666
    assert results[1]["value"]["mode"] == 0o1777
    assert results[2]["value"]["mode"] == 0o755
    assert results[3]["value"]["mode"] == 0o755


@pytest.mark.unlike(runc="shows its binary through a read-only mount")
def test_program_is_not_the_runtime(bundle):
    """CVE-2019-5736: what runs inside never has the runtime's binary as its exe."""
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    runtime = os.stat(os.path.realpath(bundle.runtime.path))
    exe = os.stat(f"/proc/{bundle.pid}/exe")
    assert (exe.st_dev, exe.st_ino) != (runtime.st_dev, runtime.st_ino)
    bundle.kill("KILL").ok()
    host.wait_exit(bundle.pid)
