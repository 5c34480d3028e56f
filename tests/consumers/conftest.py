# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the consumers' tests: real engines of the distribution on top of the runtime.

RUNTIME            the runtime under test (default: dray at the top of the tree)
CONSUMERS_CONTROL  no: without the control, where time is short
CONTROL            the runtime to compare with (default: what the engine's package prefers, crun or runc)
CONSUMERS_MANAGER  cgroupfs or systemd: who makes the cgroups (default: systemd where it runs)
CONSUMERS_USER     an ordinary user of a machine that is thrown away, whose home and session the tests may use
ITEST_PATIENCE     a factor for all deadlines, for slow machines
"""

import contextlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "integration")]

# Both directories have to be in the path first.
from engines import control, image, private, reaper  # noqa: E402
from engines.buildah import Buildah  # noqa: E402
from engines.containerd import IMAGE as CONTAINERD_IMAGE  # noqa: E402
from engines.containerd import Containerd, Crictl, Ctr, find_crictl  # noqa: E402
from engines.docker import Docker, Dockerd, find_client  # noqa: E402
from engines.engine import cleaned  # noqa: E402
from engines.faulty import Faulty  # noqa: E402
from engines.podman import Podman, PodmanStore, podman_version  # noqa: E402
from harness import criu, host  # noqa: E402
from harness.retry import pytest_runtest_protocol, pytest_terminal_summary  # noqa: E402, F401: hooks
from harness.runtime import runtime_path  # noqa: E402

NEEDS = {
    "podman": ("podman", "needs podman"),
    "containerd": ("ctr", "needs containerd"),
    "buildah": ("buildah", "needs buildah"),
    "docker": ("dockerd", "needs dockerd"),
    "apparmor": (lambda: shutil.which("apparmor_parser") and os.path.exists("/sys/kernel/security/apparmor"), "needs AppArmor"),
    "catatonit": ("catatonit", "needs catatonit"),
    "criu": (criu.find, "needs a criu that works on this kernel"),
    "criu_tcp": (criu.can_tcp, "needs CRIU 4.2 for TCP"),
    "criu_pre_dump": (lambda: criu.can("mem_dirty_track"), "needs criu and a kernel that tracks memory"),
}


def pytest_configure(config):
    for line in ("needs(*words): skip unless the host has all of these",
                 "podman_version(major, minor): skip unless Podman is at least that new"):
        config.addinivalue_line("markers", line)
    if not runtime_path().exists():
        pytest.exit(f"no runtime at {runtime_path()}: build dray or set RUNTIME", returncode=2)


def pytest_collection_modifyitems(items):
    control.order(items)


def missing():
    if not host.is_root():
        return "needs root"
    return None if shutil.which("busybox") else "needs busybox-static"


def pytest_runtest_setup(item):
    why = missing()
    if why:
        pytest.skip(why)
    for marker in item.iter_markers("needs"):
        for word in marker.args:
            there, why = NEEDS[word]
            if not (there() if callable(there) else shutil.which(there)):
                pytest.skip(why)
    for marker in item.iter_markers("podman_version"):
        if podman_version() < marker.args:
            pytest.skip(f"needs Podman {marker.args[0]}.{marker.args[1]}")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    control.judge(item, outcome.get_result())


def out_of_time(number, frame):
    raise AssertionError("the test took too long")


@contextlib.contextmanager
def deadline():
    """Nothing here may hang: whatever a test waits for, it is interrupted after a while."""
    before = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, 60 * host.PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    with deadline():
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item):
    with deadline():
        yield


@pytest.fixture(scope="session")
def found_crictl(request):
    """Where crictl is, for the tests that want it.  Building it takes the network of the host."""
    wanted = any("crictl_program" in item.fixturenames for item in request.session.items)
    return find_crictl() if wanted and not missing() else None


@pytest.fixture(scope="session")
def found_criu(request):
    """criu for the tests that want it, as early as that: getting it takes the network of the host, too."""
    wanted = any("criu" in word for item in request.session.items for mark in item.iter_markers("needs")
                 for word in mark.args)
    return wanted and not missing() and criu.find()


@pytest.fixture(scope="session", autouse=True)
def corner(found_crictl, found_criu):
    """Everything below happens in namespaces of our own (engines/private.py)."""
    if missing():
        yield
        return
    host.become_subreaper()
    os.umask(0o022)
    private.enter()
    stop = reaper.start()
    yield
    stop()
    private.leave()


@pytest.fixture(scope="session")
def base(corner):
    """Where everything goes: short, since paths of sockets are."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="drayc-"))
    os.chmod(path, 0o755)
    (path / "image").mkdir()
    private.share_ids(path, "containers", 1000000, 1 << 20)
    layer = image.make_archive(image.make_rootfs(path / "image"), path / "image/image.tar")
    image.make_docker_archive(layer, path / "image/docker.tar", CONTAINERD_IMAGE)
    yield path
    strays = host.reap_strays()
    private.unshare_ids()
    private.unmount_below(path)
    if not host.mounts_below(path):
        shutil.rmtree(path, ignore_errors=True)
    assert not strays, f"processes left behind: {strays}"


_serial = itertools.count(1)


@pytest.fixture
def workdir(base, request):
    path = base / f"{next(_serial):03}-{re.sub(r'[^A-Za-z0-9]+', '-', request.node.name)[:40]}"
    path.mkdir()
    yield path
    if not host.mounts_below(path):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(params=["dray"] if os.environ.get("CONSUMERS_CONTROL") == "no" else ["control", "dray"])
def which(request):
    return request.param


@pytest.fixture(scope="session")
def manager():
    booted = os.path.isdir("/run/systemd/system")  # sd_booted(3)
    return os.environ.get("CONSUMERS_MANAGER") or ("systemd" if booted else "cgroupfs")


@pytest.fixture(scope="session")
def faulty(base):
    (base / "faulty").mkdir()
    return Faulty(base / "faulty", control.dray())


@pytest.fixture(scope="session")
def podman_store(base, manager):
    (base / "podman").mkdir()
    store = PodmanStore(base / "podman", manager)
    yield store
    store.clean()


@pytest.fixture
def podman(podman_store, which):
    yield from cleaned(Podman(podman_store, control.runtime(which, "crun", "runc")))


@pytest.fixture
def buildah(podman_store, which):
    yield from cleaned(Buildah(podman_store, control.runtime(which, "crun", "runc")))


@pytest.fixture(scope="session")
def containerd(base, manager):
    (base / "containerd").mkdir()
    runtimes = {"dray": control.dray()}
    other = control.control("runc", "crun")
    if other:
        runtimes["control"] = other
    made = Containerd(base / "containerd", runtimes, manager)
    made.start(base / "image/docker.tar")
    yield made
    made.stop()


@pytest.fixture
def ctr(containerd, which):
    yield from cleaned(Ctr(containerd, control.runtime(which, "runc", "crun")))


@pytest.fixture(scope="session")
def crictl_program(found_crictl):
    if found_crictl is None:
        pytest.skip("needs crictl, or Go and its module proxy")
    return found_crictl


@pytest.fixture
def cri(containerd, which, crictl_program, workdir):
    if which == "control":
        control.skip_without(control.control("runc", "crun"))
    yield from cleaned(Crictl(containerd, crictl_program, which, workdir))


@pytest.fixture(scope="session")
def dockerd(base, manager, faulty, containerd):
    if not find_client():
        pytest.skip("needs docker's client")
    (base / "docker").mkdir()
    runtimes = {"dray": control.dray(), "faulty": faulty.runtime}
    other = control.control("runc", "crun")
    if other:
        runtimes["control"] = other
    made = Dockerd(base / "docker", runtimes, manager, containerd)
    made.start(base / "image/image.tar")
    yield made
    made.stop()


@pytest.fixture
def dockerd_bridge(dockerd):
    if '"bridge"' not in dockerd.client("network", "ls", "--format", "{{json .Name}}").stdout:
        pytest.skip("no bridges on this host")


def docker_on(dockerd, which):
    yield from cleaned(Docker(dockerd, control.runtime(which, "runc", "crun"), which))


@pytest.fixture
def docker(dockerd, which):
    yield from docker_on(dockerd, which)


@pytest.fixture(scope="session")
def remapping_dockerd(base, manager, containerd):
    """dockerd whose containers have a user namespace: with subordinate ids of a user of the system."""
    if not find_client():
        pytest.skip("needs docker's client")
    (base / "remap").mkdir()
    private.share_ids(base / "remap", "daemon", 2000000, 65536)
    runtimes = {name: runtime for name, runtime in (("dray", control.dray()), ("control", control.control("runc", "crun"))) if runtime}
    made = Dockerd(base / "remap", runtimes, manager, containerd, ["--userns-remap", "daemon", "--bridge", "none"], "remap")
    made.start(base / "image/image.tar")
    yield made
    made.stop()
    private.unshare_ids()


@pytest.fixture
def remapped(remapping_dockerd, which):
    yield from docker_on(remapping_dockerd, which)


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.needs(name)) for name in ("podman", "docker")])
def engine(request, which):
    """What Podman and Docker do alike, with each of them (engines/containers.py)."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def bridges(request, engine):
    if engine.name == "docker":
        request.getfixturevalue("dockerd_bridge")
