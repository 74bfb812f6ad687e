"""What changed on an instance since its profile was written: facts only, never what a person has decided. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.profile import Profile, Side


def drift(before: Profile, now: Profile) -> tuple[str, ...]:
    """One sentence for each difference."""
    return tuple(
        f"{name}: {sentence}"
        for name, old, new in (("om", before.om, now.om), ("fsm", before.fsm, now.fsm))
        for sentence in _of_side(old, new)
    )


def _of_side(old: Side, new: Side) -> Iterator[str]:
    for what in sorted(old.facts.keys() | new.facts.keys()):
        was, is_now = old.facts.get(what), new.facts.get(what)
        if was == is_now:
            continue
        if was is None:
            yield f"{what} is new: {is_now}"
        elif is_now is None:
            yield f"{what} is gone; it was {was}"
        else:
            yield f"{what} was {was} and is now {is_now}"
    for what in sorted(new.unreadable.keys() - old.unreadable.keys()):
        yield f"{what} can no longer be read: {new.unreadable[what]}"
    for what in sorted(old.unreadable.keys() - new.unreadable.keys()):
        yield f"{what} can be read now"


def keeping_decisions(old: Profile, new: Profile) -> Profile:
    """The new profile with what a person has settled in the old one, where it still makes sense."""
    om = new.om.model_copy(update=_kept(old.om, new.om))
    fsm = new.fsm.model_copy(update={**_kept(old.fsm, new.fsm), "fields": {**new.fsm.fields, **old.fsm.fields}})
    return new.model_copy(update={"om": om, "fsm": fsm})


def _kept(old: Side, new: Side) -> dict[str, object]:
    columns = {
        kind: {part: _column(old, kind, part, column, new) for part, column in parts.items()}
        for kind, parts in new.columns.items()
    }
    states = {
        part: {
            value: (
                kept if (kept := old.states.get(part, {}).get(value)) is not None and kept.label == line.label else line
            )
            for value, line in lines.items()
        }
        for part, lines in new.states.items()
    }
    added = {part: lines for part, lines in old.states.items() if part not in states}  # told by a person alone
    return {"columns": columns, "states": {**states, **added}, "tables": {**new.tables, **_settled(old, new)}}


def _settled(old: Side, new: Side) -> dict[str, str]:
    return {part: table for part, table in old.tables.items() if table != "?" and new.tables.get(part) == "?"}


def _column(old: Side, kind: str, part: str, found: str, new: Side) -> str:
    """What a person said, where it is not what the last discovery had found; else what is found now."""
    said = old.columns.get(kind, {}).get(part, found)
    found_then = old.facts.get(f"column {new.tables.get(kind)}.{part}", "").partition(" ")[0]
    return found if said in ("?", found_then) else said
