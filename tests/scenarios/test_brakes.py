"""README promise: an answer too absurd to act upon stops the writing until a person has looked."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.config import Loaded, load
from connector.engine.release import release_side
from connector.errors import ConnectorError, Held, RemoteError
from tests.conftest import HAMBURG, ORDER

if TYPE_CHECKING:
    from tests.conftest import Pair

ORDERS = 3  # two work orders each


def with_orders(pair: Pair) -> list[str]:
    """Orders whose work orders exist and were announced."""
    orders = [pair.approved(HAMBURG) for _ in range(ORDERS)]
    settle(pair)
    return orders


def settle(pair: Pair) -> None:
    """Until nothing is left to do, and the instances were asked once more what they are known by, as every quarter of an hour."""
    pair.settle()
    pair.sync()


def braked(pair: Pair) -> dict[str, str]:
    """Side -> why."""
    with app.writing(pair.loaded, pair.outside(), patient=True) as (engine, _):
        return {one.target: one.reason.value for one in engine.sides.holds.all(pair.now()) if one.reason.is_brake}


def why(pair: Pair) -> str:
    """What a command says that meets the brake."""
    with pytest.raises(Held) as raised:
        pair.sync()
    assert raised.value.exit_code == 5
    assert "--i-have-looked" in raised.value.hint
    return str(raised.value)


def look(pair: Pair, side: str) -> None:
    """A person has looked, and lets it go on."""
    with app.writing(pair.loaded, pair.outside(), patient=True) as (engine, _):
        assert release_side(engine.store, side, pair.now(), "looked", looked=True)


def writes(pair: Pair) -> list[tuple[str, str]]:
    return [(r.method, r.path) for side in ("om", "fsm") for r in pair.world.requests(side) if r.method != "GET"]


def erase(pair: Pair, side: str, table: str, query: str) -> None:
    instance = pair.world.instance(side)
    for row in pair.rows(side, table, query, "sys_id"):
        instance.records.delete(table, row["sys_id"], instance.system)


@pytest.mark.parametrize("side", ["om", "fsm"])
def test_a_query_that_an_instance_does_not_understand_stops_everything_until_somebody_has_looked(
    pair: Pair, side: str
) -> None:
    with_orders(pair)
    new = pair.approved(HAMBURG)
    pair.world.fault(side, {"kind": "stray_row", "path_contains": "/table/", "user": "connector", "count": None})
    pair.world.clear_requests()
    with pytest.raises(ConnectorError):
        pair.sync(full=True)
    assert braked(pair) == {side: "absurd"}
    assert "does not satisfy the query" in why(pair)
    assert writes(pair) == []
    pair.world.clear_faults()
    pair.world.advance(4000)
    assert "does not satisfy" in why(pair)  # it does not go on by itself
    look(pair, side)
    pair.sync()
    assert len(pair.work_orders(new)) == 2


@pytest.mark.parametrize(("side", "table"), [("om", ORDER), ("fsm", "wm_order")])
def test_a_table_that_is_suddenly_empty_is_a_brake_with_the_numbers(pair: Pair, side: str, table: str) -> None:
    with_orders(pair)
    rows = {"kind": "no_rows", "path_contains": f"/table/{table}", "user": "connector", "count": None}
    pair.world.fault(side, rows)
    pair.loaded = limited(pair, vanished_at_least=3)
    pair.world.clear_requests()
    with pytest.raises(Held) as raised:
        pair.sync(full=True)
    assert braked(pair) == {side: "identity"}
    known = {"om": ORDERS, "fsm": 5}[side]
    assert f"none of the {known} oldest {table} records is there any more" in str(raised.value)
    assert writes(pair) == []


def limited(pair: Pair, **limits: object) -> Loaded:
    text = pair.loaded.path.read_text(encoding="utf-8")
    lines = "".join(f"{name} = {value}\n" for name, value in limits.items())
    pair.loaded.path.write_text(f"{text}\n[brakes]\n{lines}", encoding="utf-8")
    return load(pair.loaded.path)


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("sn_ind_tmt_orm_domain_order", "6 of 6 domain orders"),
        ("sn_ind_tmt_orm_order_task", "3 of 3 order tasks"),
        ("sn_ind_tmt_orm_order_line_item", "3 of 3 order lines"),
    ],
)
def test_parts_of_orders_that_are_suddenly_gone_are_a_brake_with_the_numbers(pair: Pair, table: str, what: str) -> None:
    path = pair.loaded.path
    path.write_text(f"{path.read_text(encoding='utf-8')}\n[brakes]\nvanished_at_least = 3\n", encoding="utf-8")
    pair.loaded = load(path)
    with_orders(pair)
    hidden = {"kind": "no_rows", "path_contains": f"/table/{table}", "user": "connector", "count": None}
    pair.world.fault("om", hidden)
    pair.world.clear_requests()
    with pytest.raises(Held):
        pair.sync(full=True)
    assert braked(pair) == {"om": "vanished"}
    assert what in why(pair)
    assert writes(pair) == []
    pair.world.clear_faults()
    look(pair, "om")
    pair.settle()
    assert pair.finding_codes() == []


def test_a_few_deleted_work_orders_are_findings_and_many_are_a_brake(pair: Pair) -> None:
    oldest = pair.approved(HAMBURG)
    pair.settle()
    orders = with_orders(pair)
    pair.loaded = limited(pair, vanished_at_least=3)
    erase(pair, "fsm", "wm_order", f"descriptionLIKE{orders[1]}")  # two of eight
    pair.sync(full=True)
    assert braked(pair) == {}
    assert "work-order-missing" in pair.finding_codes()
    for order in (orders[0], orders[2]):
        erase(pair, "fsm", "wm_order", f"descriptionLIKE{order}")
    pair.world.advance(1000)
    assert "4 of 6 linked records" in why(pair)
    assert braked(pair) == {"fsm": "vanished"}
    assert len(pair.work_orders(oldest)) == 2


@pytest.mark.parametrize("limit", [3, 50])
def test_many_cancellations_in_one_pass_wait_for_a_person(pair: Pair, limit: int) -> None:
    orders = with_orders(pair)
    pair.loaded = limited(pair, cancellations=limit)
    for order in orders:
        pair.om("cancel_order", order=order)
        pair.om("approve_cancel", order=order)
    pair.world.advance(10)
    pair.sync()
    states = {pair.state("fsm", "wm_order", number) for order in orders for number in pair.work_orders(order)}
    if limit == 50:
        assert (states, braked(pair)) == ({"canceled"}, {})
        return
    assert "canceled" not in states
    assert braked(pair) == {"fsm": "cancellations"}
    pair.sync()  # reading and deciding goes on
    assert pair.waiting() == {"pending": 6}
    look(pair, "fsm")
    pair.settle()
    assert {pair.state("fsm", "wm_order", n) for order in orders for n in pair.work_orders(order)} == {"canceled"}
    pair.assert_nothing_doubled()


def test_cancellations_that_trickle_in_are_counted_together_and_anew_after_the_release(pair: Pair) -> None:
    orders = with_orders(pair)
    pair.loaded = limited(pair, cancellations=3)
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        for order in orders:
            pair.om("cancel_order", order=order)
            pair.om("approve_cancel", order=order)
            pair.world.advance(10)
            app.sync_once(engine, systems, pair.now)
    assert braked(pair) == {"fsm": "cancellations"}
    assert states(pair, orders[2:]).isdisjoint({"canceled"})
    look(pair, "fsm")
    pair.sync()
    assert (braked(pair), states(pair, orders)) == ({}, {"canceled"})


def test_cancellations_with_time_between_them_are_daily_business(pair: Pair) -> None:
    orders = with_orders(pair)
    pair.loaded = limited(pair, cancellations=3)
    for order in orders:
        pair.om("cancel_order", order=order)
        pair.om("approve_cancel", order=order)
        pair.world.advance(601)
        pair.sync()
    assert (braked(pair), states(pair, orders)) == ({}, {"canceled"})


def states(pair: Pair, orders: list[str]) -> set[str]:
    return {pair.state("fsm", "wm_order", number) for order in orders for number in pair.work_orders(order)}


def test_what_is_wanted_again_while_the_brake_is_on_is_not_canceled_after_the_release(pair: Pair) -> None:
    orders = with_orders(pair)
    pair.loaded = limited(pair, cancellations=1)
    for order in orders:
        pair.om("cancel_order", order=order)
    cancel_wrongly(pair, orders)
    pair.sync()
    assert braked(pair) == {"fsm": "cancellations"}
    restore(pair, orders)
    pair.sync(full=True)
    look(pair, "fsm")
    pair.settle()
    assert "canceled" not in {pair.state("fsm", "wm_order", n) for order in orders for n in pair.work_orders(order)}


def cancel_wrongly(pair: Pair, orders: list[str]) -> None:
    """Somebody's script sets every order to Canceled behind the rules' back."""
    rewrite(pair, orders, "canceled")


def restore(pair: Pair, orders: list[str]) -> None:
    rewrite(pair, orders, "in_progress")


def rewrite(pair: Pair, orders: list[str], state: str) -> None:
    om = pair.world.instance("om")
    table = om.schema.table(ORDER)
    for order in orders:
        [row] = pair.rows("om", ORDER, f"number={order}", "sys_id")
        om.store.update(table, row["sys_id"], {"state": state})


# --- clones and backups -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["om", "fsm"])
def test_an_instance_that_was_cloned_over_stops_both_sides(pair: Pair, side: str) -> None:
    """Its address stays, its records are another instance's."""
    with_orders(pair)
    clone_over(pair, side)
    pair.approved(HAMBURG)
    pair.world.clear_requests()
    assert "is not the instance it was at first contact" in why(pair)
    assert braked(pair) == {side: "identity"}
    assert writes(pair) == []
    pair.world.advance(4000)
    why(pair)
    assert writes(pair) == []


