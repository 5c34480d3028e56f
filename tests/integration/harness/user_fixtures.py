# SPDX-License-Identifier: LGPL-2.1-or-later
"""Fixtures of tests in which an ordinary user calls the runtime; imported by those that use them."""

import os

import pytest

from .user import COUNT, FIRST, NAME, User, UserRuntime, own_bundle, rootless


@pytest.fixture(scope="module")
def user(base, request):
    made = User(base / request.module.__name__)
    yield made
    made.close()


@pytest.fixture
def runtime(workdir, user):
    user.allow(f"{NAME}:{FIRST}:{COUNT}\n")
    return UserRuntime(workdir, user)


@pytest.fixture
def bundle(make_bundle):
    """The user is root inside and has subordinate ids for the rest."""
    made = make_bundle()
    made.linux.pop("cgroupsPath")
    rootless(made, COUNT)
    own_bundle(made)
    return made


@pytest.fixture
def replace_program(user, workdir):
    """Puts another file over a program of the host, in the user's mount namespace alone."""
    replaced = []

    def replace(path, script, mode=0o4755, owner=0):
        fake = workdir / f"fake{len(replaced)}"
        fake.write_text(script)
        os.chown(fake, owner, owner)
        os.chmod(fake, mode)
        user.as_root("mount", "--bind", fake, path)
        replaced.append(path)
        return fake

    yield replace
    for path in reversed(replaced):
        user.as_root("umount", path)
