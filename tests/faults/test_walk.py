"""A seeded random walk: people's moves in both systems, faults on both sides, passes and lost memory, in any order.

After the walk the faults end and the connector comes to rest; then every promise must hold and the next plan must be empty.
`OM_FSM_WALKS=500` tries more seeds than a test run does; a failing seed is repeated by its number.
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from connector.errors import ConnectorError
from connector.mapping.marks import WorkOrderKey
from connector.sandbox import Refused
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH, ORDER, Pair

if TYPE_CHECKING:
    from collections.abc import Callable

WALKS = int(os.environ.get("OM_FSM_WALKS", "8"))
STEPS = 30
FAULTS = ("commit_then_drop", "commit_then_500", "drop", "status", "html_200", "hibernating", "cut_body", "cancelled")
OVER = "state!=completed^state!=canceled"


class Walk:
    """One walk through one seed."""

    def __init__(self, pair: Pair, seed: int) -> None:
        self.pair = pair
        self.random = random.Random(seed)  # noqa: S311
        self.story: list[str] = []

    def go(self) -> None:
        moves: list[tuple[int, Callable[[], None]]] = [
            (3, self.new_order),
            (6, self.work_in_the_field),
            (3, self.revise),
            (1, self.cancel_order),
            (2, self.close_too_early),
            (1, self.set_ponr),
            (2, self.cancel_in_the_field),
            (1, self.made_by_hand),
            (4, self.something_breaks),
            (8, self.sync),
            (4, self.time_passes),
            (1, self.forget),
        ]
        weights = [weight for weight, _ in moves]
        for _ in range(STEPS):
            _, move = self.random.choices(moves, weights)[0]
            self.story.append(move.__name__)
            try:
                move()
            except Refused as refusal:
                self.story[-1] += f" (refused: {refusal})"
        self.pair.world.clear_faults()
        self.pair.settle()

    def one(self, side: str, table: str, query: str, *, otherwise: str = "") -> str:
        numbers = [row["number"] for row in self.pair.rows(side, table, f"{query}^ORDERBYnumber", "number")]
        if not numbers:
            raise Refused(otherwise or f"no {table} where {query}")
        return self.random.choice(numbers)

    def new_order(self) -> None:
        sites = self.random.choice([(HAMBURG,), (HAMBURG, MUNICH)])
        offering = self.random.choice(["Business SD-WAN", "Business SD-WAN", "Mobile Backup"])
        self.pair.approved(*sites, offering=offering)

    def work_in_the_field(self) -> None:
        work_order = self.one("fsm", "wm_order", "active=true")
        do = self.random.choice(["dispatch", "accept", "start", "complete"])
        self.pair.fsm(do, work_order=work_order, **({"technician": "technician"} if do == "dispatch" else {}))

    def revise(self) -> None:
        order = self.one("om", ORDER, "state=in_progress")
        self.pair.om("revise", order=order)
        line = self.one("om", LINE, f"order.number={order}")
        bandwidth = self.random.choice(["200 Mbit/s", "500 Mbit/s"])
        self.pair.om("edit_line", line=line, characteristics={"Bandwidth": bandwidth})
        if self.random.random() < 0.5:
            self.sync()
        self.pair.om(self.random.choice(["approve_revision", "decline_revision"]), order=order)

    def cancel_order(self) -> None:
        order = self.one("om", ORDER, "state=in_progress")
        self.pair.om("cancel_order", order=order)
        if self.random.random() < 0.5:
            self.sync()
        self.pair.om(self.random.choice(["approve_cancel", "decline_cancel"]), order=order)

    def close_too_early(self) -> None:
        self.pair.om("close_domain_order", domain_order=self.one("om", DOMAIN_ORDER, "active=true"))

    def set_ponr(self) -> None:
        line = self.one("om", LINE, OVER)
        self.pair.om("set_ponr", line=line)
        self.pair.om("edit_line", line=line, characteristics={"Bandwidth": "1 Gbit/s"})

    def cancel_in_the_field(self) -> None:
        self.pair.fsm("cancel_work_order", work_order=self.one("fsm", "wm_order", "active=true"), reason="nobody home")

    def made_by_hand(self) -> None:
        number = self.one("om", DOMAIN_ORDER, "active=true")
        self.pair.fsm("create_work_order", short_description="by hand", correlation_id=number)

    def something_breaks(self) -> None:
        side, method = self.random.choice(
            [("om", "PATCH"), ("fsm", "POST"), ("fsm", "PATCH"), ("om", "GET"), ("fsm", "GET")]
        )
        fault = {"kind": self.random.choice(FAULTS), "method": method, "count": self.random.randint(1, 3)}
        self.story[-1] += f" {side} {fault}"
        self.pair.world.fault(side, {**fault, "path_contains": "/table/", "user": "connector"})

    def sync(self) -> None:
        try:
            self.pair.sync(full=self.random.random() < 0.1)
        except ConnectorError as error:
            self.story[-1] += f" ({error})"

    def time_passes(self) -> None:
        self.pair.world.advance(self.random.choice([1, 30, 90, 400, 4000]))

    def forget(self) -> None:
        self.pair.forget()


def assert_promises(pair: Pair) -> None:
    """Nothing doubled, nothing lost, no gate open that should be shut, and nothing left to do."""
    pair.assert_nothing_doubled()
    work_orders = pair.rows("fsm", "wm_order", "", "number", "correlation_id", "active")
    labels = dict(zip((w["number"] for w in work_orders), pair.labels("fsm", "wm_order", "", "state"), strict=True))
    domain_orders = {
        row["sys_id"]: row
        for row in pair.rows("om", DOMAIN_ORDER, "", "sys_id", "number", "sys_class_name", "state", "action")
    }
    tasks = {t["sys_id"]: t["parent"] for t in pair.rows("om", "sn_ind_tmt_orm_order_task", "", "sys_id", "parent")}
    by_number = {row["number"]: sys_id for sys_id, row in domain_orders.items()}
    served: set[str] = set()
    for work_order in work_orders:
        key = WorkOrderKey.parse(work_order["correlation_id"])
        initiator = key.initiator_id if key else by_number[work_order["correlation_id"]]
        served.add(initiator)
        owner = domain_orders[tasks.get(initiator, initiator)]
        if work_order["active"] == "true":
            assert pair.state("om", DOMAIN_ORDER, owner["number"]) != "closed complete", (owner, work_order)
        told = [note for note in pair.notes(owner["number"]) if note.startswith(work_order["number"])]
        last = [
            n for n in told if " was updated " not in n and "was not changed" not in n and "no longer asked" not in n
        ][-1]
        label = labels[work_order["number"]]
        assert (
            f"-> {label}" in last or f"Field Service: {label}" in last or (label == "Canceled" and "canceled" in last)
        ), (label, told)
    for sys_id, row in domain_orders.items():
        if (
            row["sys_class_name"].endswith("resource_order")
            and pair.state("om", DOMAIN_ORDER, row["number"]) == "in progress"
        ):
            assert sys_id in served, row
    assert [plan.actions for plan in pair.plan() if plan.actions] == []


@pytest.mark.parametrize("seed", range(WALKS))
def test_after_any_walk_every_promise_holds_and_nothing_is_left_to_do(pair: Pair, seed: int) -> None:
    walk = Walk(pair, seed)
    try:
        walk.go()
        assert_promises(pair)
    except BaseException:
        print(f"seed {seed}:", *walk.story, sep="\n  ")  # noqa: T201
        raise
