"""JSON or XML: which one an answer shall be, how a payload is written in it, how a body is read from it.

XML has one element per key under `response`, repeated for a list; a request body is `<request><entry>...</entry></request>`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring, tostring

from connector.sandbox.messages import json_body

JSON = "application/json;charset=UTF-8"
KINDS = {
    "": JSON, "*/*": JSON, "application/*": JSON, "application/json": JSON,
    "application/xml": "application/xml;charset=UTF-8", "text/xml": "text/xml;charset=UTF-8",
    "text/*": "text/xml;charset=UTF-8",
}  # fmt: skip
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")  # characters that XML cannot carry


@lru_cache(maxsize=256)
def negotiated(accept: str) -> str:
    """The Content-Type of an answer to this Accept header, or the empty string for a 406. Weights are not read."""
    for media in accept.lower().split(","):
        kind = KINDS.get(media.partition(";")[0].strip())
        if kind is not None:
            return kind
    return ""


def written(payload: Any, kind: str) -> bytes:
    if "xml" not in kind:
        return json_body(payload)
    root = Element("response")
    _fill(root, payload)
    text = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()


def read_xml(body: bytes) -> dict[str, Any]:
    """The fields of the (first) entry of a request; raises ValueError for anything else."""
    if b"<!DOCTYPE" in body:
        raise ValueError("a document type is not accepted")
    try:
        root = fromstring(body)  # noqa: S314 - without a document type there is nothing to expand
    except ParseError as error:
        raise ValueError(str(error)) from error
    entry = root if root.tag == "entry" else root.find("entry")
    if entry is None:
        raise ValueError("there is no entry")
    return {child.tag: child.text or "" for child in entry}


def _fill(parent: Element, payload: dict[str, Any]) -> None:
    for key, value in payload.items():
        for one in value if isinstance(value, list) else [value]:
            child = SubElement(parent, key)
            if isinstance(one, dict):
                _fill(child, one)
            elif one is not None:
                child.text = NO_XML.sub("", str(one).lower() if isinstance(one, bool) else str(one))
