"""Whatever goes wrong, no error shows a password, not even encoded, and neither does the trace of it in a log."""

from __future__ import annotations

import base64
import html
import json
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import requests

from connector.errors import RemoteError
from connector.servicenow.answers import classify
from connector.servicenow.client_certificate import ClientCertificate
from connector.servicenow.credentials import ApiKey, Basic, Credentials
from connector.servicenow.grants import ClientCredentials, JwtBearer, Password, RefreshToken
from connector.servicenow.oauth import Bearer
from connector.servicenow.query import Query
from connector.servicenow.secret import Secret
from connector.servicenow.table import TableApi
from tests.wire.answers import ANSWERS, Answer
from tests.wire.instance import PASSWORD, URL, USER, sys_id

if TYPE_CHECKING:
    from collections.abc import Callable

    import responses

    from connector.servicenow.transport import Endpoint

TABLE = f"{URL}/api/now/table/wm_order"
ENCODED = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def calls(api: TableApi) -> list[Callable[[], object]]:
    return [
        lambda: list(api.scan("wm_order", Query(), ["number"])),
        lambda: api.insert("wm_order", {"number": "1"}),
        lambda: api.update("wm_order", sys_id(1), {"number": "1"}),
    ]


def shown_of(call: Callable[[], object]) -> str:
    """Everything a person or a log could see of the error."""
    with pytest.raises(RemoteError) as raised:
        call()
    error = raised.value
    return f"{error} {error!r} {error.hint} {vars(error)} {''.join(traceback.format_exception(error))}"


def answer_everything(mocked: responses.RequestsMock, answer: Answer) -> None:
    for method, url in (("GET", TABLE), ("POST", TABLE), ("PATCH", f"{TABLE}/{sys_id(1)}")):
        answer.add_to(mocked, method, url)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: str(answer.name))
def test_no_error_about_an_answer_shows_the_password(
    answer: Answer, mocked: responses.RequestsMock, api: TableApi
) -> None:
    answer_everything(mocked, answer)
    for call in calls(api):
        shown = shown_of(call)
        assert PASSWORD not in shown
        assert ENCODED not in shown
    sent = {call.request.headers["Authorization"] for call in mocked.calls}
    assert sent == {f"Basic {ENCODED}"}


@pytest.mark.parametrize(
    "error", [requests.ReadTimeout, requests.ConnectTimeout, requests.ConnectionError, requests.exceptions.SSLError]
)
def test_no_error_about_a_missing_answer_shows_the_password(
    error: type[requests.RequestException], mocked: responses.RequestsMock, api: TableApi
) -> None:
    for method, url in (("GET", TABLE), ("POST", TABLE), ("PATCH", f"{TABLE}/{sys_id(1)}")):
        mocked.add(method, url, body=error("no answer"))
    for call in calls(api):
        shown = shown_of(call)
        assert PASSWORD not in shown
        assert ENCODED not in shown


def test_an_endpoint_does_not_show_the_password_either(api: TableApi) -> None:
    assert PASSWORD not in f"{api.endpoint!r} {api!r}"


# --- pages that repeat what signed in -----------------------------------------------------------------------------

HARD = 'p4ss "w&rd" <ä/+%>'  # changes in every encoding
FORMS: dict[str, Callable[[str], str]] = {
    "with the user": lambda word: f"login failed for {USER}:{word} at node 3",
    "alone": lambda word: f"no user with {word} is known",
    "in an address": lambda word: f"see /login.do?sysparm_user=a&sysparm_password={quote(word, safe='')}",
    "in an address, small letters": lambda word: f"see /x?y={quote(word, safe='').lower()}",
    "in JSON": lambda word: json.dumps({"user_password": word}),
    "in HTML": lambda word: f"<pre>{html.escape(word)}</pre>",
    "base64": lambda word: f"b'{base64.b64encode(word.encode()).decode()}'",
    "base64 with the user": lambda word: f"b'{base64.b64encode(f'{USER}:{word}'.encode()).decode()}'",
    "base64 with the user, in an address": lambda w: quote(base64.b64encode(f"{USER}:{w}".encode()).decode(), safe=""),
}


def traces(secret: str) -> list[str]:
    """What of a secret a text may not hold: itself in every form, and what is left where only its beginning was found."""
    forms = [secret, html.escape(secret), json.dumps(secret)[1:-1], quote(secret, safe="")]
    encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
    return [*forms, quote(secret, safe="").lower(), encoded, secret[-6:]]


@pytest.mark.parametrize("status", [200, 400, 403, 500])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("word", [PASSWORD, HARD])
def test_an_error_page_that_repeats_the_password_in_any_form_puts_it_nowhere(
    word: str, form: str, status: int, mocked: responses.RequestsMock, endpoint: Endpoint
) -> None:
    api = TableApi(replace(endpoint, credentials=Basic(USER, Secret(lambda: word))), sleep=lambda _: None)
    page = FORMS[form](word)
    for body in (json.dumps({"error": {"message": page, "detail": page}}), page):
        mocked.reset()
        for method, url in (("GET", TABLE), ("POST", TABLE), ("PATCH", f"{TABLE}/{sys_id(1)}")):
            kind = "application/json" if body is not page else "text/html"
            mocked.add(method, url, body, status=status, content_type=kind, headers={"X-Transaction-ID": quote(word)})
        shown = "".join(shown_of(call) for call in calls(api))
        kept = "".join(str(one) for one in api.sent())
        assert "***" in shown + kept
        found = [trace for trace in traces(word) if trace in shown + kept]
        assert not found, shown + kept


