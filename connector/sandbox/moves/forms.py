"""A form and its buttons: moves that check who presses, in which state the record is, and bring it to another state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.sandbox.moves.bench import Arguments, Bench, Move, summary

if TYPE_CHECKING:
    from connector.sandbox.store import Row


@dataclass(frozen=True)
class Form:
    """Where buttons stand: the argument that names the record, its table, who presses usually, and who may."""

    side: str
    argument: str
    table: str
    persona: str
    roles: tuple[str, ...]

    def open(self, bench: Bench, arguments: Arguments) -> Row:
        """The record this move is about, for somebody who may press the buttons of this form."""
        bench.demand_role(*self.roles)
        return bench.record(self.table, bench.argument(arguments, self.argument))

    def button(self, name: str, allowed: tuple[str, ...], to: str, what: str) -> Move:
        """Brings the record from one of the allowed states (roles) to another; a `reason` becomes a work note."""

        def run(bench: Bench, arguments: Arguments) -> dict[str, Any]:
            row = self.open(bench, arguments)
            bench.demand(row, allowed, what)
            note = {"work_notes": str(arguments["reason"])} if arguments.get("reason") else {}
            return {self.argument: summary(bench.press_state(row, to, **note))}

        return Move(name, self.side, self.persona, run)
