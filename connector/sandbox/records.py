"""The one write path of an instance: every insert, update and delete, by whomever, passes here.

Fills defaults, numbers and audit columns, runs the business rules around the write, keeps journals, and tells listeners after
the commit. Who may write, and what a wire value means, was decided before (people.py, values.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from connector.sandbox.schema import JOURNALS, Kind, Schema, Table
from connector.sandbox.store import DuplicateKey

if TYPE_CHECKING:
    from connector.sandbox.clock import Clock
    from connector.sandbox.people import User
    from connector.sandbox.store import Row, Store

MAX_DEPTH = 12


class Refusal(Exception):
    """Raised inside a business rule: abort the write for this reason."""


class Mandatory(Refusal):
    """Raised inside a data policy: these columns (their labels) must not be empty."""

    def __init__(self, labels: list[str]) -> None:
        super().__init__(f"Data Policy Exception: The following fields are mandatory: {', '.join(labels)}")


class Aborted(Exception):
    """The write was refused and nothing of it remains; `detail` is what the platform tells a REST client."""

    def __init__(self, rule: str, table: str, rule_id: str, refusal: Refusal) -> None:
        self.reason = str(refusal)
        super().__init__(self.reason)
        self.detail = (
            self.reason
            if isinstance(refusal, Mandatory)
            else f"Operation against file '{table}' was aborted by Business Rule '{rule}^{rule_id}'. "
            f"Business Rule Stack:{rule}"
        )


@dataclass
class Change:
    """One write in progress. Rules read `before` (empty on insert) and change `after` until the record is stored."""

    table: Table
    sys_id: str
    operation: str  # insert | update | delete
    before: Row
    after: Row
    actor: User
    depth: int
    notes: dict[str, str] = field(default_factory=dict)  # journal column -> new entry

    def changed(self, key: str) -> bool:
        return self.before.get(key, "") != self.after.get(key, "")

    def filled(self, key: str) -> bool:
        """The column has a value now and had another, or none, before."""
        return self.changed(key) and bool(self.after.get(key))

    def was(self, key: str = "state") -> str:
        return self.table.role_of(key, self.before.get(key, "")) if self.before else ""

    def now(self, key: str = "state") -> str:
        return self.table.role_of(key, self.after.get(key, ""))

    def became(self, *roles: str) -> bool:
        return self.changed("state") and self.now() in roles

    def move(self, role: str) -> None:
        self.after["state"] = self.table.value_of("state", role)

    def fill(self, key: str, value: str) -> None:
        """Give a column a value if the table has it and it is still empty."""
        if key in self.table.columns and not self.after.get(key):
            self.after[key] = value


@dataclass(frozen=True)
class Rule:
    """A business rule: `when` is before or after; it also runs for descendants of its table."""

    name: str
    table: str
    when: str
    run: Callable[[Scene, Change], None]


class Scene(Protocol):
    """What a rule may reach: the instance it runs on."""

    schema: Schema
    store: Store
    records: Records
    clock: Clock
    switches: dict[str, Any]
    catalog: dict[str, Any]
    shelf: dict[str, Any]
    system: User

    def later(self, seconds: float, work: Callable[[], None]) -> None: ...


@dataclass(frozen=True)
class _Committed:
    """One stored write, to be told when everything around it is committed."""

    table: Table
    sys_id: str
    operation: str
    mod_count: str
    before: Row
    told: bool = True  # the customer's rules on insert and update hear of it; replicas always do


@dataclass(frozen=True, eq=False)
class _Veiled:
    """What a long transaction has written and nobody else sees yet."""

    pending: tuple[_Committed, ...]
    rows: dict[str, tuple[Table, Row | None]]  # by sys_id, as they will be


Listener = Callable[[Table, str, str, str], None]  # class, sys_id, operation, sys_mod_count


class Records:
    def __init__(self, scene: Scene, rules: Sequence[Rule], ids: Random) -> None:
        self._scene = scene
        self._store = scene.store
        self._schema = scene.schema
        self._ids = ids
        self._counters: dict[str, int] = defaultdict(lambda: 10000)
        self._rules: dict[tuple[str, str], list[Rule]] = defaultdict(list)
        self._pending: list[_Committed] = []
        self._depth = 0
        self._together = False
        self.auto_sys_fields = True  # writes move sys_updated_on, sys_updated_by and sys_mod_count
        self.workflow = True  # writes run business rules, are audited, and are told to others
        self.commit_lag = 0.0  # seconds until what is written now becomes visible
        self._veiled: list[_Veiled] = []
        self._waited_for: list[_Veiled] = []  # whose end this transaction has waited for
        self.listeners: list[Listener] = []
        self.followers: list[Listener] = []  # they hear of every write
        for rule in rules:
            if rule.table in self._schema.tables:
                for name in self._schema.table(rule.table).family:
                    self._rules[name, rule.when].append(rule)

    def new_id(self) -> str:
        return f"{self._ids.getrandbits(128):032x}"

    # --- writing --------------------------------------------------------------------------------------------------

    def insert(self, table_name: str, values: Row, actor: User) -> Row:
        """The stored record. Raises DuplicateKey and Aborted."""
        table = self._schema.table(table_name)
        with self._transaction() as depth:
            change = self._new(table, values, actor, depth)
            self._run("before", change)
            self._wait_for(change.sys_id)
            self._keep_unique(change)
            self._store.insert(table, change.after)
            self._keep_notes(change)
            self._announce(change)
            self._run("after", change)
            return self.read(table, change.sys_id) or change.after

    def update(self, table_name: str, sys_id: str, values: Row, actor: User) -> Row:
        """The stored record; what does not differ is not written. Raises DuplicateKey, Aborted and KeyError."""
        with self._transaction() as depth:
            before = self._locked(self._schema.table(table_name), sys_id)
            if before is None:
                raise KeyError(sys_id)
            table = self._schema.table(before["sys_class_name"])
            change = Change(table, before["sys_id"], "update", before, dict(before), actor, depth)
            self._apply(change, values)
            if self._differs(change):
                self._run("before", change)
            if self._differs(change):
                self._keep_unique(change)
                self._store_update(change)
                self._audit(change)
                self._keep_notes(change)
                self._announce(change)
                self._run("after", change)
            return self.read(table, change.sys_id) or change.after

    def delete(self, table_name: str, sys_id: str, actor: User) -> None:
        with self._transaction() as depth:
            before = self._locked(self._schema.table(table_name), sys_id)
            if before is None:
                raise KeyError(sys_id)
            table = self._schema.table(before["sys_class_name"])
            change = Change(table, before["sys_id"], "delete", before, {}, actor, depth)
            self._run("before", change)
            self._store.delete(table, change.sys_id)
            self._pending.append(
                _Committed(table, change.sys_id, "delete", before["sys_mod_count"], before, told=False)
            )
            if self.workflow and "sys_audit_delete" in self._schema.tables:
                display = before.get(table.display, "")
                trace = {"tablename": table.name, "documentkey": change.sys_id, "display_value": display}
                self.insert("sys_audit_delete", trace, actor)
            self._run("after", change)

    def put_as_is(self, table_name: str, values: Row) -> Row:
        """Insert or replace a record with the stamps it brings; no rule runs. What it does not say stays, or is the default."""
        table = self._schema.table(table_name)
        self._wait_for(values["sys_id"])
        before = self._store.get(table, values["sys_id"])
        usual = before or {key: column.default for key, column in table.columns.items()}
        with self.background(auto_sys_fields=False, workflow=False), self._transaction():
            row = {"sys_class_name": table.name, "sys_mod_count": "0", **usual, **values}
            row["sys_class_name"] = row["sys_class_name"] or table.name
            self._store.put(
                table, {key: value for key, value in row.items() if table.columns[key].kind is not Kind.JOURNAL}
            )
            self._pending.append(
                _Committed(table, row["sys_id"], "update", row["sys_mod_count"], before or {}, told=False)
            )
        return self._store.get(table, values["sys_id"]) or row

    @contextmanager
    def background(self, *, auto_sys_fields: bool, workflow: bool) -> Iterator[None]:
        """What is written meanwhile moves no stamp, or runs no rule and is told to nobody, as a background script may have it."""
        before = self.auto_sys_fields, self.workflow
        self.auto_sys_fields, self.workflow = auto_sys_fields, workflow
        try:
            yield
        finally:
            self.auto_sys_fields, self.workflow = before

    def touch(self, table: Table, sys_id: str, actor: User) -> None:
        """An update that changes nothing but the audit columns, as platform jobs make them."""
        row = self._locked(table, sys_id)
        if row is not None:
            own = self._schema.table(row["sys_class_name"])
            change = Change(own, row["sys_id"], "update", row, dict(row), actor, 0)
            self._store_update(change)
            self._announce(change)
            self._tell()

    def read(self, table: Table, sys_id: str) -> Row | None:
        return self._store.get(table, sys_id)

    def find(self, table_name: str, /, **equal: str) -> list[Row]:
        return self._store.find(table_name, **equal)

    def seed_number(self, prefix: str, number: str) -> None:
        """Numbers already used by demo data are not given again."""
        digits = number.removeprefix(prefix)
        if digits.isdigit():
            self._counters[prefix] = max(self._counters[prefix], int(digits))

    # --- parts ----------------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[int]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._depth -= 1
            raise RecursionError("business rules call each other without end")
        try:
            with self._store.transaction():
                yield self._depth - 1
        except BaseException:
            if self._depth == 1:
                self._forget_pending()
            raise
        finally:
            self._depth -= 1
        self._tell()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Several writes that all happen or none; listeners hear of them at the end."""
        self._together = True
        try:
            with self._store.transaction():
                yield
        except BaseException:
            self._together = False
            self._forget_pending()
            raise
        finally:
            self._together = False
        self._tell()

    def _forget_pending(self) -> None:
        """What was written is taken back; what others had committed meanwhile is not."""
        self._pending.clear()
        for veiled in self._waited_for:
            self._store_veiled(veiled)
        if not self._together:
            self._waited_for.clear()

    def _tell(self) -> None:
        if self._depth or self._together:
            return
        pending, self._pending = self._pending, []
        self._waited_for.clear()
        if self.commit_lag > 0:
            self._veil(pending)
            return
        self._tell_of(pending)

    def _tell_of(self, pending: Iterable[_Committed]) -> None:
        for done in pending:
            for listener in (*self.followers, *(self.listeners if done.told else ())):
                listener(done.table, done.sys_id, done.operation, done.mod_count)

    def _veil(self, pending: list[_Committed]) -> None:
        """Take back what was written, and bring it, with the stamps it has now, when the lag is over."""
        rows = {done.sys_id: (done.table, self._store.get(done.table, done.sys_id)) for done in pending}
        for done in reversed(pending):
            if done.before:
                self._store.put(done.table, done.before)
            else:
                self._store.delete(done.table, done.sys_id)
        veiled = _Veiled(tuple(pending), rows)
        self._veiled.append(veiled)

        def appear() -> None:
            if veiled in self._veiled:
                self._end(veiled)

        self._scene.later(self.commit_lag, appear)

    def _end(self, veiled: _Veiled) -> None:
        """The long transaction is committed."""
        self._veiled.remove(veiled)
        self._store_veiled(veiled)
        self._tell_of(veiled.pending)

    def _store_veiled(self, veiled: _Veiled) -> None:
        for table, row in veiled.rows.values():
            if row is not None:
                self._store.put(table, row)
        for done in veiled.pending:
            if done.operation == "delete":
                self._store.delete(done.table, done.sys_id)

    def _wait_for(self, sys_id: str) -> None:
        """Whoever writes a record that a long transaction has written, or inserts one with its key, waits for that
        transaction's end, as a database makes it wait: so it ends now."""
        for veiled in [each for each in self._veiled if sys_id in each.rows]:
            self._end(veiled)
            self._waited_for.append(veiled)

    def _locked(self, table: Table, sys_id: str) -> Row | None:
        """The record as it is when nobody else writes it any more. What nobody can see yet is not found."""
        row = self._store.get(table, sys_id)
        if row is None:
            return None
        self._wait_for(row["sys_id"])
        return self._store.get(table, row["sys_id"])

    def _new(self, table: Table, values: Row, actor: User, depth: int) -> Change:
        stamp = self._scene.clock.stamp()
        row = {key: column.default for key, column in table.columns.items()}
        change = Change(table, values.get("sys_id") or self.new_id(), "insert", {}, row, actor, depth)
        self._apply(change, values)
        row.update(
            sys_id=change.sys_id, sys_class_name=table.name, sys_created_on=stamp, sys_created_by=actor.login,
            sys_updated_on=stamp, sys_updated_by=actor.login, sys_mod_count="0",
        )  # fmt: skip
        if "number" in table.columns and table.prefix and not row.get("number"):
            self._counters[table.prefix] += 1
            row["number"] = f"{table.prefix}{self._counters[table.prefix]:07d}"
        change.fill("opened_at", stamp)
        change.fill("opened_by", actor.sys_id)
        change.fill("sys_domain", "global")
        return change

    def _apply(self, change: Change, values: Row) -> None:
        for key, value in values.items():
            column = change.table.columns.get(key)
            if column is None:
                continue
            if column.kind in JOURNALS:
                if value and column.kind is not Kind.JOURNAL_LIST:
                    change.notes[key] = value
            else:
                change.after[key] = value

    @staticmethod
    def _differs(change: Change) -> bool:
        return bool(change.notes) or change.before != change.after

    def _store_update(self, change: Change) -> None:
        if self.auto_sys_fields:
            change.after["sys_mod_count"] = str(int(change.before["sys_mod_count"] or 0) + 1)
            change.after["sys_updated_on"] = self._scene.clock.stamp()
            change.after["sys_updated_by"] = change.actor.login
        differing = {key: value for key, value in change.after.items() if change.before.get(key) != value}
        self._store.update(change.table, change.sys_id, differing)

    def _keep_notes(self, change: Change) -> None:
        for element, text in change.notes.items():
            entry = {"name": change.table.name, "element": element, "element_id": change.sys_id, "value": text}
            self.insert("sys_journal_field", entry, change.actor)

    def _keep_unique(self, change: Change) -> None:
        """A customer's unique indexes, written `table.column`; empty values may repeat."""
        for index in self._scene.switches.get("unique_columns", ()):
            table, _, key = index.partition(".")
            value = change.after.get(key, "")
            if not value or not change.changed(key) or change.table.name not in self._schema.table(table).family:
                continue
            family = self._schema.table(table).family
            for veiled in list(self._veiled):
                for sys_id, (there, row) in veiled.rows.items():
                    if row is not None and there.name in family and row.get(key) == value:
                        self._wait_for(sys_id)
            if self._store.find(table, **{key: value}):
                raise DuplicateKey(value, key)

    def _audit(self, change: Change) -> None:
        """One sys_audit row per changed column that is audited here; inserts are not audited."""
        audited = self._scene.switches.get("audited_columns", ())
        if not audited or not self.workflow or "sys_audit" not in self._schema.tables:
            return
        for key, column in change.table.columns.items():
            if change.changed(key) and not key.startswith("sys_") and (key in audited or "*" in audited):
                trace = {
                    "tablename": change.table.name, "documentkey": change.sys_id, "fieldname": column.name,
                    "oldvalue": change.before.get(key, ""), "newvalue": change.after.get(key, ""),
                    "user": change.actor.login, "record_checkpoint": change.after["sys_mod_count"],
                }  # fmt: skip
                self.insert("sys_audit", trace, change.actor)

    def _announce(self, change: Change) -> None:
        self._pending.append(
            _Committed(
                change.table,
                change.sys_id,
                change.operation,
                change.after["sys_mod_count"],
                change.before,
                self.workflow,
            )
        )

    def _run(self, when: str, change: Change) -> None:
        for rule in self._rules.get((change.table.name, when), ()) if self.workflow else ():
            try:
                rule.run(self._scene, change)
            except Refusal as refusal:
                raise Aborted(rule.name, change.table.name, self._rule_id(rule), refusal) from refusal

    @staticmethod
    def _rule_id(rule: Rule) -> str:
        return f"{Random(rule.name).getrandbits(128):032x}"  # noqa: S311
