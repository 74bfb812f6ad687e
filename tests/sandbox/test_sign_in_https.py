"""Every way to sign in over HTTPS, with an ordinary client on the other side."""

from __future__ import annotations

import base64
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from oauthlib.oauth2 import BackendApplicationClient, LegacyApplicationClient, WebApplicationClient
from requests_oauthlib import OAuth2Session

from connector.sandbox import World
from connector.sandbox.oauth.grants import JWT_BEARER
from connector.sandbox.signin.passwords import one_time_code
from tests import PATIENCE
from tests.sandbox.gestures import START

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.sandbox.serve import Served


class Site:
    """The Field Service instance over HTTPS."""

    def __init__(self, world: World, served: Served) -> None:
        self.world, self.served = world, served
        self.info: dict[str, Any] = served.info["fsm"]
        self.url: str = self.info["url"]
        self.ca: str = served.info["ca_file"]
        self.token_url = f"{self.url}/oauth_token.do"
        self.oauth: dict[str, str] = self.info["oauth"]

    def password(self, login: str = "connector") -> str:
        password: str = self.info["users"][login]["password"]
        return password

    def get(self, **options: Any) -> requests.Response:
        """Some locations, by a client that keeps nothing."""
        return requests.get(f"{self.url}/api/now/table/cmn_location", verify=self.ca, timeout=PATIENCE, **options)

    def control(self, path: str, **body: Any) -> Any:
        plane = self.served.info["control"]
        headers = {"Authorization": f"Bearer {plane['token']}"}
        answer = requests.post(
            f"{plane['url']}/sandbox/{path}", json=body, headers=headers, verify=self.ca, timeout=PATIENCE
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]


