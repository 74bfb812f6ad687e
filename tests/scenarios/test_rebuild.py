"""README promise: memory may be deleted. Somebody types `om-fsm rebuild`, and all is known again; nothing is written twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from connector import memory
from connector.config import load
from connector.demo.setup import write_config
from connector.engine.history import explain, overview
from connector.sandbox import World
from tests import PATIENCE
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, MUNICH, Pair

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REFUSED = {"kind": "status", "status": 400, "method": "POST", "path_contains": "/table/wm_order", "count": None}


@dataclass
class Typed:
    """A sandbox behind HTTPS, and commands as somebody types them."""

    pair: Pair
    config: Path

    def om_fsm(self, *arguments: str) -> tuple[int, Any]:
        command = [sys.executable, "-m", "connector", "--config", str(self.config), *arguments, "--output", "json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert done.stderr == ""
        return done.returncode, json.loads(done.stdout)

    def settle(self) -> dict[str, int]:
        """Pass after pass until nothing is left to do but what waits for a person."""
        for _ in range(10):
            time.sleep(1.5)  # the instances do in their own time what follows from a move
            _, done = self.om_fsm("sync")
            if not done["plans"] and set(done["left"]) <= {"parked"}:
                return dict(done["left"])
        raise AssertionError(f"it does not come to rest: {done}")

    def remembered(self, *orders: str) -> dict[str, Any]:
        """Work orders with what they belong to and what they were last told to be, and what was decided in which version."""
        database = memory.reading(self.pair.loaded)
        assert database is not None
        known = [explain(database, order) for order in orders]
        links = [link for one in known for link in one.links]
        seen = overview(database)
        database.dispose()
        return {
            "links": sorted((w.work_order_number, w.domain_order_id, w.key, w.template) for w in links),
            "noted": {w.work_order_number: w.noted and w.noted.label for w in links},
            "versions": {(j.verdict.initiator_number, j.verdict.version) for k in known for j in k.verdicts},
            "findings": sorted((f.order_number, f.code.value) for f in seen.findings),
            "parked": sorted((w.order_number, w.intent.key) for w in seen.waiting),
        }

    def written(self) -> dict[str, list[tuple[str, ...]]]:
        """Every work order and every work note there is, on both sides."""
        work_orders = self.pair.rows(
            "fsm", "wm_order", "ORDERBYnumber", "number", "correlation_id", "correlation_display"
        )
        journals = [
            self.pair.rows(s, "sys_journal_field", "element=work_notes", "element_id", "value") for s in ("om", "fsm")
        ]
        return {
            "work orders": [tuple(row.values()) for row in work_orders],
            "notes": sorted(tuple(row.values()) for rows in journals for row in rows),
        }


@pytest.fixture
def typed(tmp_path: Path) -> Iterator[Typed]:
    world = World.create(profile="default", clock="real", seed=1)
    with world.serve(tmp_path) as served:
        config = write_config(tmp_path, served.info)
        table = resources.files("connector.mapping") / "tables" / "compensation.csv"
        (tmp_path / "compensation.csv").write_bytes(table.read_bytes())
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("[policy]", '[policy]\ncompensation = "compensation.csv"'), encoding="utf-8")
        yield Typed(Pair(world, load(config)), config)
    world.close()


def test_after_the_file_was_lost_rebuild_knows_everything_again_and_writes_nothing_twice(typed: Typed) -> None:
    pair = typed.pair
    done, asking = pair.place(HAMBURG), pair.place(HAMBURG)
    for order in (done, asking):
        pair.om("approve", order=order)
    assert typed.settle() == {}
    visit, begun = pair.install(done), pair.install(asking)
    for one in (visit, begun):
        pair.fsm("dispatch", work_order=one, technician="technician")
    pair.fsm("start", work_order=begun)
    line = pair.rows("om", LINE, f"order.number={done}", "number")[0]["number"]
    pair.om("revise", order=done)
    pair.om("edit_line", line=line, fields={"committed_due_date": "2026-05-01 12:00:00"})
    pair.om("approve_revision", order=done)
    typed.settle()
    moved = pair.rows("om", LINE, f"order.number={asking}", "number")[0]["number"]
    pair.om("revise", order=asking)
    place = pair.rows("om", "cmn_location", f"name={MUNICH}", "sys_id")[0]["sys_id"]
    pair.om("edit_line", line=moved, fields={"location": place})
    pair.om("approve_revision", order=asking)
    typed.settle()
    pair.world.fault("fsm", {**REFUSED, "user": "connector"})
    refused = pair.place(HAMBURG)
    pair.om("approve", order=refused)
    assert typed.settle() == {"parked": 2}

    before, written = typed.remembered(done, asking, refused), typed.written()
    assert (asking, "change-waits") in before["findings"]
    assert len(before["links"]) == 5  # the survey of the other place is another visit
    assert len(before["parked"]) == 2
    assert {version for _, version in before["versions"]} == {1, 2}

    for path in pair.memory.parent.glob(f"{pair.memory.name}*"):
        path.unlink()
    code, answer = typed.om_fsm("rebuild")
    assert (code, answer["left"]) == (7, {"parked": 2})
    assert typed.om_fsm("plan") == (0, [])

    after = typed.remembered(done, asking, refused)
    latest = {number: max(v for n, v in before["versions"] if n == number) for number, _ in before["versions"]}
    assert set(latest.items()) <= after["versions"]
    assert {**after, "versions": 0} == {**before, "versions": 0}
    assert typed.written() == written
    pair.assert_nothing_doubled()

    number = pair.resource_order(done)  # and the work goes on where it was
    pair.fsm("complete", work_order=visit)
    pair.world.clear_faults()
    for waiting in [one["id"] for one in typed.om_fsm("outbox", "ls")[1]]:
        subprocess.run(
            [sys.executable, "-m", "connector", "--config", str(typed.config), "outbox", "retry", str(waiting)],
            check=True,
        )
    assert typed.settle() == {}
    assert sum("-> Closed Complete" in note and visit in note for note in pair.notes(number)) == 1
    assert len(pair.work_orders(refused)) == 2
    assert pair.state("om", DOMAIN_ORDER, number)
    pair.assert_nothing_doubled()
