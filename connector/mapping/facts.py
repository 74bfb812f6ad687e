"""Facts: what is known about an initiator, by the names that policies and field mappings use.

One flat picture serves the decision (policy columns), the work order (mapped fields) and the explanation (inputs as read).
Every value is text as a person reads it; references appear by name, because sys_ids mean nothing on the other instance.
What a fact holds (its kind) matters to policies only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from connector.mapping.dmn.table import fold
from connector.mapping.dmn.values import Kind
from connector.model import NOWHERE, Case, OrderLine, Ref, Saved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from connector.model import AnyInitiator, CustomerOrder, DomainOrder, Initiator, OrderTask

FACTS: Mapping[str, Callable[[Initiator], str]] = {
    "specification": lambda i: i.domain_order.specification.name,
    "domain order class": lambda i: i.domain_order.kind.value,
    "domain order action": lambda i: i.domain_order.action,
    "domain order": lambda i: i.domain_order.number,
    "request type": lambda i: i.task.request_type if i.task else "",
    "order task": lambda i: i.task.number if i.task else "",
    "initiator": lambda i: i.number,
    "order": lambda i: i.order.number,
    "order line": lambda i: i.line.number,
    "line action": lambda i: i.line.action,
    "quantity": lambda i: i.line.quantity,
    "location": lambda i: i.domain_order.location.name or i.line.location.name,
    "account": lambda i: i.domain_order.account.name or i.line.account.name or i.order.account.name,
    "contact": lambda i: i.domain_order.contact.name or i.line.contact.name or i.order.contact.name,
    "priority": lambda i: (i.task.priority if i.task else "") or i.domain_order.priority,
    "due date": lambda i: i.line.due,
    "characteristics": lambda i: "; ".join(f"{k}: {v}" for k, v in sorted(i.line.characteristics.items())),
}
"""Name of the fact -> how to read it from an initiator."""

CARRIED_FACTS = ("consumer", "asset", "install base item", "product inventory")
"""What orders may refer to besides: read only where a policy or a field asks for it, and the instance has a column for it."""

REFERENCES_OF_CASES = frozenset(
    {*CARRIED_FACTS, "account", "contact", "location", "product", "contract", "entitlement"}
)
"""The facts of cases that name a record."""

_KINDS: Mapping[str, Kind] = {
    "domain order class": Kind.CHOICE,
    "quantity": Kind.NUMBER,
    "due date": Kind.DATE,
}
_OF_TASKS = ("request type", "order task")
ORDER_TASK_FACTS: Mapping[str, Kind] = {name: _KINDS.get(name, Kind.STRING) for name in (*FACTS, *CARRIED_FACTS)}
"""What a policy for order tasks may ask, and what it holds."""
DOMAIN_ORDER_FACTS: Mapping[str, Kind] = {n: kind for n, kind in ORDER_TASK_FACTS.items() if n not in _OF_TASKS}
"""What a policy for domain orders may ask. A domain order has no request type."""
CASE_FACTS: Mapping[str, Kind] = {
    **dict.fromkeys(
        (
            *("case", "account", "contact", "consumer", "asset", "product", "install base item", "location"),
            *("priority", "state", "category", "short description", "description", "contract", "entitlement"),
        ),
        Kind.STRING,
    ),
    "opened": Kind.DATE,
}
"""What a policy for cases may ask."""

CHARACTERISTIC = "characteristic."
PRIORITY = "priority"
"""A fact that is told as people call it and carried as it is stored."""
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_MARKUP = re.compile(r"\[\s*(/?)\s*(code)\s*\]", re.IGNORECASE)


def is_fact(name: str) -> bool:
    """Whether a policy column or a placeholder may use this name."""
    return (
        name in FACTS or name in CARRIED_FACTS or (name.startswith(CHARACTERISTIC) and len(name) > len(CHARACTERISTIC))
    )


def facts_asked(initiator: AnyInitiator) -> dict[str, str]:
    """The facts a policy may ask for: besides what a work order says, the state of a case."""
    facts = facts_of(initiator)
    return {**facts, "state": initiator.state.label} if isinstance(initiator, Case) else facts


def facts_of(initiator: AnyInitiator) -> dict[str, str]:
    """All facts about one initiator. Characteristics appear one by one as `characteristic.<name>`, in lower case.

    Of the columns that the configuration maps in, the nearest record that says something is believed.
    """
    if isinstance(initiator, Case):
        return dict(initiator.said)
    facts = {name: read(initiator) for name, read in FACTS.items()}
    settled: set[str] = set()  # what is known of a record is known of that one: no farther one is asked about another
    for record in _nearest(initiator):
        for name, value in record.more.items():
            if name not in settled:
                facts[name] = facts.get(name) or value
        settled |= {name for name in record.more if _refers(record, name.partition(".")[0])}
    for name, value in initiator.line.characteristics.items():
        facts[f"{CHARACTERISTIC}{fold(name)}"] = value
    return facts


def unshown(initiator: AnyInitiator) -> tuple[str, ...]:
    """The facts that nobody knows now: the order says something there, and what it points to has no name to read.

    Nothing may be concluded from their empty text. What a nearer record says counts, as for `facts_of`.
    """
    if isinstance(initiator, Case):
        return initiator.unshown
    found: list[str] = []
    said: set[str] = set()
    for record in _nearest(initiator):
        found += [name for name in record.unshown if name not in said]
        said |= {name for name, value in record.more.items() if value}
        said |= {name for name in _REFERRING if getattr(record, name, NOWHERE).name}
    return tuple(dict.fromkeys((*found, *initiator.unshown)))


def saved_with(initiator: AnyInitiator, fact: str, value: str) -> Saved:
    """Who saved the record last that says this of a fact, and when; nothing where no record surely says it.

    What it says through a reference, such as a city, is said by another record.
    """
    if "." in fact.removeprefix(CHARACTERISTIC):
        return Saved()
    if isinstance(initiator, Case):
        return initiator.saved if initiator.said.get(fact) == value else Saved()
    line = initiator.line
    if fact.startswith(CHARACTERISTIC):
        named = {f"{CHARACTERISTIC}{fold(name)}": name for name in line.characteristics}
        name = named.get(fact, "")
        return line.saved_characteristics.get(name, Saved()) if line.characteristics.get(name) == value else Saved()
    if fact in _OF_LINES:
        return line.saved if FACTS[fact](initiator) == value else Saved()
    record = next((record for record in _nearest(initiator) if _said_by(record, fact)), None)
    if record is None or _said_by(record, fact) != value:
        return Saved()
    is_mapped = fact in record.more and fact not in CARRIED_FACTS  # by the configuration, perhaps from another record
    return Saved() if is_mapped else record.saved


def revised_on_line(initiator: Initiator, fact: str, value: str) -> bool:
    """Whether a line says this of a fact, of those that a revision of it changes."""
    read = _REVISED.get(fact)
    return read is not None and read(initiator.line) == value


_REVISED: Mapping[str, Callable[[OrderLine], str]] = {
    "quantity": lambda line: line.quantity,
    "contact": lambda line: line.contact.name,
    "location": lambda line: line.location.name,
    "due date": lambda line: line.due,
}
_OF_LINES = ("line action", "quantity", "due date")
_OF_SEVERAL: Mapping[str, str] = {  # fact -> what it is called on the records that may say it
    **{name: name for name in ("specification", "location", "account", "contact", "priority")},
    "domain order action": "action",
    "request type": "request_type",
}
_REFERENCES = frozenset({"specification", "location", "account", "contact", *CARRIED_FACTS}) | REFERENCES_OF_CASES


def is_text(fact: str) -> bool:
    """Whether a fact is said by the order itself. A record that it names may come to be called otherwise without anybody saving
    what refers to it."""
    return fact not in _REFERENCES


def _said_by(record: CustomerOrder | OrderLine | DomainOrder | OrderTask, fact: str) -> str:
    """What a record itself says of a fact."""
    if fact in record.more:
        return record.more[fact]
    if fact not in _OF_SEVERAL or (isinstance(record, OrderLine) and fact == "domain order action"):
        return ""
    said = getattr(record, _OF_SEVERAL[fact], "")
    return said.name if isinstance(said, Ref) else str(said)


_REFERRING = ("location", "account", "contact")  # what several records may refer to


def _refers(record: CustomerOrder | OrderLine | DomainOrder | OrderTask, what: str) -> bool:
    """Whether a record itself says which location, contact, asset ... is meant."""
    if what in _REFERRING:
        return bool(getattr(record, what, NOWHERE).sys_id)
    return what in CARRIED_FACTS and bool(record.more.get(what))


def _nearest(initiator: Initiator) -> Iterator[CustomerOrder | OrderLine | DomainOrder | OrderTask]:
    if initiator.task:
        yield initiator.task
    yield from (initiator.domain_order, initiator.line, initiator.order)


def placeholders(template: str) -> tuple[str, ...]:
    """The fact names a field template uses, as written."""
    return tuple(name.strip() for name in _PLACEHOLDER.findall(template))


def fill(template: str, facts: Mapping[str, str]) -> str:
    """Replace each `{fact}` by its value; a characteristic the line does not have becomes empty.

    Nothing else is interpreted: a value that contains braces stays as it is.

    >>> fill("{specification} at {location}", {"specification": "CPE", "location": "Berlin"})
    'CPE at Berlin'
    """
    return _PLACEHOLDER.sub(lambda m: facts.get(fold(m[1]), ""), template)


def without_markup(text: str) -> str:
    """A text with no tag in it that ServiceNow renders as HTML."""
    return _MARKUP.sub(r"(\1\2)", text)
