"""Session cookies: a credential only together with the user token, one life, one user, one request at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from connector.sandbox import sessions
from connector.sandbox.messages import Headers, Request

if TYPE_CHECKING:
    from connector.sandbox import World
    from tests.sandbox.gestures import Client


def cookie_only(client: Client, **headers: str) -> requests.Response:
    client.session.auth = None
    return client.call("GET", "wm_order", headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.fixture
def known(fsm: Client) -> Client:
    """A client that has a session."""
    assert fsm.get("wm_order").status_code == 200
    return fsm


def test_a_session_cookie_signs_in_with_its_user_token(known: Client) -> None:
    told = cookie_only(known)
    assert (told.status_code, told.headers["X-Is-Logged-In"]) == (401, "true")
    token = told.headers["X-UserToken-Response"]
    assert cookie_only(known, X_UserToken=token).status_code == 200
    assert cookie_only(known, X_UserToken="wrong").status_code == 401


def test_without_a_session_there_is_no_token_to_be_had(fsm: Client) -> None:
    refused = cookie_only(fsm, Cookie="JSESSIONID=" + "A" * 32)
    assert refused.status_code == 401
    assert not {"X-Is-Logged-In", "X-UserToken-Response"} & set(refused.headers)


def test_an_idle_session_ends_and_a_used_one_lives(world: World, known: Client) -> None:
    token = cookie_only(known).headers["X-UserToken-Response"]
    for _ in range(3):
        world.advance(1000)
        assert cookie_only(known, X_UserToken=token).status_code == 200
    world.advance(1801)
    assert cookie_only(known, X_UserToken=token).status_code == 401


@pytest.mark.parametrize(("seconds", "status"), [(1800, 200), (60, 401)])
def test_a_later_use_may_renew_a_session_for_a_shorter_time(
    world: World, known: Client, seconds: int, status: int
) -> None:
    world.switch("fsm", session_renewal_seconds=seconds)
    token = cookie_only(known).headers["X-UserToken-Response"]
    world.advance(1000)
    assert cookie_only(known, X_UserToken=token).status_code == 200
    world.advance(61)
    assert cookie_only(known, X_UserToken=token).status_code == status


def test_another_user_gets_another_session(world: World, known: Client) -> None:
    known.session.auth = ("dispatcher", world.users("fsm")["dispatcher"].password)
    assert "JSESSIONID" in known.get("wm_order").headers["Set-Cookie"]
    assert "JSESSIONID" not in known.get("wm_order").headers["Set-Cookie"]


@pytest.mark.parametrize(("outlives", "status"), [(False, 401), (True, 200)])
def test_a_session_may_outlive_its_token(world: World, fsm: Client, outlives: bool, status: int) -> None:
    world.switch("fsm", session_outlives_token=outlives, oauth_access_seconds=60)
    form = {**world.fsm.oauth_client, "grant_type": "client_credentials"}
    fsm.session.auth = None
    token = fsm.call("POST", "/oauth_token.do", data=form).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert fsm.call("GET", "wm_order", headers=bearer).status_code == 200
    user_token = cookie_only(fsm).headers["X-UserToken-Response"]
    world.advance(61)
    assert fsm.call("GET", "wm_order", headers={**bearer, "X-UserToken": user_token}).status_code == status


def test_two_requests_at_once_wait_for_each_other_only_in_one_session(world: World, known: Client) -> None:
    world.switch("fsm", latency_ms=1000)
    prepared = known.session.prepare_request(requests.Request("GET", f"{known.base}/api/now/table/wm_order"))

    def delays(*names: str) -> list[float]:
        lines = [(name, prepared.headers[name]) for name in names]
        return [world.handle("fsm", Request("GET", prepared.path_url, Headers(list(lines)))).delay for _ in range(2)]

    assert delays("Authorization") == [1.0, 1.0]
    assert delays("Authorization", "Cookie") == [1.0, 2.0]


def test_clients_without_cookies_push_out_the_sessions_unused_for_longest(
    world: World, known: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "KEPT", 3)
    token = cookie_only(known).headers["X-UserToken-Response"]
    forgetful = {"Authorization": f"Bearer {world.fsm.tokens.issue('connector', shared=True)[0].text}"}

    def others(count: int) -> None:
        for _ in range(count):
            with requests.Session() as session:
                session.mount(known.base, world.adapter("fsm"))
                assert session.get(f"{known.base}/api/now/table/wm_order", headers=forgetful).status_code == 200

    for _ in range(3):
        others(2)
        assert cookie_only(known, X_UserToken=token).status_code == 200
    others(3)
    assert cookie_only(known, X_UserToken=token).status_code == 401
