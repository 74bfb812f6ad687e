"""A set of parts of a column in words: `specification = CPE`, `amount > 5 and <= 10`, `location = anything`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.partition import complement, union
from connector.mapping.dmn.values import show

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.mapping.dmn.analysis.columns import Column, Part
    from connector.mapping.dmn.partition import Cut, Interval
    from connector.mapping.dmn.values import Value

_LISTED = 6  # more are counted


def described(column: Column, parts: Sequence[Part]) -> str:
    """The values in these parts of a column."""
    if len(parts) == len(column.parts):
        return f"{column.name} = anything"
    spans = union(span for part in parts for span in part.spans)
    values = [value for part in parts for value in part.values]
    written = dict(column.written)
    texts = _of_spans(spans, written) + [_value(value, written) for value in values]
    if texts and all(text[0] not in "<>" and " " not in text.split('"')[0] for text in texts):
        return f"{column.name} = {_listed(texts)}"
    if len(texts) == 1 and texts[0].startswith(("<", ">", "starts", "anything")):
        return f"{column.name} {texts[0]}" if not texts[0].startswith("anything") else f"{column.name} = {texts[0]}"
    return f"{column.name}: {_listed(texts)}"


def shown(example: Mapping[str, Value]) -> str:
    """An example in one line."""
    return ", ".join(f"{name} = {_value(value, {})}" for name, value in example.items())


def _value(value: Value, written: Mapping[str, str]) -> str:
    if value is None:
        return "(empty)"
    if isinstance(value, str):
        value = written.get(value, value)
        return value if value and value.isprintable() and value == value.strip() else repr(value)
    return show(value)


def _listed(texts: Sequence[str]) -> str:
    more = len(texts) - _LISTED
    few = texts if more <= 1 else texts[:_LISTED]
    return " or ".join(few) + (f" or one of {more} more" if more > 1 else "")


def _of_spans(spans: Sequence[Interval], written: Mapping[str, str]) -> list[str]:
    """Points by name, ranges by their ends; all but a few points as such."""
    if len(spans) > 1 and spans[0][0] is None and spans[-1][1] is None:
        holes = complement(list(spans))
        if all(_is_point(hole) for hole in holes):
            return [f"anything but {_listed_points(holes, written)}"]
    return [_span(span, written) for span in spans]


def _listed_points(points: Iterable[Interval], written: Mapping[str, str]) -> str:
    texts = [_value(low[0], written) for low, _ in points if low is not None]
    more = len(texts) - _LISTED
    few = texts if more <= 1 else texts[:_LISTED]
    return ", ".join(few) + (f" and {more} more" if more > 1 else "")


def _is_point(span: Interval) -> bool:
    low, high = span
    return low is not None and high is not None and low[0] == high[0]


def _span(span: Interval, written: Mapping[str, str]) -> str:
    low, high = span
    if _is_point(span) and low is not None:
        return _value(low[0], written)
    prefix = _prefix(low, high)
    if prefix is not None:
        return f'starts with "{prefix}"'
    ends = []
    if low is not None:
        ends.append(f"{'>' if low[1] else '>='} {_value(low[0], written)}")
    if high is not None:
        ends.append(f"{'<=' if high[1] else '<'} {_value(high[0], written)}")
    return " and ".join(ends) or "anything"


def _prefix(low: Cut, high: Cut) -> Any:
    """The beginning that all strings of a span share, if it holds all of those."""
    if low is None or high is None or low[1] or high[1] or not isinstance(low[0], str):
        return None
    text = low[0]
    return text if text and high[0] == text[:-1] + chr(ord(text[-1]) + 1) else None
