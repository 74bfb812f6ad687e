"""What a person wrote in a note that quotes or copies one of ours: their words are heard, ours are not heard again."""

from __future__ import annotations

import pytest

from connector.mapping.decisions import decision_about
from connector.mapping.marks import signed, token_of
from connector.mapping.quotes import own_words
from connector.model import JournalEntry

OURS = signed("WO1 Install CPE was created in Field Service: Draft. 1 of 1 work order open.", "born")
TOKEN = OURS.splitlines()[-1]
HEARD = signed("WO1 Install CPE, Tom Becker, 10:00: Which gate code?", "heard", (token_of("said"),))
DIGEST = signed("2 new notes in Field Service:\nWO1, Tom Becker, 10:00: hi\nWO1, Tom Becker, 10:05: ho", "digest")
MAILED = "\n".join(f"> {line}" for line in OURS.splitlines())
WRAPPED = OURS.replace("Field Service: Draft.", "Field\nService: Draft.")
JOURNAL = tuple(JournalEntry(rank, "om.connector", text) for rank, text in enumerate((OURS, HEARD, DIGEST)))


def words(text: str, *journal: JournalEntry, by: str = "Grace Kim") -> str:
    """What is left of a note on a record with this journal."""
    return own_words([*journal, JournalEntry(9, by, text)])[-1][1]


@pytest.mark.parametrize("journal", [JOURNAL, ()], ids=["quoted note shown", "quoted note elsewhere"])
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ring twice.", "Ring twice."),
        (f"Gate code is 4711.\n\n{OURS}", "Gate code is 4711."),
        (f"no\n{OURS}", "no"),
        (f"{OURS}\n\nGate code is 4711.", "Gate code is 4711."),
        (f"Gate code is 4711.\n\n{MAILED}", "Gate code is 4711."),
        (f"4711\n\n{HEARD}\n\n{OURS}", "4711"),
        (f"Both are true:\nhi and ho\n{DIGEST}", "Both are true:\nhi and ho"),
        (f"What does {TOKEN} mean?", f"What does {TOKEN} mean?"),
        (OURS, ""),
        (DIGEST, ""),
        (f"copied by a rule: {OURS}", ""),
        (f"  {OURS}\n\n", ""),
    ],
)
def test_the_words_around_a_quoted_note_are_the_persons_and_a_copy_has_none(
    text: str, left: str, journal: tuple[JournalEntry, ...]
) -> None:
    assert words(text, *journal) == left


def test_words_above_a_mere_token_and_a_note_that_was_broken_into_lines_are_told_apart_by_the_note_itself() -> None:
    assert words(f"Gate code is 4711.\n{TOKEN}", *JOURNAL) == "Gate code is 4711."
    assert words(f"Gate code is 4711.\n{WRAPPED}", *JOURNAL) == "Gate code is 4711."


def test_what_a_rule_writes_above_its_copies_is_not_carried_in_a_circle() -> None:
    relayed = signed("WO1 Install CPE, Rule, 2027-03-01 10:00 UTC: Copied at 10:00 from WO1", "heard")
    assert words(f"Copied at 10:01 from WO1\n{relayed}", by="Rule") == ""
    assert words(f"Copied at 10:01 from WO1\n{relayed}", by="Grace Kim") == "Copied at 10:01 from WO1"
    assert words(f"Yes.\n{relayed}", by="Rule") == "Yes."


def test_a_decision_that_quotes_the_note_of_the_end_counts_and_the_quote_alone_does_not() -> None:
    def decided(*texts: str) -> str | None:
        entries = [JournalEntry(rank, "Grace Kim", text) for rank, text in enumerate(texts)]
        found = decision_about("WO1", token_of("born"), own_words(entries), ["release gate"])
        return found.text if found else None

    assert decided(OURS, f"release gate WO1: fine\n\n{OURS}") == "release gate WO1: fine"
    assert decided(OURS, f"{OURS}\nrelease gate WO1: fine") == "release gate WO1: fine"
    assert decided(OURS, f"release gate WO2\n\n{OURS}") is None
    assert decided(OURS, OURS) is None
    assert decided(f"release gate WO1: fine\n\n{OURS}") is None  # nobody was told before
    assert decided(signed("release gate WO1", "born")) is None
