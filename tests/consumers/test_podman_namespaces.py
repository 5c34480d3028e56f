# SPDX-License-Identifier: LGPL-2.1-or-later
"""Podman: namespaces of the host, of other containers and of pods; users, networks, kube play."""

import socket
import urllib.request

import pytest

from engines.engine import end
from engines.podman import IMAGE
from harness import host

pytestmark = pytest.mark.needs("podman")


def namespace(podman, name, kind):
    return podman("exec", name, "readlink", f"/proc/1/ns/{kind}").stdout.strip()


@pytest.mark.parametrize("kind, option", [("net", "network"), ("pid", "pid"), ("ipc", "ipc"), ("uts", "uts"), ("cgroup", "cgroupns"),
                                          ("user", "userns")])
def test_namespace_of_a_container(podman, kind, option):
    own = ["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536"] if kind == "user" else []
    podman.detached("--name", "first", "--ipc", "shareable", *own)
    words = [f"--{option}", "container:first"]
    if option != "network":
        words += ["--network", "none"]
    # A process of its own, for a shared PID namespace has another first process.
    shown = podman("run", "--rm", *words, IMAGE, "readlink", f"/proc/self/ns/{kind}").stdout.strip()
    assert shown == namespace(podman, "first", kind)


def test_id_maps(podman):
    shown = podman.rm_run("--uidmap", "0:100000:65536", "--gidmap", "0:300000:65536", IMAGE,
                          "cat", "/proc/self/uid_map", "/proc/self/gid_map").stdout
    assert shown.split() == "0 100000 65536 0 300000 65536".split()


def test_id_maps_and_a_user(podman):
    shown = podman.rm_run("--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536", "--user", "1000:1000", IMAGE, "id").stdout
    assert "uid=1000" in shown


@pytest.mark.parametrize("words", [("-v", "/tmp:/t"), ("--read-only",), ("--pid", "host"), ("--network", "host"),
                                   ("--privileged",), ("--tmpfs", "/t"), ("--cap-drop", "all")])
def test_id_maps_with_other_options(podman, words):
    network = () if "--network" in words else ("--network", "none")
    assert podman("run", "--rm", *network, "--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536", *words, IMAGE,
                  "sh", "-c", "id -u; stat -c %u /proc/1/../self >/dev/null; echo ok").stdout.split() == ["0", "ok"]


def test_user_namespace_of_its_own_range(podman):
    """--userns=auto takes its range from /etc/subuid of the user "containers"."""
    shown = podman.rm_run("--userns", "auto:size=1024", IMAGE, "cat", "/proc/self/uid_map").stdout.split()
    assert shown[0] == "0" and shown[1] != "0" and shown[2] == "1024"


def test_exec_in_a_user_namespace(podman):
    podman.detached("--name", "mapped", "--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536")
    assert podman("exec", "mapped", "sh", "-c", "id -u; cat /proc/self/uid_map").stdout.split() == ["0", "0", "100000", "65536"]
    assert podman("exec", "--user", "1000", "mapped", "id", "-u").stdout == "1000\n"


def test_network_bridge_reaches_the_host(podman):
    with socket.socket() as listener:
        listener.bind(("", 0))
        listener.listen()
        listener.settimeout(30 * host.PATIENCE)
        process = podman.popen("run", "--rm", IMAGE, "sh", "-c",
                               "nc $(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p') "
                               f"{listener.getsockname()[1]}")
        try:
            connection, peer = listener.accept()
            connection.close()
            assert peer[0].startswith("10.")
            process.wait(30 * host.PATIENCE)
        finally:
            end(process)


def test_published_port(podman):
    podman("run", "-d", "--name", "web", "-p", "127.0.0.1:18080:80", IMAGE, "sh", "-c",
           "echo published >/index.html; httpd -f -p 80 -h /")
    assert "18080" in podman("port", "web").stdout

    def fetch():
        try:
            return urllib.request.urlopen("http://127.0.0.1:18080/", timeout=5).read()
        except OSError:
            return None
    assert host.wait_until(fetch, "the published port", 5) == b"published\n"


@pytest.fixture
def pod(podman):
    """Needs an infra image, and the pause program of the distribution, or ours instead."""
    podman("pod", "create", "--name", "pod", "--network", "none", "--hostname", "inpod", "--infra-image", IMAGE,
           "--infra-command", "/bin/sleep 1000", "--share", "net,ipc,uts,pid")
    return podman


def test_pod_shares_namespaces(pod):
    for name in ("one", "two"):
        pod("run", "-d", "--pod", "pod", "--name", name, IMAGE, "sleep", "1000")
    for kind in ("net", "ipc", "uts", "pid"):
        assert pod("exec", "one", "readlink", f"/proc/self/ns/{kind}").stdout == \
            pod("exec", "two", "readlink", f"/proc/self/ns/{kind}").stdout
    assert pod("exec", "one", "hostname").stdout == "inpod\n"
    assert pod("exec", "one", "readlink", "/proc/self/ns/mnt").stdout != pod("exec", "two", "readlink", "/proc/self/ns/mnt").stdout


def test_pod_life(pod):
    pod("run", "-d", "--pod", "pod", "--name", "one", IMAGE, "sleep", "1000")
    pod("pod", "pause", "pod")
    assert pod.state("one")["Status"] == "paused"
    pod("pod", "unpause", "pod")
    pod("pod", "stop", "--time", "0", "pod")
    pod.wait_status("one", "exited")
    pod("pod", "start", "pod")
    assert pod.state("one")["Status"] == "running"
    pod("pod", "kill", "pod")
    pod("pod", "rm", "--force", "pod")


def test_pod_start_again_and_top(pod):
    pod("run", "-d", "--pod", "pod", "--name", "one", IMAGE, "sleep", "1000")
    pod("pod", "kill", "pod")
    pod("pod", "start", "pod")
    assert "sleep" in pod("pod", "top", "pod", "args").stdout


KUBE = """apiVersion: v1
kind: Pod
metadata:
  name: kube
spec:
  hostNetwork: true
  hostname: kubed
  restartPolicy: {restart}
  containers:
  - name: one
    image: {image}
    imagePullPolicy: Never
    command: ["sh", "-c", "echo $WORD; cat /cfg/text; id -u; sleep 1000"]
    env:
    - name: WORD
      value: from-kube
    resources:
      limits:
        memory: 64Mi
    securityContext:
      runAsUser: 1000
      readOnlyRootFilesystem: true
      capabilities:
        drop: ["ALL"]
    volumeMounts:
    - name: host
      mountPath: /cfg
  volumes:
  - name: host
    hostPath:
      path: {path}
      type: Directory
"""


def test_kube_play(podman, workdir):
    """The infra container's image would be built from the pause program, so that is replaced."""
    (workdir / "cfg").mkdir()
    (workdir / "cfg/text").write_text("from a volume\n")
    (workdir / "pod.yaml").write_text(KUBE.format(image=IMAGE, path=workdir / "cfg", restart="Never"))
    podman("kube", "play", workdir / "pod.yaml")
    host.wait_until(lambda: "1000" in podman("logs", "kube-one").stdout, "the pod's output")
    assert podman("logs", "kube-one").stdout == "from-kube\nfrom a volume\n1000\n"
    assert podman("exec", "kube-one", "grep", "CapEff", "/proc/self/status").stdout.split()[1] == "0" * 16
    podman("kube", "down", workdir / "pod.yaml")
    assert podman("ps", "--all", "--quiet").stdout == ""
