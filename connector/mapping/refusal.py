"""Why Field Service refused a write, in the words of those who read notes. Pure.

What a platform answers names tables, scripts and ids; a person reads the name of the rule, what is missing, or that a right is.
"""

from __future__ import annotations

import re

PUT_RIGHT = "Put the record right in Field Service, then `om-fsm outbox retry`; or change [fsm.references]."
PUT_RIGHT_TEMPLATE = "Create the template in Field Service, or correct the policy row."
"""What to do about a write that was not sent, because what it refers to is not found there."""

_UNFOUND = re.compile(rf"(Field Service .*\.) (?:{re.escape(PUT_RIGHT)}|{re.escape(PUT_RIGHT_TEMPLATE)})$", re.DOTALL)
_RULE = re.compile(r"aborted by Business Rule '([^'^]{1,100})[\^']", re.IGNORECASE)
_MISSING = re.compile(r"the following fields are mandatory: ([\w ,()/-]{1,150})", re.IGNORECASE)
_STATUS = re.compile(r"refused it with status \d+: (.*)", re.DOTALL)
_UNREADABLE = re.compile(r"[<>{}^_]|[0-9a-f]{32}|https?:|exception|operation against|\b\w+\.\w+\.\w+", re.IGNORECASE)
_LONGEST = 150  # characters of a reason that is quoted


def why_unfound(error: str) -> str:
    """The sentence that says what was not found there, where an error says that; then nothing was sent."""
    found = _UNFOUND.search(error)
    return found[1] if found else ""


def why_refused(error: str) -> str:
    """The reason in an error that a write ended with; "" where nobody could read it, which is left to the findings."""
    if found := _RULE.search(error):
        return f"a rule there forbids it ({found[1].strip()!r})"
    if found := _MISSING.search(error):
        return f"it asks for {found[1].strip()} first"
    if "denies it" in error:
        return "the connector's user has no permission to do that there"
    if "did not take" in error:
        return "it left the work order as it is, and does not say why"
    if (found := _STATUS.search(error)) and (said := _readable(found[1])):
        return f"it says {said!r}"
    return ""


def _readable(said: str) -> str:
    words = said.strip().rstrip(".")
    return words if words and len(words) <= _LONGEST and not _UNREADABLE.search(words) else ""
