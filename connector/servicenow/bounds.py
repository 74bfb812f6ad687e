"""How long an answer may be, in bytes and in time: whoever sends without end must not fill the memory or hold a thread.

A time limit for silence alone (read_timeout) lets an answer go on for ever that comes drop by drop. So a whole answer may
take `PATIENCE` times as long as silence may, from the request to its last byte, and may hold `MOST` bytes, packed and unpacked.
What is more is treated as a connection that broke in the midst of an answer: a read is tried again, a write is looked
up.
"""

from __future__ import annotations

import http.client
import io
import time
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    import socket

MOST = 64 * 1024 * 1024  # bytes; a page of a thousand long rows is a few of them
PATIENCE = 2  # times the read timeout, which is the quota the platform gives itself for the whole of a request
_PIECE = 256 * 1024  # bytes taken at once


class Endless(requests.RequestException):
    """An answer that goes on and on."""


def whole(response: requests.Response, most: int = MOST) -> requests.Response:
    """The same with its body read, however it was packed. Raises Endless, and what a connection raises that breaks off."""
    pieces, length = [], 0
    for piece in response.iter_content(_PIECE):
        pieces.append(piece)
        length += len(piece)
        if length > most:
            response.close()
            raise Endless(_too_long(most))
    response._content = b"".join(pieces)
    return response


def _too_long(most: int) -> str:
    return f"the answer is longer than {most // (1024 * 1024)} MiB"


class _Reader(io.RawIOBase):
    """What arrives from a socket, as long as the answer may go on."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._silence = sock.gettimeout()
        self._raw = sock.makefile("rb", buffering=0)
        self._ends = time.monotonic() + PATIENCE * self._silence if self._silence is not None else None
        self._left = MOST + _PIECE  # of what is packed, with its headers

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._silence is not None and self._ends is not None:
            left = self._ends - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"the answer took longer than {PATIENCE * self._silence:g} seconds")
            self._sock.settimeout(min(self._silence, left))
        if self._left <= 0:
            raise OSError(_too_long(MOST))
        count = self._raw.readinto(buffer)
        self._left -= count or 0
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Reader(sock))


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class BoundedAdapter(HTTPAdapter):
    """Connections, also through a proxy, whose answers come to an end."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


_POOLS = {"http": _Pool, "https": _SecurePool}
