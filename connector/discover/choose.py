"""From what an instance shows to what each part is called there: by evidence, or "?" for a person. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.discover.wanted import PARTS, REFERENCE, Wanted
from connector.mapping.states import fold
from connector.profile import LABELS, UNKNOWN, UNSETTLED, StateLine, class_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from connector.discover.evidence import Choice
    from connector.servicenow.columns import Column, TableColumns

ENGLISH = ("en", "")
# A column of a base class, such as `parent` of task, refers to one of these.
_BASES = ("task", "planned_task", "sm_order", "sm_task")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What one part is called, and why a reviewer should believe it or must decide."""

    column: str
    why: str = ""


def choose_column(
    kind: str, part: str, default: str, said: TableColumns, tables: Mapping[str, str], *, optional: bool
) -> Chosen:
    """The column that plays a part. `default` is its configured name, `tables` are those that play parts."""
    wanted = PARTS.get(kind, {}).get(part, Wanted())
    if not default:
        return Chosen("", "left out in the configuration")
    if not said.is_known:
        return Chosen(default, "not verified: the instance does not show its columns")
    present = said.columns.get(default)
    if present is not None and _fits(present, wanted, tables):
        return Chosen(default)
    found = [
        column.name
        for column in said.columns.values()
        if fold(column.label) in wanted.labels and _fits(column, wanted, tables)
    ]
    if len(found) == 1:
        return Chosen(found[0], f"by its label {said.columns[found[0]].label!r}; {default!r} is not there")
    wrong = f"{default!r} is a {present.kind} here" if present is not None else f"{default!r} is not there"
    if optional and not found:
        return Chosen("", f"{wrong}: {wanted.costs}" if wanted.costs else wrong)
    return Chosen(UNSETTLED, f"{wrong}; {_candidates(found, said, wanted, tables)}")


def _fits(column: Column, wanted: Wanted, tables: Mapping[str, str]) -> bool:
    if wanted.kinds and column.kind and column.kind not in wanted.kinds:
        return False
    target = tables.get(wanted.refers_to, wanted.refers_to)
    if REFERENCE not in wanted.kinds or not target or not column.reference:
        return True
    is_right = column.reference == target or column.reference in _BASES
    return is_right or target == UNSETTLED or wanted.refers_to not in tables


def _candidates(found: Sequence[str], said: TableColumns, wanted: Wanted, tables: Mapping[str, str]) -> str:
    alike = list(found) or [c.name for c in said.columns.values() if wanted.kinds and _fits(c, wanted, tables)]
    named = ", ".join(sorted(alike)[:8])
    return f"it may be {named}" if named else "no column of this table fits"


def choose_states(
    part: str, choices: Sequence[Choice], written: Collection[str]
) -> tuple[dict[str, StateLine], list[str]]:
    """What the states of one table mean, and what is to be said about them.

    A label nobody knows counts as open. Nothing is guessed from a label in another language or one that two values share:
    their meaning is for a person.
    """
    words = LABELS[part]
    counts = Counter(fold(choice.label) for choice in choices)
    lines: dict[str, StateLine] = {}
    remarks: list[str] = []
    for choice in sorted(choices, key=_in_order):
        word = fold(choice.label)
        foreign = choice.language not in ENGLISH and word not in words
        if foreign:
            means = UNSETTLED
            remarks.append(f"{choice.value} is {choice.label!r} ({choice.language}): it has no English label")
        elif counts[word] > 1:
            means = UNSETTLED
            remarks.append(f"{choice.value} is {choice.label!r}, and so is another value")
        else:
            means = word if word in words else UNKNOWN
        write = word in written and means == word
        lines[choice.value] = StateLine(label=choice.label, means=means, kind=class_of(part, means), write=write)
    if lines and not choices_known(lines):
        lines = {value: line.model_copy(update={"means": UNSETTLED}) for value, line in lines.items()}
        remarks.append("none of the labels is one of ServiceNow's: another language, or another table?")
    return lines, remarks


def choices_known(lines: Mapping[str, StateLine]) -> bool:
    """Whether at least one state is understood, or already known to need a person."""
    return any(line.means != UNKNOWN for line in lines.values())


def _in_order(choice: Choice) -> tuple[bool, int, str]:
    is_number = choice.value.lstrip("-").isdecimal()
    return not is_number, int(choice.value) if is_number else 0, choice.value
