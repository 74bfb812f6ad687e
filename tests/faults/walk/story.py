"""What happens in a walk, as data. Nothing here knows a world: records are meant by picks, resolved when a step is played.

A step is a dictionary with "do" and what else that needs, so a story can be printed, cut and played again. Every random choice
is made here and nowhere else.
"""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

from connector.sandbox.misdeeds import KINDS as EVERY_KIND
from tests.faults.walk.moves import CHAPTERS, CHARACTERISTIC, DOMAIN_ORDER, LINE, MOVES_OF_PEOPLE, ORDER_TASK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Step = dict[str, Any]

SIDES = ("om", "fsm")
MANY = 1000  # rows of a page: more than there are
WAITS = (0, 0, 1, 5, 30, 90, 400, 4000, 86_400, 604_800)  # seconds
WRITES = (("om", "PATCH"), ("fsm", "POST"), ("fsm", "PATCH"))
READS = (("om", "GET"), ("fsm", "GET"))

# What can befall a request, with what the fault needs besides. The slow ones stay below the platform's own limit of a minute,
# after which a transaction is surely over.
ANY_REQUEST: dict[str, tuple[Step, ...]] = {
    "status": tuple({"status": s} for s in (400, 403, 404, 500, 503)),
    "rate_limit": ({"seconds": 30}, {"seconds": 600}),
    "queue_full": ({},),
    "no_node": ({},),
    "maintenance": ({},),
    "hibernating": ({},),
    "hibernating_302": ({},),
    "html_200": ({},),
    "login_302": ({},),
    "too_long": ({},),
    "drop": ({},),
    "unauthorized": ({},),
    "table_forbidden": ({},),
    "commit_then_500": ({},),
    "commit_then_drop": ({},),
    "delay": ({"seconds": 20}, {"seconds": 90}),
    "cut_body": ({},),
    "cancelled": ({},),
    "cancelled_malformed": ({},),
}
READS_ONLY: dict[str, tuple[Step, ...]] = {
    "replica_lag": ({"seconds": 5}, {"seconds": 40}),
    "hide_field": tuple(
        {"field": f} for f in ("state", "template", "ponr", "correlation_id", "number", "sys_mod_count", "sys_id")
    ),
    "move_row": ({},),
    "no_rows": ({},),
    "stray_row": ({},),
}
WRITES_ONLY: dict[str, tuple[Step, ...]] = {"late_commit": ({"seconds": 5}, {"seconds": 50})}
_ASTRAY = (
    "in a walk no message arrives at all, the polls must do; a daemon meets it in tests/daemon/test_messages_astray.py"
)
NOT_MET: dict[str, str] = {
    "unserviced": "the connector sends no batch requests",
    "expire_tokens": "the walk signs in by password; the tests of signing in cover it",
    "outbound_double": _ASTRAY,
    "outbound_lose": _ASTRAY,
    "outbound_swap": _ASTRAY,
}
# What the sandbox learns later is met with its defaults.
_NEW = EVERY_KIND - {*ANY_REQUEST, *READS_ONLY, *WRITES_ONLY, *NOT_MET}
ANY_REQUEST |= dict.fromkeys(sorted(_NEW), ({},))
KINDS = {**ANY_REQUEST, **READS_ONLY, **WRITES_ONLY}
_NOTHING_SHOWN, _OVERTAKEN, _CUT_OFF = 3, 7, 8  # of ten stories, which one ends so


def tell(seed: int) -> list[Step]:
    """The story of a seed, always the same."""
    chance = Random(seed)  # noqa: S311
    conditions = _conditions(chance)
    steps = [conditions]
    for _ in range(chance.randint(5, 14)):
        [teller] = chance.choices(list(_TELLERS), list(_TELLERS.values()))
        if teller is not _clock or not conditions["feeds_only"]:
            steps += teller(chance)
    if conditions["feeds_only"] and (conditions["page"] < MANY or chance.random() < 0.2):
        steps += _crowd(chance, moving=conditions["page"] < MANY and chance.random() < 0.7)
    if conditions["gives_up"]:
        steps += _refusal(chance)
    if seed % 10 == _NOTHING_SHOWN and not conditions["feeds_only"]:
        steps += _nothing_shown(chance)
    if seed % 10 == _OVERTAKEN:
        steps += _overtaken(chance)
    if seed % 10 == _CUT_OFF:
        steps += _cut_off(chance)
    return steps


