# SPDX-License-Identifier: LGPL-2.1-or-later
"""Bad input: a clear error that names the thing, a plain exit code, nothing left behind."""

import copy
import json
import os
import pathlib
import re

import pytest

from harness.config import minimal_config


def refused(bundle, *arguments, code=1, **settings):
    """Every command that reads the config refuses it, without a crash and without a trace."""
    done = bundle.create(*arguments, **settings).fails(code)
    assert len(done.err) < 20000, "an error message is not a dump"
    assert bundle.leaks() == []
    assert bundle.runtime("list", "-q").ok().out == ""
    return done


# --- the file itself


def test_missing(bundle):
    done = bundle.command("run", write=False).fails(1, ["config.json"])
    done.dray_error("CONFIG_UNREADABLE", names=[str(bundle.directory), "ENOENT"])
    if done.kind == "dray":
        assert "no such file or directory" not in done.err
    assert bundle.leaks() == []


def test_missing_bundle(bundle, workdir):
    bundle.runtime("run", "--bundle", workdir / "nowhere", bundle.name).fails(1, ["nowhere"]) \
        .dray_error("CONFIG_UNREADABLE")
    assert bundle.leaks() == []


@pytest.mark.parametrize("shape", ["directory", "fifo", "device", "symlink loop"])
def test_not_a_regular_file(bundle, shape, kind):
    if kind != "dray" and shape in ("fifo", "device"):
        pytest.skip(f"{kind}: reads it")
    path = bundle.directory / "config.json"
    {"directory": path.mkdir, "fifo": lambda: os.mkfifo(path), "device": lambda: os.symlink("/dev/zero", path),
     "symlink loop": lambda: os.symlink("config.json", path)}[shape]()
    bundle.command("run", write=False, timeout=10).fails(1, ["config.json"]) \
        .dray_error(("CONFIG_UNREADABLE", "CONFIG_TOO_LARGE", "CONFIG_SYNTAX"))
    assert bundle.leaks() == []


@pytest.mark.parametrize("text", ["", " \n\t", "null", "true", "7", "\"text\"", "[]", "{}"])
def test_not_an_object_or_empty(bundle, text, kind):
    if kind == "runc" and text == "null":
        pytest.skip("runc: takes it for an empty document")
    bundle.text = text
    refused(bundle).dray_error(("CONFIG_SYNTAX", "CONFIG_TYPE", "CONFIG_MISSING"))


@pytest.mark.parametrize("text", ["hello", "<xml/>", "{'a': 1}", "{\"a\": 1,}", "{\"a\" 1}", "{\"a\": tru}", "{a: 1}",
                                  "{\"a\": 01}", "\x00", "{\"a\": \"\t\"}",
                                  "// comment\n{}", "{\"a\": +1}", "{\"a\": .5}", "{\"a\": NaN}", "\ufeff{}"])
def test_not_json(bundle, text):
    bundle.text = text
    done = refused(bundle).dray_error(("CONFIG_SYNTAX", "CONFIG_TYPE"))
    if done.kind == "dray":
        assert "config.json" in done.err


@pytest.mark.parametrize("more", ["trailing", "{", "}", "{}", ",", "\x00"])
def test_more_behind_the_document(bundle, more):
    bundle.text = json.dumps(minimal_config(bundle.name)) + more
    refused(bundle).dray_error("CONFIG_SYNTAX")


@pytest.mark.slow
def test_truncated_at_any_byte(bundle, is_dray):
    whole = json.dumps(minimal_config(bundle.name))
    step = 3 if is_dray else 40
    for length in range(0, len(whole), step):
        bundle.text = whole[:length]
        bundle.command("run").fails(1).dray_error("CONFIG_SYNTAX")
    assert bundle.leaks() == []


@pytest.mark.only_dray("place in the text")
def test_syntax_error_names_line_and_column(bundle):
    bundle.text = '{\n  "ociVersion": "1.0.2",\n  "root": {"path": "x"},,\n}'
    done = refused(bundle).dray_error("CONFIG_SYNTAX")
    assert "config.json:3:25" in done.err, done


