"""The profile of a pair of instances: which table and column plays which part, and what each stored state means there.

`om-fsm discover` writes it, a person reviews and settles it, the configuration names it. What the configuration says itself comes
before it. "?" stands where nobody but a person can know; while one is left, nothing is written to either instance.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping  # noqa: TC003  (a field of a dataclass)
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import ConfigDict, Field, ValidationError, model_validator

from connector.errors import ConfigError
from connector.fsm.schema import DEFAULT_REFERENCES, FsmSchema
from connector.fsm.schema import OPTIONAL as FSM_OPTIONAL
from connector.mapping.fields import DEFAULT_CASE_FIELDS, DEFAULT_FIELDS
from connector.mapping.outputs import DEFAULT_OUTPUTS
from connector.mapping.references import no_key
from connector.mapping.states import (
    CASE_LABELS,
    DOMAIN_ORDER_LABELS,
    FALLOUT_LABELS,
    ORDER_LABELS,
    WORK_ORDER_LABELS,
    Told,
    fold,
)
from connector.model import CasePhase, DomainOrderPhase, OrderPhase, WorkOrderPhase
from connector.om.schema import FALLOUT_OPTIONAL, CatalogSchema, FalloutSchema, OmSchema
from connector.om.schema import OPTIONAL as OM_OPTIONAL
from connector.setting import Section, no_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from enum import Enum
    from pathlib import Path

PROFILE_FILE = "profile.toml"  # beside the configuration, where nobody says otherwise
UNSETTLED = "?"
UNKNOWN: Literal["unknown"] = "unknown"

OM_KINDS = ("order", "line", "characteristic", "domain_order", "order_task", "case", "inflight_change")
FSM_KINDS = ("work_order", "work_order_task")
# Part of a table with states -> what its labels mean. A class of domain orders without states of its own has the base table's.
LABELS: Mapping[str, Mapping[str, Enum]] = {
    "order": ORDER_LABELS,
    "line": ORDER_LABELS,
    **dict.fromkeys(
        ("domain_order", "product_order", "service_order", "resource_order", "order_task"), DOMAIN_ORDER_LABELS
    ),
    "work_order": WORK_ORDER_LABELS,
    "work_order_task": WORK_ORDER_LABELS,
    "case": CASE_LABELS,
    "fallout": FALLOUT_LABELS,
}
BASE = dict.fromkeys(("product_order", "service_order", "resource_order"), "domain_order")
SAID_UNDER = {
    "line": "order",
    "work_order_task": "work_order",
    **BASE,
}  # under which part the configuration speaks of its states
WRITES_CANCELED = "canceled"  # of work orders; domain orders are written to the label that `[gate] reopen_to` names


@dataclass(frozen=True, slots=True)
class Names:
    """What can be called otherwise on one instance: part -> table, and kind of record -> part -> column."""

    tables: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]]
    journals: Mapping[str, str]  # "notes" are private, "comments" are what customers read
    optional: Mapping[str, frozenset[str]]  # kind of record -> parts that may be missing

    def tables_of(self, kind: str) -> tuple[str, ...]:
        """The parts whose tables hold records of this kind."""
        return _CATALOG if kind == "catalog" else (kind,)

    @property
    def states(self) -> Mapping[str, str]:
        """Table -> its column that holds the state, of every table that has states."""
        return {
            table: self.columns[BASE.get(part, part)]["state"] for part, table in self.tables.items() if part in LABELS
        }


_OF_FALLOUTS = {"fallout": "fallout", "type": "fallout_type"}  # table of fallouts -> the part it plays on its instance


SPECIFICATIONS = ("product_specification", "service_specification", "resource_specification")
_CATALOG = (*SPECIFICATIONS, "request_type")


def om_names(schema: OmSchema, fallouts: FalloutSchema, catalog: CatalogSchema) -> Names:
    """The names on the Order Management instance."""
    columns: dict[str, Mapping[str, str]] = {
        **{kind: getattr(schema, kind) for kind in OM_KINDS},
        "fallout": fallouts.own_columns,
        "fallout_type": {"name": fallouts.columns["type_name"]},
        "catalog": {"name": catalog.name},
    }
    optional = {"fallout": FALLOUT_OPTIONAL, "fallout_type": frozenset[str](), "catalog": frozenset({"name"})}
    tables = {
        **schema.tables,
        **{part: fallouts.tables[table] for table, part in _OF_FALLOUTS.items()},
        **dict(zip(SPECIFICATIONS, catalog.specifications, strict=False)),  # further ones are the configuration's alone
        "request_type": catalog.request_types,
    }
    return Names(
        tables=tables,
        columns=columns,
        journals={"notes": schema.notes, "comments": schema.comments},
        optional={**dict.fromkeys(OM_KINDS, OM_OPTIONAL), **optional},
    )


def fsm_names(schema: FsmSchema) -> Names:
    """The names on the Field Service instance."""
    columns = {kind: getattr(schema, kind) for kind in FSM_KINDS}
    journals = {"notes": schema.notes, "comments": schema.comments}
    return Names(schema.tables, columns, journals, dict.fromkeys(FSM_KINDS, FSM_OPTIONAL))


Class = Literal["open", "done", "canceled", "frozen", "unknown"]

_CLASSES: Mapping[Enum, Class] = {
    OrderPhase.BEFORE_APPROVAL: "open",
    OrderPhase.REJECTED: "open",
    OrderPhase.APPROVED: "open",
    OrderPhase.PAUSED: "open",
    OrderPhase.FROZEN: "frozen",
    OrderPhase.CANCELED: "canceled",
    OrderPhase.COMPLETED: "done",
    DomainOrderPhase.OPEN: "open",
    DomainOrderPhase.HELD: "frozen",
    DomainOrderPhase.CLOSED: "done",
    DomainOrderPhase.CANCELED: "canceled",
    WorkOrderPhase.OPEN: "open",
    WorkOrderPhase.COMPLETE: "done",
    WorkOrderPhase.INCOMPLETE: "done",
    WorkOrderPhase.CANCELED: "canceled",
    **dict.fromkeys(CasePhase, "open"),
    CasePhase.CLOSED: "done",
    CasePhase.CANCELED: "canceled",
}


def class_of(part: str, means: str) -> Class:
    """What a state is to the connector: open, done, canceled, frozen, or unknown (which counts as open).

    >>> class_of("work_order", "closed incomplete"), class_of("domain_order", "on hold"), class_of("order", "parked")
    ('done', 'frozen', 'unknown')
    """
    phase = LABELS[part].get(fold(means))
    return UNKNOWN if phase is None else _CLASSES[phase]


class StateLine(Section):
    """One stored value: what the instance calls it, which of ServiceNow's words it means, and whether the connector writes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    label: str
    means: str
    kind: Annotated[Class, Field(alias="class")]
    write: bool = False


