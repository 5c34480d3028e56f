# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman and Docker alike: exec into a running container."""

import pytest

from engines.engine import end
from harness import host


@pytest.fixture
def box(engine):
    engine.detached("--name", "box", "--env", "BASE=1", "--workdir", "/data")
    return engine


def test_exec(box):
    done = box("exec", "box", "sh", "-c", "echo out; echo err >&2; pwd; echo $BASE")
    assert (done.stdout, done.stderr) == ("out\n/data\n1\n", "err\n")


@pytest.mark.parametrize("code", [0, 1, 9, 255])
def test_exec_code(box, code):
    box("exec", "box", "sh", "-c", f"exit {code}", code=code)


def test_exec_code_of_a_signal(box):
    box("exec", "box", "sh", "-c", "kill -KILL $$", code=137)


@pytest.mark.parametrize("program", ["no-such", "/no/such"])
def test_exec_not_found_is_127(box, program):
    done = box.fails("exec", "box", program)
    # Before Docker 23 it is 126.
    assert done.returncode == 127 or (box.name == "docker" and done.returncode == 126)


@pytest.mark.parametrize("program", ["/etc/passwd", "/etc"])
def test_exec_not_executable_is_126(box, program):
    box("exec", "box", program, code=126)


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
    shown = box.seen_on_terminal("exec", "-it", "box", "sh", "-c", "tty; sleep 0.3; stty size; exit 8", code=8, rows=22, columns=77)
    assert "/dev/pts/" in shown and "22 77" in shown


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
