# SPDX-License-Identifier: LGPL-2.1-or-later
"""checkpoint and restore with wrong options, without criu, and with one that misbehaves."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from harness import host

pytestmark = pytest.mark.only_dray("its own errors")

FAKE = pathlib.Path(__file__).resolve().parent / "harness" / "fake_criu.py"


class FakeCriu:
    """A directory for $PATH with a criu that does as it is told."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        self.path = directory / "criu"
        shutil.copy(FAKE, self.path)
        os.chmod(self.path, 0o755)

    def does(self, *lines):
        (self.directory / "FAKE_CRIU").write_text("".join(line + "\n" for line in lines))
        return {"PATH": f"{self.directory}:{os.environ['PATH']}"}

    @property
    def answers(self):
        file = self.directory / "answers"
        return dict(line.split() for line in file.read_text().splitlines()) if file.exists() else {}


GO_ON, GIVE_UP = "08061801", "08061800"


@pytest.fixture
def fake(workdir):
    return FakeCriu(workdir / "fake")


@pytest.fixture
def images(workdir):
    directory = workdir / "images"
    directory.mkdir()
    (directory / "inventory.img").write_bytes(b"")
    return directory


@contextlib.contextmanager
def small_filesystem(directory, options):
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", directory], check=True)


def checkpoint(bundle, *options, **settings):
    return bundle.runtime("checkpoint", *options, bundle.name, **settings)


def restore(bundle, *options, **settings):
    return bundle.command("restore", "--detach", *options, **settings)


def is_as_before(bundle):
    assert bundle.status == "running"
    bundle.kill("USR1").ok()
    bundle.output.expect("signal 10")


def test_added_mounts_are_in_the_way(bundle, images, fake):
    bundle.up()
    file = bundle.directory / "mounts.json"
    file.write_text('{"mounts": [{"destination": "/added", "type": "bind", "source": "/etc"}]}')
    bundle.runtime("mounts", "add", bundle.name, file).ok()
    checkpoint(bundle, "--image-path", images, env=fake.does()) \
        .dray_error("CONTAINER_STATUS", names=["/added", "remove it first"])
    is_as_before(bundle)


def test_root_that_says_so(bundle, images, fake):
    """--rootless=false asks for all that root can do: CRIU is called."""
    bundle.up()
    bundle.runtime("checkpoint", "--image-path", images, bundle.name, options=["--rootless=false"],
                   env=fake.does("refuse 5")).fails(1, ["criu"])
    assert (fake.directory / "request").exists()
    is_as_before(bundle)


# --- options

@pytest.mark.parametrize("words, names", [
    (["--page-server", "nowhere"], ["ADDRESS:PORT", "nowhere"]),
    (["--page-server", ":12"], ["ADDRESS:PORT"]),
    (["--page-server", "host:0"], ["ADDRESS:PORT"]),
    (["--page-server", "host:65536"], ["ADDRESS:PORT"]),
    (["--page-server", "host:-1"], ["ADDRESS:PORT"]),
    (["--status-fd", "99"], ["99"]),
    (["--status-fd", "-1"], ["-1"]),
    (["--status-fd", "4294967296"], ["4294967296"]),
    (["--manage-cgroups-mode", "hard"], ["hard", "strict"]),
    (["--network-lock", "wall"], ["wall", "nftables"]),
    (["--empty-ns", "pid"], ["pid", "network"]),
    (["--tcp-established=maybe"], ["maybe"]),
    (["--image-path"], ["needs an argument"]),
    (["--tcp-close"], ["--tcp-close"]),
    (["--bundle", "/"], ["--bundle"]),
])
def test_wrong_options_of_checkpoint(bundle, fake, words, names):
    bundle.up()
    env = fake.does("refuse 5")
    bundle.runtime("checkpoint", bundle.name, *words, env=env).dray_error("USAGE", names=names)
    assert not (fake.directory / "request").exists()
    is_as_before(bundle)


def test_absolute_parent_path(bundle, workdir, fake):
    bundle.up()
    checkpoint(bundle, "--image-path", workdir / "i", "--parent-path", workdir, env=fake.does("die 1")) \
        .dray_error("USAGE", names=["relative", str(workdir)])
    is_as_before(bundle)