@pytest.mark.slow
def test_a_hundred_megabytes(bundle, is_dray):
    config = minimal_config(bundle.name)
    config["annotations"] = {"big": "x" * (100 << 20)}
    bundle.text = json.dumps(config)
    done = bundle.command("run", timeout=60)
    if is_dray:
        done.fails(1).dray_error("CONFIG_TOO_LARGE")
    assert bundle.leaks() == []


@pytest.mark.only_dray("a bound on memory")
def test_a_sparse_terabyte_does_not_fill_the_memory(bundle):
    with open(bundle.directory / "config.json", "wb") as file:
        file.truncate(1 << 40)
    bundle.command("run", write=False, timeout=20).fails(1).dray_error("CONFIG_TOO_LARGE")


@pytest.mark.parametrize("depth", [10_000, 1_000_000])
@pytest.mark.parametrize("shape", ["arrays", "objects"])
def test_deep_nesting(bundle, depth, shape, is_dray):
    opening, closing = ("[", "]") if shape == "arrays" else ('{"a":', "}")
    nested = opening * depth + ("1" if shape == "objects" else "") + closing * depth
    text = json.dumps(minimal_config(bundle.name))
    bundle.text = text[:-1] + ', "annotations": ' + nested + "}"
    done = bundle.command("run", timeout=60)
    done.fails(1) if is_dray else None
    if is_dray:
        done.dray_error(("CONFIG_SYNTAX", "CONFIG_TYPE", "CONFIG_TOO_LARGE"))
    # Also where nothing of the document is expected, since unknown members are skipped.
    bundle.text = text[:-1] + ', "unknown": ' + nested + "}"
    done = bundle.command("run", timeout=60)
    assert done.code in (0, 1), done
    assert bundle.leaks() == []


@pytest.mark.only_dray("others take the last")
@pytest.mark.parametrize("text, pointer", [
    ('{"ociVersion": "1.0.2", "ociVersion": "1.0.2"}', "/ociVersion"),
    ('{"ociVersion": "1.0.2", "root": {"path": "a", "readonly": true, "path": "b"}}', "/root/path"),
    ('{"ociVersion": "1.0.2", "annotations": {"a": "1", "a": "2"}}', "/annotations/a"),
    ('{"ociVersion": "1.0.2", "hostname": "a", "hostn\\u0061me": "b"}', "/hostname"),
])
def test_duplicate_key(bundle, text, pointer):
    bundle.text = text
    refused(bundle).dray_error("CONFIG_DUPLICATE", pointer, place=True)


# --- types, at every level of a full document


