"""Moves that either instance knows: notes, ordinary form saves, cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.moves.bench import Arguments, Bench, Move, Refused, summary
from connector.sandbox.rules.orders import DOMAIN_ORDER, LINE, ORDER

if TYPE_CHECKING:
    from connector.sandbox.store import Row

NAMED = {
    "order": ORDER, "line": LINE, "domain_order": DOMAIN_ORDER, "work_order": "wm_order",
    "task": "task", "case": "sn_customerservice_case",
}  # fmt: skip


def add_note(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    row = _named(bench, arguments)
    table = bench.instance.schema.table(row["sys_class_name"])
    key = "comments" if arguments.get("customer_visible") else "work_notes"
    note = {table.columns[key].name: str(bench.argument(arguments, "text"))}
    return {"record": summary(bench.save(row, note))}


def write(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    row = bench.record(str(bench.argument(arguments, "table")), bench.argument(arguments, "record"))
    return {"record": summary(bench.save(row, dict(bench.argument(arguments, "fields"))))}


def create_case(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.argument(arguments, "short_description")
    return {"case": summary(bench.create("sn_customerservice_case", arguments))}


def _named(bench: Bench, arguments: Arguments) -> Row:
    for name, table in NAMED.items():
        if arguments.get(name):
            return bench.record(table, arguments[name])
    named = bench.argument(arguments, "record")
    for table in (ORDER, LINE, "task"):
        if table in bench.instance.schema.tables:
            try:
                return bench.record(table, named)
            except Refused:
                continue
    raise Refused(f"there is no record {named!r} on {bench.instance.name}")


COMMON_MOVES = (
    Move("add_note", "both", "", add_note),
    Move("write", "both", "admin", write),
    Move("create_case", "both", "admin", create_case),
)
