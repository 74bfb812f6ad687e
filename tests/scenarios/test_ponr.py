"""README promise: once the field has begun, the point of no return is proposed or set where that is wanted, and said once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.config import load
from tests.conftest import HAMBURG, LINE, MUNICH, ORDER

if TYPE_CHECKING:
    from tests.conftest import Pair


def follow(pair: Pair, mode: str, at: str = "Work in Progress") -> None:
    path = pair.loaded.path
    path.write_text(f'{path.read_text(encoding="utf-8")}\n[ponr]\nmode = "{mode}"\nat = ["{at}"]\n', encoding="utf-8")
    pair.loaded = load(path)


def begun(pair: Pair, *sites: str) -> str:
    """An order whose CPE a technician is installing at the first site."""
    order = pair.approved(*(sites or (HAMBURG,)))
    pair.sync()
    pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.settle()
    pair.fsm("start", work_order=pair.install(order))
    pair.settle()
    return order


def past_ponr(pair: Pair, order: str) -> list[str]:
    rows = pair.rows("om", LINE, f"order.number={order}^ORDERBYnumber", "ponr")
    return [row["ponr"] for row in (*pair.rows("om", ORDER, f"number={order}", "ponr"), *rows)]


def line_of(pair: Pair, order: str, site: str = HAMBURG) -> str:
    return pair.rows("om", LINE, f"order.number={order}^location.name={site}", "number")[0]["number"]


def test_by_default_nobody_touches_the_point_of_no_return(pair: Pair) -> None:
    pair.world.switch("om", writer_sets_ponr=True)
    order = begun(pair)
    assert past_ponr(pair, order) == ["false", "false"]
    assert not pair.noted(pair.resource_order(order), "point of no return")


def test_it_is_proposed_once_on_the_domain_order_and_set_by_nobody(pair: Pair) -> None:
    follow(pair, "propose")
    pair.world.switch("om", writer_sets_ponr=True)
    order = begun(pair)
    number, line = pair.resource_order(order), line_of(pair, order)
    assert past_ponr(pair, order) == ["false", "false"]
    assert pair.noted(
        number, f"a change of {line} would come too late. Please set its point of no return. 1 of 1 work order open."
    )
    pair.fsm("complete", work_order=pair.install(order))
    pair.settle()
    assert sum("Please set its point of no return" in note for note in pair.notes(number)) == 1


def test_it_is_set_when_work_begins_and_a_later_change_stays_at_home(pair: Pair) -> None:
    follow(pair, "set")
    pair.world.switch("om", writer_sets_ponr=True)
    order = begun(pair, HAMBURG, MUNICH)
    number, line = pair.resource_order(order), line_of(pair, order)
    assert past_ponr(pair, order) == ["true"] * 3
    because = f"{line} is past its point of no return, because {pair.install(order)} Install CPE is Work"
    assert pair.noted(number, because, "revised or canceled. 1 of 1 work order open.")
    with pytest.raises(Exception, match="passed the point of no return"):
        pair.om("revise", order=order)
    with pytest.raises(Exception, match="passed the point of no return"):
        pair.om("cancel_order", order=order)
    assert pair.waiting() == {}
    pair.assert_nothing_doubled()


def test_a_state_that_is_not_named_sets_nothing(pair: Pair) -> None:
    follow(pair, "set", at="Accepted")
    pair.world.switch("om", writer_sets_ponr=True)
    order = pair.approved(HAMBURG)
    pair.sync()
    pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.settle()
    assert past_ponr(pair, order) == ["false", "false"]
    pair.fsm("accept", work_order=pair.install(order))
    pair.settle()
    assert past_ponr(pair, order) == ["true", "true"]


def test_where_it_may_not_be_set_that_is_shown_and_it_is_proposed(pair: Pair) -> None:
    follow(pair, "set")
    order = pair.approved(HAMBURG)
    pair.sync()
    pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.fsm("start", work_order=pair.install(order))
    pair.settle_but_parked()
    assert past_ponr(pair, order) == ["false", "false"]
    assert "write-parked" in pair.finding_codes()
    assert pair.noted(pair.resource_order(order), "Please set its point of no return")
    pair.om("set_ponr", line=line_of(pair, order))
    pair.settle()
    assert (pair.finding_codes(), pair.waiting()) == ([], {})


def test_a_revision_that_was_begun_before_it_could_be_set_goes_first(pair: Pair) -> None:
    follow(pair, "set")
    pair.world.switch("om", writer_sets_ponr=True)
    order = pair.approved(HAMBURG)
    pair.sync()
    pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.sync()
    pair.om("revise", order=order)
    pair.fsm("start", work_order=pair.install(order))
    pair.settle()
    assert past_ponr(pair, order) == ["false", "false"]
    pair.om("decline_revision", order=order)
    pair.settle()
    assert past_ponr(pair, order) == ["true", "true"]
