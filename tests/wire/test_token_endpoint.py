"""Asking for a token: what is sent where, when, how often, and whose page answers instead."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier, Event
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest
import requests

from connector.errors import Hibernating, OutcomeUnknown, RemoteError, SignInFailed, Unavailable
from connector.servicenow.grants import ClientCredentials, Grant, Password, RefreshToken
from connector.servicenow.oauth import Bearer
from connector.servicenow.query import Query
from connector.servicenow.secret import Secret
from connector.servicenow.table import TableApi
from connector.servicenow.token_endpoint import TokenEndpoint
from connector.servicenow.transport import Endpoint
from tests import PATIENCE
from tests.wire.instance import URL

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses

TABLE = f"{URL}/api/now/table/wm_order"
TOKEN = f"{URL}/oauth_token.do"
THREADS = 4
Form = dict[str, str]


def secret(text: str) -> Secret:
    return Secret(lambda: text)


def client_credentials() -> Grant:
    return ClientCredentials("id", secret("cs"))


@dataclass
class Issuer:
    """Gives tokens t1, t2, ... and lets in whoever brings one that it has not revoked."""

    life: float = 1800
    more: dict[str, Any] = field(default_factory=dict)
    now: float = 1_000_000.0
    forms: list[Form] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    refuse: Callable[[Form], bool] = lambda _: False
    before: Callable[[int], None] = lambda _: None
    asked: int = 0

    def serve(self, mocked: responses.RequestsMock) -> None:
        mocked.add_callback("POST", TOKEN, self._token, content_type="application/json")
        mocked.add_callback("GET", TABLE, self._table, content_type="application/json")
        mocked.add_callback("POST", TABLE, self._table, content_type="application/json")

    def _token(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert "Authorization" not in request.headers
        form = dict(parse_qsl(str(request.body)))
        self.forms.append(form)
        self.before(len(self.forms))
        if self.refuse(form):
            return 401, {}, '{"error_description": "access_denied", "error": "server_error"}'
        answer = {"access_token": f"t{len(self.forms)}", "token_type": "Bearer", "expires_in": self.life, **self.more}
        return 200, {"Set-Cookie": "JSESSIONID=guest"}, json.dumps(answer)

    def _table(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        self.asked += 1
        token = str(request.headers["Authorization"]).removeprefix("Bearer ")
        assert "Cookie" not in request.headers
        if token in self.dead:
            return 401, {}, '{"error": {"message": "User is not authenticated"}}'
        return 200, {"X-Total-Count": "0", "X-Token": token}, '{"result": []}'

    def api(self, grant: Grant | None = None) -> TableApi:
        credentials = Bearer(grant or client_credentials())
        return TableApi(Endpoint("om", URL, credentials), sleep=lambda _: None, clock=lambda: self.now)


@pytest.fixture
def issuer(mocked: responses.RequestsMock) -> Issuer:
    issuer = Issuer()
    issuer.serve(mocked)
    return issuer


def look(api: TableApi) -> None:
    list(api.scan("wm_order", Query(), []))


@pytest.mark.parametrize(
    ("grant", "form"),
    [
        (client_credentials(), {"grant_type": "client_credentials"}),
        (
            Password("id", secret("cs"), "connector", secret("p&w=ü")),
            {"grant_type": "password", "username": "connector", "password": "p&w=ü"},
        ),
        (RefreshToken("id", secret("cs"), secret("r")), {"grant_type": "refresh_token", "refresh_token": "r"}),
    ],
    ids=["client_credentials", "password", "refresh_token"],
)
def test_each_grant_sends_its_form_and_the_token_is_used_until_it_is_nearly_over(
    grant: Grant, form: Form, issuer: Issuer
) -> None:
    api = issuer.api(grant)
    for _ in range(3):
        look(api)
        issuer.now += 500
    assert issuer.forms == [{"client_id": "id", "client_secret": "cs", **form}]
    assert issuer.asked == 3


@pytest.mark.parametrize(("life", "kept"), [(1800, 1739), (1800, 1740), (100, 89), (100, 90), (1, 0.8), (1, 0.9)])
def test_a_token_is_refreshed_a_minute_or_a_tenth_of_its_life_before_its_end(
    life: float, kept: float, issuer: Issuer
) -> None:
    issuer.life = life
    api = issuer.api()
    look(api)
    issuer.now += kept
    look(api)
    assert len(issuer.forms) == (1 if kept < life - min(60, life / 10) else 2)


def test_the_life_of_a_token_is_what_each_answer_says(issuer: Issuer) -> None:
    api = issuer.api()
    look(api)
    issuer.now, issuer.life = issuer.now + 1750, 50  # the same token again, with what is left of it
    look(api)
    issuer.now += 44
    look(api)
    assert len(issuer.forms) == 2
    issuer.now, issuer.life = issuer.now + 2, 1800
    look(api)
    assert len(issuer.forms) == 3


@pytest.mark.parametrize("life", [None, "soon"])
def test_a_token_whose_life_is_not_said_is_used_until_it_is_refused(life: object, issuer: Issuer) -> None:
    issuer.more = {"expires_in": life}
    api = issuer.api()
    look(api)
    issuer.now += 1e9
    look(api)
    assert len(issuer.forms) == 1
    issuer.dead = {"t1"}
    look(api)
    assert len(issuer.forms) == 2


def test_threads_that_need_a_token_together_ask_for_one(issuer: Issuer) -> None:
    start = Barrier(THREADS)
    api = issuer.api()

    def together() -> None:
        start.wait(PATIENCE)
        look(api)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(together) for _ in range(THREADS)]:
            done.result()
    assert (len(issuer.forms), issuer.asked) == (1, THREADS)


def test_while_one_thread_refreshes_early_the_others_go_on_with_the_old_token(issuer: Issuer) -> None:
    asking, answer = Event(), Event()

    def slow(number: int) -> None:
        if number == 2:
            asking.set()
            assert answer.wait(PATIENCE)

    issuer.before = slow
    api = issuer.api()
    look(api)
    issuer.now += 1750
    with ThreadPoolExecutor(1) as pool:
        refreshing = pool.submit(look, api)
        assert asking.wait(PATIENCE)
        look(api)  # would wait for ever if it needed the new one
        answer.set()
        refreshing.result()
    assert len(issuer.forms) == 2


def test_failing_to_refresh_early_disturbs_nobody_while_the_token_lives(issuer: Issuer) -> None:
    api = issuer.api()
    look(api)
    issuer.now += 1750
    issuer.refuse = lambda _: True
    for _ in range(5):
        look(api)
    assert len(issuer.forms) == 2
    issuer.now += 60
    with pytest.raises(SignInFailed):
        look(api)
    assert len(issuer.forms) == 4


def test_a_token_that_was_revoked_is_replaced_once_and_the_request_sent_again(issuer: Issuer) -> None:
    api = issuer.api()
    look(api)
    issuer.dead = {"t1"}
    look(api)
    look(api)
    assert (len(issuer.forms), issuer.asked) == (2, 4)


def test_a_user_who_may_not_come_in_with_a_fresh_token_is_tried_twice_and_never_again(issuer: Issuer) -> None:
    issuer.dead = {f"t{number}" for number in range(1, 50)}
    api = issuer.api()
    for _ in range(10):
        with pytest.raises(SignInFailed, match="refused the access token") as refused:
            look(api)
    assert "application user" in refused.value.hint.casefold()
    assert (len(issuer.forms), issuer.asked) == (2, 2)


def test_a_wrong_secret_is_tried_twice_by_all_threads_together_and_never_again(issuer: Issuer) -> None:
    issuer.refuse = lambda _: True
    start = Barrier(THREADS)
    api = issuer.api()

    def together() -> None:
        start.wait(PATIENCE)
        for _ in range(3):
            with pytest.raises(SignInFailed, match=r"gave no access token \(server_error, access_denied\)"):
                look(api)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(together) for _ in range(THREADS)]:
            done.result()
    assert (len(issuer.forms), issuer.asked) == (2, 0)


def test_a_write_without_a_token_was_not_sent_so_nothing_is_looked_up(
    mocked: responses.RequestsMock, issuer: Issuer
) -> None:
    mocked.replace("POST", TOKEN, body=requests.ReadTimeout("no answer"))
    with pytest.raises(Unavailable):
        issuer.api().insert("wm_order", {"number": "1"})
    assert issuer.asked == 0


def test_a_write_whose_token_was_refused_is_sent_again_with_another(issuer: Issuer) -> None:
    issuer.dead = {"t1"}
    with pytest.raises(OutcomeUnknown):  # a list is no answer to a creation; but it was let in
        issuer.api().insert("wm_order", {"number": "1"})
    assert (len(issuer.forms), issuer.asked) == (2, 2)


# --- refresh tokens -----------------------------------------------------------------------------------------------


def test_a_password_is_sent_once_and_refresh_tokens_from_then_on(issuer: Issuer) -> None:
    issuer.more = {"refresh_token": "r1"}
    api = issuer.api(Password("id", secret("cs"), "connector", secret("pw")))
    for _ in range(3):
        look(api)
        issuer.now += 1800
    assert [form["grant_type"] for form in issuer.forms] == ["password", "refresh_token", "refresh_token"]
    assert issuer.forms[1]["refresh_token"] == "r1"


def test_a_refresh_token_that_is_over_gives_way_to_the_password(issuer: Issuer) -> None:
    issuer.more = {"refresh_token": "r1"}
    issuer.refuse = lambda form: form["grant_type"] == "refresh_token"
    api = issuer.api(Password("id", secret("cs"), "connector", secret("pw")))
    look(api)
    issuer.now += 1800
    look(api)
    assert [form["grant_type"] for form in issuer.forms] == ["password", "refresh_token", "password"]


def test_a_refresh_token_that_is_used_up_is_followed_by_the_next(issuer: Issuer) -> None:
    api = issuer.api(RefreshToken("id", secret("cs"), secret("r0")))
    for number in range(1, 4):
        issuer.more = {"refresh_token": f"r{number}"}
        look(api)
        issuer.now += 1800
    assert [form["refresh_token"] for form in issuer.forms] == ["r0", "r1", "r2"]


def test_a_dead_refresh_token_is_tried_twice_and_never_again(issuer: Issuer) -> None:
    issuer.more = {"refresh_token": "r0"}
    api = issuer.api(RefreshToken("id", secret("cs"), secret("r0")))
    look(api)
    issuer.now += 1800
    issuer.refuse = lambda _: True
    for _ in range(3):
        with pytest.raises(SignInFailed, match="gave no access token") as refused:
            look(api)
    assert "100 days" in refused.value.hint
    assert len(issuer.forms) == 3


# --- whose page is it ---------------------------------------------------------------------------------------------

HTML = {"content_type": "text/html"}


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        ({"body": "<p>Your instance is hibernating</p>", **HTML}, Hibernating, "is hibernating"),
        ({"body": "<form>", "headers": {"X-Transaction-ID": "t"}, **HTML}, Unavailable, "a login page"),
        ({"body": "<p>proxy</p>", **HTML}, Unavailable, "a web page instead of JSON"),
        ({"status": 302, "headers": {"Location": f"{URL}/login.do"}}, Unavailable, "redirects to another page"),
        ({"status": 502, "body": "<p>", **HTML}, Unavailable, "failed with status 502 when asked for a token"),
        ({"status": 403, "body": "<p>blocked", **HTML}, Unavailable, "a web page instead of JSON"),
        ({"status": 404, "body": "<p>", **HTML}, Unavailable, "a web page instead of JSON"),
        ({"status": 429, "json": {}, "headers": {"Retry-After": "90"}}, Unavailable, "too many requests"),
        ({"body": '{"access_tok', "content_type": "application/json"}, Unavailable, "answered without a token"),
        ({"json": {"access_token": ""}}, Unavailable, "answered without a token"),
        ({"json": {"result": []}}, Unavailable, "answered without a token"),
        ({"json": {"error": "invalid_client"}}, SignInFailed, r"gave no access token \(invalid_client\)"),
        ({"status": 400, "json": {"error": "invalid_grant"}}, SignInFailed, "gave no access token"),
        ({"status": 401, "body": "<p>", **HTML}, SignInFailed, "gave no access token"),
        ({"body": requests.exceptions.ProxyError("no")}, Unavailable, "through the proxy"),
        ({"body": requests.ConnectTimeout("no")}, Unavailable, "cannot be reached"),
        ({"body": requests.exceptions.SSLError("certificate verify failed")}, Unavailable, "certificate"),
    ],
)
def test_an_answer_without_a_token_says_who_has_to_act(
    answer: dict[str, Any], kind: type[RemoteError], words: str, mocked: responses.RequestsMock
) -> None:
    mocked.post(TOKEN, **answer)
    issuer = Issuer()
    mocked.add_callback("GET", TABLE, issuer._table)
    with pytest.raises(kind, match=words) as raised:
        look(issuer.api())
    assert type(raised.value) is kind
    assert raised.value.instance == "om"
    assert issuer.asked == 0


def test_nobody_is_followed_elsewhere_with_our_client_secret(mocked: responses.RequestsMock) -> None:
    mocked.post(TOKEN, status=307, headers={"Location": f"{URL}/elsewhere"})
    elsewhere = mocked.post(f"{URL}/elsewhere", json={"access_token": "x"})
    with pytest.raises(Unavailable):
        look(Issuer().api())
    assert elsewhere.call_count == 0


def test_too_many_requests_for_tokens_slow_the_whole_instance(mocked: responses.RequestsMock) -> None:
    mocked.post(TOKEN, status=429, json={}, headers={"Retry-After": "90"})
    issuer = Issuer()
    api = issuer.api()
    for _ in range(5):
        with pytest.raises(Unavailable):
            look(api)
    assert len(mocked.calls) == 1
    assert api.pace.pause == pytest.approx(90)


def test_who_waited_for_a_token_that_was_refused_is_told_so_without_asking_again(issuer: Issuer) -> None:
    issuer.refuse = lambda _: True
    api, bearer = issuer.api(), Bearer(client_credentials())
    tokens = TokenEndpoint(api.endpoint, api._common)
    for _ in range(THREADS):
        with pytest.raises(SignInFailed):
            bearer.sign(requests.Request("GET", TABLE).prepare(), tokens)
    assert len(issuer.forms) == 1
    bearer.renew()
    with pytest.raises(SignInFailed):
        bearer.sign(requests.Request("GET", TABLE).prepare(), tokens)
    assert len(issuer.forms) == 2
