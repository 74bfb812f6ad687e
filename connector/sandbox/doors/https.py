"""The HTTPS door: a small HTTP/1.1 server on loopback, so that a connection can also be dropped or cut on purpose.

It knows sockets and framing; what is answered comes from a function Request -> Response. All doors of a world share one event
loop in one thread, because the engine behind them serves one request at a time anyway.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from connector.sandbox.doors.authority import fingerprint
from connector.sandbox.messages import Headers, Request, Response, whole_number

if TYPE_CHECKING:
    import ssl

Handler = Callable[[Request], Response]
MAX_HEAD = 65_536
BODILESS = (204, 304)
CHUNK = 16_384
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,12}")
FOREVER = 86_400.0  # seconds


class _BadRequest(Exception):
    """The bytes are no HTTP request."""


class _Connection(asyncio.Protocol):
    def __init__(self, handler: Handler, connections: set[_Connection], lifetime: Callable[[], float]) -> None:
        self._handler = handler
        self._lifetime = lifetime
        self._end: asyncio.TimerHandle | None = None
        self._connections = connections
        self._buffer = bytearray()
        self._head: Request | None = None
        self._busy = False
        self._transport: asyncio.Transport | None = None
        self._certificate = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._certificate = _shown_certificate(transport)
        self._connections.add(self)
        self._end = asyncio.get_running_loop().call_later(self._lifetime(), self.drop)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._transport = None
        if self._end is not None:
            self._end.cancel()
        self._connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._work()

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _work(self) -> None:
        """Answer every complete request in the buffer, one at a time."""
        try:
            while not self._busy and (request := self._next_request()) is not None:
                self._answer(request)
        except _BadRequest:
            self._write(Response(400, Headers([("Connection", "close")])), head_only=False)
            self._close()

    def _next_request(self) -> Request | None:
        if self._head is None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                if len(self._buffer) > MAX_HEAD:
                    raise _BadRequest
                return None
            self._head = _read_head(bytes(self._buffer[:end]))
            del self._buffer[: end + 4]
            if self._head.headers.get("Expect").lower() == "100-continue" and self._transport is not None:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._next_body(self._head)
        if body is None:
            return None
        request, self._head = self._head, None
        request.body, request.certificate = body, self._certificate
        return request

    def _next_body(self, head: Request) -> bytes | None:
        if "chunked" in head.headers.get("Transfer-Encoding").lower():
            return self._chunked_body()
        size = whole_number(head.headers.get("Content-Length", "0"))
        if size is None:
            raise _BadRequest
        if len(self._buffer) < size:
            return None
        body = bytes(self._buffer[:size])
        del self._buffer[:size]
        return body

    def _chunked_body(self) -> bytes | None:
        body, position = bytearray(), 0
        while True:
            end = self._buffer.find(b"\r\n", position)
            if end < 0:
                return None
            size = _chunk_size(self._buffer[position:end])
            start = end + 2
            if size == 0:
                return self._without_trailers(bytes(body), end)
            if len(self._buffer) < start + size + 2:
                return None
            body += self._buffer[start : start + size]
            position = start + size + 2

    def _without_trailers(self, body: bytes, end: int) -> bytes | None:
        """The body, once the empty line after the last chunk (and whatever fields follow that) is there."""
        last = self._buffer.find(b"\r\n\r\n", end)
        if last < 0:
            return None
        del self._buffer[: last + 4]
        return body

    def _answer(self, request: Request) -> None:
        try:
            response = self._handler(request)
        except Exception as error:
            # A defect of the sandbox itself: say so where it is seen, and go on serving.
            text = f"The sandbox failed at {request.method} {request.path}: {type(error).__name__}: {error}\n"
            response = Response(
                500, Headers([("Content-Type", "text/plain"), ("X-Sandbox-Defect", "true")]), text.encode()
            )
        if response.delay > 0:
            self._busy = True
            loop = asyncio.get_running_loop()
            loop.call_later(response.delay, self._send_late, request, response)
        else:
            self._send(request, response)

    def _send_late(self, request: Request, response: Response) -> None:
        self._busy = False
        self._send(request, response)
        self._work()

    def _send(self, request: Request, response: Response) -> None:
        if response.fate == "drop":
            self.drop()
            return
        closing = request.headers.get("Connection").lower() == "close" or response.fate == "cut"
        state = "close" if closing else "keep-alive"
        if "Connection" in response.headers:
            response.headers.replace("Connection", state)
        else:
            response.headers.add("Connection", state)
        self._write(response, head_only=request.method == "HEAD")
        if closing:
            self._close()

    def _write(self, response: Response, *, head_only: bool) -> None:
        if self._transport is None:
            return
        phrase = HTTPStatus(response.status).phrase if response.status in HTTPStatus._value2member_map_ else "Unknown"
        lines = [f"HTTP/1.1 {response.status} {phrase}"]
        lines += [f"{name}: {value}" for name, value in response.headers.lines if name.lower() != "content-length"]
        body = b"" if head_only else response.body
        chunked = "Transfer-Encoding" in response.headers
        if response.fate == "cut":
            lines += [] if chunked else ["Transfer-Encoding: chunked"]
            body = b"%x\r\n" % len(body) + body[: len(body) // 2]
        elif chunked:
            body = b"" if head_only else _in_chunks(body)
        elif response.status not in BODILESS:
            lines.append(f"Content-Length: {len(response.body)}")
        self._transport.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def _shown_certificate(transport: asyncio.Transport) -> str:
    """The fingerprint of the client's certificate, or the empty string."""
    tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    return fingerprint(der) if der else ""


def _in_chunks(body: bytes) -> bytes:
    pieces = [body[start : start + CHUNK] for start in range(0, len(body), CHUNK)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (*pieces, b""))


def _chunk_size(line: bytearray) -> int:
    digits = bytes(line).partition(b";")[0].strip()
    if not CHUNK_SIZE.fullmatch(digits):
        raise _BadRequest
    return int(digits, 16)


def _read_head(raw: bytes) -> Request:
    first, *rest = raw.decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise _BadRequest
    lines = []
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon:
            raise _BadRequest
        lines.append((name.strip(), value.strip()))
    return Request(parts[0].upper(), parts[1], Headers(lines))


class HttpsDoor:
    """One listening port on 127.0.0.1."""

    def __init__(
        self, handler: Handler, context: ssl.SSLContext | None, lifetime: Callable[[], float] = lambda: FOREVER
    ) -> None:
        """`lifetime` says how many seconds a new connection will live; without a context it speaks plain HTTP."""
        self._handler = handler
        self._lifetime = lifetime
        self._context = context
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def open(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self._handler, self._connections, self._lifetime), "127.0.0.1", port, ssl=self._context
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.drop()
        if self._server is not None:
            await self._server.wait_closed()
        await asyncio.sleep(0)
