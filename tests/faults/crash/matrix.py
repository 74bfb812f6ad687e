"""The crash matrix: `python -m tests.faults.crash`.

The sandbox outlives the connector: for each point it is forked in the state before the pass, opens its HTTPS doors, sees the
connector die there and a second one start on the same file, and is then compared with what an undisturbed pass makes of it.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.demo.setup import write_config
from connector.sandbox import World
from tests.faults.crash.launcher import Point, has_effect, run
from tests.faults.crash.story import COMMANDS, COMPENSATIONS, SETTINGS, STEPS, permit
from tests.faults.outcome import differences, state_of
from tests.faults.walk.moves import CASE_POLICY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ALIVE = Point()
_PASSES = 6  # at most, until the restarted connector has nothing left to do
_PATIENCE = (
    "\n[outbox]\nlook_after_seconds = 0.2\nfirst_retry_seconds = 0.1\nlongest_retry_seconds = 0.2\nin_flight = 1\n"
)
_KILLED = -9
_LIFE = 6.0  # seconds in which a daemon has done what a pass has to do; it is killed at rest then
AS_A_DAEMON = ", as a daemon"


@dataclass(frozen=True, slots=True)
class Trial:
    """One kill: in which pass, at which point, on which side of it, and what was wrong afterwards (nothing: empty)."""

    step: str
    what: str
    number: int
    after: bool
    wrong: str


def kills(points: list[str]) -> list[Point]:
    """Where to kill so that every point is met before and after it.

    Between two effects nothing outlives the process: a death before, between or after the reads there leaves the same file and
    the same instances. So a death just before each effect, and one after the last, is a death at every point.
    """
    effects = [number for number, what in enumerate(points, 1) if has_effect(what)]
    return [*(Point(number) for number in effects), *(Point(number, after=True) for number in effects[-1:])]


class Stage:
    """A sandbox, a configuration that points at it, and the memory of a connector."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.world = World.create(clock="manual", seed=1)
        self.ports = dict(zip(("om_port", "fsm_port", "control_port"), _free_ports(3), strict=True))
        self.memory = directory / "om-fsm.db"
        self.log = directory / "points.log"
        permit(self.world)
        self.died_at = ""  # where the last daemon did
        with self.world.serve(directory, **self.ports) as served:
            self.config = write_config(directory, served.info)
        (directory / "case_policy.csv").write_text(CASE_POLICY, encoding="utf-8")
        (directory / "compensation.csv").write_text(COMPENSATIONS, encoding="utf-8")
        tables = '[policy]\ncase = "case_policy.csv"\ncompensation = "compensation.csv"'
        text = self.config.read_text(encoding="utf-8").replace("[policy]", tables)
        self.config.write_text(text + _PATIENCE + SETTINGS, encoding="utf-8")

    def sync(self, point: Point = ALIVE) -> int:
        """One real `om-fsm sync`; the exit status."""
        return self.type("sync", point=point)

    def type(self, *arguments: str, point: Point = ALIVE) -> int:
        """One real `om-fsm ...`; the exit status."""
        self.log.unlink(missing_ok=True)
        return run(["--config", str(self.config), *arguments], point, self.log)

    def said(self) -> str:
        """The end of what the command printed."""
        return self.log.with_suffix(".out").read_text(encoding="utf-8")[-2000:]

    def daemon(self, point: Point) -> int:
        """One real `om-fsm run`, for as long as it lives; the exit status."""
        self.log.unlink(missing_ok=True)
        status = run(["--config", str(self.config), "run"], point, self.log, longest=_LIFE)
        effects = [what for what in self.points() if has_effect(what)]
        self.died_at = effects[-1] if len(effects) == point.number else "at rest"
        return status

    def points(self) -> list[str]:
        """What the last process passed, in order."""
        return self.log.read_text(encoding="utf-8").splitlines()

    def keep(self) -> dict[str, bytes]:
        """Memory as it is on disk, journal included."""
        return {path.name: path.read_bytes() for path in self.directory.glob("om-fsm.db*")}

    def put_back(self, kept: dict[str, bytes]) -> None:
        for path in self.directory.glob("om-fsm.db*"):
            path.unlink()
        for name, content in kept.items():
            (self.directory / name).write_bytes(content)

    @contextmanager
    def served(self) -> Iterator[_Remote]:
        """A copy of the sandbox as it is now, in a process of its own, behind its doors."""
        here, there = socket.socketpair()
        child = os.fork()
        if child == 0:
            here.close()
            try:
                self._serve(there)
            finally:
                os._exit(0)
        there.close()
        remote = _Remote(here)
        try:
            remote.wait()
            yield remote
        finally:
            remote.quit()
            here.close()
            os.waitpid(child, 0)

    def _serve(self, line: socket.socket) -> None:
        with self.world.serve(self.directory, **self.ports), line.makefile("rw", encoding="utf-8") as said:
            said.write("ready\n")
            said.flush()
            for request in said:
                if request.strip() == "quit":
                    return
                if request.strip() == "state":
                    said.write(json.dumps(state_of(self.world)) + "\n")
                else:
                    self.world.advance(float(request))
                    said.write("done\n")
                said.flush()


