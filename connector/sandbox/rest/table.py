"""The Table API: lists, single records, inserts, updates and deletes as the platform answers them.

Rights are applied here as the platform does: a denied table or query is refused, a denied row or column is just not there,
a denied column of a write is silently dropped.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.sandbox.messages import Headers, Response
from connector.sandbox.people import Rights
from connector.sandbox.query import Term, parse
from connector.sandbox.records import Aborted
from connector.sandbox.rest.errors import (
    aborted,
    bad_offset,
    duplicate,
    no_method,
    no_record,
    query_denied,
    query_fields_denied,
    write_denied,
)
from connector.sandbox.rest.fields import Projection
from connector.sandbox.rest.paging import paging_headers, uncounted_links
from connector.sandbox.schema import Kind, Table
from connector.sandbox.sql import Compiled, compile_query
from connector.sandbox.store import DuplicateKey, Row, Selection
from connector.sandbox.values import accept

if TYPE_CHECKING:
    from connector.sandbox.people import Grant
    from connector.sandbox.rest.context import Context

DEFAULT_LIMIT = 10_000
NO_DOMAIN = "query_no_domain_table_api"
SERVER_FILLED = frozenset({"sys_created_on", "sys_created_by", "sys_updated_on", "sys_updated_by", "sys_mod_count"})
SYS_ID = re.compile(r"[0-9A-Za-z]{32}")


# --- reading ------------------------------------------------------------------------------------------------------


def list_records(context: Context, table_name: str) -> Response:
    table = context.table(table_name)
    rights = context.instance.access.rights(context.user, table, "read")
    if not rights.any:
        return _denied_list(context, table)
    selection = compiled_selection(context, table).selection
    limit = context.number("sysparm_limit", DEFAULT_LIMIT)
    offset = context.number("sysparm_offset", 0)
    if offset < 0 and context.instance.switches["negative_offset"] == "refuse":
        raise bad_offset(offset)
    rows = context.store.select(table, selection, limit=max(0, limit), offset=offset)
    total = None if context.flag("sysparm_no_count") else _total(context, table, selection, rows, limit, offset)
    visible = visible_rows(context, table, rights, rows)
    if total is not None and not context.instance.switches["count_before_rights"]:
        total = len(visible_rows(context, table, rights, context.store.select(table, selection)))
    projection = Projection(context, table)
    if total is not None:
        context.extra = Headers([*context.extra.lines, *paging_headers(context, total, limit, offset)])
    else:
        context.extra.lines += uncounted_links(context, len(rows), limit, offset)
    if context.version == "v1" and not rows:
        raise no_record()
    return context.answer(200, {"result": [projection.show(row) for row in visible]})


def _total(context: Context, table: Table, selection: Selection, rows: list[Row], limit: int, offset: int) -> int:
    """The count before row rights; counting again is only needed when the page does not show it."""
    if rows and len(rows) < limit and offset >= 0:
        return offset + len(rows)
    return context.store.count(table, selection)


def _denied_list(context: Context, table: Table) -> Response:
    if table.name in context.instance.switches.get("silent_when_denied", ()):
        context.extra.set("X-Total-Count", "0")
        return context.answer(200, {"result": []})
    raise query_denied(table.name)


def get_record(context: Context, table_name: str, sys_id: str) -> Response:
    table = context.table(table_name)
    row = readable_row(context, table, sys_id)
    return context.answer(200, {"result": Projection(context, table).show(row)})


def readable_row(context: Context, table: Table, sys_id: str) -> Row:
    """The record, or the one 404 for everything that stands in the way."""
    rights = context.instance.access.rights(context.user, table, "read")
    row = context.instance.store.get(table, sys_id) if rights.any else None
    if row is None or not in_domain(context, row) or not visible_rows(context, table, rights, [row]):
        raise no_record()
    return row


def visible_rows(context: Context, table: Table, rights: Rights, rows: list[Row]) -> list[Row]:
    """The rows that at least one grant shows; only grants with a condition cost a query."""
    if rights.whole_table or not rows:
        return rows
    seen = {sys_id for grant in rights.grants for sys_id in _rows_of(context, table, grant, rows)}
    return [row for row in rows if row["sys_id"] in seen]


def rights_to(context: Context, table: Table, rights: Rights, row: Row) -> Rights:
    """What remains of the rights for this one row."""
    grants = [grant for grant in rights.grants if not grant.where or _rows_of(context, table, grant, [row])]
    return Rights(tuple(grants), unlimited=rights.unlimited)


def _rows_of(context: Context, table: Table, grant: Grant, rows: list[Row]) -> set[str]:
    if not grant.where:
        return {row["sys_id"] for row in rows}
    wanted = "sys_idIN" + ",".join(row["sys_id"] for row in rows)
    compiled = compile_query(
        parse(f"{wanted}^{grant.where}"),
        table,
        schema=context.instance.schema,
        reader=context.instance.reader(context.user),
        switches=context.instance.switches,
    )
    return {row["sys_id"] for row in context.instance.store.select(table, compiled.selection)}


def compiled_selection(context: Context, table: Table) -> Compiled:
    """The query of the request, with the instance's opinion about invalid parts and forbidden fields applied."""
    instance = context.instance
    query = parse(context.option("sysparm_query"))
    if not context.option("sysparm_query"):
        query.alternatives = [[[term] for term in _url_terms(context, table)]]
    compiled = compile_query(
        query, table, schema=instance.schema, reader=instance.reader(context.user), switches=instance.switches
    )
    for owner, column, ranged in compiled.used:
        if not instance.access.may_query(context.user, owner, column, ranged=ranged):
            raise query_fields_denied()
    mode = instance.switches["invalid_query_tables"].get(table.name, instance.switches["invalid_query"])
    if compiled.dropped and mode == "reject":
        raise query_fields_denied()
    if compiled.dropped and mode == "no_rows":
        compiled.selection = Selection(where="0")
    if "sys_domain" in table.columns and (domains := _domains(context)):
        compiled.selection = _within_domains(compiled.selection, domains)
    return compiled


