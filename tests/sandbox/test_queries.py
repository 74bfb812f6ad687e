"""Encoded queries: what each operator selects, and what an invalid one does."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World
    from tests.sandbox.gestures import Client


@pytest.fixture
def orders(fsm: Client) -> Client:
    """Four work orders, a minute apart, with different priorities and texts."""
    for index, (text, priority) in enumerate(
        [("Alpha install", 1), ("beta swap", 2), ("Gamma 100% ^ up", 3), ("delta_x", 4)]
    ):
        fsm.made("wm_order", short_description=text, priority=priority, correlation_id=f"key-{index}")
        fsm.world.advance(60)
    fsm.made("wm_task", short_description="odd", parent=fsm.row("wm_order", "priority=1")["sys_id"])
    return fsm


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("priority=2", "2"),
        ("priority!=2", "134"),
        ("priorityIN1,3", "13"),
        ("priorityNOT IN1,3", "24"),
        ("priority<2", "1"),
        ("priority<=2", "12"),
        ("priority>3", "4"),
        ("priority>=3", "34"),
        ("priorityBETWEEN2@3", "23"),
        ("short_descriptionLIKESWAP", "2"),
        ("short_descriptionCONTAINSa s", "2"),
        ("short_description*install", "1"),
        ("short_descriptionNOT LIKEinstall", "234"),
        ("short_descriptionSTARTSWITHalpha", "1"),
        ("short_descriptionENDSWITHswap", "2"),
        ("short_descriptionLIKE100%", "3"),
        ("short_descriptionLIKE_", "4"),
        ("short_descriptionLIKE^^", "3"),
        ("short_description=Gamma 100% ^^ up", "3"),
        ("accountISEMPTY", "1234"),
        ("accountISNOTEMPTY", ""),
        ("account=", "1234"),
        ("active=true^priority=1", "1"),
        ("active=true^priority=1^ORpriority=2", "12"),
        ("priority=1^NQpriority=4", "14"),
        ("priority=1^ORpriority=2^short_descriptionLIKEswap^EQ", "2"),
        ("sys_created_on>2026-03-02 08:01:00", "34"),
        ("sys_created_on>=2026-03-02 08:01:00^sys_created_on<2026-03-02 08:03:00", "23"),
        ("sys_created_on>=javascript:gs.dateGenerate('2026-03-02','08:02:00')", "34"),
        ("sys_created_onBETWEENjavascript:gs.minutesAgo(3)@javascript:gs.minutesAgo(1)", "234"),
        ("sys_created_onRELATIVEGT@minute@ago@2", "4"),
        ("sys_created_onRELATIVEGE@minute@ago@2", "34"),
        ("sys_created_onRELATIVELT@minute@ago@2", "12"),
        ("sys_created_onRELATIVELE@minute@ago@2", "123"),
        ("sys_created_onRELATIVEEE@minute@ago@2", "3"),
        ("sys_created_onRELATIVELT@hour@ahead@1", "1234"),
        ("sys_created_onRELATIVEGTminute@ago@2", "1234"),  # no such distance: dropped
        ("sys_created_onRELATIVEGT@moon@ago@2", "1234"),
        ("opened_by.user_name=connector^priority=3", "3"),
        ("opened_bySTARTSWITHom conn^priority=3", "3"),
        ("opened_by=javascript:gs.getUserID()^priority=4", "4"),
        ("state=NOT_A_NUMBER", ""),
        ("state==1", ""),
        ("state=NOT_A_NUMBER^ORpriority=4", "4"),
        ("sys_created_onGT_FIELDsys_updated_on", ""),
        ("sys_created_onSAMEASsys_updated_on^priority>2", "34"),
        ("RLQUERYwm_task.parent,>0^active=true^ENDRLQUERY", "1"),
        ("RLQUERYwm_task.parent,=0^ENDRLQUERY^priority<4", "23"),
        ("JOINwm_order.sys_id=wm_task.parent!short_description=odd", "1"),
        ("123TEXTQUERY321=alpha", "1"),
        ("GOTO123TEXTQUERY321=alpha", "1"),
        ("RLQUERYwm_task.parent,>=1,m2m^active=true^ENDRLQUERY", "1"),
        ("priority=1^NQ", "1"),
        ("ORDERBYpriority^NQpriority=4", "4"),
        ("priority=1^NQpriority=4^EQ^ORDERBYpriority", "14"),
        ("PRIORITY=1", "1234"),
        ("prioritynot in1", "1234"),
    ],
)
def test_an_operator_selects(orders: Client, query: str, found: str) -> None:
    rows = orders.rows("wm_order", f"{query}^ORDERBYnumber", sysparm_fields="priority")
    assert "".join(row["priority"] for row in rows) == found


OPENED = "opened_atDATEPARTx@javascript:gs.datePart"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"{OPENED}('dayofweek','monday','EE')", "1234"),
        (f"{OPENED}('dayofweek','tuesday','EE')", ""),
        (f"{OPENED}('month','march','EE')", "1234"),
        (f"{OPENED}('quarter','2','GE')", ""),
        (f"{OPENED}('hour','8','EE')", "1234"),
        (f"{OPENED}('year','2026','GT')", ""),
        (f"{OPENED}('week','10','EE')", "1234"),
        (f"{OPENED}('moon','1','EE')", "1234"),  # no such part: dropped
        ("expected_startMORETHANopened_at@minute@after@59^priority<3", "1"),
        ("expected_startMORETHANopened_at@minute@after@60", ""),
        ("expected_startLESSTHANopened_at@hour@after@1", "2"),
        ("opened_atMORETHANexpected_start@minute@before@58", "12"),
        ("opened_atLESSTHANexpected_start@hour@before@2", "12"),
        ("expected_startMORETHANopened_at@hour@before@1", ""),
        ("expected_startMORETHANopened_at@fortnight@after@1", "1234"),
        ("sys_class_nameINSTANCEOFsm_order", "1234"),
        ("sys_class_nameINSTANCEOFwm_task", ""),
        ("opened_byDYNAMIC90d1921e5f510100a9ad2572f2b477fe", "1234"),
        ("assigned_toDYNAMIC90d1921e5f510100a9ad2572f2b477fe", ""),
        ("assigned_toDYNAMIC00000000000000000000000000000000", "1234"),
    ],
)
def test_operators_of_calendars_classes_and_filters_select(orders: Client, query: str, found: str) -> None:
    for priority in "12":
        sys_id = orders.row("wm_order", f"priority={priority}")["sys_id"]
        orders.patch("wm_order", sys_id, expected_start="2026-03-02 09:00:00")
    rows = orders.rows("wm_order", f"{query}^ORDERBYnumber", sysparm_fields="priority")
    assert "".join(row["priority"] for row in rows) == found


def test_a_part_of_a_date_is_read_on_the_readers_calendar(orders: Client, sign_in: Callable[..., Client]) -> None:
    at_midnight = f"{OPENED}('hour','0','EE')"
    assert len(sign_in("fsm", "admin").rows("wm_order", at_midnight)) == 4  # Los Angeles
    assert orders.rows("wm_order", at_midnight) == []


def test_a_hierarchy_holds_the_record_itself_and_all_below(orders: Client, sign_in: Callable[..., Client]) -> None:
    admin = sign_in("fsm", "admin")
    top = admin.made("sys_user_group", name="Field")["sys_id"]
    middle = admin.made("sys_user_group", name="North", parent=top)["sys_id"]
    bottom = admin.made("sys_user_group", name="Hamburg", parent=middle)["sys_id"]
    for priority, group in (("1", top), ("2", middle), ("3", bottom)):
        admin.patch("wm_order", orders.row("wm_order", f"priority={priority}")["sys_id"], assignment_group=group)

    def found(group: str) -> str:
        query = f"assignment_groupIN_HIERARCHY{group}^ORDERBYpriority"
        return "".join(row["priority"] for row in orders.rows("wm_order", query))

    assert [found(top), found(middle), found(bottom), found("0" * 32)] == ["123", "23", "3", ""]


def test_several_sort_keys_apply_in_order(orders: Client) -> None:
    rows = orders.rows("wm_order", "ORDERBYactive^ORDERBYDESCpriority", sysparm_fields="priority")
    assert "".join(row["priority"] for row in rows) == "4321"


@pytest.mark.parametrize("query", ["no_such_field=x", "second=asdf^third", "account.bunk=1", "priorityFOO1"])
def test_an_invalid_term_is_dropped_and_the_rest_runs(orders: Client, query: str) -> None:
    assert len(orders.rows("wm_order", query)) == 4
    assert len(orders.rows("wm_order", f"{query}^priority=1")) == 1


def test_carets_alone_select_everything(orders: Client) -> None:
    assert len(orders.rows("wm_order", "^^^")) == 4


def test_an_alternative_of_invalid_terms_restricts_nothing(orders: Client) -> None:
    assert len(orders.rows("wm_order", "priority=1^NQbunk=1")) == 4


def test_an_instance_may_answer_invalid_queries_with_no_rows(orders: Client) -> None:
    orders.world.fsm.switches["invalid_query"] = "no_rows"
    assert orders.rows("wm_order", "bunk=1^priority=1") == []
    assert len(orders.rows("wm_order", "priority=1")) == 1


def test_an_instance_may_reject_invalid_queries(orders: Client) -> None:
    orders.world.fsm.switches["invalid_query"] = "reject"
    refused = orders.get("wm_order", sysparm_query="bunk=1")
    assert refused.status_code == 403
    assert refused.json()["error"]["detail"] == "Field(s) present in the query do not have permission to be read"


def test_field_value_pairs_of_the_address_also_take_display_values(orders: Client) -> None:
    assert len(orders.get("wm_order", priority="1 - critical").json()["result"]) == 1
    assert len(orders.get("wm_order", opened_by="connector", priority="2").json()["result"]) == 1
    assert len(orders.get("wm_order", opened_by="nobody").json()["result"]) == 0


def test_a_generated_date_is_in_the_readers_zone_and_a_literal_is_utc(
    world: World, orders: Client, sign_in: Callable[..., Client]
) -> None:
    admin = sign_in("fsm", "admin")  # Los Angeles, eight hours behind
    assert len(admin.rows("wm_order", "sys_created_on>=2026-03-02 08:02:00")) == 2
    assert len(admin.rows("wm_order", "sys_created_on>=javascript:gs.dateGenerate('2026-03-02','00:02:00')")) == 2
    assert admin.rows("wm_order", "sys_created_on>=javascript:gs.dateGenerate('2026-03-02','08:02:00')") == []


def test_not_equal_may_also_match_empty_values(orders: Client) -> None:
    assert orders.rows("wm_order", "correlation_display!=x") == []
    orders.world.fsm.switches["not_equal_matches_empty"] = True
    assert len(orders.rows("wm_order", "correlation_display!=x")) == 4


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Today", "2026-03-02", "2026-03-02"),
        ("Tomorrow", "2026-03-03", "2026-03-03"),
        ("ThisWeek", "2026-03-02", "2026-03-08"),
        ("LastWeek", "2026-02-23", "2026-03-01"),
        ("ThisMonth", "2026-03-01", "2026-03-31"),
        ("LastMonth", "2026-02-01", "2026-02-28"),
        ("ThisQuarter", "2026-01-01", "2026-03-31"),
        ("LastQuarter", "2025-10-01", "2025-12-31"),
        ("NextYear", "2027-01-01", "2027-12-31"),
        ("Last7Days", "2026-02-23", "2026-03-02"),
    ],
)
def test_a_named_period_runs_from_its_first_to_its_last_second(
    orders: Client, name: str, first: str, last: str
) -> None:
    sys_id = orders.row("wm_order", "priority=1")["sys_id"]
    period = f"expected_startONx@javascript:gs.beginningOf{name}()@javascript:gs.endOf{name}()^expected_startISNOTEMPTY"

    def within(stamp: str) -> bool:
        orders.patch("wm_order", sys_id, expected_start=stamp)
        return len(orders.rows("wm_order", period)) == 1

    second = timedelta(seconds=1)
    begin, end = datetime.fromisoformat(f"{first} 00:00:00"), datetime.fromisoformat(f"{last} 23:59:59")
    assert [within(str(begin)), within(str(end))] == [True, True]
    assert [within(str(begin - second)), within(str(end + second))] == [False, False]


def test_a_period_nobody_knows_is_an_invalid_term(orders: Client) -> None:
    assert len(orders.rows("wm_order", "opened_at>javascript:gs.beginningOfSpring()")) == 4
