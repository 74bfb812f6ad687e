"""README promise: the note of an update says who saved last what changed, and when, where that surely was a person."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from connector.config import load
from connector.errors import Held
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH, make_pair, with_cases

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Pair

CHARACTERISTIC = "sn_ind_tmt_orm_order_characteristic_value"
CASE = "sn_customerservice_case"
REVISIONS = "sn_ind_tmt_orm_inflight_order_line_item_change"
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


@pytest.mark.parametrize("comes_late", [False, True], ids=["", "our own note is saved before the update"])
def test_who_changed_a_case_is_named_to_its_agents(pair: Pair, comes_late: bool) -> None:
    policy = 'id,short description,work order template\nswap,"contains ""router""",Swap CPE\nother,-,NO FIELD WORK\n'
    pair = with_cases(pair, policy)
    case = pair.om("create_case", short_description="the router is dead", account="Acme Logistics", location=HAMBURG)
    number = case["case"]["number"]
    pair.om("take_case", case=number)
    pair.settle()
    if comes_late:
        pair.fsm(
            "dispatch", work_order=pair.rows("fsm", "wm_order", "", "number")[0]["number"], technician="technician"
        )
    at = save(pair, CASE, f"number={number}", "order_agent", priority="1")
    if comes_late:
        fault = {"kind": "status", "method": "PATCH", "path_contains": "wm_order", "user": "connector", "count": 1}
        pair.world.fault("fsm", fault)
        with suppress(Held):
            pair.sync()
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


# --- who revised it ----------------------------------------------------------------------------------------------------


def ordered(pair: Pair, *sites: str) -> tuple[str, str, str]:
    """An order for which a visit is arranged: its number, that of its line, and that of its resource order."""
    order = pair.approved(*(sites or (HAMBURG,)))
    pair.settle()
    return order, pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"], pair.resource_order(order)


def edited(pair: Pair, line: str, by: str = "order_agent", **fields: str) -> str:
    """Somebody edits a line in a revision. Returns when."""
    pair.om("edit_line", line=line, fields=fields, **{"as": by})
    return pair.now().strftime("%Y-%m-%d %H:%M")


def approved(pair: Pair, order: str) -> None:
    """The revision is approved some time later, upon which the approver saves the lines, and then the platform."""
    pair.world.advance(600)
    pair.om("approve_revision", order=order)
    pair.world.advance(10)
    saved = pair.rows("om", LINE, f"order.number={order}", "sys_updated_by")
    assert {row["sys_updated_by"] for row in saved} == {"system"}


def revised(pair: Pair, order: str, line: str, by: str = "order_agent", **fields: str) -> str:
    """A revision that changes one line and is approved. Returns when somebody revised it."""
    pair.om("revise", order=order)
    at = edited(pair, line, by, **fields)
    approved(pair, order)
    return at


def munich(pair: Pair) -> str:
    return pair.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]


def asked_who(pair: Pair) -> int:
    """How often it was asked who revised something, since requests were last cleared."""
    return sum(r.method == "GET" and r.path.endswith(REVISIONS) for r in pair.world.requests("om"))


QUANTITY = "after a change of the order: quantity: 1 -> 2. Current status"


@pytest.mark.parametrize("what", ["quantity", "location"])
def test_who_revised_a_line_is_named_although_the_platform_saved_it_upon_approval(pair: Pair, what: str) -> None:
    path = pair.loaded.path
    path.write_text(f'{path.read_text(encoding="utf-8")}\n[notes]\ntime_zone = "Asia/Tokyo"\n', encoding="utf-8")
    pair.loaded = load(path)
    order, line, number = ordered(pair)
    at = revised(pair, order, line, **{what: "2" if what == "quantity" else munich(pair)})
    who = f"last saved by Olivia Brooks, {at[:10]} {int(at[11:13]) + 9}:{at[14:]} JST"
    said = "quantity: 1 -> 2" if what == "quantity" else f"location: {HAMBURG} -> {MUNICH}"
    assert f"after a change of the order, {who}: {said}. Current status" in only(pair, number)
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


