"""README promise: every kind of order brings the visits its policy asks for, at the right place, and no other.

Post-fulfillment changes are orders of their own on what the customer owns; a change with a new place is a move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH, ORDER

if TYPE_CHECKING:
    from tests.conftest import Pair

OWNED = "sn_install_base_sold_product"


def carried_out(pair: Pair, order: str) -> None:
    """Every visit of an order is made, every domain order closed, and the platform completes the order."""
    for work_order in pair.work_orders(order):
        pair.fsm("dispatch", work_order=work_order, technician="technician")
        pair.fsm("complete", work_order=work_order)
    pair.settle()
    for number in pair.domain_orders(order):
        pair.om("close_domain_order", domain_order=number)
    pair.settle()
    assert pair.state("om", ORDER, order) == "completed"


@pytest.fixture
def owned(pair: Pair) -> str:
    """What the customer owns in Hamburg: an SD-WAN site that was ordered and installed."""
    carried_out(pair, _settled(pair, pair.approved(HAMBURG)))
    [row] = pair.rows("om", OWNED, "", "number")
    return row["number"]


def on_inventory(pair: Pair, owned: str, action: str, **more: str) -> str:
    """An order on what the customer owns, approved and decomposed."""
    line = {"sold_product": owned, "action": action, **more}
    made = pair.om("create_order", account="Acme Logistics", contact="Anna Weber", lines=[line])
    number = str(made["order"]["number"])
    pair.om("place", order=number)
    pair.om("approve", order=number)
    pair.world.advance(10)
    return _settled(pair, number)


def _settled(pair: Pair, order: str) -> str:
    pair.settle()
    return order


def visits(pair: Pair, order: str) -> list[tuple[str, str]]:
    """Template and place of each work order of an order."""
    numbers = pair.work_orders(order)
    templates = [pair.labels("fsm", "wm_order", f"number={one}", "template")[0] for one in numbers]
    places = [pair.labels("fsm", "wm_order", f"number={one}", "location")[0] for one in numbers]
    return sorted(zip(templates, places, strict=True))


def test_an_added_site_is_surveyed_and_installed(pair: Pair) -> None:
    order = _settled(pair, pair.approved(HAMBURG))
    assert visits(pair, order) == [("Install CPE", HAMBURG), ("Site Survey", HAMBURG)]


def test_a_changed_product_gets_its_device_swapped_and_no_survey(pair: Pair, owned: str) -> None:
    order = on_inventory(pair, owned, "change")
    assert visits(pair, order) == [("Swap CPE", HAMBURG)]


def test_a_move_is_two_visits_the_old_place_is_cleared_and_the_new_one_is_provided(pair: Pair, owned: str) -> None:
    order = on_inventory(pair, owned, "change", location=MUNICH)
    assert visits(pair, order) == [("Install CPE", MUNICH), ("Remove CPE", HAMBURG), ("Site Survey", MUNICH)]
    [cleared] = pair.work_orders(order, "Remove CPE")
    told = [number for number in pair.domain_orders(order) if pair.noted(number, cleared, "was created")]
    assert [pair.labels("om", DOMAIN_ORDER, f"number={one}", "location") for one in told] == [[HAMBURG]]
    carried_out(pair, order)
    assert pair.labels("om", OWNED, "", "location") == [MUNICH]


def test_a_change_that_becomes_a_move_in_revision_cancels_the_swap_and_makes_both_visits(
    pair: Pair, owned: str
) -> None:
    order = on_inventory(pair, owned, "change")
    [swap] = pair.work_orders(order, "Swap CPE")
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, fields={"location": MUNICH})
    pair.om("approve_revision", order=order)
    pair.settle()
    assert pair.state("fsm", "wm_order", swap) == "canceled"
    assert visits(pair, order) == [
        ("Install CPE", MUNICH),
        ("Remove CPE", HAMBURG),
        ("Site Survey", MUNICH),
        ("Swap CPE", HAMBURG),
    ]
    pair.assert_nothing_doubled()


def test_a_disconnected_product_is_collected(pair: Pair, owned: str) -> None:
    order = on_inventory(pair, owned, "delete")
    assert visits(pair, order) == [("Remove CPE", HAMBURG)]


def test_nobody_is_sent_to_suspend_or_to_resume(pair: Pair, owned: str) -> None:
    for action in ("suspend", "resume"):
        order = on_inventory(pair, owned, action)
        assert len(pair.domain_orders(order)) == 3
        assert visits(pair, order) == []
        carried_out(pair, order)


def test_where_the_policy_sends_somebody_to_suspend_he_goes_when_its_day_has_come(pair: Pair, owned: str) -> None:
    policy = pair.loaded.path.parent / "domain_order_policy.csv"
    rows = policy.read_text(encoding="utf-8")
    policy.write_text(
        rows.replace("other,", "suspend,SD-WAN CPE,resource,suspend,Remove CPE,\nother,"), encoding="utf-8"
    )
    order = on_inventory(pair, owned, "suspend", committed_due_date="2026-03-05 08:00:00")
    assert visits(pair, order) == []
    pair.world.advance(4 * 86_400)
    pair.settle()
    assert visits(pair, order) == [("Remove CPE", HAMBURG)]


def test_a_suspension_that_is_canceled_before_its_day_brings_nobody(pair: Pair, owned: str) -> None:
    order = on_inventory(pair, owned, "suspend", committed_due_date="2026-03-05 08:00:00")
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.world.advance(4 * 86_400)
    pair.settle()
    assert visits(pair, order) == []


def test_a_line_without_change_in_a_bundle_brings_nobody_and_the_changed_line_beside_it_does(
    pair: Pair, owned: str
) -> None:
    parent = {"sold_product": owned, "action": "no-change"}
    added = {"offering": "Business SD-WAN", "action": "add", "location": MUNICH}
    made = pair.om("create_order", account="Acme Logistics", contact="Anna Weber", lines=[parent, added])
    order = str(made["order"]["number"])
    pair.om("place", order=order)
    pair.om("approve", order=order)
    pair.world.advance(10)
    pair.settle()
    assert visits(pair, order) == [("Install CPE", MUNICH), ("Site Survey", MUNICH)]


def test_a_service_order_is_served_like_a_product_order(pair: Pair) -> None:
    line = {"offering": "Business SD-WAN", "location": HAMBURG}
    made = pair.om("create_order", account="Acme Logistics", order_category="service", lines=[line])
    order = str(made["order"]["number"])
    pair.om("place", order=order)
    pair.om("approve", order=order)
    pair.world.advance(10)
    pair.settle()
    assert pair.rows("om", ORDER, f"number={order}", "order_category")[0]["order_category"] == "service"
    assert visits(pair, order) == [("Install CPE", HAMBURG), ("Site Survey", HAMBURG)]


def test_three_levels_of_domain_orders_are_one_visit_on_the_level_the_policy_names(pair: Pair) -> None:
    order = _settled(pair, pair.approved(HAMBURG))
    product, resource, service = pair.domain_orders(order)
    parents = {
        number: pair.labels("om", DOMAIN_ORDER, f"number={number}", "parent")[0]
        for number in (product, resource, service)
    }
    assert parents == {product: "", service: product, resource: service}
    [install] = pair.work_orders(order, "Install CPE")
    assert [number for number in parents if pair.noted(number, install)] == [resource]
