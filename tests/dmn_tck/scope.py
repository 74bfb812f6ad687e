"""What an expression of a model may use: names with values, members that may follow a dot, types."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.feel import FeelExpression, NotCarried, parse_expression
from connector.mapping.dmn.feel.names import squeeze
from connector.mapping.dmn.feel.types import ANY, FeelType
from connector.mapping.dmn.xml.document import type_name
from connector.mapping.dmn.xml.types import ItemType, built_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.mapping.dmn.xml.document import Element


class Refused(Exception):
    """What is not carried, in words."""


@dataclass(frozen=True)
class Scope:
    """Names with their values at one place of a model."""

    values: Mapping[str, Any]
    members: frozenset[str]
    types: Mapping[str, ItemType] = field(default_factory=dict)

    def with_these(self, more: Mapping[str, Any]) -> Scope:
        members = self.members | _members_of(list(more.values()))
        return replace(self, values={**self.values, **more}, members=members)

    def expression(self, text: str) -> FeelExpression | None:
        """None for what is no FEEL here: its value is null. Raises Refused for FEEL that is not carried."""
        try:
            types = {name: item.type for name, item in self.types.items()}
            return parse_expression(text, self.values, members=self.members, types=types)
        except NotCarried as error:
            raise Refused(str(error)) from None
        except ValueError:
            return None

    def value(self, text: str) -> Any:
        expression = self.expression(text)
        return expression.value(self.values) if expression else None

    def type(self, reference: str) -> FeelType:
        if not reference.strip():
            return ANY
        name = type_name(reference, self.types)
        found = self.types.get(name) or built_in(name)
        if found is None:
            raise Refused(f"the type {reference} is not defined")
        return found.type

    def type_of(self, element: Element | None) -> FeelType:
        return self.type(element.get("typeRef")) if element else ANY


def _members_of(values: list[Any]) -> set[str]:
    found: set[str] = set()
    waiting = [*values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            found |= {squeeze(name) for name in value if name}
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value[:1]
    return found
