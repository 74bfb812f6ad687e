"""Inbound rate-limit rules: which one applies to a request, and what is left of its hour. HTTP is not known here.

A node counts by itself and adds its counts to the common ones only every so often, so that a rule strikes late: requests
beyond the limit pass until the next such moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.sandbox.clock import Clock
    from connector.sandbox.people import User

HOUR = 3600


@dataclass(frozen=True)
class LimitRule:
    """At most `limit` requests in an hour of each user it is for; an empty part restricts nothing."""

    name: str
    limit: int
    api: str = ""  # table, stats, import, attachment, batch
    method: str = ""
    table: str = ""
    user: str = ""
    role: str = ""

    def covers(self, user: User, api: str, method: str, table: str) -> bool:
        asked = ((self.api, api), (self.method, method), (self.table, table), (self.user, user.login))
        return all(own in ("", given) for own, given in asked) and (not self.role or self.role in user.roles)

    @property
    def rank(self) -> tuple[int, int]:
        """A rule for one user counts more than one for a role, that more than one for all; of several, the lowest."""
        return (0 if self.user else 1 if self.role else 2, self.limit)


@dataclass(frozen=True)
class Standing:
    """The rule that applies, when its hour ends (epoch seconds), and how long it is until then if too many were asked."""

    rule: LimitRule
    reset: int
    retry_after: int = 0


@dataclass
class _Count:
    hour: int
    known: int = 0
    pending: int = 0
    period: int = 0


class RateLimits:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: dict[tuple[LimitRule, str], _Count] = {}

    def ask(
        self, raw_rules: Iterable[dict[str, Any]], user: User, api: str, method: str, table: str, *, flush: float
    ) -> Standing | None:
        """Count one request under the rule that applies, if any. `flush` is the seconds between two common counts."""
        rules = [LimitRule(**raw) for raw in raw_rules]
        covering = sorted((rule for rule in rules if rule.covers(user, api, method, table)), key=lambda rule: rule.rank)
        if not covering:
            return None
        rule, now = covering[0], self._clock.now().timestamp()
        hour = int(now // HOUR)
        count = self._counts.setdefault((rule, user.login), _Count(hour))
        if count.hour != hour:
            count = self._counts[rule, user.login] = _Count(hour)
        _flush(count, int(now // flush) if flush > 0 else -1)
        reset = (hour + 1) * HOUR
        if count.known >= rule.limit:
            return Standing(rule, reset, max(1, reset - int(now)))
        count.pending += 1
        return Standing(rule, reset)


def _flush(count: _Count, period: int) -> None:
    """Make what was counted in an earlier period known to all nodes."""
    if period < 0 or period != count.period:
        count.known, count.pending, count.period = count.known + count.pending, 0, period
