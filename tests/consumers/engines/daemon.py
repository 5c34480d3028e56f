# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon of an engine: started and ended by its pid, its log kept for when something goes wrong."""

import signal
import subprocess

from harness import host

from .reaper import Popen


def _end_with_the_tests():
    """The daemon outlives them not even when they are killed."""
    pr_set_pdeathsig = 1
    host.libc.prctl(pr_set_pdeathsig, signal.SIGTERM)


class Daemon:
    def __init__(self, words, log, environment, is_ready):
        self.words = [str(word) for word in words]
        self.log = log
        self.environment = environment
        self.is_ready = is_ready
        self.process = None

    def start(self, timeout=60):
        """Starts it and waits until it answers."""
        with open(self.log, "a") as log:
            self.process = Popen(self.words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                 stderr=log, start_new_session=True, preexec_fn=_end_with_the_tests)
        host.kept.add(self.process.pid)
        host.wait_until(lambda: self.process.poll() is not None or self.is_ready(), f"{self.words[0]}: see {self.log}", timeout)
        assert self.process.poll() is None, f"{self.words[0]} ended: {self.tail()}"

    def tail(self):
        return self.log.read_text(errors="replace")[-3000:]

    def stop(self, number=signal.SIGTERM):
        """Ends it, by force when it does not obey."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(30 * host.PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        host.kept.discard(self.process.pid)

    def crash(self):
        self.stop(signal.SIGKILL)
