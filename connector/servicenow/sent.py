"""What was sent to write something, for whoever looks at a dead letter: the exact request without secrets, and its answer."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

from connector.exchange import Sent
from connector.servicenow.masking import SECRET_NAMES, masked

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import requests

_LONGEST = 2000  # characters of an answer
_LOOKED_THROUGH = 65_536  # bytes of an answer, which may be as long as it likes


def sent(
    request: requests.PreparedRequest,
    response: requests.Response | None,
    outcome: str,
    secrets: Collection[str] = (),
) -> Sent:
    """One write as it left, and what came back. No header is kept: the only ones that matter are secrets."""

    def clean(text: str) -> str:
        return masked(text, request, secrets)

    return Sent(
        method=str(request.method),
        url=clean(str(request.url)),
        body=_body(request.body, clean),
        status=response.status_code if response is not None else 0,
        answer=clean(_text(response))[:_LONGEST] if response is not None else "",
        transaction=clean(response.headers.get("X-Transaction-ID", "")) if response is not None else "",
        outcome=outcome,
    )


def _text(response: requests.Response) -> str:
    """The beginning of an answer. UTF-8 is tried first, whatever is said: in another encoding a secret would not be known."""
    beginning = response.content[:_LOOKED_THROUGH]
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(beginning)
    except UnicodeDecodeError:
        return beginning.decode("latin-1")


def _body(body: Any, clean: Callable[[str], str]) -> dict[str, Any]:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    try:
        values = json.loads(text)
    except ValueError:
        return {"body": clean(text)[:_LONGEST]}
    if not isinstance(values, dict):
        return {"body": clean(text)[:_LONGEST]}
    return {name: "***" if SECRET_NAMES.search(name) else clean(str(value)) for name, value in values.items()}
