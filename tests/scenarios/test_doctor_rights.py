"""README promise: the doctor asks for the right to whatever this configuration reads and writes, and for no other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from connector.config import load
from connector.doctor.check import Level
from connector.policies import load_policies, mapped_columns, written_columns
from tests.conftest import DOMAIN_ORDER, LINE, with_cases
from tests.scenarios.test_cases import CASE, POLICY, opened
from tests.scenarios.test_doctor import (
    Tampering,
    add,
    at_work,
    change,
    edit,
    examined,
    fault,
    level,
    policy_with_group,
    put,
)
from tests.scenarios.test_fallouts import FALLOUT, ORDER_TASK
from tests.scenarios.test_policies import write as write_policy
from tests.scenarios.test_shared_data import CREATE, LOCATION, knowing

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from connector.doctor.check import Result
    from tests.conftest import Pair


def says(text: str) -> Callable[[Pair], None]:
    """The configuration says this besides."""
    return lambda pair: add(pair, text)


def with_a_case(pair: Pair) -> None:
    opened(pair)
    with_cases(pair, POLICY)


def with_cases_noted(pair: Pair) -> None:
    opened(pair)
    with_cases(pair, POLICY, completion='"note"')


def with_a_fallout(pair: Pair) -> None:
    add(pair, '[fallout]\nkinds = ["past-ponr"]')
    put(pair, "om", FALLOUT, {"short_description": "no stock", "state": "1"})


def makes_places(pair: Pair) -> None:
    knowing(pair, location=CREATE)


def without_priority(pair: Pair) -> None:
    add(pair, '[work_order.fields]\nlocation = "{location}"')


def nothing(_pair: Pair) -> None:
    """As it is by default."""


def seen(pair: Pair, check: str, side: str = "om") -> Result:
    """The one answer about one side."""
    [told] = [result for result in examined(pair, check) if result.side == side]
    return told


# --- columns that are written ---------------------------------------------------------------------------------------------


def read_only(pair: Pair, side: str, table: str, column: str) -> None:
    """The instance tells that the connector's user may not write this column."""

    def spoil(request: requests.PreparedRequest, response: requests.Response) -> None:
        if str(request.url).endswith(f"/ui/meta/{table}"):
            body = response.json()
            body["result"]["columns"][column]["read_only"] = True
            response._content = json.dumps(body).encode()

    pair.lines[side] = Tampering(pair.world.adapter(side), spoil)


@dataclass(frozen=True)
class Written:
    """A column that is written where `when` holds, and not where `otherwise` does; how to do without, as the check says it."""

    side: str
    table: str
    column: str
    when: Callable[[Pair], None]
    otherwise: Callable[[Pair], None]
    told: str

    def __str__(self) -> str:
        return f"{self.table} {self.column}"


WRITTEN = [
    Written("om", DOMAIN_ORDER, "state", nothing, says('[gate]\nmode = "note"'), '[gate] mode = "note"'),
    Written("om", LINE, "ponr", says('[ponr]\nmode = "set"'), says('[ponr]\nmode = "propose"'), '[ponr] mode = "propose"'),
    Written("om", ORDER_TASK, "planned_end_date", says('[jeopardy]\nwrite_end_to = "planned_end_date"'), nothing,
            '[jeopardy] write_end_to = ""'),
    Written("om", CASE, "work_notes", with_cases_noted, nothing, "leave out [policy] case"),
    Written("om", CASE, "resolution_code", with_a_case, with_cases_noted, '[case] completion = "note"'),
    Written("om", CASE, "state", with_a_case, with_cases_noted, '[case] completion = "note"'),
    Written("om", FALLOUT, "description", with_a_fallout, nothing, "leave out [fallout] kinds"),
    Written("om", FALLOUT, "correlation_display", with_a_fallout, nothing, "leave out [fallout] kinds"),
    Written("fsm", "wm_order", "priority", nothing, without_priority, "leave them out of [work_order.fields]"),
    Written("fsm", "wm_order", "requested_due_by", nothing, without_priority, "leave them out of [work_order.fields]"),
    Written("fsm", "wm_order", "install_base_item", with_a_case, nothing, "[case.fields]"),
    Written("fsm", "wm_order", "qualification_group", policy_with_group("Field Crew North"), nothing, "[policy.outputs]"),
    Written("fsm", LOCATION, "city", makes_places, nothing, 'missing = "blank" of location under [fsm.references]'),
]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN, ids=str)
def test_a_column_that_is_written_may_not_be_read_only(written: Written, pair: Pair) -> None:
    written.when(pair)
    assert level(pair, "rights.columns", written.side) is Level.FINE
    read_only(pair, written.side, written.table, written.column)
    told = seen(pair, "rights.columns", written.side)
    assert told.level is Level.FAILED
    assert f"{written.table}.{written.column} (to do without: " in told.seen
    assert written.told in told.seen
    assert "ACL" in told.fix


@pytest.mark.parametrize("written", WRITTEN, ids=str)
def test_a_column_that_is_not_written_may_be_read_only(written: Written, pair: Pair) -> None:
    written.otherwise(pair)
    read_only(pair, written.side, written.table, written.column)
    assert level(pair, "rights.columns", written.side) is Level.FINE


