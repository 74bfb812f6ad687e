"""Calendar periods that queries name, such as this week or last month, as days. Weeks begin on Monday."""

from __future__ import annotations

from datetime import date, timedelta

TRAILING = {"Last7Days": 7, "Last30Days": 30, "Last60Days": 60, "Last90Days": 90, "Last120Days": 120}
SHIFTS = {"Last": -1, "This": 0, "Next": 1}
MONTHS = {"Month": 1, "Quarter": 3, "Year": 12}


def period(name: str, today: date) -> tuple[date, date]:
    """First and last day of a period: Today, Yesterday, Tomorrow, This/Last/Next + Week/Month/Quarter/Year, Last7Days...

    Raises KeyError for any other name.
    """
    if name in TRAILING:
        return today - timedelta(days=TRAILING[name]), today
    days = {"Today": 0, "Yesterday": -1, "Tomorrow": 1}
    if name in days:
        day = today + timedelta(days=days[name])
        return day, day
    shift, unit = SHIFTS[name[:4]], name[4:]
    if unit == "Week":
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=shift)
        return monday, monday + timedelta(days=6)
    return period_ago(unit, today, -shift)


def period_ago(unit: str, today: date, amount: int) -> tuple[date, date]:
    """First and last day of the Month, Quarter or Year that many units before today's; raises KeyError for another unit."""
    length = MONTHS[unit]
    first = (today.year * 12 + today.month - 1) // length * length - amount * length
    return _first_of(first), _first_of(first + length) - timedelta(days=1)


def _first_of(months: int) -> date:
    return date(months // 12, months % 12 + 1, 1)
