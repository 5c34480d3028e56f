# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.seccomp: actions, conditions, flags, listeners, seen from inside."""

import json
import os

import pytest

from harness import host
from harness.seccomp import NUMBERS, Agent, allow_all_but, rule

pytestmark = pytest.mark.skipif(not NUMBERS, reason="needs a machine whose system call numbers the test knows")


def call(name, *arguments):
    return ["syscall", NUMBERS.get(name, 0), *arguments]


def child(name, *arguments):
    return ["childcall", NUMBERS.get(name, 0), *arguments]


def test_filter_mode_is_on(bundle):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "sethostname"))
    assert bundle.facts("status")["status"]["Seccomp"] == "2"


def test_without_seccomp_there_is_no_filter(bundle):
    assert bundle.facts("status")["status"]["Seccomp"] == "0"


@pytest.mark.parametrize("number, name", [(None, "EPERM"), (1, "EPERM"), (38, "ENOSYS"), (13, "EACCES"), (95, "EOPNOTSUPP")])
def test_errno(bundle, number, name):
    members = {} if number is None else {"errnoRet": number}
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall", **members))
    results = bundle.tries(call("munlockall"), call("getuid"))
    assert results[0]["errno"] == name
    assert results[1]["ok"]


def test_errno_zero_pretends_success(bundle):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "mkdirat", errnoRet=0))
    results = bundle.tries(call("mkdirat", -100, 0, 0))
    assert results[0]["ok"] and results[0]["value"] == 0


@pytest.mark.parametrize("action, outcome", [
    ("SCMP_ACT_KILL", "signal 31"), ("SCMP_ACT_KILL_PROCESS", "signal 31"), ("SCMP_ACT_KILL_THREAD", "signal 31"),
    ("SCMP_ACT_TRAP", "signal 31"), ("SCMP_ACT_LOG", "exit 0"), ("SCMP_ACT_ALLOW", "exit 0"), ("SCMP_ACT_ERRNO", "exit 0"),
])
def test_action(bundle, action, outcome):
    bundle.linux["seccomp"] = allow_all_but(rule(action, "munlockall"))
    if action == "SCMP_ACT_ALLOW":
        bundle.linux["seccomp"]["syscalls"].append(rule("SCMP_ACT_ERRNO", "sethostname"))
    bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
    assert bundle.tries(child("munlockall"))[0]["value"] == outcome


def test_trace_without_a_tracer_is_enosys(bundle):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_TRACE", "munlockall", errnoRet=7))
    assert bundle.tries(call("munlockall"))[0]["errno"] == "ENOSYS"


@pytest.mark.unlike(runc="its own init needs more calls")
def test_default_action_with_allowed_calls(bundle):
    """The shape engines use: everything refused but a list."""
    names = sorted(set(
        "read write close exit exit_group brk mmap munmap mprotect rt_sigaction rt_sigprocmask rt_sigreturn execve "
        "arch_prctl set_tid_address set_robust_list rseq prlimit64 readlinkat getrandom newfstatat fstat ioctl "
        "futex openat clone clone3 wait4 getuid fork vfork readlink prctl uname access faccessat faccessat2 getpid "
        "gettid lseek fcntl sched_yield chdir setuid setgid setgroups capset capget sigaltstack setresuid setresgid "
        "munlockall poll ppoll epoll_create1 epoll_ctl epoll_pwait nanosleep tgkill madvise pread64 getdents64 dup3 "
        "close_range statfs fstatfs sched_getaffinity getrlimit stat lstat pipe2 eventfd2 getegid geteuid getgid".split()))
    bundle.linux["seccomp"] = {
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 13,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
        if os.uname().machine == "x86_64" else ["SCMP_ARCH_AARCH64"],
        "syscalls": [rule("SCMP_ACT_ALLOW", *names)]}
    results = bundle.tries(call("getuid"), call("getsid", 0), call("sethostname", 0, 0))
    assert results[0]["ok"]
    assert results[1]["errno"] == "EACCES"
    assert results[2]["errno"] == "EACCES"


