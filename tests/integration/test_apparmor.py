# SPDX-License-Identifier: LGPL-2.1-or-later
"""process.apparmorProfile, exec --apparmor, and dray itself under a profile such as engines have."""

import subprocess

import pytest

pytestmark = pytest.mark.needs("apparmor", "busybox")

# Everything is allowed but what the tests look at.
CONTAINER = """
profile {name} flags=(attach_disconnected,mediate_deleted) {{
  file,
  capability,
  network,
  signal,
  ptrace,
  unix,
  deny /tmp/forbidden w,
}}
"""
# What an engine's own confinement allows: all it takes to make containers, any profile for them.
ENGINE = """
profile {name} flags=(attach_disconnected,mediate_deleted) {{
  file,
  capability,
  network,
  signal,
  ptrace,
  unix,
  dbus,
  mount,
  umount,
  pivot_root,
  userns,
  {more}
}}
"""


@pytest.fixture
def load(workdir, request):
    """load(text, name): puts a profile into the kernel, until the end of the test."""
    loaded = []

    def parse(option, file):
        return subprocess.run(["apparmor_parser", "--skip-cache", option, file], capture_output=True, text=True)

    def load_profile(text, word, **values):
        name = f"dray-it-{word}"
        file = workdir / f"{name}.profile"
        file.write_text("abi <abi/4.0>,\n" + text.format(name=name, **values))
        done = parse("--replace", file)
        if done.returncode != 0 and "abi/4.0" in done.stderr:
            file.write_text("abi <abi/3.0>,\n" + text.format(name=name, **values).replace("  userns,\n", ""))
            done = parse("--replace", file)
        assert done.returncode == 0, done.stderr
        loaded.append(file)
        return name

    yield load_profile
    for file in loaded:
        parse("--remove", file)


@pytest.fixture
def profile(load):
    return load(CONTAINER, "container")


LABEL = "cat /proc/self/attr/current"


def label_of(bundle, **arguments):
    bundle.shell(LABEL)
    return bundle.run(**arguments).ok().out.strip()


def test_program_runs_under_the_profile(bundle, profile):
    bundle.process["apparmorProfile"] = profile
    assert label_of(bundle) == f"{profile} (enforce)"


def test_profile_is_enforced(bundle, profile):
    bundle.process["apparmorProfile"] = profile
    results = bundle.tries("create /tmp/allowed", "create /tmp/forbidden")
    assert [result["errno"] for result in results] == ["", "EACCES"]


@pytest.mark.parametrize("settings", ["no_new_privileges", "user_namespace", "both", "seccomp"])
def test_with_other_restrictions(bundle, profile, settings):
    bundle.process["apparmorProfile"] = profile
    bundle.process["noNewPrivileges"] = settings in ("no_new_privileges", "both")
    if settings in ("user_namespace", "both"):
        bundle.map_users()
    if settings == "seccomp":
        bundle.linux["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
            {"names": ["mkdirat"], "action": "SCMP_ACT_ERRNO"}]}
    assert label_of(bundle) == f"{profile} (enforce)"


def test_for_an_ordinary_user(bundle, profile):
    bundle.process["apparmorProfile"] = profile
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.process["capabilities"] = {}
    assert label_of(bundle) == f"{profile} (enforce)"


def test_hooks_of_the_host_are_not_under_it(bundle, profile, workdir):
    bundle.process["apparmorProfile"] = profile
    bundle.config["hooks"] = {"createRuntime": [{
        "path": "/bin/sh", "args": ["sh", "-c", f"cat /proc/self/attr/current >{workdir}/label"]}]}
    assert label_of(bundle) == f"{profile} (enforce)"
    assert profile not in (workdir / "label").read_text()


def test_unconfined_is_a_profile_like_others(bundle):
    bundle.process["apparmorProfile"] = "unconfined"
    assert label_of(bundle) == "unconfined"


def test_no_profile(bundle):
    assert label_of(bundle) == "unconfined"


@pytest.mark.parametrize("how", ["of_the_config", "option", "process_file", "none_of_the_file"])
def test_exec(bundle, profile, load, how):
    other = load(CONTAINER, "other")
    bundle.process["apparmorProfile"] = profile
    bundle.up()
    words = ["/bin/sh", "-c", LABEL]
    process = {**bundle.process, "args": words}
    if how == "of_the_config":
        done = bundle.exec(*words)
    elif how == "option":
        done = bundle.exec(*words, options=["--apparmor", other])
    elif how == "process_file":
        done = bundle.exec_process({**process, "apparmorProfile": other})
    else:
        del process["apparmorProfile"]
        done = bundle.exec_process(process)
    expected = {"of_the_config": f"{profile} (enforce)", "none_of_the_file": "unconfined"}
    assert done.ok().out.strip() == expected.get(how, f"{other} (enforce)")


def test_profile_that_is_not_loaded(bundle):
    bundle.process["apparmorProfile"] = "dray-it-nowhere"
    bundle.shell(LABEL)
    bundle.run().dray_error("APPARMOR_FAILED", "/process/apparmorProfile",
                            ("dray-it-nowhere", "ENOENT", "/attr/exec"))


def test_exec_with_a_profile_that_is_not_loaded(bundle):
    bundle.up()
    bundle.exec("/bin/true", options=["--apparmor", "dray-it-nowhere"]).dray_error(
        "APPARMOR_FAILED", None, ("dray-it-nowhere",), place=False)
    assert bundle.status == "running"
    bundle.exec("/bin/true").ok()


@pytest.mark.parametrize("name", ["x" * 5000, "a\nb", "profile with spaces", ":nowhere:x", "//", "%s%s%n"])
def test_odd_names(bundle, name):
    bundle.process["apparmorProfile"] = name
    bundle.shell(LABEL)
    bundle.run().dray_error("APPARMOR_FAILED", "/process/apparmorProfile")


def test_inside_a_confined_engine(bundle, load):
    """The stage is a memory file, which has no path that a profile could name."""
    engine = load(ENGINE, "engine", more="")
    assert label_of(bundle, wrap=("aa-exec", "-p", engine, "--")) == f"{engine} (enforce)"


def test_confined_engine_gives_another_profile(bundle, load, profile):
    engine = load(ENGINE, "engine", more="change_profile,")
    bundle.process["apparmorProfile"] = profile
    assert label_of(bundle, wrap=("aa-exec", "-p", engine, "--")) == f"{profile} (enforce)"


def test_confined_engine_that_may_not_give_another_profile(bundle, load, profile):
    engine = load(ENGINE, "engine", more="deny change_profile,")
    bundle.process["apparmorProfile"] = profile
    bundle.shell(LABEL)
    bundle.run(wrap=("aa-exec", "-p", engine, "--")).dray_error("APPARMOR_FAILED", "/process/apparmorProfile",
                                                                (profile,))


def test_exec_by_a_confined_engine(bundle, load):
    engine = load(ENGINE, "engine", more="")
    bundle.up()
    done = bundle.exec("/bin/sh", "-c", LABEL, wrap=("aa-exec", "-p", engine, "--"))
    assert done.ok().out.strip() == f"{engine} (enforce)"


def test_features_say_that_it_is_there(runtime):
    assert runtime("features").json()["linux"]["apparmor"]["enabled"] is True
