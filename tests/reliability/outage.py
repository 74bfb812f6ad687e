"""The outage: Field Service is away for an hour while 5,000 things change. How long until everything is carried?

`python -m tests.reliability.outage`. Time is virtual: every request takes the instance 150 ms, and requests are counted one
after the other, as if nothing were done side by side: the worst case. From run to run another seed gives the records other
sys_ids, and so another order in which orders are served and pages are read; and chance says when a held side is probed. The
worst of the runs is told.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.errors import ConnectorError
from tests.conftest import Pair, make_pair

if TYPE_CHECKING:
    from collections.abc import Collection

LATENCY_MS = 150
OUTAGE = 3600  # seconds
SITES = ("Acme Hamburg HQ", "Acme Munich Depot", "Acme Berlin Office")
_ORDERS_EACH = 5  # lines of an order; each line wants two work orders


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What it took after the instance was back."""

    changes: int
    requests: int
    seconds: float
    left: int


def outage(pair: Pair, *, changes: int) -> CaughtUp:
    """Prepare enough work orders, take Field Service away, change, bring it back, and wait for the connector."""
    lines = max(changes // 4, 1)
    for first in range(0, lines, _ORDERS_EACH):
        pair.approved(*(SITES[n % 3] for n in range(first, min(first + _ORDERS_EACH, lines))))
    pair.settle()
    pair.world.fault("fsm", {"kind": "maintenance", "user": "connector", "count": None})
    done = 0
    work_orders = [row["number"] for row in pair.world.fsm.store.find("wm_order")]
    for do in ("dispatch", "accept"):
        for number in work_orders[: changes - done]:
            pair.fsm(do, work_order=number, **({"technician": "technician"} if do == "dispatch" else {}))
        done += len(work_orders[: changes - done])
    with suppress(ConnectorError):
        pair.sync()  # it notices, and holds that side
    pair.world.advance(OUTAGE)
    pair.world.clear_faults()
    for side in ("om", "fsm"):
        pair.world.switch(side, latency_ms=LATENCY_MS)
    return _catch_up(pair, done)


def _catch_up(pair: Pair, changes: int) -> CaughtUp:
    began, requests = pair.now(), _requests(pair)
    for _ in range(200):
        try:
            done = pair.sync()
        except ConnectorError:  # still held: it knocks again after a while
            pair.world.advance(10)
            continue
        if not done.plans and not pair.waiting():
            break
    seconds = (pair.now() - began).total_seconds()
    return CaughtUp(changes, _requests(pair) - requests, seconds, sum(pair.waiting().values()))


def _requests(pair: Pair) -> int:
    return sum(len(pair.world.requests(side)) for side in ("om", "fsm"))


def worst(results: Collection[CaughtUp]) -> CaughtUp:
    """Of each figure the worst there was."""
    return CaughtUp(
        min(one.changes for one in results),
        max(one.requests for one in results),
        max(one.seconds for one in results),
        max(one.left for one in results),
    )


def table(results: Collection[CaughtUp]) -> str:
    """The figures as they stand in the document."""
    result = worst(results)
    return "\n".join(
        [
            f"| worst of {len(results)} run{'s' * (len(results) > 1)} | |",
            "|---|---|",
            f"| changes during the outage | {result.changes} |",
            f"| requests until everything was carried | {result.requests} |",
            f"| minutes at {LATENCY_MS} ms a request, one after the other | {result.seconds / 60:.1f} |",
            f"| writes left | {result.left} |",
        ]
    )


def main() -> int:
    """Exit status 1 when something was left."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--report", type=Path)
    given = parser.parse_args()
    results: list[CaughtUp] = []
    for seed in range(1, given.runs + 1):
        with tempfile.TemporaryDirectory() as directory:
            results.append(outage(make_pair(Path(directory), seed=seed), changes=given.changes))
        sys.stdout.write(f"{results[-1]}\n")
        sys.stdout.flush()
    sys.stdout.write(table(results) + "\n")
    if given.report:
        found: dict[str, Any] = {"table": table(results)}
        given.report.write_text(json.dumps(found), encoding="utf-8")
    return 1 if worst(results).left else 0


if __name__ == "__main__":
    sys.exit(main())
