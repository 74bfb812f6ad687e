"""One outbox entry with everything a person needs to judge it: what was tried, what came back, and what happens next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from connector.engine import codec
from connector.engine.holds import Holds
from connector.engine.tables import attempt, outbox
from connector.errors import NotFound
from connector.model import IntentState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connector.engine.hold import Hold
    from connector.model import Action


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try that did not succeed at once. `requests` are those that write: method, url, body, status, answer, transaction.

    Of one that was begun and of which nobody knows how it ended (the process died, or is still at it) the outcome is "sending",
    and `wrote` is what it was about to write.
    """

    at: datetime
    outcome: IntentState
    text: str
    requests: tuple[dict[str, Any], ...]
    wrote: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Letter:
    """One entry of the outbox."""

    id: int
    order_number: str
    state: IntentState
    action: Action | None
    key: str
    created_at: datetime
    settled_at: datetime | None
    tries: int
    error: str
    transaction: str
    attempts: tuple[Attempt, ...]
    next: str  # what will happen, and when, in words


def letter(database: sa.Engine, entry_id: int, now: datetime) -> Letter:
    """The entry with this id. Raises NotFound."""
    with database.connect() as connection:
        row = connection.execute(sa.select(outbox).where(outbox.c.id == entry_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no write {entry_id}.", hint="`om-fsm outbox ls` lists those that wait.")
        tried = connection.execute(
            sa.select(attempt).where(attempt.c.outbox_id == entry_id).order_by(attempt.c.id)
        ).all()
    action, strange = codec.try_action(row.kind, row.document)
    return Letter(
        id=row.id,
        order_number=row.order_number,
        state=IntentState(row.state),
        action=action,
        key=row.key,
        created_at=row.created_at,
        settled_at=row.settled_at,
        tries=row.attempts,
        error=row.error or strange,
        transaction=row.transaction_id,
        attempts=tuple(_attempt(t, action) for t in tried),
        next=what_next(row, Holds(database).all(now)),
    )


_BEGUN = "begun, and no answer was recorded: the process ended meanwhile, or is still at it. What it writes, if it came so far:"
_IN_WORDS = {"template": "template", "text": "work_notes", "reason": "work_notes", "flag": "work_notes", "end": "planned end",
             "code": "resolution code", "close_notes": "close notes", "summary": "short_description"}  # fmt: skip


def _attempt(tried: Any, action: Action | None) -> Attempt:
    outcome = IntentState(tried.outcome)
    if outcome is not IntentState.SENDING:
        return Attempt(tried.at, outcome, tried.text, tuple(tried.requests))
    return Attempt(tried.at, outcome, _BEGUN, (), _what_it_says(action))


def _what_it_says(action: Action | None) -> dict[str, str]:
    """What an action writes, as far as that is decided before it is carried out: references by name, marks by their key."""
    said = dict(getattr(action, "fields", {}))
    said |= {words: str(getattr(action, name)) for name, words in _IN_WORDS.items() if getattr(action, name, "")}
    return {**said, "mark": getattr(action, "key", "")}


def what_next(row: Any, holds: tuple[Hold, ...]) -> str:
    """What will happen to an outbox row, and when."""
    when = row.not_before.strftime("%Y-%m-%d %H:%M:%S UTC")
    state = IntentState(row.state)
    for hold in holds:
        side = next((s.value for s, kinds in codec.KINDS_OF_SIDE.items() if row.kind in kinds), "")
        if state.is_open and (
            hold.target in (side, row.order_number) or (hold.reason.stops_looks and hold.is_of_a_side)
        ):
            return f"Nothing while {hold.target} is held ({hold.reason.value}). {hold.way_out}"
    match state:
        case IntentState.PENDING:
            return (
                f"It is sent at the next look, not before {when}; unless the order does not want it any more by then."
            )
        case IntentState.SENDING | IntentState.UNKNOWN:
            return f"It is looked up, not before {when}; only when it is surely not there is it decided or sent again."
        case IntentState.PARKED:
            return (
                f"Nothing until a person decides: `om-fsm outbox retry {row.id}` looks it up first and can double nothing, "
                f"`om-fsm outbox drop {row.id}` gives it up."
            )
        case IntentState.DONE | IntentState.WITHDRAWN:
            return "Nothing more."
