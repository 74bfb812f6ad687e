"""The Attachment API: files beside records, with their metadata as a table."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from connector.sandbox.messages import Headers, Response
from connector.sandbox.rest.errors import ApiError, no_record, unsupported_media, write_denied
from connector.sandbox.rest.fields import Projection
from connector.sandbox.rest.multipart import Part, read_parts
from connector.sandbox.rest.table import delete_record, list_records, readable_row

if TYPE_CHECKING:
    from connector.sandbox.rest.context import Context
    from connector.sandbox.store import Row

TABLE = "sys_attachment"
DEFAULT_LIMIT = 1000


def list_files(context: Context) -> Response:
    context.parameters.setdefault("sysparm_limit", str(DEFAULT_LIMIT))
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
    kind = context.request.headers.get("Content-Type")
    part = Part("uploadFile", context.option("file_name"), kind, context.request.body)
    return _kept(context, context.option("table_name"), context.option("table_sys_id"), part)


def upload_form(context: Context) -> Response:
    """A form with table_name, table_sys_id and the file, which comes last."""
    try:
        parts = read_parts(context.request.headers.get("Content-Type"), context.request.body)
    except ValueError as error:
        raise unsupported_media(context.request.headers.get("Content-Type")) from error
    table, owner = (parts[name].content.decode() if name in parts else "" for name in ("table_name", "table_sys_id"))
    files = [part for part in parts.values() if part.file_name]
    if not files:
        raise ApiError(400, "uploadFile is missing")
    return _kept(context, table, owner, files[-1])


def _kept(context: Context, table_name: str, table_sys_id: str, part: Part) -> Response:
    table = context.table(table_name)
    owner = readable_row(context, table, table_sys_id)
    if not context.instance.access.rights(context.user, table, "write").any:
        raise write_denied("Insert")
    if not part.file_name:
        raise ApiError(400, "file_name is missing")
    _admit(context, part)
    values = {
        "file_name": part.file_name,
        "table_name": table.name,
        "table_sys_id": owner["sys_id"],
        "content_type": part.content_type or "application/octet-stream",
        "size_bytes": str(len(part.content)),
        "size_compressed": str(len(part.content)),
        "hash": sha256(part.content).hexdigest(),
    }
    row = context.instance.records.insert(TABLE, values, context.user)
    context.instance.files[row["sys_id"]] = part.content
    described = _described(context, row)
    context.extra.add("Location", described["download_link"])
    return context.answer(201, {"result": described})


def _admit(context: Context, part: Part) -> None:
    """Size, extension and kind, as the system properties allow. No refusal was ever recorded; the words are ours."""
    switches = context.instance.switches
    extension = part.file_name.rpartition(".")[2].lower() if "." in part.file_name else ""
    kind = part.content_type.partition(";")[0].strip().lower()
    if len(part.content) > int(switches["attachment_max_bytes"]):
        reason = f"The file is larger than {switches['attachment_max_bytes']} bytes"
    elif switches["attachment_extensions"] and extension not in switches["attachment_extensions"]:
        reason = f"Files of type {extension or '(none)'} are not allowed"
    elif switches["attachment_types"] and kind not in switches["attachment_types"]:
        reason = f"Content of type {kind} is not allowed"
    else:
        return
    raise ApiError(403, "Failed to create the attachment", reason, name="attachment_refused")


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
