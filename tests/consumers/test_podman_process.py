# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman: the process, its user, surroundings and descriptors, and exec into a running container."""

import socket

import pytest

from engines.engine import end
from engines.podman import IMAGE
from harness import host

pytestmark = pytest.mark.needs("podman")


@pytest.fixture
def box(podman):
    podman.detached("--name", "box", "--env", "BASE=1", "--workdir", "/data")
    return podman


def test_exec(box):
    done = box("exec", "box", "sh", "-c", "echo out; echo err >&2; pwd; echo $BASE")
    assert (done.stdout, done.stderr) == ("out\n/data\n1\n", "err\n")


@pytest.mark.parametrize("code", [0, 1, 9, 255])
def test_exec_code(box, code):
    box("exec", "box", "sh", "-c", f"exit {code}", code=code)


def test_exec_code_of_a_signal(box):
    box("exec", "box", "sh", "-c", "kill -KILL $$", code=137)


def test_exec_not_found_is_127(box):
    box("exec", "box", "no-such", code=127)
    box("exec", "box", "/no/such", code=127)


def test_exec_not_executable_is_126(box):
    box("exec", "box", "/etc/passwd", code=126)
    box("exec", "box", "/etc", code=126)


def test_exec_standard_input(box):
    assert box("exec", "-i", "box", "cat", input="through").stdout == "through"


@pytest.mark.parametrize("user, expected", [
    ("user", "1000 1000 1000 77 /tmp"), ("1000", "1000 1000 1000 77 /tmp"), ("1000:77", "1000 77 77 /tmp"), ("0", "0 0 0 /root"),
    ("4711:4712", "4711 4712 4712 /"),
])
def test_exec_user(box, user, expected):
    shown = box("exec", "--user", user, "box", "sh", "-c", "echo $(id -u) $(id -g) $(id -G) $HOME").stdout
    assert sorted(set(shown.split())) == sorted(set(expected.split()))


def test_exec_unknown_user_fails(box):
    box.fails("exec", "--user", "nobody-here", "box", "true")


def test_exec_workdir(box):
    assert box("exec", "--workdir", "/tmp", "box", "pwd").stdout == "/tmp\n"
    box.fails("exec", "--workdir", "/no/such", "box", "pwd")


def test_exec_environment(box, workdir):
    (workdir / "env").write_text("FROM_FILE=file\n")
    shown = box("exec", "--env", "A=b c", "--env-file", workdir / "env", "box", "sh", "-c", "echo $BASE,$A,$FROM_FILE").stdout
    assert shown == "1,b c,file\n"


def test_exec_privileged(box):
    plain = box("exec", "box", "grep", "CapEff", "/proc/self/status").stdout.split()[1]
    all_of_them = box("exec", "--privileged", "box", "grep", "CapEff", "/proc/self/status").stdout.split()[1]
    assert int(plain, 16) & ~int(all_of_them, 16) == 0 and int(all_of_them, 16) & 1 << 21


def test_exec_detached(box):
    box("exec", "--detach", "box", "sh", "-c", "echo done >/tmp/done")
    host.wait_until(lambda: box("exec", "box", "cat", "/tmp/done", code=None).stdout == "done\n", "its work")


def test_exec_on_a_terminal(box):
    assert "/dev/pts/" in box.seen_on_terminal("exec", "-it", "box", "tty")
    box.seen_on_terminal("exec", "-it", "box", "sh", "-c", "exit 8", code=8)


def test_exec_terminal_size(box):
    shown = box.seen_on_terminal("exec", "-it", "box", "sh", "-c", "sleep 0.3; stty size", rows=22, columns=77)
    assert "22 77" in shown


def test_exec_talks(box):
    process, terminal = box.on_terminal("exec", "-it", "box", "sh")
    try:
        terminal.read_until("#")
        terminal.write("echo $((6 * 7))\nexit 3\n")
        terminal.read_until("42")
        assert process.wait(30 * host.PATIENCE) == 3
    finally:
        end(process)
        terminal.close()


def test_exec_preserves_descriptors(box, workdir):
    (workdir / "text").write_text("through a descriptor")
    assert box.with_file(workdir / "text", "exec", "--preserve-fds", "1", "box", "tool", "read", "3") == \
        "through a descriptor"


def test_exec_is_in_the_namespaces_and_cgroup(box):
    words = "for n in cgroup ipc mnt net pid uts; do readlink /proc/self/ns/$n; done; cat /proc/self/cgroup"
    assert box("exec", "box", "sh", "-c", words).stdout == \
        box("exec", "box", "sh", "-c", words.replace("self", "1")).stdout


def test_many_execs(box):
    running = [box.popen("exec", "box", "sh", "-c", f"exit {number}") for number in range(8)]
    assert [process.wait(60 * host.PATIENCE) for process in running] == list(range(8))


