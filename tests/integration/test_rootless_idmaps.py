# SPDX-License-Identifier: LGPL-2.1-or-later
"""Id maps of an ordinary user: newuidmap and newgidmap, the user namespace that nobody asked for, groups."""

import os
import shutil

import pytest

from harness import faults, host
from harness.runtime import runtime_kind
from harness.user import COUNT, FIRST, NAME, UID, rootless, without_user_namespace
from harness.user_fixtures import bundle, replace_program, runtime, user  # noqa: F401: fixtures

pytestmark = [pytest.mark.skipif(shutil.which("newuidmap") is None, reason="needs uidmap"),
              pytest.mark.skipif(runtime_kind() != "dray", reason="dray only: how users map ids differs")]


def numbers(lines):
    return [[int(word) for word in line.split()] for line in lines]


# --- maps

def test_newuidmap_writes_the_maps(bundle):
    facts = bundle.facts("uid_map", "gid_map", "setgroups", "ids")
    assert numbers(facts["uid_map"]) == numbers(facts["gid_map"]) == [[0, UID, 1], [1, FIRST, COUNT]]
    assert facts["setgroups"] == "allow"
    assert facts["ids"] == {"uid": [0] * 3, "gid": [0] * 3}


def test_the_host_sees_a_subordinate_id(bundle):
    bundle.process["user"] = {"uid": 7, "gid": 8, "additionalGids": [9]}
    bundle.up()
    status = os.stat(f"/proc/{bundle.pid}")
    assert (status.st_uid, status.st_gid) == (FIRST + 6, FIRST + 7)
    groups = [line for line in open(f"/proc/{bundle.pid}/status") if line.startswith("Groups:")]
    assert groups[0].split()[1:] == [str(FIRST + 8)]


def test_one_id_needs_no_helper_and_denies_setgroups(bundle, user):
    user.allow("")
    rootless(bundle)
    facts = bundle.facts("uid_map", "gid_map", "setgroups")
    assert numbers(facts["uid_map"]) == numbers(facts["gid_map"]) == [[0, UID, 1]]
    assert facts["setgroups"] == "deny"


def test_one_id_that_is_not_root(bundle, user):
    user.allow("")
    rootless(bundle)
    for key in ("uidMappings", "gidMappings"):
        bundle.linux[key] = [{"containerID": 1000, "hostID": UID, "size": 1}]
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    facts = bundle.facts("uid_map", "ids", "caps")
    assert numbers(facts["uid_map"]) == [[1000, UID, 1]]
    assert facts["ids"]["uid"] == [1000] * 3
    assert facts["caps"]["effective"] == facts["caps"]["ambient"] == facts["caps"]["inheritable"] == "0"


def test_additional_groups_with_one_id_are_an_error(bundle):
    rootless(bundle)
    bundle.process["user"]["additionalGids"] = [0]
    bundle.run().fails(1).dray_error("CREDENTIALS_FAILED", names=["setgroups is denied", "/process/user"])
    assert bundle.leaks() == []


def test_no_group_can_be_dropped_to_get_round_its_ban(bundle, user, workdir):
    """CVE-2014-8989: a file that a group of the caller may not read stays closed to the container."""
    shared = workdir / "shared"
    shared.write_text("secret")
    os.chown(shared, 0, 4747)
    os.chmod(shared, 0o604)
    bundle.runtime.prefix = [word if word != "--clear-groups" else "--groups=4747" for word in user.prefix]
    rootless(bundle)
    bundle.add_mount("/shared", "bind", shared, ["bind"])
    results = bundle.tries("read /shared", "setgroups", "read /shared")
    assert results[0]["errno"] == results[2]["errno"] == "EACCES", results
    assert results[1]["errno"] == "EPERM", results


def test_groups_of_the_caller_are_kept_when_asked_for(bundle, user):
    bundle.runtime.prefix = [word if word != "--clear-groups" else "--groups=4747" for word in user.prefix]
    bundle.config["annotations"]["run.oci.keep_original_groups"] = "1"
    bundle.up()
    groups = [line for line in open(f"/proc/{bundle.pid}/status") if line.startswith("Groups:")]
    assert groups[0].split()[1:] == ["4747"]


def test_groups_of_the_caller_are_dropped_otherwise(bundle, user):
    bundle.runtime.prefix = [word if word != "--clear-groups" else "--groups=4747" for word in user.prefix]
    bundle.up()
    groups = [line for line in open(f"/proc/{bundle.pid}/status") if line.startswith("Groups:")]
    assert groups[0].split()[1:] == []


def test_id_that_is_not_the_users(bundle):
    bundle.linux["uidMappings"][1]["hostID"] = FIRST + 1
    bundle.run().fails(1).dray_error("IDMAP_HELPER_FAILED", names=["newuidmap", "/etc/subuid", "/linux/uidMappings", "detail:"])
    assert bundle.leaks() == []


