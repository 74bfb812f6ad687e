"""What the connector writes where, and under which settings: the one list that checks of columns and rights ask about. Pure.

`om/` and `fsm/` do the writing; a test compares this list with what they really send. Not here: the sys_id of what is created
(`keys.sys_id`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.decide.rules import Completion, GateMode, PonrMode
from connector.mapping.references import Unfound
from connector.policies import lookups, order_fields, written_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.config import Settings
    from connector.policies import Policies


@dataclass(frozen=True, slots=True)
class Write:
    """Columns of a table that are written together. `without` says how that can be helped; empty: in no way."""

    side: str
    part: str  # what the table holds; `reference`: records that work orders refer to
    table: str
    columns: tuple[str, ...]
    without: str = ""
    creates: bool = False  # only in records the connector makes itself: no right to change others is needed

    def named(self, columns: Iterable[str]) -> str:
        """Some of its columns as people are told of them: with how to do without. Empty where these are none."""
        told = ", ".join(f"{self.table}.{column}" for column in columns)
        return f"{told} (to do without: {self.without})" if told and self.without else told


def written(settings: Settings, policies: Policies | None) -> Iterator[Write]:
    """Everything that is written under these settings. Without policies that can be used, as if their rows said nothing more."""
    every = (*_orders(settings), *_cases(settings), *_fallouts(settings), *_work_orders(settings, policies))
    for write in every:
        if columns := tuple(column for column in write.columns if column):  # empty: this instance has none
            yield replace(write, columns=columns)


def _orders(settings: Settings) -> Iterator[Write]:
    schema = settings.om_schema

    def write(part: str, column: str, without: str = "") -> Write:
        return Write("om", part, schema.tables[part], (column,), without)

    yield write("domain_order", schema.notes)
    if settings.gate.mode is GateMode.REOPEN:
        yield write("domain_order", schema.domain_order["state"], '[gate] mode = "note"')
    if settings.ponr.mode is PonrMode.SET:
        yield write("line", schema.line["ponr"], '[ponr] mode = "propose"')
    if column := settings.jeopardy.write_end_to:
        yield write("order_task", column, '[jeopardy] write_end_to = ""')


def _cases(settings: Settings) -> Iterator[Write]:
    if not settings.policy.case:
        return
    schema = settings.om_schema
    table, columns = schema.tables["case"], schema.case
    yield Write("om", "case", table, (schema.notes,), "leave out [policy] case")
    if settings.case.completion is Completion.RESOLVE:
        solution = (columns["state"], columns["resolution_code"], columns["close_notes"])
        yield Write("om", "case", table, solution, '[case] completion = "note"')


def _fallouts(settings: Settings) -> Iterator[Write]:
    if not settings.fallout_kinds:
        return
    schema = settings.fallout.db_schema
    raised = ("order_task", "line", "summary", "text", "names", "mark", *(["type"] if schema.type else []))
    for parts, creates in ((raised, True), (("state", "mark", "notes"), False)):
        columns = tuple(schema.columns[part] for part in parts)
        yield Write("om", "fallout", schema.tables["fallout"], columns, "leave out [fallout] kinds", creates)


def _work_orders(settings: Settings, policies: Policies | None) -> Iterator[Write]:
    schema = settings.fsm.db_schema
    table, columns = schema.tables["work_order"], schema.work_order
    filled = written_columns(settings, policies) if policies else tuple(order_fields(settings))
    yield Write("fsm", "work_order", table, (schema.notes, *(columns[part] for part in ("state", "names", "mark"))))
    yield Write("fsm", "work_order", table, (columns["template"],), creates=True)
    yield Write(
        "fsm", "work_order", table, filled, "leave them out of [work_order.fields], [case.fields] or [policy.outputs]"
    )
    for column, lookup in lookups(settings).items():
        if column in filled and lookup.missing is Unfound.CREATE:
            without = f'missing = "blank" of {column} under [fsm.references]'
            yield Write("fsm", "reference", lookup.table, lookup.made, without, creates=True)