class Lookup(Section):
    """Where the record of a reference is found. `by` is the column people read; `keys` are the columns that say the same on both
    instances, the surest first, as the configuration writes them. A profile from before they stood in it has none."""

    table: Annotated[str, Field(min_length=1)]
    by: Annotated[str, Field(min_length=1)]
    keys: tuple[str, ...] = ()

    @property
    def described(self) -> str:
        """In one line."""
        return f"{self.table} by {self.by}: {'; '.join(self.keys)}"


class Side(Section):
    """One instance."""

    url: str
    notes: Annotated[str, Field(min_length=1)]
    comments: str | None = None  # "": there is none; a profile from before it stood there says nothing of it
    tables: dict[str, Annotated[str, Field(min_length=1)]] = {}
    columns: dict[str, dict[str, str]] = {}
    states: dict[str, dict[str, StateLine]] = {}
    unreadable: dict[str, str] = {}
    facts: dict[str, str] = {}

    def told(self) -> dict[str, Told]:
        """What it says of the states of each table, by the part the table plays."""
        return {
            part: Told(
                labels={value: line.label for value, line in lines.items()},
                means={value: line.means for value, line in lines.items()},
                written=frozenset(value for value, line in lines.items() if line.write),
            )
            for part, lines in self.states.items()
        }


class FsmSide(Side):
    """The Field Service instance."""

    references: dict[str, Lookup] = {}
    fields: dict[str, str] = {}  # column of a work order by default -> what it is called; "" where there is none
    values: dict[str, dict[str, str]] = {}  # fact -> its stored value in OM -> what is stored here; "" is left empty


def _consistent(profile: Profile) -> Profile:
    problems = [*_problems("om", profile.om, OM_NAMES), *_problems("fsm", profile.fsm, FSM_NAMES)]
    if problems:
        raise ValueError("\n".join(problems))
    return profile


class Profile(Section):
    """Both instances."""

    format: Literal[1]
    om: Side
    fsm: FsmSide

    @model_validator(mode="after")
    def _makes_sense(self) -> Profile:
        return _consistent(self)


def _no_names(side: str, said: Side) -> Iterator[str]:
    """What is called as no table or column can be."""
    yield from _not_called(f"{side}.tables", said.tables, "table")
    yield from _not_called(side, {"notes": said.notes, "comments": said.comments or ""}, "column")
    for kind, columns in said.columns.items():
        yield from _not_called(f"{side}.columns.{kind}", columns, "column", dotted=True)
    if isinstance(said, FsmSide):
        names = said.references
        yield from _not_called("fsm.references", {column: column for column in names}, "column")
        yield from _not_called("fsm.references", {f"{name}.table": one.table for name, one in names.items()}, "table")
        yield from _not_called(
            "fsm.references", {f"{name}.by": one.by for name, one in names.items()}, "column", dotted=True
        )
        for name, one in names.items():
            for key in one.keys:
                if key != UNSETTLED and (problem := no_key(key)):
                    yield f"fsm.references.{name}.keys: {key!r}: {problem}"
        yield from _not_called("fsm.fields", said.fields, "column")
        yield from _not_called("fsm.fields", {column: column for column in said.fields}, "column")


