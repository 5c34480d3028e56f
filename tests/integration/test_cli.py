# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: help, versions, spellings of options, what is refused."""

import json
import os
import re

import pytest

COMMANDS = ["create", "start", "state", "kill", "delete", "run", "exec", "list", "ps", "pause", "resume", "spec", "features"]


def test_version_is_three_lines(runtime, kind):
    for word in ("--version", "-v"):
        done = runtime(word, root=None).ok()
        lines = done.out.splitlines()
        assert lines[0].startswith(f"{kind} version ")
        assert lines[1].startswith("commit: ")
        assert lines[2].startswith("spec: 1.")
        if kind == "dray":
            assert len(lines) == 3
            assert re.fullmatch(r"dray version \d+\.\d+\.\d+\S*", lines[0])


@pytest.mark.parametrize("words", [["--help"], ["-h"]])
def test_help_names_every_command(runtime, words):
    done = runtime(*words, root=None).ok()
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", done.out), command
    for option in ("--root", "--log", "--log-format", "--debug", "--systemd-cgroup", "--version"):
        assert option in done.out, option
    assert done.err == ""


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_of_every_command(runtime, command, word, kind):
    done = runtime(command, word, root=None).ok()
    assert "usage" in done.out.lower()
    assert command in done.out
    if kind == "dray":
        assert done.err == ""
        assert all(len(line) <= 110 for line in done.out.splitlines()), "lines fit a terminal"


OPTIONS = {
    "create": ["--bundle", "--pid-file", "--console-socket", "--no-pivot", "--no-new-keyring", "--preserve-fds"],
    "run": ["--bundle", "--pid-file", "--console-socket", "--no-pivot", "--no-new-keyring", "--preserve-fds", "--detach",
            "--keep"],
    "exec": ["--process", "--detach", "--tty", "--cwd", "--env", "--user", "--additional-gids", "--cap", "--pid-file",
             "--console-socket", "--preserve-fds", "--no-new-privs", "--ignore-paused", "--apparmor", "--process-label",
             "--cgroup"],
    "kill": ["--all"] , "delete": ["--force"], "list": ["--format", "--quiet"], "ps": ["--format"], "spec": ["--bundle", "--rootless"],
}


@pytest.mark.parametrize("command", OPTIONS)
def test_help_names_the_options(runtime, command, kind):
    text = runtime(command, "--help", root=None).ok().out
    missing = [option for option in OPTIONS[command] if option not in text]
    if kind == "runc":
        missing = [option for option in missing if option not in ("--all",)]
    assert missing == []


def test_unknown_command(runtime):
    done = runtime("explode", root=None)
    assert done.code != 0
    if done.kind == "dray":
        done.dray_error("USAGE", names=["explode"])


@pytest.mark.parametrize("words", [["--no-such-option", "list"], ["list", "--no-such-option"], ["list", "-Z"],
                                   ["run", "--no-such-option", "x"]])
def test_unknown_option(runtime, words):
    done = runtime(*words)
    assert done.code not in (0,), done
    assert "no-such-option" in done.err + done.out or "Z" in done.err + done.out, done
    if done.kind == "dray":
        done.dray_error("USAGE")
        assert done.out == ""


def test_option_without_its_value(runtime):
    runtime("run", "--bundle").fails()
    runtime("list", "--format").fails()


@pytest.mark.only_dray("podman probes restore with it")
def test_words_of_a_missing_value(runtime):
    runtime("create", "--pid-file").fails(1, ["flag needs an argument"])


@pytest.mark.parametrize("words", [["--format", "json"], ["--format=json"], ["-f", "json"], ["-f=json"], ["-fjson"]])
def test_spellings_of_an_option_with_a_value(runtime, words, kind):
    if kind != "dray" and words[0] in ("-fjson", "-f=json"):
        pytest.skip(f"{kind}: knows no such spelling")
    runtime.root.mkdir()
    assert json.loads(runtime("list", *words).ok().out) in ([], None)


@pytest.mark.parametrize("spell", ["--root {}", "--root={}"])
def test_spellings_of_global_options(runtime, workdir, spell):
    (workdir / "r").mkdir()
    runtime(*spell.format(workdir / "r").split(), "list", root=None).ok()


def test_too_many_arguments(bundle):
    bundle.up()
    bundle.runtime("state", bundle.name, "another").fails()
    bundle.runtime("start", bundle.name, "another").fails()
    bundle.runtime("pause", bundle.name, "another").fails()
    assert bundle.status == "running"


@pytest.mark.parametrize("words", [["--rootless", "false"], ["--rootless=auto"], ["--debug"], ["--log-format", "text"]])
def test_global_options_that_are_accepted(bundle, words, kind):
    if kind != "dray" and words[0].startswith("--log-format"):
        pytest.skip("covered for dray")
    bundle.args = ["/bin/probe", "exit", "5"]
    bundle.run(options=words).exits(5)


@pytest.mark.only_dray("crun's option")
def test_unknown_cgroup_manager(bundle):
    bundle.args = ["/bin/probe", "exit", "5"]
    bundle.run(options=["--cgroup-manager", "magic"]).fails(1, ["magic"])
    bundle.run(options=["--cgroup-manager", "cgroupfs"]).exits(5)
    bundle.run(options=["--cgroup-manager=cgroupfs"]).exits(5)


