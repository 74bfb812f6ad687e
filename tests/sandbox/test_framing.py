"""What goes over the wire: chunks, lengths, connections that end by themselves."""

from __future__ import annotations

import base64
import socket
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from connector.sandbox import World
from tests import PATIENCE
from tests.sandbox.gestures import START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.sandbox.serve import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Served]]:
    world = World.create(start=START)
    with world.serve(tmp_path_factory.mktemp("sandbox")) as served:
        yield world, served
    world.close()


@contextmanager
def connected(served: Served) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=served.info["ca_file"])
    address = ("127.0.0.1", int(served.info["fsm"]["url"].rpartition(":")[2]))
    with (
        socket.create_connection(address, timeout=PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        yield secured


def asked(served: Served, path: str, method: str = "GET") -> tuple[str, bytes]:
    """Head and raw body of an answer, read to the end of the connection."""
    login = f"connector:{served.info['fsm']['users']['connector']['password']}"
    lines = [
        f"{method} /api/now/table/{path} HTTP/1.1", "Host: localhost",
        f"Authorization: Basic {base64.b64encode(login.encode()).decode()}", "Connection: close",
    ]  # fmt: skip
    with connected(served) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
    return head.decode(), body


def test_an_answer_comes_in_chunks(served: tuple[World, Served]) -> None:
    head, body = asked(served[1], "wm_order")
    assert head.split("\r\n")[4:6] == ["Transfer-Encoding: chunked", "Connection: close"]
    assert "Content-Length" not in head
    assert body == b'd\r\n{"result":[]}\r\n0\r\n\r\n'


def test_a_long_answer_comes_in_several_chunks(served: tuple[World, Served]) -> None:
    _, body = asked(served[1], "sys_dictionary?sysparm_limit=40")
    sizes = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        sizes.append(int(size, 16))
        assert rest[sizes[-1] :].startswith(b"\r\n")
        body = rest[sizes[-1] + 2 :]
    assert sizes[0] == 16384
    assert (len(sizes) > 2, sizes[-1]) == (True, 0)


def test_an_answer_has_a_length_where_the_instance_does_not_chunk(served: tuple[World, Served]) -> None:
    world, doors = served
    world.switch("fsm", chunked=False)
    try:
        head, body = asked(doors, "wm_order")
    finally:
        world.switch("fsm", chunked=True)
    assert "Content-Length: 13" in head
    assert ("Transfer-Encoding" in head, body) == (False, b'{"result":[]}')


def test_a_page_of_the_edge_has_a_length(served: tuple[World, Served]) -> None:
    world, doors = served
    world.fault("fsm", {"kind": "no_node"})
    head, body = asked(doors, "wm_order")
    assert ("Content-Length: 153" in head, "Transfer-Encoding" in head, len(body)) == (True, False, 153)


def test_the_head_of_an_answer_announces_chunks_that_do_not_come(served: tuple[World, Served]) -> None:
    head, body = asked(served[1], "wm_order", "HEAD")
    assert ("Transfer-Encoding: chunked" in head, body) == (True, b"")


QUESTION = b"GET / HTTP/1.1\r\n\r\n"


def ended(connection: ssl.SSLSocket) -> bool:
    """Waits until something comes, or the end."""
    try:
        return connection.recv(1) == b""
    except (ConnectionError, ssl.SSLError):
        return True


def test_a_connection_ends_after_its_time(served: tuple[World, Served]) -> None:
    world, doors = served
    with connected(doors) as lasting:
        lasting.sendall(QUESTION)
        assert lasting.recv(65536).startswith(b"HTTP/1.1 401")
        world.switch("fsm", connection_seconds=0.05)
        try:
            with connected(doors) as brief:
                assert ended(brief)
        finally:
            world.switch("fsm", connection_seconds=300)
        lasting.sendall(QUESTION)
        assert not ended(lasting)


def sent(served: Served, head: str, body: bytes, *, method: str = "POST") -> bytes:
    """The raw answer to a request framed by hand, and whatever came after it on the same connection."""
    login = f"connector:{served.info['fsm']['users']['connector']['password']}"
    signed = f"Authorization: Basic {base64.b64encode(login.encode()).decode()}"
    first = f"{method} /api/now/table/wm_order HTTP/1.1\r\nHost: localhost\r\n{signed}\r\n{head}\r\n\r\n".encode()
    last = f"GET /last HTTP/1.1\r\nHost: localhost\r\n{signed}\r\nConnection: close\r\n\r\n".encode()
    with connected(served) as connection:
        connection.sendall(first + body + last)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_body_may_come_in_chunks_with_fields_after_them(served: tuple[World, Served]) -> None:
    body = b'6;x=y\r\n{"shor\r\n1b\r\nt_description": "in pieces"\r\n1\r\n}\r\n0\r\nX-Sum: 1\r\n\r\n'
    answers = sent(served[1], "Transfer-Encoding: chunked", body)
    assert answers.count(b"HTTP/1.1 ") == 2
    assert (b"HTTP/1.1 201" in answers, b'"in pieces"' in answers) == (True, True)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("Transfer-Encoding: chunked", b"-5\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", b"+2\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", b"two\r\n{}\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", b"\r\n{}\r\n0\r\n\r\n"),
        ("Content-Length: -2", b"{}"),
        ("Content-Length: two", b"{}"),
        ("Content-Length: \xb2", b"{}"),
        ("no colon", b""),
    ],
)
def test_what_is_no_http_is_a_400_and_the_end(served: tuple[World, Served], head: str, body: bytes) -> None:
    assert sent(served[1], head, body).startswith(b"HTTP/1.1 400")
    assert asked(served[1], "wm_order")[0].startswith("HTTP/1.1 200")


def test_an_instance_also_speaks_http(served: tuple[World, Served]) -> None:
    info = served[1].info["fsm"]
    login = ("connector", info["users"]["connector"]["password"])
    answer = requests.get(
        f"{info['http_url']}/api/now/table/cmn_location?sysparm_limit=1", auth=login, timeout=PATIENCE
    )
    assert (answer.status_code, answer.links["first"]["url"].startswith(info["url"])) == (200, True)
