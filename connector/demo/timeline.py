"""What happened, who did it, where, and what was checked: collected while a story is played, then shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

CONNECTOR = "om-fsm"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: at `at` (UTC), in `system`, `who` did `what`."""

    at: datetime
    system: str
    who: str
    what: str


@dataclass(frozen=True, slots=True)
class Check:
    """One outcome, looked up in the records, and whether it holds."""

    claim: str
    holds: bool
    seen: str = ""


@dataclass(slots=True)
class Step:
    """One step of the scenario."""

    number: str
    title: str
    entries: list[Entry] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)


@dataclass(slots=True)
class Timeline:
    """The story so far. `console` shows it while it happens; without one it is only collected."""

    console: Console | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # of the instances, where that is not the wall's
    steps: list[Step] = field(default_factory=list)

    def step(self, number: str, title: str) -> None:
        """A new step begins."""
        self.steps.append(Step(number, title))
        if self.console:
            self.console.print(f"\n[bold]{number}  {title}[/bold]")

    def say(self, system: str, who: str, what: str, *, style: str = "default") -> None:
        """Somebody did something."""
        entry = Entry(self.clock(), system, who, what)
        self.steps[-1].entries.append(entry)
        if self.console:
            style = "cyan" if who == CONNECTOR else style
            line = Table.grid(padding=(0, 2))
            for width in (10, 16, 20):
                line.add_column(width=width, no_wrap=True)
            line.add_column()
            line.add_row(f"  {entry.at:%H:%M:%S}", system, f"[{style}]{_escaped(who)}[/{style}]", _escaped(what))
            self.console.print(line, highlight=False)

    def view(self, system: str, who: str, what: str) -> None:
        """What somebody has on the screen."""
        self.say(system, who, what, style="magenta")

    def check(self, claim: str, holds: bool, seen: str = "") -> None:
        """Something was looked up."""
        self.steps[-1].checks.append(Check(claim, holds, seen))
        if self.console:
            sign = "[green]ok[/green]    " if holds else "[red]FAILED[/red]"
            self.console.print(f"            {sign} {_escaped(claim)}", highlight=False)
            if not holds and seen:
                self.console.print(f"                   seen: {_escaped(seen)}", highlight=False)

    @property
    def holds(self) -> bool:
        """Whether every check of every step does."""
        return all(check.holds for step in self.steps for check in step.checks)

    @property
    def count(self) -> int:
        """How many checks there were."""
        return sum(len(step.checks) for step in self.steps)


def _escaped(text: str) -> str:
    return text.replace("[", "\\[")
