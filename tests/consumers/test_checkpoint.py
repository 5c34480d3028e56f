# SPDX-License-Identifier: LGPL-2.1-or-later
"""checkpoint and restore as Podman and containerd ask for them."""

import socket

import pytest

from engines.podman import IMAGE
from harness import host

pytestmark = pytest.mark.needs("criu")

COUNT = ("sh", "-c", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done")


def numbers(podman, name):
    return [int(line) for line in podman("logs", name).stdout.split()]


def counting(podman, *options):
    name = podman.detached(*options, command=COUNT)
    host.wait_until(lambda: len(numbers(podman, name)) > 3, "some numbers")
    return name


def goes_on(podman, name):
    """It runs, and it counts on from where it was: no number twice."""
    assert podman.state(name)["Status"] == "running"
    before = len(numbers(podman, name))
    found = host.wait_until(lambda: len(numbers(podman, name)) > before + 1 and numbers(podman, name), "more numbers")
    assert found == sorted(set(found)), found


@pytest.mark.needs("podman")
def test_podman_checkpoint_and_restore(podman):
    name = counting(podman)
    podman("container", "checkpoint", name, timeout=120)
    assert podman.state(name)["Status"] == "exited" and podman.state(name)["Checkpointed"]
    podman("container", "restore", name, timeout=120)
    goes_on(podman, name)
    assert podman("exec", name, "echo", "hello").stdout == "hello\n"


@pytest.mark.needs("podman")
def test_podman_leave_running(podman):
    name = counting(podman)
    podman("container", "checkpoint", "--leave-running", name, timeout=120)
    goes_on(podman, name)


@pytest.mark.needs("podman")
def test_podman_archive_and_another_name(podman, workdir):
    (workdir / "volume").mkdir()
    (workdir / "volume" / "file").write_text("content")
    name = counting(podman, "--volume", f"{workdir}/volume:/data:ro", "--read-only", "--tmpfs", "/scratch",
                    "--cap-drop", "all", "--security-opt", "no-new-privileges", "--pids-limit", "50")
    podman("exec", name, "sh", "-c", "echo kept > /scratch/note")
    podman("container", "checkpoint", "--export", workdir / "archive.tar.gz", name, timeout=120)
    podman("rm", "--force", "--time", "0", name)
    podman("container", "restore", "--import", workdir / "archive.tar.gz", "--name", "copy", timeout=120)
    goes_on(podman, "copy")
    assert podman("exec", "copy", "cat", "/data/file", "/scratch/note").stdout == "contentkept\n"


@pytest.mark.needs("podman")
def test_podman_stops_what_was_restored(podman):
    name = counting(podman)
    podman("container", "checkpoint", name, timeout=120)
    podman("container", "restore", name, timeout=120)
    podman("stop", "--time", "1", name)
    assert podman.state(name)["ExitCode"] == 137


@pytest.mark.needs("podman", "criu_pre_dump")
def test_podman_pre_checkpoint(podman, workdir):
    name = counting(podman)
    podman("container", "checkpoint", "--pre-checkpoint", "--export", workdir / "pre.tar.gz", name, timeout=120)
    goes_on(podman, name)
    podman("container", "checkpoint", "--with-previous", "--export", workdir / "full.tar.gz", name, timeout=120)
    podman("rm", "--force", "--time", "0", name)
    podman("container", "restore", "--import-previous", workdir / "pre.tar.gz", "--import", workdir / "full.tar.gz",
           timeout=120)
    goes_on(podman, name)


@pytest.mark.needs("podman", "criu_tcp")
def test_podman_established_connection(podman):
    """It goes on, with the host at the other end and in a network that Podman makes anew; that this is wanted has to be said."""
    with socket.create_server(("", 0)) as listener:
        listener.settimeout(30 * host.PATIENCE)
        name = podman("run", "-d", IMAGE, "sh", "-c",
                      "gateway=$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'); sleep 1000 | "
                      f"nc $gateway {listener.getsockname()[1]} | while read -r word; do echo got $word; done").stdout.strip()
        connection, _ = listener.accept()
        with connection:
            podman.fails("container", "checkpoint", name)
            connection.sendall(b"one\n")
            podman.wait_logged(name, "got one")
            podman("container", "checkpoint", "--tcp-established", name, timeout=120)
            assert podman.state(name)["Status"] == "exited"
            podman("container", "restore", "--tcp-established", name, timeout=120)
            connection.sendall(b"two\n")
            podman.wait_logged(name, "got two")


# --- containerd

COUNT_TO_FILE = ("sh", "-c", "i=0; while :; do i=$((i+1)); echo $i > /count; sleep 0.1; done")


def count_of(ctr, name):
    return int(ctr("task", "exec", "--exec-id", "count", name, "cat", "/count").stdout or 0)


@pytest.mark.needs("containerd")
def test_containerd_checkpoint(ctr, workdir):
    """ctr keeps the images of the task in a directory; a task that exits with it can be removed then."""
    name = ctr.detached("counts", *COUNT_TO_FILE)
    ctr("task", "checkpoint", "--image-path", workdir / "first", name, timeout=120)
    before = count_of(ctr, name)
    host.wait_until(lambda: count_of(ctr, name) > before, "the next number")
    ctr("task", "checkpoint", "--exit", "--image-path", workdir / "images", name, timeout=120)
    assert (workdir / "images" / "inventory.img").exists()
    ctr.wait_status(name, "STOPPED")
    ctr("task", "rm", name, code=None)  # says that it was killed
    assert name not in ctr.tasks()


@pytest.mark.needs("containerd")
def test_containerd_restore(ctr):
    """A checkpoint in containerd's store, with what has been written, becomes another container."""
    name = ctr.detached("counts", *COUNT_TO_FILE)
    host.wait_until(lambda: count_of(ctr, name) > 3, "some numbers")
    ctr("container", "checkpoint", "--rw", "--task", "--image", name, "localhost/consumers/saved:1", timeout=120)
    saved = count_of(ctr, name)
    ctr("task", "rm", "--force", name, code=None)
    ctr("container", "rm", name)
    ctr.made.append("again")
    ctr("container", "restore", "--rw", "--live", "again", "localhost/consumers/saved:1", timeout=120)
    assert ctr.tasks()["again"][1] == "RUNNING"
    found = count_of(ctr, "again")
    assert found > 3 and found < saved + 200
    host.wait_until(lambda: count_of(ctr, "again") > found, "the next number")
    ctr("image", "rm", "localhost/consumers/saved:1")


# --- dockerd

@pytest.mark.needs("docker")
def test_docker_checkpoint_and_start(docker):
    name = docker.detached(command=COUNT_TO_FILE)
    count = lambda: int(docker("exec", name, "cat", "/count").stdout or 0)  # noqa: E731
    docker("checkpoint", "create", "--leave-running", name, "first", timeout=120)
    before = count()
    host.wait_until(lambda: count() > before, "the next number")
    docker("checkpoint", "create", name, "second", timeout=120)
    docker.wait_status(name, "exited")
    done = docker("start", "--checkpoint", "second", name, code=None, timeout=120)
    if "/proc/0/ns/net" in done.stderr:
        pytest.skip("this dockerd looks for the network of a process that has not been restored yet")
    assert done.returncode == 0, done.stderr
    assert docker.state(name)["Running"]
    found = count()
    assert found >= before
    host.wait_until(lambda: count() > found, "the next number")