@pytest.mark.parametrize("operator, value, two, allowed, refused", [
    ("SCMP_CMP_EQ", 5, 0, [4, 6], [5]), ("SCMP_CMP_NE", 5, 0, [5], [4, 6]), ("SCMP_CMP_LT", 5, 0, [5, 6], [4, 0]),
    ("SCMP_CMP_LE", 5, 0, [6], [5, 4]), ("SCMP_CMP_GE", 5, 0, [4], [5, 6]), ("SCMP_CMP_GT", 5, 0, [5, 4], [6]),
    ("SCMP_CMP_MASKED_EQ", 0x0f, 0x05, [0x14, 0x06], [0x05, 0xf5]),
    ("SCMP_CMP_EQ", 0x100000005, 0, [5, 0x200000005], [0x100000005]),
    ("SCMP_CMP_GT", 0xffffffff, 0, [0xffffffff, 1], [0x100000000, 0xffffffffffffffff]),
    ("SCMP_CMP_MASKED_EQ", 0xff00000000, 0x0100000000, [0x0200000000], [0x0100000001]),
])
def test_condition_on_an_argument(bundle, operator, value, two, allowed, refused):
    # munlockall takes no arguments, so any value may stand there.
    condition = {"index": 2, "value": value, "op": operator}
    if two:
        condition["valueTwo"] = two
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall", args=[condition], errnoRet=95))
    results = bundle.tries(*[call("munlockall", 0, 0, word) for word in allowed + refused])
    assert [result["errno"] for result in results] == [""] * len(allowed) + ["EOPNOTSUPP"] * len(refused)


def test_conditions_of_one_rule_hold_together(bundle):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall", args=[
        {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 2, "op": "SCMP_CMP_EQ"}]))
    results = bundle.tries(call("munlockall", 1, 2), call("munlockall", 1, 3), call("munlockall", 0, 2))
    assert [result["ok"] for result in results] == [False, True, True]


def test_conditions_on_one_argument_are_alternatives(bundle, kind):
    """runc and crun split a rule with several conditions on the same argument."""
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall", args=[
        {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]))
    results = bundle.tries(call("munlockall", 1), call("munlockall", 2), call("munlockall", 3))
    assert [result["ok"] for result in results] == [False, False, True]


def test_several_rules_for_one_call(bundle):
    bundle.linux["seccomp"] = allow_all_but(
        rule("SCMP_ACT_ERRNO", "munlockall", args=[{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}], errnoRet=13),
        rule("SCMP_ACT_ERRNO", "munlockall", args=[{"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}], errnoRet=95))
    results = bundle.tries(call("munlockall", 1), call("munlockall", 2), call("munlockall", 3))
    assert [result["errno"] for result in results] == ["EACCES", "EOPNOTSUPP", ""]


def test_unknown_call_names_are_ignored(bundle):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "no_such_call_ever", "munlockall"))
    assert bundle.tries(call("munlockall"))[0]["errno"] == "EPERM"


@pytest.mark.unlike(runc="its own init needs more calls")
def test_calls_newer_than_the_profile_are_enosys(bundle):
    """glibc falls back from clone3 and the like on ENOSYS, never on EPERM."""
    everything_old = ["getpid", "read", "write", "close", "exit", "exit_group", "brk", "mmap", "munmap", "mprotect",
                      "execve", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlinkat",
                      "getrandom", "newfstatat", "fstat", "ioctl", "futex", "openat", "rt_sigaction", "rt_sigprocmask",
                      "prctl", "uname", "readlink", "chdir", "capset", "setuid", "setgid", "setgroups", "fcntl",
                      "faccessat", "faccessat2", "stat", "lstat", "gettid", "tgkill", "munlockall", "close_range",
                      "setresuid", "setresgid", "poll", "getdents64", "epoll_pwait", "nanosleep", "sched_yield",
                      "madvise", "sigaltstack", "rt_sigreturn", "statfs", "fstatfs", "lseek", "pread64", "wait4"]
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [rule("SCMP_ACT_ALLOW", *everything_old)]}
    results = bundle.tries(["syscall", 9999], call("sethostname", 0, 0), call("munlockall"))
    assert results[0]["errno"] == "ENOSYS"
    assert results[1]["errno"] == "EPERM"
    assert results[2]["ok"]


@pytest.mark.unlike(runc="1.1.5 supports no flags")
@pytest.mark.parametrize("flag", ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"])
def test_flag(bundle, flag, kind):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"), flags=[flag])
    assert bundle.tries(call("munlockall"))[0]["errno"] == "EPERM"


@pytest.mark.unlike(runc="1.1.5 supports no flags")
def test_spec_allow_flag_keeps_speculation(bundle):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"), flags=["SECCOMP_FILTER_FLAG_SPEC_ALLOW"])
    status = bundle.facts("status")["status"]
    assert "force mitigated" not in status.get("Speculation_Store_Bypass", "")


@pytest.mark.parametrize("broken, word", [
    ({"defaultAction": "SCMP_ACT_MAYBE"}, "SCMP_ACT_MAYBE"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_PDP11"]}, "SCMP_ARCH_PDP11"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_X"]}, "SECCOMP_FILTER_FLAG_X"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule("SCMP_ACT_PERHAPS", "munlockall")]}, "SCMP_ACT_PERHAPS"),
    ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        rule("SCMP_ACT_ERRNO", "munlockall", args=[{"index": 0, "value": 1, "op": "SCMP_CMP_LIKE"}])]}, "SCMP_CMP_LIKE"),
])
def test_unknown_words_are_named(bundle, broken, word, kind):
    bundle.linux["seccomp"] = broken
    if kind == "runc" and "flags" in broken:
        pytest.skip("runc: 1.1.5 ignores flags it does not know")
    bundle.run().fails(1, [word]).dray_error(("CONFIG_VALUE", "SECCOMP_INVALID"), names=["/linux/seccomp/"], place=True)
    assert bundle.leaks() == []


