# SPDX-License-Identifier: LGPL-2.1-or-later
"""A bus that is absent, slow or dies, and a systemd that answers nonsense: an error in time, nothing left."""

import signal
import time

import pytest

from harness import fake_bus, host
from harness.fake_bus import FakeBus

pytestmark = [pytest.mark.needs("busybox"), pytest.mark.only_dray("scopes by dray's own rules")]

PERMISSION = "Permission denied, operation not permitted, no such file or directory"


@pytest.fixture
def asked(bundle):
    bundle.linux["cgroupsPath"] = f":it:{bundle.name}"
    bundle.runtime.options = ["--systemd-cgroup"]
    bundle.args = ["/bin/probe", "wait"]
    bundle.write()
    yield bundle
    assert bundle.runtime("list", "--quiet", options=[]).out == ""


@pytest.fixture
def make_bus(tmp_path):
    made = []

    def make(answers=(), **settings):
        made.append(FakeBus(tmp_path / f"bus{len(made)}", dict(answers), **settings))
        return made[-1]
    yield make
    for bus in made:
        bus.close()


def create(bundle, bus, **settings):
    return bundle.create(env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address if bus else "unix:path=/not/there"}, **settings)


def nothing_is_left(bundle):
    bundle.runtime("state", bundle.name).fails(1, ["does not exist"])


def test_no_bus(asked):
    create(asked, None).dray_error("SYSTEMD_BUS", names=["hint"])
    nothing_is_left(asked)


@pytest.mark.parametrize("answer, code, names", [
    (fake_bus.hang_up, "SYSTEMD_BUS", ["has broken"]),
    (fake_bus.garbage, "SYSTEMD_BUS", ["has broken"]),
    (fake_bus.refuse("org.freedesktop.DBus.Error.ServiceUnknown", "no systemd"), "SYSTEMD_BUS", ["not on the bus"]),
    (fake_bus.refuse("org.freedesktop.DBus.Error.AccessDenied", PERMISSION), "SYSTEMD_UNIT", ["refuses", "it-"]),
    (fake_bus.refuse("org.freedesktop.systemd1.UnitExists", "it is there"), "CGROUP_IN_USE", ["it-"]),
    (fake_bus.refuse("org.freedesktop.DBus.Error.PropertyReadOnly", "Cannot set property Slice, or unknown property."),
     "SYSTEMD_UNIT", ["refuses"]),
    (fake_bus.noise(fake_bus.refuse("org.freedesktop.DBus.Error.Failed", "not today")), "SYSTEMD_UNIT", ["not today"]),
    (fake_bus.noise(fake_bus.job_ends("timeout")), "SYSTEMD_UNIT", ["timeout"]),
    (fake_bus.long_reply, "SYSTEMD_BUS", ["has broken", "EMSGSIZE"]),
    (fake_bus.reply_with("o", b"\xff\xff\xff\xff/x\0"), "SYSTEMD_BUS", ["not the name of a job"]),
    (fake_bus.reply_with("", b""), "SYSTEMD_BUS", ["not the name of a job"]),
    (fake_bus.reply_with("s", fake_bus.text("/x")), "SYSTEMD_BUS", ["not the name of a job"]),
    (fake_bus.job_ends("failed"), "SYSTEMD_UNIT", ["failed"]),
    (fake_bus.job_ends("timeout"), "SYSTEMD_UNIT", ["timeout"]),
    (fake_bus.job_ends("x" * 5000), "SYSTEMD_UNIT", ["xxx"]),
    (fake_bus.job_ends("done"), "CGROUP_JOIN", ["has not put process"]),
], ids=["hangs up", "garbage", "absent", "denied", "exists", "read-only", "noise, refused", "noise, timeout", "too long",
        "damaged", "empty", "wrong type", "failed", "timeout",
        "long", "lies"])
def test_start_goes_wrong(asked, make_bus, answer, code, names):
    done = create(asked, make_bus({"StartTransientUnit": answer}))
    done.dray_error(code, names=names)
    assert "ermission denied" not in done.err and "no such file" not in done.err, "engines look for these words"
    nothing_is_left(asked)


