"""What was sent to write something, for whoever looks at a dead letter: the exact request without secrets, and its answer."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from connector.exchange import Sent

if TYPE_CHECKING:
    import requests

_SECRET_NAMES = re.compile(r"authorization|password|passwd|secret|token|api_?key|cookie|session", re.IGNORECASE)
_SECRET_VALUES = re.compile(r"\b(Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{8,}|whsec_[A-Za-z0-9+/=]+", re.IGNORECASE)
_NAMED = re.compile(
    r"(\b(?:authorization|(?:x-sn-)?api_?key|cookie|passw(?:or)?d|client_secret|(?:access|refresh)_token|x-usertoken)"
    r"[\"']?\s*[:=]\s*[\"']?)[^\s\"'<>,;&]+",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\s;,:=\"']{8,}")  # of a header; what is shorter is no secret, and stands in too many texts
_LONGEST = 2000  # characters of an answer


def sent(request: requests.PreparedRequest, response: requests.Response | None, outcome: str) -> Sent:
    """One write as it left, and what came back. No header is kept: the only ones that matter are secrets."""
    return Sent(
        method=str(request.method),
        url=str(request.url),
        body=_body(request.body),
        status=response.status_code if response is not None else 0,
        answer=masked(response.text, request)[:_LONGEST] if response is not None else "",
        transaction=response.headers.get("X-Transaction-ID", "") if response is not None else "",
        outcome=outcome,
    )


def _body(body: Any) -> dict[str, Any]:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    try:
        values = json.loads(text)
    except ValueError:
        return {"body": masked(text)[:_LONGEST]}
    if not isinstance(values, dict):
        return {"body": masked(text)[:_LONGEST]}
    return {name: "***" if _SECRET_NAMES.search(name) else masked(str(value)) for name, value in values.items()}


def masked(text: str, request: requests.PreparedRequest | None = None) -> str:
    """A text without what looks like a secret, or what signed in this request: an error page may repeat it."""
    text = _NAMED.sub(r"\1***", _SECRET_VALUES.sub("***", text))
    for secret in _secrets_of(request) if request is not None else ():
        text = text.replace(secret, "***")
    return text


def _secrets_of(request: requests.PreparedRequest) -> list[str]:
    headers = [str(value) for name, value in request.headers.items() if _SECRET_NAMES.search(str(name))]
    return sorted({word for value in headers for word in _WORDS.findall(value)}, key=len, reverse=True)
