"""What changed on an instance since its profile was written: facts only, never what a person has decided. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.choices import translated
from connector.profile import UNSETTLED, FsmSide, Side

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.profile import Lookup, Profile, StateLine


def drift(before: Profile, now: Profile) -> tuple[str, ...]:
    """One sentence for each difference."""
    return tuple(
        f"{name}: {sentence}"
        for name, old, new in (("om", before.om, now.om), ("fsm", before.fsm, now.fsm))
        for sentence in _of_side(old, new)
    )


def _of_side(old: Side, new: Side) -> Iterator[str]:
    unasked = _unasked(old, new)
    for what in sorted(old.facts.keys() | new.facts.keys()):
        was, is_now = old.facts.get(what), new.facts.get(what)
        if unasked & _spoken_of(what):
            continue  # it is not new: whoever wrote the old profile did not look for it
        if was == is_now or (was and is_now and _is_what_a_person_said(old, what, was, is_now)):
            continue
        if was is None and _was_not_looked_for(old, what):
            continue
        if was is None:
            yield f"{what} is new: {is_now}"
        elif is_now is None:
            yield f"{what} is gone; it was {was}"
        else:
            yield f"{what} was {was} and is now {is_now}"
    for what in sorted(new.unreadable.keys() - old.unreadable.keys()):
        if unasked & _spoken_of(what):
            continue
        yield f"{what} can no longer be read: {new.unreadable[what]}"
    for what in sorted(old.unreadable.keys() - new.unreadable.keys()):
        yield f"{what} can be read now"


def _unasked(old: Side, new: Side) -> set[str]:
    """Tables, kinds of records and of facts that whoever wrote the old profile did not look for."""
    unasked = {table for part, table in new.tables.items() if part not in old.tables}
    unasked |= new.columns.keys() - new.tables.keys() - old.columns.keys()
    unasked |= {
        word
        for word in ("journal", "reference", "priority", "filled")
        if not any(what.startswith(f"{word} ") for what in old.facts)
    }
    if isinstance(new, FsmSide) and "reference" in unasked:
        unasked |= {one.table for one in new.references.values()}
    return unasked


def _spoken_of(what: str) -> set[str]:
    """What a fact is about: "table T", "column T.part", "state T value", "columns of T", "reference R", "journal notes"."""
    word, _, rest = what.partition(" ")
    return {word, rest.removeprefix("of ").partition(" ")[0].partition(".")[0]}


def _column_of(old: Side, what: str) -> tuple[str, str, list[str]]:
    """What a fact describes, which part of a record, and the kinds of records that have it in the old profile."""
    described, _, place = what.partition(" ")
    table, _, part = place.rpartition(".")
    return described, part, [kind for kind in old.columns if old.tables.get(kind, kind) == table]


def _was_not_looked_for(old: Side, what: str) -> bool:
    """Whether a column is only new because the version that wrote the old profile did not read it."""
    described, part, kinds = _column_of(old, what)
    return described == "column" and bool(kinds) and not any(part in old.columns[kind] for kind in kinds)


def _is_what_a_person_said(old: Side, what: str, was: str, is_now: str) -> bool:
    """Whether a column is only described otherwise because a person chose another one than the discovery had found."""
    described, part, kinds = _column_of(old, what)
    name = is_now.partition(" ")[0]
    return (
        described == "column"
        and name != was.partition(" ")[0]
        and name in [old.columns[kind].get(part) for kind in kinds]
    )


def where_to_look(before: Profile) -> Profile:
    """Of a profile only what the next discovery has to go by: what tables and columns are called.

    A table that a person has settled has columns and choices of its own, which the names of ServiceNow would not lead to; and
    whether what was settled is there at all can be said only by who looks for it.
    """
    om, fsm = before.om, before.fsm
    return before.model_copy(
        update={
            "om": Side(url=om.url, notes=_NOTES, tables=_settled(om.tables), columns=_each_settled(om)),
            "fsm": FsmSide(url=fsm.url, notes=_NOTES, tables=_settled(fsm.tables), columns=_each_settled(fsm)),
        }
    )


_LISTS = ("priority of om ", "priority ")  # of these facts the choice lists of priorities are
_NOTES = "work_notes"  # as by default; what a person says otherwise is kept, whatever is found


def _settled(names: Mapping[str, str]) -> dict[str, str]:
    return {part: name for part, name in names.items() if name not in ("", UNSETTLED)}


def _each_settled(side: Side) -> dict[str, dict[str, str]]:
    return {kind: _settled(columns) for kind, columns in side.columns.items()}


def keeping_decisions(old: Profile, new: Profile) -> Profile:
    """The new profile with what a person has settled in the old one, where it still makes sense.

    A person's is what is not as the discovery had found it then; the facts of the old profile tell that.
    """
    om = new.om.model_copy(update=_kept(old.om, new.om))
    fields, references = _fields(old.fsm, new.fsm), _references(old.fsm, new.fsm)
    unread = {} if all(_labels(new.fsm, word) for word in _LISTS) else _of_lists(old.fsm)
    values, facts = _values(old.fsm, new.fsm), {**unread, **new.fsm.facts}
    updated = {"fields": fields, "references": references, "values": values, "facts": facts}
    fsm = new.fsm.model_copy(update={**_kept(old.fsm, new.fsm), **updated})
    return new.model_copy(update={"om": om, "fsm": fsm})


def _kept(old: Side, new: Side) -> dict[str, object]:
    found = {
        kind: {part: _column(old, kind, part, column) for part, column in parts.items()}
        for kind, parts in new.columns.items()
    }
    # Of what cannot be read now nothing better is known than what was said when it could be.
    columns = {kind: {**old.columns.get(kind, {}), **found.get(kind, {})} for kind in {**new.columns, **old.columns}}
    states = {part: _states(old, part, lines) for part, lines in new.states.items()}
    added = {part: lines for part, lines in old.states.items() if part not in states}  # told by a person alone
    tables = {part: _table(old, part, table) for part, table in new.tables.items()}
    journals = {part: _journal(old, part, found) for part, found in (("notes", new.notes), ("comments", new.comments))}
    return {"columns": columns, "states": {**states, **added}, "tables": tables, **journals}


def _journal(old: Side, part: str, found: str | None) -> str | None:
    """What a person said, where it is not what the last discovery had found; else what is found now."""
    said, then = getattr(old, part), old.facts.get(f"journal {part}", "").partition(" ")[0]
    return found if said in (None, UNSETTLED, then) else said


def _table(old: Side, part: str, found: str) -> str:
    said = old.tables.get(part, UNSETTLED)
    return found if said == UNSETTLED or (f"table {said}" in old.facts and found != UNSETTLED) else said


def _column(old: Side, kind: str, part: str, found: str) -> str:
    """What a person said, where it is not what the last discovery had found; else what is found now."""
    said = old.columns.get(kind, {}).get(part, found)
    found_then = old.facts.get(f"column {old.tables.get(kind, kind)}.{part}", "").partition(" ")[0]
    return found if said in (UNSETTLED, found_then) else said


def _states(old: Side, part: str, lines: Mapping[str, StateLine]) -> dict[str, StateLine]:
    """What was said of a value that is still called so, and of one that only a person knows."""
    said = old.states.get(part, {})
    kept = {value: said[value] for value, line in lines.items() if value in said and said[value].label == line.label}
    by_hand = {value: line for value, line in said.items() if f"state {old.tables.get(part)} {value}" not in old.facts}
    return {**lines, **kept, **{value: line for value, line in by_hand.items() if value not in lines}}


def _was_there(old: FsmSide, column: str) -> bool | None:
    """Whether a work order had this column then; None where nobody could tell."""
    known = f"field {old.tables.get('work_order')}."
    return known + column in old.facts if any(fact.startswith(known) for fact in old.facts) else None


def _fields(old: FsmSide, new: FsmSide) -> dict[str, str]:
    """A column that was not there then and is now is filled again; one that a person left out stays left out."""
    kept: dict[str, str] = {}
    for column in {**new.fields, **old.fields}:
        found, said = new.fields.get(column, column), old.fields.get(column, UNSETTLED)
        by_nobody = (
            said in (UNSETTLED, old.facts.get(f"filled {column}"))
            or (not said and _was_there(old, column) is False)
            or (said == column and found != column)
        )
        kept[column] = found if by_nobody else said
    return kept


def _values(old: FsmSide, new: FsmSide) -> dict[str, dict[str, str]]:
    """What is stored for a value as a person has said it; else as it is found now. Of lists that cannot be read now nothing
    better is known than what was said when they could be."""
    if not all(_labels(new, word) for word in _LISTS):
        return {**new.values, **old.values}
    then = translated(*(_labels(old, word) for word in _LISTS))
    kept: dict[str, dict[str, str]] = {}
    for fact in {**new.values, **old.values}:
        said = old.values.get(fact, {})
        by_a_person = {value: there for value, there in said.items() if there not in (UNSETTLED, then.get(value))}
        if stored := {**new.values.get(fact, {}), **by_a_person}:
            kept[fact] = stored
    return kept


def _of_lists(side: Side) -> dict[str, str]:
    return {f"{word}{value}": label for word in _LISTS for value, label in _labels(side, word).items()}


def _labels(side: Side, word: str) -> dict[str, str]:
    found = {what.removeprefix(word): label for what, label in side.facts.items() if what.startswith(word)}
    return {value: label for value, label in found.items() if " " not in value}


def _references(old: FsmSide, new: FsmSide) -> dict[str, Lookup]:
    """As a person has said them; without those whose column is gone, and with those whose column has come."""
    gone = {column for column, name in new.fields.items() if not name and not _fields(old, new)[column]}
    kept = {
        column: _reference(old, column, new.references.get(column, said))
        for column, said in old.references.items()
        if column not in gone
    }
    named = {*kept, *(_fields(old, new).get(column) for column in kept)}
    come = {
        column: one for column, one in new.references.items() if column not in named and not _was_there(old, column)
    }
    return {**kept, **come}


def _reference(old: FsmSide, column: str, found: Lookup) -> Lookup:
    """What a person said, where it is not what the last discovery had found; else what is found now."""
    said, then = old.references[column], old.facts.get(f"reference {column}")
    by_nobody = said.described == then or (not said.keys and (said.table, said.by) == (found.table, found.by))
    return found if by_nobody or UNSETTLED in (said.table, said.by, *said.keys) else said
