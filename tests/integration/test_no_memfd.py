# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where memory files may not be executed (vm.memfd_noexec) the installed stage takes their place."""

import os
import pathlib
import shlex
import shutil
import sys

import pytest

from harness.runtime import runtime_path

SYSCTL = "/proc/sys/vm/memfd_noexec"
pytestmark = [
    pytest.mark.only_dray("others have no stage"),
    pytest.mark.needs("busybox"),
    pytest.mark.skipif(not os.path.exists(SYSCTL), reason="needs Linux 6.3"),
]


def stage_file():
    """The stage of the runtime under test, installed or in its build tree."""
    beside = runtime_path().resolve().parent
    for path in (beside / "src/stage/dray-stage", beside.parent / "libexec/dray/dray-stage"):
        if path.exists():
            return path
    pytest.skip("the stage of this runtime is not installed")


def scope(value, before=""):
    """Words before a command: the setting is that of a PID namespace, so nobody else notices."""
    return ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c",
            f'{before}\necho {value} >{SYSCTL} && exec "$@"', "sh"]


@pytest.fixture
def lone(runtime, workdir):
    """A copy of dray whose stage is where the test puts it, or nowhere."""
    stage = stage_file()
    directory = workdir / "lone"
    (directory / "src/stage").mkdir(parents=True)
    shutil.copy2(runtime.path, directory / "dray")
    runtime.path = directory / "dray"

    class Lone:
        original = stage
        path = directory / "src/stage/dray-stage"
        # An installed one is out of sight.
        hide = "mount -t tmpfs none /usr/local/libexec/dray 2>/dev/null || true"
    return Lone


@pytest.mark.parametrize("value", [0, 1, 2])
def test_run(bundle, value):
    stage_file()
    bundle.shell("echo started")
    assert bundle.run(wrap=scope(value)).ok().out == "started\n"


@pytest.mark.parametrize("settings", ["user_namespace", "no_new_privileges", "ordinary_user"])
def test_run_with_restrictions(bundle, settings):
    stage_file()
    bundle.process["noNewPrivileges"] = settings == "no_new_privileges"
    if settings == "user_namespace":
        bundle.map_users()
    if settings == "ordinary_user":
        bundle.process["user"] = {"uid": 1000, "gid": 1000}
        bundle.process["capabilities"] = {}
    bundle.shell("echo started")
    assert bundle.run(wrap=scope(2)).ok().out == "started\n"


def test_exec(bundle):
    stage_file()
    bundle.shell("sleep 1000")
    bundle.write()
    words = [shlex.join(bundle.runtime.words(*command)) for command in (
        ("create", "--bundle", bundle.directory, bundle.name), ("start", bundle.name),
        ("exec", bundle.name, "/bin/echo", "inside"), ("delete", "--force", bundle.name))]
    done = bundle.runtime.directory / "out"
    script = f"{words[0]} </dev/null >/dev/null 2>&1 && {words[1]} && {words[2]} >{done}; {words[3]}"
    bundle.runtime("--version", root=False, wrap=[*scope(2), "sh", "-c", script, "sh"]).ok()
    assert done.read_text() == "inside\n"


def test_the_file_cannot_be_written_through_the_container(bundle, workdir):
    """What /proc/PID/exe leads to, as CVE-2019-5736 had it, is on a mount that takes no writes."""
    stage_file()
    report = workdir / "report"
    look = (f"import json, os, sys; pid = json.load(sys.stdin)['pid']; "
            f"fd = os.open(f'/proc/{{pid}}/exe', os.O_RDONLY); "
            f"open({str(report)!r}, 'w').write(str(os.fstatvfs(fd).f_flag & os.ST_RDONLY) + "
            f"str(os.fstat(fd).st_ino))")
    bundle.config["hooks"] = {"createRuntime": [{"path": sys.executable, "args": ["python3", "-c", look]}]}
    bundle.shell("true")
    bundle.run(wrap=scope(2)).ok()
    assert report.read_text() == f"1{os.stat(stage_file()).st_ino}"


def test_without_an_installed_stage(bundle, lone):
    bundle.shell("true")
    bundle.run(wrap=scope(2, lone.hide)).dray_error("STAGE_REFUSED")
    bundle.run(wrap=scope(1, lone.hide)).ok()


def test_stage_beside_dray(bundle, lone):
    shutil.copy2(lone.original, lone.path)
    bundle.shell("echo started")
    assert bundle.run(wrap=scope(2, lone.hide)).ok().out == "started\n"


@pytest.mark.parametrize("fault", ["another_byte", "longer", "shorter", "empty", "group_may_write", "anybody_may_write",
                                   "owner", "link", "directory", "fifo"])
def test_stage_that_is_not_to_be_trusted(bundle, lone, fault):
    content = bytearray(lone.original.read_bytes())
    path = pathlib.Path(lone.path)
    if fault == "another_byte":
        content[-1] ^= 1
    content = {"longer": content + b"x", "shorter": content[:-1], "empty": b""}.get(fault, content)
    if fault == "link":
        other = path.with_name("other")
        shutil.copy2(lone.original, other)
        path.symlink_to(other)
    elif fault == "directory":
        path.mkdir()
    elif fault == "fifo":
        os.mkfifo(path)
    else:
        path.write_bytes(content)
        path.chmod({"group_may_write": 0o775, "anybody_may_write": 0o757}.get(fault, 0o755))
        if fault == "owner":
            os.chown(path, 1000, 1000)
    bundle.shell("true")
    bundle.run(wrap=scope(2, lone.hide)).dray_error("STAGE_REFUSED")
