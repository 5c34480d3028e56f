# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every option of the command table: its spellings, what it does, and values it cannot have."""

import json
import os
import re
import socket
import subprocess

import pytest

from harness import host

HELP = re.compile(r"^ +(?:-(?P<letter>\w), )?--(?P<name>[\w-]+)(?:[ =](?P<value>[^ ]+))?", re.M)


def option_rows(runtime, command):
    """(letter, name, value) of the options that the help of a command lists."""
    text = runtime(*([command] if command else []), "--help", root=None).ok().out
    return [(found["letter"], found["name"], found["value"]) for found in HELP.finditer(text)]


# --- spellings

BUNDLES = ["-b {}", "-b={}", "-b{}", "--bundle {}", "--bundle={}", "-bundle {}", "-bundle={}"]


@pytest.mark.parametrize("spelling", BUNDLES)
def test_spellings_of_the_bundle(bundle, spelling, kind):
    if kind == "runc" and spelling == "-b{}" or kind == "crun" and spelling in ("-b={}", "-bundle {}", "-bundle={}"):
        pytest.skip(f"{kind}: knows no such spelling")
    bundle.args = ["/bin/probe", "exit", "7"]
    bundle.write()
    bundle.runtime("run", *spelling.format(bundle.directory).split(), bundle.name).exits(7)


@pytest.mark.only_dray("crun takes options behind the id, runc does not")
def test_options_behind_the_id(bundle):
    bundle.args = ["/bin/probe", "exit", "7"]
    bundle.write()
    bundle.runtime("run", bundle.name, "--bundle", bundle.directory).exits(7)


@pytest.mark.parametrize("words", [["--no-subreaper"], ["-no-subreaper"], ["--no-subreaper=true"], ["--no-subreaper=false"]])
def test_no_subreaper_has_no_effect(bundle, words, kind):
    if kind == "crun" and words != ["--no-subreaper"]:
        pytest.skip("crun: knows no such spelling")
    bundle.args = ["/bin/probe", "exit", "7"]
    bundle.run(*words).exits(7)


@pytest.mark.only_dray("runc's flag library reads more words")
@pytest.mark.parametrize("words", [["--detach=perhaps"], ["--keep="], ["-d=1"], ["--no-pivot=yes"]])
def test_flags_are_true_or_false(bundle, words):
    bundle.run(*words).dray_error("USAGE", names=["true or false"])
    assert bundle.leaks() == []


@pytest.mark.parametrize("words", [["-V"], ["-v"], ["--version"]])
def test_spellings_of_the_version(runtime, words, kind):
    if kind == "runc" and words == ["-V"]:
        pytest.skip("runc: knows no such spelling")
    assert " version " in runtime(*words, root=None).ok().out.splitlines()[0]


@pytest.mark.parametrize("words", [["-?"], ["--usage"], ["run", "-?"], ["run", "--usage"], ["help"], ["help", "run"]])
def test_spellings_of_help(runtime, words, kind):
    if kind != "dray" and (kind == "runc" or "help" in words):
        pytest.skip(f"{kind}: knows no such spelling")
    assert "usage" in runtime(*words, root=None).ok().out.lower()


@pytest.mark.only_dray("reads dray's help")
@pytest.mark.parametrize("command", ["create", "run", "exec", "kill", "delete", "list", "ps", "update", "events", "spec",
                                     "checkpoint", "restore"])
def test_every_option_wants_a_value_or_wants_none(runtime, command):
    rows = option_rows(runtime, command)
    assert rows
    for letter, name, value in rows:
        if name in ("help", "usage"):
            continue
        if value is None:
            runtime(command, f"--{name}=nonsense", "x").dray_error("USAGE", names=[f"--{name}", "true or false"])
        else:
            runtime(command, f"--{name}").dray_error("USAGE", names=[f"flag needs an argument: --{name}"])
            if letter:
                runtime(command, f"-{letter}").dray_error("USAGE", names=[f"flag needs an argument: --{name}"])


# --- values that an option cannot have

GLOBAL_VALUES = [
    ("--log-format", "xml", ["xml", "text", "json"]),
    ("--log-format", "", ["text", "json"]),
    ("--log-level", "loud", ["loud", "warning"]),
    ("--cgroup-manager", "magic", ["magic", "systemd"]),
    ("--rootless", "maybe", ["maybe", "auto"]),
    ("--log", "carrier:pigeon", ["carrier:pigeon", "syslog"]),
    ("--log", "/nonexistent/log", ["/nonexistent/log"]),
    ("--log", "file:/nonexistent/log", ["/nonexistent/log"]),
]


@pytest.mark.only_dray("the words are dray's own")
@pytest.mark.parametrize("option, value, words", GLOBAL_VALUES)
def test_bad_global_values(bundle, option, value, words):
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.run(options=[option, value]).dray_error("USAGE", names=words).exits(1)
    bundle.run(options=[f"{option}={value}"]).dray_error("USAGE", names=words).exits(1)
    assert bundle.leaks() == []


