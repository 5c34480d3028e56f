# SPDX-License-Identifier: LGPL-2.1-or-later
"""No field of config.json is read and ignored: src/plan/config_fields.def, the sources and the tests agree.

tests/unit/test_config_fields.c compares the list with libocispec's tables as they are at run time.
"""

import pathlib
import re
import shutil
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "scripts/lib"))
import config_fields  # noqa: E402
import named_tests  # noqa: E402
import source  # noqa: E402

FIELDS = config_fields.read_fields()
OBJECTS = {field.pointer for field in FIELDS if field.kind == "REFUSED_OBJECT"}
MEMBERS = dict(config_fields.list_members(config_fields.read_tables(), OBJECTS))
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")


def test_every_row_was_understood():
    rows = re.findall(r"^[A-Z_]+\(", source.read(config_fields.TABLE), re.MULTILINE)
    assert len(rows) == len(FIELDS) > 150
    assert len({field.pointer for field in FIELDS}) == len(FIELDS)


def test_the_tables_were_understood():
    assert list(MEMBERS) == [field.pointer for field in FIELDS if field.kind != "REFUSED_OBJECT"]
    assert MEMBERS["/linux/resources/rdma/*/hcaObjects"] == "oci_linux_rdma.hca_objects"


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.pointer)
def test_field_has_a_test_or_a_reason(field):
    assert field.tests, "no test"
    assert [name for name in field.tests if not named_tests.has_test(name)] == []
    assert field.kind == "WORKS" or field.note, "no reason"
    assert any(name.split("::")[0].endswith(".py") for name in field.tests), "no integration test"


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.pointer)
def test_tests_of_a_field_know_it(field):
    """The key is a word in a file of its tests, or in what the tests share."""
    paths = [named_tests.path_of(name) for name in field.tests if name.split("::")[0].endswith(".py")]
    paths += [path for path in source.list_files() if re.match(r"tests/integration/harness/\w+\.py$", path)]
    assert any(re.search(rf"\b{field.key}\b", source.read(path)) for path in paths)


@pytest.fixture(scope="module")
def uses():
    """By all of dray but what comes before the planner: command line and library only hand documents on."""
    paths = [path for path in source.list_files() if re.match(r"src/(?!api/|cli/|helper/).*\.c$", path)]
    return config_fields.find_uses([path for path in paths if re.search(r"oci_|spec->|input", source.read(path))])


@needs_gcc
def test_no_field_is_read_and_ignored(uses):
    ignored = [field.pointer for field in FIELDS
               if field.kind == "WORKS" and not uses.get(MEMBERS[field.pointer])]
    assert ignored == []


@needs_gcc
def test_what_has_no_effect_has_no_reader(uses):
    """Else the row is no longer true."""
    assert [field.pointer for field in FIELDS if field.kind == "NO_EFFECT" and uses.get(MEMBERS[field.pointer])] == []


@needs_gcc
def test_the_compiler_tells_of_uses(tmp_path, monkeypatch):
    file = tmp_path / "one.c"
    file.write_text('#include <stddef.h>\n#include "ocispec/ocispec.h"\n'
                    "int f(const struct oci_spec *spec);\n"
                    "int f(const struct oci_spec *spec) { return spec->hostname != NULL; }\n"
                    "const size_t place = offsetof(struct oci_linux_cpu, idle);\n")
    assert config_fields.find_uses([str(file)]) == {
        "oci_spec.hostname": {str(file)}, "oci_linux_cpu.idle": {str(file)}}
