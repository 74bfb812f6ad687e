"""README promise: truth lives in ServiceNow. Whatever becomes of the local database, the outcome is the same.

One long story, played once undisturbed, and once for each of its steps with memory deleted there, put back to an old backup, or
torn in the middle of a write.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from connector import app
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, Pair, make_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STEPS = 11  # of the story; the first test holds it to that

_BY_CHANCE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d|WO\d+")  # when, and which of two was created first


def outcome(pair: Pair, order: str) -> tuple[Counter[str], Counter[str], dict[str, str]]:
    """Work orders with their states, notes (times and numbers apart), and the states of the domain orders."""
    work_orders = Counter(
        f"{row['correlation_id']} {row['state']} {row['description']}"
        for row in pair.rows("fsm", "wm_order", "", "correlation_id", "state", "description")
    )
    notes = Counter(
        _BY_CHANCE.sub("", row["value"]) for row in pair.rows("om", "sys_journal_field", "element=work_notes", "value")
    )
    return work_orders, notes, {n: pair.state("om", DOMAIN_ORDER, n) for n in pair.domain_orders(order)}


class Play:
    """The story and the connector that follows it. `between` is called after each step with its number."""

    def __init__(self, pair: Pair, between: Callable[[Play, int], None] = lambda _play, _step: None) -> None:
        self.pair = pair
        self.between = between
        self.order = ""

    def whole(self) -> Any:
        """Play it to its end. Returns the outcome."""
        for step, _ in enumerate(self._story(), start=1):
            self.passes()
            self.between(self, step)
        self.passes(3)
        self.pair.assert_nothing_doubled()
        return outcome(self.pair, self.order)

    def passes(self, count: int = 1, *, everything: bool = False) -> None:
        """One life of the connector."""
        with app.writing(self.pair.loaded, self.pair.outside()) as (engine, systems):
            for _ in range(count):
                app.sync_once(engine, systems, self.pair.now, full=everything, everything=everything)
                self.pair.world.advance(150)

    def _story(self) -> Iterator[None]:
        pair = self.pair
        self.order = pair.approved(HAMBURG)
        yield
        install, survey = pair.install(self.order), pair.work_orders(self.order, "Site Survey")[0]
        pair.fsm("dispatch", work_order=install, technician="technician")
        yield
        self._revised("200 Mbit/s")
        yield
        pair.fsm("accept", work_order=install)
        yield
        self._revised("500 Mbit/s")
        yield
        pair.om("close_domain_order", domain_order=pair.resource_order(self.order))
        yield
        pair.fsm("cancel_work_order", work_order=survey, reason="done before")
        yield
        pair.om("close_domain_order", domain_order=pair.resource_order(self.order))
        yield
        pair.fsm("start", work_order=install)
        yield
        pair.om("set_ponr", line=self._line)
        pair.om("edit_line", line=self._line, characteristics={"Bandwidth": "1 Gbit/s"})
        yield
        pair.fsm("complete", work_order=install)
        yield

    @property
    def _line(self) -> str:
        return self.pair.rows("om", LINE, f"order.number={self.order}", "number")[0]["number"]

    def _revised(self, bandwidth: str) -> None:
        self.pair.om("revise", order=self.order)
        self.pair.om("edit_line", line=self._line, characteristics={"Bandwidth": bandwidth})
        self.pair.om("approve_revision", order=self.order)
        self.pair.world.advance(5)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, int]:
    """The outcome when nothing happens to memory, and the number of steps."""
    steps: list[int] = []
    play = Play(make_pair(tmp_path_factory.mktemp("undisturbed")), lambda _play, step: steps.append(step))
    return play.whole(), len(steps)


def test_the_story_has_as_many_steps_as_are_enumerated_here_and_tells_much(undisturbed: tuple[Any, int]) -> None:
    (work_orders, notes, _), steps = undisturbed
    assert steps == STEPS
    assert (work_orders.total(), notes.total()) == (2, 16)


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_memory_deleted_at_any_step_is_rebuilt_and_the_outcome_is_the_same(
    pair: Pair, undisturbed: tuple[Any, int], step: int
) -> None:
    def lost(play: Play, now: int) -> None:
        if now == step:
            play.pair.forget()
            play.passes(everything=step % 2 == 0)  # `om-fsm rebuild`, or whatever is called next

    assert Play(pair, lost).whole() == undisturbed[0]


@pytest.mark.parametrize("age", [1, 4])
@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_an_old_backup_of_memory_repeats_nothing(pair: Pair, undisturbed: tuple[Any, int], step: int, age: int) -> None:
    kept: list[dict[Path, bytes]] = []

    def restored(play: Play, now: int) -> None:
        if now == step:
            kept.append(pair.copied())
        if now == min(step + age, STEPS):
            pair.put_back(kept[0])

    assert Play(pair, restored).whole() == undisturbed[0]


# --- what only the newer memory knew ----------------------------------------------------------------------------------

WITH_A_SWAP = """id,specification,domain order class,domain order action,characteristic.Bandwidth,work order template
fast,SD-WAN CPE,resource,add,10 Gbit/s,Swap CPE
install-cpe,SD-WAN CPE,resource,add,-,Install CPE
other,-,-,-,-,NO FIELD WORK
"""

FATES = ["kept", "lost", "old"]


class Revisions:
    """An order at version 1, its memory backed up; then version 2, what becomes of memory, and version 3."""

    def __init__(self, pair: Pair, policy: str = "") -> None:
        if policy:
            (pair.loaded.path.parent / "domain_order_policy.csv").write_text(policy)
        self.pair, self.play = pair, Play(pair)
        self.play.order = pair.approved(HAMBURG)
        pair.settle()
        self.backup = pair.copied()

    def revised(self, *bandwidths: str, memory: str) -> None:
        """One version after the other, each carried; what is said happens to memory before the last."""
        for bandwidth in bandwidths:
            if bandwidth is bandwidths[-1] and memory != "kept":
                self.pair.forget() if memory == "lost" else self.pair.put_back(self.backup)
            self.play._revised(bandwidth)
            self.pair.settle()


@pytest.mark.parametrize("memory", FATES)
def test_a_value_that_goes_back_to_what_an_old_memory_believes_is_carried_back(pair: Pair, memory: str) -> None:
    story = Revisions(pair)
    story.revised("500 Mbit/s", "100 Mbit/s", memory=memory)
    [row] = pair.rows("fsm", "wm_order", f"number={pair.install(story.play.order)}", "description")
    assert "100 Mbit/s" in row["description"]
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("memory", FATES)
def test_a_visit_that_an_old_memory_does_not_know_is_canceled_when_the_order_no_longer_wants_it(
    pair: Pair, memory: str
) -> None:
    story = Revisions(pair, WITH_A_SWAP)
    story.revised("10 Gbit/s", "100 Mbit/s", memory=memory)
    assert [pair.state("fsm", "wm_order", w) for w in pair.work_orders(story.play.order, "Swap CPE")] == ["canceled"]
    assert pair.state("fsm", "wm_order", pair.install(story.play.order)) != "canceled"
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("memory", FATES)
def test_a_visit_that_an_old_memory_does_not_know_keeps_the_gate_shut(pair: Pair, memory: str) -> None:
    story = Revisions(pair, WITH_A_SWAP)
    order = story.play.order
    story.revised("10 Gbit/s", "10 Gbit/s", memory=memory)
    install, [swap], resource = pair.install(order), pair.work_orders(order, "Swap CPE"), pair.resource_order(order)
    for number in (install, swap):
        pair.fsm("dispatch", work_order=number, technician="technician")
    pair.fsm("complete", work_order=install)
    pair.om("close_domain_order", domain_order=resource)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, resource) != "closed complete"
    pair.fsm("complete", work_order=swap)
    pair.om("close_domain_order", domain_order=resource)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, resource) == "closed complete"
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("memory", FATES)
def test_the_last_note_is_true_where_a_visit_went_back_to_where_an_old_memory_knows_it(pair: Pair, memory: str) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    install = pair.install(order)
    pair.fsm("dispatch", work_order=install, technician="technician")
    pair.settle()
    backup = pair.copied()
    for task in pair.rows("fsm", "wm_task", f"parent.number={install}", "number"):
        pair.fsm("reject_task", task=task["number"], reason="no ladder")
    pair.settle()
    if memory != "kept":
        pair.forget() if memory == "lost" else pair.put_back(backup)
    pair.fsm("dispatch", work_order=install, technician="technician")
    pair.settle()
    told = "\n".join(pair.notes(pair.resource_order(order)))
    there, back = "Ready for Dispatch -> Assigned", "Assigned -> Ready for Dispatch"
    assert re.findall(rf"{install}[^:\n]*: (.*? -> .*?) by ", told) == [there, back, there]
    pair.assert_nothing_doubled()