CREATE_VALUES = [
    (["--preserve-fds", "-1"], "USAGE", ["-1"]),
    (["--preserve-fds", "4294967296"], "USAGE", ["4294967296"]),
    (["--preserve-fds=3x"], "USAGE", ["3x"]),
    (["--config", "missing.json"], "CONFIG_UNREADABLE", ["missing.json"]),
    (["--pid-file", "/nonexistent/pid"], "PID_FILE", ["/nonexistent/pid"]),
    (["--pid-file", ""], "PID_FILE", []),
    (["--console-socket", "/nonexistent/socket"], "CONSOLE_SOCKET", ["wants no terminal"]),
    (["--pidfd-socket", "/nonexistent/socket"], "PIDFD_SOCKET", ["/nonexistent/socket"]),
    (["--pidfd-socket", "/dev/null"], "PIDFD_SOCKET", ["/dev/null"]),
]


@pytest.mark.only_dray("the words are dray's own")
@pytest.mark.parametrize("verb", ["create", "run"])
@pytest.mark.parametrize("options, code, words", CREATE_VALUES)
def test_bad_values_of_create_and_run(bundle, verb, options, code, words):
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.write()
    bundle.runtime(verb, "--bundle", bundle.directory, *options, bundle.name).dray_error(code, names=words).exits(1)
    assert bundle.leaks() == []


EXEC_VALUES = [
    (["--cwd", "relative"], "USAGE", ["relative"]),
    (["--env", "NOVALUE"], "USAGE", ["NOVALUE"]),
    (["--env", "=value"], "USAGE", ["=value"]),
    (["--cap", "CAP_FLYING"], "USAGE", ["CAP_FLYING"]),
    (["--user", "nobody-there"], "USAGE", ["nobody-there"]),
    (["--additional-gids", "x"], "USAGE", ["x"]),
    (["--preserve-fds", "x"], "USAGE", ["x"]),
    (["--pid-file", "/nonexistent/pid"], "PID_FILE", ["/nonexistent/pid"]),
    (["--console-socket", "/nonexistent/socket", "--tty"], "CONSOLE_SOCKET", ["/nonexistent/socket"]),
    (["--pidfd-socket", "/nonexistent/socket"], "PIDFD_SOCKET", ["/nonexistent/socket"]),
    (["--detach", "--tty"], "CONSOLE_MISSING", ["--console-socket"]),
    (["--cgroup", "/elsewhere"], "CGROUP_PATH", ["/elsewhere"]),
]


@pytest.mark.only_dray("the words are dray's own")
@pytest.mark.parametrize("options, code, words", EXEC_VALUES)
def test_bad_values_of_exec(bundle, options, code, words):
    bundle.up()
    bundle.exec("/bin/probe", "exit", "0", options=options).dray_error(code, names=words).exits(255)
    assert bundle.status == "running"


def without_module(module):
    return not os.path.exists(f"/sys/kernel/security/{module}") and not os.path.exists(f"/sys/fs/{module}/enforce")


@pytest.mark.only_dray("the words are dray's own")
@pytest.mark.parametrize("option, module, code", [
    ("--apparmor", "apparmor", "NOT_SUPPORTED"), ("--process-label", "selinux", "NOT_SUPPORTED"),
])
def test_labels_where_no_module_would_heed_them(bundle, option, module, code):
    if not without_module(module):
        pytest.skip(f"this host has {module}")
    bundle.up()
    done = bundle.exec("/bin/probe", "exit", "0", options=[option, "some_label"])
    done.fails(255, [module.replace("selinux", "SELinux").replace("apparmor", "AppArmor")])


def test_exec_additional_gids_by_letter(bundle, kind):
    bundle.up()
    if kind != "dray":
        pytest.skip(f"{kind}: knows no such spelling")
    done = bundle.exec("/bin/probe", "facts", "groups", options=["-g", "77", "--additional-gids=88", "-g=99"])
    assert {77, 88, 99} <= set(done.ok().json()["groups"])


@pytest.mark.only_dray("the words are dray's own")
@pytest.mark.parametrize("words", [["list", "--format", "yaml"], ["ps", "--format", "yaml", "x"], ["list", "-f", ""]])
def test_unknown_output_formats(runtime, words):
    runtime(*words).dray_error("USAGE", names=["table", "json"])


@pytest.mark.only_dray("crun's option")
def test_spec_file_refuses_to_overwrite_and_needs_its_directory(workdir, runtime):
    (workdir / "mine.json").write_text("mine")
    runtime("spec", "-f", "mine.json", cwd=workdir).fails(1, ["mine.json"])
    assert (workdir / "mine.json").read_text() == "mine"
    runtime("spec", "--file=nowhere/new.json", cwd=workdir).fails(1, ["nowhere/new.json"])
    runtime("spec", "-b", workdir / "nowhere").fails(1, ["nowhere"])


# --- logs

def test_log_to_a_file_by_its_type(bundle, workdir, kind):
    if kind == "runc":
        pytest.skip("runc: takes a path alone")
    done = bundle.runtime("state", "missing", options=[f"--log=file:{workdir / 'log'}"])
    assert done.code == 1
    assert "does not exist" in (workdir / "log").read_text()
    assert kind != "dray" or "does not exist" in done.err


