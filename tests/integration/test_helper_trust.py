# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which helper dray starts: the host's root's, or the caller's own, that nobody else can change."""

import os
import shutil

import pytest

from harness.runtime import Runtime, runtime_kind, runtime_path
from harness.user import UserRuntime, own_bundle
from harness.user_fixtures import user  # noqa: F401: fixture

HELPER = runtime_path().parent / "src/helper/dray-helper"
WITHOUT = "there is no helper"

pytestmark = [pytest.mark.skipif(runtime_kind() != "dray", reason="dray only: the helper is dray's"),
              pytest.mark.skipif(not HELPER.exists(), reason="needs a dray with a helper in its build tree")]


def in_a_mount_namespace_of_the_host(bundle, *words):
    """A container without a mount namespace, for which the helper looks at the host's mounts; *words make the host."""
    bundle.no_namespace("mount")
    bundle.no_namespace("user")
    for key in ("uidMappings", "gidMappings", "maskedPaths", "readonlyPaths", "resources", "cgroupsPath"):
        bundle.linux.pop(key, None)
    bundle.config["mounts"] = []
    bundle.config["root"].pop("readonly", None)
    for names in bundle.config["process"]["capabilities"].values():
        names.append("CAP_SYS_ADMIN")  # It could mount.
    bundle.runtime.options = ["--debug"]
    bundle.runtime.prefix = [*bundle.runtime.prefix, "unshare", "--mount", *words]
    return bundle


def copy_runtime(runtime):
    """dray and its helper in a directory of the test's, root's."""
    directory = runtime.directory / "copy"
    helper = directory / "src/helper/dray-helper"
    helper.parent.mkdir(parents=True)
    shutil.copy2(os.path.realpath(runtime_path()), directory / "dray")
    shutil.copy2(HELPER, helper)
    runtime.path = directory / "dray"
    return helper


@pytest.mark.parametrize("owner, mode, trusted", [
    (0, 0o755, True), (65534, 0o755, False), (1234, 0o755, False), (0, 0o775, False), (0, 0o757, False)])
def test_helper_of_root(workdir, make_bundle, owner, mode, trusted):
    bundle = in_a_mount_namespace_of_the_host(make_bundle(runtime=Runtime(workdir)), "--propagation", "private")
    helper = copy_runtime(bundle.runtime)
    os.chown(helper, owner, owner)
    os.chmod(helper, mode)
    assert (WITHOUT in bundle.run().err) != trusted


@pytest.mark.parametrize("mode, trusted", [(0o755, True), (0o757, False)])
def test_helper_of_root_in_a_user_namespace_without_root(workdir, user, make_bundle, mode, trusted):  # noqa: F811
    """As under Podman without root, where what belongs to root shows the overflow id."""
    bundle = in_a_mount_namespace_of_the_host(make_bundle(runtime=UserRuntime(workdir, user)), "--user", "--map-root-user")
    copy_runtime(bundle.runtime).chmod(mode)
    own_bundle(bundle)
    done = bundle.run()
    assert done.code == 0 and (WITHOUT in done.err) != trusted, done
