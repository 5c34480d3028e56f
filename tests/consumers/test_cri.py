# SPDX-License-Identifier: LGPL-2.1-or-later
"""Kubernetes' container runtime interface: containerd's plugin, driven by crictl, dray as a RuntimeClass's handler."""

import json
import os
import subprocess
import urllib.request

import pytest

from engines.containerd import IMAGE, find_cni
from engines.engine import cgroup_paths, end, limit
from harness import host

pytestmark = pytest.mark.needs("containerd")


def pid_of(cri, container):
    return json.loads(cri("inspect", container).stdout)["info"]["pid"]


def test_version_and_info(cri):
    assert "containerd" in cri("version").stdout
    info = json.loads(cri("info").stdout)
    assert cri.handler in json.dumps(info["config"]["containerd"]["runtimes"])


def test_pod_life(cri):
    pod = cri.pod()
    assert json.loads(cri("inspectp", pod).stdout)["status"]["state"] == "SANDBOX_READY"
    cri("stopp", pod)
    assert json.loads(cri("inspectp", pod).stdout)["status"]["state"] == "SANDBOX_NOTREADY"
    cri("rmp", pod)
    assert cri("pods", "--quiet").stdout == ""


def test_container_life(cri):
    pod = cri.pod()
    made = cri.create(pod)
    assert cri.status(made)["state"] == "CONTAINER_CREATED"
    cri("start", made)
    assert cri.status(made)["state"] == "CONTAINER_RUNNING"
    cri("stop", "--timeout", "0", made)
    status = cri.status(made)
    assert (status["state"], status["exitCode"]) == ("CONTAINER_EXITED", 137)
    cri("rm", made)
    assert cri("ps", "--all", "--quiet").stdout == ""


def test_runtime_handler(cri):
    pod = cri.pod()
    shown = json.loads(cri("inspectp", pod).stdout)
    # containerd 2 says it in the status.
    assert shown["info"].get("runtimeHandler", shown["status"].get("runtimeHandler")) == cri.handler


@pytest.mark.parametrize("code", [0, 7])
def test_exit_code(cri, code):
    made = cri.start(cri.pod(), command=("sh", "-c", f"exit {code}"))
    cri.wait_state(made, "CONTAINER_EXITED")
    assert cri.status(made)["exitCode"] == code


def test_logs(cri):
    made = cri.start(cri.pod(), command=("sh", "-c", "echo out; echo err >&2"))
    cri.wait_state(made, "CONTAINER_EXITED")
    done = cri("logs", made)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


@pytest.mark.parametrize("program, words", [("no-such", "executable file not found"), ("/etc/passwd", "permission denied")])
def test_program_that_cannot_be_run(cri, program, words):
    made = cri.create(cri.pod(), command=(program,))
    done = cri.fails("start", made)
    assert words in done.stderr and program in done.stderr
    status = cri.status(made)
    assert status["state"] == "CONTAINER_EXITED" and status["reason"] in ("StartError", "ContainerCannotRun")


def test_out_of_memory(cri):
    made = cri.start(cri.pod(), command=("tool", "allocate", "200"),
                     linux={"resources": {"memory_limit_in_bytes": 24 << 20}})
    cri.wait_state(made, "CONTAINER_EXITED")
    assert cri.status(made)["exitCode"] == 137


def test_exec(cri):
    made = cri.start(cri.pod())
    done = cri("exec", "--sync", made, "sh", "-c", "echo out; echo err >&2")
    assert "out\n" in done.stdout and "err\n" in done.stdout + done.stderr
    assert cri("exec", made, "echo", "streamed").stdout == "streamed\n"
    cri.fails("exec", "--sync", made, "sh", "-c", "exit 9")


def test_exec_standard_input(cri):
    made = cri.start(cri.pod())
    assert cri("exec", "--interactive", made, "cat", input="through").stdout == "through"


def test_exec_on_a_terminal(cri):
    made = cri.start(cri.pod())
    assert "/dev/pts/" in cri.seen_on_terminal("exec", "--interactive", "--tty", made, "tty")


def test_exec_timeout(cri):
    """A probe of the kubelet that takes too long is killed."""
    made = cri.start(cri.pod())
    cri.fails("exec", "--sync", "--timeout", "1", made, "sleep", "4242")
    host.wait_until(lambda: "sleep 4242" not in cri("exec", "--sync", made, "ps").stdout, "the end of the command")


