"""What a write keeps, drops, counts and refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sandbox.gestures import Client, place_order, template

if TYPE_CHECKING:
    from connector.sandbox import World

CHOSEN = "AAAABBBBCCCCDDDDEEEEFFFF00001111"


def test_a_chosen_sys_id_is_kept_verbatim(fsm: Client) -> None:
    assert fsm.made("wm_order", sys_id=CHOSEN)["sys_id"] == CHOSEN


def test_an_instance_may_ignore_a_chosen_sys_id(fsm: Client) -> None:
    fsm.world.fsm.switches["client_sys_id"] = False
    assert fsm.made("wm_order", sys_id=CHOSEN)["sys_id"] != CHOSEN


def test_a_second_record_with_the_same_sys_id_is_refused_and_leaves_nothing(fsm: Client) -> None:
    install = template(fsm, "Install CPE")
    fsm.made("wm_order", sys_id=CHOSEN, template=install)
    refused = fsm.post("wm_order", sys_id=CHOSEN, template=install)
    assert refused.status_code == 403
    assert "Unique Key violation detected by database" in refused.json()["error"]["detail"]
    assert len(fsm.rows("wm_order")) == 1
    assert len(fsm.rows("wm_task")) == 2
    fsm.world.fsm.switches["duplicate_status"] = 500
    assert fsm.post("wm_order", sys_id=CHOSEN).status_code == 500


def test_unknown_denied_and_impossible_values_are_dropped_without_a_word(fsm: Client) -> None:
    made = fsm.made("wm_order", bunk="1", number="WO1", state="99", sys_created_by="me", impact="abc")
    assert (made["number"], made["state"], made["sys_created_by"], made["impact"]) == (
        "WO0010001", "1", "connector", "3",
    )  # fmt: skip


def test_an_instance_may_store_choices_it_does_not_know(fsm: Client) -> None:
    fsm.world.fsm.switches["allow_unknown_choice"] = True
    assert fsm.made("wm_order", state="99")["state"] == "99"


def test_a_field_the_user_may_not_write_keeps_its_value(world: World, om: Client) -> None:
    place_order(world)
    before = om.row("sn_ind_tmt_orm_service_order", "")
    after = om.patch("sn_ind_tmt_orm_service_order", before["sys_id"], short_description="mine", version="9")
    assert after.status_code == 200
    assert after.json()["result"] == before


def test_long_texts_are_cut_and_objects_are_stored_as_map_text(fsm: Client) -> None:
    made = fsm.made("wm_order", correlation_id="x" * 120, account={"link": "https://instance.service-now.com/x"})
    assert len(made["correlation_id"]) == 100
    assert made["account"] == "{link=https://instance.service-n"


def test_only_a_change_counts(fsm: Client) -> None:
    made = fsm.made("wm_order", short_description="x")
    fsm.world.advance(5)
    same = fsm.patch("wm_order", made["sys_id"], short_description="x").json()["result"]
    assert (same["sys_mod_count"], same["sys_updated_on"]) == ("0", "2026-03-02 08:00:00")
    changed = fsm.patch("wm_order", made["sys_id"], short_description="y").json()["result"]
    assert (changed["sys_mod_count"], changed["sys_updated_on"]) == ("1", "2026-03-02 08:00:05")


def test_the_audit_columns_name_the_writer(world: World, fsm: Client) -> None:
    made = fsm.made("wm_order", short_description="x")
    world.act("fsm", {"do": "add_note", "work_order": made["number"], "text": "seen", "as": "dispatcher"})
    row = fsm.row("wm_order", "")
    assert (row["sys_created_by"], row["sys_updated_by"], row["sys_mod_count"]) == ("connector", "dispatcher", "1")


def test_put_is_a_patch_and_an_unknown_record_is_404(fsm: Client) -> None:
    made = fsm.made("wm_order", short_description="x", correlation_id="k")
    put = fsm.call("PUT", f"wm_order/{made['sys_id']}", json={"short_description": "y"}).json()["result"]
    assert (put["short_description"], put["correlation_id"]) == ("y", "k")
    assert fsm.patch("wm_order", "0" * 32, short_description="z").status_code == 404


def test_a_note_becomes_a_journal_entry_and_counts_as_a_change(fsm: Client) -> None:
    sys_id = fsm.made("wm_order", short_description="x", work_notes="first")["sys_id"]
    fsm.world.advance(60)
    patched = fsm.patch("wm_order", sys_id, work_notes="second", comments="to the customer").json()["result"]
    assert (patched["work_notes"], patched["sys_mod_count"]) == ("", "1")
    shown = fsm.get(f"wm_order/{sys_id}", sysparm_display_value="true").json()["result"]
    assert shown["work_notes"] == (
        "2026-03-02 08:01:00 - OM Connector (Work notes)\nsecond\n\n"
        "2026-03-02 08:00:00 - OM Connector (Work notes)\nfirst\n\n"
    )
    assert "(Additional comments)\nto the customer" in shown["comments"]
    entries = fsm.rows("sys_journal_field", f"element_id={sys_id}^element=work_notes^ORDERBYsys_created_on")
    assert [entry["value"] for entry in entries] == ["first", "second"]
    assert {entry["name"] for entry in entries} == {"wm_order"}


def test_a_repeated_note_is_a_second_entry(fsm: Client) -> None:
    sys_id = fsm.made("wm_order", short_description="x")["sys_id"]
    for _ in range(2):
        fsm.patch("wm_order", sys_id, work_notes="same")
    assert len(fsm.rows("sys_journal_field", f"element_id={sys_id}")) == 2


def test_display_values_are_accepted_when_announced(fsm: Client) -> None:
    made = fsm.call(
        "POST",
        "wm_order",
        json={"priority": "2 - High", "account": "Acme Logistics"},
        params={"sysparm_input_display_value": "true", "sysparm_display_value": "true"},
    ).json()["result"]
    assert (made["priority"], made["account"]["display_value"]) == ("2 - High", "Acme Logistics")


def test_of_an_array_only_the_first_object_is_created(fsm: Client) -> None:
    response = fsm.call("POST", "wm_order", json=[{"correlation_id": "1"}, {"correlation_id": "2"}])
    assert response.json()["result"]["correlation_id"] == "1"
    assert len(fsm.rows("wm_order")) == 1


def test_a_broken_body_is_refused(fsm: Client) -> None:
    response = fsm.call("POST", "wm_order", data="{", headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["message"]) == (400, "Exception while reading request")


def test_a_table_the_user_may_not_write_is_403(om: Client) -> None:
    refused = om.post("sn_ind_tmt_orm_order", short_description="x")
    assert refused.status_code == 403
    assert refused.json()["error"] == {
        "message": "Operation Failed",
        "detail": "ACL Exception Insert Failed due to security constraints",
    }


def test_a_unique_index_refuses_a_second_record_with_the_value_and_no_other(world: World, fsm: Client) -> None:
    world.switch("fsm", unique_columns=["wm_order.correlation_id"])
    fsm.made("wm_order", correlation_id="k")
    refused = fsm.post("wm_order", correlation_id="k")
    detail = "Unique Key violation detected by database (Duplicate entry 'k' for key 'correlation_id')"
    assert (refused.status_code, refused.json()["error"]["detail"]) == (403, detail)
    other = fsm.made("wm_order", correlation_id="l")["sys_id"]
    assert fsm.patch("wm_order", other, correlation_id="k").status_code == 403
    assert fsm.patch("wm_order", other, correlation_id="l", short_description="x").status_code == 200
    fsm.made("wm_order")
    fsm.made("wm_order")
    assert len(fsm.rows("wm_order")) == 4


def test_without_a_unique_index_values_may_repeat(fsm: Client) -> None:
    for _ in range(2):
        fsm.made("wm_order", correlation_id="k")
    assert len(fsm.rows("wm_order", "correlation_id=k")) == 2


@pytest.mark.parametrize(("clears", "left"), [(False, "2"), (True, "")])
def test_an_empty_value_clears_a_column_but_a_choice_only_where_the_instance_does_that(
    world: World, fsm: Client, clears: bool, left: str
) -> None:
    world.switch("fsm", empty_clears_choices=clears)
    sys_id = fsm.made("wm_order", priority=2, short_description="x")["sys_id"]
    emptied = fsm.patch("wm_order", sys_id, priority="", short_description="").json()["result"]
    assert (emptied["priority"], emptied["short_description"]) == (left, "")
