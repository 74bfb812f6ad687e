"""Memory's values: whatever is put on disk comes back as it was, through JSON, with its types."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.engine import codec
from connector.model import (
    Action,
    BindWorkOrder,
    CancelWorkOrder,
    Change,
    CreateWorkOrder,
    Link,
    NearMiss,
    Origin,
    RaiseFallout,
    ReopenDomainOrder,
    ResolveCase,
    SetPonr,
    SettleFallout,
    State,
    UpdateWorkOrder,
    Verdict,
    WantedWorkOrder,
    WarnDispatcher,
    WorkOrderPhase,
    WriteFieldNote,
    WriteNote,
    WritePlannedEnd,
)

TEXT = st.text(max_size=12)
NUMBER = st.integers(0, 10**6)
FACTS = st.dictionaries(TEXT, TEXT, max_size=3)
CHANGES = st.lists(st.builds(Change, TEXT, TEXT, TEXT), max_size=2).map(tuple)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)

ACTIONS: dict[type[Any], st.SearchStrategy[Any]] = {
    CreateWorkOrder: st.builds(
        CreateWorkOrder,
        **dict.fromkeys(("key", "initiator_id", "initiator_number", "domain_order_id", "template"), TEXT),
        **dict.fromkeys(("ordinal", "version"), NUMBER),
        **dict.fromkeys(("facts", "fields"), FACTS),
    ),
    UpdateWorkOrder: st.builds(
        UpdateWorkOrder,
        **dict.fromkeys(("key", "work_order_id", "work_order_number"), TEXT),
        **dict.fromkeys(("version", "mod_count"), NUMBER),
        **dict.fromkeys(("facts", "fields"), FACTS),
        changes=CHANGES,
        tried=TEXTS,
    ),
    CancelWorkOrder: st.builds(
        CancelWorkOrder,
        **dict.fromkeys(("key", "work_order_id", "work_order_number", "reason"), TEXT),
        **dict.fromkeys(("version", "mod_count"), NUMBER),
        carried=FACTS,
    ),
    BindWorkOrder: st.builds(
        BindWorkOrder,
        **dict.fromkeys(("key", "work_order_id", "work_order_number", "initiator_number", "why", "text"), TEXT),
        detaches=st.booleans(),
    ),
    WarnDispatcher: st.builds(WarnDispatcher, TEXT, TEXT, TEXT, st.booleans(), TEXT),
    WriteNote: st.builds(WriteNote, TEXT, TEXT, TEXT, TEXT, st.booleans(), TEXTS),
    WriteFieldNote: st.builds(WriteFieldNote, TEXT, TEXT, TEXT, TEXT, TEXTS),
    ReopenDomainOrder: st.builds(ReopenDomainOrder, TEXT, TEXT, TEXT, NUMBER, TEXT),
    ResolveCase: st.builds(ResolveCase, TEXT, TEXT, TEXT, NUMBER, TEXT, TEXT, TEXT),
    SetPonr: st.builds(SetPonr, TEXT, TEXT, TEXT, NUMBER, TEXT),
    WritePlannedEnd: st.builds(WritePlannedEnd, TEXT, TEXT, TEXT, TEXT, NUMBER, NUMBER, TEXT),
    RaiseFallout: st.builds(RaiseFallout, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT),
    SettleFallout: st.builds(SettleFallout, TEXT, TEXT, TEXT, TEXT),
}
STATES = st.builds(State, TEXT, TEXT, st.sampled_from(WorkOrderPhase))
LINKS = st.builds(
    Link,
    **dict.fromkeys(
        ("work_order_id", "work_order_number", "order_id", "domain_order_id", "initiator_id", "key", "template"), TEXT
    ),
    **dict.fromkeys(("ordinal", "updates", "notes"), NUMBER),
    origin=st.sampled_from(Origin),
    carried=FACTS,
    untold=CHANGES,
    refused=TEXTS,
    refused_at=NUMBER,
    tried=TEXTS,
    noted=st.one_of(st.none(), STATES),
    withdrawn=st.booleans(),
    detached=TEXT,
)
VERDICTS = st.builds(
    Verdict,
    **dict.fromkeys(("initiator_id", "initiator_number", "line_number", "policy", "digest"), TEXT),
    version=NUMBER,
    rows=TEXTS,
    wanted=st.lists(st.builds(WantedWorkOrder, TEXT, TEXT, NUMBER), max_size=2).map(tuple),
    inputs=FACTS,
    misses=st.lists(st.builds(NearMiss, TEXT, TEXT, TEXT, TEXT), max_size=2).map(tuple),
)


def through_json(document: dict[str, Any]) -> Any:
    """What a database gives back for what it was given."""
    return json.loads(json.dumps(document))


def test_every_kind_of_action_is_tried_here() -> None:
    assert set(ACTIONS) == set(get_args(Action))


@given(st.one_of(*ACTIONS.values()))
def test_an_intended_write_comes_back_from_disk_as_it_was_intended(action: Action) -> None:
    found = codec.load_action(codec.kind_of(action), through_json(codec.dump_action(action)))
    assert type(found) is type(action)
    assert found == action


@given(LINKS)
def test_a_link_comes_back_from_disk_as_it_was(link: Link) -> None:
    assert codec.load_link(through_json(codec.dump_link(link))) == link


@given(VERDICTS)
def test_a_verdict_comes_back_from_disk_with_everything_that_explains_it(verdict: Verdict) -> None:
    assert codec.load_verdict(through_json(codec.dump_verdict(verdict))) == verdict


NOTE = WriteNote("status/1", "c" * 32, "RO1", "WO1 was created.")


def test_the_kinds_in_the_outbox_are_the_names_people_read_in_the_history() -> None:
    assert [kind.__name__ for kind in ACTIONS] == [
        "CreateWorkOrder",
        "UpdateWorkOrder",
        "CancelWorkOrder",
        "BindWorkOrder",
        "WarnDispatcher",
        "WriteNote",
        "WriteFieldNote",
        "ReopenDomainOrder",
        "ResolveCase",
        "SetPonr",
        "WritePlannedEnd",
        "RaiseFallout",
        "SettleFallout",
    ]
    assert codec.kind_of(NOTE) == "WriteNote"


def test_a_row_of_a_kind_nobody_knows_is_not_carried_out() -> None:
    document = through_json(codec.dump_action(NOTE))
    with pytest.raises(ValueError):
        codec.load_action("DeleteWorkOrder", document)
    assert codec.load_action("WriteNote", document) == NOTE


@pytest.mark.parametrize("broken", [None, [], {}, {"key": 1}, "WriteNote"])
def test_a_damaged_row_is_refused_and_not_guessed(broken: object) -> None:
    with pytest.raises(ValidationError):
        codec.load_action("WriteNote", broken)
    with pytest.raises(ValidationError):
        codec.load_link(broken)
    with pytest.raises(ValidationError):
        codec.load_verdict(broken)


@pytest.mark.parametrize(
    ("part", "value"),
    [("origin", "lost"), ("noted", {"value": "3", "label": "Closed", "phase": "shut"}), ("ordinal", "two")],
)
def test_a_link_whose_meaning_nobody_knows_is_refused(part: str, value: object) -> None:
    link = Link("1" * 32, "WO1", "a" * 32, "c" * 32, "c" * 32, Origin.CREATED)
    document = through_json(codec.dump_link(link))
    assert codec.load_link(document) == link
    with pytest.raises(ValidationError):
        codec.load_link({**document, part: value})


def test_a_link_written_before_a_part_was_invented_gets_its_default() -> None:
    link = Link("1" * 32, "WO1", "a" * 32, "c" * 32, "c" * 32, Origin.CREATED)
    document = through_json(codec.dump_link(link))
    for part in ("untold", "refused", "updates", "withdrawn"):
        del document[part]
    assert codec.load_link(document) == link