@pytest.mark.parametrize("condition", [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": -1, "value": 1, "op": "SCMP_CMP_EQ"},
                                       {"value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}])
def test_bad_condition(bundle, condition, kind):
    if kind == "runc" and ("index" not in condition):
        pytest.skip("runc: takes a missing index for 0")
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall", args=[condition]))
    bundle.run().fails(1).dray_error(("CONFIG_RANGE", "CONFIG_MISSING", "CONFIG_VALUE", "SECCOMP_INVALID"),
                                     names=["/linux/seccomp/syscalls/0/args/0"])
    assert bundle.leaks() == []


@pytest.mark.only_dray("runc ignores it")
def test_errno_out_of_range(bundle):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall", errnoRet=5000))
    bundle.run().fails(1).dray_error(("CONFIG_RANGE", "CONFIG_VALUE", "SECCOMP_INVALID"),
                                     "/linux/seccomp/syscalls/0/errnoRet")


@pytest.mark.parametrize("user", [0, 1000])
@pytest.mark.parametrize("no_new_privileges", [False, True])
def test_with_and_without_no_new_privileges(bundle, user, no_new_privileges):
    bundle.process["noNewPrivileges"] = no_new_privileges
    bundle.process["user"] = {"uid": user, "gid": user}
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"))
    bundle.args = ["/bin/probe", "try", *map(str, call("munlockall"))]
    assert bundle.run().json()[0]["errno"] == "EPERM"
    facts = bundle.facts("process", "caps", "status")
    assert facts["process"]["no_new_privs"] == int(no_new_privileges)
    assert facts["status"]["Seccomp"] == "2"
    assert facts["caps"]["effective"] == ("800405fb" if user == 0 else "0")


def test_applies_to_exec(bundle):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"))
    bundle.up()
    results = bundle.exec_tries(call("munlockall"), call("getuid"))
    assert results[0]["errno"] == "EPERM"
    assert results[1]["ok"]
    assert bundle.exec_facts("status", options=["--user", "1000"])["status"]["Seccomp"] == "2"


def test_survives_a_small_address_space(bundle, kind):
    if kind == "runc":
        pytest.skip("runc: its own init runs under the limit")
    bundle.process["rlimits"] = [{"type": "RLIMIT_AS", "soft": 16 << 20, "hard": 16 << 20}]
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"))
    assert bundle.tries(call("munlockall"))[0]["errno"] == "EPERM"


def test_in_a_user_namespace(bundle):
    bundle.map_users()
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"))
    assert bundle.tries(call("munlockall"))[0]["errno"] == "EPERM"


def test_calls_of_other_architectures_meet_the_filter(bundle):
    """A call through the x32 table must not pass as an allowed one."""
    if os.uname().machine != "x86_64":
        pytest.skip("x86_64 only")
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"), architectures=["SCMP_ARCH_X86_64"])
    bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
    outcome = bundle.tries(["childcall", 0x40000000 + 152])[0]["value"]
    assert outcome in ("signal 31", "exit 0")
    assert bundle.tries(["syscall", 0x40000000 + 152])[0]["errno"] in ("EPERM", "ENOSYS") if outcome == "exit 0" else True


def test_a_large_profile(bundle):
    rules = [rule("SCMP_ACT_ERRNO", "munlockall", args=[{"index": 0, "value": n, "op": "SCMP_CMP_EQ"}], errnoRet=95)
             for n in range(300)]
    bundle.linux["seccomp"] = allow_all_but(*rules)
    results = bundle.tries(call("munlockall", 0), call("munlockall", 299), call("munlockall", 300))
    assert [result["errno"] for result in results] == ["EOPNOTSUPP", "EOPNOTSUPP", ""]


# --- listeners


# What the stage itself still has to do under the filter.
LEFT_TO_DO = ("capset", "write", "read", "execve")
# What "probe exit" of this libc does, from its first instruction to its end.
PROBES_OWN = ("brk", "arch_prctl", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat",
              "getrandom", "mprotect", "exit_group")


@pytest.mark.only_dray("others need other calls")
@pytest.mark.parametrize("action", ["SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP", "SCMP_ACT_TRACE"])
@pytest.mark.parametrize("name", LEFT_TO_DO)
def test_what_is_left_to_do_is_named_when_it_is_forbidden(bundle, name, action):
    """Before anything is started, not as the death of something."""
    bundle.args = ["/bin/probe", "exit", "7"]
    bundle.linux["seccomp"] = allow_all_but(rule(action, name))
    for no_new_privileges in (False, True):
        bundle.process["noNewPrivileges"] = no_new_privileges
        if name == "capset" and no_new_privileges:
            assert bundle.run().code == 7
        else:
            bundle.run().fails(1, ["SECCOMP_FORBIDS", f'"{name}"', "/linux/seccomp"])
    assert bundle.leaks() == []


@pytest.mark.only_dray("others need other calls")
@pytest.mark.parametrize("no_new_privileges", [False, True], ids=["privileges", "no-new-privileges"])
@pytest.mark.parametrize("shape", ["plain", "mapped", "terminal", "limits", "joined"])
def test_nothing_else_is_left_to_do(bundle, make_bundle, shape, no_new_privileges):
    """A filter that kills at every other call, whatever the container has and however it is entered."""
    bundle.args = ["/bin/probe", "exit", "7"]
    bundle.process["noNewPrivileges"] = no_new_privileges
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_KILL_PROCESS",
                               "syscalls": [rule("SCMP_ACT_ALLOW", *LEFT_TO_DO, *PROBES_OWN)]}
    if shape == "mapped":
        bundle.map_users()
    elif shape == "terminal":
        bundle.process["terminal"] = True
    elif shape == "limits":
        bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": 64},
                                     {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
        bundle.process["ioPriority"] = {"class": "IOPRIO_CLASS_BE", "priority": 5}
        bundle.process["user"]["umask"] = 0o22
    elif shape == "joined":
        bundle.namespace("pid", f"/proc/{make_bundle().up().pid}/ns/pid")
    assert bundle.run().code == 7
    if shape == "terminal":
        return
    bundle.create().ok()
    assert bundle.exec("/bin/probe", "exit", "9").code == 9
    bundle.start().ok()
    assert bundle.wait() == 7


@pytest.mark.only_dray("others need other calls")
def test_hooks_under_a_filter_that_kills(bundle):
    bundle.args = ["/bin/probe", "exit", "7"]
    bundle.config["hooks"] = {"startContainer": [{"path": "/bin/probe", "args": ["probe", "exit", "0"]}]}
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_KILL_PROCESS", "pipe2"))
    bundle.run().fails(1, ["STAGE_DIED", "seccomp filter", "HOOKS_START_CONTAINER"])
    bundle.create().ok()
    bundle.start().fails(1, ["STAGE_DIED", "HOOKS_START_CONTAINER"])
    bundle.wait()


@pytest.fixture
def agent(workdir):
    made = Agent(workdir / "agent.sock")
    yield made
    made.close()


def notifying(bundle, agent, **members):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_NOTIFY", "munlockall"), listenerPath=str(agent.path), **members)


def test_listener_gets_the_state_and_answers(bundle, agent):
    notifying(bundle, agent, listenerMetadata="some words")
    bundle.args = ["/bin/probe", "try", *map(str, call("munlockall")), ",", *map(str, call("munlockall")), ",",
                   *map(str, call("munlockall"))]
    bundle.write()
    process = bundle.runtime.popen("run", "--bundle", bundle.directory, bundle.name, stdout=-1, text=True)
    state = agent.receive()
    assert state["metadata"] == "some words"
    assert state["ociVersion"].startswith("1.")
    assert state["fds"] == ["seccompFd"]
    assert state["state"]["id"] == bundle.name
    assert state["state"]["bundle"] == str(bundle.directory)
    assert state["state"]["status"] in ("creating", "created", "running")
    assert state["pid"] == state["state"]["pid"] > 1
    pid, number = agent.answer(error=95)
    assert (pid, number) == (state["pid"], NUMBERS["munlockall"])
    agent.answer(value=4242)
    agent.answer(error=1)
    results = json.loads(process.communicate(timeout=30)[0])
    assert results[0]["errno"] == "EOPNOTSUPP"
    assert results[1]["value"] == 4242
    assert results[2]["errno"] == "EPERM"


def test_listener_of_exec(bundle, agent):
    notifying(bundle, agent)
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    creating = bundle.create()
    creating.ok()
    agent.receive()
    bundle.start().ok()
    bundle.output.expect("ready")
    first = agent.notify
    process = bundle.runtime.popen("exec", bundle.name, "/bin/probe", "try", *map(str, call("munlockall")), stdout=-1, text=True)
    state = agent.receive()
    assert state["pid"] != state["state"]["pid"]
    assert state["state"]["status"] == "running"
    agent.answer(value=77)
    assert json.loads(process.communicate(timeout=30)[0])[0]["value"] == 77
    os.close(first)


@pytest.mark.only_dray("others wait for ever")
@pytest.mark.parametrize("verb", ["run", "start"])
def test_agent_that_is_gone_when_the_program_is_executed(bundle, agent, verb):
    notifying(bundle, agent)
    bundle.linux["seccomp"]["syscalls"] = [rule("SCMP_ACT_NOTIFY", "execve", "execveat")]
    bundle.args = ["/bin/probe", "exit", "5"]
    if verb == "run":
        bundle.write()
        process = bundle.runtime.popen("run", "--bundle", bundle.directory, bundle.name, stderr=-1, text=True)
        agent.receive()
        agent.close()
        _, words = process.communicate(timeout=30 * host.PATIENCE)
    else:
        bundle.create().ok()
        agent.receive()
        agent.close()
        words = bundle.start().fails().err
    agent.notify = -1
    assert "ENOSYS" in words
    bundle.delete("--force")
    assert bundle.leaks() == []


def test_listener_descriptor_stays_out_of_the_container(bundle, agent):
    notifying(bundle, agent)
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    agent.receive()
    bundle.start().ok()
    bundle.output.expect("ready")
    assert set(os.listdir(f"/proc/{bundle.pid}/fd")) == {"0", "1", "2"}


@pytest.mark.parametrize("shape", ["missing", "file", "nobody listens"])
def test_no_agent_is_an_error(bundle, workdir, shape):
    path = workdir / "socket"
    if shape == "file":
        path.touch()
    elif shape == "nobody listens":
        Agent(path).close()
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_NOTIFY", "munlockall"), listenerPath=str(path))
    done = bundle.run().fails(1).dray_error("SECCOMP_LISTENER", "/linux/seccomp/listenerPath", [str(path)])
    if done.kind == "dray":
        assert "no such file or directory" not in done.err
    assert bundle.leaks() == []


def test_notify_without_a_listener_path_is_an_error(bundle):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_NOTIFY", "munlockall"))
    bundle.run().fails(1).dray_error(("SECCOMP_INVALID", "CONFIG_MISSING", "CONFIG_CONFLICT", "SECCOMP_LISTENER"))
    assert bundle.leaks() == []


@pytest.mark.only_dray("runc 1.1.5 wants a notify action")
def test_listener_path_without_notify_is_ignored(bundle):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", "munlockall"), listenerPath="/no/such/socket")
    assert bundle.tries(call("munlockall"))[0]["errno"] == "EPERM"


def test_notify_on_write_is_refused(bundle, agent):
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_NOTIFY", "write"), listenerPath=str(agent.path))
    bundle.run().fails(1, ["write"]).dray_error(("SECCOMP_INVALID", "NOT_SUPPORTED"), names=["/linux/seccomp/"])
    assert bundle.leaks() == []


def test_notify_as_default_is_refused(bundle, agent):
    bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_NOTIFY", "listenerPath": str(agent.path),
                               "syscalls": [rule("SCMP_ACT_ALLOW", "read")]}
    bundle.run().fails(1).dray_error(("SECCOMP_INVALID", "NOT_SUPPORTED"), names=["/linux/seccomp/"])
    assert bundle.leaks() == []


@pytest.mark.only_dray("others wait for ever, or need other calls")
def test_notify_of_what_comes_before_the_agent(bundle, agent):
    """Its listener is forwarded when the process is ready, which takes capset first."""
    notifying(bundle, agent)
    bundle.linux["seccomp"]["syscalls"] = [rule("SCMP_ACT_NOTIFY", "capset")]
    bundle.process["noNewPrivileges"] = False
    bundle.create(timeout=20).fails(1, ["SECCOMP_FORBIDS", '"capset"', "asks an agent"])
