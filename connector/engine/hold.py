"""What a hold is: a side or an order on which nothing is done for now, why, and what ends it.

reason            stops        ends
----------------  -----------  --------------------------------------------------------------------------
unreachable       everything   by itself: a probe succeeds (first after seconds, then ever more rarely)
hibernating       everything   by itself
maintenance       everything   by itself
throttled         everything   by itself, not before the time the instance asked for
credentials       everything   by itself, but probed rarely: an account may be locked out; or a person releases it
schema            everything   by itself: at the next look that finds every table and column, every few minutes and at the start
by hand           everything   a person releases it, or its time is over
absurd            everything   brake: a person has looked
vanished          everything   brake
identity          everything, on both sides   brake
restored          everything   brake
cancellations     writes       brake
strange           everything   brake: a newer version of the connector knows why

"Everything" includes looks: an order is only decided on what both sides say now. Wakeups are still accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from connector.errors import Held

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class Side(Enum):
    """One of the two systems."""

    OM = "om"
    FSM = "fsm"


class HoldReason(Enum):
    """Why nothing is done."""

    UNREACHABLE = "unreachable"
    HIBERNATING = "hibernating"
    MAINTENANCE = "maintenance"
    THROTTLED = "throttled"
    CREDENTIALS = "credentials"
    SCHEMA = "schema"
    BY_HAND = "by hand"
    ABSURD = "absurd"
    VANISHED = "vanished"
    IDENTITY = "identity"
    RESTORED = "restored"
    CANCELLATIONS = "cancellations"
    STRANGE = "strange"

    @classmethod
    def _missing_(cls, value: object) -> HoldReason:  # noqa: ARG003 - the signature is that of Enum
        return cls.STRANGE

    @property
    def is_brake(self) -> bool:
        """Only a person who has looked may release it."""
        return self in _BRAKES

    @property
    def ends_by_itself(self) -> bool:
        """A probe that succeeds ends it."""
        return not self.is_brake and self not in (HoldReason.BY_HAND, HoldReason.SCHEMA)

    @property
    def stops_looks(self) -> bool:
        """Not even reading goes on."""
        return self is not HoldReason.CANCELLATIONS


_BRAKES = (
    HoldReason.ABSURD,
    HoldReason.VANISHED,
    HoldReason.IDENTITY,
    HoldReason.RESTORED,
    HoldReason.CANCELLATIONS,
    HoldReason.STRANGE,
)


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing is done on `target`: a side, or an order by its number."""

    target: str
    reason: HoldReason
    text: str
    since: datetime
    by: str = ""  # who, where a person did it
    until: datetime | None = None  # by hand only
    probe_at: datetime | None = None
    probes: int = 0
    order_id: str = ""

    def is_in_force(self, now: datetime) -> bool:
        """Whether its time is not over."""
        return self.until is None or self.until > now

    @property
    def is_of_a_side(self) -> bool:
        """Otherwise of one order, which memory may not know yet."""
        return self.target in {side.value for side in Side}

    @property
    def exit_code(self) -> int:
        """Of a command that meets it."""
        if self.reason is HoldReason.CREDENTIALS:
            return 3
        if self.reason is HoldReason.SCHEMA:
            return 2
        return 6 if self.reason.ends_by_itself else 5

    @property
    def way_out(self) -> str:
        """What a person can do, or what happens by itself."""
        if self.reason.is_brake:
            return f"Look at both instances, then: om-fsm release {self.target} --i-have-looked"
        if self.reason is HoldReason.BY_HAND:
            option = self.target if self.is_of_a_side else f"--order {self.target}"
            return f"It ends with: om-fsm release {option}"
        if self.reason is HoldReason.SCHEMA:
            return "`om-fsm discover` finds out what tables and columns are called; then start again with the profile it writes."
        if self.reason is HoldReason.CREDENTIALS:
            return f"Correct the user or the password, then: om-fsm release {self.target}"
        return f"It is probed and goes on by itself; at once with: om-fsm release {self.target}"


def refusal(holds: Sequence[Hold]) -> Held:
    """What a command that meets these holds ends with: the worst of them, since when, why, and what to do."""
    worst = max(holds, key=lambda one: (one.exit_code == 5, one.exit_code))
    since = worst.since.strftime("%Y-%m-%d %H:%M UTC")
    return Held(
        f"{worst.target} is held since {since}: {worst.reason.value}. {worst.text}",
        hint=worst.way_out,
        exit_code=worst.exit_code,
    )
