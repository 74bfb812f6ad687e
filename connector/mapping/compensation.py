"""The compensation table: what becomes of an open work order when a revised order says something else. Pure.

It is read like a policy: columns `kind of change` (the fact that changed; any characteristic is "characteristics"),
`characteristic` (its name), `work order state` (the label in Field Service), `specification` and `work order template`. The first
row that matches a change decides about it; of several changes the strictest decision counts, in the order of `Compensation`.

An order that is on hold may change: `on hold` is a kind of change of its own, about which a row may only flag the dispatcher.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from connector.errors import ConfigError
from connector.mapping.dmn.conditions import ANYTHING
from connector.mapping.dmn.evaluate import Evaluator, bits
from connector.mapping.dmn.problems import Problem, Unusable
from connector.mapping.dmn.table import DecisionTable, Rule, fold
from connector.mapping.dmn.values import Kind
from connector.mapping.facts import CHARACTERISTIC
from connector.mapping.policy_file import parse_table, read_steadily
from connector.mapping.vocabulary import Vocabulary
from connector.model import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


_OUTPUT = "compensation"
_CHARACTERISTIC, _CHARACTERISTICS = "characteristic", "characteristics"
_ON_HOLD = "on hold"


class Compensation(Enum):
    """What to do with a changed work order; a later one is stricter."""

    PATCH = "patch"  # carry it, say nothing
    PATCH_AND_NOTE = "patch and note"  # carry it, and tell the readers of the domain order
    FLAG = "flag the dispatcher"  # the same, and a work note on the work order
    RECREATE = "cancel and recreate"
    ASK = "stop and ask"  # nothing is carried; a person must decide


_STRICTNESS = tuple(Compensation)


COLUMNS = Vocabulary(
    inputs=dict.fromkeys(
        ("kind of change", "characteristic", "work order state", "specification", "work order template"), Kind.STRING
    ),
    outputs={_OUTPUT: Kind.STRING},
    first_output=_OUTPUT,
)
"""What the columns of the table may be called."""


@dataclass(frozen=True)
class Compensations:
    """A table, ready to decide."""

    table: DecisionTable

    @cached_property
    def _evaluator(self) -> Evaluator:
        return Evaluator(self.table)

    def decide(
        self, changes: Iterable[Change], *, state: str, specification: str, template: str
    ) -> tuple[Compensation, str]:
        """The strictest compensation of these changes, and the row that asks for it ("" where no row matches: then ask).

        Of a characteristic whose name is not known each row may be the one that decides.
        """
        common = {"work order state": state, "specification": specification, "work order template": template}
        found: list[tuple[Compensation, str]] = []
        for change in changes:
            facts = {**common, **_kind(change)}
            found += [self._of_one(facts)] if change.what != CHARACTERISTIC else self._of_any_characteristic(facts)
        return max(found, key=lambda one: _STRICTNESS.index(one[0]), default=(Compensation.PATCH_AND_NOTE, ""))

    def flags_hold(self, *, state: str, specification: str, template: str) -> bool:
        """Whether the dispatcher is to hear that the order of a work order is on hold. Nothing else is done about it."""
        on_hold = [Change(_ON_HOLD, "", "")]
        return self.decide(on_hold, state=state, specification=specification, template=template)[0] is Compensation.FLAG

    def _of_one(self, facts: dict[str, str]) -> tuple[Compensation, str]:
        decision = self._evaluator.decide(dict(facts))
        if decision.violated or not decision.won:
            return Compensation.ASK, ""
        return self._said_by(decision.won[0], facts)

    def _of_any_characteristic(self, facts: dict[str, str]) -> Iterator[tuple[Compensation, str]]:
        """What the rows say that decide about one characteristic or another, whatever it is called."""
        masks = self._evaluator.masks(dict(facts))
        columns = [index for index, column in enumerate(self.table.inputs) if column.name == _CHARACTERISTIC]
        for index in columns:
            masks[index] = (1 << len(self.table.rules)) - 1
        for rule in (self.table.rules[position] for position in bits(self._evaluator.matched_by(masks))):
            yield self._said_by(rule, facts)
            if all(rule.conditions[index] is ANYTHING for index in columns):
                return  # no row below decides about any
        yield Compensation.ASK, ""

    @staticmethod
    def _said_by(rule: Rule, facts: dict[str, str]) -> tuple[Compensation, str]:
        return Compensation(fold(str(rule.entries[0].value(facts)))), rule.id


def _kind(change: Change) -> dict[str, str]:
    if change.what.startswith(CHARACTERISTIC):
        return {"kind of change": _CHARACTERISTICS, "characteristic": change.what.removeprefix(CHARACTERISTIC)}
    return {"kind of change": change.what, "characteristic": ""}


def parse_compensations(suffix: str, raw: bytes) -> Compensations:
    """The table in the bytes of a file with this ending. Raises Unusable."""
    table = parse_table("compensation table", suffix, raw, COLUMNS)
    problems = list(_problems(table))
    if problems:
        raise Unusable(problems)
    return Compensations(table)


def load_compensations(path: Path) -> Compensations:
    """Read a table. Raises ConfigError naming the rows that cannot be used."""
    try:
        return parse_compensations(path.suffix, read_steadily(path))
    except OSError as error:
        raise ConfigError(
            f"The compensation table cannot be read: {path}: {error.strerror}.",
            hint="Correct compensation under [policy] in the configuration.",
        ) from error
    except Unusable as error:
        raise ConfigError(
            f"The compensation table cannot be used: {path}.",
            tuple(str(problem) for problem in error.problems),
            hint="Correct the table; nothing was done.",
        ) from error


def _problems(table: DecisionTable) -> Iterator[Problem]:
    known = {one.value for one in Compensation}
    for rule in table.rules:
        entry = rule.entries[0]
        if entry.expression is not None or fold(str(entry.value({}))) not in known:
            yield Problem(f"row {rule.id}: the {_OUTPUT} is one of {', '.join(sorted(known))}")