def test_parent_path_that_is_not_there(bundle, workdir, fake):
    bundle.up()
    checkpoint(bundle, "--image-path", workdir / "i", "--parent-path", "../none", env=fake.does("die 1")) \
        .dray_error("CHECKPOINT_FILES", names=["../none"])
    is_as_before(bundle)


def test_image_path_that_cannot_be(bundle, workdir, fake):
    bundle.up()
    (workdir / "file").write_text("")
    for path in (workdir / "no" / "where", workdir / "file"):
        checkpoint(bundle, "--image-path", path, env=fake.does("die 1")) \
            .dray_error("CHECKPOINT_FILES", names=[str(path)])
    checkpoint(bundle, "--image-path", workdir / "i", "--work-path", workdir / "file", env=fake.does("die 1")) \
        .dray_error("CHECKPOINT_FILES", names=[str(workdir / "file")])
    is_as_before(bundle)


@pytest.mark.parametrize("mode, owner, group", [(0o777, 0, 0), (0o1777, 0, 0), (0o770, 0, 1000), (0o700, 1000, 1000)])
def test_directories_of_others(bundle, workdir, fake, images, mode, owner, group):
    """Whoever can put links there chooses what root overwrites, or what is restored."""
    env = fake.does("refuse 5")
    bundle.up()
    theirs = workdir / "theirs"
    shutil.copytree(images, theirs)
    os.chown(theirs, owner, group)
    os.chmod(theirs, mode)
    for words in (["--image-path", theirs], ["--image-path", images, "--work-path", theirs]):
        checkpoint(bundle, *words, env=env).dray_error("CHECKPOINT_FILES", names=["others than root", str(theirs)])
    is_as_before(bundle)
    bundle.delete("--force").ok()
    restore(bundle, "--image-path", theirs, env=env).dray_error("CHECKPOINT_FILES", names=["others than root"])
    assert not (fake.directory / "request").exists()
    assert bundle.leaks() == []


def test_images_that_cannot_be_written(bundle, workdir, fake):
    """Not even what dray itself has to write there."""
    bundle.up()
    with small_filesystem(workdir / "i", "mode=700,ro"):
        checkpoint(bundle, "--image-path", workdir / "i", "--work-path", fake.directory, env=fake.does("refuse 5")) \
            .dray_error("CHECKPOINT_FILES", names=["descriptors.json", "EROFS"])
    is_as_before(bundle)


@pytest.mark.needs("criu")
def test_images_that_are_full(bundle, workdir):
    bundle.up()
    with small_filesystem(workdir / "i", "mode=700,size=64k"):
        checkpoint(bundle, "--image-path", workdir / "i", "--work-path", workdir, timeout=60) \
            .dray_error("CRIU_FAILED", names=["No space left"])
    is_as_before(bundle)


def test_checkpoint_help_succeeds(runtime):
    """Podman asks so whether a runtime can do it."""
    for command in ("checkpoint", "restore"):
        assert "--image-path" in runtime(command, "--help").ok().out


def test_only_a_running_container_can_be_saved(bundle, fake):
    bundle.args = ["/bin/probe", "wait"]
    env = fake.does("die 1")
    checkpoint(bundle, env=env).dray_error("CONTAINER_NOT_FOUND")
    bundle.create().ok()
    checkpoint(bundle, env=env).dray_error("CONTAINER_STATUS", names=["created"])
    bundle.start().ok()
    bundle.kill("KILL").ok()
    bundle.wait()
    checkpoint(bundle, env=env).dray_error("CONTAINER_NOT_RUNNING", names=["container not running"])


def test_configuration_file_of_the_annotation(bundle, workdir, fake):
    bundle.config["annotations"] = {"org.criu.config": str(workdir / "criu.conf")}
    bundle.up()
    env = fake.does("refuse 5")
    checkpoint(bundle, "--image-path", workdir / "i", env=env) \
        .dray_error("CHECKPOINT_FILES", pointer="/annotations/org.criu.config", names=["criu.conf"])
    (workdir / "criu.conf").write_text("tcp-established\n")
    checkpoint(bundle, "--image-path", workdir / "i", env=env).dray_error("CRIU_FAILED")
    assert str(workdir / "criu.conf").encode() in (fake.directory / "request").read_bytes()
    is_as_before(bundle)


