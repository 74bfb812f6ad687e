"""README promise: every way to sign in works, secrets are rotated without a restart, and no secret is ever shown."""

from __future__ import annotations

import logging
import re
import traceback
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connector import app
from connector.config import load
from connector.errors import SignInFailed
from tests.conftest import HAMBURG, Pair, make_pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from connector.sandbox.instance import Instance

CLIENT = 'client_id = "{client}"\nclient_secret = {{ file = "secrets/fsm.client_secret" }}\n'
KEY_PASSWORD = "opens-the-key"
WAYS = {
    "oauth_client_credentials": CLIENT,
    "oauth_password": CLIENT + 'username = "connector"\npassword = {{ file = "secrets/password" }}\n',
    "oauth_refresh_token": CLIENT + 'refresh_token = {{ file = "secrets/refresh" }}\n',
    "oauth_jwt_bearer": CLIENT
    + 'subject = "connector@fsm.example.test"\nkey = {{ file = "secrets/key" }}\nkey_id = "k1"\n'
    + 'key_password = {{ file = "secrets/key_password" }}\n',
    "api_key": 'key = {{ file = "secrets/api_key" }}\n',
    "basic": 'username = "connector"\npassword = {{ file = "secrets/password" }}\n',
}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return make_pair(tmp_path, oauth=True)


def fsm(pair: Pair) -> Instance:
    return pair.world.instance("fsm")


def place(pair: Pair, name: str) -> Path:
    return pair.loaded.path.parent / "secrets" / name


def signing_in_by(pair: Pair, kind: str, key: rsa.RSAPrivateKey) -> Pair:
    """The Field Service side signs in this way."""
    user, instance = pair.world.users("fsm")["connector"], fsm(pair)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(KEY_PASSWORD.encode()),
    )
    half = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    pair.world.register_key("fsm", "k1", half.decode())
    refresh = instance.tokens.refreshing("connector").text
    for name, text in {
        "password": user.password,
        "api_key": user.api_key,
        "key": pem.decode(),
        "key_password": KEY_PASSWORD,
        "refresh": refresh,
    }.items():
        place(pair, name).write_text(text, encoding="utf-8")
        place(pair, name).chmod(0o600)
    section = f'[fsm.sign_in]\nkind = "{kind}"\n' + WAYS[kind].format(client=instance.oauth_client["client_id"])
    path = pair.loaded.path
    text = re.sub(r"\[fsm\.sign_in\]\n[^\[]*", lambda _: f"{section}\n", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    return Pair(pair.world, load(path))


def asked_for_tokens(pair: Pair) -> int:
    """How often the Field Service instance was asked for a token."""
    return sum(one.path == "/oauth_token.do" for one in pair.world.requests("fsm"))


@pytest.mark.parametrize("kind", WAYS)
def test_a_work_order_is_created_whichever_way_the_connector_signs_in(
    kind: str, pair: Pair, key: rsa.RSAPrivateKey
) -> None:
    pair = signing_in_by(pair, kind, key)
    order = pair.approved(HAMBURG)
    pair.sync()
    assert pair.work_orders(order, "Install CPE") != []


# --- tokens that end, secrets that change -------------------------------------------------------------------------


@pytest.fixture
def running(pair: Pair) -> Iterator[Callable[[], app.Pass]]:
    """Passes of one process, as the daemon makes them; the first is done, so there is a token."""
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        app.sync_once(engine, systems, pair.now)
        yield lambda: app.sync_once(engine, systems, pair.now)


def test_one_token_serves_pass_after_pass_and_a_new_one_is_fetched_before_it_ends(
    pair: Pair, running: Callable[[], app.Pass]
) -> None:
    assert asked_for_tokens(pair) == 1
    pair.world.advance(1000)
    running()
    assert asked_for_tokens(pair) == 1
    pair.world.advance(1000)
    running()
    assert asked_for_tokens(pair) == 2


def test_a_token_that_dies_in_the_middle_of_a_pass_is_replaced_and_nobody_notices(
    pair: Pair, running: Callable[[], app.Pass]
) -> None:
    order = pair.approved(HAMBURG)
    fsm(pair).tokens.expire_all()
    running()
    assert pair.work_orders(order, "Install CPE") != []
    assert asked_for_tokens(pair) == 2
    pair.assert_nothing_doubled()


def test_a_client_secret_is_rotated_without_a_restart(pair: Pair, running: Callable[[], app.Pass]) -> None:
    fsm(pair).oauth_client["client_secret"] = "the-new-one"
    place(pair, "fsm.client_secret").write_text("the-new-one", encoding="utf-8")
    fsm(pair).tokens.expire_all()
    running()
    assert asked_for_tokens(pair) == 2


def test_a_wrong_client_secret_is_tried_twice_until_it_changes_and_then_all_goes_on(pair: Pair) -> None:
    place(pair, "fsm.client_secret").write_text("wrong", encoding="utf-8")
    wrong = Pair(pair.world, load(pair.loaded.path))
    systems = app.connect(wrong.loaded, wrong.outside())
    for _ in range(5):
        with pytest.raises(SignInFailed, match="gave no access token") as refused:
            systems.fsm.reach()
    assert asked_for_tokens(wrong) == 2
    for words in ("syslog", "glide.oauth.inbound.client.credential.grant_type.enabled", "Application User"):
        assert words in refused.value.hint
    right = fsm(pair).oauth_client["client_secret"]
    place(pair, "fsm.client_secret").write_text(right, encoding="utf-8")
    systems.fsm.reach()
    assert asked_for_tokens(wrong) == 3


def test_a_key_that_cannot_sign_says_so_and_asks_nobody(pair: Pair, key: rsa.RSAPrivateKey) -> None:
    pair = signing_in_by(pair, "oauth_jwt_bearer", key)
    place(pair, "key_password").write_text("wrong", encoding="utf-8")
    pair = Pair(pair.world, load(pair.loaded.path))
    with pytest.raises(SignInFailed, match="private key cannot be used"):
        app.connect(pair.loaded, pair.outside()).fsm.reach()
    assert asked_for_tokens(pair) == 0


# --- and nothing is ever shown ------------------------------------------------------------------------------------


@pytest.mark.parametrize("works", [True, False], ids=["let in", "refused"])
@pytest.mark.parametrize("kind", WAYS)
def test_no_secret_token_or_key_is_in_a_log_an_error_or_a_repr(
    kind: str, works: bool, pair: Pair, key: rsa.RSAPrivateKey, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pair = signing_in_by(pair, kind, key)
    secrets = {text.get_secret_value() for text in pair.loaded.secrets.values()}
    systems = app.connect(pair.loaded, pair.outside())
    credentials = systems.fsm_api.endpoint.credentials
    if not works:
        fsm(pair).users.clear()
    shown: list[Any] = [pair.loaded, pair.loaded.model_dump(), systems.fsm_api.endpoint, credentials, vars(credentials)]
    try:
        systems.fsm.reach()
    except SignInFailed as error:
        assert not works
        shown += [error, vars(error), "".join(traceback.format_exception(error))]
    else:
        assert works
    secrets |= set(fsm(pair).tokens._access)
    text = f"{shown} {caplog.text} {pair.loaded.settings.model_dump_json()}"
    assert len(secrets) >= 2
    assert [secret for secret in secrets if secret in text] == []
