# SPDX-License-Identifier: LGPL-2.1-or-later
"""events: statistics and out-of-memory events, a line of JSON each."""

import json
import os
import signal
import subprocess

import pytest

from harness import host
from harness.runtime import Output

MIB = 1 << 20


def stats(bundle):
    done = bundle.runtime("events", "--stats", bundle.name).ok()
    assert done.out.count("\n") == 1, done
    line = json.loads(done.out)
    assert line["type"] == "stats"
    assert line["id"] == bundle.name
    return line["data"]


class Watch:
    """dray events in the background."""

    def __init__(self, bundle, *options):
        self.output = Output()
        self.process = bundle.runtime.popen("events", *options, bundle.name,
                                            stdout=self.output.writer, stderr=subprocess.PIPE)
        self.output.close_writer()

    def event(self, kind):
        while True:
            line = json.loads(self.output.line())
            if line["type"] == kind:
                return line

    def code(self):
        return self.process.wait(20 * host.PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.output.close()


@pytest.fixture
def watch(bundle):
    made = []

    def make(*options):
        made.append(Watch(bundle, *options))
        return made[-1]

    yield make
    for one in made:
        one.__exit__()


@pytest.mark.needs("cgroup_v1")
def test_stats_say_what_the_cgroup_files_say(bundle):
    bundle.resources.update({"memory": {"limit": 64 * MIB, "swap": 128 * MIB}, "pids": {"limit": 50}})
    bundle.up()
    data = stats(bundle)
    assert data["memory"]["usage"]["limit"] == 64 * MIB
    assert data["memory"]["swap"]["limit"] == 128 * MIB
    assert 0 < data["memory"]["usage"]["usage"] <= data["memory"]["usage"]["max"]
    assert data["memory"]["usage"]["failcnt"] == 0
    assert {"total_rss", "total_cache", "hierarchical_memory_limit"} <= set(data["memory"]["raw"])
    assert data["pids"] == {"current": 1, "limit": 50}
    usage = data["cpu"]["usage"]
    assert usage["total"] > 0
    assert len(usage["percpu"]) == len(usage["percpu_user"]) == len(usage["percpu_kernel"]) == \
        os.cpu_count()
    assert sum(usage["percpu"]) >= usage["total"] * 0.9
    assert set(usage) >= {"kernel", "user"}
    assert data["cpuset"]["cpus"] == list(range(os.cpu_count()))
    assert data["cpuset"]["mems"] == [0]
    assert data["cpuset"]["sched_relax_domain_level"] == -1


@pytest.mark.needs("cgroup_v1", "busybox")
def test_stats_grow_with_what_is_used(bundle):
    bundle.up()
    before = stats(bundle)
    bundle.exec("/bin/dd", "if=/dev/zero", "of=/dev/shm/x", "bs=1M", "count=16").ok()
    after = stats(bundle)
    assert after["memory"]["usage"]["usage"] >= before["memory"]["usage"]["usage"] + 15 * MIB
    assert after["memory"]["cache"] >= 16 * MIB
    assert after["cpu"]["usage"]["total"] > before["cpu"]["usage"]["total"]


@pytest.mark.needs("cgroup_v1", "busybox")
def test_throttling_is_counted(bundle):
    bundle.resources["cpu"] = {"quota": 5000, "period": 50000}
    bundle.up()
    bundle.exec("/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=1M", "count=3000").ok()
    throttling = stats(bundle)["cpu"]["throttling"]
    assert throttling["throttledPeriods"] > 0
    assert throttling["periods"] >= throttling["throttledPeriods"]
    assert throttling["throttledTime"] > 0


@pytest.mark.only_dray("runc leaves them out on v1")
@pytest.mark.needs("cgroup_hybrid")
def test_pressure_and_huge_pages_of_the_cgroup2_beside_v1(bundle):
    bundle.up()
    data = stats(bundle)
    for kind in ("some", "full"):
        assert set(data["blkio"]["psi"][kind]) == {"avg10", "avg60", "avg300", "total"}
    assert data["cpu"]["psi"]["some"]["avg10"] >= 0.0
    assert data["hugetlb"]["2MB"] == {"usage": 0, "max": 0, "failcnt": 0}


@pytest.mark.only_dray("runc has none of those that it has not made")
def test_network_devices(bundle, is_dray):
    bundle.up()
    assert stats(bundle).get("network_interfaces") in (None, [])
    pid = bundle.pid
    subprocess.run(["ip", "link", "add", "it0", "type", "veth", "peer", "name", "it1", "netns",
                    str(pid)], check=True)
    try:
        (device,) = stats(bundle)["network_interfaces"]
        assert device["Name"] == "it1"
        assert set(device) == {"Name"} | {way + what for way in ("Rx", "Tx")
                                          for what in ("Bytes", "Packets", "Errors", "Dropped")}
    finally:
        subprocess.run(["ip", "link", "del", "it0"], check=True)


def test_events_come_at_intervals_until_the_container_stops(bundle, watch):
    bundle.up()
    events = watch("--interval", "100ms")
    for _ in range(3):
        assert events.event("stats")["id"] == bundle.name
    assert events.process.poll() is None
    bundle.kill("KILL").ok()
    bundle.wait()
    assert events.code() == 0


@pytest.mark.only_dray("runc misses the end of a container that is gone before the watch is set")
def test_nothing_is_said_before_the_first_interval(bundle, watch):
    bundle.up()
    events = watch("--interval", "1h")
    bundle.kill("KILL").ok()
    bundle.wait()
    assert events.code() == 0 or b"not running" in events.process.stderr.read()
    assert events.output.rest() == ""


@pytest.mark.needs("cgroup_v1")
def test_running_out_of_memory_is_an_event(bundle, watch):
    bundle.resources["memory"] = {"limit": 24 * MIB, "swap": 24 * MIB}
    bundle.up()
    events = watch("--interval", "50ms")
    events.event("stats")  # it is watching
    bundle.exec("/bin/probe", "try", "memory", str(64 * MIB), ",").exits(137)
    assert events.event("oom") == {"type": "oom", "id": bundle.name}
    assert bundle.status == "running"
    if bundle.runtime.kind == "dray":
        assert stats(bundle)["memory"]["event_count"]["oom_kill"] == 1


def test_created_and_paused_containers_have_statistics(bundle):
    bundle.args = ["/bin/probe", "wait"]
    bundle.create().ok()
    assert stats(bundle)["pids"]["current"] == 1
    bundle.start().ok()
    bundle.output.expect("ready")
    bundle.runtime("pause", bundle.name).ok()
    assert stats(bundle)["pids"]["current"] == 1
    assert bundle.status == "paused"


def test_stopped_and_missing_containers(bundle):
    bundle.up()
    bundle.kill("KILL").ok()
    bundle.wait()
    bundle.runtime("events", "--stats", bundle.name).fails(1, ["not running"])
    bundle.runtime("events", bundle.name).fails(1, ["not running"])
    bundle.runtime("events", "--stats", "no-such-container").fails(1, ["does not exist"])


@pytest.mark.parametrize("interval", ["0s", "5", "soon", "-1s", "1d", "1.s"])
def test_bad_intervals(bundle, interval):
    bundle.up()
    bundle.runtime("events", "--interval", interval, bundle.name).fails(1)


@pytest.mark.only_dray("the words are dray's own")
def test_without_a_cgroup(bundle):
    bundle.resources.clear()
    bundle.args = ["/bin/probe", "wait"]
    bundle.create(options=["--cgroup-manager", "disabled"]).ok()
    bundle.runtime("events", "--stats", bundle.name).dray_error("CGROUP_HOST", names=[bundle.name])


def test_a_reader_that_goes_away_ends_it(bundle):
    bundle.up()
    events = Watch(bundle, "--interval", "50ms")
    events.event("stats")
    events.output.close()
    assert events.code() in (1, -signal.SIGPIPE)
    events.process.stderr.close()
