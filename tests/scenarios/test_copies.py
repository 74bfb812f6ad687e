"""README promise: a copy that a person makes of a work order of ours, mark and all, is waited for and never touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import memory
from connector.engine.asking import asked_to_detach
from connector.engine.history import overview
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE
from tests.scenarios.test_by_hand import WHY, ask

if TYPE_CHECKING:
    from tests.conftest import Pair

FATES = ["kept", "lost", "old"]
COPIED = (
    "correlation_id",
    "correlation_display",
    "short_description",
    "description",
    "template",
    "state",
    "location",
    "account",
)


class Story:
    """An order whose CPE is to be installed, and somebody copies its work order. `fate` is what becomes of memory."""

    def __init__(self, pair: Pair, fate: str = "kept") -> None:
        self.pair = pair
        self.order = pair.approved(HAMBURG)
        pair.settle()
        self.resource, self.original = pair.resource_order(self.order), pair.install(self.order)
        before = pair.copied()
        pair.world.advance(60)
        [row] = pair.rows("fsm", "wm_order", f"number={self.original}", *COPIED)
        fsm = pair.world.instance("fsm")
        self.copy = fsm.records.insert("wm_order", {k: v for k, v in row.items() if v}, fsm.system)["number"]
        pair.settle()
        if fate == "lost":
            pair.forget()
        elif fate == "old":
            pair.put_back(before)

    def state(self, number: str) -> str:
        return self.pair.state("fsm", "wm_order", number)

    def complete_original(self) -> None:
        self.pair.fsm("dispatch", work_order=self.original, technician="technician")
        self.pair.fsm("complete", work_order=self.original)
        self.pair.settle()

    def close(self) -> str:
        """The order agent closes the domain order. Returns its state once the connector has seen it."""
        self.pair.om("close_domain_order", domain_order=self.resource)
        self.pair.settle()
        return self.pair.state("om", DOMAIN_ORDER, self.resource)

    def found(self) -> list[tuple[str, str]]:
        database = memory.reading(self.pair.loaded)
        assert database is not None
        return [(f.subject, f.text) for f in overview(database).findings if f.code.value == "duplicate-mark"]

    def revised(self, bandwidth: str) -> None:
        line = self.pair.rows("om", LINE, f"order.number={self.order}", "number")[0]["number"]
        self.pair.om("revise", order=self.order)
        self.pair.om("edit_line", line=line, characteristics={"Bandwidth": bandwidth})
        self.pair.om("approve_revision", order=self.order)
        self.pair.settle()


@pytest.mark.parametrize("fate", FATES)
def test_the_gate_waits_for_original_and_copy(pair: Pair, fate: str) -> None:
    story = Story(pair, fate)
    story.complete_original()
    assert story.close() != "closed complete"
    assert pair.noted(story.resource, "reopened", story.copy)
    pair.fsm("cancel_work_order", work_order=story.copy, reason="a copy")
    pair.settle()
    assert story.close() == "closed complete"
    assert story.found() == []
    notes = pair.notes(story.resource)
    assert len(set(notes)) == len(notes)


@pytest.mark.parametrize("fate", FATES)
def test_it_is_found_once_with_both_numbers_and_what_to_do(pair: Pair, fate: str) -> None:
    story = Story(pair, fate)
    pair.settle()
    pair.sync(full=True)
    [(subject, text)] = story.found()
    assert subject == story.copy
    assert story.original in text
    assert "empty its correlation id" in text


@pytest.mark.parametrize("fate", FATES)
def test_the_original_follows_its_order_and_the_copy_is_never_changed_or_canceled(pair: Pair, fate: str) -> None:
    story = Story(pair, fate)
    before = pair.rows("fsm", "wm_order", f"number={story.copy}", "sys_mod_count", "description", "state")
    story.revised("500 Mbit/s")
    [original] = pair.rows("fsm", "wm_order", f"number={story.original}", "description")
    assert "500 Mbit/s" in original["description"]
    pair.om("cancel_order", order=story.order)
    pair.om("approve_cancel", order=story.order)
    pair.settle()
    assert story.state(story.original) == "canceled"
    assert pair.rows("fsm", "wm_order", f"number={story.copy}", "sys_mod_count", "description", "state") == before


@pytest.mark.parametrize("fate", FATES)
def test_a_copy_that_is_older_by_number_is_still_the_copy(pair: Pair, fate: str) -> None:
    """The original is the one whose sys_id the connector chose."""
    story = Story(pair, fate)
    fsm = pair.world.instance("fsm")
    [row] = pair.rows("fsm", "wm_order", f"number={story.copy}", "sys_id")
    fsm.records.update("wm_order", row["sys_id"], {"number": "WO0000001"}, fsm.system)
    story.copy = "WO0000001"
    story.revised("500 Mbit/s")
    assert [subject for subject, _ in story.found()] == [story.copy]
    assert "100 Mbit/s" in pair.rows("fsm", "wm_order", f"number={story.copy}", "description")[0]["description"]


@pytest.mark.parametrize("fate", ["kept", "lost"])
def test_where_the_instance_gives_its_own_sys_ids_the_younger_one_is_the_copy(pair: Pair, fate: str) -> None:
    pair.world.fsm.switches["client_sys_id"] = False
    story = Story(pair, fate)
    story.revised("500 Mbit/s")
    assert [subject for subject, _ in story.found()] == [story.copy]
    assert "500 Mbit/s" in pair.rows("fsm", "wm_order", f"number={story.original}", "description")[0]["description"]


def test_nobody_waits_for_a_copy_whose_correlation_id_was_emptied(pair: Pair) -> None:
    story = Story(pair)
    fsm = pair.world.instance("fsm")
    [row] = pair.rows("fsm", "wm_order", f"number={story.copy}", "sys_id")
    fsm.records.update("wm_order", row["sys_id"], {"correlation_id": ""}, fsm.system)
    pair.sync(full=True)
    story.complete_original()
    assert story.close() == "closed complete"
    assert story.found() == []
    assert pair.noted(story.resource, story.copy, "no longer belongs here")


@pytest.mark.parametrize("fate", ["kept", "lost"])
def test_a_copy_that_is_detached_counts_for_nothing(pair: Pair, fate: str) -> None:
    story = Story(pair)
    ask(pair, lambda engine: asked_to_detach(engine, story.copy, WHY))
    pair.settle()
    if fate == "lost":
        pair.forget()
    story.complete_original()
    assert story.close() == "closed complete"
    assert story.found() == []
    assert story.state(story.copy) != "canceled"