REFUSED = {"StartTransientUnit": fake_bus.refuse("org.freedesktop.DBus.Error.Failed", "not today")}


@pytest.mark.parametrize("address", [
    "tcp:host=127.0.0.1,port=1;unix:path=/not/there;{}", "unix:runtime=yes;nonsense;;unix:path=/%zz;{},guid=00", "{};tcp:host=h"])
def test_address_list(asked, make_bus, address):
    """The first address that answers is the one."""
    bus = make_bus(REFUSED)
    bus.address = address.format(bus.address.replace("bus0", "%62us%30"))
    create(asked, bus).dray_error("SYSTEMD_UNIT", names=["not today"])
    assert bus.asked[0] == "Hello"


def test_abstract_address(asked):
    bus = FakeBus(f"/dray-test/{asked.name}", REFUSED, abstract=True)
    create(asked, bus).dray_error("SYSTEMD_UNIT", names=["not today"])
    bus.close()


@pytest.mark.parametrize("address", ["tcp:host=127.0.0.1,port=1", "nonsense", "unix:path=relative", "unix:path=/" + "a" * 200, ";"])
def test_bad_address(asked, address):
    asked.create(env={"DBUS_SYSTEM_BUS_ADDRESS": address}).dray_error("SYSTEMD_BUS", names=["cannot reach"])


def test_bus_that_wants_somebody_else(asked, make_bus):
    bus = make_bus()
    bus.authenticate = lambda connection: connection.sendall(b"REJECTED EXTERNAL\r\n")
    create(asked, bus).dray_error("SYSTEMD_BUS", names=["does not let us in", "EPERM"])


def test_bus_of_another_user(asked, make_bus):
    """Neither root's nor ours: whoever put it there is not believed."""
    if not host.is_root():
        pytest.skip("needs root, to be another")
    bus = make_bus(REFUSED, owner=12345)
    create(asked, bus).dray_error("SYSTEMD_BUS", names=["cannot reach", "EPERM"])
    assert not bus.asked


def test_bus_that_refuses_to_greet(asked, make_bus):
    bus = make_bus()
    bus.answer = lambda connection, serial, member: bus.error(connection, serial, "org.freedesktop.DBus.Error.LimitsExceeded", "")
    create(asked, bus).dray_error("SYSTEMD_BUS", names=["does not let us in"])


def test_name_that_is_taken_is_reset_once(asked, make_bus):
    bus = make_bus({"StartTransientUnit": fake_bus.refuse("org.freedesktop.systemd1.UnitExists", "it is there")})
    create(asked, bus).dray_error("CGROUP_IN_USE")
    assert bus.asked.count("StartTransientUnit") == 2
    assert bus.asked.count("ResetFailedUnit") == 1


def test_property_that_an_old_systemd_does_not_know(asked, make_bus):
    """What the files say as well is left out, one by one."""
    def answer(bus, connection, serial):
        if bus.asked.count("StartTransientUnit") < 2:
            bus.error(connection, serial, "org.freedesktop.DBus.Error.PropertyReadOnly",
                      "Cannot set property TasksMax, or unknown property.")
        else:
            bus.error(connection, serial, "org.freedesktop.DBus.Error.Failed", "second time")
    asked.resources["pids"] = {"limit": 100}
    bus = make_bus({"StartTransientUnit": answer})
    done = create(asked, bus)
    if "CGROUP_CONTROLLER" in done.err:
        pytest.skip("needs the controller pids")
    done.dray_error("SYSTEMD_UNIT", names=["second time"])


# A host of systemd's, as sd_booted(3) sees it.
BOOTED = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && mkdir -p /run/systemd/system && exec "$@"', "sh"]


@pytest.mark.parametrize("first", [fake_bus.refuse("org.freedesktop.DBus.Error.NoReply", "it has disconnected"),
                                   fake_bus.refuse("org.freedesktop.DBus.Error.NameHasNoOwner", "nobody"), fake_bus.hang_up],
                         ids=["no reply", "no owner", "hangs up"])
