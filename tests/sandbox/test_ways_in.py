"""Keys, signatures, certificates, second factors, and the gates before each way in."""

from __future__ import annotations

import base64
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests

from connector.sandbox.doors.authority import Authority
from connector.sandbox.signin.passwords import one_time_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox import World
    from tests.sandbox.gestures import Client


def status(client: Client, login: str, password: str) -> int:
    client.session.auth = (login, password)
    client.session.cookies.clear()
    return client.get("cmn_location").status_code


def change(world: World, login: str, **values: str) -> None:
    """An administrator changes the user's record over REST."""
    session = requests.Session()
    session.mount(world.fsm.base_url, world.adapter("fsm"))
    session.auth = ("admin", world.users("fsm")["admin"].password)
    address = f"{world.fsm.base_url}/api/now/table/sys_user/{world.users('fsm')[login].sys_id}"
    assert session.patch(address, json=values).status_code == 200
    session.close()


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        ({"title": "Engineer"}, 200),
        ({"password_needs_reset": "true"}, 401),
        ({"active": "false"}, 401),
        ({"locked_out": "true"}, 401),
        ({"user_password": "known to everybody"}, 401),
    ],
)
def test_the_record_of_a_user_decides_whether_the_password_opens(
    world: World, fsm: Client, values: dict[str, str], answer: int
) -> None:
    password = world.users("fsm")["connector"].password
    change(world, "connector", **values)
    assert status(fsm, "connector", password) == answer


def test_a_password_set_over_rest_opens_nothing(world: World, sign_in: Callable[..., Client], fsm: Client) -> None:
    admin = sign_in("fsm", "admin")
    assert admin.post("sys_user", user_name="new", name="New One", user_password="secret").status_code == 201
    assert status(fsm, "new", "secret") == 401
    assert status(fsm, "new", "") == 401
    change(world, "connector", user_password="secret")
    assert status(fsm, "connector", "secret") == 401


