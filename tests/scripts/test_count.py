# SPDX-License-Identifier: LGPL-2.1-or-later
"""scripts/lib/count: one rule for every kind of suite."""

import pathlib
import subprocess

import pytest

COUNT = pathlib.Path(__file__).resolve().parents[2] / "scripts/lib/count"


@pytest.fixture
def suite(tmp_path):
    def add(*arguments):
        return subprocess.run(
            [COUNT, "suite", "s", tmp_path / "results", *map(str, arguments)],
            capture_output=True,
            text=True,
        )

    return add


@pytest.fixture
def total(tmp_path):
    def run():
        done = subprocess.run([COUNT, "total", tmp_path / "results"], capture_output=True, text=True)
        return done.returncode, done.stdout.splitlines()

    return run


def tap(tmp_path, text):
    path = tmp_path / "x.tap"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text, status, line",
    [
        ("1..2\nok 1 - a\nok 2 - b\n", 0, "2 passed, 0 failed, 0 skipped"),
        ("1..2\nok 1 - a\nnot ok 2 - b\n", 1, "1 passed, 1 failed, 0 skipped"),
        ("1..2\nok 1 - a\nok 2 - b # SKIP why\n", 0, "1 passed, 0 failed, 1 skipped"),
        # two groups of one program
        ("1..1\nok 1 - a\n1..1\nok 1 - b\n", 0, "2 passed, 0 failed, 0 skipped"),
        # crashed half way
        ("1..3\nok 1 - a\n", 139, "1 passed, 1 failed, 0 skipped"),
        # ended early and said nothing
        ("1..3\nok 1 - a\n", 0, "1 passed, 1 failed, 0 skipped"),
        # all well, then died in the end
        ("1..1\nok 1 - a\n", 134, "1 passed, 1 failed, 0 skipped"),
        # nothing was run
        ("", 0, "0 passed, 1 failed, 0 skipped"),
        ("1..0\n", 0, "0 passed, 1 failed, 0 skipped"),
        ("1..0 # SKIP no such thing here\n", 0, "0 passed, 0 failed, 1 skipped"),
    ],
)
def test_tap(tmp_path, suite, total, text, status, line):
    suite("--tap", tap(tmp_path, text), "--exit", status)
    returned, lines = total()
    assert lines[-1] == line
    assert returned == (1 if ", 0 failed" not in line else 0)


def test_missing_tap_is_a_failure(tmp_path, suite, total):
    suite("--tap", tmp_path / "absent")
    assert total()[1][-1] == "0 passed, 1 failed, 0 skipped"


def junit(tmp_path, cases):
    path = tmp_path / "x.xml"
    path.write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    return path


def test_junit(tmp_path, suite, total):
    cases = (
        '<testcase classname="c" name="a"/>'
        '<testcase classname="c" name="b"><failure message="m"/></testcase>'
        '<testcase classname="c" name="d"><error message="m"/></testcase>'
        '<testcase classname="c" name="e"><skipped message="not here"/></testcase>'
    )
    suite("--junit", junit(tmp_path, cases), "--exit", 1)
    returned, lines = total()
    assert (returned, lines[-1]) == (1, "1 passed, 2 failed, 1 skipped")
    assert any("not here" in line for line in lines), "the reason of a skip is shown"


def test_junit_that_was_cut_off(tmp_path, suite, total):
    path = tmp_path / "x.xml"
    path.write_text("<testsuites><testsuite><testcase ")
    suite("--junit", path, "--exit", 124)
    assert total()[1][-1] == "0 passed, 1 failed, 0 skipped"


def test_junit_without_tests(tmp_path, suite, total):
    suite("--junit", junit(tmp_path, ""), "--exit", 5)
    assert total()[1][-1] == "0 passed, 1 failed, 0 skipped"


def test_junit_all_passed_but_a_bad_end(tmp_path, suite, total):
    suite("--junit", junit(tmp_path, '<testcase classname="c" name="a"/>'), "--exit", 3)
    assert total()[1][-1] == "1 passed, 1 failed, 0 skipped"


def test_automake(tmp_path, suite, total):
    build = tmp_path / "build"
    (build / "tests").mkdir(parents=True)
    for name, result, log in [
        ("good", "PASS", "1..1\nok 1 - a\n"),
        ("crashed", "FAIL", "1..2\nok 1 - a\n"),
        ("silent", "PASS", ""),
        ("skipped", "SKIP", "no such kernel\n"),
    ]:
        (build / "tests" / f"{name}.trs").write_text(f":test-result: {result}\n")
        (build / "tests" / f"{name}.log").write_text(log)
    suite("--automake", build)
    assert total()[1][-1] == "2 passed, 2 failed, 1 skipped"


def test_automake_without_programs(tmp_path, suite, total):
    suite("--automake", tmp_path)
    assert total()[1][-1] == "0 passed, 1 failed, 0 skipped"


def test_sum_of_suites(suite, total):
    suite("--one", 0)
    suite("--one", 2)
    suite("--skip", "why")
    returned, lines = total()
    assert (returned, lines[-1]) == (1, "1 passed, 1 failed, 1 skipped")


def test_nothing_at_all_is_a_failure(total):
    returned, lines = total()
    assert (returned, lines[-1]) == (1, "0 passed, 1 failed, 0 skipped")
