"""What a literal of an encoded query stands for: numbers, stamps in some zone, scripts, distances from now."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connector.sandbox.clock import STAMP
from connector.sandbox.schema import Column, Kind
from connector.sandbox.script_calls import evaluate
from connector.sandbox.scripts import Reader, UnknownScript, to_utc
from connector.sandbox.store import to_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRIPT = "javascript:"
MOST_CALLS = 50  # in one script
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
TRUTHS = ("", "true", "false", "1", "0")
UNITS = {
    "minute": 60, "hour": 3600, "dayofweek": 86400, "day": 86400, "week": 604800, "month": 2592000,
    "quarter": 7776000, "year": 31536000,
}  # fmt: skip


class Senseless(ValueError):
    """The literal means nothing: its term is invalid. Any other ValueError is of a literal that equals nothing."""


class Literals:
    def __init__(self, reader: Reader, switches: dict[str, Any]) -> None:
        self._reader = reader
        self._switches = switches

    def text(self, literal: str) -> str:
        """Scripts answered; several answers with commas. Raises Senseless."""
        found = self.texts(literal)
        return ",".join(found)

    def texts(self, literal: str) -> Sequence[str]:
        """One text, or the several (or no) texts a script answers. Raises Senseless."""
        if not literal.startswith(SCRIPT):
            return (literal,)
        if literal.count("(") > MOST_CALLS:
            raise Senseless(literal)
        try:
            answered = evaluate(literal.removeprefix(SCRIPT), self._reader)
        except (UnknownScript, ValueError, IndexError, OverflowError) as error:
            raise Senseless(literal) from error
        return (answered,) if isinstance(answered, str) else answered

    def value(self, column: Column, literal: str) -> Any:
        """For the database. Raises Senseless, and ValueError when the text is not of the column's kind."""
        return self.stored(column, self.text(literal), scripted=literal.startswith(SCRIPT))

    def stored(self, column: Column, value: str, *, scripted: bool) -> Any:
        if column.kind in (Kind.DATE_TIME, Kind.DUE_DATE) and value:
            value = self._stamp(value, scripted=scripted)
        if column.kind is Kind.BOOLEAN and value.lower() not in TRUTHS:
            raise ValueError(value)
        return to_sql(column, value)

    def _stamp(self, value: str, *, scripted: bool) -> str:
        """A day alone is its midnight: in which zone, and in which zone a plain stamp is, an instance may see differently."""
        if DAY.fullmatch(value):
            midnight = f"{value} 00:00:00"
            return to_utc(midnight, self._reader.zone) if self._switches.get("day_zone") == "user" else midnight
        if not scripted and self._switches.get("literal_zone") == "user":
            return to_utc(value, self._reader.zone)
        return value

    def relative(self, literal: str) -> str:
        """`@hour@ago@2` as a UTC stamp. Raises Senseless."""
        try:
            nothing, unit, direction, amount = literal.split("@")
            span = timedelta(seconds=UNITS[unit] * float(amount))
            moment = self._reader.now - span if direction == "ago" else self._reader.now + span
        except (ValueError, KeyError, OverflowError):
            raise Senseless(literal) from None
        if nothing or direction not in ("ago", "ahead"):
            raise Senseless(literal)
        return moment.strftime(STAMP)