@pytest.mark.parametrize("kind", ["user", "mount"])
def test_joined_namespaces_that_criu_cannot_handle(bundle, fake, images, kind):
    bundle.namespace(kind, f"/proc/self/ns/{ {'user': 'user', 'mount': 'mnt'}[kind]}")
    restore(bundle, "--image-path", images, env=fake.does("die 1")).fails()
    assert bundle.leaks() == []


# --- no criu

def test_without_criu(bundle, workdir, images):
    bundle.up()
    env = {"PATH": str(workdir)}
    checkpoint(bundle, "--image-path", workdir / "i", env=env) \
        .dray_error("CRIU_MISSING", names=["criu", "install the package criu"])
    assert not (workdir / "i").exists()
    is_as_before(bundle)
    bundle.delete("--force").ok()
    restore(bundle, "--image-path", images, env=env).dray_error("CRIU_MISSING")
    assert bundle.leaks() == []


def test_a_criu_that_others_can_write_is_none(bundle, workdir, fake):
    bundle.up()
    env = fake.does("die 1")
    env["PATH"] = str(fake.directory)
    for mode in (0o777, 0o775, 0o644):
        os.chmod(fake.path, mode)
        checkpoint(bundle, "--image-path", workdir / "i", env=env).dray_error("CRIU_MISSING")
    os.chmod(fake.path, 0o755)
    os.chown(fake.path, 1000, 1000)
    checkpoint(bundle, "--image-path", workdir / "i", env=env).dray_error("CRIU_MISSING")
    # a directory that depends on where the caller is does not count
    os.chown(fake.path, 0, 0)
    env["PATH"] = "."
    checkpoint(bundle, "--image-path", workdir / "i", env=env, cwd=fake.directory).dray_error("CRIU_MISSING")
    is_as_before(bundle)


def test_not_for_users_who_are_not_root(bundle, workdir, fake, images):
    bundle.up()
    bundle.runtime("checkpoint", "--image-path", workdir / "i", bundle.name, options=["--rootless=true"],
                   env=fake.does("die 1")).dray_error("NOT_SUPPORTED", names=["root"])
    is_as_before(bundle)
    bundle.delete("--force").ok()
    restore(bundle, "--image-path", images, options=["--rootless=true"], env=fake.does("die 1")) \
        .dray_error("NOT_SUPPORTED", names=["root"])
    assert bundle.leaks() == []


# --- a criu that misbehaves

MISBEHAVIOURS = [
    (["die 3"], ["criu ended with status 3"]),
    (["kill"], ["criu was killed by signal 9"]),
    (["die 0"], ["ended without an answer"]),
    (["silence"], ["ended without an answer"]),
    (["nonsense", "wait"], ["makes no sense"]),
    (["refuse 17"], ["criu failed", "EEXIST"]),
    (["refuse 999999"], ["criu failed"]),
    (["notify pre-dump", "die 4"], ["criu ended with status 4"]),
    (["log (00.1) Error (criu/x.c:1): something Bad", "log (00.2) fine", "refuse 5"], ["something Bad"]),
    (["log (00.1) Can't connect to server", "log (00.2) fine", "refuse 5"], ["Can't connect to server"]),
    # what it has started has its socket, too
    (["helper", "kill"], ["criu was killed by signal 9"]),
]


@pytest.mark.parametrize("lines, names", MISBEHAVIOURS)
def test_criu_misbehaves_in_a_checkpoint(bundle, workdir, fake, lines, names):
    bundle.up()
    env = fake.does(*lines)
    env["FAKE_WORK"] = str(workdir)
    result = checkpoint(bundle, "--image-path", workdir / "i", "--work-path", fake.directory, env=env)
    result.dray_error("CRIU_FAILED", names=names)
    assert "fine" not in result.err
    is_as_before(bundle)


