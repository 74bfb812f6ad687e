"""README promise: what cannot be carried out becomes one fallout on the right order task, settled when it no longer holds."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from connector import app, memory
from connector.config import load
from connector.discover.drift import keeping_decisions
from connector.engine.history import overview
from connector.errors import ConfigError, Held
from connector.model import IntentState, RaiseFallout
from connector.profile import read_profile
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH, ORDER
from tests.scenarios.test_discover import TASK_RENAMED, adopt, found, pair_on

if TYPE_CHECKING:
    from pathlib import Path

    from connector.engine.history import Waiting
    from tests.conftest import Pair

FALLOUT = "sn_fallout_mgmt_fallout"
ORDER_TASK = "sn_ind_tmt_orm_order_task"
KINDS = '["write-parked", "not-canceled", "past-ponr", "reopen-refused", "not-applied"]'
COLUMNS = ("number", "state", "order_task", "short_description", "description", "correlation_id")


@pytest.fixture
def raising(pair: Pair) -> Pair:
    return configured(pair, f"[fallout]\nkinds = {KINDS}\n")


def configured(pair: Pair, section: str) -> Pair:
    path = pair.loaded.path
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{section}", encoding="utf-8")
    pair.loaded = load(path)
    return pair


def fallouts(pair: Pair) -> list[dict[str, str]]:
    return pair.rows("om", FALLOUT, "ORDERBYnumber", *COLUMNS)


def states(pair: Pair) -> list[str]:
    return [state.casefold() for state in pair.labels("om", FALLOUT, "ORDERBYnumber", "state")]


def task_of(pair: Pair, number: str, name: str = "state") -> str:
    """The first order task of a domain order, as people see it."""
    return pair.labels("om", ORDER_TASK, f"parent.number={number}^ORDERBYnumber", name)[0]


def waiting(pair: Pair) -> list[Waiting]:
    """The fallouts that are still to be raised."""
    database = memory.reading(pair.loaded)
    assert database is not None
    return [entry for entry in overview(database).waiting if isinstance(entry.intent.action, RaiseFallout)]


def retry_fallouts(pair: Pair) -> None:
    """Those that were refused themselves."""
    for entry in waiting(pair):
        if entry.intent.state is IntentState.PARKED:
            with app.writing(pair.loaded, pair.outside()) as (engine, _):
                assert engine.store.release_parked(entry.id, pair.now(), drop=False)


def refuse(pair: Pair, side: str, method: str, path: str, count: int | None = 1) -> None:
    fault = {"kind": "status", "status": 403, "message": "not today", "method": method, "path_contains": path}
    pair.world.fault(side, {**fault, "user": "connector", "count": count})


def changed_past_ponr(pair: Pair) -> tuple[str, str]:
    """An order whose line was changed past its point of no return, and the line."""
    order = pair.approved(HAMBURG)
    pair.settle()
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("set_ponr", line=line)
    pair.om("set_characteristic", line=line, name="Bandwidth", value="1 Gbit/s")
    pair.settle()
    return order, line


def with_refused_creation(pair: Pair, count: int | None = 1) -> tuple[str, str]:
    order = pair.approved(HAMBURG)
    refuse(pair, "fsm", "POST", "wm_order", count)
    pair.settle_but_parked()
    return order, pair.resource_order(order)


# --- raised once, on the right task ----------------------------------------------------------------------------


def test_a_refused_write_becomes_one_fallout_on_an_open_task_of_its_domain_order_and_is_settled_when_it_succeeds(
    raising: Pair,
) -> None:
    order, number = with_refused_creation(raising)
    for _ in range(3):
        raising.world.advance(400)
        raising.sync(full=True)
    [fallout] = fallouts(raising)
    assert task_of(raising, number, "sys_id") == fallout["order_task"]
    assert task_of(raising, number).casefold() == "on hold"
    assert "not today" in fallout["description"]
    assert "Fix: Mend what is named" in fallout["description"]
    raising.retry()
    raising.settle()
    assert states(raising) == ["resolved"]
    assert task_of(raising, number).casefold() != "on hold"
    assert raising.install(order)
    raising.assert_nothing_doubled()


def test_the_fallout_of_a_refused_note_is_settled_as_soon_as_the_note_is_written(raising: Pair) -> None:
    order = raising.approved(HAMBURG)
    raising.settle()
    raising.fsm("dispatch", work_order=raising.install(order), technician="technician")
    refuse(raising, "om", "PATCH", DOMAIN_ORDER)
    raising.settle_but_parked()
    assert states(raising) == ["open"]
    raising.retry()
    raising.sync()
    assert states(raising) == ["resolved"]


def test_a_write_that_is_tried_again_and_refused_again_keeps_its_one_fallout(raising: Pair) -> None:
    with_refused_creation(raising)
    for _ in range(3):
        refuse(raising, "fsm", "POST", "wm_order")
        raising.retry()
        raising.settle_but_parked()
    assert states(raising) == ["open"]


RENAMED = '[om.rename]\n"sn_fallout_mgmt_fallout.order_task" = "originated_from"\n'


def test_where_fallouts_call_their_task_otherwise_none_is_raised_before_that_is_settled(tmp_path: Path) -> None:
    """Without its task a fallout holds nothing up."""
    pair = configured(pair_on(tmp_path, RENAMED), f"[fallout]\nkinds = {KINDS}\n")
    order = pair.approved(HAMBURG)
    refuse(pair, "fsm", "POST", "wm_order")
    pair.sync()
    assert pair.rows("om", FALLOUT, "", "number") == []
    assert pair.finding_codes() == ["write-parked", "write-parked"]

    configured(pair, '[fallout.columns]\norder_task = "originated_from"\n')
    retry_fallouts(pair)
    pair.settle_but_parked()
    [fallout] = pair.rows("om", FALLOUT, "", "originated_from")
    assert fallout["originated_from"] == task_of(pair, pair.resource_order(order), "sys_id")


def test_by_the_profile_that_was_found_a_fallout_is_raised_and_settled_where_all_is_called_otherwise(
    tmp_path: Path,
) -> None:
    removed = f'remove = ["om.tables.{FALLOUT}.columns.order_line_item"]\n'  # a fallout can do without its line
    pair = configured(pair_on(tmp_path, removed + RENAMED_STATE, "odd"), f"[fallout]\nkinds = {KINDS}\n")
    discovered = found(pair)
    assert discovered.profile.om.columns["fallout"]["line"] == ""
    assert "fallouts do not name the order line" in discovered.reasons["om.columns.fallout.line"]
    adopt(pair, discovered)
    pair.world.clear_requests()
    order = pair.approved(HAMBURG)
    pair.world.advance(60)
    refuse(pair, "fsm", "POST", "wm_order")
    pair.settle_but_parked()
    assert set(pair.finding_codes()) == {"write-parked"}
    [fallout] = pair.rows("om", FALLOUT, "", "originated_from", "state")
    assert fallout["originated_from"] in _tasks(pair)
    pair.retry()
    pair.settle()
    assert states(pair) == ["resolved"]
    assert pair.work_orders(order)
    assert not [r for r in pair.world.requests("om") if r.path.endswith("sys_choice")]


def test_what_a_person_settled_of_fallouts_is_kept_when_the_next_discovery_may_not_read_them(tmp_path: Path) -> None:
    """A fallout that nobody finds by its task holds nothing up."""
    pair = configured(pair_on(tmp_path, TASK_RENAMED), f"[fallout]\nkinds = {KINDS}\n")
    settled = read_profile(adopt(pair, found(pair), ('order_task = "?"', 'order_task = "u_held"')))
    pair.world.fault("om", {"kind": "status", "status": 403, "path_contains": f"ui/meta/{FALLOUT}", "count": None})
    pair.world.fault("om", {"kind": "table_forbidden", "path_contains": "sys_dictionary", "count": None})
    now = app.discover_once(load(pair.loaded.path, with_profile=False), pair.outside(), before=settled)
    assert "fallout" not in now.profile.om.columns
    now.profile = keeping_decisions(settled, now.profile)
    adopt(pair, now)
    pair.world.clear_faults()
    order, _ = with_refused_creation(pair)
    raised = [fallout["u_held"] for fallout in pair.rows("om", FALLOUT, "", "u_held")]
    assert task_of(pair, pair.resource_order(order), "sys_id") in raised


RENAMED_STATE = f"""
[om.tables.{FALLOUT}.choices.state]
resolved = [66, "Resolved"]
"""


def test_without_being_named_nothing_becomes_a_fallout(pair: Pair) -> None:
    with_refused_creation(pair)
    assert fallouts(pair) == []
    assert pair.finding_codes() == ["write-parked"]


def test_a_visit_of_an_order_task_holds_that_very_task_and_the_retry_passes_the_hold(raising: Pair) -> None:
    order = raising.approved(HAMBURG)
    raising.sync()
    [survey] = raising.rows("om", ORDER_TASK, "short_descriptionLIKEsurvey", "sys_id", "number")
    work_order = raising.work_orders(order, "Site Survey")[0]
    line = raising.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    raising.om("revise", order=order)
    raising.om("edit_line", line=line, characteristics={"Bandwidth": "1 Gbit/s"})
    raising.om("approve_revision", order=order)
    refuse(raising, "fsm", "PATCH", "wm_order")
    raising.settle_but_parked()
    [fallout] = fallouts(raising)
    assert fallout["order_task"] in (survey["sys_id"], *_tasks(raising))
    raising.settle_but_parked()
    assert states(raising) == ["open"]
    raising.retry()
    raising.settle()
    assert states(raising) == ["resolved"]
    assert "1 Gbit/s" in raising.rows("fsm", "wm_order", f"number={work_order}", "description")[0]["description"]


def _tasks(pair: Pair) -> list[str]:
    return [row["sys_id"] for row in pair.rows("om", ORDER_TASK, "", "sys_id")]


def test_a_fallout_that_puts_the_task_of_its_visit_on_hold_a_second_time_is_raised_once_more_and_stays(
    raising: Pair,
) -> None:
    order = raising.approved(HAMBURG)
    raising.settle()
    [survey] = raising.work_orders(order, "Site Survey")  # it was made for an order task
    line = raising.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    raising.om("set_ponr", line=line)
    with app.writing(raising.loaded, raising.outside()) as (engine, systems):  # one daemon
        for value in ("1 Gbit/s", "100 Mbit/s", "1 Gbit/s"):
            raising.om("set_characteristic", line=line, name="Bandwidth", value=value)
            for _ in range(3):
                app.sync_once(engine, systems, raising.now)
                raising.world.advance(90)
    about = [row for row in fallouts(raising) if row["short_description"].startswith(survey)]
    assert len(about) == 2
    assert sorted(states(raising)) == ["open", "open", "resolved", "resolved"]
    assert "frozen" not in raising.finding_codes()
    assert [plan for plan in raising.plan() if plan.actions] == []


def test_a_fallout_about_a_change_that_came_too_late_stays_while_the_order_is_on_hold(raising: Pair) -> None:
    order, _ = changed_past_ponr(raising)
    raised = fallouts(raising)
    assert raised != []
    raising.om("hold_order", order=order)
    raising.settle()
    assert fallouts(raising) == raised
    assert set(states(raising)) == {"open"}


# --- the other occasions ---------------------------------------------------------------------------------------


def test_a_cancellation_that_field_service_refuses_is_a_fallout_until_the_visit_is_over(raising: Pair) -> None:
    order = raising.approved(HAMBURG)
    raising.settle()
    work_order = raising.install(order)
    task = raising.rows("fsm", "wm_task", f"parent.number={work_order}^ORDERBYnumber", "number")[0]["number"]
    part = raising.fsm("require_part", task=task, part="SD-WAN CPE")["transfer_order"]["number"]
    raising.fsm("ship_part", transfer_order=part)
    number = raising.resource_order(order)
    raising.om("set_domain_order_state", domain_order=number, state="canceled")
    raising.settle_but_parked()
    assert "not-canceled" in raising.finding_codes()
    assert [one["short_description"] for one in fallouts(raising)] == [f"{work_order}: the visit could not be canceled"]
    raising.fsm("receive_part", transfer_order=part)
    raising.fsm("cancel_work_order", work_order=work_order, reason="the order was canceled")
    raising.settle()
    assert states(raising) == ["resolved"]


def test_a_change_past_the_point_of_no_return_is_a_fallout_until_it_is_taken_back(raising: Pair) -> None:
    _, line = changed_past_ponr(raising)
    raised = fallouts(raising)
    assert {one["short_description"].partition(": ")[2] for one in raised} == {
        "a change came past the point of no return"
    }
    assert set(states(raising)) == {"open"}
    raising.settle()
    assert len(fallouts(raising)) == len(raised)
    raising.om("set_characteristic", line=line, name="Bandwidth", value="100 Mbit/s")
    raising.settle()
    assert set(states(raising)) == {"resolved"}


@pytest.mark.parametrize("is_lost", [False, True], ids=["", "memory lost"])
@pytest.mark.parametrize("whole", [False, True], ids=["", "the whole order was closed"])
def test_a_refused_reopening_is_a_fallout_until_the_domain_order_is_open(
    raising: Pair, whole: bool, is_lost: bool
) -> None:
    order = raising.approved(HAMBURG)
    raising.settle()
    number = raising.resource_order(order)
    for one in raising.domain_orders(order) if whole else [number]:
        raising.om("close_domain_order", domain_order=one)
    raising.world.advance(60)
    assert (raising.state("om", ORDER, order) == "completed") == whole
    [row] = raising.rows("om", DOMAIN_ORDER, f"number={number}", "sys_id")
    refuse(raising, "om", "PATCH", row["sys_id"])
    raising.settle_but_parked()
    assert [one["short_description"] for one in fallouts(raising)] == [
        f"{number}: it was closed too early and could not be reopened"
    ]
    if is_lost:
        raising.world.advance(60)
        raising.forget()
        refuse(raising, "om", "PATCH", row["sys_id"])
        raising.settle_but_parked()
        assert states(raising) == ["open"]
    raising.retry()
    raising.settle()
    assert states(raising) == ["resolved"]
    assert raising.state("om", DOMAIN_ORDER, number) == "in progress"


@pytest.fixture
def refusing(raising: Pair) -> Pair:
    """A domain order was closed too early, and Order Management refuses to reopen it."""
    order = raising.approved(HAMBURG)
    raising.settle()
    raising.om("close_domain_order", domain_order=raising.resource_order(order))
    refuse(raising, "om", "PATCH", "domain_order", None)
    raising.settle_but_parked()
    assert states(raising) == ["open"]
    return raising


def test_a_refused_reopening_whose_line_is_not_shown_in_passing_keeps_its_fallout(refusing: Pair) -> None:
    nothing = {"kind": "no_rows", "method": "GET", "user": "connector", "count": None, "path_contains": f"table/{LINE}"}
    fault = refusing.world.fault("om", nothing)
    with suppress(Held):
        refusing.sync(full=True)
    assert states(refusing) == ["open"]
    refusing.world.clear_faults(fault)
    refusing.sync(full=True)
    assert states(refusing) == ["open"]


def test_a_refused_reopening_keeps_its_fallout_where_the_gate_only_raises_the_alarm_for_a_while(refusing: Pair) -> None:
    path = refusing.loaded.path
    before = path.read_text(encoding="utf-8")
    configured(refusing, '[gate]\nmode = "alarm"\n')
    refusing.sync(full=True)
    path.write_text(before, encoding="utf-8")
    refusing.loaded = load(path)
    refusing.sync(full=True)
    assert states(refusing) == ["open"]


def test_a_refused_reopening_that_a_person_gives_up_settles_its_fallout(refusing: Pair) -> None:
    with app.writing(refusing.loaded, refusing.outside()) as (engine, _):
        assert engine.store.release_parked(refusing.parked(), refusing.now(), drop=True)
    refusing.settle()
    assert states(refusing) == ["resolved"]


@pytest.mark.parametrize("do", ["close_incomplete", "cancel_work_order"])
def test_a_visit_that_came_to_nothing_is_a_fallout_until_somebody_decides(pair: Pair, do: str) -> None:
    raising = configured(pair, '[gate]\nclosed_incomplete = "fallout"\ncanceled_in_field = "fallout"\n')
    order = raising.approved(HAMBURG)
    raising.settle()
    number, work_order = raising.resource_order(order), raising.install(order)
    raising.fsm("dispatch", work_order=work_order, technician="technician")
    raising.fsm(do, work_order=work_order, reason="no access")
    raising.settle()
    [fallout] = fallouts(raising)
    assert work_order in fallout["short_description"]
    raising.om("add_note", domain_order=number, text="release gate", **{"as": "fulfillment_manager"})
    raising.settle()
    assert states(raising) == ["resolved"]


def test_a_visit_that_fails_again_is_a_fallout_again(pair: Pair) -> None:
    raising = configured(pair, '[gate]\nclosed_incomplete = "fallout"\n')
    order = raising.approved(HAMBURG)
    raising.settle()
    work_order = raising.install(order)
    task = raising.rows("fsm", "wm_task", f"parent.number={work_order}", "number")[0]["number"]
    for _ in range(2):
        raising.fsm("dispatch", work_order=work_order, technician="technician")
        raising.fsm("close_incomplete", work_order=work_order, reason="no access")
        raising.settle()
        assert states(raising)[-1] == "open"
        raising.fsm("reopen_task", task=task)
        raising.settle()
    assert states(raising) == ["resolved", "resolved"]


# --- never a second one ----------------------------------------------------------------------------------------


def test_a_fallout_that_got_no_answer_is_looked_up(raising: Pair) -> None:
    raising.world.fault("om", {"kind": "commit_then_drop", "method": "POST", "path_contains": FALLOUT, "count": 1})
    with_refused_creation(raising)
    assert len(fallouts(raising)) == 1


NONE_OF_DOMAIN_ORDERS = "id,specification,domain order class,work order template\nother,-,-,NO FIELD WORK\n"


def test_memory_may_be_lost_of_an_order_whose_only_visit_was_refused_and_whose_task_its_fallout_holds(
    raising: Pair,
) -> None:
    (raising.loaded.path.parent / "domain_order_policy.csv").write_text(NONE_OF_DOMAIN_ORDERS, encoding="utf-8")
    order, _ = with_refused_creation(raising)
    assert (raising.work_orders(order), states(raising)) == ([], ["open"])
    raising.forget()
    raising.settle()
    assert len(raising.work_orders(order)) == 1
    assert states(raising) == ["resolved"]
    raising.assert_nothing_doubled()


def test_memory_may_be_lost_and_the_fallout_is_found_again_and_settled(raising: Pair) -> None:
    order, _ = with_refused_creation(raising, count=None)
    raised = len(fallouts(raising))
    raising.forget()
    raising.settle_but_parked()
    assert states(raising) == ["open"] * raised
    raising.world.clear_faults()
    raising.forget()
    raising.settle()
    assert states(raising) == ["resolved"] * raised
    assert raising.install(order)


def test_a_fallout_that_a_person_closed_is_not_raised_again(raising: Pair) -> None:
    with_refused_creation(raising)
    raising.om("resolve_fallout", fallout=fallouts(raising)[0]["number"])
    for _ in range(3):
        raising.world.advance(400)
        raising.sync(full=True)
    assert states(raising) == ["resolved"]


def test_the_fallout_of_somebody_else_is_left_alone_and_still_holds_its_task(raising: Pair) -> None:
    _, number = with_refused_creation(raising)
    raising.om("create_fallout", task=task_of(raising, number, "number"), text="billing")
    raising.retry()
    raising.settle()
    assert states(raising) == ["resolved", "open"]
    assert task_of(raising, number).casefold() == "on hold"


def test_where_the_plug_in_is_missing_or_closed_there_is_a_finding_instead(raising: Pair) -> None:
    fault = {"kind": "table_forbidden", "path_contains": FALLOUT, "user": "connector", "count": None}
    raising.world.fault("om", fault)
    with_refused_creation(raising)
    assert set(raising.finding_codes()) == {"write-parked"}
    raising.world.clear_faults()
    assert fallouts(raising) == []


def test_what_cannot_become_a_fallout_is_refused_in_the_configuration(pair: Pair) -> None:
    with pytest.raises(ConfigError) as error:
        configured(pair, '[fallout]\nkinds = ["frozen"]\n')
    assert "'frozen' cannot become a fallout" in str(error.value.problems)


def test_a_fallout_that_a_person_closed_is_raised_again_when_the_write_is_tried_again_and_refused(
    raising: Pair,
) -> None:
    with_refused_creation(raising)
    raising.om("resolve_fallout", fallout=fallouts(raising)[0]["number"])
    raising.settle_but_parked()
    refuse(raising, "fsm", "POST", "wm_order")
    raising.retry()
    raising.settle_but_parked()
    assert states(raising) == ["resolved", "open"]
    raising.retry()
    raising.settle()
    assert states(raising) == ["resolved", "resolved"]


# --- what is canceled, and cannot be canceled in the field: which task is left that a fallout could stand on -----------


def shipped(pair: Pair, work_order: str) -> str:
    """Parts are on their way to a visit, which Field Service does not cancel therefore."""
    task = pair.rows("fsm", "wm_task", f"parent.number={work_order}^ORDERBYnumber", "number")[0]["number"]
    part = pair.fsm("require_part", task=task, part="SD-WAN CPE")["transfer_order"]["number"]
    pair.fsm("ship_part", transfer_order=part)
    return str(part)


def cancel_in_field(pair: Pair, part: str, work_order: str) -> None:
    pair.fsm("receive_part", transfer_order=part)
    pair.fsm("cancel_work_order", work_order=work_order, reason="the order was canceled")
    pair.settle()


def remove_line(pair: Pair, *, header: bool) -> tuple[str, str, str, str]:
    """An order for two places, of which one is taken out, whose visit Field Service does not cancel: with that and its parts,
    the order task of the customer order, where it has one, and the resource order of the other place."""
    order = pair.approved(HAMBURG, MUNICH)
    pair.settle()
    above = pair.om("create_header_task", order=order, name="Call the customer")["task"]["sys_id"] if header else ""
    lines = pair.rows("om", LINE, f"order.number={order}^ORDERBYnumber", "number")
    numbers = [
        row["number"]
        for line in lines
        for row in pair.rows(
            "om", "sn_ind_tmt_orm_resource_order", f"order_line_item.number={line['number']}", "number"
        )
    ]
    [visit] = pair.rows("fsm", "wm_order", f"short_descriptionLIKE{numbers[0]}", "number")
    part = shipped(pair, visit["number"])
    pair.om("revise", order=order)
    pair.om("remove_line", line=lines[0]["number"])
    pair.om("approve_revision", order=order)
    return visit["number"], part, above, numbers[1]


def with_line_removed(pair: Pair, *, header: bool) -> tuple[str, str, str, str]:
    """The same, once the connector has done what it can."""
    removed = remove_line(pair, header=header)
    pair.settle_but_parked()
    assert "not-canceled" in pair.finding_codes()
    return removed


def test_a_unit_that_goes_on_is_not_held_for_the_visit_of_another_that_could_not_be_canceled(raising: Pair) -> None:
    policy = raising.loaded.path.parent / "domain_order_policy.csv"
    row = "phone,Desk Phone,product,add,Install CPE,\nother,"
    policy.write_text(policy.read_text(encoding="utf-8").replace("other,", row), encoding="utf-8")
    order = raising.approved(HAMBURG, offering="Desk Phones", quantity="3")
    units = [unit for unit in raising.domain_orders(order) if unit.startswith("PO")]
    om = raising.world.om
    [placed] = raising.rows("om", "sn_ind_tmt_orm_order", f"number={order}", "sys_id")
    for unit in units:
        [parent] = raising.rows("om", DOMAIN_ORDER, f"number={unit}", "sys_id")
        task = {"parent": parent["sys_id"], "order": placed["sys_id"], "short_description": "Configure the phone"}
        om.records.insert(ORDER_TASK, task, om.users["fulfillment_manager"])
    raising.settle()
    [visit] = raising.rows("fsm", "wm_order", f"short_descriptionLIKE{units[0]}", "number")
    shipped(raising, visit["number"])
    line = raising.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    raising.om("revise", order=order)
    raising.om("edit_line", line=line, fields={"quantity": "2"})
    raising.om("approve_revision", order=order)
    raising.settle()
    raising.om("cancel_unit", domain_order=units[0])
    raising.settle_but_parked()
    assert "not-canceled" in raising.finding_codes()
    assert "No order task of it is open" in details(raising)
    assert fallouts(raising) == []


def details(pair: Pair) -> str:
    database = memory.reading(pair.loaded)
    assert database is not None
    return " ".join(found.text for found in overview(database).findings if found.code.value == "not-canceled")


def test_a_visit_of_a_line_that_was_taken_out_and_cannot_be_canceled_is_a_fallout_on_the_task_of_the_order_itself(
    raising: Pair,
) -> None:
    work_order, part, header, _ = with_line_removed(raising, header=True)
    for _ in range(3):
        raising.world.advance(400)
        raising.sync(full=True)
    refuse(raising, "fsm", "PATCH", "wm_order")
    raising.retry()
    raising.settle_but_parked()
    [fallout] = fallouts(raising)
    assert fallout["order_task"] == header
    assert fallout["short_description"] == f"{work_order}: the visit could not be canceled"
    assert "No order task" not in details(raising)
    raising.forget()
    raising.sync(full=True)
    raising.settle_but_parked()
    assert states(raising) == ["open"]
    cancel_in_field(raising, part, work_order)
    assert states(raising) == ["resolved"]
    [task] = raising.labels("om", ORDER_TASK, f"sys_id={header}", "state")
    assert task.casefold() == "open"
    raising.assert_nothing_doubled()


def test_what_a_person_has_resolved_on_the_task_of_the_order_is_not_raised_again(raising: Pair) -> None:
    with_line_removed(raising, header=True)
    raising.om("resolve_fallout", fallout=fallouts(raising)[0]["number"])
    for _ in range(3):
        raising.world.advance(400)
        raising.sync(full=True)
    assert states(raising) == ["resolved"]


def test_the_other_line_is_not_held_because_a_visit_of_the_one_taken_out_cannot_be_canceled(raising: Pair) -> None:
    work_order, part, _, other = with_line_removed(raising, header=False)
    assert fallouts(raising) == []
    assert task_of(raising, other).casefold() != "on hold"
    assert "No order task of it is open on which a fallout could stand" in details(raising)
    cancel_in_field(raising, part, work_order)
    assert fallouts(raising) == []


def test_where_the_whole_order_is_canceled_nothing_is_left_for_a_fallout_and_that_is_said(raising: Pair) -> None:
    order = raising.approved(HAMBURG)
    raising.settle()
    raising.om("create_header_task", order=order, name="Call the customer")
    work_order = raising.install(order)
    part = shipped(raising, work_order)
    raising.om("cancel_order", order=order)
    raising.om("approve_cancel", order=order)
    raising.settle_but_parked()
    tasks = raising.labels("om", ORDER_TASK, f"order.number={order}", "state")
    assert {state.casefold() for state in tasks} == {"canceled"}
    assert fallouts(raising) == []
    assert "No order task of it is open on which a fallout could stand" in details(raising)
    cancel_in_field(raising, part, work_order)
    assert "not-canceled" not in raising.finding_codes()
    raising.assert_nothing_doubled()


def test_where_the_whole_order_is_canceled_a_fallout_stands_on_the_canceled_task_where_that_is_wanted(
    raising: Pair,
) -> None:
    settings = raising.loaded.settings
    wanted = settings.fallout.model_copy(update={"on_canceled": True})
    raising.loaded = raising.loaded.model_copy(update={"settings": settings.model_copy(update={"fallout": wanted})})
    order = raising.approved(HAMBURG)
    raising.settle()
    work_order = raising.install(order)
    part = shipped(raising, work_order)
    raising.om("cancel_order", order=order)
    raising.om("approve_cancel", order=order)
    raising.settle_but_parked()
    for lost in (False, True):
        if lost:
            raising.forget()
        raising.world.advance(400)
        raising.sync(full=True)
        [fallout] = fallouts(raising)
        [task] = raising.labels("om", ORDER_TASK, f"sys_id={fallout['order_task']}", "state")
        assert task.casefold() == "canceled"
        assert "No order task of it is open" not in details(raising)
    cancel_in_field(raising, part, work_order)
    assert states(raising) == ["resolved"]
    raising.assert_nothing_doubled()


def test_a_refused_cancellation_that_was_to_be_no_fallout_says_nothing_of_one(pair: Pair) -> None:
    with_line_removed(pair, header=False)
    assert "fallout" not in details(pair)


# --- a fallout that waits for Order Management: its order task may be over when that answers again ----------------------


def take_no_fallouts(pair: Pair, kind: str) -> None:
    """Order Management takes no fallout for now."""
    fault = {"kind": kind, "method": "POST", "path_contains": FALLOUT, "user": "connector", "count": None}
    pair.world.fault("om", {**fault, **({"status": 403} if kind == "status" else {})})


def decide_in_vain(pair: Pair) -> None:
    """What was decided waits to be written."""
    for _ in range(2):
        with suppress(Held):
            pair.sync()
    assert len(waiting(pair)) == 1
    assert fallouts(pair) == []


def take_fallouts(pair: Pair) -> None:
    """Order Management takes them again."""
    pair.world.clear_faults()
    retry_fallouts(pair)
    pair.settle_but_parked()
    pair.sync(full=True)


WAITS = [
    pytest.param("status", True, id="refused, and closed meanwhile"),
    pytest.param("drop", True, id="unreachable, and closed meanwhile"),
    pytest.param("rate_limit", True, id="throttled, and closed meanwhile"),
    pytest.param("rate_limit", False, id="throttled, and still open"),
]


@pytest.mark.parametrize(("kind", "is_closed"), WAITS)
def test_a_fallout_that_waits_is_raised_on_the_next_task_of_its_domain_order_once_its_own_is_closed(
    raising: Pair, kind: str, is_closed: bool
) -> None:
    order = raising.approved(HAMBURG)
    [resource] = raising.rows("om", DOMAIN_ORDER, f"number={raising.resource_order(order)}", "sys_id")
    [placed] = raising.rows("om", "sn_ind_tmt_orm_order", f"number={order}", "sys_id")
    task = {"order": placed["sys_id"], "parent": resource["sys_id"], "short_description": "Label the CPE"}
    raising.world.om.records.insert(ORDER_TASK, task, raising.world.om.users["fulfillment_manager"])
    first, second = raising.rows("om", ORDER_TASK, f"parent={resource['sys_id']}^ORDERBYnumber", "number", "sys_id")
    refuse(raising, "fsm", "POST", "wm_order")
    take_no_fallouts(raising, kind)
    decide_in_vain(raising)
    if is_closed:
        raising.om("close_order_task", task=first["number"])
    take_fallouts(raising)
    [fallout] = fallouts(raising)
    assert fallout["order_task"] == (second if is_closed else first)["sys_id"]
    raising.retry()
    raising.settle()
    assert states(raising) == ["resolved"]
    raising.assert_nothing_doubled()


@pytest.mark.parametrize("end", ["close", "cancel", ""], ids=["closed", "canceled", "still open"])
def test_a_fallout_that_waits_is_raised_on_another_task_of_the_order_once_the_first_is_over(
    raising: Pair, end: str
) -> None:
    work_order, part, first, _ = remove_line(raising, header=True)
    [above] = raising.rows("om", ORDER_TASK, f"sys_id={first}", "order")
    task, om = {"order": above["order"], "short_description": "Write to the customer"}, raising.world.om
    second = om.records.insert(ORDER_TASK, task, om.users["fulfillment_manager"])["sys_id"]
    take_no_fallouts(raising, "drop")
    decide_in_vain(raising)
    if end:
        raising.om(f"{end}_order_task", task=first)
    take_fallouts(raising)
    [fallout] = fallouts(raising)
    assert fallout["order_task"] == (second if end else first)
    cancel_in_field(raising, part, work_order)
    assert states(raising) == ["resolved"]


def test_a_fallout_that_waits_becomes_a_finding_where_no_task_is_open_any_more(raising: Pair) -> None:
    work_order, part, header, _ = remove_line(raising, header=True)
    take_no_fallouts(raising, "drop")
    decide_in_vain(raising)
    assert "No order task" not in details(raising)
    raising.om("close_order_task", task=header)
    take_fallouts(raising)
    assert fallouts(raising) == []
    assert "No order task of it is open on which a fallout could stand" in details(raising)
    cancel_in_field(raising, part, work_order)
    assert "not-canceled" not in raising.finding_codes()
    raising.assert_nothing_doubled()
