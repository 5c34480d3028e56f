# SPDX-License-Identifier: LGPL-2.1-or-later
"""Memory that goes to a page server, with CRIU itself."""

import socket
import subprocess

import pytest

from harness import host
from test_checkpoint import saved  # noqa: F401: a fixture

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