def test_a_token_opens_although_the_password_needs_a_reset(world: World, fsm: Client) -> None:
    token = world.fsm.tokens.issue("connector", shared=True)[0].text
    change(world, "connector", password_needs_reset="true")
    fsm.session.auth = None
    assert fsm.call("GET", "cmn_location", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    change(world, "connector", active="false")
    assert fsm.call("GET", "cmn_location", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_who_guesses_is_locked_out_only_where_the_instance_does_that(world: World, fsm: Client) -> None:
    password = world.users("fsm")["connector"].password
    for limit, answer in ((0, 200), (3, 401)):
        world.switch("fsm", lockout_after=limit)
        assert [status(fsm, "connector", "wrong") for _ in range(3)] == [401] * 3
        assert status(fsm, "connector", password) == answer
    assert world.fsm.store.find("sys_user", user_name="connector")[0]["locked_out"] == "true"
    change(world, "connector", locked_out="false")
    assert status(fsm, "connector", password) == 200


def test_a_right_password_forgives_the_wrong_ones_before(world: World, fsm: Client) -> None:
    password = world.users("fsm")["connector"].password
    world.switch("fsm", lockout_after=2)
    tries = ["wrong", password, "wrong", password]
    assert [status(fsm, "connector", one) for one in tries] == [401, 200, 401, 200]


# --- the restriction of basic authentication ----------------------------------------------------------------------


def test_the_role_opens_the_gate_as_soon_as_it_is_given(
    world: World, sign_in: Callable[..., Client], fsm: Client
) -> None:
    dispatcher = world.users("fsm")["dispatcher"]
    admin = sign_in("fsm", "admin")
    role = admin.made("sys_user_role", name="snc_basic_auth_api_access")["sys_id"]
    world.switch("fsm", basic_auth_gate=True)
    assert status(fsm, "dispatcher", dispatcher.password) == 401
    world.fsm.records.insert("sys_user_has_role", {"user": dispatcher.sys_id, "role": role}, world.fsm.system)
    assert status(fsm, "dispatcher", dispatcher.password) == 200
    [link] = world.fsm.store.find("sys_user_has_role", user=dispatcher.sys_id, role=role)
    world.fsm.records.delete("sys_user_has_role", link["sys_id"], world.fsm.system)
    assert status(fsm, "dispatcher", dispatcher.password) == 401


def test_a_web_service_user_passes_the_gate(world: World, fsm: Client) -> None:
    world.switch("fsm", basic_auth_gate=True)
    password = world.users("fsm")["dispatcher"].password
    assert status(fsm, "dispatcher", password) == 401
    change_by_system(world, "dispatcher", web_service_access_only="true")
    assert status(fsm, "dispatcher", password) == 200


def change_by_system(world: World, login: str, **values: str) -> None:
    world.fsm.records.update("sys_user", world.users("fsm")[login].sys_id, values, world.fsm.system)


def test_the_gate_closes_on_its_day(world: World, fsm: Client) -> None:
    world.switch("fsm", basic_auth_gate=True, basic_auth_gate_from="2026-03-02T09:00:00Z")
    password = world.users("fsm")["dispatcher"].password
    assert status(fsm, "dispatcher", password) == 200
    world.advance(3600)
    assert status(fsm, "dispatcher", password) == 401


def test_other_roles_may_pass_the_gate(world: World, fsm: Client) -> None:
    world.switch("fsm", basic_auth_gate=True, basic_auth_gate_roles=["wm_dispatcher"])
    assert status(fsm, "dispatcher", world.users("fsm")["dispatcher"].password) == 200
    assert status(fsm, "technician", world.users("fsm")["technician"].password) == 401


# --- the second factor --------------------------------------------------------------------------------------------


def test_a_second_factor_is_appended_to_the_password_and_passes_the_gate(world: World, fsm: Client) -> None:
    change_by_system(world, "dispatcher", enable_multifactor_authn="true")
    world.switch("fsm", basic_auth_gate=True)
    user = world.users("fsm")["dispatcher"]
    code = one_time_code(user.mfa_secret, world.fsm.clock.now())
    fsm.session.auth = ("dispatcher", user.password)
    refused = fsm.get("cmn_location")
    assert (refused.status_code, refused.headers["X-MFA_TOKEN"]) == (401, "invalid")
    assert status(fsm, "dispatcher", user.password + code) == 200
    world.advance(30)
    assert status(fsm, "dispatcher", user.password + code) == 401
    assert "X-MFA_TOKEN" not in fsm_refusal(fsm, "dispatcher", "wrong").headers


def fsm_refusal(client: Client, login: str, password: str) -> requests.Response:
    client.session.auth = (login, password)
    answer = client.get("cmn_location")
    assert answer.status_code == 401
    return answer


@pytest.mark.parametrize(
    ("moment", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_a_one_time_code_is_that_of_rfc_6238(moment: int, code: str) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    assert one_time_code(secret, datetime.fromtimestamp(moment, UTC)) == code


# --- keys and signatures ------------------------------------------------------------------------------------------


def call(client: Client, **options: Any) -> int:
    client.session.auth = None
    client.session.cookies.clear()
    return client.call("POST", "wm_order", **options).status_code


def signed(
    world: World, body: bytes, name: str = "x-sn-hmac-signature-256", algorithm: str = "sha256"
) -> dict[str, str]:
    user = world.users("fsm")["connector"]
    signature = base64.b64encode(hmac.new(user.hmac_secret.encode(), body, algorithm).digest()).decode()
    return {name: f"KEYID={user.hmac_key_id},SIGNATURE={signature}"}


BODY = b'{"short_description":"signed"}'


@pytest.mark.parametrize(("size", "algorithm"), [("256", "sha256"), ("384", "sha384"), ("512", "sha512")])
@pytest.mark.parametrize("place", ["headers", "params"])
def test_a_signature_over_the_body_signs_in(world: World, fsm: Client, size: str, algorithm: str, place: str) -> None:
    proof: dict[str, Any] = {place: signed(world, BODY, f"x-sn-hmac-signature-{size}", algorithm)}
    assert call(fsm, data=BODY, **proof) == 201
    assert call(fsm, data=BODY.replace(b"signed", b"forged"), **proof) == 401
    world.switch("fsm", hmac_signatures=False)
    assert call(fsm, data=BODY, **proof) == 401


@pytest.mark.parametrize("value", ["", "KEYID=x", "KEYID=x,SIGNATURE=y", "nonsense"])
def test_a_malformed_signature_does_not(fsm: Client, value: str) -> None:
    assert call(fsm, data=BODY, headers={"x-sn-hmac-signature-256": value}) == 401


def test_a_signed_read_signs_what_stands_for_its_missing_body(world: World, fsm: Client) -> None:
    fsm.session.auth = None
    for stands, body in (('{"":""}', b'{"":""}'), ("", b"")):
        world.switch("fsm", hmac_empty_body=stands)
        assert fsm.call("GET", "wm_order", headers=signed(world, body)).status_code == 200
        assert fsm.call("GET", "wm_order", headers=signed(world, b"else")).status_code == 401


@pytest.mark.parametrize(("places", "statuses"), [(["header"], [201, 401]), (["query"], [401, 201])])
def test_a_profile_says_where_keys_and_signatures_may_stand(
    world: World, fsm: Client, places: list[str], statuses: list[int]
) -> None:
    world.switch("fsm", token_places=places)
    key = {"x-sn-apikey": world.users("fsm")["connector"].api_key}
    for proof in (key, signed(world, BODY)):
        assert [call(fsm, data=BODY, headers=proof), call(fsm, data=BODY, params=proof)] == statuses


def test_an_access_policy_names_the_only_ways_into_an_api(world: World, fsm: Client) -> None:
    world.switch("fsm", api_access_policies={"table": ["api_key"]})
    key = {"x-sn-apikey": world.users("fsm")["connector"].api_key}
    basic = fsm.session.auth
    assert fsm.get("/api/now/v2/table/wm_order").status_code == 401
    assert fsm.get("/api/now/stats/wm_order").status_code == 200
    fsm.session.auth = None
    fsm.session.cookies.clear()
    assert fsm.call("GET", "wm_order", headers=key).status_code == 200
    world.switch("fsm", api_access_policies={"table": ["basic"]})
    assert fsm.call("GET", "/api/now/v2/table/wm_order", headers=key).status_code == 401
    fsm.session.auth = basic
    assert fsm.get("wm_order").status_code == 200


def test_the_words_of_a_401_differ_between_releases(world: World, fsm: Client) -> None:
    for words in ("User is not authenticated", "User Not Authenticated"):
        world.switch("fsm", answers={"not_authenticated": {"message": words}})
        assert fsm_refusal(fsm, "connector", "wrong").json()["error"]["message"] == words


def test_a_cookie_goes_on_after_the_token_without_any_user_token_where_the_property_says_so(
    world: World, fsm: Client
) -> None:
    world.switch("fsm", oauth_access_seconds=60)
    token = world.fsm.tokens.issue("connector", shared=True, seconds=60)[0].text
    fsm.session.auth = None
    fsm.session.headers["Authorization"] = f"Bearer {token}"
    assert fsm.get("wm_order").status_code == 200
    world.advance(61)
    assert fsm.get("wm_order").status_code == 401
    world.switch("fsm", session_outlives_token=True)
    assert fsm.get("wm_order").status_code == 200
    fsm.session.cookies.clear()
    assert fsm.get("wm_order").status_code == 401


def test_a_certificate_is_mapped_to_a_user_by_its_fingerprint(world: World, fsm: Client, tmp_path: Any) -> None:
    pem, print_of_it = Authority(tmp_path / "ca.pem").client_certificate("dispatcher")
    file = tmp_path / "client.pem"
    file.write_text(pem)
    fsm.session.auth = None
    assert fsm.call("GET", "wm_order", cert=str(file)).status_code == 401
    world.map_certificate("fsm", print_of_it, "dispatcher")
    assert fsm.call("GET", "wm_order", cert=str(file)).status_code == 200
    assert fsm.call("GET", "wm_order", cert=(str(file), str(file))).status_code == 200
    for name in ("mutual_tls", "adc_supports_tls"):
        world.switch("fsm", **{name: False})
        fsm.session.cookies.clear()
        assert fsm.call("GET", "wm_order", cert=str(file)).status_code == 401
        world.switch("fsm", **{name: True})


@pytest.mark.parametrize("supported", [True, False])
def test_the_load_balancer_says_whether_it_takes_certificates(world: World, fsm: Client, supported: bool) -> None:
    world.switch("fsm", adc_supports_tls=supported)
    fsm.session.auth = None
    answer = fsm.call("GET", "/adcv2/supports_tls")
    assert (answer.status_code, answer.text) == (200, "true" if supported else "false")