def test_a_column_that_is_always_written_is_named_without_a_way_around_and_the_role_is_said(pair: Pair) -> None:
    read_only(pair, "om", DOMAIN_ORDER, "work_notes")
    told = seen(pair, "rights.columns")
    assert told.seen == f"read-only for the user: {DOMAIN_ORDER}.work_notes"
    assert "sn_ind_tmt_orm.fulfillment_writer" in told.fix


def test_what_a_row_says_without_a_column_of_its_own_is_written_to_the_description(pair: Pair) -> None:
    write_policy(
        pair, "id,specification,work order template,skills\ncpe,SD-WAN CPE,Install CPE,ladder\no,-,NO FIELD WORK,\n"
    )
    add(pair, '[work_order.fields]\nlocation = "{location}"')
    policies = load_policies(pair.loaded)
    assert "description" in written_columns(pair.loaded.settings, policies)
    assert "description" not in mapped_columns(pair.loaded.settings, policies)
    read_only(pair, "fsm", "wm_order", "description")
    assert level(pair, "rights.columns", "fsm") is Level.FAILED
    write_policy(pair, "id,specification,work order template\ncpe,SD-WAN CPE,Install CPE\no,-,NO FIELD WORK\n")
    assert level(pair, "rights.columns", "fsm") is Level.FINE


def test_a_column_that_rows_fill_and_that_is_not_there_is_told_where_rows_fill_it(pair: Pair) -> None:
    edit(pair, "[policy]", '[policy]\noutputs = { "dispatch group" = "u_crew" }')
    assert level(pair, "fields.columns") is Level.FINE
    policy_with_group("Field Crew North")(pair)
    told = seen(pair, "fields.columns", "")
    assert (told.level, "wm_order.u_crew" in told.seen) == (Level.WARNING, True)


# --- records that are written ---------------------------------------------------------------------------------------------


RECORDS = [
    (DOMAIN_ORDER, nothing, None, "sn_ind_tmt_orm.fulfillment_writer"),
    (LINE, says('[ponr]\nmode = "set"'), says('[ponr]\nmode = "propose"'), "an ACL"),
    (
        ORDER_TASK,
        says('[jeopardy]\nwrite_end_to = "planned_end_date"'),
        nothing,
        "sn_ind_tmt_orm.order_fulfilment_agent",
    ),
    (CASE, with_a_case, nothing, "sn_customerservice_agent"),
    (FALLOUT, with_a_fallout, nothing, "sn_fallout_mgmt.fallout_agent"),
]


@pytest.mark.parametrize(("table", "when", "otherwise", "role"), RECORDS, ids=[table for table, *_ in RECORDS])
def test_records_that_are_written_must_be_writable_and_others_need_not_be(
    table: str, when: Callable[[Pair], None], otherwise: Callable[[Pair], None] | None, role: str, pair: Pair
) -> None:
    pair.world.switch("om", writer_sets_ponr=True, writer_plans_order_tasks=True)
    at_work(pair)
    before = pair.loaded.path.read_text(encoding="utf-8")
    when(pair)
    assert level(pair, "rights.records", "om") is Level.FINE
    fault("table_forbidden", method="PATCH", path_contains=f"/table/{table}")(pair)
    told = seen(pair, "rights.records")
    assert (told.level, told.seen.startswith(f"records of {table} cannot be written")) == (Level.FAILED, True)
    assert role in told.fix
    if otherwise is not None:
        pair.loaded.path.write_text(before, encoding="utf-8")
        pair.loaded = load(pair.loaded.path)
        otherwise(pair)
        assert level(pair, "rights.records", "om") is Level.FINE


def test_asking_for_the_right_to_write_changes_nothing_and_leaves_what_is_over_alone(pair: Pair) -> None:
    pair.world.switch("om", writer_sets_ponr=True, writer_plans_order_tasks=True)
    at_work(pair)
    add(pair, '[ponr]\nmode = "set"\n[jeopardy]\nwrite_end_to = "planned_end_date"')
    with_a_fallout(pair)
    with_a_case(pair)
    pair.world.advance(100)
    put(pair, "om", CASE, {"short_description": "over", "state": "3"})
    pair.world.advance(100)
    tables = (DOMAIN_ORDER, LINE, ORDER_TASK, CASE, FALLOUT, "sys_journal_field", "sys_audit")
    before = {table: pair.world.om.store.find(table) for table in tables}
    before = {table: [dict(row) for row in rows] for table, rows in before.items()}
    over = pair.rows("om", CASE, "short_description=over", "sys_id")[0]["sys_id"]
    pair.world.clear_requests()
    assert level(pair, "rights.records", "om") is Level.FINE
    asked = [request.path for request in pair.world.requests("om") if request.method == "PATCH"]
    assert len(asked) == 5
    assert not any(over in path for path in asked)
    assert {table: [dict(row) for row in pair.world.om.store.find(table)] for table in tables} == before


