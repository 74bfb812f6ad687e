"""README promise: where it is wanted, a burst of notes is told as one; the first of them waits no longer than said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.scenarios.test_notes_both_ways import close_journals, field_notes, said, visited, with_notes, write

if TYPE_CHECKING:
    from tests.conftest import Pair

WINDOW = 300


@pytest.fixture
def waiting(pair: Pair) -> Pair:
    with_notes(pair, digest_seconds=WINDOW)
    return pair


def passes(pair: Pair, seconds: float, every: float = 60) -> None:
    """The connector looks again and again for a while."""
    for _ in range(int(seconds // every)):
        pair.world.advance(every)
        pair.sync()


@pytest.mark.parametrize("closed", [False, True], ids=["journal readable", "journal closed"])
def test_a_burst_becomes_one_note_when_its_window_ends(waiting: Pair, *, closed: bool) -> None:
    if closed:
        close_journals(waiting)
    domain_order, install = visited(waiting)
    for text in ("first word", "second word", "third word"):
        write(waiting, "fsm", install, text, "technician")
        write(waiting, "om", domain_order, f"answer to the {text}", "fulfillment_agent")
        waiting.sync()
        waiting.world.advance(60)
    assert (said(waiting.notes(domain_order), "word"), said(field_notes(waiting, install), "answer")) == ([], [])
    passes(waiting, 240)
    [digest], [answers] = said(waiting.notes(domain_order), "first word"), said(field_notes(waiting, install), "answer")
    assert digest.startswith("3 new notes in Field Service:\n")
    assert answers.startswith("3 new notes in Order Management:\n")
    passes(waiting, 900)
    assert len(said(waiting.notes(domain_order), "word")) == 1
    assert len(said(field_notes(waiting, install), "answer")) == 1


def test_nothing_but_the_clock_brings_the_look_at_the_end_of_the_window(waiting: Pair) -> None:
    domain_order, install = visited(waiting)
    waiting.world.advance(1000)
    waiting.settle()
    write(waiting, "fsm", install, "alone", "technician")
    waiting.sync()
    passes(waiting, 240)
    assert said(waiting.notes(domain_order), "alone") == []
    passes(waiting, 120)
    assert len(said(waiting.notes(domain_order), "alone")) == 1


def test_a_note_that_keeps_getting_company_does_not_wait_longer(waiting: Pair) -> None:
    domain_order, install = visited(waiting)
    for number in range(12):  # one a minute
        write(waiting, "fsm", install, f"attempt {number}.", "technician")
        waiting.sync()
        waiting.world.advance(60)
    told = said(waiting.notes(domain_order), "attempt")
    assert [note.count("attempt") for note in told] == [5, 5]
    assert "attempt 0." in told[0] or "earlier" in told[0]


def test_what_is_written_about_a_visit_that_is_over_does_not_wait(waiting: Pair) -> None:
    domain_order, install = visited(waiting)
    write(waiting, "fsm", install, "all lamps green", "technician")
    waiting.sync()
    assert said(waiting.notes(domain_order), "lamps") == []
    for do in ("accept", "start", "complete"):
        waiting.fsm(do, work_order=install)
    waiting.sync()
    assert len(said(waiting.notes(domain_order), "lamps")) == 1


def test_a_restart_or_a_lost_memory_within_the_window_loses_nothing_and_doubles_nothing(waiting: Pair) -> None:
    domain_order, install = visited(waiting)
    write(waiting, "fsm", install, "kept in mind", "technician")
    waiting.sync()  # each pass is a process of its own
    waiting.forget()
    passes(waiting, 240)
    assert said(waiting.notes(domain_order), "kept in mind") == []
    passes(waiting, 900)
    assert len(said(waiting.notes(domain_order), "kept in mind")) == 1


def test_without_a_window_every_look_tells_what_is_new(pair: Pair) -> None:
    domain_order, install = visited(pair)
    for text in ("first word", "second word"):
        write(pair, "fsm", install, text, "technician")
        pair.sync()
        pair.world.advance(60)
    assert len(said(pair.notes(domain_order), "word")) == 2
