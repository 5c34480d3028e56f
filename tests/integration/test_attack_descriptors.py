# SPDX-License-Identifier: LGPL-2.1-or-later
"""No descriptor of the host reaches a container, in any shape.

CVE-2024-21626 (runc), CVE-2016-9962 (runc), CVE-2016-8649 (lxc), CVE-2019-5736 (runc, crun, lxc),
GHSA-xr7r-f8xq-vfvv (youki).
"""

import hashlib
import json
import os
import pathlib
import re

import pytest

from harness import faults, host
from harness.attack import canary, fill_canary_link, racer, rounds  # noqa: F401  fixtures
from harness.config import capability_mask
from harness.seccomp import allow_all_but, rule

LEAKED = 40  # how many descriptors the caller leaves open


@pytest.fixture
def leak(canary):
    """Directories of the host on many descriptors that a runtime inherits, as containerd's shim leaks one."""
    opened = [os.open(canary, os.O_RDONLY | os.O_DIRECTORY) for _ in range(LEAKED)]
    for fd in opened:
        os.set_inheritable(fd, True)
    yield {"pass_fds": opened}
    for fd in opened:
        os.close(fd)


def in_container(bundle, racer):
    target = bundle.rootfs / "bin/racer"
    target.unlink(missing_ok=True)
    os.link(racer, target)
    return bundle


def descriptors(text):
    """{number: (type, target)} of racer fd-scan's report."""
    found = {}
    for line in text.splitlines():
        word, number, kind, *target = line.split(" ", 3)
        assert word == "fd", text
        found[int(number)] = (int(kind, 8), target[0] if target else "")
    return found


def test_only_stdio_is_open_in_run(bundle, racer, leak):
    in_container(bundle, racer).args = ["/bin/racer", "fd-scan"]
    assert set(descriptors(bundle.run(**leak).ok().out)) == {0, 1, 2}


def test_only_stdio_is_open_in_exec(bundle, racer, leak):
    in_container(bundle, racer).up()
    assert set(descriptors(bundle.exec("/bin/racer", "fd-scan", **leak).ok().out)) == {0, 1, 2}


def test_only_what_is_preserved_is_open(bundle, racer):
    in_container(bundle, racer).args = ["/bin/racer", "fd-scan"]
    first, second = os.pipe()
    keep = max(first, second) + 5
    words = ["bash", "-c", f'exec 3<&{first} 4>&{second} {keep}</; exec "$@"', "bash"]
    found = descriptors(bundle.run("--preserve-fds", "2", pass_fds=(first, second), wrap=words).ok().out)
    assert set(found) == {0, 1, 2, 3, 4}
    bundle.delete("--force")
    bundle.args = ["/bin/probe", "facts"]
    bundle.up()
    found = descriptors(bundle.exec("/bin/racer", "fd-scan", options=["--preserve-fds", "2"],
                                    pass_fds=(first, second), wrap=words).ok().out)
    assert set(found) == {0, 1, 2, 3, 4}
    os.close(first)
    os.close(second)


@pytest.mark.parametrize("options", [(), ("--log", "LOG")], ids=["plain", "log"])
@pytest.mark.parametrize("count", [1, 3, 25, 4294967295])
def test_more_preserved_than_open(bundle, racer, count, options):
    """A count that is too large must not hand the runtime's own descriptors over."""
    options = [word.replace("LOG", str(bundle.directory / "log")) for word in options]
    in_container(bundle, racer).args = ["/bin/racer", "fd-scan"]
    done = bundle.run("--preserve-fds", count, options=options)
    assert done.code != 0 or set(descriptors(done.out)) == {0, 1, 2}, str(done)
    bundle.delete("--force")
    bundle.args = ["/bin/probe", "facts"]
    bundle.up()
    done = bundle.runtime("exec", "--preserve-fds", count, bundle.name, "/bin/racer", "fd-scan", options=options)
    assert done.code != 0 or set(descriptors(done.out)) == {0, 1, 2}, str(done)


