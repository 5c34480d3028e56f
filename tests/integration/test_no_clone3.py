# SPDX-License-Identifier: LGPL-2.1-or-later
"""Inside an engine whose filter refuses clone3, as older ones do, the old clone has to serve."""
import os
import shutil

import pytest

pytestmark = [
    pytest.mark.only_dray("the way dray starts its first process"),
    pytest.mark.skipif(shutil.which("strace") is None, reason="strace, which refuses the call, is not installed"),
]
# A sanitizer's look for leaks at the end fails in a process that is traced.
REFUSED = ["env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=clone3", "-e", "inject=clone3:error="]


def refused(error="ENOSYS"):
    return [*REFUSED[:-1], REFUSED[-1] + error]


@pytest.mark.parametrize("error", ["ENOSYS", "EPERM"])
def test_run(bundle, error):
    bundle.namespace("cgroup")
    bundle.args = ["/bin/probe", "facts", "namespaces"]
    bundle.write()
    done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name, wrap=refused(error), timeout=60)
    found = done.json()["namespaces"]
    assert found["pid"] != os.readlink("/proc/self/ns/pid")
    assert found["cgroup"] != os.readlink("/proc/self/ns/cgroup")


def test_new_user_namespace(bundle):
    bundle.map_users()
    bundle.args = ["/bin/probe", "facts", "namespaces"]
    bundle.write()
    done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name, wrap=refused(), timeout=60)
    assert done.json()["namespaces"]["user"] != os.readlink("/proc/self/ns/user")


def test_time_offsets(bundle):
    bundle.namespace("time")
    bundle.linux["timeOffsets"] = {"boottime": {"secs": 1000000, "nanosecs": 0}}
    bundle.args = ["/bin/busybox", "cat", "/proc/uptime"]
    bundle.write()
    done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name, wrap=refused(), timeout=60).ok()
    assert float(done.out.split()[0]) > 1000000


def test_cgroup2_alone(bundle):
    """Cloned outside of its cgroup, it has to be in there before the cgroup namespace is made."""
    bundle.namespace("cgroup")
    bundle.linux["resources"] = {}
    bundle.args = ["/bin/busybox", "cat", "/proc/self/cgroup"]
    bundle.write()
    view = ["unshare", "-m", "--propagation", "private", "sh", "-c",
            'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$0" "$@"']
    done = bundle.runtime("run", "--bundle", bundle.directory, bundle.name, wrap=[*view, *refused()], timeout=60).ok()
    assert "0::/\n" in done.out
