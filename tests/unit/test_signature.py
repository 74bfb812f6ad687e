"""Webhook signatures: only who knows the secret can make the connector look, and only now, and only once."""

from __future__ import annotations

import ast
import asyncio
import base64
import hashlib
import hmac
import inspect
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.daemon.signature import BadSignature, Verifier, key_of
from connector.daemon.webhook import Door, application

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = bytes(range(32))
OLD_KEY = bytes(32)
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
NOW = 1_800_000_000
BODY = b'{"sys_id": "0123456789abcdef0123456789abcdef"}'


def signature(message_id: str = "msg_1", timestamp: str = str(NOW), body: bytes = BODY, key: bytes = KEY) -> str:
    """What the sender computes, by the specification and not by our code."""
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def headers(message_id: str = "msg_1", timestamp: str = str(NOW), signed: str | None = None) -> dict[str, str]:
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(message_id, timestamp) if signed is None else signed,
    }


def verifier(secret: str = SECRET) -> Verifier:
    return Verifier(secret, tolerance=300)


def test_the_example_of_the_specification_is_believed() -> None:
    spec = Verifier("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", tolerance=300)
    told = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    assert spec.check(told, b'{"test": 2432232314}', 1614265330)


def test_a_message_of_who_knows_the_secret_is_believed() -> None:
    assert verifier().check(headers(), BODY, NOW)


def test_the_secret_may_stand_without_its_prefix() -> None:
    assert verifier(SECRET.removeprefix("whsec_")).check(headers(), BODY, NOW)


@pytest.mark.parametrize(
    "signed",
    [
        "",
        "v1,",
        "v1",
        signature(key=OLD_KEY),
        signature(body=b"{}"),
        signature(message_id="msg_2"),
        signature(timestamp=str(NOW - 1)),
        signature().replace("v1,", "v2,"),
        signature().replace("v1,", "v1a,"),
        signature().removeprefix("v1,"),
        signature()[:-1],
        signature() + "=",
        signature().lower(),
        "v1,ünïcödé",
        "v1,\U0001f600 é,é",
    ],
)
def test_a_message_with_a_wrong_signature_is_not_believed(signed: str) -> None:
    with pytest.raises(BadSignature, match="no signature fits"):
        verifier().check(headers(signed=signed), BODY, NOW)


@pytest.mark.parametrize(
    "signed",
    [
        f"{signature(key=OLD_KEY)} {signature()}",
        f"{signature()} {signature(key=OLD_KEY)}",
        f"v1a,b3Ro {signature()}",
        f"é,é {signature()}",
    ],
)
def test_while_a_secret_is_rotated_one_fitting_signature_of_several_is_enough(signed: str) -> None:
    assert verifier().check(headers(signed=signed), BODY, NOW)


@pytest.mark.parametrize(
    ("late", "believed"), [(0, True), (300, True), (-300, True), (301, False), (-301, False), (300.5, False)]
)
def test_an_old_message_and_one_from_the_future_are_not_believed(late: float, believed: bool) -> None:
    if believed:
        assert verifier().check(headers(), BODY, NOW + late)
    else:
        with pytest.raises(BadSignature, match="too far from now"):
            verifier().check(headers(), BODY, NOW + late)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_message_without_one_of_the_three_headers_is_not_believed(name: str) -> None:
    told = headers()
    del told[name]
    with pytest.raises(BadSignature):
        verifier().check(told, BODY, NOW)


@pytest.mark.parametrize("timestamp", ["", " ", "soon", f"-{NOW}", f"{NOW}.0", f" {NOW}", "²", "1e9"])
def test_a_timestamp_that_is_no_number_is_not_believed_even_when_signed(timestamp: str) -> None:
    with pytest.raises(BadSignature):
        verifier().check(headers(timestamp=timestamp), BODY, NOW)


def test_a_timestamp_of_very_many_digits_is_not_believed() -> None:
    with pytest.raises(BadSignature):
        verifier().check(headers(timestamp="9" * 5000, signed="v1,x"), BODY, NOW)


