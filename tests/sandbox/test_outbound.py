"""The customer's own push: signed messages about changed records, sent once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests import PATIENCE
from tests.sandbox.gestures import Client, place_order, template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.sandbox import World

KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


class Receiver(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.headers: dict[str, str] = {}
        self.may_answer = threading.Event()
        self.may_answer.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/webhook"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.received]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers.items()), body))
        self.server.may_answer.wait(PATIENCE)
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        return None


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield receiver
    receiver.shutdown()
    thread.join()
    receiver.server_close()


def subscribe(world: World, receiver: Receiver, name: str, *tables: str) -> None:
    world.outbound({"instance": name, "url": receiver.url, "secret": SECRET, "tables": list(tables)})


def test_each_change_is_told_once_and_signed(world: World, fsm: Client, receiver: Receiver) -> None:
    subscribe(world, receiver, "fsm", "wm_order")
    made = fsm.made("wm_order", short_description="x")
    fsm.patch("wm_order", made["sys_id"], short_description="y")
    fsm.patch("wm_order", made["sys_id"], short_description="y")
    world.sender.wait()
    told = {"instance": "fsm", "table": "wm_order", "sys_id": made["sys_id"]}
    assert receiver.events == [
        {**told, "operation": "insert", "sys_mod_count": "0"},
        {**told, "operation": "update", "sys_mod_count": "1"},
    ]
    headers, body = receiver.received[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{digest}"
    assert headers["webhook-timestamp"] == str(int(world.now().timestamp()))


def test_a_listed_base_table_covers_its_children(world: World, receiver: Receiver) -> None:
    subscribe(world, receiver, "om", "sn_ind_tmt_orm_domain_order")
    place_order(world)
    world.sender.wait()
    assert sorted(event["table"].rpartition("orm_")[2] for event in receiver.events) == [
        "product_order",
        "resource_order",
        "service_order",
    ]


def test_a_write_that_was_rolled_back_is_not_told(world: World, fsm: Client, receiver: Receiver) -> None:
    made = fsm.made("wm_order", template=template(fsm, "Site Survey"))
    subscribe(world, receiver, "fsm", "wm_order", "wm_task")
    assert fsm.patch("wm_order", made["sys_id"], state="7").status_code == 403
    world.sender.wait()
    assert receiver.events == []
    fsm.patch("wm_order", made["sys_id"], state="7", work_notes="reason")
    world.sender.wait()
    assert [event["table"] for event in receiver.events] == ["wm_order", "wm_task"]


def test_a_failure_is_only_recorded(world: World, fsm: Client, receiver: Receiver) -> None:
    receiver.status = 500
    subscribe(world, receiver, "fsm", "wm_order")
    fsm.made("wm_order", short_description="x")
    world.sender.wait()
    assert (len(receiver.received), len(world.sender.failures), world.sender.sent) == (1, 1, 0)


def test_messages_can_be_doubled_lost_and_turned_round(world: World, fsm: Client, receiver: Receiver) -> None:
    subscribe(world, receiver, "fsm", "wm_order")
    world.fault("fsm", {"kind": "outbound_double"})
    first = fsm.made("wm_order", short_description="1")["sys_id"]
    world.fault("fsm", {"kind": "outbound_lose"})
    fsm.made("wm_order", short_description="2")
    world.fault("fsm", {"kind": "outbound_swap"})
    third = fsm.made("wm_order", short_description="3")["sys_id"]
    fourth = fsm.made("wm_order", short_description="4")["sys_id"]
    world.sender.wait()
    assert [event["sys_id"] for event in receiver.events] == [first, first, fourth, third]
    doubled = [headers["webhook-id"] for headers, _ in receiver.received[:2]]
    assert doubled[0] == doubled[1]


def test_a_customer_may_choose_a_shared_token_instead_of_a_signature(
    world: World, fsm: Client, receiver: Receiver
) -> None:
    world.outbound({"instance": "fsm", "url": receiver.url, "tables": ["wm_order"], "headers": {"X-Token": "shared"}})
    fsm.made("wm_order")
    world.sender.wait()
    [(headers, _)] = receiver.received
    assert headers["X-Token"] == "shared"
    assert "webhook-signature" not in headers


@pytest.mark.parametrize("workflow", [True, False])
def test_a_script_without_workflow_tells_nobody(
    world: World, fsm: Client, receiver: Receiver, *, workflow: bool
) -> None:
    sys_id = fsm.made("wm_order")["sys_id"]
    subscribe(world, receiver, "fsm", "wm_order")
    change = {"table": "wm_order", "record": sys_id, "values": {"short_description": "after"}}
    world.act("fsm", {"do": "run_script", "workflow": workflow, **change})
    world.sender.wait()
    assert len(receiver.events) == workflow


def test_a_synchronous_message_has_arrived_when_the_writer_has_the_answer(
    world: World, fsm: Client, receiver: Receiver
) -> None:
    world.outbound({"instance": "fsm", "url": receiver.url, "tables": ["wm_order"], "synchronous": True})
    made = fsm.made("wm_order")
    assert [event["sys_id"] for event in receiver.events] == [made["sys_id"]]
    assert (world.sender.sent, world.sender.failures) == (1, [])


def test_the_writer_waits_for_a_silent_receiver_no_longer_than_the_time_out_and_has_written(
    world: World, fsm: Client, receiver: Receiver
) -> None:
    receiver.may_answer.clear()
    rule = {"instance": "fsm", "url": receiver.url, "tables": ["wm_order"], "synchronous": True, "timeout": 0.05}
    world.outbound(rule)
    made = fsm.made("wm_order")
    assert "timed out" in world.sender.failures[0]
    receiver.may_answer.set()
    assert fsm.row("wm_order", "")["sys_id"] == made["sys_id"]


@pytest.mark.parametrize(
    ("retry", "status", "headers", "moments"),
    [
        ({}, 503, {}, [0]),
        ({"count": 2}, 503, {}, [0, 10, 20]),
        ({"count": 3, "policy": "exponential", "interval": 5}, 500, {}, [0, 5, 15, 35]),
        ({"count": 1, "policy": "retry_after"}, 429, {"Retry-After": "60"}, [0, 60]),
        ({"count": 1, "policy": "retry_after"}, 503, {}, [0, 10]),
        ({"count": 1, "policy": "fixed"}, 429, {"Retry-After": "60"}, [0, 10]),
        ({"count": 3}, 400, {}, [0]),
        ({"count": 3}, 204, {}, [0]),
        ({"count": 3, "policy": "retry_after"}, 503, {"Retry-After": "86401"}, [0]),
    ],
)
def test_a_message_is_repeated_as_the_retry_policy_says(
    world: World, fsm: Client, receiver: Receiver, retry: dict[str, Any], status: int, headers: dict[str, str],
    moments: list[int],
) -> None:  # fmt: skip
    """By default not at all; the time between is the instance's own."""
    receiver.status, receiver.headers = status, headers
    world.outbound({"instance": "fsm", "url": receiver.url, "tables": ["wm_order"], "retry": retry})
    fsm.made("wm_order")
    world.sender.wait()
    arrived = [0] * len(receiver.received)
    for moment in range(5, 90, 5):
        world.advance(5)
        world.sender.wait()
        arrived += [moment] * (len(receiver.received) - len(arrived))
    assert arrived == moments
    assert len({headers["webhook-id"] for headers, _ in receiver.received}) == 1
