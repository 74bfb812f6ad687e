"""A whole expression, as tables hold it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.budget import Exhausted, budgeted, is_running
from connector.mapping.dmn.feel.errors import FeelError
from connector.mapping.dmn.feel.parser import Parser
from connector.mapping.dmn.feel.tree import Env

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.mapping.dmn.feel.names import Names
    from connector.mapping.dmn.feel.tree import Node
    from connector.mapping.dmn.feel.types import FeelType

_DEEPEST_TREE = 120


@dataclass(frozen=True)
class FeelExpression:
    """`text` as written; `names` are those it asks the scope for (`now()` and `today()` are names too, if they are known)."""

    text: str
    tree: Node
    names: frozenset[str]

    def value(self, scope: Mapping[str, Any]) -> Any:
        """What it is worth with these names. Raises nothing: what cannot be computed, or takes too much, is None."""
        if is_running():
            return self.tree.value(Env(scope))
        with budgeted():
            try:
                return self.tree.value(Env(scope))
            except (Exhausted, RecursionError):
                return None


def parse_expression(
    text: str,
    names: Iterable[str] | Names,
    *,
    members: Iterable[str] | Names = (),
    types: Mapping[str, FeelType] | None = None,
) -> FeelExpression:
    """An expression that may use these names. Raises FeelError, a ValueError that says where and what would be right.

    `members` are names with signs in them that may follow a dot; `types` those that `instance of` may name.
    """
    parser = Parser(text, names, members, types)
    return finished(parser, parser.whole())


def finished(parser: Parser, tree: Node) -> FeelExpression:
    """What a parser has read. Raises FeelError if the tree is too deep to be evaluated."""
    if len(parser.text) > _DEEPEST_TREE and depth(tree) > _DEEPEST_TREE:  # a short text has no deep tree
        raise FeelError("too long or too deeply nested; give parts of it names of their own", parser.text, 0)
    return FeelExpression(parser.text.strip(), tree, frozenset(parser.used))


def parts(node: Any) -> list[Any]:
    """The nodes right inside a node."""
    if isinstance(node, tuple):
        return list(node)
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        return [getattr(node, field.name) for field in dataclasses.fields(node)]
    return []


def depth(tree: Any) -> int:
    """How many nodes lie inside one another."""
    deepest = 0
    waiting: list[tuple[Any, int]] = [(tree, 0)]
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level)
        waiting += [(part, level + (not isinstance(part, tuple))) for part in parts(node)]
    return deepest
