"""Two versions of a work order policy: which rows differ, and which real decisions would come out differently. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.mapping.casebook import decide_hypothetically
from connector.mapping.policy import NO_FIELD_WORK, WorkOrderPolicy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.mapping.dmn.table import Rule
    from connector.model import Verdict


@dataclass(frozen=True, slots=True)
class RowChange:
    """One row, or something about the table ("table"), before and after; "" where it is not there."""

    row: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """One remembered decision that would be another one. `lacks` names inputs that were not recorded at the time."""

    order_number: str
    initiator_number: str
    version: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    problem: str = ""
    lacks: tuple[str, ...] = ()


def rows_that_differ(old: WorkOrderPolicy, new: WorkOrderPolicy) -> tuple[RowChange, ...]:
    """The differences in words: of the table first, then row by row in the new table's order, then the rows that are gone."""
    return (*_of_the_table(old, new), *_of_the_rows(old, new))


def _of_the_table(old: WorkOrderPolicy, new: WorkOrderPolicy) -> Iterator[RowChange]:
    policies = old.table.hit_policy.value, new.table.hit_policy.value
    if policies[0] != policies[1]:
        yield RowChange("table", f"hit policy {policies[0]}", f"hit policy {policies[1]}")
    if set(old.inputs) != set(new.inputs):
        yield RowChange("table", f"inputs {', '.join(old.inputs)}", f"inputs {', '.join(new.inputs)}")
    kept = [rule.id for rule in old.rows if rule.id in {other.id for other in new.rows}]
    if kept != [rule.id for rule in new.rows if rule.id in set(kept)]:
        yield RowChange("table", f"order {', '.join(kept)}", "another order")


def _of_the_rows(old: WorkOrderPolicy, new: WorkOrderPolicy) -> Iterator[RowChange]:
    before = {rule.id: _in_words(old, rule) for rule in old.rows}
    after = {rule.id: _in_words(new, rule) for rule in new.rows}
    for row in (*after, *(row for row in before if row not in after)):
        if before.get(row) != after.get(row):
            yield RowChange(row, before.get(row, ""), after.get(row, ""))


def _in_words(policy: WorkOrderPolicy, rule: Rule) -> str:
    said = (
        f"{output.name} {entry.expression.text if entry.expression else entry.written or entry.constant}"
        for output, entry in zip(policy.table.outputs, rule.entries, strict=True)
        if entry.expression or entry.constant not in (None, "")
    )
    return f"{policy.in_words(rule) or 'anything'} -> {', '.join(said)}"


def replay(new: WorkOrderPolicy, verdicts: Iterable[tuple[str, Verdict]]) -> tuple[Replayed, ...]:
    """The remembered decisions (with their order's number) that the new table would take differently."""
    return tuple(changed for number, verdict in verdicts if (changed := _replayed(new, number, verdict)) is not None)


def _replayed(new: WorkOrderPolicy, order_number: str, verdict: Verdict) -> Replayed | None:
    lacks = tuple(name for name in new.inputs if name not in verdict.inputs and not name.startswith("characteristic."))
    again = decide_hypothetically(new, verdict.inputs)
    change = Replayed(
        order_number=order_number,
        initiator_number=verdict.initiator_number,
        version=verdict.version,
        before=asked(verdict),
        after=asked(again),
        problem=again.problem,
        lacks=lacks,
    )
    same = Counter(change.before) == Counter(change.after) and verdict.problem == again.problem
    return None if same and not lacks else change


def asked(verdict: Verdict) -> tuple[str, ...]:
    """What a verdict asks for, one text each, with what else its rows say."""
    return tuple(
        w.template + (f" ({', '.join(f'{name}: {text}' for name, text in sorted(w.said.items()))})" if w.said else "")
        for w in verdict.wanted
    )


def in_words(asked: tuple[str, ...]) -> str:
    """A list of work orders as people say it."""
    counted = Counter(asked)
    return ", ".join(f"{n} x {what}" if n > 1 else what for what, n in counted.items()) or NO_FIELD_WORK
