"""README promise: the connector finds out what an instance nobody here has seen is like, says so, and refuses to guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.config import load, load_with
from connector.discover.drift import drift, keeping_decisions
from connector.discover.text import profile_text
from connector.errors import ConfigError, Denied, SignInFailed, Unavailable
from connector.profile import Lookup, Profile, Side, read_profile
from connector.unsettled import unsettled
from tests.conftest import DOMAIN_ORDER, HAMBURG, LINE, Pair, make_pair
from tests.scenarios.test_notes_both_ways import visited, with_notes, write
from tests.scenarios.test_who_changed_it import REVISIONS

if TYPE_CHECKING:
    from pathlib import Path

    from connector.discover.discovery import Discovered

EXTRA_STATE = 'rows = [{ name = "wm_order", element = "state", value = "99", label = "%s", language = "%s" }]'


def writes(pair: Pair) -> list[str]:
    asked = [r for side in ("om", "fsm") for r in pair.world.requests(side)]
    return [r.path for r in asked if r.method != "GET" and r.path != "/oauth_token.do"]


def found(pair: Pair) -> Discovered:
    """What a discovery says; nothing may be written by it."""
    pair.world.clear_requests()
    discovered = app.discover_once(pair.loaded, pair.outside())
    assert writes(pair) == []
    return discovered


def adopt(pair: Pair, discovered: Discovered, *edits: tuple[str, str]) -> Path:
    """Write the profile as `om-fsm discover` does, edit it as a person does, and name it in the configuration."""
    path = pair.loaded.path.with_name("profile.toml")
    text = profile_text(discovered.profile, discovered.reasons, "today")
    for before, after in edits:
        assert before in text, before
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    config = pair.loaded.path.read_text(encoding="utf-8")
    if "profile = " not in config:
        pair.loaded.path.write_text(f'profile = "profile.toml"\n\n{config}', encoding="utf-8")
    pair.loaded = load(pair.loaded.path)
    return path


def open_points(pair: Pair, profile: Profile) -> list[str]:
    return list(unsettled(load_with(pair.loaded.path, profile).settings, profile))


def pair_on(tmp_path: Path, text: str, extends: str = "default") -> Pair:
    """A pair on a profile of the sandbox that is not in this repository."""
    profile = tmp_path / "other.toml"
    profile.write_text(f'extends = "{extends}"\nname = "other"\n{text}', encoding="utf-8")
    return make_pair(tmp_path, str(profile))


def without_states(pair: Pair) -> Pair:
    """The configuration says nothing of states: the instance must."""
    text = pair.loaded.path.read_text(encoding="utf-8")
    head, _, rest = text.partition("[om.states")
    pair.loaded.path.write_text(head + rest[rest.index("[policy]") :] if rest else text, encoding="utf-8")
    pair.loaded = load(pair.loaded.path)
    return pair


def refuses_to_write(pair: Pair, *words: str) -> None:
    """Nothing is written, nothing is remembered, and every word is said."""
    pair.approved(HAMBURG)
    pair.world.clear_requests()
    with pytest.raises(ConfigError) as refused:
        pair.sync()
    said = " ".join([str(refused.value), *refused.value.problems])
    for word in words:
        assert word in said
    assert writes(pair) == []
    assert not pair.memory.exists()


# --- instances nobody here has seen ------------------------------------------------------------------------------------


def test_an_order_lives_on_an_odd_instance_by_the_profile_that_was_found(tmp_path: Path) -> None:
    pair = without_states(make_pair(tmp_path, "odd"))
    discovered = found(pair)
    assert open_points(pair, discovered.profile) == []
    adopt(pair, discovered)
    order = pair.approved(HAMBURG)
    pair.world.advance(60)
    pair.sync()
    assert len(pair.work_orders(order)) == 2
    query = f"u_line_item.order.number={order}^sys_class_name=sn_ind_tmt_orm_resource_order^ORDERBYnumber"
    resource_order = pair.rows("om", DOMAIN_ORDER, query, "number")[0]["number"]
    assert pair.noted(resource_order, "Install CPE")
    pair.fsm("cancel_work_order", work_order=pair.install(order), reason="nobody at home")
    pair.settle()
    assert pair.noted(resource_order, "was canceled in Field Service")
    pair.om("close_domain_order", domain_order=resource_order)
    pair.settle()
    assert pair.state("om", DOMAIN_ORDER, resource_order) == "in progress"  # the gate: nobody has decided yet
    pair.assert_nothing_doubled()


@pytest.mark.parametrize("is_kept", [True, False])
def test_who_revised_an_order_is_named_by_the_profile_that_was_found_if_the_instance_keeps_it(
    tmp_path: Path, *, is_kept: bool
) -> None:
    """Domain orders of this instance have their record version under another name."""
    label = "" if is_kept else f'[om.tables.{REVISIONS}]\nlabel = "Wish"\n'
    pair = without_states(pair_on(tmp_path, label, extends="odd"))
    if not is_kept:
        path = pair.loaded.path
        text = f'{path.read_text(encoding="utf-8")}\n[om.tables]\ninflight_change = "u_nowhere"\n'
        path.write_text(text, encoding="utf-8")
        pair.loaded = load(path)
    discovered = found(pair)
    assert open_points(pair, discovered.profile) == []
    assert discovered.profile.om.columns["domain_order"]["record_version"] == "record_version"
    costs = {"table u_nowhere": "notes of updates do not say who revised the order"}
    told = {
        what: why for what, why in discovered.profile.om.unreadable.items() if what in (*costs, f"table {REVISIONS}")
    }
    assert told == ({} if is_kept else costs)
    adopt(pair, discovered)
    order = pair.approved(HAMBURG)
    pair.world.advance(60)
    pair.settle()
    line = pair.rows("om", LINE, f"order.number={order}", "number")[0]["number"]
    pair.om("revise", order=order)
    pair.om("edit_line", line=line, fields={"quantity": "2"})
    pair.om("approve_revision", order=order)
    pair.settle()
    numbers = [row["number"] for row in pair.rows("om", DOMAIN_ORDER, "", "number")]
    notes = [note for number in numbers for note in pair.notes(number) if "quantity: 1 -> 2" in note]
    assert len(notes) == 2
    assert all(("last saved by Olivia Brooks, " in note) is is_kept for note in notes)
    assert not any("Frank Miller" in note for note in notes)


def test_renamed_columns_missing_ones_and_other_states_are_found_with_their_reasons(tmp_path: Path) -> None:
    discovered = found(without_states(make_pair(tmp_path, "odd")))
    profile, reasons = discovered.profile, discovered.reasons
    assert profile.om.columns["domain_order"]["specification"] == "u_specification"
    assert "by its label" in reasons["om.columns.domain_order.specification"]
    assert profile.om.columns["domain_order"]["needs_attention"] == ""
    assert profile.fsm.fields["account"] == ""
    assert "account" not in profile.fsm.references
    assert "location" in profile.fsm.references
    state = profile.fsm.states["work_order"]["8"]
    assert (state.label, state.means, state.kind, state.write) == ("Cancelled", "canceled", "canceled", True)
    assert profile.om.states["domain_order"]["-1"].kind == "frozen"
    assert "3" not in profile.om.states["domain_order"]  # inactive


def test_one_instance_with_both_applications_is_found_too(tmp_path: Path) -> None:
    pair = without_states(make_pair(tmp_path, "single"))
    discovered = found(pair)
    assert open_points(pair, discovered.profile) == []
    adopt(pair, discovered)
    order = pair.approved(HAMBURG)
    pair.sync()
    assert pair.work_orders(order)


def test_what_may_not_be_read_is_said_with_its_cost_and_taken_from_the_configuration(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, "strict", oauth=True)
    discovered = found(pair)
    unreadable = discovered.profile.fsm.unreadable
    assert {"v_plugin", "sm_config", "state flows"} <= set(unreadable)
    assert all(unreadable.values())
    configured = pair.loaded.settings.fsm.states.work_order
    assert {value: line.label for value, line in discovered.profile.fsm.states["work_order"].items()} == configured
    assert open_points(pair, discovered.profile) == []
    adopt(pair, discovered)
    order = pair.approved(HAMBURG)
    pair.sync()
    assert pair.work_orders(order)


def test_where_nobody_says_what_states_mean_a_person_must(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, "strict", oauth=True)
    pair.world.switch("fsm", closed_tables=["sys_choice"])
    discovered = found(without_states(pair))
    discovered.profile.fsm.states.clear()
    assert any("nothing is known of its states" in point for point in open_points(pair, discovered.profile))


def test_the_profile_reads_back_as_what_was_found(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, "odd")
    discovered = found(pair)
    assert read_profile(adopt(pair, discovered)) == discovered.profile


def test_the_profile_of_an_instance_with_servicenows_names_changes_no_setting(pair: Pair) -> None:
    before = pair.loaded.settings.model_dump()
    adopt(pair, found(pair))
    after = pair.loaded.settings.model_dump()
    assert after["om"]["columns"]["case"].pop("category") == ""  # a column these instances do not have
    assert before["om"]["columns"]["case"].pop("category") == "category"
    assert after.pop("profile") is not None
    assert before.pop("profile") is None
    assert after == before


def found_elsewhere(tmp_path: Path) -> Discovered:
    """What is found from a configuration that says nothing itself."""
    (tmp_path / "again").mkdir()
    return found(make_pair(tmp_path / "again", "odd"))


def test_the_configuration_comes_before_the_profile(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, "odd")
    text = pair.loaded.path.read_text(encoding="utf-8")
    said = '[om.columns.domain_order]\nspecification = "u_other"\n\n[policy]'
    pair.loaded.path.write_text(text.replace("[policy]", said, 1), encoding="utf-8")
    adopt(pair, found_elsewhere(tmp_path))
    assert pair.loaded.settings.om.db_schema.domain_order["specification"] == "u_other"
    assert pair.loaded.settings.om.db_schema.domain_order["line"] == "u_line_item"


def test_labels_of_the_profile_are_what_people_read_and_its_words_decide(pair: Pair) -> None:
    label = ('label = "Assigned", means = "assigned"', 'label = "On its way", means = "assigned"')
    adopt(pair, found(pair), label)
    order = pair.approved(HAMBURG)
    pair.sync()
    pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
    pair.settle()
    assert pair.noted(pair.resource_order(order), "On its way")


def test_with_a_profile_the_choice_lists_are_not_asked_for_again(pair: Pair) -> None:
    adopt(pair, found(pair))
    pair.world.clear_requests()
    pair.sync()
    assert not [r for side in ("om", "fsm") for r in pair.world.requests(side) if r.path.endswith("sys_choice")]


# --- fallouts ----------------------------------------------------------------------------------------------------------

FALLOUT = "sn_fallout_mgmt_fallout"
ELSEWHERE = '[fallout.tables]\nfallout = "u_fallout"\ntype = "u_fallout_type"\n'
NOBODY_CALLS_IT_SO = f"""
[om.tables.{FALLOUT}]
label = "Mishap"
[om.tables.{FALLOUT}_type]
label = "Kind of mishap"
"""
TASK_RENAMED = f"""
[om.rename]
"{FALLOUT}.order_task" = "u_held"
[om.tables.{FALLOUT}.columns]
order_task = "reference:sn_ind_tmt_orm_order_task | Held"
"""


def raising(pair: Pair, said: str = "") -> Pair:
    """Something is to become a fallout."""
    text = pair.loaded.path.read_text(encoding="utf-8")
    pair.loaded.path.write_text(f'{text}\n[fallout]\nkinds = ["write-parked"]\n{said}', encoding="utf-8")
    pair.loaded = load(pair.loaded.path)
    return pair


def test_what_fallouts_and_their_states_are_called_is_found(tmp_path: Path) -> None:
    discovered = found(make_pair(tmp_path, "odd"))
    om = discovered.profile.om
    assert (om.tables["fallout"], om.tables["fallout_type"]) == (FALLOUT, f"{FALLOUT}_type")
    assert om.columns["fallout"]["order_task"] == "originated_from"
    assert "by its label 'Related order task'" in discovered.reasons["om.columns.fallout.order_task"]
    assert om.columns["fallout_type"] == {"name": "name"}
    states = {value: (line.label, line.kind) for value, line in om.states["fallout"].items() if line.write}
    assert states == {"6": ("Resolved", "done")}


def test_where_fallout_management_is_missing_the_profile_says_what_that_costs_and_names_no_columns(
    tmp_path: Path,
) -> None:
    pair = raising(pair_on(tmp_path, NOBODY_CALLS_IT_SO), ELSEWHERE)
    discovered = found(pair)
    om = discovered.profile.om
    assert "activate Fallout Management" in om.unreadable["table u_fallout"]
    assert om.unreadable["table u_fallout_type"] == "fallouts get no type"
    assert "om.tables.fallout: there is no table 'u_fallout'" in discovered.remarks
    assert not {"fallout", "fallout_type"} & (om.columns.keys() | om.states.keys())
    assert open_points(pair, discovered.profile) == []
    adopt(pair, discovered)
    order = pair.approved(HAMBURG)
    pair.sync()
    assert pair.work_orders(order)


def test_fallouts_in_a_table_of_another_name_are_found_by_its_label(pair: Pair) -> None:
    before = found(pair).profile.om
    discovered = found(raising(pair, ELSEWHERE))
    assert discovered.profile.om == before
    assert "by its label 'Fallout Type'" in discovered.reasons["om.tables.fallout_type"]


def test_two_tables_that_are_called_fallout_are_for_a_person_where_fallouts_are_raised(tmp_path: Path) -> None:
    other = '[om.tables.u_mishap]\nlabel = "Fallout"\ncolumns = { name = "string:100" }\n'
    pair = pair_on(tmp_path, other)
    discovered = found(raising(pair, ELSEWHERE))
    assert discovered.profile.om.tables["fallout"] == "?"
    assert "it may be sn_fallout_mgmt_fallout, u_mishap" in discovered.reasons["om.tables.fallout"]
    config = pair.loaded.path
    config.write_text(config.read_text(encoding="utf-8").replace(ELSEWHERE, ""), encoding="utf-8")
    assert open_points(pair, discovered.profile) == ["om.tables.fallout: which table is it?"]


def test_a_further_table_of_specifications_that_nobody_named_is_asked_for(pair: Pair) -> None:
    raising(pair, '[om.catalog]\nspecifications = ["u_a", "u_b", "u_c", "?"]\n')
    assert open_points(pair, found(pair).profile) == ["om.catalog.specifications: which table is it?"]


def test_where_fallouts_are_closed_to_the_user_it_is_said_although_they_are_described(pair: Pair) -> None:
    assert f"table {FALLOUT}" not in found(pair).profile.om.unreadable
    pair.world.fault("om", {"kind": "table_forbidden", "path_contains": FALLOUT, "count": None})
    assert "ask for its roles" in found(pair).profile.om.unreadable[f"table {FALLOUT}"]


def test_a_fallout_column_nobody_can_know_keeps_everything_shut_only_where_something_becomes_a_fallout(
    tmp_path: Path,
) -> None:
    pair = pair_on(tmp_path, TASK_RENAMED)
    discovered = found(pair)
    assert discovered.profile.om.columns["fallout"]["order_task"] == "?"
    assert "u_held" in discovered.reasons["om.columns.fallout.order_task"]
    assert open_points(pair, discovered.profile) == []
    raising(pair)
    adopt(pair, discovered)
    refuses_to_write(pair, "om.columns.fallout.order_task: which column is it?")


def test_a_state_of_fallouts_in_another_language_is_for_a_person_where_something_becomes_a_fallout(pair: Pair) -> None:
    [row] = pair.world.om.records.find("sys_choice", name=FALLOUT, value="6")
    german = {"label": "Erledigt", "language": "de"}
    pair.world.om.records.update("sys_choice", row["sys_id"], german, pair.world.om.system)
    discovered = found(pair)
    assert open_points(pair, discovered.profile) == []
    points = open_points(raising(pair), discovered.profile)
    assert "om.states.fallout: what does 6 ('Erledigt') mean?" in points
    assert any("om.states.fallout: the connector writes 'Resolved'" in point for point in points)
    unsure = 'label = "Erledigt", means = "?", class = "unknown" }'
    path = adopt(pair, discovered, (unsure, 'label = "Erledigt", means = "resolved", class = "done", write = true }'))
    assert open_points(pair, read_profile(path)) == []


def test_what_the_configuration_says_of_fallouts_comes_before_the_profile(tmp_path: Path) -> None:
    pair = raising(make_pair(tmp_path, "odd"), '[fallout.columns]\nsummary = "u_other"\n')
    adopt(pair, found_elsewhere(tmp_path))
    said = pair.loaded.settings.fallout.db_schema.columns
    assert (said["summary"], said["order_task"]) == ("u_other", "originated_from")


# --- what policies speak of --------------------------------------------------------------------------------------------

REQUEST = "sn_ind_tmt_orm_request_definition"


def test_where_the_names_are_that_policies_speak_of_is_found(pair: Pair) -> None:
    before = found(pair).profile.om
    assert (before.tables["request_type"], before.columns["catalog"]) == (REQUEST, {"name": "name"})
    raising(pair, '[om.catalog]\nspecifications = ["u_a", "u_b", "u_c"]\nrequest_types = "u_d"\n')
    discovered = found(pair)
    assert discovered.profile.om == before
    assert "by its label 'Service Specification'" in discovered.reasons["om.tables.service_specification"]


def test_a_catalog_that_is_not_there_costs_what_the_profile_says_and_keeps_nothing_shut(tmp_path: Path) -> None:
    pair = raising(
        pair_on(tmp_path, f'[om.tables.{REQUEST}]\nlabel = "Wish"\n'), '[om.catalog]\nrequest_types = "u_d"\n'
    )
    discovered = found(pair)
    costs = discovered.profile.om.unreadable["table u_d"]
    assert costs == "whether the request types that policies name are there is not checked"
    assert open_points(pair, discovered.profile) == []
    adopt(pair, discovered)
    catalog = app.survey(pair.loaded, pair.outside())
    assert catalog.request_types is None
    assert catalog.specifications


def test_a_table_of_the_catalog_with_another_column_for_names_is_said(tmp_path: Path) -> None:
    pair = pair_on(tmp_path, f'[om.rename]\n"{REQUEST}.name" = "u_title"\n')
    remarks = found(pair).remarks
    assert remarks == [f"om.columns.catalog.name: {REQUEST} has no column 'name'"]


def test_a_person_says_in_the_profile_where_names_are(pair: Pair) -> None:
    table = ('service_specification = "', 'service_specification = "u_')
    name = ('[om.columns.catalog]\nname = "name"', '[om.columns.catalog]\nname = "sys_created_by"')
    settled = read_profile(adopt(pair, found(pair), table, name))
    catalog = pair.loaded.settings.om.catalog
    assert catalog.specifications[1] == "u_sn_prd_pm_service_specification"
    assert (catalog.specifications[0], catalog.name) == ("sn_prd_pm_product_specification", "sys_created_by")
    discovered = app.discover_once(pair.loaded, pair.outside(), before=settled)
    assert drift(settled, discovered.profile) == ()
    assert keeping_decisions(settled, discovered.profile).om.columns["catalog"] == {"name": "sys_created_by"}


def test_a_table_of_specifications_that_the_profile_does_not_name_is_called_as_ever(pair: Pair) -> None:
    before = pair.loaded.settings.om.catalog
    adopt(pair, found(pair), ('product_specification = "sn_prd_pm_product_specification"\n', ""))
    assert pair.loaded.settings.om.catalog == before


@pytest.mark.parametrize("name", ["name", ""])
def test_without_a_column_for_names_it_is_not_known_what_policies_may_speak_of(name: str, pair: Pair) -> None:
    edit = ('[om.columns.catalog]\nname = "name"', f'[om.columns.catalog]\nname = "{name}"')
    adopt(pair, found(pair), edit)
    catalog = app.survey(pair.loaded, pair.outside())
    assert (catalog.specifications is None, catalog.request_types is None) == (not name, not name)
    assert catalog.templates


@pytest.mark.parametrize("point", ["request_type", "catalog"])
def test_where_names_are_is_asked_where_only_a_person_can_know(point: str, pair: Pair) -> None:
    edit = (f'request_type = "{REQUEST}"', 'request_type = "?"')
    named = ('[om.columns.catalog]\nname = "name"', '[om.columns.catalog]\nname = "?"')
    adopt(pair, found(pair), edit if point == "request_type" else named)
    refuses_to_write(pair, f"om.{'tables' if point == 'request_type' else 'columns'}.{point}")


# --- profiles from before ----------------------------------------------------------------------------------------------


def without(side: Side, *parts: str) -> Side:
    """As a profile said it before it knew these parts, journals of customers and keys."""
    return side.model_copy(
        update={
            "comments": None,
            "tables": {part: name for part, name in side.tables.items() if part not in parts},
            "columns": {kind: names for kind, names in side.columns.items() if kind not in parts},
            "states": {part: lines for part, lines in side.states.items() if part not in parts},
            "facts": {
                what: fact
                for what, fact in side.facts.items()
                if not what.startswith(("reference ", "journal "))
                and not any(side.tables.get(part, part) in re.split(r"[ .]", what) for part in parts)
            },
        }
    )


NEW_PARTS = (
    "fallout", "fallout_type", "product_specification", "service_specification", "resource_specification",
    "request_type", "catalog",
)  # fmt: skip


def test_a_profile_from_before_these_parts_stood_in_it_is_as_good_as_ever_and_no_drift(pair: Pair) -> None:
    discovered = found(pair)
    now = discovered.profile
    lookups = {column: one.model_copy(update={"keys": ()}) for column, one in now.fsm.references.items()}
    fsm = without(now.fsm).model_copy(update={"references": lookups})
    before = now.model_copy(update={"om": without(now.om, *NEW_PARTS), "fsm": fsm})
    assert drift(before, now) == ()
    assert len(drift(before.model_copy(update={"om": now.om.model_copy(update={"facts": before.om.facts})}), now)) > 20
    assert keeping_decisions(before, now) == now
    settings = pair.loaded.settings
    discovered.profile = before
    text = adopt(pair, discovered).read_text(encoding="utf-8")
    assert "keys = " not in text
    assert "comments = " not in text
    assert pair.loaded.settings.fsm.references == settings.fsm.references
    assert not [part for part in NEW_PARTS if f"{part} = " in text.replace('request_type = "request_type"', "")]
    assert pair.loaded.settings.fallout == settings.fallout
    assert pair.loaded.settings.om.catalog == settings.om.catalog


# --- journals ----------------------------------------------------------------------------------------------------------

JOURNALS = '[fsm.rename]\n"task.comments" = "u_told"\n"task.work_notes" = "u_notes"\n'


def test_journals_that_are_called_otherwise_are_found_by_their_labels(tmp_path: Path) -> None:
    discovered = found(pair_on(tmp_path, JOURNALS))
    assert (discovered.profile.om.notes, discovered.profile.om.comments) == ("work_notes", "comments")
    assert (discovered.profile.fsm.notes, discovered.profile.fsm.comments) == ("u_notes", "u_told")
    assert "by its label 'Additional comments'" in discovered.reasons["fsm.comments"]


@pytest.mark.parametrize("crosses", [False, True])
def test_what_customers_read_crosses_from_the_journal_that_was_found(tmp_path: Path, crosses: bool) -> None:
    pair = pair_on(tmp_path, JOURNALS)
    adopt(pair, found(pair))
    with_notes(pair, comments=crosses)
    domain_order, install = visited(pair)
    write(pair, "fsm", install, "We come on Monday.", "dispatcher", customer_visible=True)
    pair.settle()
    assert pair.noted(domain_order, "We come on Monday.") == crosses


@pytest.mark.parametrize("crosses", [False, True])
def test_without_a_journal_for_customers_only_private_notes_cross(tmp_path: Path, crosses: bool) -> None:
    """As where both are one: what is written there is private to the connector."""
    pair = make_pair(tmp_path)
    discovered = found(pair)
    adopt(pair, discovered, ('comments = "comments"', f'comments = "{"comments" if crosses else ""}"'))
    with_notes(pair, comments=True)
    domain_order, install = visited(pair)
    write(pair, "fsm", install, "We come on Monday.", "dispatcher", customer_visible=True)
    write(pair, "fsm", install, "Third floor.", "dispatcher")
    pair.settle()
    assert pair.noted(domain_order, "We come on Monday.") == crosses
    assert pair.noted(domain_order, "Third floor.")


def test_a_journal_for_customers_that_is_not_there_is_said_with_what_that_costs(tmp_path: Path) -> None:
    pair = pair_on(tmp_path, '[fsm.tables.task.columns]\ncomments = "string:4000"\n')
    discovered = found(pair)
    assert discovered.profile.fsm.comments == ""
    assert "'comments' is a string here: what customers read is not carried" in discovered.reasons["fsm.comments"]
    assert open_points(pair, discovered.profile) == []


def test_a_journal_only_a_person_can_know_is_asked_for_where_it_is_wanted(pair: Pair) -> None:
    discovered = found(pair)
    settled = read_profile(adopt(pair, discovered, ('comments = "comments"', 'comments = "?"')))
    assert open_points(pair, settled) == []
    text = pair.loaded.path.read_text(encoding="utf-8")
    pair.loaded.path.write_text(f"{text}\n[notes]\ncomments = true\n", encoding="utf-8")
    assert open_points(pair, settled) == [
        f"{side}.comments: which journal do customers read?" for side in ("om", "fsm")
    ]
    assert keeping_decisions(settled, discovered.profile).om.comments == "comments"


def test_a_journal_a_person_chose_is_kept_and_one_that_was_found_follows_the_instance(
    pair: Pair, tmp_path: Path
) -> None:
    first = found(pair).profile
    (tmp_path / "other").mkdir()
    now = found(pair_on(tmp_path / "other", JOURNALS)).profile
    again = keeping_decisions(first, now)
    assert (again.fsm.notes, again.fsm.comments) == ("u_notes", "u_told")
    assert "fsm: journal comments was comments journal_input and is now u_told journal_input" in drift(first, now)
    chosen = first.model_copy(update={"fsm": first.fsm.model_copy(update={"notes": "u_mine", "comments": ""})})
    kept = keeping_decisions(chosen, now).fsm
    assert (kept.notes, kept.comments) == ("u_mine", "")


# --- by what records are known -----------------------------------------------------------------------------------------

CONTACT = 'contact = {{ table = "{}", by = "{}", keys = ["email", "name + account.name"] }}'
ASSET = (
    'asset = { table = "alm_asset", by = "display_name", '
    'keys = ["serial_number", "asset_tag", "display_name + account.name"] }\n'
)


def renamed(tmp_path: Path, table: str, *columns: str) -> Pair:
    """A Field Service instance that calls these columns otherwise."""
    names = "".join(f'"{table}.{column}" = "u_{column}"\n' for column in columns)
    return pair_on(tmp_path, f"[fsm.rename]\n{names}")


def test_the_profile_says_by_what_the_record_of_each_reference_is_known(pair: Pair) -> None:
    discovered = found(pair)
    settings = pair.loaded.settings.fsm.references
    said = {column: (one.table, one.by, one.keys) for column, one in discovered.profile.fsm.references.items()}
    assert said == {column: (one.table, one.shown_as, one.by) for column, one in settings.items()}
    assert CONTACT.format("customer_contact", "name") in adopt(pair, discovered).read_text(encoding="utf-8")


def test_a_key_whose_column_is_not_there_is_left_out_and_said(tmp_path: Path) -> None:
    pair = renamed(tmp_path, "customer_contact", "account")
    discovered = found(pair)
    assert discovered.profile.fsm.references["contact"].keys == ("email",)
    assert discovered.remarks == [
        "fsm.references.contact: customer_contact has no column account.name: nothing is found by name + account.name"
    ]
    adopt(pair, discovered)
    order = pair.approved(HAMBURG)
    pair.sync()
    assert "" not in pair.labels("fsm", "wm_order", f"number={pair.install(order)}", "contact")


def test_a_record_that_is_called_by_another_column_is_known_by_that_one(tmp_path: Path) -> None:
    discovered = found(renamed(tmp_path, "sn_install_base_item", "name"))
    lookup = discovered.profile.fsm.references["install_base_item"]
    assert (lookup.by, lookup.keys) == ("u_name", ("serial_number", "u_name + account.name"))
    assert "by its label 'Name'" in discovered.reasons["fsm.references.install_base_item"]


def test_a_key_that_leads_to_a_column_another_table_does_not_have_is_left_out(tmp_path: Path) -> None:
    lookups = found(renamed(tmp_path, "core_company", "name")).profile.fsm.references
    assert (lookups["account"].by, lookups["account"].keys) == ("u_name", ("u_name",))
    assert lookups["contact"].keys == ("email",)


def test_where_no_key_is_left_a_person_must_say_by_what_a_record_is_known(tmp_path: Path) -> None:
    pair = renamed(tmp_path, "alm_asset", "serial_number", "asset_tag", "account")
    discovered = found(pair)
    assert discovered.profile.fsm.references["asset"].keys == ("?",)
    adopt(pair, discovered)
    refuses_to_write(pair, "fsm.references.asset.by: by which column is its record known?")
    adopt(pair, discovered, ('keys = ["?"]', 'keys = ["u_asset_tag"]'))
    order = pair.approved(HAMBURG)
    pair.sync()
    assert pair.work_orders(order)


def test_where_work_orders_call_their_template_otherwise_it_is_found_and_visits_are_made_by_it(tmp_path: Path) -> None:
    pair = pair_on(tmp_path, '[fsm.rename]\n"sm_order.template" = "u_template"\n')
    discovered = found(pair)
    assert discovered.profile.fsm.columns["work_order"]["template"] == "u_template"
    assert discovered.profile.fsm.references["template"].table == "cmdb_workorder_product_model"
    adopt(pair, discovered)
    order = pair.approved(HAMBURG)
    pair.world.advance(60)
    pair.sync()
    assert pair.work_orders(order)
    assert all(pair.rows("fsm", "wm_order", "correlation_idISNOTEMPTY", "u_template"))


UNLIKE = (
    '[fsm.rename]\n"wm_order.contact" = "u_person"\n'
    '[fsm.tables.wm_order.columns]\ncontact = "reference:customer_contact | Who"\n'
)
PERSON = ('contact = ""', 'contact = "u_person"')


@pytest.mark.parametrize("is_labelled", [True, False])
def test_a_reference_that_is_called_otherwise_refers_to_its_record(tmp_path: Path, is_labelled: bool) -> None:
    pair = pair_on(tmp_path, UNLIKE.split("[fsm.tables")[0] if is_labelled else UNLIKE)
    first = found(pair)
    assert "contact" not in first.profile.fsm.references
    assert ("u_person" in first.profile.fsm.references) is is_labelled
    adopt(pair, first, *([] if is_labelled else [PERSON]))
    pair.approved(HAMBURG)
    pair.world.advance(60)
    pair.sync()
    people = pair.labels("fsm", "wm_order", "correlation_idISNOTEMPTY", "u_person")
    assert (len(people), set(people)) == (2, {"Anna Weber"})


def test_a_column_that_is_filled_already_is_not_taken_for_one_that_is_missing(tmp_path: Path) -> None:
    customer = '[fsm.tables.wm_order.columns]\naccount = "reference:customer_account | Contact"\n'
    fields = found(
        pair_on(tmp_path, f'remove = ["fsm.tables.wm_order.columns.contact"]\n{customer}')
    ).profile.fsm.fields
    assert (fields["contact"], fields["account"]) == ("", "account")


def test_a_column_of_another_type_is_filled_as_ever_and_one_found_by_its_label_is_no_drift(tmp_path: Path) -> None:
    kinds = '[fsm.tables.wm_order.columns]\nrequested_due_by = "string:40"\n'
    pair = pair_on(tmp_path, f'[fsm.rename]\n"wm_order.contact" = "u_person"\n{kinds}')
    first = found(pair)
    assert (first.profile.fsm.fields["requested_due_by"], first.profile.fsm.fields["contact"]) == (
        "requested_due_by",
        "u_person",
    )
    settled = read_profile(adopt(pair, first))
    assert drift(settled, app.discover_once(pair.loaded, pair.outside(), before=settled).profile) == ()


def test_what_a_person_said_of_a_reference_that_is_called_otherwise_is_kept(tmp_path: Path) -> None:
    pair = pair_on(tmp_path, UNLIKE)
    by_number = 'contact = { table = "customer_contact", by = "name", keys = ["phone"] }'
    settled = read_profile(adopt(pair, found(pair), PERSON, ("[fsm.references]", f"[fsm.references]\n{by_number}")))
    assert pair.loaded.settings.fsm.references["u_person"].by == ("phone",)
    again = keeping_decisions(settled, app.discover_once(pair.loaded, pair.outside(), before=settled).profile)
    assert again.fsm.fields["contact"] == "u_person"
    assert again.fsm.references["contact"].keys == ("phone",)


def test_keys_that_may_not_be_described_are_taken_as_they_are_and_said_to_be_unverified(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, "strict", oauth=True)
    pair.world.fault("fsm", {"kind": "status", "status": 403, "path_contains": "ui/meta/alm_asset", "count": None})
    fsm = found(pair).profile.fsm
    assert fsm.references["asset"].keys == pair.loaded.settings.fsm.references["asset"].by
    assert "unverified" in fsm.unreadable["columns of alm_asset"]


def test_keys_a_person_said_are_kept_and_those_nobody_said_follow_the_instance(pair: Pair, tmp_path: Path) -> None:
    said = CONTACT.format("customer_contact", "name").replace('"email", ', "")
    settled = read_profile(adopt(pair, found(pair), (CONTACT.format("customer_contact", "name"), said)))
    assert drift(settled, app.discover_once(pair.loaded, pair.outside(), before=settled).profile) == ()
    (tmp_path / "other").mkdir()
    now = found(renamed(tmp_path / "other", "alm_asset", "asset_tag")).profile
    again = keeping_decisions(settled, now)
    assert again.fsm.references["contact"].keys == ("name + account.name",)
    assert again.fsm.references["asset"].keys == ("serial_number", "display_name + account.name")
    [told] = drift(settled, now)
    assert told.startswith("fsm: reference asset was alm_asset by display_name: serial_number; asset_tag; ")


# --- drift -------------------------------------------------------------------------------------------------------------


def test_a_second_discovery_of_the_same_instance_shows_no_drift(pair: Pair) -> None:
    first = found(pair)
    pair.approved(HAMBURG)
    assert drift(first.profile, found(pair).profile) == ()


def saying(pair: Pair, said: str) -> None:
    """The configuration says something itself besides naming the profile."""
    path = pair.loaded.path
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{said}", encoding="utf-8")
    pair.loaded = load(path)


def found_again(pair: Pair) -> Profile:
    """As `om-fsm discover` and the doctor find it: what the profile says is no reason to find it again."""
    loaded = load(pair.loaded.path, with_profile=False)
    return app.discover_once(loaded, pair.outside(), before=pair.loaded.profile).profile


def test_by_what_a_person_is_known_may_be_all_the_configuration_says_of_a_reference(pair: Pair) -> None:
    adopt(pair, found(pair))
    saying(pair, '[fsm.references.contact]\nby = ["email"]\n')
    assert found_again(pair).fsm.references["contact"].keys == ("email",)
    [current] = app.examine_once(pair.loaded, ids=["profile.current"], world=pair.outside())
    assert "could not be found out" not in current.seen
    pair.loaded.path.with_name("profile.toml").unlink()
    assert found_again(pair).fsm.references["contact"].keys == ("email",)  # as before the first discovery


def test_references_that_the_configuration_leaves_to_the_profile_are_no_drift(pair: Pair) -> None:
    adopt(pair, found(pair))
    before = pair.loaded.profile
    assert before is not None
    said = 'template = { table = "cmdb_workorder_product_model" }\naccount = { table = "customer_account" }\n'
    saying(pair, f"[fsm.references]\n{said}")
    assert drift(before, found_again(pair)) == ()


def test_what_an_earlier_version_did_not_look_for_is_no_drift(pair: Pair) -> None:
    now = found(pair).profile
    columns = {k: {p: c for p, c in parts.items() if p != "updated_by"} for k, parts in now.om.columns.items()}
    facts = {what: said for what, said in now.om.facts.items() if not what.endswith(".updated_by")}
    assert len(facts) < len(now.om.facts)
    earlier = now.model_copy(update={"om": now.om.model_copy(update={"columns": columns, "facts": facts})})
    assert drift(earlier, now) == ()
    lost = now.model_copy(update={"om": now.om.model_copy(update={"facts": facts})})
    assert all(".updated_by is new" in told for told in drift(lost, now))
    assert len(drift(lost, now)) == len(now.om.facts) - len(facts)


@pytest.mark.parametrize(
    ("side", "table", "change", "words"),
    [
        ("fsm", "sys_choice", {"name": "wm_order", "element": "state", "value": "3", "label": "Finished"}, "Finished"),
        ("om", "sys_properties", {"name": "glide.sys.default.tz", "value": "Asia/Tokyo"}, "Asia/Tokyo"),
        ("om", "v_plugin", {"plugin": "com.sn_ind_tmt_orm", "active": "inactive"}, "inactive"),
    ],
)
def test_what_changed_since_is_told(side: str, table: str, change: dict[str, str], words: str, pair: Pair) -> None:
    first = found(pair).profile
    instance = pair.world.instance(side)
    *keys, last = change
    [row] = instance.records.find(
        table, **{key: change[key] for key in keys[:3] if key != "value" or table == "sys_choice"}
    )
    instance.records.update(table, row["sys_id"], {last: change[last]}, instance.system)
    [told] = drift(first, found(pair).profile)
    assert words in told


def test_a_column_that_is_gone_and_a_right_that_was_lost_are_drift(pair: Pair, tmp_path: Path) -> None:
    first = found(pair).profile
    (tmp_path / "odd").mkdir()
    told = " ".join(drift(first, found(make_pair(tmp_path / "odd", "odd")).profile))
    assert "sn_ind_tmt_orm_domain_order.line was order_line_item" in told
    assert f"{FALLOUT}.order_task was order_task" in told
    (tmp_path / "strict").mkdir()
    told = " ".join(drift(first, found(make_pair(tmp_path / "strict", "strict", oauth=True)).profile))
    assert "can no longer be read" in told


def test_accepting_the_drift_keeps_what_a_person_has_settled(pair: Pair) -> None:
    first = found(pair)
    settled = read_profile(
        adopt(
            pair,
            first,
            ('17 = { label = "Accepted", means = "accepted"', '17 = { label = "Accepted", means = "assigned"'),
        )
    )
    again = keeping_decisions(settled, found(pair).profile)
    assert again.fsm.states["work_order"]["17"].means == "assigned"
    assert again.om == first.profile.om


def test_a_column_a_person_chose_is_kept_and_one_that_is_gone_is_asked_for_again(pair: Pair, tmp_path: Path) -> None:
    edit = (
        'location = "location"\naccount = "account"\ncontact = "contact"\ndue',
        'location = "u_site"\naccount = "account"\ncontact = "contact"\ndue',
    )
    settled = read_profile(adopt(pair, found(pair), edit))
    assert settled.om.columns["line"]["location"] == "u_site"
    again = keeping_decisions(settled, found(pair).profile)
    assert again.om.columns["line"]["location"] == "u_site"
    assert again.om.columns["line"]["due"] == "committed_due_date"
    (tmp_path / "odd").mkdir()
    elsewhere = keeping_decisions(settled, found(make_pair(tmp_path / "odd", "odd")).profile)
    assert elsewhere.om.columns["domain_order"]["line"] == "u_line_item"


def accepted(pair: Pair, *edits: tuple[str, str]) -> Profile:
    """The profile as a person has edited it, after the next `discover --accept`."""
    settled = read_profile(adopt(pair, found(pair), *edits))
    return keeping_decisions(settled, app.discover_once(pair.loaded, pair.outside(), before=settled).profile)


def test_references_notes_fields_tables_and_states_settled_by_hand_are_kept(pair: Pair) -> None:
    again = accepted(
        pair,
        ('notes = "work_notes"', 'notes = "u_log"'),
        (CONTACT.format("customer_contact", "name"), 'contact = { table = "u_person", by = "u_key" }'),
        (ASSET, ""),
        (
            "[fsm.states.work_order]",
            '[fsm.states.work_order]\n77 = { label = "Parked", means = "?", class = "unknown" }',
        ),
        ('work_order_task = "wm_task"', 'work_order_task = "u_wm_task"'),
    )
    assert (again.om.notes, again.fsm.notes) == ("u_log", "u_log")
    assert again.fsm.references["contact"] == Lookup(table="u_person", by="u_key")
    assert "asset" not in again.fsm.references
    assert again.fsm.states["work_order"]["77"].label == "Parked"
    assert again.fsm.tables["work_order_task"] == "u_wm_task"


VISITS = """
[fsm.tables.u_visit]
extends = "wm_order"
label = "Visit"
[[fsm.records]]
table = "sys_choice"
rows = [{ name = "u_visit", element = "state", value = "41", label = "Work in progress", language = "en" }]
"""


def test_a_table_settled_by_hand_is_where_the_next_discovery_looks(tmp_path: Path) -> None:
    pair = pair_on(tmp_path, VISITS)
    settled = read_profile(adopt(pair, found(pair), ('work_order = "wm_order"', 'work_order = "u_visit"')))
    now = app.discover_once(pair.loaded, pair.outside(), before=settled).profile
    again = keeping_decisions(settled, now)
    assert again.fsm.tables["work_order"] == "u_visit"
    assert again.fsm.states["work_order"]["41"].means == "work in progress"
    assert "table u_visit" in again.fsm.facts
    later = app.discover_once(pair.loaded, pair.outside(), before=again).profile
    assert (keeping_decisions(again, later), drift(again, later)) == (again, ())


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('work_order = "wm_order"', 'work_order = "u_gone"', "fsm.tables.work_order: there is no table 'u_gone'"),
        (
            'due = "committed_due_date"',
            'due = "due_dat"',
            "om.columns.line.due: by its label 'Committed due date'; 'due_dat' is not there",
        ),
    ],
    ids=["table", "column"],
)
def test_a_name_settled_by_hand_that_is_not_there_is_told_at_each_discovery(
    before: str, after: str, told: str, pair: Pair
) -> None:
    settled = read_profile(adopt(pair, found(pair), (before, after)))
    for _ in range(2):
        now = app.discover_once(pair.loaded, pair.outside(), before=settled)
        assert [remark for remark in now.remarks if remark.startswith(told)]
        settled = keeping_decisions(settled, now.profile)


def test_names_that_are_there_are_not_remarked(pair: Pair) -> None:
    settled = read_profile(adopt(pair, found(pair)))
    again = app.discover_once(pair.loaded, pair.outside(), before=settled)
    assert not any("not there" in remark or "no table" in remark for remark in again.remarks)


def test_a_column_that_comes_back_is_filled_again_and_one_left_out_by_hand_is_not(pair: Pair, tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    gone = "wm_order.columns.account"
    before = make_pair(tmp_path / "before", str(_without_column(tmp_path, gone)))
    first = found(before)
    assert (first.profile.fsm.fields["account"], "account" in first.profile.fsm.references) == ("", False)
    settled = read_profile(adopt(before, first, ('contact = "contact"\n', 'contact = ""\n')))
    again = keeping_decisions(settled, found(pair).profile)
    assert (again.fsm.fields["account"], "account" in again.fsm.references) == ("account", True)
    assert again.fsm.fields["contact"] == ""
    assert any("field wm_order.account is new" in told for told in drift(settled, found(pair).profile))
    back = keeping_decisions(read_profile(adopt(pair, found(pair))), first.profile)
    assert (back.fsm.fields["account"], "account" in back.fsm.references) == ("", False)


def _without_column(tmp_path: Path, column: str) -> Path:
    profile = tmp_path / "without.toml"
    profile.write_text(f'extends = "default"\nname = "without"\nremove = ["fsm.tables.{column}"]\n', encoding="utf-8")
    return profile


def test_a_table_found_under_another_name_has_its_columns_and_states(pair: Pair) -> None:
    before = found(pair).profile
    text = pair.loaded.path.read_text(encoding="utf-8")
    said = (
        '[om.tables]\norder = "u_orders"\norder_task = "u_tasks"\n\n[fsm.tables]\nwork_order = "u_visits"\n\n[policy]'
    )
    pair.loaded.path.write_text(text.replace("[policy]", said, 1), encoding="utf-8")
    pair.loaded = load(pair.loaded.path)
    discovered = found(pair)
    assert discovered.profile == before
    assert "by its label 'Order Task'" in discovered.reasons["om.tables.order_task"]


# --- bad input ---------------------------------------------------------------------------------------------------------


def pointed_to(pair: Pair, url: str) -> None:
    text = pair.loaded.path.read_text(encoding="utf-8")
    pair.loaded.path.write_text(text.replace(pair.world.om.base_url, url), encoding="utf-8")
    pair.loaded = load(pair.loaded.path)


def test_a_wrong_address_is_said(pair: Pair) -> None:
    pair.world.fault("om", {"kind": "drop", "count": None})
    with pytest.raises(Unavailable, match="om"):
        app.discover_once(pair.loaded, pair.outside())


@pytest.mark.parametrize("page", ["html_200", "no_node", "login_302"])
def test_an_instance_that_is_not_servicenow_is_said(page: str, pair: Pair) -> None:
    pair.world.fault("om", {"kind": page, "count": None})
    with pytest.raises(Unavailable) as refused:
        app.discover_once(pair.loaded, pair.outside())
    assert "https://om.sandbox.test" in str(refused.value)


def test_a_user_without_any_role_is_said(tmp_path: Path) -> None:
    pair = pair_on(tmp_path, '[fsm.users.connector]\nname = "Nobody"\nroles = []\n')
    with pytest.raises(Denied) as refused:
        app.discover_once(pair.loaded, pair.outside())
    assert "role" in refused.value.hint


def test_a_refused_user_is_said(pair: Pair) -> None:
    pair.world.fault("om", {"kind": "unauthorized", "count": None})
    with pytest.raises(SignInFailed):
        app.discover_once(pair.loaded, pair.outside())


def test_half_the_columns_missing_are_for_a_person_to_settle(tmp_path: Path) -> None:
    gone = ("specification", "account", "contact", "action")
    renames = "\n".join(f'"{DOMAIN_ORDER}.{column}" = "u_{n}"' for n, column in enumerate(gone))
    labels = "\n".join(f'{column} = "string:100 | Column {n}"' for n, column in enumerate(gone))
    pair = pair_on(tmp_path, f"[om.rename]\n{renames}\n[om.tables.{DOMAIN_ORDER}.columns]\n{labels}\n")
    discovered = found(pair)
    points = open_points(pair, discovered.profile)
    for part in gone:
        assert any(f"om.columns.domain_order.{part}" in point for point in points), part
    adopt(pair, discovered)
    refuses_to_write(pair, "om.columns.domain_order.specification", "which column is it?")


def test_a_choice_list_in_another_language_is_not_guessed(tmp_path: Path) -> None:
    pair = make_pair(tmp_path)
    for row in pair.world.fsm.records.find("sys_choice", name="wm_order", element="state"):
        german = {"label": f"Zustand {row['value']}", "language": "de"}
        pair.world.fsm.records.update("sys_choice", row["sys_id"], german, pair.world.fsm.system)
    discovered = found(pair)
    assert any("no English label" in remark for remark in discovered.remarks)
    adopt(pair, discovered)
    refuses_to_write(pair, "fsm.states.work_order: what does 7 ('Zustand 7') mean?")


def test_two_states_with_one_label_are_not_guessed_and_count_once_a_person_has_said_which(tmp_path: Path) -> None:
    extra = EXTRA_STATE % ("Canceled", "en")
    pair = pair_on(tmp_path, f'[[fsm.records]]\ntable = "sys_choice"\n{extra}\n')
    pair = without_states(pair)
    discovered = found(pair)
    adopt(pair, discovered)
    refuses_to_write(pair, "what does 7 ('Canceled') mean?", "what does 99 ('Canceled') mean?", "no single state")
    unsure = 'label = "Canceled", means = "?", class = "unknown" }'
    sure = 'label = "Canceled", means = "canceled", class = "canceled"%s }'
    adopt(
        pair,
        discovered,
        (f"7 = {{ {unsure}", f"7 = {{ {sure % ', write = true'}"),
        (f"99 = {{ {unsure}", f"99 = {{ {sure % ''}"),
    )
    order = pair.approved(HAMBURG)
    pair.sync()
    assert pair.work_orders(order)


def test_two_states_with_one_label_are_never_written_without_a_profile_either(tmp_path: Path) -> None:
    extra = EXTRA_STATE % ("Canceled", "en")
    pair = without_states(pair_on(tmp_path, f'[[fsm.records]]\ntable = "sys_choice"\n{extra}\n'))
    order = pair.approved(HAMBURG)
    pair.sync()
    pair.om("cancel_order", order=order)
    pair.om("approve_cancel", order=order)
    pair.world.advance(60)
    pair.sync()
    assert set(pair.waiting()) == {"parked"}
    assert pair.state("fsm", "wm_order", pair.install(order)) != "canceled"


def test_a_table_that_is_a_view_is_for_a_person_to_settle(tmp_path: Path) -> None:
    joined = 'tables = { wo = "wm_order", wot = "wm_task" }\nwhere = "wot.parent = wo.sys_id"\n'
    view = f'[fsm.tables.u_visit]\nlabel = "Visits"\n[fsm.tables.u_visit.view]\n{joined}'
    access = '[[fsm.access]]\ntables = ["u_visit"]\noperations = ["read"]\nroles = ["wm_read"]\n'
    pair = pair_on(tmp_path, view + access)
    text = pair.loaded.path.read_text(encoding="utf-8")
    pair.loaded.path.write_text(
        text.replace("[policy]", '[fsm.tables]\nwork_order = "u_visit"\n\n[policy]', 1), encoding="utf-8"
    )
    pair.loaded = load(pair.loaded.path)
    discovered = found(pair)
    assert "database view" in discovered.reasons["fsm.tables.work_order"]
    pair.loaded.path.write_text(text, encoding="utf-8")
    adopt(pair, discovered)
    refuses_to_write(pair, "fsm.tables.work_order: which table is it?")


NONSENSE: list[tuple[tuple[str, str], str]] = [
    (("format = 1", "format = 2"), "format"),
    (("[om.columns.order]", "[om.columns.orders]"), "om.columns.orders: there is no such record"),
    (('ponr = "ponr"', 'ponrr = "ponr"'), "om.columns.order.ponrr: there is no such part"),
    (('names = "correlation_id"', 'names = ""'), "fsm.columns.work_order.names: the connector cannot do without it"),
    (('template = "template"', 'template = ""'), "fsm.columns.work_order.template: the connector cannot do without it"),
    (
        ('specification = "specification"', 'specification = ""'),
        "om.columns.domain_order.specification: the connector cannot do without it",
    ),
    (('mark = "correlation_display"', 'mark = "correlation_id"'), "'correlation_id' is already the names"),
    (('means = "assigned", class = "open"', 'means = "assigned", class = "done"'), "'assigned' is open, not done"),
    (
        ('means = "accepted", class = "open"', 'means = "nearly", class = "open"'),
        "'nearly' is none of ServiceNow's words",
    ),
    (("[fsm.facts]", "[fsm.fact]"), "fsm.fact"),
    (
        ('work_order = "wm_order"', 'work_order = "wm_order/../sys_user?x"'),
        "'wm_order/../sys_user?x' is no name of a table",
    ),
    (('order_task = "sn_ind_tmt_orm_order_task"', f'order_task = "{DOMAIN_ORDER}"'), "is already the domain_order"),
    (
        ('due = "committed_due_date"', 'due = "due^active=true"'),
        "om.columns.line.due: 'due^active=true' is no name of a column",
    ),
    (
        ('order_task = "order_task"', 'order_task = ""'),
        "om.columns.fallout.order_task: the connector cannot do without it",
    ),
    (('text = "description"', 'text = "a text"'), "om.columns.fallout.text: 'a text' is no name of a column"),
    (
        ('text = "description"', 'text = "short_description"'),
        "fallout.text: 'short_description' is already the summary",
    ),
    (
        ('means = "resolved", class = "done"', 'means = "solved", class = "done"'),
        "om.states.fallout.6: 'solved' is none",
    ),
    (('notes = "work_notes"', 'notes = "work notes"'), "fsm.notes: 'work notes' is no name of a column"),
    (('"name + account.name"', '"name, city"'), "fsm.references.contact.keys: 'name, city': write a column"),
    (('"name + account.name"', '"sys_id"'), "fsm.references.contact.keys: 'sys_id': a sys_id means nothing"),
    (('by = "name"', 'by = "name^NQ"'), ".by: 'name^NQ' is no name of a column"),
    (
        ('requested_due_by = "requested_due_by"', 'requested_due_by = "due by"'),
        "fsm.fields.requested_due_by: 'due by' is no name of a column",
    ),
    (('comments = "comments"', 'comments = "com^ments"'), "om.comments: 'com^ments' is no name of a column"),
    (('comments = "comments"', 'comments = "work_notes"'), "om.comments: 'work_notes' is already the notes"),
    (('notes = "work_notes"', 'notes = "state"'), "fsm.notes: 'state' is already the state of a work order"),
    (
        ('requested_due_by = "requested_due_by"', 'requested_due_by = "description"'),
        "fsm.fields.requested_due_by: 'description' is already the description",
    ),
    (("[om]", "[om"), "not valid TOML"),
]


@pytest.mark.parametrize(("edit", "said"), NONSENSE, ids=[said for _, said in NONSENSE])
def test_a_profile_edited_into_nonsense_is_refused(edit: tuple[str, str], said: str, pair: Pair) -> None:
    with pytest.raises(ConfigError) as refused:
        adopt(pair, found(pair), edit)
    assert said in " ".join([str(refused.value), *refused.value.problems])


def test_a_field_that_takes_the_column_another_keeps_by_default_is_refused(pair: Pair) -> None:
    """The field whose line is not there is filled as ever."""
    fields = ('qualification_group = "qualification_group"', 'qualification_group = "requested_due_by"')
    with pytest.raises(ConfigError) as refused:
        adopt(pair, found(pair), ('requested_due_by = "requested_due_by"\n', ""), fields)
    assert "'requested_due_by' is already the requested_due_by" in " ".join(refused.value.problems)


def test_a_profile_of_another_instance_is_refused(pair: Pair) -> None:
    adopt(pair, found(pair), ("https://fsm.sandbox.test", "https://other.service-now.com"))
    refuses_to_write(pair, "fsm.url", "https://other.service-now.com")


@pytest.mark.parametrize(
    ("before", "after", "asked"),
    [
        ('due = "committed_due_date"', 'due = "?"', "om.columns.line.due: which column is it?"),
        ('work_order_task = "wm_task"', 'work_order_task = "?"', "fsm.tables.work_order_task: which table is it?"),
        ('notes = "work_notes"', 'notes = "?"', "om.notes: which journal are notes written to?"),
        (
            CONTACT.format("customer_contact", "name"),
            CONTACT.format("?", "name"),
            "fsm.references.contact.table: where",
        ),
        (CONTACT.format("customer_contact", "name"), CONTACT.format("u_x", "?"), "fsm.references.contact.by: by which"),
        (
            'requested_due_by = "requested_due_by"',
            'requested_due_by = "?"',
            "fsm.fields.requested_due_by: which column is it?",
        ),
    ],
    ids=["column", "table", "notes", "where it is looked up", "by what it is looked up", "what it fills"],
)
def test_a_question_mark_anywhere_keeps_everything_shut(before: str, after: str, asked: str, pair: Pair) -> None:
    adopt(pair, found(pair), (before, after))
    refuses_to_write(pair, asked)
    with pytest.raises(ConfigError):
        pair.plan()


def test_a_policy_that_asks_for_the_country_goes_by_the_column_in_which_this_instance_has_the_place(
    tmp_path: Path,
) -> None:
    renamed = '[om.rename]\n"sn_ind_tmt_orm_order_line_item.location" = "u_site"\n'
    pair = pair_on(tmp_path, renamed)
    adopt(pair, found(pair))
    policy = pair.loaded.resolve(pair.loaded.settings.policy.domain_order)
    policy.write_text(
        "id,specification,location.country,work order template\n"
        "install-cpe,SD-WAN CPE,DE,Install CPE\nother,-,-,NO FIELD WORK\n",
        encoding="utf-8",
    )
    order = pair.approved(HAMBURG)
    pair.settle()
    assert pair.finding_codes() == []
    assert len(pair.work_orders(order, "Install CPE")) == 1
