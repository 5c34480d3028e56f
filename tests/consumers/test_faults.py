# SPDX-License-Identifier: LGPL-2.1-or-later
"""The consumer is killed in the middle of a call; its ordinary calls then leave nothing behind.

dray alone: what the control leaves behind is no measure.
"""

import concurrent.futures
import json
import os
import signal
import subprocess
import time

import pytest

from engines import control
from engines.containerd import IMAGE as CONTAINERD_IMAGE
from engines.containerd import NAMESPACE, RUN, Ctr
from engines.docker import IMAGE as DOCKER_IMAGE
from engines.docker import Docker
from engines.engine import end
from engines.faulty import cgroups_below, processes_of, wait_no_cgroup, wait_no_children, wait_no_process
from engines.podman import IMAGE, Podman
from harness import host

# Milliseconds after which the caller dies: at once, in the middle, and when the call has returned.
DELAYS = [0, 3, 8, 60]


@pytest.fixture
def faulty_podman(podman_store, faulty):
    made = Podman(podman_store, faulty.runtime)
    yield made
    assert not made.clean()


def check_podman(podman, faulty, name):
    """After rm --force nothing of the container is left."""
    podman("rm", "--force", "--time", "0", "victim", code=None)
    podman("rm", "--all", "--force", "--time", "0")
    if name and not faulty.was_deleted(name):
        # Without its conmon Podman kills a container but has no runtime delete it, whichever that is.
        subprocess.run([podman.runtime.path, "delete", "--force", name], check=True, stdin=subprocess.DEVNULL)
    wait_no_process("sleep", "98765")
    wait_no_children(but=("containerd", "dockerd"))
    if name:
        wait_no_cgroup(name)
    assert not podman.left()


def container_id(podman):
    shown = podman("ps", "--all", "--no-trunc", "--quiet").stdout.split()
    return shown[0] if shown else None


@pytest.mark.needs("podman")
@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("call", ["create", "start"])
def test_podman_run(faulty_podman, faulty, call, delay):
    """create is called by conmon, start by Podman itself."""
    faulty.plan(call, delay)
    faulty_podman.run("-d", "--name", "victim", IMAGE, "sleep", "98765", code=None)
    assert faulty.happened()
    check_podman(faulty_podman, faulty, container_id(faulty_podman))


