"""README promise: an approved revision reaches a visit as the compensation table wants for the state the visit is in."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import pytest

from connector.config import load
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH, with_cases
from tests.scenarios.test_by_hand import create

if TYPE_CHECKING:
    from tests.conftest import Pair


VALUE = "sn_ind_tmt_orm_order_characteristic_value"
LATE = "was Closed Complete before a change of the order could reach it:"
CASES = 'id,short description,work order template\nswap,"contains ""router""",Swap CPE\nother,-,NO FIELD WORK\n'


@pytest.fixture
def compensating(pair: Pair) -> Pair:
    """The pair with the compensation table that is shipped."""
    path = pair.loaded.path
    table = resources.files("connector.mapping") / "tables" / "compensation.csv"
    (path.parent / "compensation.csv").write_bytes(table.read_bytes())
    text = path.read_text(encoding="utf-8").replace("[policy]", '[policy]\ncompensation = "compensation.csv"')
    path.write_text(text, encoding="utf-8")
    pair.loaded = load(path)
    return pair


def revise(pair: Pair, order: str, **fields: str) -> None:
    """The line is edited in a revision that is approved."""
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, fields=fields)
    pair.om("approve_revision", order=order)
    pair.settle()


def dispatched(pair: Pair) -> tuple[str, str, str]:
    """An order whose visit somebody has: with its resource order and its work order."""
    order = pair.approved(HAMBURG)
    pair.settle()
    work_order = pair.install(order)
    pair.fsm("dispatch", work_order=work_order, technician="technician")
    pair.settle()
    return order, pair.resource_order(order), work_order


def test_a_new_date_of_an_assigned_visit_is_carried_told_and_flagged_to_the_dispatcher(compensating: Pair) -> None:
    order, number, work_order = dispatched(compensating)
    revise(compensating, order, committed_due_date="2026-04-15 12:00:00")
    found = compensating.rows("fsm", "wm_order", f"number={work_order}", "requested_due_by", "sys_id")[0]
    assert found["requested_due_by"] == "2026-04-15 12:00:00"
    assert compensating.noted(number, work_order, "due date: 2026-04-01 12:00 UTC -> 2026-04-15 12:00 UTC")
    query = f"element_id={found['sys_id']}^element=work_notes^valueLIKEPlease check the visit"
    assert len(compensating.rows("fsm", "sys_journal_field", query, "value")) == 1
    compensating.assert_nothing_doubled()


def test_a_quiet_patch_changes_the_visit_and_tells_nobody(compensating: Pair) -> None:
    path = compensating.loaded.path.parent / "compensation.csv"
    rows = path.read_text(encoding="utf-8")
    rows = rows.replace("priority,priority,", "priority,due date,").replace('"due date, planned', '"planned')
    path.write_text(rows, encoding="utf-8")
    compensating.loaded = load(compensating.loaded.path)
    order, number, work_order = dispatched(compensating)
    before = compensating.notes(number)
    revise(compensating, order, committed_due_date="2026-04-15 12:00:00")
    found = compensating.rows("fsm", "wm_order", f"number={work_order}", "requested_due_by", "sys_id")[0]
    assert found["requested_due_by"] == "2026-04-15 12:00:00"
    assert compensating.notes(number) == before
    query = f"element_id={found['sys_id']}^element=work_notes"
    assert compensating.rows("fsm", "sys_journal_field", query, "value") == []
    assert compensating.finding_codes() == []


def test_another_place_is_another_visit(compensating: Pair) -> None:
    order, number, work_order = dispatched(compensating)
    place = compensating.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    revise(compensating, order, location=place)
    assert compensating.state("fsm", "wm_order", work_order) == "canceled"
    [anew] = [w for w in compensating.work_orders(order, "Install CPE") if w != work_order]
    assert compensating.labels("fsm", "wm_order", f"number={anew}", "location") == [MUNICH]
    assert compensating.noted(number, anew, "was created in Field Service")
    why = f"because the order was changed and the visit is made anew: location: {HAMBURG} -> {MUNICH}. A new work order follows."
    assert compensating.noted(number, work_order, why)
    assert not compensating.noted(number, "no longer asks for it")
    compensating.assert_nothing_doubled()


