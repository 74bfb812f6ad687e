"""Foreign text without our secrets: an error page may repeat what signed in, decoded, encoded or under another name.

What is blotted out is every secret the sign-in of the instance holds, in each form a page could show it in, what else signs in
the request at hand, and what only looks like a secret. A secret of fewer than `SHORTEST` characters is not looked for by
itself: it stands in too many words. It is still found under a name ("password=...") and where it was sent (base64 with the
user).
"""

from __future__ import annotations

import base64
import html
import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import requests

SHORTEST = 4  # characters
SECRET_NAMES = re.compile(
    r"authorization|passw|passphrase|pwd|secret|token|assertion|api_?key|cookie|session", re.IGNORECASE
)
_LOOKS_SECRET = re.compile(r"\b(Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{8,}|whsec_[A-Za-z0-9+/=]+", re.IGNORECASE)
_QUOTE = r"(?:\\?[\"']|&quot;|&#0?3[49];|&#x2[27];|%22)?"
_NAMED = re.compile(
    r"((?:authorization|api_?key|cookie|passw(?:or)?d|passphrase|pwd|client_secret|(?:access|refresh|id)_token|x-usertoken)"
    rf"{_QUOTE}\s*(?:[:=]|%3[ad])\s*{_QUOTE})[^\s\"'<>,;&]+",
    re.IGNORECASE,
)
_WORDS = re.compile(r"[^\s;,:=\"']{8,}")  # of a header; what is shorter is no secret, and stands in too many texts
_LINES = 16  # characters; what is shorter of a key in many lines could stand anywhere


def masked(text: str, request: requests.PreparedRequest | None = None, secrets: Iterable[str] = ()) -> str:
    """A text without these secrets, what signed in this request, and what looks like a secret."""
    found = {form for secret in (*secrets, *_of(request)) for form in _forms(secret)}
    for form in sorted(
        found, key=len, reverse=True
    ):  # before the patterns, which may take a piece of one and leave the rest
        text = text.replace(form, "***")
    return _NAMED.sub(r"\1***", _LOOKS_SECRET.sub("***", text))


def _of(request: requests.PreparedRequest | None) -> Iterator[str]:
    """What signs in a request: words of its headers, and the fields of a form that asks for a token."""
    if request is None:
        return
    for name, value in request.headers.items():
        if SECRET_NAMES.search(str(name)):
            yield from _WORDS.findall(str(value))
    if "urlencoded" in str(request.headers.get("Content-Type", "")):
        body = request.body.decode("utf-8", "replace") if isinstance(request.body, bytes) else str(request.body or "")
        yield from (value for name, value in parse_qsl(body) if SECRET_NAMES.search(name))


@lru_cache(maxsize=256)  # the same few are looked for in every answer
def _forms(secret: str) -> frozenset[str]:
    """A secret as it may stand in a page: as it is, escaped, percent-encoded, in base64. Of one in many lines, each line."""
    lines = secret.splitlines()
    if len(lines) > 1:
        parts = (line.strip() for line in lines if len(line.strip()) >= _LINES and not line.startswith("-----"))
        return frozenset(form for part in parts for form in _forms(part)) | {secret}
    encoded = [base64.b64encode(secret.encode()).decode(), base64.urlsafe_b64encode(secret.encode()).decode()]
    plain = [secret, *encoded, *(one.rstrip("=") for one in encoded)]
    forms = {form for one in plain for form in (one, *_percent(one))}
    forms |= {html.escape(secret), html.escape(secret, quote=False), " ".join(secret.split())}
    forms |= {json.dumps(secret, ensure_ascii=plainly)[1:-1] for plainly in (True, False)}
    return frozenset(form for form in forms if len(form) >= SHORTEST) if len(secret) >= SHORTEST else frozenset()


def _percent(text: str) -> Iterator[str]:
    for form in (quote(text, safe=""), quote(text), quote_plus(text)):
        yield form
        yield re.sub(r"%[0-9A-F]{2}", lambda one: one[0].lower(), form)
