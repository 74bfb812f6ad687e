"""Item definitions: types with names of their own, and what they allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.conditions import ANYTHING, Compare, OneOf, holds
from connector.mapping.dmn.feel import parse_unary_tests
from connector.mapping.dmn.feel.types import ANY, ContextOf, FunctionOf, ListOf, Named, Restricted, simple
from connector.mapping.dmn.problems import Problem, Unusable
from connector.mapping.dmn.values import Kind
from connector.mapping.dmn.xml.document import Element, type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.mapping.dmn.conditions import Condition
    from connector.mapping.dmn.feel.types import FeelType

_KINDS = {
    "string": Kind.STRING,
    "number": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "date and time": Kind.DATE_TIME,
    "days and time duration": Kind.DURATION,
    "years and months duration": Kind.MONTHS,
}
# What Camunda's modeler writes beside FEEL's names.
_OTHER_NAMES = {"integer": "number", "long": "number", "double": "number", "datetime": "date and time"}


@dataclass(frozen=True)
class ItemType:
    """What a typeRef means: the kind of a column, FEEL's type, what is allowed and, if these are constants, in their order."""

    kind: Kind = Kind.ANY
    type: FeelType = ANY
    allowed: Condition = ANYTHING
    values: tuple[Any, ...] = ()


def built_in(name: str) -> ItemType | None:
    """One of FEEL's own types, or a modeler's name for one."""
    found = simple(_OTHER_NAMES.get(name, name))
    return ItemType(_KINDS.get(found.name, Kind.ANY), found) if found else None


def item_types(definitions: Element, imported: Mapping[str, ItemType] | None = None) -> dict[str, ItemType]:
    """All item definitions by name. Raises Unusable for a type that is unknown."""
    reader = _Types({one.get("name"): one for one in definitions.all("itemDefinition")}, dict(imported or {}))
    for name in reader.elements:
        reader.named(name)
    return reader.found


class _Types:
    def __init__(self, elements: dict[str, Element], found: dict[str, ItemType]) -> None:
        self.elements = elements
        self.found = found
        self._plain: dict[str, FeelType] = {}
        self._open: list[str] = []

    def named(self, reference: str) -> ItemType:
        name = type_name(reference, self.elements)
        if name in self.found:
            return self.found[name]
        if name not in self.elements:
            own = built_in(name)
            if own is None:
                raise Unusable([Problem("there is no type of this name; add an item definition", value=reference)])
            return own
        if name in self._open:
            return ItemType(Kind.ANY, Named(name, self._plain))
        self._open.append(name)
        self.found[name] = self._defined(self.elements[name])
        self._plain[name] = self.found[name].type
        self._open.pop()
        return self.found[name]

    def _defined(self, element: Element) -> ItemType:
        components = element.all("itemComponent")
        function = element.child("functionItem")
        if components:
            members = tuple((one.get("name"), self._defined(one).type) for one in components)
            base = ItemType(Kind.ANY, ContextOf(members))
        elif function is not None:
            types = tuple(self.named(one.get("typeRef") or "Any").type for one in function.all("parameters"))
            base = ItemType(Kind.ANY, FunctionOf(types, self.named(function.get("outputTypeRef") or "Any").type))
        else:
            base = self.named(element.said("typeRef") or element.get("typeRef") or "Any")
        base = allowing(base, element.child("allowedValues"))
        if element.get("isCollection") == "true":
            base = ItemType(Kind.ANY, ListOf(base.type))
        return allowing(base, element.child("typeConstraint"))


def allowing(base: ItemType, element: Element | None) -> ItemType:
    """A type whose values are restricted by unary tests. Raises Unusable for what cannot be read."""
    text = element.said("text") if element else ""
    if not text:
        return base
    try:
        condition = parse_unary_tests(text, base.kind, ())
    except ValueError as error:
        raise Unusable([Problem(f"allowed values: {error}", value=text)]) from None
    restricted = Restricted(base.type, lambda value: holds(condition, value))
    return ItemType(base.kind, restricted, condition, listed(condition))


def listed(condition: Condition) -> tuple[Any, ...]:
    """The values, if a condition only lists constants."""
    parts = condition.conditions if isinstance(condition, OneOf) else (condition,)
    values = [part.value for part in parts if isinstance(part, Compare) and part.operator == "="]
    return tuple(values) if len(values) == len(parts) else ()