def clone_over(pair: Pair, side: str) -> None:
    """The records are those of another instance now, as many and like the old ones, but not the same."""
    instance = pair.world.instance(side)
    name = {"om": ORDER, "fsm": "wm_order"}[side]
    table = instance.schema.table(name)
    for row in pair.rows(side, name, "", "sys_id"):
        record = instance.store.get(table, row["sys_id"])
        assert record is not None
        instance.store.delete(table, row["sys_id"])
        instance.store.put(table, {**record, "sys_id": instance.records.new_id()})


def test_a_copy_of_an_instance_that_calls_itself_otherwise_stops_both_sides(pair: Pair) -> None:
    """All records are the same; only the instance's own name tells."""
    fsm = pair.world.instance("fsm")
    row = fsm.records.insert("sys_properties", {"name": "instance_name", "value": "prod"}, fsm.system)
    with_orders(pair)
    fsm.records.update("sys_properties", row["sys_id"], {"value": "prodcopy"}, fsm.system)
    said = why(pair)
    assert "property instance_name was prod and is now prodcopy" in said
    assert braked(pair) == {"fsm": "identity"}


def test_the_same_instance_with_more_records_and_renamed_people_is_the_same(pair: Pair) -> None:
    """The twin: everything changes but what it is known by."""
    with_orders(pair)
    pair.world.advance(4000)
    new = pair.approved(HAMBURG)
    pair.sync()
    assert braked(pair) == {}
    assert len(pair.work_orders(new)) == 2


