"""What a table makes of a set of matching rules, as something that can be compared: two outcomes are equal only if the
results are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.evaluate import bits
from connector.mapping.dmn.table import Aggregation, HitPolicy

if TYPE_CHECKING:
    from connector.mapping.dmn.analysis.subject import Subject

VIOLATED = ("violated",)


def outcome(subject: Subject, matching: int) -> Any:
    """The result of the table where exactly these rules match."""
    if not matching:
        return () if subject.says_by_default is None else (subject.says_by_default,)
    says = subject.says
    match subject.table.hit_policy:
        case HitPolicy.UNIQUE:
            return VIOLATED if matching & (matching - 1) else (says[next(bits(matching))],)
        case HitPolicy.ANY:
            said = {says[rule] for rule in bits(matching)}
            return VIOLATED if len(said) > 1 else tuple(said)
        case HitPolicy.FIRST:
            return (says[next(bits(matching))],)
        case HitPolicy.PRIORITY:
            ranked = _ranked(subject, matching)
            return tuple(says[rule] for rule in ranked) if _unknown(subject, matching) else (says[ranked[0]],)
        case HitPolicy.OUTPUT_ORDER:
            return tuple(says[rule] for rule in _ranked(subject, matching))
        case HitPolicy.RULE_ORDER:
            return tuple(says[rule] for rule in bits(matching))
        case HitPolicy.COLLECT:
            return _collected(subject, matching)


def _ranked(subject: Subject, matching: int) -> list[int]:
    return sorted(bits(matching), key=lambda rule: (subject.rank[rule] or (), rule))


def _unknown(subject: Subject, matching: int) -> bool:
    return any(subject.rank[rule] is None for rule in bits(matching))


def _collected(subject: Subject, matching: int) -> Any:
    said = [subject.says[rule] for rule in bits(matching)]
    if subject.table.aggregation is Aggregation.COUNT:
        return (len(said),)
    return tuple(said if subject.table.aggregation is None else sorted(said))