def _conditions(chance: Random) -> Step:
    """What is so from the beginning. Where feeds alone must do, nothing may happen that no feed can show."""
    feeds_only = chance.random() < 0.4
    step: Step = {
        "do": "conditions",
        "feeds_only": feeds_only,
        "in_flight": chance.choice((1, 1, 3)),
        "turns": chance.getrandbits(16),
        "page": chance.choice((MANY, MANY, 3)),
    }
    step["ponr_follows"] = chance.random() < 0.3
    step["gate_tells"] = chance.random() < 0.25
    step["gives_up"] = chance.choice((False, False, True))
    for side in SIDES:
        step[f"{side}_skew"] = chance.choice((0, 0, 45, 300) if feeds_only else (0, 0, -240, -7, 45, 300))
        step[f"{side}_zone"] = (
            "GMT" if feeds_only else chance.choice(("GMT", "GMT", "Pacific/Auckland", "America/Los_Angeles"))
        )
        step[f"{side}_literals"] = "utc" if feeds_only else chance.choice(("utc", "utc", "user"))
    return step


def _person(chance: Random) -> list[Step]:
    [name] = chance.choices(list(MOVES_OF_PEOPLE), [move.weight for move in MOVES_OF_PEOPLE.values()])
    step: Step = {"do": "person", "move": name, "pick": chance.getrandbits(16)}
    if chance.random() < 0.1:
        step["commit_lag"] = chance.choice((5, 40))
    return [step]


def _chapter(chance: Random) -> list[Step]:
    """People do more than one thing in a row; the connector may look in between."""
    pick = chance.getrandbits(16)
    steps: list[Step] = []
    for name in chance.choice(CHAPTERS):
        steps += _in_a_row((name,), pick)
        if name != "look" and chance.random() < 0.3:
            steps += _in_a_row(("look",), pick)
    return steps


def _in_a_row(names: Sequence[str], pick: int) -> list[Step]:
    """What people do about the same records; at a "look" the connector surely looks."""
    steps: list[Step] = []
    for name in names:
        if name == "look":
            steps += [{"do": "wait", "seconds": 5}, {"do": "pass"}]
        else:
            steps.append({"do": "person", "move": name, "pick": pick})
    return steps


_CROWDED: dict[str, tuple[tuple[str, str], ...]] = {
    "dispatch": (("fsm", "wm_order"), ("fsm", "wm_task")),
    "cancel_work_order": (("fsm", "wm_order"), ("fsm", "wm_task")),
    "write": (("fsm", "wm_order"),),
    "set_characteristic": (("om", CHARACTERISTIC),),
    "add_note": (("om", DOMAIN_ORDER),),
    "close_domain_order": (("om", DOMAIN_ORDER), ("om", ORDER_TASK)),
}
"""What several people may do at about the same time, and the tables whose rows it changes."""


def _crowd(chance: Random, *, moving: bool) -> list[Step]:
    """There are more orders, and a quiet time; then several people do the same: in one second, before and after a look; or long
    before the connector looks, and what it reads is `moving` meanwhile. Only the feeds can tell it of that."""
    name = chance.choice(list(_CROWDED))
    many = [{"do": "person", "move": name, "pick": chance.getrandbits(16)} for _ in range(chance.randint(2, 7))]
    more = [{"do": "person", "move": "new_order", "pick": chance.getrandbits(16)} for _ in range(2)]
    quiet: list[Step] = [*more, *({"do": "wait", "seconds": 400}, {"do": "pass"}) * 2, {"do": "wait", "seconds": 400}]
    if not moving:
        first = chance.randint(1, len(many) - 1)
        return [*quiet, *many[:first], {"do": "pass"}, *many[first:]]
    one_by_one = [step for move in many for step in (move, {"do": "wait", "seconds": 1})]
    touched = {"kind": "move_row", "method": "GET", "user": "connector", "count": 1}
    faults = [
        {"do": "fault", "side": side, "fault": {**touched, "path_contains": f"/table/{table}?"}}
        for side, table in _CROWDED[name]
    ]
    return [*quiet, *one_by_one, {"do": "wait", "seconds": 400}, *faults, {"do": "pass"}]


def _look(chance: Random) -> list[Step]:
    step: Step = {"do": "pass"}
    luck = chance.random()
    if luck < 0.05:
        step["full"] = True
    elif luck < 0.25:
        how = chance.choice(
            ("before request", "after request", "before write", "after write", "before commit", "after commit")
        )
        step["killed"] = {"how": how, "at": chance.randint(1, 4 if "write" in how else 30)}
    elif luck < 0.35:
        step["meanwhile"] = {"at": chance.randint(1, 30), "step": _person(chance)[0]}
    return [step] if chance.random() < 0.4 else [{"do": "wait", "seconds": chance.choice((1, 5, 70))}, step]


def _wait(chance: Random) -> list[Step]:
    return [{"do": "wait", "seconds": chance.choice(WAITS)}]


