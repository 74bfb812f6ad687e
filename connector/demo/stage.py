"""The stage: a sandbox and the connector's daemon as processes, people who act, and eyes that read over REST."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import requests

from connector.demo.setup import write_config

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    Run = Callable[[list[str]], tuple[int, str, str]]

_PATIENCE = 30.0  # seconds until something that should happen is declared missing
_BEAT = 0.1
_STOP_WITHIN = 10.0
_READY = "om-fsm is running"
_WATCHED = {
    "om": ["sn_ind_tmt_orm_order", "sn_ind_tmt_orm_order_line_item", "sn_ind_tmt_orm_domain_order"],
    "fsm": ["wm_order"],
}


class StageError(Exception):
    """The demo could not be played; the text says what was missing."""


class Side:
    """One instance, seen over REST by its administrator."""

    def __init__(self, name: str, info: dict[str, Any], ca_file: str) -> None:
        self.name = name
        self._url = info["url"]
        self._session = requests.Session()
        self._session.auth = ("admin", info["users"]["admin"]["password"])
        self._session.verify = ca_file
        self._session.trust_env = False

    def rows(self, table: str, query: str, fields: str, *, display: str = "all") -> list[dict[str, Any]]:
        """Rows of a table; each field as `{"value": ..., "display_value": ...}`."""
        answer = self._session.get(
            f"{self._url}/api/now/table/{table}",
            params={
                "sysparm_query": query,
                "sysparm_fields": fields,
                "sysparm_display_value": display,
                "sysparm_exclude_reference_link": "true",
            },
            timeout=10,
        )
        answer.raise_for_status()
        return list(answer.json()["result"])

    def one(self, table: str, query: str, fields: str) -> dict[str, Any]:
        """Exactly one row."""
        rows = self.rows(table, query, fields)
        if len(rows) != 1:
            raise StageError(f"{self.name}: {len(rows)} rows of {table} where {query}, expected one")
        return rows[0]

    def notes(self, number: str, table: str = "task") -> list[str]:
        """The work notes of a record, oldest first."""
        record = self.one(table, f"number={number}", "sys_id")
        query = f"element_id={record['sys_id']['value']}^element=work_notes^ORDERBYsys_created_on"
        rows = self.rows("sys_journal_field", query, "value,sys_created_by")
        return [row["value"]["value"] for row in rows]


class Stage:
    """Everything a story needs: both sides, the people, time, the connector's commands, and patience."""

    def __init__(self, directory: Path, info: dict[str, Any], run: Run | None = None) -> None:
        self.directory = directory
        self._run = run or _run
        self.om = Side("Order Management", info["om"], info["ca_file"])
        self.fsm = Side("Field Service", info["fsm"], info["ca_file"])
        self._control = info["control"]
        self._ca_file = info["ca_file"]
        self.person = cache(self._person)

    def act(self, side: str, do: str, login: str, **arguments: Any) -> Any:
        """One move of one person. Raises StageError when it is refused."""
        return self._post("act", {"instance": side, "do": do, "as": login, **arguments})["result"]

    def switch(self, side: str, **switches: Any) -> None:
        """An instance is set up otherwise."""
        self._post("switches", {"instance": side, **switches})

    def advance(self, seconds: float) -> None:
        """Time passes on both instances."""
        self._post("clock", {"advance": seconds})

    def now(self) -> datetime:
        """What time it is on both instances."""
        return datetime.fromisoformat(self._post("clock", {})["result"]["now"])

    def subscribe(self, url: str, secret: str) -> None:
        """Let both instances tell the connector when something changed."""
        for side, tables in _WATCHED.items():
            self._post("outbound", {"instance": side, "url": url, "secret": secret, "tables": tables})

    def _post(self, path: str, document: dict[str, Any]) -> dict[str, Any]:
        answer = requests.post(
            f"{self._control['url']}/sandbox/{path}",
            json=document,
            headers={"Authorization": f"Bearer {self._control['token']}"},
            verify=self._ca_file,
            timeout=10,
        )
        body: dict[str, Any] = answer.json()
        if not body.get("ok"):
            raise StageError(f"{path} {document}: {body.get('error')}")
        return body

    def _person(self, side: str, login: str) -> str:
        rows = (self.om if side == "om" else self.fsm).rows("sys_user", f"user_name={login}", "name")
        return str(rows[0]["name"]["value"]) if rows else login

    def until(self, holds: Callable[[], bool]) -> bool:
        """Wait for something to become true."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            if holds():
                return True
            time.sleep(_BEAT)
        return holds()

    def command(self, *arguments: str, accept: Collection[int] = (0,)) -> str:
        """What `om-fsm ...` prints, when it exits with a code we accept."""
        code, out, err = self._run(["--config", str(self.directory / "config.toml"), *arguments])
        if code not in accept:
            raise StageError(f"om-fsm {' '.join(arguments)} exited {code}: {err.strip()}")
        return out

    def ask(self, *arguments: str, accept: Collection[int] = (0,)) -> Any:
        """What `om-fsm ... --output json` answers, when it exits with a code we accept."""
        return json.loads(self.command(*arguments, "--output", "json", accept=accept))


def _run(arguments: list[str]) -> tuple[int, str, str]:
    """`om-fsm ...` as a process: its exit code and what it printed."""
    command = [sys.executable, "-m", "connector", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    return done.returncode, done.stdout, done.stderr


def _om_fsm(config: Path) -> list[str]:
    return [sys.executable, "-m", "connector", "--config", str(config)]


@contextmanager
def stage(directory: Path) -> Iterator[tuple[Stage, Daemon]]:
    """A sandbox with the connector's daemon beside it, in processes of their own, until the block ends."""
    sandbox_log = directory / "sandbox.log"
    command = [sys.executable, "-m", "connector", "sandbox", "--dir", str(directory)]
    with sandbox_log.open("wb") as log:
        sandbox = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603
    try:
        _wait_for(sandbox, sandbox_log, "The sandbox is ready")
        info = json.loads((directory / "sandbox.json").read_text(encoding="utf-8"))
        config = write_config(directory, info, webhook_port=0)
        yield Stage(directory, info), Daemon(directory, config)
    finally:
        _stop(sandbox)


class Daemon:
    """`om-fsm run` as a process."""

    def __init__(self, directory: Path, config: Path) -> None:
        self._config = config
        self._log = directory / "om-fsm.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start it and wait until it serves. Returns the address of its webhook receiver."""
        with self._log.open("wb") as log:
            command = [*_om_fsm(self._config), "run"]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603
        line = _wait_for(self._process, self._log, _READY)
        return line.partition("webhooks on ")[2].rstrip(".\n")

    def stop(self) -> tuple[int | None, float]:
        """SIGTERM. Its exit code (None when it had to be killed) and the seconds it took."""
        if self._process is None:
            return None, 0.0
        began = time.monotonic()
        code = _stop(self._process)
        self._process = None
        return code, time.monotonic() - began


def _stop(process: subprocess.Popen[bytes]) -> int | None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(timeout=_STOP_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def _wait_for(process: subprocess.Popen[bytes], log: Path, words: str) -> str:
    """The first line of a log that contains these words."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        text = log.read_text(encoding="utf-8", errors="replace")
        for line in text.splitlines():
            if words in line:
                return line
        if process.poll() is not None:
            raise StageError(f"{log.stem} ended with code {process.returncode}:{os.linesep}{text}")
        time.sleep(_BEAT)
    raise StageError(f"{log.stem} is not ready after {_PATIENCE:.0f} s:{os.linesep}{log.read_text(encoding='utf-8')}")
