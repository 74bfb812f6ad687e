"""What one reader sees: own formats, money, domains, a replica, debug messages, and values no recording shows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox.formats import Formats
from connector.sandbox.people import Grant
from tests.sandbox.test_golden_answers import asked, basic

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World
    from tests.sandbox.gestures import Client


def shown(client: Client, table: str, sys_id: str, column: str, mode: str = "all") -> Any:
    answer = client.get(f"{table}/{sys_id}", sysparm_display_value=mode, sysparm_fields=column)
    return answer.json()["result"][column]


def become(world: World, login: str = "connector", **more: Any) -> None:
    world.fsm.users[login] = replace(world.fsm.users[login], **more)


@pytest.mark.parametrize(
    ("locale", "display"),
    [("en.US", "$1,234.50"), ("en.GB", "£1,234.50"), ("de.DE", "1.234,50 €"), ("xx.XX", "$1,234.50")],
)
def test_a_currency_is_an_amount_shown_as_money(
    world: World, sign_in: Callable[..., Client], locale: str, display: str
) -> None:
    admin = sign_in("fsm", "admin")
    become(world, "admin", locale=locale)
    for given in ("1234.5", "EUR;1234.50", "$1,234.50"):
        asset = admin.made("alm_asset", cost=given)["sys_id"]
        assert shown(admin, "alm_asset", asset, "cost") == {"display_value": display, "value": "1234.5"}
    assert len(admin.rows("alm_asset", "cost>999^cost<10000")) == 3  # compared as numbers
    assert shown(admin, "alm_asset", admin.made("alm_asset", cost="dear")["sys_id"], "cost")["value"] == ""


def test_a_large_or_negative_amount_is_written_in_full(sign_in: Callable[..., Client]) -> None:
    admin = sign_in("fsm", "admin")
    asset = admin.made("alm_asset", cost="-12345678")["sys_id"]
    assert shown(admin, "alm_asset", asset, "cost") == {"display_value": "-$12,345,678.00", "value": "-12345678"}


def test_an_empty_due_date_of_an_sla_is_unknown(fsm: Client) -> None:
    sys_id = fsm.made("wm_order")["sys_id"]
    assert shown(fsm, "wm_order", sys_id, "sla_due") == {"display_value": "UNKNOWN", "value": ""}
    fsm.patch("wm_order", sys_id, sla_due="2026-03-02 10:00:00")
    filled = {"display_value": "2026-03-02 10:00:00", "value": "2026-03-02 10:00:00"}
    assert shown(fsm, "wm_order", sys_id, "sla_due") == filled


def test_a_person_reads_and_writes_moments_in_the_own_format(fsm: Client, sign_in: Callable[..., Client]) -> None:
    admin = sign_in("fsm", "admin")  # Los Angeles, eight hours behind
    me = admin.row("sys_user", "user_name=admin")["sys_id"]
    admin.patch("sys_user", me, date_format="dd/MM/yyyy", time_format="hh:mm:ss a")
    sys_id = fsm.made("wm_order", expected_start="2026-03-02 22:05:00")["sys_id"]
    assert shown(admin, "wm_order", sys_id, "expected_start", "true") == "02/03/2026 02:05:00 PM"
    assert shown(fsm, "wm_order", sys_id, "expected_start", "true") == "2026-03-02 22:05:00"
    for typed in ("03/03/2026 01:00:00 AM", "2026-03-03 01:00:00"):
        admin.patch("wm_order", sys_id, expected_start="")
        admin.call(
            "PATCH",
            f"wm_order/{sys_id}",
            json={"expected_start": typed},
            params={"sysparm_input_display_value": "true"},
        )
        assert shown(fsm, "wm_order", sys_id, "expected_start", "false") == "2026-03-03 09:00:00"


def test_letters_of_a_pattern_that_mean_nothing_stand_for_themselves(world: World) -> None:
    formats = Formats(world.fsm.users["connector"].zone, "yyyy.MM.dd", "HH'h'")
    assert formats.moment("2026-03-02 22:05:00") == "2026.03.02 22'h'"
    assert formats.moment("no moment") == "no moment"


def test_an_empty_reference_may_have_an_empty_link(world: World, fsm: Client) -> None:
    sys_id = fsm.made("wm_order")["sys_id"]
    assert shown(fsm, "wm_order", sys_id, "account") == {"display_value": "", "value": ""}
    world.switch("fsm", empty_reference_link=True)
    assert shown(fsm, "wm_order", sys_id, "account") == {"display_value": "", "link": "", "value": ""}
    assert shown(fsm, "wm_order", sys_id, "account", "false") == ""


def test_links_name_the_instance_unless_it_believes_the_client(world: World, fsm: Client) -> None:
    path = f"/api/now/table/wm_order/{fsm.made('wm_order')['sys_id']}"
    own, told = (b'"link":"https://fsm.sandbox.test/', b'"link":"https://proxy.test/')
    assert own in asked(world, path, Authorization=basic(world), Host="proxy.test").body
    world.switch("fsm", links_from_property=False)
    assert told in asked(world, path, Authorization=basic(world), Host="proxy.test").body


def test_debug_messages_come_on_request_where_debugging_is_on(world: World, fsm: Client) -> None:
    headers = {"X-WantSessionDebugMessages": "true"}
    assert list(fsm.call("GET", "wm_order", headers=headers).json()) == ["result"]
    world.switch("fsm", session_debug=True)
    assert list(fsm.get("wm_order").json()) == ["result"]
    [line] = fsm.call("GET", "wm_order", headers=headers).json()["session"]["debug_logs"]
    assert set(line) == {"type", "customerUpdate", "line", "debugClassSet"}


def test_domains_separate_readers_unless_they_may_look_across(world: World, fsm: Client) -> None:
    ours, theirs = (fsm.made("wm_order", sys_domain=domain, correlation_id=domain) for domain in ("ours", "theirs"))
    world.switch("fsm", domain_separation=True)
    assert len(fsm.rows("wm_order")) == 2  # a user in global
    become(world, domain="ours")
    page = fsm.get("wm_order", sysparm_limit="10")
    assert ([row["correlation_id"] for row in page.json()["result"]], page.headers["X-Total-Count"]) == (["ours"], "1")
    assert fsm.get(f"wm_order/{ours['sys_id']}").status_code == 200
    assert fsm.get(f"wm_order/{theirs['sys_id']}").status_code == 404
    assert fsm.call("PATCH", f"wm_order/{theirs['sys_id']}", json={"priority": "1"}).status_code == 404
    assert len(fsm.rows("wm_order", sysparm_query_no_domain="true")) == 1  # without the role it says nothing
    become(world, roles=world.fsm.users["connector"].roles | {"query_no_domain_table_api"})
    assert len(fsm.rows("wm_order", sysparm_query_no_domain="true")) == 2
    assert len(fsm.rows("wm_order")) == 1


def test_a_query_category_is_answered_by_a_replica_that_lags(world: World, fsm: Client) -> None:
    world.switch("fsm", replica_lag_seconds=30)
    sys_id = fsm.made("wm_order")["sys_id"]
    by_replica = {"sysparm_query_category": "list"}
    assert (len(fsm.rows("wm_order")), len(fsm.rows("wm_order", **by_replica))) == (1, 0)
    assert len(fsm.rows("wm_order", sysparm_query_category="homepage")) == 1
    world.advance(30)
    assert len(fsm.rows("wm_order", **by_replica)) == 1
    world.act("fsm", {"do": "run_script", "table": "wm_order", "record": sys_id, "delete": True})
    assert (len(fsm.rows("wm_order")), len(fsm.rows("wm_order", **by_replica))) == (0, 1)
    world.advance(30)
    assert fsm.rows("wm_order", **by_replica) == []
    fsm.made("wm_order")
    world.switch("fsm", replica_lag_seconds=0)
    assert len(fsm.rows("wm_order", **by_replica)) == 1


def test_a_total_may_leave_out_what_the_reader_may_not_see(world: World, fsm: Client) -> None:
    for priority in (1, 2, 2):
        fsm.made("wm_order", priority=priority)
    become(world, roles=frozenset({"narrow"}))
    grant = Grant(frozenset({"wm_order"}), frozenset({"read"}), frozenset({"narrow"}), where="priority=1")
    world.fsm.access.grants[:] = [grant]
    world.fsm.access.rights.cache_clear()
    page = fsm.get("wm_order")
    assert (len(page.json()["result"]), page.headers["X-Total-Count"]) == (1, "3")
    world.switch("fsm", count_before_rights=False)
    assert fsm.get("wm_order").headers["X-Total-Count"] == "1"


def test_a_negative_offset_is_the_first_page_or_refused(world: World, fsm: Client) -> None:
    page = {"sysparm_limit": "2", "sysparm_fields": "sys_id"}
    first = fsm.get("cmn_location", **page).json()
    assert fsm.get("cmn_location", sysparm_offset="-2", **page).json() == first
    world.switch("fsm", negative_offset="refuse")
    assert fsm.get("cmn_location", sysparm_offset="-2", **page).status_code == 400
    assert fsm.get("cmn_location", sysparm_offset="0", **page).json() == first
