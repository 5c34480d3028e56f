# SPDX-License-Identifier: LGPL-2.1-or-later
"""process: rlimits, OOM score, scheduling, I/O priority, personality, affinity, keyring."""

import os
import resource

import pytest

from harness import host

LOWERABLE = ["CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE", "MEMLOCK", "AS", "LOCKS",
             "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME"]


def test_every_rlimit(bundle):
    values = {"STACK": (1 << 20, 2 << 20), "AS": (1 << 30, 2 << 30), "DATA": (1 << 30, 2 << 30),
              "NICE": (0, 0), "RTPRIO": (0, 0), "MEMLOCK": (4096, 8192), "NOFILE": (100, 200),
              "NPROC": (500, 600), "MSGQUEUE": (1000, 2000), "SIGPENDING": (10, 20)}
    bundle.process["rlimits"] = [
        {"type": f"RLIMIT_{name}", "soft": values.get(name, (1 << 20, 2 << 20))[0],
         "hard": values.get(name, (1 << 20, 2 << 20))[1]} for name in LOWERABLE]
    limits = bundle.facts("rlimits")["rlimits"]
    for entry in bundle.process["rlimits"]:
        assert limits[entry["type"]] == [entry["soft"], entry["hard"]], entry["type"]


def test_no_rlimits_keeps_those_of_the_caller(bundle):
    bundle.process["rlimits"] = []
    limits = bundle.facts("rlimits")["rlimits"]
    assert limits["RLIMIT_NOFILE"] == list(resource.getrlimit(resource.RLIMIT_NOFILE))


def test_unlimited(bundle):
    bundle.process["rlimits"] = [{"type": "RLIMIT_CPU", "soft": 18446744073709551615, "hard": 18446744073709551615}]
    assert bundle.facts("rlimits")["rlimits"]["RLIMIT_CPU"] == [18446744073709551615] * 2


@pytest.mark.parametrize("name, soft", [("NOFILE", 3), ("NPROC", 1), ("AS", 16 << 20), ("FSIZE", 0),
                                        ("STACK", 65536), ("DATA", 4 << 20), ("NOFILE", 4)])
def test_tight_limits_do_not_break_the_start(bundle, name, soft, kind):
    if kind == "runc":
        pytest.skip("runc: its own init runs under the limit")
    bundle.process["rlimits"] = [{"type": f"RLIMIT_{name}", "soft": soft, "hard": soft}]
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.args = ["/bin/probe", "exit", "5"]
    bundle.run().exits(5)


def test_unknown_rlimit_is_an_error(bundle):
    bundle.process["rlimits"].append({"type": "RLIMIT_HAPPINESS", "soft": 1, "hard": 1})
    bundle.run().fails(1, ["RLIMIT_HAPPINESS"]).dray_error("CONFIG_VALUE", "/process/rlimits/1/type", place=True)
    assert bundle.leaks() == []


@pytest.mark.unlike(runc="1.1.5 takes the last")
def test_duplicate_rlimit_is_an_error(bundle):
    bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}] * 2
    bundle.run().fails(1, ["RLIMIT_CORE"])


@pytest.mark.only_dray("rules of the specification that others leave to the kernel")
def test_soft_above_hard_is_an_error(bundle):
    bundle.process["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 2, "hard": 1}]
    bundle.run().fails(1, ["RLIMIT_CORE"]).dray_error(("CONFIG_VALUE", "CONFIG_CONFLICT", "CONFIG_RANGE", "RLIMIT_FAILED"))


def test_raising_beyond_the_callers_limit_names_the_limit(bundle):
    if host.own_capabilities() >> 24 & 1:
        pytest.skip("needs a caller without CAP_SYS_RESOURCE")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    bundle.process["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": hard + 1, "hard": hard + 1}]
    done = bundle.run().fails(1).dray_error("RLIMIT_FAILED", "/process/rlimits/0", ["RLIMIT_NOFILE", "EPERM"])
    if done.kind == "dray":
        # Podman takes the words for a fault of the container's program.
        assert "operation not permitted" not in done.err.lower()
    assert bundle.leaks() == []


