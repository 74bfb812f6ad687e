"""Rows of the decision table: a visit that was canceled with its order, and that the order wants after all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.decide.again import is_replaced, key_after_cancellation
from connector.decide.plan import decide
from connector.mapping.marks import Carried, WorkOrderKey, digest_of, signed, status_key, sys_id_of, token_of
from connector.model import (
    CancelWorkOrder,
    CreateWorkOrder,
    IntentState,
    JournalEntry,
    Origin,
    ReopenDomainOrder,
    UpdateWorkOrder,
    WorkOrder,
)
from tests.unit.orders import (
    DOMAIN_ORDER_ID,
    INSTALL,
    RULES,
    codes,
    domain_order,
    facts,
    intent,
    kinds,
    line,
    link,
    memory,
    only,
    order,
    order_task,
    plan,
    snapshot,
    verdict,
    work_order,
)
from tests.unit.test_plan_again import AGAIN, FAILED, NEXT, TOLD, says

_WITHDRAWN = str(Carried(1, digest_of(facts()), withdrawn=True))
CANCELED = work_order("7", mark=_WITHDRAWN)
GONE = link("7", CANCELED, notes=2, withdrawn=True)
BACK_KEY = key_after_cancellation(GONE)
BACK = work_order("10", "WO2", names=BACK_KEY)
CREATED = intent(only(plan(snapshot()), CreateWorkOrder), IntentState.DONE)
CLOSED = domain_order("Closed complete", mod_count=7)


def call_off(number: str, before: WorkOrder) -> WorkOrder:
    return work_order("7", number, names=before.names, mark=_WITHDRAWN)


def test_a_domain_order_that_is_put_back_gets_its_visit_again_once() -> None:
    remembered = memory(GONE, intents=(CREATED,), verdicts=(verdict(),))
    made = only(plan(snapshot(CANCELED), remembered), CreateWorkOrder)
    assert (made.key, made.template, made.ordinal) == (BACK_KEY, INSTALL, 1)
    under_way = memory(GONE, intents=(CREATED, intent(made)), verdicts=(verdict(),))
    after = plan(snapshot(CANCELED), under_way)
    assert (kinds(after), after.withdraw) == ([], ())
    there = plan(snapshot(CANCELED, BACK), memory(GONE, link(work=BACK), verdicts=(verdict(),)))
    assert (kinds(there), codes(there)) == ([], [])
    still = plan(snapshot(CANCELED, with_domain_order=domain_order("Canceled")), remembered)
    assert kinds(still) == []


def test_as_long_as_the_cancellation_was_not_sent_it_is_withdrawn_instead() -> None:
    pending = intent(CancelWorkOrder("cancel/1", work_order().sys_id, "WO1", 1, 3, "no", {}))
    decided = plan(snapshot(work_order()), memory(link(), intents=(CREATED, pending), verdicts=(verdict(),)))
    assert (kinds(decided), decided.withdraw) == ([], (token_of("cancel/1"),))


@pytest.mark.parametrize("tokens", [(), (1, 2)], ids=["journal unread", "journal tells of it"])
def test_after_the_loss_of_memory_the_mark_tells_what_was_canceled_and_what_came_in_its_place(
    tokens: tuple[int, ...],
) -> None:
    told = frozenset(token_of(status_key(CANCELED.sys_id, n, "10" if n == 1 else "7")) for n in tokens)
    lost = plan(snapshot(CANCELED, tokens=told))
    assert only(lost, CreateWorkOrder).key == BACK_KEY
    [known] = lost.links
    assert (known.withdrawn, codes(lost)) == (True, [])
    found = plan(snapshot(CANCELED, BACK, tokens=told))
    assert "CreateWorkOrder" not in kinds(found)
    assert "CancelWorkOrder" not in kinds(found)


def test_where_the_instance_gives_its_own_sys_ids_it_is_the_same() -> None:
    own = replace(CANCELED, sys_id="9" * 32)
    there = replace(BACK, sys_id="8" * 32)
    assert only(plan(snapshot(own)), CreateWorkOrder).key == BACK_KEY
    assert {"CreateWorkOrder", "CancelWorkOrder"}.isdisjoint(kinds(plan(snapshot(own, there))))


def test_flipping_it_again_and_again_makes_one_visit_each_time_and_each_has_a_key_of_its_own() -> None:
    works: list[WorkOrder] = [CANCELED]
    for number in ("WO2", "WO3", "WO4"):
        made = only(plan(snapshot(*works)), CreateWorkOrder)
        there = work_order("10", number, names=made.key)
        assert "CreateWorkOrder" not in kinds(plan(snapshot(*works, there)))
        off = plan(snapshot(*works, there, with_domain_order=domain_order("Canceled")))
        assert only(off, CancelWorkOrder).work_order_number == number
        works.append(call_off(number, there))
    assert len({one.names for one in works}) == 4
    links = [link("7", one, withdrawn=True) for one in works]
    assert [is_replaced(one, links) for one in links] == [True, True, True, False]


def test_the_visit_that_came_back_holds_the_gate_and_is_changed_and_canceled_as_a_first_one() -> None:
    remembered = memory(GONE, link(work=BACK), verdicts=(verdict(), verdict(2)))
    gate = plan(snapshot(CANCELED, BACK, with_domain_order=CLOSED), remembered)
    assert "WO2" in only(gate, ReopenDomainOrder).text
    later = snapshot(CANCELED, BACK, with_line=line(due="2027-03-15 12:00:00"), of=order(version=2))
    assert only(plan(later, remembered), UpdateWorkOrder).work_order_id == BACK.sys_id
    off = snapshot(CANCELED, BACK, with_domain_order=domain_order("Canceled"))
    assert only(plan(off, remembered), CancelWorkOrder).work_order_number == "WO2"


def test_the_gate_waits_for_the_visit_that_is_to_come_back() -> None:
    remembered = memory(GONE, intents=(CREATED,), verdicts=(verdict(),))
    made = only(plan(snapshot(CANCELED), remembered), CreateWorkOrder)
    pending = memory(GONE, intents=(CREATED, intent(made, IntentState.UNKNOWN)), verdicts=(verdict(),))
    closed = plan(snapshot(CANCELED, with_domain_order=CLOSED), pending)
    assert "being created" in only(closed, ReopenDomainOrder).text


def test_what_comes_back_is_withdrawn_when_it_is_called_off_once_more_or_held_or_revised() -> None:
    remembered = memory(GONE, intents=(CREATED,), verdicts=(verdict(), verdict(2)))
    made = only(plan(snapshot(CANCELED), remembered), CreateWorkOrder)
    pending = memory(GONE, intents=(CREATED, intent(made)), verdicts=(verdict(), verdict(2)))
    for state in ("Canceled", "On hold"):
        seen = snapshot(CANCELED, with_domain_order=domain_order(state))
        assert plan(seen, pending).withdraw == (token_of(BACK_KEY),)
    revised = plan(snapshot(CANCELED, of=order(version=2)), pending)
    assert revised.withdraw == (token_of(BACK_KEY),)
    assert only(revised, CreateWorkOrder).key == str(WorkOrderKey("om", DOMAIN_ORDER_ID, "install", 1, 2))


def test_a_canceled_visit_that_the_field_reopened_is_there_and_no_second_one_is_made() -> None:
    reopened = replace(CANCELED, state=work_order("16").state)
    remembered = memory(GONE, intents=(CREATED,), verdicts=(verdict(),))
    assert "CreateWorkOrder" not in kinds(plan(snapshot(reopened), remembered))
    closed = snapshot(reopened, with_domain_order=CLOSED)
    told = memory(*plan(closed, remembered).links, intents=(CREATED,), verdicts=(verdict(),))
    assert "WO1" in only(plan(closed, told), ReopenDomainOrder).text
    made = only(plan(snapshot(CANCELED), remembered), CreateWorkOrder)
    pending = memory(GONE, intents=(CREATED, intent(made)), verdicts=(verdict(),))
    assert plan(snapshot(reopened), pending).withdraw == (token_of(BACK_KEY),)


def test_who_lets_go_of_the_visit_that_came_back_gets_no_third_one() -> None:
    let_go = link(work=BACK, detached="by Mia", bound_at=9)
    decided = plan(snapshot(CANCELED, BACK), memory(GONE, let_go, verdicts=(verdict(),)))
    assert "CreateWorkOrder" not in kinds(decided)


def test_a_visit_in_the_place_of_another_comes_back_too() -> None:
    off = call_off("WO2", NEXT)
    links = link("4", FAILED, notes=2), link("7", off, withdrawn=True)
    seen = replace(snapshot(FAILED, off), journals={DOMAIN_ORDER_ID: (TOLD, says("visit again"))})
    made = only(plan(seen, memory(*links, intents=(CREATED,), verdicts=(verdict(),)), AGAIN), CreateWorkOrder)
    assert made.key == key_after_cancellation(links[1])
    there = work_order("10", "WO3", names=made.key)
    after = plan(
        replace(seen, work_orders=(FAILED, off, there)),
        memory(*links, link(work=there), intents=(CREATED,), verdicts=(verdict(),)),
        AGAIN,
    )
    assert (kinds(after), codes(after)) == ([], [])


def test_the_visit_that_came_back_may_come_to_nothing_and_be_answered_as_any_other() -> None:
    failed = replace(BACK, state=work_order("4").state)
    told = JournalEntry(1, "connector", signed("WO2: ...", status_key(failed.sys_id, 2, "4")))
    seen = replace(snapshot(CANCELED, failed), journals={DOMAIN_ORDER_ID: (told, says("visit again"))})
    links = GONE, link("4", failed, notes=2)
    made = only(plan(seen, memory(*links, verdicts=(verdict(),)), AGAIN), CreateWorkOrder)
    assert made.key not in (BACK_KEY, CANCELED.names)


def test_what_a_person_asked_for_comes_back_too_even_when_memory_was_lost() -> None:
    key = str(WorkOrderKey.asked_for("om", DOMAIN_ORDER_ID, "Swap CPE", 1))
    off = work_order("7", "WO5", names=key, template="Swap CPE", mark=_WITHDRAWN)
    made = only(plan(snapshot(work_order(), off), memory(link(), verdicts=(verdict(),))), CreateWorkOrder)
    assert (made.template, WorkOrderKey.parse(made.key)) == ("Swap CPE", WorkOrderKey.parse(key).after(0))  # type: ignore[union-attr]
    there = work_order("10", "WO6", names=made.key, template="Swap CPE")
    assert "CreateWorkOrder" not in kinds(plan(snapshot(work_order(), off, there), memory(link())))
    pending = memory(link(), link("7", off, withdrawn=True), intents=(intent(made),), verdicts=(verdict(),))
    after = plan(snapshot(work_order(), off), pending)
    assert (kinds(after), after.withdraw) == ([], ())


def test_an_order_task_that_is_put_back_gets_its_visit_again() -> None:
    task = order_task()
    first = next(
        action
        for action in plan(snapshot(work_order(), with_task=task)).actions
        if isinstance(action, CreateWorkOrder) and action.initiator_id == task.sys_id
    )
    off = work_order("7", "WO5", names=first.key, template=first.template, mark=_WITHDRAWN)
    seen = snapshot(work_order(), off, with_task=task)
    made = only(decide(seen, memory(intents=(intent(first, IntentState.DONE),)), RULES), CreateWorkOrder)
    assert WorkOrderKey.parse(made.key) == WorkOrderKey.parse(first.key).after(0)  # type: ignore[union-attr]


def test_a_link_that_is_known_is_never_taken_for_one_that_only_the_journal_tells_of() -> None:
    told = frozenset(token_of(status_key(sys_id_of(CANCELED.names), n, "7")) for n in (1,))
    decided = plan(snapshot(CANCELED, tokens=told), memory(GONE))
    assert [one for one in decided.links if one.work_order_id == CANCELED.sys_id and one.origin is Origin.ADOPTED] == []
    assert "canceled-in-field" not in codes(decided)