@pytest.mark.parametrize("lines, names", MISBEHAVIOURS)
def test_criu_misbehaves_in_a_restore(bundle, images, fake, lines, names):
    env = fake.does(*lines)
    result = restore(bundle, "--image-path", images, "--work-path", fake.directory, "--pid-file", bundle.pid_file,
                     env=env)
    result.dray_error("CRIU_FAILED", names=names)
    assert "fine" not in result.err
    assert not bundle.pid_file.exists()
    assert bundle.leaks() == []
    assert host.reap_dead() or True


def freezer(bundle):
    """What to write to freeze the container, and into which file."""
    mode, group = ("FROZEN", "freezer") if host.cgroup_mode() != "v2" else ("1", "")
    for line in pathlib.Path(f"/proc/{bundle.pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == group:
            root = host.v1_mounts()["freezer"] if group else host.CGROUP_ROOT
            return mode, root / path.lstrip("/") / ("freezer.state" if group else "cgroup.freeze")
    raise AssertionError("no freezer")


def test_what_a_killed_criu_has_frozen_goes_on(bundle, workdir, fake):
    bundle.up()
    env = fake.does("run echo {} > {}".format(*freezer(bundle)), "kill")
    checkpoint(bundle, "--image-path", workdir / "i", env=env).dray_error("CRIU_FAILED", names=["signal 9"])
    is_as_before(bundle)


def test_a_container_that_a_killed_criu_takes_along(bundle, workdir, fake):
    bundle.up()
    env = fake.does(f"run kill -9 {bundle.pid}", "kill")
    checkpoint(bundle, "--image-path", workdir / "i", env=env) \
        .dray_error("CRIU_FAILED", names=["signal 9", "the container ended with that"])
    bundle.wait()
    assert bundle.status == "stopped"


def test_what_criu_says_before_it_has_a_log(bundle, workdir, fake):
    bundle.up()
    env = fake.does("say libfoo.so is missing", "die 127")
    checkpoint(bundle, "--image-path", workdir / "i", env=env) \
        .dray_error("CRIU_FAILED", names=["status 127", "libfoo.so is missing"])
    is_as_before(bundle)


@pytest.mark.parametrize("pid", ["1", "0", "4194305"])
@pytest.mark.parametrize("script", ["setup-namespaces", "post-restore"])
def test_a_process_that_is_not_ours(bundle, images, fake, script, pid):
    """Whatever number criu says, nothing but a child of dray's is taken for the container, or killed."""
    env = fake.does(f"notify {script} {pid}", "refuse 5")
    restore(bundle, "--image-path", images, "--work-path", fake.directory, env=env) \
        .dray_error("CRIU_FAILED", names=["not ours"])
    assert fake.answers[script] == GIVE_UP
    assert bundle.leaks() == []


def test_a_restored_process_that_is_not_ours(bundle, images, fake):
    restore(bundle, "--image-path", images, "--work-path", fake.directory, env=fake.does("restored 1")) \
        .dray_error("CRIU_FAILED", names=["not ours"])
    assert bundle.leaks() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_interrupted_restore_unwinds(bundle, images, fake, number):
    env = fake.does("wait")
    bundle.write()
    process = bundle.runtime.popen("restore", "--detach", "--bundle", bundle.directory, "--image-path", images,
                                   "--work-path", fake.directory, bundle.name, env=env, stderr=-1, text=True)
    host.wait_until(lambda: (fake.directory / "hangs").exists(), "criu")
    process.send_signal(number)
    _, err = process.communicate(timeout=20 * host.PATIENCE)
    assert process.returncode == 1, err
    assert "INTERRUPTED" in err
    assert bundle.leaks() == []


@pytest.mark.slow
def test_interrupted_restore_kills_a_criu_that_hangs(bundle, images, fake):
    env = fake.does("hang")
    bundle.write()
    process = bundle.runtime.popen("restore", "--detach", "--bundle", bundle.directory, "--image-path", images,
                                   "--work-path", fake.directory, bundle.name, env=env, stderr=-1, text=True)
    host.wait_until(lambda: (fake.directory / "hangs").exists(), "criu")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30 * host.PATIENCE)
    assert process.returncode == 1, err
    assert "INTERRUPTED" in err
    assert bundle.leaks() == []