def test_who_revised_a_place_is_named_where_both_sides_are_one_instance_too(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, profile="single")
    order, line, number = ordered(pair)
    at = revised(pair, order, line, location=munich(pair))
    assert f"last saved by Olivia Brooks, {at} UTC: location: {HAMBURG} -> {MUNICH}" in only(pair, number)


def test_of_two_who_revised_one_value_the_last_before_the_approval_is_named(pair: Pair) -> None:
    order, line, number = ordered(pair)
    pair.om("revise", order=order)
    edited(pair, line, quantity="3")
    pair.world.advance(300)
    at = edited(pair, line, "fulfillment_manager", quantity="2")
    approved(pair, order)
    assert f"last saved by Frank Miller, {at} UTC: quantity: 1 -> 2. Current status" in only(pair, number)


def test_of_two_who_revised_it_in_the_same_second_neither_is_named(pair: Pair) -> None:
    order, line, number = ordered(pair)
    pair.om("revise", order=order)
    edited(pair, line, quantity="3")
    edited(pair, line, "fulfillment_manager", quantity="2")
    approved(pair, order)
    assert QUANTITY in only(pair, number)


def test_those_who_revised_different_values_are_named_each_with_theirs_and_the_date_names_nobody(pair: Pair) -> None:
    order, line, number = ordered(pair)
    pair.om("revise", order=order)
    first = edited(pair, line, quantity="2", committed_due_date=LATER)
    pair.world.advance(300)
    second = edited(pair, line, "fulfillment_manager", location=munich(pair))
    approved(pair, order)
    note = only(pair, number)
    assert f"quantity: 1 -> 2 (last saved by Olivia Brooks, {first} UTC)" in note
    assert f"{MUNICH} (last saved by Frank Miller, {second} UTC)" in note
    assert f"{DATES};" in note


def test_an_instance_that_keeps_who_revised_dates_too_has_them_named(pair: Pair) -> None:
    path = pair.loaded.path
    text = f'{path.read_text(encoding="utf-8")}\n[om.change_types]\ndue_date = "Appointment"\n'
    path.write_text(text, encoding="utf-8")
    pair.loaded = load(path)
    order, line, number = ordered(pair)
    pair.om("revise", order=order)
    edited(pair, line, committed_due_date=LATER)
    om = pair.world.instance("om")
    kind = om.records.insert("sn_ind_tmt_orm_inflight_change_type", {"name": "Appointment"}, om.system)
    [found] = pair.rows("om", LINE, f"number={line}", "sys_id")
    row = {"order_line_item": found["sys_id"], "order_line_version": "2", "change_type": kind["sys_id"]}
    om.records.insert(REVISIONS, row, om.users["order_agent"])
    approved(pair, order)
    assert "after a change of the order, last saved by Olivia Brooks, " in only(pair, number)


@pytest.mark.parametrize("by", ["system", "connector"])
def test_what_the_platform_or_the_connector_revised_after_a_person_names_nobody(pair: Pair, by: str) -> None:
    order, line, number = ordered(pair)
    pair.om("revise", order=order)
    edited(pair, line, quantity="3")
    pair.world.advance(300)
    save(pair, LINE, f"number={line}", by, quantity="2")
    approved(pair, order)
    assert QUANTITY in only(pair, number)


def test_who_revised_what_was_declined_is_not_named_for_what_another_revised_later(pair: Pair) -> None:
    order, line, number = ordered(pair)
    pair.om("revise", order=order)
    edited(pair, line, quantity="5")
    pair.om("decline_revision", order=order)
    pair.settle()
    assert told(pair, number) == []
    at = revised(pair, order, line, "fulfillment_manager", quantity="2", committed_due_date=LATER)
    note = only(pair, number)
    assert f"quantity: 1 -> 2 (last saved by Frank Miller, {at} UTC)" in note
    assert "Olivia" not in note


