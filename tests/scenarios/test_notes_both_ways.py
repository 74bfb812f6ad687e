"""README promise: what people write on one side is read on the other, once, under their own name, and stays private."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from connector import app
from connector.config import Notes
from connector.mapping.marks import tokens_in
from tests.conftest import DOMAIN_ORDER, HAMBURG, MUNICH, OVERLAP, Pair, make_pair

if TYPE_CHECKING:
    from pathlib import Path

MINUTE = 61
ORDER_TASK = "sn_ind_tmt_orm_order_task"


def with_notes(pair: Pair, **said: Any) -> None:
    """The same connector with other settings under [notes]."""
    settings = pair.loaded.settings.model_copy(update={"notes": Notes(**said)})
    pair.loaded = pair.loaded.model_copy(update={"settings": settings})


def visited(pair: Pair, *sites: str) -> tuple[str, str]:
    """An approved order whose work orders were told of, a technician sent: its resource order, and the CPE installation."""
    order = pair.approved(*(sites or (HAMBURG,)))
    pair.sync()
    install = pair.install(order)
    pair.fsm("dispatch", work_order=install, technician="technician")
    pair.settle()
    return pair.resource_order(order), install


def write(pair: Pair, side: str, record: str, text: str, who: str, **more: Any) -> None:
    pair.world.act(side, {"do": "add_note", "as": who, "record": record, "text": text, **more})


def later(pair: Pair, seconds: float = MINUTE) -> None:
    """The next pass after a while."""
    pair.world.advance(seconds)
    pair.sync()


def task_of(pair: Pair, work_order: str) -> str:
    return pair.rows("fsm", "wm_task", f"parent.number={work_order}^ORDERBYnumber", "number")[0]["number"]


def field_notes(pair: Pair, work_order: str, element: str = "work_notes") -> list[str]:
    """Notes on a work order, oldest first."""
    sys_id = pair.rows("fsm", "wm_order", f"number={work_order}", "sys_id")[0]["sys_id"]
    query = f"element_id={sys_id}^element={element}^ORDERBYsys_created_on"
    return [row["value"] for row in pair.rows("fsm", "sys_journal_field", query, "value")]


def said(notes: list[str], words: str) -> list[str]:
    """The notes of the connector that hold these words, without their tokens."""
    return [note.rpartition("\n[")[0] for note in notes if words in note and tokens_in(note)]


def close_journals(pair: Pair) -> None:
    """The connector may not read the journal tables: it sees them empty."""
    for side in ("om", "fsm"):
        users = pair.world.users(side)
        users["connector"] = replace(users["connector"], roles=users["connector"].roles - {"journal_reader"})


def journals(pair: Pair) -> Counter[str]:
    """Every note on both sides."""
    return Counter(r["value"] for side in ("om", "fsm") for r in pair.rows(side, "sys_journal_field", "", "value"))


@pytest.fixture(params=["journal readable", "journal closed"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """A pair whose journals the connector may read as a table, or only as forms show them."""
    pair = make_pair(tmp_path)
    if request.param == "journal closed":
        close_journals(pair)
    return pair


# --- from the field -------------------------------------------------------------------------------------------------


def test_an_order_agent_reads_what_a_technician_wrote_under_his_name_and_time(either: Pair) -> None:
    domain_order, install = visited(either)
    written = either.now()
    write(either, "fsm", install, "The customer asks to ring twice.", "technician")
    either.sync()
    [note] = said(either.notes(domain_order), "ring twice")
    assert note == f"{install} Install CPE, Tom Becker, {written:%Y-%m-%d %H:%M} UTC: The customer asks to ring twice."
    either.settle()
    assert len(said(either.notes(domain_order), "ring twice")) == 1


def test_a_note_on_a_task_is_heard_although_no_work_order_changes(either: Pair) -> None:
    domain_order, install = visited(either)
    write(either, "fsm", task_of(either, install), "The antenna is bent.", "technician")
    later(either)
    [note] = said(either.notes(domain_order), "antenna")
    assert note.startswith(f"{install} Install CPE, Tom Becker, ")


def test_tasks_are_asked_for_changes_once_a_minute_and_not_at_all_without_notes_from_the_field(pair: Pair) -> None:
    def asked(passes: int) -> int:
        pair.world.clear_requests()
        for _ in range(passes):
            pair.world.advance(5)  # ten seconds from one pass to the next
            pair.sync()
        return sum(
            r.path.endswith("wm_task") and "sys_updated_on>" in unquote(r.query) and "2999" not in r.query
            for r in pair.world.requests("fsm")
        )

    visited(pair)
    pair.world.advance(OVERLAP)
    assert asked(12) == 2
    with_notes(pair, from_field=False)
    pair.settle()
    assert asked(12) == 0


def test_a_burst_becomes_one_note_and_of_a_flood_only_the_newest_are_shown(either: Pair) -> None:
    domain_order, install = visited(either)
    before = len(either.notes(domain_order))
    for number in range(3):
        write(either, "fsm", install, f"attempt {number}", "technician")
    write(either, "fsm", task_of(either, install), "attempt on the task", "technician2")
    later(either)
    [digest] = either.notes(domain_order)[before:]
    assert digest.startswith("4 new notes in Field Service:\n")
    assert [line.rpartition(": ")[2] for line in digest.splitlines()[1:-1]] == [
        "attempt 0", "attempt 1", "attempt 2", "attempt on the task",
    ]  # fmt: skip
    for number in range(9):
        either.world.advance(2)
        write(either, "fsm", install, f"again {number}", "technician")
    later(either)
    flood = either.notes(domain_order)[before + 1]
    assert flood.startswith("9 new notes in Field Service (4 earlier ones are there):\n")
    assert "again 3" not in flood
    assert "again 4" in flood
    either.settle()
    either.forget()
    either.settle()
    assert len(either.notes(domain_order)) == before + 2


def test_the_same_words_twice_are_two_notes(either: Pair) -> None:
    domain_order, install = visited(either)
    for _ in range(2):
        write(either, "fsm", install, "nobody home", "technician")
        later(either)
    assert len(said(either.notes(domain_order), "nobody home")) == 2


def test_two_notes_of_one_second_are_both_told(either: Pair) -> None:
    domain_order, install = visited(either)
    write(either, "fsm", install, "first", "technician")
    write(either, "fsm", install, "second", "technician")
    either.sync()
    write(either, "fsm", install, "third", "technician")
    later(either)
    told = "\n".join(said(either.notes(domain_order), "Tom Becker"))
    assert [told.count(word) for word in ("first", "second", "third")] == [1, 1, 1]


def test_why_a_visit_came_to_nothing_is_told_once_in_the_note_about_it(either: Pair) -> None:
    domain_order, install = visited(either)
    either.fsm("cancel_work_order", work_order=install, reason="the customer moved away")
    either.settle()
    [note] = said(either.notes(domain_order), "the customer moved away")
    assert "was canceled in Field Service" in note
    either.settle()
    assert len(said(either.notes(domain_order), "the customer moved away")) == 1


def test_a_note_that_field_service_copies_from_the_task_to_the_work_order_is_told_once(either: Pair) -> None:
    either.world.switch("fsm", copy_task_notes=True)
    domain_order, install = visited(either)
    write(either, "fsm", task_of(either, install), "cable drawn", "technician")
    later(either)
    assert field_notes(either, install).count("cable drawn") == 1
    assert "\n".join(either.notes(domain_order)).count("cable drawn") == 1


# --- to the field ---------------------------------------------------------------------------------------------------


def test_a_technician_reads_what_an_order_agent_wrote_and_it_does_not_come_back(either: Pair) -> None:
    domain_order, install = visited(either)
    written = either.now()
    write(either, "om", domain_order, "The gate code is 1234.", "fulfillment_agent")
    either.sync()
    [note] = said(field_notes(either, install), "1234")
    who = f"{domain_order} in Order Management, Grace Kim, {written:%Y-%m-%d %H:%M} UTC"
    assert note == f"{who}: The gate code is 1234."
    either.settle()
    assert len(said(field_notes(either, install), "1234")) == 1
    assert said(either.notes(domain_order), "1234") == []


def test_a_note_on_an_order_task_reaches_the_visit_for_that_task_alone(either: Pair) -> None:
    order = either.approved(HAMBURG)
    either.settle()
    survey, install = either.work_orders(order, "Site Survey")[0], either.install(order)
    rows = either.rows("om", ORDER_TASK, "short_descriptionLIKESite survey", "number")
    write(either, "om", rows[0]["number"], "Measure the roof as well.", "fulfillment_agent")
    either.sync()
    assert len(said(field_notes(either, survey), "the roof")) == 1
    assert said(field_notes(either, install), "the roof") == []


def test_every_open_visit_of_a_domain_order_is_told_and_none_that_is_over(either: Pair) -> None:
    domain_order, install = visited(either)
    for do in ("accept", "start", "complete"):
        either.fsm(do, work_order=install)
    either.settle()
    write(either, "om", domain_order, "Thank you.", "fulfillment_agent")
    either.settle()
    assert said(field_notes(either, install), "Thank you.") == []


def test_what_was_written_before_there_was_a_visit_is_history(either: Pair) -> None:
    order = either.approved(HAMBURG)
    domain_order = either.resource_order(order)
    write(either, "om", domain_order, "Credit was checked.", "fulfillment_agent")
    either.world.advance(5)
    either.settle()
    write(either, "om", domain_order, "Ring twice.", "fulfillment_agent")
    either.settle()
    install = either.install(order)
    assert [len(said(field_notes(either, install), words)) for words in ("Credit", "Ring twice.")] == [0, 1]


def test_a_decision_about_the_gate_is_not_for_the_field(pair: Pair) -> None:
    domain_order, install = visited(pair)
    write(pair, "om", domain_order, "release gate WO0019999: done by phone", "fulfillment_agent")
    pair.settle()
    assert said(field_notes(pair, install), "done by phone") == []


def test_a_work_order_made_by_hand_is_told_nothing_and_tells_only_what_is_new(either: Pair) -> None:
    order = either.approved(HAMBURG)
    either.settle()
    domain_order = either.resource_order(order)
    by_hand = either.fsm("create_work_order", short_description="by hand", correlation_id=domain_order)
    number = by_hand["work_order"]["number"]
    for text in ("found a spare part", "will need a ladder"):
        write(either, "fsm", number, text, "dispatcher")
    either.world.advance(5)
    either.settle()
    write(either, "fsm", number, "ladder is here", "dispatcher")
    write(either, "om", domain_order, "please hurry", "fulfillment_agent")
    either.settle()
    told = "\n".join(either.notes(domain_order))
    assert [told.count(words) for words in ("spare part", "need a ladder", "ladder is here")] == [0, 0, 1]
    assert said(field_notes(either, number), "hurry") == []
    either.forget()
    either.settle()
    assert "\n".join(either.notes(domain_order)) == told


# --- private, and never in a circle ---------------------------------------------------------------------------------


@pytest.mark.parametrize("crosses", [False, True])
def test_what_customers_can_read_crosses_only_where_configured_and_then_as_a_private_note(
    either: Pair, crosses: bool
) -> None:
    with_notes(either, comments=crosses)
    domain_order, install = visited(either)
    write(either, "fsm", install, "We come on Monday.", "dispatcher", customer_visible=True)
    write(either, "om", domain_order, "Your order is on its way.", "fulfillment_agent", customer_visible=True)
    either.settle()
    assert len(said(either.notes(domain_order), "Diana Torres to the customer")) == crosses
    assert len(said(field_notes(either, install), "Grace Kim to the customer")) == crosses
    assert field_notes(either, install, "comments") == ["We come on Monday."]
    comments = either.rows("om", "sys_journal_field", "element=comments", "value")
    assert [row["value"] for row in comments] == ["Your order is on its way."]


@pytest.mark.parametrize("way", ["from_field", "to_field"])
def test_each_way_can_be_closed(pair: Pair, way: str) -> None:
    with_notes(pair, **{way: False})
    domain_order, install = visited(pair)
    write(pair, "fsm", install, "nobody home", "technician")
    write(pair, "om", domain_order, "ring twice", "fulfillment_agent")
    later(pair)
    assert len(said(pair.notes(domain_order), "nobody home")) == (way != "from_field")
    assert len(said(field_notes(pair, install), "ring twice")) == (way != "to_field")


def test_what_a_person_quotes_of_ours_crosses_without_its_token_and_a_copy_of_ours_does_not(either: Pair) -> None:
    domain_order, install = visited(either)
    ours = either.notes(domain_order)[0]
    token = ours.rpartition("\n")[2]
    write(either, "om", domain_order, f"What does {token} mean?", "fulfillment_agent")
    write(either, "om", domain_order, f"copied by a rule: {ours}", "fulfillment_agent")
    either.settle()
    [note] = said(field_notes(either, install), "in Order Management")
    assert f"What does {token.strip('[]')}".replace("What does ", "What does (") in note
    assert token not in note
    assert "copied by a rule" not in "\n".join(field_notes(either, install))


def test_an_answer_above_a_quoted_note_crosses_without_the_quote_once_and_both_ways(either: Pair) -> None:
    domain_order, install = visited(either)
    write(either, "om", domain_order, f"Gate code is 4711.\n\n{either.notes(domain_order)[0]}", "fulfillment_agent")
    either.settle()
    [asked] = [note for note in field_notes(either, install) if "4711" in note]
    write(either, "fsm", install, f"Which gate?\n{asked}", "technician")
    later(either)
    [answer] = [note for note in either.notes(domain_order) if "Which gate?" in note]
    assert said([asked], "4711")[0].endswith(" UTC: Gate code is 4711.")
    assert said([answer], "Which gate?")[0].endswith(" UTC: Which gate?")
    write(either, "om", domain_order, f"The left one.\n{answer}", "fulfillment_agent")
    either.settle()
    assert len(said(field_notes(either, install), "The left one.")) == 1
    before = journals(either)
    either.forget()
    either.settle()
    assert journals(either) == before


def test_notes_written_under_the_connectors_account_are_nobodys(either: Pair) -> None:
    domain_order, install = visited(either)
    write(either, "fsm", install, "another program was here", "connector")
    write(either, "om", domain_order, "here too", "connector")
    either.settle()
    assert said(either.notes(domain_order), "another program") == []
    assert said(field_notes(either, install), "here too") == []


def test_on_one_instance_a_note_that_was_copied_to_both_is_carried_neither_way(tmp_path: Path) -> None:
    """As "Copy task work notes to request" does: the same person, the same words, on the work order and what it came from."""
    pair = make_pair(tmp_path, "single")
    domain_order, install = visited(pair)
    for side, record in (("fsm", install), ("om", domain_order)):
        write(pair, side, record, "copied by the platform", "admin")
    pair.settle()
    assert said(pair.notes(domain_order), "copied by the platform") == []
    assert said(field_notes(pair, install), "copied by the platform") == []


# --- nothing lost, nothing doubled ----------------------------------------------------------------------------------


def test_after_memory_was_deleted_nothing_is_told_twice_and_what_came_meanwhile_is_told(either: Pair) -> None:
    domain_order, install = visited(either, HAMBURG, MUNICH)
    write(either, "fsm", install, "old news", "technician")
    write(either, "om", domain_order, "old words", "fulfillment_agent")
    either.settle()
    before = journals(either)
    either.forget()
    either.settle()
    assert journals(either) == before
    either.forget()
    write(either, "fsm", install, "fresh news", "technician")
    write(either, "om", domain_order, "fresh words", "fulfillment_agent")
    either.settle()
    assert len(said(either.notes(domain_order), "fresh news")) == 1
    assert len(said(field_notes(either, install), "fresh words")) == 1
    assert len(journals(either) - before) == 4


def test_nothing_is_told_twice_when_the_journal_is_closed_or_opened_meanwhile(pair: Pair) -> None:
    domain_order, install = visited(pair)
    write(pair, "fsm", install, "nobody\nhome", "technician")
    write(pair, "om", domain_order, "ring  twice", "fulfillment_agent")
    pair.settle()
    before = journals(pair)
    close_journals(pair)
    pair.forget()
    pair.settle()
    assert journals(pair) == before


def test_a_note_that_comes_to_light_after_the_change_that_tells_of_it_is_still_told(pair: Pair) -> None:
    """The record's new count of updates is read before the row of the journal can be."""
    domain_order, install = visited(pair)
    instance = pair.world.fsm
    write(pair, "fsm", install, "late to the party", "technician")
    [row] = [r for r in instance.store.find("sys_journal_field") if r["value"] == "late to the party"]
    table = instance.schema.table("sys_journal_field")
    instance.store.delete(table, row["sys_id"])
    pair.sync()
    assert said(pair.notes(domain_order), "late") == []
    instance.store.put(table, row)
    later(pair, 130)
    assert len(said(pair.notes(domain_order), "late")) == 1


