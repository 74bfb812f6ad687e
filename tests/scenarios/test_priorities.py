"""README promise: no stored value of one instance is taken for one of the other. A priority goes by what people call it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.config import load
from connector.discover.drift import drift, keeping_decisions
from connector.doctor.check import Level
from connector.errors import ConfigError
from connector.profile import read_profile
from connector.unsettled import unsettled
from tests.conftest import DOMAIN_ORDER, HAMBURG, Pair, with_cases
from tests.scenarios.test_cases import CASE, POLICY, opened, said
from tests.scenarios.test_discover import adopt, found, pair_on
from tests.scenarios.test_doctor import level

if TYPE_CHECKING:
    from pathlib import Path

THEIRS = {"1": "1 - Low", "2": "2 - Moderate", "3": "3 - High", "9": "9 - Critical"}  # there is no "5 - Planning"
UNLIKE = "[fsm.tables.wm_order.choices.priority]\n" + "".join(
    f'p{value} = [{value}, "{label}"]\n' for value, label in THEIRS.items()
)
CARRIED = {"1": "9", "2": "3", "3": "2", "4": "1", "5": ""}


@pytest.fixture
def unlike(tmp_path: Path) -> Pair:
    """Field Service has a list of priorities of its own for work orders."""
    return pair_on(tmp_path, UNLIKE)


def list_priorities(pair: Pair, labels: dict[str, str]) -> None:
    instance = pair.world.fsm
    for row in instance.records.find("sys_choice", name="wm_order", element="priority"):
        instance.records.delete("sys_choice", row["sys_id"], instance.system)
    for value, label in labels.items():
        row = {"name": "wm_order", "element": "priority", "value": value, "label": label, "language": "en"}
        instance.records.insert("sys_choice", row, instance.system)


def set_priority(pair: Pair, order: str, value: str) -> None:
    pair.om("write", table=DOMAIN_ORDER, record=pair.resource_order(order), fields={"priority": value})


def stored(pair: Pair, order: str) -> str:
    return pair.rows("fsm", "wm_order", f"number={pair.install(order)}", "priority")[0]["priority"]


@pytest.mark.parametrize(("value", "there"), [("1", "9"), ("2", "3"), ("4", "1")])
def test_a_priority_is_stored_as_what_field_service_calls_the_same(unlike: Pair, value: str, there: str) -> None:
    discovered = found(unlike)
    assert discovered.profile.fsm.values == {"priority": CARRIED}
    assert "'1 - Critical' is '9 - Critical'" in discovered.reasons["fsm.values.priority.1"]
    assert [r for r in discovered.remarks if "'5 - Planning'" in r and "not carried" in r]
    adopt(unlike, discovered)
    order = unlike.approved(HAMBURG)
    unlike.settle()
    set_priority(unlike, order, value)
    unlike.settle()
    assert stored(unlike, order) == there
    assert all(not plan.actions for plan in unlike.sync().plans)
    unlike.assert_nothing_doubled()


@pytest.mark.parametrize("clears", [True, False])
def test_a_priority_that_field_service_does_not_know_is_left_empty_or_said_not_to_be_taken(
    unlike: Pair, clears: bool
) -> None:
    unlike.world.switch("fsm", empty_clears_choices=clears)
    adopt(unlike, found(unlike))
    order = unlike.approved(HAMBURG)
    unlike.settle()
    set_priority(unlike, order, "5")
    unlike.settle()
    assert stored(unlike, order) == ("" if clears else "1")
    [note] = [n for n in unlike.notes(unlike.resource_order(order)) if "priority: 4 - Low -> 5 - Planning" in n]
    assert ("Field Service did not take: priority" in note) is not clears
    assert all(not plan.actions for plan in unlike.sync().plans)


def test_where_both_lists_agree_the_profile_says_nothing_of_it_and_the_value_is_carried(pair: Pair) -> None:
    discovered = found(pair)
    assert discovered.profile.fsm.values == {}
    adopt(pair, discovered)
    order = pair.approved(HAMBURG)
    pair.settle()
    set_priority(pair, order, "1")
    pair.settle()
    assert stored(pair, order) == "1"


def test_the_priority_of_a_case_goes_by_its_label_too(unlike: Pair) -> None:
    cases = with_cases(unlike, POLICY)
    adopt(cases, found(cases))
    made = {
        "short_description": "the router is dead",
        "account": "Acme Logistics",
        "location": HAMBURG,
        "priority": "2",
    }
    cases.om("create_case", **made)
    cases.settle()
    assert [row["priority"] for row in cases.rows("fsm", "wm_order", "correlation_idISNOTEMPTY", "priority")] == ["3"]


def _calls(pair: Pair, table: str, value: str, label: str) -> None:
    """Order Management calls a priority so on this table."""
    instance = pair.world.om
    row = {"name": table, "element": "priority", "value": value, "label": label, "language": "en"}
    instance.records.insert("sys_choice", row, instance.system)


def test_what_two_tables_of_order_management_call_differently_is_not_carried_and_the_doctor_warns(unlike: Pair) -> None:
    _calls(unlike, "sn_ind_tmt_orm_order_task", "1", "1 - Low")
    discovered = found(unlike)
    assert discovered.profile.fsm.values["priority"]["1"] == ""
    assert [r for r in discovered.remarks if "two tables of Order Management call it differently" in r]
    adopt(unlike, discovered)
    assert level(unlike, "fields.priority") is Level.WARNING


def test_what_cases_call_a_priority_counts_only_where_cases_ask_for_work_orders(pair: Pair) -> None:
    _calls(pair, "sn_customerservice_case", "1", "1 - Low")
    assert found(pair).profile.fsm.values == {}
    assert found(with_cases(pair, POLICY)).profile.fsm.values["priority"]["1"] == ""


@pytest.mark.parametrize("side", ["om", "fsm"])
def test_which_is_which_is_kept_while_a_list_cannot_be_read(unlike: Pair, side: str) -> None:
    settled = read_profile(adopt(unlike, found(unlike)))
    unlike.world.fault(side, {"kind": "table_forbidden", "path_contains": "sys_choice", "count": None})
    unlike.world.fault(side, {"kind": "table_forbidden", "path_contains": "ui/meta", "count": None})
    for _ in range(2):
        now = app.discover_once(unlike.loaded, unlike.outside(), before=settled).profile
        settled = keeping_decisions(settled, now)
        assert settled.fsm.values == {"priority": CARRIED}
    unlike.world.clear_faults()
    list_priorities(unlike, {**THEIRS, "9": "9 - Urgent", "8": "8 - Critical"})
    now = app.discover_once(unlike.loaded, unlike.outside(), before=settled).profile
    assert keeping_decisions(settled, now).fsm.values == {"priority": {**CARRIED, "1": "8"}}


def test_what_is_said_of_one_value_says_nothing_of_the_others(pair: Pair) -> None:
    config = pair.loaded.path
    config.write_text(
        config.read_text(encoding="utf-8") + '\n[fsm.values]\npriority = { "1" = "2" }\n', encoding="utf-8"
    )
    pair.loaded = load(config)
    order = pair.approved(HAMBURG)
    pair.settle()
    for value, there in (("3", "3"), ("1", "2")):
        set_priority(pair, order, value)
        pair.settle()
        assert stored(pair, order) == there


def test_another_fact_in_the_column_of_the_priority_is_stored_as_it_is(unlike: Pair) -> None:
    config = unlike.loaded.path
    text = config.read_text(encoding="utf-8")
    config.write_text(
        f'{text}\n[work_order.fields]\npriority = "{{quantity}}"\ndescription = "Order {{order}}"\n', encoding="utf-8"
    )
    unlike.loaded = load(config)
    adopt(unlike, found(unlike))
    order = unlike.approved(HAMBURG)
    unlike.settle()
    assert stored(unlike, order) == "1"


def test_a_priority_goes_by_its_label_in_whatever_column_a_person_has_it_written_to(tmp_path: Path) -> None:
    labels = UNLIKE.replace("choices.priority", "choices.u_urgency")
    column = '[fsm.tables.wm_order.columns]\nu_urgency = "integer | Dringend"\n'
    pair = pair_on(tmp_path, column + labels)
    text = pair.loaded.path.read_text(encoding="utf-8")
    pair.loaded.path.write_text(
        f'{text}\n[work_order.fields]\nu_urgency = "{{priority}}"\ndescription = "Order {{order}}"\n', encoding="utf-8"
    )
    pair.loaded = load(pair.loaded.path)
    adopt(pair, found(pair))
    assert level(pair, "fields.priority") is Level.FINE
    order = pair.approved(HAMBURG)
    pair.settle()
    set_priority(pair, order, "1")
    pair.settle()
    assert pair.rows("fsm", "wm_order", f"number={pair.install(order)}", "u_urgency") == [{"u_urgency": "9"}]


@pytest.mark.parametrize(
    ("said", "told"),
    [('priorty = { "1" = "2" }', "fsm.values.priorty: it is not a fact"), ('priority = "2"', "fsm.values.priority")],
)
def test_nonsense_about_values_is_refused(pair: Pair, said: str, told: str) -> None:
    config = pair.loaded.path
    config.write_text(f"{config.read_text(encoding='utf-8')}\n[fsm.values]\n{said}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        load(config)
    assert told in str(refused.value.problems)


def test_a_value_that_is_left_open_keeps_everything_shut(unlike: Pair) -> None:
    adopt(unlike, found(unlike), ('5 = ""', '5 = "?"'))
    asked = "fsm.values.priority: what is stored for '5' of Order Management?"
    assert list(unsettled(unlike.loaded.settings, unlike.loaded.profile or found(unlike).profile)) == [asked]


def test_what_a_person_says_of_a_value_is_kept_and_the_rest_follows_the_instance(unlike: Pair) -> None:
    settled = read_profile(adopt(unlike, found(unlike), ('5 = ""', '5 = "1"')))
    assert unlike.loaded.settings.fsm.values == {"priority": {**CARRIED, "5": "1"}}
    list_priorities(unlike, {**THEIRS, "9": "9 - Urgent", "8": "8 - Critical"})
    now = app.discover_once(unlike.loaded, unlike.outside(), before=settled).profile
    assert [told for told in drift(settled, now) if "priority 9 was 9 - Critical and is now 9 - Urgent" in told]
    assert keeping_decisions(settled, now).fsm.values == {"priority": {**CARRIED, "1": "8", "5": "1"}}


def test_the_doctor_warns_of_priorities_that_mean_something_else_until_a_profile_says_which_is_which(
    unlike: Pair,
) -> None:
    assert level(unlike, "fields.priority") is Level.WARNING
    adopt(unlike, found(unlike))
    assert level(unlike, "fields.priority") is Level.FINE


# --- what readers are told ---------------------------------------------------------------------------------------


def test_a_change_of_priority_is_told_as_order_management_labels_it(pair: Pair) -> None:
    cases = with_cases(pair, POLICY)
    case, order = opened(cases), cases.approved(HAMBURG)
    cases.settle()
    cases.om("write", table=CASE, record=case, fields={"priority": "1"})
    set_priority(cases, order, "2")
    cases.settle()
    assert [note for note in said(cases, case) if "priority: 2 - High -> 1 - Critical. Current status" in note]
    assert cases.noted(cases.resource_order(order), "priority: 4 - Low -> 2 - High. Current status")


@pytest.mark.parametrize("why", ["closed to the user", "called differently by another table"])
def test_a_priority_whose_label_nobody_can_tell_is_told_as_it_is_stored(pair: Pair, why: str) -> None:
    if why == "closed to the user":
        pair.world.fault("om", {"kind": "status", "status": 403, "path_contains": "sys_choice", "count": None})
    else:
        _calls(pair, "sn_ind_tmt_orm_order_task", "1", "1 - Low")
    order = pair.approved(HAMBURG)
    pair.settle()
    set_priority(pair, order, "1")
    pair.settle()
    before = "4" if why == "closed to the user" else "4 - Low"
    assert pair.noted(pair.resource_order(order), f"priority: {before} -> 1. Current status")
