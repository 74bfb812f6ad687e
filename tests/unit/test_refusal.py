"""A refusal is told in words that a person can read; what the platform says to programs is not quoted."""

from __future__ import annotations

import pytest

from connector.mapping.refusal import PUT_RIGHT, PUT_RIGHT_TEMPLATE, why_refused, why_unfound

ASKED = "fsm (https://fsm.example.test) refused it with status"
UNREADABLE = ""
ID = "0a1b2c3d" * 4


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            f"{ASKED} 403: Operation Failed: Operation against file 'wm_order' was aborted by Business "
            f"Rule 'Parts in transit^{ID}'. Business Rule Stack:Parts in transit",
            "a rule there forbids it ('Parts in transit')",
        ),
        (
            f"{ASKED} 403: Data Policy Exception: The following fields are mandatory: Close notes, Reason",
            "it asks for Close notes, Reason first",
        ),
        (
            "fsm (https://fsm.example.test) denies it: Insufficient rights. Ask an administrator for the role or ACL.",
            "the connector's user has no permission to do that there",
        ),
        (
            "WO1 could not be canceled: Field Service did not take state. Somebody must cancel it in Field Service.",
            "it left the work order as it is, and does not say why",
        ),
        (f"{ASKED} 400: The visit is closed already.", "it says 'The visit is closed already'"),
        (f"{ASKED} 400: java.lang.NullPointerException at line 3", UNREADABLE),
        (f"{ASKED} 400: record {ID} is locked", UNREADABLE),
        ("fsm: a defect", UNREADABLE),
    ],
)  # fmt: skip
def test_a_refusal_is_told_in_business_words(error: str, words: str) -> None:
    assert why_refused(error) == words


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (f"fsm: Field Service has no account Acme Inc. Ltd.. {PUT_RIGHT}", "Field Service has no account Acme Inc. Ltd.."),
        (
            f"fsm: Field Service has no work order template Swap. {PUT_RIGHT_TEMPLATE}",
            "Field Service has no work order template Swap.",
        ),
        (f"{ASKED} 400: Field Service has no time.", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_what_was_not_found_is_told_apart_from_what_was_refused(error: str, sentence: str) -> None:
    assert why_unfound(error) == sentence