def test_attach(cri):
    made = cri.start(cri.pod(), command=("sh", "-c", "while ! test -e /go; do echo tick; sleep 0.1; done"), stdin=True)
    process = cri.popen("attach", made, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "tick\n"
        cri("exec", "--sync", made, "touch", "/go")
        process.communicate(timeout=30 * host.PATIENCE)
    finally:
        end(process)


def test_update(cri):
    made = cri.start(cri.pod(), linux={"resources": {"memory_limit_in_bytes": 64 << 20}})
    cri("update", "--memory", str(48 << 20), "--cpu-quota", "20000", "--cpu-period", "100000", made)
    pid = pid_of(cri, made)
    assert limit(pid, "memory.max", "memory", "memory.limit_in_bytes") == str(48 << 20)
    assert limit(pid, "cpu.max", "cpu", "cpu.cfs_quota_us").split()[0] == "20000"


def test_stats(cri):
    made = cri.start(cri.pod())
    shown = json.loads(cri("stats", "--output", "json", made).stdout)["stats"][0]
    assert int(shown["memory"]["workingSetBytes"]["value"]) > 0


@pytest.mark.parametrize("resources, v2_file, v2_value, v1, v1_value", [
    ({"memory_limit_in_bytes": 64 << 20}, "memory.max", str(64 << 20), ("memory", "memory.limit_in_bytes"), str(64 << 20)),
    ({"cpu_quota": 50000, "cpu_period": 100000}, "cpu.max", "50000 100000", ("cpu", "cpu.cfs_quota_us"), "50000"),
    ({"cpuset_cpus": "0"}, "cpuset.cpus", "0", ("cpuset", "cpuset.cpus"), "0"),
])
def test_resources(cri, resources, v2_file, v2_value, v1, v1_value):
    made = cri.start(cri.pod(), linux={"resources": resources})
    assert limit(pid_of(cri, made), v2_file, *v1) == (v2_value if host.cgroup_mode() == "v2" else v1_value)


def test_cgroup_parent(cri):
    parent = "consumers-kubepods.slice" if cri.containerd.manager == "systemd" else "/drayconsumers-own"
    made = cri.start(cri.pod(linux={"cgroup_parent": parent}))
    paths = [str(path) for path in cgroup_paths(pid_of(cri, made)).values()]
    assert [path for path in paths if parent.strip("/") in path]


def security(cri, context, *command):
    return cri.run_once(cri.pod(), *command, linux={"security_context": context})


def test_run_as_user(cri):
    assert security(cri, {"run_as_user": {"value": 1000}, "run_as_group": {"value": 77}}, "sh", "-c",
                    "id -u; id -g").split() == ["1000", "77"]


def test_run_as_name_with_groups(cri):
    assert set(security(cri, {"run_as_username": "user", "supplemental_groups": [4321]}, "id", "-G").split()) >= {"1000", "4321"}


def test_read_only_root(cri):
    assert security(cri, {"readonly_rootfs": True}, "sh", "-c", "touch /x 2>&1; true").endswith("Read-only file system\n")


def test_capabilities(cri):
    shown = security(cri, {"capabilities": {"add_capabilities": ["NET_ADMIN"], "drop_capabilities": ["CHOWN"]}},
                     "grep", "CapEff", "/proc/self/status").split()[1]
    assert int(shown, 16) >> 12 & 1 and not int(shown, 16) & 1


def test_no_capabilities(cri):
    assert security(cri, {"capabilities": {"drop_capabilities": ["ALL"]}}, "grep", "CapEff",
                    "/proc/self/status").split()[1] == "0" * 16


def test_no_new_privileges(cri):
    assert security(cri, {"no_new_privs": True}, "grep", "NoNewPrivs", "/proc/self/status").split()[1] == "1"


@pytest.mark.parametrize("profile, mode", [({"profile_type": 0}, "2"), ({"profile_type": 1}, "0")])
def test_seccomp(cri, profile, mode):
    assert security(cri, {"seccomp": profile}, "grep", "Seccomp:", "/proc/self/status").split()[1] == mode


def test_local_seccomp_profile(cri, workdir):
    (workdir / "profile.json").write_text(json.dumps({
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}))
    shown = security(cri, {"seccomp": {"profile_type": 2, "localhost_ref": f"{workdir}/profile.json"}},
                     "sh", "-c", "mkdir /tmp/x 2>&1; true")
    assert "No space left" in shown


def test_masked_and_read_only_paths(cri):
    context = {"masked_paths": ["/etc/group"], "readonly_paths": ["/data"]}
    assert security(cri, context, "sh", "-c", "wc -c </etc/group; touch /data/x 2>&1; true").split()[0] == "0"


def test_privileged(cri):
    pod = cri.pod(security_context={"privileged": True})
    shown = cri.run_once(pod, "grep", "CapEff", "/proc/self/status", linux={"security_context": {"privileged": True}})
    assert int(shown.split()[1], 16) >> 21 & 1


@pytest.mark.parametrize("option, file", [("pid", "pid"), ("ipc", "ipc"), ("network", "net")])
def test_namespace_of_the_node(cri, option, file):
    pod = cri.pod(namespace_options={option: 2})
    shown = cri.run_once(pod, "readlink", f"/proc/self/ns/{file}", linux={"security_context": {"namespace_options": {option: 2}}})
    assert shown.strip() == os.readlink(f"/proc/self/ns/{file}")


@pytest.mark.parametrize("file", ["ipc", "uts", "net"])
def test_containers_of_a_pod_share(cri, file):
    pod = cri.pod()
    one = cri.run_once(pod, "readlink", f"/proc/self/ns/{file}", name="one")
    two = cri.run_once(pod, "readlink", f"/proc/self/ns/{file}", name="two")
    assert one == two != ""


def test_pid_namespace_of_the_pod(cri):
    pod = cri.pod(namespace_options={"pid": 0})
    cri.start(pod, name="first", command=("sleep", "4321"), linux={"security_context": {"namespace_options": {"pid": 0}}})
    assert "sleep 4321" in cri.run_once(pod, "ps", name="second", linux={"security_context": {"namespace_options": {"pid": 0}}})


@pytest.mark.parametrize("readonly", [False, True])
def test_volume(cri, workdir, readonly):
    (workdir / "v").mkdir()
    (workdir / "v/in").write_text("in\n")
    mounts = [{"host_path": f"{workdir}/v", "container_path": "/v", "readonly": readonly}]
    shown = cri.run_once(cri.pod(), "sh", "-c", "cat /v/in; touch /v/out 2>/dev/null && echo written; true", mounts=mounts)
    assert shown == ("in\n" if readonly else "in\nwritten\n")


def test_environment_and_directory(cri):
    shown = cri.run_once(cri.pod(), "sh", "-c", "echo $A; pwd", envs=[{"key": "A", "value": "b c"}], working_dir="/tmp")
    assert shown == "b c\n/tmp\n"


def test_device(cri):
    shown = cri.run_once(cri.pod(), "stat", "-c", "%t:%T", "/dev/mine",
                         devices=[{"host_path": "/dev/full", "container_path": "/dev/mine", "permissions": "rw"}])
    assert shown == "1:7\n"


def test_sysctls(cri):
    pod = cri.pod(linux={"sysctls": {"kernel.msgmax": "4321"}})
    assert cri.run_once(pod, "cat", "/proc/sys/kernel/msgmax") == "4321\n"


@pytest.fixture
def network():
    if not find_cni():
        pytest.skip("needs containernetworking-plugins")


def test_network_of_a_pod(cri, network):
    pod = cri.pod(network="pod")
    address = json.loads(cri("inspectp", pod).stdout)["status"]["network"]["ip"]
    assert address.startswith("10.89.77.")
    assert f"inet {address}/" in cri.run_once(pod, "ip", "-o", "addr")
    assert cri.run_once(pod, "hostname", name="named") == "pod-host\n"


def test_network_between_pods_and_the_node(cri, network):
    pod = cri.pod(network="pod")
    cri.start(pod, command=("sh", "-c", "echo hello >/index.html; exec httpd -f -p 80 -h /"))
    address = json.loads(cri("inspectp", pod).stdout)["status"]["network"]["ip"]
    other = cri.pod(name="other", network="pod")
    script = f"for i in 1 2 3 4 5 6 7 8; do wget -q -O - http://{address}/ && exit 0; sleep 0.2; done; exit 1"
    assert cri.run_once(other, "sh", "-c", script, name="client") == "hello\n"
    assert urllib.request.urlopen(f"http://{address}/", timeout=10).read() == b"hello\n"


def test_port_forward(cri, network):
    if not os.path.exists("/usr/bin/socat") and not os.path.exists("/usr/bin/nsenter"):
        pytest.skip("needs socat or nsenter")
    pod = cri.pod(network="pod")
    cri.start(pod, command=("sh", "-c", "echo forwarded >/index.html; exec httpd -f -p 80 -h /"))
    process = cri.popen("port-forward", pod, "18081:80", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def fetch():
        try:
            return urllib.request.urlopen("http://127.0.0.1:18081/", timeout=5).read()
        except OSError:
            return None
    try:
        assert host.wait_until(fetch, "the forwarded port", 10) == b"forwarded\n"
    finally:
        end(process)


def test_stop_with_grace(cri):
    made = cri.start(cri.pod(), command=("sh", "-c", "trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done"))
    host.wait_until(lambda: "up" in cri.output(), "the start")
    cri("stop", "--timeout", "20", made)
    assert cri.status(made)["exitCode"] == 3


def test_removal_of_a_pod_takes_its_containers(cri):
    pod = cri.pod()
    pids = [pid_of(cri, cri.start(pod, name=name)) for name in ("one", "two", "three")]
    cri("rmp", "--force", pod)
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]


def test_image_is_known(cri):
    assert IMAGE.split(":")[0] in cri("images").stdout
