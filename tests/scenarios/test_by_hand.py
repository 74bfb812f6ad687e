"""README promise: a person may create a work order that no row asks for, adopt one made by hand, or let go of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector import app, memory
from connector.config import load
from connector.engine.asking import asked_to_adopt, asked_to_create, asked_to_detach
from connector.engine.closing import ask_gate
from connector.engine.history import explain
from connector.errors import NotFound, Refused
from connector.model import BindWorkOrder
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, with_cases
from tests.scenarios.test_cases import POLICY, opened, said, visits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.engine.drain import Engine
    from connector.model import Asked
    from tests.conftest import Pair

SWAP = "Swap CPE"
WHY = "by Mia: the customer called"


def ask(pair: Pair, what: Callable[[Engine], Asked], *, dry: bool = False) -> Asked:
    return app.ask_once(pair.loaded, what, pair.outside(), dry=dry)


def create(pair: Pair, number: str, template: str = SWAP, ordinal: int = 1, *, dry: bool = False) -> Asked:
    return ask(pair, lambda engine: asked_to_create(engine, number, template, ordinal, WHY), dry=dry)


def adopt(pair: Pair, work_order: str, number: str, *, dry: bool = False) -> Asked:
    return ask(pair, lambda engine: asked_to_adopt(engine, work_order, number, WHY), dry=dry)


def detach(pair: Pair, work_order: str, *, dry: bool = False) -> Asked:
    return ask(pair, lambda engine: asked_to_detach(engine, work_order, WHY), dry=dry)


def in_the_field(pair: Pair) -> tuple[str, str, str]:
    """An order whose CPE is to be installed: its number, its resource order and its work order."""
    order = pair.approved(HAMBURG)
    pair.settle()
    return order, pair.resource_order(order), pair.install(order)


def made_by_hand(pair: Pair, **more: str) -> str:
    made = pair.fsm("create_work_order", short_description="look at the mast", template="Swap CPE", **more)
    return str(made["work_order"]["number"])


def happened(pair: Pair, number: str) -> list[tuple[str, str]]:
    database = memory.reading(pair.loaded)
    assert database is not None
    return [(event.kind, event.text) for event in explain(database, number).events]


# --- what cannot be understood ----------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["wm_order", "wm_task"])
def test_a_work_order_made_by_hand_that_cannot_be_understood_keeps_its_domain_order_open(
    pair: Pair, broken: str
) -> None:
    """Here it, or one of its tasks, has no number. Its twin, once that is put right, is an ordinary one that opens the gate."""
    _, number, ours = in_the_field(pair)
    by_hand = made_by_hand(pair, correlation_id=number)
    fsm = pair.world.instance("fsm")
    [made] = pair.rows("fsm", "wm_order", f"number={by_hand}", "sys_id")
    query = f"sys_id={made['sys_id']}" if broken == "wm_order" else f"parent={made['sys_id']}"
    before = pair.rows("fsm", broken, query, "sys_id", "number")
    for row in before:
        fsm.records.update(broken, row["sys_id"], {"number": ""}, fsm.system)
    pair.settle()
    assert pair.finding_codes() == ["work-order-strange"]
    pair.fsm("dispatch", work_order=ours, technician="technician")
    pair.fsm("complete", work_order=ours)
    pair.settle()
    assert not pair.noted(number, "ready to be closed")
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, number) != "closed complete"
    assert pair.noted(number, "cannot be understood")
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        asked = ask_gate(engine, number, pair.now())
    assert [one.why for one in asked.work if one.blocks and "number" in one.why]
    for row in before:
        fsm.records.update(broken, row["sys_id"], {"number": row["number"]}, fsm.system)
    pair.fsm("cancel_work_order", work_order=by_hand, reason="not needed")
    pair.settle()
    assert pair.noted(number, by_hand, "Canceled")
    assert "work-order-strange" not in pair.finding_codes()
    pair.assert_nothing_doubled()


# --- create ----------------------------------------------------------------------------------------------------


def test_a_person_gets_one_work_order_more_however_often_the_command_is_typed(pair: Pair) -> None:
    order, number, _ = in_the_field(pair)
    assert create(pair, number).action is not None
    assert create(pair, number).already
    pair.settle()
    [made] = pair.work_orders(order, SWAP)
    assert made in create(pair, number).already
    pair.settle()
    assert pair.work_orders(order, SWAP) == [made]
    assert pair.noted(number, made, "was created in Field Service", "2 of 2 work orders open")
    assert ("asked", f"{SWAP} for {number}, asked for {WHY}") in happened(pair, number)
    pair.assert_nothing_doubled()


def test_another_one_of_the_same_template_is_made_only_when_it_is_said(pair: Pair) -> None:
    order, number, first = in_the_field(pair)
    with pytest.raises(Refused, match=first):
        create(pair, number, "Install CPE")
    create(pair, number, "Install CPE", 2)
    pair.settle()
    assert len(pair.work_orders(order, "Install CPE")) == 2


def test_the_dry_form_says_what_would_be_made_and_makes_nothing(pair: Pair) -> None:
    order, number, _ = in_the_field(pair)
    asked = create(pair, number, dry=True)
    assert asked.action is not None
    pair.settle()
    assert pair.work_orders(order, SWAP) == []


def everything(pair: Pair) -> tuple[list[dict[str, str]], ...]:
    """Work orders with what is marked on them, and all that was ever noted."""
    columns = ("number", "sys_mod_count", "correlation_id", "correlation_display")
    notes = (pair.rows(side, "sys_journal_field", "ORDERBYsys_id", "value") for side in ("om", "fsm"))
    return pair.rows("fsm", "wm_order", "ORDERBYnumber", *columns), *notes


@pytest.mark.parametrize("dry", [True, False], ids=["dry", "twin"])
@pytest.mark.parametrize("how", ["adopt", "detach"])
def test_the_dry_form_of_adopting_and_letting_go_says_what_would_be_and_writes_nothing(
    pair: Pair, how: str, *, dry: bool
) -> None:
    _, number, ours = in_the_field(pair)
    by_hand = made_by_hand(pair)
    pair.settle()
    before, known = everything(pair), happened(pair, number)
    asked = adopt(pair, by_hand, number, dry=dry) if how == "adopt" else detach(pair, ours, dry=dry)
    assert isinstance(asked.action, BindWorkOrder)
    assert asked.action.detaches is (how == "detach")
    assert not asked.already
    pair.settle()
    assert (everything(pair) == before) is dry
    assert (happened(pair, number) == known) is dry


def test_what_a_person_asked_for_follows_its_order_and_is_canceled_with_it(pair: Pair) -> None:
    order, number, _ = in_the_field(pair)
    create(pair, number)
    pair.settle()
    [made] = pair.work_orders(order, SWAP)
    pair.om("revise", order=order)
    line = pair.rows("om", "sn_ind_tmt_orm_order_line_item", f"order.number={order}", "number")[0]["number"]
    pair.om("edit_line", line=line, characteristics={"Bandwidth": "1 Gbit/s"})
    pair.om("approve_revision", order=order)
    pair.settle()
    assert "1 Gbit/s" in pair.rows("fsm", "wm_order", f"number={made}", "description")[0]["description"]
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, number) != "closed complete"
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle()
    assert pair.state("fsm", "wm_order", made) == "canceled"


def test_what_was_made_for_a_person_is_known_again_when_memory_is_lost_and_never_made_twice(pair: Pair) -> None:
    order, number, _ = in_the_field(pair)
    create(pair, number)
    pair.settle()
    [made] = pair.work_orders(order, SWAP)
    pair.forget()
    pair.sync()
    assert made in create(pair, number).already
    pair.settle()
    assert pair.work_orders(order, SWAP) == [made]
    pair.assert_nothing_doubled()


def test_asked_again_after_an_unclear_answer_there_is_still_one(pair: Pair) -> None:
    order, number, _ = in_the_field(pair)
    create(pair, number)
    pair.world.fault("fsm", {"kind": "commit_then_drop", "method": "POST", "path_contains": "wm_order", "count": 1})
    pair.sync()
    assert "unknown" in create(pair, number).already
    pair.settle()
    assert len(pair.work_orders(order, SWAP)) == 1
    pair.assert_nothing_doubled()


def test_an_order_that_goes_on_hold_before_the_work_order_is_made_gets_it_afterwards(pair: Pair) -> None:
    order, number, _ = in_the_field(pair)
    create(pair, number)
    pair.om("hold_order", order=order)
    pair.settle()
    assert pair.work_orders(order, SWAP) == []
    with pytest.raises(Refused, match="on hold"):
        create(pair, number, "Remove CPE")
    pair.om("resume_order", order=order)
    pair.settle()
    assert len(pair.work_orders(order, SWAP)) == 1


def test_adopting_and_letting_go_do_not_wait_for_an_order_on_hold(pair: Pair) -> None:
    order, number, ours = in_the_field(pair)
    pair.om("hold_order", order=order)
    pair.settle()
    by_hand = made_by_hand(pair)
    adopt(pair, by_hand, number)
    detach(pair, ours)
    pair.settle()
    assert pair.noted(number, ours, "no longer belongs here")
    assert pair.noted(number, by_hand, "was made by hand")


def test_a_number_or_a_template_that_does_not_exist_changes_nothing(pair: Pair) -> None:
    _, number, _ = in_the_field(pair)
    with pytest.raises(NotFound, match="Climb the mast"):
        create(pair, number, "Climb the mast")
    with pytest.raises(NotFound, match="RO99"):
        create(pair, "RO99")
    assert pair.plan() == ()


def test_a_case_gets_a_visit_by_hand_too_and_waits_for_it(pair: Pair) -> None:
    cases = with_cases(pair, POLICY)
    number = opened(cases, "where is my invoice?")
    cases.settle()
    assert visits(cases, number) == []
    create(cases, number)
    cases.settle()
    [made] = visits(cases, number)
    assert made in create(cases, number).already
    detach(cases, made)
    cases.settle()
    assert any("no longer belongs here" in note for note in said(cases, number))
    assert visits(cases, number) == [made]


# --- adopt -----------------------------------------------------------------------------------------------------


def test_an_adopted_work_order_is_told_about_and_keeps_the_gate_shut_but_is_never_edited(pair: Pair) -> None:
    order, number, installed = in_the_field(pair)
    pair.fsm("dispatch", work_order=installed, technician="technician")
    pair.fsm("complete", work_order=installed)
    made = made_by_hand(pair)
    adopt(pair, made, number)
    pair.settle()
    who_and_when = ("was made by hand in Field Service by ", " UTC: ")
    assert pair.noted(number, made, *who_and_when, "1 of 2 work orders open")
    assert made in adopt(pair, made, number).already
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, number) != "closed complete"
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle()
    row = pair.rows("fsm", "wm_order", f"number={made}", "short_description", "active")[0]
    assert row == {"short_description": "look at the mast", "active": "true"}


@pytest.mark.parametrize("forgetful", [False, True])
def test_where_the_order_is_canceled_somebody_hears_that_an_adopted_work_order_goes_on(
    pair: Pair, forgetful: bool
) -> None:
    order, number, _ = in_the_field(pair)
    made = made_by_hand(pair)
    adopt(pair, made, number)
    pair.settle()
    assert not pair.noted(number, "made by hand in Field Service, so")
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    for _ in range(2):
        pair.settle()
        if forgetful:
            pair.forget()
    pair.settle()
    told = [note for note in pair.notes(number) if "so the connector does not cancel it" in note]
    assert len(told) == 1
    assert made in told[0]
    assert "not-canceled" in pair.finding_codes()
    pair.fsm("cancel_work_order", work_order=made, reason="nobody wants it")
    pair.settle()
    assert "not-canceled" not in pair.finding_codes()


@pytest.mark.parametrize("is_told", [False, True], ids=["done before anybody was told", "let be carried out"])
@pytest.mark.parametrize("forgetful", [False, True], ids=["", "memory lost"])
def test_what_was_made_on_an_adopted_work_order_may_have_to_be_undone_unless_it_was_let_be_carried_out(
    pair: Pair, forgetful: bool, is_told: bool
) -> None:
    order, number, _ = in_the_field(pair)
    made = made_by_hand(pair)
    adopt(pair, made, number)
    pair.fsm("dispatch", work_order=made, technician="technician")
    pair.settle()
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    if is_told:
        pair.settle()
    if forgetful:
        pair.forget()
    pair.fsm("complete", work_order=made)
    pair.settle()
    assert bool(pair.noted(number, made, "please cancel it there, or let it be carried out")) == is_told
    assert bool(pair.noted(number, made, "may have to be undone")) == (not is_told)


def revise(pair: Pair, order: str, **changes: Any) -> None:
    """The line is edited in a revision that is approved; nobody has looked yet."""
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, **changes)
    pair.om("approve_revision", order=order)
    pair.world.advance(10)


def due(pair: Pair, order: str, day: str) -> None:
    """A revision that moves the due date, approved and looked at."""
    revise(pair, order, fields={"committed_due_date": f"{day} 12:00:00"})
    pair.settle()


def remembers(pair: Pair, memory_is: str, before: dict[Path, bytes]) -> None:
    """What becomes of memory."""
    if memory_is == "lost":
        pair.forget()
    elif memory_is == "old":
        pair.put_back(before)


def unchanged(pair: Pair, number: str) -> list[str]:
    return [note for note in pair.notes(number) if "so nothing was changed there" in note]


def test_a_revision_is_told_beside_an_adopted_work_order_each_time_and_nothing_is_changed_there(pair: Pair) -> None:
    order, number, _ = in_the_field(pair)
    made = made_by_hand(pair)
    adopt(pair, made, number)
    pair.settle()
    for at, day in enumerate(("2027-03-01", "2027-04-01", "2027-03-01"), 1):
        due(pair, order, day)
        told = unchanged(pair, number)
        assert len(told) == at
        assert made in told[-1]
        assert day in told[-1]
    pair.forget()
    pair.settle()
    assert len(unchanged(pair, number)) == 3
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("memory_is", ["lost", "old"])
def test_a_revision_beside_an_adopted_work_order_is_told_once_whatever_memory_knows(pair: Pair, memory_is: str) -> None:
    order, number, _ = in_the_field(pair)
    adopt(pair, made_by_hand(pair), number)
    pair.settle()
    before = pair.copied()
    due(pair, order, "2027-03-01")
    due(pair, order, "2027-04-01")
    remembers(pair, memory_is, before)
    pair.settle()
    assert len(unchanged(pair, number)) == 2
    due(pair, order, "2027-03-01")
    assert len(unchanged(pair, number)) == 3
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("memory_is", ["kept", "lost", "old"])
def test_a_change_beside_an_adopted_work_order_that_is_taken_back_is_told_as_that(pair: Pair, memory_is: str) -> None:
    order, number, _ = in_the_field(pair)
    made = made_by_hand(pair)
    adopt(pair, made, number)
    pair.settle()
    before = pair.copied()
    due(pair, order, "2027-03-01")
    revise(pair, order, fields={"committed_due_date": "2026-04-01 12:00:00"})
    remembers(pair, memory_is, before)
    pair.settle()
    _, last = unchanged(pair, number)
    assert f"{number} was changed" in last
    assert made in last
    assert ("2026-04-01" in last) == (memory_is == "kept")
    pair.forget()
    pair.settle()
    assert len(unchanged(pair, number)) == 2
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("memory_is", ["kept", "old"])
def test_what_nobody_is_told_of_does_not_repeat_what_was_told_beside_an_adopted_work_order(
    pair: Pair, memory_is: str
) -> None:
    path = pair.loaded.path
    (path.parent / "compensation.csv").write_text(
        "id,kind of change,compensation\nquiet,characteristics,patch\nother,-,patch and note\n", encoding="utf-8"
    )
    text = path.read_text(encoding="utf-8").replace("[policy]", '[policy]\ncompensation = "compensation.csv"')
    path.write_text(text, encoding="utf-8")
    pair.loaded = load(path)
    order, number, _ = in_the_field(pair)
    adopt(pair, made_by_hand(pair), number)
    pair.settle()
    before = pair.copied()
    due(pair, order, "2027-03-01")
    revise(pair, order, characteristics={"Bandwidth": "500 Mbit/s"})
    pair.settle()
    remembers(pair, memory_is, before)
    pair.settle()
    [note] = unchanged(pair, number)
    assert "2027-03-01" in note


def test_what_may_not_be_read_just_now_is_no_change_beside_an_adopted_work_order(pair: Pair) -> None:
    _, number, installed = in_the_field(pair)
    made = made_by_hand(pair)
    adopt(pair, made, number)
    pair.settle()
    values = {"kind": "no_rows", "method": "GET", "user": "connector", "count": None, "path_contains": "characteristic"}
    pair.world.fault("om", values)
    pair.fsm("dispatch", work_order=installed, technician="technician")
    pair.sync()
    pair.sync()
    pair.world.clear_faults()
    pair.settle()
    assert pair.noted(number, installed, "-> Assigned")
    assert not pair.noted(number, "so nothing was changed there")


def test_an_adopted_work_order_stays_adopted_when_memory_is_lost(pair: Pair) -> None:
    _, number, _ = in_the_field(pair)
    made = made_by_hand(pair)
    adopt(pair, made, number)
    pair.settle()
    pair.forget()
    pair.settle()
    assert sum(made in note and "was made by hand" in note for note in pair.notes(number)) == 1
    assert any(made in one.number for one in app.gate_once(pair.loaded, number, pair.outside()).work)


def test_what_belongs_to_something_else_is_not_adopted(pair: Pair) -> None:
    _, number, installed = in_the_field(pair)
    other = pair.resource_order(pair.approved(HAMBURG))
    pair.settle()
    with pytest.raises(Refused, match="belongs to"):
        adopt(pair, installed, other)
    with pytest.raises(Refused, match="belongs to PROJECT-7"):
        adopt(pair, made_by_hand(pair, correlation_id="PROJECT-7"), number)
    with pytest.raises(NotFound):
        adopt(pair, "WO99", number)


# --- detach ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "made by hand"])
def test_a_detached_work_order_is_left_alone_and_counts_for_nothing(pair: Pair, ours: bool) -> None:
    order, number, installed = in_the_field(pair)
    gone = installed if ours else made_by_hand(pair, correlation_id=number)
    pair.settle()
    detach(pair, gone)
    pair.settle()
    assert pair.noted(number, gone, "no longer belongs here", "the customer called")
    assert detach(pair, gone).already
    said = len(pair.notes(number))
    pair.fsm("dispatch", work_order=gone, technician="technician")
    pair.settle()
    assert len(pair.notes(number)) == said
    answer = app.gate_once(pair.loaded, number, pair.outside())
    assert {one.number: one.blocks for one in answer.work}[gone] is False
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle()
    assert pair.state("fsm", "wm_order", gone) == "assigned"
    assert any(kind == "detach done" for kind, _ in happened(pair, gone))


def test_a_work_order_that_field_service_deleted_can_be_let_go_of(pair: Pair) -> None:
    order, number, gone = in_the_field(pair)
    pair.fsm("delete_work_order", work_order=gone)
    pair.sync(full=True)
    assert "work-order-missing" in pair.finding_codes()
    assert [one.blocks for one in app.gate_once(pair.loaded, number, pair.outside()).work] == [True]
    assert detach(pair, gone.lower()).already == ""
    assert detach(pair, gone).already != ""
    pair.settle()
    assert pair.finding_codes() == []
    assert [one.blocks for one in app.gate_once(pair.loaded, number, pair.outside()).work] == [False]
    assert pair.noted(number, gone, "no longer belongs here", "the customer called")
    assert pair.work_orders(order, "Install CPE") == []


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "made by hand"])
def test_a_detached_work_order_stays_detached_when_memory_is_lost_and_none_takes_its_place(
    pair: Pair, ours: bool
) -> None:
    order, number, installed = in_the_field(pair)
    gone = installed if ours else made_by_hand(pair, correlation_id=number)
    pair.settle()
    detach(pair, gone)
    pair.settle()
    before = pair.notes(number)
    pair.forget()
    pair.settle()
    pair.fsm("dispatch", work_order=gone, technician="technician")
    pair.om("revise", order=order)
    line = pair.rows("om", "sn_ind_tmt_orm_order_line_item", f"order.number={order}", "number")[0]["number"]
    pair.om("edit_line", line=line, characteristics={"Bandwidth": "1 Gbit/s"})
    pair.om("approve_revision", order=order)
    pair.settle()
    assert not any(gone in note for note in set(pair.notes(number)) - set(before))
    assert pair.install(order) == installed
    assert len(pair.work_orders(order, "Install CPE")) == 1
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "made by hand"])
def test_what_was_detached_can_be_taken_back_and_is_told_anew(pair: Pair, ours: bool) -> None:
    order, number, installed = in_the_field(pair)
    gone = installed if ours else made_by_hand(pair, correlation_id=number)
    pair.settle()
    detach(pair, gone)
    pair.settle()
    adopt(pair, gone, number)
    pair.settle()
    pair.fsm("dispatch", work_order=gone, technician="technician")
    pair.settle()
    assert pair.noted(number, gone, "-> Assigned")
    detach(pair, gone)
    pair.settle()
    assert sum(gone in note and "no longer belongs here" in note for note in pair.notes(number)) == 2
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle()
    assert pair.state("fsm", "wm_order", gone) == "assigned"


def test_who_changes_his_mind_before_the_next_pass_has_asked_for_nothing(pair: Pair) -> None:
    _, number, _ = in_the_field(pair)
    made = made_by_hand(pair, correlation_id=number)
    pair.settle()
    before = pair.rows("fsm", "wm_order", f"number={made}")
    detach(pair, made)
    assert adopt(pair, made, number).action is not None
    assert adopt(pair, made, number).already
    pair.settle()
    assert not pair.noted(number, made, "no longer belongs here")
    assert (pair.rows("fsm", "wm_order", f"number={made}"), pair.waiting()) == (before, {})
    adopt(pair, made, number)
    detach(pair, made)
    pair.settle()
    assert pair.noted(number, made, "no longer belongs here")


def test_who_changes_his_mind_when_the_detachment_has_left_takes_the_work_order_back(pair: Pair) -> None:
    _, number, _ = in_the_field(pair)
    made = made_by_hand(pair, correlation_id=number)
    pair.settle()
    detach(pair, made)
    pair.world.fault("fsm", {"kind": "commit_then_drop", "method": "PATCH", "count": 1})
    pair.sync()
    assert pair.waiting() == {"unknown": 1}
    assert adopt(pair, made, number).action is not None
    pair.settle()
    assert pair.waiting() == {}
    [row] = pair.rows("fsm", "wm_order", f"number={made}", "correlation_display")
    assert row["correlation_display"] == "om-fsm adopted"
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert pair.noted(number, "was reopened", made)


def test_a_detachment_that_got_no_answer_is_looked_up(pair: Pair) -> None:
    _, number, installed = in_the_field(pair)
    detach(pair, installed)
    pair.world.fault("fsm", {"kind": "commit_then_drop", "method": "PATCH", "path_contains": "wm_order", "count": 1})
    pair.settle()
    sys_id = pair.rows("fsm", "wm_order", f"number={installed}", "sys_id")[0]["sys_id"]
    notes = pair.rows("fsm", "sys_journal_field", f"element_id={sys_id}^valueLIKEno longer belongs", "value")
    assert len(notes) == 1
    assert pair.noted(number, installed, "no longer belongs here")


def test_a_work_order_whose_columns_somebody_else_uses_is_not_detached(pair: Pair) -> None:
    _, number, _ = in_the_field(pair)
    made = made_by_hand(pair, correlation_id=number, correlation_display="PROJECT-7")
    pair.settle()
    with pytest.raises(Refused, match="PROJECT-7"):
        detach(pair, made)


@pytest.mark.parametrize("spelling", ["{}", " {}", "{} "], ids=["lower case", "blank before", "blank after"])
def test_a_number_that_a_dispatcher_typed_carelessly_is_told_at_once_and_holds_the_gate(
    pair: Pair, spelling: str
) -> None:
    _, number, install = in_the_field(pair)
    pair.fsm("dispatch", work_order=install, technician="technician")
    pair.fsm("complete", work_order=install)
    pair.settle()
    made = made_by_hand(pair, correlation_id=spelling.format(number.lower()))
    pair.world.advance(61)
    pair.sync()
    pair.sync()
    assert pair.noted(number, made, "was made by hand", "1 of 2 work orders open")
    pair.forget()
    pair.settle()
    pair.world.advance(2000)
    pair.settle()
    pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert pair.noted(number, "was reopened", made)
    pair.assert_nothing_doubled()


def test_a_case_whose_number_a_dispatcher_typed_carelessly_waits_for_that_work_order(pair: Pair) -> None:
    cases = with_cases(pair, POLICY)
    case = cases.om("create_case", short_description="the router is dead")["case"]["number"]
    made = made_by_hand(cases, correlation_id=f" {case.lower()}")
    cases.world.advance(61)
    cases.settle()
    assert visits(cases, case) == []
    assert any(made in note and "was made by hand" in note for note in said(cases, case))
