"""README promise: when the field plans to end too late, the order's readers hear of it once for each level."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from connector import memory
from connector.config import Jeopardy
from connector.engine.history import overview
from connector.model import WriteNote
from tests.conftest import HAMBURG, LINE, OVERLAP, Pair

DUE = "2026-04-01 12:00:00"  # of every line that `Pair.place` makes


def planned(pair: Pair, work_order: str, end: str, column: str = "expected_end") -> None:
    """A dispatcher plans when a work order ends; the next passes see it."""
    pair.fsm("write", table="wm_order", record=work_order, fields={column: end})
    pair.settle()


def levels(pair: Pair, order: str) -> list[str]:
    notes = pair.notes(pair.resource_order(order))
    return [note.partition("Jeopardy: ")[2].partition(".")[0] for note in notes if "Jeopardy: " in note]


@pytest.fixture
def order(pair: Pair) -> str:
    order = pair.approved(HAMBURG)
    pair.settle()
    return order


def test_each_change_of_level_is_told_once_with_both_dates(pair: Pair, order: str) -> None:
    install = pair.install(order)
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    planned(pair, install, "2026-03-20 12:00:00")
    assert levels(pair, order) == []
    planned(pair, install, "2026-04-01 10:30:00")
    planned(pair, install, "2026-04-01 11:00:00")
    assert levels(pair, order) == ["None -> Medium"]
    told = next(note for note in pair.notes(pair.resource_order(order)) if "Jeopardy" in note)
    assert told.startswith(
        f"{install} Install CPE is expected to end 2026-04-01 10:30 UTC, 1:30 hours before the due date of {line}"
        " (2026-04-01 12:00 UTC). Jeopardy: None -> Medium. 1 of 1 work order open."
    )
    planned(pair, install, "2026-04-03 12:00:00")
    planned(pair, install, "2026-03-20 12:00:00")
    assert levels(pair, order) == ["None -> Medium", "Medium -> Critical", "Critical -> None"]
    pair.forget()
    pair.settle()
    assert levels(pair, order) == ["None -> Medium", "Medium -> Critical", "Critical -> None"]


def test_a_plan_that_wavers_about_a_bound_is_told_once(pair: Pair, order: str) -> None:
    install = pair.install(order)
    for end in ("2026-04-01 04:10:00", "2026-04-01 03:50:00", "2026-04-01 04:10:00", "2026-04-01 03:30:00"):
        planned(pair, install, end)
    assert levels(pair, order) == ["None -> Medium"]


def test_the_latest_of_all_that_is_known_of_the_end_counts(pair: Pair, order: str) -> None:
    install = pair.install(order)
    planned(pair, install, "2026-03-20 12:00:00")
    planned(pair, install, "2026-04-01 13:00:00", "estimated_end")
    assert levels(pair, order) == ["None -> High"]
    task = pair.rows("fsm", "wm_task", f"parent.number={install}", "number")[0]["number"]
    pair.fsm("write", table="wm_task", record=task, fields={"estimated_end": "2026-04-05 12:00:00"})
    pair.world.advance(61)
    pair.settle()
    assert levels(pair, order) == ["None -> High", "High -> Critical"]


def test_a_visit_that_is_over_endangers_nothing_any_more(pair: Pair, order: str) -> None:
    install = pair.install(order)
    pair.fsm("dispatch", work_order=install, technician="technician")
    for do in ("accept", "start", "complete"):
        pair.fsm(do, work_order=install)
    planned(pair, install, "2026-05-01 12:00:00")
    assert levels(pair, order) == []


def test_the_last_word_about_a_visit_that_was_late_and_is_over_is_that_nothing_is_in_jeopardy(
    pair: Pair, order: str
) -> None:
    install = pair.install(order)
    planned(pair, install, "2026-04-03 12:00:00")
    pair.fsm("dispatch", work_order=install, technician="technician")
    for do in ("accept", "start", "complete"):
        pair.fsm(do, work_order=install)
    pair.settle()
    assert levels(pair, order) == ["None -> Critical", "Critical -> None"]
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    number = pair.resource_order(order)
    assert pair.noted(number, f"Every visit for {line} is over. Jeopardy: Critical -> None. 0 of 1 work order open.")
    pair.forget()
    pair.settle()
    assert len(levels(pair, order)) == 2
    pair.assert_nothing_doubled()


def test_a_visit_that_came_to_nothing_stays_in_jeopardy_until_somebody_decides(pair: Pair, order: str) -> None:
    install, number = pair.install(order), pair.resource_order(order)
    planned(pair, install, "2026-04-03 12:00:00")
    pair.fsm("cancel_work_order", work_order=install, reason="nobody home")
    pair.settle()
    assert levels(pair, order) == ["None -> Critical"]
    pair.om("add_note", domain_order=number, text=f"release gate {install}", **{"as": "fulfillment_agent"})
    pair.settle()
    assert levels(pair, order) == ["None -> Critical", "Critical -> None"]


def test_without_its_due_date_a_line_is_in_no_jeopardy_any_more(pair: Pair, order: str) -> None:
    planned(pair, pair.install(order), "2026-04-03 12:00:00")
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, fields={"committed_due_date": ""})
    pair.om("approve_revision", order=order)
    pair.settle()
    assert levels(pair, order) == ["None -> Critical", "Critical -> None"]
    assert pair.noted(pair.resource_order(order), "has no due date any more", "1 of 1 work order open")


def test_without_a_promised_date_nothing_is_predicted(pair: Pair) -> None:
    order = pair.approved(HAMBURG, committed_due_date="")
    pair.settle()
    planned(pair, pair.install(order), "2030-01-01 12:00:00")
    assert levels(pair, order) == []


@pytest.mark.parametrize("said", [{"warn": False}, {}], ids=["off", "on"])
def test_warnings_can_be_turned_off(pair: Pair, said: dict[str, Any]) -> None:
    settings = pair.loaded.settings.model_copy(update={"jeopardy": Jeopardy(**said)})
    pair.loaded = pair.loaded.model_copy(update={"settings": settings})
    order = pair.approved(HAMBURG)
    pair.settle()
    planned(pair, pair.install(order), "2026-04-03 12:00:00")
    assert levels(pair, order) == ([] if said else ["None -> Critical"])


def test_levels_stand_still_while_the_order_is_revised(pair: Pair, order: str) -> None:
    pair.om("revise", order=order)
    planned(pair, pair.install(order), "2026-04-03 12:00:00")
    assert levels(pair, order) == []
    pair.om("decline_revision", order=order)
    pair.settle()
    assert levels(pair, order) == ["None -> Critical"]


def test_bounds_that_do_not_descend_are_refused() -> None:
    with pytest.raises(ValueError, match="must descend"):
        Jeopardy(low_hours=1.0, medium_hours=8.0)


def until(pair: Pair, moment: str) -> None:
    """Nothing happens until then."""
    seconds = (datetime.fromisoformat(f"{moment}+00:00") - pair.now()).total_seconds()
    pair.world.advance(seconds)


def test_a_due_date_that_comes_closer_while_nothing_happens_is_told_at_each_level(pair: Pair, order: str) -> None:
    for moment, told in (
        ("2026-03-31 11:59:00", []),
        ("2026-03-31 12:00:30", ["None -> Low"]),
        ("2026-04-01 03:00:00", ["None -> Low"]),
        ("2026-04-01 04:00:30", ["None -> Low", "Low -> Medium"]),
        ("2026-04-01 12:00:30", ["None -> Low", "Low -> Medium", "Medium -> High"]),
        ("2026-04-02 12:00:30", ["None -> Low", "Low -> Medium", "Medium -> High", "High -> Critical"]),
        ("2026-04-20 12:00:00", ["None -> Low", "Low -> Medium", "Medium -> High", "High -> Critical"]),
    ):
        until(pair, moment)
        pair.sync()
        assert levels(pair, order) == told, moment
    note = next(note for note in pair.notes(pair.resource_order(order)) if "Medium -> High" in note)
    assert "is still open 2026-04-01 12:00 UTC, 0:00 hours after the due date" in note
    pair.forget()
    pair.settle()
    assert len(levels(pair, order)) == 4


def test_a_visit_that_should_be_over_by_now_is_late_from_then_on(pair: Pair, order: str) -> None:
    install = pair.install(order)
    planned(pair, install, "2026-04-01 03:00:00")
    assert levels(pair, order) == ["None -> Low"]
    until(pair, "2026-04-01 03:59:00")
    pair.sync()
    assert levels(pair, order) == ["None -> Low"]
    until(pair, "2026-04-01 04:01:00")
    pair.sync()
    assert levels(pair, order) == ["None -> Low", "Low -> Medium"]


def test_a_visit_that_is_over_in_time_is_never_late(pair: Pair, order: str) -> None:
    for work_order in pair.work_orders(order):
        pair.fsm("dispatch", work_order=work_order, technician="technician")
        pair.fsm("complete", work_order=work_order)
    pair.settle()
    until(pair, "2026-04-05 12:00:00")
    pair.sync()
    assert levels(pair, order) == []


def quiet(pair: Pair) -> int:
    """Requests of a pass in which there is nothing to do, the last of several."""
    pair.settle()
    pair.world.advance(OVERLAP)
    pair.settle()
    return pair.sync().requests


def switched(pair: Pair, section: str, **said: Any) -> None:
    """An administrator changes the configuration."""
    settings = pair.loaded.settings
    changed = {section: getattr(settings, section).model_copy(update=said)}
    pair.loaded = pair.loaded.model_copy(update={"settings": settings.model_copy(update=changed)})


def waiting_looks(pair: Pair) -> tuple[int, int]:
    """Orders whose look is due, and those with one later."""
    database = memory.reading(pair.loaded)
    assert database is not None
    seen = overview(database, pair.now())
    return seen.backlog, seen.wakeups - seen.backlog


def test_until_a_level_changes_nothing_more_is_asked(pair: Pair, order: str) -> None:
    switched(pair, "daemon", sweep_seconds=1e9)  # the one question that is not asked in every pass
    until(pair, "2026-03-20 12:00:00")
    usual = quiet(pair)
    assert waiting_looks(pair) == (0, 1)
    until(pair, "2026-03-31 12:00:30")
    rise = pair.sync()
    assert {type(action) for plan in rise.plans for action in plan.actions} == {WriteNote}
    assert rise.requests > usual
    assert quiet(pair) == usual
    switched(pair, "jeopardy", warn=False)
    assert quiet(pair) == usual


def test_a_look_that_is_far_away_is_no_backlog_and_outlives_a_restart_and_a_rebuild(pair: Pair, order: str) -> None:
    assert waiting_looks(pair) == (0, 1)
    pair.forget()
    pair.settle()
    assert waiting_looks(pair) == (0, 1)
    until(pair, "2026-03-31 12:00:30")
    assert waiting_looks(pair) == (1, 0)
    pair.settle()
    assert levels(pair, order) == ["None -> Low"]
    assert waiting_looks(pair) == (0, 1)


def test_an_order_that_is_over_is_not_looked_at_again(pair: Pair, order: str) -> None:
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle()
    assert waiting_looks(pair) == (0, 0)
    until(pair, "2026-04-05 12:00:00")
    pair.sync()
    assert levels(pair, order) == []


def test_a_worst_level_waits_for_nothing_more(pair: Pair, order: str) -> None:
    until(pair, "2026-04-05 12:00:00")
    pair.settle()
    assert levels(pair, order) == ["None -> Critical"]
    assert waiting_looks(pair) == (0, 0)


def test_a_due_date_that_is_put_off_puts_off_the_look(pair: Pair, order: str) -> None:
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("write", table=LINE, record=line, fields={"committed_due_date": "2026-04-10 12:00:00"})
    pair.settle()
    until(pair, "2026-04-01 13:00:00")  # levels stand still while it is revised
    pair.settle()
    assert levels(pair, order) == []
    pair.om("approve_revision", order=order)
    pair.settle()
    assert levels(pair, order) == []
    until(pair, "2026-04-09 13:00:00")
    pair.settle()
    assert levels(pair, order) == ["None -> Low"]


def test_an_administrator_who_wants_no_warnings_gets_none_and_no_looks(pair: Pair, order: str) -> None:
    switched(pair, "jeopardy", warn=False)
    pair.settle()
    assert waiting_looks(pair) == (0, 0)
    until(pair, "2026-04-05 12:00:00")
    pair.settle()
    assert levels(pair, order) == []
