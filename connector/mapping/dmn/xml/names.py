"""Rule ids as XML allows them: letters, digits, `-`, `.`, `_`. Any other character is written as its number, and read back."""

from __future__ import annotations

import re

_ALLOWED = re.compile(r"[A-Za-z0-9.\-]|_(?!x[0-9A-F]+_)")
_WRITTEN = re.compile(r"_x([0-9A-F]+)_")


def xml_id(text: str) -> str:
    """An id that XML accepts; different texts never get the same.

    >>> xml_id("install CPE"), xml_id("7")
    ('install_x20_CPE', '_x37_')
    """
    written = "".join(
        char if _ALLOWED.match(text, at) and not (at == 0 and char in "0123456789.-") else f"_x{ord(char):X}_"
        for at, char in enumerate(text)
    )
    return written or "_x_"


def rule_id(written: str, number: int) -> str:
    """The id of a rule that XML holds; rules without one are counted.

    >>> rule_id("install_x20_CPE", 1)
    'install CPE'
    """
    if not written:
        return str(number)
    return "" if written == "_x_" else _WRITTEN.sub(lambda found: chr(min(int(found[1], 16), 0x10FFFF)), written)
