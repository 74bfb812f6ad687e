"""Tables, columns and choices of one instance, built from its profile; no data and no behavior.

A column has a `key`, the name by which rules and demo data know it, and a `name`, the one on the wire. They differ only in a
profile that renames columns. A choice has a `role` in the same sense: rules say "closed_complete", the profile says which
value is stored for it and which label is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connector.sandbox.profile import InstanceProfile, ProfileError, Tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.views import View


class Kind(StrEnum):
    """The column types that are told apart; values are the platform's own type names."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    REFERENCE = "reference"
    DATE_TIME = "glide_date_time"
    DURATION = "glide_duration"
    JOURNAL = "journal_input"
    JOURNAL_FIELD = "journal"
    JOURNAL_LIST = "journal_list"  # shows the entries of the other journals of its record
    PASSWORD = "password"  # noqa: S105
    DOMAIN = "domain_id"
    GUID = "GUID"
    CLASS_NAME = "sys_class_name"
    DUE_DATE = "due_date"
    CURRENCY = "currency"


JOURNALS = frozenset({Kind.JOURNAL, Kind.JOURNAL_FIELD, Kind.JOURNAL_LIST})
ALIASES = {"domain": Kind.DOMAIN, "guid": Kind.GUID}
DEFAULT_LENGTHS = {
    Kind.STRING: 40, Kind.REFERENCE: 32, Kind.GUID: 32, Kind.CLASS_NAME: 80, Kind.JOURNAL: 4000,
    Kind.PASSWORD: 255, Kind.DOMAIN: 32,
}  # fmt: skip
LABELED = re.compile(
    r"^(?P<type>[a-zA-Z_]+)(:(?P<argument>\w+))?(\s*=\s*(?P<default>[^|]*?))?(\s*\|\s*(?P<label>.+))?$"
)


def kind_of(name: str) -> Kind | None:
    """The kind of column a profile calls that, or None."""
    return ALIASES.get(name) or Kind._value2member_map_.get(name)  # type: ignore[return-value]


@dataclass(frozen=True)
class Choice:
    role: str
    value: str
    label: str


@dataclass(frozen=True)
class Column:
    key: str
    name: str
    kind: Kind
    label: str
    reference: str = ""
    max_length: int = 40
    default: str = ""
    choices: tuple[Choice, ...] = ()
    choice_table: str = ""  # the class in the tree whose sys_choice rows apply

    @cached_property
    def label_of(self) -> dict[str, str]:
        return {choice.value: choice.label for choice in self.choices}


