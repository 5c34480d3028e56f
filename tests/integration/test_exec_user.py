# SPDX-License-Identifier: LGPL-2.1-or-later
"""exec --user: exact ids or a refusal, never another user by accident."""

import pytest


def who(bundle, *options):
    return bundle.exec_facts("ids", "groups", options=options)


@pytest.mark.parametrize("word, uid, gid", [
    ("0", 0, 0), ("1", 1, 0), ("1:2", 1, 2), ("1000", 1000, 0), ("1000:1000", 1000, 1000),
    ("65534:65534", 65534, 65534), ("4294967294:4294967294", 4294967294, 4294967294), ("0:7", 0, 7),
])
def test_numbers_are_ids(bundle, word, uid, gid, kind):
    if kind == "runc" and "4294967294" in word:
        pytest.skip("runc: refuses ids beyond 2^31-1")
    bundle.up()
    for spelling in (["--user", word], [f"--user={word}"], ["-u", word]):
        ids = who(bundle, *spelling)["ids"]
        assert ids == {"uid": [uid] * 3, "gid": [gid] * 3}


def test_a_number_is_never_looked_up_as_a_name(bundle):
    bundle.file("/etc/passwd", "1000:x:0:0:root:/root:/bin/sh\nroot:x:0:0::/:/bin/sh\n")
    bundle.up()
    assert who(bundle, "--user", "1000")["ids"]["uid"] == [1000] * 3


@pytest.mark.parametrize("word", [
    ":2", "1:", "-1", "+1", "0x1", " 1", "1 ", "1:2:3", "4294967295", "4294967296",
    "18446744073709551617", "", ":", "1:-1", "1:4294967296", "1,2", "1.0", "1\n",
])
def test_anything_else_is_refused(bundle, word, kind):
    if kind != "dray":
        pytest.skip(f"{kind}: converts such words leniently")
    bundle.up()
    done = bundle.exec("/bin/probe", "facts", "ids", options=[f"--user={word}"])
    done.fails(255)
    assert done.out == ""


@pytest.mark.only_dray("a leading zero: others read it as decimal or octal")
def test_leading_zero_is_decimal_or_refused(bundle):
    bundle.up()
    done = bundle.exec("/bin/probe", "facts", "ids", options=["--user=01"])
    if done.code == 0:
        assert done.json()["ids"]["uid"] == [1] * 3
    else:
        done.fails(255)


def test_unknown_name_is_refused(bundle):
    bundle.up()
    done = bundle.exec("/bin/probe", "facts", "ids", options=["--user", "nobody-of-that-name"])
    done.fails(255)
    assert done.out == ""


def test_default_is_the_user_of_the_config(bundle):
    bundle.process["user"] = {"uid": 12, "gid": 34, "additionalGids": [56]}
    bundle.up()
    found = who(bundle)
    assert found["ids"] == {"uid": [12] * 3, "gid": [34] * 3}
    assert found["groups"] == [56]


def test_additional_groups(bundle):
    bundle.up()
    found = who(bundle, "--user", "5:6", "--additional-gids", "77", "--additional-gids", "88")
    assert sorted(found["groups"]) == [77, 88]
    assert found["ids"] == {"uid": [5] * 3, "gid": [6] * 3}


@pytest.mark.parametrize("word", ["-1", "4294967296", "x", ""])
def test_bad_additional_group_is_refused(bundle, word, kind):
    if kind != "dray":
        pytest.skip(f"{kind}: converts such words leniently, prints its usage on stdout")
    bundle.up()
    done = bundle.exec("/bin/probe", "facts", "groups", options=[f"--additional-gids={word}"])
    done.fails()
    assert done.out == ""


def test_callers_groups_do_not_leak(bundle):
    bundle.up()
    done = bundle.exec("/bin/probe", "facts", "groups", options=["--user", "1000:1000"],
                       wrap=["setpriv", "--groups", "0,27"])
    assert done.json()["groups"] == []


def test_ordinary_user_has_no_effective_capabilities(bundle):
    bundle.up()
    caps = bundle.exec_facts("caps", options=["--user", "1000"])["caps"]
    assert caps["effective"] == caps["permitted"] == caps["inheritable"] == caps["ambient"] == "0"


def test_capability_for_an_ordinary_user_is_not_inheritable(bundle):
    bundle.up()
    caps = bundle.exec_facts("caps", options=["--user", "1000", "--cap", "CAP_NET_RAW"])["caps"]
    assert caps["inheritable"] == caps["ambient"] == "0"
