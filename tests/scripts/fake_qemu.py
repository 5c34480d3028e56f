# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stands for qemu and the agent in its guest: fake_qemu.py GUEST QEMU_ARGUMENT...

GUEST/behaviour says what it does; GUEST/asked gets the commands that come, GUEST/pid its process.
"""

import json
import os
import pathlib
import re
import socket
import struct
import sys

guest = pathlib.Path(sys.argv[1])
words = " ".join(sys.argv[2:])
behaviour = (guest / "behaviour").read_text()
if behaviour == "refuse":
    sys.exit("qemu: no such accelerator")


def value(pattern):
    return pathlib.Path(re.search(pattern, words)[1])


listener = socket.socket(socket.AF_UNIX)
listener.bind(str(value(r"socket,id=agent,path=([^ ,]*)")))
listener.listen()
CONSOLES = {
    "die in tests": "booting\r\nthat is the last line\r\n",
    "crash in tests": "booting\r\n[    1.5] BUG: kernel NULL pointer dereference\r\n[    1.6] RIP: 0010:place+0x1/0x2\r\n" + 90 * "a line\r\n",
}
value(r"-serial file:(\S*)").write_text(CONSOLES.get(behaviour, "booting\r\nKernel panic - not syncing: that is the last line\r\n"))
child = os.fork()
if child:
    value(r"-pidfile (\S*)").write_text(f"{child}\n")
    (guest / "pid").write_text(f"{child}\n")
    os._exit(0)  # as -daemonize does
null = os.open(os.devnull, os.O_RDWR)
for fd in range(3):
    os.dup2(null, fd)
if behaviour == "die at boot":
    os._exit(1)


class Talk:
    def __init__(self, connection):
        self.connection = connection

    def read(self, length):
        data = b""
        while len(data) < length:
            more = self.connection.recv(length - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def receive(self):
        kind, length = struct.unpack("!cI", self.read(5))
        return kind, self.read(length)

    def send(self, kind, payload):
        self.connection.sendall(struct.pack("!cI", kind, len(payload)) + payload)

    def end(self, code):
        self.send(b"S", json.dumps({"code": code}).encode())

    def carry_out(self, argv):
        """What the guest's answer is; nothing is run."""
        if "pytest" in argv:
            crashes = guest / "crashes"
            if behaviour == "crash in tests" and crashes.exists() and (left := int(crashes.read_text())) > 0:
                crashes.write_text(str(left - 1))
                os._exit(0)
            if behaviour == "die in tests":
                os._exit(1)
            self.send(b"O", b"the tests' output\n")
            code = guest / "code"
            return int(code.read_text()) if code.exists() else 0
        if argv[0] == "cat":
            self.send(b"O", (guest / "results.xml").read_bytes())
        return int(argv[1]) if argv[0] == "code" else 0

    def serve(self):
        while True:
            kind, payload = self.receive()
            if kind == b"Y" and behaviour != "hang at boot":
                self.send(b"Y", payload)
            elif kind == b"X":
                with open(guest / "asked", "ab") as file:
                    file.write(payload + b"\n")
                argv = json.loads(payload)["argv"]
                while argv[0] != "hang" and self.receive()[0] != b"E":
                    pass
                if argv[0] != "hang" and not ("pytest" in argv and behaviour == "hang in tests"):
                    self.end(self.carry_out(argv))


while True:
    try:
        Talk(listener.accept()[0]).serve()
    except (EOFError, OSError):
        pass
