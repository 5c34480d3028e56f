#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program criu that is not CRIU: `criu swrk 3` that does what FAKE_CRIU in its directory says.

A word a line: die STATUS, kill, hang, wait, pause SECONDS, nonsense, silence, notify SCRIPT [PID],
refuse ERRNO, restored PID, log TEXT, say TEXT, helper, run COMMAND.
What dray answered to a notification is written to the file "answers".
"""

import os
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(sys.argv[0]))


def number(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def field(tag, value):
    """One field of a protocol buffers message: a number, or bytes."""
    if isinstance(value, int):
        return number(tag << 3) + number(value)
    return number(tag << 3 | 2) + number(len(value)) + value


def main():
    if sys.argv[1:] != ["swrk", "3"]:
        sys.exit(64)
    talk = socket.socket(fileno=3)
    request = talk.recv(1 << 20)
    with open(os.path.join(HERE, "request"), "wb") as file:
        file.write(request)
    task = request[1]
    for line in open(os.path.join(HERE, "FAKE_CRIU"), encoding="utf-8"):
        word, _, rest = line.strip().partition(" ")
        if word == "die":
            sys.exit(int(rest))
        elif word == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == "hang":
            open(os.path.join(HERE, "hangs"), "w").close()
            while True:
                time.sleep(1000)
        elif word == "wait":  # for the end of the talk, as the real one does
            open(os.path.join(HERE, "hangs"), "w").close()
            talk.recv(4096)
            sys.exit(1)
        elif word == "pause":
            open(os.path.join(HERE, "hangs"), "w").close()
            time.sleep(float(rest))
        elif word == "nonsense":
            talk.send(b"\xff" * 32)
        elif word == "silence":
            talk.close()
            time.sleep(0.2)
            sys.exit(0)
        elif word == "notify":
            script, *pid = rest.split()
            notify = field(1, script.encode()) + (field(2, int(pid[0])) if pid else b"")
            talk.send(field(1, 6) + field(2, 1) + field(5, notify))
            answer = talk.recv(4096)
            with open(os.path.join(HERE, "answers"), "a", encoding="utf-8") as file:
                file.write(f"{script} {answer.hex()}\n")
        elif word == "refuse":
            talk.send(field(1, task) + field(2, 0) + field(7, int(rest)))
            sys.exit(1)
        elif word == "restored":
            talk.send(field(1, task) + field(2, 1) + field(4, field(1, int(rest))))
        elif word == "log":
            for name in ("dump.log", "restore.log"):
                path = os.path.join(os.environ.get("FAKE_WORK", HERE), name)
                with open(path, "a", encoding="utf-8") as file:
                    file.write(rest + "\n")
        elif word == "helper":  # that keeps all descriptors, and waits for its parent
            if os.fork() == 0:
                time.sleep(1000)
        elif word == "run":
            subprocess.run(["/bin/sh", "-c", rest], check=True)
        elif word == "say":
            print(rest, file=sys.stderr, flush=True)


main()