@pytest.mark.parametrize("score", [0, 500, 1000])
def test_oom_score_adj(bundle, score):
    bundle.process["oomScoreAdj"] = score
    assert bundle.facts("oom_score_adj")["oom_score_adj"] == str(score)


@pytest.mark.parametrize("score", [1001, -1001])
def test_oom_score_adj_out_of_range(bundle, score):
    bundle.process["oomScoreAdj"] = score
    bundle.run().fails(1).dray_error(("CONFIG_RANGE", "PROCESS_ATTRIBUTE"), "/process/oomScoreAdj")


@pytest.mark.unlike(runc="1.1.5 knows no scheduler")
@pytest.mark.parametrize("given, policy, nice, priority", [
    ({"policy": "SCHED_OTHER", "nice": 5}, 0, 5, 0),
    ({"policy": "SCHED_BATCH", "nice": 3}, 3, 3, 0),
    ({"policy": "SCHED_IDLE"}, 5, 0, 0),
])
def test_scheduler(bundle, given, policy, nice, priority):
    bundle.process["scheduler"] = given
    found = bundle.facts("scheduler")["scheduler"]
    assert (found["policy"], found["priority"]) == (policy, priority)
    if policy != 5:
        assert found["nice"] == nice


@pytest.mark.unlike(runc="1.1.5 knows no scheduler")
@pytest.mark.parametrize("given, policy", [
    ({"policy": "SCHED_FIFO", "priority": 10}, 1), ({"policy": "SCHED_RR", "priority": 20}, 2),
    ({"policy": "SCHED_FIFO", "priority": 10, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}, 1),
])
def test_real_time_scheduler(bundle, given, policy):
    bundle.process["scheduler"] = given
    bundle.args = ["/bin/probe", "facts", "scheduler"]
    done = bundle.run()
    if done.code != 0:
        # A v1 cpu cgroup without a real-time budget refuses it: then the error must say so.
        done.fails(1, ["SCHED_"]).dray_error("SCHEDULING_FAILED", "/process/scheduler")
        return
    found = done.json()["scheduler"]
    assert (found["policy"], found["priority"]) == (policy, given["priority"])