def test_systemd_manager_without_systemd_is_a_clear_error(bundle):
    if os.path.isdir("/run/systemd/system"):
        pytest.skip("this host runs systemd")
    bundle.linux["cgroupsPath"] = f"machine.slice:itest:{bundle.name}"
    bundle.run(options=["--systemd-cgroup"]).fails(1, ["systemd"])
    assert bundle.leaks() == []


def test_spec_writes_a_config_that_runs(bundle):
    (bundle.directory / "config.json").unlink(missing_ok=True)
    bundle.runtime("spec", "--bundle", bundle.directory).ok()
    config = json.loads((bundle.directory / "config.json").read_text())
    assert config["ociVersion"].startswith("1.")
    assert config["root"]["path"] == "rootfs"
    assert config["process"]["args"] == ["sh"]
    assert not config["process"]["capabilities"].get("inheritable")
    config["process"]["terminal"] = False
    config["process"]["args"] = ["sh", "-c", "echo from the template"]
    config["linux"]["cgroupsPath"] = f"/dray-itest/{bundle.name}"
    bundle.config = config
    assert bundle.run().ok().out == "from the template\n"


def test_spec_refuses_to_overwrite(bundle):
    (bundle.directory / "config.json").write_text("mine")
    bundle.runtime("spec", "-b", bundle.directory).fails(1, ["config.json"])
    assert (bundle.directory / "config.json").read_text() == "mine"


def test_spec_in_the_working_directory(workdir, runtime):
    (workdir / "here").mkdir()
    runtime("spec", cwd=workdir / "here").ok()
    assert json.loads((workdir / "here/config.json").read_text())["root"]["path"] == "rootfs"


def test_spec_rootless(workdir, runtime):
    (workdir / "here").mkdir()
    runtime("spec", "--rootless", cwd=workdir / "here").ok()
    config = json.loads((workdir / "here/config.json").read_text())
    assert {"type": "user"} in config["linux"]["namespaces"]
    assert len(config["linux"]["uidMappings"]) == 1
    assert "network" not in [entry["type"] for entry in config["linux"]["namespaces"]]


@pytest.mark.only_dray("crun's option")
def test_spec_with_a_file_name(workdir, runtime):
    (workdir / "here").mkdir()
    runtime("spec", "--file", "other.json", cwd=workdir / "here").ok()
    assert (workdir / "here/other.json").exists()


@pytest.mark.unlike(runc="1.1.5 has no stable features command on stdout")
def test_features_document(runtime):
    features = runtime("features").json()
    assert features["ociVersionMin"].startswith("1.0")
    assert features["ociVersionMax"] >= "1.0.2"
    assert set(features["hooks"]) == {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"}
    assert {"rro", "ro", "bind", "rbind", "tmpcopyup"} <= set(features["mountOptions"])
    linux = features["linux"]
    assert {"cgroup", "ipc", "mount", "network", "pid", "user", "uts"} <= set(linux["namespaces"])
    assert "CAP_SYS_ADMIN" in linux["capabilities"]
    assert linux["cgroup"]["v1"] is True and linux["cgroup"]["v2"] is True
    assert linux["seccomp"]["enabled"] is True
    assert "SCMP_ACT_NOTIFY" in linux["seccomp"]["actions"]


@pytest.mark.only_dray("fields of 1.3")
def test_features_of_dray(runtime):
    features = runtime("features").json()
    assert features["ociVersionMax"].startswith("1.3")
    linux = features["linux"]
    assert "time" in linux["namespaces"]
    assert linux["mountExtensions"]["idmap"]["enabled"] is True
    assert "SECCOMP_FILTER_FLAG_TSYNC" in linux["seccomp"]["knownFlags"]
    assert "potentiallyUnsafeConfigAnnotations" in features


def test_default_root_with_an_empty_runtime_directory(runtime):
    """Podman as root calls with XDG_RUNTIME_DIR set but empty."""
    done = runtime("list", "-q", root=None, env={"XDG_RUNTIME_DIR": ""})
    done.ok()


def test_standard_output_that_is_full(bundle):
    bundle.up()
    with open("/dev/full", "w") as full:
        done = bundle.runtime("state", bundle.name, stdout=full)
    if done.kind == "dray":
        done.fails(1)


@pytest.mark.unlike(runc="dies of SIGPIPE")
def test_standard_output_that_closes_early(bundle):
    """Podman closes stderr and stdout early; no death by SIGPIPE."""
    reader, writer = os.pipe()
    os.close(reader)
    bundle.up()
    done = bundle.runtime("state", bundle.name, stdout=writer)
    os.close(writer)
    assert done.code >= 0, done


def test_no_command_at_all(runtime, kind):
    done = runtime(root=None)
    assert (done.out + done.err).strip()
    if kind == "dray":
        assert done.code == 1


def test_no_colours_without_a_terminal(bundle):
    assert "\x1b" not in bundle.runtime("--help", root=None).out
    assert "\x1b" not in bundle.runtime("state", "none").err
