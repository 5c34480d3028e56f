# SPDX-License-Identifier: LGPL-2.1-or-later
"""What docs/podman.md, docker.md and containerd-kubernetes.md say is run as it is written there.

Each document has a host of its own: mount, network and PID namespaces in which /etc, /usr/local and /tmp may
be changed, and a systemctl that starts the daemons, since a test host need not have systemd running.
"""

import os
import pathlib
import re
import subprocess

import pytest

from engines import control, private
from engines.containerd import containerd_version
from harness import host

TOP = pathlib.Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(not (TOP / "docs/podman.md").exists(), reason="needs the documents")

PREPARE = """set -eu
mount --make-rprivate /
ip link set lo up
mkdir {scratch}/changes
mount -t tmpfs -o mode=755 changes {scratch}/changes
for place in etc usr/local; do
    mkdir -p {scratch}/changes/$place.upper {scratch}/changes/$place.work
    mount -t overlay -o lowerdir=/$place,upperdir={scratch}/changes/$place.upper,workdir={scratch}/changes/$place.work overlay /$place
done
for place in /run/containerd /run/docker /run/dray /var/lib/containers /var/lib/containerd /var/lib/docker; do
    mkdir -p $place
    mount -t tmpfs -o mode=711 changes $place
done
chmod 700 /run/dray
mkdir -p /usr/local/bin
cp {dray} /usr/local/bin/dray
cp {systemctl} /usr/local/bin/systemctl
# Last, for all of the above may lie there.
mount -t tmpfs -o mode=1777 changes /tmp
unset TMPDIR
export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp
mkdir -p /etc/containers
# What this host has must not matter, nor that its root may not be allowed to raise limits.
rm -f /etc/docker/daemon.json /etc/containerd/config.toml
printf '[containers]\\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\\napparmor_profile = ""\\n' >/etc/containers/containers.conf
printf '{{"default": [{{"type": "insecureAcceptAnything"}}]}}\\n' >/etc/containers/policy.json
hash -r
"""

SYSTEMCTL = """#!/bin/sh
# systemctl restart docker|containerd, as far as the documents need it.
set -eu
[ "$1" = restart ]
stop() {
    if [ -f /run/docker/$1.test ]; then
        kill "$(cat /run/docker/$1.test)"
        while kill -0 "$(cat /run/docker/$1.test)" 2>/dev/null; do sleep 0.1; done
    fi
}
wait_for() {
    for _ in $(seq 100); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.2
    done
    cat /run/docker/*.log >&2
    return 1
}
case $2 in
docker)
    stop docker
    setsid dockerd --iptables=false --ip-masq=false --bridge=none --group root --default-ulimit nofile=1024:1024 \\
        </dev/null >/run/docker/docker.log 2>&1 &
    echo $! >/run/docker/docker.test
    wait_for docker version
    ;;
containerd)
    stop containerd
    setsid containerd </dev/null >/run/docker/containerd.log 2>&1 &
    echo $! >/run/docker/containerd.test
    wait_for ctr version
    ;;
*) exit 1 ;;
esac
"""


def blocks(name, kind):
    text = (TOP / "docs" / name).read_text()
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def run_document(name, workdir):
    """All commands of a document, in order, each of them shown; returns what they wrote."""
    (workdir / "systemctl").write_text(SYSTEMCTL)
    os.chmod(workdir / "systemctl", 0o755)
    script = PREPARE.format(scratch=workdir, dray=control.dray().path, systemctl=workdir / "systemctl")
    # dockerd's own client may be shadowed by another
    script += "[ ! -x /usr/bin/docker ] || ln -sf /usr/bin/docker /usr/local/bin/docker\nexec 2>&1\nset -x\ncd /\n"
    script += "\n".join(blocks(name, "sh"))
    (workdir / "script").write_text(script)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DOCKER", "CONTAINERS", "XDG"))}
    done = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "sh",
                           workdir / "script"], env={**environment, "XDG_RUNTIME_DIR": ""}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=55 * host.PATIENCE, check=False)
    private.unmount_below(workdir)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.mark.needs("podman", "buildah")
def test_podman(corner, workdir):
    shown = run_document("podman.md", workdir)
    assert "\nhello\n" in shown and "\nhello from podman\n" in shown and "\nbuilt\n" in shown
    assert "\ndray /usr/local/bin/dray\n" in shown


@pytest.mark.needs("docker")
def test_docker(corner, workdir):
    shown = run_document("docker.md", workdir)
    assert "\nhello\n" in shown and '"dray":' in shown and "\ndray\n" in shown and "uid=0" in shown


@pytest.mark.needs("containerd")
def test_containerd(corner, workdir):
    shown = run_document("containerd-kubernetes.md", workdir)
    assert "\nhello\n" in shown and "uid=0" in shown
    assert re.search(r"^still +[0-9]+ +running ", shown, re.MULTILINE)


@pytest.mark.needs("containerd")
def test_configuration_of_containerd_2(corner, workdir):
    """containerd itself says what it makes of the newer form."""
    if containerd_version() < (2, 0):
        pytest.skip("needs containerd 2")
    found = [text for text in blocks("containerd-kubernetes.md", "toml") if text.startswith("version = 3\n")]
    (workdir / "config.toml").write_text("\n".join(found))
    done = subprocess.run(["containerd", "--config", workdir / "config.toml", "config", "dump"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30 * host.PATIENCE, check=True)
    section = done.stdout.split("[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.dray.options]")[1]
    assert "BinaryName = '/usr/local/bin/dray'\n" in section and "SystemdCgroup = true\n" in section


def test_configurations_are_toml(corner):
    tomllib = pytest.importorskip("tomllib")
    found = blocks("containerd-kubernetes.md", "toml")
    assert len(found) == 2
    for text in found:
        assert "/usr/local/bin/dray" in str(tomllib.loads(text))
