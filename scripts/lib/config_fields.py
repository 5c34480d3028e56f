# SPDX-License-Identifier: LGPL-2.1-or-later
"""The fields of config.json: what src/plan/config_fields.def says of them, and who reads them in C."""

import concurrent.futures
import dataclasses
import os
import re
import subprocess
import tempfile

import source

TABLE = "src/plan/config_fields.def"
SPEC_HEADER = "libocispec/ocispec/spec.h"
ROW = re.compile(r'^(WORKS|REFUSED|NO_EFFECT|REFUSED_OBJECT)\((.*)\)$', re.MULTILINE)
TEXT = re.compile(r'"((?:\\.|[^"\\])*)"')


@dataclasses.dataclass
class Field:
    """A row of the table."""

    kind: str
    pointer: str
    since: str
    tests: list
    note: str

    @property
    def key(self):
        return [part for part in self.pointer.split("/") if part != "*"][-1]


def read_fields():
    fields = []
    for kind, arguments in ROW.findall(source.read(TABLE)):
        words = TEXT.findall(arguments)
        if kind != "WORKS":
            words.insert(1, "")
        pointer, since, tests, note = words
        fields.append(Field(kind, pointer, since, tests.split(), note))
    return fields


def read_tables():
    """{table: [(kind, struct, key, member, table of the object or None)]} from libocispec's rows."""
    paths = [path for path in source.list_files() if re.match(r"libocispec/table_\w+\.c$", path)]
    text = "".join(re.sub(r"/\*.*?\*/", "", source.read(path), flags=re.DOTALL) for path in paths)
    arrays = {}
    for array, body in re.findall(r"oci_row (\w+)\[\] = \{(.*?)\n\};", text, re.DOTALL):
        arrays[array] = []
        for kind, arguments in re.findall(r"OCI_ROW_(\w+)\(((?:[^()]|\([^()]*\))*)\)", body):
            words = [word.strip() for word in arguments.split(",")]
            if kind == "RANGE":
                kind = words.pop(0)
            table = words[-1].lstrip("&") if kind in ("OBJECT", "OBJECTS", "OBJECT_MAP") else None
            arrays[array].append((kind, words[0].removeprefix("struct "), words[1].strip('"'), words[2], table))
    tables = re.findall(r'oci_table (\w+) =\s*OCI_TABLE\(\s*struct \w+,\s*"[^"]*",\s*(\w+)\)', text)
    return {table: arrays[array] for table, array in tables}


def list_members(tables, skipped, table="oci_spec_table", prefix=""):
    """(pointer, "struct.member") of everything that is no object; not what is below a skipped one."""
    for kind, struct, key, member, below in tables[table]:
        pointer = f"{prefix}/{key}"
        if pointer in skipped:
            continue
        if below:
            yield from list_members(tables, skipped, below, pointer + ("" if kind == "OBJECT" else "/*"))
        else:
            yield pointer, f"{struct}.{member}"


def mark_members(text):
    """The header, with each member of each struct marked so that the compiler tells of every use."""

    def mark(found):
        name, body = found.groups()
        body = re.sub(r"(\w+);", rf'\1 __attribute__((deprecated("USE {name}.\1")));', body)
        return f"struct {name} {{{body}\n}};"

    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"struct (\w+) \{(.*?)\n\};", mark, text, flags=re.DOTALL)


def find_uses(paths, compiler="gcc"):
    """{"struct.member": {files}}: the compiler's word on who uses which member of spec.h."""
    uses = {}
    with tempfile.TemporaryDirectory() as directory:
        os.mkdir(os.path.join(directory, "ocispec"))
        with open(os.path.join(directory, "ocispec/spec.h"), "w", encoding="utf-8") as file:
            file.write(mark_members(source.read(SPEC_HEADER)))
        # What configure found out is no matter here.
        with open(os.path.join(directory, "config.h"), "w", encoding="utf-8") as file:
            file.write('#define PACKAGE_VERSION ""\n')
        words = [compiler, "-fsyntax-only", "-std=gnu17", "-D_GNU_SOURCE", "-Wdeprecated-declarations", f"-I{directory}"]
        words += [f"-I{os.path.join(source.TOP, place)}" for place in ("src", "libocispec", "include")]

        def compile_one(path):
            return subprocess.run([*words, os.path.join(source.TOP, path)], capture_output=True, text=True)

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(compile_one, paths))
    for path, done in zip(paths, results):
        # A name that only a Makefile defines hides no use; a header that is not found does.
        if "fatal error" in done.stderr:
            raise RuntimeError(f"{path} does not compile alone:\n{done.stderr}")
        for member in re.findall(r"USE (\w+\.\w+)", done.stderr):
            uses.setdefault(member, set()).add(path)
    return uses
