"""README promise: while a decreased quantity waits for the manager nothing moves; the choice cancels the visits it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE

if TYPE_CHECKING:
    from tests.conftest import Pair


def test_a_smaller_quantity_waits_and_then_cancels_the_visit_of_the_chosen_unit(pair: Pair) -> None:
    policy = pair.loaded.path.parent / "domain_order_policy.csv"
    rows = policy.read_text(encoding="utf-8").replace("other,", "phone,Desk Phone,product,add,Install CPE,\nother,")
    policy.write_text(rows, encoding="utf-8")
    order = pair.approved(HAMBURG, offering="Desk Phones", quantity="3")
    pair.settle()
    visits = pair.work_orders(order, "Install CPE")
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, fields={"quantity": "1"})
    pair.om("approve_revision", order=order)
    pair.settle()
    before = [pair.state("fsm", "wm_order", number) for number in visits]
    assert before == ["ready for dispatch"] * 3
    assert pair.finding_codes() == ["frozen"] * 3
    for unit in (0, 2):
        pair.om("cancel_unit", domain_order=pair.domain_orders(order)[unit])
    assert pair.rows("om", DOMAIN_ORDER, "needs_attention=true^active=true", "number") == []
    pair.settle()
    after = sorted(pair.state("fsm", "wm_order", number) for number in visits)
    assert after == ["canceled", "canceled", "ready for dispatch"]
    pair.assert_nothing_doubled()
