# SPDX-License-Identifier: LGPL-2.1-or-later
"""critest, Kubernetes' own validation of a container runtime interface, on containerd with dray.

The specs of one runtime run together (engines/critest.py), each is a test here.
"""

import os
import re
import shutil

import pytest

from engines import control, private
from engines.critest import Critest, find_critest, list_specs
from harness import host

pytestmark = pytest.mark.needs("containerd")

SIDE_BY_SIDE = 6
# dray is containerd's default; the control is asked for by its class.
HANDLERS = {"dray": "", "control": "control"}
# All of one share, for they use the same ports of the host.
PORTS = re.compile("host port|portforward")
# An old containerd lists nothing when a container goes meanwhile.
ALONE = re.compile("filter is nil")
# These ask a registry for images, and no runtime for anything.
PULLS = "[k8s.io] Image Manager "


def short(spec):
    words = spec.replace("[k8s.io] ", "").replace(" [Conformance]", "").replace("runtime should ", "")
    return re.sub(r"[^A-Za-z0-9]+", "-", words).strip("-")


def pytest_generate_tests(metafunc):
    program = find_critest() if host.is_root() and shutil.which("containerd") else None
    specs = list_specs(program) if program else [None]
    metafunc.parametrize("spec", specs, ids=[short(spec or "none") for spec in specs])


@pytest.fixture(scope="module")
def critest(containerd, base):
    program = find_critest()
    if program is None:
        pytest.skip("needs critest, or Go and its module proxy")
    (base / "critest").mkdir()
    made = Critest(containerd, program, base / "critest")
    try:
        made.import_images(base / "image/rootfs")
        yield made
    finally:
        made.close()
        private.unmount_below(base / "critest")


@pytest.fixture(scope="module")
def outcomes(critest, request):
    """Results by runtime, of all specs that this run wants of it; found when they are first asked for."""
    wanted = {}
    for item in request.session.items:
        if item.module is request.module and item.callspec.params["spec"]:
            wanted.setdefault(item.callspec.params["which"], []).append(item.callspec.params["spec"])
    results = {}

    def of(which):
        if which not in results:
            specs = [spec for spec in wanted[which] if not spec.startswith(PULLS)]
            ports = [spec for spec in specs if PORTS.search(spec)]
            alone = [spec for spec in specs if ALONE.search(spec)]
            others = [spec for spec in specs if spec not in ports and spec not in alone]
            shares = [ports, *(others[number::SIDE_BY_SIDE] for number in range(SIDE_BY_SIDE))]
            results[which] = {}
            for group in (shares, [alone]):
                results[which].update(critest.run(HANDLERS[which], [share for share in group if share], 600))
        return results[which]
    return of


@pytest.fixture
def outcome(critest, outcomes, which, spec):
    if which == "control":
        control.skip_without(control.control("runc", "crun"))
    if spec.startswith(PULLS):
        pytest.skip("critest pulls images from a registry")
    # Taken away, so that a second try is a second run.
    found = outcomes(which).pop(spec, None) or critest.run(HANDLERS[which], [[spec]], 60).get(spec)
    assert found is not None, f"no result: see {critest.directory}"
    return found


def test_spec(outcome, spec):
    status, words = outcome
    lines = [line.strip() for line in words.splitlines() if line.strip()] or ["no reason"]
    if status == "skipped":
        pytest.skip(f"critest: {lines[0].removeprefix('skipped - ')}")
    if status != "passed":
        # The last line is what a skip shows of it.
        pytest.fail(f"{words}\ncritest: {short(spec)}: {lines[0]}", pytrace=False)
