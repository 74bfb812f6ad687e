"""The marks and words of a FEEL text, read where the parser stands. Comments count as space."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connector.mapping.dmn.feel.errors import FeelError

_SPACE = re.compile(r"(?:\s|\ufeff|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_NUMBER = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_WORD = re.compile(r"[^\W\d]\w*|\?")
_SIGN = re.compile(r"\*\*|\.\.|<=|>=|!=|->|[-+*/<>=()\[\]{},.:@]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6})|(.))", re.DOTALL)
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_OTHER_QUOTES = {"“": '"', "”": '"', "„": '"', "'": '"', "‘": '"', "’": '"', "–": "-", "—": "-", "≤": "<=", "≥": ">=", "≠": "!="}  # noqa: RUF001  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is number, string, word, sign or end; `text` is the string's content, else what is written."""

    kind: str
    text: str
    start: int
    end: int


def token_at(text: str, position: int) -> Token:
    """The token from here on, after space and comments. Raises FeelError."""
    space = _SPACE.match(text, position)
    start = space.end() if space else position
    if start >= len(text):
        return Token("end", "", start, start)
    if text[start] == '"':
        return _string(text, start)
    for kind, pattern in (("number", _NUMBER), ("word", _WORD), ("sign", _SIGN)):
        found = pattern.match(text, start)
        if found:
            return Token(kind, found[0], start, found.end())
    if text[start] in _OTHER_QUOTES:
        raise FeelError(f"{text[start]} is no FEEL; write {_OTHER_QUOTES[text[start]]}", text, start)
    return Token("sign", text[start], start, start + 1)


def _string(text: str, start: int) -> Token:
    found = _STRING.match(text, start)
    if not found:
        raise FeelError('this text never ends; close it with "', text, start)
    return Token("string", unescaped(found[0][1:-1]), start, found.end())


def unescaped(text: str) -> str:
    r"""What a string literal stands for. A backslash before any other letter stays (`\d` in a pattern).

    >>> unescaped(r'a\"b\u00e9')
    'a"bé'
    """
    if "\\" not in text:
        return text
    plain = _ESCAPE.sub(_meant, text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _meant(found: re.Match[str]) -> str:
    if found[3] is not None:
        return _PLAIN_ESCAPES.get(found[3], found[0])
    code = int(found[1] or found[2], 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"
