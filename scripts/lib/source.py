# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the lint programs share: the list of source files, C text without comments, TAP output."""

import os
import re
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def list_files():
    """Every file of the project, relative to its top: as git knows them, else as they lie there."""
    script = f'. "{TOP}/scripts/lib/common.sh"; list_sources'
    listing = subprocess.run(
        ["sh", "-c", script], check=True, capture_output=True, text=True, env={**os.environ, "DRAY_TOP": TOP}
    )
    return listing.stdout.splitlines()


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8", errors="replace") as file:
        return file.read()


# Comments, string and character constants; the longest alternative starts first.
TOKEN = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<string>"(?:\\.|[^"\\\n])*")|(?P<char>'(?:\\.|[^'\\\n])*')""",
    re.DOTALL,
)


def blank(text):
    """As many lines as before, and nothing on them."""
    return "\n" * text.count("\n")


def strip_comments(text):
    """The code alone: no comments, no text in strings."""

    def replace(match):
        if match.group("comment"):
            return " " + blank(match.group("comment"))
        return '""' if match.group("string") else "0"

    return TOKEN.sub(replace, text)


def list_strings(text):
    """(line number, text) of every string constant."""
    for match in TOKEN.finditer(text):
        if match.group("string"):
            yield text.count("\n", 0, match.start()) + 1, match.group("string")


class Report:
    """One TAP line per check, with the places below it."""

    def __init__(self):
        self.failed = False

    def check(self, title, faults):
        if faults:
            self.failed = True
            print(f"not ok - {title}")
            for fault in faults:
                print(f"#   {fault}")
        else:
            print(f"ok - {title}")
