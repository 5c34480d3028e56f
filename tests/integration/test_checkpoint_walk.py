# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every row of restore fails, is killed before it and after it: nothing is left of what was begun.

As test_fault_walk.py does for create and exec; with CRIU itself.
"""

import pytest

from harness import faults, host

pytestmark = [pytest.mark.needs("criu"), pytest.mark.only_dray("walks dray's own steps"), pytest.mark.slow]

ACTIONS = ("fail", "signal-TERM", "kill", "kill-after")
# Rows that this bundle does not need.
LEFT_OUT = {"RDT_GROUP", "RDT_ATTACH", "REQUEST_SCOPE", "AWAIT_SCOPE", "SCOPE_CGROUP", "SCOPE_LIMITS",
            "SCOPE_DEVICES", "OPEN_NAMESPACES", "CGROUP_DELEGATE"}
ROWS = [step for step in faults.steps("restore") if step.name not in LEFT_OUT]




def restore(bundle, runtime, images, step, action):
    return runtime("restore", "--detach", "--bundle", bundle.directory, "--image-path", images, "--work-path",
                   bundle.directory, "--pid-file", bundle.pid_file, bundle.name, timeout=60,
                   env=faults.environment(step, action))


def no_processes():
    host.wait_until(lambda: not host.reap_dead(), "the end of what was restored")


@pytest.mark.parametrize("action", ACTIONS)
def test_every_row(bundle, workdir, action):
    runtime = faults.fault_runtime(workdir)
    bundle.config["hooks"] = {"prestart": [{"path": "/bin/true"}]}
    bundle.up()
    images = workdir / "images"
    bundle.runtime("checkpoint", "--image-path", images, bundle.name, timeout=60).ok()
    bundle.pid_file.unlink()
    no_processes()
    wrong = []
    for step in ROWS:
        result = restore(bundle, runtime, images, step, action)
        try:
            assert result.code != 0 or (action == "signal-TERM" and step is ROWS[-1]) or \
                (action == "kill-after" and step is ROWS[-1]), f"it worked: {result}"
            if action == "fail":
                assert "injected fault" in result.err, result
            if action == "signal-TERM":
                assert "INTERRUPTED" in result.err, result
            if action.startswith("kill"):
                assert result.code == -9, result
            else:
                assert bundle.leaks() == [], f"{step}: {bundle.leaks()}"
                assert not bundle.pid_file.exists()
                no_processes()
        except AssertionError as error:
            wrong.append(f"{step} {action}: {error}")
        bundle.delete("--force", timeout=60).ok()
        no_processes()
        wrong += [f"{step} {action}: left behind: {leak}" for leak in bundle.leaks()]
        bundle.pid_file.unlink(missing_ok=True)
    assert not wrong, "\n".join(wrong)
