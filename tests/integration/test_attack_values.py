# SPDX-License-Identifier: LGPL-2.1-or-later
"""Values of every size and shape, in every place that takes one.

CVE-2021-43784 (lengths), CVE-2016-3697, CVE-2026-30892, CVE-2026-46680 (users), CVE-2022-24769,
CVE-2022-27650, CVE-2022-29162, CVE-2025-27612 (capabilities), CVE-2022-2989 class (groups),
CVE-2026-57231 (environment), CVE-2022-0811, CVE-2024-3154 (sysctls and properties), ids, sub-cgroups,
CVE-2014-8989, CVE-2022-0492, CVE-2023-25809, CVE-2016-10124/CVE-2017-5226, CVE-2020-15257.
"""

import json
import os
import pty
import shutil

import pytest

from harness.attack import THOROUGH, canary, racer  # noqa: F401  fixtures

# Around the end of 16 bits, and well above the stack buffers of a careless program.
LENGTHS = (65_535, 65_536, 70_000, 1 << 20) if THOROUGH else (65_536, 1 << 20)

# Places of the document that take a string, as JSON pointers; every one gets every length.
PLACES = (
    "/ociVersion", "/hostname", "/domainname", "/root/path", "/process/cwd", "/process/args/0", "/process/args/1",
    "/process/env/0", "/process/apparmorProfile", "/process/selinuxLabel", "/process/rlimits/0/type",
    "/process/capabilities/bounding/0", "/mounts/0/destination", "/mounts/0/type", "/mounts/0/source",
    "/mounts/0/options/0", "/mounts/1/options/0", "/linux/cgroupsPath", "/linux/maskedPaths/0",
    "/linux/readonlyPaths/0", "/linux/namespaces/0/path", "/linux/namespaces/1/type", "/linux/mountLabel",
    "/linux/rootfsPropagation", "/linux/devices/0/path", "/linux/devices/0/type", "/linux/seccomp/syscalls/0/names/0",
    "/linux/seccomp/defaultAction", "/linux/seccomp/listenerPath", "/linux/seccomp/architectures/0",
    "/linux/sysctl/kernel.shmmax", "/linux/intelRdt/closID", "/linux/resources/unified/memory.high",
    "/linux/resources/devices/0/access", "/linux/personality/domain", "/annotations/long",
    "/annotations/run.oci.hooks.stdout", "/hooks/createRuntime/0/path", "/hooks/createRuntime/0/args/0",
    "/hooks/createContainer/0/env/0", "/hooks/poststop/0/path",
)


def own_map():
    """The host's own uid_map, which a container without a user namespace has too."""
    return open("/proc/self/uid_map").read().splitlines()


def put(document, pointer, value):
    """Sets the value at the pointer, making what is missing on the way."""
    keys = pointer.lstrip("/").split("/")
    here = document
    for key, following in zip(keys, keys[1:] + [None]):
        index = int(key) if key.isdigit() and isinstance(here, list) else key
        if following is None:
            new = value
        else:
            new = [] if following.isdigit() else {}
        if isinstance(here, list):
            while len(here) <= index:
                here.append(new)
        elif index not in here:
            here[index] = new
        if following is None:
            here[index] = value
        here = here[index]


