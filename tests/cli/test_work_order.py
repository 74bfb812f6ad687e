"""`om-fsm work-order` as a person types it, where nothing can be done: what is wrong is said, and nothing is left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Place

CREATE = ("work-order", "create", "RO0010001", "--template", "Install CPE")


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        (CREATE, 4, "There is no memory yet"),
        ((*CREATE, "--dry-run"), 6, "cannot be reached"),
        (CREATE[:3], 2, "--template"),
        ((*CREATE, "--ordinal", "0"), 2, "--ordinal"),
        (("work-order", "adopt", "WO0010001"), 2, "INITIATOR"),
        (("work-order", "detach", "WO0010001"), 2, "--reason"),
        (("work-order", "detach", "WO0010001", "--reason", "the partner does it"), 4, "There is no memory yet"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    place: Place, typed: tuple[str, ...], code: int, words: str
) -> None:
    before = place.content()
    said = place.run(*typed)
    assert (said.code, said.out) == (code, "")
    assert words in said.err
    assert place.content() == before
