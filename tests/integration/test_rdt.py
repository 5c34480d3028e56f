# SPDX-License-Identifier: LGPL-2.1-or-later
"""linux.intelRdt where there is no resctrl; tests/unit/test_rdt.c has what happens where there is."""

import os

import pytest

pytestmark = [
    pytest.mark.only_dray("the words are dray's own"),
    pytest.mark.skipif("\tresctrl\n" in open("/proc/filesystems").read(), reason="this machine has resctrl"),
]


@pytest.mark.parametrize("rdt", [
    {}, {"closID": "gold"}, {"closID": "/"}, {"closID": "gold", "l3CacheSchema": "L3:0=f"},
    {"memBwSchema": "MB:0=20"}, {"schemata": ["L3:0=f", "MB:0=20"]}, {"enableMonitoring": True},
])
def test_without_resctrl_it_is_an_error(bundle, rdt):
    bundle.linux["intelRdt"] = rdt
    bundle.create().dray_error("RDT_HOST", "/linux/intelRdt", ["no resctrl", "processor", "kernel"], place=True)
    assert bundle.leaks() == []
    assert not os.path.exists(f"/sys/fs/resctrl/{bundle.name}")


@pytest.mark.parametrize("rdt, code, pointer", [
    ({"closID": ""}, "CONFIG_VALUE", "/linux/intelRdt/closID"),
    ({"closID": ".."}, "CONFIG_VALUE", "/linux/intelRdt/closID"),
    ({"closID": "a/b"}, "CONFIG_VALUE", "/linux/intelRdt/closID"),
    ({"closID": 7}, "CONFIG_TYPE", "/linux/intelRdt/closID"),
    ({"memBwSchema": "L3:0=f"}, "CONFIG_VALUE", "/linux/intelRdt/memBwSchema"),
    ({"memBwSchema": "MB:0=1\nMB:1=1"}, "CONFIG_VALUE", "/linux/intelRdt/memBwSchema"),
    ({"l3CacheSchema": "L3:0=f\n"}, "CONFIG_VALUE", "/linux/intelRdt/l3CacheSchema"),
    ({"schemata": ["L3:0=f", "a\nb"]}, "CONFIG_VALUE", "/linux/intelRdt/schemata/1"),
    ({"schemata": "L3:0=f"}, "CONFIG_TYPE", "/linux/intelRdt/schemata"),
    ({"enableMonitoring": "yes"}, "CONFIG_TYPE", "/linux/intelRdt/enableMonitoring"),
    ([], "CONFIG_TYPE", "/linux/intelRdt"),
])
def test_bad_values(bundle, rdt, code, pointer):
    bundle.linux["intelRdt"] = rdt
    bundle.create().dray_error(code, pointer, place=True)
    assert bundle.leaks() == []


@pytest.mark.parametrize("option, value", [
    ("--l3-cache-schema", "MB:0=1"), ("--l3-cache-schema", "L3:0=f\nL3:1=f"), ("--l3-cache-schema", ""),
    ("--mem-bw-schema", "L3:0=f"), ("--mem-bw-schema", "MB:0=1\n"),
])
def test_update_with_what_is_no_schema(bundle, option, value):
    bundle.up()
    bundle.runtime("update", option, value, bundle.name).dray_error("USAGE", names=["is no schema"]).exits(1)


def test_features(runtime):
    assert runtime("features").json()["linux"]["intelRdt"] == \
        {"enabled": True, "schemata": True, "monitoring": True}
