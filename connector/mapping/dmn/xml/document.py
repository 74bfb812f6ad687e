"""XML -> elements that know their line. Only elements of DMN's model are kept; modelers' own extensions are passed over.

No document type is accepted, so there are no entities that could grow or reach for files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from connector.mapping.dmn.problems import Problem, Unusable

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSIONS = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
    "https://www.omg.org/spec/DMN/20240513/MODEL/": "1.6",
}
CAMUNDA = "http://camunda.org/schema/1.0/dmn"
OURS = "https://github.com/om-fsm-connector/dmn"
_KEPT_ATTRIBUTES = {CAMUNDA: "camunda:", OURS: "ours:"}
_DEEPEST = 200
_LARGEST = 50_000_000


@dataclass(slots=True)
class Element:
    """One element. Attributes of DMN have their plain name, those of Camunda and of ours a prefix; others are left out."""

    name: str
    attributes: dict[str, str]
    line: int
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def child(self, *names: str) -> Element | None:
        """The first child with one of these names."""
        return next((one for one in self.children if one.name in names), None)

    def all(self, name: str) -> list[Element]:
        return [one for one in self.children if one.name == name]

    def said(self, name: str) -> str:
        """The text of a child, without the space around it; "" where there is none."""
        found = self.child(name)
        return found.text.strip() if found else ""

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    def below(self) -> Iterator[Element]:
        """All elements inside, in order."""
        for one in self.children:
            yield one
            yield from one.below()


class _Builder:
    def __init__(self) -> None:
        self.root: Element | None = None
        self.version = ""
        self._open: list[Element | None] = []
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _doctype(self, *_: object) -> None:
        raise Unusable(
            [_at(self.parser.CurrentLineNumber, "a document type (<!DOCTYPE ...>) is not accepted; remove it")]
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        namespace, _, name = tag.rpartition("}")
        if len(self._open) >= _DEEPEST:
            raise Unusable([_at(self.parser.CurrentLineNumber, f"elements nested more than {_DEEPEST} deep")])
        if self.root is None:
            self._check(namespace, name)
        inside = not self._open or self._open[-1] is not None
        if namespace not in _VERSIONS or not inside:
            self._open.append(None)
            return
        element = Element(name, _known(attributes), self.parser.CurrentLineNumber)
        if self._open and (parent := self._open[-1]):
            parent.children.append(element)
        self.root = self.root or element
        self._open.append(element)

    def _check(self, namespace: str, name: str) -> None:
        if namespace not in _VERSIONS or name != "definitions":
            what = "no DMN file: its first element must be <definitions> of DMN 1.1 to 1.6"
            raise Unusable([Problem(what, value=f"{name} of {namespace or 'no namespace'}")])
        self.version = _VERSIONS[namespace]

    def _end(self, _: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        if self._open and (element := self._open[-1]):
            element.text += text


def _known(attributes: dict[str, str]) -> dict[str, str]:
    found = {}
    for tag, value in attributes.items():
        namespace, _, name = tag.rpartition("}")
        if not namespace:
            found[name] = value
        elif namespace in _KEPT_ATTRIBUTES:
            found[_KEPT_ATTRIBUTES[namespace] + name] = value
    return found


def _at(line: int, what: str) -> Problem:
    return Problem(f"line {line}: {what}")


def parse(data: bytes) -> Element:
    """The `definitions` of a DMN file. Raises Unusable."""
    if len(data) > _LARGEST:
        raise Unusable([Problem(f"the file is larger than {_LARGEST // 1_000_000} MB")])
    builder = _Builder()
    try:
        builder.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Unusable([_at(error.lineno, f"no XML: {expat.ErrorString(error.code)}")]) from None
    except (LookupError, ValueError) as error:
        if isinstance(error, Unusable):
            raise
        raise Unusable([Problem(f"the file cannot be decoded: {error}; save it as UTF-8")]) from None
    assert builder.root is not None
    return builder.root


def type_name(reference: str, known: object = ()) -> str:
    """The name in a typeRef: `feel:string`, `{http://...}string` and `string` are one.

    >>> type_name("feel:string")
    'string'
    """
    reference = reference.strip()
    if reference in known:  # type: ignore[operator]
        return reference
    return re.sub(r"^(\{[^}]*\}|[A-Za-z_][\w.-]*:)", "", reference)
