# SPDX-License-Identifier: LGPL-2.1-or-later
"""A real Podman of the distribution on top of the runtime."""

import json
import os
import shutil
import subprocess
import tarfile

import pytest

from harness import host
from harness.runtime import runtime_path

pytestmark = [pytest.mark.slow, pytest.mark.needs("podman", "busybox")]


class Podman:
    """Podman with storage of its own in the test's directory."""

    def __init__(self, directory):
        self.directory = directory
        self.options = ["--root", directory / "storage", "--runroot", directory / "run", "--storage-driver", "vfs",
                        "--cgroup-manager", "cgroupfs", "--events-backend", "file",
                        "--runtime", os.path.realpath(runtime_path())]
        # The policy, registries and limits of this machine must not matter; nothing is ever pulled.
        (directory / "containers.conf").write_text(
            f'[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
            f'[engine]\ntmp_dir = "{directory}/tmp"\n')
        self.environment = dict(os.environ, CONTAINERS_CONF=str(directory / "containers.conf"),
                                TMPDIR=str(directory), XDG_RUNTIME_DIR="")

    def __call__(self, *words, code=0, timeout=90, input=None):
        done = subprocess.run(["podman", *map(str, self.options), *map(str, words)], env=self.environment,
                              capture_output=True, text=True, timeout=timeout * host.PATIENCE, check=False,
                              **({"input": input} if input is not None else {"stdin": subprocess.DEVNULL}))
        assert code is None or done.returncode == code, \
            f"podman {' '.join(map(str, words))}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def run(self, *words, **settings):
        return self("run", "--network", "none", *words, **settings)


