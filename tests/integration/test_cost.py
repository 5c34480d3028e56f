# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a container costs: processes, system calls, memory, and how that grows with the config.

No clock is read: what is counted is the same on a slow or busy machine.  docs/performance.md has
the times.
"""

import os
import re
import subprocess

import pytest

from harness import host

pytestmark = [pytest.mark.only_dray("these are dray's own bounds")]

CLONES = ("clone", "clone3", "fork", "vfork")
EXECS = ("execve", "execveat")

# Prints the peak of its child's resident memory in KiB.  A child of Python would begin with
# Python's, since the peak of the memory that exec replaces counts.
PEAK = r"""
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    struct rusage usage;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execv(argv[2], argv + 2);
        _exit(127);
    }
    if (argc < 3 || wait4(pid, &status, 0, &usage) < 0)
        return 1;
    FILE *out = fopen(argv[1], "w");
    fprintf(out, "%ld\n", usage.ru_maxrss);
    return fclose(out) != 0 || status != 0;
}
"""


@pytest.fixture(scope="module")
def peak(base):
    source, program = base / "peak.c", base / "peak"
    source.write_text(PEAK)
    subprocess.run([*os.environ.get("CC", "gcc").split(), "-O1", "-static", "-o", program, source],
                   check=True)
    return program


def count_calls(bundle, call):
    """The system calls of a command and all its processes, as {name: count}."""
    report = bundle.directory / "strace"
    call(("strace", "-f", "-c", "-o", str(report)))
    rows = (line.split() for line in report.read_text().splitlines())
    return {row[-1]: int(row[3]) for row in rows
            if len(row) >= 5 and re.fullmatch(r"[\d.]+", row[0]) and row[-1] != "total"}


def calls_of_run(bundle):
    return count_calls(bundle, lambda wrap: bundle.run(wrap=wrap).ok())


def total(calls, names=None):
    return sum(count for name, count in calls.items() if names is None or name in names)


def count_instructions(bundle, verb, *arguments):
    """Those of dray's own code.  Valgrind lacks clone3: a creation ends where the stage would begin,
    that is after reading, planning and making the cgroup."""
    words = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    result = bundle.runtime(verb, *arguments, bundle.name, wrap=words, timeout=120)
    found = re.search(r"Collected : (\d+)", result.err)
    assert found, f"valgrind reports no instructions:\n{result}"
    return int(found[1])


@pytest.mark.needs("strace")
def test_run_is_one_clone_and_three_execs(bundle):
    bundle.args = ["/bin/probe", "exit", "0"]
    calls = calls_of_run(bundle)
    assert total(calls, CLONES) == 1, calls
    assert total(calls, EXECS) == 3, calls  # dray, the stage, the program


@pytest.mark.needs("strace")
def test_exec_is_two_clones_and_three_execs(bundle):
    bundle.up()
    calls = count_calls(
        bundle, lambda wrap: bundle.exec("/bin/probe", "exit", "0", wrap=wrap).ok())
    assert total(calls, CLONES) == 2, calls
    assert total(calls, EXECS) == 3, calls


@pytest.mark.needs("strace")
def test_system_calls_are_bounded(bundle):
    """Generous: a kernel with more hierarchies or capabilities costs a few more."""
    bundle.args = ["/bin/probe", "exit", "0"]
    calls = calls_of_run(bundle)
    assert total(calls) < 480, calls
    bundle.args = ["/bin/probe", "facts"]
    bundle.up()
    for bound, call in (
            (40, lambda wrap: bundle.runtime("state", bundle.name, wrap=wrap).ok()),
            (260, lambda wrap: bundle.exec("/bin/probe", "exit", "0", wrap=wrap).ok()),
            (40, lambda wrap: bundle.runtime("kill", bundle.name, "KILL", wrap=wrap).ok())):
        calls = count_calls(bundle, call)
        assert total(calls) < bound, calls
    bundle.wait()
    calls = count_calls(bundle, lambda wrap: bundle.runtime("delete", bundle.name, wrap=wrap).ok())
    assert total(calls) < 46, calls


@pytest.mark.needs("strace")
@pytest.mark.parametrize("verb", ["state", "kill", "delete"])
def test_small_commands_start_no_process(bundle, verb):
    bundle.up()
    if verb == "delete":
        bundle.kill("KILL").ok()
        bundle.wait()
    words = [verb, bundle.name] + (["0"] if verb == "kill" else [])
    calls = count_calls(bundle, lambda wrap: bundle.runtime(*words, wrap=wrap).ok())
    assert total(calls, CLONES) == 0, calls
    assert total(calls, EXECS) == 1, calls


def test_create_needs_less_than_two_mib(bundle, peak):
    report = bundle.directory / "peak"
    bundle.command("create", wrap=(str(peak), str(report))).ok()
    assert int(report.read_text()) < 2048


def add_environment(bundle, count):
    bundle.process["env"] = ["PATH=/bin"] + [f"VARIABLE_{i}=value number {i}" for i in range(count)]


def add_annotations(bundle, count):
    bundle.config["annotations"] = {f"org.example.annotation.{i}": f"value number {i}"
                                    for i in range(count)}


GROWING = pytest.mark.parametrize("add", [add_environment, add_annotations],
                                  ids=["environment", "annotations"])


@pytest.mark.needs("strace")
@GROWING
def test_ten_thousand_cost_no_system_call_each(bundle, add):
    bundle.args = ["/bin/probe", "exit", "0"]
    counts = []
    for count in (1000, 10000):
        add(bundle, count)
        counts.append(total(calls_of_run(bundle)))
    assert counts[1] - counts[0] < 100, counts


@pytest.mark.needs("valgrind")
@GROWING
def test_instructions_grow_linearly(bundle, add):
    """Ten times as much costs at most about ten times as much; quadratic would be a hundred."""
    bundle.args = ["/bin/probe", "exit", "0"]
    counts = []
    for count in (1, 1000, 10000):
        add(bundle, count)
        bundle.write()
        counts.append(count_instructions(bundle, "create", "--bundle", bundle.directory))
    assert counts[2] - counts[0] < 14 * (counts[1] - counts[0]), counts