def test_another_place_while_somebody_is_on_site_changes_nothing_and_asks(compensating: Pair) -> None:
    order, number, work_order = dispatched(compensating)
    compensating.fsm("accept", work_order=work_order)
    compensating.fsm("start", work_order=work_order)
    place = compensating.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    revise(compensating, order, location=place)
    assert compensating.labels("fsm", "wm_order", f"number={work_order}", "location") == [HAMBURG]
    told = "was not changed, because it is Work in Progress: location"
    assert compensating.noted(number, work_order, told, "1 of 1 work order open")
    assert "change-waits" in compensating.finding_codes()


def test_a_declined_revision_changes_nothing_whatever_the_table_says(compensating: Pair) -> None:
    order, _, work_order = dispatched(compensating)
    line = compensating.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    before = compensating.rows("fsm", "wm_order", f"number={work_order}", "sys_mod_count")
    place = compensating.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    compensating.om("revise", order=order)
    compensating.om("edit_line", line=line, fields={"location": place})
    compensating.settle()
    compensating.om("decline_revision", order=order)
    compensating.settle()
    assert compensating.rows("fsm", "wm_order", f"number={work_order}", "sys_mod_count") == before


def test_a_revision_after_the_visit_was_made_is_told_and_sends_nobody_by_itself(compensating: Pair) -> None:
    order, number, work_order = dispatched(compensating)
    compensating.fsm("complete", work_order=work_order)
    compensating.settle()
    before = compensating.rows("fsm", "wm_order", f"number={work_order}", "sys_mod_count")
    revise(compensating, order, committed_due_date="2026-04-15 12:00:00")
    told = f"{LATE} due date: 2026-04-01 12:00 UTC -> 2026-04-15 12:00 UTC"
    assert compensating.noted(number, work_order, told, "ask for a work order. 0 of 1 work order open.")
    assert compensating.rows("fsm", "wm_order", f"number={work_order}", "sys_mod_count") == before
    assert compensating.work_orders(order, "Install CPE") == [work_order]
    revise(compensating, order, committed_due_date="2026-04-01 12:00:00")
    assert sum(LATE in note for note in compensating.notes(number)) == 1
    assert f"{work_order} Install CPE {AGREES}" in compensating.notes(number)[-1]
    revise(compensating, order, committed_due_date="2026-04-15 12:00:00")
    assert told in compensating.notes(number)[-1]
    compensating.assert_nothing_doubled()


def test_a_visit_that_ends_while_field_service_takes_no_change_is_told_first_and_not_said_to_have_ended_before(
    compensating: Pair,
) -> None:
    order, number, work_order = dispatched(compensating)
    fault = {"kind": "status", "status": 503, "path_contains": "/table/wm_order", "method": "PATCH", "count": None}
    compensating.world.fault("fsm", {**fault, "user": "connector"})
    [line] = compensating.rows("om", LINE, f"order.number={order}", "number")
    compensating.om("revise", order=order)
    compensating.om("edit_line", line=line["number"], fields={"committed_due_date": "2026-04-15 12:00:00"})
    compensating.om("approve_revision", order=order)
    compensating.world.advance(10)
    compensating.sync()
    compensating.world.advance(3600)
    compensating.fsm("complete", work_order=work_order)
    compensating.world.clear_faults()
    compensating.settle()
    told = compensating.notes(number)
    assert not any("before the order was changed" in note for note in told)
    [ended] = [at for at, note in enumerate(told) if "-> Closed Complete" in note]
    [late] = [at for at, note in enumerate(told) if f"{LATE} due date" in note]
    assert ended < late


AGREES = "agrees with the order again: what had not been carried to it is settled."


def to(pair: Pair, order: str, site: str) -> None:
    revise(pair, order, location=pair.rows("om", "cmn_location", f"name={site}", "sys_id")[0]["sys_id"])


