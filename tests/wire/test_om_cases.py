"""Customer cases over the wire: read together, with no more columns than a rule asks for, resolved in one write."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from connector.errors import Rejected
from connector.exchange import NOTE
from connector.mapping.marks import signed
from connector.model import CasePhase, CaseSnapshot, Reads, ResolveCase
from connector.om.cases import OmWithCases
from connector.om.schema import OmSchema
from tests.wire.answers import said
from tests.wire.instance import Table, sys_id
from tests.wire.ports import DOMAIN_ORDER_STATES, OM_TABLES, OM_URL, api, bodies, shown, states

if TYPE_CHECKING:
    import responses

CASE = OM_TABLES["case"]
CASE_STATES = {"1": "New", "10": "Open", "18": "Awaiting Info", "6": "Resolved", "3": "Closed", "7": "Cancelled"}
FACTS = {"case": {"location": ("location", Reads.LABEL), "priority": ("priority", Reads.VALUE)}}
RECORD = f"/api/now/table/{CASE}/{sys_id(1)}"
RESOLVE = ResolveCase("r", sys_id(1), "CS1", 4, "Solved - Fixed by closing related issue", "All done.", "All done.")
TEXT = signed(RESOLVE.text, RESOLVE.key)


def case(n: int, **more: str) -> dict[str, str]:
    place = {"location": sys_id(90 + n), "location shown": f"Site {n}", "priority": "2"}
    return {"sys_id": sys_id(n), "number": f"CS{n}", "state": "10", "sys_mod_count": "4", **place, **more}


def port(mocked: responses.RequestsMock, *cases: dict[str, str], codes: bool = True) -> OmWithCases:
    """A port over these cases. Its own reading of choices is not in `mocked.calls`."""
    choices = {**dict.fromkeys(OM_TABLES.values(), DOMAIN_ORDER_STATES), CASE: CASE_STATES}
    more = [("resolution_code", CASE, "3", RESOLVE.code)] if codes else []
    states(mocked, OM_URL, choices, more)
    Table(list(cases)).serve(mocked, CASE, OM_URL)
    made = OmWithCases(api("om", OM_URL), OmSchema(), overrides={}, reopen_to="In progress")
    made.map_facts(FACTS)
    made.reach()
    mocked.calls.reset()
    return made


def found(read: Any) -> list[CaseSnapshot]:
    return [one for one in read.snapshots if isinstance(one, CaseSnapshot)]


def test_cases_are_read_together_and_orders_are_not_asked_for_them(mocked: responses.RequestsMock) -> None:
    read = port(mocked, case(1), case(2, state="7")).read_orders([sys_id(1), sys_id(2)])
    assert len(mocked.calls) == 1
    first, second = (one.case for one in found(read))
    assert first.said == {"case": "CS1", "location": "Site 1", "priority": "2"}
    assert (first.state.phase, first.mod_count, second.state.phase) == (CasePhase.OPEN, 4, CasePhase.CANCELED)
    assert [(record.part, record.is_open) for record in read.records] == [("case", True), ("case", False)]
    assert "short_description" not in str(mocked.calls[0].request.url)


def test_a_case_that_cannot_be_understood_stops_no_other(mocked: responses.RequestsMock) -> None:
    read = port(mocked, case(1, sys_mod_count="many"), case(2)).read_orders([sys_id(1), sys_id(2)])
    assert [one.number for one in found(read)] == ["CS2"]
    assert [(one.order_id, one.number) for one in read.unreadable] == [(sys_id(1), "CS1")]


@pytest.mark.parametrize(("status", "message"), [(400, f"Invalid table {CASE}"), (403, "Insufficient rights")])
def test_where_cases_cannot_be_read_the_port_says_so_and_asks_no_more(
    mocked: responses.RequestsMock, status: int, message: str
) -> None:
    states(mocked, OM_URL, dict.fromkeys(OM_TABLES.values(), DOMAIN_ORDER_STATES))
    url = f"{OM_URL}/api/now/table/{CASE}"
    mocked.get(url, said(message), status=status, content_type="application/json")
    without = OmWithCases(api("om", OM_URL), OmSchema(), overrides={}, reopen_to="In progress")
    without.reach()
    assert "Customer cases cannot be read" in without.shortcoming
    assert "case" not in without.parts
    assert CASE not in [feed.name for feed in without.feeds]


def answered(mocked: responses.RequestsMock, *, heard: bool = True, **instead: Any) -> None:
    row = {"sys_id": sys_id(1), "number": "CS1", "state": "6", "resolution_code": "3", "close_notes": "All done."}
    answer = shown({**row, **instead})
    notes = f"2026-03-02 08:00:00 - connector (Work notes)\n{TEXT}\n\n" if heard else ""
    answer["result"]["work_notes"] = {"value": "", "display_value": notes}
    mocked.patch(OM_URL + RECORD, json=answer)


def test_a_case_is_resolved_with_code_notes_and_reason_in_one_write(mocked: responses.RequestsMock) -> None:
    answered(mocked)
    written = port(mocked, case(1)).resolve(RESOLVE, TEXT)
    values = {"state": "6", "resolution_code": "3", "close_notes": "All done.", "work_notes": TEXT}
    assert bodies(mocked) == [("PATCH", RECORD, values)]
    assert written.refused == ()


@pytest.mark.parametrize("column", ["state", "resolution_code", "close_notes"])
def test_what_the_instance_did_not_take_is_named(mocked: responses.RequestsMock, column: str) -> None:
    instead: dict[str, Any] = {column: "10"}
    answered(mocked, **instead)
    assert port(mocked, case(1)).resolve(RESOLVE, TEXT).refused == (column,)


def test_a_reason_that_was_dropped_is_named(mocked: responses.RequestsMock) -> None:
    answered(mocked, heard=False)
    Table([]).serve(mocked, "sys_journal_field", OM_URL)
    for part in ("domain_order", "order"):
        Table([]).serve(mocked, OM_TABLES[part], OM_URL)
    assert port(mocked, case(1, work_notes="")).resolve(RESOLVE, TEXT).refused == (NOTE,)


@pytest.mark.parametrize("codes", [True, False])
def test_a_code_the_instance_does_not_have_is_refused_before_anything_is_sent(
    mocked: responses.RequestsMock, *, codes: bool
) -> None:
    wish = replace(RESOLVE, code="Solved by magic")
    with pytest.raises(Exception, match=r"Solved by magic|cannot be read") as refused:
        port(mocked, case(1), codes=codes).resolve(wish, TEXT)
    assert isinstance(refused.value, Rejected) is codes
    assert bodies(mocked) == []