def test_a_message_heard_before_is_no_news_but_the_next_one_is() -> None:
    one = verifier()
    assert [one.check(headers(), BODY, NOW + later) for later in (0, 1)] == [True, True]  # not acted upon yet
    one.remember(headers())
    assert [one.check(headers(), BODY, NOW + later) for later in (1, 299)] == [False, False]
    assert one.check(headers("msg_2"), BODY, NOW)


def test_a_forged_message_does_not_use_up_the_id_of_a_true_one() -> None:
    one = verifier()
    with pytest.raises(BadSignature):
        one.check(headers(signed=signature(key=OLD_KEY)), BODY, NOW)
    assert one.check(headers(), BODY, NOW)


def test_a_replay_is_recognised_among_thousands_of_messages() -> None:
    one = verifier()
    for n in range(5000):
        assert one.check(headers(f"msg_{n}"), BODY, NOW)
        one.remember(headers(f"msg_{n}"))
    assert not one.check(headers("msg_0"), BODY, NOW)


@given(st.text(min_size=1), st.text(), st.text(), st.binary())
def test_who_does_not_know_the_secret_is_not_believed_whatever_is_sent(
    message_id: str, timestamp: str, signed: str, body: bytes
) -> None:
    for told in (headers(message_id, timestamp, signed), headers(message_id, str(NOW), signed)):
        with pytest.raises(BadSignature):
            verifier().check(told, body, NOW)


@given(st.text(min_size=1), st.binary())
def test_who_knows_the_secret_is_believed_whatever_the_message_says(message_id: str, body: bytes) -> None:
    signed = signature(message_id, body=body)
    assert verifier().check(headers(message_id, signed=signed), body, NOW)


@pytest.mark.parametrize("secret", ["whsec_not base64!", "abc", "whsec_ünïcödé", "whsec_AAAA\n"])
def test_a_secret_that_is_no_key_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ValueError) as refused:
        key_of(secret)
    assert secret not in str(refused.value)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_AAAA"])
def test_a_secret_too_short_to_be_one_is_refused(secret: str) -> None:
    with pytest.raises(ValueError):
        key_of(secret)


# --- what the receiver makes of it -----------------------------------------------------------------------------


def post(app: Any, told: dict[str, str], body: bytes = BODY) -> int:
    """The status one POST /webhook is answered with; 500 where the application gives up."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode()) for name, value in told.items()]
    scope = {"type": "http", "method": "POST", "path": "/webhook", "headers": raw, "query_string": b""}
    try:
        asyncio.run(app(scope, receive, send))
    except OSError:
        return 500
    return int(sent[0]["status"])


def failing(times: int, woken: list[str]) -> Callable[[str], None]:
    """Memory that cannot be written to the first few times."""
    left = [times]

    def wake(sys_id: str) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise OSError("disk full")
        woken.append(sys_id)

    return wake


@pytest.mark.parametrize(("told", "status", "looks"), [(headers(), 202, 1), (headers(signed="v1,x"), 401, 0)])
def test_a_believed_message_makes_the_connector_look_and_no_other(
    told: dict[str, str], status: int, looks: int
) -> None:
    woken: list[str] = []
    app = application(Door(verifier()), failing(0, woken), clock=lambda: NOW)
    assert (post(app, told), len(woken)) == (status, looks)


def test_a_message_whose_wakeup_could_not_be_stored_is_heard_when_it_is_sent_again() -> None:
    woken: list[str] = []
    app = application(Door(verifier()), failing(1, woken), clock=lambda: NOW)
    assert [post(app, headers()), post(app, headers())] == [500, 202]
    assert len(woken) == 1


def test_signatures_are_compared_in_constant_time() -> None:
    """Time cannot be measured reliably, so the source is read: no signature is compared but by hmac.compare_digest."""
    tree = ast.parse(inspect.getsource(Verifier.check).lstrip().replace("\n    ", "\n"))
    compared = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Compare)]
    assert [text for text in compared if "expected" in text or "s.encode" in text] == []
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert calls.count("hmac.compare_digest") == 1
