# SPDX-License-Identifier: LGPL-2.1-or-later
"""Annotations that change how a container is set up, with crun's names."""

import base64
import struct

import pytest

from harness.seccomp import NUMBERS, Agent, allow_all_but, rule

pytestmark = pytest.mark.only_dray("runc has none of these, crun takes values less strictly")
needs_numbers = pytest.mark.skipif(not NUMBERS, reason="needs a machine whose system call numbers the test knows")

ALLOW = 0x7fff0000
ERRNO = 0x00050000
NOTIFY = 0x7fc00000


def program(*instructions):
    return base64.b64encode(b"".join(struct.pack("=HBBI", *one) for one in instructions)).decode()


def act_on(number, action):
    """A filter: that system call gets the action, all others are allowed."""
    return program((0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, action), (0x06, 0, 0, ALLOW))


def annotate(bundle, **values):
    bundle.config["annotations"].update({f"run.oci.{key}": value for key, value in values.items()})


@pytest.fixture
def agent(workdir):
    made = Agent(workdir / "agent.sock")
    yield made
    made.close()


@needs_numbers
def test_seccomp_bpf_data_stands_in_for_the_profile(bundle):
    annotate(bundle, seccomp_bpf_data=act_on(NUMBERS["munlockall"], ERRNO | 95))
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall", errnoRet=1))
    assert bundle.tries(["syscall", NUMBERS["munlockall"]])[0]["errno"] == "EOPNOTSUPP"


@needs_numbers
def test_seccomp_bpf_data_without_a_profile_and_in_exec(bundle):
    annotate(bundle, seccomp_bpf_data=act_on(NUMBERS["munlockall"], ERRNO | 95))
    bundle.up()
    assert bundle.exec_tries(["syscall", NUMBERS["munlockall"]])[0]["errno"] == "EOPNOTSUPP"
    assert bundle.exec_facts("status")["status"]["Seccomp"] == "2"


@pytest.mark.parametrize("value", ["", "?", "AAAA", "AAAAAAAAAAA", base64.b64encode(b"\0" * 8 * 4097).decode()])
def test_seccomp_bpf_data_that_is_no_program(bundle, value):
    annotate(bundle, seccomp_bpf_data=value)
    bundle.create().dray_error("SECCOMP_INVALID", "/annotations/run.oci.seccomp_bpf_data")


def test_seccomp_bpf_data_that_the_kernel_refuses(bundle):
    annotate(bundle, seccomp_bpf_data=program((0x06, 0, 0, ALLOW), (0xffff, 0, 0, 0)))
    bundle.create().dray_error("SECCOMP_LOAD")
    assert bundle.leaks() == []


@needs_numbers
def test_seccomp_receiver_replaces_the_listener_path(bundle, agent):
    annotate(bundle, **{"seccomp.receiver": str(agent.path)})
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_NOTIFY", "munlockall"), listenerPath="/nonexistent/agent",
                                            listenerMetadata="words")
    bundle.up()
    state = agent.receive()
    assert state["metadata"] == "words"
    assert state["pid"] == bundle.pid


@needs_numbers
@pytest.mark.parametrize("way", ["annotation", "environment"])
def test_notify_without_a_listener_path(bundle, agent, way):
    settings = {"env": {"RUN_OCI_SECCOMP_RECEIVER": str(agent.path)}}
    if way == "annotation":
        annotate(bundle, **{"seccomp.receiver": str(agent.path)})
        settings = {}
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_NOTIFY", "munlockall"))
    bundle.args = ["/bin/probe", "wait"]
    bundle.create(**settings).ok()
    assert agent.receive()["state"]["id"] == bundle.name


@needs_numbers
def test_notify_of_a_ready_made_filter(bundle, agent):
    annotate(bundle, seccomp_bpf_data=act_on(NUMBERS["munlockall"], NOTIFY))
    bundle.create().dray_error("SECCOMP_INVALID", "/annotations/run.oci.seccomp_bpf_data")
    annotate(bundle, **{"seccomp.receiver": str(agent.path)})
    bundle.up()
    agent.receive()


def test_receivers_that_are_no_paths(bundle):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_NOTIFY", "munlockall"))
    bundle.create().dray_error("CONFIG_MISSING", "/linux/seccomp/listenerPath")
    bundle.create(env={"RUN_OCI_SECCOMP_RECEIVER": "agent"}).dray_error("USAGE", names=["RUN_OCI_SECCOMP_RECEIVER"])
    annotate(bundle, **{"seccomp.receiver": "agent"})
    bundle.create().dray_error("CONFIG_VALUE", "/annotations/run.oci.seccomp.receiver")