@pytest.mark.parametrize("looked", [True, False])
@pytest.mark.parametrize("restored", [True, False])
def test_who_revised_what_was_declined_is_not_named_whatever_the_line_says_now(
    pair: Pair, *, restored: bool, looked: bool
) -> None:
    """Where the value is put back, the platform changes it later; where it stands, it is carried, and nobody approved it."""
    pair.world.switch("om", decline_restores_values=restored)
    order, line, number = ordered(pair)
    pair.om("revise", order=order)
    edited(pair, line, quantity="2")
    pair.om("decline_revision", order=order)
    if looked:
        pair.settle()
    if restored:
        assert told(pair, number) == []
        save(pair, LINE, f"number={line}", "system", quantity="2")
    assert QUANTITY in only(pair, number)


def test_who_revised_a_value_is_not_named_for_what_the_platform_makes_of_it_later(pair: Pair) -> None:
    order, line, number = ordered(pair)
    revised(pair, order, line, quantity="2")
    assert "Olivia Brooks" in only(pair, number)
    for before, after in (("2", "3"), ("3", "2")):  # and so it says again what she revised it to
        save(pair, LINE, f"number={line}", "system", quantity=after)
        pair.settle()
        said = f"after a change of the order: quantity: {before} -> {after}. Current status"
        assert said in told(pair, number)[-1]


def test_who_revised_a_value_back_is_not_named_for_what_the_platform_makes_of_it_later(pair: Pair) -> None:
    order, line, number = ordered(pair)
    pair.om("revise", order=order)
    edited(pair, line, quantity="3")
    pair.world.advance(300)
    edited(pair, line, quantity="1")
    approved(pair, order)
    pair.settle()
    assert told(pair, number) == []
    save(pair, LINE, f"number={line}", "system", quantity="2")
    assert QUANTITY in only(pair, number)


def test_who_revised_an_earlier_version_is_not_named_for_a_later_one(pair: Pair) -> None:
    """Both were approved while nobody looked: whether the first was, nothing tells any more."""
    order, line, number = ordered(pair)
    revised(pair, order, line, quantity="2")
    pair.world.advance(600)
    revised(pair, order, line, "fulfillment_manager", committed_due_date=LATER)
    note = only(pair, number)
    assert "quantity: 1 -> 2" in note
    assert "last saved" not in note


def test_who_revised_a_quantity_is_named_although_another_saved_the_line_since(pair: Pair) -> None:
    order, line, number = ordered(pair)
    at = revised(pair, order, line, quantity="2")
    save(pair, LINE, f"number={line}", "fulfillment_manager", mrc="12")
    assert f"last saved by Olivia Brooks, {at} UTC: quantity: 1 -> 2. Current status" in only(pair, number)


def test_who_approved_a_revision_is_not_named_for_it(pair: Pair) -> None:
    """Seen at once, while nobody has saved the line since."""
    order, line, number = ordered(pair)
    pair.om("revise", order=order)
    at = edited(pair, line, quantity="2", committed_due_date=LATER)
    pair.world.advance(600)
    pair.om("approve_revision", order=order)
    assert pair.rows("om", LINE, f"number={line}", "sys_updated_by") == [{"sys_updated_by": "fulfillment_manager"}]
    pair.sync()
    note = only(pair, number)
    assert f"quantity: 1 -> 2 (last saved by Olivia Brooks, {at} UTC)" in note
    assert "Frank Miller" not in note


