# SPDX-License-Identifier: LGPL-2.1-or-later
"""A D-Bus bus with a systemd on it that behaves as a test wants: as much of the protocol as that takes."""

import os
import socket
import struct
import threading

SYSTEMD = ":1.0"
METHOD_RETURN, ERROR, SIGNAL = 2, 3, 4
JOB = "/org/freedesktop/systemd1/job/1"


def pad(data, size):
    return data + bytes(-len(data) % size)


def text(value):
    raw = value.encode()
    return struct.pack("<I", len(raw)) + raw + b"\0"


def field(code, kind, value):
    body = {"s": text, "o": text, "g": lambda v: bytes([len(v)]) + v.encode() + b"\0",
            "u": lambda v: struct.pack("<I", v)}[kind](value)
    return bytes([code, 1]) + kind.encode() + b"\0" + body


def message(kind, serial, fields, signature="", body=b""):
    packed = b""
    if signature:
        fields = [*fields, (8, "g", signature)]
    for entry in fields:
        packed = pad(packed, 8) + field(*entry)
    head = struct.pack("<cBBBIII", b"l", kind, 0, 1, len(body), serial, len(packed))
    return pad(head + packed, 8) + body


def strings(*values):
    body = b""
    for value in values:
        body = pad(body, 4) + text(value)
    return body


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def read_message(connection):
    """(serial, member) of the next message."""
    head = read_exactly(connection, 16)
    _, _, _, _, length, serial, fields = struct.unpack("<cBBBIII", head)
    rest = read_exactly(connection, fields + -fields % 8 + length)
    place, member = 0, ""
    while place < fields:
        place += -place % 8
        code, kind = rest[place], chr(rest[place + 2])
        place += 4
        if kind == "g":
            place += rest[place] + 2
        elif kind == "u":
            place += 4
        else:
            size = struct.unpack_from("<I", rest, place)[0]
            if code == 3:
                member = rest[place + 4:place + 4 + size].decode()
            place += 4 + size + 1
    return serial, member


class FakeBus:
    """Serves one behaviour; every connection gets the same.

    `answers` maps a method of systemd's to a function (self, connection, serial); None: no answer.
    """

    def __init__(self, path, answers, mute=False, abstract=False, owner=None):
        self.address = f"unix:abstract={path}" if abstract else f"unix:path={path}"
        self.answers = answers
        self.mute = mute
        self.asked = []
        self.connections = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(f"\0{path}" if abstract else str(path))
        if owner is not None:
            os.seteuid(owner)
        self.socket.listen(16)
        if owner is not None:
            os.seteuid(0)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        try:
            while True:
                connection, _ = self.socket.accept()
                self.connections.append(connection)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()
        except OSError:
            pass

    def serve(self, connection):
        try:
            if self.mute:
                return
            self.authenticate(connection)
            while True:
                serial, member = read_message(connection)
                self.asked.append(member)
                self.answer(connection, serial, member)
        except (ConnectionError, OSError):
            connection.close()

    @staticmethod
    def authenticate(connection):
        lines = b""
        while b"BEGIN\r\n" not in lines:
            more = connection.recv(4096)
            if not more:
                raise ConnectionError
            lines += more
            while b"\r\n" in lines and not lines.startswith(b"BEGIN"):
                line, _, lines = lines.partition(b"\r\n")
                word = line.lstrip(b"\0").split(b" ")[0]
                if word == b"DATA":
                    connection.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
                elif word == b"AUTH":
                    connection.sendall(b"DATA\r\n" if len(line.lstrip(b"\0").split()) == 2 else
                                       b"OK 0123456789abcdef0123456789abcdef\r\n")
                elif word == b"NEGOTIATE_UNIX_FD":
                    connection.sendall(b"ERROR\r\n")

    def answer(self, connection, serial, member):
        if member == "Hello":
            self.reply(connection, serial, "s", text(":1.9"), sender="org.freedesktop.DBus")
        elif member in self.answers:
            if self.answers[member] is not None:
                self.answers[member](self, connection, serial)
        else:
            self.reply(connection, serial)

    @staticmethod
    def reply(connection, serial, signature="", body=b"", sender=SYSTEMD):
        connection.sendall(message(METHOD_RETURN, 7, [(5, "u", serial), (6, "s", ":1.9"), (7, "s", sender)],
                                   signature, body))

    @staticmethod
    def error(connection, serial, name, words):
        connection.sendall(message(ERROR, 7, [(5, "u", serial), (4, "s", name), (6, "s", ":1.9"), (7, "s", SYSTEMD)],
                                   "s", text(words)))

    @staticmethod
    def job_removed(connection, result, sender=SYSTEMD, job=JOB):
        body = struct.pack("<I", 1) + strings(job)
        body = pad(body, 4) + text("x.scope")
        body = pad(body, 4) + text(result)
        connection.sendall(message(SIGNAL, 8, [(1, "o", "/org/freedesktop/systemd1"),
                                               (2, "s", "org.freedesktop.systemd1.Manager"), (3, "s", "JobRemoved"),
                                               (7, "s", sender)], "uoss", body))

    def close(self):
        self.socket.close()
        for connection in self.connections:
            connection.close()


def start_job(bus, connection, serial):
    bus.reply(connection, serial, "o", text(JOB))


def job_ends(result, sender=SYSTEMD):
    def answer(bus, connection, serial):
        start_job(bus, connection, serial)
        bus.job_removed(connection, result, sender)
    return answer


def hang_up(bus, connection, serial):
    connection.shutdown(socket.SHUT_RDWR)


def garbage(bus, connection, serial):
    connection.sendall(b"\xff" * 512)


def long_reply(bus, connection, serial):
    """One that says it is longer than what anybody reads; it does not come."""
    head = message(METHOD_RETURN, 7, [(5, "u", serial), (7, "s", SYSTEMD)], "o", text(JOB))
    connection.sendall(head[:4] + struct.pack("<I", 1 << 20) + head[8:])


def noise(then):
    """Signals that are none of ours, one of them long, one in the other byte order; then that answer."""
    def answer(bus, connection, serial):
        fields = [(1, "o", "/a"), (2, "s", "a.b"), (3, "s", "C"), (7, "s", ":1.66")]
        connection.sendall(message(SIGNAL, 3, fields, "s", text("x" * 300000)))
        connection.sendall(b"B\4\0\1" + struct.pack(">III", 0, 4, 8) + b"\1\1o\0\0\0\0\0")
        connection.sendall(message(SIGNAL, 5, fields, "a{sv}", struct.pack("<I", 0xffff)))
        bus.job_removed(connection, "failed", sender=":1.66")
        then(bus, connection, serial)
    return answer


def refuse(name, words):
    def answer(bus, connection, serial):
        bus.error(connection, serial, name, words)
    return answer


def reply_with(signature, body):
    def answer(bus, connection, serial):
        bus.reply(connection, serial, signature, body)
    return answer
