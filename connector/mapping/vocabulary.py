"""What the columns of a work order policy may be called, and what they hold: inputs are facts, outputs say what to create."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (a field of a dataclass)
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from connector.mapping.dmn.table import fold
from connector.mapping.dmn.values import Kind, Value, read
from connector.mapping.facts import CASE_FACTS, CHARACTERISTIC, DOMAIN_ORDER_FACTS, ORDER_TASK_FACTS

CHOICES: Mapping[str, tuple[str, ...]] = {"domain order class": ("product", "service", "resource")}
"""The inputs whose values are all known."""

TEMPLATE = "work order template"
QUANTITY = "number of work orders"
WINDOW = "planned window"
OUTPUTS: Mapping[str, Kind] = {
    TEMPLATE: Kind.STRING,
    QUANTITY: Kind.STRING,
    "priority": Kind.STRING,
    "dispatch group": Kind.STRING,
    "skills": Kind.STRING,
    WINDOW: Kind.DURATION,
}
"""What every policy may say; besides, each mapped column of the work order by its own name."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The columns of one kind of policy. Fulfils `connector.mapping.dmn.sheet.Columns`."""

    inputs: Mapping[str, Kind]
    outputs: Mapping[str, Kind]
    first_output: str = TEMPLATE

    def input_kind(self, name: str) -> Kind | None:
        if name.startswith(CHARACTERISTIC) and len(name) > len(CHARACTERISTIC):
            return self.inputs.get(name, Kind.STRING)
        return self.inputs.get(name)

    def choices(self, name: str) -> tuple[str, ...]:
        return CHOICES.get(name, ())

    def output_kind(self, name: str) -> Kind | None:
        return self.outputs.get(name)

    def spelled(self, name: str, *, output: bool = False) -> str:
        """A name as the columns have it, where a modeler wrote it in one word: domainOrderAction, due_date, locationCity."""
        names = self.outputs if output else self.inputs
        plain = fold(name)
        if plain in names:
            return plain
        alike = [known for known in names if _letters(known) == _letters(plain)]
        return alike[0] if len(alike) == 1 else plain

    def known(self) -> str:
        return (
            f"inputs (left of {self.first_output!r}) are {', '.join(sorted(self.inputs))}, and characteristic.<name>;"
            f" outputs are {', '.join(sorted(self.outputs))}"
        )


def _letters(name: str) -> str:
    return "".join(character for character in name if character.isalnum())


ALWAYS_KNOWN = frozenset(
    (
        *("specification", "domain order class", "domain order action", "line action", "quantity", "request type"),
        *("initiator", "domain order", "order task", "order", "order line", "case"),
    )
)
"""The facts every initiator has; the others may be empty."""


class Initiates:
    """The three kinds of initiator, by the name their policy has in the configuration."""

    DOMAIN_ORDER = "domain_order"
    ORDER_TASK = "order_task"
    CASE = "case"


_FACTS = {
    Initiates.DOMAIN_ORDER: DOMAIN_ORDER_FACTS,
    Initiates.ORDER_TASK: ORDER_TASK_FACTS,
    Initiates.CASE: CASE_FACTS,
}


def vocabulary_of(
    initiates: str, more: Mapping[str, Kind] | None = None, columns: frozenset[str] = frozenset()
) -> Vocabulary:
    """The columns a policy may have. `more` are facts the configuration adds; `columns` are the mapped work order columns."""
    return Vocabulary(
        inputs={**_FACTS[initiates], **(more or {})},
        outputs={**dict.fromkeys(columns, Kind.STRING), **OUTPUTS},
    )


def whole(quantity: str) -> int:
    """A quantity as a whole number; 1 where nothing is said, 0 where it is no such number.

    >>> whole("3.0"), whole(""), whole("2.5"), whole("many")
    (3, 1, 0, 0)
    """
    if not quantity.strip():
        return 1
    try:
        number = read(Kind.NUMBER, quantity)
    except ValueError:
        return 0
    assert isinstance(number, Decimal)
    return int(number) if number == number.to_integral_value() else 0


def value_of(kind: Kind, text: str) -> Value:
    """A fact as a typed value; "" is None. Raises ValueError for a text that is no such thing.

    Times are UTC as ServiceNow stores them; a day is the UTC day of a time; a stored duration ("1970-01-02 06:00:00") is
    its distance from 1970.

    >>> value_of(Kind.DATE, "2027-03-01 12:00:00")
    datetime.date(2027, 3, 1)
    """
    plain = text.strip()
    if not plain:
        return None
    match kind:
        case Kind.DATE:
            return read(kind, plain[:10])
        case Kind.BOOLEAN:
            return read(kind, {"1": "true", "0": "false"}.get(plain, plain))
        case Kind.DURATION if plain.startswith("19"):
            moment = read(Kind.DATE_TIME, plain)
            assert isinstance(moment, datetime)
            return moment - datetime(1970, 1, 1, tzinfo=UTC)
        case _:
            return read(kind, plain)