def test_after_a_person_has_looked_the_instance_is_known_by_what_it_is_now(pair: Pair) -> None:
    with_orders(pair)
    clone_over(pair, "fsm")
    why(pair)
    look(pair, "fsm")
    new = pair.approved(HAMBURG)
    pair.sync()
    pair.world.advance(4000)
    pair.sync()
    assert len(pair.work_orders(new)) == 2
    assert braked(pair) == {}
    assert "work-order-missing" in pair.finding_codes()


def test_a_restored_backup_that_lacks_the_newest_work_orders_is_noticed(pair: Pair) -> None:
    with_orders(pair)
    backup = {row["sys_id"] for row in pair.rows("fsm", "wm_order", "", "sys_id")}
    newer = [pair.approved(HAMBURG) for _ in range(3)]
    pair.settle()
    instance = pair.world.instance("fsm")
    for row in pair.rows("fsm", "wm_order", "", "sys_id"):
        if row["sys_id"] not in backup:
            instance.records.delete("wm_order", row["sys_id"], instance.system)
    pair.world.clear_requests()
    assert "6 of 12 linked records that were asked for are not on fsm" in why(pair)
    assert writes(pair) == []
    assert newer


def test_an_instance_that_is_another_one_after_an_outage_is_noticed_before_anything_is_written(pair: Pair) -> None:
    with_orders(pair)
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        engine.sides.visit(pair.now())
        pair.world.fault("fsm", {"kind": "no_node", "user": "connector", "count": None})
        with pytest.raises(RemoteError):
            engine.fsm.probe()
        try:
            engine.fsm.probe()
        except RemoteError as error:
            engine.sides.trouble(error, pair.now())
        clone_over(pair, "fsm")
        pair.world.clear_faults()
        pair.world.advance(60)  # less than the time between two comparisons
        engine.sides.visit(pair.now())
        assert [one.reason.value for one in engine.sides.stopped(pair.now())] == ["identity"]