def test_nothing_of_the_host_is_open_in_a_created_container(bundle, leak):
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.create(**leak).ok()
    directory = pathlib.Path(f"/proc/{bundle.pid}/fd")
    found = {int(fd.name): os.readlink(fd) for fd in directory.iterdir()}
    for number, target in found.items():
        assert number < 3 or target.startswith(("pipe:", "socket:", "anon_inode:")) or target.endswith(".fifo") \
            or "fifo" in target, found
        assert not os.path.isdir(directory / str(number)), found
    root, cwd = os.stat(f"/proc/{bundle.pid}/root"), os.stat(f"/proc/{bundle.pid}/cwd")
    assert (cwd.st_dev, cwd.st_ino) == (root.st_dev, root.st_ino)


def inside(result):
    """The working directory is below the root: no unreachable directory and none of the host's."""
    assert result.code != 0 or result.out.strip().startswith('{"cwd":"/'), str(result)
    return result


@pytest.mark.slow
@pytest.mark.parametrize("link", [False, True], ids=["plain", "link"])
def test_cwd_through_a_descriptor(bundle, leak, link):
    bundle.args = ["/bin/probe", "facts", "cwd"]
    for number in range(0, LEAKED + 24):
        target = f"/proc/self/fd/{number}"
        if link:
            fill_canary_link(bundle, "/w", target)
        bundle.process["cwd"] = "/w" if link else target
        done = bundle.run(**leak)
        assert done.code != 0, f"descriptor {number} is a directory in the container:\n{done}"
        bundle.delete("--force")


def test_cwd_above_a_descriptor(bundle, leak):
    bundle.args = ["/bin/probe", "facts", "cwd"]
    for number in (3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 30):
        bundle.process["cwd"] = f"/proc/self/fd/{number}/../../.."
        assert bundle.run(**leak).code != 0
        bundle.delete("--force")


@pytest.mark.slow
def test_cwd_of_exec_through_a_descriptor(bundle, leak):
    bundle.up()
    for number in range(0, LEAKED + 24):
        done = bundle.exec("/bin/probe", "facts", "cwd", options=["--cwd", f"/proc/self/fd/{number}"], **leak)
        assert done.code != 0, f"descriptor {number} is a directory in the container:\n{done}"


@pytest.mark.parametrize("number", [3, 5, 7, 8, 9, 12, 20])
def test_program_through_a_descriptor(bundle, leak, canary, number):
    """args[0] that climbs from a leaked directory to a program of the host."""
    (canary / "program").chmod(0o755)
    canary.before = canary.look()
    for path in (f"/proc/self/fd/{number}/program", f"/proc/self/fd/{number}/../../../../../../../bin/true"):
        bundle.args = [path]
        assert bundle.run(**leak).code != 0
        bundle.delete("--force")
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    bundle.start().ok()
    bundle.output.expect("ready")
    for path in (f"/proc/self/fd/{number}/program", f"/proc/self/fd/{number}/../../../../../../../bin/true"):
        assert bundle.exec(path, **leak).code != 0


def test_the_runtime_cannot_be_written_through_its_program(bundle, racer):
    """An entry point that is the runtime's own program, and one that opens it for writing."""
    program = pathlib.Path(bundle.runtime.path).resolve()
    before = hashlib.sha256(program.read_bytes()).hexdigest()
    bundle.file("/entry", "#!/proc/self/exe\n", 0o755)
    bundle.args = ["/entry"]
    bundle.run()
    bundle.delete("--force")
    bundle.shell("i=0; while [ $i -lt 200 ]; do for p in /proc/[0-9]*; do "
                 "(echo pwned > $p/exe) 2>/dev/null; done; i=$((i+1)); done & exec /bin/probe wait")
    bundle.create().ok()
    bundle.start().ok()
    bundle.output.expect("ready")
    for _ in rounds():
        bundle.exec("/entry")
        bundle.exec("/bin/true")
    assert hashlib.sha256(program.read_bytes()).hexdigest() == before
    assert bundle.runtime("--version").ok()


