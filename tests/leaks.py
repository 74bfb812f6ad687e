"""The watch over secrets: whatever a test printed, logged, raised or wrote is searched for every secret it used.

Secrets are learned where they cannot be missed: from every `SecretStr` that is made (each secret of a configuration becomes
one), from the headers of every request that leaves, from the environment of every process that is started, and from files in a
directory called `secrets`. What is searched: captured output and log records, what `capsys` and click's runner returned, what
was read of a process or of a terminal it speaks to, exceptions that `pytest.raises` caught with their causes, and every file
below the test's `tmp_path`: memory with its log, events, the outbox, logs of daemons.

Not searched are the places where secrets are kept on purpose: a file that holds nothing else, what the sandbox says of itself,
and TOML files, which only people write.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import _pytest.tmpdir
import click.testing
import pydantic
import pytest
import requests

import connector.setting

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from pathlib import Path
    from types import FrameType
    from typing import IO

SHORTEST = 8  # characters: what is shorter occurs by chance
_KEPT_ON_PURPOSE = ("sandbox.json",)
_LARGEST = 20_000_000  # bytes of a file
_SECRET_NAME = re.compile(r"^(OM|FSM|WEBHOOK)_\w*(PASSWORD|SECRET|TOKEN|KEY)\w*$")  # of a variable that holds one


@dataclass
class Watch:
    """The secrets of one test, and what it said. Where they meet is a leak."""

    secrets: set[str] = field(default_factory=set)
    said: list[tuple[str, str]] = field(default_factory=list)  # where, text
    found: set[str] = field(default_factory=set)  # in files
    streams: dict[int, tuple[str, list[str]]] = field(default_factory=dict)  # what comes piece by piece: where, texts

    def learn(self, secret: str) -> None:
        if len(secret) >= SHORTEST:
            self.secrets.add(secret)

    def hear(self, where: str, text: object) -> None:
        if text:
            self.said.append((where, text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)))

    def hear_piece(self, stream: int, where: str, piece: str | bytes) -> None:
        """A secret may begin in one piece and end in the next."""
        text = piece.decode("utf-8", "replace") if isinstance(piece, bytes) else piece
        self.streams.setdefault(stream, (where, []))[1].append(text)

    def learn_environment(self, environment: Mapping[str, str]) -> None:
        """The secrets a process is given."""
        for name, value in environment.items():
            if _SECRET_NAME.match(name):
                self.learn(value)

    def hear_error(self, error: BaseException | None) -> None:
        """An exception as a person or a log could see it, with what led to it."""
        for depth in range(10):
            if error is None:
                return
            self.hear(f"{type(error).__name__}{' (a cause)' if depth else ''}", f"{error} {error!r} {vars(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)

    def learn_request(self, request: requests.PreparedRequest) -> None:
        """The credentials in the headers of a request."""
        kind, _, value = str(request.headers.get("Authorization", "")).partition(" ")
        self.learn(value)
        if kind == "Basic":
            try:
                self.learn(base64.b64decode(value).decode("utf-8", "replace").partition(":")[2])
            except binascii.Error:
                return
        self.learn(str(request.headers.get("x-sn-apikey", "")))

    def leaks(self, directory: Path | None = None) -> list[str]:
        """Where a secret was found; the secret itself is not repeated."""
        if directory is not None:
            self.search(directory)
        needles = {form: secret for secret in self.secrets for form in forms(secret)}
        pieces = [(where, "".join(texts)) for where, texts in self.streams.values()]
        found = [
            f"{where}: secret {fingerprint(needles[needle])}"
            for where, text in (*self.said, *pieces)
            for needle in needles
            if needle in text
        ]
        return sorted({*found, *self.found})

    def search(self, directory: Path) -> None:
        """The files of a test: those that hold secrets are learned, the others searched."""
        self.secrets |= {text for path in _files(directory, "secrets") if len(text := _text(path)) >= SHORTEST}
        needles = {form: secret for secret in self.secrets for form in forms(secret)}
        if needles:
            self.found |= {f"{path}: secret {name}" for path, name in _in_files(directory, needles)}


def forms(secret: str) -> set[str]:
    """How a secret may be written: as it is, in JSON, in a URL, in base64."""
    encoded = base64.b64encode(secret.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    return {
        secret,
        json.dumps(secret)[1:-1],
        quote(secret, errors="replace"),
        quote_plus(secret, errors="replace"),
        encoded,
    }


def fingerprint(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").strip()


def _files(directory: Path, parent: str = "") -> Iterator[Path]:
    for path in directory.rglob("*"):
        try:
            readable = path.is_file() and not path.is_symlink() and path.stat().st_size <= _LARGEST
        except OSError:
            continue
        if readable and (not parent or path.parent.name == parent):
            yield path


def _in_files(directory: Path, needles: dict[str, str]) -> Iterator[tuple[Path, str]]:
    wanted = {needle.encode("utf-8", "surrogatepass"): secret for needle, secret in needles.items()}
    for path in _files(directory):
        if path.name in _KEPT_ON_PURPOSE or path.suffix == ".toml" or path.name.startswith("test_"):
            continue
        try:
            content = path.read_bytes()
        except OSError:
            continue
        for needle, secret in wanted.items():
            if needle in content and content.strip().decode("utf-8", "replace") not in forms(secret):
                yield path.relative_to(directory), fingerprint(secret)


WATCH = Watch()


def _listening(call: Callable[..., Any], before: Callable[..., None], after: Callable[..., None]) -> Callable[..., Any]:
    def listening(*args: Any, **kwargs: Any) -> Any:
        before(*args, **kwargs)
        result = call(*args, **kwargs)
        after(result, *args)
        return result

    return listening


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    return None


def _heard_from_raises(_raises: object, _kind: object, error: BaseException | None, _trace: object) -> None:
    WATCH.hear_error(error)


def _heard_from_runner(result: click.testing.Result, *_: object) -> None:
    WATCH.hear("output of a command", result.output)
    WATCH.hear_error(result.exception)


def _heard_from_capture(captured: Any, *_: object) -> None:
    WATCH.hear("captured output", captured.out)
    WATCH.hear("captured errors", captured.err)


def _search_what_is_removed(directory: Path, **_: object) -> None:
    """The directory of a test that passed is gone before the test is over."""
    WATCH.search(directory)


def _learned_from_process(*_args: object, env: Mapping[str, str] | None = None, **_more: object) -> None:
    WATCH.learn_environment(os.environ if env is None else env)


class _Heard:
    """One end of a pipe from a process: whatever is read of it is heard."""

    def __init__(self, pipe: IO[Any], where: str) -> None:
        self._pipe = pipe
        self._where = where

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipe, name)

    def _hear(self, piece: str | bytes) -> Any:
        WATCH.hear_piece(id(self), self._where, piece)
        return piece

    def read(self, *size: int) -> Any:
        return self._hear(self._pipe.read(*size))

    def readline(self, *size: int) -> Any:
        return self._hear(self._pipe.readline(*size))

    def readlines(self, *hint: int) -> Any:
        return [self._hear(line) for line in self._pipe.readlines(*hint)]

    def __iter__(self) -> Iterator[Any]:
        return map(self._hear, self._pipe)


def _gives_a_secret() -> bool:
    """Whether the process is the command that a configuration names for a secret: to print it is what it is for."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and frame.f_globals.get("__name__") != connector.setting.__name__:
        frame = frame.f_back
    return frame is not None


