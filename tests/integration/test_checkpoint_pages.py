# SPDX-License-Identifier: LGPL-2.1-or-later
"""Memory that goes its own way: page servers and lazy pages, with CRIU itself."""

import os
import socket
import subprocess

import pytest

from harness import criu, host
from test_checkpoint import counting, number, saved  # noqa: F401: a fixture

pytestmark = [pytest.mark.needs("criu"), pytest.mark.only_dray("the images are ours"), pytest.mark.slow]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_page_server(bundle, saved):  # noqa: F811
    bundle.up()
    saved.images.mkdir()
    port = free_port()
    with subprocess.Popen(["criu", "page-server", "--images-dir", saved.images, "--port", str(port), "--address", "127.0.0.1",
                           "--log-file", "page-server.log", "--status-fd", "1"], stdout=subprocess.PIPE) as server:
        assert server.stdout.read(1) == b"\0"
        saved.checkpoint("--page-server", f"127.0.0.1:{port}").ok()
        assert server.wait(20 * host.PATIENCE) == 0
    saved.restore().ok()
    saved.goes_on()


def test_page_server_that_is_not_there(bundle, saved):  # noqa: F811
    bundle.up()
    saved.checkpoint("--page-server", "127.0.0.1:1").dray_error("CRIU_FAILED", names=["Can't connect to server 127.0.0.1:1"])
    saved.goes_on()


def test_page_server_that_goes_away(bundle, saved):  # noqa: F811
    bundle.up()
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = bundle.runtime.popen("checkpoint", "--image-path", saved.images, "--page-server",
                                       f"127.0.0.1:{server.getsockname()[1]}", bundle.name, stderr=-1, text=True)
        server.settimeout(60 * host.PATIENCE)
        server.accept()[0].close()
    _, err = process.communicate(timeout=60 * host.PATIENCE)
    assert process.returncode == 1 and "page server" in err
    saved.goes_on()


class Lazy:
    """A checkpoint that serves the memory of what it has saved."""

    def __init__(self, bundle, saved):  # noqa: F811
        self.saved = saved
        self.port = free_port()
        ready, writer = os.pipe()
        self.process = bundle.runtime.popen(
            "checkpoint", "--image-path", saved.images, "--work-path", saved.work, "--lazy-pages",
            "--page-server", f"127.0.0.1:{self.port}", "--status-fd", str(writer), bundle.name, stderr=-1, text=True,
            pass_fds=[writer])
        os.close(writer)
        with os.fdopen(ready, "rb") as file:
            assert file.read(1) == b"\0", self.process.communicate()

    def daemon(self):
        return subprocess.Popen(["criu", "lazy-pages", "--page-server", "--address", "127.0.0.1", "--port", str(self.port),
                                 "--images-dir", self.saved.images, "--work-dir", self.saved.work, "--log-file", "lazy.log",
                                 "--status-fd", "1"], stdout=subprocess.PIPE)


@pytest.fixture
def lazy(bundle, saved):  # noqa: F811
    # the page server of CRIU 4.1 and 4.2.1 ends with EBADF on Linux 6.18
    if not criu.can("uffd-noncoop") or host.kernel() >= (6, 16):
        pytest.skip("needs a kernel on which CRIU can serve lazy pages")
    counting(bundle)
    made = Lazy(bundle, saved)
    yield made
    made.process.kill()
    made.process.communicate()


def test_lazy_pages(bundle, saved, lazy):  # noqa: F811
    last = number(bundle)
    with lazy.daemon() as daemon:
        assert daemon.stdout.read(1) == b"\0"
        # as on another host: the container is still there, until its memory has been fetched
        bundle.name += "-copy"
        bundle.linux["cgroupsPath"] = f"/{bundle.token}-copy"
        saved.restore("--lazy-pages").ok()
        host.wait_until(lambda: number(bundle) > last, "the next number")
        assert daemon.wait(40 * host.PATIENCE) == 0
    lazy.process.communicate(timeout=20 * host.PATIENCE)
    assert lazy.process.returncode == 0
