"""Work notes: what order agents read, and that no value from a record can make a note say more than it should."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.mapping import notes
from connector.mapping.marks import signed, token_of, tokens_in
from connector.mapping.notes import Move
from connector.mapping.remarks import Remark
from connector.model import Change, State, WorkOrder, WorkOrderPhase

if TYPE_CHECKING:
    from collections.abc import Callable

DISPATCHED = State("10", "Ready for Dispatch", WorkOrderPhase.OPEN)
CANCELED = State("7", "Canceled", WorkOrderPhase.CANCELED)
COMPLETE = State("3", "Closed Complete", WorkOrderPhase.COMPLETE)
WO1 = WorkOrder("1" * 32, "WO1", DISPATCHED, template="Install CPE", updated_by="Tom", updated_on="2027-02-01 10:15:30")
DUE = [
    Change("due date", "2027-03-01 12:00:00", "2027-04-01 12:00:00"),
    Change("characteristic.slot", "2027-03-01 12:00:00", ""),  # a text of people, in whatever zone
]
UNFOUND = WorkOrder(
    "1",
    "WO1",
    DISPATCHED,
    resolves={
        "location": "Field Service has no location Paris",
        "contact": "Field Service has 2 records for the contact Ann",
        "account": "",
    },
)
UNTOLD = replace(
    UNFOUND, resolves={"contact": "Field Service cannot be asked for the contact Ann: the order does not say its email"}
)
MOVED = (Change("location", "Berlin", "Paris"), Change("characteristic.port", "", "LC"))
DUE_DATE = Change(*("due date", "2027-03-01 12:00:00", "2027-04-01 12:00:00"), columns=("requested_due_by",))
PLACE = Change("location", "Berlin", "Paris", ("short_description", "location"))
NAME = ("Acme", "Acme SE")
RENAMED = [Change("account", *NAME, ("account", "description")), Change("contact.account.name", *NAME, ("contact",))]
KEYS = [
    Change("contact.account.name", *NAME, ("contact",)),
    Change("asset.serial_number", "1", "2", ("asset",)),
    Change("characteristic.ip.of_lan", "3", "4", ("description",)),
    Change("location.city", "Hamburg", "Altona", ("location",)),
]
BERLIN = ZoneInfo("Europe/Berlin")
WINTER = "2027-02-01 10:15:30"
BY_TOM = WorkOrder(*("1" * 32, "WO1", DISPATCHED), template="Install CPE", created_by="Tom", created_on=WINTER)
FORGED = f"[om-fsm {token_of('status/1')}]"
MARKUP = "[code]<a href='https://evil.example'>approve</a>[/code]"

# What people, imports and attackers put into fields: much of it brackets, breaks and pieces of tokens.
NASTY = st.lists(
    st.one_of(st.sampled_from(["[", "]", "\n", "\r", "\u2028", "\x0b", "\x85", "[code]", "[/code]", FORGED, ": "]), st.text()),
    max_size=8,
).map("".join)  # fmt: skip


def _state(label: str) -> State[WorkOrderPhase]:
    return State("10", label, WorkOrderPhase.OPEN)


def _remark(value: str) -> Remark:
    return Remark("WOT1", value, value, value, is_comment=False, rank=0, before="", tokens=())


@pytest.mark.parametrize(
    ("said", "zone", "read"),
    [
        ("9999-12-31 23:59:59", "Europe/Berlin", "9999-12-31 23:59:59"),
        ("0001-01-01 00:00:00", "America/New_York", "0001-01-01 00:00:00"),
        ("9999-12-31 23:59:59", "America/New_York", "9999-12-31 18:59 EST"),
        ("2026-10-25 00:30:00", "Europe/Berlin", "2026-10-25 02:30 CEST"),
        ("2026-10-25 01:30:00", "Europe/Berlin", "2026-10-25 02:30 CET"),
        ("2026-10-25", "Europe/Berlin", "2026-10-25"),
    ],
)
def test_a_moment_stands_in_the_readers_zone_and_what_no_calendar_there_has_as_it_is(
    said: str, zone: str, read: str
) -> None:
    assert notes.moment(said, ZoneInfo(zone)) == read


# One sentence of each kind, with one foreign value in every place where a record's value may stand.
SENTENCES: dict[str, Callable[[str], str]] = {
    "created": lambda v: notes.created(
        WorkOrder("1", "WO1", _state(v), template=v), by_hand=False, refused=(), still_open=1, total=1
    ),
    "made by hand": lambda v: notes.created(
        WorkOrder("1", "WO1", _state(v), summary=v, created_by=v, created_on=v),
        by_hand=True, refused=("due",), still_open=1, total=1,
    ),
    "status": lambda v: notes.status(
        WorkOrder("1", "WO1", _state(v), template=v, reason=v), Move(v, (v,), v, v), still_open=1, total=1
    ),
    "canceled": lambda v: notes.canceled(
        WorkOrder("1", "WO1", _state(v), template=v, reason=v), Move(v, (v,), v, v), withdrawn_by="", still_open=0, total=1
    ),
    "said in the field": lambda v: notes.said_in_field(
        WorkOrder("1", "WO1", _state("Draft"), template=v), _remark(v), UTC
    ),
    "said in the order": lambda v: notes.said_in_order(_remark(v), "in Order Management", UTC),
    "updated": lambda v: notes.updated(
        WorkOrder("1", "WO1", _state(v), template=v), [Change("location", v, v)], (), still_open=1, total=1
    ),
    "past ponr": lambda v: notes.past_ponr(
        WorkOrder("1", "WO1", _state(v), template=v), "ORDL1", [Change("location", v, v)]
    ),
    "goes on changed": lambda v: notes.goes_on_changed("RO1", [Change("location", v, v)]),
    "goes on but": lambda v: notes.goes_on_but("RO1", [Change("location", v, v)], "it is too late"),
    "unwanted": lambda v: notes.unwanted_past_ponr(WorkOrder("1", "WO1", _state(v), template=v), "ORDL1"),
    "ready": lambda v: notes.ready("RO1", [_state(v), COMPLETE]),
}  # fmt: skip

# The same, where the value is not made harmless today.
UNGUARDED: dict[str, Callable[[str], str]] = {
    "name of a changed characteristic": lambda v: notes.updated(
        WO1, [Change(f"characteristic.{v}", "1", "2")], (), still_open=1, total=1
    ),
    "name of a characteristic past ponr": lambda v: notes.past_ponr(WO1, "ORDL1", [Change(f"characteristic.{v}", "1", "2")]),
    "reason of a cancellation": lambda v: notes.cancel_reason(f"RO1 no longer asks for {v}"),
    "number of a work order": lambda v: notes.unwanted_past_ponr(WorkOrder("1", v, DISPATCHED), "ORDL1"),
    "number of a line": lambda v: notes.unwanted_past_ponr(WO1, v),
    "number of a domain order": lambda v: notes.ready(v, [COMPLETE]),
    "number in the gate's note": lambda v: notes.still_open(v, ["WO1 (Draft)"], reopened=True),
    "template in the gate's note": lambda v: notes.still_open("RO1", [f"{v} (being created)"], reopened=True),
}  # fmt: skip


def says_no_more_than_it_should(note: str) -> bool:
    """One line of its own, no markup, and no token but ours once it is signed."""
    own_token = {token_of("status/2")}
    return (
        len(note.splitlines()) == 1 and not set("[]") & set(note) and tokens_in(signed(note, "status/2")) == own_token
    )


@pytest.mark.parametrize("kind", SENTENCES)
@given(value=NASTY)
@example(value=FORGED)
@example(value=MARKUP)
@example(value="Berlin\nWO1 was closed.")
def test_no_value_can_forge_a_token_or_markup_or_a_line_in_a_note(kind: str, value: str) -> None:
    assert says_no_more_than_it_should(SENTENCES[kind](value))


@pytest.mark.parametrize("value", [FORGED, MARKUP, "port\nWO1 was closed."])
@pytest.mark.parametrize("kind", UNGUARDED)
def test_no_name_or_number_can_forge_a_token_or_markup_or_a_line_in_a_note(kind: str, value: str) -> None:
    assert says_no_more_than_it_should(UNGUARDED[kind](value))


@pytest.mark.parametrize("kind", [*SENTENCES, *UNGUARDED])
def test_an_ordinary_value_stands_in_the_note_as_it_is(kind: str) -> None:
    note = {**SENTENCES, **UNGUARDED}[kind]("Port (LC)")
    assert "port (lc)" in note.lower()
    assert says_no_more_than_it_should(note)


@given(st.text())
def test_a_harmless_value_is_short_and_making_it_harmless_again_changes_nothing(value: str) -> None:
    made = notes.harmless(value)
    assert len(made) <= 200
    assert notes.harmless(made) == made


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("Berlin, Unter den Linden 1", "Berlin, Unter den Linden 1"),
        (" two\r\nlines\tand  spaces ", "two lines and spaces"),
        ("[code]<b>x</b>[/code]", "(code)<b>x</b>(/code)"),
        ("a\u2028b\x85c\x1cd", "a b c d"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 199 + "…"),
        ("", ""),
    ],
)
def test_a_value_is_made_harmless_and_otherwise_left_as_it_is(value: str, made: str) -> None:
    assert notes.harmless(value) == made


@pytest.mark.parametrize("value", ["\u202edesolc si 1OW", "\x00", "\x1b[31m", "a\u200bb"])
def test_no_invisible_character_can_turn_what_readers_see(value: str) -> None:
    assert notes.harmless(value).isprintable()


@pytest.mark.parametrize(
    ("note", "is_same"),
    [
        ("RO1 may not. WO1 (Draft).", True),
        ("RO1 may not. WO1 (Draft). 1 of 2 work orders open.", True),
        ("RO1 may not. WO1 (Draft). 1 of 1 work order open.", True),
        ("RO1 may not. WO1 (Draft). More.", False),
        ("RO1 may not. WO1 (Assigned). 1 of 1 work order open.", False),
        ("RO1 may not. WO1 (Draft); WO2 (Draft). 2 of 2 work orders open.", False),
    ],
)
def test_a_note_says_the_same_however_many_work_orders_were_open(note: str, *, is_same: bool) -> None:
    assert notes.says(note, "RO1 may not. WO1 (Draft).") is is_same


def test_a_note_about_very_many_changes_stays_readable() -> None:
    changes = [Change(f"characteristic.c{n}", "x" * 200, "y" * 200) for n in range(200)]
    assert len(notes.updated(WO1, changes, (), still_open=1, total=1)) <= 4000


@pytest.mark.parametrize(
    ("note", "text"),
    [
        (
            notes.created(WO1, by_hand=False, refused=(), still_open=1, total=1),
            "WO1 Install CPE was created in Field Service: Ready for Dispatch. 1 of 1 work order open.",
        ),
        (
            notes.created(WO1, by_hand=True, refused=("requested_due_by", "account"), still_open=2, total=3),
            "WO1 Install CPE was made by hand in Field Service: Ready for Dispatch. 2 of 3 work orders open."
            " Field Service did not take: requested due by, account.",
        ),
        (
            notes.created(UNFOUND, by_hand=False, refused=("location", "contact", "priority"), still_open=1, total=1),
            "WO1 was created in Field Service: Ready for Dispatch. 1 of 1 work order open. Field Service did not take: priority."
            " Field Service has no location Paris. Field Service has 2 records for the contact Ann. Please make or correct them"
            " there; until then the work order does not name them.",
        ),
        (
            notes.created(UNTOLD, by_hand=False, refused=("contact",), still_open=1, total=1),
            "WO1 was created in Field Service: Ready for Dispatch. 1 of 1 work order open. Field Service cannot be asked for the"
            " contact Ann: the order does not say its email. Please put it right; until then the work order does not name it.",
        ),
        (
            notes.not_created("Install CPE", "RO1", "", unfound="Field Service has no location Paris."),
            "Install CPE for RO1 is not arranged yet: Field Service has no location Paris. Please make or correct it there, and"
            " ask whoever looks after the connector to try again.",
        ),
        (
            notes.not_created("Install CPE", "RO1", "it says 'Closed'"),
            "Install CPE for RO1 is not arranged yet: Field Service did not create the work order, it says 'Closed'. Whoever"
            " looks after the connector must see to it.",
        ),
        (
            notes.not_created("Install CPE", "RO1", ""),
            "Install CPE for RO1 is not arranged yet: Field Service did not create the work order. Whoever looks after the"
            " connector sees why, and must see to it.",
        ),
        (
            notes.cancel_refused(UNFOUND, ""),
            "WO1 is no longer asked for, but Field Service did not cancel it, and whoever looks after the connector sees why. It"
            " is still Ready for Dispatch, and the connector does not try again by itself: please cancel it in Field Service, or"
            " let it be carried out.",
        ),
        (
            notes.status(WO1, Move("Draft", (), "Tom", "2027-02-01 10:15:30"), still_open=1, total=2),
            "WO1 Install CPE: Draft -> Ready for Dispatch by Tom, 2027-02-01 10:15 UTC. 1 of 2 work orders open.",
        ),
        (
            notes.status(WO1, Move("Draft", ("Qualified", "Scheduled"), "Tom", WINTER, BERLIN), still_open=1, total=2),
            "WO1 Install CPE: Draft -> Qualified -> Scheduled -> Ready for Dispatch by Tom, 2027-02-01 11:15 CET."
            " 1 of 2 work orders open.",
        ),
        (
            notes.status(WorkOrder("1", "WO1", DISPATCHED), Move("Draft"), still_open=1, total=1),
            "WO1: Draft -> Ready for Dispatch. 1 of 1 work order open.",
        ),
        (
            notes.said_in_field(WO1, Remark("WOT1", "Frank Miller", "nobody\nhome", WINTER, False, 0, "", ()), BERLIN),
            "WO1 Install CPE, Frank Miller, 2027-02-01 11:15 CET: nobody home",
        ),
        (
            notes.said_in_order(
                Remark("RO1", "Omar Haddad", "the code is 1234", "01.07.2027 10:15", False, 0, "", ()),
                "in Order Management",
                BERLIN,
            ),
            "RO1 in Order Management, Omar Haddad, 01.07.2027 10:15: the code is 1234",
        ),
        (
            notes.said_in_field(WO1, Remark("WO1", "Frank", "we come at 10", "2027-07-01 10:15:30", True, 0, "", ()), BERLIN),
            "WO1 Install CPE, Frank to the customer, 2027-07-01 12:15 CEST: we come at 10",
        ),
        (notes.digest(["WO1, Frank: a"], 0, "in Field Service"), "WO1, Frank: a"),
        (
            notes.digest(["WO1, Frank: a", "WO1, Frank: b"], 0, "in Field Service"),
            "2 new notes in Field Service:\nWO1, Frank: a\nWO1, Frank: b",
        ),
        (
            notes.digest(["WO1, Frank: a", "WO1, Frank: b"], 7, "in Field Service"),
            "9 new notes in Field Service (7 earlier ones are there):\nWO1, Frank: a\nWO1, Frank: b",
        ),
        (
            notes.canceled(WorkOrder("1", "WO1", CANCELED), Move("Assigned"), withdrawn_by="order", still_open=0, total=1),
            "WO1 was canceled because the order no longer asks for it (was Assigned). 0 of 1 work order open.",
        ),
        (
            notes.made_anew(WorkOrder("1", "WO1", CANCELED), Move("Assigned"), MOVED[:1], still_open=1, total=2),
            "WO1 was canceled (was Assigned), because the order was changed and the visit is made anew: location: Berlin ->"
            " Paris. A new work order follows. 1 of 2 work orders open.",
        ),
        (
            notes.made_anew(WorkOrder("1", "WO1", CANCELED), Move("Assigned"), (), "WO2", still_open=1, total=2),
            "WO1 was canceled (was Assigned), because the order was changed and the visit is made anew."
            " WO2 takes its place. 1 of 2 work orders open.",
        ),
        (
            notes.cancel_refused(WO1, "the connector's user has no permission", MOVED[:1]),
            "WO1 Install CPE is to be made anew (location: Berlin -> Paris), but Field Service did not cancel it: the connector's"
            " user has no permission. It is still Ready for Dispatch, and the connector does not try again by itself: please"
            " cancel it in Field Service, or let it be carried out; the new one is made when it is canceled.",
        ),
        (
            notes.updated(WO1, DUE, (), zone=ZoneInfo("Europe/Berlin"), still_open=1, total=1),
            "WO1 Install CPE was updated after a change of the order: due date: 2027-03-01 13:00 CET -> 2027-04-01 14:00 CEST;"
            " slot: 2027-03-01 12:00:00 -> (empty). Current status: Ready for Dispatch. 1 of 1 work order open.",
        ),
        (
            notes.updated(WO1, [DUE_DATE, PLACE], ("requested_due_by",), zone=BERLIN, still_open=1, total=1),
            "WO1 Install CPE was updated after a change of the order: location: Berlin -> Paris. Current status: Ready for"
            " Dispatch. 1 of 1 work order open. Field Service did not take: requested due by (due date: 2027-03-01 13:00 CET ->"
            " 2027-04-01 14:00 CEST).",
        ),
        (
            notes.updated(WO1, [DUE_DATE], ("requested_due_by", "contact"), zone=BERLIN, still_open=1, total=1),
            "WO1 Install CPE does not follow a change of the order: due date: 2027-03-01 13:00 CET -> 2027-04-01 14:00 CEST."
            " Current status: Ready for Dispatch. 1 of 1 work order open. Field Service did not take: requested due by, contact.",
        ),
        (
            notes.updated(WO1, [PLACE], ("location",), still_open=1, total=1),  # its summary names the new place
            "WO1 Install CPE was updated after a change of the order: location: Berlin -> Paris (only in the short description)."
            " Current status: Ready for Dispatch. 1 of 1 work order open. Field Service did not take: location.",
        ),
        (
            notes.updated(WO1, RENAMED, ("account",), still_open=1, total=1),
            "WO1 Install CPE was updated after a change of the order: account: Acme -> Acme SE (only in the description)."
            " Current status: Ready for Dispatch. 1 of 1 work order open. Field Service did not take: account.",
        ),
        (
            notes.updated(WO1, KEYS, ("location",), still_open=1, total=1),
            "WO1 Install CPE was updated after a change of the order: account of the contact: Acme -> Acme SE; serial number of"
            " the asset: 1 -> 2; ip.of_lan: 3 -> 4. Current status: Ready for Dispatch. 1 of 1 work order open."
            " Field Service did not take: location (city of the location: Hamburg -> Altona).",
        ),
        (
            notes.rejected("CS1", "visit again", still_open=0, total=2),
            "CS1 was opened again after its work orders had resolved it. 0 of 2 work orders open. Nobody is sent by itself:"
            " another visit is arranged when a work note here begins with: visit again",
        ),
        (
            notes.created(BY_TOM, by_hand=True, refused=(), zone=BERLIN, still_open=1, total=1),
            "WO1 Install CPE was made by hand in Field Service by Tom, 2027-02-01 11:15 CET: Ready for Dispatch."
            " 1 of 1 work order open.",
        ),
        (
            notes.created(BY_TOM, by_hand=False, refused=(), zone=BERLIN, still_open=1, total=1),
            "WO1 Install CPE was created in Field Service: Ready for Dispatch. 1 of 1 work order open.",
        ),
        (
            notes.taken(WO1, [Change("requested_due_by", "", "2027-03-01 12:00:00")], ("contact",), still_open=1, total=1),
            "WO1 Install CPE now says what was missing: requested due by: (empty) -> 2027-03-01 12:00 UTC."
            " 1 of 1 work order open. Field Service did not take: contact.",
        ),
        (
            notes.canceled(WorkOrder("1", "WO1", CANCELED), Move("Ready for Dispatch"), withdrawn_by="", still_open=0, total=1),
            "WO1 was canceled in Field Service (was Ready for Dispatch). 0 of 1 work order open.",
        ),
        (
            notes.updated(WO1, MOVED, (), still_open=1, total=1),
            "WO1 Install CPE was updated after a change of the order: location: Berlin -> Paris; port: (empty) -> LC."
            " Current status: Ready for Dispatch. 1 of 1 work order open.",
        ),
        (
            notes.past_ponr(WO1, "ORDL1", MOVED[:1]),
            "WO1 Install CPE was not changed: ORDL1 is past its point of no return."
            " Not carried to Field Service: location: Berlin -> Paris.",
        ),
        (
            notes.goes_on("RO1"),
            "om-fsm: RO1 goes on in Order Management: this visit is wanted as it is.",
        ),
        (
            notes.goes_on_changed("RO1", MOVED[:1], check=True),
            "om-fsm: RO1 goes on in Order Management: this visit is wanted, with a change: location: Berlin -> Paris."
            " Please check the visit.",
        ),
        (
            notes.goes_on_but("RO1", MOVED[:1], "ORDL1 is past its point of no return"),
            "om-fsm: RO1 goes on in Order Management, but was changed: location: Berlin -> Paris."
            " This work order stays as it is: ORDL1 is past its point of no return.",
        ),
        (
            notes.goes_on_but("RO1", (), "Field Service did not cancel it"),
            "om-fsm: RO1 goes on in Order Management, but no longer asks for this visit."
            " This work order stays as it is: Field Service did not cancel it.",
        ),
        (
            notes.unwanted_past_ponr(WO1, "ORDL1"),
            "WO1 Install CPE is no longer asked for but was not canceled: ORDL1 is past its point of no return.",
        ),
        (
            notes.still_open("RO1", ["WO1 (Draft)", "WO2 (Assigned, Tom)"], reopened=True),
            "RO1 was reopened: it cannot be closed yet: WO1 (Draft); WO2 (Assigned, Tom).",
        ),
        (
            notes.still_open("RO1", ["WO1 (Canceled)"], [notes.undecided(WO1, "release gate", "visit again")], reopened=True),
            "RO1 was reopened: it cannot be closed yet: WO1 (Canceled). Somebody must decide about WO1: the field completes a"
            " follow-on, or a work note here begins with: release gate WO1 (nobody goes again) or with: visit again WO1 (somebody"
            " goes again).",
        ),
        (
            notes.still_open("RO1", ["WO1 (Draft)"], reopened=False),
            "RO1 should not be closed: it cannot be closed yet: WO1 (Draft).",
        ),
        (
            notes.ready("RO1", [COMPLETE]),
            "Its work order is closed (1 closed complete): RO1 is ready to be closed.",
        ),
        (
            notes.ready("RO1", [COMPLETE, CANCELED, COMPLETE]),
            "All 3 work orders are closed (1 canceled, 2 closed complete): RO1 is ready to be closed.",
        ),
        (
            notes.ready("RO1", [COMPLETE], ["Frank"], ["TASK1 Configure CPE (Open)"]),
            "Its work order is closed (1 closed complete): RO1 is ready to be closed, as decided by Frank;"
            " open order task: TASK1 Configure CPE (Open).",
        ),
        (notes.cancel_reason("RO1 was canceled"), "Canceled by om-fsm: RO1 was canceled"),
    ],
)  # fmt: skip
def test_a_note_says_what_happened_in_business_words_with_numbers_names_and_times(note: str, text: str) -> None:
    assert note == text


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.0, "0:00 hours before"),
        (-1.5, "1:30 hours after"),
        (23.99, "23:59 hours before"),
        (24.0, "1 day before"),
        (-25.0, "1 day 1 hour after"),
        (168.0, "7 days before"),
        (-338.4, "14 days 2 hours after"),
    ],
)
def test_how_far_an_end_is_from_the_due_date_is_told_in_days_and_hours(hours: float, words: str) -> None:
    promise = notes.Promise("2027-02-01 10:00:00", "ORDL1", "2027-02-01 10:00:00", hours)
    assert f"UTC, {words} the due date" in notes.jeopardy(WO1, promise, ("None", "Low"), still_open=1, total=1)
