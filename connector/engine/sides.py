"""Hold, not fail: which of the two systems may be asked and written to now, and how one that failed comes back.

A request that failed raises a suspicion; one cheap probe says whether the instance is meant or one record of it. An instance
that does not answer is held, once and said once, and probed more and more rarely. When it answers it is asked gently at first.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connector.engine.clock import put_right
from connector.engine.codec import KINDS_OF_SIDE
from connector.engine.hold import Hold, HoldReason, Side, refusal
from connector.errors import (
    AbsurdAnswer,
    Denied,
    Hibernating,
    OutcomeUnknown,
    RemoteError,
    SchemaMismatch,
    SignInFailed,
    Unavailable,
)
from connector.exchange import LONGEST_ASKED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from connector.engine.guard import Guard
    from connector.engine.holds import Holds
    from connector.engine.ports import Watched
    from connector.engine.store import Store

_BY_ITSELF = [reason for reason in HoldReason if reason.ends_by_itself]
_STATUS_OF_MAINTENANCE = (502, 503)
_TOGETHER = timedelta(minutes=10)  # in which cancellations are counted together
_NEVER = datetime.min.replace(tzinfo=UTC)
_JITTER = 0.2  # of a waiting time, either way, so that many connectors do not knock together


@dataclass(frozen=True, slots=True)
class Probing:
    """How often a held instance is asked whether it is back. In seconds; each wait is twice the last."""

    first: float = 5.0
    longest: float = 300.0
    credentials_first: float = 3600.0  # an account is locked after a few wrong passwords
    credentials_longest: float = 86_400.0
    identity_every: timedelta = timedelta(minutes=15)  # until an instance is asked again whether it is still itself
    denied_every: timedelta = timedelta(minutes=15)  # until it is asked again for what it denied

    def next(self, hold: Hold, now: datetime, asked: float | None, chance: float) -> datetime:
        """When to probe again; never before what the instance asked for. `chance` is in [0, 1)."""
        credentials = hold.reason is HoldReason.CREDENTIALS
        first = self.credentials_first if credentials else self.first
        longest = self.credentials_longest if credentials else self.longest
        wait = min(first * 2.0 ** min(hold.probes, 30), longest) * (1 - _JITTER + 2 * _JITTER * chance)
        return now + timedelta(seconds=max(wait, min(asked or 0.0, LONGEST_ASKED) * (1 + _JITTER * chance)))


def _nobody(_what: str, _hold: Hold) -> None:
    """Nobody wants to know."""


class Sides:
    """The two systems, and the holds on them. Safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        holds: Holds,
        systems: Mapping[Side, Watched],
        *,
        guard: Guard,
        probing: Probing,
        chance: Callable[[], float],
    ) -> None:
        self.holds = holds
        self.guard = guard
        self._checked: dict[Side, datetime] = {}
        self.announce: Callable[[str, Hold], None] = _nobody  # called with "held" or "released"
        self._store = store
        self._systems = systems
        self._probing = probing
        self._chance = chance
        self._reached: dict[Side, datetime] = {}
        self._held: set[Side] = set()  # sides that were held when this process last looked
        self._refused: set[Side] = set()  # sides whose credentials this process will not send again unless it probes
        self._mismatched: dict[Side, datetime] = {}  # when to look again whether a side is as it is configured
        self._lock = threading.RLock()

    # --- what may be done ----------------------------------------------------------------------------------

    def stopped(self, now: datetime) -> tuple[Hold, ...]:
        """The holds on sides that stop every look."""
        return _stopping(self.holds.all(now))

    def may_look(self, now: datetime) -> bool:
        """Whether orders may be looked at: both sides are needed for that."""
        return not self.stopped(now)

    def may_poll(self, side: Side, now: datetime) -> bool:
        """Whether one side may be asked for changes."""
        stops = self.stopped(now)
        foreign = any(one.reason is HoldReason.IDENTITY for one in stops)
        return not foreign and all(one.target != side.value for one in stops)

    def stopped_kinds(self, now: datetime) -> frozenset[str]:
        """The kinds of actions that may not be carried out."""
        holds = self.holds.all(now)
        held = {one.target for one in holds}
        if _stopping(holds):
            return frozenset(kind for kinds in KINDS_OF_SIDE.values() for kind in kinds)
        return frozenset(kind for side in Side if side.value in held for kind in KINDS_OF_SIDE[side])

    def held_orders(self, now: datetime) -> frozenset[str]:
        """The numbers of the orders a person holds, in upper case."""
        sides = {side.value for side in Side}
        return frozenset(one.target for one in self.holds.all(now) if one.target not in sides)

    def next_probe(self, now: datetime) -> datetime | None:
        """When a held side is asked next whether it is back."""
        return min((one.probe_at for one in self.stopped(now) if one.probe_at), default=None)

    def take_over(self, before: Sides) -> None:
        """Stand in the place of another one: what it knows of the instances is known, but they are met anew."""
        self._refused = set(before._refused)
        self._held = set(before._held)
        self._checked = dict(before._checked)

    # --- what happened -------------------------------------------------------------------------------------

    def trouble(self, error: RemoteError, now: datetime) -> bool:
        """Whether an error concerns a whole side, which is then held. False: it concerns what was asked for alone."""
        side = self._side_of(error)
        if side is None:
            return False
        with self._lock:
            if not self.may_poll(side, now):
                return True
            if isinstance(error, AbsurdAnswer):
                self.brake(side, HoldReason.ABSURD, f"{error} {error.hint}".strip(), now)
                return True
            if isinstance(error, Denied):
                self.ask_again()
            if not isinstance(error, SignInFailed | Unavailable | OutcomeUnknown):
                return False
            cause: RemoteError | None = error
            if not _is_certain(error):
                cause = self._probe(side)
            if cause is None:
                return False
            self._place(self._automatic(side, cause, now, probes=0, since=now))
        return True

    def ask_again(self) -> None:
        """What an instance denied is asked for again at the next visit: it may all have been in passing. Where nothing was denied
        that costs little."""
        with self._lock:
            self._reached.clear()

    def brake(self, side: Side, reason: HoldReason, text: str, now: datetime) -> None:
        """Stop until a person has looked."""
        self._place(Hold(side.value, reason, text, now))

    def count_cancellations(self, number: int, now: datetime) -> None:
        """So many more work orders are to be canceled; with those of the last minutes, too many need a person."""
        limit = self.guard.limits.cancellations
        if number and (total := self._store.cancellations(since=now - _TOGETHER)) > limit:
            text = (
                f"{total} work orders are to be canceled within ten minutes (more than {limit} need a person). "
                "`om-fsm outbox ls` shows them. They are carried out after the release, unless Order Management wants them again."
            )
            self.brake(Side.FSM, HoldReason.CANCELLATIONS, text, now)

    def vanished(
        self, side: Side, known: Collection[str], found: Collection[str], now: datetime, what: str = "linked records"
    ) -> None:
        """Brake when too many of the records memory knows are missing from an answer. Raises Held then."""
        alarm = self.guard.vanished(side, self._systems[side].name, known, found, now, what)
        if alarm is not None:
            self.brake(side, alarm.reason, alarm.text, now)
            self.refuse(now)

    def restored(self, system: Watched, counts: Mapping[str, int], now: datetime) -> frozenset[str]:
        """Brake when several of these records (sys_id -> count of updates, as just read) went back. Raises Held then.

        Returns the few that did; in lower case."""
        compared = self.guard.compared(system, counts)
        alarm = self.guard.restored(system.name, compared)
        side = next((side for side, one in self._systems.items() if one.name == system.name), None)
        if alarm is not None and side is not None:
            self.brake(side, alarm.reason, alarm.text, now)
            self.refuse(now)
        return compared.older

    def visit(self, now: datetime, *, asked: bool = False) -> None:
        """Probe what is due, and learn of each instance what was not learned yet. `asked`: a person wants it now.

        Raises a RemoteError when an instance answers, but not what must be known of it.
        """
        if put_right(self._store.engine, now):
            self._reached.clear()
            self._checked.clear()
            self._mismatched.clear()
        self.holds.expire(now)
        with self._lock:
            for side in [side for side in self._held if self.may_poll(side, now)]:
                self._held.discard(side)
                self._systems[side].begin_gently()  # a person released it: what it asked for before is forgotten
            for side in [side for side in self._refused if self.may_poll(side, now)]:
                self._try_again(side, now)
            for one in self.stopped(now):
                self._held.add(Side(one.target))
                if one.reason.ends_by_itself and self._is_due(one, now, asked=asked):
                    self._knock(one, now)
            for side, system in self._systems.items():
                last = self._reached.get(side, _NEVER)
                if now - last >= self._probing.denied_every and (
                    self.may_poll(side, now) or self._may_match(side, now)
                ):
                    self._reach(side, system, now)
            for side, system in self._systems.items():
                if now - self._checked.get(side, _NEVER) >= self._probing.identity_every and self.may_poll(side, now):
                    self._compare(side, system, now)

    def require(self, now: datetime) -> None:
        """For a command that needs both sides: knock once more, and raise Held when that does not help."""
        self.visit(now, asked=True)
        self.refuse(now)

    def refuse(self, now: datetime) -> None:
        """Raise Held when a side is held."""
        stops = self.stopped(now)
        if stops:
            raise refusal(stops)

    # --- how -----------------------------------------------------------------------------------------------

    def _side_of(self, error: RemoteError) -> Side | None:
        return next((side for side, system in self._systems.items() if system.name == error.instance), None)

    def _is_due(self, one: Hold, now: datetime, *, asked: bool) -> bool:
        may_be_asked = one.reason not in (HoldReason.CREDENTIALS, HoldReason.THROTTLED)
        return (asked and may_be_asked) or one.probe_at is None or one.probe_at <= now

    def _try_again(self, side: Side, now: datetime) -> None:
        """Somebody released a side that had refused our credentials: they are tried once more."""
        self._refused.discard(side)
        error = self._probe(side)
        if error is not None:
            self._place(self._automatic(side, error, now, probes=0, since=now))

    def _knock(self, one: Hold, now: datetime) -> None:
        side = Side(one.target)
        if any(not other.reason.ends_by_itself for other in self.holds.of(one.target, now)):
            return
        error = self._probe(side)
        if error is not None:
            if isinstance(error, Unavailable | SignInFailed | OutcomeUnknown):
                self._change(one, self._automatic(side, error, now, probes=one.probes + 1, since=one.since))
            return
        self._refused.discard(side)
        self._held.discard(side)
        self._systems[side].begin_gently()
        self._checked.pop(side, None)  # it may have come back as another one
        lasted = int((now - one.since).total_seconds() // 60)
        for ended in self.release_automatic(side, now, f"it answers again after {lasted} minutes"):
            self.announce("released", ended)

    def release_automatic(self, side: Side, now: datetime, text: str) -> tuple[Hold, ...]:
        """End what ends by itself on a side, and try at once what waited for it."""
        ended = self.holds.lift(side.value, _BY_ITSELF, now, text)
        self._store.hasten(KINDS_OF_SIDE[side], now)
        return ended

    def _change(self, before: Hold, after: Hold) -> None:
        if before.reason is not after.reason:
            self.holds.lift(before.target, [before.reason], after.since, f"now {after.reason.value}")
        self.holds.place(after)

    def _reach(self, side: Side, system: Watched, now: datetime) -> None:
        try:
            system.reach()
        except SchemaMismatch as error:
            self._mismatched[side] = again = now + timedelta(seconds=self._probing.longest)
            self._place(Hold(side.value, HoldReason.SCHEMA, str(error), now, probe_at=again))
        except RemoteError as error:
            if not self.trouble(error, now):
                raise
        else:
            self._reached[side] = now
            for ended in self.holds.lift(side.value, [HoldReason.SCHEMA], now, "its tables and columns are found"):
                self.announce("released", ended)

    def _may_match(self, side: Side, now: datetime) -> bool:
        """Whether a side that was not as it is configured is asked again; at once after a start."""
        others = [one for one in self.holds.of(side.value, now) if one.reason is not HoldReason.SCHEMA]
        return not any(one.reason.stops_looks for one in others) and self._mismatched.get(side, now) <= now

    def _compare(self, side: Side, system: Watched, now: datetime) -> None:
        try:
            alarm = self.guard.check(side, system, now, concerns_all=lambda error: self.trouble(error, now))
        except RemoteError as error:
            if not self.trouble(error, now):
                raise
            return
        self._checked[side] = now
        if alarm is not None:
            self.brake(side, alarm.reason, alarm.text, now)

    def _probe(self, side: Side) -> RemoteError | None:
        """What is wrong with a side; None when it answers and accepts the user."""
        try:
            self._systems[side].probe()
        except (Unavailable, SignInFailed, OutcomeUnknown) as error:
            return error
        except RemoteError:
            return None  # it answers; what it denies or refuses concerns one table
        return None

    def _automatic(self, side: Side, error: RemoteError, now: datetime, *, probes: int, since: datetime) -> Hold:
        if isinstance(error, SignInFailed):
            self._refused.add(side)
        found = Hold(side.value, _reason_of(error), f"{error} {error.hint}".strip(), since, probes=probes)
        return replace(found, probe_at=self._probing.next(found, now, error.retry_after, self._chance()))

    def _place(self, new: Hold) -> None:
        if new.reason.stops_looks:
            self._held.add(Side(new.target))
        if self.holds.place(new):
            self.announce("held", new)


def _stopping(holds: Iterable[Hold]) -> tuple[Hold, ...]:
    sides = {side.value for side in Side}
    return tuple(one for one in holds if one.target in sides and one.reason.stops_looks)


def _is_certain(error: RemoteError) -> bool:
    """Whether an error says by itself that the whole instance is meant. A probe of a refused user would be one try more."""
    return isinstance(error, SignInFailed | Hibernating) or error.status == 429


def _reason_of(error: RemoteError) -> HoldReason:
    if isinstance(error, SignInFailed):
        return HoldReason.CREDENTIALS
    if isinstance(error, Hibernating):
        return HoldReason.HIBERNATING
    if error.status == 429:
        return HoldReason.THROTTLED
    return HoldReason.MAINTENANCE if error.status in _STATUS_OF_MAINTENANCE else HoldReason.UNREACHABLE
