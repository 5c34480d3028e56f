# SPDX-License-Identifier: LGPL-2.1-or-later
"""Open files: the container gets its three streams and what was asked for, nothing else."""

import json
import os
import stat

import pytest

from harness import host


def test_run_has_three_streams_only(bundle):
    assert set(bundle.facts("fds")["fds"]) == {"0", "1", "2"}


def test_exec_has_three_streams_only(bundle):
    bundle.up()
    assert set(bundle.exec_facts("fds")["fds"]) == {"0", "1", "2"}


def test_inherited_files_without_close_on_exec_do_not_leak(bundle, workdir):
    """containerd's shim leaks its socket as descriptor 3."""
    (workdir / "secret").write_text("x")
    leaked = [os.open(workdir / "secret", os.O_RDONLY), os.open("/", os.O_RDONLY | os.O_DIRECTORY)]
    try:
        bundle.args = ["/bin/probe", "facts", "fds"]
        assert set(bundle.run(pass_fds=leaked).json()["fds"]) == {"0", "1", "2"}
        bundle.args = ["/bin/probe", "wait"]
        bundle.create(pass_fds=leaked).ok()
        bundle.start(pass_fds=leaked).ok()
        bundle.output.expect("ready")
        assert set(bundle.exec_facts("fds", pass_fds=leaked)["fds"]) == {"0", "1", "2"}
        assert {os.readlink(f"/proc/{bundle.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{bundle.pid}/fd")} \
            .isdisjoint({str(workdir / "secret"), "/"})
    finally:
        for fd in leaked:
            os.close(fd)


@pytest.mark.parametrize("count", [1, 2])
def test_preserved_descriptors(bundle, workdir, count):
    for number in range(3):
        (workdir / f"file{number}").write_text(str(number))
    bundle.args = ["/bin/sh", "-c", "/bin/probe facts fds; cat <&3"]
    bundle.write()
    opens = " ".join(f"{3 + number}<{workdir}/file{number}" for number in range(3))
    done = bundle.runtime("run", "--bundle", bundle.directory, "--preserve-fds", str(count), bundle.name,
                          wrap=["sh", "-c", f'exec "$0" "$@" {opens}']).ok()
    text, _, rest = done.out.partition("\n")
    fds = json.loads(text)["fds"]
    assert set(fds) == {"0", "1", "2", *(str(3 + number) for number in range(count))}
    assert rest == "0"


def test_preserved_descriptors_of_create_and_exec(bundle, workdir):
    (workdir / "file").write_text("kept")
    bundle.args = ["/bin/sh", "-c", "cat <&3; echo; exec /bin/probe wait"]
    with_file = ["sh", "-c", f'exec "$0" "$@" 3<{workdir}/file']
    bundle.create("--preserve-fds=1", wrap=with_file).ok()
    bundle.start().ok()
    bundle.output.expect("kept")
    bundle.output.expect("ready")
    assert bundle.exec("/bin/sh", "-c", "cat <&3", options=["--preserve-fds", "1"], wrap=with_file).ok().out == "kept"


def test_preserving_more_than_is_open_is_an_error(bundle, kind):
    if kind == "crun":
        pytest.skip("crun: ignores the missing ones")
    bundle.run("--preserve-fds", "5").fails(1).dray_error(("DESCRIPTOR_FAILED", "USAGE"), names=["3"])
    assert bundle.leaks() == []


@pytest.mark.parametrize("word", ["-1", "x", "99999999999999999999", ""])
def test_bad_number_of_descriptors(bundle, word):
    if bundle.runtime.kind == "runc" and word == "-1":
        pytest.skip("runc: takes it for none")
    bundle.run(f"--preserve-fds={word}").fails()
    assert bundle.leaks() == []


def test_first_process_of_a_created_container_holds_no_file_of_the_host(bundle):
    """Only streams, pipes, sockets, anonymous inodes and the start fifo may be open."""
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    base = f"/proc/{bundle.pid}/fd"
    for fd in os.listdir(base):
        target = os.readlink(f"{base}/{fd}")
        if int(fd) <= 2 or target.startswith(("pipe:", "socket:", "anon_inode:", "/memfd:")):
            continue
        mode = os.stat(f"{base}/{fd}").st_mode
        assert stat.S_ISFIFO(mode), f"descriptor {fd} of the created container is {target}"


def test_nothing_stays_open_in_the_running_container(bundle):
    bundle.up()
    assert set(os.listdir(f"/proc/{bundle.pid}/fd")) == {"0", "1", "2"}


@pytest.mark.parametrize("number", [*range(3, 20), 100, 255, 256, 1000])
def test_cwd_through_a_descriptor_is_refused(bundle, number):
    """CVE-2024-21626."""
    bundle.process["cwd"] = f"/proc/self/fd/{number}"
    bundle.args = ["/bin/probe", "facts", "cwd"]
    leaked = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        done = bundle.run(pass_fds=[leaked])
    finally:
        os.close(leaked)
    done.fails()
    assert done.out == ""
    assert bundle.leaks() == []


@pytest.mark.parametrize("number", [3, 5, 7, 8, 9, 10])
def test_exec_cwd_through_a_descriptor_is_refused(bundle, number):
    os.symlink(f"/proc/self/fd/{number}", bundle.rootfs / "w")
    bundle.up()
    leaked = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        for path in (f"/proc/self/fd/{number}", "/w"):
            done = bundle.exec("/bin/probe", "facts", "cwd", options=["--cwd", path], pass_fds=[leaked])
            done.fails(255)
            assert done.out == ""
    finally:
        os.close(leaked)


@pytest.mark.parametrize("number", [3, 6, 7, 8, 9])
def test_program_through_a_descriptor_is_refused(bundle, number):
    leaked = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    bundle.args = [f"/proc/self/fd/{number}/../../../bin/true"]
    try:
        bundle.run(pass_fds=[leaked]).fails()
    finally:
        os.close(leaked)
    assert bundle.leaks() == []


def test_commands_leave_nothing_open_in_themselves(bundle):
    """A container started ten times does not gather descriptors or processes."""
    bundle.args = ["/bin/probe", "exit", "0"]
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        bundle.run().ok()
    assert len(os.listdir("/proc/self/fd")) == before
    assert host.reap_dead() == []


def test_listen_fds_environment(bundle, workdir):
    """LISTEN_FDS of the caller are passed on, as systemd's activation wants."""
    if bundle.runtime.kind == "crun":
        pytest.skip("crun: passes no LISTEN_FDNAMES")
    (workdir / "file").write_text("x")
    bundle.args = ["/bin/sh", "-c", "/bin/probe facts fds env"]
    bundle.write()
    done = bundle.runtime(
        "run", "--bundle", bundle.directory, bundle.name,
        wrap=["sh", "-c", f'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@" 3<{workdir}/file'])
    facts = json.loads(done.ok().out)
    assert "3" in facts["fds"]
    assert "LISTEN_FDS=1" in facts["env"]
    assert "LISTEN_PID=1" in facts["env"]