def test_gid_that_is_not_the_users(bundle, user):
    user.allow(f"{NAME}:{FIRST}:{COUNT}\n", f"{NAME}:{FIRST}:10\n")
    bundle.run().fails(1).dray_error("IDMAP_HELPER_FAILED", names=["newgidmap", "/etc/subgid", "/linux/gidMappings"])
    assert bundle.leaks() == []


def test_helper_that_hangs(bundle, replace_program):
    replace_program("/usr/bin/newuidmap", "#!/bin/sh\necho waiting >&2\nexec sleep 1000\n")
    bundle.run(timeout=40).fails(1).dray_error("IDMAP_HELPER_FAILED", names=["did not end within", "waiting"])
    assert bundle.leaks() == []


def test_helper_without_setuid_bit(bundle, replace_program):
    shutil.copy2("/usr/bin/newuidmap", bundle.directory / "copy")
    fake = replace_program("/usr/bin/newuidmap", "", 0o755)
    shutil.copyfile("/usr/bin/newuidmap", fake)
    bundle.run().fails(1).dray_error("IDMAP_HELPER_FAILED", names=["neither setuid nor"])
    assert bundle.leaks() == []


def test_helper_that_dies(bundle, replace_program):
    replace_program("/usr/bin/newgidmap", "#!/bin/sh\nkill -9 $$\n")
    bundle.run().fails(1).dray_error("IDMAP_HELPER_FAILED", names=["killed by signal 9"])
    assert bundle.leaks() == []


@pytest.mark.parametrize("mode, owner", [(0o4777, 0), (0o4755, UID)])
def test_helper_that_others_can_write_is_not_run(bundle, replace_program, workdir, mode, owner):
    canary = workdir / "canary"
    replace_program("/usr/bin/newuidmap", f"#!/bin/sh\n: > {canary}\n", mode, owner)
    os.chmod(workdir, 0o777)
    bundle.run().fails(1).dray_error("IDMAP_HELPER_FAILED", names=["is not run"])
    assert not canary.exists()
    assert bundle.leaks() == []


def test_no_new_privileges_of_the_caller(bundle, user):
    bundle.runtime.prefix = [*user.prefix[:-1], "--no-new-privs", "--"]
    bundle.run().fails(1).dray_error("IDMAP_HELPER_FAILED", names=["no-new-privileges"])
    assert bundle.leaks() == []


def test_helpers_of_the_path_or_the_image_are_not_run(bundle, user, workdir):
    canary = workdir / "canary"
    fakes = user.own(workdir / "fakes")
    for directory in (fakes, bundle.rootfs / "usr/bin"):
        directory.mkdir(exist_ok=True, parents=True)
        for name in ("newuidmap", "newgidmap"):
            (directory / name).write_text(f"#!/bin/sh\n: > {canary}\n")
            os.chmod(directory / name, 0o755)
    os.chmod(workdir, 0o777)
    os.chmod(fakes, 0o755)
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.runtime.prefix = [*user.prefix, "env", f"PATH={fakes}"]
    bundle.run().ok()
    assert not canary.exists()


def test_helper_gets_no_descriptor_and_a_fixed_environment(bundle, replace_program, workdir):
    os.chmod(workdir, 0o777)
    replace_program("/usr/bin/newuidmap", f"#!/bin/sh\nls /proc/self/fd > {workdir}/seen\nenv > {workdir}/env\nexit 3\n")
    bundle.run(env={"LD_PRELOAD": "/nonexistent.so", "IFS": "x"}).fails(1).dray_error("IDMAP_HELPER_FAILED")
    # 3 is the directory that ls reads
    assert (workdir / "seen").read_text().split() == ["0", "1", "2", "3"]
    seen = dict(line.split("=", 1) for line in (workdir / "env").read_text().splitlines())
    assert set(seen) - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "LC_ALL"}


# --- the user namespace that nobody asked for

def test_a_user_namespace_is_added(bundle):
    without_user_namespace(bundle)
    facts = bundle.facts("uid_map", "gid_map", "namespaces")
    assert numbers(facts["uid_map"]) == numbers(facts["gid_map"]) == [[0, UID, 1], [1, FIRST, COUNT]]
    assert facts["namespaces"]["user"] != os.readlink("/proc/self/ns/user")


def test_the_caller_is_the_containers_user(bundle):
    without_user_namespace(bundle)
    bundle.process["user"] = {"uid": 1000, "gid": 100}
    facts = bundle.facts("uid_map", "gid_map")
    assert sorted(numbers(facts["uid_map"])) == [[0, FIRST, 1000], [1000, UID, 1], [1001, FIRST + 1000, COUNT - 1000]]
    assert sorted(numbers(facts["gid_map"])) == [[0, FIRST, 100], [100, UID, 1], [101, FIRST + 100, COUNT - 100]]


def test_ranges_by_number_and_in_several_lines(bundle, user):
    user.allow(f"root:1:5\n{UID}:400000:10\nnonsense\n{NAME}:500000:20\n{NAME}:600000:0\n{NAME}x:1:1\n")
    without_user_namespace(bundle)
    assert numbers(bundle.facts("uid_map")["uid_map"]) == [[0, UID, 1], [1, 400000, 10], [11, 500000, 20]]


