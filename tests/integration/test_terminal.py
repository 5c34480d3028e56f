# SPDX-License-Identifier: LGPL-2.1-or-later
"""process.terminal: through a console socket, and relayed in the foreground."""

import fcntl
import json
import os
import signal
import struct
import termios

import pytest

from harness import host
from harness.terminal import ConsoleSocket, Terminal


@pytest.fixture
def console(workdir):
    listener = ConsoleSocket(workdir / "console.sock")
    yield listener
    listener.close()


def with_console(bundle, console, *args):
    bundle.process["terminal"] = True
    bundle.args = args
    bundle.create("--console-socket", console.path).ok()
    return console.receive()


def test_console_socket(bundle, console):
    terminal = with_console(bundle, console, "/bin/probe", "facts", "terminal", "process", "fds")
    bundle.start().ok()
    facts = json.loads(terminal.read_rest())
    for fd in "012":
        stream = facts["terminal"][fd]
        assert stream["isatty"]
        assert stream["ttyname"] in ("/dev/pts/0", "/dev/console")
    assert facts["terminal"]["controlling"]
    assert facts["process"]["sid"] == 1
    assert set(facts["fds"]) == {"0", "1", "2"}
    assert bundle.wait() == 0


@pytest.mark.unlike(runc="leaves that to who holds the master")
def test_output_has_no_carriage_returns(bundle, console):
    terminal = with_console(bundle, console, "/bin/sh", "-c", "echo one; echo two")
    bundle.start().ok()
    assert terminal.read_rest() == "one\ntwo\n"


def test_input_and_echo(bundle, console):
    terminal = with_console(bundle, console, "/bin/sh", "-c", "read x; echo got $x")
    bundle.start().ok()
    terminal.write("hello\n")
    assert "got hello" in terminal.read_rest()
    assert bundle.wait() == 0


def test_interrupt_character_reaches_the_program(bundle, console):
    terminal = with_console(bundle, console, "/bin/sh", "-c", "trap 'echo caught; exit 4' INT; sleep 1000 & echo ready; wait")
    bundle.start().ok()
    terminal.read_until("ready")
    terminal.write("\x03")
    terminal.read_until("caught")
    assert bundle.wait() == 4


def test_a_terminal_in_a_joined_pid_namespace(make_bundle, console):
    first, second = make_bundle(), make_bundle()
    first.up()
    second.namespace("pid", f"/proc/{first.pid}/ns/pid")
    second.process["terminal"] = True
    second.args = ["/bin/sh", "-c", "tty; cat </dev/tty"]
    second.create("--console-socket", console.path).ok()
    terminal = console.receive()
    second.start().ok()
    terminal.read_until("/dev/pts/0")
    terminal.write("line\n\x04")
    terminal.read_until("line\n")


def test_owner_of_the_terminal(bundle, console):
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    terminal = with_console(bundle, console, "/bin/probe", "facts", "terminal")
    bundle.start().ok()
    stream = json.loads(terminal.read_rest())["terminal"]["0"]
    assert stream["uid"] == 1000
    assert stream["gid"] == 5
    assert stream["mode"] == 0o620


def test_console_size(bundle, console):
    bundle.process["consoleSize"] = {"height": 33, "width": 77}
    terminal = with_console(bundle, console, "/bin/probe", "facts", "terminal")
    bundle.start().ok()
    stream = json.loads(terminal.read_rest())["terminal"]["1"]
    assert (stream["rows"], stream["columns"]) == (33, 77)


def test_resize_reaches_the_program(bundle, console):
    terminal = with_console(bundle, console, "/bin/sh", "-c", "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done")
    bundle.start().ok()
    terminal.read_until("ready")
    terminal.resize(40, 100)
    terminal.read_until("40 100")
    assert bundle.wait() == 0


def test_dev_console_is_the_terminal(bundle, console):
    terminal = with_console(bundle, console, "/bin/probe", "try", "stat", "/dev/console", ",", "stat", "/dev/pts/0",
                            ",", "open", "/dev/console", "rw")
    bundle.start().ok()
    device, slave, opened = json.loads(terminal.read_rest())
    assert device["value"]["major"] == 136
    assert (device["value"]["major"], device["value"]["minor"]) == (slave["value"]["major"], slave["value"]["minor"])
    assert opened["ok"]


def test_terminal_belongs_to_the_containers_devpts(bundle, console):
    terminal = with_console(bundle, console, "/bin/probe", "wait")
    bundle.start().ok()
    terminal.read_until("ready")
    inside = os.stat(f"/proc/{bundle.pid}/root/dev/pts").st_dev
    assert inside != os.stat("/dev/pts").st_dev
    assert os.path.exists(f"/proc/{bundle.pid}/root/dev/pts/0")


