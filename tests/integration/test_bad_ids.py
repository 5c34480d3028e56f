# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ids: what is refused is refused by every command, and touches nothing."""

import os

import pytest

BAD = {
    "empty": "", "dot": ".", "dotdot": "..", "climbing": "../x", "slash": "a/b", "absolute": "/etc", "space": "a b",
    "newline": "a\nb", "tab": "a\tb", "non-ASCII": "\u00e4", "colon": "a:b", "percent": "%n", "star": "*", "null word": "a\\0",
    "trailing slash": "a/", "quote": "a\"b", "dollar": "$HOME", "tilde": "~", "at": "a@b", "comma": "a,b",
    "1025 characters": "x" * 1025, "70000 characters": "x" * 70000, "leading dot": ".hidden", "leading dash": "-x",
}


@pytest.fixture(autouse=True)
def victim(workdir):
    """Directories that a climbing id would reach."""
    for name in ("x", "b"):
        (workdir / name).mkdir()
        (workdir / name / "status").write_text("{}")


@pytest.mark.parametrize("shape", BAD)
@pytest.mark.parametrize("verb", ["create", "run", "start", "state", "kill", "delete", "delete --force", "exec", "ps",
                                  "pause", "resume"])
def test_refused(bundle, workdir, verb, shape, kind):
    if kind != "dray" and shape in ("leading dot", "leading dash", "1025 characters", "70000 characters", "empty"):
        pytest.skip(f"{kind}: allows it or fails otherwise")
    bundle.args = ["/bin/probe", "exit", "0"]
    bundle.write()
    before = sorted(os.listdir(workdir))
    words = {"create": ["--bundle", bundle.directory], "run": ["--bundle", bundle.directory]}.get(verb, [])
    after = {"kill": ["9"], "exec": ["true"]}.get(verb, [])
    done = bundle.runtime(*verb.split(), *words, "--", BAD[shape], *after)
    done.fails()
    if kind == "dray":
        done.dray_error("ID_INVALID")
        assert len(done.err) < 8000, "not the whole id over and over"
    root = bundle.runtime.root
    assert not root.exists() or os.listdir(root) == []
    assert set(os.listdir(workdir)) - set(before) <= {entry for entry in os.listdir(workdir)
                                                     if entry.startswith(("out.", "err.", "state"))}
    assert (workdir / "x/status").exists() and (workdir / "b/status").exists()


@pytest.mark.parametrize("name", ["a", "A.b-c_d+e", "0", "_", "+x", "a" * 64, "f" * 255, "1.2.3", "a-", "a..b"])
def test_accepted(make_bundle, name, kind):
    bundle = make_bundle()
    bundle.args = ["/bin/probe", "wait"]
    bundle.name = name
    bundle.create().ok()
    assert bundle.state()["id"] == name
    bundle.start().ok()
    bundle.exec("/bin/true").ok()
    assert name in bundle.runtime("list", "-q").ok().out.split()
    bundle.delete("--force").ok()
    bundle.wait()


@pytest.mark.only_dray("a file name holds 255 characters; others stop there")
def test_longest_id(make_bundle):
    bundle = make_bundle()
    bundle.name = "x" * 1024
    bundle.args = ["/bin/probe", "exit", "5"]
    bundle.run().exits(5)


@pytest.mark.parametrize("verb", ["create", "run", "start", "state", "kill", "delete", "exec", "ps", "pause", "resume"])
def test_no_id_at_all(bundle, verb):
    bundle.write()
    bundle.runtime(verb, cwd=bundle.directory).fails()