def test_systemd_that_goes_away_and_comes_back(asked, make_bus, first):
    """What it was asked is asked again, in a new conversation, where there is a systemd to come back."""
    if not host.is_root():
        pytest.skip("needs root, to hide /run")

    def answer(bus, connection, serial):
        again = fake_bus.refuse("org.freedesktop.DBus.Error.Failed", "second time")
        (first if bus.asked.count("StartTransientUnit") < 2 else again)(bus, connection, serial)
    bus = make_bus({"StartTransientUnit": answer})
    asked.runtime.prefix = BOOTED
    create(asked, bus).dray_error("SYSTEMD_UNIT", names=["second time"])
    begin = ["Hello", "AddMatch", "StartTransientUnit"]
    assert bus.asked[:7] == [*begin, "Hello", "Get", *begin[1:]], "whether the unit is there is asked first"
    nothing_is_left(asked)


@pytest.mark.slow
def test_deadlines(make_bundle, make_bus, asked):
    """All at once: each waits for its deadline, ends with an error, and leaves nothing."""
    foreign = fake_bus.job_ends("done", sender=":1.66")
    cases = [(make_bus(mute=True), "does not let us in"),
             (make_bus({"StartTransientUnit": None}), "does not answer to StartTransientUnit"),
             (make_bus({"StartTransientUnit": fake_bus.start_job}), "has not finished the job"),
             (make_bus({"StartTransientUnit": foreign}), "has not finished the job"),
             (make_bus({"StartTransientUnit": fake_bus.refuse("org.freedesktop.DBus.Error.NameHasNoOwner", "")}), "not on the bus")]
    began = time.monotonic()
    running = []
    for bus, words in cases:
        bundle = make_bundle()
        bundle.linux["cgroupsPath"] = f":it:{bundle.name}"
        bundle.args = ["/bin/probe", "wait"]
        bundle.runtime.prefix = BOOTED if host.is_root() and words == "not on the bus" else []
        bundle.write()
        errors = open(bundle.directory / "errors", "w+")
        process = bundle.runtime.popen("create", "--bundle", bundle.directory, bundle.name, stdout=errors, stderr=errors,
                                       env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
        running.append((bundle, words, errors, process))
    for bundle, words, errors, process in running:
        code = process.wait(55 * host.PATIENCE)
        errors.seek(0)
        said = errors.read()
        errors.close()
        assert code == 1 and "error[SYSTEMD_BUS]" in said and words in said, said
        nothing_is_left(bundle)
    assert time.monotonic() - began < 55 * host.PATIENCE


def test_signal_while_systemd_works(asked, make_bus):
    bus = make_bus({"StartTransientUnit": fake_bus.start_job})
    process = asked.runtime.popen("create", "--bundle", asked.directory, asked.name,
                                  env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
    host.wait_until(lambda: "StartTransientUnit" in bus.asked, "the request")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20 * host.PATIENCE) == 1
    nothing_is_left(asked)


def test_killed_while_systemd_works(asked, make_bus):
    """What nobody waits for does not happen later."""
    bus = make_bus({"StartTransientUnit": fake_bus.start_job})
    process = asked.runtime.popen("create", "--bundle", asked.directory, asked.name,
                                  env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
    host.wait_until(lambda: "StartTransientUnit" in bus.asked, "the request")
    process.kill()
    process.wait()
    host.wait_until(lambda: not host.reap_dead(), "the stage to end")
    asked.runtime("delete", "--force", asked.name, env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address}).ok()
    nothing_is_left(asked)


def test_delete_without_a_bus(asked, make_bus):
    """The processes and the container are gone; that systemd could not be told is a warning."""
    bus = make_bus({"StartTransientUnit": fake_bus.start_job})
    process = asked.runtime.popen("create", "--bundle", asked.directory, asked.name,
                                  env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
    host.wait_until(lambda: "StartTransientUnit" in bus.asked, "the request")
    process.kill()
    process.wait()
    done = asked.runtime("delete", "--force", asked.name, options=["--log-level", "warning"],
                         env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/not/there"})
    done.ok()
    assert f"it-{asked.name}.scope" in done.err
    nothing_is_left(asked)
