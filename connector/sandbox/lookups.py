"""The platform's priority lookup: impact and urgency decide, whatever was written. Which tables use it is a switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox.records import Rule

if TYPE_CHECKING:
    from connector.sandbox.records import Change, Scene

NEEDED = frozenset({"impact", "urgency", "priority"})


def _priority(scene: Scene, change: Change) -> None:
    names = scene.switches.get("priority_lookup", ())
    covered = any(table.name in names for table in change.table.chain)
    if change.operation == "delete" or not covered or not change.table.columns.keys() >= NEEDED:
        return
    impact, urgency = change.after["impact"], change.after["urgency"]
    if impact in "123" and urgency in "123" and impact and urgency:
        change.after["priority"] = str(int(impact) + int(urgency) - 1)


LOOKUPS = (Rule("Calculate priority", "task", "before", _priority),)
