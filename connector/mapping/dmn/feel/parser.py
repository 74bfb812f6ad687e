"""FEEL text -> tree. Here: where the parser stands, what names it knows, and the operators by how tightly they bind.

or | and | comparison, between, in, instance of | + - | * / | ** | sign | path, filter, call | operand
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.mapping.dmn.feel import operands, types
from connector.mapping.dmn.feel.brackets import range_from
from connector.mapping.dmn.feel.control import In, Tests
from connector.mapping.dmn.feel.errors import FeelError
from connector.mapping.dmn.feel.names import Names
from connector.mapping.dmn.feel.tokens import Token, token_at
from connector.mapping.dmn.feel.tree import (
    THE_VALUE,
    And,
    Arithmetic,
    Between,
    Comparison,
    Ends,
    InstanceOf,
    Literal,
    Negative,
    Or,
)
from connector.mapping.dmn.feel.type_names import type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from connector.mapping.dmn.feel.tree import Node

DEEPEST = 40
LONGEST_CHAIN = 60
LONGEST_TEXT = 20_000
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


class Parser:
    """One text being read. `members` are names that may stand after a dot or inside a filter; `types` are known by name."""

    def __init__(
        self,
        text: str,
        names: Iterable[str] | Names,
        members: Iterable[str] | Names = (),
        named_types: Mapping[str, types.FeelType] | None = None,
    ) -> None:
        if len(text) > LONGEST_TEXT:
            raise FeelError(f"this is longer than {LONGEST_TEXT} characters", text, LONGEST_TEXT)
        self.text = text
        self.types = named_types or {}
        self.names = names if isinstance(names, Names) else known_names(names)
        self.members = members if isinstance(members, Names) else Names(members)
        self.local: frozenset[str] = frozenset()
        self.used: set[str] = set()
        self.in_filter = 0
        self.tests: list[str] = []
        self._depth = 0
        self.token = token_at(text, 0)

    # --- where it stands ------------------------------------------------------------------------------------

    def go(self, position: int) -> None:
        self.token = token_at(self.text, position)

    def take(self) -> Token:
        """The token it stands at; goes on to the next."""
        token = self.token
        self.go(token.end)
        return token

    def is_at(self, *texts: str) -> bool:
        """Whether the next token is one of these signs or keywords."""
        return self.token.kind in ("sign", "word") and self.token.text in texts

    def skip(self, *texts: str) -> bool:
        """Go past one of these, if it is next."""
        if self.is_at(*texts):
            self.take()
            return True
        return False

    def expect(self, text: str, why: str) -> None:
        if not self.skip(text):
            raise self.error(f"{text} is missing {why}")

    def error(self, message: str, token: Token | None = None) -> FeelError:
        return FeelError(message, self.text, (token or self.token).start)

    @contextmanager
    def knowing(self, names: Iterable[str]) -> Iterator[None]:
        """Names of their own that a part of the text may use."""
        before, local = self.names, self.local
        names = set(names)
        self.names, self.local = self.names.and_these(names), self.local | names
        try:
            yield
        finally:
            self.names, self.local = before, local

    @contextmanager
    def deeper(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self.error(f"nested more than {DEEPEST} levels deep")
        try:
            yield
        finally:
            self._depth -= 1

    # --- operators ------------------------------------------------------------------------------------------

    def whole(self) -> Node:
        """One expression and nothing after it."""
        node = self.expression()
        self.end()
        return node

    def end(self) -> None:
        if self.token.kind != "end":
            raise self.error("this cannot follow; is an operator, a comma or a quote missing?")

    def expression(self) -> Node:
        with self.deeper():
            return self.disjunction()

    def disjunction(self) -> Node:
        parts = [self.conjunction()]
        while self.skip("or"):
            parts.append(self.conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def conjunction(self) -> Node:
        parts = [self.comparison()]
        while self.skip("and"):
            parts.append(self.comparison())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def comparison(self) -> Node:
        node = self.arithmetic()
        for _ in range(LONGEST_CHAIN):
            if self.is_at(*COMPARISONS):
                sign = self.take().text
                node = Comparison(sign, node, self.arithmetic())
            elif self.skip("between"):
                low = self.arithmetic()
                self.expect("and", "after the lower bound of between")
                node = Between(node, low, self.arithmetic())
            elif self.skip("in"):
                node = In(node, self.in_tests())
            else:
                return node
        raise self.error(f"more than {LONGEST_CHAIN} comparisons in a row")

    def arithmetic(self, level: int = 0) -> Node:
        """Level 0: + -, level 1: * /, level 2: **"""
        if level == len(_LEVELS):
            return self.signed()
        node = self.arithmetic(level + 1)
        for _ in range(LONGEST_CHAIN):
            if not self.is_at(*_LEVELS[level]):
                return node
            sign = self.take().text
            node = Arithmetic(sign, node, self.arithmetic(level + 1))
        raise self.error(f"more than {LONGEST_CHAIN} operators in a row")

    def signed(self) -> Node:
        if not self.is_at("-"):
            return self.typed()
        self.take()
        with self.deeper():
            return Negative(self.signed())

    def typed(self) -> Node:
        node = operands.postfixed(self)
        while self.is_at("instance"):
            self.take()
            self.expect("of", "after instance")
            node = InstanceOf(node, type_name(self))
        return node

    # --- tests: what may stand in a condition cell, or after `in` ---------------------------------------------

    def in_tests(self) -> Tests:
        if not self.is_at("("):
            return Tests((self.test(self.arithmetic),))
        opening = self.take()
        first = self.test()
        if self.is_at(".."):
            return Tests(((range_from(self, opening, first[0]), False),))
        tests = [first]
        while self.skip(","):
            tests.append(self.test())
        self.expect(")", "after the tests")
        return Tests(tuple(tests))

    def test(self, read: Callable[[], Node] | None = None) -> tuple[Node, bool]:
        """One test, and whether it speaks of `?` itself. Its text is added to `tests`. `read` reads what is no comparison."""
        start, place = self.token.start, len(self.tests)
        found = self._test(read or self.expression)
        self.tests[place:] = [self.text[start : self.token.start].strip()]
        return found

    def _test(self, read: Callable[[], Node]) -> tuple[Node, bool]:
        if self.is_at(*COMPARISONS):
            sign = self.take().text
            return signed_range(sign, self.arithmetic()), False
        before = self.used
        self.used = set()
        try:
            node = read()
            return node, THE_VALUE in self.used
        finally:
            self.used |= before


_LEVELS = (("+", "-"), ("*", "/"), ("**",))
NOTHING = Literal(None)


def known_names(names: Iterable[str]) -> Names:
    """Names for many texts at once, `?` among them."""
    return Names({*names, THE_VALUE})


def signed_range(sign: str, end: Node) -> Ends:
    """`< 5` as a range."""
    if sign in ("=", "!="):
        return Ends(end, end, True, True, sign)
    if sign in ("<", "<="):
        return Ends(NOTHING, end, False, sign == "<=", sign)
    return Ends(end, NOTHING, sign == ">=", False, sign)