def signed_in_by(credentials: Credentials, endpoint: Endpoint) -> TableApi:
    return TableApi(replace(endpoint, credentials=credentials), sleep=lambda _: None)


CLIENT, KEY, REFRESH = "client-secret-4711", "api-key-0815-long", "refresh-token-1234"
PEM = f"-----BEGIN PRIVATE KEY-----\n{'MIIEvQIBADANBgkq' * 4}\n{'hkiG9w0BAQEFAASC' * 4}\n-----END PRIVATE KEY-----\n"


def held(text: str) -> Secret:
    return Secret(lambda: text)


@pytest.mark.parametrize(
    ("credentials", "secrets"),
    [
        (lambda: ApiKey(held(KEY)), [KEY]),
        (lambda: Bearer(ClientCredentials("id", held(CLIENT))), [CLIENT]),
        (lambda: Bearer(Password("id", held(CLIENT), USER, held(PASSWORD))), [CLIENT, PASSWORD]),
        (lambda: Bearer(RefreshToken("id", held(CLIENT), held(REFRESH))), [CLIENT, REFRESH]),
        (
            lambda: Bearer(JwtBearer("id", held(CLIENT), key=held(PEM), password=held(KEY), head={}, claims={})),
            [CLIENT, KEY, *PEM.splitlines()[1:3]],
        ),
        (lambda: ClientCertificate(held("public"), held(PEM), held(KEY)), [KEY, *PEM.splitlines()[1:3]]),
    ],
    ids=["api key", "client credentials", "password", "refresh token", "jwt", "certificate"],
)
def test_whatever_signs_in_is_blotted_out_of_what_an_instance_says(
    credentials: Callable[[], Credentials], secrets: list[str], endpoint: Endpoint
) -> None:
    endpoint = replace(endpoint, credentials=credentials())
    request = requests.Request("POST", TABLE, json={}).prepare()
    response = requests.Response()
    response.request, response.status_code = request, 400
    response.headers["Content-Type"] = "application/json"
    response._content = json.dumps({"error": {"message": f"no: {' '.join(secrets)} {PEM}"}}).encode()
    said = str(classify(response, endpoint))
    assert "refused it" in said
    assert not [secret for secret in secrets if secret in said]


def test_a_token_endpoint_that_repeats_the_client_secret_puts_it_nowhere(
    mocked: responses.RequestsMock, endpoint: Endpoint
) -> None:
    word = CLIENT
    said = json.dumps({"error": "server_error", "error_description": f"no client with {word} ({quote(word)})"})
    mocked.add("POST", f"{URL}/oauth_token.do", said, status=401, content_type="application/json")
    api = signed_in_by(Bearer(ClientCredentials("id", held(word))), endpoint)
    shown = shown_of(lambda: list(api.scan("wm_order", Query(), ["number"])))
    assert "no client with ***" in shown
    assert word not in shown


def test_a_token_is_blotted_out_also_when_it_was_replaced(mocked: responses.RequestsMock, endpoint: Endpoint) -> None:
    for number in (1, 2):
        given = {"access_token": f"access-token-{number}", "refresh_token": f"refresh-token-{number}", "expires_in": 60}
        mocked.add("POST", f"{URL}/oauth_token.do", json.dumps(given), content_type="application/json")
    said = json.dumps({"error": {"message": "seen: access-token-1 refresh-token-1 access-token-2 refresh-token-2"}})
    mocked.add("GET", TABLE, said, status=401, content_type="application/json")
    mocked.add("GET", TABLE, said, status=400, content_type="application/json")
    api = signed_in_by(Bearer(Password("id", held(CLIENT), USER, held(PASSWORD))), endpoint)
    assert "seen: *** *** *** ***" in shown_of(lambda: list(api.scan("wm_order", Query(), ["number"])))


def test_a_password_that_was_changed_is_still_one(mocked: responses.RequestsMock, endpoint: Endpoint) -> None:
    words = iter(["first-password", "second-password"])
    mocked.add("GET", TABLE, "{}", status=401, content_type="application/json")
    said = json.dumps({"error": {"message": "not first-password but second-password"}})
    mocked.add("GET", TABLE, said, status=400, content_type="application/json")
    api = signed_in_by(Basic(USER, Secret(lambda: next(words))), endpoint)
    assert "not *** but ***" in shown_of(lambda: list(api.scan("wm_order", Query(), ["number"])))


def test_the_password_of_a_proxy_is_blotted_out_too(mocked: responses.RequestsMock, endpoint: Endpoint) -> None:
    proxied = replace(endpoint, proxy=lambda: f"http://{USER}:{quote(HARD, safe='')}@proxy.example.com")
    said = json.dumps({"error": {"message": f"{HARD} or {quote(HARD, safe='')}"}})
    mocked.add("GET", TABLE, said, status=400, content_type="application/json")
    api = TableApi(proxied, sleep=lambda _: None)
    assert "*** or ***" in shown_of(lambda: list(api.scan("wm_order", Query(), ["number"])))


def test_a_secret_of_three_characters_is_not_looked_for_in_words_but_under_its_name(
    mocked: responses.RequestsMock, endpoint: Endpoint
) -> None:
    """Blotted out everywhere it would make every message unreadable. docs/security.md says so."""
    said = json.dumps({"error": {"message": "the order of user_password=ord is not there"}})
    mocked.add("GET", TABLE, said, status=400, content_type="application/json")
    api = signed_in_by(Basic(USER, held("ord")), endpoint)
    shown = shown_of(lambda: list(api.scan("wm_order", Query(), ["number"])))
    assert "the order of user_password=*** is not there" in shown
