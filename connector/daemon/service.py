"""The daemon: apscheduler says when to poll, one worker serves the wakeups, SIGTERM ends it in order."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from queue import SimpleQueue
from typing import TYPE_CHECKING

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from connector.daemon.pulse import PassEnd, Pulse
from connector.engine.codec import kind_of
from connector.engine.cursors import poll_one
from connector.engine.drain import drain_all
from connector.engine.hold import Hold, Side
from connector.engine.numbers import numbers
from connector.engine.watch import notice
from connector.errors import ConnectorError, Held, MemoryDamaged, MemoryFailed, RemoteError
from connector.model import IntentState

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from connector.daemon.rounds import Rounds
    from connector.engine.drain import Engine
    from connector.engine.store import OutboxEntry, Settlement, Store
    from connector.model import Plan

STOP_WITHIN = 6.0  # seconds a look may take to finish after SIGTERM; then it is left to the next start
_RETRY_SECONDS = 5.0  # after a look that failed
_LONGEST_REST = 60.0
_HEARD_EVERY = timedelta(minutes=1)
_STEP = timedelta(minutes=1)  # a clock that goes back by more was put right
_log = structlog.get_logger("om-fsm")


@dataclass(frozen=True, slots=True)
class _Successor:
    """What the loop goes on with from its next turn."""

    engine: Engine
    rounds: Rounds | None
    timetable: tuple[float, float]  # seconds between polls, and between rounds


class _Wish(Enum):
    """What somebody outside the loop wants of the main thread."""

    STOP = "stop"
    RELOAD = "reload"


class Service:
    """Everything that runs between start and stop. `clock` gives the present, UTC.

    The scheduler and the webhook receiver only say what is wanted; one worker does it, one thing after the other.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        poll_seconds: float,
        clock: Callable[[], datetime],
        pulse: Pulse | None = None,
        rounds: Rounds | None = None,
        rounds_seconds: float = 86_400.0,
    ) -> None:
        self._engine = engine
        self.pulse = pulse or Pulse()
        self._rounds = rounds
        self._heard: datetime | None = None  # when the last webhook was noted
        _listen_to(engine)
        self._clock = clock
        self._wishes: SimpleQueue[_Wish] = SimpleQueue()  # a signal may put while the main thread gets
        self._successor: _Successor | None = None
        self._stopping = threading.Event()
        self._nudge = threading.Event()
        self._poll_wanted = threading.Event()
        self._worker = threading.Thread(target=self._work, name="worker", daemon=True)
        self._complaints: dict[str, str] = {}
        self._fine: set[str] = set()  # what is known to work, and is not told as failing
        self._forgetting: dict[str, str] = {}  # what could not be done because of memory, and why
        self._damage: MemoryDamaged | None = None
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(2)})
        self._turned = clock()
        self._timetable = (poll_seconds, rounds_seconds)  # seconds between polls, and between rounds
        self._schedule()

    def _schedule(self) -> None:
        poll_seconds, rounds_seconds = self._timetable
        self._every("poll", poll_seconds, self._poll_wanted)
        if self._rounds is not None:
            self._every("doctor", rounds_seconds, self._rounds.wanted)

    def _every(self, what: str, seconds: float, wanted: threading.Event) -> None:
        # misfire_grace_time=None: a late poll is still a poll. coalesce: one is as good as many.
        self._scheduler.add_job(
            self._want,
            "interval",
            args=(wanted,),
            seconds=seconds,
            id=what,
            next_run_time=datetime.now(UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            replace_existing=True,
        )

    # --- what asks for looks -------------------------------------------------------------------------------

    def wake(self, sys_id: str) -> None:
        """A webhook named a record: wake its order where memory knows it, else ask the feeds now."""
        now = self._clock()
        if self._heard is None or now - self._heard >= _HEARD_EVERY:
            self._engine.store.note_pass("webhook", now)
            self._heard = now
        orders = self._engine.store.orders_of_record(sys_id)
        if orders:
            self._engine.store.wake(orders, due=self._clock(), reason="webhook")
            self._nudge.set()
        else:
            self._want(self._poll_wanted)

    def _want(self, what: threading.Event) -> None:
        what.set()
        self._nudge.set()

    # --- what looks ----------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._nudge.clear()
            self._succeed()
            rests: list[float | None] = []
            began = self.pulse.beat()
            if not self._safely("turn", lambda: rests.append(self._turn(began))):  # noqa: B023 - called at once
                self.pulse.passed(PassEnd.FAILED, began)
            if rests and rests[0] is not None:
                self._nudge.wait(rests[0])
            else:
                self._stopping.wait(_RETRY_SECONDS)

    def take_over(self, engine: Engine, *, poll_seconds: float, rounds: Rounds | None, rounds_seconds: float) -> None:
        """Go on with another engine over the same memory from the next turn, as after a start."""
        _listen_to(engine)
        self._successor = _Successor(engine, rounds, (poll_seconds, rounds_seconds))
        self._nudge.set()

    def _succeed(self) -> None:
        successor, self._successor = self._successor, None
        if successor is not None:
            self._engine, self._rounds, self._timetable = successor.engine, successor.rounds, successor.timetable
            self._schedule()

    def _turn(self, began: float) -> float | None:
        """Do what is wanted and due. Returns for how many seconds nothing is, None when something failed."""
        sides = self._engine.sides
        fine = self._safely("visit", self._visit)
        if sides.may_look(self._clock()):
            fine &= self._when(self._poll_wanted, "poll", self._poll)
            fine &= self._safely("look", self._drain)
            if self._rounds is not None and sides.may_look(self._clock()):
                self._rounds.begin()  # above all while something fails: the doctor says why
        else:
            fine &= self._meanwhile()
        held = not sides.may_look(self._clock())
        self.pulse.passed(PassEnd.HELD if held else PassEnd.DONE if fine else PassEnd.FAILED, began)
        return self._rest() if fine or held else None

    def _poll(self) -> None:
        notice(self._engine, self._clock())
        self.pulse.polled(*Side)

    def _visit(self) -> None:
        now = self._clock()
        if self._turned - now > _STEP:
            _log.warning("the clock of this machine was put back", seconds=round((self._turned - now).total_seconds()))
            self._schedule()  # the next poll would else be as far away
        self._turned = now
        self._engine.sides.visit(now)

    def _meanwhile(self) -> bool:
        """While Field Service is held: hear what happens in Order Management, so that the backlog is known."""
        engine = self._engine
        if not self._poll_wanted.is_set() or not engine.sides.may_poll(Side.OM, self._clock()):
            return True
        self._poll_wanted.clear()
        return self._safely("poll", self._poll_orders)

    def _poll_orders(self) -> None:
        engine = self._engine
        poll_one(engine.store, engine.om, engine.om, self._clock(), overlap=engine.watch.overlap)
        self.pulse.polled(Side.OM)

    def _when(self, wanted: threading.Event, what: str, do: Callable[[], object]) -> bool:
        """Do what is wanted; what fails stays wanted."""
        if not wanted.is_set():
            return True
        wanted.clear()
        done = self._safely(what, do)
        if not done:
            wanted.set()
        return done

    def _drain(self) -> None:
        self._safely("policies", lambda: self._engine.refresh(self._clock()))
        for plan in drain_all(self._engine, self._clock, stopping=self._is_stopping):
            _log_findings(plan)

    def _is_stopping(self) -> bool:
        self.pulse.beat()  # asked before each look
        return self._stopping.is_set()

    def _rest(self) -> float:
        """Seconds until there is something to do: the next wakeup, or while a side is held the next probe."""
        now = self._clock()
        sides = self._engine.sides
        due = self._engine.store.next_due(now) if sides.may_look(now) else sides.next_probe(now)
        return _LONGEST_REST if due is None else min(max((due - now).total_seconds(), 0.0), _LONGEST_REST)

    def _safely(self, what: str, do: Callable[[], object]) -> bool:
        """Do it; say once that it does not work, and once that it works again."""
        try:
            do()
        except MemoryDamaged as error:
            self._damage = error  # nothing memory says can be believed any more: not tried again
            self._stopping.set()
            self._wishes.put(_Wish.STOP)
            return False
        except ConnectorError as error:
            if isinstance(error, Held):
                return False  # a brake, and that was said
            if isinstance(error, RemoteError) and self._engine.sides.trouble(error, self._clock()):
                return False  # the side is held, and that was said
            if self._complaints.get(what) != str(error):
                transaction = error.transaction if isinstance(error, RemoteError) else ""
                _log.error(f"{what} failed", error=str(error), hint=error.hint, **_said(transaction=transaction))
                self._note_failing(what, f"{error} {error.hint}".strip())
            self._complaints[what] = str(error)
            if isinstance(error, MemoryFailed):
                self._forgetting[what] = f"{error} {error.hint}".strip()
            return False
        except Exception:
            _log.exception(f"{what} failed unexpectedly; this is a defect of the connector")
            return False
        self._forgetting.pop(what, None)
        if self._complaints.pop(what, None):
            _log.info(f"{what} works again")
            self._fine.discard(what)
        if what not in self._fine:  # it may have failed before this start, too
            self._fine.add(what)
            self._note_failing(what, "")
        return True

    def _note_failing(self, what: str, text: str) -> None:
        """For `om-fsm status`: what fails in each turn; nothing once it works again."""
        name = f"failing {what}"
        with suppress(MemoryFailed):
            if text or self._engine.store.last_passes().get(name, (None, ""))[1]:
                self._engine.store.note_pass(name, self._clock(), text)

    # --- asked by others -----------------------------------------------------------------------------------

    def stuck(self, patience: float) -> str:
        """What is wrong with the loop itself; nothing while it turned within so many seconds, whatever it met."""
        silent = self.pulse.silent
        if silent > patience:
            return f"the loop has not turned for {silent:.0f} seconds; restart it, nothing is lost"
        return "the loop has ended" if self._worker.ident and not self._worker.is_alive() else ""

    def unready(self) -> str:
        """Why memory cannot be worked with; empty when it can. What the instances do is no matter."""
        for text in tuple(self._forgetting.values()):
            return text
        try:
            self._engine.store.backlog(self._clock())
        except MemoryFailed as error:
            return f"{error} {error.hint}".strip()
        return ""

    # --- start and stop ------------------------------------------------------------------------------------

    def run(self, *, ready: Callable[[], None], reload: Callable[[], object], stopping: Callable[[], object]) -> bool:
        """Run until SIGTERM or SIGINT; `reload` on SIGHUP, which may raise ConfigError once it has said so.

        True when everything under way was finished. Raises MemoryDamaged.
        """
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, self._on_signal)
        for hold in self._engine.sides.holds.all(self._clock()):
            _log_hold("held", hold)  # since before this start
        self._worker.start()
        self._scheduler.start()
        ready()
        while self._wishes.get() is _Wish.RELOAD:
            try:
                reload()
            except ConnectorError:
                pass  # it was said
            except Exception:
                _log.exception(
                    "reload failed unexpectedly, the old configuration stays; this is a defect of the connector"
                )
        self._stopping.set()
        stopping()
        _log.info("stopping")
        self._scheduler.shutdown(wait=False)
        self._nudge.set()
        deadline = time.monotonic() + STOP_WITHIN
        self._worker.join(timeout=max(deadline - time.monotonic(), 0.0))
        finished = not self._worker.is_alive() and not self._engine.crew.busy
        if self._damage is not None:
            raise self._damage
        _log.info("stopped" if finished else "stopped; a request was left under way and is looked up at the next start")
        return finished

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._wishes.put(_Wish.RELOAD if number == signal.SIGHUP else _Wish.STOP)


def _log_hold(what: str, hold: Hold) -> None:
    say = _log.info if what == "released" else _log.error
    say(what, side=hold.target, reason=hold.reason.value, why=hold.text, next=hold.way_out)


def _listen_to(engine: Engine) -> None:
    engine.sides.announce = _log_hold
    engine.outbox = replace(engine.outbox, tell=lambda entry, settlement: _log_write(engine.store, entry, settlement))


def _log_write(store: Store, entry: OutboxEntry, settlement: Settlement) -> None:
    """How a write ended, with what finds it again on either side; not what it says."""
    match settlement.state:
        case IntentState.DONE | IntentState.WITHDRAWN:
            say = _log.info
        case IntentState.PARKED:
            say = _log.error
        case _:
            say = _log.warning
    found = {"action": kind_of(entry.action), **numbers(store, entry, settlement)}
    say(f"write {settlement.state.value}", **found, **_said(transaction=settlement.transaction, error=settlement.error))


def _said(**fields: str) -> dict[str, str]:
    return {name: text for name, text in fields.items() if text}


def _log_findings(plan: Plan) -> None:
    for found in plan.findings:
        _log.warning("finding", order=plan.order_number, code=found.code.value, subject=found.subject, text=found.text)
