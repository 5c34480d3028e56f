# SPDX-License-Identifier: LGPL-2.1-or-later
"""What becomes of an outcome of the OCI validation suite, and scripts/lint-conformance."""

import pathlib
import shutil
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/conformance"))
import expected  # noqa: E402
import suite  # noqa: E402


@pytest.mark.parametrize("output, status, passed, failed", [
    ("ok 1 - a\nok 2 - b\n1..2\n", 0, 2, []),
    ("ok 1 - a\nnot ok 2 - b\n1..2\n", 0, 1, ["b"]),
    ("not ok 1 # TO" "DO later\nok 2 - b\n1..2\n", 0, 2, []),
    # Words of runtimetest inside a diagnostic are no results of the program.
    ('ok 1 - a\n  ---\n  {\n    "stdout": "not ok 1 - b"\n  }\n  ...\n', 0, 1, []),
    # Says nothing and is content, or tells an error in a diagnostic only.
    ("1..0\n", 0, 1, []),
    ('  {\n    "error": "hooks MUST\\nRefer to"\n  }\n1..0\n', 0, 0, ["hooks MUST"]),
    ('ok 1 - fails as it should\n  {\n    "error": "exit status 1"\n  }\n', 0, 1, []),
    ("ok 1 - a\n", 1, 1, ["ended with status 1"]),
    ("", None, 0, ["no end after 9 s"]),
])
def test_outcome_of_a_program(output, status, passed, failed):
    outcome = suite.judge(output, "", status, 9)
    assert (outcome.passed, outcome.failed) == (passed, failed)


def rules(tmp_path, text):
    path = tmp_path / "expected-failures"
    path.write_text(text)
    known = expected.Rules()
    known.read(path)
    return known


def test_comparison_with_the_list(tmp_path):
    known = rules(tmp_path, "# a comment\n\np | always | one * | why\np | always | ?two | perhaps\nq | race | - | quick\n")
    assert known.racing == {"q"}
    assert expected.compare(known.of["p"], ["one x", "one y"]).reason == "why"
    assert expected.compare(known.of["p"], ["one x", "two"]).reason == "why; perhaps"
    assert expected.compare(known.of["p"], ["one x"]).wrong == []
    assert expected.compare(known.of["p"], ["one x", "three"]).wrong == ["fails: three"]
    # What no longer fails must leave the list.
    assert "does not fail: one *" in expected.compare(known.of["p"], []).wrong[0]
    assert expected.compare([], ["one"]).wrong == ["fails: one"]


@pytest.mark.parametrize("line", ["p | always | x", "p | sometimes | x | y", "p"])
def test_bad_line_of_the_list(tmp_path, line):
    with pytest.raises(ValueError, match=":1:"):
        rules(tmp_path, line + "\n")


def test_conditions_can_be_asked():
    assert all(condition() in (True, False) for condition in expected.CONDITIONS.values())


def test_the_list_names_programs_of_the_suite():
    programs = (TOP / "tests/conformance/programs").read_text().split()
    known = expected.Rules()
    known.read(TOP / "tests/conformance/expected-failures")
    assert set(known.of) | known.racing <= set(programs)


@pytest.fixture
def lint(tmp_path):
    """A project of one document, one test of each kind and a specification of four lines."""
    shutil.copytree(TOP / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for path, text in {
        "tests/integration/test_a.py": "def test_one(x):\n    pass\n",
        "tests/unit/test_b.c": "static void two(void **state)\n{\n}\n\nTEST(two),\nstatic void lost(void **state)\n",
        "tests/conformance/programs": "three\n",
        "spec/runtime.md": "It MUST a.\nb\nIt SHOULD c.\nIt MAY d.\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    def run(*rows):
        (tmp_path / "docs").mkdir(exist_ok=True)
        (tmp_path / "docs/spec-conformance.md").write_text("\n".join(["## runtime.md", "", *rows]) + "\n")
        done = subprocess.run([tmp_path / "scripts/lint-conformance"], capture_output=True, text=True,
                              env={"PATH": "/usr/bin:/bin", "OCI_SPEC_DIR": str(tmp_path / "spec")})
        assert done.stderr == ""
        return [line[1:].strip() for line in done.stdout.splitlines() if line.startswith("#")]

    return run


ALL = "| 1, 3-4 | x | `test_a.py::test_one`, `unit/test_b.c::two`, `conformance::three` |"


@pytest.mark.parametrize("rows, fault", [
    (["| 1, 3 | x | a reason |"], "runtime.md:4 has no row"),
    ([ALL, "| 3 | y | a reason |"], "runtime.md:3 has a row already"),
    (["| 1-2, 3-4 | x | a reason |"], "runtime.md:2 is no statement"),
    (["| 1, 3-4 | x |   |"], "neither a test nor a reason"),
    (["| 1, 3-4 | x | `test_a.py::test_two` |"], "there is no test_a.py::test_two"),
    (["| 1, 3-4 | x | `test_c.py::test_one` |"], "there is no test_c.py::test_one"),
    (["| 1, 3-4 | x | `unit/test_b.c::lost` |"], "there is no unit/test_b.c::lost"),
    (["| 1, 3-4 | x | `conformance::four` |"], "there is no conformance::four"),
    ([], "no rows"),
])
def test_faults_of_the_conformance_table(lint, rows, fault):
    assert any(fault in found for found in lint(*rows)), lint(*rows)


def test_a_whole_conformance_table(lint):
    assert lint(ALL) == []
