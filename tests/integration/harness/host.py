# SPDX-License-Identifier: LGPL-2.1-or-later
"""What this machine is and has, and what a test may have left on it."""

import ctypes
import functools
import os
import pathlib
import re
import select
import signal
import threading
import time

CGROUP_ROOT = pathlib.Path("/sys/fs/cgroup")
libc = ctypes.CDLL(None, use_errno=True)

# Scales every deadline, for slow machines such as an emulated one.
PATIENCE = float(os.environ.get("ITEST_PATIENCE", "1"))


def is_root():
    return os.geteuid() == 0


@functools.cache
def kernel():
    numbers = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return int(numbers[1]), int(numbers[2])


@functools.cache
def cgroup_mode():
    """v2, hybrid, v1 or none, by what is mounted where."""
    kinds = {fields[1]: fields[2] for fields in
             (line.split() for line in open("/proc/self/mounts"))
             if fields[2].startswith("cgroup")}
    if kinds.get(str(CGROUP_ROOT)) == "cgroup2":
        return "v2"
    has_v1 = "cgroup" in kinds.values()
    return ("hybrid" if "cgroup2" in kinds.values() else "v1") if has_v1 else "none"


@functools.cache
def v1_mounts():
    """Controller name to mount point of the v1 hierarchies."""
    found = {}
    for line in open("/proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        if after.split()[0] == "cgroup":
            for word in after.split()[2].split(","):
                found[word] = pathlib.Path(before.split()[4])
    return found


@functools.cache
def own_capabilities():
    for line in open("/proc/self/status"):
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


@functools.cache
def last_capability():
    return int(open("/proc/sys/kernel/cap_last_cap").read())


def become_subreaper():
    """Containers outlive the runtime that made them: we are the ones who must reap them."""
    pr_set_child_subreaper = 36
    if libc.prctl(pr_set_child_subreaper, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def wait_exit(pid, timeout=20):
    """Waits for a child (or an adopted one) and returns its code, 128+N for a signal."""
    pidfd = os.pidfd_open(pid)
    try:
        ready, _, _ = select.select([pidfd], [], [], timeout * PATIENCE)
        assert ready, f"process {pid} is still running after {timeout} s"
    finally:
        os.close(pidfd)
    _, status = os.waitpid(pid, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


class Reaper:
    """Waits in the background for an adopted process, as the monitor of an engine does.

    The first process of a PID namespace cannot end before the others are reaped.
    """

    def __init__(self, pid):
        self.pid = pid
        self.status = None
        self.thread = threading.Thread(target=self._wait, daemon=True)
        self.thread.start()

    def _wait(self):
        try:
            _, self.status = os.waitpid(self.pid, 0)
        except ChildProcessError:
            pass

    def code(self, timeout=20):
        self.thread.join(timeout * PATIENCE)
        assert not self.thread.is_alive(), f"process {self.pid} is still running after {timeout} s"
        assert self.status is not None, f"process {self.pid} was not ours to reap"
        return os.waitstatus_to_exitcode(self.status) if os.WIFEXITED(self.status) \
            else 128 + os.WTERMSIG(self.status)


def wait_gone(pid, timeout=20):
    """Waits until a process has ended; reaps it when it is ours."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([pidfd], [], [], timeout * PATIENCE)
        assert ready, f"process {pid} is still running after {timeout} s"
    finally:
        os.close(pidfd)
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass


def wait_until(condition, what, timeout=20):
    """For things that no event announces to us; the deadline only bounds a failing test."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"gave up waiting for {what}"
        time.sleep(0.01)


# Children of the harness that live longer than one test.
kept = set()


def children():
    """Pids of our children, adopted ones included, without those that are kept."""
    found = []
    for task in pathlib.Path("/proc/self/task").iterdir():
        try:
            found += [int(pid) for pid in (task / "children").read_text().split() if int(pid) not in kept]
        except FileNotFoundError:
            pass
    return found


def describe_process(pid):
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        return f"{pid} ({words.strip() or pathlib.Path(f'/proc/{pid}/comm').read_text().strip()})"
    except OSError:
        return str(pid)


def reap_dead(but=()):
    """Reaps whatever children are dead; returns the pids of those alive."""
    alive = []
    for pid in children():
        if pid in but:
            continue
        try:
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                alive.append(pid)
        except ChildProcessError:
            pass
    return alive


def reap_strays():
    """Collects dead children; returns descriptions of those that still live, after killing them."""
    alive = reap_dead()
    described = [describe_process(pid) for pid in alive]
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    if alive:
        wait_until(lambda: not reap_dead(), f"the end of {described}")
    return described


def mounts_below(directory):
    """Lines of our mount table whose mount point or root lies below the directory."""
    return [line.rstrip("\n") for line in open("/proc/self/mountinfo")
            if str(directory) in line.split(" - ")[0]]


def cgroups_named(name):
    """Directories of any hierarchy with that name, alone or behind a prefix such as "dray-"."""
    assert len(name) > 6, f"{name!r} is no name of a test's own"
    found = []
    for base, directories, _ in os.walk(CGROUP_ROOT):
        found += [os.path.join(base, entry) for entry in directories if name in entry]
    return found


def remove_cgroups(paths):
    for path in sorted(paths, key=len, reverse=True):
        for base, _, _ in os.walk(path, topdown=False):
            try:
                os.rmdir(base)
            except OSError:
                pass
