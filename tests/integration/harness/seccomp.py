# SPDX-License-Identifier: LGPL-2.1-or-later
"""System call numbers and an agent that answers SCMP_ACT_NOTIFY."""

import array
import fcntl
import json
import os
import socket
import struct

from . import host

# Numbers of this machine's system calls that the tests use, from asm/unistd_64.h and the generic list.
NUMBERS = {
    "x86_64": {"getpid": 39, "mkdirat": 258, "munlockall": 152, "getuid": 102, "gettid": 186, "personality": 135,
               "kill": 62, "socket": 41, "sethostname": 170, "sched_yield": 24, "getsid": 124, "umask": 95,
               "clone3": 435},
    "aarch64": {"getpid": 172, "mkdirat": 34, "munlockall": 231, "getuid": 174, "gettid": 178, "personality": 92,
                "kill": 129, "socket": 198, "sethostname": 161, "sched_yield": 124, "getsid": 156, "umask": 166,
                "clone3": 435},
}.get(os.uname().machine, {})


def allow_all_but(*rules, **members):
    return {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": list(rules), **members}


def rule(action, *names, **members):
    return {"names": list(names), "action": action, **members}


class Agent:
    """Listens on listenerPath and receives the message with the listener's descriptor."""

    RECV = 0xC0502100
    SEND = 0xC0182101

    def __init__(self, path):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen()
        self.listener.settimeout(20 * host.PATIENCE)
        self.notify = -1

    def receive(self):
        """Returns the container process state; keeps the notify descriptor."""
        connection, _ = self.listener.accept()
        with connection:
            connection.settimeout(20 * host.PATIENCE)
            fds = array.array("i")
            data, ancillary, _, _ = connection.recvmsg(1 << 16, socket.CMSG_SPACE(32))
            for level, kind, content in ancillary:
                if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                    fds.frombytes(content)
            state = json.loads(data)
            assert len(fds) == len(state["fds"]), (list(fds), state)
            self.notify = fds[state["fds"].index("seccompFd")]
            return state

    def answer(self, error=0, value=0):
        """Waits for one notification and answers it; returns (pid, system call number)."""
        import select
        ready, _, _ = select.select([self.notify], [], [], 20 * host.PATIENCE)
        assert ready, "no notification came"
        request = bytearray(80)
        fcntl.ioctl(self.notify, self.RECV, request)
        identity, pid, _, number = struct.unpack_from("=QIIi", request)
        fcntl.ioctl(self.notify, self.SEND, bytearray(struct.pack("=QqiI", identity, value, -error, 0)))
        return pid, number

    def close(self):
        self.listener.close()
        if self.notify >= 0:
            os.close(self.notify)
