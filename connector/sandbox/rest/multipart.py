"""Reads a multipart/form-data body into its parts; nothing here knows attachments."""

from __future__ import annotations

import re
from dataclasses import dataclass

BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
NAME = re.compile(r'[; ]name="([^"]*)"')
FILE_NAME = re.compile(r'filename="([^"]*)"')
TYPE = re.compile(r"^content-type:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Part:
    name: str
    file_name: str
    content_type: str
    content: bytes


def read_parts(content_type: str, body: bytes) -> dict[str, Part]:
    """The parts by name, in order; raises ValueError when there is no boundary."""
    boundary = BOUNDARY.search(content_type)
    if boundary is None:
        raise ValueError("there is no boundary")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.group(1).encode())
    parts = [_part(piece) for piece in pieces[1:] if not piece.startswith(b"--")]
    return {part.name: part for part in parts}


def _part(piece: bytes) -> Part:
    head, _, content = piece.partition(b"\r\n\r\n")
    text = head.decode("utf-8", "replace")
    name, file_name, kind = NAME.search(text), FILE_NAME.search(text), TYPE.search(text)
    return Part(
        name=name.group(1) if name else "",
        file_name=file_name.group(1) if file_name else "",
        content_type=kind.group(1) if kind else "",
        content=content,
    )