@pytest.mark.unlike(runc="1.1.5 knows no scheduler")
@pytest.mark.parametrize("given", [
    {"policy": "SCHED_MAGIC"}, {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_MAGIC"]},
    {"policy": "SCHED_OTHER", "nice": 40}, {"policy": "SCHED_FIFO", "priority": 1000},
    {"policy": "SCHED_DEADLINE", "runtime": 10, "deadline": 5, "period": 20}, {},
])
def test_bad_scheduler(bundle, given):
    bundle.process["scheduler"] = given
    done = bundle.run().fails(1)
    assert "scheduler" in done.err.lower() or "SCHED" in done.err, done
    assert bundle.leaks() == []


@pytest.mark.unlike(runc="1.1.5 knows no ioPriority")
@pytest.mark.parametrize("name, number", [("IOPRIO_CLASS_BE", 2), ("IOPRIO_CLASS_RT", 1)])
@pytest.mark.parametrize("level", [0, 4, 7])
def test_io_priority(bundle, name, number, level):
    bundle.process["ioPriority"] = {"class": name, "priority": level}
    assert bundle.facts("process")["process"]["ioprio"] == number << 13 | level


@pytest.mark.unlike(runc="1.1.5 knows no ioPriority")
def test_idle_io_priority(bundle):
    bundle.process["ioPriority"] = {"class": "IOPRIO_CLASS_IDLE", "priority": 0}
    assert bundle.facts("process")["process"]["ioprio"] >> 13 == 3


@pytest.mark.unlike(runc="1.1.5 knows no ioPriority")
@pytest.mark.parametrize("given", [{"class": "IOPRIO_CLASS_XX", "priority": 0},
                                   {"class": "IOPRIO_CLASS_BE", "priority": 8},
                                   {"class": "IOPRIO_CLASS_BE", "priority": -1}, {"priority": 1}])
def test_bad_io_priority(bundle, given):
    bundle.process["ioPriority"] = given
    bundle.run().fails(1).dray_error(("CONFIG_VALUE", "CONFIG_RANGE", "CONFIG_MISSING"))


@pytest.mark.unlike(runc="1.1.5 knows no personality")
@pytest.mark.parametrize("domain, number, machine", [("LINUX", 0, None), ("LINUX32", 8, "i686")])
def test_personality(bundle, domain, number, machine):
    bundle.linux["personality"] = {"domain": domain}
    facts = bundle.facts("process", "uts")
    assert facts["process"]["personality"] == number
    if machine and os.uname().machine == "x86_64":
        assert facts["uts"]["machine"] == machine


@pytest.mark.unlike(runc="1.1.5 knows no personality")
def test_unknown_personality(bundle):
    bundle.linux["personality"] = {"domain": "SOLARIS"}
    bundle.run().fails(1, ["SOLARIS"]).dray_error("CONFIG_VALUE", "/linux/personality/domain")


@pytest.mark.needs("two_cpus")
def test_affinity_of_the_caller_is_not_inherited(bundle, kind):
    if kind == "runc":
        pytest.skip("runc: since 1.2 only")
    bundle.args = ["/bin/probe", "facts", "affinity"]
    found = bundle.run(wrap=["taskset", "-c", "0"]).json()["affinity"]
    assert found == sorted(os.sched_getaffinity(0))


@pytest.mark.needs("two_cpus", "cgroup_v1")
def test_affinity_follows_the_cpuset(bundle):
    bundle.resources["cpu"] = {"cpus": "1"}
    assert bundle.facts("affinity")["affinity"] == [1]


@pytest.mark.needs("two_cpus")
@pytest.mark.only_dray("execCPUAffinity is of runtime-spec 1.3")
def test_exec_cpu_affinity_final(bundle):
    bundle.process["execCPUAffinity"] = {"initial": "0", "final": "1"}
    bundle.up()
    assert bundle.exec_facts("affinity")["affinity"] == [1]


@pytest.mark.only_dray("execCPUAffinity is of runtime-spec 1.3")
def test_bad_exec_cpu_affinity(bundle):
    bundle.process["execCPUAffinity"] = {"final": "1-x"}
    bundle.run().fails(1, ["1-x"]).dray_error(("CONFIG_VALUE",), "/process/execCPUAffinity/final")


def test_new_session_keyring(bundle):
    found = bundle.facts("keyring")["keyring"]
    assert "_uid_ses" not in found["description"]
    assert found["description"].split(";")[-1].startswith(("_ses", bundle.name)), found


def test_no_new_keyring(bundle):
    own = host.libc.syscall(250, 0, -3, 0) if os.uname().machine == "x86_64" else None
    if own is None or own <= 0:
        pytest.skip("needs a session keyring of the caller on x86_64")
    bundle.args = ["/bin/probe", "facts", "keyring"]
    assert bundle.run("--no-new-keyring").json()["keyring"]["serial"] == own


@pytest.mark.only_dray("memoryPolicy is of runtime-spec 1.3")
@pytest.mark.parametrize("given, mode", [
    ({"mode": "MPOL_INTERLEAVE", "nodes": "0"}, 3), ({"mode": "MPOL_BIND", "nodes": "0"}, 2),
    ({"mode": "MPOL_PREFERRED", "nodes": "0"}, 1), ({"mode": "MPOL_LOCAL"}, 4), ({"mode": "MPOL_DEFAULT"}, 0),
])
def test_memory_policy(bundle, given, mode):
    bundle.linux["memoryPolicy"] = given
    found = bundle.facts("mempolicy")["mempolicy"]
    if found["result"] != 0:
        pytest.skip("needs a kernel with NUMA policies")
    assert found["mode"] & 0xff == mode


@pytest.mark.only_dray("memoryPolicy is of runtime-spec 1.3")
@pytest.mark.parametrize("given, word", [({"mode": "MPOL_MAGIC"}, "MPOL_MAGIC"),
                                         ({"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_X"]}, "MPOL_F_X"),
                                         ({"mode": "MPOL_BIND", "nodes": "x"}, "x")])
def test_bad_memory_policy(bundle, given, word):
    bundle.linux["memoryPolicy"] = given
    bundle.run().fails(1, [word]).dray_error(("CONFIG_VALUE",))
