# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the tests call an engine's command line, and where the container of one ends up."""

import fcntl
import os
import pathlib
import pty
import shlex
import subprocess
import termios

from harness import host
from harness.terminal import Terminal

from .reaper import Popen


class Engine:
    """One command line client: what comes before every command, and the environment and directory it runs in."""

    directory = None

    def __init__(self, program, options, environment):
        self.program = program
        self.options = [str(option) for option in options]
        self.environment = environment

    def words(self, *words):
        return [self.program, *self.options, *map(str, words)]

    def __call__(self, *words, code=0, timeout=40, input=None, env=None, **settings):
        """Runs a command to its end; code=None accepts every exit code."""
        if input is None:
            settings.setdefault("stdin", subprocess.DEVNULL)
        else:
            settings["input"] = input
        settings.setdefault("cwd", self.directory)
        done = subprocess.run(self.words(*words), env={**self.environment, **(env or {})}, capture_output=True, text=True,
                              timeout=timeout * host.PATIENCE, check=False, **settings)
        assert code is None or done.returncode == code, describe(done, code)
        return done

    def with_file(self, path, *words):
        """Runs a command with the file open at descriptor 3; returns what it wrote."""
        done = subprocess.run(["sh", "-c", 'exec 3<"$0"; exec "$@"', path, *self.words(*words)], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=40 * host.PATIENCE, check=False)
        assert done.returncode == 0, describe(done, 0)
        return done.stdout

    def fails(self, *words, code=None, **settings):
        """A command that has to fail, with that code."""
        done = self(*words, code=None, **settings)
        assert done.returncode != 0 and code in (None, done.returncode), describe(done, code or "a failure")
        return done

    def popen(self, *words, env=None, **settings):
        settings.setdefault("stdin", subprocess.DEVNULL)
        return Popen(self.words(*words), env={**self.environment, **(env or {})}, **settings)

    def on_terminal(self, *words, rows=24, columns=80):
        """Starts a command with a terminal of its own; returns the process and the terminal."""
        master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (rows, columns))
        process = Popen(self.words(*words), env=self.environment, stdin=slave, stdout=slave, stderr=slave,
                                   start_new_session=True, preexec_fn=lambda: _take_terminal(slave))
        os.close(slave)
        return process, Terminal(master)

    def seen_on_terminal(self, *words, code=0, **settings):
        """What a command shows on a terminal until it ends."""
        process, terminal = self.on_terminal(*words, **settings)
        try:
            shown = terminal.read_rest(60)
            assert process.wait(20 * host.PATIENCE) == code, shown
            return shown
        finally:
            end(process)
            terminal.close()


def _take_terminal(slave):
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)


def end(process):
    """Ends a process that we started, if it has not ended yet."""
    if process.poll() is None:
        process.kill()
        process.wait()


def trapping(name, what):
    """The command of a container that says "up" and does something at a signal."""
    return "sh", "-c", f"trap '{what}' {name}; echo up; while :; do sleep 0.05; done"


def describe(done, wanted):
    return (f"$ {shlex.join(map(str, done.args))[-1500:]}\nexit {done.returncode}, wanted {wanted}\n"
            f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


def cgroup_paths(pid):
    """Controller (or "" on v2) to directory of a process's cgroup, as this host shows it."""
    found = {}
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if host.cgroup_mode() == "v2":
            found[""] = host.CGROUP_ROOT / path.lstrip("/")
        else:
            for name in controllers.split(","):
                mount = host.v1_mounts().get(name)
                if mount:
                    found[name] = mount / path.lstrip("/")
    return found


def limit(pid, v2_file, v1_controller, v1_file):
    """Contents of a limit's file of a process's cgroup, on either version."""
    paths = cgroup_paths(pid)
    file = paths[""] / v2_file if host.cgroup_mode() == "v2" else paths[v1_controller] / v1_file
    return file.read_text().strip()


def cleaned(made):
    """For a fixture that yields what can clean() up: which has to find nothing that it did not put there."""
    yield made
    left = made.clean()
    assert not left, "left behind:\n" + "\n".join(left)