@pytest.mark.parametrize("value, fails", [("1", True), ("true", True), ("0", False), ("false", False), (None, False)])
def test_seccomp_fail_unknown_syscall(bundle, value, fails):
    if value is not None:
        annotate(bundle, seccomp_fail_unknown_syscall=value)
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall", "no_such_call"))
    bundle.args = ["/bin/probe", "exit", "0"]
    done = bundle.run()
    if fails:
        done.dray_error("SECCOMP_INVALID", names=["no_such_call"])
    else:
        done.ok()


@pytest.mark.parametrize("key", ["seccomp_fail_unknown_syscall", "keep_original_groups"])
def test_flags_that_are_none(bundle, key):
    annotate(bundle, **{key: "perhaps"})
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"))
    bundle.create().dray_error("CONFIG_VALUE", f"/annotations/run.oci.{key}", ["perhaps"])


def test_keep_original_groups(bundle):
    bundle.process["user"]["additionalGids"] = [4242]
    annotate(bundle, keep_original_groups="1")
    bundle.args = ["/bin/probe", "facts", "groups"]
    bundle.write()
    done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name,
                          wrap=["setpriv", "--groups", "77,88"])
    assert sorted(done.ok().json()["groups"]) == [77, 88]


@pytest.mark.parametrize("stream, file", [("stdout", "out"), ("stderr", "err")])
def test_hook_outputs_are_appended(bundle, workdir, stream, file):
    path = workdir / file
    path.write_text("before\n")
    annotate(bundle, **{f"hooks.{stream}": str(path)})
    redirect = "" if stream == "stdout" else " >&2"
    bundle.config["hooks"] = {"createRuntime": [
        {"path": "/bin/sh", "args": ["sh", "-c", f"cat >/dev/null; echo hook{redirect}"]}]}
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()
    assert path.read_text() == "before\nhook\n"


@pytest.mark.parametrize("key, value", [
    ("handler", "krun"), ("handler", "wasm"),
])
def test_what_cannot_be_done_is_refused(bundle, key, value):
    annotate(bundle, **{key: value})
    bundle.create().dray_error("NOT_SUPPORTED", f"/annotations/run.oci.{key}")
    assert bundle.leaks() == []


def test_webassembly_is_refused(bundle):
    bundle.config["annotations"]["module.wasm.image/variant"] = "compat"
    bundle.create().dray_error("NOT_SUPPORTED", "/annotations/module.wasm.image~1variant", ["WebAssembly"])
    assert bundle.leaks() == []


def test_what_may_be_webassembly_is_run(bundle):
    """compat-smart: a handler would look at the program first."""
    bundle.config["annotations"]["module.wasm.image/variant"] = "compat-smart"
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()


@pytest.mark.parametrize("key, value", [
    ("seccomp.receiver", "agent"), ("seccomp.receiver", ""), ("seccomp_fail_unknown_syscall", "2"),
    ("mount_context_type", "anywhere"), ("hooks.stdout", "out"), ("hooks.stderr", ""), ("pidfd_receiver", ""),
    ("keep_original_groups", ""), ("systemd.force_cgroup_v1", "sys/fs/cgroup"), ("systemd.force_cgroup_v1", ""),
])
def test_wrong_values_are_refused_whatever_else_is_configured(bundle, key, value):
    annotate(bundle, **{key: value})
    bundle.create().dray_error("CONFIG_VALUE", f"/annotations/run.oci.{key}")
    assert bundle.leaks() == []


def test_the_sandbox_of_a_pod_needs_no_handler(bundle):
    annotate(bundle, handler="wasm")
    bundle.config["annotations"]["module.wasm.image/variant"] = "compat"
    bundle.config["annotations"]["io.kubernetes.cri.container-type"] = "sandbox"
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()


def test_an_empty_handler_is_none(bundle):
    annotate(bundle, handler="")
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run().ok()


def test_what_is_for_systemd_has_no_effect_without(bundle):
    """Podman sets properties whoever makes the cgroup."""
    annotate(bundle, **{"systemd.subgroup": "inner"})
    bundle.config["annotations"]["org.systemd.property.KillSignal"] = "15"
    bundle.config["annotations"]["org.systemd.property.TimeoutStopUSec"] = "uint64 10000000"
    bundle.args = ["/bin/probe", "exit", "0"]
    done = bundle.run(options=["--log-level", "warning"]).ok()
    assert "run.oci.systemd.subgroup" in done.err


def test_features_name_those_that_images_must_not_set(runtime):
    unsafe = runtime("features").json()["potentiallyUnsafeConfigAnnotations"]
    for name in ("org.systemd.property.", "run.oci.hooks.stdout", "run.oci.hooks.stderr", "run.oci.pidfd_receiver",
                 "run.oci.seccomp.receiver", "run.oci.seccomp_bpf_data", "run.oci.keep_original_groups",
                 "run.oci.mount_context_type", "run.oci.handler", "run.oci.delegate-cgroup"):
        assert name in unsafe
    assert len(set(unsafe)) == len(unsafe)
    assert not any(name.startswith("io.kubernetes") for name in unsafe)
