# SPDX-License-Identifier: LGPL-2.1-or-later
"""The far end of a console socket, and a terminal of our own for foreground runs."""

import array
import fcntl
import os
import select
import socket
import struct
import termios
import time

from . import host


class ConsoleSocket:
    """Listens as conmon does and receives the pty master by SCM_RIGHTS."""

    def __init__(self, path):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen()
        self.listener.settimeout(20 * host.PATIENCE)

    def receive(self):
        connection, _ = self.listener.accept()
        with connection:
            connection.settimeout(20 * host.PATIENCE)
            size = array.array("i").itemsize
            data, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(8 * size))
            fds = array.array("i")
            for level, kind, content in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds.frombytes(content[:len(content) - len(content) % size])
            assert data, "an empty message came with the terminal"
            assert len(fds) == 1, f"expected one descriptor, got {len(fds)}"
            return Terminal(fds[0])

    def close(self):
        self.listener.close()


class Terminal:
    """The master side of a pty."""

    def __init__(self, master):
        self.master = master
        self.seen = b""

    def read_until(self, text, timeout=20):
        deadline = time.monotonic() + timeout * host.PATIENCE
        while text.encode() not in self.seen:
            assert self._more(deadline, repr(text)), f"the terminal ended before {text!r}; it showed {self.seen!r}"
        return self.seen.decode("utf-8", "replace")

    def read_rest(self, timeout=20):
        """Until the last slave is closed, which reads as EIO or end of file."""
        deadline = time.monotonic() + timeout * host.PATIENCE
        while self._more(deadline, "the end"):
            pass
        return self.seen.decode("utf-8", "replace")

    def _more(self, deadline, what):
        ready, _, _ = select.select([self.master], [], [], max(deadline - time.monotonic(), 0))
        assert ready, f"waited for {what} on the terminal; so far: {self.seen!r}"
        try:
            chunk = os.read(self.master, 65536)
        except OSError:
            return b""
        self.seen += chunk
        return chunk

    def write(self, text):
        os.write(self.master, text.encode())

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def close(self):
        os.close(self.master)