def test_exec_with_a_console_socket(bundle, console):
    bundle.up()
    done = bundle.exec("/bin/probe", "facts", "terminal", "process",
                       options=["--tty", "--detach", "--pid-file", bundle.directory / "second",
                                "--console-socket", console.path]).ok()
    assert done.out == ""
    terminal = console.receive()
    facts = json.loads(terminal.read_rest())
    assert facts["terminal"]["0"]["isatty"]
    assert facts["terminal"]["0"]["ttyname"].startswith("/dev/pts/")
    assert facts["terminal"]["controlling"]
    host.wait_gone(int((bundle.directory / "second").read_text()))


def test_exec_process_with_a_terminal(bundle, console):
    bundle.up()
    bundle.exec_process({"terminal": True, "args": ["/bin/sh", "-c", "tty; stty size"], "cwd": "/", "env": ["PATH=/bin"],
                         "user": {"uid": 0, "gid": 0}, "consoleSize": {"height": 11, "width": 22}},
                        "--detach", "--pid-file", bundle.directory / "second", "--console-socket", console.path).ok()
    text = console.receive().read_rest()
    assert "/dev/pts/" in text
    if bundle.runtime.kind != "runc":
        assert "11 22" in text
    host.wait_gone(int((bundle.directory / "second").read_text()))


def test_terminal_in_a_user_namespace(bundle, console):
    bundle.map_users()
    terminal = with_console(bundle, console, "/bin/probe", "facts", "terminal")
    bundle.start().ok()
    facts = json.loads(terminal.read_rest())
    assert facts["terminal"]["0"]["isatty"]
    assert facts["terminal"]["0"]["uid"] == 0


def test_detached_terminal_without_a_socket_is_an_error(bundle):
    bundle.process["terminal"] = True
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().fails(1).dray_error("CONSOLE_MISSING")
    assert bundle.leaks() == []
    bundle.run("--detach").fails(1).dray_error("CONSOLE_MISSING")
    assert bundle.leaks() == []


def test_socket_without_a_terminal_is_an_error(bundle, console):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create("--console-socket", console.path).fails(1)
    assert bundle.leaks() == []


def test_errors_of_exec_name_the_option(bundle, console):
    """Who calls exec did not write config.json."""
    bundle.up()
    detached = bundle.exec("/bin/probe", "wait", options=["--tty", "--detach"]).fails()
    detached.dray_error("CONSOLE_MISSING", names=["--tty", "--console-socket"])
    socket = bundle.exec("/bin/probe", "wait", options=["--console-socket", console.path]).fails()
    socket.dray_error("CONSOLE_SOCKET", names=["--tty", "--console-socket"])
    for done in (detached, socket):
        assert done.kind != "dray" or "/process" not in done.err and "config.json" not in done.err
    process = {"terminal": True, "args": ["/bin/probe", "wait"], "cwd": "/"}
    bundle.exec_process(process, "--detach").fails().dray_error("CONSOLE_MISSING", "/terminal", ["process.json:1:"])


@pytest.mark.unlike(runc="wants a controlling terminal")
@pytest.mark.parametrize("document", [False, True])
def test_exec_with_a_terminal_and_streams_that_are_none(bundle, document):
    bundle.up()
    if document:
        done = bundle.exec_process({"terminal": True, "args": ["/bin/sh", "-c", "tty"], "cwd": "/"}, input="")
    else:
        done = bundle.exec("/bin/sh", "-c", "tty", options=["--tty"], input="")
    assert "/dev/pts/" in done.ok().out


@pytest.mark.parametrize("shape", ["missing", "file", "directory", "nobody listens", "fifo"])
def test_bad_console_socket(bundle, workdir, shape):
    path = workdir / "bad"
    if shape == "file":
        path.touch()
    elif shape == "directory":
        path.mkdir()
    elif shape == "fifo":
        os.mkfifo(path)
    elif shape == "nobody listens":
        ConsoleSocket(path).close()
    bundle.process["terminal"] = True
    bundle.args = ["/bin/probe", "wait"]
    done = bundle.create("--console-socket", path).fails(1).dray_error("CONSOLE_SOCKET", names=[str(path)])
    if done.kind == "dray":
        assert "no such file or directory" not in done.err
    assert bundle.leaks() == []


def test_long_socket_path(bundle, workdir):
    """Longer than sun_path holds."""
    deep = workdir / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    directory = os.open(deep, os.O_PATH)
    listener = ConsoleSocket(f"/proc/self/fd/{directory}/s")
    os.close(directory)
    bundle.process["terminal"] = True
    bundle.args = ["/bin/probe", "exit", "0"]
    done = bundle.create("--console-socket", deep / "s")
    if done.code == 0:
        listener.receive().close()
    else:
        done.fails(1).dray_error("CONSOLE_SOCKET")
    listener.close()


