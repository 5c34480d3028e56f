# SPDX-License-Identifier: LGPL-2.1-or-later
"""What CRIU refuses without an option, and does with it."""

import os
import pathlib
import socket

import pytest

from harness import host
from test_apparmor import load, profile  # noqa: F401: fixtures
from test_checkpoint import saved  # noqa: F401: a fixture

pytestmark = [pytest.mark.needs("criu"), pytest.mark.only_dray("the images are ours"), pytest.mark.slow]


def up(bundle, script):
    """A container with something that CRIU cannot know how to save."""
    bundle.config["root"]["readonly"] = False
    bundle.shell(f"{script}; exec /bin/probe wait")
    bundle.create().ok()
    bundle.start().ok()
    bundle.output.expect("ready")


def test_file_locks(bundle, saved):  # noqa: F811
    bundle.config["root"]["readonly"] = False
    bundle.args = ["/bin/probe", "lock", "/lock", "wait"]
    bundle.create().ok()
    bundle.start().ok()
    bundle.output.expect("ready")
    saved.checkpoint().dray_error("CRIU_FAILED", names=["--file-locks"])
    saved.goes_on()
    saved.checkpoint("--file-locks").ok()
    saved.restore("--file-locks").ok()
    saved.goes_on()
    assert bundle.exec("/bin/probe", "lock", "/lock", "exit", "0").code == 3


def test_link_remap(bundle, saved):  # noqa: F811
    up(bundle, "echo kept > /a; exec 5<>/a; ln /a /b; rm /a")
    saved.checkpoint().dray_error("CRIU_FAILED", names=["link-remap"])
    saved.goes_on()
    saved.checkpoint("--link-remap").ok()
    saved.restore().ok()
    saved.goes_on()
    assert bundle.exec("/bin/cat", "/proc/1/fd/5").ok().out == "kept\n"
    assert sorted(name for name in os.listdir(bundle.rootfs) if "remap" in name) == []


def test_shell_job(bundle, saved):  # noqa: F811
    bundle.up()
    saved.checkpoint("--shell-job").ok()
    saved.restore("--shell-job").ok()
    saved.goes_on()


def test_unix_socket_of_others(bundle, saved, workdir):  # noqa: F811
    """A datagram socket whose other end is the host's, as that of a log daemon."""
    address = str(workdir / "log")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ours:
        daemon.bind(address)
        daemon.settimeout(20 * host.PATIENCE)
        ours.connect(address)
        bundle.no_namespace("network")
        bundle.add_mount(str(workdir), "bind", workdir, ["bind"])
        bundle.args = ["/bin/probe", "wait"]
        bundle.create("--preserve-fds", "1", pass_fds=[ours.fileno()],
                      wrap=["bash", "-c", f'exec 3<&{ours.fileno()}; exec "$@"', "bash"]).ok()
        bundle.start().ok()
        bundle.output.expect("ready")
        saved.checkpoint().dray_error("CRIU_FAILED", names=["ext-unix-sk"])
        saved.goes_on()
        saved.checkpoint("--ext-unix-sk").ok()
        saved.restore("--ext-unix-sk").ok()
        saved.goes_on()


@pytest.mark.parametrize("mode", ["soft", "full", "ignore"])
def test_cgroups_mode(bundle, saved, mode):  # noqa: F811
    bundle.up()
    before = pathlib.Path(f"/proc/{bundle.pid}/cgroup").read_text()
    saved.checkpoint("--manage-cgroups-mode", mode).ok()
    saved.restore("--manage-cgroups-mode", mode).ok()
    saved.goes_on()
    assert pathlib.Path(f"/proc/{bundle.pid}/cgroup").read_text() == before


def test_strict_cgroups(bundle, saved):  # noqa: F811
    bundle.up()
    saved.checkpoint("--manage-cgroups-mode", "strict").ok()
    bundle.pid_file.unlink()
    saved.restore("--manage-cgroups-mode", "strict").dray_error("USAGE", names=["strict", "full"])
    assert bundle.leaks() == []
    saved.restore("--manage-cgroups-mode", "full").ok()
    saved.goes_on()


def test_an_empty_network(bundle, saved):  # noqa: F811
    bundle.up()
    saved.checkpoint("--empty-ns", "network").ok()
    saved.restore("--empty-ns", "network").ok()
    saved.goes_on()


def test_memory_is_kept_once(bundle, saved):  # noqa: F811
    """--auto-dedup frees in the images what has been read."""
    bundle.up()
    saved.checkpoint().ok()
    pages = saved.images / "pages-1.img"
    before = pages.stat().st_blocks
    saved.restore("--auto-dedup").ok()
    saved.goes_on()
    assert pages.stat().st_blocks < before


# --- labels

@pytest.mark.needs("apparmor")
@pytest.mark.parametrize("before", [True, False])
def test_apparmor_profile_wanted(bundle, saved, profile, workdir, before):  # noqa: F811
    """CRIU gives the new one to what had one.  To what had none it gives none, and so is refused."""
    if before:
        bundle.process["apparmorProfile"] = profile
    bundle.up()
    saved.checkpoint().ok()
    bundle.pid_file.unlink()
    bundle.process["apparmorProfile"] = profile
    (workdir / "criu.conf").write_text("lsm-profile apparmor:unconfined\n")
    bundle.config["annotations"] = {"org.criu.config": str(workdir / "criu.conf")}
    saved.restore().dray_error("RESTORE_REFUSED", names=["AppArmor profile"])
    assert bundle.leaks() == []
    bundle.config["annotations"] = {}
    if not before:
        saved.restore().dray_error("RESTORE_REFUSED", names=["AppArmor profile"])
        return
    saved.restore().ok()
    saved.goes_on()
    assert pathlib.Path(f"/proc/{bundle.pid}/attr/current").read_text() == f"{profile} (enforce)\n"
