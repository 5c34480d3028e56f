# SPDX-License-Identifier: LGPL-2.1-or-later
"""The runtime under test, called the way engines call it."""

import dataclasses
import functools
import itertools
import json
import os
import pathlib
import re
import select
import shlex
import subprocess
import time

from . import host

TOP = pathlib.Path(__file__).resolve().parents[3]


@dataclasses.dataclass
class Result:
    """How one command ended.  The checks return self, so that they can be chained."""

    words: list
    code: int
    out: str
    err: str
    kind: str
    out_bytes: bytes = b""

    def __str__(self):
        return (f"$ {shlex.join(map(str, self.words))[:2000]}\nexit {self.code}\n"
                f"stdout: {self.out[:4000]!r}\nstderr: {self.err[:4000]!r}")

    def ok(self):
        assert self.code == 0, f"should have succeeded:\n{self}"
        return self

    def exits(self, code):
        assert self.code == code, f"should have exited with {code}:\n{self}"
        return self

    def fails(self, code=None, names=()):
        """The command failed, said so in words naming all of names, and was not killed by a signal."""
        assert self.code != 0, f"should have failed:\n{self}"
        assert self.code > 0, f"was killed by signal {-self.code}:\n{self}"
        assert self.err.strip(), f"failed without a word:\n{self}"
        if code is not None:
            assert self.code == code, f"should have exited with {code}:\n{self}"
        said = self.err.replace('\\"', '"') if self.kind == "runc" else self.err  # logrus quotes
        for name in names:
            assert name in said, f"error should name {name!r}:\n{self}"
        return self

    def dray_error(self, code, pointer=None, names=(), place=False):
        """dray's own form: error[CODE] ...; config.json:L:C (/pointer).  Others only have to fail."""
        self.fails()
        if self.kind != "dray":
            return self
        codes = code if isinstance(code, (tuple, list)) else (code,)
        found = re.search(r"error\[([A-Z_]+)\]", self.err)
        assert found, f"no error[CODE] in the message:\n{self}"
        assert found[1] in codes, f"error code should be {' or '.join(codes)}:\n{self}"
        if pointer is not None:
            assert f"({pointer})" in self.err, f"error should point to {pointer}:\n{self}"
        if place:
            assert re.search(r"\.json:\d+:\d+", self.err), f"no line and column:\n{self}"
        for name in names:
            assert name in self.err, f"error should name {name!r}:\n{self}"
        return self

    def json(self):
        self.ok()
        try:
            return json.loads(self.out)
        except ValueError as error:
            raise AssertionError(f"stdout is not JSON ({error}):\n{self}") from None


class Output:
    """The reading end of a pipe a container writes to."""

    def __init__(self):
        self.reader, self.writer = os.pipe()
        self.seen = b""
        self.pending = b""

    def close_writer(self):
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    def close(self):
        self.close_writer()
        if self.reader >= 0:
            os.close(self.reader)
            self.reader = -1

    def _more(self, deadline, what):
        left = deadline - time.monotonic()
        ready, _, _ = select.select([self.reader], [], [], max(left, 0))
        assert ready, f"nothing came while waiting for {what}; so far: {self.seen!r}"
        chunk = os.read(self.reader, 65536)
        self.seen += chunk
        self.pending += chunk
        return chunk

    def line(self, timeout=20):
        """The next line, without its end."""
        deadline = time.monotonic() + timeout * host.PATIENCE
        while b"\n" not in self.pending:
            assert self._more(deadline, "a line"), f"end of output; so far: {self.seen!r}"
        line, _, self.pending = self.pending.partition(b"\n")
        return line.decode("utf-8", "replace")

    def expect(self, line):
        found = self.line()
        assert found == line, f"expected the line {line!r}, got {found!r}"

    def gather(self):
        """Takes what is there now: who writes more than a pipe holds would wait for us."""
        while select.select([self.reader], [], [], 0)[0] and self._more(time.monotonic() + 1, "what is there"):
            pass

    def rest(self, timeout=20):
        """Everything up to the end, which comes when all writers are gone."""
        deadline = time.monotonic() + timeout * host.PATIENCE
        while self._more(deadline, "the end of output"):
            pass
        rest, self.pending = self.pending, b""
        return rest.decode("utf-8", "replace")


@functools.cache
def runtime_path():
    given = os.environ.get("RUNTIME")
    return pathlib.Path(given) if given else TOP / "dray"


@functools.cache
def runtime_kind():
    """dray, runc or crun: the first word of --version."""
    done = subprocess.run([runtime_path(), "--version"], capture_output=True, text=True, check=True,
                          stdin=subprocess.DEVNULL, timeout=30 * host.PATIENCE)
    return done.stdout.split()[0]


class Runtime:
    """One state root of the runtime under test."""

    _serial = itertools.count()

    def __init__(self, directory):
        self.path = runtime_path()
        self.kind = runtime_kind()
        self.directory = pathlib.Path(directory)
        self.root = self.directory / "state"
        self.options = shlex.split(os.environ.get("RUNTIME_OPTIONS", ""))
        self.prefix = []  # before every command, such as nsenter

    def words(self, *arguments, options=(), root=True):
        chosen = ["--root", str(self.root)] if root is True else ["--root", str(root)] if root else []
        return [*self.prefix, str(self.path), *chosen, *self.options, *options, *map(str, arguments)]

    def environment(self, extra=None):
        base = {"PATH": os.environ["PATH"], "HOME": "/root"}
        base.update(extra or {})
        return {key: value for key, value in base.items() if value is not None}

    def popen(self, *arguments, options=(), root=True, env=None, **settings):
        settings.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self.words(*arguments, options=options, root=root),
                                env=self.environment(env), **settings)

    def __call__(self, *arguments, options=(), root=True, env=None, stdin=None, stdout=None,
                 input=None, timeout=30, wrap=(), **settings):
        """Runs one command to its end.  Output goes to files, since containers keep it open."""
        serial = next(self._serial)
        out_path = self.directory / f"out.{serial}"
        err_path = self.directory / f"err.{serial}"
        words = [*wrap, *self.words(*arguments, options=options, root=root)]
        with open(out_path, "wb") as out, open(err_path, "wb") as err:
            if input is not None:
                source = self.directory / f"in.{serial}"
                source.write_text(input)
                stdin = open(source, "rb")
            process = subprocess.Popen(
                words, env=self.environment(env),
                stdin=subprocess.DEVNULL if stdin is None else stdin,
                stdout=out if stdout is None else stdout, stderr=err, **settings)
            if input is not None:
                stdin.close()
            try:
                code = process.wait(timeout * host.PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise AssertionError(
                    f"did not end within {timeout} s: {shlex.join(words)[:2000]}\n"
                    f"stderr: {err_path.read_text(errors='replace')[:4000]!r}") from None
        raw = out_path.read_bytes()
        return Result(words, code, raw.decode("utf-8", "replace"),
                      err_path.read_text(errors="replace"), self.kind, raw)
