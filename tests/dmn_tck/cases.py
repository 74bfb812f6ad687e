"""The kit's test case files: what is given, what is asked, what must come out."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.feel.calendar import read_at, show_any
from connector.mapping.dmn.feel.types import ANY, ContextOf, FeelType, ListOf, Restricted, Simple

if TYPE_CHECKING:
    from pathlib import Path

_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
TOLERANCE = Decimal("1e-8")


class Unreadable(ValueError):
    """A value of the kit that this house cannot hold."""


class Untyped(str):
    """A value whose kind the kit leaves to the model."""


def typed(value: Any, kind: FeelType) -> Any:
    """A value with the kinds that the model declares."""
    match kind:
        case ListOf(item) if isinstance(value, list):
            return [typed(one, item) for one in value]
        case ContextOf(members) if isinstance(value, dict):
            known = dict(members)
            return {name: typed(one, known.get(name, ANY)) for name, one in value.items()}
        case Restricted(base, _):
            return typed(value, base)
        case Simple(name) if isinstance(value, Untyped):
            return _as(str(value), name)
        case _:
            return value


def _as(text: str, kind: str) -> Any:
    match kind:
        case "number":
            return _number(text)
        case "boolean":
            return text == "true"
        case "string" | "Any":
            return text
        case _:
            return read_at(text)


@dataclass(frozen=True)
class Asked:
    """One result that a test case asks for."""

    name: str
    expected: Any
    is_error: bool


@dataclass(frozen=True)
class Case:
    """One test case: the folder of its model and its file tell where, `id` which."""

    model: Path
    file: str
    id: str
    kind: str
    invocable: str
    inputs: tuple[tuple[str, str, ElementTree.Element], ...] = field(repr=False)
    asked: tuple[ElementTree.Element, ...] = field(repr=False)

    @property
    def folder(self) -> str:
        return self.model.parent.name

    @property
    def name(self) -> str:
        return f"{self.folder}/{self.file}/{self.id}"

    def given(self) -> list[tuple[str, str, Any]]:
        """Name, namespace and value of each input. Raises Unreadable."""
        return [(name, namespace, value_of(element)) for name, namespace, element in self.inputs]

    def results(self) -> list[Asked]:
        """Raises Unreadable."""
        found = []
        for element in self.asked:
            expected = _child(element, "expected")
            value = value_of(expected) if expected is not None else None
            is_error = element.get("errorResult") == "true"
            found.append(Asked(element.get("name", ""), value, is_error))
        return found


def cases_in(folder: Path) -> list[Case]:
    """All test cases below a folder, in order."""
    return [case for path in sorted(folder.rglob("*.xml")) for case in _cases_of(path)]


def _cases_of(path: Path) -> list[Case]:
    root = ElementTree.parse(path).getroot()  # noqa: S314 -- the folder is chosen by who runs the tests
    if not root.tag.endswith("}testCases"):
        return []
    model = path.parent / (_text(root, "modelName") or f"{path.parent.name}.dmn")
    found = []
    for number, element in enumerate(_children(root, "testCase"), 1):
        inputs = [(one.get("name", ""), one.get("namespace", ""), one) for one in _children(element, "inputNode")]
        found.append(
            Case(
                model,
                path.stem,
                element.get("id") or str(number),
                element.get("type", "decision"),
                element.get("invocableName", ""),
                tuple(inputs),
                tuple(_children(element, "resultNode")),
            )
        )
    return found


def _children(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [one for one in element if one.tag.rpartition("}")[2] == name]


def _child(element: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next(iter(_children(element, name)), None)


def _text(element: ElementTree.Element, name: str) -> str:
    found = _child(element, name)
    return (found.text or "").strip() if found is not None else ""


def value_of(element: ElementTree.Element) -> Any:
    """A value, a list or a context. Raises Unreadable."""
    if element.get(_NIL) == "true":
        return None
    listed, components, value = _child(element, "list"), _children(element, "component"), _child(element, "value")
    if listed is not None:
        return None if listed.get(_NIL) == "true" else [value_of(one) for one in _children(listed, "item")]
    if components:
        return {one.get("name", ""): value_of(one) for one in components}
    return None if value is None or value.get(_NIL) == "true" else _simple(value)


def _simple(element: ElementTree.Element) -> Any:
    text = element.text or ""
    match element.get(_TYPE, "").rpartition(":")[2]:
        case "string" | "anyURI":
            return text
        case "" | "anySimpleType":
            return Untyped(text) if text else None
        case "boolean":
            return text.strip() in ("true", "1")
        case "decimal" | "double" | "integer" | "float" | "int" | "long":
            return _number(text.strip())
        case "date" | "time" | "dateTime" | "duration" | "dayTimeDuration" | "yearMonthDuration":
            value = read_at(text.strip())
            if value is None:
                raise Unreadable(f"{text} is out of the calendar, or finer than a microsecond")
            return value
        case other:
            raise Unreadable(f"values of type {other}")


def _number(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise Unreadable(f"the number {text}")
    return value


def agrees(found: Any, expected: Any) -> bool:
    """As the kit compares: numbers within 1e-8, lists in order, contexts by component."""
    if isinstance(expected, Untyped):
        return found is not None and show_any(found) == expected
    if isinstance(expected, Decimal) and isinstance(found, Decimal):
        return abs(found - expected) <= TOLERANCE
    if isinstance(expected, list) and isinstance(found, list):
        return len(found) == len(expected) and all(agrees(a, b) for a, b in zip(found, expected, strict=True))
    if isinstance(expected, dict) and isinstance(found, dict):
        return found.keys() == expected.keys() and all(agrees(found[key], value) for key, value in expected.items())
    if type(found) is not type(expected):
        return False
    return bool(found == expected) or (found is not None and show_any(found) == show_any(expected))
