"""An order task that was finished and that a revision opens again ("redo"): its visit was made for what was wanted then. Pure.

That a task was finished after its visit is remembered with the version of the order at which it was seen first: opened again at
a later one, it is visited once more, and at the same one it is not, because somebody corrected a mistake. Should memory be
lost in between, or the task be finished and opened again between two looks, nobody is sent by himself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.again import key_of_next
from connector.decide.stance import is_in_question
from connector.model import DomainOrderPhase, Initiator

if TYPE_CHECKING:
    from connector.decide.closure import Work
    from connector.decide.draft import Draft
    from connector.model import AnyInitiator


def remember_finished(draft: Draft, initiator: AnyInitiator, work: Work) -> None:
    """The task was finished after this end of its visit. What is being assessed belongs to no version yet."""
    if not isinstance(initiator, Initiator) or initiator.task is None or not _is_told_as_over(work):
        return
    version = draft.version - is_in_question(initiator)
    if initiator.phase is DomainOrderPhase.CLOSED and not _was_finished_before(draft, work, version + 1):
        draft.remember_over(_key(work, version))


def key_of_redo(draft: Draft, initiator: AnyInitiator, work: Work) -> str:
    """The key of the visit in the place of this one, for the task that is to be done once more; empty where none is."""
    if not isinstance(initiator, Initiator) or initiator.task is None or not _is_told_as_over(work):
        return ""
    is_redone = initiator.phase is DomainOrderPhase.OPEN and _was_finished_before(draft, work, draft.version)
    return key_of_next(work.link) if is_redone else ""


def _is_told_as_over(work: Work) -> bool:
    """Whether its present end is the one its last note told: that end makes the key."""
    told = work.found is not None and work.is_told
    return told and work.end is not None and not work.link.withdrawn and bool(key_of_next(work.link))


def _was_finished_before(draft: Draft, work: Work, version: int) -> bool:
    return any(draft.intent(_key(work, earlier)) is not None for earlier in range(version))


def _key(work: Work, version: int) -> str:
    return f"finished/{key_of_next(work.link)}/{version}"
