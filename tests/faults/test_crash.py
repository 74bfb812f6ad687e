"""README promise: killed at any write, just before it leaves or just after it took effect, the outcome is the same.

Enumerated, not sampled: the story below is played once undisturbed and once for every write it makes and each kill point.
"""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from requests.adapters import BaseAdapter

from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, Pair

if TYPE_CHECKING:
    import requests

    from connector import app

WRITES = 14  # the undisturbed story makes so many; the first test holds it to that


class Killed(BaseException):
    """The process is gone. Nothing may catch this."""


class Deadly(BaseAdapter):
    """Lets requests through until the n-th write, and kills just before or just after it."""

    def __init__(self, inner: BaseAdapter, writes: list[int], kill_at: int, after: bool) -> None:
        super().__init__()
        self.inner = inner
        self.writes = writes  # shared by both instances
        self.kill_at = kill_at
        self.after = after

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if request.method == "GET":
            return self.inner.send(request, *args, **kwargs)
        self.writes[0] += 1
        dies = self.writes[0] == self.kill_at
        if dies and not self.after:
            raise Killed
        response = self.inner.send(request, *args, **kwargs)
        if dies:
            raise Killed
        return response

    def close(self) -> None:
        self.inner.close()


class Mortal(Pair):
    """A pair whose connector dies once; `sync` after that is a new process on the same file."""

    writes: list[int]
    kill_at = 0
    after = False
    deaths = 0

    def outside(self) -> app.World:
        world = super().outside()
        assert world.adapters is not None
        deadly = {s: Deadly(a, self.writes, self.kill_at, self.after) for s, a in world.adapters.items()}
        return replace(world, adapters=deadly)

    def sync(self, *, full: bool = False) -> app.Pass:
        with suppress(Killed):
            return super().sync(full=full)
        self.deaths += 1
        self.world.advance(100)  # longer than the platform's own limit
        return super().sync(full=full)


def mortal(pair: Pair, *, kill_at: int = 0, after: bool = False) -> Mortal:
    made = Mortal(pair.world, pair.loaded)
    made.writes, made.kill_at, made.after = [0], kill_at, after
    return made


def story(pair: Pair) -> str:
    """Creations, notes, an update, a cancellation in the field, one by the order, and a premature close."""
    order = pair.approved(HAMBURG)
    pair.settle()
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.settle()
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, characteristics={"Bandwidth": "500 Mbit/s"})
    pair.om("approve_revision", order=order)
    pair.settle()
    pair.om("close_domain_order", domain_order=pair.resource_order(order))
    pair.settle()
    pair.fsm("cancel_work_order", work_order=pair.work_orders(order, "Site Survey")[0], reason="not needed")
    pair.settle()
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.settle()
    return order


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


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, int]:
    """The outcome of the story when nobody dies, and how many writes it took."""
    from tests.conftest import make_pair

    living = mortal(make_pair(tmp_path_factory.mktemp("undisturbed")))
    order = story(living)
    return outcome(living, order), living.writes[0]


def test_the_story_makes_as_many_writes_as_are_enumerated_here(undisturbed: tuple[Any, int]) -> None:
    assert undisturbed[1] == WRITES


@pytest.mark.parametrize("after", [False, True], ids=["before it leaves", "after its effect"])
@pytest.mark.parametrize("kill_at", range(1, WRITES + 1))
def test_killed_at_any_write_the_outcome_is_that_of_the_undisturbed_story(
    pair: Pair, undisturbed: tuple[Any, int], kill_at: int, after: bool
) -> None:
    dying = mortal(pair, kill_at=kill_at, after=after)
    order = story(dying)
    assert dying.deaths == 1
    dying.assert_nothing_doubled()
    assert outcome(dying, order) == undisturbed[0]
