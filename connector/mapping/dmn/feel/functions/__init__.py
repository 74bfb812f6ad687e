"""FEEL's built-in functions, by name."""

from connector.mapping.dmn.feel.functions.contexts import CONTEXTS
from connector.mapping.dmn.feel.functions.conversion import CONVERSIONS
from connector.mapping.dmn.feel.functions.dates import DATES
from connector.mapping.dmn.feel.functions.lists import LISTS
from connector.mapping.dmn.feel.functions.numbers import NUMBERS
from connector.mapping.dmn.feel.functions.ranges import RANGES
from connector.mapping.dmn.feel.functions.signature import BuiltIn, gathered
from connector.mapping.dmn.feel.functions.statistics import STATISTICS
from connector.mapping.dmn.feel.functions.strings import STRINGS

BUILT_IN: dict[str, BuiltIn] = gathered(
    *STRINGS, *NUMBERS, *LISTS, *STATISTICS, *DATES, *CONVERSIONS, *RANGES, *CONTEXTS
)

__all__ = ["BUILT_IN", "BuiltIn"]