@pytest.mark.parametrize("forgetful", [False, True], ids=["", "memory is lost after each"])
def test_a_change_that_waits_is_told_when_it_is_taken_back_and_when_it_is_made_again(
    compensating: Pair, forgetful: bool
) -> None:
    order, number, work_order = dispatched(compensating)
    compensating.fsm("start", work_order=work_order)
    compensating.settle()
    before = len(compensating.notes(number))
    for site in (MUNICH, HAMBURG, MUNICH):
        to(compensating, order, site)
        if forgetful:
            compensating.forget()
        compensating.om("revise", order=order)
        compensating.om("approve_revision", order=order)
        compensating.settle()
        compensating.sync(full=True)
    first, back, again = compensating.notes(number)[before:]
    waits = (
        f"{work_order} Install CPE was not changed, because it is Work in Progress: location: {HAMBURG} -> {MUNICH}."
    )
    assert waits in first
    assert f"{work_order} Install CPE {AGREES} 1 of 1 work order open." in back
    assert waits in again
    assert "change-waits" in compensating.finding_codes()
    compensating.assert_nothing_doubled()


def test_a_change_that_waited_and_is_taken_back_before_anybody_could_read_of_it_is_not_told(compensating: Pair) -> None:
    order, number, work_order = dispatched(compensating)
    compensating.fsm("start", work_order=work_order)
    compensating.settle()
    before = compensating.notes(number)
    refusal = {"kind": "status", "status": 403, "method": "PATCH", "path_contains": "domain_order", "user": "connector"}
    compensating.world.fault("om", refusal)
    place = compensating.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    compensating.om("revise", order=order)
    line = compensating.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    compensating.om("edit_line", line=line, fields={"location": place})
    compensating.om("approve_revision", order=order)
    compensating.settle_but_parked()
    compensating.world.clear_faults()
    to(compensating, order, HAMBURG)
    assert compensating.notes(number) == before
    assert compensating.waiting() == {}


def test_a_change_that_waited_is_told_when_it_is_carried_after_all_even_where_the_table_says_nothing_of_it(
    compensating: Pair,
) -> None:
    order, number, work_order = dispatched(compensating)
    compensating.fsm("start", work_order=work_order)
    to(compensating, order, MUNICH)
    path = compensating.loaded.path.parent / "compensation.csv"
    path.write_text("id,kind of change,compensation\non-hold,on hold,patch\nall,-,patch\n", encoding="utf-8")
    compensating.loaded = load(compensating.loaded.path)
    compensating.sync(full=True)
    compensating.settle()
    assert "was updated after a change of the order" in compensating.notes(number)[-1]
    compensating.sync(full=True)
    assert not compensating.noted(number, AGREES)


def waiting(pair: Pair) -> tuple[str, str, str]:
    """A visit that was begun, and whose line moves to another place: with its order and its resource order."""
    order, number, work_order = dispatched(pair)
    pair.fsm("start", work_order=work_order)
    place = pair.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    revise(pair, order, location=place)
    assert "change-waits" in pair.finding_codes()
    return order, number, work_order


