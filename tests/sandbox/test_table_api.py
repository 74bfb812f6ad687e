"""The dialect of the Table API: shapes, headers, paging, errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.sandbox import World
from tests.sandbox.gestures import BACKUP, SDWAN, Client, place_order, template

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests


def test_a_reference_has_four_shapes(world: World, fsm: Client) -> None:
    account = fsm.row("customer_account", "name=Acme Logistics")["sys_id"]
    sys_id = fsm.made("wm_order", account=account, short_description="x")["sys_id"]
    link = f"https://fsm.sandbox.test/api/now/table/customer_account/{account}"

    def shown(**params: str) -> object:
        return fsm.get(f"wm_order/{sys_id}", sysparm_fields="account", **params).json()["result"]["account"]

    assert shown() == {"link": link, "value": account}
    assert shown(sysparm_display_value="true") == {"display_value": "Acme Logistics", "link": link}
    assert shown(sysparm_display_value="all") == {"display_value": "Acme Logistics", "link": link, "value": account}
    assert shown(sysparm_exclude_reference_link="true") == account
    both = {"sysparm_display_value": "all", "sysparm_exclude_reference_link": "true"}
    assert shown(**both) == {"display_value": "Acme Logistics", "value": account}


def test_an_empty_reference_is_an_empty_string_or_an_empty_pair(fsm: Client) -> None:
    sys_id = fsm.made("wm_order", short_description="x")["sys_id"]
    one = fsm.get(f"wm_order/{sys_id}", sysparm_fields="account")
    assert one.json()["result"] == {"account": ""}
    pair = fsm.get(f"wm_order/{sys_id}", sysparm_fields="account", sysparm_display_value="all")
    assert pair.json()["result"] == {"account": {"display_value": "", "value": ""}}


def test_every_leaf_is_a_string(fsm: Client) -> None:
    made = fsm.made("wm_order", short_description="x", billable=True, impact=2)
    assert (made["billable"], made["impact"], made["sys_mod_count"]) == ("true", "2", "0")
    assert all(isinstance(value, str) for value in made.values())


def test_requested_fields_keep_their_order_and_unknown_ones_are_ignored(fsm: Client) -> None:
    sys_id = fsm.made("wm_order", short_description="x")["sys_id"]
    fields = "state,number,bunk,account.nonsense,sys_id"
    assert list(fsm.get(f"wm_order/{sys_id}", sysparm_fields=fields).json()["result"]) == ["state", "number", "sys_id"]


def test_dot_walked_fields_are_flat_keys(world: World, om: Client) -> None:
    place_order(world)
    query = "specification.name=SD-WAN CPE^ORDERBYorder_line_item.order.number"
    row = om.row("sn_ind_tmt_orm_domain_order", query, sysparm_fields="number,order_line_item.order.account.name")
    assert row == {"number": "RO0010001", "order_line_item.order.account.name": "Acme Logistics"}


def test_a_base_table_returns_its_child_classes(world: World, om: Client) -> None:
    place_order(world)
    rows = om.rows("sn_ind_tmt_orm_domain_order", "ORDERBYnumber", sysparm_fields="number,sys_class_name")
    assert [row["sys_class_name"].rpartition("orm_")[2] for row in rows] == [
        "product_order",
        "resource_order",
        "service_order",
    ]
    assert len(om.rows("sn_ind_tmt_orm_service_order")) == 1


def test_a_child_record_is_read_and_written_through_its_base_table(world: World, om: Client) -> None:
    place_order(world)
    sys_id = om.row("sn_ind_tmt_orm_service_order", "")["sys_id"]
    written = om.patch("sn_ind_tmt_orm_domain_order", sys_id, correlation_id="mine")
    assert written.json()["result"]["correlation_id"] == "mine"
    assert om.get(f"sn_ind_tmt_orm_product_order/{sys_id}").status_code == 404


def test_a_list_that_fits_has_a_count_but_no_link(fsm: Client) -> None:
    response = fsm.get("customer_account")
    assert response.headers["X-Total-Count"] == "3"
    assert "Link" not in response.headers


def test_links_name_first_previous_next_and_last_page(fsm: Client) -> None:
    first = fsm.get("cmn_location", sysparm_limit="2", sysparm_fields="name")
    address = "https://fsm.sandbox.test/api/now/table/cmn_location?sysparm_limit=2&sysparm_fields=name&sysparm_offset="
    assert first.headers["Link"] == (
        f'<{address}0>;rel="first",<{address}-2>;rel="prev",<{address}2>;rel="next",<{address}4>;rel="last"'
    )
    last = fsm.get("cmn_location", sysparm_limit="2", sysparm_offset="4")
    assert 'rel="next"' not in last.headers["Link"]
    assert len(last.json()["result"]) == 2


def test_count_and_link_can_be_switched_off(fsm: Client) -> None:
    assert "X-Total-Count" not in fsm.get("cmn_location", sysparm_no_count="true").headers
    quiet = fsm.get("cmn_location", sysparm_limit="1", sysparm_suppress_pagination_header="true")
    assert "Link" not in quiet.headers
    assert quiet.headers["X-Total-Count"] == "6"


def test_an_answer_carries_the_platforms_headers_and_the_instances_time(fsm: Client) -> None:
    headers = fsm.get("customer_account").headers
    assert headers["Content-Type"] == "application/json;charset=UTF-8"
    assert headers["Date"] == "Mon, 02 Mar 2026 08:00:00 GMT"
    assert headers["X-Is-Logged-In"] == "true"
    assert headers["X-Transaction-ID"] in headers["Server-Timing"]
    assert list(headers)[:3] == ["Server", "Date", "Content-Type"]


def test_the_session_cookie_is_given_once(fsm: Client) -> None:
    assert "JSESSIONID" in fsm.get("customer_account").headers["Set-Cookie"]
    assert "JSESSIONID" not in fsm.get("customer_account").headers["Set-Cookie"]


def test_a_post_answers_with_the_location_in_the_version_it_was_asked_in(fsm: Client) -> None:
    response = fsm.call("POST", "/api/now/v2/table/wm_order", json={"short_description": "x"})
    sys_id = response.json()["result"]["sys_id"]
    assert response.headers["Location"] == f"https://fsm.sandbox.test/api/now/v2/table/wm_order/{sys_id}"
    assert "/api/now/v2/table/" in response.json()["result"]["opened_by"]["link"]


@pytest.mark.parametrize(
    ("path", "status", "message", "detail"),
    [
        ("no_such_table", 400, "Invalid table no_such_table", None),
        ("wm_order/x", 404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval"),
        ("/api/now/nonsense", 400, "Requested URI does not represent any resource", None),
        (
            "sn_customerservice_case_x/1",
            400,
            "Invalid table sn_customerservice_case_x",
            None,
        ),
    ],
)
def test_errors_have_the_platforms_envelope(
    fsm: Client, path: str, status: int, message: str, detail: str | None
) -> None:
    response = fsm.get(path)
    assert response.status_code == status
    assert response.json() == {"error": {"message": message, "detail": detail}, "status": "failure"}


def test_a_wrong_password_is_401_without_a_session(world: World, fsm: Client) -> None:
    fsm.session.auth = ("connector", "wrong")
    response = fsm.get("wm_order")
    assert response.status_code == 401
    assert response.json()["error"]["message"] == "User is not authenticated"
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Service-now"'
    assert not {"Set-Cookie", "X-Is-Logged-In", "X-Transaction-ID"} & set(response.headers)


def test_an_over_long_address_is_refused_by_the_edge_in_html(fsm: Client) -> None:
    response = fsm.get("wm_order", sysparm_query="x" * 8300)
    assert (response.status_code, response.headers["Content-Type"]) == (414, "text/html")


def test_a_person_reads_times_in_the_own_zone(sign_in: Callable[..., Client], fsm: Client) -> None:
    sys_id = fsm.made("wm_order", short_description="x")["sys_id"]
    admin = sign_in("fsm", "admin")
    options = {"sysparm_display_value": "all", "sysparm_fields": "opened_at"}
    assert admin.get(f"wm_order/{sys_id}", **options).json()["result"]["opened_at"] == {
        "display_value": "2026-03-02 00:00:00",
        "value": "2026-03-02 08:00:00",
    }


def test_the_dictionary_and_the_choices_can_be_read_as_tables(fsm: Client) -> None:
    choices = fsm.rows("sys_choice", "name=wm_task^element=state^ORDERBYsequence", sysparm_fields="value,label")
    assert {"value": "10", "label": "Pending Dispatch"} in choices
    column = fsm.row("sys_dictionary", "name=wm_order^element=template")
    assert (column["internal_type"], column["reference"]) == ("reference", "cmdb_workorder_product_model")
    parent = fsm.row("sys_db_object", "name=wm_order", sysparm_fields="super_class.name")
    assert parent == {"super_class.name": "sm_order"}


def test_the_two_instances_share_no_sys_id(om: Client, fsm: Client) -> None:
    one = {row["name"]: row["sys_id"] for row in om.rows("customer_account")}
    other = {row["name"]: row["sys_id"] for row in fsm.rows("customer_account")}
    assert set(one) == set(other)
    assert not set(one.values()) & set(other.values())


def test_the_same_seed_makes_the_same_world_and_another_does_not() -> None:
    def first_line(seed: int) -> dict[str, str]:
        world = World.create(start="2026-03-02T08:00:00Z", seed=seed)
        made = world.act("om", {"do": "create_order", "account": "Acme Logistics", "lines": [SDWAN, BACKUP]})
        line: dict[str, str] = made["lines"][0]
        return line

    assert first_line(1) == first_line(1)
    assert first_line(1)["sys_id"] != first_line(2)["sys_id"]


def test_deleting_needs_the_right_and_leaves_a_trace(sign_in: Callable[..., Client], fsm: Client) -> None:
    sys_id = fsm.made("wm_order", template=template(fsm, "Site Survey"))["sys_id"]
    refused = fsm.call("DELETE", f"wm_order/{sys_id}")
    assert refused.json()["error"]["detail"] == "ACL Exception Delete Failed due to security constraints"
    gone: requests.Response = sign_in("fsm", "admin").call("DELETE", f"wm_order/{sys_id}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert fsm.row("sys_audit_delete", f"documentkey={sys_id}")["tablename"] == "wm_order"


def test_recorded_requests_tell_method_path_query_and_status(world: World, fsm: Client) -> None:
    fsm.get("wm_order", sysparm_limit="1")
    fsm.get("wm_order/none")
    seen = world.requests("fsm")
    assert [(r.method, r.path, r.query, r.status) for r in seen] == [
        ("GET", "/api/now/table/wm_order", "sysparm_limit=1", 200),
        ("GET", "/api/now/table/wm_order/none", "", 404),
    ]
    world.clear_requests()
    assert world.requests("fsm") == []


def test_head_method_override_and_silent_writes(fsm: Client) -> None:
    head = fsm.call("HEAD", "cmn_location")
    assert (head.status_code, head.content, head.headers["X-Total-Count"]) == (200, b"", "6")
    sys_id = fsm.made("wm_order", short_description="x")["sys_id"]
    override = {"X-HTTP-Method-Override": "PATCH"}
    changed = fsm.call("POST", f"wm_order/{sys_id}", json={"short_description": "y"}, headers=override)
    assert changed.json()["result"]["short_description"] == "y"
    silent = fsm.call("PATCH", f"wm_order/{sys_id}", json={"priority": 1}, headers={"X-no-response-body": "true"})
    assert (silent.status_code, silent.content) == (200, b"")


def test_in_version_1_an_empty_list_is_not_found(fsm: Client) -> None:
    assert fsm.get("/api/now/v1/table/wm_order").status_code == 404
    assert fsm.get("/api/now/v2/table/wm_order").status_code == 200