@dataclass(eq=False)
class Table:
    name: str
    label: str
    parent: Table | None
    display: str
    prefix: str
    columns: dict[str, Column] = field(default_factory=dict)  # by key, inherited ones included
    children: list[Table] = field(default_factory=list)
    without: frozenset[str] = frozenset()  # audit columns that cannot be reached from outside
    view: View | None = None  # of other tables: it has no records of its own

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Columns by wire name; the class name is a column only where there is a class tree."""
        alone = self.parent is None and not self.children
        shown = (c for key, c in self.columns.items() if key not in self.without)
        return {c.name: c for c in shown if not (alone and c.kind is Kind.CLASS_NAME)}

    @cached_property
    def chain(self) -> tuple[Table, ...]:
        """This table and its ancestors, nearest first."""
        return (self, *(self.parent.chain if self.parent else ()))

    @property
    def root(self) -> Table:
        return self.chain[-1]

    @cached_property
    def family(self) -> tuple[str, ...]:
        """Names of this table and all its descendants."""
        return (self.name, *(name for child in self.children for name in child.family))

    def value_of(self, key: str, role: str) -> str:
        """The stored value of the choice that plays `role`; a profile without that choice has no such state."""
        for choice in self.columns[key].choices:
            if choice.role == role:
                return choice.value
        raise ProfileError(f"{self.name}.{key} has no choice for the role {role!r}")

    def role_of(self, key: str, value: str) -> str:
        """The role of a stored value, or the empty string for a value no choice explains."""
        return next((c.role for c in self.columns[key].choices if c.value == value), "")


SYSTEM_COLUMNS = (
    ("sys_id", Kind.GUID, "Sys ID"),
    ("sys_class_name", Kind.CLASS_NAME, "Class"),
    ("sys_created_on", Kind.DATE_TIME, "Created"),
    ("sys_created_by", Kind.STRING, "Created by"),
    ("sys_updated_on", Kind.DATE_TIME, "Updated"),
    ("sys_updated_by", Kind.STRING, "Updated by"),
    ("sys_mod_count", Kind.INTEGER, "Updates"),
)


class Schema:
    """The class tree of one instance."""

    def __init__(self, profile: InstanceProfile) -> None:
        self._raw = profile.tables
        self._rename = profile.rename
        self.tables: dict[str, Table] = {}
        for name in profile.tables:
            self._build(name)

    def table(self, name: str) -> Table:
        return self.tables[name]

    def families(self) -> Iterable[Table]:
        return (table for table in self.tables.values() if table.parent is None)

    def members(self, table: Table) -> list[Table]:
        return [self.tables[name] for name in table.family]

    def _build(self, name: str) -> Table:
        if name in self.tables:
            return self.tables[name]
        if name not in self._raw:
            raise ProfileError(f"the profile has no table {name!r}, but another one extends it")
        raw = self._raw[name]
        parent = self._build(raw["extends"]) if "extends" in raw else None
        inherited = parent.columns if parent else _system_columns()
        table = Table(
            name=name,
            label=raw["label"],
            parent=parent,
            display=raw.get("display", parent.display if parent else "sys_id"),
            prefix=raw.get("number", {}).get("prefix", parent.prefix if parent else ""),
            columns=dict(inherited),
            without=frozenset(raw.get("without", ())) | (parent.without if parent else frozenset()),
        )
        for key, spec in raw.get("columns", {}).items():
            table.columns[key] = self._column(name, key, spec, table.columns.get(key))
        for key, choices in raw.get("choices", {}).items():
            table.columns[key] = _with_choices(table.columns[key], name, choices)
        if "view" in raw:
            table.view = self._view(raw["view"])
            table.columns = table.view.columns()
        if parent:
            parent.children.append(table)
        self.tables[name] = table
        return table

    def _view(self, raw: Tree) -> View:
        from connector.sandbox.views import View

        return View({prefix: self._build(name) for prefix, name in raw["tables"].items()}, raw["where"])

    def _column(self, table: str, key: str, spec: str, inherited: Column | None) -> Column:
        match = LABELED.match(spec)
        if match is None:
            raise ProfileError(f"{table}.{key}: {spec!r} is not 'type[:argument] [= default] [| Label]'")
        kind = kind_of(match["type"])
        if kind is None:
            raise ProfileError(f"{table}.{key}: {match['type']!r} is no type of a column")
        argument = match["argument"] or ""
        length = int(argument) if argument.isdigit() else DEFAULT_LENGTHS.get(kind, 40)
        return Column(
            key=key,
            name=self._rename.get(f"{table}.{key}", inherited.name if inherited else key),
            kind=kind,
            label=match["label"] or (inherited.label if inherited else _label(key)),
            reference=argument if kind is Kind.REFERENCE else "",
            max_length=length,
            default=(match["default"] or "").strip(),
            choices=inherited.choices if inherited else (),
            choice_table=inherited.choice_table if inherited else "",
        )


def _system_columns() -> dict[str, Column]:
    return {
        key: Column(key=key, name=key, kind=kind, label=label, max_length=DEFAULT_LENGTHS.get(kind, 40))
        for key, kind, label in SYSTEM_COLUMNS
    }


def _with_choices(column: Column, table: str, raw: Tree) -> Column:
    choices = tuple(Choice(role, str(entry[0]), str(entry[1])) for role, entry in raw.items())
    fields: dict[str, Any] = {name: getattr(column, name) for name in Column.__dataclass_fields__}
    return Column(**{**fields, "choices": choices, "choice_table": table})


def _label(key: str) -> str:
    return key.replace("_", " ").capitalize()