def _fault(chance: Random) -> list[Step]:
    places = (*WRITES, *READS) if chance.random() < 0.7 else WRITES
    side, method = chance.choice(places)
    kinds = {**ANY_REQUEST, **(READS_ONLY if method == "GET" else WRITES_ONLY)}
    kind = chance.choice(sorted(kinds))
    fault: Step = {
        "kind": kind,
        "method": method,
        "user": "connector",
        "path_contains": "/table/",
        **chance.choice(kinds[kind]),
    }
    fault["count"] = chance.choice((1, 1, 2, 4, 30))
    fault["skip"] = chance.choice((0, 0, 1, 3, 9))
    if chance.random() < 0.2:
        fault["probability"] = 0.5
    return [{"do": "fault", "side": side, "fault": fault}]


def _refusal(chance: Random) -> list[Step]:
    """What people do last is refused: somebody will have to decide about it."""
    side, method = chance.choice(WRITES)
    fault = {"kind": "status", "status": chance.choice((400, 403)), "method": method, "user": "connector"}
    refused: Step = {
        "do": "fault",
        "side": side,
        "fault": {**fault, "path_contains": "/table/", "count": chance.choice((1, 2, 9))},
    }
    return [refused, *_chapter(chance), {"do": "wait", "seconds": 5}, {"do": "pass"}]


_UNSHOWN: tuple[tuple[str, str], ...] = (
    *(("fsm", "wm_order"),) * 3,
    ("fsm", "wm_task"),
    ("fsm", "sys_journal_field"),
    ("om", DOMAIN_ORDER),
    ("om", ORDER_TASK),
    ("om", LINE),
    ("om", CHARACTERISTIC),
    ("om", "sys_journal_field"),
)


def _nothing_shown(chance: Random) -> list[Step]:
    """The connector looks at what people have done last, and some answers are empty. Where one of a feed is, only the sweep comes
    back to what it did not show."""
    side, table = chance.choice(_UNSHOWN)
    fault: Step = {"kind": "no_rows", "method": "GET", "user": "connector", "path_contains": f"/table/{table}?"}
    fault |= {"skip": chance.randint(0, 2), "count": chance.choice((2, 3, 30))}
    done: list[Step] = [*_chapter(chance), {"do": "wait", "seconds": 5}]
    return [*done, {"do": "fault", "side": side, "fault": fault}, {"do": "pass"}]


_DONE_AND_UNDONE: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("dispatch", "close_incomplete", "look", "release"), ("reopen_task",)),
    (("dispatch", "complete"), ("by_hand",)),
    (("visit_everybody", "look", "release"), ("reopen_task", "by_hand")),
)


def _overtaken(chance: Random) -> list[Step]:
    """Order Management takes nothing of what the connector wants to say, and meanwhile it stops being true."""
    pick = chance.getrandbits(16)
    done, undone = chance.choice(_DONE_AND_UNDONE)
    away = {"kind": "status", "status": 503, "method": "PATCH", "user": "connector", "path_contains": "/table/"}
    refused: Step = {"do": "fault", "side": "om", "fault": {**away, "count": 30}}
    later: list[Step] = [{"do": "mend"}, {"do": "wait", "seconds": 400}, {"do": "pass"}]
    return [*_in_a_row(done, pick), refused, *_in_a_row(("look", *undone, "look"), pick), *later]


def _cut_off(chance: Random) -> list[Step]:
    """The connector is killed when something was sent, and before it knows that; often a work order."""
    done = _in_a_row(("new_order",), chance.getrandbits(16)) if chance.random() < 0.6 else _chapter(chance)
    killed: Step = {"do": "pass", "killed": {"how": "after write", "at": chance.randint(1, 3)}}
    return [*done, {"do": "wait", "seconds": 5}, killed, *_in_a_row(("look",), 0)]


def _mend(_: Random) -> list[Step]:
    return [{"do": "mend"}]


def _restart(_: Random) -> list[Step]:
    return [{"do": "restart"}]


def _memory(chance: Random) -> list[Step]:
    return [{"do": chance.choice(("lose memory", "keep a copy", "put the copy back", "put the copy back"))}]


def _turned_back(chance: Random) -> list[Step]:
    """Somebody puts back a copy of memory that does not know what was done last."""
    done: list[Step] = [*_chapter(chance), {"do": "wait", "seconds": 5}, {"do": "pass"}]
    return [{"do": "keep a copy"}, *done, {"do": "put the copy back"}, {"do": "pass"}]


def _clock(chance: Random) -> list[Step]:
    return [{"do": "skew", "side": chance.choice(SIDES), "seconds": chance.choice((-240, 0, 300))}]


_TELLERS: dict[Callable[[Random], list[Step]], int] = {
    _person: 10, _chapter: 6, _look: 9, _wait: 3, _fault: 5, _mend: 1, _restart: 1, _memory: 2, _clock: 1,
    _turned_back: 1,
}  # fmt: skip


def printed(steps: Sequence[Step]) -> str:
    """One line of JSON for each step; `read` understands it."""
    return "\n".join(json.dumps(step) for step in steps)


def read(text: str) -> list[Step]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]
