"""Fallouts of order tasks over the Table API. The plug-in (`sn_fallout_mgmt`) may be missing, and its table closed to the user.

Documented: a fallout belongs to an order task and puts it On hold until it is resolved. Which columns lead there is not
documented; they are configured, as all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import Duplicate, OutcomeUnknown, Rejected
from connector.exchange import Written
from connector.mapping.marks import ON_HOLD, SETTLED, sys_id_of
from connector.mapping.states import FALLOUT_LABELS, StateMap, Told
from connector.model import DomainOrderPhase, Fallout
from connector.servicenow.columns import columns_of
from connector.servicenow.names import REFUSED
from connector.servicenow.query import Op, Query
from connector.servicenow.schema import StateChoices
from connector.servicenow.wire import count_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.model import RaiseFallout
    from connector.om.schema import FalloutSchema
    from connector.servicenow.table import Row, TableApi

_ESSENTIAL = ("order_task", "names", "state", "mark")
"""Parts of a fallout without whose columns it cannot be found again, or holds nothing up."""
_OVER = (DomainOrderPhase.CLOSED, DomainOrderPhase.CANCELED)


def missing_columns(api: TableApi, schema: FalloutSchema) -> dict[str, str]:
    """Part -> column, of those that fallouts cannot do without and surely do not have on this instance. Raises a RemoteError."""
    table = schema.tables["fallout"]
    said = columns_of(api, [table])[table]
    wanted = {part: schema.columns[part] for part in _ESSENTIAL}
    return {part: column for part, column in wanted.items() if said.is_known and column not in said.columns}


class Fallouts:
    """Fulfils `connector.engine.ports.FalloutManagement`."""

    def __init__(self, api: TableApi, schema: FalloutSchema, told: Told | None = None) -> None:
        self._api = api
        self._schema = schema
        self._table = schema.tables["fallout"]
        self._columns = schema.columns
        self._is_matched = False
        told = told or Told()
        self._choices = StateChoices(api, {} if told.labels else {self._table: self._columns["state"]})
        said = self._choices[self._table]
        self._states = StateMap(self._table, said, FALLOUT_LABELS, DomainOrderPhase.UNKNOWN, schema.states, told)

    @property
    def _wanted(self) -> list[str]:
        return [self._columns[part] for part in ("number", "state", "order_task", "names", "mark")]

    def of_tasks(self, order_task_ids: Iterable[str]) -> tuple[Fallout, ...]:
        try:
            rows = list(self._api.scan_in(self._table, self._columns["order_task"], order_task_ids, self._wanted))
        except REFUSED:
            return ()
        return tuple(self._fallout(row) for row in rows)

    def marked(self, mark: str) -> tuple[Fallout, ...]:
        names = self._columns["names"]
        rows = self._api.scan(self._table, Query().where(names, Op.STARTS_WITH, f"{mark}:"), self._wanted, display=True)
        found = (self._fallout(row) for row in rows)
        return tuple(sorted(found, key=lambda one: (len(one.names), one.names)))

    def _fallout(self, row: Row) -> Fallout:
        columns = self._columns
        state = self._states.read(row.get(columns["state"]), row.display(columns["state"]))
        return Fallout(
            sys_id=row["sys_id"],
            number=row.get(columns["number"]),
            task_id=row.get(columns["order_task"]),
            is_open=state.phase not in _OVER,
            names=row.get(columns["names"]),
            is_settled=row.get(columns["mark"]) == SETTLED,
            was_held=row.get(columns["mark"]) == ON_HOLD,
        )

    def _require_columns(self) -> None:
        """Without its task a fallout holds nothing up, and without its names it would be raised twice. Raises Rejected."""
        if self._is_matched:
            return
        if missing := missing_columns(self._api, self._schema):
            named = ", ".join(missing.values())
            raise Rejected(
                f"{self._api.endpoint.name}: fallouts ({self._table}) have no column {named}; none was raised.",
                hint="Name them under [fallout.columns] as this instance does, or leave out kinds.",
            )
        self._is_matched = True

    def raise_one(self, action: RaiseFallout, number: int, *, was_held: bool = False) -> Written:
        self._require_columns()
        columns, names = self._columns, f"{action.mark}:{number}"
        said = {
            "order_task": action.order_task_id,
            "line": action.line_id,
            "summary": action.summary,
            "text": action.text,
            "names": names,
            **({"mark": ON_HOLD} if was_held else {}),
            **({"type": self._type} if self._schema.type and columns["type"] else {}),
        }
        values = {columns[part]: value for part, value in said.items() if columns[part]}
        try:
            row = self._api.insert(self._table, {"sys_id": sys_id_of(names), **values})
        except Duplicate:
            self._require_said(self._api.read_one(self._table, sys_id_of(names), self._wanted), values)
            raise
        if not row.get("sys_id"):
            raise OutcomeUnknown(
                f"{self._api.endpoint.name} answered a creation without naming what it created.",
                hint="It is looked up by its mark before anything is sent again.",
                transaction=self._api.transaction,
            )
        self._require_said(row, values)
        return self._written(row, values)

    def _require_said(self, row: Row | None, values: Mapping[str, str]) -> None:
        """What it cannot do without may be dropped, where the user may not write that. Raises Rejected."""
        if row is None:
            return
        wanted = (self._columns[part] for part in ("order_task", "names"))
        if missing := {column: values[column] for column in wanted if row.get(column) != values[column]}:
            number, said = row.get(self._columns["number"]), ", ".join(f"{c} = {text}" for c, text in missing.items())
            raise Rejected(
                f"{self._api.endpoint.name}: {number} was raised without {', '.join(missing)}: it is not found again, or "
                "holds nothing up.",
                hint=f"Let the connector's user write that column of fallouts, and enter it there: {said}.",
                transaction=self._api.transaction,
            )

    @property
    def _type(self) -> str:
        """The sys_id of the configured fallout type."""
        named = Query().where(self._columns["type_name"], Op.IS, self._schema.type)
        rows = list(self._api.scan(self._schema.tables["type"], named, [], display=False))
        if len(rows) != 1:
            raise Rejected(
                f"{self._api.endpoint.name} has no (or more than one) fallout type named {self._schema.type!r}.",
                hint="Set type under [fallout] to one of the instance's own, or leave it out.",
            )
        return rows[0]["sys_id"]

    def settles(self) -> bool:
        """Whether the state that fallouts are settled as is one stored value, and ends them."""
        state = self._states.value_of(self._schema.settle_as)
        return state is not None and self._states.read(state).phase in _OVER

    def settle(self, fallout: Fallout, text: str) -> Written:
        state = self._states.value_of(self._schema.settle_as)
        if state is None:
            raise Rejected(
                f"{self._api.endpoint.name}: fallouts have no state {self._schema.settle_as!r}.",
                hint="Set settle_as under [fallout] to one of the instance's own state labels.",
            )
        sent = {self._columns["state"]: state, self._columns["mark"]: SETTLED}
        notes = {self._columns["notes"]: text} if self._columns["notes"] else {}
        row = self._api.update(self._table, fallout.sys_id, {**sent, **notes})
        return self._written(row, sent)

    def _written(self, row: Row, sent: Mapping[str, str]) -> Written:
        return Written(
            sys_id=row.get("sys_id"),
            number=row.get(self._columns["number"]),
            mod_count=count_of(row.get("sys_mod_count")),
            refused=tuple(column for column, value in sent.items() if row.get(column).strip() != value.strip()),
            transaction=self._api.transaction,
        )
