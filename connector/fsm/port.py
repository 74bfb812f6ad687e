"""Field Service as the engine sees it: work orders read in sets, and the four writes on them."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

from connector.errors import AbsurdAnswer, Denied, NothingShown, OutcomeUnknown, Rejected
from connector.exchange import NOTE, WORK_ORDER, Changed, FeedId, Sent, Written
from connector.fsm.records import work_order_task_wire, work_order_wire
from connector.fsm.references import References, Wanted
from connector.mapping.fields import is_same, left_empty
from connector.mapping.marks import OWNER, Carried, bound, digest_of, number_in, signed, sys_id_of, tokens_in
from connector.mapping.refusal import PUT_RIGHT_TEMPLATE
from connector.mapping.states import NOTHING_TOLD, WORK_ORDER_LABELS, StateMap, Told
from connector.model import CreateWorkOrder, Transition, UpdateWorkOrder, WorkOrder, WorkOrderPhase, WorkOrderTask
from connector.servicenow.calibrate import calibrate
from connector.servicenow.columns import require_columns
from connector.servicenow.feed import Feed
from connector.servicenow.identity import existing, identity_of
from connector.servicenow.journal import Journals
from connector.servicenow.lean import Part
from connector.servicenow.people import People
from connector.servicenow.query import Op, Query, Term, expressible
from connector.servicenow.schema import StateChoices
from connector.servicenow.table import Tally
from connector.servicenow.wire import NOT_UNDERSTOOD, Parts, asked, count_of, why_not

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from connector.exchange import Pointer, SketchPage
    from connector.fsm.schema import FsmSchema
    from connector.model import Action, BindWorkOrder, CancelWorkOrder, JournalEntry, WarnDispatcher
    from connector.servicenow.table import Row, TableApi

_CANCELED = "Canceled"
_EMPTY_TRAILS = 3
_CREATED_ON, _CREATED_BY = "sys_created_on", "sys_created_by"
_OTHERS = 5  # work orders that show that work orders are shown
_NAMES = 100  # correlation ids in one comparison, about a thousand bytes


class FsmPort:
    """Fulfils `connector.engine.ports.FieldService` over the Table API."""

    def __init__(
        self,
        api: TableApi,
        schema: FsmSchema,
        *,
        overrides: Mapping[str, Mapping[str, str]],
        told: Mapping[str, Told] = NOTHING_TOLD,
        mapped: Sequence[str] = (),
        known_by: Sequence[str] = (),
        me: str = "",
        task_notes_every: float | None = None,
    ) -> None:
        self._api = api
        self._known_by = tuple(known_by)
        self._is_matched = False
        self._schema = schema
        self._columns = schema.work_order
        self._task_columns = schema.work_order_task
        self._table = schema.tables["work_order"]
        self._task_table = schema.tables["work_order_task"]
        self._mapped = tuple(mapped)
        self._references = References(api, schema.references)
        self._people = People(api)
        self._notes = schema.notes
        self._journals = Journals(api, self._people, schema.notes, me, comments=schema.comments)
        self._untold_trails = 0  # answers without a single row, one after the other
        tables = schema.tables
        unread = {name: column for name, column in schema.states.items() if name not in {tables[part] for part in told}}
        self._choices = said = StateChoices(api, unread)
        given = overrides.get("work_order", {})

        def states(part: str) -> StateMap[WorkOrderPhase]:
            table = tables[part]
            mine = told.get(part, Told())
            return StateMap(table, said[table], WORK_ORDER_LABELS, WorkOrderPhase.UNKNOWN, given, mine)

        self.states = states("work_order")
        self._task_states = states("work_order_task")
        named = Query().where(self._columns["names"], Op.NOT_EMPTY)
        self._feed = Feed(self._table, (self._columns["names"],), named)
        owner = f"{self._task_columns['work_order']}.{self._columns['names']}"
        self._task_feed = Feed(self._task_table, (owner,), Query().where(owner, Op.NOT_EMPTY))
        self._task_notes_every = task_notes_every
        # Number in a correlation id with blanks about it -> its work orders. No question finds those: what passes by is kept.
        self._padded: dict[str, set[str]] = {}
        active = named.where(self._columns["active"], Op.IS, "true")
        self._part = Part(self._table, active, self._columns["state"])

    # --- what changed --------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self._api.endpoint.name

    @property
    def server_time(self) -> datetime:
        return self._api.server_time

    def reach(self) -> None:
        tree = None
        if not self._is_matched:
            tree = require_columns(self._api, self._schema.needed)
            self._is_matched = True
        self._choices.learn(tree)

    def probe(self) -> None:
        self._api.probe(self._table)

    def identity(self) -> Mapping[str, str]:
        return identity_of(self._api, self._table, self._known_by)

    def existing(self, sys_ids: Iterable[str]) -> Mapping[str, int]:
        return existing(self._api, self._table, sys_ids)

    def sent(self) -> tuple[Sent, ...]:
        return self._api.sent()

    def begin_gently(self) -> None:
        self._api.pace.begin_gently()

    @property
    def feeds(self) -> tuple[FeedId, ...]:
        """Work orders at every poll; their tasks, whose notes no work order shows, only every so often where wanted."""
        url, every = self._api.endpoint.url, self._task_notes_every
        orders = FeedId(self._feed.table, self._feed.fingerprint(url))
        if every is None:
            return (orders,)
        return orders, FeedId(self._task_feed.table, self._task_feed.fingerprint(url), every)

    @property
    def cursors(self) -> tuple[Feed, ...]:
        """The questions that polls ask."""
        return (self._feed,) if self._task_notes_every is None else (self._feed, self._task_feed)

    def changed(self, feed: FeedId, since: datetime | None) -> Iterator[Changed]:
        watched = self._task_feed if feed.name == self._task_table else self._feed
        for row in watched.read(self._api, since):
            yield self._changed(row, watched.columns[0])

    @property
    def parts(self) -> tuple[str, ...]:
        return (WORK_ORDER,)

    def sketches(self, part: str, after: str, limit: int) -> SketchPage:
        assert part == WORK_ORDER
        return self._part.read(self._api, after, limit)

    def points_to(self, part: str, sys_ids: Iterable[str]) -> Mapping[str, str]:
        assert part == WORK_ORDER
        names = self._columns["names"]
        rows = self._api.scan_in(self._table, "sys_id", sys_ids, [names])
        return {row["sys_id"]: self._heard(row["sys_id"], row.get(names)) for row in rows}

    def calibrate(self) -> bool:
        return calibrate(self._api, self.cursors)

    def marked(self, *, closed_too: bool) -> Iterator[Changed]:
        query = self._feed.only if closed_too else self._part.only
        columns = [self._columns["names"], "sys_updated_on", "sys_mod_count"]
        for row in self._api.scan(self._table, query, columns, display=False):
            yield self._changed(row, self._columns["names"])

    def _changed(self, row: Row, names: str) -> Changed:
        mod_count = count_of(row.get("sys_mod_count"))
        return Changed(row["sys_id"], mod_count, row.get("sys_updated_on"), self._heard(row["sys_id"], row.get(names)))

    def _heard(self, sys_id: str, names: str) -> str:
        """A correlation id on its way to its order; where blanks stand about a number, it is remembered whose."""
        if names != names.strip():
            self._padded.setdefault(number_in(names), set()).add(sys_id)
        return names

    # --- reading -------------------------------------------------------------------------------------------

    def map_columns(self, columns: Sequence[str]) -> None:
        """The columns of a work order that fields and policies fill, from now on."""
        self._mapped = tuple(columns)

    def read_work_orders(
        self, *, ids: Iterable[str], names: Iterable[str], key_prefixes: Iterable[str]
    ) -> tuple[WorkOrder, ...]:
        """Numbers are found in whatever case. With blanks about it one is found when a feed or the sweep has shown it, since
        the platform compares those too: it counts from then on, and should memory be lost, when the sweep comes round again.
        """
        column = self._columns["names"]
        names = list(names)
        ids = {*ids}.union(*(self._padded.get(number_in(name), ()) for name in names)) if self._padded else ids
        known = [name for name in names if expressible(name, in_list=True)]
        lists = (known[at : at + _NAMES] for at in range(0, len(known), _NAMES))
        terms = [
            *(Term(column, Op.IN, tuple(some)) for some in lists),
            *(Term(column, Op.STARTS_WITH, (prefix,)) for prefix in key_prefixes),
        ]
        rows = [
            *self._api.scan_in(self._table, "sys_id", ids, self._wanted),
            *self._api.scan_any(self._table, terms, self._wanted),
        ]
        return self._whole({row["sys_id"]: row for row in rows})

    def read_work_order(self, work_order_id: str) -> WorkOrder | None:
        row = self._api.read_one(self._table, work_order_id, self._wanted)
        return None if row is None else self._understood(row)

    def numbered(self, number: str) -> WorkOrder | None:
        rows = list(self._api.scan_in(self._table, self._columns["number"], [number], self._wanted))
        return None if len(rows) != 1 else self._understood(rows[0])

    def resolves(self, asked: Iterable[Pointer]) -> Mapping[Pointer, str]:
        wanted = {
            one: Wanted(one.column, one.text, one.facts) for one in asked if self._references.is_reference(one.column)
        }
        return dict(zip(wanted, self._references.missing_now(wanted.values()), strict=True))

    def has_template(self, name: str) -> bool:
        return bool(self._references.find(Wanted("template", name, {})).sys_id)

    @property
    def _wanted(self) -> list[str]:
        return [*asked(self._columns), _CREATED_ON, _CREATED_BY, *self._mapped]

    def _understood(self, row: Row) -> WorkOrder | None:
        [found] = self._whole({row["sys_id"]: row})
        return None if found.strange else found

    def _whole(self, rows: Mapping[str, Row]) -> tuple[WorkOrder, ...]:
        """Work orders with their tasks; of one that cannot be understood, what it names and why."""
        parent = self._task_columns["work_order"]
        tasks: dict[str, list[WorkOrderTask]] = {}
        strange: dict[str, str] = {}
        for row in self._api.scan_in(self._task_table, parent, rows, asked(self._task_columns)):
            try:
                task = work_order_task_wire(Parts(row, self._task_columns)).task(self._task_states)
            except NOT_UNDERSTOOD as error:
                strange[row[parent]] = f"one of its tasks: {why_not(error)}"
                continue
            tasks.setdefault(task.work_order_id, []).append(task)
        self._people.learn({row.get(c) for row in rows.values() for c in (self._columns["updated_by"], _CREATED_BY)})
        whole: list[WorkOrder] = []
        for sys_id, row in rows.items():
            try:
                understood = self._work_order(row, tasks.get(sys_id, ()))
            except NOT_UNDERSTOOD as error:
                whole.append(self._not_understood(row, why_not(error)))
            else:
                whole.append(self._not_understood(row, strange[sys_id]) if sys_id in strange else understood)
        return tuple(whole)

    def _not_understood(self, row: Row, why: str) -> WorkOrder:
        state = replace(self.states.read(row.get(self._columns["state"])), phase=WorkOrderPhase.UNKNOWN)
        names, mark = row.get(self._columns["names"]), row.get(self._columns["mark"])
        return WorkOrder(row["sys_id"], row.get(self._columns["number"]), state, names, mark, strange=why)

    def _work_order(self, row: Row, tasks: Iterable[WorkOrderTask]) -> WorkOrder:
        fields = {
            column: row.display(column) if self._references.is_reference(column) else row.get(column)
            for column in self._mapped
        }
        in_order = tuple(sorted(tasks, key=lambda task: task.number))
        work_order = work_order_wire(Parts(row, self._columns)).work_order(self.states, fields, in_order)
        updated_by = self._people.name(work_order.updated_by)
        created_by = self._people.name(row.get(_CREATED_BY))
        return replace(work_order, updated_by=updated_by, created_on=row.get(_CREATED_ON), created_by=created_by)

    def journals(
        self, work_order_ids: Iterable[str], task_ids: Iterable[str] = (), *, comments: bool = False
    ) -> Mapping[str, tuple[JournalEntry, ...]]:
        records = {self._table: list(dict.fromkeys(work_order_ids)), self._task_table: list(dict.fromkeys(task_ids))}
        return self._journals.read(records, comments=comments)

    def find_tokens(self, work_order_ids: Iterable[str], wanted: Collection[str] = ()) -> Mapping[str, frozenset[str]]:
        records = {self._table: list(dict.fromkeys(work_order_ids))}
        looked_for = frozenset(wanted)
        is_enough = (lambda text: looked_for <= tokens_in(text)) if looked_for else None
        found = self._journals.holding(f"[{OWNER}", records, is_enough)
        return {sys_id: tokens_in(text) for sys_id, text in found.items()}

    def trails(self, work_order_ids: Iterable[str]) -> Mapping[str, tuple[Transition, ...]]:
        """Not asked any more after a few empty answers: the audit is closed to most users, and shown to them as empty."""
        ids = list(dict.fromkeys(work_order_ids))
        found: dict[str, list[Transition]] = {}
        if ids and self._untold_trails < _EMPTY_TRAILS:
            column = self._columns["state"]
            base = Query().where("tablename", Op.IS, self._table).where("fieldname", Op.IS, column)
            columns = ["oldvalue", "newvalue", "user", "sys_created_on", "record_checkpoint"]
            rows: list[Row] = []
            with contextlib.suppress(Denied):
                rows = list(self._api.scan_in("sys_audit", "documentkey", ids, columns, base=base))
            self._people.learn({row.get("user") for row in rows})
            for row in rows:
                found.setdefault(row["documentkey"], []).append(self._transition(row))
            self._untold_trails = 0 if rows else self._untold_trails + 1
        return {sys_id: tuple(sorted(steps, key=lambda s: (s.at, s.mod_count))) for sys_id, steps in found.items()}

    def _transition(self, row: Row) -> Transition:
        return Transition(
            before=row.get("oldvalue"),
            after=row.get("newvalue"),
            by=self._people.name(row.get("user")),
            at=row.get("sys_created_on"),
            mod_count=max(count_of(row.get("record_checkpoint")), 0),
        )

    def find(self, key: str) -> Written | None:
        """By mark, because an instance may refuse the sys_id the connector chose. Of several, the original."""
        rows, _ = self._marked_as(key)
        return self._original(rows, key)

    def find_surely(self, key: str) -> Written | None:
        """Nothing is concluded from an empty answer alone: it is what a right that was lost looks like. So it is asked once more,
        together with records that are there, and believed where those are shown. Costs two requests where nothing is found."""
        rows, hidden = self._marked_as(key)
        if hidden and not rows:
            raise AbsurdAnswer(
                f"{self.name} counts {hidden} work orders with the mark {key} and shows none of them.",
                hint="Check which work orders the connector's user may see; the creation is not repeated until that is known.",
                instance=self.name,
            )
        if not rows:
            others = self._api.oldest(self._table, _OTHERS)
            rows, _ = self._marked_as(key, others) if others else ([], 0)
            if not rows:
                raise NothingShown(
                    f"{self.name} shows no work order at all, so nobody can tell whether one that may have been made is there.",
                    hint="Check that the connector's user may see work orders.",
                    instance=self.name,
                )
        return self._original([row for row in rows if row[self._columns["names"]].casefold() == key.casefold()], key)

    def _marked_as(self, key: str, others: Sequence[str] = ()) -> tuple[list[Row], int]:
        """The work orders with this mark, and some others by sys_id; and how many there are that are not shown."""
        terms = [Term(self._columns["names"], Op.IS, (key,))]
        terms += [Term("sys_id", Op.IN, tuple(others))] if others else []
        columns = [self._columns["number"], self._columns["names"], "sys_mod_count", _CREATED_ON]
        tally = Tally()
        query = Query().either(*terms)
        rows = list(self._api.scan(self._table, query, columns, display=False, page=10, tally=tally))
        return rows, max(tally.counted - len(rows), 0)

    def _original(self, rows: list[Row], key: str) -> Written | None:
        chosen, number = sys_id_of(key), self._columns["number"]
        rows.sort(key=lambda row: (row["sys_id"] != chosen, row.get(_CREATED_ON), row.get(number)))
        return self._written(rows[0], ()) if rows else None

    def not_said(self, work_order: WorkOrder, fields: Mapping[str, str], *, is_untouched: bool) -> tuple[str, ...]:
        shown = work_order.fields
        empty = left_empty(fields, shown)
        if not is_untouched:
            return empty
        return tuple(c for c, text in fields.items() if c in empty or self._says_else(c, text, shown.get(c, text)))

    def _says_else(self, column: str, text: str, shown: str) -> bool:
        return bool(text) and not self._references.is_reference(column) and not is_same(shown, text)

    # --- writing -------------------------------------------------------------------------------------------

    def prepare(self, actions: Iterable[Action]) -> None:
        writes = [one for one in actions if isinstance(one, CreateWorkOrder | UpdateWorkOrder)]
        templates = [Wanted("template", one.template, {}) for one in writes if isinstance(one, CreateWorkOrder)]
        fields = [Wanted(column, text, one.facts) for one in writes for column, text in one.fields.items() if text]
        self._references.prepare([*templates, *(one for one in fields if self._references.is_reference(one.column))])

    def create(self, action: CreateWorkOrder) -> Written:
        wanted = Wanted("template", action.template, {})
        template = self._references.find(wanted)
        if why := template.why_not(self._references.described(wanted)):
            raise Rejected(f"{self.name}: {why}.", hint=PUT_RIGHT_TEMPLATE)
        values, unfound, made = self._values(action)
        sent = {
            **values,
            self._columns["template"]: template.sys_id,
            self._columns["names"]: action.key,
            self._columns["mark"]: str(Carried(action.version, digest_of(action.facts))),
        }
        row = self._api.insert(self._table, {"sys_id": sys_id_of(action.key), **sent})
        if not row.get("sys_id"):
            raise OutcomeUnknown(
                f"{self.name} answered a creation without naming what it created.",
                hint="It is looked up by its mark before anything is sent again.",
                transaction=self._api.transaction,
            )
        return self._written(row, _not_taken(row, sent), made, unfound)

    def update(self, action: UpdateWorkOrder) -> Written:
        values, unfound, made = self._values(action)
        mark = Carried(action.version, digest_of(action.facts), updates=action.number)
        sent = {**values, self._columns["mark"]: str(mark)}
        flag = {self._notes: signed(action.flag, action.key)} if action.flag else {}
        row = self._api.update(self._table, action.work_order_id, {**sent, **flag})
        return self._written(row, _not_taken(row, sent), made, unfound)

    def cancel(self, action: CancelWorkOrder) -> Written:
        state = self.states.value_of(_CANCELED)
        if state is None:
            raise Rejected(
                f"{self.name}: work orders have no (single) state {_CANCELED!r}.",
                hint="Name the stored value under [fsm.states.work_order] in the configuration.",
            )
        mark = Carried(action.version, digest_of(action.carried), withdrawn=True, updates=action.updates)
        sent = {self._columns["state"]: state, self._columns["mark"]: str(mark)}
        note = {self._notes: signed(action.reason, action.key)}
        row = self._api.update(self._table, action.work_order_id, {**sent, **note})
        return self._written(row, _not_taken(row, sent))

    def bind(self, action: BindWorkOrder, work_order: WorkOrder) -> Written:
        column, display = self._columns["mark"], bound(work_order.mark, detached=action.detaches)
        sent = {} if display is None else {column: display}
        if not action.detaches and not work_order.names:
            sent[self._columns["names"]] = action.initiator_number
        row = self._api.update(
            self._table, action.work_order_id, {**sent, self._notes: signed(action.text, action.key)}
        )
        return self._written(row, _not_taken(row, sent))

    def write_note(self, work_order_id: str, text: str) -> Written:
        row = self._api.update(self._table, work_order_id, {self._notes: text})
        self._journals.wrote(row)
        wanted = tokens_in(text)
        heard = wanted <= tokens_in(row.display(self._notes))
        heard = heard or wanted <= self.find_tokens([work_order_id], wanted).get(work_order_id, frozenset())
        return self._written(row, () if heard else (NOTE,))

    def _values(
        self, action: CreateWorkOrder | UpdateWorkOrder
    ) -> tuple[dict[str, str], dict[str, str], tuple[str, ...]]:
        """What to send, the reference columns left out with why no record is found, and the records that were made for others."""
        values: dict[str, str] = {}
        unfound: dict[str, str] = {}
        made: list[str] = []
        for column, value in action.fields.items():
            if not self._references.is_reference(column) or not value:
                values[column] = value
                continue
            wanted = Wanted(column, value, action.facts)
            found, record = self._references.fill(wanted)
            made += [record] if record else []
            if why := found.why_not(self._references.described(wanted)):
                unfound[column] = why
            else:
                values[column] = found.sys_id
        return values, unfound, tuple(made)

    def warn(self, action: WarnDispatcher, mark: str) -> Written:
        sent = {self._columns["mark"]: mark}
        row = self._api.update(self._table, action.work_order_id, {**sent, self._notes: action.text})
        return self._written(row, _not_taken(row, sent))

    def _written(
        self,
        row: Row,
        refused: tuple[str, ...],
        made: tuple[str, ...] = (),
        unfound: Mapping[str, str] | None = None,
    ) -> Written:
        return Written(
            sys_id=row.get("sys_id"),
            number=row.get(self._columns["number"]),
            mod_count=count_of(row.get("sys_mod_count")),
            refused=(*(unfound or {}), *refused),
            unfound=unfound or {},
            made=made,
            transaction=self._api.transaction,
        )


def _not_taken(row: Row, sent: Mapping[str, str]) -> tuple[str, ...]:
    """The columns that did not come back as sent: denied, not a choice, cut, or read-only in this state."""
    return tuple(column for column, value in sent.items() if not is_same(row.get(column), value))
