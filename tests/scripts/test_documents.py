# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual page and the shells' completion know every command and option, and no others."""

import pathlib
import re

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
TABLE = (TOP / "src/cli/command_table.c").read_text()
MANUAL = (TOP / "docs/dray.1").read_text().replace("\\-", "-")
BASH = (TOP / "packaging/completion/dray.bash").read_text()
ZSH = (TOP / "packaging/completion/_dray").read_text()
FISH = (TOP / "packaging/completion/dray.fish").read_text()
NOT_YET = "not yet supported"


def read_options():
    """{name of the array: [(option, letter or None)]}, without those that do nothing yet."""
    arrays = {}
    for name, rows in re.findall(r"struct option_row (\w+)\[\] = \{(.*?)\n\};", TABLE, re.DOTALL):
        arrays[name] = []
        for row in re.findall(r"\{\"([\w-]+)\",\s*(?:'(\w)'|0),(.*?)\},?\n(?=    \{|\s*$|$)", rows + "\n", re.DOTALL):
            option, letter, rest = row
            # Also not: a second spelling, what is accepted without effect.
            if NOT_YET not in rest and ".help" in rest and "OPTION_IGNORED" not in rest:
                arrays[name].append((option, letter or None))
    return arrays


def read_commands():
    """[(command, [names of its option arrays])], without those that are not there yet and help."""
    commands = []
    rows = TABLE[TABLE.index("struct command command") :]
    for name, summary, arrays in re.findall(r'\{"(\w+)",\s*"([^"]*)",\s*\{([^}]*)\}', rows):
        if NOT_YET not in summary and name != "help":
            commands.append((name, [word.strip() for word in arrays.split(",") if word.strip() != "NULL"]))
    return commands


OPTIONS = read_options()
COMMANDS = read_commands()
PAIRS = sorted(
    {(command, option, letter) for command, arrays in COMMANDS for array in arrays for option, letter in OPTIONS[array]}
    | {("", option, letter) for option, letter in OPTIONS["global_options"]},
    key=str,
)


def manual_section(command):
    """The text of a command, or of the global options; run has create's options, too, restore those of checkpoint."""
    if command == "":
        return MANUAL[MANUAL.index(".SH GLOBAL OPTIONS") : MANUAL.index(".SH COMMANDS")]
    commands = MANUAL[MANUAL.index(".SH COMMANDS") : MANUAL.index(".SH EXIT STATUS")]
    sections = {}
    for section in re.split(r"^\.SS ", commands, flags=re.MULTILINE)[1:]:
        sections[section.split()[0]] = section
    if command == "run":
        return sections["create"] + sections["run"]
    if command == "restore":
        return sections["checkpoint"] + sections["restore"]
    return sections[command]


def test_the_table_was_understood():
    names = [name for name, _ in COMMANDS]
    assert {"create", "start", "run", "exec", "delete", "features"} <= set(names)
    assert ("bundle", "b") in OPTIONS["create_options"]
    assert ("preserve-fds", None) in OPTIONS["exec_options"]
    assert len(PAIRS) > 40


@pytest.mark.parametrize("command", [name for name, _ in COMMANDS])
def test_command_is_described(command):
    assert manual_section(command)
    assert re.search(rf"\b{command}\b", BASH)
    assert re.search(rf"'{command}:", ZSH)
    assert f"-a {command} " in FISH


@pytest.mark.parametrize("command, option, letter", PAIRS)
def test_option_is_described(command, option, letter):
    section = manual_section(command)
    assert re.search(rf"--{option}(?![\w-])", section)
    if letter:
        assert re.search(rf"(?<![\w-])-{letter}(?![\w-])|-{letter}\\f", section)
    assert re.search(rf"--{option}(?![\w-])", BASH)
    assert re.search(rf"--{option}(?![\w-])", ZSH)
    assert re.search(rf"-l {option}(?![\w-])", FISH)


@pytest.mark.parametrize("text", [MANUAL, BASH, ZSH], ids=["manual", "bash", "zsh"])
def test_no_option_is_made_up(text):
    known = {option for options in OPTIONS.values() for option, _ in options} | {"help", "rm"}
    text = re.sub(r"podman.*", "", text)
    assert {word for word in re.findall(r"(?<![\w-])--([a-z][a-z-]*[a-z])", text)} <= known


def markdown_files():
    folders = [TOP, TOP / "docs", TOP / "bundle-examples", *(TOP / "bundle-examples").iterdir()]
    return sorted(file for folder in folders if folder.is_dir() for file in folder.glob("*.md"))


@pytest.mark.parametrize("file", markdown_files(), ids=lambda file: str(file.relative_to(TOP)))
def test_links_lead_somewhere(file):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", file.read_text()):
        assert target.startswith("http") or (file.parent / target).exists(), target


ANNOTATIONS = re.findall(r'^ANNOTATION\(\w+, "([^"]+)", (?:UN)?SAFE, "((?:\\.|[^"\\])+)"\)$',
                         (TOP / "src/plan/annotations.def").read_text(), re.MULTILINE)


def test_the_annotations_were_understood():
    rows = re.findall(r"^ANNOTATION\(", (TOP / "src/plan/annotations.def").read_text(), re.MULTILINE)
    assert len(rows) == len(ANNOTATIONS) > 10


@pytest.mark.parametrize("name, meaning", ANNOTATIONS)
def test_annotation_is_described(name, meaning):
    section = MANUAL[MANUAL.index(".SH ANNOTATIONS") : MANUAL.index(".SH FILES")]
    found = re.search(rf"^\.B {re.escape(name)}(?:\\fI\w+\\fP)?\n(.*)$", section, re.MULTILINE)
    assert found, "not in the manual page"
    words = meaning.replace('\\"', '"').rstrip(".")
    assert found[1].rstrip(".").lower() == words.lower(), "the manual says something else"
