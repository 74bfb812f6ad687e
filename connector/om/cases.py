"""Order Management on an instance whose customer cases ask for field work too. Built only where a case policy is configured.

A case belongs to nothing else: what leads from it to what is looked at is its own sys_id. Where the table is missing (the
plug-in is not active) or closed to the user, orders go on without it, and `shortcoming` says so.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connector.errors import AbsurdAnswer, Denied, Rejected
from connector.exchange import Changed, FeedId, OrdersRead, Record, Sketch, Unreadable, Written
from connector.mapping.facts import REFERENCES_OF_CASES
from connector.mapping.marks import number_in
from connector.mapping.states import CASE_LABELS, StateMap, Told, fold
from connector.model import CasePhase, CaseSnapshot
from connector.om.port import OmPort, spelled
from connector.om.records import case_wire
from connector.servicenow.calibrate import calibrate
from connector.servicenow.feed import Feed
from connector.servicenow.identity import existing
from connector.servicenow.lean import Part, page
from connector.servicenow.names import REFUSED
from connector.servicenow.query import Op, Query
from connector.servicenow.schema import StateChoices, state_choices
from connector.servicenow.wire import NOT_UNDERSTOOD, Parts, count_of, why_not

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from connector.exchange import SketchPage
    from connector.model import Case, Reads, ResolveCase
    from connector.om.schema import OmSchema
    from connector.servicenow.table import Row

_PART = "case"
_RESOLVED = "Resolved"
_OVER = (CasePhase.CLOSED, CasePhase.CANCELED)
# Read of every case; the other parts only where a rule asks for them.
_CORE = ("number", "state", "mod_count", "updated_by", "updated_on")


def columns_of_cases(schema: OmSchema, facts: Mapping[str, tuple[str, Reads]]) -> list[str]:
    """What is read of every case where rules ask for these facts (fact -> column, and what is wanted of it)."""
    core = [column for part in _CORE if (column := schema.case[part])]
    return list(dict.fromkeys([*core, *(column for column, _ in facts.values())]))


class OmWithCases(OmPort):
    """Fulfils `OrderManagement` and `CaseManagement` of `connector.engine.ports` over the Table API."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schema = self._schema
        self._case_table = schema.tables[_PART]
        told = kwargs.get("told", {}).get(_PART, Told())
        choices = StateChoices(self._api, {} if told.labels else {self._case_table: schema.case["state"]})
        given = kwargs["overrides"].get(_PART, {})
        self._case_choices = choices
        self._case_states = StateMap(
            self._case_table, choices[self._case_table], CASE_LABELS, CasePhase.UNKNOWN, given, told
        )
        self._case_feed = Feed(self._case_table, ("sys_id",))
        self.shortcoming = ""  # why no case can be read, in words

    # --- what changed --------------------------------------------------------------------------------------

    def _prioritized(self) -> dict[str, str]:
        cases = {} if self.shortcoming else {self._case_table: self._schema.case["priority"]}
        return {**super()._prioritized(), **cases}

    def reach(self) -> None:
        super().reach()
        self._look_for_cases()
        if not self.shortcoming:
            self._case_choices.read()

    def calibrate(self) -> bool:
        self._look_for_cases()
        return super().calibrate() | (not self.shortcoming and calibrate(self._api, [self._case_feed]))

    def _look_for_cases(self) -> None:
        try:
            page(self._api, self._case_table, "", ["sys_id"], 1)
        except REFUSED as error:
            self.shortcoming = (
                f"Customer cases cannot be read ({self._case_table}): {error} Orders go on without them. Activate Customer "
                "Service Management, let the connector's user read cases, or remove the case policy."
            )
        else:
            self.shortcoming = ""

    @property
    def feeds(self) -> tuple[FeedId, ...]:
        own = FeedId(self._case_table, self._case_feed.fingerprint(self._api.endpoint.url))
        return super().feeds if self.shortcoming else (*super().feeds, own)

    def changed(self, feed: FeedId, since: datetime | None) -> Iterator[Changed]:
        if feed.name != self._case_table:
            yield from super().changed(feed, since)
            return
        for row in self._case_feed.read(self._api, since):
            yield Changed(row["sys_id"], count_of(row["sys_mod_count"]), row["sys_updated_on"], row["sys_id"])

    @property
    def parts(self) -> tuple[str, ...]:
        return super().parts if self.shortcoming else (*super().parts, _PART)

    @cached_property
    def _case_part(self) -> Part:
        return Part(self._case_table, self._of_open_cases, self._schema.case["state"])

    @property
    def _of_open_cases(self) -> Query:
        over = self._case_states.values_in(*_OVER)
        return Query().where(self._schema.case["state"], Op.NOT_IN, *over) if over else Query()

    def sketches(self, part: str, after: str, limit: int) -> SketchPage:
        return self._case_part.read(self._api, after, limit) if part == _PART else super().sketches(part, after, limit)

    def points_to(self, part: str, sys_ids: Iterable[str]) -> Mapping[str, str]:
        return {sys_id: sys_id for sys_id in sys_ids} if part == _PART else super().points_to(part, sys_ids)

    def existing(self, sys_ids: Iterable[str]) -> Mapping[str, int]:
        wanted = set(sys_ids)
        orders = super().existing(wanted)
        return {**orders, **existing(self._api, self._case_table, wanted - set(orders))}

    def open_orders(self) -> Iterator[str]:
        yield from super().open_orders()
        if not self.shortcoming:
            for row in self._api.scan(self._case_table, self._of_open_cases, [], display=False):
                yield row["sys_id"]

    def orders_of(self, initiators: Iterable[str]) -> Mapping[str, str]:
        wanted = set(initiators)
        found = dict(super().orders_of(wanted))
        number = self._schema.case["number"]
        for column in ("sys_id", number):
            missing = spelled(wanted - set(found), numbers=column != "sys_id")
            asked = list(dict.fromkeys(one.strip() for some in missing.values() for one in some))
            for row in [] if self.shortcoming else self._api.scan_in(self._case_table, column, asked, [number]):
                found |= dict.fromkeys(missing.get(number_in(row[column]), ()), row["sys_id"])
        return found

    # --- reading -------------------------------------------------------------------------------------------

    def read_orders(self, order_ids: Iterable[str]) -> OrdersRead:
        ids = list(dict.fromkeys(order_ids))
        rows = {row["sys_id"]: row for row in self._case_rows(ids)}
        orders = [sys_id for sys_id in ids if sys_id not in rows]
        read = super().read_orders(orders) if orders else OrdersRead(())
        self._learn_who_saved({_PART: rows.values()})
        seen: list[CaseSnapshot] = []
        unreadable: list[Unreadable] = []
        for sys_id, row in rows.items():
            try:
                seen.append(CaseSnapshot(self._case(row)))
            except NOT_UNDERSTOOD as error:
                number = row.get(self._schema.case["number"])
                unreadable.append(Unreadable(sys_id, number, f"{number or 'a case'}: {why_not(error)}"))
        records = tuple(_record(one.case) for one in seen)
        return OrdersRead((*read.snapshots, *seen), (*read.unreadable, *unreadable), (*read.records, *records))

    def _case_rows(self, ids: list[str]) -> Iterator[Row]:
        return iter(()) if self.shortcoming else self._api.scan_in(self._case_table, "sys_id", ids, self._case_columns)

    @property
    def _case_columns(self) -> list[str]:
        return columns_of_cases(self._schema, self._facts.get(_PART, {}))

    def _case(self, row: Row) -> Case:
        parts = Parts(row, self._schema.case)
        said = parts.more(self._facts.get(_PART, {}), REFERENCES_OF_CASES)
        case = case_wire(parts).case(self._case_states, said)
        return replace(case, unshown=tuple(parts.unshown), saved=self._saved(_PART, row))

    def read_case(self, case_id: str) -> Case | None:
        row = self._api.read_one(self._case_table, case_id, self._case_columns)
        if row is None:
            return None
        try:
            return self._case(row)
        except NOT_UNDERSTOOD as error:
            raise AbsurdAnswer(
                f"{self.name}: case {case_id} cannot be what it should be: {why_not(error)}.",
                hint="Check the record and the configured columns.",
            ) from error

    @property
    def _noted_tables(self) -> tuple[str, ...]:
        own = super()._noted_tables
        return own if self.shortcoming else (*own, self._case_table)

    # --- writing -------------------------------------------------------------------------------------------

    def resolve(self, action: ResolveCase, text: str) -> Written:
        state = self._case_states.value_of(_RESOLVED)
        code = self._resolution_codes.get(fold(action.code))
        if state is None or code is None:
            raise Rejected(
                f"{self.name}: cases have no {self.lacks(action.code)}; {action.case_number} is not resolved.",
                hint="Name what the instance has: [om.states.case], or resolution_code under [case].",
            )
        columns = self._schema.case
        sent = {
            columns["state"]: state,
            columns["resolution_code"]: code,
            columns["close_notes"]: action.close_notes,
        }
        row = self._api.update(self._case_table, action.case_id, {**sent, self._schema.notes: text})
        dropped = [column for column, value in sent.items() if row.get(column) != value]
        return self._written(row, (*dropped, *self._unheard(row, action.case_id, text)))

    def lacks(self, code: str) -> str:
        """What cases need to be resolved with this code and do not have here; empty: nothing.

        Raises Denied where the codes cannot be read.
        """
        if self._case_states.value_of(_RESOLVED) is None:
            return f"state {_RESOLVED!r}"
        return "" if fold(code) in self._resolution_codes else f"resolution code {code!r}"

    @cached_property
    def _resolution_codes(self) -> Mapping[str, str]:
        """Label -> stored value; a stored value is understood as well."""
        column = self._schema.case["resolution_code"]
        found = state_choices(self._api, {self._case_table: column})[self._case_table]
        if not found:
            raise Denied(
                f"{self.name}: the resolution codes of cases cannot be read.",
                hint='The connector\'s user needs to read sys_choice; or say completion = "note" under [case].',
            )
        return {**{value: value for value in found}, **{fold(label): value for value, label in found.items()}}


def _record(case: Case) -> Record:
    sketch = Sketch(case.sys_id, case.mod_count, case.state.value)
    return Record(_PART, sketch, case.sys_id, case.state.phase not in _OVER)