def test_a_note_is_carried_when_field_service_is_back(pair: Pair) -> None:
    domain_order, install = visited(pair)
    write(pair, "om", domain_order, "ring twice", "fulfillment_agent")
    pair.world.fault("fsm", {"kind": "status", "status": 503, "method": "PATCH", "count": 1})
    pair.sync()
    pair.settle()
    assert len(said(field_notes(pair, install), "ring twice")) == 1


def test_a_note_whose_answer_was_lost_is_not_written_again(pair: Pair) -> None:
    domain_order, install = visited(pair)
    write(pair, "om", domain_order, "ring twice", "fulfillment_agent")
    pair.world.fault("fsm", {"kind": "commit_then_drop", "method": "PATCH", "count": 1})
    pair.sync()
    pair.settle()
    assert len(said(field_notes(pair, install), "ring twice")) == 1


def test_what_waits_for_a_visit_that_is_over_meanwhile_is_given_up(pair: Pair) -> None:
    domain_order, install = visited(pair)
    write(pair, "om", domain_order, "ring twice", "fulfillment_agent")
    pair.world.fault("fsm", {"kind": "status", "status": 403, "method": "PATCH", "count": 1})
    pair.sync()
    assert pair.waiting() == {"parked": 1}
    for do in ("accept", "start", "complete"):
        pair.fsm(do, work_order=install)
    pair.settle()
    assert pair.waiting() == {}


