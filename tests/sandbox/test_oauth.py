"""The token endpoint: who gets a token by which grant, how it is refused, how long it lives."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from connector.sandbox.oauth.grants import JWT_BEARER, challenge_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from connector.sandbox import World
    from tests.sandbox.gestures import Client

CALLBACK = "https://localhost/callback"
VERIFIER = "a-verifier-of-at-least-43-characters-0123456789abc"


def ask(client: Client, headers: dict[str, str] | None = None, /, **form: str) -> requests.Response:
    client.session.auth = None
    form = {**client.world.fsm.oauth_client, **form}
    filled = {key: value for key, value in form.items() if value}
    return client.call("POST", "/oauth_token.do", data=filled, headers=headers or {})


def opens(client: Client, token: str) -> bool:
    client.session.auth = None
    client.session.cookies.clear()
    return client.call("GET", "cmn_location", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def in_header(client: Client) -> dict[str, str]:
    oauth = client.world.fsm.oauth_client
    pair = base64.b64encode(f"{oauth['client_id']}:{oauth['client_secret']}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


@pytest.mark.parametrize(("accepted", "status"), [(True, 200), (False, 401)])
def test_a_client_may_name_itself_in_a_basic_header_only_where_the_instance_takes_it(
    world: World, fsm: Client, accepted: bool, status: int
) -> None:
    world.switch("fsm", oauth_secret_in_header=accepted)
    answer = ask(fsm, in_header(fsm), grant_type="client_credentials", client_id="", client_secret="")
    assert answer.status_code == status
    assert ask(fsm, grant_type="client_credentials").status_code == 200


@pytest.mark.parametrize("missing", ["oauth_client_credentials_grant", "oauth_application_user"])
def test_client_credentials_need_the_property_and_an_application_user(world: World, fsm: Client, missing: str) -> None:
    assert ask(fsm, grant_type="client_credentials").status_code == 200
    world.switch("fsm", **{missing: False})
    assert ask(fsm, grant_type="client_credentials").status_code == 401


def test_client_credentials_get_a_refresh_token_only_where_the_instance_gives_one(world: World, fsm: Client) -> None:
    assert "refresh_token" not in ask(fsm, grant_type="client_credentials").json()
    world.switch("fsm", oauth_client_credentials_refresh=True)
    assert ask(fsm, grant_type="client_credentials").json()["refresh_token"]


def by_password(client: Client) -> dict[str, Any]:
    password = client.world.users("fsm")["dispatcher"].password
    granted: dict[str, Any] = ask(client, grant_type="password", username="dispatcher", password=password).json()
    return granted


def refreshed(client: Client, token: str) -> requests.Response:
    return ask(client, grant_type="refresh_token", refresh_token=token)


def test_a_refresh_token_stays_the_same_or_is_used_up_by_refreshing(world: World, fsm: Client) -> None:
    first = by_password(fsm)["refresh_token"]
    assert refreshed(fsm, first).json()["refresh_token"] == first
    world.switch("fsm", oauth_refresh_rotates=True)
    second = refreshed(fsm, first).json()["refresh_token"]
    assert second != first
    assert refreshed(fsm, first).status_code == 401
    assert refreshed(fsm, second).status_code == 200


def test_a_refresh_token_lives_as_long_as_the_registry_says(world: World, fsm: Client) -> None:
    world.switch("fsm", oauth_refresh_seconds=3600)
    token = by_password(fsm)["refresh_token"]
    world.advance(3599)
    assert refreshed(fsm, token).status_code == 200
    world.advance(2)
    assert refreshed(fsm, token).status_code == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "client_credentials", "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "password", "username": "dispatcher", "password": "wrong"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "wrong"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "wrong", "redirect_uri": CALLBACK}, "invalid_grant"),
        ({"grant_type": JWT_BEARER, "assertion": "wrong"}, "invalid_grant"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
    ],
)
def test_some_instances_say_what_was_wrong_with_a_token_request(
    world: World, fsm: Client, form: dict[str, str], error: str
) -> None:
    assert ask(fsm, **form).json()["error"] == "server_error"
    world.switch("fsm", oauth_errors="rfc6749")
    refused = ask(fsm, **form)
    assert (refused.status_code, refused.json()["error"]) == (401, error)


def test_a_token_can_be_revoked_by_anybody_who_has_it(fsm: Client) -> None:
    token = by_password(fsm)["access_token"]
    assert opens(fsm, token)
    assert fsm.call("GET", "/oauth_revoke_token.do", params={"token": token}).status_code == 200
    assert not opens(fsm, token)


# --- assertions ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def stolen() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(key: rsa.RSAPrivateKey) -> str:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()


def b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def assertion(key: rsa.RSAPrivateKey, claims: dict[str, Any], **head: str) -> str:
    parts = ({"alg": "RS256", "typ": "JWT", "kid": "k1", **head}, claims)
    signed = ".".join(b64url(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{b64url(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@pytest.fixture
def claims(world: World, key: rsa.RSAPrivateKey) -> dict[str, Any]:
    world.register_key("fsm", "k1", public(key))
    client = world.fsm.oauth_client["client_id"]
    now = int(world.fsm.clock.now().timestamp())
    return {"iss": client, "aud": client, "sub": "admin@example.test", "iat": now, "exp": now + 60, "jti": "1"}


def test_an_assertion_signed_with_a_registered_key_gives_a_token_of_its_subject(
    fsm: Client, key: rsa.RSAPrivateKey, claims: dict[str, Any]
) -> None:
    granted = ask(fsm, grant_type=JWT_BEARER, assertion=assertion(key, claims)).json()
    assert fsm.world.fsm.tokens.bearer(granted["access_token"]) == "admin"
    assert opens(fsm, granted["access_token"])


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "somebody else"),
        ("aud", "somewhere else"),
        ("sub", "nobody@example.test"),
        ("sub", ""),
        ("exp", 1),
        ("exp", None),
        ("iat", 4_000_000_000),
        ("jti", ""),
    ],
)
def test_an_assertion_with_a_wrong_claim_gives_none(
    fsm: Client, key: rsa.RSAPrivateKey, claims: dict[str, Any], claim: str, value: object
) -> None:
    assert ask(fsm, grant_type=JWT_BEARER, assertion=assertion(key, {**claims, claim: value})).status_code == 401
    assert ask(fsm, grant_type=JWT_BEARER, assertion=assertion(key, claims)).status_code == 200


def test_an_assertion_with_a_wrong_signature_gives_none(
    fsm: Client, key: rsa.RSAPrivateKey, stolen: rsa.RSAPrivateKey, claims: dict[str, Any]
) -> None:
    good = assertion(key, claims)
    unsigned = b64url(json.dumps({"alg": "none", "kid": "k1"}).encode()) + "." + good.split(".")[1] + "."
    for bad in (assertion(stolen, claims), good[:-8] + "AAAAAAAA", unsigned, "x", "a.b.c", "....", "Ä.Ä.Ä"):
        assert ask(fsm, grant_type=JWT_BEARER, assertion=bad).status_code == 401
    assert ask(fsm, grant_type=JWT_BEARER, assertion=good).status_code == 200


def test_an_assertion_opens_once_unless_the_instance_does_not_look(
    world: World, fsm: Client, key: rsa.RSAPrivateKey, claims: dict[str, Any]
) -> None:
    same = assertion(key, claims)
    assert [ask(fsm, grant_type=JWT_BEARER, assertion=same).status_code for _ in range(2)] == [200, 401]
    world.switch("fsm", oauth_jwt_single_use=False)
    assert ask(fsm, grant_type=JWT_BEARER, assertion=same).status_code == 200


@pytest.mark.parametrize(("needed", "status"), [(True, 401), (False, 200)])
def test_an_assertion_may_stand_for_the_clients_secret(
    world: World, fsm: Client, key: rsa.RSAPrivateKey, claims: dict[str, Any], needed: bool, status: int
) -> None:
    world.switch("fsm", oauth_jwt_needs_secret=needed)
    answer = ask(fsm, grant_type=JWT_BEARER, assertion=assertion(key, claims), client_secret="")
    assert answer.status_code == status


@pytest.mark.parametrize(("read", "status"), [(False, 401), (True, 200)])
def test_an_assertion_in_a_header_counts_only_where_it_is_read(
    world: World, fsm: Client, key: rsa.RSAPrivateKey, claims: dict[str, Any], read: bool, status: int
) -> None:
    world.switch("fsm", oauth_assertion_in_header=read, oauth_jwt_user_field="user_name")
    header = {"Authentication": f"Bearer {assertion(key, {**claims, 'sub': 'connector'})}"}
    assert ask(fsm, header, grant_type=JWT_BEARER).status_code == status


# --- authorization codes ------------------------------------------------------------------------------------------


def authorized(client: Client, **more: str) -> requests.Response:
    asked = {"response_type": "code", "client_id": client.world.fsm.oauth_client["client_id"]}
    asked |= {"redirect_uri": CALLBACK, "state": "s1", **more}
    return client.call("GET", "/oauth_auth.do", params=asked, allow_redirects=False)


def sent(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302
    return {key: values[0] for key, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def redeemed(client: Client, code: str, **more: str) -> requests.Response:
    return ask(client, grant_type="authorization_code", code=code, **{"redirect_uri": CALLBACK, **more})


def test_a_person_lets_an_application_act_and_the_code_is_good_once(
    sign_in: Callable[..., Client], world: World
) -> None:
    dispatcher = sign_in("fsm", "dispatcher")
    answer = authorized(dispatcher)
    assert answer.headers["Location"].startswith(f"{CALLBACK}?")
    assert sent(answer)["state"] == "s1"
    granted = redeemed(dispatcher, sent(answer)["code"])
    assert world.fsm.tokens.bearer(granted.json()["access_token"]) == "dispatcher"
    assert granted.json()["refresh_token"]
    assert redeemed(dispatcher, sent(answer)["code"]).status_code == 401


def test_a_code_ends_after_its_time_and_counts_only_for_its_address(world: World, fsm: Client) -> None:
    world.switch("fsm", oauth_redirect_uris=[CALLBACK, "https://other.test/"])
    auth = fsm.session.auth
    for more, wait in (({}, 61), ({"redirect_uri": "https://other.test/"}, 0)):
        fsm.session.auth = auth
        code = sent(authorized(fsm))["code"]
        world.advance(wait)
        assert redeemed(fsm, code, **more).status_code == 401


def test_an_application_without_a_secret_proves_itself_by_its_verifier(fsm: Client) -> None:
    auth = fsm.session.auth
    for verifier, status in ((VERIFIER, 200), ("another", 401)):
        fsm.session.auth = auth
        code = sent(authorized(fsm, code_challenge=challenge_of(VERIFIER), code_challenge_method="S256"))["code"]
        assert redeemed(fsm, code, client_secret="", code_verifier=verifier).status_code == status


def test_a_challenged_code_needs_the_verifier_even_with_the_secret(fsm: Client) -> None:
    code = sent(authorized(fsm, code_challenge=challenge_of(VERIFIER)))["code"]
    assert redeemed(fsm, code).status_code == 401


@pytest.mark.parametrize(
    ("more", "error"),
    [({"response_type": "token"}, "invalid_request"), ({"sysparm_deny": "true"}, "access_denied")],
)
def test_a_refused_authorization_goes_back_with_its_state(fsm: Client, more: dict[str, str], error: str) -> None:
    assert sent(authorized(fsm, **more)) == {"error": error, "state": "s1"}


@pytest.mark.parametrize("more", [{"client_id": "x"}, {"redirect_uri": "https://evil.test/"}])
def test_a_code_is_never_sent_to_an_unknown_client_or_address(fsm: Client, more: dict[str, str]) -> None:
    answer = authorized(fsm, **more)
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_who_is_not_signed_in_is_sent_to_the_login_page(fsm: Client) -> None:
    fsm.session.auth = None
    assert "login_redirect.do" in authorized(fsm).headers["Location"]


# --- tokens of the instance's own making --------------------------------------------------------------------------


def test_a_token_in_jwt_format_can_be_checked_with_the_published_key(world: World, fsm: Client) -> None:
    assert "." not in ask(fsm, grant_type="client_credentials").json()["access_token"]
    world.switch("fsm", oauth_token_format="jwt", oauth_shared_token=False)
    token = ask(fsm, grant_type="client_credentials").json()["access_token"]
    assert opens(fsm, token)
    [published] = fsm.call("GET", "/api/now/oauth/jwks").json()["keys"]
    signed, _, signature = token.rpartition(".")
    head, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in signed.split("."))
    assert (head["kid"], claims["sub"]) == (published["kid"], "connector")
    modulus, exponent = (int.from_bytes(base64.urlsafe_b64decode(published[n] + "=="), "big") for n in "ne")
    rsa.RSAPublicNumbers(exponent, modulus).public_key().verify(
        base64.urlsafe_b64decode(signature + "=="), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
    )