@pytest.mark.parametrize("orders", [1, 2])
@pytest.mark.parametrize("side", ["om", "fsm"])
def test_a_table_that_was_emptied_stops_both_sides_however_few_records_it_had(
    side: str, orders: int, pair: Pair
) -> None:
    """A backup of the first day is restored: there are fewer links than the limit for missing ones."""
    for _ in range(orders):
        pair.approved(HAMBURG)
    settle(pair)
    erase(pair, side, {"om": ORDER, "fsm": "wm_order"}[side], "")
    pair.world.advance(1000)
    pair.world.clear_requests()
    said = why(pair)
    assert "is empty" in said
    assert "Was it cloned, restored" in said
    assert braked(pair) == {side: "identity"}
    assert writes(pair) == []


def test_after_a_person_has_looked_at_the_emptied_table_it_is_filled_again(pair: Pair) -> None:
    pair.approved(HAMBURG)
    settle(pair)
    erase(pair, "fsm", "wm_order", "")
    pair.world.advance(1000)
    why(pair)
    look(pair, "fsm")
    new = pair.approved(HAMBURG)
    for _ in range(2):
        pair.sync()
        pair.world.advance(4000)
    assert braked(pair) == {}
    assert len(pair.work_orders(new)) == 2


def test_a_table_that_was_empty_at_first_contact_is_not_missed(pair: Pair) -> None:
    pair.sync()
    pair.world.advance(1000)
    order = pair.approved(HAMBURG)
    pair.settle()
    assert braked(pair) == {}
    assert len(pair.work_orders(order)) == 2


def test_test_orders_that_are_deleted_one_after_the_other_are_daily_business(pair: Pair) -> None:
    first = pair.approved(HAMBURG)
    pair.settle()
    for _ in range(6):
        pair.approved(HAMBURG)
        pair.settle()
    pair.om("cancel_order", order=first)
    pair.om("approve_cancel", order=first)
    pair.settle()
    erase(pair, "om", ORDER, f"number={first}")
    pair.world.advance(1000)
    with app.writing(pair.loaded, pair.outside(), patient=True) as (engine, systems):
        with contextlib.suppress(Held):
            app.sync_once(engine, systems, pair.now)
        reasons = {one.reason.value for one in engine.sides.holds.all(pair.now())}
    assert "identity" not in reasons


def test_an_instance_whose_first_draft_was_deleted_is_no_other_instance(pair: Pair) -> None:
    line = {"offering": "Business SD-WAN", "location": HAMBURG}
    draft = pair.om("create_order", account="Acme Logistics", lines=[line])["order"]["number"]
    pair.settle()
    pair.om("delete_order", order=draft)
    pair.settle()
    order = pair.approved(HAMBURG)
    pair.settle()
    assert braked(pair) == {}
    assert len(pair.work_orders(order)) == 2
