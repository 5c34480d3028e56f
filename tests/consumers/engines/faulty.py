# SPDX-License-Identifier: LGPL-2.1-or-later
"""A runtime whose caller dies during a call: conmon, the shim or the engine itself.

It stands between the caller and dray.  At the planned call it has its parent killed after so many
milliseconds and becomes dray at once, which has the caller for a parent and gets the signal that the
caller asked for on its death, as without it.
"""

import dataclasses
import glob
import os
import signal

from harness import host

SCRIPT = """#!/bin/sh
# Which call is in flight is told by the first word that is a command.
call=
for word in "$@"; do
    case $word in create | start | exec | kill | delete | state | pause | resume | update) call=$word; break ;; esac
done
if [ "$call" = "$(cat {plan}/call 2>/dev/null)" ] && mv {plan}/call {plan}/done 2>/dev/null; then
    ( sleep "$(cat {plan}/delay)"; kill -KILL $PPID ) </dev/null >/dev/null 2>&1 &
fi
echo "$@" >>{plan}/calls
exec {dray} "$@"
"""


class Faulty:
    def __init__(self, directory, dray):
        self.directory = directory
        script = directory / "dray"
        script.write_text(SCRIPT.format(plan=directory, dray=dray.path))
        script.chmod(0o755)
        self.runtime = dataclasses.replace(dray, path=str(script))

    def plan(self, call, milliseconds):
        """The caller of the next such call dies after so long."""
        for name in ("done", "calls"):
            (self.directory / name).unlink(missing_ok=True)
        (self.directory / "delay").write_text(f"{milliseconds / 1000:.3f}")
        (self.directory / "call").write_text(call)

    def was_deleted(self, name):
        """Whether the engine had the runtime delete it."""
        calls = self.directory / "calls"
        return calls.exists() and any("delete" in line and name in line for line in calls.read_text().splitlines())

    def happened(self):
        (self.directory / "call").unlink(missing_ok=True)
        return (self.directory / "done").exists()


def processes_of(*words):
    """Pids of the processes with just that command line."""
    line = "\0".join(words) + "\0"
    found = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and open(f"/proc/{entry}/cmdline").read() == line:
                found.append(int(entry))
        except OSError:
            pass
    return found


def wait_no_process(*words):
    host.wait_until(lambda: not processes_of(*words), f"the end of {' '.join(words)}")


def wait_no_children(but=()):
    """Everything that the dead left to us has ended, too."""
    def alive():
        return [pid for pid in host.reap_dead() if not any(word in host.describe_process(pid) for word in but)]
    try:
        host.wait_until(lambda: not alive(), "the end of orphans")
    except AssertionError:
        words = [host.describe_process(pid) for pid in alive()]
        for pid in alive():
            os.kill(pid, signal.SIGKILL)
        raise AssertionError(f"left behind: {words}") from None


def wait_no_cgroup(name):
    host.wait_until(lambda: not host.cgroups_named(name), f"the removal of cgroups of {name}")


def cgroups_below(parent, start):
    """Cgroups with a name that begins so, in those of the tests' own."""
    return [path for directory in host.cgroups_named(parent) for path in glob.glob(f"{glob.escape(directory)}/{start}*")]
