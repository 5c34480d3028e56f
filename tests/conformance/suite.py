# SPDX-License-Identifier: LGPL-2.1-or-later
"""The OCI runtime-tools validation suite: builds it, unmodified, and runs one of its programs."""

import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
SUITE = "github.com/opencontainers/runtime-tools"
# The suite has a root file system for these alone.
ARCHITECTURES = {"x86_64": "amd64", "i686": "386"}
RESULT = re.compile(r"^(not )?ok\b(?:\s+\d+)?\s*(?:-\s*)?(.*)$")


class Unavailable(Exception):
    """The suite cannot be had on this machine; the words say why."""


class Broken(Exception):
    """The suite was fetched and does not build."""


def go(arguments, directory, timeout):
    # A go.mod of a parent directory, a workspace or a newer toolchain must not change what is built.
    environment = dict(
        os.environ, GOFLAGS="-mod=mod", GOTOOLCHAIN="local", GOWORK="off", CGO_ENABLED="0"
    )
    environment.setdefault("HOME", "/root")
    try:
        return subprocess.run(
            ["go", *arguments],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(arguments, 124, "", f"no end after {timeout} s")


def last_line(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def cache_key(version):
    digest = hashlib.sha256(version.encode())
    for name in ("go.mod", "go.sum"):
        with open(os.path.join(HERE, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:16]


def build(cache):
    """The directory with the suite's programs, runtimetest and root file system; built when missing."""
    architecture = ARCHITECTURES.get(platform.machine())
    if architecture is None:
        raise Unavailable(f"the suite has no root file system for {platform.machine()}")
    if shutil.which("go") is None:
        raise Unavailable("Go is not installed, so the suite cannot be built")
    version = go(["version"], "/", 30).stdout
    os.makedirs(cache, mode=0o755, exist_ok=True)
    with open(os.path.join(cache, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory = os.path.join(cache, cache_key(version))
        if not os.path.isdir(directory):
            scratch = directory + ".new"
            shutil.rmtree(scratch, ignore_errors=True)
            os.makedirs(scratch)
            fill(scratch, architecture)
            os.rename(scratch, directory)
    return directory


def fill(directory, architecture):
    for name in ("go.mod", "go.sum"):
        shutil.copy(os.path.join(HERE, name), directory)
    fetched = go(["mod", "download", "-json"], directory, 300)
    if fetched.returncode != 0:
        raise Unavailable(f"the Go module proxy cannot be reached: {last_line(fetched.stderr)}")
    modules = decode_objects(fetched.stdout)
    source = next((module.get("Dir") for module in modules if module["Path"] == SUITE), None)
    if not source:
        raise Unavailable(f"the Go module proxy serves no {SUITE}")
    programs = os.path.join(directory, "programs") + os.sep
    built = go(
        ["build", "-o", programs, f"{SUITE}/validation/...", f"{SUITE}/cmd/runtimetest"],
        directory,
        900,
    )
    if built.returncode != 0:
        raise Broken(built.stderr)
    # The programs look for both in their working directory.
    os.rename(os.path.join(programs, "runtimetest"), os.path.join(directory, "runtimetest"))
    shutil.copy(os.path.join(source, f"rootfs-{architecture}.tar.gz"), directory)


def decode_objects(text):
    decoder = json.JSONDecoder()
    objects = []
    position = 0
    while position < len(text.rstrip()):
        value, position = decoder.raw_decode(text, position)
        objects.append(value)
        while position < len(text) and text[position].isspace():
            position += 1
    return objects


def newer_version(directory):
    """The proxy's newest version of the suite when it is not the one of go.mod, else None."""
    listed = go(["list", "-m", "-f", "{{.Version}}", f"{SUITE}@latest"], directory, 60)
    newest = listed.stdout.strip()
    with open(os.path.join(HERE, "go.mod"), encoding="utf-8") as file:
        return newest if newest and f"{SUITE} {newest}\n" not in file.read() else None


class Outcome:
    """What one program of the suite said."""

    def __init__(self, passed, failed, text):
        self.passed = passed
        self.failed = failed  # descriptions
        self.text = text


def run(directory, program, runtime, scratch, seconds):
    """Runs one program, in a mount namespace of its own so that no runtime can litter the host."""
    temporary = os.path.join(scratch, "bundles", program)
    os.makedirs(temporary, exist_ok=True)
    child = subprocess.Popen(
        [
            "unshare",
            "--mount",
            "--propagation",
            "private",
            "--",
            os.path.join(directory, "programs", program),
        ],
        cwd=directory,
        env=dict(os.environ, RUNTIME=runtime, TMPDIR=temporary),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        output, errors = child.communicate(timeout=seconds)
        status = child.returncode
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        output, errors = collect_rest(child)
        status = None
    output = output.decode(errors="replace")
    errors = errors.decode(errors="replace")
    return judge(output, errors, status, seconds)


def collect_rest(child):
    """A container that still runs may keep the pipes open."""
    try:
        return child.communicate(timeout=10)
    except subprocess.TimeoutExpired as rest:
        return rest.stdout or b"", rest.stderr or b""


def judge(output, errors, status, seconds):
    """Some programs only print a diagnostic called "error" when they fail, some only exit with 1."""
    passed = 0
    failed = []
    for line in output.splitlines():
        result = RESULT.match(line)
        if result and result.group(1) and "# TODO" not in line:
            failed.append(result.group(2))
        elif result:
            passed += 1
    if passed == 0 and not failed:
        failed += [
            json.loads(found).splitlines()[0]
            for found in re.findall(r'^\s*"error": (".*"),?$', output, re.MULTILINE)
        ]
    if status is None:
        failed.append(f"no end after {seconds} s")
    elif status != 0:
        failed.append(f"ended with status {status}")
    elif not failed and passed == 0:
        # Those that have nothing to say and end with 0 are content.
        passed = 1
    return Outcome(passed, failed, output + errors)
