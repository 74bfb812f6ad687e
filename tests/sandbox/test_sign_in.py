"""Who gets in: passwords and their gate, tokens and their life, keys; and what each person may see and do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connector.sandbox.people import Grant
from tests.sandbox.gestures import Client, place_order

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from connector.sandbox import World


def ask_token(client: Client, **form: str) -> requests.Response:
    client.session.auth = None
    return client.call("POST", "/oauth_token.do", data={**client.world.fsm.oauth_client, **form})


def with_bearer(client: Client, token: str) -> requests.Response:
    client.session.auth = None
    return client.call("GET", "wm_order", headers={"Authorization": f"Bearer {token}"})


def test_client_credentials_give_a_token_of_the_application_user(fsm: Client) -> None:
    granted = ask_token(fsm, grant_type="client_credentials").json()
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 1799)
    assert "refresh_token" not in granted
    assert with_bearer(fsm, granted["access_token"]).status_code == 200


def test_asking_again_returns_the_living_token_with_what_is_left(world: World, fsm: Client) -> None:
    first = ask_token(fsm, grant_type="client_credentials").json()
    world.advance(600)
    second = ask_token(fsm, grant_type="client_credentials").json()
    assert (second["access_token"], second["expires_in"]) == (first["access_token"], 1199)
    world.fsm.switches["oauth_shared_token"] = False
    assert ask_token(fsm, grant_type="client_credentials").json()["access_token"] != first["access_token"]


def test_an_expired_token_is_an_ordinary_401_and_can_be_refreshed(world: World, fsm: Client) -> None:
    password = world.users("fsm")["dispatcher"].password
    granted = ask_token(fsm, grant_type="password", username="dispatcher", password=password).json()
    world.advance(1800)
    assert with_bearer(fsm, granted["access_token"]).json()["error"]["message"] == "User is not authenticated"
    fresh = ask_token(fsm, grant_type="refresh_token", refresh_token=granted["refresh_token"]).json()
    assert with_bearer(fsm, fresh["access_token"]).status_code == 200
    assert fresh["refresh_token"] == granted["refresh_token"]


@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "password", "username": "dispatcher", "password": "wrong"},
        {"grant_type": "client_credentials", "client_secret": "wrong"},
        {"grant_type": "refresh_token", "refresh_token": "wrong"},
        {"grant_type": "magic"},
        {},
    ],
)
def test_every_failure_of_the_token_endpoint_looks_the_same(fsm: Client, form: dict[str, str]) -> None:
    denied = ask_token(fsm, **form)
    assert denied.status_code == 401
    assert denied.json() == {"error_description": "access_denied", "error": "server_error"}


def test_a_token_is_not_given_to_json(fsm: Client) -> None:
    body = {**fsm.world.fsm.oauth_client, "grant_type": "client_credentials"}
    assert fsm.call("POST", "/oauth_token.do", json=body).status_code == 401


def test_a_revoked_token_is_dead(fsm: Client) -> None:
    token = ask_token(fsm, grant_type="client_credentials").json()["access_token"]
    fsm.call("POST", "/oauth_revoke_token.do", params={"token": token})
    assert with_bearer(fsm, token).status_code == 401


@pytest.mark.parametrize("where", ["headers", "params"])
def test_an_api_key_signs_in(world: World, fsm: Client, where: str) -> None:
    fsm.session.auth = None
    key: dict[str, Any] = {where: {"x-sn-apikey": world.users("fsm")["connector"].api_key}}
    assert fsm.call("GET", "wm_order", **key).status_code == 200
    world.fsm.switches["api_keys"] = False
    assert fsm.call("GET", "wm_order", **key).status_code == 401


def test_the_gate_closes_basic_authentication_but_for_web_service_users(
    world: World, sign_in: Callable[..., Client], fsm: Client
) -> None:
    admin = sign_in("fsm", "admin")
    assert admin.get("wm_order").status_code == 200
    world.fsm.switches["basic_auth_gate"] = True
    assert admin.get("wm_order").status_code == 401
    assert fsm.get("wm_order").status_code == 200


def test_a_table_without_read_right_is_403_and_some_are_silently_empty(sign_in: Callable[..., Client]) -> None:
    technician = sign_in("fsm", "technician")
    refused = technician.get("sys_user_role")
    assert refused.status_code == 403
    assert refused.json()["error"]["detail"] == "No permission to read table 'sys_user_role'"
    assert technician.get("sys_dictionary").json() == {"result": []}


def narrow(world: World, login: str, *grants: Grant) -> None:
    """Leave this user only these rights."""
    user = world.fsm.users[login]
    world.fsm.users[login] = type(user)(**{**vars(user), "roles": frozenset({"narrow"})})
    world.fsm.access.grants.extend(grants)


def grant(*operations: str, **more: Any) -> Grant:
    return Grant(frozenset({"wm_order"}), frozenset(operations), frozenset({"narrow"}), **more)


def test_rows_without_right_are_missing_after_the_limit_was_applied(world: World, fsm: Client) -> None:
    for priority in (1, 2, 1, 2):
        fsm.made("wm_order", priority=priority)
    narrow(world, "connector", grant("read", where="priority=1"))
    page = fsm.get("wm_order", sysparm_query="ORDERBYnumber", sysparm_limit="2")
    assert [row["priority"] for row in page.json()["result"]] == ["1"]
    assert page.headers["X-Total-Count"] == "4"
    hidden = world.fsm.store.find("wm_order", priority="2")[0]["sys_id"]
    assert fsm.get(f"wm_order/{hidden}").status_code == 404


def test_a_field_without_read_right_is_absent_and_forbidden_in_queries(world: World, fsm: Client) -> None:
    sys_id = fsm.made("wm_order", short_description="secret")["sys_id"]
    narrow(world, "connector", grant("read", excepted=frozenset({"short_description"})))
    assert "short_description" not in fsm.get(f"wm_order/{sys_id}").json()["result"]
    for query in ("short_description=secret", "ORDERBYshort_description"):
        refused = fsm.get("wm_order", sysparm_query=query)
        assert refused.status_code == 403
        assert "do not have permission to be read" in refused.json()["error"]["detail"]


def test_a_write_of_only_denied_fields_changes_nothing_and_says_200(world: World, fsm: Client) -> None:
    sys_id = fsm.made("wm_order", short_description="x")["sys_id"]
    narrow(world, "connector", grant("read"), grant("write", fields=frozenset({"priority"})))
    answer = fsm.patch("wm_order", sys_id, short_description="y")
    assert (answer.status_code, answer.json()["result"]["sys_mod_count"]) == (200, "0")
    assert fsm.patch("wm_order", sys_id, priority=1).json()["result"]["priority"] == "1"


def test_a_record_outside_the_write_right_is_403(world: World, fsm: Client) -> None:
    sys_id = fsm.made("wm_order", priority=2)["sys_id"]
    narrow(world, "connector", grant("read"), grant("write", where="priority=1"))
    refused = fsm.patch("wm_order", sys_id, short_description="y")
    assert refused.json()["error"]["detail"] == "ACL Exception Update Failed due to security constraints"


def test_the_integration_users_have_no_more_than_they_need(world: World, om: Client, fsm: Client) -> None:
    place_order(world)
    order = om.row("sn_ind_tmt_orm_order", "")
    assert (
        om.patch("sn_ind_tmt_orm_order", order["sys_id"], state="completed").json()["result"]["state"] == "in_progress"
    )
    assert om.post("wm_order").status_code == 400
    assert fsm.post("cmn_location", name="x").status_code == 403
    assert fsm.call("DELETE", f"cmn_location/{fsm.rows('cmn_location')[0]['sys_id']}").status_code == 403
