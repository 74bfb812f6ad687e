"""Which visit answers which wish, as a table."""

from __future__ import annotations

import pytest

from connector.decide.closure import Work
from connector.decide.wishes import answers
from connector.model import Link, Origin, State, WantedWorkOrder, WorkOrderPhase

SURVEY = "Site Survey"
ENDED = State("7", "Closed Complete", WorkOrderPhase.COMPLETE)


def visit(ordinal: int, location: str = "", *, ended: bool = False) -> Work:
    """One that Field Service does not show just now, as memory has it."""
    carried, noted = {"location": location} if location else {}, ENDED if ended else None
    number = f"{location}#{ordinal}"
    origin, template = Origin.CREATED, SURVEY
    return Work(Link(number, number, "o", "d", "d", origin, "", template, ordinal, carried, noted=noted), None)


def wish(ordinal: int, location: str = "") -> WantedWorkOrder:
    return WantedWorkOrder("row", SURVEY, ordinal, location=location)


@pytest.mark.parametrize(
    ("wanted", "there", "who"),
    [
        ([], ["Bonn"], []),
        (["Bonn", "Celle"], ["Bonn", "Celle"], ["Bonn#1", "Celle#2"]),
        (["Aachen", "Bonn", "Celle"], ["Bonn", "Celle"], ["", "Bonn#1", "Celle#2"]),
        (["Aachen", "Bonn"], ["Bonn", "Celle"], ["", "Bonn#1"]),
        (["Bonn", "Aachen"], ["Bonn", "Celle"], ["Bonn#1", "Celle#2"]),
        (["Celle"], ["Bonn", "Celle"], ["Celle#2"]),
    ],
)
def test_who_is_at_a_place_stays_there_whatever_the_numbers(
    wanted: list[str], there: list[str], who: list[str]
) -> None:
    wishes = [wish(at, place) for at, place in enumerate(wanted, 1)]
    work = [visit(at, place) for at, place in enumerate(there, 1)]
    found = answers(wishes, work, 1, frozenset())
    assert [one.link.work_order_number if one else "" for one in found] == who


@pytest.mark.parametrize(
    ("wanted", "ended", "who"),
    [(3, 0, ["#1", "#2", "#3"]), (2, 0, ["#1", "#2"]), (2, 1, ["#1", "#2"]), (2, 3, ["#1", "#3"]), (1, 3, ["#3"])],
)
def test_where_fewer_are_wanted_what_was_done_stays_though_it_is_not_shown(
    wanted: int, ended: int, who: list[str]
) -> None:
    work = [visit(number, ended=number == ended) for number in (1, 2, 3)]
    found = answers([wish(number) for number in range(1, wanted + 1)], work, 1, frozenset())
    assert [one.link.work_order_number for one in found if one] == who


def test_who_stayed_answers_the_wish_at_every_later_look() -> None:
    stayed = visit(3)
    assert answers([wish(1)], [stayed], 2, frozenset()) == [stayed]
    assert answers([wish(1), wish(2)], [stayed], 3, frozenset()) == [stayed, None]
    assert answers([wish(1), wish(3)], [stayed], 3, frozenset()) == [None, stayed]
