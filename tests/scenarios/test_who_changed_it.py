"""README promise: the note of an update says who saved last what changed, and when, where that surely was a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.config import load
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH, make_pair, with_cases

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Pair

CHARACTERISTIC = "sn_ind_tmt_orm_order_characteristic_value"
CASE = "sn_customerservice_case"
LATER = "2026-04-15 12:00:00"
DATES = "due date: 2026-04-01 12:00 UTC -> 2026-04-15 12:00 UTC"


def visited(pair: Pair) -> tuple[str, str]:
    """The number of an order's line, and that of its resource order, for which a visit is arranged."""
    order = pair.approved(HAMBURG)
    pair.settle()
    return pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"], pair.resource_order(order)


def save(pair: Pair, table: str, query: str, by: str, **values: str) -> str:
    """Somebody, or the platform, saves a record. Returns when."""
    om = pair.world.instance("om")
    [record] = pair.rows("om", table, query, "sys_id")
    actor = om.system if by == "system" else om.users[by]
    om.records.update(table, record["sys_id"], values, actor)
    [saved] = pair.rows("om", table, f"sys_id={record['sys_id']}", "sys_updated_by", "sys_updated_on")
    assert saved["sys_updated_by"] == by
    return saved["sys_updated_on"][:16]


def faster(pair: Pair, line: str, by: str = "order_agent") -> str:
    return save(pair, CHARACTERISTIC, f"order_line_item.number={line}", by, characteristic_option_value="1 Gbit/s")


def told(pair: Pair, number: str) -> list[str]:
    """What notes say of updates."""
    return [note for note in pair.notes(number) if "after a change of the" in note]


def only(pair: Pair, number: str) -> str:
    pair.settle()
    [note] = told(pair, number)
    return note


def test_who_saved_a_new_bandwidth_is_named_with_the_moment_in_the_readers_zone(pair: Pair) -> None:
    path = pair.loaded.path
    path.write_text(f'{path.read_text(encoding="utf-8")}\n[notes]\ntime_zone = "Asia/Tokyo"\n', encoding="utf-8")
    pair.loaded = load(path)
    line, number = visited(pair)
    at = faster(pair, line)
    day, hour, minute = at[:10], int(at[11:13]) + 9, at[14:]
    who = f"last saved by Olivia Brooks, {day} {hour}:{minute} JST"
    assert f"after a change of the order, {who}: bandwidth: 100 Mbit/s -> 1 Gbit/s." in only(pair, number)
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("by", ["system", "connector"])
def test_what_the_platform_or_the_connector_saved_last_names_nobody(pair: Pair, by: str) -> None:
    line, number = visited(pair)
    save(pair, LINE, f"number={line}", by, committed_due_date=LATER)
    assert f"after a change of the order: {DATES}. Current status" in only(pair, number)


def test_what_a_person_changed_and_the_platform_saved_since_names_nobody(pair: Pair) -> None:
    line, number = visited(pair)
    save(pair, LINE, f"number={line}", "order_agent", committed_due_date=LATER)
    save(pair, LINE, f"number={line}", "system", mrc="12")
    assert f"after a change of the order: {DATES}. Current status" in only(pair, number)


def test_several_who_changed_one_order_are_named_each_with_what_they_saved(pair: Pair) -> None:
    line, number = visited(pair)
    first = faster(pair, line)
    pair.world.advance(120)
    second = save(pair, LINE, f"number={line}", "fulfillment_manager", committed_due_date=LATER)
    note = only(pair, number)
    assert "after a change of the order: " in note
    assert f"100 Mbit/s -> 1 Gbit/s (last saved by Olivia Brooks, {first} UTC)" in note
    assert f"{DATES} (last saved by Frank Miller, {second} UTC)" in note


def test_beside_what_the_platform_saved_the_person_is_named_for_theirs_alone(pair: Pair) -> None:
    line, number = visited(pair)
    at = faster(pair, line)
    save(pair, LINE, f"number={line}", "system", committed_due_date=LATER)
    note = only(pair, number)
    assert f"100 Mbit/s -> 1 Gbit/s (last saved by Olivia Brooks, {at} UTC)" in note
    assert f"{DATES}." in note.replace("; bandwidth", ".")


