"""What a person must still settle before anything is written: whatever the profile or the configuration leaves open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.decide.rules import GateMode
from connector.errors import ConfigError
from connector.mapping.outputs import DEFAULT_OUTPUTS
from connector.mapping.states import StateMap, Told
from connector.profile import BASE, LABELS, SAID_UNDER, SPECIFICATIONS, UNSETTLED, WRITES_CANCELED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.config import Loaded, Settings
    from connector.profile import Profile


def require_settled(loaded: Loaded) -> None:
    """Raise ConfigError with every open point of the profile, if the configuration names one; and while it is not there."""
    if missing := loaded.unwritten_profile:
        raise ConfigError(
            f"The configuration names the profile {missing}, and there is none: it is not known what these instances are like.",
            hint="Run `om-fsm discover`: it writes the profile. Nothing is read or written before.",
        )
    points = tuple(unsettled(loaded.settings, loaded.profile)) if loaded.profile else ()
    if points:
        assert loaded.settings.profile is not None
        raise ConfigError(
            f"The profile {loaded.resolve(loaded.settings.profile)} is not settled.",
            points,
            hint='Nothing is read or written before. Say it there in place of "?", or in the configuration.',
        )


def unsettled(settings: Settings, profile: Profile) -> Iterator[str]:
    """Every open point, as a sentence."""
    for side, said, url in (("om", profile.om, settings.om.url), ("fsm", profile.fsm, settings.fsm.url)):
        if said.url != url:
            yield f"{side}.url: the profile is of {said.url}, the configuration of {url}"
    yield from _names(settings)
    yield from _fields(settings, profile)
    of_om = {**settings.om.states.model_dump(), "fallout": settings.fallout.states}
    told = {part: one for part, one in profile.om.told().items() if part not in _unneeded(settings)}
    yield from _states("om", told, of_om, ("order", "domain_order"))
    yield from _states("fsm", profile.fsm.told(), settings.fsm.states.model_dump(), ("work_order",))
    yield from _written(settings, profile)


def _names(settings: Settings) -> Iterator[str]:
    unneeded = _unneeded(settings)
    for side, names in (("om", settings.om_names), ("fsm", settings.fsm_names)):
        for part, table in names.tables.items():
            if table == UNSETTLED and part not in unneeded:
                yield f"{side}.tables.{part}: which table is it?"
        for kind, columns in names.columns.items():
            for part, column in columns.items():
                if column == UNSETTLED and kind not in unneeded:
                    yield f"{side}.columns.{kind}.{part}: which column is it?"
        if side == "om" and UNSETTLED in settings.om.catalog.specifications[len(SPECIFICATIONS) :]:
            yield "om.catalog.specifications: which table is it?"
        if names.journals["notes"] == UNSETTLED:
            yield f"{side}.notes: which journal are notes written to?"
        if names.journals["comments"] == UNSETTLED and settings.notes.comments:
            yield f"{side}.comments: which journal do customers read?"
    yield from _references(settings)


def _references(settings: Settings) -> Iterator[str]:
    for column, reference in settings.fsm.references.items():
        if reference.table == UNSETTLED:
            yield f"fsm.references.{column}.table: where is its record looked up?"
        if UNSETTLED in (*reference.by, reference.shown_as):
            yield f"fsm.references.{column}.by: by which column is its record known?"


def _fields(settings: Settings, profile: Profile) -> Iterator[str]:
    asked = {column for column, name in profile.fsm.fields.items() if name == UNSETTLED}
    for column in sorted(asked):
        yield f"fsm.fields.{column}: which column is it?"
    for fact, stored in settings.fsm.values.items():
        for value in (value for value, there in stored.items() if there == UNSETTLED):
            yield f"fsm.values.{fact}: what is stored for {value!r} of Order Management?"
    for output, column in settings.policy.outputs.items():
        if column == UNSETTLED and DEFAULT_OUTPUTS.get(output) not in asked:
            yield f"policy.outputs.{output}: which column is it?"


def _unneeded(settings: Settings) -> frozenset[str]:
    """Parts and kinds nobody needs to know: those of fallouts where nothing becomes one, their types where none is set."""
    if not settings.fallout_kinds:
        return frozenset({"fallout", "fallout_type"})
    return frozenset() if settings.fallout.type else frozenset({"fallout_type"})


def _states(
    side: str, told: Mapping[str, Told], overrides: Mapping[str, Mapping[str, str]], needed: tuple[str, ...]
) -> Iterator[str]:
    for part, states in told.items():
        for value, means in states.means.items():
            if means == UNSETTLED and value not in _overridden(overrides, part):
                yield f"{side}.states.{part}: what does {value} ({states.labels[value]!r}) mean?"
    for part in needed:
        if not told.get(part, Told()).labels and not overrides.get(part):
            yield f"{side}.states.{part}: nothing is known of its states"


def _overridden(overrides: Mapping[str, Mapping[str, str]], part: str) -> Mapping[str, str]:
    return overrides.get(SAID_UNDER.get(part, part), {})


def _written(settings: Settings, profile: Profile) -> Iterator[str]:
    """Each state the connector writes must be one value and no other."""
    wanted = [("fsm", "work_order", WRITES_CANCELED, profile.fsm.told(), settings.fsm.states.work_order)]
    if settings.gate.mode is GateMode.REOPEN:
        for part in ("domain_order", *(part for part in BASE if part in profile.om.states)):
            wanted.append(("om", part, settings.gate.reopen_to, profile.om.told(), settings.om.states.domain_order))
    if settings.fallout_kinds and "fallout" in profile.om.states:
        wanted.append(("om", "fallout", settings.fallout.settle_as, profile.om.told(), settings.fallout.states))
    for side, part, label, told, overrides in wanted:
        states = StateMap(part, {}, LABELS[part], None, overrides, told.get(part, Told()))  # type: ignore[type-var]
        if (told.get(part) or overrides) and states.value_of(label) is None:
            yield (
                f"{side}.states.{part}: the connector writes {label!r}, and no single state is that: say write = true for one"
            )
