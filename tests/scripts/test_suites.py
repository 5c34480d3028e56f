# SPDX-License-Identifier: LGPL-2.1-or-later
"""The suites of scripts/test: what it lists it also takes."""

import pathlib
import re
import subprocess

TEST = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "test"


def refused(*suites):
    """What scripts/test says of a list of suites that it refuses, before it does anything."""
    done = subprocess.run([TEST, "--no-deps", "--only", ",".join(suites)], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0, done
    return done.stderr


def test_every_suite_is_known():
    listed = re.search(r'^all_suites="([^"]*)"', TEST.read_text(), re.MULTILINE)[1].split()
    assert len(listed) >= 10
    assert "no such suite: none-of-them " in refused(*listed, "none-of-them")