# --- every state on the way ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("audited", [True, False], ids=["audit readable", "no audit"])
def test_the_states_between_two_looks_are_told_where_the_audit_trail_tells_them(pair: Pair, audited: bool) -> None:
    if not audited:
        users = pair.world.users("fsm")
        users["connector"] = replace(users["connector"], roles=users["connector"].roles - {"audit_reader"})
    domain_order, install = visited(pair)
    pair.fsm("accept", work_order=install)
    started = pair.now()
    pair.fsm("start", work_order=install)
    pair.world.advance(600)
    pair.settle()
    way = "Assigned -> Accepted -> Work in Progress" if audited else "Assigned -> Work in Progress"
    [note] = said(pair.notes(domain_order), "-> Work in Progress")
    assert note.startswith(f"{install} Install CPE: {way} by Tom Becker, {started:%Y-%m-%d %H:%M} UTC.")


def test_moments_are_written_in_the_zone_of_those_who_read(pair: Pair) -> None:
    with_notes(pair, time_zone="Europe/Berlin")
    domain_order, install = visited(pair)
    write(pair, "fsm", install, "nobody home", "technician")
    pair.sync()
    [note] = said(pair.notes(domain_order), "nobody home")
    assert " CET: nobody home" in note
    assert "UTC" not in "".join(said(pair.notes(domain_order), install))