def test_only_the_own_id_without_a_line(bundle, user):
    user.allow("")
    without_user_namespace(bundle)
    assert numbers(bundle.facts("uid_map")["uid_map"]) == [[0, UID, 1]]
    said = bundle.command("run", options=["--log-level", "warning"])
    assert "/etc/subuid" in said.ok().err


def test_exec_into_an_added_user_namespace(bundle):
    without_user_namespace(bundle)
    bundle.up()
    facts = bundle.exec_facts("namespaces", "ids", "caps")
    assert facts["namespaces"]["user"] == os.readlink(f"/proc/{bundle.pid}/ns/user")
    assert facts["ids"]["uid"] == [0] * 3
    assert facts["caps"]["effective"] != "0"
    bundle.exec("/bin/probe", "exit", "0", options=["--user", "5:6"]).ok()


def test_no_user_namespace_is_added_when_forbidden(bundle):
    without_user_namespace(bundle)
    bundle.command("run", options=["--rootless=false"]).fails(1).dray_error(
        "NAMESPACE_FAILED", names=["--rootless=false", "/linux/namespaces"])
    assert bundle.leaks() == []


def test_mapping_without_a_user_namespace_is_still_an_error(bundle):
    bundle.no_namespace("user")
    bundle.run().fails(1).dray_error("CONFIG_CONFLICT", names=["/linux/uidMappings"])


# --- signals and faults

@pytest.mark.parametrize("name", ["newuidmap", "newgidmap"])
def test_interrupt_while_a_helper_hangs(bundle, replace_program, name):
    replace_program(f"/usr/bin/{name}", "#!/bin/sh\nexec sleep 1000\n")
    bundle.write()
    errors = bundle.directory / "errors"
    with open(errors, "wb") as stream:
        process = bundle.runtime.popen("create", "--bundle", bundle.directory, bundle.name, stderr=stream)
        host.wait_until(lambda: any(b"sleep" in line for line in commands_of(process.pid)), "the helper to run")
        process.send_signal(15)
        assert process.wait(20 * host.PATIENCE) == 1
    assert "INTERRUPTED" in errors.read_text()
    assert bundle.leaks() == []


def commands_of(pid):
    """Command lines of a process's children."""
    found = []
    for child in open(f"/proc/{pid}/task/{pid}/children").read().split():
        try:
            with open(f"/proc/{child}/cmdline", "rb") as stream:
                found.append(stream.read())
        except FileNotFoundError:
            pass
    return found


def test_the_runtime_is_killed_while_a_helper_hangs(bundle, replace_program):
    replace_program("/usr/bin/newuidmap", "#!/bin/sh\nexec sleep 3\n")
    bundle.write()
    process = bundle.runtime.popen("create", "--bundle", bundle.directory, bundle.name, stderr=-3)
    host.wait_until(lambda: any(b"sleep" in line for line in commands_of(process.pid)), "the helper to run")
    process.kill()
    process.wait()
    bundle.delete("--force").ok()
    assert bundle.leaks() == []
    host.wait_until(lambda: host.reap_dead() == [], "the helper to end")


def test_host_that_allows_no_user_namespaces(bundle, user):
    """The limit of a user namespace of the user's own: the host's stays as it is."""
    bundle.mount_at("/dev/pts")["options"].remove("gid=5")
    for key in ("uidMappings", "gidMappings"):
        bundle.linux[key] = [{"containerID": 0, "hostID": 0, "size": 1}]
    bundle.runtime.prefix = [*user.prefix, "unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                             'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh"]
    bundle.run().fails(1).dray_error("NAMESPACE_FAILED", names=["max_user_namespaces is 0", "sysctl user.max_user_namespaces"])
    assert bundle.leaks() == []


# --- a fault in every row

@pytest.mark.slow
@pytest.mark.parametrize("action", ["fail", "kill", "kill-after", "signal-TERM"])
def test_fault_in_every_row(bundle, workdir, action):
    """The walk of test_fault_walk.py for a user, whose maps newuidmap writes and who has no cgroup."""
    shutil.copyfile(faults.fault_runtime(workdir).path, bundle.runtime.path)
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    hit = 0
    for step in faults.steps("create"):
        if action == "signal-TERM" and step.role == "stage":
            continue
        done = bundle.runtime("create", "--bundle", bundle.directory, bundle.name, env=faults.environment(step, action))
        hit += done.code != 0
        if done.code == 1 and step.role == "dray":
            assert done.err.count("error[") == 1, f"{step}: {done}"
        bundle.runtime("delete", "--force", bundle.name).ok()
        host.wait_until(lambda: host.reap_dead() == [], f"all processes to end after {step}={action}")
        assert bundle.leaks() == [], f"{step}={action}"
    assert hit > 15
