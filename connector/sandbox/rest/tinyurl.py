"""Short addresses: a query string that is too long for an address is kept, and `sysparm_tiny` stands for it later."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from connector.sandbox.rest.errors import bad_payload

if TYPE_CHECKING:
    from connector.sandbox.messages import Response
    from connector.sandbox.rest.context import Context

TABLE = "sys_tiny_url"
PARAMETER = "sysparm_tiny"


def shorten(context: Context) -> Response:
    """`{"url": "x?long"}` gives `{"result": "x?sysparm_tiny=<id>"}`."""
    path, _, data = str(context.payload().get("url", "")).partition("?")
    if not data:
        raise bad_payload("url is missing or has no parameters")
    records = context.instance.records
    key = records.new_id()
    records.insert(TABLE, {"tiny_url": key, "data": data}, context.instance.system)
    return context.answer(200, {"result": f"{path}?{PARAMETER}={key}"})


def expanded(context: Context) -> dict[str, str]:
    """The parameters of the request with those kept for its short address; what the address itself says wins."""
    query = context.request.query
    if PARAMETER not in query or TABLE not in context.instance.schema.tables:
        return query
    kept = context.instance.store.find(TABLE, tiny_url=query[PARAMETER])
    return {**dict(parse_qsl(kept[0]["data"], keep_blank_values=True)), **query} if kept else query