def full_config(name):
    """Every field there is; no container could be made of it, but every fault of a field comes before that."""
    config = minimal_config(name)
    mapping = [{"containerID": 0, "hostID": 0, "size": 1}]
    hook = {"path": "/bin/true", "args": ["true"], "env": ["A=1"], "timeout": 5}
    throttle = [{"major": 8, "minor": 0, "rate": 1000}]
    config["linux"]["namespaces"] += [{"type": kind} for kind in ("uts", "network", "ipc", "user", "time")]
    config["linux"]["namespaces"][0]["path"] = "/proc/self/ns/mnt"
    config.update({
        "hostname": "h", "domainname": "d", "annotations": {"a": "b"},
        "mounts": [{"destination": "/x", "type": "tmpfs", "source": "t", "options": ["ro"],
                    "uidMappings": mapping, "gidMappings": mapping}],
        "hooks": {kind: [hook] for kind in ("prestart", "createRuntime", "createContainer", "startContainer",
                                            "poststart", "poststop")}})
    config["root"]["readonly"] = False
    config["process"].update({
        "terminal": False, "env": ["PATH=/bin"], "noNewPrivileges": True, "oomScoreAdj": 0,
        "user": {"uid": 0, "gid": 0, "umask": 18, "additionalGids": [1], "username": "u"}, "commandLine": "c",
        "capabilities": {kind: ["CAP_KILL"] for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")},
        "rlimits": [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}],
        "consoleSize": {"height": 1, "width": 1}, "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 1},
        "scheduler": {"policy": "SCHED_OTHER", "nice": 1, "priority": 0, "flags": ["SCHED_FLAG_RESET_ON_FORK"],
                      "runtime": 0, "deadline": 0, "period": 0},
        "apparmorProfile": "p", "selinuxLabel": "l", "execCPUAffinity": {"initial": "0", "final": "0"}})
    config["linux"].update({
        "maskedPaths": ["/a"], "readonlyPaths": ["/b"], "rootfsPropagation": "private", "sysctl": {"net.a": "1"},
        "devices": [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, "fileMode": 420, "uid": 0, "gid": 0}],
        "uidMappings": mapping, "gidMappings": mapping, "mountLabel": "m", "netDevices": {"eth9": {"name": "eth0"}},
        "resources": {"memory": {"limit": 1 << 30, "reservation": 1 << 20, "swap": 1 << 30, "kernel": 1, "kernelTCP": 1,
                                 "swappiness": 1, "disableOOMKiller": False, "useHierarchy": True,
                                 "checkBeforeUpdate": True},
                      "cpu": {"shares": 2, "quota": 1000, "burst": 0, "period": 1000, "realtimeRuntime": 1,
                              "realtimePeriod": 1, "cpus": "0", "mems": "0", "idle": 0},
                      "pids": {"limit": 10},
                      "blockIO": {"weight": 10, "leafWeight": 10, "throttleReadBpsDevice": throttle,
                                  "weightDevice": [{"major": 8, "minor": 0, "weight": 10, "leafWeight": 10}],
                                  "throttleWriteBpsDevice": throttle, "throttleReadIOPSDevice": throttle,
                                  "throttleWriteIOPSDevice": throttle},
                      "devices": [{"allow": False, "type": "c", "major": 1, "minor": 3, "access": "rwm"}],
                      "hugepageLimits": [{"pageSize": "2MB", "limit": 1}], "unified": {"a.b": "c"},
                      "rdma": {"mlx5_1": {"hcaHandles": 1, "hcaObjects": 1}},
                      "network": {"classID": 1, "priorities": [{"name": "lo", "priority": 1}]}},
        "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": ["SCMP_ARCH_X86_64"],
                    "flags": ["SECCOMP_FILTER_FLAG_LOG"], "listenerPath": "/agent", "listenerMetadata": "m",
                    "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
                                  "args": [{"index": 0, "value": 1, "valueTwo": 1, "op": "SCMP_CMP_MASKED_EQ"}]}]},
        "personality": {"domain": "LINUX", "flags": ["f"]},
        "timeOffsets": {clock: {"secs": 1, "nanosecs": 1} for clock in ("monotonic", "boottime")},
        "memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]},
        "intelRdt": {"closID": "a", "schemata": ["L3:0=f"], "l3CacheSchema": "L3:0=f", "memBwSchema": "MB:0=20",
                     "enableMonitoring": True}})
    return json.loads(json.dumps(config))  # nothing in it twice


def leaves(value, pointer=""):
    """All members of the document as (pointer, value), containers included."""
    if pointer:
        yield pointer, value
    if isinstance(value, dict):
        for key, member in value.items():
            yield from leaves(member, f"{pointer}/{key}")
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from leaves(member, f"{pointer}/{index}")


def replaced(document, pointer, value):
    changed = copy.deepcopy(document)
    target = changed
    *path, last = pointer[1:].split("/")
    for word in path:
        target = target[int(word)] if isinstance(target, list) else target[word]
    target[int(last) if isinstance(target, list) else last] = value
    return changed


FULL = dict(leaves(full_config("x")))
POINTERS = list(FULL)
FIELDS = pathlib.Path(__file__).resolve().parents[2] / "src/plan/config_fields.def"


