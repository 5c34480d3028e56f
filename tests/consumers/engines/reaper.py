# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reaps orphans as the first process of a host does: an engine takes a zombie for alive.

Processes that the tests started themselves are theirs to wait for; the others are reaped once they
have been seen dead twice.
"""

import os
import subprocess
import threading

from harness import host

# Pids of what the tests started and have not waited for.
mine = set()


class Popen(subprocess.Popen):
    """A process that is waited for by whoever started it."""

    def __init__(self, *words, **settings):
        super().__init__(*words, **settings)
        mine.add(self.pid)

    def _handle_exitstatus(self, *words, **settings):
        mine.discard(self.pid)
        return super()._handle_exitstatus(*words, **settings)


def _is_dead(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return False


def _reap(stopped):
    before = set()
    while not stopped.wait(0.15):
        dead = {pid for pid in host.children() if pid not in mine and _is_dead(pid)}
        for pid in dead & before:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
        before = dead


def start():
    """Returns a function that ends it."""
    stopped = threading.Event()
    thread = threading.Thread(target=_reap, args=(stopped,), daemon=True)
    thread.start()

    def stop():
        stopped.set()
        thread.join()
    return stop
