"""Comparing two policies: the rows that differ, and the real decisions that would come out differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.mapping.casebook import decide_hypothetically
from connector.mapping.comparison import in_words, replay, rows_that_differ
from connector.mapping.policy_file import parse_policy
from connector.mapping.vocabulary import Initiates, vocabulary_of

if TYPE_CHECKING:
    from connector.mapping.policy import WorkOrderPolicy

COLUMNS = vocabulary_of(Initiates.DOMAIN_ORDER)
HEADER = "id,specification,domain order action,work order template,priority\n"
LAST = "other,-,-,NO FIELD WORK,\n"


def policy(*rows: str, before: str = "", header: str = HEADER) -> WorkOrderPolicy:
    return parse_policy(
        "test", ".csv", (before + header + "".join(f"{row}\n" for row in rows) + LAST).encode(), COLUMNS
    )


OLD = policy("install,CPE,add,Install,", "swap,CPE,change,Swap,")


def test_the_same_table_differs_in_nothing_however_it_is_written() -> None:
    assert (
        rows_that_differ(
            OLD, policy('install,"CPE ",add,Install,', "swap,CPE,change,Swap,", before="hit policy,RULE ORDER\n")
        )
        == ()
    )


@pytest.mark.parametrize(
    ("new", "changes"),
    [
        (policy("install,CPE,add,Install,1", "swap,CPE,change,Swap,"), [("install", True, True)]),
        (policy("install,CPE,add,Install,"), [("swap", True, False)]),
        (policy("install,CPE,add,Install,", "swap,CPE,change,Swap,", "more,SBC,-,Install,"), [("more", False, True)]),
        (policy("swap,CPE,change,Swap,", "install,CPE,add,Install,"), [("table", True, True)]),
        (policy("install,CPE,add,Install,", "swap,CPE,change,Swap,", before="hit policy,FIRST\n"), [("table", True, True)]),
    ],
)  # fmt: skip
def test_a_row_that_changed_came_or_went_is_named(new: WorkOrderPolicy, changes: list[tuple[str, bool, bool]]) -> None:
    assert [(c.row, bool(c.before), bool(c.after)) for c in rows_that_differ(OLD, new)] == changes


def verdicts(*facts: tuple[str, str]) -> list[tuple[str, object]]:
    inputs = ({"specification": spec, "domain order action": action, "location": "Berlin"} for spec, action in facts)
    return [(f"ORD{n}", decide_hypothetically(OLD, one)) for n, one in enumerate(inputs, start=1)]


def test_a_replay_names_the_orders_that_would_get_other_work_orders_and_no_others() -> None:
    new = policy("install,CPE,add,Install,2", "swap,CPE,change,Swap,")
    [changed] = replay(new, verdicts(("CPE", "change"), ("CPE", "add"), ("SBC", "add")))  # type: ignore[arg-type]
    assert (changed.order_number, in_words(changed.before), in_words(changed.after)) == (
        "ORD2",
        "Install",
        "Install (priority: 2)",
    )


def test_a_replay_says_which_inputs_were_not_recorded_at_the_time() -> None:
    new = policy(
        header="id,specification,domain order action,account,work order template,priority\n".replace("account,", "")
    )
    wider = parse_policy(
        "test", ".csv", b"id,account,work order template\nx,Acme,Install\nother,-,NO FIELD WORK\n", COLUMNS
    )
    [same] = replay(wider, verdicts(("SBC", "add")))  # type: ignore[arg-type]
    assert same.lacks == ("account",)
    assert replay(new, verdicts(("SBC", "add"))) == ()  # type: ignore[arg-type]
