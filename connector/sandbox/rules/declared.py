"""Rules that a profile declares as data: abort, mandatory columns (a data policy), set values, a second update later.

[[fsm.policies]]
name = "Sites are mandatory"
table = "wm_order"
operations = ["insert"]            # insert, update; both when left out
when = { state = ["draft"] }       # column -> roles or stored values, on the record as it would be stored
mandatory = ["location"]           # or: abort = "sentence", set = { column = "value" }, touch_after = 5 (seconds)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from connector.sandbox.records import Change, Mandatory, Refusal, Rule, Scene

if TYPE_CHECKING:
    from collections.abc import Sequence


def declared_rules(policies: Sequence[dict[str, Any]]) -> tuple[Rule, ...]:
    rules = []
    for policy in policies:
        when = "after" if "touch_after" in policy else "before"
        rules.append(Rule(policy["name"], policy["table"], when, partial(_apply, policy)))
    return tuple(rules)


def _apply(policy: dict[str, Any], scene: Scene, change: Change) -> None:
    if change.operation == "delete" or change.operation not in policy.get("operations", ("insert", "update")):
        return
    if not all(_is_one_of(change, key, wanted) for key, wanted in policy.get("when", {}).items()):
        return
    for key, value in policy.get("set", {}).items():
        change.after[key] = str(value)
    missing = [key for key in policy.get("mandatory", ()) if not (change.after.get(key) or change.notes.get(key))]
    if missing:
        raise Mandatory([change.table.columns[key].label for key in missing])
    if "abort" in policy:
        raise Refusal(policy["abort"])
    if "touch_after" in policy:
        scene.later(policy["touch_after"], partial(scene.records.touch, change.table, change.sys_id, scene.system))


def _is_one_of(change: Change, key: str, wanted: object) -> bool:
    accepted = wanted if isinstance(wanted, list) else [wanted]
    return change.after.get(key, "") in map(str, accepted) or change.now(key) in accepted
