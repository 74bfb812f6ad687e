"""README promise: one occasion is one fallout, which stays until what it is about surely no longer holds."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from connector import app, memory
from connector.engine.history import overview
from connector.errors import Held
from connector.model import CreateWorkOrder
from connector.sandbox import World
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH
from tests.scenarios.test_compensation import compensating  # noqa: F401 - a fixture
from tests.scenarios.test_compensation import waiting as change_that_waits
from tests.scenarios.test_fallouts import (
    FALLOUT,
    KINDS,
    NONE_OF_DOMAIN_ORDERS,
    ORDER_TASK,
    changed_past_ponr,
    configured,
    fallouts,
    raising,  # noqa: F401 - a fixture
    refuse,
    refusing,  # noqa: F401 - a fixture
    retry_fallouts,
    states,
    task_of,
    waiting,
    with_refused_creation,
)
from tests.scenarios.test_names_missing import look_at_everything, nameless
from tests.scenarios.test_not_applied import without_anna
from tests.scenarios.test_several_pairs import START, two_fields

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Pair

LOOKED_FOR = "correlation_idSTARTSWITH"  # how it is looked for by its mark, whichever task it is on


def delete(pair: Pair, number: str) -> None:
    om = pair.world.om
    [row] = pair.rows("om", FALLOUT, f"number={number}", "sys_id")
    om.records.delete(FALLOUT, row["sys_id"], om.system)


def give_up_creation(pair: Pair) -> None:
    database = memory.reading(pair.loaded)
    assert database is not None
    [refused] = [one for one in overview(database).waiting if isinstance(one.intent.action, CreateWorkOrder)]
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        assert engine.store.release_parked(refused.id, pair.now(), drop=True)


def line_of(pair: Pair, order: str) -> str:
    return pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]


def not_canceled(pair: Pair) -> tuple[str, str]:
    """A domain order that was canceled, and its visit, whose cancellation Field Service has refused."""
    order = pair.approved(HAMBURG)
    pair.settle()
    work_order, number = pair.install(order), pair.resource_order(order)
    refuse(pair, "fsm", "PATCH", "wm_order")
    pair.om("set_domain_order_state", domain_order=number, state="canceled")
    pair.settle_but_parked()
    assert states(pair) == ["open"]
    return number, work_order


def test_a_fallout_found_again_that_somebody_deletes_before_it_is_remembered_is_not_raised_empty(
    raising: Pair,  # noqa: F811
) -> None:
    order, _ = with_refused_creation(raising)
    [fallout] = fallouts(raising)
    raising.forget()
    raising.world.fault("om", {"kind": "rate_limit", "path_contains": LOOKED_FOR, "user": "connector", "count": None})
    for _ in range(2):
        with suppress(Held):
            raising.sync(full=True)
    assert len(waiting(raising)) == 1  # to be remembered
    delete(raising, fallout["number"])
    raising.world.clear_faults()
    raising.settle()
    assert fallouts(raising) == []
    assert raising.install(order)


def test_a_fallout_of_the_connector_to_another_field_service_is_left_alone(tmp_path: Path) -> None:
    worlds = [World.create(clock="manual", start=START, seed=1) for _ in range(2)]
    install, survey = two_fields(tmp_path, worlds)
    for pair, name in ((install, "field"), (survey, "other")):  # their addresses are the same in a sandbox
        path = pair.loaded.path
        path.write_text(path.read_text(encoding="utf-8").replace('name = "fsm"', f'name = "{name}"'), encoding="utf-8")
        configured(pair, f"[fallout]\nkinds = {KINDS}\n")
    install.approved(HAMBURG)
    worlds[0].fault("fsm", {"kind": "status", "status": 403, "method": "POST", "path_contains": "wm_order", "count": 1})
    install.settle_but_parked()
    assert states(install) == ["open"]
    for _ in range(2):
        survey.settle()
        install.settle_but_parked()
        install.sync(full=True)
    assert states(install) == ["open"]
    install.retry()
    install.settle()
    assert states(install) == ["resolved"]


def test_a_fallout_that_is_found_again_stays_while_its_order_is_on_hold(raising: Pair) -> None:  # noqa: F811
    order, _ = changed_past_ponr(raising)
    raised = len(fallouts(raising))
    raising.om("hold_order", order=order)
    raising.settle()
    raising.forget()
    look_at_everything(raising)
    assert states(raising) == ["open"] * raised
    raising.om("resume_order", order=order)
    raising.settle()
    assert states(raising) == ["open"] * raised


def test_the_fallout_of_a_refused_cancellation_stays_while_field_service_does_not_show_the_visit(
    raising: Pair,  # noqa: F811
) -> None:
    _, work_order = not_canceled(raising)
    raising.fsm("delete_work_order", work_order=work_order)
    look_at_everything(raising)
    assert "work-order-missing" in raising.finding_codes()
    assert states(raising) == ["open"]


def test_the_fallout_of_a_refused_visit_stays_while_its_order_task_is_not_shown(raising: Pair) -> None:  # noqa: F811
    policy = raising.loaded.path.parent / "domain_order_policy.csv"
    policy.write_text(NONE_OF_DOMAIN_ORDERS, encoding="utf-8")
    with_refused_creation(raising)
    fault = {"kind": "no_rows", "path_contains": f"table/{ORDER_TASK}", "user": "connector", "count": None}
    raising.world.fault("om", fault)
    look_at_everything(raising)
    assert states(raising) == ["open"]
    raising.world.clear_faults()
    look_at_everything(raising)
    assert states(raising) == ["open"]
    raising.retry()
    raising.settle()
    assert states(raising) == ["resolved"]


def test_the_fallout_of_a_late_change_stays_while_its_domain_order_is_closed_too_early(raising: Pair) -> None:  # noqa: F811
    order, _ = changed_past_ponr(raising)
    raised = len(fallouts(raising))
    raising.om("close_domain_order", domain_order=raising.resource_order(order))
    raising.settle()
    assert raising.state("om", DOMAIN_ORDER, raising.resource_order(order)) == "in progress"
    assert states(raising) == ["open"] * raised


def test_the_fallout_of_a_late_change_stays_while_a_name_cannot_be_read(raising: Pair) -> None:  # noqa: F811
    changed_past_ponr(raising)
    raised = len(fallouts(raising))
    with nameless(raising, "cmn_location", HAMBURG):
        look_at_everything(raising)
        assert "name-missing" in raising.finding_codes()
        assert states(raising) == ["open"] * raised
    look_at_everything(raising)
    assert states(raising) == ["open"] * raised


def test_a_fallout_whose_fate_is_unknown_is_not_raised_once_it_is_about_nothing(raising: Pair) -> None:  # noqa: F811
    fault = {"kind": "drop", "method": "POST", "path_contains": FALLOUT, "user": "connector", "count": None}
    raising.world.fault("om", fault)
    raising.approved(HAMBURG)
    refuse(raising, "fsm", "POST", "wm_order")
    for _ in range(2):
        with suppress(Held):
            raising.sync()
    assert fallouts(raising) == []
    give_up_creation(raising)
    raising.world.clear_faults()
    raising.settle()
    assert fallouts(raising) == []


def test_a_fallout_that_is_not_shown_yet_is_no_refused_write(raising: Pair) -> None:  # noqa: F811
    raising.world.fault("om", {"kind": "commit_then_drop", "method": "POST", "path_contains": FALLOUT, "count": 1})
    raising.world.fault("om", {"kind": "replica_lag", "seconds": 3600, "path_contains": FALLOUT, "count": None})
    with_refused_creation(raising)
    assert raising.waiting() == {"parked": 1}  # the visit
    raising.world.clear_faults()
    raising.retry()
    raising.settle()
    assert states(raising) == ["resolved"]


def test_a_person_who_resolves_a_fallout_again_and_again_hears_of_each_refusal_without_memory_too(
    raising: Pair,  # noqa: F811
) -> None:
    with_refused_creation(raising)
    for forgotten in (False, True):
        [resolved] = [row["number"] for row in fallouts(raising) if row["state"] == "1"]
        raising.om("resolve_fallout", fallout=resolved)
        refuse(raising, "fsm", "POST", "wm_order")
        if forgotten:
            raising.forget()
            raising.sync(full=True)
            refuse(raising, "fsm", "POST", "wm_order")
        raising.retry()
        raising.settle_but_parked()
    assert states(raising) == ["resolved", "resolved", "open"]


def test_a_fallout_comes_back_although_the_first_of_its_kind_was_deleted_since(raising: Pair) -> None:  # noqa: F811
    _, line = changed_past_ponr(raising)
    for value in ("100 Mbit/s", "1 Gbit/s", "100 Mbit/s"):
        raising.om("set_characteristic", line=line, name="Bandwidth", value=value)
        raising.settle()
    assert set(states(raising)) == {"resolved"}
    rows = fallouts(raising)
    for row in rows:
        if row["correlation_id"].endswith(":1"):
            delete(raising, row["number"])
    raising.om("set_characteristic", line=line, name="Bandwidth", value="1 Gbit/s")
    raising.settle()
    assert states(raising).count("open") == len(rows) // 2


def test_a_task_that_a_person_holds_stays_held_for_us_whatever_fallout_of_ours_is_raised_on_it(raising: Pair) -> None:  # noqa: F811
    order = raising.approved(HAMBURG)
    raising.settle()
    om = raising.world.om
    [survey] = raising.rows("om", ORDER_TASK, "short_descriptionLIKEsurvey", "sys_id", "number", "parent")
    [visit] = raising.work_orders(order, "Site Survey")
    before = raising.rows("fsm", "wm_order", f"number={visit}", "description")
    [state] = [c.value for c in om.schema.table(ORDER_TASK).columns["state"].choices if c.label.lower() == "on hold"]
    om.records.update(ORDER_TASK, survey["sys_id"], {"state": state}, om.users["fulfillment_manager"])
    [service] = raising.rows("om", DOMAIN_ORDER, f"sys_id={survey['parent']}", "number")
    raising.fsm("dispatch", work_order=visit, technician="technician")
    refuse(raising, "om", "PATCH", DOMAIN_ORDER)
    raising.settle_but_parked()
    assert task_of(raising, service["number"], "sys_id") == fallouts(raising)[0]["order_task"] == survey["sys_id"]
    raising.om("revise", order=order)
    raising.om("edit_line", line=line_of(raising, order), characteristics={"Bandwidth": "1 Gbit/s"})
    raising.om("approve_revision", order=order)
    for _ in range(2):
        raising.settle_but_parked()
        assert "frozen" in raising.finding_codes()
        assert raising.rows("fsm", "wm_order", f"number={visit}", "description") == before
    raising.retry()
    raising.settle()
    assert states(raising) == ["resolved"]
    assert task_of(raising, service["number"]).casefold() == "on hold"
    assert raising.rows("fsm", "wm_order", f"number={visit}", "description") == before


def test_a_fallout_that_could_not_be_settled_is_not_settled_once_it_holds_again(raising: Pair) -> None:  # noqa: F811
    _, line = changed_past_ponr(raising)
    raised = len(fallouts(raising))
    refuse(raising, "om", "PATCH", FALLOUT, None)
    raising.om("set_characteristic", line=line, name="Bandwidth", value="100 Mbit/s")
    raising.settle_but_parked()
    raising.world.clear_faults()
    raising.om("set_characteristic", line=line, name="Bandwidth", value="1 Gbit/s")
    raising.settle()
    assert raising.waiting() == {}
    assert states(raising) == ["open"] * raised


def test_a_fallout_that_could_not_be_settled_and_that_a_person_resolves_waits_for_nobody(raising: Pair) -> None:  # noqa: F811
    with_refused_creation(raising)
    refuse(raising, "om", "PATCH", FALLOUT)
    raising.retry()
    raising.settle_but_parked()
    assert (states(raising), raising.finding_codes()) == (["open"], ["write-parked"])
    raising.om("resolve_fallout", fallout=fallouts(raising)[0]["number"])
    look_at_everything(raising)
    assert (raising.waiting(), raising.finding_codes()) == ({}, [])


def lost(pair: Pair) -> None:
    pair.forget()
    look_at_everything(pair)


def test_a_late_change_keeps_its_one_fallout_without_memory(raising: Pair) -> None:  # noqa: F811
    _, line = changed_past_ponr(raising)
    raised = len(fallouts(raising))
    lost(raising)
    assert states(raising) == ["open"] * raised
    raising.om("set_characteristic", line=line, name="Bandwidth", value="100 Mbit/s")
    raising.settle()
    assert set(states(raising)) == {"resolved"}


def test_a_refused_reopening_keeps_its_one_fallout_without_memory(refusing: Pair) -> None:  # noqa: F811
    lost(refusing)
    assert states(refusing) == ["open"]


@pytest.mark.parametrize("do", ["close_incomplete", "cancel_work_order"])
def test_a_visit_that_came_to_nothing_keeps_its_one_fallout_without_memory(pair: Pair, do: str) -> None:
    configured(pair, '[gate]\nclosed_incomplete = "fallout"\ncanceled_in_field = "fallout"\n')
    order = pair.approved(HAMBURG)
    pair.settle()
    pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.settle()
    pair.fsm(do, work_order=pair.install(order), reason="no access")
    pair.settle()
    assert states(pair) == ["open"]
    lost(pair)
    assert states(pair) == ["open"]
    pair.om("add_note", domain_order=pair.resource_order(order), text="release gate", **{"as": "fulfillment_manager"})
    pair.settle()
    assert states(pair) == ["resolved"]


def canceled_too_late(pair: Pair, work_order: str) -> None:
    """Our cancellation does not arrive before the visit is completed, which is a fallout."""
    fault = {"kind": "status", "method": "PATCH", "path_contains": "wm_order", "user": "connector", "count": 1}
    pair.world.fault("fsm", fault)
    with suppress(Held):
        pair.sync()
    pair.fsm("complete", work_order=work_order)
    pair.settle()
    assert states(pair) == ["open"]


@pytest.mark.parametrize("is_lost", [False, True], ids=["", "memory lost"])
def test_a_visit_that_was_canceled_too_late_is_one_fallout_until_somebody_decides(
    raising: Pair,  # noqa: F811
    is_lost: bool,
) -> None:
    order = raising.approved(HAMBURG)
    raising.settle()
    work_order, number = raising.install(order), raising.resource_order(order)
    raising.fsm("dispatch", work_order=work_order, technician="technician")
    raising.settle()
    raising.om("set_domain_order_state", domain_order=number, state="canceled")
    canceled_too_late(raising, work_order)
    if is_lost:
        lost(raising)
        assert states(raising) == ["open"]
    raising.om("add_note", domain_order=number, text="release gate", **{"as": "fulfillment_manager"})
    raising.settle()
    assert states(raising) == ["resolved"]


ONLY_SLOW = """id,specification,domain order class,domain order action,characteristic.Bandwidth,work order template
install-cpe,SD-WAN CPE,resource,add,100 Mbit/s,Install CPE
other,-,-,-,-,NO FIELD WORK
"""


def unwanted(pair: Pair, how: str) -> tuple[str, str]:
    """A resource order and its visit, which somebody has and which is no longer wanted; nobody has looked yet."""
    (pair.loaded.path.parent / "domain_order_policy.csv").write_text(ONLY_SLOW)
    order = pair.approved(HAMBURG)
    pair.settle()
    work_order, number = pair.install(order), pair.resource_order(order)
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.settle()
    if how == "revised":
        revised(pair, order, "500 Mbit/s")
    else:
        pair.om("set_domain_order_state", domain_order=number, state="canceled")
    return number, work_order


@pytest.mark.parametrize("how", ["revised", "canceled"])
@pytest.mark.parametrize("is_lost", [False, True], ids=["", "memory lost"])
def test_a_visit_that_people_were_asked_to_let_be_carried_out_was_not_canceled_too_late(
    raising: Pair,  # noqa: F811
    is_lost: bool,
    how: str,
) -> None:
    number, work_order = unwanted(raising, how)
    refuse(raising, "fsm", "PATCH", "wm_order")
    raising.settle_but_parked()
    assert states(raising) == ["open"]
    assert raising.noted(number, "or let it be carried out")
    if is_lost:
        raising.forget()
    raising.world.clear_faults()
    raising.fsm("complete", work_order=work_order)
    raising.settle()
    raising.sync(full=True)
    raising.settle()
    assert states(raising) == ["resolved"]


@pytest.mark.parametrize("how", ["revised", "canceled"])
def test_a_decision_that_was_written_before_memory_was_lost_settles_the_fallout(raising: Pair, how: str) -> None:  # noqa: F811
    number, work_order = unwanted(raising, how)
    canceled_too_late(raising, work_order)
    raising.om("add_note", domain_order=number, text="release gate", **{"as": "fulfillment_manager"})
    raising.world.advance(5)
    lost(raising)
    raising.settle()
    assert states(raising) == ["resolved"]


@pytest.mark.parametrize("end", ["somebody decides", "it is wanted again"])
@pytest.mark.parametrize("is_lost", [False, True], ids=["", "memory lost"])
def test_a_visit_that_a_revision_came_too_late_for_is_one_fallout_until_it_is_settled(
    raising: Pair,  # noqa: F811
    is_lost: bool,
    end: str,
) -> None:
    number, work_order = unwanted(raising, "revised")
    canceled_too_late(raising, work_order)
    assert raising.noted(number, work_order, "before it could be canceled")
    if is_lost:
        lost(raising)
        assert states(raising) == ["open"]
    if end == "somebody decides":
        raising.om("add_note", domain_order=number, text="release gate", **{"as": "fulfillment_manager"})
    else:
        order = raising.rows("om", DOMAIN_ORDER, f"number={number}", "order_line_item.order.number")[0]
        revised(raising, order["order_line_item.order.number"], "100 Mbit/s")
    raising.settle()
    assert states(raising) == ["resolved"]


def revised(pair: Pair, order: str, bandwidth: str) -> None:
    pair.om("revise", order=order)
    pair.om("edit_line", line=line_of(pair, order), characteristics={"Bandwidth": bandwidth})
    pair.om("approve_revision", order=order)
    pair.world.advance(10)


def test_a_note_that_field_service_refuses_is_a_fallout_until_the_technician_can_read_it(raising: Pair) -> None:  # noqa: F811
    order = raising.approved(HAMBURG)
    raising.settle()
    number = raising.resource_order(order)
    refuse(raising, "fsm", "PATCH", "wm_order")
    raising.om("add_note", domain_order=number, text="ring twice", **{"as": "fulfillment_manager"})
    raising.settle_but_parked()
    [fallout] = fallouts(raising)
    assert fallout["short_description"] == f"{raising.install(order)}: a write was refused"
    assert fallout["order_task"] == task_of(raising, number, "sys_id")
    raising.retry()
    raising.settle()
    assert states(raising) == ["resolved"]


def test_a_change_that_waits_for_a_person_keeps_its_one_fallout_without_memory(compensating: Pair) -> None:  # noqa: F811
    pair = configured(compensating, '[fallout]\nkinds = ["change-waits"]\n')
    _, _, work_order = change_that_waits(pair)
    assert states(pair) == ["open"]
    lost(pair)
    assert states(pair) == ["open"]
    there = pair.rows("fsm", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    pair.fsm("write", table="wm_order", record=work_order, fields={"location": there})
    pair.settle()
    assert states(pair) == ["resolved"]


def test_what_field_service_did_not_take_keeps_its_one_fallout_without_memory(raising: Pair) -> None:  # noqa: F811
    without_anna(raising)
    raised = len(fallouts(raising))
    assert states(raising) == ["open"] * raised != []
    lost(raising)
    assert states(raising) == ["open"] * raised


def test_a_cancellation_that_is_refused_for_ever_keeps_its_one_fallout_without_memory(raising: Pair) -> None:  # noqa: F811
    not_canceled(raising)
    refuse(raising, "fsm", "PATCH", "wm_order", None)
    lost(raising)
    assert states(raising) == ["open"]


@pytest.mark.parametrize("column", ["correlation_id", "order_task"])
def test_a_fallout_that_is_not_found_again_or_holds_nothing_up_is_shown_to_a_person(
    raising: Pair,  # noqa: F811
    column: str,
) -> None:
    raising.lock("om", FALLOUT, column)
    with_refused_creation(raising)
    assert raising.finding_codes() == ["write-parked", "write-parked"]
    retry_fallouts(raising)
    raising.settle_but_parked()
    assert len(fallouts(raising)) == 1
    assert raising.waiting() == ({"parked": 2} if column == "correlation_id" else {"parked": 1})
