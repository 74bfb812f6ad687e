"""FEEL values that no table cell holds: ranges and functions. Lists are list, contexts are dict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.budget import deeper

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Range:
    """`[1..5]` and its like. `(< 5)` has no low end, and is no `(null..5)`: `sign` is then the comparison it was written with."""

    low: Any
    high: Any
    low_closed: bool
    high_closed: bool
    sign: str = ""


@dataclass(frozen=True)
class Function:
    """Something that can be invoked: a FEEL function or business knowledge. `call` takes the arguments in order."""

    parameters: tuple[str, ...]
    call: Callable[[list[Any]], Any]
    types: tuple[Any, ...] = ()

    def invoke(self, arguments: list[Any]) -> Any:
        """None when the number of arguments is wrong."""
        if len(arguments) != len(self.parameters):
            return None
        with deeper():
            return self.call(arguments)

    def invoke_named(self, arguments: dict[str, Any]) -> Any:
        if set(arguments) != set(self.parameters):
            return None
        return self.invoke([arguments[name] for name in self.parameters])
