"""gzip for clients that take it. The edge compresses last, after everything that may have spoiled an answer."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.sandbox.messages import Request, Response

SMALLEST = 1024  # bytes; shorter bodies travel as they are
TEXTS = ("application/json", "application/xml", "text/xml")


def compress(request: Request, response: Response) -> None:
    """Compress a body worth it; an answer that is to be cut stays readable up to the cut."""
    wanted = "gzip" in request.headers.get("Accept-Encoding").lower()
    if not wanted or response.fate != "send" or len(response.body) < SMALLEST:
        return
    if response.headers.get("Content-Type").startswith(TEXTS) and "Content-Encoding" not in response.headers:
        response.body = gzip.compress(response.body, compresslevel=1, mtime=0)
        response.headers.add("Content-Encoding", "gzip")