class _Remote:
    """The other end of the line to a forked sandbox."""

    def __init__(self, line: socket.socket) -> None:
        self._said = line.makefile("rw", encoding="utf-8")

    def wait(self) -> str:
        return self._said.readline()

    def _ask(self, text: str) -> str:
        self._said.write(f"{text}\n")
        self._said.flush()
        return self.wait()

    def quit(self) -> None:
        self._said.write("quit\n")
        self._said.close()

    def advance(self, seconds: float) -> None:
        self._ask(str(seconds))

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(self._ask("state"))
        return state


def _until_rest(stage: Stage) -> int:
    """Pass after pass until one leaves nothing undone. The number of passes."""
    for number in range(1, _PASSES + 1):
        if stage.sync() == 0:
            return number
        time.sleep(0.25)
    raise AssertionError(f"nothing comes to rest: {stage.said()}")


def play(
    *, lane: int = 0, lanes: int = 1, step: str = "", tell: Callable[[Trial], None] = lambda _: None
) -> tuple[list[Trial], dict[str, list[str]]]:
    """Every trial of one lane (each lane takes every so many-th point) and `step` (all when empty), told one by one, and each
    step's points."""
    directory = Path(tempfile.mkdtemp(prefix="crash-"))
    trials: list[Trial] = []
    points: dict[str, list[str]] = {}
    try:
        stage = Stage(directory)
        for name, people in STEPS.items():
            people(stage.world)
            stage.world.advance(10)
            for arguments in COMMANDS[name](stage.world) if name in COMMANDS else []:
                with stage.served():
                    assert stage.type(*arguments) == 0, stage.said()
            kept = stage.keep()
            with stage.served() as remote:
                stage.sync()
                points[name] = stage.points()
                _until_rest(stage)
                wanted = remote.state()
            for index, point in enumerate(kills(points[name])):
                if index % lanes == lane and step in ("", name):
                    stage.put_back(kept)
                    what = points[name][point.number - 1]
                    wrong = _try(stage, stage.sync, point, wanted)
                    trials.append(Trial(name, what, point.number, point.after, wrong))
                    tell(trials[-1])
            # `om-fsm run` passes the same effects, in the order in which its threads come to them
            for number in range(1, sum(map(has_effect, points[name])) + 1):
                if number % lanes == lane and step in ("", name):
                    stage.put_back(kept)
                    wrong = _try(stage, stage.daemon, Point(number, of_effects=True), wanted)
                    trials.append(Trial(name + AS_A_DAEMON, stage.died_at, number, after=False, wrong=wrong))
                    tell(trials[-1])
            stage.put_back(kept)
            with stage.world.serve(directory, **stage.ports):
                _until_rest(stage)
        stage.world.close()
    finally:
        shutil.rmtree(directory)
    return trials, points


def _try(stage: Stage, start: Callable[[Point], int], point: Point, wanted: dict[str, Any]) -> str:
    """Start it, kill it there, start again, compare. What was wrong, or nothing."""
    with stage.served() as remote:
        status = start(point)
        if status != _KILLED:
            return f"was not killed: exit status {status}"
        remote.advance(100)  # longer than the platform's own limit
        time.sleep(0.25)  # and longer than the connector was told to wait
        try:
            _until_rest(stage)
        except AssertionError as restless:
            return str(restless)
        found = remote.state()
    return differences(wanted, found)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def as_json(trials: list[Trial]) -> list[dict[str, Any]]:
    return [asdict(trial) for trial in trials]
