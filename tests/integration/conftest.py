# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of the integration tests.

RUNTIME          the runtime under test (default: dray at the top of the tree)
RUNTIME_OPTIONS  global options for every call, such as --cgroup-manager=disabled
ITEST_PATIENCE   a factor for all deadlines, for slow machines
ITEST_RETRY      1: run a test that failed once more, and say so (harness/retry.py)
"""

import contextlib
import itertools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile

import pytest

from harness import criu, host
from harness.bundle import Bundle
from harness.retry import pytest_runtest_protocol, pytest_terminal_summary  # noqa: F401: hooks
from harness.runtime import Runtime, runtime_kind, runtime_path
from harness.systemd_host import missing as systemd_host_missing
from harness.systemd_host import shared as shared_systemd_host

HERE = pathlib.Path(__file__).resolve().parent

# What a test can ask for with @pytest.mark.needs("..."): {word: (is it there, why not)}.
NEEDS = {
    "root": (host.is_root, "needs root"),
    "rootless": (lambda: not host.is_root(), "needs an ordinary user"),
    "cgroup_v1": (lambda: host.cgroup_mode() in ("v1", "hybrid"), "needs cgroup v1 controllers"),
    "cgroup_v2": (lambda: host.cgroup_mode() == "v2", "needs a pure cgroup v2 host"),
    "cgroup_hybrid": (lambda: host.cgroup_mode() == "hybrid", "needs a hybrid cgroup host"),
    "busybox": (lambda: shutil.which("busybox") is not None, "needs busybox-static"),
    "podman": (lambda: shutil.which("podman") is not None, "needs podman"),
    "sys_resource": (lambda: bool(host.own_capabilities() >> 24 & 1), "needs CAP_SYS_RESOURCE"),
    "apparmor": (lambda: shutil.which("apparmor_parser") is not None and os.path.exists("/sys/kernel/security/apparmor"),
                 "needs AppArmor"),
    "selinux": (lambda: os.path.exists("/sys/fs/selinux/enforce"), "needs SELinux"),
    "systemd_host": (lambda: systemd_host_missing() is None, "needs systemd, or what boots one in namespaces"),
    "two_cpus": (lambda: os.cpu_count() > 1, "needs two CPUs"),
    "strace": (lambda: shutil.which("strace") is not None, "needs strace"),
    "criu": (criu.find, "needs a criu that works on this kernel"),
    "criu_tcp": (criu.can_tcp, "needs CRIU 4.2 for TCP"),
    "criu_pre_dump": (lambda: criu.can("mem_dirty_track"), "needs criu and a kernel that tracks memory"),
    "valgrind": (lambda: shutil.which("valgrind") is not None, "needs valgrind"),
}


def pytest_configure(config):
    for line in (
        "needs(*words): skip unless the host has all of these; words like 'kernel>=6.3' work too",
        "only_dray(why): holds for dray only; other runtimes serve as controls",
        "unlike(runc=..., crun=...): the control behaves differently, for the reason given",
        "slow: takes several seconds",
    ):
        config.addinivalue_line("markers", line)
    if not runtime_path().exists():
        pytest.exit(f"no runtime at {runtime_path()}: build dray or set RUNTIME", returncode=2)


def pytest_report_header(config):
    return f"runtime under test: {runtime_path()} ({runtime_kind()}), cgroups {host.cgroup_mode()}"


def missing_need(word):
    version = re.fullmatch(r"kernel>=(\d+)\.(\d+)", word)
    if version:
        wanted = int(version[1]), int(version[2])
        return None if host.kernel() >= wanted else f"needs Linux {version[1]}.{version[2]}"
    there, why = NEEDS[word]
    return None if there() else why


def pytest_runtest_setup(item):
    if item.get_closest_marker("needs_no_root") is None and not host.is_root() and \
            item.get_closest_marker("rootless") is None:
        pytest.skip("needs root")
    for marker in item.iter_markers("needs"):
        for word in marker.args:
            why = missing_need(word)
            if why:
                pytest.skip(why)
    if runtime_kind() != "dray":
        for marker in item.iter_markers("only_dray"):
            pytest.skip(f"dray only: {marker.args[0]}")
        for marker in item.iter_markers("unlike"):
            if runtime_kind() in marker.kwargs:
                pytest.skip(f"{runtime_kind()}: {marker.kwargs[runtime_kind()]}")


def out_of_time(number, frame):
    raise AssertionError("the test took too long")


@contextlib.contextmanager
def deadline(item):
    """Nothing here may hang: whatever a test waits for, it is interrupted after a while."""
    before = signal.signal(signal.SIGALRM, out_of_time)
    limit = 300 if item.get_closest_marker("slow") else 60
    signal.setitimer(signal.ITIMER_REAL, limit * host.PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    with deadline(item):
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item):
    with deadline(item):
        yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, f"report_{call.when}", outcome.get_result())


@pytest.fixture(scope="session", autouse=True)
def subreaper():
    host.become_subreaper()
    os.umask(0o022)


@pytest.fixture(scope="session")
def base():
    """Where everything goes; open to all so that mapped users can reach their rootfs."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="dray-it-"))
    os.chmod(path, 0o755)
    yield path
    if not host.mounts_below(path):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def probe(base):
    """The static probe, compiled once; busybox lies beside it when the host has it."""
    tools = base / "tools"
    tools.mkdir()
    target = tools / "probe"
    compiler = os.environ.get("CC", "gcc").split()
    subprocess.run([*compiler, "-std=gnu17", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror",
                    "-static", "-o", target, *sorted((HERE / "probe").glob("*.c"))], check=True)
    busybox = shutil.which("busybox")
    if busybox:
        shutil.copy2(os.path.realpath(busybox), tools / "busybox")
    return target


_serial = itertools.count(1)


@pytest.fixture
def workdir(base, request):
    """A directory of the test's own, removed when the test passed."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name)[:40]
    path = base / f"{next(_serial):03}-{name}"
    path.mkdir()
    yield path
    failed = getattr(getattr(request.node, "report_call", None), "failed", True)
    if not failed and not host.mounts_below(path):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def systemd_host():
    """A host with systemd: this one, or one booted in namespaces."""
    return shared_systemd_host()


@pytest.fixture
def runtime(workdir):
    return Runtime(workdir)


@pytest.fixture
def make_bundle(workdir, runtime, probe):
    """Makes bundles; afterwards every container is deleted and nothing of it may be left."""
    made = []

    def make(name=None, runtime=runtime):
        serial = len(made)
        name = name or f"it{os.getpid()}-{next(_serial)}"
        bundle = Bundle(workdir / f"b{serial}", name, runtime, probe)
        made.append(bundle)
        return bundle

    yield make
    left = []
    for bundle in reversed(made):
        left += bundle.clean()
    left += [f"process {stray}" for stray in host.reap_strays()]
    assert not left, "left behind:\n" + "\n".join(left)


@pytest.fixture
def bundle(make_bundle):
    return make_bundle()


@pytest.fixture
def kind():
    return runtime_kind()


@pytest.fixture
def is_dray(kind):
    return kind == "dray"
