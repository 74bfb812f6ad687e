"""How one reader sees moments and money: zone, the patterns of sys_user or of the system, and a locale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from connector.sandbox.clock import STAMP

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# Java's letters, longest first.
LETTERS = {
    "yyyy": "%Y", "yy": "%y", "MMM": "%b", "MM": "%m", "dd": "%d", "HH": "%H", "hh": "%I", "mm": "%M", "ss": "%S", "a": "%p",
}  # fmt: skip
# locale -> what stands before and behind the amount, thousands, decimal point
MONEY = {
    "en.US": ("$", "", ",", "."),
    "en.GB": ("£", "", ",", "."),
    "de.DE": ("", " €", ".", ","),
    "fr.FR": ("", " €", " ", ","),
}
USUAL_DATE, USUAL_TIME, USUAL_LOCALE = "yyyy-MM-dd", "HH:mm:ss", "en.US"


@dataclass(frozen=True)
class Formats:
    zone: ZoneInfo
    date: str = USUAL_DATE
    time: str = USUAL_TIME
    locale: str = USUAL_LOCALE

    @cached_property
    def _pattern(self) -> str:
        pattern, rest = "", f"{self.date or USUAL_DATE} {self.time or USUAL_TIME}"
        while rest:
            letters = next((letters for letters in LETTERS if rest.startswith(letters)), rest[0])
            pattern += LETTERS.get(letters, letters)
            rest = rest[len(letters) :]
        return pattern

    def moment(self, stamp: str) -> str:
        """A UTC stamp as this reader sees it; what is no stamp is returned unchanged."""
        try:
            return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).astimezone(self.zone).strftime(self._pattern)
        except ValueError:
            return stamp

    def read(self, text: str) -> str:
        """What this person typed, or the platform's own form, as a UTC stamp; raises ValueError for anything else."""
        try:
            local = datetime.strptime(text, self._pattern)  # noqa: DTZ007 - the zone comes from the person
        except ValueError:
            local = datetime.fromisoformat(text)
        return local.replace(tzinfo=self.zone).astimezone(UTC).strftime(STAMP)

    def money(self, amount: str) -> str:
        before, behind, thousands, point = MONEY.get(self.locale, MONEY[USUAL_LOCALE])
        text = f"{abs(float(amount)):,.2f}".translate(str.maketrans(",.", thousands + point))
        return f"{'-' if float(amount) < 0 else ''}{before}{text}{behind}"
