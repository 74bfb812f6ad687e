"""The receiver over a real socket: it believes the signature, and of the body only which record to look at."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING

import pytest
import requests

from connector.daemon.signature import Verifier
from connector.daemon.webhook import Door, Receiver, application
from connector.errors import ConfigError
from tests import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = b"0123456789abcdef0123456789abcdef"
SYS_ID = "a" * 32
BODY = json.dumps({"table": "sn_ind_tmt_orm_order", "sys_id": SYS_ID, "state": "completed"}).encode()


class Post:
    """Sends signed messages to a receiver, and knows what was woken."""

    def __init__(self) -> None:
        self.woken: list[str] = []
        verifier = Verifier(f"whsec_{base64.b64encode(KEY).decode()}", tolerance=300)
        self.receiver = Receiver(application(Door(verifier), self.woken.append), "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.receiver.port}/webhook"

    def send(self, body: bytes = BODY, *, message_id: str = "msg_1", key: bytes = KEY, path: str = "") -> int:
        stamp = str(int(time.time()))
        digest = hmac.new(key, b".".join((message_id.encode(), stamp.encode(), body)), hashlib.sha256).digest()
        headers = {
            "webhook-id": message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
        return requests.post(path or self.url, data=body, headers=headers, timeout=PATIENCE).status_code


@pytest.fixture
def post() -> Iterator[Post]:
    sender = Post()
    sender.receiver.start()
    yield sender
    sender.receiver.stop()


def test_a_signed_message_wakes_the_order_behind_its_record(post: Post) -> None:
    assert (post.send(), post.woken) == (202, [SYS_ID])


def test_a_message_signed_with_another_secret_wakes_nothing(post: Post) -> None:
    assert (post.send(key=b"somebody else"), post.woken) == (401, [])


def test_a_message_that_comes_twice_wakes_once_and_is_accepted_twice(post: Post) -> None:
    assert (post.send(), post.send(), post.woken) == (202, 202, [SYS_ID])
    assert (post.send(message_id="msg_2"), post.woken) == (202, [SYS_ID, SYS_ID])


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"{", b'{"sys_id": "^NQactive=true"}', b'{"sys_id": 7}', b"[" * 5_000]
)
def test_a_body_that_names_no_record_is_refused(post: Post, body: bytes) -> None:
    assert (post.send(body), post.woken) == (400, [])


def test_a_body_that_is_too_large_is_refused_before_it_is_read(post: Post) -> None:
    assert (post.send(b" " * 20_001), post.woken) == (413, [])
    padded = BODY + b" " * (20_000 - len(BODY))
    assert (post.send(padded), post.woken) == (202, [SYS_ID])


def test_only_one_address_takes_messages(post: Post) -> None:
    assert post.send(path=post.url + "s") == 404
    assert requests.get(post.url, timeout=PATIENCE).status_code == 405
    assert post.woken == []


def test_a_port_that_is_taken_is_said_clearly(post: Post) -> None:
    same = Verifier(base64.b64encode(KEY).decode(), tolerance=1)
    with pytest.raises(ConfigError, match=rf"cannot listen on 127\.0\.0\.1:{post.receiver.port}"):
        Receiver(application(Door(same), post.woken.append), "127.0.0.1", post.receiver.port)
