"""Which facts fill which work order columns, and what changed between two pictures of the facts.

ServiceNow renders `[code]...[/code]` as HTML where a column is shown as a journal. A work order's columns hold what people
typed into orders, so no such tag leaves here: it is written with round brackets.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from connector.mapping.dmn.table import fold
from connector.mapping.explanation import CHARACTERISTICS, comparable, explained, named_in
from connector.mapping.facts import CHARACTERISTIC, fill, placeholders, without_markup
from connector.mapping.outputs import DEFAULT_OUTPUTS, SAID, outputs_of
from connector.mapping.references import SYS_ID
from connector.model import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_FIELDS: Mapping[str, str] = {
    "short_description": "{specification}: {domain order action} at {location} ({initiator})",
    "description": (
        "Order {order}, line {order line}, domain order {domain order}\n"
        "Customer: {account}{consumer}, contact {contact}\nQuantity: {quantity}\n{characteristics}"
    ),
    "location": "{location}",
    "account": "{account}",
    "contact": "{contact}",
    "consumer": "{consumer}",
    "asset": "{asset}",
    "install_base_item": "{install base item}",
    "priority": "{priority}",
    "requested_due_by": "{due date}",
}
"""FSM column -> template over facts. Reference columns are resolved by name on the FSM instance."""

DEFAULT_CASE_FIELDS: Mapping[str, str] = {
    "short_description": "{short description} ({case})",
    "description": "{description}\nCase {case}\nCustomer: {account}{consumer}, contact {contact}\nProduct: {product}",
    "location": "{location}",
    "account": "{account}",
    "contact": "{contact}",
    "consumer": "{consumer}",
    "asset": "{asset}",
    "install_base_item": "{install base item}",
    "priority": "{priority}",
}
"""The same for the work orders of cases."""

_NAMES = frozenset({"order", "order line", "domain order", "order task", "initiator", "case"})  # these never change
_AGGREGATES = frozenset({CHARACTERISTICS})  # said one by one instead


@dataclass(frozen=True, slots=True)
class FieldMap:
    """The mapped columns of a work order: `templates` by column, `outputs` from what a policy row may say to its column.

    `keyed` names, by reference column, the facts by which its record is found besides its name; `values`, by column, what is
    stored there for a stored value of Order Management: "" where there is no such choice, the same where nothing is said.
    """

    templates: Mapping[str, str]
    outputs: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_OUTPUTS))
    keyed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def desired(self, facts: Mapping[str, str]) -> dict[str, str]:
        """What the work order should say, by column. What a policy row says comes before the templates."""
        columns = {column: fill(template, facts).strip() for column, template in self.templates.items()}
        columns |= {column: stored.get(text := columns[column], text) for column, stored in self.values.items()}
        told: list[str] = []
        for name, text in outputs_of(facts).items():
            if column := self.column_of(name):
                columns[column] = text.strip()
            else:
                told.append(f"{name.capitalize()}: {text}")
        if told:
            columns["description"] = "\n".join([columns.get("description", ""), *told]).strip()
        return {column: without_markup(text) for column, text in columns.items()}

    def column_of(self, output: str) -> str:
        """The column an output of a policy fills; "" when it is told in the description."""
        return self.outputs.get(output, output if output in self.templates else "")

    def patch(self, before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
        """The columns whose value changes when the facts do."""
        old, new = self.desired(before), self.desired(after)
        # What a row no longer says is taken back.
        gone = dict.fromkeys(old.keys() - new.keys(), "")
        return {
            column: value
            for column, value in {**new, **gone}.items()
            if old.get(column, "") != value or (value and self._is_another(column, before, after))
        }

    def changes(self, before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
        """The facts that differ, each with the columns it reaches."""
        changed = _changed(before, after)
        return tuple(replace(c, columns=self._reached(name, before, after)) for name, c in changed.items())

    def _reached(self, name: str, before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
        """The columns that would say something else, had this fact alone not changed."""
        back = {name, *(_AGGREGATES if name.startswith(CHARACTERISTIC) else ())}
        rest = {what: text for what, text in after.items() if what not in back}
        return tuple(self.patch({**rest, **{what: before[what] for what in back if what in before}}, after))

    def unsaid(self, shown: Mapping[str, str], facts: Mapping[str, str]) -> tuple[str, ...]:
        """The facts that may have changed since a work order was written that shows this, where nobody knows what was carried.

        What is said in one of several columns is said; but nothing says that what is empty now was empty before. Where all
        that is shown says what it should, whatever the columns tell of that are not shown.
        """
        said: set[str] = set()
        missing: set[str] = set()
        hidden: set[str] = set()
        for column, text in self.desired(facts).items():
            told = self._told_in(column, facts)
            if (there := shown.get(column)) is None:
                hidden |= told if text else set()
                continue
            found = set() if is_same(there, text) else self._may_differ(column, there, facts)
            said |= {name for name in told - found if facts.get(f"{SAID}{name}", facts.get(name, "")).strip()}
            missing |= found
        return tuple(sorted((missing or hidden) - said))

    def shows_characteristics(self, shown: Mapping[str, str], facts: Mapping[str, str]) -> bool:
        """Whether a work order that shows this seems to tell of characteristics which the facts do not have."""
        return any(
            name.startswith(CHARACTERISTIC) and name != CHARACTERISTIC and not facts.get(name)
            for name in self.unsaid(shown, facts)
        )

    def _told_in(self, column: str, facts: Mapping[str, str]) -> set[str]:
        """The facts that a column tells of; of the characteristics each, and any that the line has no more."""
        outputs = outputs_of(facts)
        if told := {name for name in outputs if self.column_of(name) == column}:
            return told
        names = {fold(name) for name in placeholders(self.templates.get(column, ""))}
        if column == "description":
            names |= {name for name in outputs if not self.column_of(name)}
        if names & _AGGREGATES:
            names |= {CHARACTERISTIC, *(name for name in facts if name.startswith(CHARACTERISTIC))}
        return names - _AGGREGATES - _NAMES

    def _may_differ(self, column: str, there: str, facts: Mapping[str, str]) -> set[str]:
        """The facts that explain a column which says something else than it should; all it tells of where none do."""
        outputs, told = outputs_of(facts), self._told_in(column, facts)
        if any(self.column_of(name) == column for name in outputs):
            return told
        template, gone = self.templates.get(column, ""), set[str]()
        if column == "description":
            there, gone = self._without_outputs(there, outputs)
        if gone and comparable(there) == comparable(fill(template, facts)):
            return gone
        names = {fold(name) for name in placeholders(template)} - _NAMES
        found = explained(there, template, names, facts)
        return gone | (found or told | (named_in(there) - named_in(template) if names & _AGGREGATES else set()))

    def _without_outputs(self, there: str, outputs: Mapping[str, str]) -> tuple[str, set[str]]:
        """A description without what policies say in it, and what of that is not as it was."""
        text, found = f"\n{comparable(there)}", set[str]()
        template = self.templates.get("description", "").casefold()
        for name in dict.fromkeys((*outputs, *self.outputs)):
            label = f"{name.capitalize()}:"
            if self.column_of(name) or label.casefold() in template:
                continue
            now = comparable(f"{label} {outputs.get(name, '')}")
            if name in outputs and f"\n{now}" in text:
                text = text.replace(f"\n{now}", "\n", 1)
                continue
            lines = text.split("\n")
            others = [line for line in lines if not line.startswith(label)]
            if name in outputs or others != lines:
                found.add(name)
            text = "\n".join(others)
        return text, found

    def _is_another(self, column: str, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
        """Whether another record of the same name is meant. A key that was not known before tells nothing."""
        return any(name in before and before[name] != after.get(name) for name in self.keyed.get(column, ()))


def is_same(one: str, other: str) -> bool:
    """Whether a column says the same: the platform trims text and writes line ends its own way."""
    return _as_stored(one) == _as_stored(other)


def left_empty(wanted: Mapping[str, str], shown: Mapping[str, str]) -> tuple[str, ...]:
    """The columns that should say something and say nothing: what is known of a write that nobody remembers. What says
    something else may be what a person has entered since."""
    return tuple(column for column, text in wanted.items() if text.strip() and not shown.get(column, text).strip())


def _as_stored(value: str) -> str:
    return "\n".join(line.rstrip() for line in value.replace("\r\n", "\n").strip().split("\n"))


def changes_between(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """The facts that differ, in a stable order."""
    return tuple(_changed(before, after).values())


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Change]:
    names = sorted(name for name in {*before, *after} - _AGGREGATES if not name.endswith(f".{SYS_ID}"))
    pairs = ((name, before.get(name, ""), after.get(name, "")) for name in names)
    return {name: Change(name.removeprefix(SAID), old, new) for name, old, new in pairs if old != new}
