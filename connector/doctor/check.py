"""What a check is, and what it says. A check changes nothing anywhere."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003  (a field of a dataclass)
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.doctor.patient import Patient, SideView


class Suite(Enum):
    """When a check is worth its requests."""

    FIRST = "first"  # the first hour with a pair of instances; also at each start of the daemon
    POST_CLONE = "post-clone"
    POST_UPGRADE = "post-upgrade"
    PERFORMANCE = "performance"


EVERYWHERE = (Suite.FIRST, Suite.POST_CLONE, Suite.POST_UPGRADE)


class Level(Enum):
    """How it stands."""

    FINE = "fine"
    WARNING = "warning"  # it works, with a loss or a risk
    FAILED = "failed"
    UNKNOWN = "unknown"  # it could not be found out; nothing is concluded


WORST_FIRST = (Level.FAILED, Level.WARNING, Level.UNKNOWN, Level.FINE)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one check has seen. `fix` is what mends just this, where the check's own would send somebody the wrong way."""

    level: Level
    text: str
    fix: str = ""


def fine(text: str) -> Seen:
    return Seen(Level.FINE, text)


def warning(text: str) -> Seen:
    return Seen(Level.WARNING, text)


def failed(text: str, fix: str = "") -> Seen:
    return Seen(Level.FAILED, text, fix)


def unknown(text: str) -> Seen:
    return Seen(Level.UNKNOWN, text)


@dataclass(frozen=True, slots=True)
class Check:
    """One question. `of_side` is asked about each instance, `of_pair` once; `offline` needs no instance to answer."""

    id: str
    title: str
    why: str
    fix: str
    suites: tuple[Suite, ...] = EVERYWHERE
    of_side: Callable[[SideView], Seen] | None = None
    of_pair: Callable[[Patient], Seen] | None = None
    only: str = ""  # the one side it is about
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """One answer."""

    id: str
    side: str  # om, fsm, or empty: both, or the connector itself
    level: Level
    seen: str
    why: str
    fix: str  # empty where nothing is to be done