@pytest.fixture(scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    world = World.create(start=START)
    with world.serve(tmp_path_factory.mktemp("sign-in")) as served:
        yield Site(world, served)
    world.close()


@pytest.fixture
def site(_site: Site) -> Iterator[Site]:
    """The switches are as they were after each test."""
    switches = dict(_site.world.fsm.switches)
    yield _site
    _site.world.fsm.switches.update(switches)


def test_a_password_and_a_second_factor(site: Site) -> None:
    login, password = "qualifier", site.password("qualifier")
    user = site.world.users("fsm")[login]
    assert site.get(auth=(login, password)).status_code == 200
    site.world.fsm.records.update("sys_user", user.sys_id, {"enable_multifactor_authn": "true"}, site.world.fsm.system)
    refused = site.get(auth=(login, password))
    assert (refused.status_code, refused.headers["X-MFA_TOKEN"]) == (401, "invalid")
    code = one_time_code(site.world.users("fsm")[login].mfa_secret, site.world.fsm.clock.now())
    assert site.get(auth=(login, password + code)).status_code == 200


def test_a_gate_before_basic_authentication(site: Site) -> None:
    site.world.switch("fsm", basic_auth_gate=True)
    refused = site.get(auth=("dispatcher", site.password("dispatcher")))
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Basic realm="Service-now"')
    assert site.get(auth=("connector", site.password())).status_code == 200  # web service access only


def test_an_api_key_in_the_header_and_in_the_address(site: Site) -> None:
    key = {"x-sn-apikey": site.info["users"]["connector"]["api_key"]}
    assert [site.get(headers=key).status_code, site.get(params=key).status_code] == [200, 200]
    site.world.switch("fsm", token_places=["header"])
    assert [site.get(headers=key).status_code, site.get(params=key).status_code] == [200, 401]


def test_a_signed_request(site: Site) -> None:
    known = site.info["users"]["connector"]["hmac"]
    body = json.dumps({"short_description": "signed"}).encode()
    signature = base64.b64encode(hmac.digest(known["secret"].encode(), body, "sha256")).decode()
    headers = {"x-sn-hmac-signature-256": f"KEYID={known['key_id']},SIGNATURE={signature}"}
    url = f"{site.url}/api/now/table/wm_order"
    answers = [
        requests.post(url, data=sent, headers=headers, verify=site.ca, timeout=PATIENCE).status_code
        for sent in (body, body + b" ")
    ]
    assert answers == [201, 401]


def test_a_client_certificate(site: Site) -> None:
    assert requests.get(f"{site.url}/adcv2/supports_tls", verify=site.ca, timeout=PATIENCE).text == "true"
    certificate = site.served.client_certificate("fsm", "dispatcher")
    assert site.get(cert=str(certificate)).headers["X-Is-Logged-In"] == "true"
    assert site.get().status_code == 401
    site.world.switch("fsm", mutual_tls=False)
    assert site.get(cert=str(certificate)).status_code == 401


def test_a_certificate_from_the_control_plane(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "client.pem"
    file.write_text(site.control("certificate", instance="fsm", user="technician")["pem"])
    assert site.get(cert=str(file)).status_code == 200
    assert site.world.fsm.sessions  # and only on the instance it was mapped on
    om = site.served.info["om"]["url"]
    other = requests.get(f"{om}/api/now/table/cmn_location", cert=str(file), verify=site.ca, timeout=PATIENCE)
    assert other.status_code == 401


def test_a_certificate_of_another_authority_fails_the_handshake(site: Site, tmp_path: Path) -> None:
    import trustme

    file = tmp_path / "foreign.pem"
    trustme.CA().issue_cert("x.test").private_key_and_cert_chain_pem.write_to_path(str(file))
    with pytest.raises(requests.ConnectionError):
        site.get(cert=str(file))


def test_a_session_cookie_with_its_user_token(site: Site) -> None:
    with requests.Session() as browser:
        browser.verify = site.ca
        url = f"{site.url}/api/now/table/cmn_location"
        assert browser.get(url, auth=("dispatcher", site.password("dispatcher"))).status_code == 200
        told = browser.get(url)
        assert (told.status_code, told.headers["X-Is-Logged-In"]) == (401, "true")
        assert browser.get(url, headers={"X-UserToken": told.headers["X-UserToken-Response"]}).status_code == 200


def test_client_credentials_by_a_common_oauth_library(site: Site) -> None:
    for in_body in (False, True):
        with OAuth2Session(client=BackendApplicationClient(client_id=site.oauth["client_id"])) as session:
            session.fetch_token(
                site.token_url, client_secret=site.oauth["client_secret"], include_client_id=in_body, verify=site.ca
            )
            answer = session.get(f"{site.url}/api/now/table/cmn_location", verify=site.ca)
            assert answer.status_code == 200


def test_a_password_grant_is_refreshed_and_revoked_by_a_common_oauth_library(site: Site) -> None:
    client = {"client_id": site.oauth["client_id"], "client_secret": site.oauth["client_secret"]}
    with OAuth2Session(client=LegacyApplicationClient(client_id=client["client_id"])) as session:
        token = session.fetch_token(
            site.token_url, username="dispatcher", password=site.password("dispatcher"), verify=site.ca, **client
        )
        site.world.advance(1801)
        url = f"{site.url}/api/now/table/cmn_location"
        session.cookies.clear()
        assert session.get(url, verify=site.ca).status_code == 401
        session.refresh_token(site.token_url, refresh_token=token["refresh_token"], verify=site.ca, **client)
        assert session.get(url, verify=site.ca).status_code == 200
        given = {"token": session.token["access_token"]}
        requests.get(f"{site.url}/oauth_revoke_token.do", params=given, verify=site.ca, timeout=PATIENCE)
        assert session.get(url, verify=site.ca).status_code == 401


def test_an_authorization_code_by_a_common_oauth_library(site: Site) -> None:
    web = WebApplicationClient(site.oauth["client_id"])
    with OAuth2Session(client=web, redirect_uri="https://localhost/callback") as session:
        address, state = session.authorization_url(f"{site.url}/oauth_auth.do")
        person = ("dispatcher", site.password("dispatcher"))
        sent = requests.get(address, auth=person, verify=site.ca, allow_redirects=False, timeout=PATIENCE)
        assert f"state={state}" in sent.headers["Location"]
        session.fetch_token(
            site.token_url,
            authorization_response=sent.headers["Location"],
            client_secret=site.oauth["client_secret"],
            verify=site.ca,
        )
        assert session.get(f"{site.url}/api/now/table/cmn_location", verify=site.ca).status_code == 200


def test_an_assertion_signed_with_a_key_registered_at_the_control_plane(site: Site) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    site.control("oauth_key", instance="fsm", kid="theirs", public_key=pem)
    client, now = site.oauth["client_id"], int(site.world.fsm.clock.now().timestamp())
    claims = {"iss": client, "aud": client, "sub": "admin@example.test", "iat": now, "exp": now + 60, "jti": "one"}
    parts = [{"alg": "RS256", "kid": "theirs"}, claims]
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(key.sign(signed, padding.PKCS1v15(), hashes.SHA256())).rstrip(b"=")
    asked = {"grant_type": JWT_BEARER, "assertion": (signed + b"." + signature).decode(), **site.oauth}
    answers = [requests.post(site.token_url, data=asked, verify=site.ca, timeout=PATIENCE) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 401]
    bearer = {"Authorization": f"Bearer {answers[0].json()['access_token']}"}
    assert site.get(headers=bearer).status_code == 200


def test_the_public_keys_of_the_instance_need_no_sign_in(site: Site) -> None:
    keys = requests.get(f"{site.url}/api/now/oauth/jwks", verify=site.ca, timeout=PATIENCE).json()["keys"]
    assert [(key["kty"], key["alg"]) for key in keys] == [("RSA", "RS256")]
