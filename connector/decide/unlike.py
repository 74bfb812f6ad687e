"""What readers were told last about a work order that does not say what its order says, and is left as it is. Pure.

These notes are numbered, from the last update of the work order on (which is told itself), and each carries a token of what it
speaks of. So it is known whether the last one still holds, whatever became of memory: what is taken back and asked for again is
told again.

situation of a work order                                     | plan
--------------------------------------------------------------+-----------------------------------------------
it is left as it is, and the last note says just that         | nothing
the same, and the last note speaks of something else, or none | note
  was ever written                                            |
it agrees with its order, and the last note says otherwise    | note, in a few words
the last note did not leave yet, or was refused, and does not | withdraw it; then as if it had never been intended
  hold any more                                               |
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from connector.mapping import notes
from connector.mapping.marks import token_of, unlike_key
from connector.model import Case, WriteNote

if TYPE_CHECKING:
    from connector.decide.closure import Work
    from connector.decide.draft import Draft
    from connector.model import AnyInitiator, Link

_AGREES = "agrees"


def tell(draft: Draft, initiator: AnyInitiator, link: Link, what: str, text: str) -> None:
    """Say that it is left as it is, and why. `what` tells one such situation from another."""
    number = _last(draft, link)
    while not _speaks_of(draft, link, number, what):
        intent = draft.intent(_key(link, number)) if number else None
        if intent is None or not intent.state.may_be_withdrawn:
            tell_next(draft, initiator, link, text, what)
            return
        draft.withdraw(intent)
        number -= 1


def tell_next(draft: Draft, initiator: AnyInitiator, link: Link, text: str, *what: str) -> None:
    """Say it after whatever was said before, be it still to be written. It may be known by more than one thing it speaks of."""
    number = _last(draft, link) + 1
    carries = tuple(token_of(_key(link, number, one)) for one in what)
    record = initiator.noted_on
    draft.note(_key(link, number), record, draft.counted(text, record), carries)


def is_told(draft: Draft, link: Link, what: str) -> bool:
    """Whether the last note says just this."""
    return _speaks_of(draft, link, _last(draft, link), what)


def is_newer_than_memory(draft: Draft, link: Link) -> bool:
    """Whether memory does not know of the last note: it was lost, or put back to an old copy."""
    token = token_of(_key(link, _last(draft, link)))
    return token in draft.seen.tokens.get(link.domain_order_id, ()) and token not in draft.memory.intents


def is_told_unlike(draft: Draft, link: Link) -> bool:
    """Whether the last note says that it is left as it is, for whatever reason."""
    return not is_told(draft, link, _AGREES)


def tell_agreement(draft: Draft, initiator: AnyInitiator, work: Work) -> None:
    """It says what its order says, be it that a change was taken back, or that somebody entered it in Field Service."""
    if work.found is not None and is_told_unlike(draft, work.link) and not draft.is_updating(work.link.work_order_id):
        of = "case" if isinstance(initiator, Case) else "order"
        tell(draft, initiator, work.link, _AGREES, notes.agrees(work.found, of))


def _last(draft: Draft, link: Link) -> int:
    """How many of these notes there are since the last update."""
    return next(number for number in count() if draft.intent(_key(link, number + 1)) is None)


def _speaks_of(draft: Draft, link: Link, number: int, what: str) -> bool:
    """Whether the note with this number speaks of this. Before the first one all agrees."""
    intent = draft.intent(_key(link, number)) if number else None
    if intent is None:
        return what == _AGREES
    token = token_of(_key(link, number, what))
    return draft.is_recovered(token) or (isinstance(intent.action, WriteNote) and token in intent.action.carries)


def _key(link: Link, number: int, what: str = "") -> str:
    return unlike_key(link.work_order_id, link.updates, number, what)
