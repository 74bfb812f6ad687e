"""A request and a response as both doors understand them; nothing here knows HTTP libraries or ServiceNow."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

ORIGIN = re.compile(r"https?://[^/?]*", re.IGNORECASE)

MOST_LEVELS = 200  # of nested objects and lists in a body
BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]')  # or whole texts
MOST_DIGITS = 18  # of a whole number in a header


class Headers:
    """An ordered list of header lines with case-insensitive look-up; names may repeat (Set-Cookie)."""

    def __init__(self, lines: list[tuple[str, str]] | None = None) -> None:
        self.lines = lines if lines is not None else []

    def get(self, name: str, default: str = "") -> str:
        wanted = name.lower()
        return next((value for key, value in self.lines if key.lower() == wanted), default)

    def set(self, name: str, value: str) -> None:
        self.remove(name)
        self.lines.append((name, value))

    def add(self, name: str, value: str) -> None:
        self.lines.append((name, value))

    def replace(self, name: str, value: str) -> None:
        """Give an existing line another value where it stands."""
        wanted = name.lower()
        self.lines = [(key, value if key.lower() == wanted else old) for key, old in self.lines]

    def remove(self, name: str) -> None:
        wanted = name.lower()
        self.lines = [line for line in self.lines if line[0].lower() != wanted]

    def __contains__(self, name: str) -> bool:
        wanted = name.lower()
        return any(key.lower() == wanted for key, _ in self.lines)


@dataclass
class Request:
    """`target` is the path with its query string as in the request line, or a whole address, as a proxy is sent it."""

    method: str
    target: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    max_parts: int = 1_000_000  # of a batch, how many are executed
    stale: bool = False  # lists are read from a replica that lags
    certificate: str = ""  # SHA-256 fingerprint of the client certificate the door has checked, 64 hex digits

    def __post_init__(self) -> None:
        origin = None if self.target.startswith("/") else ORIGIN.match(self.target)
        path, _, self.query_string = self.target[origin.end() if origin else 0 :].partition("#")[0].partition("?")
        self.path = unquote(path) if "%" in path else path
        self.query: dict[str, str] = dict(parse_qsl(self.query_string, keep_blank_values=True))


@dataclass
class Response:
    """`fate` tells the door what to do with the connection; `delay` is how long the answer is held back, in seconds."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    delay: float = 0.0
    steps: int = 1  # how many requests' worth of work it was
    fate: str = "send"  # send | drop (close without an answer) | cut (close in the middle of the body)


def json_body(payload: Any) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def read_json(body: bytes) -> Any:
    """What the body says; half a surrogate pair becomes a question mark. Raises ValueError."""
    if body.count(b"[") + body.count(b"{") > MOST_LEVELS and _levels(body) > MOST_LEVELS:
        raise ValueError("too many levels")
    parsed = json.loads(body)
    if b"\\u" not in body and b"\xed" not in body:
        return parsed
    return json.loads(json.dumps(parsed, ensure_ascii=False).encode("utf-8", "replace"))


def _levels(body: bytes) -> int:
    """How deep the brackets outside of texts are nested."""
    deepest = level = 0
    for token in BRACKETS.findall(body):
        level += 1 if token in (b"[", b"{") else -1 if token in (b"]", b"}") else 0
        deepest = max(deepest, level)
    return deepest


def whole_number(text: str) -> int | None:
    """Digits and nothing else, or None; `str.isdigit` also likes superscripts."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < MOST_DIGITS else None
