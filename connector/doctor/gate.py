"""Which gate keeps a domain order from staying closed too early: the connector's, or a rule of the instance itself?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.rules import GateMode
from connector.doctor.check import Check, Seen, Suite, fine, warning
from connector.profile import BASE
from connector.servicenow.names import REFUSED
from connector.servicenow.table import Tally

if TYPE_CHECKING:
    from connector.doctor.patient import Patient, SideView

_RULES = "sys_script"
_ABORTS = "setAbortAction"  # how a script refuses a write; a rule without a script has a tick for it


def _gate(patient: Patient) -> Seen:
    gate = patient.settings.gate
    rules = _refusing(patient.om)
    theirs = "whether a business rule of the instance refuses it cannot be read (sys_script)"
    if rules is not None:
        named = ", ".join(repr(name) for name in rules[:5]) + (", ..." if len(rules) > 5 else "")
        theirs = (
            f"business rules of the instance that may refuse it: {named}" if rules else "no business rule refuses it"
        )
    if gate.mode is GateMode.REOPEN:
        return fine(f"detect and reopen: a domain order closed too early is put back to {gate.reopen_to!r}; {theirs}")
    return warning(
        f"the gate only {gate.mode.value}s a domain order that is closed too early, and it stays closed; {theirs}"
    )


def _refusing(om: SideView) -> list[str] | None:
    """The names of active business rules that can abort an update of a domain order, those of the classes it extends too; None
    where not all of them can be read."""
    tables = {name for part in ("domain_order", *BASE) for name in _classes(om, om.schema.tables[part])}
    columns = ["name", "active", "action_update", "abort_action", "script"]
    tally = Tally()
    try:
        rows = list(om.api.scan_in(_RULES, "collection", sorted(tables), columns, tally=tally))
    except REFUSED:
        return None
    if len(rows) < tally.counted or any("script" not in row.values for row in rows):
        return None
    return sorted(
        row.get("name")
        for row in rows
        if row.get("active") == row.get("action_update") == "true"
        and (row.get("abort_action") == "true" or _ABORTS in row.get("script"))
    )


def _classes(om: SideView, table: str) -> tuple[str, ...]:
    return om.evidence.columns[table].chain or (table,)


CHECKS = (
    Check(
        "gate.mode",
        "Which gate is in force",
        "Only a rule on the instance itself can refuse to close; the connector sees it afterwards, and reopens.",
        '[gate] mode = "reopen", or a business rule on the instance.',
        (Suite.FIRST, Suite.POST_UPGRADE),
        only="om",
        of_pair=_gate,
    ),
)
