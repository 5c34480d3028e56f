# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests as documents and tables name them.

FILE.py::FUNCTION is in tests/integration; unit/FILE.c::FUNCTION, namespace/FILE.c::FUNCTION and
conformance::PROGRAM say where they are.
"""

import os
import re

import source


def path_of(name):
    file = name.split("::")[0]
    return "tests/integration/" + file if file.endswith(".py") else "tests/" + file


def has_test(name, programs=()):
    file, function = name.split("::")
    if file == "conformance":
        return function in programs
    path = path_of(name)
    if not os.path.exists(os.path.join(source.TOP, path)):
        return False
    text = source.read(path)
    if file.endswith(".py"):
        return re.search(rf"^def {function}\(", text, re.MULTILINE) is not None
    # A function, or the name given to a macro that makes one; and not left out of the list of tests.
    return len(re.findall(rf"\b{function}\b", text)) > (1 if "static void " + function in text else 0)
