"""What a fallout says: cause and fix in words, and what it can be about. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.marks import OWNER
from connector.mapping.notes import harmless
from connector.model import FindingCode

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST = 1500  # characters of a cause

_CAUSE_AND_FIX: Mapping[FindingCode, tuple[str, str]] = {
    FindingCode.WRITE_PARKED: (
        "a write was refused",
        "Mend what is named, then `om-fsm outbox retry`; it is looked up first and cannot double anything.",
    ),
    FindingCode.NOT_APPLIED: (
        "the work order does not say all that the order says",
        "Put right what is named, agree with the dispatcher how the visit learns of it, or let the connector's user write these"
        " columns.",
    ),
    FindingCode.NOT_CANCELED: (
        "the visit could not be canceled",
        "Cancel it in Field Service, let it be carried out, or undo what was done.",
    ),
    FindingCode.PAST_PONR: (
        "a change came past the point of no return",
        "Agree with the dispatcher, or take the change back in the order.",
    ),
    FindingCode.CHANGE_WAITS: ("a change waits for a decision", "Agree with the dispatcher what follows."),
    FindingCode.REOPEN_REFUSED: (
        "it was closed too early and could not be reopened",
        "Reopen it, or see that its work orders are completed.",
    ),
    FindingCode.CANCELED_IN_FIELD: (
        "the visit was canceled in the field",
        "Ask for another visit (`om-fsm work-order create`), or release the gate in a work note.",
    ),
    FindingCode.CLOSED_INCOMPLETE: (
        "the visit was closed incomplete",
        "Have it completed by a follow-on, ask for another visit, or release the gate in a work note.",
    ),
}
FALLOUT_KINDS = tuple(_CAUSE_AND_FIX)
"""What a fallout can be about."""


SETTLED_TEXT = f"{OWNER}: settled, what this fallout is about no longer holds."
"""For the readers of a fallout that is over."""


def summary(subject: str, code: FindingCode) -> str:
    """The short description of a fallout."""
    return f"{harmless(subject)}: {_CAUSE_AND_FIX[code][0]}"


def description(text: str, code: FindingCode) -> str:
    """Cause and fix."""
    return f"Cause: {harmless(text, _LONGEST).rstrip('.')}. Fix: {_CAUSE_AND_FIX[code][1]}"
