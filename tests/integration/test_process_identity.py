# SPDX-License-Identifier: LGPL-2.1-or-later
"""process: user, groups, umask, capabilities, no new privileges."""

import os

import pytest

from harness import host
from harness.config import CAPABILITY_NUMBERS, capability_mask


def test_root_without_further_groups(bundle):
    facts = bundle.facts("ids", "groups")
    assert facts == {"ids": {"uid": [0] * 3, "gid": [0] * 3}, "groups": []}


def test_user_and_groups(bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 2000, "additionalGids": [3000, 4000]}
    facts = bundle.facts("ids", "groups")
    assert facts["ids"] == {"uid": [1000] * 3, "gid": [2000] * 3}
    assert sorted(facts["groups"]) == [3000, 4000]


def test_groups_of_the_caller_are_dropped(bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    bundle.args = ["/bin/probe", "facts", "groups"]
    assert bundle.run(wrap=["setpriv", "--groups", "0,27"]).json()["groups"] == []


def test_largest_ids(bundle, kind):
    if kind == "runc":
        pytest.skip("runc: refuses ids beyond 2^31-1")
    bundle.process["user"] = {"uid": 4294967294, "gid": 4294967294}
    assert bundle.facts("ids")["ids"] == {"uid": [4294967294] * 3, "gid": [4294967294] * 3}


@pytest.mark.only_dray("others take it for -1")
def test_id_minus_one_is_refused(bundle):
    bundle.process["user"] = {"uid": 4294967295, "gid": 0}
    bundle.run().dray_error(("CONFIG_RANGE", "CONFIG_VALUE"), "/process/user/uid")


@pytest.mark.parametrize("umask", [0, 0o22, 0o77, 0o777])
def test_umask(bundle, umask):
    bundle.process["user"]["umask"] = umask
    assert bundle.facts("umask")["umask"] == umask


def test_umask_defaults_to_022(bundle):
    del bundle.process["user"]["umask"]
    bundle.args = ["/bin/probe", "facts", "umask"]
    assert bundle.run(umask=0o22).json()["umask"] == 0o22


def test_capability_sets_are_those_of_the_config(bundle):
    bundle.process["capabilities"] = {
        "bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"],
        "permitted": ["CAP_CHOWN", "CAP_KILL"], "effective": ["CAP_CHOWN"],
        "inheritable": ["CAP_CHOWN"], "ambient": ["CAP_CHOWN"]}
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    caps = bundle.facts("caps")["caps"]
    chown = capability_mask(["CAP_CHOWN"])
    assert caps["bounding"] == capability_mask(["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"])
    assert caps["ambient"] == caps["inheritable"] == chown
    # An ordinary user keeps over execve what is ambient.
    assert caps["permitted"] == caps["effective"] == chown


def test_root_has_the_bounding_set(bundle):
    caps = bundle.facts("caps")["caps"]
    wanted = capability_mask(bundle.process["capabilities"]["bounding"])
    assert caps == {"bounding": wanted, "effective": wanted, "permitted": wanted,
                    "inheritable": "0", "ambient": "0"}


def test_no_capabilities_at_all(bundle):
    bundle.process["capabilities"] = {}
    caps = bundle.facts("caps")["caps"]
    assert set(caps.values()) == {"0"}


def test_capabilities_absent(bundle):
    del bundle.process["capabilities"]
    caps = bundle.facts("caps")["caps"]
    assert caps["inheritable"] == caps["ambient"] == "0"
    assert caps["effective"] == caps["bounding"]


def test_ordinary_user_without_ambient_has_none(bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    caps = bundle.facts("caps")["caps"]
    assert caps["effective"] == caps["permitted"] == caps["ambient"] == caps["inheritable"] == "0"
    assert caps["bounding"] == capability_mask(bundle.process["capabilities"]["bounding"])


def test_unknown_capability_is_ignored(bundle, kind):
    if kind == "crun":
        pytest.skip("crun: an error")
    for name in bundle.process["capabilities"].values():
        name.append("CAP_TELEPORT")
    caps = bundle.facts("caps")["caps"]
    wanted = capability_mask(n for n in bundle.process["capabilities"]["bounding"] if n != "CAP_TELEPORT")
    assert caps["bounding"] == wanted


@pytest.mark.only_dray("warning level and wording")
def test_unknown_capability_is_named_in_a_warning(bundle):
    bundle.process["capabilities"]["bounding"].append("CAP_TELEPORT")
    bundle.args = ["/bin/probe", "exit", "0"]
    assert bundle.run().ok().err == ""
    assert "CAP_TELEPORT" in bundle.run(options=["--log-level", "warning"]).ok().err


@pytest.mark.unlike(runc="1.1.5 gives up when the kernel does")
def test_full_capability_set_is_limited_to_the_callers(bundle):
    every = ["CAP_" + name for name in CAPABILITY_NUMBERS]
    bundle.process["capabilities"] = {kind: list(every) for kind in ("bounding", "effective", "permitted")}
    caps = bundle.facts("caps")["caps"]
    own = host.own_capabilities() & ((1 << (host.last_capability() + 1)) - 1)
    assert int(caps["effective"], 16) == own


@pytest.mark.parametrize("value", [True, False])
def test_no_new_privileges(bundle, value):
    bundle.process["noNewPrivileges"] = value
    assert bundle.facts("process")["process"]["no_new_privs"] == int(value)


def test_securebits_are_clear(bundle):
    bundle.process["user"] = {"uid": 1000, "gid": 1000}
    assert bundle.facts("process")["process"]["securebits"] == 0


@pytest.mark.unlike(runc="wording differs")
def test_apparmor_profile_without_apparmor(bundle):
    if os.path.exists("/sys/kernel/security/apparmor"):
        pytest.skip("this host has AppArmor")
    bundle.process["apparmorProfile"] = "some-profile"
    done = bundle.run()
    done.fails(1).dray_error("APPARMOR_FAILED", "/process/apparmorProfile", ["AppArmor"])
    assert bundle.leaks() == []


@pytest.mark.only_dray("runc without SELinux ignores the label")
def test_selinux_label_without_selinux(bundle):
    if os.path.exists("/sys/fs/selinux/enforce"):
        pytest.skip("this host has SELinux")
    bundle.process["selinuxLabel"] = "system_u:system_r:container_t:s0"
    bundle.run().fails(1).dray_error("SELINUX_FAILED", "/process/selinuxLabel", ["SELinux"])
