"""Cases of the kit that are not carried, and why. A case that is refused without standing here fails, and so does one that
stands here and is answered."""

from __future__ import annotations

import re

_CALENDAR = "dates before year 1 or after 9999, and parts of a microsecond: no column of an instance holds them"
_JAVA = "functions written in Java: an expression reaches nothing outside itself"
_BACK = "references back to a group of a pattern: they cannot be matched in bounded time"

_ADDED = "to_rhs_(ymDuration_01[0-7]|dtDuration_(01[4-9]|02[01]))"
_TAKEN = "minus_rhs_(ymDuration_(009|01[0-6])|dtDuration_01[0-7])"

# folder and id of the case
NOT_CARRIED = (
    ("0050-feel-abs-function", "013", _CALENDAR),
    ("0076-feel-external-java", ".*", _JAVA),
    ("0100-arithmetic", f"add_lhs_dateAndTime_{_ADDED}", _CALENDAR),
    ("0100-arithmetic", "add_lhs_ymDuration_to_rhs_dateAndTime_01[0-7]", _CALENDAR),
    ("0100-arithmetic", "add_lhs_dtDuration_to_rhs_dateAndTime_(01[4-9]|02[01])", _CALENDAR),
    ("0100-arithmetic", f"subtract_lhs_dateAndTime_{_TAKEN}", _CALENDAR),
    ("1111-feel-matches-function", "K2-MatchesFunc-17", _BACK),
    ("1115-feel-date-function", "(013|014|015|016|019|027|028|029|030)_.*", _CALENDAR),
    ("1116-feel-time-function", "(020|050)_.*", _CALENDAR),
    (
        "1117-feel-date-and-time-function",
        "(010|011|012|014|022|026|027|028|033|035|038|040|042|045|047|049|052|054)_.*",
        _CALENDAR,
    ),
    ("1121-feel-years-and-months-duration-function", "(017|018|019|025|026)_.*", _CALENDAR),
)


def why(folder: str, case: str) -> str:
    """Why a case is not carried; "" if it should be."""
    return next((reason for place, ids, reason in NOT_CARRIED if place == folder and re.fullmatch(ids, case)), "")
