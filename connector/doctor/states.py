"""Is it known what every state means, and which one is written?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from connector.decide.rules import Completion, GateMode
from connector.doctor.check import Check, Seen, Suite, failed, fine, unknown, warning
from connector.errors import Denied
from connector.mapping.states import fold
from connector.model import WorkOrderPhase
from connector.om.cases import OmWithCases
from connector.profile import LABELS, WRITES_CANCELED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.discover.evidence import Choice
    from connector.doctor.patient import Patient, SideView


def _lists(side: SideView) -> Iterator[tuple[str, tuple[Choice, ...]]]:
    """Each kind of record in use that has states, with its choice list; empty where that is closed."""
    for part in (part for part in LABELS if part in side.tables):
        yield part, side.evidence.choices.get(side.tables[part], ())


def _readable(side: SideView) -> Seen:
    closed = [part for part, choices in _lists(side) if not choices]
    silent = [part for part in closed if not side.given(part) and part not in side.told]
    if silent:
        return failed(f"nothing is known of the states of {', '.join(silent)}")
    if closed:
        return fine(f"the choice lists of {', '.join(closed)} are closed; the configuration or the profile tells them")
    return fine("every choice list can be read")


def _complete(side: SideView) -> Seen:
    strange = [
        f"{part} {choice.value} ({choice.label})"
        for part, choices in _lists(side)
        for choice in choices
        if fold(side.given(part).get(choice.value) or side.meant(part, choice)) not in LABELS[part]
    ]
    if strange:
        return warning(f"nobody knows what these mean, so they count as open: {', '.join(strange)}")
    return fine("it is known what every state means")


def _contrary(side: SideView) -> Seen:
    """A label that ServiceNow has for one thing, said to mean another: on purpose, or by a slip of the hand."""
    contrary: list[str] = []
    for part, choices in _lists(side):
        for choice in choices:
            said = fold(side.given(part).get(choice.value) or side.meant(part, choice))
            by_label, meant = LABELS[part].get(fold(choice.label)), LABELS[part].get(said)
            if by_label is not None and meant is not None and by_label is not meant:
                contrary.append(f"{part} {choice.value} is called {choice.label!r} and said to mean {said!r}")
    return warning("; ".join(contrary)) if contrary else fine("no state is said to mean another than its label tells")


def _ambiguous(side: SideView) -> Seen:
    twice: list[str] = []
    for part, choices in _lists(side):
        labels = [fold(c.label) for c in choices if c.value not in side.given(part) and not side.settled(part, c)]
        twice += [f"{part}: {label!r}" for label, count in Counter(labels).items() if count > 1]
    return failed(f"two states have one label: {'; '.join(twice)}") if twice else fine("no label is there twice")


def _language(side: SideView) -> Seen:
    foreign = [
        f"{part} {choice.value} ({choice.label}, {choice.language})"
        for part, choices in _lists(side)
        for choice in choices
        if choice.language not in ("en", "") and choice.value not in side.given(part) and not side.settled(part, choice)
    ]
    if foreign:
        return failed(f"{len(foreign)} states have no English label: {', '.join(foreign[:5])}")
    return fine("states have English labels, or are told")


def _written(patient: Patient) -> Seen:
    missing = [] if patient.fsm_port.states.value_of(WRITES_CANCELED) else ["work orders: 'Canceled'"]
    if patient.settings.gate.mode is GateMode.REOPEN and not patient.om_port.reopens():
        missing.append(f"domain orders: {patient.settings.gate.reopen_to!r}")
    missing += [*_of_fallouts(patient), *_of_cases(patient)]
    if missing:
        return failed(f"no single state is called so: {'; '.join(missing)}")
    return fine("each state the connector writes is one stored value")


def _of_fallouts(patient: Patient) -> Iterator[str]:
    fallouts = patient.om_port.fallouts
    if fallouts is not None and not fallouts.settles():
        yield (
            f"fallouts: {patient.settings.fallout.settle_as!r}, which [fallout] settle_as says ends them: none would be "
            "settled, and their order tasks would stay On hold"
        )


def _of_cases(patient: Patient) -> Iterator[str]:
    said = patient.settings.case
    if not isinstance(patient.om_port, OmWithCases) or said.completion is not Completion.RESOLVE:
        return
    without = 'none would be resolved; [case] completion = "note" does without'
    try:
        if lacking := patient.om_port.lacks(said.resolution_code):
            yield f"cases: {lacking}: {without}"
    except Denied as error:
        yield f"cases: {error} So {without}"


def _known_ends(patient: Patient) -> Seen:
    states = patient.fsm_port.states
    ends = {phase: states.values_in(phase) for phase in (WorkOrderPhase.COMPLETE, WorkOrderPhase.CANCELED)}
    lacking = [phase.value for phase, values in ends.items() if not values]
    if lacking:
        return failed(f"no state of a work order is known to mean {', '.join(lacking)}: no gate would ever open")
    return fine("it is known in which states a work order is over")


def _approved(patient: Patient) -> Seen:
    side = patient.om
    labels = {fold(c.label) for c in dict(_lists(side))["order"]} | {
        fold(word) for word in side.given("order").values()
    }
    labels |= {fold(word) for word in side.told["order"].means.values()} if "order" in side.told else set()
    if not labels:
        return unknown("nothing is known of the states of orders")
    lacking = [word for word in ("acknowledged", "in progress", "completed", "canceled") if word not in labels]
    return (
        warning(f"no order state is called {', '.join(lacking)}")
        if lacking
        else fine("the steps of an order are known")
    )


_TELL = 'Say it in the profile (`means`), or under [om.states], [fsm.states] or [fallout.states]. "?" there is for you.'
_SOME = (Suite.FIRST, Suite.POST_UPGRADE)

CHECKS = (
    Check(
        "states.readable",
        "It is told what states are called",
        "Without labels every state is unknown, and nothing is ever over.",
        "Let the user read sys_choice, or tell the states in the configuration.",
        of_side=_readable,
    ),
    Check(
        "states.complete",
        "It is known what every state means",
        "An unknown state counts as open: the gate stays shut, a case gets visits, a fallout is never over.",
        _TELL,
        of_side=_complete,
    ),
    Check(
        "states.contrary",
        "No label is turned around",
        "A gate may open while somebody still works, or never.",
        "If it is meant so, nothing. Otherwise correct `means` in the profile, [om.states], [fsm.states] or [fallout.states].",
        _SOME,
        of_side=_contrary,
    ),
    Check(
        "states.ambiguous",
        "No two states have one label",
        "Which of them is to be written would be a guess, so neither is.",
        _TELL,
        _SOME,
        of_side=_ambiguous,
    ),
    Check(
        "states.language",
        "States have English labels",
        "Meanings are told by the labels of ServiceNow's documentation.",
        _TELL,
        _SOME,
        of_side=_language,
    ),
    Check(
        "states.written",
        "Each state to be written is one value",
        "A cancellation, a reopening or the end of a case or fallout would be refused.",
        f"{_TELL} Or name what the instance has: [gate] reopen_to, [fallout] settle_as, [case] resolution_code.",
        of_pair=_written,
    ),
    Check(
        "states.ends",
        "It is known when a work order is over",
        "Otherwise no domain order could ever be closed.",
        _TELL,
        _SOME,
        only="fsm",
        of_pair=_known_ends,
    ),
    Check(
        "states.order",
        "The steps of an order are known",
        "An approval nobody recognizes creates no work order.",
        _TELL,
        _SOME,
        only="om",
        of_pair=_approved,
    ),
)
