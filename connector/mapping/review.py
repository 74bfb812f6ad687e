"""What a person should know about a work order policy before it decides anything: the table itself, and the table beside what
both instances really offer. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  (a field of a dataclass)
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.mapping.dmn.analysis.analyze import analyze
from connector.mapping.dmn.conditions import Anything, Compare, Not, OneOf, holds
from connector.mapping.dmn.evaluate import folded
from connector.mapping.dmn.table import fold
from connector.mapping.dmn.values import show
from connector.mapping.vocabulary import ALWAYS_KNOWN, TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.mapping.dmn.conditions import Condition
    from connector.mapping.policy import WorkOrderPolicy

_NAMED = 12  # specifications listed by name before the rest is only counted


@dataclass(frozen=True, slots=True)
class Catalog:
    """What exists on both instances, by name. None is what could not be read; nothing is concluded from that."""

    templates: frozenset[str] | None = None
    specifications: frozenset[str] | None = None
    request_types: frozenset[str] | None = None
    native: tuple[str, ...] = ()  # ServiceNow's own policies that have rows on the OM instance


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to know. `severity` is error, warning or info; `rows` are row ids."""

    severity: str
    kind: str
    text: str
    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    example: Mapping[str, str] = field(default_factory=dict)


def review(policy: WorkOrderPolicy, catalog: Catalog | None = None) -> tuple[Remark, ...]:
    """Everything to know about a policy, the worst first."""
    remarks = [*_of_the_table(policy), *(_beside(policy, catalog) if catalog else ())]
    return tuple(sorted(remarks, key=lambda remark: ("error", "warning", "info").index(remark.severity)))


def _of_the_table(policy: WorkOrderPolicy) -> Iterator[Remark]:
    optional = frozenset(policy.inputs) - ALWAYS_KNOWN
    for found in analyze(policy.table, may_be_empty=optional).findings:
        example = {name: show(value) or "(empty)" for name, value in (found.example or {}).items()}
        rows = tuple(policy.rows[n].id for n in found.rules)
        yield Remark(found.severity.value, found.kind.value, found.message, rows, found.columns, example)


def _beside(policy: WorkOrderPolicy, catalog: Catalog) -> Iterator[Remark]:
    for name in catalog.native:
        yield Remark("warning", "native_active", native_warning(name))
    yield from _templates(policy, catalog.templates)
    for column, names in (("specification", catalog.specifications), ("request type", catalog.request_types)):
        if column not in policy.inputs:
            continue
        if names is None:
            yield Remark("warning", "unreadable", f"what there is of {column} in Order Management could not be read")
            continue
        yield from _unknown_names(policy, column, names)
    if catalog.specifications is not None:
        yield from _uncovered(policy, catalog.specifications)


def native_warning(name: str) -> str:
    """Why a native policy with rows is dangerous."""
    return (
        f"{name!r} has rows on the instance itself: where ServiceNow's own integration is active it creates work orders"
        " from them, and every visit would be booked twice. Empty that table, or switch that integration off, before"
        " om-fsm runs."
    )


def _templates(policy: WorkOrderPolicy, templates: frozenset[str] | None) -> Iterator[Remark]:
    if templates is None:
        yield Remark("warning", "unreadable", "the work order templates of Field Service could not be read")
        return
    known = {fold(name) for name in templates}
    for rule in policy.rows:
        template = policy.template_of(rule)
        if template is not None and fold(template) not in known:
            text = f"row {rule.row}, column {TEMPLATE!r}: {template!r}: Field Service has no work order template of this name"
            yield Remark("error", "unknown_template", text + _like(template, templates), (rule.id,), (TEMPLATE,))


def _unknown_names(policy: WorkOrderPolicy, column: str, names: frozenset[str]) -> Iterator[Remark]:
    known = {fold(name) for name in names}
    index = policy.inputs.index(column)
    for rule in policy.rows:
        for name in literals(rule.conditions[index]):
            if fold(name) not in known:
                text = f"row {rule.row}, column {column!r}: {name!r}: Order Management has no {column} of this name"
                yield Remark("warning", "unknown_name", text + _like(name, names), (rule.id,), (column,))


def literals(condition: Condition) -> Iterator[str]:
    """The names a condition compares with."""
    match condition:
        case Compare("=" | "!=", str() as name):
            yield name
        case OneOf(conditions):
            for one in conditions:
                yield from literals(one)
        case Not(negated):
            yield from literals(negated)
        case _:
            return


def _like(name: str, names: frozenset[str]) -> str:
    from difflib import get_close_matches

    folded_names = {fold(one): one for one in names}
    close = get_close_matches(fold(name), folded_names, n=1)
    return f"; did you mean {folded_names[close[0]]!r}?" if close else ""


def _uncovered(policy: WorkOrderPolicy, specifications: frozenset[str]) -> Iterator[Remark]:
    """Specifications that can be ordered but that nobody thought of: a catch-all is no thought."""
    if "specification" not in policy.inputs:
        return
    index = policy.inputs.index("specification")
    cells = {rule.conditions[index] for rule in policy.rows} - {Anything()}
    forgotten = sorted(s for s in specifications if not any(holds(folded(cell), fold(s)) for cell in cells))
    if forgotten:
        named = ", ".join(forgotten[:_NAMED]) + (
            f" and {len(forgotten) - _NAMED} more" if len(forgotten) > _NAMED else ""
        )
        share = f"{len(forgotten)} of {len(specifications)} specifications"
        text = f"no row mentions, and no explicit NO FIELD WORK covers, {share}: {named}"
        yield Remark("warning", "uncovered", text, (), ("specification",))
