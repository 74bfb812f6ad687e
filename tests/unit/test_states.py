"""States: what an instance calls a state decides what it means, and nothing unknown ever means closed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.states import DOMAIN_ORDER_LABELS, ORDER_LABELS, WORK_ORDER_LABELS, StateMap, fold
from connector.model import DomainOrderPhase, OrderPhase, State, WorkOrderPhase

LABELS = {"1": "Draft", "3": "Closed Complete", "4": "Closed Incomplete", "7": "Cancelled", "99": "Parked"}


def states(labels: dict[str, str] = LABELS, **overrides: str) -> StateMap[WorkOrderPhase]:
    given = {value.removeprefix("v"): label for value, label in overrides.items()}
    return StateMap("wm_order", labels, WORK_ORDER_LABELS, WorkOrderPhase.UNKNOWN, given)


@pytest.mark.parametrize(
    ("value", "phase"),
    [
        ("1", WorkOrderPhase.OPEN),
        ("3", WorkOrderPhase.COMPLETE),
        ("4", WorkOrderPhase.INCOMPLETE),
        ("7", WorkOrderPhase.CANCELED),
        ("99", WorkOrderPhase.UNKNOWN),
        ("5", WorkOrderPhase.UNKNOWN),
        ("", WorkOrderPhase.UNKNOWN),
    ],
)
def test_a_state_means_what_the_instance_calls_it(value: str, phase: WorkOrderPhase) -> None:
    assert states().read(value).phase is phase


@pytest.mark.parametrize(("value", "is_open"), [("99", True), ("5", True), ("", True), ("3", False), ("7", False)])
def test_a_work_order_in_a_state_nobody_mapped_is_open(value: str, is_open: bool) -> None:
    assert states().read(value).phase.is_open is is_open


def test_the_same_number_means_something_else_on_another_instance() -> None:
    assert states({"3": "Work In Progress"}).read("3").phase is WorkOrderPhase.OPEN
    assert states({"3": "Closed Complete"}).read("3").phase is WorkOrderPhase.COMPLETE


def test_what_the_administrator_says_comes_before_what_the_instance_says() -> None:
    assert states().read("99") == State("99", "Parked", WorkOrderPhase.UNKNOWN)
    assert states(v99="Closed Complete").read("99") == State("99", "Closed Complete", WorkOrderPhase.COMPLETE)


@pytest.mark.parametrize(
    ("display", "state"),
    [
        ("Closed Complete", State("5", "Closed Complete", WorkOrderPhase.COMPLETE)),
        ("", State("5", "5", WorkOrderPhase.UNKNOWN)),
    ],
)
def test_the_displayed_label_helps_where_the_choice_list_is_silent(display: str, state: State[WorkOrderPhase]) -> None:
    assert states().read("5", display) == state


def test_the_choice_list_is_believed_before_the_displayed_label() -> None:
    assert states().read("1", "Abgeschlossen").label == "Draft"


@pytest.mark.parametrize("label", ["Cancelled", "canceled", " CANCELLED ", "Canceled\t"])
def test_both_spellings_of_canceled_are_one_state(label: str) -> None:
    assert states().value_of(label) == "7"
    assert states({"7": label}).read("7").phase is WorkOrderPhase.CANCELED


@given(st.text())
def test_folding_a_label_twice_changes_nothing(label: str) -> None:
    assert fold(fold(label)) == fold(label)


@given(
    st.dictionaries(st.text(min_size=1, max_size=3), st.sampled_from([*WORK_ORDER_LABELS, "parked", "x"]), max_size=8)
)
def test_a_value_found_by_label_reads_back_as_that_label(labels: dict[str, str]) -> None:
    mapped = states(labels)
    for label in WORK_ORDER_LABELS:
        value = mapped.value_of(label)
        alone = list(labels.values()).count(label) == 1
        assert mapped.read(value or "").label == label if alone else value is None


def test_an_instance_without_a_state_has_no_value_for_it() -> None:
    assert states().value_of("Work in Progress") is None
    assert states({**LABELS, "2": "Work In  Progress"}).value_of("Work in Progress") == "2"


def test_a_renamed_value_is_no_longer_found_by_its_old_name() -> None:
    assert states().value_of("Draft") == "1"
    assert states(v1="Parked").value_of("Draft") is None


@pytest.mark.parametrize(
    ("phases", "values"),
    [
        ((WorkOrderPhase.OPEN,), ("1",)),
        ((WorkOrderPhase.INCOMPLETE, WorkOrderPhase.COMPLETE), ("3", "4")),
        ((WorkOrderPhase.UNKNOWN,), ("99",)),
        ((), ()),
    ],
)
def test_all_values_of_a_phase_are_known(phases: tuple[WorkOrderPhase, ...], values: tuple[str, ...]) -> None:
    assert states().values_in(*phases) == values


def test_an_overridden_value_counts_under_its_new_meaning() -> None:
    assert states(v99="Closed Complete", v100="Closed Complete").values_in(WorkOrderPhase.COMPLETE) == (
        "100",
        "3",
        "99",
    )


@pytest.mark.parametrize("labels", [ORDER_LABELS, DOMAIN_ORDER_LABELS, WORK_ORDER_LABELS])
def test_the_labels_we_ship_are_spelled_as_they_are_compared(labels: dict[str, object]) -> None:
    assert all(fold(label) == label for label in labels)


@pytest.mark.parametrize(
    ("label", "phase"),
    [
        ("Enrichment in progress", OrderPhase.BEFORE_APPROVAL),
        ("Rejected", OrderPhase.REJECTED),
        ("Acknowledged", OrderPhase.APPROVED),
        ("Revision in progress", OrderPhase.FROZEN),
        ("Assessing cancellation", OrderPhase.FROZEN),
        ("Cancellation in progress", OrderPhase.CANCELED),
    ],
)
def test_an_order_is_served_only_after_approval_and_frozen_while_it_is_revised(label: str, phase: OrderPhase) -> None:
    assert StateMap("order", {"1": label}, ORDER_LABELS, OrderPhase.UNKNOWN).read("1").phase is phase


@pytest.mark.parametrize(
    ("label", "phase"),
    [
        ("In progress", DomainOrderPhase.OPEN),
        ("On hold", DomainOrderPhase.HELD),
        ("Closed complete", DomainOrderPhase.CLOSED),
        ("Canceled", DomainOrderPhase.CANCELED),
        ("Closed somehow", DomainOrderPhase.UNKNOWN),
    ],
)
def test_a_domain_order_is_closed_only_under_a_label_that_says_so(label: str, phase: DomainOrderPhase) -> None:
    assert StateMap("do", {"1": label}, DOMAIN_ORDER_LABELS, DomainOrderPhase.UNKNOWN).read("1").phase is phase
