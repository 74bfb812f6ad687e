"""Order Management as the engine sees it: sets of orders read whole, and the two writes on domain orders."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from connector.errors import AbsurdAnswer, Rejected, RemoteError
from connector.exchange import NOTE, Changed, FeedId, LineNow, OrdersRead, Record, Sent, Sketch, Unreadable, Written
from connector.mapping.choices import agreed
from connector.mapping.facts import CARRIED_FACTS
from connector.mapping.marks import OWNER, number_in, tokens_in
from connector.mapping.states import DOMAIN_ORDER_LABELS, NOTHING_TOLD, ORDER_LABELS, StateMap, Told
from connector.model import (
    DomainOrder,
    DomainOrderClass,
    DomainOrderPhase,
    OrderLine,
    OrderPhase,
    OrderTask,
    Saved,
    Snapshot,
)
from connector.om.records import LineWire, domain_order_wire, line_wire, order_task_wire, order_wire
from connector.om.revisions import read_revisers
from connector.servicenow.calibrate import calibrate
from connector.servicenow.columns import require_columns
from connector.servicenow.feed import Feed
from connector.servicenow.identity import existing, identity_of
from connector.servicenow.journal import Journals
from connector.servicenow.lean import Part
from connector.servicenow.names import REFUSED
from connector.servicenow.people import People
from connector.servicenow.query import Op, Query
from connector.servicenow.schema import StateChoices
from connector.servicenow.wire import NOT_UNDERSTOOD, MissingColumn, Parts, count_of, why_not

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from pydantic import ValidationError

    from connector.exchange import SketchPage
    from connector.model import JournalEntry, Reads, ReopenDomainOrder
    from connector.om.fallouts import Fallouts
    from connector.om.schema import OmSchema
    from connector.servicenow.table import Row, TableApi

_CLASSES = {
    "product_order": DomainOrderClass.PRODUCT,
    "service_order": DomainOrderClass.SERVICE,
    "resource_order": DomainOrderClass.RESOURCE,
}
_SYS_ID = 32  # characters
_WRITTEN = frozenset({"line", "domain_order", "order_task", "case"})  # parts whose records the connector may write
_OVER = (OrderPhase.BEFORE_APPROVAL, OrderPhase.REJECTED, OrderPhase.CANCELED, OrderPhase.COMPLETED)


class OmStates:
    """The state maps of the OM tables on this instance. Domain order classes may each have their own choice list."""

    def __init__(
        self,
        said: StateChoices,
        schema: OmSchema,
        overrides: Mapping[str, Mapping[str, str]],
        told: Mapping[str, Told],
    ) -> None:
        tables = schema.tables
        nothing: Mapping[str, str] = {}

        def orders(part: str) -> StateMap[OrderPhase]:
            given, table = overrides.get("order", nothing), tables[part]
            return StateMap(table, said[table], ORDER_LABELS, OrderPhase.UNKNOWN, given, told.get(part, Told()))

        def tasks(part: str) -> StateMap[DomainOrderPhase]:
            kind = "order_task" if part == "order_task" else "domain_order"
            mine = told.get(part) or told.get(kind, Told())
            given, table = overrides.get(kind, nothing), tables[part]
            return StateMap(table, said[table], DOMAIN_ORDER_LABELS, DomainOrderPhase.UNKNOWN, given, mine)

        self.order = orders("order")
        self.line = orders("line")
        self._tasks = {tables[part]: tasks(part) for part in ("domain_order", *_CLASSES, "order_task")}
        self._base = tables["domain_order"]
        self.order_task = self._tasks[tables["order_task"]]

    def domain_order(self, class_name: str) -> StateMap[DomainOrderPhase]:
        """The map of one concrete class; the base class for one nobody configured."""
        return self._tasks.get(class_name, self._tasks[self._base])


def _untold(schema: OmSchema, told: Mapping[str, Told]) -> dict[str, str]:
    """Table -> column of the states that no profile tells."""
    known = {schema.tables[part] for part in told if part in schema.tables}
    if "domain_order" in told:
        known |= {schema.tables[part] for part in _CLASSES}
    return {table: column for table, column in schema.states.items() if table not in known}


class OmPort:
    """Fulfils `connector.engine.ports.OrderManagement` over the Table API."""

    def __init__(
        self,
        api: TableApi,
        schema: OmSchema,
        *,
        overrides: Mapping[str, Mapping[str, str]],
        reopen_to: str,
        told: Mapping[str, Told] = NOTHING_TOLD,
        known_by: Sequence[str] = (),
        me: str = "",
        fallouts: Fallouts | None = None,
    ) -> None:
        self._api = api
        self._people = People(api)
        self._journals = Journals(api, self._people, schema.notes, me, comments=schema.comments)
        self.fallouts = fallouts
        self._known_by = tuple(known_by)
        self._is_matched = False
        self._schema = schema
        self._choices = StateChoices(api, _untold(schema, told))
        self._states = OmStates(self._choices, schema, overrides, told)
        self._reopen_to = reopen_to
        self._facts: Mapping[str, Mapping[str, tuple[str, Reads]]] = {}
        self._kinds = {schema.tables[part]: kind for part, kind in _CLASSES.items()}
        self._watched = {
            schema.tables[part]: (Feed(schema.tables[part], (schema.leads_to(part),)), schema.leads_to(part))
            for part in ("order", "line", "characteristic", "domain_order", "order_task")
        }

    # --- what changed --------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self._api.endpoint.name

    @property
    def server_time(self) -> datetime:
        return self._api.server_time

    @cached_property
    def _priorities(self) -> StateChoices:
        """The lists of whatever has a priority, read when it is asked for what people call one."""
        return StateChoices(self._api, {table: column for table, column in self._prioritized().items() if column})

    def _prioritized(self) -> dict[str, str]:
        """The tables of what has a priority -> its column."""
        schema = self._schema
        return {
            schema.tables["domain_order"]: schema.domain_order["priority"],
            schema.tables["order_task"]: schema.order_task["priority"],
        }

    def priorities(self) -> Mapping[str, str]:
        try:
            return agreed(tuple(self._priorities.read().values()))
        except REFUSED:
            return {}

    def reach(self) -> None:
        tree = None
        if not self._is_matched:
            tree = require_columns(self._api, self._schema.needed)
            self._is_matched = True
        self._choices.learn(tree)

    def probe(self) -> None:
        self._api.probe(self._schema.tables["order"])

    def identity(self) -> Mapping[str, str]:
        return identity_of(self._api, self._schema.tables["order"], self._known_by)

    def existing(self, sys_ids: Iterable[str]) -> Mapping[str, int]:
        return existing(self._api, self._schema.tables["order"], sys_ids)

    def sent(self) -> tuple[Sent, ...]:
        return self._api.sent()

    def begin_gently(self) -> None:
        self._api.pace.begin_gently()

    @property
    def feeds(self) -> tuple[FeedId, ...]:
        return tuple(
            FeedId(name, feed.fingerprint(self._api.endpoint.url)) for name, (feed, _) in self._watched.items()
        )

    @property
    def cursors(self) -> tuple[Feed, ...]:
        """The questions that are asked at every poll."""
        return tuple(feed for feed, _ in self._watched.values())

    def changed(self, feed: FeedId, since: datetime | None) -> Iterator[Changed]:
        watched, leads_to = self._watched[feed.name]
        for row in watched.read(self._api, since):
            yield Changed(row["sys_id"], count_of(row["sys_mod_count"]), row["sys_updated_on"], row.get(leads_to))

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self._parts)

    @cached_property
    def _parts(self) -> Mapping[str, Part]:
        """What a sweep reads. Which orders are open is only known once the instance has said what its states are called."""
        schema = self._schema
        return {
            part: Part(schema.tables[part], self._of_open_orders(part), getattr(schema, part)["state"])
            for part in ("order", "line", "domain_order", "order_task")
        }

    def sketches(self, part: str, after: str, limit: int) -> SketchPage:
        return self._parts[part].read(self._api, after, limit)

    def points_to(self, part: str, sys_ids: Iterable[str]) -> Mapping[str, str]:
        if part == "order":
            return {sys_id: sys_id for sys_id in sys_ids}
        leads_to = self._schema.leads_to(part)
        rows = self._api.scan_in(self._schema.tables[part], "sys_id", sys_ids, [leads_to])
        return {row["sys_id"]: row.get(leads_to) for row in rows}

    def calibrate(self) -> bool:
        return calibrate(self._api, [feed for feed, _ in self._watched.values()])

    def open_orders(self) -> Iterator[str]:
        for row in self._api.scan(self._schema.tables["order"], self._of_open_orders("order"), [], display=False):
            yield row["sys_id"]

    def _of_open_orders(self, part: str) -> Query:
        """Records of orders that were approved and are not over."""
        over = self._states.order.values_in(*_OVER)
        state = self._schema.order["state"]
        path = state if part == "order" else f"{self._schema.leads_to(part)}.{state}"
        return Query().where(path, Op.NOT_IN, *over) if over else Query()

    def orders_of(self, initiators: Iterable[str]) -> Mapping[str, str]:
        """As ever, each under the spelling it was asked for: people type numbers in lower case, and with blanks about them."""
        wanted = set(initiators)
        schema = self._schema
        numbers = {"domain_order": schema.domain_order["number"], "order_task": schema.order_task["number"]}
        found: dict[str, str] = {}
        for part, number in numbers.items():
            leads_to = schema.leads_to(part)
            for column in ("sys_id", number):
                missing = spelled(wanted - set(found), numbers=column != "sys_id")
                asked = list(dict.fromkeys(one.strip() for some in missing.values() for one in some))
                for row in self._api.scan_in(schema.tables[part], column, asked, [number, leads_to]):
                    if row.get(leads_to):
                        found |= dict.fromkeys(missing.get(number_in(row[column]), ()), row[leads_to])
        return found

    # --- reading orders whole ------------------------------------------------------------------------------

    def read_orders(self, order_ids: Iterable[str]) -> OrdersRead:
        ids = list(dict.fromkeys(order_ids))
        rows = {part: self._rows_of(ids, part) for part in (*self._parts, "characteristic")}
        if (
            rows["line"] and not rows["characteristic"]
        ):  # perhaps there are none; what follows from that is worth a second look
            rows["characteristic"] = self._rows_of(ids, "characteristic")
        self._learn_who_saved(rows)
        assembly = _Assembly(self._schema, self._states, self._kinds, self._facts, self._saved)
        assembly.add_characteristics(rows["characteristic"])
        assembly.add_lines(rows["line"])
        assembly.add_domain_orders(rows["domain_order"])
        assembly.add_order_tasks(rows["order_task"])
        read = assembly.finish(rows["order"])
        is_open = {s.sys_id: isinstance(s, Snapshot) and s.order.state.phase not in _OVER for s in read.snapshots}
        records = (record for part in self._parts for record in self._records(part, rows[part], is_open))
        return replace(read, records=tuple(records))

    def _learn_who_saved(self, rows: Mapping[str, Iterable[Row]]) -> None:
        """Look up the names of those who are not known yet, all in one request. Until there is an answer their logins do."""
        columns = {part: getattr(self._schema, part)["updated_by"] for part in rows}
        logins = {row.get(columns[part]) for part, found in rows.items() for row in found}
        self._learn(logins)

    def _learn(self, logins: Iterable[str]) -> None:
        with suppress(RemoteError):
            self._people.learn({login for login in logins if not self._journals.is_ours(login)})

    def revisers(self, versions: Mapping[str, int], facts: Collection[str]) -> Mapping[str, Mapping[str, Saved]]:
        found: dict[str, dict[str, tuple[str, str]]] = {}
        with suppress(RemoteError):
            found = read_revisers(self._api, self._schema, versions, facts)
        self._learn(login for told in found.values() for login, _ in told.values())
        return {
            line: {
                fact: Saved(self._people.name(login), at)
                for fact, (login, at) in told.items()
                if login and not self._journals.is_ours(login)
            }
            for line, told in found.items()
        }

    def _saved(self, part: str, row: Row) -> Saved:
        """Who saved a record last, and when: nothing where it was the connector, or may have been."""
        parts = Parts(row, getattr(self._schema, part))
        login = parts.known("updated_by")
        may_be_us = part in _WRITTEN and not self._journals.knows_itself
        if not login or may_be_us or self._journals.is_ours(login):
            return Saved()
        return Saved(self._people.name(login), parts.known("updated_on"))

    def map_facts(self, facts: Mapping[str, Mapping[str, tuple[str, Reads]]]) -> None:
        """Columns to read besides: record -> fact -> (column, whether people's label of it is wanted)."""
        self._facts = facts

    def _rows_of(self, order_ids: list[str], part: str) -> list[Row]:
        """Every record of one kind that belongs to these orders."""
        mapped = [column for column, _ in self._facts.get(part, {}).values()]
        wanted = list(dict.fromkeys([*self._schema.always_read(part), "sys_mod_count", *mapped]))
        return list(self._api.scan_in(self._schema.tables[part], self._schema.leads_to(part), order_ids, wanted))

    def _records(self, part: str, rows: Iterable[Row], is_open: Mapping[str, bool]) -> Iterator[Record]:
        """What a sweep should find of these rows; of orders that could be read."""
        leads_to, state = self._schema.leads_to(part), self._parts[part].state
        for row in rows:
            order_id = row[leads_to]
            if order_id in is_open and "sys_mod_count" in row.values:
                sketch = Sketch(row["sys_id"], count_of(row["sys_mod_count"]), row.get(state))
                yield Record(part, sketch, order_id, is_open[order_id])

    def read_domain_order(self, domain_order_id: str) -> DomainOrder | None:
        columns = self._schema.domain_order
        wanted = self._schema.always_read("domain_order")
        row = self._api.read_one(self._schema.tables["domain_order"], domain_order_id, wanted)
        if row is None:
            return None
        try:
            wire = domain_order_wire(Parts(row, columns))
        except NOT_UNDERSTOOD as error:
            raise self._absurd("domain order", domain_order_id, error) from error
        kind = self._kinds.get(wire.kind, DomainOrderClass.UNKNOWN)
        return wire.domain_order(self._states.domain_order(wire.kind), kind)

    def _absurd(self, kind: str, sys_id: str, error: ValidationError | MissingColumn) -> AbsurdAnswer:
        return AbsurdAnswer(
            f"{self.name}: {kind} {sys_id} cannot be what it should be: {why_not(error)}.",
            hint="Check the record and the configured columns.",
        )

    def read_order_task(self, order_task_id: str) -> OrderTask | None:
        columns = self._schema.order_task
        row = self._api.read_one(
            self._schema.tables["order_task"], order_task_id, self._schema.always_read("order_task")
        )
        if row is None:
            return None
        try:
            return order_task_wire(Parts(row, columns)).order_task(self._states.order_task)
        except NOT_UNDERSTOOD as error:
            raise self._absurd("order task", order_task_id, error) from error

    def find_tokens(
        self, domain_order_ids: Iterable[str], wanted: Collection[str] = ()
    ) -> Mapping[str, frozenset[str]]:
        records = dict.fromkeys(self._noted_tables, tuple(dict.fromkeys(domain_order_ids)))
        looked_for = frozenset(wanted)
        is_enough = (lambda text: looked_for <= tokens_in(text)) if looked_for else None
        found = self._journals.holding(f"[{OWNER}", records, is_enough)
        return {sys_id: tokens_in(text) for sys_id, text in found.items()}

    def read_line_now(self, line_id: str) -> LineNow | None:
        line, order = self._schema.line, self._schema.order
        walk = f"{line['order']}."
        columns = [*(line[p] for p in ("ponr", "state")), *(walk + order[p] for p in ("ponr", "state", "version"))]
        row = self._api.read_one(self._schema.tables["line"], line_id, columns)
        if row is None:
            return None
        if missing := [column for column in columns if column not in row.values]:
            raise Rejected(
                f"{self.name} does not show {', '.join(missing)} of an order line: nothing is changed in Field Service.",
                hint="The connector's user needs to read the point of no return, state and version of lines and orders.",
            )
        phases = {
            self._states.line.read(row.get(line["state"]), row.display(line["state"])).phase,
            self._states.order.read(row.get(walk + order["state"]), row.display(walk + order["state"])).phase,
        }
        return LineNow(
            ponr="true" in (row.get(line["ponr"]), row.get(walk + order["ponr"])),
            version=count_of(row.get(walk + order["version"]) or "1"),
            in_question=OrderPhase.FROZEN in phases,
        )

    def journals(
        self, domain_order_ids: Iterable[str], order_task_ids: Iterable[str] = (), *, comments: bool = False
    ) -> Mapping[str, tuple[JournalEntry, ...]]:
        records = dict.fromkeys(self._noted_tables, tuple(dict.fromkeys(domain_order_ids)))
        records[self._schema.tables["order_task"]] = tuple(dict.fromkeys(order_task_ids))
        return self._journals.read(records, comments=comments)

    @property
    def _noted_tables(self) -> tuple[str, ...]:
        """The tables whose records the connector writes notes on."""
        return (self._schema.tables["domain_order"],)

    # --- writing -------------------------------------------------------------------------------------------

    def write_note(self, record_id: str, text: str, *, on_case: bool = False) -> Written:
        table = self._schema.tables["case" if on_case else "domain_order"]
        row = self._api.update(table, record_id, {self._schema.notes: text})
        self._journals.wrote(row)
        return self._written(row, self._unheard(row, record_id, text))

    def _unheard(self, row: Row, domain_order_id: str, text: str) -> tuple[str, ...]:
        """NOTE where the note is not in the journal: a field the user may not write is dropped with 200."""
        wanted = tokens_in(text)
        if wanted <= tokens_in(row.display(self._schema.notes)):
            return ()
        found = self.find_tokens([domain_order_id], wanted).get(domain_order_id, frozenset())
        return () if wanted <= found else (NOTE,)

    def set_ponr(self, line_id: str) -> Written:
        column = self._schema.line["ponr"]
        row = self._api.update(self._schema.tables["line"], line_id, {column: "true"})
        self._journals.wrote(row)
        return self._written(row, () if row.get(column) == "true" else (column,))

    def write_planned_end(self, order_task_id: str, end: str) -> Written:
        column = self._schema.order_task["planned_end"]
        row = self._api.update(self._schema.tables["order_task"], order_task_id, {column: end})
        return self._written(row, () if row.get(column) == end else (column,))

    def reopen(self, action: ReopenDomainOrder, text: str) -> Written:
        column = self._schema.domain_order["state"]
        current = self.read_domain_order(action.domain_order_id)
        states = self._states.domain_order("" if current is None else self._class_of(current))
        value = states.value_of(self._reopen_to)
        if value is None:
            raise Rejected(
                f"{self.name}: domain orders have no (single) state {self._reopen_to!r} "
                f"to reopen {action.domain_order_number} to.",
                hint="Set reopen_to under [gate] to one of the instance's own state labels.",
            )
        values = {column: value, self._schema.notes: text}
        row = self._api.update(self._schema.tables["domain_order"], action.domain_order_id, values)
        kept = () if row.get(column) == value else (column,)
        return self._written(row, (*kept, *self._unheard(row, action.domain_order_id, text)))

    def reopens(self) -> bool:
        """Whether every class of domain orders has one state to reopen to."""
        tables = (self._schema.tables[part] for part in ("domain_order", *_CLASSES))
        return all(self._states.domain_order(table).value_of(self._reopen_to) for table in tables)

    def _class_of(self, domain_order: DomainOrder) -> str:
        return next((name for name, kind in self._kinds.items() if kind is domain_order.kind), "")

    def _written(self, row: Row, refused: tuple[str, ...]) -> Written:
        return Written(
            sys_id=row.get("sys_id"),
            number=row.get(self._schema.domain_order["number"]),
            mod_count=count_of(row.get("sys_mod_count")),
            refused=refused,
            transaction=self._api.transaction,
        )


class _Assembly:
    """Puts the rows of many orders together. A row that cannot be understood makes its order unreadable, no other."""

    def __init__(
        self,
        schema: OmSchema,
        states: OmStates,
        kinds: Mapping[str, DomainOrderClass],
        facts: Mapping[str, Mapping[str, tuple[str, Reads]]],
        saved: Callable[[str, Row], Saved],
    ) -> None:
        self._facts = facts
        self._saved = saved
        self._schema = schema
        self._states = states
        self._kinds = kinds
        self._characteristics: dict[str, dict[str, str]] = {}  # line -> name -> value, as people read them
        self._saved_characteristics: dict[str, dict[str, Saved]] = {}
        self._nameless: set[str] = set()  # lines that have a characteristic without a name or a value to read
        self._lines: dict[str, list[OrderLine]] = {}
        self._domain_orders: dict[str, list[DomainOrder]] = {}
        self._order_tasks: dict[str, list[OrderTask]] = {}
        self._unreadable: dict[str, Unreadable] = {}

    def add_characteristics(self, rows: Iterable[Row]) -> None:
        columns = self._schema.characteristic
        for row in rows:
            parts = Parts(row, columns)
            try:
                line_id, name, value = parts.value("line"), parts.label("name"), parts.label("value")
            except MissingColumn as error:
                self._refuse(row[self._schema.leads_to("characteristic")], "a characteristic", error)
                continue
            if parts.unshown:
                self._nameless.add(line_id)
            elif name:
                self._characteristics.setdefault(line_id, {})[name] = value
                self._saved_characteristics.setdefault(line_id, {})[name] = self._saved("characteristic", row)

    def add_lines(self, rows: Iterable[Row]) -> None:
        for row in rows:
            parts = Parts(row, self._schema.line)
            try:
                wire: LineWire = line_wire(parts)
                more = parts.more(self._facts.get("line", {}), CARRIED_FACTS)
            except NOT_UNDERSTOOD as error:
                self._refuse(parts.known("order"), parts.known("number"), error)
                continue
            line = wire.line(self._states.line, self._characteristics.get(wire.sys_id, {}))
            unshown = (*parts.unshown, *(("characteristics",) if wire.sys_id in self._nameless else ()))
            saved, of_characteristics = self._saved("line", row), self._saved_characteristics.get(wire.sys_id, {})
            line = replace(line, more=more, unshown=unshown, saved=saved, saved_characteristics=of_characteristics)
            self._lines.setdefault(wire.order_id, []).append(line)

    def add_domain_orders(self, rows: Iterable[Row]) -> None:
        leads_to = self._schema.leads_to("domain_order")
        for row in rows:
            parts = Parts(row, self._schema.domain_order)
            try:
                wire = domain_order_wire(parts)
                more = parts.more(self._facts.get("domain_order", {}), CARRIED_FACTS)
            except NOT_UNDERSTOOD as error:
                self._refuse(row[leads_to], parts.known("number"), error)
                continue
            kind = self._kinds.get(wire.kind, DomainOrderClass.UNKNOWN)
            domain_order = wire.domain_order(self._states.domain_order(wire.kind), kind)
            saved = self._saved("domain_order", row)
            domain_order = replace(domain_order, more=more, unshown=tuple(parts.unshown), saved=saved)
            self._domain_orders.setdefault(row[leads_to], []).append(domain_order)

    def add_order_tasks(self, rows: Iterable[Row]) -> None:
        for row in rows:
            parts = Parts(row, self._schema.order_task)
            try:
                more = parts.more(self._facts.get("order_task", {}), CARRIED_FACTS)
                task = order_task_wire(parts).order_task(self._states.order_task)
            except NOT_UNDERSTOOD as error:
                self._refuse(parts.known("order"), parts.known("number"), error)
                continue
            task = replace(task, more=more, unshown=tuple(parts.unshown), saved=self._saved("order_task", row))
            self._order_tasks.setdefault(parts.value("order"), []).append(task)

    def finish(self, rows: Iterable[Row]) -> OrdersRead:
        snapshots: list[Snapshot] = []
        for row in rows:
            parts = Parts(row, self._schema.order)
            try:
                more = parts.more(self._facts.get("order", {}), CARRIED_FACTS)
                order = order_wire(parts).order(self._states.order)
            except NOT_UNDERSTOOD as error:
                self._refuse(row["sys_id"], parts.known("number"), error)
                continue
            order = replace(order, more=more, unshown=tuple(parts.unshown), saved=self._saved("order", row))
            if bad := self._unreadable.get(order.sys_id):
                self._unreadable[order.sys_id] = replace(bad, number=order.number)
            else:
                snapshots.append(
                    Snapshot(
                        order=order,
                        lines=tuple(self._lines.get(order.sys_id, ())),
                        domain_orders=tuple(self._domain_orders.get(order.sys_id, ())),
                        order_tasks=tuple(self._order_tasks.get(order.sys_id, ())),
                    )
                )
        return OrdersRead(tuple(snapshots), tuple(self._unreadable.values()))

    def _refuse(self, order_id: str, number: str, error: ValidationError | MissingColumn) -> None:
        why = f"{number or 'a record'}: {why_not(error)}"
        self._unreadable.setdefault(order_id, Unreadable(order_id, number, why))


def spelled(wanted: Iterable[str], *, numbers: bool) -> dict[str, list[str]]:
    """Of what was asked for, the numbers or the sys_ids: as they can be asked for -> each spelling of it."""
    found: dict[str, list[str]] = {}
    for value in wanted:
        if (len(value) == _SYS_ID) != numbers:
            found.setdefault(number_in(value), []).append(value)
    return found
