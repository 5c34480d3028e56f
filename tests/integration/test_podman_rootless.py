# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real Podman of the distribution, called by an ordinary user."""

import json
import os
import shutil
import subprocess
import tarfile

import pytest

from harness import host
from harness.runtime import runtime_path
from harness.user import COUNT, FIRST, UID, User

pytestmark = [pytest.mark.slow, pytest.mark.needs("podman", "busybox"),
              pytest.mark.skipif(shutil.which("newuidmap") is None, reason="needs uidmap")]
IMAGE = "itest/busybox"


class Podman:
    """Podman of the user's, with storage in the user's directory.  There is no network but none and the host's."""

    def __init__(self, user):
        self.user = user
        self.runtime = user.directory / runtime_path().name
        shutil.copy2(os.path.realpath(runtime_path()), self.runtime)
        os.chmod(self.runtime, 0o755)
        home = user.home
        configuration = home / "containers.conf"
        configuration.write_text(
            f'[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n[engine]\ntmp_dir = "{home}/tmp"\n')
        os.chown(configuration, UID, UID)
        self.options = ["--root", home / "storage", "--runroot", home / "runroot", "--storage-driver", "vfs",
                        "--cgroup-manager", "cgroupfs", "--events-backend", "file", "--runtime", self.runtime]
        self.environment = [f"CONTAINERS_CONF={configuration}", f"TMPDIR={home}", f"HOME={home}", "USER=drayt",
                            f"XDG_RUNTIME_DIR={user.runtime_directory}", "PATH=/usr/bin:/bin:/usr/sbin:/sbin"]

    def __call__(self, *words, code=0, timeout=90):
        command = [*self.user.prefix, "env", "-i", *self.environment, "podman", *map(str, self.options), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.user.home,
                              stdin=subprocess.DEVNULL, timeout=timeout * host.PATIENCE)
        assert code is None or done.returncode == code, \
            f"podman {' '.join(map(str, words))}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def run(self, *words, **settings):
        return self("run", "--rm", "--network", "none", *words, **settings)

    def end(self):
        """Removes everything, and the process that keeps the user namespace."""
        self("rm", "--all", "--force", "--time", "0", code=None)
        for path in self.user.directory.rglob("pause.pid"):
            try:
                os.kill(int(path.read_text()), 9)
            except (ValueError, ProcessLookupError):
                pass
        names = ("conmon", "podman", "catatonit")
        host.wait_until(lambda: not any(name in host.describe_process(pid) for pid in host.reap_dead() for name in names),
                        "conmon and the pause process")