def test_cases_that_may_not_be_read_hide_nothing_about_orders(pair: Pair) -> None:
    at_work(pair)
    with_a_case(pair)
    fault("table_forbidden", path_contains=CASE)(pair)
    assert level(pair, "rights.records", "om") is Level.UNKNOWN
    assert level(pair, "columns.readable", "om") is Level.UNKNOWN
    fault("hide_field", field="ponr")(pair)
    fault("table_forbidden", method="PATCH", path_contains=DOMAIN_ORDER)(pair)
    assert level(pair, "rights.records", "om") is Level.FAILED
    assert level(pair, "columns.readable", "om") is Level.FAILED


# --- cases are read -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "spoil", "told", "fix"),
    [
        ("columns.tables", says('[om.tables]\ncase = "u_nobody"'), "there is no table u_nobody", "leave out [policy] case"),
        ("rights.tables", fault("table_forbidden", path_contains=CASE), CASE, "the role sn_customerservice_agent,"),
        ("columns.present", says('[om.columns.case]\nlocation = "u_site"'), f"{CASE}.u_site", "om-fsm discover"),
        ("columns.present", says('[om.columns.case]\nclose_notes = "u_n"'), f"{CASE}.u_n (to do without: [case] completion", ""),
        ("columns.readable", fault("hide_field", field="description", path_contains=CASE), f"{CASE}.description", "ACL"),
        ("columns.readable", fault("hide_field", field="work_notes", path_contains=CASE), f"{CASE}.work_notes", "ACL"),
    ],
)  # fmt: skip
def test_what_keeps_cases_from_being_read_is_found_where_a_policy_speaks_of_them(
    check: str, spoil: Callable[[Pair], None], told: str, fix: str, pair: Pair
) -> None:
    at_work(pair)
    spoil(pair)
    assert level(pair, check, "om") is Level.FINE
    with_a_case(pair)
    result = seen(pair, check)
    assert (result.level, told in result.seen, fix in result.fix) == (Level.FAILED, True, True), result


def test_of_a_case_only_what_rules_ask_for_must_be_readable_or_there(pair: Pair) -> None:
    at_work(pair)
    add(pair, '[om.columns.case]\nclose_notes = "u_nobody"\ncategory = "u_nothing"')
    with_cases_noted(pair)
    fault("hide_field", field="category", path_contains=CASE)(pair)
    assert level(pair, "columns.present", "om") is Level.FINE
    assert level(pair, "columns.readable", "om") is Level.FINE


# --- what their states mean ------------------------------------------------------------------------------------------------


def choice(table: str, label: str) -> Callable[[Pair], None]:
    values = {"name": table, "element": "state", "value": "99", "language": "en", "label": label}
    return lambda pair: put(pair, "om", "sys_choice", values)


@pytest.mark.parametrize(
    ("table", "part", "in_use"), [(CASE, "case", with_a_case), (FALLOUT, "fallout", with_a_fallout)], ids=["case", "fallout"]
)  # fmt: skip
def test_a_state_nobody_knows_is_found_where_such_records_are_in_use(
    table: str, part: str, in_use: Callable[[Pair], None], pair: Pair
) -> None:
    choice(table, "Parked")(pair)
    assert level(pair, "states.complete", "om") is Level.FINE
    in_use(pair)
    told = seen(pair, "states.complete")
    assert (told.level, f"{part} 99 (Parked)" in told.seen) == (Level.WARNING, True), told
    assert "[fallout.states]" in told.fix
    known = {"case": ("om.states.case", "awaiting info"), "fallout": ("fallout.states", "on hold")}[part]
    add(pair, f'[{known[0]}]\n99 = "{known[1]}"')
    assert level(pair, "states.complete", "om") is Level.FINE


@pytest.mark.parametrize("word", ["Nonsense", "Open"])
def test_a_state_that_does_not_settle_fallouts_is_found_where_any_is_raised(word: str, pair: Pair) -> None:
    add(pair, f'[fallout]\nsettle_as = "{word}"')
    assert level(pair, "states.written") is Level.FINE
    edit(pair, "[fallout]", '[fallout]\nkinds = ["past-ponr"]')
    told = seen(pair, "states.written", "")
    assert (told.level, f"fallouts: {word!r}" in told.seen) == (Level.FAILED, True)
    assert "[fallout] settle_as" in told.fix
    edit(pair, f'"{word}"', '"Closed Complete"')
    assert level(pair, "states.written") is Level.FINE


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda p: change(p, "om", "sys_choice", {"label": "Done"}, name=CASE, element="state", label="Resolved"),
         "cases: state 'Resolved'"),
        (lambda p: edit(p, "[case]", '[case]\nresolution_code = "Nonsense"'), "cases: resolution code 'Nonsense'"),
    ],
    ids=["state", "code"],
)  # fmt: skip
def test_what_cases_lack_to_be_resolved_is_found_where_they_are(
    spoil: Callable[[Pair], None], told: str, pair: Pair
) -> None:
    with_a_case(pair)
    assert level(pair, "states.written") is Level.FINE
    spoil(pair)
    result = seen(pair, "states.written", "")
    assert (result.level, told in result.seen) == (Level.FAILED, True), result
    edit(pair, "[case]", '[case]\ncompletion = "note"')
    assert level(pair, "states.written") is Level.FINE