def test_agent_that_hangs_up(bundle, console):
    bundle.process["terminal"] = True
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    process = bundle.runtime.popen("create", "--bundle", bundle.directory, "--console-socket", console.path,
                                   bundle.name, stderr=-1, stdout=-3)
    connection, _ = console.listener.accept()
    connection.close()
    assert process.wait(30) in (0, 1)
    process.stderr.close()


class Foreground:
    """Runs a command with a terminal of ours as its streams."""

    def __init__(self, runtime, *words, rows=24, columns=80):
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.terminal = Terminal(master)

        def become_leader():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = runtime.popen(*words, stdin=slave, stdout=slave, stderr=slave, preexec_fn=become_leader)

    def settings(self):
        return termios.tcgetattr(self.slave)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        self.terminal.close()


@pytest.fixture
def foreground(bundle):
    made = []

    def start(*args, verb="run", **settings):
        if verb == "run":
            bundle.process["terminal"] = True
            bundle.args = args
            bundle.write()
            words = ["run", "--bundle", bundle.directory, bundle.name]
        elif verb == "exec --process":
            document = bundle.directory / "process.json"
            document.write_text(json.dumps({"terminal": True, "args": args, "cwd": "/", "env": ["PATH=/bin"]}))
            words = ["exec", "--process", document, bundle.name]
        else:
            words = ["exec", "--tty", bundle.name, *args]
        made.append(Foreground(bundle.runtime, *words, **settings))
        return made[-1]

    yield start
    for item in made:
        item.close()


@pytest.mark.parametrize("verb", ["run", "exec", "exec --process"])
def test_foreground_terminal(bundle, foreground, verb):
    if verb != "run":
        bundle.up()
    running = foreground("/bin/sh", "-c", "tty; read x; echo got $x; exit 6", verb=verb)
    running.terminal.read_until("/dev/pts/0" if verb == "run" else "/dev/pts/")
    running.terminal.write("hello\r")
    running.terminal.read_until("got hello")
    assert running.process.wait(30) == 6


def test_foreground_restores_the_callers_terminal(foreground):
    running = foreground("/bin/sh", "-c", "echo ready; read x")
    running.terminal.read_until("ready")
    assert not running.settings()[3] & termios.ICANON, "the caller's terminal should be raw meanwhile"
    running.terminal.write("\r")
    assert running.process.wait(30) == 0
    assert running.settings() == running.before


@pytest.mark.parametrize("verb", ["run", "exec"])
def test_foreground_takes_the_callers_window_size(bundle, foreground, verb):
    if verb == "exec":
        bundle.up()
    running = foreground("/bin/sh", "-c", "sleep 0.3; stty size", verb=verb, rows=35, columns=91)
    running.terminal.read_until("35 91")
    running.process.wait(30)


def test_foreground_follows_the_callers_window_size(foreground):
    running = foreground("/bin/sh", "-c", "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.05; done")
    running.terminal.read_until("ready")
    running.terminal.resize(50, 123)
    running.process.send_signal(signal.SIGWINCH)
    running.terminal.read_until("50 123")
    assert running.process.wait(30) == 0


def test_foreground_interrupt_character_goes_to_the_program(foreground):
    running = foreground("/bin/sh", "-c", "trap 'echo caught; exit 4' INT; echo ready; while :; do sleep 0.05; done")
    running.terminal.read_until("ready")
    running.terminal.write("\x03")
    running.terminal.read_until("caught")
    assert running.process.wait(30) == 4


def test_foreground_with_much_output(foreground):
    running = foreground("/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line $i of the output; i=$((i+1)); done; echo the end")
    running.terminal.read_until("the end")
    text = running.terminal.seen.decode()
    assert "line 0 of" in text and "line 19999 of" in text
    assert text.count("of the output") == 20000
    assert running.process.wait(30) == 0


@pytest.mark.unlike(runc="wants a controlling terminal")
def test_terminal_with_streams_that_are_none(bundle):
    bundle.process["terminal"] = True
    bundle.shell("tty; echo done")
    done = bundle.run(input="").ok()
    assert "/dev/pts/0" in done.out
    assert done.out.endswith("done\n")


def test_no_terminal_no_tty(bundle):
    facts = bundle.facts("terminal")["terminal"]
    assert not any(facts[fd]["isatty"] for fd in "012")
    assert not facts["controlling"]


def test_tiocsti_into_the_callers_terminal(bundle):
    """CVE-2017-5226: without a terminal of its own the container has none to push input into."""
    master, slave = os.openpty()
    bundle.args = ["/bin/probe", "try", "tiocsti", "/dev/tty", ",", "open", "/dev/tty", "rw"]
    bundle.write()

    def become_leader():
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    done = bundle.run(stdin=slave, pass_fds=[slave], preexec_fn=become_leader)
    os.close(slave)
    os.close(master)
    results = done.json()
    assert not results[0]["ok"]
    assert results[1]["errno"] == "ENXIO"
