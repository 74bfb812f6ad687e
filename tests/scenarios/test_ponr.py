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


# --- what is asked for past it, and taken back --------------------------------------------------------------------------

AGREES = "agrees with the order again: what had not been carried to it is settled."


def of_the_visit(pair: Pair, number: str, work_order: str) -> list[str]:
    """What the readers were told of a visit after its birth."""
    return [note for note in pair.notes(number) if note.startswith(f"{work_order} ")][1:]


def rested(pair: Pair, *, forgetful: bool) -> None:
    pair.settle()
    if forgetful:
        pair.forget()
    pair.sync(full=True)
    pair.settle()


@pytest.mark.parametrize("forgetful", [False, True], ids=["", "memory is lost after each"])
def test_a_change_past_it_is_told_when_it_is_taken_back_and_when_it_is_made_again(pair: Pair, forgetful: bool) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    number, work_order, line = pair.resource_order(order), pair.install(order), line_of(pair, order)
    pair.om("set_ponr", line=line)
    for rate in ("1 Gbit/s", "100 Mbit/s", "1 Gbit/s"):
        pair.om("set_characteristic", line=line, name="Bandwidth", value=rate)
        rested(pair, forgetful=forgetful)
    first, back, again = of_the_visit(pair, number, work_order)
    told = f"was not changed: {line} is past its point of no return. Not carried to Field Service: bandwidth: "
    assert told in first
    assert f"{work_order} Install CPE {AGREES} 1 of 1 work order open." in back
    assert told in again
    pair.assert_nothing_doubled()


def test_a_visit_that_nobody_wants_past_it_is_told_when_it_is_wanted_again_and_when_it_is_not(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    number, work_order = pair.resource_order(order), pair.install(order)
    pair.om("set_ponr", line=line_of(pair, order))
    for state in ("canceled", "in_progress", "canceled"):
        pair.om("set_domain_order_state", domain_order=number, state=state)
        rested(pair, forgetful=False)
    first, back, again = of_the_visit(pair, number, work_order)
    assert "is no longer asked for but was not canceled" in first
    assert AGREES in back
    assert "is no longer asked for but was not canceled" in again
    assert pair.state("fsm", "wm_order", work_order) == "ready for dispatch"