def test_a_change_that_waits_is_settled_when_the_dispatcher_enters_it(compensating: Pair) -> None:
    _, number, work_order = waiting(compensating)
    there = compensating.rows("fsm", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    compensating.fsm("write", table="wm_order", record=work_order, fields={"location": there})
    compensating.settle()
    assert "change-waits" not in compensating.finding_codes()
    assert f"{work_order} Install CPE {AGREES}" in compensating.notes(number)[-1]
    compensating.fsm("complete", work_order=work_order)
    compensating.settle()
    assert not compensating.noted(number, work_order, "Nobody is sent again")


def test_a_visit_that_ends_while_a_change_waits_is_said_to_have_ended_so(compensating: Pair) -> None:
    _, number, work_order = waiting(compensating)
    compensating.fsm("complete", work_order=work_order)
    compensating.settle()
    assert compensating.noted(number, work_order, "was Closed Complete while a change waited for a decision: location")
    assert not compensating.noted(number, "before a change of the order could reach it")


def test_another_place_moves_the_visit_that_a_person_asked_for_too(compensating: Pair) -> None:
    order = compensating.approved(HAMBURG)
    compensating.settle()
    number = compensating.resource_order(order)
    create(compensating, number, "Swap CPE")
    compensating.settle()
    place = compensating.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    revise(compensating, order, location=place)
    for template in ("Install CPE", "Swap CPE"):
        made = compensating.work_orders(order, template)
        ends = [compensating.state("fsm", "wm_order", one) for one in made]
        places = [compensating.labels("fsm", "wm_order", f"number={one}", "location")[0] for one in made]
        assert list(zip(ends, places, strict=True)) == [("canceled", HAMBURG), ("ready for dispatch", MUNICH)]
    assert compensating.finding_codes() == []
    assert not compensating.noted(number, "no longer asks for it")
    compensating.assert_nothing_doubled()


def test_another_place_of_a_case_reaches_its_visit_and_the_dispatcher(compensating: Pair) -> None:
    pair = with_cases(compensating, CASES)
    case = pair.om("create_case", short_description="the router is dead", account="Acme Logistics", location=HAMBURG)
    number = case["case"]["number"]
    pair.om("take_case", case=number)
    pair.settle()
    place = pair.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    pair.om("write", table="sn_customerservice_case", record=number, fields={"location": place})
    pair.settle()
    query = f"short_descriptionLIKE{number}"
    [found] = pair.rows("fsm", "wm_order", query, "sys_id", "number")
    assert pair.labels("fsm", "wm_order", query, "location") == [MUNICH]
    query = f"element_id={found['sys_id']}^element=work_notes^valueLIKEPlease check the visit"
    assert len(pair.rows("fsm", "sys_journal_field", query, "value")) == 1
    assert pair.finding_codes() == []


def test_a_place_that_is_called_otherwise_now_cancels_no_visit(compensating: Pair) -> None:
    order, _, work_order = dispatched(compensating)
    revise(compensating, order, committed_due_date="2026-04-15 12:00:00")
    place = compensating.rows("om", "cmn_location", f"name={HAMBURG}", "sys_id")[0]["sys_id"]
    compensating.om("write", table="cmn_location", record=place, fields={"name": "Acme Hamburg Headquarters"})
    compensating.sync(full=True)
    compensating.settle()
    assert compensating.state("fsm", "wm_order", work_order) == "assigned"
    assert len(compensating.work_orders(order, "Install CPE")) == 1


# --- memory is lost: what was carried is not known, and so not what changed --------------------------------------------


def begun(pair: Pair) -> tuple[str, str, str]:
    """An order whose visit somebody has begun: with its resource order and its work order."""
    order, number, work_order = dispatched(pair)
    pair.fsm("start", work_order=work_order)
    pair.settle()
    return order, number, work_order


def to_munich(pair: Pair, order: str) -> None:
    place = pair.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    revise(pair, order, location=place)


def enter_munich(pair: Pair, work_order: str) -> None:
    there = pair.rows("fsm", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    pair.fsm("write", table="wm_order", record=work_order, fields={"location": there})


def place_of(pair: Pair, work_order: str) -> str:
    return pair.labels("fsm", "wm_order", f"number={work_order}", "location")[0]


def flags(pair: Pair, work_order: str) -> int:
    [found] = pair.rows("fsm", "wm_order", f"number={work_order}", "sys_id")
    query = f"element_id={found['sys_id']}^element=work_notes^valueLIKEPlease check the visit"
    return len(pair.rows("fsm", "sys_journal_field", query, "value"))


def test_another_place_is_asked_about_too_when_memory_was_lost_before_it_came(compensating: Pair) -> None:
    order, number, work_order = begun(compensating)
    compensating.forget()
    to_munich(compensating, order)
    assert place_of(compensating, work_order) == HAMBURG
    assert compensating.noted(
        number, work_order, "was not changed, because it is Work in Progress", f"{HAMBURG} -> {MUNICH}"
    )
    assert "change-waits" in compensating.finding_codes()
    enter_munich(compensating, work_order)
    compensating.settle()
    assert "change-waits" not in compensating.finding_codes()
    compensating.assert_nothing_doubled()


def test_a_change_that_waits_still_waits_after_memory_was_lost_and_is_told_once(compensating: Pair) -> None:
    _, number, work_order = waiting(compensating)
    compensating.forget()
    compensating.sync(full=True)
    compensating.settle()
    assert place_of(compensating, work_order) == HAMBURG
    assert "change-waits" in compensating.finding_codes()
    assert sum("was not changed, because" in note for note in compensating.notes(number)) == 1


def test_what_a_person_has_entered_is_not_asked_about_again_when_memory_is_lost(compensating: Pair) -> None:
    _, number, work_order = waiting(compensating)
    enter_munich(compensating, work_order)
    compensating.settle()
    compensating.forget()
    compensating.sync(full=True)
    compensating.settle()
    assert compensating.finding_codes() == []
    assert place_of(compensating, work_order) == MUNICH
    assert sum("was not changed, because" in note for note in compensating.notes(number)) == 1


WAITED = "was Closed Complete while a change waited for a decision"


@pytest.mark.parametrize("entered", [False, True], ids=["nobody entered it", "entered by hand"])
@pytest.mark.parametrize("lost", ["before the change", "before the visit ended", "after the visit ended"])
def test_a_visit_that_ends_while_a_change_waits_is_said_to_have_ended_so_without_memory_too(
    compensating: Pair, lost: str, entered: bool
) -> None:
    pair = compensating
    order, number, work_order = begun(pair)
    if lost == "before the change":
        pair.forget()
    to_munich(pair, order)
    if lost == "before the visit ended":
        pair.forget()
        pair.settle()
    if entered:
        enter_munich(pair, work_order)
    pair.fsm("complete", work_order=work_order)
    if lost == "after the visit ended":
        pair.forget()
    pair.settle()
    told = [note for note in pair.notes(number) if WAITED in note]
    assert len(told) == (0 if entered else 1)
    assert entered or f"location: {HAMBURG} -> {MUNICH}" in told[0]
    pair.forget()
    pair.sync(full=True)
    pair.settle()
    assert [note for note in pair.notes(number) if WAITED in note] == told
    assert not pair.noted(number, "before a change of the order could reach it")
    pair.assert_nothing_doubled()


def test_what_nobody_wants_to_be_asked_about_is_carried_to_a_visit_in_progress_without_memory(
    compensating: Pair,
) -> None:
    order, number, work_order = begun(compensating)
    compensating.forget()
    revise(compensating, order, committed_due_date="2026-04-15 12:00:00")
    found = compensating.rows("fsm", "wm_order", f"number={work_order}", "requested_due_by")[0]
    assert found["requested_due_by"] == "2026-04-15 12:00:00"
    assert compensating.noted(number, work_order, "2026-04-01 12:00 UTC -> 2026-04-15 12:00 UTC")
    assert flags(compensating, work_order) == 1
    assert compensating.finding_codes() == []


def test_without_memory_no_visit_is_canceled_for_another_place_but_the_dispatcher_hears_of_it(
    compensating: Pair,
) -> None:
    order, number, work_order = dispatched(compensating)
    compensating.forget()
    to_munich(compensating, order)
    assert compensating.state("fsm", "wm_order", work_order) == "assigned"
    assert compensating.work_orders(order, "Install CPE") == [work_order]
    assert place_of(compensating, work_order) == MUNICH
    assert compensating.noted(number, work_order, f"location: {HAMBURG} -> {MUNICH}")
    assert flags(compensating, work_order) == 1
    compensating.assert_nothing_doubled()


def test_a_bandwidth_is_told_from_a_quantity_without_memory(compensating: Pair) -> None:
    path = compensating.loaded.path.parent / "compensation.csv"
    rows = path.read_text(encoding="utf-8")
    asks = 'parts,quantity,"Work in Progress",stop and ask,\n'
    path.write_text(rows.replace("in-progress,-", f"{asks}in-progress,-"), encoding="utf-8")
    compensating.loaded = load(compensating.loaded.path)
    order, _, work_order = begun(compensating)
    line = compensating.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    compensating.forget()
    compensating.om("set_characteristic", line=line, name="Bandwidth", value="1 Gbit/s")
    compensating.settle()
    assert "change-waits" not in compensating.finding_codes()
    assert "1 Gbit/s" in compensating.rows("fsm", "wm_order", f"number={work_order}", "description")[0]["description"]
    compensating.forget()
    [row] = compensating.rows("om", LINE, f"number={line}", "sys_id")
    om = compensating.world.instance("om")
    om.records.update(LINE, row["sys_id"], {"quantity": "3"}, om.users["order_agent"])
    compensating.settle()
    assert "change-waits" in compensating.finding_codes()
    assert (
        "Quantity: 3"
        not in compensating.rows("fsm", "wm_order", f"number={work_order}", "description")[0]["description"]
    )


ASKS_ABOUT = """id,kind of change,characteristic,compensation
on-hold,on hold,-,patch
ask,{},{},stop and ask
other,-,-,patch and note
"""


def asking_about(pair: Pair, kind: str, characteristic: str = "-") -> None:
    """A table that stops for this, and for nothing else."""
    path = pair.loaded.path.parent / "compensation.csv"
    path.write_text(ASKS_ABOUT.format(kind, characteristic), encoding="utf-8")
    pair.loaded = load(pair.loaded.path)


def description_of(pair: Pair, work_order: str) -> str:
    return pair.rows("fsm", "wm_order", f"number={work_order}", "description")[0]["description"]


@pytest.mark.parametrize(("asked", "is_asked"), [("bandwidth", True), ("cpe model", False)])
def test_a_bandwidth_that_is_removed_is_asked_about_without_memory_too(
    compensating: Pair, asked: str, is_asked: bool
) -> None:
    pair = compensating
    asking_about(pair, "characteristics", asked)
    order, number, work_order = begun(pair)
    [line] = pair.rows("om", LINE, f"order.number={order}", "number", "sys_id")
    asking_about(pair, "quantity")
    pair.om("set_characteristic", line=line["number"], name="CPE model", value="C9")
    pair.settle()
    asking_about(pair, "characteristics", asked)
    pair.forget()
    om = pair.world.instance("om")
    query = f"order_line_item={line['sys_id']}^characteristic_option_value=100 Mbit/s"
    [row] = pair.rows("om", VALUE, query, "sys_id")
    om.records.delete(VALUE, row["sys_id"], om.users["order_agent"])
    pair.settle()
    pair.sync(full=True)
    assert ("Bandwidth: 100 Mbit/s" in description_of(pair, work_order)) is is_asked
    assert ("change-waits" in pair.finding_codes()) is is_asked
    assert pair.noted(number, work_order, "was not changed, because it is Work in Progress") is is_asked


@pytest.mark.parametrize(("asked", "is_asked"), [("account", True), ("contact", False)])
def test_a_customer_that_is_called_by_a_part_of_the_old_name_is_asked_about_without_memory_too(
    compensating: Pair, asked: str, is_asked: bool
) -> None:
    pair = compensating
    asking_about(pair, asked)
    order, _, work_order = begun(pair)
    pair.forget()
    om = pair.world.instance("om")
    acme = om.records.insert("customer_account", {"name": "Acme"}, om.users["order_agent"])["sys_id"]
    for table, query in (
        ("sn_ind_tmt_orm_order", f"number={order}"),
        (LINE, f"order.number={order}"),
        (DOMAIN_ORDER, f"order_line_item.order.number={order}"),
    ):
        for row in pair.rows("om", table, query, "sys_id"):
            om.records.update(table, row["sys_id"], {"account": acme}, om.users["order_agent"])
    pair.settle()
    pair.sync(full=True)
    assert ("Customer: Acme Logistics" in description_of(pair, work_order)) is is_asked
    assert ("change-waits" in pair.finding_codes()) is is_asked


@pytest.mark.parametrize(("asked", "is_asked"), [("quantity", False), ("contact", True)])
def test_a_contact_is_told_from_a_quantity_without_memory_where_a_line_has_no_characteristics(
    compensating: Pair, asked: str, is_asked: bool
) -> None:
    pair = compensating
    asking_about(pair, asked)
    order = pair.place(HAMBURG)
    om = pair.world.instance("om")
    for row in pair.rows("om", VALUE, "", "sys_id"):
        om.records.delete(VALUE, row["sys_id"], om.users["order_agent"])
    pair.om("approve", order=order)
    pair.settle()
    work_order = pair.install(order)
    assert description_of(pair, work_order).endswith("Quantity: 1")
    pair.forget()
    for table, query in (
        ("sn_ind_tmt_orm_order", f"number={order}"),
        (LINE, f"order.number={order}"),
        (DOMAIN_ORDER, f"order_line_item.order.number={order}"),
    ):
        for row in pair.rows("om", table, query, "sys_id"):
            contact = pair.rows("om", "customer_contact", "nameNOT LIKEAnna", "sys_id")[0]["sys_id"]
            om.records.update(table, row["sys_id"], {"contact": contact}, om.users["order_agent"])
    pair.settle()
    pair.sync(full=True)
    assert ("contact Anna Weber" in description_of(pair, work_order)) is is_asked
    assert ("change-waits" in pair.finding_codes()) is is_asked