def test_exec_ends_with_its_container(box):
    process = box.popen("exec", "box", "sleep", "1000")
    try:
        host.wait_until(lambda: len(box("exec", "box", "ps").stdout.splitlines()) > 3, "the exec")
        box("kill", "box")
        assert process.wait(30 * host.PATIENCE) != 0
    finally:
        end(process)


def test_exec_in_a_stopped_container_fails(box):
    box("kill", "box")
    box("wait", "box")
    box.fails("exec", "box", "true")


@pytest.mark.parametrize("user, uid, gid", [("1000:1000", "1000", "1000"), ("user", "1000", "1000"), ("0:77", "0", "77")])
def test_user(podman, user, uid, gid):
    assert podman.rm_run("--user", user, IMAGE, "sh", "-c", "id -u; id -g").stdout.split() == [uid, gid]


def test_additional_groups(podman):
    assert "4321" in podman.rm_run("--user", "1000", "--group-add", "4321", IMAGE, "id", "-G").stdout.split()


def test_workdir(podman):
    assert podman.rm_run("--workdir", "/usr/bin", IMAGE, "pwd").stdout == "/usr/bin\n"
    podman.fails("run", "--rm", "--network", "none", "--workdir", "/no/such", IMAGE, "pwd")


def test_environment_and_hostname(podman):
    shown = podman.rm_run("--env", "A=b c", "--env", "EMPTY=", "--hostname", "box", IMAGE, "sh", "-c",
                          "echo $A; echo ${EMPTY-unset}; hostname; echo $container; echo $HOME").stdout
    assert shown == "b c\n\nbox\npodman\n/root\n"


def test_umask(podman):
    assert podman.rm_run("--umask", "0077", IMAGE, "sh", "-c", "umask").stdout.strip() == "0077"


def test_entrypoint(podman):
    assert podman.rm_run("--entrypoint", '["echo", "from"]', IMAGE, "entry").stdout == "from entry\n"


def test_preserves_descriptors(podman, workdir):
    (workdir / "text").write_text("through a descriptor")
    assert podman.with_file(workdir / "text", "run", "--rm", "--network", "none", "--preserve-fds", "1", IMAGE,
                            "tool", "read", "3") == "through a descriptor"


def test_no_other_descriptors(podman):
    shown = podman.rm_run(IMAGE, "ls", "/proc/self/fd").stdout.split()
    assert set(shown) <= {"0", "1", "2", "3"}  # 3 is the directory that ls reads.


@pytest.mark.needs("catatonit")
def test_init(podman):
    shown = podman.rm_run("--init", IMAGE, "sh", "-c", "cat /proc/1/cmdline | tr '\\0' ' '").stdout
    assert "init" in shown or "catatonit" in shown


def listen(path):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(path))
    listener.settimeout(30 * host.PATIENCE)
    return listener


def test_sdnotify_of_conmon(podman, workdir):
    with listen(workdir / "n") as listener:
        podman.run("-d", "--sdnotify", "conmon", IMAGE, "sleep", "1000", env={"NOTIFY_SOCKET": str(workdir / "n")})
        seen = ""
        while "READY=1" not in seen:
            seen += listener.recv(4096).decode() + "\n"
        assert "MAINPID=" in seen


def test_sdnotify_of_the_container(podman, workdir):
    with listen(workdir / "n") as listener:
        process = podman.popen("run", "-d", "--network", "none", "--sdnotify", "container", IMAGE, "sh", "-c",
                               "tool notify READY=1; sleep 1000", env={"NOTIFY_SOCKET": str(workdir / "n")})
        try:
            seen = ""
            while "READY=1" not in seen:
                seen += listener.recv(4096).decode() + "\n"
            assert process.wait(30 * host.PATIENCE) == 0
        finally:
            end(process)


def test_systemd_mode(podman):
    """What systemd in a container finds: tmpfs where it writes, its own cgroup writable, $container set."""
    shown = podman.rm_run("--systemd", "always", IMAGE, "sh", "-c",
                          "grep -E ' (/run|/run/lock|/tmp) tmpfs' /proc/mounts | wc -l; echo $container; "
                          "cd /sys/fs/cgroup; if test -d systemd; then cd systemd; fi; "
                          "mkdir consumers-test; echo $?; rmdir consumers-test").stdout
    assert shown.split() == ["3", "podman", "0"]


def test_long_command_lines(podman):
    word = "x" * 100000
    assert len(podman.rm_run("--env", f"LONG={word}", IMAGE, "sh", "-c", 'echo "$LONG$0"', word).stdout) == 200001


def test_files_of_the_engine(podman):
    shown = podman.rm_run("--add-host", "there:192.0.2.7", "--dns", "192.0.2.8", IMAGE, "cat", "/etc/hosts",
                          "/etc/resolv.conf", "/run/.containerenv", network="host").stdout
    assert "192.0.2.7" in shown and "there" in shown and "192.0.2.8" in shown