def give(bundle, capability):
    """CAP_SYS_PTRACE, or nothing."""
    for name in ("bounding", "effective", "permitted"):
        if capability:
            bundle.process["capabilities"][name].append("CAP_SYS_PTRACE")


def watch(bundle, racer, canary):
    """A container whose program looks into every process that appears in its PID namespace."""
    in_container(bundle, racer).args = ["/bin/racer", "ptrace-all", str(canary / "secret")]
    (canary / "secret").chmod(0o644)
    canary.before = canary.look()
    bundle.create().ok()
    bundle.start().ok()
    bundle.output.expect("ready")


def seen_by(bundle):
    bundle.kill("TERM").ok()
    report = bundle.output.rest().splitlines()
    bundle.wait()
    assert report[-1] == "end"
    return report


def judge(report, own, kind):
    """Nothing of the host was in reach, and who took one over gained nothing."""
    outside = [line for line in report if line.startswith("outside")]
    assert not outside, "the host's files could be reached:\n" + "\n".join(outside[:20])
    own = int(own, 16)
    traced = 0
    for line in report:
        if line.startswith("fd ") and "cgroup" in line:
            raise AssertionError(f"a cgroup of the host was open: {line}")
        if line.startswith("traced "):
            _, _, permitted, bounding, seccomp, *_ = line.split()
            if "gone" in (permitted, bounding, seccomp):
                continue
            # What opens a procfs for the stage, before Linux 6.17: under its filter that right opens nothing else.
            # Who is at its end has no program any more.
            if (line.endswith(("stage (deleted)", "2 ")) and
                    (int(permitted, 16), int(bounding, 16), seccomp) == (1 << 21, 0, "2")):
                continue
            assert int(permitted, 16) & ~own == 0, f"could be traced with more than the container's own: {line}"
            assert kind != "dray" or int(bounding, 16) & ~own == 0, f"could regain more by executing: {line}"
            traced += line.endswith("stage (deleted)")
    return traced


# Loading a filter takes CAP_SYS_ADMIN, if not no-new-privileges.
FILTERS = {"no-filter": None, "filter": allow_all_but(rule("SCMP_ACT_ERRNO", "keyctl"))}


