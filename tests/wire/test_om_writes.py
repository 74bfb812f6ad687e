"""The two writes on domain orders, as they leave, and what the port says about what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.errors import OutcomeUnknown, Rejected
from connector.exchange import NOTE
from connector.mapping.marks import signed, token_of
from connector.model import ReopenDomainOrder
from connector.om.schema import OmSchema
from tests.wire.answers import said
from tests.wire.instance import Table, sys_id
from tests.wire.ports import OM_TABLES, OM_URL, bodies, om_port, shown

if TYPE_CHECKING:
    import responses

ONE = sys_id(1)
RECORD = f"/api/now/table/{OM_TABLES['domain_order']}/{ONE}"
REOPEN = ReopenDomainOrder("r", ONE, "RO1", 4, "WO1 is still open.")
TEXT = signed("WO1: Draft -> Assigned", "n1")


def closed(**more: str) -> dict[str, str]:
    every = dict.fromkeys(OmSchema().domain_order.values(), "")
    seen = {"sys_id": ONE, "number": "RO1", "state": "3", "sys_class_name": OM_TABLES["resource_order"]}
    return {**every, **seen, **more}


def answer(values: dict[str, str] | None = None, *, heard: bool = True) -> dict[str, Any]:
    """What a PATCH is answered with: the record, whose work notes show ours when it was heard."""
    answered = shown({"sys_id": ONE, "number": "RO1", **(values or {})})
    notes = f"2026-03-02 08:00:00 - connector (Work notes)\n{TEXT}\n\n" if heard else ""
    answered["result"]["work_notes"] = {"value": "", "display_value": notes}
    return answered


def journal(*entries: tuple[str, str]) -> Table:
    """Work notes of domain orders as the journal table keeps them."""
    return Table(
        [
            {"sys_id": sys_id(50 + i), "element_id": owner, "element": "work_notes", "value": text}
            for i, (owner, text) in enumerate(entries)
        ]
    )


def test_a_note_is_one_column_and_nothing_else(mocked: responses.RequestsMock) -> None:
    mocked.patch(OM_URL + RECORD, json=answer({"sys_mod_count": "5"}))
    written = om_port(mocked).write_note(ONE, TEXT)
    assert bodies(mocked) == [("PATCH", RECORD, {"work_notes": TEXT})]
    assert (written.number, written.mod_count, written.refused) == ("RO1", 5, ())


def test_a_note_that_the_answer_does_not_show_is_looked_for_in_the_journal(mocked: responses.RequestsMock) -> None:
    mocked.patch(OM_URL + RECORD, json=answer(heard=False))
    journal((ONE, TEXT)).serve(mocked, "sys_journal_field", OM_URL)
    assert om_port(mocked).write_note(ONE, TEXT).refused == ()


def test_a_note_that_was_dropped_in_silence_is_said_to_have_been(mocked: responses.RequestsMock) -> None:
    mocked.patch(OM_URL + RECORD, json=answer(heard=False))
    journal((ONE, signed("an older note", "n0"))).serve(mocked, "sys_journal_field", OM_URL)
    row = {"sys_id": ONE, "work_notes": "", "work_notes shown": signed("an older note", "n0")}
    Table([row]).serve(mocked, OM_TABLES["domain_order"], OM_URL)
    assert om_port(mocked).write_note(ONE, TEXT).refused == (NOTE,)


def test_a_note_without_an_answer_is_sent_once(mocked: responses.RequestsMock) -> None:
    mocked.patch(OM_URL + RECORD, "", status=504)
    port = om_port(mocked)
    with pytest.raises(OutcomeUnknown):
        port.write_note(ONE, TEXT)
    assert len(bodies(mocked)) == 1


def test_reopening_sends_state_and_reason_in_one_write(mocked: responses.RequestsMock) -> None:
    Table([closed()]).serve(mocked, OM_TABLES["domain_order"], OM_URL)
    mocked.patch(OM_URL + RECORD, json=answer({"state": "2"}))
    written = om_port(mocked).reopen(REOPEN, TEXT)
    assert bodies(mocked) == [("PATCH", RECORD, {"state": "2", "work_notes": TEXT})]
    assert written.refused == ()


@pytest.mark.parametrize("answered", [{"state": "3"}, {"state": ""}, {}], ids=str)
def test_a_domain_order_that_stayed_closed_is_said_to_have(
    answered: dict[str, str], mocked: responses.RequestsMock
) -> None:
    Table([closed()]).serve(mocked, OM_TABLES["domain_order"], OM_URL)
    mocked.patch(OM_URL + RECORD, json=answer(answered))
    assert om_port(mocked).reopen(REOPEN, TEXT).refused == ("state",)


def test_a_state_to_reopen_to_that_the_instance_does_not_have_stops_before_anything_is_sent(
    mocked: responses.RequestsMock,
) -> None:
    Table([closed()]).serve(mocked, OM_TABLES["domain_order"], OM_URL)
    port = om_port(mocked, reopen_to="Back to work")
    with pytest.raises(Rejected, match="'Back to work' to reopen RO1") as raised:
        port.reopen(REOPEN, TEXT)
    assert "reopen_to" in raised.value.hint
    assert bodies(mocked) == []


def test_our_notes_are_found_in_the_journal(mocked: responses.RequestsMock) -> None:
    journal((ONE, TEXT), (ONE, "a person's note"), (sys_id(2), "[om-fsm is great]")).serve(
        mocked, "sys_journal_field", OM_URL
    )
    Table([{"sys_id": sys_id(2), "work_notes": ""}]).serve(mocked, OM_TABLES["domain_order"], OM_URL)
    found = om_port(mocked).find_tokens([ONE, sys_id(2)])
    assert found == {ONE: {token_of("n1")}, sys_id(2): frozenset()}


def test_our_notes_are_found_as_displayed_where_the_journal_shows_nothing(mocked: responses.RequestsMock) -> None:
    journal().serve(mocked, "sys_journal_field", OM_URL)
    row = {"sys_id": ONE, "work_notes": "", "work_notes shown": f"2026-03-02 - connector (Work notes)\n{TEXT}\n\n"}
    Table([row]).serve(mocked, OM_TABLES["domain_order"], OM_URL)
    assert om_port(mocked).find_tokens([ONE]) == {ONE: {token_of("n1")}}


def test_our_notes_are_found_as_displayed_where_the_journal_may_not_be_read(mocked: responses.RequestsMock) -> None:
    denied = said("Insufficient rights to query records", "No permission to read table 'sys_journal_field'")
    mocked.get(f"{OM_URL}/api/now/table/sys_journal_field", denied, status=403, content_type="application/json")
    row = {"sys_id": ONE, "work_notes": "", "work_notes shown": f"2026-03-02 - connector (Work notes)\n{TEXT}\n\n"}
    Table([row]).serve(mocked, OM_TABLES["domain_order"], OM_URL)
    assert om_port(mocked).find_tokens([ONE]) == {ONE: {token_of("n1")}}
