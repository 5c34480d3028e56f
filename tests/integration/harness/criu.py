# SPDX-License-Identifier: LGPL-2.1-or-later
"""A criu that works on this kernel: the host's own, else a newer one that tests/criu/fetch has got."""

import fcntl
import functools
import hashlib
import os
import pathlib
import shutil
import subprocess

from harness import host

FETCH = pathlib.Path(__file__).resolve().parents[2] / "criu" / "fetch"
# The newest knows the newest kernels; a stable one is always there.
SUITES = os.environ.get("CRIU_SUITE", "sid trixie").split()


def _works(*words):
    """CRIU itself says whether it can do it; it also needs the file systems where it keeps its cache."""
    if shutil.which("criu") is None:
        return False
    return subprocess.run(["criu", "check", *words], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                          timeout=60 * host.PATIENCE).returncode == 0


def _fetched(suite):
    """The directory of that release's, made once for all runs on this machine; None where it cannot be had."""
    if not FETCH.exists() or not shutil.which("mmdebstrap"):
        return None
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "dray"
    cache.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(FETCH.read_bytes()).hexdigest()[:16]
    directory = cache / f"criu-{suite}-{key}"
    with open(cache / "criu.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (directory / "criu").exists():
            subprocess.run([FETCH, suite, directory], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                           timeout=600)
    return directory if (directory / "criu").exists() else None


@functools.cache
def find():
    """Whether there is one; from then on it is the first in $PATH, also for the engines and for dray."""
    if not host.is_root():
        return False
    if "CRIU_SUITE" not in os.environ and _works():
        return True
    before = os.environ["PATH"]
    for suite in SUITES:
        directory = _fetched(suite)
        os.environ["PATH"] = f"{directory}:{before}"
        if directory is not None and _works():
            return True
    os.environ["PATH"] = before
    return False


@functools.cache
def can(feature):
    """Whether it has a feature of `criu check --feature`."""
    return find() and _works("--feature", feature)


@functools.cache
def can_tcp():
    """Since Linux 6.16 a TCP socket has no credentials to ask for, which CRIU knows since 4.2.

    With CRIU 4.1.1 on Linux 6.12 the other end saw the connection end while it was restored; why is not known.
    """
    if not find():
        return False
    version = subprocess.run(["criu", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return tuple(int(part) for part in version.split(".")[:2]) >= (4, 2)
