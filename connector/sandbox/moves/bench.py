"""What every move needs: who acts, finding the records named, saving a form or pressing a button.

No single move lives here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.sandbox.people import Grant, Rights
from connector.sandbox.query import parse
from connector.sandbox.records import Aborted
from connector.sandbox.sql import compile_query
from connector.sandbox.values import accept

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.instance import Instance
    from connector.sandbox.people import User
    from connector.sandbox.store import Row

Arguments = dict[str, Any]


class Refused(Exception):
    """The platform does not let this person do this now; the message is a sentence for that person."""


@dataclass(frozen=True)
class Move:
    name: str
    side: str  # om | fsm | both
    persona: str
    run: Callable[[Bench, Arguments], dict[str, Any]]


@dataclass
class Bench:
    instance: Instance
    actor: User

    # --- finding --------------------------------------------------------------------------------------------------

    def record(self, table_name: str, named: object) -> Row:
        """The record of this table (or a descendant) with that sys_id, number or display name."""
        text = str(named or "")
        table = self.instance.schema.tables.get(table_name)
        if table is None:
            raise Refused(f"{self.instance.name} has no table {table_name}")
        found = self.instance.store.get(table, text) if text else None
        for key in ("number", "name", "user_name", table.display):
            if found is None and text and key in table.columns:
                found = next(iter(self.instance.store.find(table_name, **{key: text})), None)
        if found is None:
            raise Refused(f"there is no {table.label.lower()} {text!r} on {self.instance.name}")
        return found

    def argument(self, arguments: Arguments, name: str) -> Any:
        if arguments.get(name) in (None, ""):
            raise Refused(f"the move needs {name!r}")
        return arguments[name]

    def role(self, row: Row, key: str = "state") -> str:
        return self.instance.schema.table(row["sys_class_name"]).role_of(key, row[key])

    def label(self, row: Row, key: str = "state") -> str:
        column = self.instance.schema.table(row["sys_class_name"]).columns[key]
        return column.label_of.get(row[key], row[key])

    # --- writing --------------------------------------------------------------------------------------------------

    def demand(self, row: Row, roles: tuple[str, ...], to_do: str) -> None:
        if self.role(row) not in roles:
            raise Refused(f"{row['number']} is {self.label(row)}: {to_do} is not possible in this state")

    def demand_role(self, *roles: str) -> None:
        if not self.actor.is_admin and not self.actor.roles & set(roles):
            raise Refused(f"{self.actor.name} has none of the roles {', '.join(roles)}")

    def press(self, row: Row, **values: str) -> Row:
        """What a button's script writes: the business rules run, field rights do not apply."""
        try:
            return self.instance.records.update(row["sys_class_name"], row["sys_id"], values, self.actor)
        except Aborted as error:
            raise Refused(error.reason) from error
        except KeyError as error:  # somebody deleted it, and that was visible only once this write had waited for it
            if error.args != (row["sys_id"],):
                raise
            raise Refused(f"{row['number']} was deleted meanwhile") from error

    def erase(self, row: Row) -> None:
        try:
            self.instance.records.delete(row["sys_class_name"], row["sys_id"], self.actor)
        except Aborted as error:
            raise Refused(error.reason) from error

    def press_state(self, row: Row, role: str, **values: str) -> Row:
        table = self.instance.schema.table(row["sys_class_name"])
        return self.press(row, state=table.value_of("state", role), **values)

    def save(self, row: Row, values: Arguments) -> Row:
        """What saving a form writes: columns by wire name, only those this person may write."""
        table = self.instance.schema.table(row["sys_class_name"])
        return self.press(row, **self.accepted(table.name, values, "write", row))

    def create(self, table_name: str, values: Arguments) -> Row:
        stored = self.accepted(table_name, values, "create")
        try:
            return self.instance.records.insert(table_name, stored, self.actor)
        except Aborted as error:
            raise Refused(error.reason) from error

    def accepted(self, table_name: str, values: Arguments, operation: str, row: Row | None = None) -> Row:
        """Stored values of what is written on a form; for a record that exists, in the state it is in."""
        table = self.instance.schema.table(table_name)
        rights = self.instance.access.rights(self.actor, table, operation)
        if row is not None:
            rights = Rights(tuple(grant for grant in rights.grants if self._holds(grant, row)), rights.unlimited)
        stored: Row = {}
        for name, raw in values.items():
            column = table.by_name.get(name) or table.columns.get(name)
            if column is None:
                raise Refused(f"{table.label} has no field {name!r}")
            if not rights.covers(column):
                raise Refused(f"{self.actor.name} may not write {column.label!r} of a {table.label.lower()}")
            value = accept(self.instance, column, self._reference(column.reference, raw))
            if value is None:
                raise Refused(f"{raw!r} is no possible value of {column.label!r}")
            stored[column.key] = value
        return stored

    def _holds(self, grant: Grant, row: Row) -> bool:
        if not grant.where:
            return True
        instance = self.instance
        table = instance.schema.table(row["sys_class_name"])
        reader, switches = instance.reader(self.actor), instance.switches
        wanted = parse(f"sys_id={row['sys_id']}^{grant.where}")
        compiled = compile_query(wanted, table, schema=instance.schema, reader=reader, switches=switches)
        return bool(instance.store.count(table, compiled.selection))

    def _reference(self, table_name: str, raw: Any) -> Any:
        """On a form a reference is chosen by name."""
        return self.record(table_name, raw)["sys_id"] if table_name and raw else raw


def summary(row: Row) -> dict[str, Any]:
    """What a move answers about a record it touched."""
    kept = ("sys_id", "number", "state", "sys_class_name", "sys_mod_count")
    return {key: row[key] for key in kept if key in row}
