# SPDX-License-Identifier: LGPL-2.1-or-later
"""state and list: the words engines read."""

import json
import re

import pytest


def test_state_has_the_keys_engines_read(bundle):
    bundle.up()
    state = bundle.state()
    assert state["id"] == bundle.name
    assert state["pid"] == bundle.pid
    assert state["status"] == "running"
    assert state["bundle"] == str(bundle.directory)
    assert state["rootfs"] == str(bundle.rootfs)
    assert re.fullmatch(r"1\.\d+\.\d+(-.*)?", state["ociVersion"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", state["created"])
    assert "owner" in state


def test_state_carries_the_annotations(bundle):
    bundle.config["annotations"] = {"a": "1", "org.example/b": "zwei \"quoted\" \\ \u00fc"}
    bundle.up()
    annotations = bundle.state()["annotations"]
    assert annotations["a"] == "1"
    assert annotations["org.example/b"] == "zwei \"quoted\" \\ \u00fc"


def test_state_of_a_stopped_container_has_pid_zero(bundle):
    bundle.up()
    bundle.kill("TERM").ok()
    bundle.wait()
    state = bundle.state()
    assert state["status"] == "stopped"
    assert state["pid"] == 0


def test_state_creation_time_does_not_change(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    before = bundle.state()["created"]
    bundle.start().ok()
    assert bundle.state()["created"] == before


def test_state_writes_nothing_else(bundle):
    bundle.up()
    done = bundle.runtime("state", bundle.name).ok()
    assert done.err == ""
    json.loads(done.out)


def test_state_works_with_an_almost_empty_environment(bundle):
    bundle.up()
    for settings in ({"PATH": None, "HOME": None, "XDG_RUNTIME_DIR": ""},
                     {"PATH": None, "HOME": None, "XDG_RUNTIME_DIR": "/nonexistent"}):
        assert bundle.runtime("state", bundle.name, env=settings).json()["status"] == "running"


def test_list_json_is_an_array_of_states_on_one_line(make_bundle):
    one, two = make_bundle(), make_bundle()
    one.up()
    two.args = ["/bin/probe", "wait"]
    two.create().ok()
    done = one.runtime("list", "--format", "json").ok()
    assert done.out.count("\n") <= 1
    found = {entry["id"]: entry for entry in json.loads(done.out)}
    assert set(found) == {one.name, two.name}
    assert found[one.name]["status"] == "running"
    assert found[two.name]["status"] == "created"
    for item in (one, two):
        assert found[item.name]["pid"] == item.pid
        assert found[item.name]["bundle"] == str(item.directory)
        assert found[item.name]["created"] == item.state()["created"]
        assert "owner" in found[item.name]


def test_list_json_of_nothing_is_an_empty_array(runtime, kind):
    runtime.root.mkdir()
    assert runtime("list", "-f", "json").ok().out.strip() == ("null" if kind == "runc" else "[]")


def test_list_quiet_prints_ids_only(make_bundle):
    one, two = make_bundle(), make_bundle()
    one.up()
    two.up()
    done = one.runtime("list", "-q").ok()
    assert sorted(done.out.splitlines()) == sorted([one.name, two.name])


def test_list_table(bundle):
    bundle.up()
    lines = bundle.runtime("list").ok().out.splitlines()
    assert lines[0].split() == ["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]
    fields = lines[1].split()
    assert fields[:4] == [bundle.name, str(bundle.pid), "running", str(bundle.directory)]
    assert fields[5] == "root"
    assert len(lines) == 2


def test_list_of_nothing_is_the_header(runtime):
    runtime.root.mkdir()
    lines = runtime("list").ok().out.splitlines()
    assert len(lines) <= 1


@pytest.mark.unlike(runc="a missing root is an error before 1.5")
def test_list_with_a_missing_root_is_empty(runtime, workdir):
    done = runtime("list", root=workdir / "nowhere").ok()
    assert len(done.out.splitlines()) <= 1
    assert not (workdir / "nowhere").exists()
    assert runtime("list", "-q", root=workdir / "nowhere").ok().out == ""


def test_list_of_an_unknown_format_is_an_error(runtime, is_dray):
    runtime.root.mkdir()
    runtime("list", "--format", "xml").fails(1, ["xml"] if is_dray else ["format"])


def test_list_shows_a_stopped_container(bundle):
    bundle.up()
    bundle.kill("KILL").ok()
    bundle.wait()
    entry = bundle.runtime("list", "-f", "json").json()[0]
    assert entry["status"] == "stopped"
    assert entry["pid"] == 0


def test_ps_json_lists_the_host_pids(bundle):
    bundle.up()
    assert bundle.runtime("ps", "--format", "json", bundle.name).json() == [bundle.pid]
    second = bundle.exec_detached("/bin/sleep", "1000")
    assert sorted(bundle.runtime("ps", "-f", "json", bundle.name).json()) == sorted([bundle.pid, second.pid])


def test_ps_table_shows_only_the_container(bundle):
    bundle.up()
    lines = bundle.runtime("ps", bundle.name).ok().out.splitlines()
    assert "PID" in lines[0]
    assert len(lines) == 2
    assert str(bundle.pid) in lines[1].split()


def test_ps_passes_options_on(bundle):
    bundle.up()
    lines = bundle.runtime("ps", bundle.name, "-o", "pid,comm").ok().out.splitlines()
    assert lines[0].split() == ["PID", "COMMAND"]
    assert lines[1].split() == [str(bundle.pid), "probe"]


def test_ps_of_a_stopped_container_is_empty(bundle):
    bundle.up()
    bundle.kill("KILL").ok()
    bundle.wait()
    assert bundle.runtime("ps", "-f", "json", bundle.name).json() in ([], None)