def interrupted_checkpoint(bundle, workdir, fake, *lines):
    bundle.up()
    process = bundle.runtime.popen("checkpoint", "--image-path", workdir / "i", bundle.name, env=fake.does(*lines),
                                   stderr=-1, text=True)
    host.wait_until(lambda: (fake.directory / "hangs").exists(), "criu")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60 * host.PATIENCE)
    assert process.returncode == 1, err
    assert "INTERRUPTED" in err and "goes on as before" in err
    is_as_before(bundle)


def test_interrupted_checkpoint_makes_criu_give_up(bundle, workdir, fake):
    """A dump that is killed would leave the processes stopped half-way: criu is told instead."""
    interrupted_checkpoint(bundle, workdir, fake, "pause 1", "notify network-lock", "refuse 5")
    assert fake.answers["network-lock"] == GIVE_UP


@pytest.mark.slow
def test_interrupted_checkpoint_does_not_wait_for_ever(bundle, workdir, fake):
    interrupted_checkpoint(bundle, workdir, fake, "wait")


@pytest.mark.parametrize("kill", [True, False])
def test_delete_ends_a_checkpoint_that_hangs(bundle, workdir, fake, kill):
    bundle.up()
    process = bundle.runtime.popen("checkpoint", "--image-path", workdir / "i", bundle.name, env=fake.does("hang"),
                                   stderr=-3)
    host.wait_until(lambda: (fake.directory / "hangs").exists(), "criu")
    if kill:
        process.kill()
        process.wait()
    bundle.delete("--force").ok()
    assert process.wait(20 * host.PATIENCE) != 0
    host.wait_until(lambda: not host.reap_dead(), "the end of criu")
    assert bundle.leaks() == []


def test_a_killed_restore_is_removed_by_delete(bundle, images, fake):
    env = fake.does("hang")
    bundle.write()
    process = bundle.runtime.popen("restore", "--detach", "--bundle", bundle.directory, "--image-path", images,
                                   "--work-path", fake.directory, bundle.name, env=env)
    host.wait_until(lambda: (fake.directory / "hangs").exists(), "criu")
    process.kill()
    process.wait()
    assert bundle.leaks() != []
    bundle.runtime("state", bundle.name).ok()
    bundle.delete("--force").ok()
    host.wait_until(lambda: not host.reap_dead(), "the end of criu")
    assert bundle.leaks() == []


# --- what is there to restore

def test_an_id_in_use(bundle, images, fake):
    bundle.up()
    restore(bundle, "--image-path", images, env=fake.does("die 1")).dray_error("ID_IN_USE")
    is_as_before(bundle)


def test_no_images(bundle, workdir, fake):
    env = fake.does("die 1")
    restore(bundle, "--image-path", workdir / "none", env=env).dray_error("CHECKPOINT_FILES", names=["none"])
    (workdir / "empty").mkdir()
    restore(bundle, "--image-path", workdir / "empty", env=env) \
        .dray_error("CHECKPOINT_FILES", names=["there is no checkpoint", "empty"])
    assert bundle.leaks() == []


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[", '"pipe:[1]"', '["\\u0000"]', "[" * 100000])
def test_descriptors_that_are_no_list_of_names(bundle, images, fake, text):
    (images / "descriptors.json").write_text(text)
    restore(bundle, "--image-path", images, env=fake.does("die 1")) \
        .dray_error("CHECKPOINT_FILES", names=["descriptors.json"])
    assert bundle.leaks() == []


def test_a_source_that_is_missing(bundle, images, workdir, fake):
    bundle.add_mount("/data", "bind", workdir / "none", ["rbind"])
    restore(bundle, "--image-path", images, env=fake.does("die 1")) \
        .dray_error("MOUNT_SOURCE_MISSING", names=[str(workdir / "none")])
    assert bundle.leaks() == []


def test_a_terminal_needs_a_console_socket(bundle, images, fake):
    bundle.process["terminal"] = True
    restore(bundle, "--image-path", images, env=fake.does("die 1")).dray_error("CONSOLE_MISSING")
    assert bundle.leaks() == []