@pytest.fixture(scope="module")
def podman(base):
    directory = base / "podman"
    directory.mkdir()
    made = Podman(directory)
    rootfs = directory / "rootfs"
    for entry in ("bin", "dev", "etc", "proc", "root", "run", "sys", "tmp", "usr/bin", "var"):
        (rootfs / entry).mkdir(parents=True)
    shutil.copy2(os.path.realpath(shutil.which("busybox")), rootfs / "bin/busybox")
    for tool in subprocess.run([rootfs / "bin/busybox", "--list"], capture_output=True, text=True, check=True).stdout.split():
        if tool != "busybox":
            os.symlink("busybox", rootfs / "bin" / tool)
    (rootfs / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/tmp:/bin/sh\n")
    (rootfs / "etc/group").write_text("root:x:0:\nuser:x:1000:\n")
    with tarfile.open(directory / "image.tar", "w") as archive:
        archive.add(rootfs, arcname=".")
    made("import", directory / "image.tar", "itest/busybox")
    yield made
    made("rm", "--all", "--force", "--time", "0", code=None)
    host.wait_until(lambda: host.reap_dead() == [], "conmon")
    for line in reversed(host.mounts_below(directory)):
        subprocess.run(["umount", "--lazy", line.split()[4]], check=False)


IMAGE = "itest/busybox"


@pytest.fixture(autouse=True)
def nothing_left(podman):
    yield
    podman("rm", "--all", "--force", "--time", "0", code=None)
    host.wait_until(lambda: [pid for pid in host.reap_dead() if "conmon" in host.describe_process(pid)] == [], "conmon")


def test_run(podman):
    assert podman.run("--rm", IMAGE, "echo", "hello from inside").stdout == "hello from inside\n"


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_exit_code(podman, code):
    podman.run("--rm", IMAGE, "sh", "-c", f"exit {code}", code=code)


def test_exit_code_of_a_signal(podman):
    podman.run("--rm", IMAGE, "sh", "-c", "sh -c 'kill -9 $$'; exit $?", code=137)


def test_standard_input(podman):
    assert podman.run("--rm", "-i", IMAGE, "cat", input="through").stdout == "through"


def test_command_not_found_is_127(podman):
    done = podman.run("--rm", IMAGE, "no-such-program", code=127)
    assert "no-such-program" in done.stderr
    podman.run("--rm", IMAGE, "/no/such/program", code=127)


def test_command_not_executable_is_126(podman):
    done = podman.run("--rm", IMAGE, "/etc/passwd", code=126)
    assert "permission denied" in done.stderr.lower()


def test_detached_exec_stop_rm(podman):
    name = podman.run("-d", "--name", "life", IMAGE, "sleep", "1000").stdout.strip()
    assert len(name) == 64
    assert podman("exec", "life", "echo", "in").stdout == "in\n"
    podman("exec", "life", "sh", "-c", "exit 9", code=9)
    podman("exec", "life", "no-such", code=127)
    podman("exec", "life", "/etc/passwd", code=126)
    assert podman("ps", "--format", "{{.Names}}").stdout.split() == ["life"]
    podman("stop", "--time", "1", "life")
    state = json.loads(podman("inspect", "life").stdout)[0]["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 137)
    podman("rm", "life")
    assert podman("ps", "-a", "-q").stdout == ""


def test_start_again(podman):
    podman("create", "--network", "none", "--name", "again", IMAGE, "sh", "-c", "echo run >>/log; cat /log")
    assert podman("start", "--attach", "again").stdout == "run\n"
    assert podman("start", "--attach", "again").stdout == "run\nrun\n"


def test_kill_with_a_signal(podman):
    podman.run("-d", "--name", "trap", IMAGE, "sh", "-c", "trap 'echo got; exit 5' USR1; echo up; while :; do sleep 0.05; done")
    host.wait_until(lambda: "up" in podman("logs", "trap").stdout, "the start")
    podman("kill", "--signal", "USR1", "trap")
    assert podman("wait", "trap").stdout.strip() == "5"
    assert podman("logs", "trap").stdout == "up\ngot\n"


def test_pause_and_unpause(podman):
    podman.run("-d", "--name", "still", IMAGE, "sleep", "1000")
    podman("pause", "still")
    assert podman("ps", "--format", "{{.Status}}").stdout.strip().startswith("Paused") or \
        json.loads(podman("inspect", "still").stdout)[0]["State"]["Status"] == "paused"
    assert podman("exec", "still", "true", code=None).returncode != 0
    podman("unpause", "still")
    podman("exec", "still", "true")


def test_user_group_and_workdir(podman):
    out = podman.run("--rm", "--user", "1000:1000", "--workdir", "/tmp", IMAGE, "sh", "-c", "id -u; id -g; pwd; echo $HOME").stdout
    assert out.split() == ["1000", "1000", "/tmp", "/tmp"]
    out = podman.run("--rm", "--user", "1000", "--group-add", "77", IMAGE, "id", "-G").stdout
    assert "77" in out.split()


def test_environment_and_hostname(podman):
    out = podman.run("--rm", "--env", "A=b c", "--hostname", "box", IMAGE, "sh", "-c", "echo $A; hostname").stdout
    assert out == "b c\nbox\n"


def test_volume(podman, workdir):
    (workdir / "data").mkdir()
    (workdir / "data/in").write_text("in")
    out = podman.run("--rm", "-v", f"{workdir}/data:/data", IMAGE, "sh", "-c", "cat /data/in; echo out >/data/out").stdout
    assert out == "in"
    assert (workdir / "data/out").read_text() == "out\n"
    done = podman.run("--rm", "-v", f"{workdir}/data:/data:ro", IMAGE, "touch", "/data/x", code=1)
    assert "Read-only" in done.stderr


def test_read_only_and_tmpfs(podman):
    done = podman.run("--rm", "--read-only", "--tmpfs", "/t", IMAGE, "sh", "-c", "echo x >/t/y && cat /t/y; touch /new",
                      code=1)
    assert done.stdout == "x\n"
    assert "Read-only" in done.stderr


def test_limits(podman):
    out = podman.run("--rm", "--memory", "64m", "--pids-limit", "50", "--cpu-shares", "300", IMAGE, "sh", "-c",
                     "cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/cpu/cpu.shares"
                     if host.cgroup_mode() != "v2" else "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max; echo 300").stdout
    assert out.split() == [str(64 << 20), "50", "300"]


def test_terminal(podman):
    if not shutil.which("script"):
        pytest.skip("needs script")
    words = " ".join(map(str, ["podman", *podman.options, "run", "--network", "none", "--rm", "-t", IMAGE, "tty"]))
    done = subprocess.run(["script", "-qec", words, "/dev/null"], env=podman.environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=90 * host.PATIENCE, check=False)
    assert "/dev/pts/0" in done.stdout, done


def test_exec_with_a_terminal(podman):
    if not shutil.which("script"):
        pytest.skip("needs script")
    podman.run("-d", "--name", "term", IMAGE, "sleep", "1000")
    words = " ".join(map(str, ["podman", *podman.options, "exec", "-t", "term", "tty"]))
    done = subprocess.run(["script", "-qec", words, "/dev/null"], env=podman.environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=90 * host.PATIENCE, check=False)
    assert "/dev/pts/0" in done.stdout, done


def test_capabilities_and_seccomp_of_podman(podman):
    out = podman.run("--rm", IMAGE, "grep", "-E", "CapInh|Seccomp:|NoNewPrivs", "/proc/self/status").stdout.split()
    found = dict(zip(out[::2], out[1::2]))
    assert int(found["CapInh:"], 16) == 0
    assert found["Seccomp:"] == "2"
    out = podman.run("--rm", "--cap-drop", "all", "--security-opt", "no-new-privileges", IMAGE,
                     "grep", "-E", "CapEff|NoNewPrivs", "/proc/self/status").stdout.split()
    assert out == ["CapEff:", "0000000000000000", "NoNewPrivs:", "1"]


def test_privileged(podman):
    out = podman.run("--rm", "--privileged", IMAGE, "sh", "-c", "grep CapEff /proc/self/status; ls /dev | wc -l").stdout.split()
    assert int(out[1], 16) & (1 << 21)
    assert int(out[2]) > 10


def test_user_namespace(podman):
    out = podman.run("--rm", "--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536", IMAGE, "cat", "/proc/self/uid_map").stdout
    assert out.split() == ["0", "100000", "65536"]


def test_without_cgroups(podman):
    podman.run("--rm", "--cgroups", "disabled", IMAGE, "true", code=None)


def test_pod_sharing_a_network_namespace(podman):
    podman.run("-d", "--name", "first", IMAGE, "sleep", "1000")
    one = podman("exec", "first", "readlink", "/proc/self/ns/net").stdout
    two = podman("run", "--rm", "--network", "container:first", IMAGE, "readlink", "/proc/self/ns/net").stdout
    assert one == two


def test_host_namespaces(podman):
    out = podman("run", "--rm", "--network", "host", "--pid", "host", "--ipc", "host", "--uts", "host", IMAGE,
                 "sh", "-c", "readlink /proc/self/ns/net; readlink /proc/self/ns/pid").stdout.split()
    assert out == [os.readlink("/proc/self/ns/net"), os.readlink("/proc/self/ns/pid")]


def test_rootfs_directory(podman):
    out = podman.run("--rm", "--rootfs", podman.directory / "rootfs", "echo", "plain").stdout
    assert out == "plain\n"


def test_many_in_a_row(podman):
    for number in range(5):
        assert podman.run("--rm", IMAGE, "echo", number).stdout == f"{number}\n"


def test_init_process(podman):
    if not shutil.which("catatonit"):
        pytest.skip("needs catatonit")
    podman.run("--rm", "--init", IMAGE, "true")


def test_health_of_info(podman):
    assert "dray" in podman("info", "--format", "{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Version}}").stdout \
        or os.path.basename(runtime_path()) != "dray"