@pytest.mark.slow
@pytest.mark.parametrize("seccomp", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("user", [0, 1000])
@pytest.mark.parametrize("capability", [False, True], ids=["ordinary", "ptrace"])
def test_exec_seen_from_the_container(bundle, racer, canary, capability, user, seccomp, kind):
    """What a process of the container that looks into every new one gets to see of exec's way in."""
    give(bundle, capability)
    if seccomp is not None:
        bundle.linux["seccomp"] = seccomp
    watch(bundle, racer, canary)
    for _ in rounds(2):
        bundle.exec("/bin/true", options=["--user", str(user)])
        bundle.output.gather()
    judge(seen_by(bundle), capability_mask(bundle.process["capabilities"]["permitted"]), kind)


@pytest.mark.slow
@pytest.mark.parametrize("whom", ["STAGE", "PROGRAM"])
def test_exec_held_by_the_container(bundle, racer, whom, kind):
    """Who traces the exec'd process can stop it for ever, or keep its end; exec ends all the same."""
    if kind != "dray":
        pytest.skip("others wait for ever")
    give(bundle, True)
    in_container(bundle, racer).args = ["/bin/racer", "hold", whom]
    bundle.create().ok()
    bundle.start().ok()
    bundle.output.expect("ready")
    for _ in range(100):
        done = bundle.exec("/bin/true", timeout=60)
        if done.code != 0:
            break
    assert re.search(r"STAGE_HELD.*(did not become the program|cannot be had)", done.err), str(done)
    assert bundle.output.line().startswith("held ")
    bundle.kill("KILL").ok()
    # What exec could not wait for is ours by now, and the end of a PID namespace waits for it.
    host.wait_until(lambda: host.reap_dead(but=(bundle.pid,)) == [], "the end of what was held")
    bundle.wait()
    bundle.delete().ok()


@pytest.mark.parametrize("seccomp", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("capability", [False, True], ids=["ordinary", "ptrace"])
def test_create_in_a_pid_namespace_seen_from_it(make_bundle, racer, canary, capability, seccomp, kind):
    """What the processes of a pod see of one that is being made among them."""
    if capability and kind != "dray":
        pytest.skip("others make containers before the eyes of their pod")
    first, second = make_bundle(), make_bundle()
    give(first, capability)
    watch(first, racer, canary)
    second.namespace("pid", f"/proc/{first.pid}/ns/pid")
    second.args = ["/bin/probe", "exit", "0"]
    if seccomp is not None:
        second.linux["seccomp"] = seccomp
    for _ in rounds():
        second.run().ok()
        first.output.gather()
    report = seen_by(first)
    judge(report, capability_mask(second.process["capabilities"]["permitted"]), kind)
    if not capability:
        # Once it is the second container's own program, whoever shares its namespace and rights may look.
        # Who is at its end has no program any more.
        assert not [line for line in report if line.startswith("memory ") and line.split(" ")[2] not in ("/bin/probe", "")]


@pytest.fixture
def before_pidns(workdir):
    """A dray that does as before Linux 6.17, where only who is in a PID namespace can open its procfs."""
    runtime = faults.fault_runtime(workdir)
    ordinary = runtime.environment
    runtime.environment = lambda extra=None: ordinary({"DRAY_OLD_PROCFS": "1", "DRAY_HELD_MS": "500", **(extra or {})})
    return runtime


@pytest.mark.only_dray("others make containers before the eyes of their pod")
def test_create_before_pidns_seen_from_the_pid_namespace(make_bundle, racer, canary, before_pidns):
    first, second = make_bundle(), make_bundle(runtime=before_pidns)
    give(first, True)
    watch(first, racer, canary)
    second.namespace("pid", f"/proc/{first.pid}/ns/pid")
    second.args = ["/bin/busybox", "cat", "/proc/1/cmdline", "/proc/self/mountinfo"]
    for _ in rounds():
        done = second.run().ok()
        assert done.out.startswith("/bin/racer\0") and " /proc " in done.out
        first.output.gather()
    judge(seen_by(first), capability_mask(second.process["capabilities"]["permitted"]), "dray")


@pytest.mark.only_dray("others make containers before the eyes of their pod")
def test_create_before_pidns_held_by_the_pid_namespace(make_bundle, racer, before_pidns):
    """Who takes over what opens the procfs has the stage give up."""
    first, second = make_bundle(), make_bundle(runtime=before_pidns)
    give(first, True)
    in_container(first, racer).args = ["/bin/racer", "hold", "STAGE"]
    first.create().ok()
    first.start().ok()
    first.output.expect("ready")
    second.namespace("pid", f"/proc/{first.pid}/ns/pid")
    for _ in range(50):
        done = second.run()
        if done.code != 0:
            break
    done.fails(1, ["STAGE_HELD"])
    assert second.leaks() == []
    first.kill("KILL").ok()
    host.wait_until(lambda: host.reap_dead(but=(first.pid,)) == [], "the end of what was held")
    first.wait()


@pytest.mark.parametrize("no_new_privileges", [False, True], ids=["privileges", "no-new-privileges"])
@pytest.mark.parametrize("denied", ["setsid", "clone", "prlimit64", "rt_sigaction"])
def test_filters_that_forbid_the_way_in(bundle, denied, no_new_privileges):
    """What the stage itself needs after its filter could be loaded is not refused to it."""
    bundle.process["noNewPrivileges"] = no_new_privileges
    bundle.linux["seccomp"] = allow_all_but(rule("SCMP_ACT_ERRNO", denied))
    bundle.up()
    found = bundle.exec_facts("caps", "process", "status")
    assert found["caps"]["permitted"] == capability_mask(bundle.process["capabilities"]["permitted"])
    assert "Max open files            1024                 1024" in bundle.exec("/bin/cat", "/proc/self/limits").ok().out
    assert found["process"]["sid"] == found["process"]["pid"]
    assert found["process"]["no_new_privs"] == no_new_privileges
    assert found["status"]["Seccomp"] == "2"