def _not_called(where: str, names: Mapping[str, str], what: str, *, dotted: bool = False) -> Iterator[str]:
    for part, name in names.items():
        if name not in ("", UNSETTLED) and (problem := no_name(name, what, dotted=dotted)):
            yield f"{where}.{part}: {problem}"


def twice(where: str, names: Mapping[str, str]) -> Iterator[str]:
    """What each name that plays two parts is already: one of them would be overwritten by the other."""
    taken: dict[str, str] = {}
    for part, name in names.items():
        if name not in ("", UNSETTLED) and taken.setdefault(name, part) != part:
            yield f"{where}.{part}: {name!r} is already the {taken[name]}"


_NOTED = ("domain_order", "case", *FSM_KINDS)  # whose journals are read and written


def no_journals(where: str, journals: Mapping[str, str], columns: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """What is no journal of its own: notes would be read by customers, or overwrite what a record says."""
    yield from twice(where, journals)
    for part, name in journals.items():
        for kind in (kind for kind in _NOTED if kind in columns):
            for other, column in columns[kind].items():
                if column == name not in ("", UNSETTLED):
                    yield f"{where}.{part}: {name!r} is already the {other} of a {kind.replace('_', ' ')}"


FILLED = frozenset({*DEFAULT_FIELDS, *DEFAULT_CASE_FIELDS, *(column for column in DEFAULT_OUTPUTS.values() if column)})
"""Columns of a work order that are filled by default."""


def _filled_twice(fields: Mapping[str, str]) -> Iterator[str]:
    """A column that two fields would fill: what the one says would be overwritten by the other."""
    names = {**{column: column for column in sorted(FILLED)}, **fields}
    kept = {column: name for column, name in names.items() if column == name}
    yield from twice("fsm.fields", {**kept, **names})


def _problems(side: str, said: Side, names: Names) -> Iterator[str]:
    yield from _no_names(side, said)
    yield from twice(f"{side}.tables", said.tables)
    comments = names.journals["comments"] if said.comments is None else said.comments
    by_kind = {kind: {**parts, **said.columns.get(kind, {})} for kind, parts in names.columns.items()}
    yield from no_journals(side, {"notes": said.notes, "comments": comments}, by_kind)
    if isinstance(said, FsmSide):
        yield from _filled_twice(said.fields)
    for part in said.tables.keys() - names.tables.keys():
        yield f"{side}.tables.{part}: there is no such part"
    for kind, columns in said.columns.items():
        if kind not in names.columns:
            yield f"{side}.columns.{kind}: there is no such record"
            continue
        needed = essential(kind) - names.optional[kind]
        yield from _of_columns(f"{side}.columns.{kind}", columns, names.columns[kind], needed)
    for part, lines in said.states.items():
        if part not in LABELS or part not in names.tables:
            yield f"{side}.states.{part}: there is no such record"
            continue
        for value, line in lines.items():
            yield from _of_state(f"{side}.states.{part}.{value}", part, line)


def _of_columns(
    where: str, columns: Mapping[str, str], known: Mapping[str, str], needed: frozenset[str]
) -> Iterator[str]:
    for part, column in columns.items():
        if part not in known:
            yield f"{where}.{part}: there is no such part; there are {', '.join(known)}"
        elif not column and part in needed:
            yield f"{where}.{part}: the connector cannot do without it"
    yield from twice(where, {part: column for part, column in columns.items() if part in known})


def _of_state(where: str, part: str, line: StateLine) -> Iterator[str]:
    expected: Class = UNKNOWN
    if line.means in (UNSETTLED, UNKNOWN):
        pass
    elif fold(line.means) in LABELS[part]:
        expected = class_of(part, line.means)
    else:
        yield f"{where}: {line.means!r} is none of ServiceNow's words: {', '.join(LABELS[part])}, {UNKNOWN}"
        return
    if line.kind != expected:
        yield f"{where}: {line.means!r} is {expected}, not {line.kind}"
    if line.write and expected == UNKNOWN:
        yield f"{where}: what nobody knows the meaning of cannot be written"


ESSENTIAL = frozenset(
    {"number", "state", "order", "line", "domain_order", "order_task", "names", "mark", "active", "work_order"}
)
"""Parts whose column may not be empty: without them records cannot be told apart or put together."""
_ESSENTIAL_THERE: Mapping[str, frozenset[str]] = {
    "domain_order": frozenset({"kind", "specification", "action"}),
    "work_order": frozenset({"template"}),
}


def essential(kind: str) -> frozenset[str]:
    """The parts of a kind of record whose column may not be empty: nor would policies decide, or visits be made as they say."""
    return ESSENTIAL | _ESSENTIAL_THERE.get(kind, frozenset())


OM_NAMES, FSM_NAMES = om_names(OmSchema(), FalloutSchema(), CatalogSchema()), fsm_names(FsmSchema())
"""As ServiceNow calls everything; other names were said by a person."""


def read_profile(path: Path) -> Profile:
    """A profile, checked. Raises ConfigError with everything that is wrong with it."""
    try:
        return Profile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(
            f"The profile {path} cannot be read: {error.strerror}.", hint="`om-fsm discover` writes it."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The profile {path} is not valid TOML: {error}.", hint=_HINT) from error
    except ValidationError as error:
        problems = tuple(line for one in error.errors(include_url=False) for line in _lines(one))
        raise ConfigError(f"The profile {path} cannot be used.", problems, hint=_HINT) from error


_HINT = "Correct it, or let `om-fsm discover --accept` write it anew; nothing was done."


def _lines(error: Any) -> Iterator[str]:
    where = ".".join(str(part) for part in error["loc"])
    for what in error["msg"].removeprefix("Value error, ").splitlines():
        yield f"{where}: {what}" if where else what


def as_settings(profile: Profile) -> dict[str, Any]:
    """What a profile says, as a configuration would say it; states apart."""

    def side(said: Side, kinds: tuple[str, ...], tables: Mapping[str, str]) -> dict[str, Any]:
        comments = {} if said.comments is None else {"comments": said.comments}
        return {
            "tables": _of(said.tables, tables),
            "columns": _of(said.columns, kinds),
            "notes": said.notes,
            **comments,
        }

    references = {
        column: {"table": one.table, "by": _keys(column, one), "shown_as": one.by}
        for column, one in _references(profile.fsm).items()
    }
    fsm = side(profile.fsm, FSM_KINDS, FsmSchema().tables) | ({"references": references} if references else {})
    fsm |= {"values": profile.fsm.values} if profile.fsm.values else {}
    om = {**side(profile.om, OM_KINDS, OmSchema().tables), "catalog": _catalog(profile.om)}
    return {"om": om, "fsm": fsm, "fallout": _fallouts(profile.om)}


def _references(said: FsmSide) -> dict[str, Lookup]:
    """How records are looked up, by what the columns are called there: a reference that is called otherwise remains one."""
    if not said.references:
        return {}
    called = {column: name for column, name in said.fields.items() if name not in (column, "", UNSETTLED)}
    left = {
        column: Lookup(table=one.table, by=one.shown_as, keys=one.written)
        for column, one in DEFAULT_REFERENCES.items()
        if column in called and called[column] not in said.references
    }
    # What is said under the name ServiceNow has for it was said by a person.
    by_default = {called[column]: one for column, one in {**left, **said.references}.items() if column in called}
    return {**{column: one for column, one in said.references.items() if column not in called}, **by_default}


def _of(said: Mapping[str, Any], parts: Collection[str]) -> dict[str, Any]:
    return {part: what for part, what in said.items() if part in parts}


def _fallouts(said: Side) -> dict[str, Any]:
    """What is said of fallouts, which have a section of their own in the configuration."""
    tables = {table: said.tables[part] for table, part in _OF_FALLOUTS.items() if part in said.tables}
    types = {f"type_{part}": column for part, column in said.columns.get("fallout_type", {}).items()}
    return {"tables": tables, "columns": {**said.columns.get("fallout", {}), **types}}


def _catalog(said: Side) -> dict[str, Any]:
    """What is said of the names a policy may speak of."""
    tables = [said.tables.get(part, OM_NAMES.tables[part]) for part in SPECIFICATIONS]
    specifications = {"specifications": tables} if said.tables.keys() & SPECIFICATIONS else {}
    request_types = {"request_types": said.tables["request_type"]} if "request_type" in said.tables else {}
    return {**specifications, **request_types, **said.columns.get("catalog", {})}


def _keys(column: str, found: Lookup) -> tuple[str, ...]:
    """By what a record is known; where the profile is from before it said so: by what it is by default, if that is the same."""
    if found.keys:
        return found.keys
    default = DEFAULT_REFERENCES.get(column)
    if default and (default.table, default.shown_as) == (found.table, found.by):
        return default.written
    return (found.by,)


def renamed(fields: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Fields of a work order under the names their columns have there; without those that have no column, or none yet."""
    return {name: text for column, text in fields.items() if (name := names.get(column, column)) not in ("", UNSETTLED)}
