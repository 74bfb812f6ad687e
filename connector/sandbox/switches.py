"""Which values a switch can have. What each does is said in profiles/default/profile.toml, where they are declared. Pure."""

from __future__ import annotations

import math
from typing import Any

# Those that name one of several behaviors; the others have the kind of their value in the default profile.
ONE_OF: dict[str, tuple[Any, ...]] = {
    "invalid_query": ("ignore", "no_rows", "reject"),
    "literal_zone": ("utc", "user"),
    "day_zone": ("utc", "user"),
    "error_order": ("message_first", "detail_first"),
    "generation": ("2025", "2021"),
    "negative_offset": ("zero", "refuse"),
    "manual_close_creates_fallout": (False, True, "always"),
    "native_link": ("task_rel_task", "initiated_from"),
    "oauth_token_format": ("opaque", "jwt"),
    "oauth_errors": ("server_error", "rfc6749"),
    "quota_answer": ("commit_then_500", "cancelled", "cancelled_malformed"),
}
AT_LEAST_ONE = ("slots",)
WORDS = {bool: "true or false", str: "a text", list: "a list", dict: "a table"}


def mistake_of(name: str, value: Any, known: dict[str, Any]) -> str:
    """What is wrong with this value of a switch, or the empty string. `known` has a good value of every switch."""
    if name not in known:
        return f"is no switch; there are {', '.join(sorted(known))}"
    if name in ONE_OF:
        good = any(value is one or (isinstance(value, str) and value == one) for one in ONE_OF[name])
        return "" if good else f"must be one of {', '.join(map(repr, ONE_OF[name]))}, not {value!r}"
    if isinstance(known[name], int | float) and not isinstance(known[name], bool):
        least = 1 if name in AT_LEAST_ONE else 0
        good = (
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= least
        )
        return "" if good else f"must be a number from {least} on, not {value!r}"
    kind = type(known[name])
    return "" if isinstance(value, kind) else f"must be {WORDS[kind]}, not {value!r}"
