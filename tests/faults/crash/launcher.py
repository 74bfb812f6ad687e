"""Runs `om-fsm` as a process that kills itself (SIGKILL) at a given point. The product knows nothing of it.

The points are counted outside the connector: at the transport of `requests`, where bytes leave and answers arrive, and at the
commit of the SQLite driver. A forked child saves the second it takes to load everything; otherwise it is the command.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from requests.adapters import HTTPAdapter

from connector.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def has_effect(what: str) -> bool:
    """Whether something outlives the process: a commit, or a request that writes."""
    return not what.startswith("GET ")


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process dies: at the n-th occasion, before or after it. Number 0: it lives, and says what it passed.

    `of_effects`: occasions without an effect do not count, because a process with several threads passes them in any order.
    """

    number: int = 0
    after: bool = False
    of_effects: bool = False


class _Reaper:
    def __init__(self, point: Point, log: Path) -> None:
        self._point = point
        self._log = log.open("a", encoding="utf-8")
        self._passed = 0
        self._alone = threading.Lock()

    def around(self, what: str, do: Callable[[], Any]) -> Any:
        with self._alone:
            counts = has_effect(what) or not self._point.of_effects
            self._passed += counts
            mine = self._passed if counts else 0
        self._log.write(f"{what}\n")
        self._log.flush()
        if mine and mine == self._point.number and not self._point.after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = do()
        if mine and mine == self._point.number and self._point.after:
            os.kill(os.getpid(), signal.SIGKILL)
        return done


def run(arguments: list[str], point: Point, log: Path, *, longest: float | None = None) -> int:
    """Run one command in a child. Returns its exit status, negative when a signal ended it. `log` gets a line for each point.

    A child that still lives after `longest` seconds is killed.
    """
    child = os.fork()
    if child == 0:
        status = 70
        try:
            output = os.open(log.with_suffix(".out"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(output, 1)
            os.dup2(output, 2)
            _arm(_Reaper(point, log))
            status = _command(arguments)
        finally:
            sys.stdout.flush()
            os._exit(status)
    if longest is not None:
        threading.Timer(longest, _end, (os.pidfd_open(child),)).start()
    _, ended = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(ended)


def _end(child: int) -> None:
    """By its file descriptor, because its number may belong to another process meanwhile."""
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(child, signal.SIGKILL)
    os.close(child)


def _command(arguments: list[str]) -> int:
    sys.argv = ["om-fsm", *arguments]
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _arm(reaper: _Reaper) -> None:
    send = HTTPAdapter.send

    def deadly(self: HTTPAdapter, request: Any, *args: Any, **kwargs: Any) -> Any:
        path = request.path_url.partition("?")[0].removeprefix("/api/now/")
        what = f"{request.method} {'/'.join(path.split('/')[:2])}"
        return reaper.around(what, lambda: send(self, request, *args, **kwargs))

    HTTPAdapter.send = deadly  # type: ignore[method-assign]

    @sa.event.listens_for(sa.Engine, "engine_connect")
    def _watch(connection: sa.Connection) -> None:
        dialect = connection.dialect
        if not hasattr(dialect, "commits_are_watched"):
            commit = dialect.do_commit
            setattr(dialect, "commits_are_watched", True)  # noqa: B010
            setattr(dialect, "do_commit", lambda raw: reaper.around("commit", lambda: commit(raw)))  # noqa: B010