@pytest.mark.parametrize("kind", ["table_forbidden", "no table", "no rows", "status"])
def test_where_it_may_not_be_read_who_revised_something_the_note_does_without(pair: Pair, kind: str) -> None:
    if kind == "no table":
        path = pair.loaded.path
        text = f'{path.read_text(encoding="utf-8")}\n[om.tables]\ninflight_change = "u_no_such_table"\n'
        path.write_text(text, encoding="utf-8")
        pair.loaded = load(path)
    elif kind == "no rows":
        hidden = {"kind": "no_rows", "path_contains": f"/table/{REVISIONS}", "user": "connector", "count": None}
        pair.world.fault("om", hidden)
    else:
        fault = {"kind": kind, "path_contains": f"/table/{REVISIONS}", "user": "connector", "count": None}
        pair.world.fault("om", fault | ({"status": 500} if kind == "status" else {}))
    order, line, number = ordered(pair)
    revised(pair, order, line, quantity="2")
    assert QUANTITY in only(pair, number)
    assert pair.finding_codes() == []
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("field", ["sys_updated_by", "change_type", "order_line_version", "order_line_item"])
def test_where_a_column_may_not_be_read_that_tells_who_revised_what_nobody_is_named(pair: Pair, field: str) -> None:
    hidden = {
        "kind": "hide_field",
        "field": field,
        "path_contains": f"/table/{REVISIONS}",
        "user": "connector",
        "count": None,
    }
    pair.world.fault("om", hidden)
    order, line, number = ordered(pair)
    revised(pair, order, line, quantity="2")
    assert QUANTITY in only(pair, number)
    assert pair.finding_codes() == []


def test_where_domain_orders_do_not_say_which_version_was_approved_nobody_is_named(pair: Pair) -> None:
    path = pair.loaded.path
    text = f'{path.read_text(encoding="utf-8")}\n[om.columns.domain_order]\nrecord_version = ""\n'
    path.write_text(text, encoding="utf-8")
    pair.loaded = load(path)
    order, line, number = ordered(pair)
    revised(pair, order, line, quantity="2")
    assert QUANTITY in only(pair, number)


def test_who_revised_several_orders_is_asked_once_and_never_on_a_quiet_look(pair: Pair) -> None:
    pair.world.clear_requests()
    both = [ordered(pair) for _ in range(2)]
    pair.sync(full=True)
    assert asked_who(pair) == 0
    for (order, line, _), by in zip(both, ("order_agent", "fulfillment_manager"), strict=True):
        revised(pair, order, line, by, quantity="2")
    pair.sync()
    assert asked_who(pair) == 1
    pair.settle()
    pair.sync(full=True)
    assert asked_who(pair) == 1
    for (_, _, number), name in zip(both, ("Olivia Brooks", "Frank Miller"), strict=True):
        assert f"last saved by {name}, " in only(pair, number)


def test_who_revised_something_is_not_asked_where_nobody_is_told(pair: Pair) -> None:
    path = pair.loaded.path
    rows = "id,kind of change,work order state,compensation\nother,-,-,patch\n"
    (path.parent / "compensation.csv").write_text(rows, encoding="utf-8")
    text = path.read_text(encoding="utf-8").replace("[policy]", '[policy]\ncompensation = "compensation.csv"')
    path.write_text(text, encoding="utf-8")
    pair.loaded = load(path)
    order, line, number = ordered(pair)
    pair.world.clear_requests()
    revised(pair, order, line, quantity="2")
    pair.settle()
    assert asked_who(pair) == 0
    assert told(pair, number) == []


def test_who_revised_a_date_is_not_asked_where_no_type_of_change_tells_of_dates(pair: Pair) -> None:
    order, line, number = ordered(pair)
    pair.world.clear_requests()
    revised(pair, order, line, committed_due_date=LATER)
    assert f"after a change of the order: {DATES}. Current status" in only(pair, number)
    assert asked_who(pair) == 0


def test_a_new_bandwidth_of_a_revision_names_who_revised_it_without_asking(pair: Pair) -> None:
    order, line, number = ordered(pair)
    pair.world.clear_requests()
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, characteristics={"Bandwidth": "1 Gbit/s"})
    approved(pair, order)
    assert "last saved by Olivia Brooks, " in only(pair, number)
    assert asked_who(pair) == 0


def test_who_revised_something_is_said_once_though_the_write_waits_for_field_service(pair: Pair) -> None:
    order, line, number = ordered(pair)
    down = {"kind": "status", "status": 503, "path_contains": "/table/wm_order", "method": "PATCH", "count": 3}
    pair.world.fault("fsm", down | {"user": "connector"})
    revised(pair, order, line, quantity="2")
    assert "last saved by Olivia Brooks, " in only(pair, number)
    pair.assert_nothing_doubled()
