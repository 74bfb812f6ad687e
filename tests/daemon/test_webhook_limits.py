"""What the receiver bears: too much, too often, too slowly, from too many; and how little a refusal tells."""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from connector.config import Http, Webhook
from connector.daemon.signature import Verifier
from connector.daemon.throttle import Throttle
from connector.daemon.webhook import Door, Receiver, application
from tests import PATIENCE
from tests.daemon.test_webhook import BODY, KEY, Post

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = {"env": "X"}
VERIFIER = Verifier("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", tolerance=300)


@contextmanager
def receiving(
    *, per_second: float = 50.0, patience: float = 5.0, longest: float = 5.0, now: list[float] | None = None
) -> Iterator[Receiver]:
    clock = (lambda: now[0]) if now is not None else time.time
    app = application(Door(VERIFIER, per_second=per_second), lambda _: None, clock, patience=patience)
    receiver = Receiver(app, "127.0.0.1", 0, longest=longest)
    receiver.start()
    yield receiver
    receiver.stop()


def post(receiver: Receiver) -> requests.Response:
    return requests.post(f"http://127.0.0.1:{receiver.port}/webhook", data=BODY, timeout=PATIENCE)


def answer_to(receiver: Receiver, text: bytes) -> bytes:
    """What comes back on a connection whose sender then falls silent."""
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=PATIENCE) as sender:
        sender.sendall(text)
        try:
            return sender.recv(10_000)
        except ConnectionResetError:
            return b""


# --- how often -------------------------------------------------------------------------------------------------


def test_who_knocks_too_often_is_told_when_to_come_again_and_then_let_in() -> None:
    now = [1_000.0]
    with receiving(per_second=0.2, now=now) as receiver:
        answers = [post(receiver) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [401, 401, 429, 429]
        assert answers[-1].headers["Retry-After"] == "5"
        now[0] += 5.0
        assert post(receiver).status_code == 401


def test_one_sender_who_knocks_too_often_keeps_no_other_out() -> None:
    throttle = Throttle(1.0)
    assert [throttle.wait("noisy", 0.0) > 0 for _ in range(11)] == [False] * 10 + [True]
    assert throttle.wait("quiet", 0.0) == 0.0


def test_the_memory_of_senders_is_bounded_and_the_one_who_knocks_stays_in_it() -> None:
    throttle = Throttle(1.0)
    for number in range(5_000):
        waited = throttle.wait("noisy", 0.0)
        throttle.wait(f"sender {number}", 0.0)
    assert len(throttle) == 1_000
    assert waited > 0


def test_a_clock_that_is_set_back_gives_nobody_more() -> None:
    throttle = Throttle(1.0)
    for _ in range(10):
        throttle.wait("a", 1_000.0)
    assert throttle.wait("a", 10.0) > 0
    assert throttle.wait("a", 11.5) == 0.0


# --- how slowly ------------------------------------------------------------------------------------------------


def test_who_sends_headers_drop_by_drop_is_cut_off() -> None:
    with receiving(longest=0.1) as receiver:
        assert answer_to(receiver, b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""


def test_a_body_that_does_not_arrive_is_not_waited_for() -> None:
    with receiving(patience=0.05) as receiver:
        said = answer_to(receiver, b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    assert said.startswith(b"HTTP/1.1 408")


def test_a_sender_that_hangs_up_in_the_middle_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with receiving() as receiver:
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", receiver.port), timeout=PATIENCE) as sender:
                sender.sendall(b"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert post(receiver).status_code == 401
    assert [record for record in caplog.records if record.exc_info] == []


def test_headers_without_end_are_refused() -> None:
    with receiving() as receiver:
        said = answer_to(receiver, b"POST /webhook HTTP/1.1\r\nX: " + b"x" * 70_000)
    assert said[:12] in (b"HTTP/1.1 400", b"")


# --- what a refusal tells --------------------------------------------------------------------------------------


def test_a_refusal_tells_nothing_but_its_status() -> None:
    sender = Post()
    sender.receiver.start()
    refusals = [
        requests.post(sender.url, data=BODY, timeout=PATIENCE),
        requests.post(sender.url, data=BODY, headers={"webhook-id": "1", "webhook-timestamp": "1"}, timeout=PATIENCE),
        requests.post(sender.url, data=b" " * 30_000, timeout=PATIENCE),
    ]
    sender.receiver.stop()
    assert [(one.status_code, one.text) for one in refusals] == [(401, ""), (401, ""), (413, "")]
    assert all("server" not in one.headers for one in refusals)
    assert KEY.decode() not in json.dumps([dict(one.headers) for one in refusals])


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post_is_taken(method: str) -> None:
    with receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/webhook"
        assert requests.request(method, url, timeout=PATIENCE).status_code == 405
        assert requests.request(method, url.replace("webhook", "admin"), timeout=PATIENCE).status_code == 404


# --- where it listens ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "connector.example.com", ""])  # noqa: S104
def test_it_listens_beyond_this_machine_only_when_somebody_said_so(host: str) -> None:
    with pytest.raises(ValueError, match="expose = true"):
        Http.model_validate({"host": host})
    assert Http.model_validate({"host": host, "expose": True}).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_on_this_machine_it_needs_no_word(host: str) -> None:
    assert Http.model_validate({"host": host}).expose is False
    assert Http().host == "127.0.0.1"


def test_where_the_receiver_listened_before_is_told_where_it_is_said_now() -> None:
    with pytest.raises(ValueError, match=r"host, port: where the daemon listens is now said under \[http\]"):
        Webhook.model_validate({"host": "127.0.0.1", "port": 1, "secret": SECRET})
    assert Webhook.model_validate({"secret": SECRET}).tolerance_seconds == 300.0