def in_domain(context: Context, row: Row) -> bool:
    """Whether domain separation shows this record to the user."""
    domains = _domains(context)
    return not domains or row.get("sys_domain", "global") in domains


def _domains(context: Context) -> tuple[str, ...]:
    """The domains the user sees; empty: all of them."""
    user = context.user
    if not context.instance.switches["domain_separation"] or user.domain == "global":
        return ()
    across = context.flag("sysparm_query_no_domain") and (user.is_admin or NO_DOMAIN in user.roles)
    return () if across else (user.domain, "global")


def _within_domains(selection: Selection, domains: tuple[str, ...]) -> Selection:
    marks = ", ".join("?" * len(domains))
    where = f"({selection.where}) AND t0.sys_domain IN ({marks})"
    return replace(selection, where=where, parameters=(*selection.parameters, *domains))


def _url_terms(context: Context, table: Table) -> list[Term]:
    """`field=value` pairs of the URL, which also take display values."""
    terms = []
    for name, value in context.parameters.items():
        column = table.by_name.get(name.split(".")[0])
        if name.startswith("sysparm_") or column is None:
            continue
        by_label = {choice.label.lower(): choice.value for choice in column.choices}
        target = context.instance.schema.tables.get(column.reference)
        if column.kind is Kind.REFERENCE and "." not in name and target and value and not SYS_ID.fullmatch(value):
            key = "user_name" if target.name == "sys_user" else target.display
            name = f"{name}.{target.columns[key].name}"
        terms.append(Term(name, "=", by_label.get(value.lower(), value)))
    return terms


# --- writing ------------------------------------------------------------------------------------------------------


def insert_record(context: Context, table_name: str) -> Response:
    table = _writable(context, context.table(table_name))
    payload = context.payload()
    named = context.instance.schema.tables.get(str(payload.get("sys_class_name", "")))
    if named is not None and named.name in table.family:
        table = named
    rights = context.instance.access.rights(context.user, table, "create")
    if not rights.any:
        raise write_denied("Insert")
    values = accepted(context, table, rights, payload)
    sys_id = str(payload.get("sys_id") or "")
    if (
        context.instance.switches["client_sys_id"]
        and SYS_ID.fullmatch(sys_id)
        and rights.covers(table.columns["sys_id"])
    ):
        values["sys_id"] = sys_id
    try:
        row = context.instance.records.insert(table.name, values, context.user)
    except DuplicateKey as error:
        raise duplicate(context.instance.switches["duplicate_status"], error.value, error.key) from error
    except Aborted as error:
        raise aborted(error.detail) from error
    context.extra.add("Location", f"{context.api_base}/table/{table_name}/{row['sys_id']}")
    return _written(context, 201, table, row)


def update_record(context: Context, table_name: str, sys_id: str) -> Response:
    requested = _writable(context, context.table(table_name))
    payload = context.payload()
    row = readable_row(context, requested, sys_id)
    table = context.instance.schema.table(row["sys_class_name"])
    rights = rights_to(context, table, context.instance.access.rights(context.user, table, "write"), row)
    if not rights.any:
        raise write_denied("Update")
    try:
        row = context.instance.records.update(
            table.name, row["sys_id"], accepted(context, table, rights, payload), context.user
        )
    except DuplicateKey as error:
        raise duplicate(context.instance.switches["duplicate_status"], error.value, error.key) from error
    except Aborted as error:
        raise aborted(error.detail) from error
    return _written(context, 200, requested, row)


def delete_record(context: Context, table_name: str, sys_id: str) -> Response:
    requested = _writable(context, context.table(table_name))
    row = readable_row(context, requested, sys_id)
    table = context.instance.schema.table(row["sys_class_name"])
    rights = rights_to(context, table, context.instance.access.rights(context.user, table, "delete"), row)
    if not rights.any:
        raise write_denied("Delete")
    try:
        context.instance.records.delete(table.name, row["sys_id"], context.user)
    except Aborted as error:
        raise aborted(error.detail) from error
    return Response(204, context.extra)


def _writable(context: Context, table: Table) -> Table:
    """A database view can only be read."""
    if table.view is not None:
        raise no_method(context.request.method)
    return table


def accepted(context: Context, table: Table, rights: Rights, payload: dict[str, Any]) -> Row:
    """What remains of a body: unknown, denied, server-filled and impossible values are dropped without a word."""
    formats = context.user.formats if context.flag("sysparm_input_display_value") else None
    values: Row = {}
    for name, raw in payload.items():
        column = table.by_name.get(name)
        if column is None or column.kind in (Kind.GUID, Kind.CLASS_NAME) or column.key in SERVER_FILLED:
            continue
        if not rights.covers(column):
            continue
        value = accept(context.instance, column, raw, display_input=formats)
        if value is not None:
            values[column.key] = value
    return values


def _written(context: Context, status: int, table: Table, row: Row) -> Response:
    if context.request.headers.get("X-no-response-body").lower() == "true":
        return Response(status, context.extra)
    return context.answer(status, {"result": Projection(context, table).show(row)})
