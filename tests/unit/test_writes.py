"""README promise: what was refused is told by the number people know the record by, and by what did not happen."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

import pytest

from connector import model
from connector.mapping.writes import not_done, subject_of
from connector.model import Action, BindWorkOrder, CreateWorkOrder

KINDS = typing.get_args(Action)


def any_of(kind: Any) -> Any:
    """One with each text named after its field, so that what is told shows where it comes from."""
    hints = typing.get_type_hints(kind, {**vars(model), **typing.__dict__})
    blank: dict[Any, Any] = {int: 0, bool: False}
    names = [one.name for one in dataclasses.fields(kind)]
    return kind(**{name: name if hints[name] is str else blank.get(hints[name], {}) for name in names})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_of_write_says_what_did_not_happen_to_which_record(kind: type[Action]) -> None:
    said = not_done(any_of(kind))
    number = subject_of(any_of(kind))
    assert number.endswith("number") or number == "subject"
    assert said.startswith(f"{number}: ")
    assert "not" in said
    assert said.endswith(".")


def test_what_is_told_tells_writes_apart() -> None:
    said = {not_done(any_of(kind)).partition(": ")[2] for kind in KINDS}
    assert len(said) == len(KINDS) - 1  # notes on both sides are told alike
    assert any("'template'" in one for one in said)
    bound = any_of(BindWorkOrder)
    assert not_done(bound) != not_done(dataclasses.replace(bound, detaches=not bound.detaches))
    assert subject_of(any_of(CreateWorkOrder)) == "initiator_number"
