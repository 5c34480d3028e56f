#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starts, uses and stops a virtual machine of an image that tests/vm/build-image made.

usage: machine.py start DIR --image DIR [--memory MIB] [--cpus N] [--append WORDS] [--timeout S]
       machine.py exec DIR [--timeout S] [--cwd DIR] [--env NAME=VALUE]... [--stdin] [--tty] -- COMMAND...
       machine.py put DIR SOURCE TARGET       a file's or a directory's content
       machine.py get DIR SOURCE TARGET
       machine.py console DIR                 the last lines; from the crash of its kernel on, if there was one
       machine.py crash DIR                   what its kernel crashed of, in one line; code 1 when it did not
       machine.py stop DIR

DIR holds one machine: its changes to the disk, its console, its sockets.  "exec" passes output on as
it comes and ends with the command's code: 124 when its time was up, 125 when the machine is gone.
"""

import argparse
import contextlib
import fcntl
import json
import os
import pathlib
import re
import secrets
import select
import signal
import socket
import struct
import subprocess
import sys
import tarfile
import termios
import threading
import time
import tty

QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
GONE = 125
# How the kernel begins to tell of its end; a warning or a process killed for want of memory is none.
CRASH = re.compile(r"BUG: (?!workqueue)|Oops: |Kernel panic|kernel BUG at|general protection fault|double fault")


class Gone(Exception):
    """The machine does not answer."""


def console_lines(directory):
    text = (directory / "console").read_text(errors="replace") if (directory / "console").exists() else ""
    return text.replace("\r", "").splitlines()


def crash_lines(lines):
    """What a console says of a crash of the kernel, from its first line on; empty without one."""
    for number, line in enumerate(lines):
        if CRASH.search(line):
            return lines[number:]
    return []


def console_tail(directory, lines=40):
    text = console_lines(directory)
    return "\n".join(crash_lines(text)[:150] or text[-lines:])


def crash(directory):
    """Prints the crash as one line: what, and where in the kernel."""
    lines = crash_lines(console_lines(directory))
    if not lines:
        return 1
    where = next((line for line in lines if "RIP: 0010:" in line), "")
    print("; ".join(re.sub(r"^\[ *[0-9.]+\] *", "", line) for line in (lines[0], where) if line))
    return 0


def emulator_words(directory):
    """What the emulator said, which is how it ended when it did; a moment is left to it for that."""
    deadline = time.monotonic() + 3
    while True:
        try:
            text = (directory / "qemu").read_text(errors="replace")[-2000:].strip()
        except OSError:
            return ""
        if "ended with" in text or time.monotonic() > deadline:
            return text or "the emulator lives"
        time.sleep(0.05)


def qemu_pid(directory):
    """The pid of a machine that lives, or None."""
    try:
        pid = int((directory / "pid").read_text())
        command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(directory / "disk") in command else None


class Link:
    """A conversation with the agent in the guest; one at a time, others wait."""

    def __init__(self, directory, timeout):
        self.directory = directory
        self.pending = b""
        if not directory.is_dir():
            raise Gone(f"there is no machine in {directory}")
        self.lock = open(directory / "lock", "w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        deadline = time.monotonic() + timeout
        while True:
            if qemu_pid(directory) is None:
                raise Gone("the machine does not run")
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(str(directory / "agent"))
                self.greet(min(deadline, time.monotonic() + 20))
                return
            except (Gone, OSError):
                self.socket.close()
                if time.monotonic() > deadline:
                    raise Gone(f"the machine did not answer in {timeout:.0f} s") from None
                time.sleep(0.5)

    def close(self):
        self.socket.close()
        self.lock.close()

    def send(self, kind, payload=b""):
        self.socket.sendall(struct.pack("!cI", kind, len(payload)) + payload)

    def read_some(self, deadline):
        wait = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select([self.socket], [], [], wait)
        if not ready:
            raise TimeoutError
        data = self.socket.recv(65536)
        if not data:
            raise Gone("the machine hung up")
        self.pending += data

    def greet(self, deadline):
        """Says hello with a token; what comes before its echo was meant for somebody earlier."""
        token = secrets.token_bytes(16)
        echo = struct.pack("!cI", b"Y", len(token)) + token
        self.send(b"Y", token)
        while echo not in self.pending:
            try:
                self.read_some(deadline)
            except TimeoutError:
                raise Gone("no answer") from None
        self.pending = self.pending[self.pending.index(echo) + len(echo):]

    def receive(self, deadline=None):
        while True:
            if len(self.pending) >= 5:
                kind, length = struct.unpack("!cI", self.pending[:5])
                if len(self.pending) >= 5 + length:
                    payload = self.pending[5:5 + length]
                    self.pending = self.pending[5 + length:]
                    return kind, payload
            self.read_some(deadline)


def write_all(fd, data):
    while data:
        data = data[os.write(fd, data):]


def run(directory, argv, *, timeout=None, cwd="/root", env=None, stdin=None, tty_wanted=False,
        stdout=1, stderr=2):
    """Runs one command; stdin is a descriptor or None.  Returns its code."""
    link = Link(directory, 60)
    deadline = None if timeout is None else time.monotonic() + timeout
    request = {"argv": argv, "cwd": cwd, "env": env or {}, "tty": tty_wanted}
    link.send(b"X", json.dumps(request).encode())

    def feed():
        with contextlib.suppress(OSError):
            while data := os.read(stdin, 32768):
                link.send(b"I", data)
            link.send(b"E")
    try:
        if tty_wanted:
            size = struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8))
            link.send(b"W", struct.pack("!HH", *size[:2]))
        if stdin is None:
            link.send(b"E")
        else:
            threading.Thread(target=feed, daemon=True).start()
        while True:
            kind, payload = link.receive(deadline)
            if kind == b"O":
                write_all(stdout, payload)
            elif kind == b"R":
                write_all(stderr, payload)
            elif kind == b"S":
                code = json.loads(payload)["code"]
                return code if code >= 0 else 128 - code
    except TimeoutError:
        print(f"the machine's time is up: {' '.join(argv)}", file=sys.stderr)
        return 124
    finally:
        link.close()


@contextlib.contextmanager
def raw_terminal():
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def start(options):
    directory = options.directory
    directory.mkdir(parents=True, exist_ok=True)
    if qemu_pid(directory) is not None:
        sys.exit(f"a machine runs in {directory} already")
    for name in ("agent", "disk", "pid"):
        (directory / name).unlink(missing_ok=True)
    image = options.image
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", image / "root.ext4",
                    directory / "disk"], check=True)
    # An emulated clock looks unsteady when the host is busy.  What the kernel does then, it patches the scheduler's
    # code in place, is what the emulator's other processor may execute half done: an int3 that ends the machine.
    words = ["root=/dev/vda", "rw", "console=ttyS0", "mitigations=off", "random.trust_cpu=on", "tsc=reliable",
             "systemd.show_status=true", "oops=panic", "panic=1", *options.append.split()]
    # Emulated: a machine in which tests run need not have a usable /dev/kvm.
    command = [
        QEMU, "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max,la57=off", "-machine", "q35",
        "-m", str(options.memory), "-smp", str(options.cpus), "-nodefaults", "-display", "none",
        "-no-reboot", "-no-user-config", "-kernel", image / "vmlinuz", "-initrd", image / "initrd",
        "-append", " ".join(words),
        "-drive", f"file={directory / 'disk'},if=virtio,format=qcow2,cache=unsafe",
        "-serial", f"file:{directory / 'console'}",
        "-device", "virtio-serial-pci",
        "-chardev", f"socket,id=agent,path={directory / 'agent'},server=on,wait=off",
        "-device", "virtserialport,chardev=agent,name=dray.agent",
        "-device", "virtio-rng-pci",
        "-nic", "none", "-pidfile", directory / "pid",
    ]
    started = time.monotonic()
    with open(directory / "qemu", "w") as words:
        # Not -daemonize: what it says at its end, and how it ended, would be lost.
        emulator = subprocess.Popen(["sh", "-c", '"$@"; echo "the emulator ended with $?"', "sh", *command], stdin=subprocess.DEVNULL,
                                    stdout=words, stderr=words, start_new_session=True)
    while qemu_pid(directory) is None and emulator.poll() is None and time.monotonic() < started + options.timeout:
        time.sleep(0.05)
    try:
        Link(directory, options.timeout).close()
    except Gone as error:
        print(f"{error}; {emulator_words(directory)}\nthe end of its console:\n{console_tail(directory)}", file=sys.stderr)
        stop(directory)
        return GONE
    # The guest begins at the time of its image or, resumed, of its snapshot.
    run(directory, ["date", "-s", f"@{int(time.time())}"], stdout=os.open(os.devnull, os.O_WRONLY))
    print(f"up after {time.monotonic() - started:.0f} s")
    return 0


def stop(directory):
    """What it holds is thrown away, so nothing is asked of the guest."""
    pid = qemu_pid(directory)
    if pid is not None:
        pidfd = os.pidfd_open(pid)
        signal.pidfd_send_signal(pidfd, signal.SIGTERM)
        if not select.select([pidfd], [], [], 10)[0]:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            select.select([pidfd], [], [], 10)
    for name in ("agent", "disk", "pid", "lock"):
        (directory / name).unlink(missing_ok=True)
    return 0


def put(directory, source, target):
    """The content of a directory into one, which is made; or one file."""
    read, write = os.pipe()
    if source.is_dir():
        command = ["tar", "-x", "--no-same-owner", "-f", "-", "-C", target]
        code = run(directory, ["mkdir", "-p", target])
    else:
        command = ["tar", "-x", "--no-same-owner", "-f", "-", "-C", os.path.dirname(target) or "/"]
        code = run(directory, ["mkdir", "-p", os.path.dirname(target) or "/"])

    def pack():
        with os.fdopen(write, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
            archive.add(source, "." if source.is_dir() else os.path.basename(target))
    thread = threading.Thread(target=pack)
    thread.start()
    code = code or run(directory, command, stdin=read)
    os.close(read)
    thread.join()
    return code


def get(directory, source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "wb") as file:
        return run(directory, ["cat", source], stdout=file.fileno())


def execute(options):
    env = dict(word.split("=", 1) for word in options.env)
    if options.tty:
        env.setdefault("TERM", os.environ.get("TERM", "linux"))
    arguments = {"timeout": options.timeout, "cwd": options.cwd, "env": env, "tty_wanted": options.tty,
                 "stdin": 0 if options.stdin or options.tty else None}
    with raw_terminal() if options.tty else contextlib.nullcontext():
        return run(options.directory, options.command, **arguments)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name, run_it):
        added = verbs.add_parser(name)
        added.add_argument("directory", type=lambda word: pathlib.Path(word).resolve())
        added.set_defaults(run=run_it)
        return added
    added = verb("start", start)
    added.add_argument("--image", required=True, type=lambda word: pathlib.Path(word).resolve())
    added.add_argument("--memory", type=int, default=2048)
    added.add_argument("--cpus", type=int, default=2)
    added.add_argument("--append", default="")
    added.add_argument("--timeout", type=float, default=300)
    added = verb("exec", execute)
    added.add_argument("--timeout", type=float)
    added.add_argument("--cwd", default="/root")
    added.add_argument("--env", action="append", default=[])
    added.add_argument("--stdin", action="store_true")
    added.add_argument("--tty", action="store_true")
    added.add_argument("command", nargs="+")
    for name, function in (("put", put), ("get", get)):
        added = verb(name, lambda options, function=function: function(options.directory, *options.paths))
        added.add_argument("paths", nargs=2)
    verb("console", lambda options: print(console_tail(options.directory)))
    verb("crash", lambda options: crash(options.directory))
    verb("stop", lambda options: stop(options.directory))
    options = parser.parse_args()
    if options.verb == "put":
        options.paths[0] = pathlib.Path(options.paths[0])
    elif options.verb == "get":
        options.paths[1] = pathlib.Path(options.paths[1])
    try:
        sys.exit(options.run(options))
    except Gone as error:
        print(f"machine.py: {error}; {emulator_words(options.directory)}", file=sys.stderr)
        sys.exit(GONE)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"machine.py: {error}")


if __name__ == "__main__":
    main()
