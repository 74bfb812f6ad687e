"""The compensation table: kind of change x work order state -> what becomes of the work order."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from connector.mapping.compensation import Compensation, parse_compensations
from connector.mapping.dmn.problems import Unusable
from connector.mapping.marks import WorkOrderKey, sys_id_of
from connector.model import (
    CancelWorkOrder,
    Change,
    CreateWorkOrder,
    Intent,
    IntentState,
    Plan,
    UpdateWorkOrder,
    WriteNote,
)
from tests.unit.orders import (
    DOMAIN_ORDER_ID,
    RULES,
    codes,
    facts,
    intent,
    kinds,
    line,
    link,
    memory,
    only,
    order,
    plan,
    snapshot,
    verdict,
    work_order,
)

if TYPE_CHECKING:
    from connector.decide.rules import Rules
    from connector.model import Intent, Plan

SHIPPED = parse_compensations(
    ".csv", (resources.files("connector.mapping") / "tables" / "compensation.csv").read_bytes()
)


@pytest.mark.parametrize(
    ("changed", "state", "how"),
    [
        (["due date"], "Ready for Dispatch", Compensation.PATCH_AND_NOTE),
        (["due date"], "Assigned", Compensation.FLAG),
        (["due date"], "accepted", Compensation.FLAG),
        (["characteristic.bandwidth"], "Assigned", Compensation.PATCH_AND_NOTE),
        (["characteristic.bandwidth"], "Work in Progress", Compensation.FLAG),
        (["priority"], "Assigned", Compensation.PATCH),
        (["location"], "Draft", Compensation.RECREATE),
        (["location"], "Work in Progress", Compensation.ASK),
        (["priority", "contact"], "Draft", Compensation.PATCH_AND_NOTE),
        (["priority", "location", "due date"], "Assigned", Compensation.RECREATE),
        (["contact"], "A state nobody mapped", Compensation.PATCH_AND_NOTE),
    ],
)
def test_the_table_that_is_shipped_decides_and_the_strictest_of_several_changes_counts(
    changed: list[str], state: str, how: Compensation
) -> None:
    changes = [Change(what, "a", "b") for what in changed]
    assert SHIPPED.decide(changes, state=state, specification="CPE", template="Install CPE")[0] is how


def test_an_order_on_hold_is_told_to_the_dispatcher_where_a_row_says_so_and_by_the_shipped_table_to_nobody() -> None:
    rows = b"id,kind of change,work order state,compensation\nwait,on hold,Assigned,flag the dispatcher\nother,-,-,stop and ask\n"
    table = parse_compensations(".csv", rows)
    common = {"specification": "CPE", "template": "Install CPE"}
    assert [table.flags_hold(state=s, **common) for s in ("assigned", "Draft")] == [True, False]
    assert table.decide([Change("due date", "a", "b")], state="Assigned", **common)[0] is Compensation.ASK
    states = ("Draft", "Scheduled", "Assigned", "Accepted", "Work in Progress")
    assert not any(SHIPPED.flags_hold(state=state, **common) for state in states)


def test_a_change_that_no_row_speaks_of_stops_and_asks() -> None:
    table = parse_compensations(".csv", b"id,kind of change,compensation\none,due date,patch\n")
    due, place = Change("due date", "a", "b"), Change("location", "a", "b")
    common = {"state": "Draft", "specification": "", "template": ""}
    assert table.decide([due], **common) == (Compensation.PATCH, "one")
    assert table.decide([due, place], **common) == (Compensation.ASK, "")


def test_a_row_may_ask_for_one_characteristic() -> None:
    rows = b"id,characteristic,compensation\nfast,bandwidth,flag the dispatcher\nother,-,patch\n"
    table = parse_compensations(".csv", rows)
    common = {"state": "Draft", "specification": "", "template": ""}
    assert table.decide([Change("characteristic.bandwidth", "a", "b")], **common)[0] is Compensation.FLAG
    assert table.decide([Change("characteristic.color", "a", "b")], **common)[0] is Compensation.PATCH


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("bandwidth,characteristics,bandwidth,stop and ask\nother,-,-,patch\n", Compensation.ASK),
        (
            "any,characteristics,-,patch and note\nbandwidth,characteristics,bandwidth,stop and ask\n",
            Compensation.PATCH_AND_NOTE,
        ),
        ("quantity,quantity,-,stop and ask\nother,-,-,patch\n", Compensation.PATCH),
        ("bandwidth,characteristics,bandwidth,patch\n", Compensation.ASK),  # of the others no row speaks
    ],
)
def test_of_a_characteristic_without_a_name_the_strictest_row_counts(rows: str, found: Compensation) -> None:
    table = parse_compensations(".csv", f"id,kind of change,characteristic,compensation\n{rows}".encode())
    changes = [Change("characteristic.", "", "")]
    assert table.decide(changes, state="Assigned", specification="CPE", template="Install CPE")[0] is found


@pytest.mark.parametrize("said", ["recreate", "", "patch and pray"])
def test_a_compensation_nobody_knows_is_refused(said: str) -> None:
    with pytest.raises(Unusable):
        parse_compensations(".csv", f"id,kind of change,compensation\none,-,{said}\n".encode())


# --- what each compensation does -------------------------------------------------------------------------------

LATER = line(due="2027-03-15 12:00:00")


def rules(how: str) -> Rules:
    table = parse_compensations(".csv", f"id,kind of change,compensation\nall,-,{how}\n".encode())
    return replace(RULES, compensations=table)


def revised(how: str, *intents: Intent) -> Plan:
    seen = snapshot(work_order(), of=order(version=2), with_line=LATER)
    remembered = memory(link(), intents=intents, verdicts=(verdict(2),))
    return plan(seen, remembered, rules(how))


@pytest.mark.parametrize(
    ("how", "is_quiet", "is_flagged"),
    [("patch", True, False), ("patch and note", False, False), ("flag the dispatcher", False, True)],
)
def test_a_patch_is_carried_and_told_as_its_compensation_wants(how: str, is_quiet: bool, is_flagged: bool) -> None:
    update = only(revised(how), UpdateWorkOrder)
    assert update.fields == {"requested_due_by": "2027-03-15 12:00:00"}
    assert (update.is_quiet, bool(update.flag)) == (is_quiet, is_flagged)
    assert ("due date: 2027-03-01 12:00 UTC -> 2027-03-15 12:00 UTC" in update.flag) is is_flagged


def test_stop_and_ask_changes_nothing_is_told_once_and_stays_a_finding() -> None:
    first = revised("stop and ask")
    note = only(first, WriteNote)
    assert "WO1 Install CPE was not changed, because it is Ready for Dispatch: due date" in note.text
    assert (kinds(first), codes(first)) == (["WriteNote"], ["change-waits"])
    again = revised("stop and ask", intent(note, IntentState.DONE))
    assert (kinds(again), codes(again)) == ([], ["change-waits"])


def test_cancel_and_recreate_cancels_first_and_creates_only_what_is_canceled() -> None:
    cancel = only(revised("cancel and recreate"), CancelWorkOrder)
    assert "RO1 is visited anew: due date" in cancel.reason
    refused = revised("cancel and recreate", intent(cancel, IntentState.PARKED))
    assert (kinds(refused), codes(refused)) == (["WriteNote"], ["not-canceled"])
    seen = snapshot(work_order("7"), of=order(version=2), with_line=LATER)
    gone = memory(link("7", withdrawn=True), intents=(intent(cancel, IntentState.DONE),), verdicts=(verdict(2),))
    create = only(plan(seen, gone, rules("cancel and recreate")), CreateWorkOrder)
    assert create.key == str(WorkOrderKey("om", DOMAIN_ORDER_ID, "install", 1, 2))
    assert sys_id_of(create.key) != work_order().sys_id
    assert create.facts == facts(snapshot(with_line=LATER))


def test_without_a_new_version_a_visit_cannot_be_made_anew_so_a_person_is_asked() -> None:
    seen = snapshot(work_order(), with_line=LATER)
    decided = plan(seen, memory(link(), verdicts=(verdict(),)), rules("cancel and recreate"))
    assert (kinds(decided), codes(decided)) == (["WriteNote"], ["change-waits"])
