# SPDX-License-Identifier: LGPL-2.1-or-later
"""checkpoint and restore of TCP connections, with CRIU itself."""

import subprocess

import pytest

from harness import host
from test_checkpoint import namespace_holder, saved  # noqa: F401: a fixture

pytestmark = [pytest.mark.needs("criu_tcp"), pytest.mark.only_dray("the images are ours"), pytest.mark.slow]

READER = "sleep 1000 | nc 127.0.0.1 7000 | (while read x; do echo got $x; done; echo closed; exec sleep 1000)"


@pytest.fixture
def line(bundle):
    """A server outside of the container, in whose network namespace that is: what is written arrives there."""
    with namespace_holder("--net") as holder:
        inside = ["nsenter", "--net", "--target", str(holder)]
        subprocess.run([*inside, "ip", "link", "set", "lo", "up"], check=True)
        with subprocess.Popen([*inside, "busybox", "nc", "-l", "-p", "7000"], stdin=subprocess.PIPE, bufsize=0) as server:
            host.wait_until(lambda: ":1B58 " in open(f"/proc/{holder}/net/tcp").read()
                            or ":1B58 " in open(f"/proc/{holder}/net/tcp6").read(), "the server")
            bundle.namespace("network", f"/proc/{holder}/ns/net")
            bundle.shell(READER)
            bundle.create().ok()
            bundle.start().ok()
            server.stdin.write(b"one\n")
            bundle.output.expect("got one")
            try:
                yield server.stdin
            finally:
                bundle.delete("--force").ok()
                server.kill()


def test_established(bundle, saved, line):  # noqa: F811
    saved.checkpoint().dray_error("CRIU_FAILED", names=["--tcp-established"])
    line.write(b"two\n")
    bundle.output.expect("got two")
    saved.checkpoint("--tcp-established").ok()
    saved.restore("--tcp-established").ok()
    line.write(b"three\n")
    bundle.output.expect("got three")


def test_closed_by_the_restore(bundle, saved, line):  # noqa: F811
    saved.checkpoint("--tcp-established").ok()
    saved.restore("--tcp-close").ok()
    bundle.output.expect("closed")


@pytest.mark.parametrize("lock", ["iptables", "nftables", "skip"])
def test_network_lock(bundle, saved, line, lock):  # noqa: F811
    saved.checkpoint("--tcp-established", "--network-lock", lock).ok()
    saved.restore("--tcp-established", "--network-lock", lock).ok()
    line.write(b"two\n")
    bundle.output.expect("got two")


def test_not_yet_accepted(bundle, saved):  # noqa: F811
    """Also with a process that is stopped: in a frozen cgroup of v1 nobody can trace that."""
    seen = "until cat /proc/net/tcp /proc/net/tcp6 | grep -q ':1B58 .*:.... {}'; do sleep 0.05; done"
    bundle.shell(f"nc -l -p 7000 & {seen.format('0A')}; kill -STOP $!; sleep 1000 | nc 127.0.0.1 7000 & {seen.format('01')}; "
                 "exec /bin/probe wait")
    bundle.create().ok()
    bundle.start().ok()
    bundle.output.expect("ready")
    saved.checkpoint("--tcp-established", "--tcp-skip-in-flight").ok()
    saved.restore("--tcp-established").ok()
    saved.goes_on()
