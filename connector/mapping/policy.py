"""Work order policies: which initiators get which work orders. Evaluation only; files are read in `table.py`.

A policy is a decision table with hit policy RULE ORDER: every row that matches asks for its work order, in table order.
A row whose result is NO FIELD WORK asks for nothing and decides only where no other row matches; the last row must catch
everything, so that no initiator is ever undecided. Evaluation is pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.model import NearMiss, Verdict, WantedWorkOrder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.model import Initiator

NO_FIELD_WORK = "NO FIELD WORK"


@dataclass(frozen=True, slots=True)
class Cell:
    """One condition: any value, one of `values`, or none of them. Comparison ignores case and surrounding space."""

    text: str  # as written in the table
    values: frozenset[str] = frozenset()
    negated: bool = False

    @property
    def is_any(self) -> bool:
        return not self.values

    def accepts(self, value: str) -> bool:
        return self.is_any or (value.strip().casefold() in self.values) != self.negated


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. `template` is None for NO FIELD WORK."""

    id: str
    conditions: Mapping[str, Cell]  # by fact
    template: str | None
    quantity: int = 1

    def failing(self, facts: Mapping[str, str]) -> list[str]:
        """The facts whose condition does not hold, in column order."""
        return [name for name, cell in self.conditions.items() if not cell.accepts(facts.get(name, ""))]

    @property
    def is_catch_all(self) -> bool:
        return all(cell.is_any for cell in self.conditions.values())


@dataclass(frozen=True, slots=True)
class WorkOrderPolicy:
    """One decision table, as loaded. `digest` identifies its content."""

    name: str
    inputs: tuple[str, ...]
    rows: tuple[Row, ...]
    digest: str
    source: str = field(default="", compare=False)

    def decide(self, initiator: Initiator, facts: Mapping[str, str], *, version: int) -> Verdict:
        """The verdict for one initiator at one order version, with the near misses that explain it."""
        won: list[Row] = []
        misses: list[NearMiss] = []
        for row in self.rows:
            failing = row.failing(facts)
            if not failing:
                won.append(row)
            elif len(failing) == 1 and row.template is not None:
                name = failing[0]
                misses.append(NearMiss(row.id, name, row.conditions[name].text, facts.get(name, "")))
        # A row that asks for nothing decides only where no row asks for something.
        deciding = [row for row in won if row.template is not None] or won[:1]
        return Verdict(
            initiator_id=initiator.sys_id,
            initiator_number=initiator.number,
            line_number=initiator.line.number,
            version=version,
            policy=self.name,
            digest=self.digest,
            rows=tuple(row.id for row in deciding),
            wanted=_wanted(deciding),
            inputs={name: facts.get(name, "") for name in self.inputs},
            misses=tuple(misses),
        )


def _wanted(rows: list[Row]) -> tuple[WantedWorkOrder, ...]:
    """One work order for each unit each row asks for, numbered per template."""
    wanted: list[WantedWorkOrder] = []
    for row in rows:
        if row.template is None:
            continue
        for _ in range(row.quantity):
            ordinal = 1 + sum(w.template == row.template for w in wanted)
            wanted.append(WantedWorkOrder(row.id, row.template, ordinal))
    return tuple(wanted)
