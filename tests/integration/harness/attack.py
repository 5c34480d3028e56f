# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the attack tests share: the racer, the canary, and how often a race is run.

ATTACK_SECONDS  how long each race runs (default 0.8); with it set, slower variants run too
"""

import contextlib
import hashlib
import os
import pathlib
import subprocess
import time

import pytest

from . import host

SECONDS = float(os.environ.get("ATTACK_SECONDS", "0.8"))
THOROUGH = "ATTACK_SECONDS" in os.environ
HERE = pathlib.Path(__file__).resolve().parent

# What nothing in a container may ever change on the host.
# Attacks aim at printk_ratelimit_burst, which does no harm when a runtime falls for them; whatever
# was changed is put back.
SYSCTLS = ("kernel/printk_ratelimit_burst", "kernel/core_pattern", "kernel/modprobe", "kernel/hostname",
           "kernel/domainname", "kernel/sysrq", "kernel/panic", "net/ipv4/ip_forward", "vm/overcommit_memory", "fs/suid_dumpable")


@pytest.fixture(scope="session")
def racer(base, probe):
    """The static racer, compiled once."""
    target = probe.with_name("racer")
    compiler = os.environ.get("CC", "gcc").split()
    subprocess.run([*compiler, "-std=gnu17", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror", "-static",
                    "-o", target, HERE.parent / "racer" / "racer.c"], check=True)
    return target


def entry_of(path):
    """Everything about a file but its times."""
    status = os.lstat(path)
    if os.path.islink(path):
        content = os.readlink(path)
    elif os.path.isfile(path):
        content = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
    else:
        content = None
    return (status.st_ino, oct(status.st_mode), status.st_uid, status.st_gid, status.st_nlink, status.st_rdev,
            content)


class Canary:
    """A directory of the host with one of everything, and the host's own state."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        (self.directory / "directory").mkdir(0o711)
        (self.directory / "secret").write_text("secret\n")
        os.chmod(self.directory / "secret", 0o600)
        # names that a runtime makes, removes or writes to
        for name in ("ptmx", "core_pattern", "console", "passwd", "program"):
            (self.directory / name).write_text(name + "\n")
            os.chmod(self.directory / name, 0o640)
        self.before = self.look()

    def __fspath__(self):
        return str(self.directory)

    def __str__(self):
        return str(self.directory)

    def __truediv__(self, name):
        return self.directory / name

    def look(self):
        found = {".": entry_of(self.directory)}
        for parent, directories, files in os.walk(self.directory):
            for name in directories + files:
                path = os.path.join(parent, name)
                found[os.path.relpath(path, self.directory)] = entry_of(path)
        for name in SYSCTLS:
            with contextlib.suppress(OSError):
                found["sysctl " + name] = pathlib.Path("/proc/sys", name).read_text()
        for device in ("null", "zero", "full", "random", "urandom", "tty", "ptmx"):
            found["/dev/" + device] = entry_of("/dev/" + device)
        found["mounts"] = [line for line in host.mounts_below(self.directory)]
        return found

    def check(self):
        now = self.look()
        for name, value in self.before.items():
            if name.startswith("sysctl ") and now.get(name) != value:
                pathlib.Path("/proc/sys", name.split(" ", 1)[1]).write_text(value)
        changed = [f"{name}: {self.before.get(name)} became {now.get(name)}"
                   for name in sorted(set(now) | set(self.before)) if now.get(name) != self.before.get(name)]
        assert not changed, "the host was changed:\n" + "\n".join(changed)


@pytest.fixture
def canary(workdir):
    """Compared when the test is over, whatever else it finds."""
    made = Canary(workdir / "canary")
    yield made
    made.check()


@contextlib.contextmanager
def racing(racer, *words):
    """The racer at work beside what the with statement holds."""
    with subprocess.Popen([str(racer), *map(str, words)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


def rounds(factor=1):
    """Counts rounds of a race until its time is over; at least five, at most a hundred thousand."""
    end = time.monotonic() + SECONDS * factor
    for number in range(100_000):
        if number >= 5 and time.monotonic() > end:
            return
        yield number


def fill_canary_link(bundle, place, target):
    """Puts a symbolic link into the rootfs in the place of whatever is there."""
    path = bundle.rootfs / place.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(path) and (path.is_symlink() or not path.is_dir()):
        path.unlink()
    elif path.is_dir():
        subprocess.run(["rm", "-r", "--one-file-system", str(path)], check=True)
    os.symlink(target, path)
    return path


def upward(bundle, place, target):
    """A relative link from that place in the rootfs out to the target."""
    depth = len((bundle.rootfs / place.lstrip("/")).parent.parts)
    return "../" * (depth + 4) + str(target).lstrip("/")


def remove_container(bundle):
    """Ready for the next round, also when the last one was refused."""
    bundle.delete("--force")
