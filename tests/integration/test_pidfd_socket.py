# SPDX-License-Identifier: LGPL-2.1-or-later
"""--pidfd-socket and the annotation run.oci.pidfd_receiver."""

import array
import os
import re
import select
import signal
import socket

import pytest

from harness import host


class Receiver:
    def __init__(self, path):
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen()
        self.listener.settimeout(20 * host.PATIENCE)
        self.fd = -1

    def pid(self):
        """Of the process whose pidfd has come."""
        connection, _ = self.listener.accept()
        with connection:
            data, ancillary, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(32))
        fds = array.array("i")
        for level, kind, content in ancillary:
            assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
            fds.frombytes(content)
        assert data and len(fds) == 1
        self.fd = fds[0]
        return int(re.search(r"^Pid:\t(-?\d+)", open(f"/proc/self/fdinfo/{self.fd}").read(), re.M)[1])

    def close(self):
        self.listener.close()
        if self.fd >= 0:
            os.close(self.fd)


@pytest.fixture
def receiver(workdir):
    made = Receiver(workdir / "pidfd.sock")
    yield made
    made.close()


def test_create(bundle, receiver):
    bundle.up("--pidfd-socket", receiver.path)
    assert receiver.pid() == bundle.pid
    signal.pidfd_send_signal(receiver.fd, signal.SIGUSR1)
    bundle.output.expect("signal 10")
    bundle.kill("KILL").ok()
    ready, _, _ = select.select([receiver.fd], [], [], 20 * host.PATIENCE)
    assert ready


def test_run(bundle, receiver):
    bundle.args = ["/bin/probe", "exit", "4"]
    bundle.run("--pidfd-socket", receiver.path).exits(4)
    assert receiver.pid() in (-1, *range(2, 1 << 22))


def test_exec(bundle, receiver):
    bundle.up()
    second = bundle.exec_detached("/bin/probe", "wait", options=["--pidfd-socket", receiver.path])
    assert receiver.pid() == second.pid


@pytest.mark.only_dray("crun's annotation")
def test_annotation(bundle, receiver):
    bundle.config["annotations"]["run.oci.pidfd_receiver"] = str(receiver.path)
    bundle.up()
    assert receiver.pid() == bundle.pid
    bundle.exec("/bin/probe", "exit", "0").ok()  # does not connect again
    receiver.listener.settimeout(0)
    with pytest.raises(BlockingIOError):
        receiver.listener.accept()


@pytest.mark.only_dray("the words are dray's own")
@pytest.mark.parametrize("what", ["missing", "file", "deaf"])
def test_sockets_that_are_none(bundle, workdir, what):
    path = workdir / "socket"
    if what == "file":
        path.write_text("")
    elif what == "deaf":
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
            deaf.bind(str(path))
    bundle.create("--pidfd-socket", path).dray_error("PIDFD_SOCKET", names=[str(path)])
    assert bundle.leaks() == []


@pytest.mark.only_dray("crun's annotation")
def test_annotation_that_is_no_path(bundle):
    bundle.config["annotations"]["run.oci.pidfd_receiver"] = "socket"
    bundle.create().dray_error("CONFIG_VALUE", "/annotations/run.oci.pidfd_receiver")
