"""What both instances came to: the part of it that must not depend on what broke on the way."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.faults.walk.moves import CASE, DOMAIN_ORDER, FALLOUT, ORDER_TASK

if TYPE_CHECKING:
    from connector.sandbox import World

# When, how long before or after a due date that is, which of two was created first, and of how many others it is known just
# then that they are over.
_BY_CHANCE = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d|\d+:\d\d (?=hours (?:before|after) the due date)|WO\d+|\d+ (?=of \d+ work orders? open)"
)
_TOKENS = re.compile(r"\[om-fsm ([0-9a-f]{10}(?: [0-9a-f]{10})*)\]")


def state_of(world: World) -> dict[str, Any]:
    """What counts: work orders with what they say, notes (times and numbers apart), domain orders, ends of order tasks, places,
    cases, every token, to find what was doubled."""
    notes, in_field = (
        [r["value"] for r in side.store.find("sys_journal_field") if r["sys_created_by"] == "connector"]
        for side in (world.om, world.fsm)
    )
    tokens = Counter(token for note in (*notes, *in_field) for token in _tokens(note))
    work_orders = sorted(
        [w["correlation_id"], w["state"], w["description"], w["correlation_display"]]
        for w in world.fsm.store.find("wm_order")
    )
    return {
        "work orders": work_orders,
        "notes on work orders": sorted(_BY_CHANCE.sub("", note) for note in in_field),
        "notes": sorted(_BY_CHANCE.sub("", note) for note in notes),
        "domain orders": sorted([d["number"], d["state"]] for d in world.om.store.find(DOMAIN_ORDER)),
        "planned": sorted([t["number"], t["planned_end_date"]] for t in world.om.store.find(ORDER_TASK)),
        "places": sorted(row["name"] for row in world.fsm.store.find("cmn_location")),
        "cases": sorted([c["number"], c["state"], c["close_notes"]] for c in world.om.store.find(CASE)),
        "fallouts": sorted([f["state"], f["short_description"], f["order_task"]] for f in world.om.store.find(FALLOUT)),
        "doubled": [token for token, count in tokens.items() if count > 1],
    }


def differences(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    """Which parts are not as they should be; empty when all are."""
    return "; ".join(key for key in wanted if found[key] != wanted[key])


def untold(wanted: dict[str, Any], found: dict[str, Any]) -> str:
    """As `differences`, where what broke may be told: each note of the one is in the other, whatever it says of persons and
    states that were not shown, and besides there are only notes of something that was refused."""
    there, here = _by_token(found["notes"]), _by_token(wanted["notes"])
    wrong = [f"no note {here[token]!r}" for token in sorted(here.keys() - there.keys())]
    wrong += [
        f"a note {there[token]!r}" for token in sorted(there.keys() - here.keys()) if _REFUSED not in there[token]
    ]
    rest = differences({**wanted, "notes": []}, {**found, "notes": []})
    return "; ".join([*wrong, *([rest] if rest else [])])


_REFUSED = "Field Service did not"


def _by_token(notes: list[str]) -> dict[str, str]:
    return {token: note for note in notes for token in _tokens(note)}


def _tokens(note: str) -> list[str]:
    return [token for found in _TOKENS.findall(note) for token in found.split()]