def test_who_chose_another_place_is_named_where_both_sides_are_one_instance(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, profile="single")
    _, number = visited(pair)
    place = pair.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    at = save(pair, DOMAIN_ORDER, f"number={number}", "fulfillment_manager", location=place)
    said = f"after a change of the order, last saved by Frank Miller, {at} UTC: location: {HAMBURG} -> {MUNICH}."
    assert said in only(pair, number)


@pytest.mark.parametrize("profile", ["default", "single"])
def test_who_saved_an_order_whose_place_is_called_otherwise_now_is_not_named(tmp_path: Path, profile: str) -> None:
    """On two instances nobody can tell that from another place, and nobody is named then either."""
    pair = make_pair(tmp_path, profile=profile)
    _, number = visited(pair)
    save(pair, DOMAIN_ORDER, f"number={number}", "fulfillment_manager", short_description="for the depot")
    save(pair, "cmn_location", f"name={HAMBURG}", "order_agent", name="Acme Hamburg Headquarters")
    pair.sync(full=True)
    note = only(pair, number)
    assert f"after a change of the order: location: {HAMBURG} -> Acme Hamburg Headquarters" in note
    assert "last saved" not in note


def test_where_it_may_not_be_read_who_saved_a_record_the_note_does_without(pair: Pair) -> None:
    hidden = {"kind": "hide_field", "field": "sys_updated_by", "user": "connector", "count": None}
    pair.world.fault("om", hidden)
    line, number = visited(pair)
    faster(pair, line)
    assert "after a change of the order: bandwidth: 100 Mbit/s -> 1 Gbit/s. Current status" in only(pair, number)
    assert pair.finding_codes() == []


def test_where_people_may_not_be_looked_up_the_login_is_said(pair: Pair) -> None:
    fault = {"kind": "table_forbidden", "path_contains": "sys_user", "user": "connector", "count": None}
    pair.world.fault("om", fault)
    line, number = visited(pair)
    faster(pair, line)
    assert "last saved by order_agent, " in only(pair, number)


def test_nothing_is_told_again_when_a_record_is_saved_by_somebody_else_and_memory_was_lost(pair: Pair) -> None:
    line, number = visited(pair)
    faster(pair, line)
    note = only(pair, number)
    save(pair, CHARACTERISTIC, f"order_line_item.number={line}", "fulfillment_manager", external_id="17")
    pair.settle()
    pair.forget()
    pair.sync(full=True)
    assert only(pair, number) == note
    pair.assert_nothing_doubled()


def test_a_look_asks_no_more_for_it_and_each_person_is_looked_up_once(pair: Pair) -> None:
    line, number = visited(pair)
    pair.world.clear_requests()
    pair.sync(full=True)
    before = [(r.method, r.path) for r in pair.world.requests("om")]
    faster(pair, line)
    pair.settle()
    pair.world.clear_requests()
    pair.sync(full=True)
    asked = [r for r in pair.world.requests("om") if r.method == "GET"]
    assert sum(r.path.endswith("sys_user") for r in asked) <= 1
    assert len(asked) <= len(before)
    assert told(pair, number)


def test_who_changed_a_case_is_named_to_its_agents(pair: Pair) -> None:
    policy = 'id,short description,work order template\nswap,"contains ""router""",Swap CPE\nother,-,NO FIELD WORK\n'
    pair = with_cases(pair, policy)
    case = pair.om("create_case", short_description="the router is dead", account="Acme Logistics", location=HAMBURG)
    number = case["case"]["number"]
    pair.om("take_case", case=number)
    pair.settle()
    at = save(pair, CASE, f"number={number}", "order_agent", priority="1")
    pair.settle()
    texts = [row["value"] for row in pair.rows("om", "sys_journal_field", f"name={CASE}", "value")]
    [note] = [text for text in texts if "after a change of the case" in text]
    assert f"after a change of the case, last saved by Olivia Brooks, {at} UTC: priority: " in note


def test_work_orders_are_made_while_nobody_can_be_looked_up_and_whoever_can_be_later_is_named(pair: Pair) -> None:
    down = {"kind": "status", "status": 500, "path_contains": "sys_user", "user": "connector", "count": None}
    pair.world.fault("om", down)
    line, number = visited(pair)
    assert pair.work_orders(pair.rows("om", LINE, f"number={line}", "order.number")[0]["order.number"]) != []
    pair.world.clear_faults()
    pair.settle()
    faster(pair, line)
    assert "last saved by Olivia Brooks" in only(pair, number)
