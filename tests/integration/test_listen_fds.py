# SPDX-License-Identifier: LGPL-2.1-or-later
"""Socket activation: descriptors that the service manager gave to the runtime reach the container."""
import os
import socket
import tempfile

import pytest


@pytest.fixture
def sockets():
    made = []
    for _ in range(2):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(tempfile.mktemp())
        made.append(listener)
    yield made
    for listener in made:
        os.unlink(listener.getsockname())
        listener.close()


def run_activated(bundle, sockets, pid="$$", count=None):
    """Runs the bundle by a shell that becomes the runtime with the sockets at 3 and 4."""
    numbers = [s.fileno() for s in sockets]
    script = "; ".join(f"exec {3 + i}<&{n}" for i, n in enumerate(numbers)) if numbers else ":"
    script = (f'{script}; export LISTEN_PID={pid} LISTEN_FDS={count or len(sockets)} LISTEN_FDNAMES=one:two; '
              'exec "$0" "$@"')
    for s in sockets:
        os.set_inheritable(s.fileno(), True)
    return bundle.runtime("run", "--bundle", bundle.directory, bundle.name, wrap=["bash", "-c", script],
                          pass_fds=numbers)


def test_sockets_and_their_names_arrive(bundle, sockets):
    bundle.args = ["/bin/busybox", "sh", "-c",
                   "echo $LISTEN_FDS $LISTEN_PID $LISTEN_FDNAMES; for i in 3 4 5; do readlink /proc/self/fd/$i; done"]
    bundle.write()
    lines = run_activated(bundle, sockets).out.split("\n")
    assert lines[0] == "2 1 one:two"
    assert lines[1].startswith("socket:") and lines[2].startswith("socket:")
    assert len([line for line in lines if line.startswith("socket:")]) == 2


def test_meant_for_another_process(bundle, sockets):
    bundle.args = ["/bin/busybox", "sh", "-c", "echo [$LISTEN_FDS]; readlink /proc/self/fd/3"]
    bundle.write()
    done = run_activated(bundle, sockets, pid="1")
    assert done.out.startswith("[]")
    assert "socket:" not in done.out