@pytest.mark.parametrize("pointer", PLACES)
def test_long_strings(bundle, pointer, canary):
    """Taken whole or refused, never cut, never a crash."""
    bundle.args = ["/bin/probe", "facts", "ids", "uid_map", "argv", "env"]
    before = json.dumps(bundle.config)
    for length in LENGTHS:
        bundle.config = json.loads(before)
        for value in ("x" * length, "/" + "x/" * (length // 2)):
            put(bundle.config, pointer, value)
            done = bundle.run()
            assert 0 <= done.code < 128, str(done)[:3000]
            if done.code == 0:
                facts = json.loads(done.out)
                assert set(json.dumps(facts["ids"]["uid"])) & set("123456789") == set()
                assert facts["uid_map"] == own_map(), "the mappings changed"
            bundle.delete("--force")


@pytest.mark.parametrize("count", [340, 341, 5000])
def test_many_mappings(bundle, count):
    """More id mappings than the kernel takes: all of them or none, never the first 16 bits' worth."""
    bundle.map_users()
    mappings = [{"containerID": n, "hostID": 100000 + n, "size": 1} for n in range(count)]
    bundle.linux["uidMappings"] = mappings
    bundle.linux["gidMappings"] = mappings
    bundle.args = ["/bin/probe", "facts", "uid_map"]
    done = bundle.run()
    if done.code == 0:
        assert len(done.json()["uid_map"]) == count
    else:
        done.fails()


def test_many_of_everything(bundle):
    bundle.args = ["/bin/probe", "facts", "ids"]
    bundle.process["env"] += [f"V{n}={'x' * 100}" for n in range(20_000)]
    bundle.config["annotations"] |= {f"a{n}": "x" for n in range(20_000)}
    bundle.linux["maskedPaths"] += [f"/no/such/{n}" for n in range(5_000)]
    bundle.process["user"]["additionalGids"] = list(range(1, 60_000))
    done = bundle.run()
    assert 0 <= done.code < 128


@pytest.mark.parametrize("text", [
    "1e400", "-0", "18446744073709551616", "-1", "4294967296", "4294967295", "1.5", "1e3", "\"0\"", "null", "true",
    "[0]", "{}", "0x0", "00", "+0", "1" * 5000])
def test_numbers_as_user_id(bundle, text):
    """Exact, or an error: never uid 0 by accident."""
    bundle.args = ["/bin/probe", "facts", "ids"]
    bundle.text = json.dumps(bundle.config).replace('"uid": 0', f'"uid": {text}')
    done = bundle.run()
    if done.code == 0:
        found = json.dumps(done.json()["ids"]["uid"])
        assert text in ("-0", "null", "1e3"), str(done)
        assert "0" in found
    else:
        assert 0 < done.code < 128, str(done)


@pytest.mark.parametrize("text", ["1", "1:2", ":2", "1:", "-1", "+1", "01", "0x1", " 1", "1 ", "1:2:3", "4294967295",
                                  "4294967296", "18446744073709551617", "", "root", "1:-1", "1:4294967296", "99999999999",
                                  "1\n", "1:2\n", "\uff10", "%n", "1;0"])
def test_users_of_exec(bundle, text, kind):
    bundle.file("/etc/passwd", "root:x:0:0::/root:/bin/sh\n1:x:0:0::/:/bin/sh\n1000:x:0:0::/:/bin/sh\n")
    bundle.up()
    done = bundle.exec("/bin/probe", "facts", "ids", options=["--user", text])
    exact = {"1": (1, 0), "1:2": (1, 2), "01": (1, 0)}
    if done.code == 0:
        assert text in exact or kind != "dray", str(done)
        assert json.dumps(done.json()["ids"]["uid"]).count("1") >= 1, str(done)
    else:
        assert 0 < done.code < 256


IDS = (".", "..", "../x", "a/b", "-x", "", "x" * 1025, "a\nb", "ä", "%n%n%n%s", "a b", "/", "a\\b", ".hidden", "a\x01b",
       "x/../../y", "*", "~", "$(id)")


@pytest.mark.parametrize("verb", ["create", "run", "start", "state", "kill", "delete", "force", "exec", "pause", "resume",
                                  "ps"])
def test_odd_ids(bundle, verb, canary):
    """Refused by every command, and nothing is made or removed for them."""
    bundle.write()
    bundle.runtime.root.mkdir(mode=0o700, exist_ok=True)
    beside = bundle.runtime.root.parent / "x"
    beside.mkdir(exist_ok=True)
    (beside / "keep").write_text("keep")
    before = ours(bundle.runtime.root.parent)
    for name in IDS:
        assert odd_id_command(bundle, verb, name).code > 0, f"{verb} took the id {name!r}"
        assert (beside / "keep").exists() and os.listdir(bundle.runtime.root) == []
        assert ours(bundle.runtime.root.parent) == before


def ours(directory):
    return sorted(entry for entry in os.listdir(directory) if not entry.startswith(("out.", "err.")))


def odd_id_command(bundle, verb, name):
    words = {"create": ["create", "--bundle", bundle.directory, "--", name],
             "run": ["run", "--bundle", bundle.directory, "--", name],
             "force": ["delete", "--force", "--", name], "exec": ["exec", "--", name, "/bin/true"],
             "kill": ["kill", "--", name, "KILL"]}.get(verb, [verb, "--", name])
    return bundle.runtime(*words)


@pytest.mark.parametrize("path", ["../x", "..", "/", "/../x", "a/../../b", "", "x/..", "./../x", "a\nb", "x" * 5000])
def test_sub_cgroups_of_exec(make_bundle, path, is_dray):
    first, second = make_bundle(), make_bundle(f"itx{os.getpid():07}")
    first.up()
    target = path.replace("x", second.name) if path.startswith("..") else path
    done = first.exec("/bin/probe", "facts", "cgroup", options=["--cgroup", target])
    if is_dray:
        assert done.code != 0, str(done)


def test_cgroup_of_a_sibling_with_our_name_in_front(make_bundle, is_dray):
    first = make_bundle()
    second = make_bundle(first.name + "b")
    first.up()
    second.up()
    done = first.exec("/bin/probe", "facts", "cgroup", options=["--cgroup", f"../{second.name}"])
    if is_dray:
        assert done.code != 0, str(done)


@pytest.mark.parametrize("path", ["../escape", "/../../escape", "a/../../../escape", "/..", "x/../..", "a\nb"])
def test_cgroup_paths_that_climb(bundle, path):
    bundle.linux["cgroupsPath"] = path
    bundle.run().fails()


@pytest.mark.parametrize("key,value", [
    ("kernel.shmmax", "1+kernel.core_pattern=|pwned"), ("kernel.shmmax", "1\nkernel.core_pattern=x"),
    ("kernel/../kernel/core_pattern", "77"), ("kernel.core_pattern", "|pwned"),
    ("net.ipv4.ip_forward\nkernel.panic", "1"), ("../kernel/panic", "1"), ("net.ipv4/../../kernel/panic", "1"),
    ("net/../kernel/panic", "1"), ("net.", "1"), ("net....kernel.panic", "1"), ("net./.kernel", "1"), ("", "1")])
def test_sysctls_that_reach_further(bundle, canary, key, value):
    bundle.linux["sysctl"] = {key: value}
    bundle.run()
    canary.check()


@pytest.mark.parametrize("key", ["ExecStartPre", "BindPaths", "ExecStart", "KillSignal", "../x", "", "A\nB"])
def test_properties_of_units(bundle, canary, key):
    """Annotations may come from images: none makes anything run or appear on the host."""
    bundle.config["annotations"][f"org.systemd.property.{key}"] = f"'touch {canary}/executed'"
    bundle.run()
    canary.check()


@pytest.mark.parametrize("value", ["..", "a/../../b", "/abs", "", "x" * 300, "a/b", "a\nb"])
def test_delegated_cgroup_names(bundle, value):
    bundle.config["annotations"]["run.oci.delegate-cgroup"] = value
    done = bundle.run()
    assert 0 <= done.code < 128
    assert bundle.leaks() == []


# --- capabilities, groups, environment

def with_file_capabilities(bundle):
    path = bundle.rootfs / "bin/with"
    shutil.copy(bundle.probe, path)
    os.setxattr(path, "security.capability", b"\x00\x00\x00\x02" + b"\x00" * 4 + b"\x00\x20\x00\x00" + b"\x00" * 8)
    return path


@pytest.mark.parametrize("options", [[], ["--cap", "CAP_NET_RAW"], ["--cap", "CAP_SYS_ADMIN", "--user", "1000"]])
def test_nothing_is_inheritable(bundle, options):
    """A file with cap_net_raw+ei gains nothing."""
    with_file_capabilities(bundle)
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    if not options:
        bundle.args = ["/bin/with", "facts", "caps"]
        caps = bundle.run().json()["caps"]
    else:
        bundle.up()
        caps = bundle.exec("/bin/with", "facts", "caps", options=options).json()["caps"]
    assert caps["inheritable"] == "0"
    assert int(caps["permitted"], 16) & 1 << 13 == 0 or "CAP_NET_RAW" in options


def test_groups_of_the_caller(bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.args = ["/bin/probe", "facts", "groups"]
    assert bundle.run(extra_groups=[0, 27, 44]).json()["groups"] in ([], [1000])
    bundle.delete("--force")
    bundle.args = ["/bin/probe", "facts"]
    bundle.up()
    done = bundle.exec("/bin/probe", "facts", "groups", options=["--user", "1000:1000"], extra_groups=[0, 27, 44])
    assert done.json()["groups"] in ([], [1000])


def test_environment_without_values(bundle):
    """Names without a value are not looked up in the caller's environment."""
    bundle.process["env"] += ["SECRET", "*", "LD_PRELOAD"]
    bundle.args = ["/bin/probe", "facts", "env"]
    done = bundle.run(env={"SECRET": "do-not-tell", "LD_PRELOAD": ""})
    assert "do-not-tell" not in done.out
    bundle.delete("--force")
    del bundle.process["env"][-3:]
    bundle.args = ["/bin/probe", "facts"]
    bundle.up()
    done = bundle.exec("/bin/probe", "facts", "env", options=["--env", "SECRET"], env={"SECRET": "do-not-tell"})
    assert "do-not-tell" not in done.out


# --- terminals, sockets, cgroups of the host

def test_no_input_is_pushed_into_the_callers_terminal(bundle):
    master, slave = pty.openpty()
    bundle.args = ["/bin/probe", "try", "tiocsti", "/dev/tty", ",", "tiocsti", "/proc/self/fd/0"]
    done = bundle.run(stdin=slave, start_new_session=True)
    results = json.loads(done.out)
    assert not results[0]["ok"]
    assert not results[1]["ok"] or os.uname().release < "6.2"
    os.close(master)
    os.close(slave)


def test_no_abstract_socket(bundle):
    """A container in the host's network namespace could reach those."""
    before = {line.split()[-1] for line in open("/proc/net/unix") if line.split()[-1].startswith("@")}
    bundle.no_namespace("network")
    bundle.remove_mount("/sys")
    bundle.up()
    now = {line.split()[-1] for line in open("/proc/net/unix") if line.split()[-1].startswith("@")}
    assert not [name for name in now - before if "dray" in name]


@pytest.mark.needs("cgroup_v1")
def test_release_agent_cannot_be_written(bundle):
    bundle.add_mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"])
    bundle.args = ["/bin/probe", "try", "list", "/sys/fs/cgroup"]
    names = bundle.run().json()[0]["value"]
    bundle.delete("--force")
    actions = [["write", f"/sys/fs/cgroup/{name}/{file}", "x"] for name in names
               for file in ("release_agent", "notify_on_release", "cgroup.procs", "cgroup.clone_children")]
    for result in bundle.tries(*actions):
        assert not result["ok"], result


def test_read_only_host_sysfs_is_so_all_the_way_down(bundle):
    """A user namespace without a network namespace shows the host's /sys, with the cgroups in it."""
    bundle.map_users()
    bundle.no_namespace("network")
    actions = [["mkdir", f"/sys/fs/cgroup/{name}/pwned"] for name in ("memory", "pids", "unified", "systemd", "")]
    for result in bundle.tries(*actions):
        assert not result["ok"] and result["errno"] in ("EROFS", "EACCES", "EPERM", "ENOENT"), result


def test_setgroups_is_denied_with_one_mapping(bundle):
    """For a caller without rights; root's own maps need no denial."""
    bundle.map_users(size=1)
    bundle.mount_at("/dev/pts")["options"].remove("gid=5")
    result = bundle.tries("setgroups")[0]
    assert result["ok"] or result["errno"] == "EPERM"
