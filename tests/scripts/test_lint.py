# SPDX-License-Identifier: LGPL-2.1-or-later
"""scripts/lint-layers and lint-style find what they are there to find."""

import pathlib
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
SPDX = "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"


class Tree:
    """A project of a few files, with our scripts."""

    def __init__(self, top):
        self.top = top
        shutil.copytree(TOP / "scripts", top / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        (top / "scripts/lint-allow").write_text("")
        for layer in ("base", "io", "plan", "cgroup", "rootfs", "stage", "cli"):
            self.write(f"src/{layer}/{layer}.h", "")

    def write(self, path, text, licence=SPDX):
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(licence + text)

    def lint(self, program):
        done = subprocess.run([self.top / "scripts" / program], capture_output=True, text=True)
        assert done.stderr == ""
        assert (done.returncode != 0) == ("not ok" in done.stdout)
        return [line[1:].strip() for line in done.stdout.splitlines() if line.startswith("#")]


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def test_clean_tree(tree):
    assert tree.lint("lint-layers") == []
    assert tree.lint("lint-style") == []


@pytest.mark.parametrize(
    "path, included, allowed",
    [
        ("src/cli/a.c", "base/base.h", True),
        ("src/base/a.c", "io/io.h", False),
        ("src/plan/a.c", "io/io.h", True),
        ("src/cgroup/a.c", "plan/plan.h", True),
        ("src/cgroup/a.c", "rootfs/rootfs.h", False),
        ("src/plan/a.c", "cgroup/cgroup.h", False),
        ("src/stage/a.c", "plan/plan.h", True),
        ("src/stage/a.c", "rootfs/rootfs.h", False),
        ("src/stage/a.c", "cli/cli.h", False),
        ("libocispec/a.c", "base/base.h", False),
    ],
)
def test_layers(tree, path, included, allowed):
    tree.write(path, f'#include "{included}"\n')
    faults = tree.lint("lint-layers")
    assert (faults == []) == allowed, faults


def test_stage_side_files_of_a_peer(tree):
    tree.write("src/stage/a.c", '#include "rootfs/enter.h"\n')
    tree.write("src/rootfs/enter.h", "")
    assert len(tree.lint("lint-layers")) == 1
    tree.write("src/rootfs/Makemodule.am", "ROOTFS_STAGE_SOURCES = \\\n\tsrc/rootfs/enter.h\n", "# comment\n")
    assert tree.lint("lint-layers") == []
    # and they see no more than the stage does
    tree.write("src/rootfs/enter.h", '#include "host/host.h"\n')
    tree.write("src/host/host.h", "")
    assert len(tree.lint("lint-layers")) == 1


@pytest.mark.parametrize(
    "path, text, found",
    [
        ("src/io/a.c", 'int f(void)\n{\n    return system("x");\n}\n', "system()"),
        ("src/io/a.c", "int f(char *a)\n{\n    return atoi(a);\n}\n", "atoi()"),
        ("src/io/a.c", 'void f(void)\n{\n    printf("x");\n}\n', "printf()"),
        ("src/cli/a.c", 'void f(void)\n{\n    printf("x");\n}\n', None),
        ("src/rootfs/a.c", "int f(char *a)\n{\n    return open(a, 0);\n}\n", "open()"),
        ("src/rootfs/a.c", "int f(char *a)\n{\n    return openat(AT_FDCWD, a, 0);\n}\n", "openat(AT_FDCWD)"),
        ("src/rootfs/a.c", 'int f(void)\n{\n    return openat(AT_FDCWD, ".", 0);\n}\n', None),
        ("src/rootfs/a.c", "int f(int d, char *a)\n{\n    return openat(d, a, 0);\n}\n", None),
        ("src/io/a.c", "int f(char *a)\n{\n    return open(a, 0);\n}\n", None),
        ("src/io/a.c", "/* system() */ char *s = \"system()\";\n", None),
        ("src/io/a.c", "void f(struct a *a)\n{\n    a->system(1);\n}\n", None),
        ("src/io/a.c", 'char *s = "cannot: Permission denied";\n', "Permission denied"),
        ("src/io/a.c", "void f(void)\n{\n" + "    g();\n" * 80 + "}\n", "lines"),
        ("src/io/a_table.c", "void f(void)\n{\n" + "    g();\n" * 80 + "}\n", None),
        ("tests/unit/a.c", "void f(void)\n{\n" + "    g();\n" * 80 + "}\n", None),
        ("src/io/a.c", "int a;\n" * 601, "lines"),
        ("src/io/a.c", "void f(void)\n{\n" + "{" * 5 + "}" * 5 + "\n}\n", "levels deep"),
        ("src/io/a.c", "/* TO" + "DO: more */\n", "more"),
        ("src/io/a.h", '#include "config.h"\n', "src/io/a.h"),
        ("src/io/a.c", 'char *s = "/wor' + 'k/main/x";\n', "/main/x"),
    ],
)
def test_style(tree, path, text, found):
    tree.write(path, text)
    faults = tree.lint("lint-style")
    if found is None:
        assert faults == []
    else:
        assert len(faults) == 1 and found in faults[0]


def test_missing_licence_line(tree):
    tree.write("src/io/a.c", "int a;\n", "")
    assert tree.lint("lint-style") == ["src/io/a.c"]


def test_allow_list(tree):
    tree.write("src/io/a.c", "int f(char *a)\n{\n    return atoi(a);\n}\n")
    allow = tree.top / "scripts/lint-allow"
    allow.write_text("src/io/a.c atoi for a reason\n")
    assert tree.lint("lint-style") == []
    # an entry that nothing needs any more is a fault
    allow.write_text("src/io/a.c atoi for a reason\nsrc/io/a.c atol for a reason\n")
    assert tree.lint("lint-style") == ["scripts/lint-allow: src/io/a.c does not call atol"]