def test_the_full_document_is_full():
    rows = re.findall(r'^(?:WORKS|REFUSED|NO_EFFECT)\("([^"]+)"', FIELDS.read_text(), re.MULTILINE)
    assert len(rows) > 150
    patterns = {re.sub(r"(/\d+|(?<=/netDevices)/\w+|(?<=/rdma)/\w+)(?=/|$)", "/*", pointer) for pointer in POINTERS}
    assert [pointer for pointer in rows if pointer not in patterns] == []


@pytest.mark.only_dray("position of the fault")
@pytest.mark.parametrize("pointer", POINTERS)
def test_wrong_type_at_every_place(bundle, pointer):
    original = dict(leaves(full_config(bundle.name)))[pointer]
    wrong = 7.5 if isinstance(original, str) else "text" if not isinstance(original, (list, dict)) else True
    for value in (wrong, [] if isinstance(original, dict) else {}):
        bundle.config = replaced(full_config(bundle.name), pointer, value)
        bundle.command("create").fails(1).dray_error("CONFIG_TYPE", pointer, place=True)
    assert bundle.leaks() == []


@pytest.mark.only_dray("position of the fault")
@pytest.mark.parametrize("value", [1 << 70, -(1 << 70)])
def test_numbers_that_no_integer_holds(bundle, value):
    for pointer in (pointer for pointer in POINTERS if type(FULL[pointer]) is int):
        bundle.config = replaced(full_config(bundle.name), pointer, value)
        bundle.command("create").fails(1).dray_error("CONFIG_RANGE", pointer, place=True)
    assert bundle.leaks() == []


WORDS = ["/process/scheduler/policy", "/process/scheduler/flags/0", "/process/ioPriority/class",
         "/process/execCPUAffinity/initial", "/process/execCPUAffinity/final", "/linux/namespaces/0/type",
         "/linux/devices/0/type", "/linux/rootfsPropagation", "/linux/resources/devices/0/type",
         "/linux/resources/hugepageLimits/0/pageSize", "/linux/seccomp/defaultAction", "/linux/seccomp/architectures/0",
         "/linux/seccomp/flags/0", "/linux/seccomp/syscalls/0/action", "/linux/seccomp/syscalls/0/args/0/op",
         "/linux/intelRdt/memBwSchema", "/linux/memoryPolicy/mode", "/linux/memoryPolicy/flags/0", "/linux/personality/domain"]


@pytest.mark.only_dray("position of the fault")
@pytest.mark.parametrize("pointer", WORDS)
def test_words_of_no_set(bundle, pointer):
    for word in ("nonsense", "", "SCMP_", "7"):
        if word in ("", "7") and pointer.startswith("/process/execCPUAffinity"):
            continue  # that is a list of CPUs
        bundle.config = replaced(full_config(bundle.name), pointer, word)
        bundle.command("create").fails(1).dray_error("CONFIG_VALUE", pointer, place=True)
    assert bundle.leaks() == []


@pytest.mark.only_dray("position of the fault")
@pytest.mark.parametrize("pointer, value", [
    ("/process/user/uid", -1), ("/process/user/uid", 4294967296), ("/process/user/gid", 4294967296),
    ("/process/user/umask", -1), ("/process/user/umask", 4294967296), ("/process/user/additionalGids/0", -5),
    ("/process/rlimits/0/soft", -1), ("/process/rlimits/0/hard", 18446744073709551616),
    ("/process/oomScoreAdj", 99999999999), ("/process/consoleSize/height", -1), ("/process/ioPriority/priority", 1 << 40),
    ("/linux/uidMappings/0/size", 4294967296), ("/linux/uidMappings/0/hostID", -1),
    ("/linux/devices/0/major", 1 << 70), ("/linux/devices/0/fileMode", -1), ("/linux/devices/0/uid", 4294967296),
    ("/linux/resources/memory/limit", 1 << 63), ("/linux/resources/cpu/shares", -1), ("/linux/resources/cpu/shares", 1 << 64),
    ("/linux/resources/blockIO/weight", 65536), ("/linux/resources/blockIO/weight", -1),
    ("/linux/resources/network/classID", 1 << 32), ("/linux/resources/hugepageLimits/0/limit", -1),
    ("/linux/seccomp/syscalls/0/errnoRet", -1), ("/linux/seccomp/syscalls/0/args/0/value", 1 << 64),
    ("/linux/seccomp/syscalls/0/args/0/index", 6), ("/linux/timeOffsets/boottime/secs", 1 << 63),
    ("/linux/timeOffsets/boottime/nanosecs", 1 << 32), ("/hooks/createRuntime/0/timeout", 0),
])
def test_number_out_of_range(bundle, pointer, value):
    bundle.config = replaced(full_config(bundle.name), pointer, value)
    bundle.command("create").fails(1).dray_error(("CONFIG_RANGE", "CONFIG_VALUE"), pointer, place=True)
    assert bundle.leaks() == []