@pytest.mark.needs("podman")
@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("call, words", [
    ("exec", ("exec", "victim", "sleep", "98765")), ("kill", ("kill", "victim")), ("delete", ("rm", "-f", "-t0", "victim")),
    ("pause", ("pause", "victim")), ("update", ("update", "--memory", "64m", "victim")),
])
def test_podman_call(faulty_podman, faulty, call, words, delay):
    name = faulty_podman.detached("--name", "victim", command=("sleep", "98765"))
    faulty.plan(call, delay)
    process = faulty_podman.popen(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        host.wait_until(lambda: (faulty.directory / "done").exists() or process.poll() is not None, "the call")
        assert faulty.happened()
        if call != "exec" or delay < 60:
            process.wait(30 * host.PATIENCE)
    finally:
        end(process)
    check_podman(faulty_podman, faulty, name)


@pytest.mark.needs("podman")
def test_conmon_of_a_running_container(podman_store, faulty_podman, faulty):
    name = faulty_podman.detached("--name", "victim", command=("sleep", "98765"))
    conmon = int((podman_store.directory / f"run/overlay-containers/{name}/userdata/conmon.pid").read_text())
    os.kill(conmon, signal.SIGKILL)
    wait_no_children(but=("containerd", "dockerd", "sleep"))
    check_podman(faulty_podman, faulty, name)


@pytest.fixture
def faulty_ctr(containerd, faulty):
    made = Ctr(containerd, faulty.runtime)
    yield made
    assert not made.clean()


def check_ctr(ctr):
    ctr("task", "rm", "--force", "victim", code=None)
    host.wait_until(lambda: ctr("container", "rm", "victim", code=None) and "victim" not in
                    ctr("container", "ls", "--quiet").stdout.split(), "the container's removal")
    ctr("snapshot", "rm", "victim", code=None)
    wait_no_process("sleep", "98765")
    wait_no_children(but=("containerd --config", "dockerd", "docker/exec", "containerd.toml"))
    root = RUN / "runc" / NAMESPACE
    assert not root.is_dir() or not list(root.iterdir())
    wait_no_cgroup("drayconsumers-victim.scope")
    host.wait_until(lambda: not cgroups_below(NAMESPACE, "victim"), "the removal of its cgroups")
    assert not ctr.left()


@pytest.mark.needs("containerd")
@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("call", ["create", "start"])
def test_shim_during_run(faulty_ctr, faulty, call, delay):
    faulty.plan(call, delay)
    faulty_ctr("run", *faulty_ctr.how("victim"), "--detach", CONTAINERD_IMAGE, "victim", "sleep", "98765", code=None)
    assert faulty.happened()
    check_ctr(faulty_ctr)


@pytest.mark.needs("containerd")
@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("call, words", [
    ("exec", ("task", "exec", "--exec-id", "e1", "victim", "sleep", "98765")), ("kill", ("task", "kill", "-s", "KILL", "victim")),
    ("pause", ("task", "pause", "victim")), ("delete", ("task", "rm", "--force", "victim")),
])
def test_shim_during_call(faulty_ctr, faulty, call, words, delay):
    faulty_ctr("run", *faulty_ctr.how("victim"), "--detach", CONTAINERD_IMAGE, "victim", "sleep", "98765")
    faulty.plan(call, delay)
    process = faulty_ctr.popen(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        host.wait_until(lambda: (faulty.directory / "done").exists() or process.poll() is not None, "the call")
        assert faulty.happened()
        if call != "exec":
            process.wait(30 * host.PATIENCE)
    finally:
        end(process)
    check_ctr(faulty_ctr)


@pytest.mark.needs("containerd")
def test_shim_of_a_running_container(faulty_ctr):
    faulty_ctr("run", *faulty_ctr.how("victim"), "--detach", CONTAINERD_IMAGE, "victim", "sleep", "98765")
    pid = faulty_ctr.tasks()["victim"][0]
    shim = int(open(f"/proc/{pid}/status").read().split("PPid:")[1].split()[0])
    assert "containerd-shim" in host.describe_process(shim)
    os.kill(shim, signal.SIGKILL)
    # containerd has the runtime clean up, nobody has to ask for it
    wait_no_process("sleep", "98765")
    check_ctr(faulty_ctr)


@pytest.mark.needs("containerd")
def test_containerd_itself(faulty_ctr):
    faulty_ctr("run", *faulty_ctr.how("victim"), "--detach", CONTAINERD_IMAGE, "victim", "sleep", "98765")
    faulty_ctr.containerd.daemon.crash()
    assert processes_of("sleep", "98765")
    faulty_ctr.containerd.daemon.start()
    assert faulty_ctr.tasks()["victim"][1] == "RUNNING"
    check_ctr(faulty_ctr)


@pytest.fixture
def faulty_docker(dockerd, faulty):
    made = Docker(dockerd, faulty.runtime, "faulty")
    # After a restart of containerd dockerd takes a while to find it again.
    host.wait_until(lambda: made.rm_run(DOCKER_IMAGE, "true", code=None).returncode == 0, "dockerd to find containerd")
    yield made
    assert not made.clean()


def check_docker(docker):
    docker.remove_all()
    wait_no_process("sleep", "98765")
    host.wait_until(lambda: not docker.left(), f"the removal of {docker.left()}")


@pytest.mark.needs("docker")
@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("call", ["create", "start"])
def test_docker_shim_during_run(faulty_docker, faulty, call, delay):
    faulty.plan(call, delay)
    faulty_docker.run("-d", "--name", "victim", DOCKER_IMAGE, "sleep", "98765", code=None)
    assert faulty.happened()
    check_docker(faulty_docker)


@pytest.mark.needs("docker")
def test_docker_shim_of_a_running_container(faulty_docker):
    faulty_docker.detached("--name", "victim", command=("sleep", "98765"))
    pid = faulty_docker.pid("victim")
    os.kill(int(open(f"/proc/{pid}/status").read().split("PPid:")[1].split()[0]), signal.SIGKILL)
    wait_no_process("sleep", "98765")
    check_docker(faulty_docker)


@pytest.mark.needs("docker")
@pytest.mark.parametrize("milliseconds", [50, 150, 300])
def test_dockerd_during_run(faulty_docker, milliseconds):
    """The daemon dies while a container is being made; started again it knows what to do."""
    process = faulty_docker.popen("run", "--runtime", "dray", "--network", "none", "-d", "--name", "victim", DOCKER_IMAGE,
                                  "sleep", "98765", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(milliseconds / 1000)
    faulty_docker.dockerd.daemon.crash()
    process.wait(30 * host.PATIENCE)
    faulty_docker.dockerd.daemon.start()
    check_docker(faulty_docker)


@pytest.mark.needs("docker")
def test_dockerd_with_a_running_container(faulty_docker):
    faulty_docker.detached("--name", "victim", command=("sleep", "98765"))
    faulty_docker.dockerd.daemon.crash()
    faulty_docker.dockerd.daemon.start()
    check_docker(faulty_docker)


@pytest.mark.needs("podman")
def test_forty_containers_of_podman_by_eight_callers(podman):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        shown = list(pool.map(lambda number: podman.rm_run(IMAGE, "echo", number, timeout=120).stdout, range(40)))
    assert shown == [f"{number}\n" for number in range(40)]


@pytest.mark.needs("containerd")
def test_forty_containers_of_containerd_by_eight_callers(ctr):
    def one(number):
        return ctr.run(f"many{number}", "echo", str(number), options=("--rm",), timeout=120).stdout
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        shown = list(pool.map(one, range(40)))
    assert shown == [f"{number}\n" for number in range(40)]


def bundle_config(base, runtime, workdir):
    """What the runtime itself proposes, without a terminal and with nothing that takes a network."""
    subprocess.run([runtime.path, "spec", "--bundle", workdir], check=True, stdin=subprocess.DEVNULL)
    config = json.loads((workdir / "config.json").read_text())
    config["process"].update(terminal=False, args=["/bin/true"], rlimits=[])
    config["root"] = {"path": str(base / "image/rootfs"), "readonly": True}
    config["linux"]["namespaces"] = [entry for entry in config["linux"]["namespaces"] if entry["type"] != "network"]
    config["mounts"] = [mount for mount in config["mounts"] if mount["destination"] not in ("/sys", "/sys/fs/cgroup")]
    return config


def test_a_hundred_containers_by_eight_callers(base, workdir, which):
    """Without an engine: create, start and delete side by side, in time that grows no faster than their number."""
    runtime = control.runtime(which, "runc", "crun")
    config = bundle_config(base, runtime, workdir)

    def call(bundle, *words):
        # A pipe would stay open for as long as the container does.
        with open(bundle / "err", "w+") as err:
            done = subprocess.run([runtime.path, "--root", workdir / "state", *words], stdin=subprocess.DEVNULL,
                                  stdout=err, stderr=err, check=False, timeout=40 * host.PATIENCE)
        assert done.returncode == 0, (words, (bundle / "err").read_text())

    def one(name):
        bundle = workdir / name
        bundle.mkdir()
        own = {**config, "linux": {**config["linux"], "cgroupsPath": f"/drayconsumers-own/{name}"}}
        (bundle / "config.json").write_text(json.dumps(own))
        call(bundle, "create", "--bundle", bundle, name)
        call(bundle, "start", name)
        call(bundle, "delete", "--force", name)

    def many(prefix, number):
        before = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(one, [f"{prefix}{os.getpid()}-{which}-{index}" for index in range(number)]))
        return (time.monotonic() - before) / number

    few = many("few", 25)
    lot = many("lot", 100)
    wait_no_children(but=("containerd", "dockerd"))
    assert not list((workdir / "state").iterdir())
    assert not cgroups_below("drayconsumers-own", "lot") + cgroups_below("drayconsumers-own", "few")
    assert lot < few * 3, f"{few:.4f} s for each of 25, {lot:.4f} s for each of 100"
