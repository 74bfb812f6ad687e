"""The three writes on work orders, as they leave, and what the port says about what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.errors import AbsurdAnswer, Duplicate, NothingShown, Rejected
from connector.mapping.marks import Carried, digest_of, signed, sys_id_of
from connector.model import CancelWorkOrder, Change, CreateWorkOrder, UpdateWorkOrder
from tests.wire.answers import TRANSACTION, said
from tests.wire.instance import Table, sys_id
from tests.wire.ports import FSM_URL, bodies, fsm_port, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    import responses

    from connector.exchange import Written

KEY = f"om-fsm:om:{sys_id(1)}:install-cpe:1:1"
CHOSEN = sys_id_of(KEY)
WORK_ORDERS = "/api/now/table/wm_order"
FACTS = {"specification": "SD-WAN CPE", "location": "Berlin"}
MARK = str(Carried(1, digest_of(FACTS)))
UPDATED = str(Carried(1, digest_of(FACTS), updates=1))
TEMPLATE, BERLIN = sys_id(21), sys_id(22)


def create(fields: Mapping[str, str] | None = None) -> CreateWorkOrder:
    fields = {"short_description": "Install CPE", "location": "Berlin"} if fields is None else fields
    return CreateWorkOrder(KEY, sys_id(1), "RO1", sys_id(1), "Install CPE", 1, 1, FACTS, fields)


def update(**fields: str) -> UpdateWorkOrder:
    return UpdateWorkOrder("update/w/1", CHOSEN, "WO1", 1, 4, (Change("location", "Bonn", "Berlin"),), FACTS, fields)


CANCEL = CancelWorkOrder("c", CHOSEN, "WO1", 1, 4, "The customer canceled RO1.", FACTS)
CREATED = {
    "sys_id": CHOSEN,
    "number": "WO1",
    "sys_mod_count": "0",
    "correlation_id": KEY,
    "correlation_display": MARK,
    "template": TEMPLATE,
    "short_description": "Install CPE",
    "location": BERLIN,
}


@pytest.fixture(autouse=True)
def references(mocked: responses.RequestsMock) -> None:
    templates = [{"sys_id": TEMPLATE, "name": "Install CPE"}]
    Table(templates).serve(mocked, "cmdb_workorder_product_model", FSM_URL)
    places = [(BERLIN, "Berlin"), (sys_id(23), "Twin"), (sys_id(24), "Twin")]
    Table([{"sys_id": one, "name": name} for one, name in places]).serve(mocked, "cmn_location", FSM_URL)


def created(
    mocked: responses.RequestsMock, fields: Mapping[str, str] | None = None, instead: Mapping[str, str] | None = None
) -> Written:
    answer = shown({name: value for name, value in {**CREATED, **(instead or {})}.items() if value != "absent"})
    mocked.post(FSM_URL + WORK_ORDERS, json=answer, status=201, headers={"X-Transaction-ID": TRANSACTION})
    return fsm_port(mocked).create(create(fields))


def updated(mocked: responses.RequestsMock, action: UpdateWorkOrder, **answer: str) -> Written:
    row = {"sys_id": CHOSEN, "number": "WO1", "sys_mod_count": "5", "correlation_display": UPDATED, **answer}
    mocked.patch(f"{FSM_URL}{WORK_ORDERS}/{CHOSEN}", json=shown(row))
    return fsm_port(mocked).update(action)


def test_a_work_order_is_created_under_the_sys_id_of_its_key_and_carries_both_marks(
    mocked: responses.RequestsMock,
) -> None:
    written = created(mocked)
    assert bodies(mocked) == [
        (
            "POST",
            WORK_ORDERS,
            {
                "sys_id": CHOSEN,
                "correlation_id": KEY,
                "correlation_display": MARK,
                "template": TEMPLATE,
                "short_description": "Install CPE",
                "location": BERLIN,
            },
        )
    ]
    assert (written.sys_id, written.number, written.mod_count) == (CHOSEN, "WO1", 0)
    assert (written.refused, written.transaction) == ((), TRANSACTION)


def test_an_instance_that_drops_the_chosen_sys_id_is_told_by_what_it_answers(mocked: responses.RequestsMock) -> None:
    assert created(mocked, instead={"sys_id": sys_id(99)}).sys_id == sys_id(99)


def test_the_same_creation_twice_is_a_duplicate(mocked: responses.RequestsMock) -> None:
    taken = said("Operation Failed", "Unique Key violation detected by database (Duplicate entry)")
    mocked.post(FSM_URL + WORK_ORDERS, taken, status=403, content_type="application/json")
    with pytest.raises(Duplicate):
        fsm_port(mocked).create(create())


@pytest.mark.parametrize(
    ("column", "answered"),
    [
        ("short_description", "Install C"),  # cut
        ("short_description", "absent"),  # denied or dropped
        ("location", ""),  # not accepted
        ("location", sys_id(98)),  # changed by a rule
        ("template", "absent"),
        ("correlation_id", KEY[:40]),
        ("correlation_display", ""),
    ],
)
def test_a_column_that_did_not_come_back_as_sent_is_named(
    column: str, answered: str, mocked: responses.RequestsMock
) -> None:
    assert created(mocked, instead={column: answered}).refused == (column,)


@pytest.mark.parametrize(
    ("sent", "answered"),
    [("a\nb", "a\r\nb"), ("a", "a  "), (" a", "a"), ("a  \nb", "a\nb"), ("a\n", "a"), ("", "")],
)
def test_the_platform_s_own_way_with_blanks_and_line_ends_is_no_difference(
    sent: str, answered: str, mocked: responses.RequestsMock
) -> None:
    assert updated(mocked, update(description=sent), description=answered).refused == ()


@pytest.mark.parametrize(("sent", "answered"), [("a\nb", "a b"), ("a", "A"), ("a", ""), ("", "a"), ("3", "3.0")])
def test_any_other_difference_is_one(sent: str, answered: str, mocked: responses.RequestsMock) -> None:
    assert updated(mocked, update(description=sent), description=answered).refused == ("description",)


@pytest.mark.parametrize("place", ["Atlantis", "Twin", "a^b"])
def test_a_place_that_is_unknown_or_ambiguous_is_not_guessed_but_named(
    place: str, mocked: responses.RequestsMock
) -> None:
    written = created(mocked, {"short_description": "Install CPE", "location": place}, {"location": ""})
    assert "location" not in bodies(mocked)[0][2]
    assert written.refused == ("location",)


def test_a_template_that_does_not_exist_stops_the_creation_before_anything_is_sent(
    mocked: responses.RequestsMock,
) -> None:
    port = fsm_port(mocked)
    with pytest.raises(Rejected, match="Field Service has no work order template Swap"):
        port.create(CreateWorkOrder(KEY, sys_id(1), "RO1", sys_id(1), "Swap", 1, 1, FACTS, {}))
    assert bodies(mocked) == []


def test_an_update_sends_exactly_its_columns_and_the_mark(mocked: responses.RequestsMock) -> None:
    written = updated(mocked, update(location="Berlin", description=""), location=BERLIN, description="")
    body = {"location": BERLIN, "description": "", "correlation_display": UPDATED}
    assert bodies(mocked) == [("PATCH", f"{WORK_ORDERS}/{CHOSEN}", body)]
    assert (written.mod_count, written.refused) == (5, ())


def test_a_place_that_is_taken_away_is_cleared(mocked: responses.RequestsMock) -> None:
    updated(mocked, update(location=""), location="")
    assert bodies(mocked)[0][2]["location"] == ""


def test_a_cancellation_sends_state_reason_and_mark_in_one_write(mocked: responses.RequestsMock) -> None:
    mark = str(Carried(1, digest_of(FACTS), withdrawn=True))
    row = {"sys_id": CHOSEN, "number": "WO1", "state": "7", "correlation_display": mark, "work_notes": ""}
    mocked.patch(f"{FSM_URL}{WORK_ORDERS}/{CHOSEN}", json=shown(row))
    written = fsm_port(mocked).cancel(CANCEL)
    body = {"state": "7", "correlation_display": mark, "work_notes": signed(CANCEL.reason, CANCEL.key)}
    assert bodies(mocked) == [("PATCH", f"{WORK_ORDERS}/{CHOSEN}", body)]
    assert written.refused == ()


def test_a_cancellation_that_left_the_state_as_it_was_says_so(mocked: responses.RequestsMock) -> None:
    mark = str(Carried(1, digest_of(FACTS), withdrawn=True))
    row = {"sys_id": CHOSEN, "number": "WO1", "state": "18", "correlation_display": mark}
    mocked.patch(f"{FSM_URL}{WORK_ORDERS}/{CHOSEN}", json=shown(row))
    assert fsm_port(mocked).cancel(CANCEL).refused == ("state",)


def test_an_instance_without_a_canceled_state_is_asked_nothing(mocked: responses.RequestsMock) -> None:
    port = fsm_port(mocked, known_states={"1": "Draft"})
    with pytest.raises(Rejected, match=r"no .single. state 'Canceled'") as raised:
        port.cancel(CANCEL)
    assert "[fsm.states.work_order]" in raised.value.hint
    assert bodies(mocked) == []


def test_a_work_order_is_found_by_its_mark(mocked: responses.RequestsMock) -> None:
    Table([{**CREATED, "sys_mod_count": "3"}]).serve(mocked, "wm_order", FSM_URL)
    port = fsm_port(mocked)
    found = port.find(KEY)
    assert found is not None
    assert (found.sys_id, found.number, found.mod_count) == (CHOSEN, "WO1", 3)
    assert port.find(KEY.replace(":1:1", ":1:2")) is None


OTHER = {**CREATED, "sys_id": sys_id(7), "correlation_id": "", "sys_created_on": "2026-03-01 08:00:00"}
LOST = KEY.replace(":1:1", ":1:2")


def test_a_lost_creation_that_is_found_costs_one_request_and_one_that_is_not_three(
    mocked: responses.RequestsMock,
) -> None:
    table = Table([{**CREATED, "sys_created_on": "2026-03-02 08:00:00"}, OTHER]).serve(mocked, "wm_order", FSM_URL)
    port = fsm_port(mocked)
    found = port.find_surely(KEY)
    assert found is not None
    assert (found.sys_id, len(table.asked)) == (CHOSEN, 1)
    assert port.find_surely(LOST) is None
    assert len(table.asked) == 1 + 3
    assert table.queries[-1] == f"correlation_id={LOST}^ORsys_idIN{OTHER['sys_id']},{CHOSEN}^ORDERBYsys_id"


def test_an_empty_table_shows_nothing_about_a_lost_creation(mocked: responses.RequestsMock) -> None:
    Table([]).serve(mocked, "wm_order", FSM_URL)
    port = fsm_port(mocked)
    assert port.find(KEY) is None
    with pytest.raises(NothingShown, match="no work order at all"):
        port.find_surely(KEY)


def test_a_lost_creation_that_is_counted_and_not_shown_is_not_missing(mocked: responses.RequestsMock) -> None:
    Table([{**CREATED, "sys_created_on": "2026-03-02 08:00:00"}, OTHER], hidden={CHOSEN}).serve(
        mocked, "wm_order", FSM_URL
    )
    with pytest.raises(AbsurdAnswer, match="counts 1 work orders"):
        fsm_port(mocked).find_surely(KEY)
