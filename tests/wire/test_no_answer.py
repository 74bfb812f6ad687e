"""No answer, or half of one, over real sockets: what is proven not to have happened, and what is not."""

from __future__ import annotations

import gzip
import http.client
import socket
import ssl
import struct
import time
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import pytest
import requests
import trustme

from connector.errors import OutcomeUnknown, RemoteError, Unavailable
from connector.servicenow.bounds import MOST
from connector.servicenow.credentials import Basic
from connector.servicenow.query import Query
from connector.servicenow.secret import Secret
from connector.servicenow.table import TableApi
from connector.servicenow.transport import Endpoint
from tests.wire.instance import URL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import responses

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Total-Count: 1\r\n"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@contextmanager
def listening(authority: trustme.CA, answer: Callable[[ssl.SSLSocket], None]) -> Iterator[str]:
    """A TLS server that reads each request to its end and then does as `answer` says. Yields its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            while True:
                try:
                    plain, _ = door.accept()
                except OSError:
                    return
                with plain:
                    try:
                        with context.wrap_socket(plain, server_side=True) as guest:
                            _whole_request(guest)
                            answer(guest)
                    except OSError:
                        continue

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"https://127.0.0.1:{door.getsockname()[1]}"
        finally:
            door.shutdown(socket.SHUT_RDWR)
            thread.join()


def _whole_request(guest: ssl.SSLSocket) -> None:
    with guest.makefile("rb") as reader:
        reader.readline()
        length = int(http.client.parse_headers(reader).get("Content-Length", "0"))
        reader.read(length)


def silence(guest: ssl.SSLSocket) -> None:
    """Says nothing until the other side has had enough."""
    while guest.recv(65536):
        pass


def reset(guest: ssl.SSLSocket) -> None:
    """Goes away without a word: the kernel answers with a reset."""
    guest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.socket(fileno=guest.detach()).close()


def hang_up(guest: ssl.SSLSocket) -> None:
    """Ends the connection in good order, before an answer."""
    guest.shutdown(socket.SHUT_RDWR)


def half_a_body(guest: ssl.SSLSocket) -> None:
    """Promises more bytes than it sends."""
    guest.sendall(HEAD + b'Content-Length: 500\r\n\r\n{"result": [{"sys_id": "1"')


def half_of_the_chunks(guest: ssl.SSLSocket) -> None:
    """Ends before the last chunk."""
    guest.sendall(HEAD + b'Transfer-Encoding: chunked\r\n\r\nb\r\n{"result": \r\n')


def a_broken_record(guest: ssl.SSLSocket) -> None:
    """The request has arrived; the answer is damaged below HTTP, as a failing proxy would."""
    raw = socket.socket(fileno=guest.detach())
    with raw:
        raw.sendall(b"no TLS record at all")


def api_at(url: str, ca_file: Path | None = None, *, seconds: float = 0.2) -> TableApi:
    auth = Basic("connector", Secret(lambda: "secret"))
    endpoint = Endpoint("om", url, auth, ca_file=str(ca_file) if ca_file else None, read_timeout=seconds)
    return TableApi(endpoint, sleep=lambda _: None)


def read(api: TableApi) -> RemoteError:
    with pytest.raises(RemoteError) as raised:
        list(api.scan("wm_order", Query(), ["number"]))
    return raised.value


def write(api: TableApi) -> RemoteError:
    with pytest.raises(RemoteError) as raised:
        api.insert("wm_order", {"number": "1"})
    return raised.value


CUT_OFF = [silence, reset, hang_up, half_a_body, half_of_the_chunks]


@pytest.mark.parametrize("answer", CUT_OFF)
def test_a_write_that_was_sent_and_not_answered_may_have_happened(
    answer: Callable[[ssl.SSLSocket], None], authority: trustme.CA, ca_file: Path
) -> None:
    with listening(authority, answer) as url:
        error = write(api_at(url, ca_file))
    assert type(error) is OutcomeUnknown


@pytest.mark.parametrize("answer", [*CUT_OFF, a_broken_record])
def test_a_read_that_was_not_answered_is_tried_later(
    answer: Callable[[ssl.SSLSocket], None], authority: trustme.CA, ca_file: Path
) -> None:
    with listening(authority, answer) as url:
        error = read(api_at(url, ca_file))
    assert type(error) is Unavailable


def test_a_write_whose_answer_is_damaged_below_http_may_have_happened(authority: trustme.CA, ca_file: Path) -> None:
    with listening(authority, a_broken_record) as url:
        error = write(api_at(url, ca_file))
    assert type(error) is OutcomeUnknown


def test_a_refused_connection_proves_that_nothing_happened() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"https://127.0.0.1:{free.getsockname()[1]}"
    error = write(api_at(url))
    assert type(error) is Unavailable
    assert "cannot be reached" in str(error)
    assert "Connection refused" in str(error)


def test_a_host_nobody_knows_proves_that_nothing_happened() -> None:
    error = write(api_at("https://no-such-host.invalid"))
    assert type(error) is Unavailable
    assert "cannot be reached" in str(error)


def test_a_certificate_of_somebody_else_proves_that_nothing_happened(authority: trustme.CA) -> None:
    with listening(authority, half_a_body) as url:
        error = write(api_at(url))
    assert type(error) is Unavailable
    assert "certificate was not accepted" in str(error)
    assert "ca_file under [om]" in error.hint


def test_the_same_server_is_heard_once_its_authority_is_configured(authority: trustme.CA, ca_file: Path) -> None:
    def whole(guest: ssl.SSLSocket) -> None:
        body = b'{"result": [{"sys_id": "1"}]}'
        guest.sendall(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    with listening(authority, whole) as url:
        rows = list(api_at(url, ca_file).scan("wm_order", Query(), ["number"]))
    assert [row["sys_id"] for row in rows] == ["1"]


def test_an_answer_that_takes_too_long_is_told_from_a_refusal(authority: trustme.CA, ca_file: Path) -> None:
    with listening(authority, silence) as url:
        assert "did not answer a write: timed out" in str(write(api_at(url, ca_file)))


def test_a_connection_that_was_not_made_in_time_proves_that_nothing_happened(
    mocked: responses.RequestsMock, api: TableApi
) -> None:
    mocked.post(f"{URL}/api/now/table/wm_order", body=requests.ConnectTimeout())
    error = write(api)
    assert type(error) is Unavailable
    assert "cannot be reached: timed out" in str(error)


# --- answers without an end ---------------------------------------------------------------------------------------


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def drop_by_drop(guest: ssl.SSLSocket, drop: bytes) -> None:
    """Never silent for as long as the time limit, and never done."""
    while True:
        guest.sendall(drop)
        time.sleep(0.05)


def headers_drop_by_drop(guest: ssl.SSLSocket) -> None:
    guest.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    drop_by_drop(guest, b"x")


def a_body_drop_by_drop(guest: ssl.SSLSocket) -> None:
    guest.sendall(HEAD + b"Content-Length: 1000000\r\n\r\n")
    drop_by_drop(guest, b" ")


def chunks_drop_by_drop(guest: ssl.SSLSocket) -> None:
    guest.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    drop_by_drop(guest, chunk(b" "))


def a_body_that_gzip_drops(guest: ssl.SSLSocket) -> None:
    guest.sendall(HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(gzip.compress(b" ")))
    drop_by_drop(guest, chunk(gzip.compress(b"")))


@pytest.mark.parametrize(
    "answer", [headers_drop_by_drop, a_body_drop_by_drop, chunks_drop_by_drop, a_body_that_gzip_drops]
)
def test_an_answer_that_comes_drop_by_drop_is_not_waited_for_for_ever(
    answer: Callable[[ssl.SSLSocket], None], authority: trustme.CA, ca_file: Path
) -> None:
    began = time.monotonic()
    with listening(authority, answer) as url:
        assert type(write(api_at(url, ca_file))) is OutcomeUnknown
        assert type(read(api_at(url, ca_file))) is Unavailable
    assert time.monotonic() - began < 10


def flood(guest: ssl.SSLSocket, *, much: bytes) -> None:
    while True:
        guest.sendall(much)


def a_flood_of_chunks(guest: ssl.SSLSocket) -> None:
    guest.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    flood(guest, much=chunk(b" " * 1_000_000))


def a_flood_without_a_length(guest: ssl.SSLSocket) -> None:
    guest.sendall(HEAD + b"\r\n")
    flood(guest, much=b" " * 1_000_000)


def much_of_nothing(guest: ssl.SSLSocket) -> None:
    """A few bytes that unpack to more than anybody may send."""
    packed = gzip.compress(b'{"result": []' + b" " * MOST + b"}")
    guest.sendall(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(packed), packed))


@pytest.mark.parametrize("answer", [a_flood_of_chunks, a_flood_without_a_length, much_of_nothing])
def test_an_answer_without_an_end_does_not_fill_the_memory(
    answer: Callable[[ssl.SSLSocket], None], authority: trustme.CA, ca_file: Path
) -> None:
    with listening(authority, answer) as url:
        unknown = write(api_at(url, ca_file, seconds=10))
        with pytest.raises(Unavailable) as raised:
            api_at(url, ca_file, seconds=10).probe("wm_order")
    assert type(unknown) is OutcomeUnknown
    assert "the answer is longer than 64 MiB" in str(unknown)
    assert "the answer is longer than 64 MiB" in str(raised.value)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_long_answer_that_comes_slowly_is_heard_to_its_end(
    *, packed: bool, chunked: bool, authority: trustme.CA, ca_file: Path
) -> None:
    body = b'{"result": [%s]}' % b", ".join(b'{"sys_id": "%06d"}' % number for number in range(50_000))
    sent = gzip.compress(body) if packed else body
    head = HEAD.replace(b"1\r\n", b"50000\r\n") + (b"Content-Encoding: gzip\r\n" if packed else b"")

    def slowly(guest: ssl.SSLSocket) -> None:
        kind = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(sent)
        guest.sendall(head + kind + b"\r\n\r\n")
        third = len(sent) // 3 + 1
        for start in range(0, len(sent), third):
            part = sent[start : start + third]
            guest.sendall(chunk(part) if chunked else part)
            time.sleep(0.05)
        if chunked:
            guest.sendall(chunk(b""))

    with listening(authority, slowly) as url:
        rows = list(api_at(url, ca_file, seconds=10).scan("wm_order", Query(), ["number"]))
    assert len(rows) == 50_000


def test_a_connection_serves_the_next_request_too(authority: trustme.CA, ca_file: Path) -> None:
    served: list[ssl.SSLSocket] = []

    def all_day(guest: ssl.SSLSocket) -> None:
        served.append(guest)
        body = b'{"result": [{"sys_id": "1"}]}'
        for last in (False, False, True):
            guest.sendall(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            if not last:
                _whole_request(guest)

    with listening(authority, all_day) as url:
        api = api_at(url, ca_file)
        for _ in range(3):
            time.sleep(0.15)  # together longer than one answer may take
            assert len(list(api.scan("wm_order", Query(), ["number"]))) == 1
    assert len(served) == 1
