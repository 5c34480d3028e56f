# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every bundle of bundle-examples runs the way its README shows."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness import host
from harness.runtime import TOP, runtime_kind, runtime_path

EXAMPLES = sorted(path.parent.name for path in (TOP / "bundle-examples").glob("*/README.md"))
pytestmark = [pytest.mark.slow, pytest.mark.needs("busybox"),
              pytest.mark.skipif(runtime_kind() != "dray", reason="dray only: the READMEs call dray")]

EXPECTED = {
    "hello": ["hello", "1"], "shell": ["/dev/pts/0"], "limits": ["memory"], "userns": ["100000"], "rootless": ["inside: 0:0", "ids from 0"],
    "overlay": ["changed:", "rootfs still has:"], "readonly": ["read-only"], "seccomp": ["not permitted"],
    "hooks": ["createRuntime", "poststop"], "pod": [""], "web": ["<"],
}


def commands(readme):
    """The parts of the README marked as shell, in order."""
    return re.findall(r"```sh\n(.*?)```", readme.read_text(), re.S)


@pytest.fixture
def examples(workdir):
    """A copy of the directory, so that nothing of a run stays in the tree."""
    target = workdir / "bundle-examples"
    shutil.copytree(TOP / "bundle-examples", target, symlinks=True, ignore=shutil.ignore_patterns("rootfs", "root", "layers"))
    tools = workdir / "tools"
    tools.mkdir()
    wrapper = tools / "dray"
    wrapper.write_text(f'#!/bin/sh\nexec "{os.path.realpath(runtime_path())}" --root "{workdir}/state" "$@"\n')
    wrapper.chmod(0o755)
    yield target
    left = []
    for name in subprocess.run([wrapper, "list", "-q"], capture_output=True, text=True, check=False).stdout.split():
        left.append(f"container {name}")
        subprocess.run([wrapper, "delete", "--force", name], check=False)
    left += [f"process {stray}" for stray in host.reap_strays()]
    left += [f"mount {line}" for line in host.mounts_below(workdir)]
    assert not left, left


def test_there_are_all_that_were_asked_for():
    assert {"hello", "shell", "limits", "userns", "overlay", "readonly", "seccomp", "hooks"} <= set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(examples, workdir, name):
    scripts = commands(examples / name / "README.md")
    assert scripts, f"{name}: no commands in the README"
    text = "\n".join(scripts)
    needed = {"script": "script" in text.split(), "ip": name == "web"}
    for tool, wanted in needed.items():
        if wanted and not shutil.which(tool):
            pytest.skip(f"needs {tool}")
    environment = dict(os.environ, PATH=f"{workdir}/tools:{os.environ['PATH']}")
    out = workdir / "output"
    with open(out, "wb") as stream:
        done = subprocess.run(["sh", "-e", "-c", text], cwd=examples / name, env=environment, stdin=subprocess.DEVNULL,
                              stdout=stream, stderr=subprocess.STDOUT, timeout=120 * host.PATIENCE, check=False)
    output = out.read_text(errors="replace")
    assert "dray: error" not in output, output
    assert done.returncode == 0 or name in ("limits", "shell"), output
    for word in EXPECTED.get(name, []):
        assert word in output, output


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in ("pod", "web")])
def test_example_again(examples, workdir, name):
    """The same commands a second time do no harm."""
    text = "\n".join(commands(examples / name / "README.md"))
    if "script" in text.split() and not shutil.which("script"):
        pytest.skip("needs script")
    environment = dict(os.environ, PATH=f"{workdir}/tools:{os.environ['PATH']}")
    for _ in range(2):
        with open(workdir / "output", "wb") as stream:
            subprocess.run(["sh", "-e", "-c", text], cwd=examples / name, env=environment, stdin=subprocess.DEVNULL,
                           stdout=stream, stderr=subprocess.STDOUT, timeout=120 * host.PATIENCE, check=False)
        assert "dray: error" not in pathlib.Path(workdir / "output").read_text(errors="replace")
