"""Do the things that policies and work orders name exist?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from connector.doctor.check import Check, Seen, Suite, failed, fine, unknown, warning
from connector.errors import ConfigError
from connector.mapping.dmn.table import fold
from connector.mapping.review import literals
from connector.servicenow.names import REFUSED, names_in
from connector.servicenow.query import Op, Query
from connector.servicenow.schema import state_choices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.doctor.patient import Patient
    from connector.mapping.policy import WorkOrderPolicy

_GROUP = "dispatch group"


def _usable(patient: Patient) -> Seen:
    policies = patient.policies
    if isinstance(policies, ConfigError):
        return failed(" ".join([str(policies), *policies.problems]))
    return fine(f"{sum(len(policy.rows) for policy in policies)} rows can be used")


def _templates(patient: Patient) -> Seen:
    lookup = patient.settings.fsm.references["template"]
    try:
        rows = patient.fsm.api.scan(lookup.table, Query(), [lookup.shown_as], display=False)
        found = Counter(fold(row.get(lookup.shown_as)) for row in rows)
    except REFUSED as error:
        return failed(f"the templates of Field Service cannot be read: {error}")
    wanted = {
        template
        for policy in _policies(patient)
        for rule in policy.rows
        if (template := policy.template_of(rule)) is not None
    }
    missing = sorted(template for template in wanted if not found[fold(template)])
    twice = sorted(template for template in wanted if found[fold(template)] > 1)
    if missing or twice:
        return failed(
            "; ".join([*(f"there is no {name!r}" for name in missing), *(f"{name!r} is there twice" for name in twice)])
        )
    return fine(f"the {len(wanted)} templates that policies name exist, once each")


def _said_by_policies(patient: Patient, column: str) -> Iterator[tuple[str, ...]]:
    """The names that each row of the policies asks for in this column."""
    for policy in _policies(patient):
        for rule in policy.rows if column in policy.inputs else ():
            if names := tuple(literals(rule.conditions[policy.inputs.index(column)])):
                yield names


def _named(patient: Patient, column: str, tables: tuple[str, ...]) -> Seen:
    wanted = {name for names in _said_by_policies(patient, column) for name in names}
    found = names_in(patient.om.api, tables, patient.settings.om.catalog.name)
    if found is None:
        return unknown(f"what there is of {column} cannot be read")
    known = {fold(name) for name in found}
    missing = sorted(name for name in wanted if fold(name) not in known)
    return (
        warning(f"there is no {column} {', '.join(map(repr, missing))}")
        if missing
        else fine(f"each {column} that policies name exists")
    )


def _specifications(patient: Patient) -> Seen:
    return _named(patient, "specification", patient.settings.om.catalog.specifications)


def _request_types(patient: Patient) -> Seen:
    return _named(patient, "request type", (patient.settings.om.catalog.request_types,))


def _actions(patient: Patient) -> Seen:
    """What a line or domain order asks for is read as people see it: in another language no row of a policy would win. A row may
    name the same in several ways; one of them is enough."""
    schema, missing = patient.settings.om.db_schema, list[str]()
    columns = {
        schema.tables["domain_order"]: schema.domain_order["action"],
        schema.tables["line"]: schema.line["action"],
    }
    asked = {fact: list(_said_by_policies(patient, fact)) for fact in ("domain order action", "line action")}
    choices = state_choices(patient.om.api, columns) if any(asked.values()) else {}
    for (fact, wanted), table in zip(asked.items(), columns, strict=True):
        found = choices.get(table, {})
        if wanted and not found:
            return unknown(f"what there is of {fact} is not listed, or not in English")
        known = {fold(label) for label in found.values()}
        missing += [f"{fact} {' or '.join(map(repr, names))}" for names in wanted if not known & set(map(fold, names))]
    if missing:
        return warning(f"there is no {', '.join(dict.fromkeys(missing))}")
    return fine("each action that policies name exists")


def _groups(patient: Patient) -> Seen:
    wanted = sorted(
        {
            entry.constant
            for policy in _policies(patient)
            for at, output in enumerate(policy.table.outputs)
            if fold(output.name) == _GROUP
            for rule in policy.table.rules
            if isinstance((entry := rule.entries[at]).constant, str) and "{" not in entry.constant
        }
    )
    column = patient.settings.policy.outputs.get(_GROUP, "")
    lookup = patient.settings.fsm.references.get(column)
    if not wanted or lookup is None:
        return fine("policies name no group")
    rows = patient.fsm.api.scan_in(lookup.table, lookup.shown_as, wanted, [lookup.shown_as])
    found = Counter(fold(row.get(lookup.shown_as)) for row in rows)
    missing = [name for name in wanted if found[fold(name)] != 1]
    return (
        failed(f"no single group is called {', '.join(map(repr, missing))}")
        if missing
        else fine("each group exists, once")
    )


def _lookups(patient: Patient) -> Seen:
    closed: list[str] = []
    for column, lookup in patient.settings.fsm.references.items():
        try:
            keys = lookup.lookup.columns
            rows = list(patient.fsm.api.scan(lookup.table, Query().where(keys[0], Op.IS, "-"), keys, page=1))
            del rows
            seen = patient.fsm.newest(lookup.table, list(keys))
            closed += [f"{column} ({lookup.table}.{key})" for key in keys if key not in seen]
        except REFUSED:
            closed.append(f"{column} ({lookup.table})")
    return warning(f"names cannot be looked up for {', '.join(closed)}") if closed else fine("names can be looked up")


def _policies(patient: Patient) -> Iterator[WorkOrderPolicy]:
    policies = patient.policies
    if isinstance(policies, ConfigError):
        raise policies
    yield from policies


_CORRECT = "Correct the policy row, or create what it names."
_SOME = (Suite.FIRST, Suite.POST_CLONE)

CHECKS = (
    Check(
        "policy.usable",
        "The decision tables can be used",
        "No order is decided without them.",
        "`om-fsm policy check` says more.",
        _SOME,
        of_pair=_usable,
        offline=True,
    ),
    Check(
        "names.templates",
        "The templates that policies name exist, once",
        "A work order is created from its template; none is created without.",
        _CORRECT,
        _SOME,
        of_pair=_templates,
    ),
    Check(
        "names.specifications",
        "The specifications that policies name exist",
        "A row with a name nobody has never wins.",
        _CORRECT,
        _SOME,
        of_pair=_specifications,
    ),
    Check(
        "names.request_types",
        "The request types that policies name exist",
        "A row with a name nobody has never wins.",
        _CORRECT,
        _SOME,
        of_pair=_request_types,
    ),
    Check(
        "names.actions",
        "The actions that policies name exist",
        "A row with an action that nobody has never wins: no visit is made.",
        "Name actions as Order Management shows them to the connector's user (docs/policies.md).",
        (Suite.FIRST, Suite.POST_UPGRADE),
        of_pair=_actions,
    ),
    Check(
        "names.groups",
        "The groups that policies name exist, once",
        "The work order would have no group, and nobody dispatch it.",
        _CORRECT,
        _SOME,
        of_pair=_groups,
    ),
    Check(
        "names.lookups",
        "Names can be looked up in Field Service",
        "Customers and sites are found by name; without the right they stay empty on the work order.",
        "Give the user sn_customerservice.customer_data_viewer, or leave the reference out.",
        of_pair=_lookups,
    ),
)