@pytest.fixture
def datagrams(workdir):
    """In a mount namespace of one's own: the socket of a log daemon at a path of the host."""
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(str(workdir / "daemon"))
    receiver.settimeout(20 * host.PATIENCE)
    yield receiver
    receiver.close()


def logs_to(runtime, workdir, target, place):
    """Runs a command that fails, with the socket bound over a place of the host in its own mount namespace."""
    directory, name = os.path.split(place)
    script = (f"mount -t tmpfs none {directory} && ln -s {workdir}/daemon {place}" if directory != "/dev" else
              f"mount -t tmpfs none /mnt && cp -a /dev/null /mnt/ && ln -s {workdir}/daemon /mnt/{name} && "
              f"mount --move /mnt /dev")
    words = runtime.words("state", "missing", options=["--log", target])
    return subprocess.run(["unshare", "-m", "sh", "-c", f'{script} && exec "$@"', "sh", *words], capture_output=True,
                          text=True, timeout=30 * host.PATIENCE, env=runtime.environment(), stdin=subprocess.DEVNULL)


@pytest.mark.only_dray("crun needs its own daemons")
def test_log_to_syslog(runtime, workdir, datagrams):
    done = logs_to(runtime, workdir, "syslog:engine", "/dev/log")
    assert done.returncode == 1 and "does not exist" in done.stderr
    assert re.match(r"<11>engine\[\d+\]: .*does not exist", datagrams.recv(4096).decode())


@pytest.mark.only_dray("crun needs its own daemons")
def test_log_to_the_journal(runtime, workdir, datagrams):
    os.makedirs("/run/systemd/journal", exist_ok=True)
    done = logs_to(runtime, workdir, "journald:engine", "/run/systemd/journal/socket")
    assert done.returncode == 1 and "does not exist" in done.stderr
    fields = dict(line.split("=", 1) for line in datagrams.recv(4096).decode().splitlines())
    assert fields["PRIORITY"] == "3"
    assert fields["SYSLOG_IDENTIFIER"] == "engine"
    assert fields["DRAY_CODE"] == "CONTAINER_NOT_FOUND"
    assert "does not exist" in fields["MESSAGE"]


# --- regular expressions

@pytest.mark.unlike(runc="has no --regex")
def test_kill_and_delete_by_regular_expression(make_bundle):
    bundles = [make_bundle() for _ in range(3)]
    for number, bundle in enumerate(bundles):
        bundle.name += f"-{'other' if number == 2 else 'web'}{number}"
        bundle.up()
    first, second, other = bundles
    pattern = f"^({first.name}|{second.name})$"
    first.runtime("kill", "--regex", pattern, "KILL").ok()
    for bundle in bundles[:2]:
        bundle.wait()
        assert bundle.status == "stopped"
    assert other.status == "running"
    first.runtime("delete", "--regex", pattern).ok()
    assert [entry["id"] for entry in first.runtime("list", "-f", "json").json()] == [other.name]
    first.runtime("delete", "-f", "-r", other.name[-6:]).ok()
    assert first.runtime("list", "-q").ok().out == ""


@pytest.mark.only_dray("crun says less")
def test_regular_expressions_that_match_nothing_or_are_none(bundle):
    bundle.up()
    bundle.runtime("kill", "-r", "^nothing-like-it$", "KILL").ok()
    bundle.runtime("delete", "-r", "^nothing-like-it$").ok()
    assert bundle.status == "running"
    for verb in ("kill", "delete"):
        bundle.runtime(verb, "--regex", "(").dray_error("USAGE", names=['"("'])
    assert bundle.status == "running"


@pytest.mark.only_dray("crun stops at the first")
def test_regular_expression_reports_the_first_fault_and_goes_on(make_bundle):
    first, second = make_bundle(), make_bundle()
    for bundle in (first, second):
        bundle.up()
    second.kill("KILL").ok()
    second.wait()
    first.runtime("delete", "--regex", ".").fails(1, ["running"])
    assert [entry["id"] for entry in first.runtime("list", "-f", "json").json()] == [first.name]


# --- kill --all

def test_kill_all_reaches_every_process(bundle):
    bundle.up()
    others = [bundle.exec_detached("/bin/probe", "wait") for _ in range(2)]
    bundle.kill("KILL", "--all").ok()
    bundle.wait()
    assert [other.code() for other in others] == [137, 137]


def test_config_of_another_name_is_found_from_where_one_is(bundle, workdir, kind):
    if kind == "runc":
        pytest.skip("runc: has no such option")
    bundle.args = ["/bin/probe", "exit", "6"]
    (workdir / "other.json").write_text(json.dumps(bundle.config))
    bundle.args = ["/bin/probe", "exit", "1"]
    (bundle.directory / "other.json").write_text(json.dumps(bundle.config))
    bundle.run("-f", "other.json", cwd=workdir).exits(6)
    bundle.run("--config", workdir / "other.json").exits(6)
    bundle.run("--config=other.json", cwd=bundle.directory).exits(1)
