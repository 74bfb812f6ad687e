"""Memory's values as JSON and back. The shapes are those of `connector.model`, checked when they are read."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter

from connector.engine.hold import Side
from connector.model import (
    Action,
    BindWorkOrder,
    CancelWorkOrder,
    CreateWorkOrder,
    IntentState,
    Link,
    RaiseFallout,
    ReopenDomainOrder,
    ResolveCase,
    SetPonr,
    SettleFallout,
    UpdateWorkOrder,
    Verdict,
    WarnDispatcher,
    WriteFieldNote,
    WriteNote,
    WritePlannedEnd,
)

T = TypeVar("T")

_ACTIONS: dict[str, TypeAdapter[Any]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (
        *(CreateWorkOrder, UpdateWorkOrder, CancelWorkOrder, BindWorkOrder, WriteFieldNote, WarnDispatcher),
        *(WriteNote, ReopenDomainOrder, ResolveCase, SetPonr, WritePlannedEnd, RaiseFallout, SettleFallout),
    )
}
OPEN = [state.value for state in IntentState if state.is_open]
WAITING = [*OPEN, IntentState.PARKED.value]
"""States of writes as they are stored: those not settled, and those with the ones a person must see to."""
KINDS_OF_SIDE: dict[Side, frozenset[str]] = {
    Side.FSM: frozenset(
        kind.__name__
        for kind in (CreateWorkOrder, UpdateWorkOrder, CancelWorkOrder, BindWorkOrder, WriteFieldNote, WarnDispatcher)
    ),
    Side.OM: frozenset(
        kind.__name__
        for kind in (WriteNote, ReopenDomainOrder, ResolveCase, SetPonr, WritePlannedEnd, RaiseFallout, SettleFallout)
    ),
}
"""Which actions write to which side."""

_LINK = TypeAdapter(Link)
_VERDICT = TypeAdapter(Verdict)


def kind_of(action: Action) -> str:
    """The name an action has in the outbox."""
    return type(action).__name__


_VERBS: dict[type[Action], str] = {
    CreateWorkOrder: "create",
    UpdateWorkOrder: "update",
    CancelWorkOrder: "cancel",
    WriteNote: "note",
    WriteFieldNote: "note",
    ReopenDomainOrder: "reopen",
    ResolveCase: "resolve",
    SetPonr: "set ponr",
    WritePlannedEnd: "plan",
    WarnDispatcher: "warn",
    RaiseFallout: "raise fallout",
    SettleFallout: "settle fallout",
}


def verb_of(action: Action) -> str:
    """What an action does, in a word, for histories."""
    if isinstance(action, BindWorkOrder):
        return "detach" if action.detaches else "adopt"
    return _VERBS[type(action)]


def dump_action(action: Action) -> dict[str, Any]:
    """An action as plain JSON values."""
    return dict(_ACTIONS[kind_of(action)].dump_python(action, mode="json"))


def load_action(kind: str, document: Any) -> Action:
    """The action behind an outbox row. Raises ValueError when it is not understood, be it that a newer version wrote it."""
    if kind not in _ACTIONS:
        raise ValueError(f"this version knows no {kind}")
    action: Action = _ACTIONS[kind].validate_python(document)
    return action


def try_action(kind: str | None, document: Any) -> tuple[Action | None, str]:
    """For whoever only shows it: the action, or none and why not. No value of a record is quoted."""
    try:
        return (load_action(kind, document) if kind else None), ""
    except ValueError:
        return None, f"This version of the connector does not understand this write ({kind}); the order is left alone."


def dump_link(link: Link) -> dict[str, Any]:
    """A link as plain JSON values."""
    return dict(_LINK.dump_python(link, mode="json"))


def load_link(document: Any) -> Link:
    """The link behind a row."""
    return _LINK.validate_python(document)


def dump_verdict(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain JSON values."""
    return dict(_VERDICT.dump_python(verdict, mode="json"))


def load_verdict(document: Any) -> Verdict:
    """The verdict behind a row."""
    return _VERDICT.validate_python(document)
