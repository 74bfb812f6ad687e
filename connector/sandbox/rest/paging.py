"""The paging headers of a list, as recorded: X-Total-Count, and Link only when the result spans several pages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from connector.sandbox.rest.context import Context


def paging_headers(context: Context, total: int, limit: int, offset: int) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    if total > limit > 0 and not context.flag("sysparm_suppress_pagination_header"):
        headers.append(("Link", _links(context, total, limit, offset)))
    headers.append(("X-Total-Count", str(total)))
    return headers


def uncounted_links(context: Context, shown: int, limit: int, offset: int) -> list[tuple[str, str]]:
    """Without a count nobody knows which page is the last; a full page may have a next one. A switch: no recording exists."""
    full = 0 < limit <= shown
    wanted = context.instance.switches["link_without_count"] and not context.flag("sysparm_suppress_pagination_header")
    if not wanted or not (full or offset > 0) or limit <= 0:
        return []
    pages = [("first", 0), ("prev", offset - limit), *([("next", offset + limit)] if full else [])]
    return [("Link", _written(context, pages, limit))]


def _links(context: Context, total: int, limit: int, offset: int) -> str:
    """`prev` may have a negative offset, `next` is missing on the last page; all parameters are echoed."""
    last = (total - 1) // limit * limit
    pages = [("first", 0), ("prev", offset - limit)]
    if offset + limit < total:
        pages.append(("next", offset + limit))
    pages.append(("last", last))
    return _written(context, pages, limit)


def _written(context: Context, pages: list[tuple[str, int]], limit: int) -> str:
    address = f"{context.address}{context.request.path}"
    echoed = {key: value for key, value in context.request.query.items() if key != "sysparm_offset"}
    echoed.setdefault("sysparm_limit", str(limit))
    return ",".join(
        f'<{address}?{urlencode({**echoed, "sysparm_offset": str(start)})}>;rel="{name}"' for name, start in pages
    )
