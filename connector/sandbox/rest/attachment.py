"""The Attachment API: files beside records, with their metadata as a table."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from connector.sandbox.messages import Headers, Response
from connector.sandbox.rest.errors import ApiError, no_record, write_denied
from connector.sandbox.rest.fields import Projection
from connector.sandbox.rest.table import delete_record, list_records, readable_row

if TYPE_CHECKING:
    from connector.sandbox.rest.context import Context
    from connector.sandbox.store import Row

TABLE = "sys_attachment"
DEFAULT_LIMIT = 1000


def list_files(context: Context) -> Response:
    context.request.query.setdefault("sysparm_limit", str(DEFAULT_LIMIT))
    return list_records(context, TABLE)


def metadata(context: Context, sys_id: str) -> Response:
    return context.answer(200, {"result": _described(context, _row(context, sys_id))})


def content(context: Context, sys_id: str) -> Response:
    row = _row(context, sys_id)
    described = json.dumps(_described(context, row), separators=(",", ":"))
    headers = Headers([("Content-Type", row["content_type"]), ("X-Attachment-Metadata", described)])
    return Response(200, headers, context.instance.files[row["sys_id"]])


def upload(context: Context) -> Response:
    """The raw body becomes a file of the record named in the address."""
    table = context.table(context.option("table_name"))
    owner = readable_row(context, table, context.option("table_sys_id"))
    if not context.instance.access.rights(context.user, table, "write").any:
        raise write_denied("Insert")
    if not context.option("file_name"):
        raise ApiError(400, "file_name is missing")
    body = context.request.body
    values = {
        "file_name": context.option("file_name"),
        "table_name": table.name,
        "table_sys_id": owner["sys_id"],
        "content_type": context.request.headers.get("Content-Type") or "application/octet-stream",
        "size_bytes": str(len(body)),
        "size_compressed": str(len(body)),
        "hash": sha256(body).hexdigest(),
    }
    row = context.instance.records.insert(TABLE, values, context.user)
    context.instance.files[row["sys_id"]] = body
    described = _described(context, row)
    context.extra.add("Location", described["download_link"])
    return context.answer(201, {"result": described})


def remove(context: Context, sys_id: str) -> Response:
    row = _row(context, sys_id)
    response = delete_record(context, TABLE, row["sys_id"])
    context.instance.files.pop(row["sys_id"], None)
    return response


def _row(context: Context, sys_id: str) -> Row:
    row = readable_row(context, context.table(TABLE), sys_id)
    if row["sys_id"] not in context.instance.files:
        raise no_record()
    return row


def _described(context: Context, row: Row) -> dict[str, Any]:
    link = f"{context.instance.base_url}/api/now/v1/attachment/{row['sys_id']}/file"
    return {**Projection(context, context.table(TABLE)).show(row), "download_link": link}