@pytest.mark.only_dray("exact numbers")
@pytest.mark.parametrize("text", ["1e400", "-1e400", "1.5", "1e2", "-0.5", "0.0000001", "99999999999999999999999999999999999"])
def test_odd_numbers(bundle, text):
    bundle.text = json.dumps(full_config(bundle.name)).replace('"oomScoreAdj": 0', f'"oomScoreAdj": {text}')
    refused(bundle).dray_error(("CONFIG_TYPE", "CONFIG_RANGE", "CONFIG_SYNTAX"), "/process/oomScoreAdj")


@pytest.mark.only_dray("others cut the string short or hand it on")
def test_nul_in_any_string(bundle):
    for pointer in (pointer for pointer in POINTERS if isinstance(FULL[pointer], str)):
        bundle.config = replaced(full_config(bundle.name), pointer, "/x\0y")
        bundle.command("create").fails(1).dray_error(("CONFIG_VALUE", "CONFIG_SYNTAX"), pointer, place=True)
    assert bundle.leaks() == []


def test_nul_in_the_path_of_the_root(bundle):
    bundle.config = replaced(minimal_config(bundle.name), "/root/path", "root\0fs")
    refused(bundle)


@pytest.mark.only_dray("others replace the bytes")
@pytest.mark.parametrize("raw", [b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82"])
def test_invalid_utf8(bundle, raw):
    text = json.dumps(minimal_config(bundle.name)).encode()
    bundle.text = text.replace(b'"rootfs"', b'"root' + raw + b'"')
    refused(bundle).dray_error(("CONFIG_SYNTAX", "CONFIG_VALUE"))


@pytest.mark.only_dray("others replace the escapes")
@pytest.mark.parametrize("escape", ["\\ud800", "\\udc00", "\\ud800x", "\\u12", "\\x41", "\\"])
def test_bad_escapes(bundle, escape):
    bundle.text = json.dumps(minimal_config(bundle.name)).replace('"rootfs"', f'"root{escape}"')
    refused(bundle).dray_error(("CONFIG_SYNTAX", "CONFIG_VALUE"))


# --- what the specification asks for


@pytest.mark.parametrize("version", ["", "1", "0.9.0", "2.0.0", "one", "1.0", "1.x.0", "v1.0.0", "1.0.0.0"])
def test_unknown_version(bundle, version, is_dray):
    bundle.config["ociVersion"] = version
    done = bundle.create()
    if is_dray:
        done.dray_error(("CONFIG_VERSION", "CONFIG_VALUE"), "/ociVersion", place=True)
    bundle.delete("--force").ok()
    if bundle.pid_file.exists():
        bundle.wait()
    assert bundle.leaks() == []


@pytest.mark.parametrize("version", ["1.0.0", "1.0.1", "1.0.2-dev", "1.1.0", "1.2.1", "1.3.0", "1.3.5", "1.0.0-rc5"])
def test_known_versions(bundle, version, kind):
    bundle.config["ociVersion"] = version
    bundle.args = ["/bin/probe", "exit", "5"]
    bundle.run().exits(5)


@pytest.mark.parametrize("pointer", ["/ociVersion", "/process", "/root", "/root/path", "/process/args", "/process/cwd",
                                     "/linux/namespaces/0/type"])
def test_required_member_missing(bundle, pointer, kind):
    config = minimal_config(bundle.name)
    target = config
    *path, last = pointer[1:].split("/")
    for word in path:
        target = target[int(word)] if isinstance(target, list) else target[word]
    del target[last]
    bundle.config = config
    if kind == "runc" and pointer == "/ociVersion":
        pytest.skip("runc: does not look at it")
    done = refused(bundle)
    if kind == "dray":
        done.dray_error("CONFIG_MISSING")
        assert last in done.err, done


@pytest.mark.parametrize("args", [[], None])
def test_no_args(bundle, args):
    bundle.process["args"] = args
    if args is None:
        del bundle.process["args"]
    refused(bundle).dray_error(("CONFIG_MISSING", "CONFIG_VALUE"))


@pytest.mark.parametrize("word", ["", " "])
def test_empty_program_name(bundle, word):
    bundle.args = [word]
    refused(bundle).dray_error(("PROGRAM_NOT_FOUND", "CONFIG_VALUE", "PROGRAM_NOT_EXECUTABLE"))


def test_program_missing(bundle):
    bundle.args = ["/no/such/program"]
    done = refused(bundle, code=1)
    done.fails(names=["/no/such/program", "no such file or directory"]).dray_error("PROGRAM_NOT_FOUND")


def test_program_missing_in_path(bundle):
    bundle.args = ["no-such-program"]
    done = refused(bundle)
    done.fails(names=['exec: "no-such-program": executable file not found in $PATH']) \
        .dray_error("PROGRAM_NOT_FOUND")


@pytest.mark.parametrize("shape", ["not executable", "directory", "fifo", "not executable for the user"])
def test_program_not_executable(bundle, shape, kind):
    path = bundle.rootfs / "program"
    if shape == "directory":
        path.mkdir()
    elif shape == "fifo":
        os.mkfifo(path)
        os.chmod(path, 0o755)
    elif shape == "not executable":
        bundle.file("/program", "#!/bin/sh\n", 0o644)
    else:
        bundle.file("/program", "#!/bin/sh\n", 0o700)
        bundle.process["user"] = {"uid": 1000, "gid": 1000}
        bundle.process["capabilities"] = {}  # else CAP_DAC_OVERRIDE still counts
    bundle.args = ["/program"]
    done = bundle.create()
    if kind == "runc" and shape in ("fifo", "directory"):
        # runc 1.1.5 notices at start only.
        bundle.delete("--force").ok()
        if bundle.pid_file.exists():
            bundle.wait()
        return
    done.fails(1, ["/program", "permission denied"]).dray_error("PROGRAM_NOT_EXECUTABLE")
    assert bundle.leaks() == []


def test_program_behind_a_file(bundle):
    bundle.file("/etc/data", "x")
    bundle.args = ["/etc/data/program"]
    refused(bundle).fails(names=["/etc/data/program"]).dray_error(("PROGRAM_NOT_FOUND", "PROGRAM_NOT_EXECUTABLE"))


@pytest.mark.parametrize("header", [b"\x7fELF\x01\x01\x01" + b"\0" * 9 + b"\x02\0\x08\0" + b"\0" * 100,  # 32-bit MIPS
                                    b"\x7fELF\x02\x02\x01" + b"\0" * 9 + b"\0\x02\0\x16" + b"\0" * 100,  # s390x
                                    b"text without an interpreter line\n", b""])
def test_program_of_another_machine(bundle, header):
    bundle.file("/program", header, 0o755)
    bundle.args = ["/program"]
    done = bundle.run().fails(1, ["/program"]).dray_error("PROGRAM_FORMAT")
    assert bundle.leaks() == []


@pytest.mark.parametrize("cwd", ["relative", "", "."])
def test_cwd_not_absolute(bundle, cwd):
    bundle.process["cwd"] = cwd
    refused(bundle).dray_error(("CONFIG_VALUE", "CONFIG_MISSING"), "/process/cwd")


def test_cwd_missing(bundle, kind):
    """It is made, as engines expect of runc, unless the root is read-only."""
    bundle.process["cwd"] = "/no/such/directory"
    if kind != "crun":
        assert bundle.facts("cwd")["cwd"] == "/no/such/directory"
        (bundle.rootfs / "no/such/directory").rmdir()
        bundle.config["root"]["readonly"] = True
    if kind == "dray":
        bundle.process["cwd"] = "/proc/no/such/directory"
        refused(bundle).fails(names=["/proc/no/such/directory"]).dray_error("CWD_FAILED", "/process/cwd")


def test_cwd_is_a_file(bundle):
    bundle.file("/place", "x")
    bundle.process["cwd"] = "/place"
    refused(bundle).fails(names=["/place"]).dray_error("CWD_FAILED", "/process/cwd")


@pytest.mark.only_dray("others ignore the objects of other platforms")
@pytest.mark.parametrize("member", ["windows", "solaris", "vm", "zos", "freebsd"])
def test_objects_of_other_platforms(bundle, member):
    bundle.config[member] = {"hypervisor": {"path": "/x"}, "kernel": {"path": "/y"}, "layerFolders": ["/z"]}
    refused(bundle).dray_error("NOT_SUPPORTED", f"/{member}", [member])


def test_unknown_members_are_ignored(bundle):
    bundle.config["x-unknown"] = {"a": [1, {"b": None}]}
    bundle.process["futureMember"] = True
    bundle.linux["another"] = [1.5, "x", None]
    bundle.args = ["/bin/probe", "exit", "5"]
    done = bundle.run().exits(5)
    assert done.err == ""


@pytest.mark.only_dray("suggestions")
@pytest.mark.parametrize("pointer, value, suggestion", [
    ("/linux/namespaces/0/type", "mont", "mount"), ("/linux/namespaces/0/type", "netwrok", "network"),
    ("/process/rlimits/0/type", "RLIMIT_NOFILES", "RLIMIT_NOFILE"),
    ("/linux/seccomp/defaultAction", "SCMP_ACT_ALOW", "SCMP_ACT_ALLOW"),
    ("/linux/rootfsPropagation", "privat", "private"),
])
def test_misspelt_words_get_a_suggestion(bundle, pointer, value, suggestion):
    bundle.config = replaced(full_config(bundle.name), pointer, value)
    bundle.command("create").fails(1).dray_error("CONFIG_VALUE", pointer, [value, suggestion], place=True)


@pytest.mark.only_dray("--config is of crun")
def test_config_of_another_name(bundle):
    bundle.args = ["/bin/probe", "exit", "5"]
    bundle.write()
    os.rename(bundle.directory / "config.json", bundle.directory / "other.json")
    bundle.command("run", "--config", bundle.directory / "other.json", write=False).exits(5)
    bundle.command("run", f"--config={bundle.directory}/missing.json", write=False).fails(1, ["missing.json"])


def test_control_characters_in_messages_are_escaped(bundle, is_dray):
    bundle.args = ["/no/\x1b[31mred\nsecond line\x07"]
    done = bundle.run().fails(1)
    if is_dray:
        assert "\x1b" not in done.err and "\x07" not in done.err
        assert "\nsecond line" not in done.err


def test_disk_full(bundle, workdir):
    """A tiny tmpfs as --root, with no room left."""
    root = workdir / "state"
    root.mkdir(exist_ok=True)
    bundle.args = ["/bin/probe", "wait"]
    bundle.config["annotations"] = {f"k{n}": "x" * 100 for n in range(500)}
    bundle.write()
    script = (f'mount -t tmpfs -o size=8k,mode=700 tiny {root} && head -c 100000 /dev/zero >{root}/fill 2>/dev/null; '
              f'"$0" "$@"; code=$?; rm -f {root}/fill; ls -A {root} >{workdir}/left; '
              f'"{bundle.runtime.path}" --root {root} delete --force {bundle.name}; exit $code')
    done = bundle.runtime("create", "--bundle", bundle.directory, bundle.name, wrap=["unshare", "-m", "sh", "-c", script])
    done.fails(1).dray_error(("STATE_WRITE", "STATE_ROOT", "SYSTEM"), names=["ENOSPC"])
    assert bundle.name not in (workdir / "left").read_text()
    assert bundle.leaks() == []


def test_disk_full_at_every_write(bundle, workdir):
    """Room for ever more of what create, start and update write: each works, or says so and leaves nothing."""
    root = workdir / "state"
    root.mkdir(exist_ok=True)
    bundle.args = ["/bin/probe", "wait"]
    bundle.config["annotations"] = {f"k{n}": "x" * 100 for n in range(60)}
    bundle.write()
    script = f"""
    dray="{bundle.runtime.path} --root {root}"
    for limit in {" ".join(f"nr_blocks={n}" for n in range(1, 14))} {" ".join(f"nr_inodes={n}" for n in range(1, 9))}; do
        mount -t tmpfs -o $limit,mode=700 tiny {root} || exit 9
        $dray create --bundle {bundle.directory} {bundle.name} >/dev/null 2>{workdir}/err; create=$?
        left=$(ls {root} | wc -l)
        if [ $create = 0 ]; then
            left=0
            $dray start {bundle.name} 2>>{workdir}/err || echo start failed with $limit
            $dray update --pids-limit 50 {bundle.name} 2>>{workdir}/err || echo update failed with $limit
            $dray delete --force {bundle.name} 2>>{workdir}/err || echo delete failed with $limit
            left=$(ls {root} | wc -l)
        fi
        echo create $create $left "$(tr '\n' ' ' <{workdir}/err)"
        umount {root} || exit 9
    done"""
    done = bundle.runtime("state", bundle.name, wrap=["unshare", "-m", "sh", "-c", script], timeout=120)
    lines = done.ok().out.splitlines()
    creations = [line.split(None, 3) for line in lines if line.startswith("create")]
    assert len(creations) == 13 + 8, done
    for _, code, left, *text in creations:
        assert left == "0", done
        assert code == "0" or "STATE_WRITE" in text[0] and "ENOSPC" in text[0] or "STATE_ROOT" in text[0], done
    assert {"0", "1"} <= {creation[1] for creation in creations}, done
    # the one that has room for a container, but not for a second configuration beside it
    assert all(line.startswith(("create", "update")) for line in lines), done
    assert bundle.leaks() == []


def test_read_only_state_root(bundle, workdir):
    root = workdir / "state"
    root.mkdir(exist_ok=True)
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    done = bundle.runtime("create", "--bundle", bundle.directory, bundle.name,
                          wrap=["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o ro t {root} && exec "$0" "$@"'])
    done.fails(1).dray_error(("STATE_WRITE", "STATE_ROOT"))
    assert bundle.leaks() == []


@pytest.mark.parametrize("shape", ["file", "dangling symlink"])
def test_unusable_state_root(bundle, workdir, shape):
    root = workdir / "odd-root"
    root.touch() if shape == "file" else os.symlink("/no/such/place/at/all", root)
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    bundle.runtime("create", "--bundle", bundle.directory, bundle.name, root=root).fails(1) \
        .dray_error(("STATE_ROOT", "STATE_WRITE"), names=[str(root)])
    assert bundle.leaks() == []


def test_pid_file_in_a_missing_directory(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    bundle.runtime("create", "--bundle", bundle.directory, "--pid-file", "/no/such/place/pid", bundle.name) \
        .fails(1, ["/no/such/place/"]).dray_error("PID_FILE", names=["/no/such/place/pid"])
    assert bundle.leaks() == []