def _listen_to_process(_result: object, process: subprocess.Popen[Any], *_: object) -> None:
    if _gives_a_secret():
        return
    for name in ("stdout", "stderr"):
        pipe = getattr(process, name)
        if pipe is not None:
            setattr(process, name, _Heard(pipe, f"{name} of a process"))


def _heard_from_process(said: tuple[Any, Any], *_: object) -> None:
    """`communicate` reads beneath the pipes, where there are two. `subprocess.run` and its like call it."""
    if _gives_a_secret():
        return
    WATCH.hear("stdout of a process", said[0])
    WATCH.hear("stderr of a process", said[1])


_TERMINALS: set[int] = set()
"""The ends at which a test sits."""


def _listen_to_terminal(ends: tuple[int, int]) -> None:
    _TERMINALS.add(ends[0])


def _heard_from_terminal(piece: bytes, descriptor: int, *_: object) -> None:
    if descriptor in _TERMINALS:
        WATCH.hear_piece(descriptor, "a terminal", piece)


_EARS: tuple[tuple[Any, str, Callable[..., None], Callable[..., None]], ...] = (
    (pydantic.SecretStr, "__init__", lambda _self, secret: WATCH.learn(secret), _nothing),
    (requests.Session, "send", lambda _self, request, **_: WATCH.learn_request(request), _nothing),
    (pytest.RaisesExc, "__exit__", _heard_from_raises, _nothing),
    (pytest.CaptureFixture, "readouterr", _nothing, _heard_from_capture),
    (click.testing.CliRunner, "invoke", _nothing, _heard_from_runner),
    (subprocess.Popen, "__init__", _learned_from_process, _listen_to_process),
    (subprocess.Popen, "communicate", _nothing, _heard_from_process),
    (_pytest.tmpdir, "rmtree", _search_what_is_removed, _nothing),
    (pty, "openpty", _nothing, _listen_to_terminal),
    (os, "read", _nothing, _heard_from_terminal),
)


def pytest_configure(config: pytest.Config) -> None:
    """Listen for the whole run."""
    for owner, name, before, after in _EARS:
        original = getattr(owner, name)
        setattr(owner, name, _listening(original, before, after))
        config.add_cleanup(partial(setattr, owner, name, original))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Each test has its own watch."""
    WATCH.secrets.clear()
    WATCH.said.clear()
    WATCH.streams.clear()
    WATCH.found.clear()
    _TERMINALS.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that lets a secret out has failed, whatever else it found."""
    report = yield
    for where, text in report.sections:
        WATCH.hear(where, text)
    if report.when == "teardown":
        directory = getattr(item, "funcargs", {}).get("tmp_path")
        if found := WATCH.leaks(directory):
            report.outcome = "failed"
            report.longrepr = "A secret was let out (named by its fingerprint):\n  " + "\n  ".join(found)
    return report
