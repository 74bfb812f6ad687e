"""Users, their roles and what access entries grant them. It decides; it never answers a request.

An entry of the profile grants operations on tables (and their descendants) to roles; `fields`, `except`, `where` (an encoded
query), `states` (by role), `parent_states` (of the record in `parent`) and `switch` narrow it. Rights add up: what any entry
grants is granted. A role may contain others; admin may do everything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from connector.sandbox.formats import Formats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from connector.sandbox.schema import Column, Schema, Table

ADMIN = "admin"
ANYONE = "*"


@dataclass(frozen=True)
class User:
    login: str
    name: str
    sys_id: str
    password: str
    roles: frozenset[str]
    zone: ZoneInfo
    web_service_only: bool = False
    api_key: str = ""
    hmac_key_id: str = field(default="", compare=False)
    hmac_secret: str = field(default="", compare=False)
    mfa_secret: str = field(default="", compare=False)  # base32; empty: no second factor
    needs_reset: bool = field(default=False, compare=False)  # the password must be changed before it opens anything
    active: bool = field(default=True, compare=False)
    locked_out: bool = field(default=False, compare=False)
    domain: str = "global"
    date_format: str = ""
    time_format: str = ""
    locale: str = "en.US"

    @property
    def formats(self) -> Formats:
        return Formats(self.zone, self.date_format, self.time_format, self.locale)

    @property
    def is_admin(self) -> bool:
        return ADMIN in self.roles

    @property
    def may_enter(self) -> bool:
        return self.active and not self.locked_out

    def knows(self, password: str) -> bool:
        """Whether it is this user's password; a user without a usable one knows none."""
        return bool(self.password) and password == self.password


@dataclass(frozen=True)
class Grant:
    tables: frozenset[str]
    operations: frozenset[str]
    roles: frozenset[str]
    fields: frozenset[str] = frozenset()  # empty: all but `excepted`
    excepted: frozenset[str] = frozenset()
    where: str = ""
    switch: str = ""  # counts only while this switch is on

    def covers(self, key: str) -> bool:
        return key not in self.excepted and (not self.fields or key in self.fields)


@dataclass(frozen=True)
class Rights:
    """What one user may do to one table in one operation."""

    grants: tuple[Grant, ...]
    unlimited: bool = False

    @property
    def any(self) -> bool:
        return self.unlimited or bool(self.grants)

    @property
    def whole_table(self) -> bool:
        """No row is excluded."""
        return self.unlimited or any(not grant.where for grant in self.grants)

    def covers(self, column: Column) -> bool:
        return self.unlimited or any(grant.covers(column.key) for grant in self.grants)


@dataclass
class Access:
    """All grants of an instance. Query rights (query_match, query_range) count only for tables that have some."""

    grants: list[Grant] = field(default_factory=list)
    switches: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rights = lru_cache(maxsize=4096)(self._rights)

    def readable(self, user: User, table: Table, column: Column) -> bool:
        """Whether the column may be read on the table or on some descendant, as a reference to the table may lead there."""
        if self.rights(user, table, "read").covers(column):
            return True
        return any(self.readable(user, child, column) for child in table.children)

    def may_query(self, user: User, table: Table, column: Column, *, ranged: bool) -> bool:
        """Whether a query of this user may use the column: readable, and within the table's query rights if it has any."""
        operation = "query_range" if ranged else "query_match"
        if not self.readable(user, table, column):
            return False
        names = {ancestor.name for ancestor in table.chain}
        guarded = any(operation in grant.operations and names & grant.tables for grant in self.grants)
        return not guarded or self.rights(user, table, operation).covers(column)

    def _rights(self, user: User, table: Table, operation: str) -> Rights:
        if user.is_admin:
            return Rights((), unlimited=True)
        names = {ancestor.name for ancestor in table.chain}
        return Rights(
            tuple(
                grant
                for grant in self.grants
                if operation in grant.operations
                and names & grant.tables
                and (not grant.switch or self.switches.get(grant.switch))
                and (ANYONE in grant.roles or user.roles & grant.roles)
            )
        )


def with_contained(roles: Iterable[str], contains: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """These roles and all they contain, directly or not. Pure."""
    found: set[str] = set()
    waiting = list(roles)
    while waiting:
        role = waiting.pop()
        if role not in found:
            found.add(role)
            waiting.extend(contains.get(role, ()))
    return frozenset(found)


def read_grants(entries: list[dict[str, Any]], schema: Schema) -> list[Grant]:
    return [
        Grant(
            tables=frozenset(tables),
            operations=frozenset(entry["operations"]),
            roles=frozenset(entry["roles"]),
            fields=frozenset(entry.get("fields", ())),
            excepted=frozenset(entry.get("except", ())),
            where=where,
            switch=entry.get("switch", ""),
        )
        for entry in entries
        for tables, where in _narrowed(entry, schema)
    ]


def _narrowed(entry: dict[str, Any], schema: Schema) -> list[tuple[list[str], str]]:
    """Tables and condition; one by one where states narrow the rows, as each table stores other values for them."""
    where = entry.get("where", "")
    if "states" not in entry and "parent_states" not in entry:
        return [(entry["tables"], where)]
    narrowed = []
    for name in entry["tables"]:
        table = schema.table(name)
        parent = table.columns.get("parent")
        terms = [where, _in_states(table, entry.get("states", ()))]
        if parent is not None:
            terms.append(_in_states(schema.table(parent.reference), entry.get("parent_states", ()), f"{parent.name}."))
        narrowed.append(([name], "^".join(filter(None, terms))))
    return narrowed


def _in_states(table: Table, roles: Sequence[str], walk: str = "") -> str:
    """The term for records in one of these states; empty where none are named."""
    column = table.columns["state"]
    values = ",".join(choice.value for choice in column.choices if choice.role in roles)
    return f"{walk}{column.name}IN{values}" if roles else ""