@pytest.fixture(scope="module")
def podman(base):
    user = User(base / "podman-user")
    made = Podman(user)
    rootfs = user.directory / "rootfs"
    for entry in ("bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "usr/bin", "var"):
        (rootfs / entry).mkdir(parents=True)
    shutil.copy2(os.path.realpath(shutil.which("busybox")), rootfs / "bin/busybox")
    for tool in subprocess.run([rootfs / "bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split():
        if tool != "busybox":
            os.symlink("busybox", rootfs / "bin" / tool)
    (rootfs / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n")
    (rootfs / "etc/group").write_text("root:x:0:\nuser:x:1000:\n")
    with tarfile.open(user.home / "image.tar", "w") as archive:
        archive.add(rootfs, arcname=".")
    os.chown(user.home / "image.tar", UID, UID)
    made("import", user.home / "image.tar", IMAGE)
    yield made
    made.end()
    user.close()
    shutil.rmtree(user.home, ignore_errors=True)


@pytest.fixture(autouse=True)
def nothing_left(podman):
    yield
    podman("pod", "rm", "--all", "--force", code=None)
    podman("rm", "--all", "--force", "--time", "0", code=None)
    host.wait_until(lambda: [pid for pid in host.reap_dead() if "conmon" in host.describe_process(pid)] == [], "conmon")
    states = podman.user.runtime_directory / runtime_path().name
    assert not states.exists() or os.listdir(states) == [], "states of containers that are gone"


def up(podman, *words):
    return podman("run", "--detach", "--network", "none", *words, IMAGE, "sleep", "1000").stdout.strip()


def test_run(podman):
    assert podman.run(IMAGE, "cat", "/proc/self/uid_map").stdout.split() == ["0", str(UID), "1", "1", str(FIRST), str(COUNT)]


def test_exit_codes(podman):
    podman.run(IMAGE, "sh", "-c", "exit 7", code=7)
    podman.run(IMAGE, "/no/such/program", code=127)
    podman.run(IMAGE, "/etc", code=126)


def test_states_are_where_every_command_looks(podman):
    name = up(podman)
    states = podman.user.runtime_directory / runtime_path().name
    if runtime_path().name == "dray":
        assert os.listdir(states) == [name]
    assert podman("inspect", "--format", "{{.State.Status}}", name).stdout == "running\n"


def test_exec(podman):
    name = up(podman)
    assert podman("exec", name, "id", "-u").stdout == "0\n"
    assert podman("exec", "--user", "1000", name, "id", "-u").stdout == "1000\n"
    podman("exec", name, "sh", "-c", "exit 5", code=5)
    podman("exec", name, "/no/such/program", code=127)


def test_logs(podman):
    name = podman("run", "--detach", "--network", "none", IMAGE, "echo", "said").stdout.strip()
    podman("wait", name)
    assert podman("logs", name).stdout == "said\n"


def test_stop_kill_and_restart(podman):
    name = up(podman)
    podman("kill", "--signal", "KILL", name)
    podman("wait", name)
    podman("start", name)
    podman("stop", "--time", "0", name)
    podman("restart", "--time", "0", name)
    podman("rm", "--force", "--time", "0", name)


def test_terminal(podman):
    assert podman.run("--tty", IMAGE, "tty").stdout.startswith("/dev/pts/")


def test_keep_id(podman):
    assert podman.run("--userns=keep-id", IMAGE, "id", "-u").stdout == f"{UID}\n"
    assert podman.run("--userns=keep-id", "--user", "0", IMAGE, "id", "-u").stdout == "0\n"


def test_uidmap(podman):
    said = podman.run("--uidmap", "0:1:100", "--gidmap", "0:1:100", IMAGE, "cat", "/proc/self/uid_map")
    assert said.stdout.split()[0] == "0" and said.stdout.split()[2] == "100"


def test_user_of_the_image(podman):
    assert podman.run("--user", "user", IMAGE, "id").stdout.startswith("uid=1000(user) gid=1000(user)")


def test_volumes(podman):
    shared = podman.user.home / "shared"
    shared.mkdir(exist_ok=True)
    os.chown(shared, UID, UID)
    podman.run("--volume", f"{shared}:/v", IMAGE, "sh", "-c", "echo x > /v/file && chown 1000 /v/file")
    assert (shared / "file").stat().st_uid == FIRST + 999
    podman.run("--volume", f"{shared}:/v:ro", IMAGE, "sh", "-c", "echo x > /v/other", code=1)
    podman.run("--volume", f"{shared}:/v:U", "--user", "1000", IMAGE, "sh", "-c", "echo y > /v/mine")
    podman.run("--volume", "named:/v", IMAGE, "touch", "/v/x")


def test_pod(podman):
    podman("pod", "create", "--name", "p", "--network", "none", "--infra-image", IMAGE, "--infra-command", "/bin/sleep 1000")
    first = podman("run", "--detach", "--pod", "p", IMAGE, "sleep", "1000").stdout.strip()
    said = podman("run", "--rm", "--pod", "p", IMAGE, "sh", "-c", "readlink /proc/self/ns/net; readlink /proc/self/ns/ipc").stdout
    assert podman("exec", first, "sh", "-c", "readlink /proc/self/ns/net; readlink /proc/self/ns/ipc").stdout == said
    podman("pod", "stop", "--time", "0", "p")
    podman("pod", "rm", "--force", "p")


@pytest.mark.parametrize("words", [
    ["--read-only"], ["--tmpfs", "/t:size=1m"], ["--cap-drop", "all"], ["--security-opt", "no-new-privileges"],
    ["--security-opt", "seccomp=unconfined"], ["--privileged"], ["--pid", "host"], ["--uts", "host"],
    ["--device", "/dev/null:/dev/other"], ["--sysctl", "kernel.shm_rmid_forced=1"], ["--ulimit", "nofile=100:100"], ["--init"],
    ["--cgroupns", "host"], ["--security-opt", "unmask=all"], ["--group-add", "20"], ["--oom-score-adj", "500"], ["--hostname", "h"],
], ids=" ".join)
def test_options(podman, words):
    if words == ["--init"] and not shutil.which("catatonit") and not os.path.exists("/usr/libexec/podman/catatonit"):
        pytest.skip("needs catatonit")
    assert podman.run(*words, IMAGE, "echo", "works").stdout == "works\n"


def test_network_of_the_host(podman):
    said = podman("run", "--rm", "--network", "host", IMAGE, "sh", "-c", "readlink /proc/self/ns/net; ls /sys/class/net").stdout
    assert said.split()[0] == os.readlink("/proc/self/ns/net")
    assert "lo" in said.split()


@pytest.mark.parametrize("option", ["--pid", "--network", "--ipc"])
def test_namespace_of_another_container(podman, option):
    kind = {"--pid": "pid", "--network": "net", "--ipc": "ipc"}[option]
    options = ["--ipc", "shareable"] if option == "--ipc" else []
    first = up(podman, *options)
    network = [] if option == "--network" else ["--network", "none"]
    said = podman("run", "--rm", *network, option, f"container:{first}", IMAGE, "readlink", f"/proc/self/ns/{kind}").stdout
    assert said == podman("exec", first, "readlink", f"/proc/self/ns/{kind}").stdout


def test_healthcheck(podman):
    name = up(podman, "--health-cmd", "true", "--health-interval", "disable")
    podman("healthcheck", "run", name)


def test_pause_needs_a_cgroup(podman):
    name = up(podman)
    done = podman("pause", name, code=None)
    assert done.returncode != 0 and "cgroup" in done.stderr, done
    assert podman("exec", name, "echo", "on").stdout == "on\n"


def test_limit_that_is_not_delegated(podman):
    done = podman.run("--pids-limit", "10", IMAGE, "true", code=None)
    # without a cgroup of its own Podman drops the limit with a warning
    assert done.returncode == 0 or "cgroup" in done.stderr, done


def test_inspect_and_state_agree(podman):
    name = up(podman, "--label", "a=b")
    pid = json.loads(podman("inspect", name).stdout)[0]["State"]["Pid"]
    assert os.stat(f"/proc/{pid}").st_uid == UID