def test_a_configured_author_is_no_person(pair: Pair) -> None:
    with_notes(pair, left_out=["Diana Torres"])
    domain_order, install = visited(pair)
    write(pair, "fsm", install, "rota published", "dispatcher")
    write(pair, "fsm", install, "on my way", "technician")
    pair.settle()
    told = "\n".join(pair.notes(domain_order))
    assert ("rota published" in told, "on my way" in told) == (False, True)
    assert DOMAIN_ORDER


def survey_in_vain(pair: Pair, order: str) -> None:
    """Another visit of the order was closed incomplete: it waits for somebody's decision."""
    [survey] = pair.work_orders(order, "Site Survey")
    pair.fsm("dispatch", work_order=survey, technician="technician")
    pair.fsm("close_incomplete", work_order=survey, reason="nobody home")
    pair.settle()


@pytest.mark.parametrize("is_lost", [False, True])
def test_a_note_is_passed_on_once_where_memory_is_lost_and_another_visit_waits_for_a_decision(
    pair: Pair, is_lost: bool
) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    resource, install = pair.resource_order(order), pair.install(order)
    write(pair, "om", resource, "visit again", "fulfillment_agent")
    later(pair)
    pair.settle()
    survey_in_vain(pair, order)
    if is_lost:
        pair.forget()
    pair.world.advance(3600)
    for _ in range(3):
        with app.writing(pair.loaded, pair.outside()) as (engine, systems):
            app.sync_once(engine, systems, pair.now, full=True, everything=True)
        pair.world.advance(400)
    assert len(said(field_notes(pair, install), "visit again")) == 1
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("waits", [False, True])
def test_what_was_written_while_notes_were_switched_off_is_passed_on_also_where_a_visit_waits_for_a_decision(
    pair: Pair, waits: bool
) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    resource, install = pair.resource_order(order), pair.install(order)
    if waits:
        survey_in_vain(pair, order)
    with_notes(pair, to_field=False, from_field=False)
    write(pair, "om", resource, "ring twice", "fulfillment_agent")
    pair.settle()
    with_notes(pair)
    pair.settle()
    pair.world.advance(3600)
    pair.sync(full=True)
    assert len(said(field_notes(pair, install), "ring twice")) == 1
