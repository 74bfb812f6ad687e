"""Ask the checks. What cannot be asked is unknown; a side that does not answer is not asked every other question too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.doctor.check import WORST_FIRST, Level, Result, Seen, unknown
from connector.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from connector.doctor.check import Check, Suite
    from connector.doctor.patient import Patient


def examine(
    patient: Patient, checks: Iterable[Check], suites: Collection[Suite] = (), ids: Collection[str] = ()
) -> tuple[Result, ...]:
    """The answers of the checks of these suites (or of these ids), in their order. Changes nothing anywhere."""
    chosen = [check for check in checks if not suites or set(check.suites) & set(suites)]
    return tuple(result for check in chosen if not ids or check.id in ids for result in _ask(patient, check))


def worst_first(results: Iterable[Result]) -> tuple[Result, ...]:
    """The same, what a person should look at first."""
    return tuple(sorted(results, key=lambda result: WORST_FIRST.index(result.level)))


def in_short(results: Collection[Result]) -> str:
    """How many there are of each level, and what failed."""
    counts = [(sum(result.level is level for result in results), level.value) for level in WORST_FIRST]
    text = ", ".join(f"{count} {name}" for count, name in counts if count)
    bad = [f"{r.id}{f' ({r.side})' if r.side else ''}" for r in results if r.level is Level.FAILED]
    return f"{text}: {', '.join(bad)}" if bad else text


def _ask(patient: Patient, check: Check) -> Iterator[Result]:
    if check.of_side is not None:
        for side in (patient.om, patient.fsm):
            if check.only in ("", side.name):
                of_side = check.of_side
                reachable = check.offline or side.failure is None
                yield _result(check, side.name, _seen(lambda: of_side(side), answers=reachable))  # noqa: B023 - at once
    if check.of_pair is not None:
        of_pair = check.of_pair
        reachable = check.offline or (patient.om.failure is None and patient.fsm.failure is None)
        yield _result(check, check.only, _seen(lambda: of_pair(patient), answers=reachable))


def _seen(ask: Callable[[], Seen], *, answers: bool) -> Seen:
    if not answers:
        return unknown("not asked: the instance does not answer, or does not accept the user")
    try:
        return ask()
    except ConnectorError as error:
        return unknown(f"it could not be found out: {error}")


def _result(check: Check, side: str, seen: Seen) -> Result:
    fix = (seen.fix or check.fix) if seen.level in (Level.FAILED, Level.WARNING) else ""
    return Result(check.id, side, seen.level, seen.text, check.why, fix)
