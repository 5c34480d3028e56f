# SPDX-License-Identifier: LGPL-2.1-or-later
"""exec --process: the whole process object from a file, as conmon and containerd use it."""

import json

import pytest

from harness import host
from harness.config import capability_mask


def process(*args, **fields):
    return {"user": {"uid": 0, "gid": 0}, "args": list(args), "cwd": "/",
            "env": ["PATH=/bin"], **fields}


def facts(bundle, *names, **fields):
    return bundle.exec_process(process("/bin/probe", "facts", *names, **fields)).json()


def test_args_env_and_cwd_come_from_the_file(bundle):
    bundle.process["env"] = ["PATH=/bin", "OUTER=1", "TERM=xterm"]
    bundle.up()
    found = facts(bundle, "argv", "env", "cwd", env=["A=b", "HOME=/h"], cwd="/usr")
    assert found["argv"] == ["/bin/probe", "facts", "argv", "env", "cwd"]
    assert sorted(found["env"]) == ["A=b", "HOME=/h"]
    assert found["cwd"] == "/usr"


@pytest.mark.unlike(runc="1.1 takes the umask of the container")
def test_user_groups_and_umask(bundle):
    bundle.up()
    found = facts(bundle, "ids", "groups", "umask",
                  user={"uid": 7, "gid": 8, "additionalGids": [20, 10], "umask": 0o77})
    assert found["ids"] == {"uid": [7, 7, 7], "gid": [8, 8, 8]}
    assert sorted(found["groups"]) == [10, 20]
    assert found["umask"] == 0o77


@pytest.mark.unlike(runc="falls back to the capabilities of the container")
def test_no_capabilities_unless_named(bundle):
    bundle.up()
    caps = facts(bundle, "caps")["caps"]
    assert caps["effective"] == caps["permitted"] == "0"


def test_capabilities(bundle):
    bundle.up()
    one, both = ["CAP_KILL"], ["CAP_KILL", "CAP_CHOWN"]
    caps = facts(bundle, "caps", capabilities={
        "bounding": both, "permitted": both, "effective": one, "inheritable": one, "ambient": one})["caps"]
    assert caps == {"bounding": capability_mask(both), "permitted": capability_mask(both),
                    # uid 0: the kernel raises effective to permitted at execve
                    "effective": capability_mask(both), "inheritable": capability_mask(one),
                    "ambient": capability_mask(one)} or \
        caps["effective"] == capability_mask(one)


@pytest.mark.unlike(runc="1.1 takes oomScoreAdj of the container")
def test_rlimits_no_new_privileges_and_oom_score(bundle):
    bundle.up()
    found = facts(bundle, "rlimits", "process", "oom_score_adj", noNewPrivileges=True, oomScoreAdj=111,
                  rlimits=[{"type": "RLIMIT_CORE", "soft": 0, "hard": 1}])
    assert found["rlimits"]["RLIMIT_CORE"] == [0, 1]
    assert found["process"]["no_new_privs"] == 1
    assert found["oom_score_adj"] == "111"


def test_detached_with_pid_file_as_conmon_calls_it(bundle):
    bundle.up()
    pid_file = bundle.directory / "second"
    bundle.exec_process(process("/bin/probe", "exit", "33"), "--pid-file", pid_file, "--detach").ok()
    assert host.wait_exit(int(pid_file.read_text())) == 33


def test_option_overrides_win_over_the_file(bundle):
    bundle.up()
    path = bundle.directory / "p.json"
    path.write_text(json.dumps(process("/bin/probe", "exit", "12")))
    bundle.runtime("exec", f"--process={path}", bundle.name).exits(12)
    bundle.runtime("exec", "-p", path, bundle.name).exits(12)


@pytest.mark.parametrize("text, code", [
    ("", "CONFIG_SYNTAX"), ("{", "CONFIG_SYNTAX"), ("[]", "CONFIG_TYPE"), ("{}", "CONFIG_MISSING"),
    ('{"args": "x", "cwd": "/"}', "CONFIG_TYPE"),
    ('{"args": [], "cwd": "/", "user": {"uid": 0, "gid": 0}}', ("CONFIG_MISSING", "CONFIG_VALUE")),
    ('{"args": ["/bin/true"], "cwd": "relative", "user": {"uid": 0, "gid": 0}}', "CONFIG_VALUE"),
    ('{"args": ["/bin/true"], "cwd": "/", "user": {"uid": -1, "gid": 0}}', "CONFIG_RANGE"),
    ('{"args": ["/bin/true"], "cwd": "/", "user": {"uid": 4294967296, "gid": 0}}', "CONFIG_RANGE"),
])
def test_bad_documents(bundle, text, code):
    bundle.up()
    bundle.exec_process(text).fails(255).dray_error(code)
    assert bundle.runtime("ps", "-f", "json", bundle.name).json() == [bundle.pid]


def test_missing_file(bundle):
    bundle.up()
    bundle.runtime("exec", "--process", bundle.directory / "none.json", bundle.name) \
        .fails(255, ["none.json"])


def test_program_missing(bundle):
    bundle.up()
    bundle.exec_process(process("nowhere")).fails(255, ['exec: "nowhere": executable file not found in $PATH'])
    bundle.exec_process(process("/nowhere")).fails(255, ["/nowhere", "no such file or directory"])
