# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which helper dray starts: the host's root's, or the caller's own, that nobody else can change."""

import os
import shutil

import pytest

from harness.runtime import runtime_kind, runtime_path
from harness.user import UserRuntime, own_bundle, rootless
from harness.user_fixtures import user  # noqa: F401: fixture

HELPER = runtime_path().parent / "src/helper/dray-helper"

pytestmark = [pytest.mark.skipif(runtime_kind() != "dray", reason="dray only: the helper is dray's"),
              pytest.mark.skipif(not HELPER.exists(), reason="needs a dray with a helper in its build tree")]


@pytest.fixture
def bundle(workdir, user, make_bundle):  # noqa: F811
    """A container of a user's that needs the helper, and the helper beside that user's dray, root's."""
    runtime = UserRuntime(workdir, user)
    runtime.options = ["--systemd-cgroup"]
    made = make_bundle(runtime=runtime)
    rootless(made)
    made.linux["cgroupsPath"] = f":it:{made.name}"
    own_bundle(made)
    made.helper = runtime.path.parent / "src/helper/dray-helper"
    made.helper.parent.mkdir(parents=True)
    shutil.copy2(HELPER, made.helper)
    return made


def run(bundle):
    return bundle.run(env={"DBUS_SESSION_BUS_ADDRESS": "unix:path=/not/there"})


def test_helper_of_root(bundle):
    run(bundle).dray_error("SYSTEMD_BUS")


def test_helper_of_root_in_a_user_namespace_without_root(bundle):
    """As under Podman without root, where what belongs to root shows the overflow id."""
    bundle.runtime.prefix = [*bundle.runtime.prefix, "unshare", "--user", "--map-root-user"]
    for key in ("uidMappings", "gidMappings"):
        bundle.linux[key][0]["hostID"] = 0
    run(bundle).dray_error("SYSTEMD_BUS")


@pytest.mark.parametrize("owner, mode", [(65534, 0o755), (1234, 0o755), (0, 0o775), (0, 0o757)])
def test_helper_that_others_can_change(bundle, owner, mode):
    os.chown(bundle.helper, owner, owner)
    os.chmod(bundle.helper, mode)
    run(bundle).dray_error("HELPER_FAILED", names=["no helper"])
