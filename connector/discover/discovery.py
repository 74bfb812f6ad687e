"""Discover both instances: ask what may be asked, choose by evidence, and tell it as a profile with what is left to a person."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from connector.discover.choose import choose_column, choose_states
from connector.discover.evidence import gather, read_choices, tables_called
from connector.discover.filled import find_filled
from connector.discover.fsm_facts import read_fsm_facts
from connector.discover.swapped import swapped
from connector.discover.wanted import PERHAPS, TABLE_LABELS
from connector.errors import ConfigError, NotFound, Rejected
from connector.mapping.states import fold
from connector.om.native import NATIVE_POLICIES, ORDER_PARTS, NativePolicies
from connector.profile import (
    BASE,
    FSM_NAMES,
    LABELS,
    OM_NAMES,
    SAID_UNDER,
    UNKNOWN,
    UNSETTLED,
    FsmSide,
    Profile,
    Side,
    StateLine,
    class_of,
)
from connector.servicenow.lean import page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.discover.evidence import Evidence
    from connector.mapping.references import Lookup as Reference
    from connector.profile import Names
    from connector.servicenow.columns import TableColumns
    from connector.servicenow.table import TableApi

_NOTED = {"om": "domain_order", "fsm": "work_order"}  # on whose records notes are written
_RAISED = ("fallout", "fallout_type")  # what is written to them is not told apart by who reads a policy
_DEFAULTS = {"om": OM_NAMES, "fsm": FSM_NAMES}  # what ServiceNow calls them


@dataclass(slots=True)
class Discovered:
    """A profile, why it says what it says (by the path of a setting), and what a person should know besides."""

    profile: Profile
    reasons: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Told:
    reasons: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def discover(
    om: tuple[TableApi, Names],
    fsm: tuple[TableApi, Names],
    references: Mapping[str, Reference],
    states: Mapping[str, Mapping[str, str]],
    written: Mapping[str, str],
    *,
    priority_in: str = "",
    with_cases: bool = False,
) -> Discovered:
    """Read both instances; changes nothing. The names are where to look first, as are the `references` of work orders.

    `states` is what the configuration says of states, by "om.order" and the like, `written` the label of the one state of a part
    that the connector writes; `priority_in` the column that the priority is written to where that was said, and `with_cases`
    whether cases ask for work orders.

    Raises a RemoteError where an instance cannot be asked at all, or its main table not be read; ConfigError where the two
    addresses are swapped.
    """
    told = _Told()
    om_api, om_names = om
    fsm_api, fsm_names = fsm
    if wrong := swapped(om_api, om_names.tables["order"], fsm_api, fsm_names.tables["work_order"]):
        raise ConfigError(
            f"It seems that {wrong}.", hint="Give each side its own url, user and secret, then run it again."
        )
    om_side, om_names, om_found = _side("om", om_api, om_names, told, states, written)
    fsm_side, fsm_names, fsm_found = _side("fsm", fsm_api, fsm_names, told, states, written)
    templates = references["template"]
    _native(om_api, om_names, fsm_names.tables["work_order"], templates.table, om_found, told)
    _fallouts(om_api, om_names.tables["fallout"], om_found)
    read_fsm_facts(fsm_api, templates, fsm_names.tables["work_order"], fsm_found)
    filled = find_filled(
        (om_api, om_names),
        (fsm_api, fsm_names),
        references,
        fsm_found,
        priority_in=priority_in,
        with_cases=with_cases,
    )
    told.reasons |= filled.reasons
    told.remarks += filled.remarks
    profile = Profile(
        format=1,
        om=Side(**om_side, facts=om_found.facts, unreadable=om_found.unreadable),
        fsm=FsmSide(
            **fsm_side,
            facts=fsm_found.facts,
            unreadable=fsm_found.unreadable,
            references=filled.references,
            fields=filled.fields,
            values=filled.values,
        ),
    )
    return Discovered(profile, told.reasons, told.remarks)


def _side(
    name: str,
    api: TableApi,
    names: Names,
    told: _Told,
    states: Mapping[str, Mapping[str, str]],
    written: Mapping[str, str],
) -> tuple[dict[str, Any], Names, Evidence]:
    with suppress(NotFound, Rejected):  # it may be called otherwise
        api.probe(next(iter(names.tables.values())))
    found = gather(api, list(names.tables.values()), {})
    tables = {part: _table(name, part, table, api, found, told) for part, table in names.tables.items()}
    if any(tables[part] not in (table, UNSETTLED) for part, table in names.tables.items()):
        # What was found under another name has columns and states, too.
        names = replace(names, tables={p: t if tables[p] == UNSETTLED else tables[p] for p, t in names.tables.items()})
        found = gather(api, list(names.tables.values()), {})
        tables = {part: _table(name, part, table, api, found, told) for part, table in names.tables.items()}
    columns: dict[str, dict[str, str]] = {}
    as_found = replace(names, tables=tables)
    for kind, parts in names.columns.items():
        of_kind = [part for part in names.tables_of(kind) if part in names.tables]
        described = [found.columns[names.tables[part]] for part in of_kind if tables[part] != UNSETTLED]
        known = [said for said in described if said.is_known]
        if not known and PERHAPS.keys() >= {*of_kind}:
            continue
        if described:
            columns[kind] = _columns(name, kind, as_found, [*known, *described][0], found, told)
            told.remarks += _lacking(f"{name}.columns.{kind}", columns[kind], known[1:])
        else:
            columns[kind] = dict(parts)
    called = {kind: _known(parts, columns.get(kind, {})) for kind, parts in names.columns.items()}
    names = replace(names, columns=called)
    read_choices(api, names.states, found)
    side: dict[str, Any] = {
        "url": api.endpoint.url,
        **_journals(name, names, found, told),
        "tables": tables,
        "columns": columns,
        "states": _states(name, names, found, told, states, written),
    }
    return side, names, found


def _columns(name: str, kind: str, names: Names, said: TableColumns, found: Evidence, told: _Told) -> dict[str, str]:
    """What the columns of one kind of record are called."""
    columns: dict[str, str] = {}
    for part, default in names.columns[kind].items():
        # Of a case only what there is is read, and nothing of changes in flight has to be.
        is_optional = part in names.optional[kind] or kind in ("case", "inflight_change")
        chosen = choose_column(kind, part, default, said, names.tables, optional=is_optional)
        columns[part] = chosen.column
        if chosen.why:
            told.reasons[f"{name}.columns.{kind}.{part}"] = chosen.why
            by_a_person = default != _DEFAULTS[name].columns[kind].get(part)
            if by_a_person and default not in said.columns and said.is_known:
                told.remarks.append(f"{name}.columns.{kind}.{part}: {chosen.why}")
        if chosen.column and chosen.column in said.columns:
            column = said.columns[chosen.column]
            described = " ".join(text for text in (chosen.column, column.kind, column.reference) if text)
            found.facts[f"column {said.table if kind in names.tables else kind}.{part}"] = described
    return columns


def _journals(name: str, names: Names, found: Evidence, told: _Told) -> dict[str, str]:
    """What the journals of the records that are written to are called."""
    said = found.columns[names.tables[_NOTED[name]]]
    journals: dict[str, str] = {}
    for part, default in names.journals.items():
        chosen = choose_column("journal", part, default, said, {}, optional=part == "comments")
        journals[part] = chosen.column
        if chosen.why:
            told.reasons[f"{name}.{part}"] = chosen.why
        if chosen.column in said.columns:
            found.facts[f"journal {part}"] = f"{chosen.column} {said.columns[chosen.column].kind}"
    return journals


def _lacking(where: str, columns: Mapping[str, str], others: Iterable[TableColumns]) -> Iterator[str]:
    """Which of these columns further tables with records of that kind do not have."""
    for said in others:
        for part, column in columns.items():
            if column not in ("", UNSETTLED) and column not in said.columns:
                yield f"{where}.{part}: {said.table} has no column {column!r}"


def _known(defaults: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """What the parts of a record are called, as far as it is known."""
    return {**defaults, **{part: column for part, column in found.items() if column != UNSETTLED}}


def _table(name: str, part: str, table: str, api: TableApi, found: Evidence, told: _Told) -> str:
    said = found.columns[table]
    where = f"{name}.tables.{part}"
    if said.looks_like_a_view:
        told.reasons[where] = f"{table!r} looks like a database view, which cannot be written: name the table itself"
        return UNSETTLED
    if said.exists and (said.is_known or part not in PERHAPS):
        found.facts[f"table {table}"] = " < ".join([found.labels.get(table, table), *said.chain[1:]])
        return table
    if not said.exists and table != _DEFAULTS[name].tables.get(part):
        told.remarks.append(f"{where}: there is no table {table!r}")
    label = TABLE_LABELS.get(part, "").title()
    alike = tables_called(api, label) if label and not said.exists else []
    if len(alike) == 1:
        told.reasons[where] = f"by its label {label!r}; there is no table {table!r}"
        return alike[0]
    if part in PERHAPS and not (alike and part in _RAISED):
        found.unreadable[f"table {table}"] = PERHAPS[part]
        return table
    told.reasons[where] = f"there is no table {table!r}" + (f"; it may be {', '.join(alike)}" if alike else "")
    return UNSETTLED


def _states(
    name: str,
    names: Names,
    found: Evidence,
    told: _Told,
    overrides: Mapping[str, Mapping[str, str]],
    written: Mapping[str, str],
) -> dict[str, dict[str, StateLine]]:
    states: dict[str, dict[str, StateLine]] = {}
    for part in (part for part in LABELS if part in names.tables):
        label = written.get(BASE.get(part, part))
        mine = set() if label is None else {fold(label)}
        table = names.tables[part]
        choices = found.choices.get(table, ())
        if part in PERHAPS and not choices:
            continue
        if part in BASE and choices == found.choices.get(names.tables[BASE[part]], ()):
            continue
        lines, remarks = choose_states(part, choices, mine)
        given = overrides.get(f"{name}.{SAID_UNDER.get(part, part)}", {})
        lines |= {value: _as_configured(part, label, mine) for value, label in given.items() if not choices}
        told.remarks += [f"{name}.states.{part}: {remark}" for remark in remarks]
        for value, line in lines.items():
            found.facts[f"state {table} {value}"] = line.label
            if line.means == UNKNOWN:
                told.remarks.append(f"{name}.states.{part}: nobody knows what {line.label!r} means; it counts as open")
        states[part] = lines
    return states


def _as_configured(part: str, label: str, written: set[str]) -> StateLine:
    means = fold(label) if fold(label) in LABELS[part] else UNKNOWN
    kind = class_of(part, means)
    return StateLine(label=label, means=means, kind=kind, write=means in written)


def _fallouts(api: TableApi, table: str, found: Evidence) -> None:
    """Whether fallouts can be read shows only when one is asked for; that they are described says nothing of it."""
    what = f"table {table}"
    found.unreadable.pop(what, None)

    def ask() -> None:
        page(api, table, "", ["sys_id"], 1)

    found.try_to(what, PERHAPS["fallout"], ask)


def _native(api: TableApi, names: Names, work_orders: str, templates: str, found: Evidence, told: _Told) -> None:
    """ServiceNow's own integration: with rows in its tables it creates work orders too."""
    native = NativePolicies(api, templates)
    for kind, policy_name in NATIVE_POLICIES.items():
        policy = native.native_policy(kind)
        if policy.unreadable:
            found.unreadable[f"decision {policy_name}"] = "whether the instance itself creates work orders is not known"
            continue
        found.facts[f"decision {policy_name}"] = f"{len(policy.rows)} rows"
        if policy.is_active:
            told.remarks.append(f"om: {policy_name!r} has {len(policy.rows)} rows: every visit would be booked twice")
    orders = [names.tables[part] for part in (*ORDER_PARTS, "order_task") if part in names.tables]
    if work := native.work(work_orders, orders):
        told.remarks.append(f"om: ServiceNow's own integration has made {work.told}")
