"""The in-process door: a transport adapter that answers prepared requests without a socket.

Delays move the virtual clock (or sleep in a real-time world) and become a ReadTimeout when longer than the caller waits.
"""

from __future__ import annotations

import ssl
import time
from http.client import HTTPMessage
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

from connector.sandbox.doors.authority import fingerprint
from connector.sandbox.messages import Headers, Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.sandbox.world import World


class SandboxAdapter(BaseAdapter):
    def __init__(self, world: World, name: str) -> None:
        super().__init__()
        self._world = world
        self._name = name
        self._builder = HTTPAdapter()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,  # noqa: ARG002
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        asked = Request(
            method=request.method or "GET",
            target=request.path_url,
            headers=Headers([(str(key), _text(value)) for key, value in request.headers.items()]),
            body=_bytes(request.body),
            certificate=_fingerprint(cert[0] if isinstance(cert, tuple) else cert),
        )
        response = self._world.handle(self._name, asked)
        self._wait(request, response, timeout)
        if response.fate == "drop":
            reason = "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))"
            raise requests.ConnectionError(reason, request=request)
        if response.fate == "cut":
            raise requests.exceptions.ChunkedEncodingError("Response ended prematurely", request=request)
        return self._built(request, response, stream=stream)

    def close(self) -> None:
        self._builder.close()

    def _wait(self, request: requests.PreparedRequest, response: Response, timeout: Any) -> None:
        if response.delay <= 0:
            return
        patience = timeout[1] if isinstance(timeout, tuple) else timeout
        waited = response.delay if patience is None else min(response.delay, patience)
        if self._world.source.manual:
            self._world.advance(waited)
        else:
            time.sleep(waited)
        if patience is not None and response.delay > patience:
            raise requests.ReadTimeout(f"Read timed out. (read timeout={patience})", request=request)

    def _built(self, request: requests.PreparedRequest, response: Response, *, stream: bool) -> requests.Response:
        headers = HTTPHeaderDict()
        message = HTTPMessage()
        for name, value in response.headers.lines:
            headers.add(name, value)
            message.add_header(name, value)
        raw = HTTPResponse(
            body=BytesIO(response.body),
            headers=headers,
            status=response.status,
            reason=REASONS.get(response.status, ""),
            preload_content=False,
            original_response=_Original(message),  # type: ignore[arg-type]
        )
        built = self._builder.build_response(request, raw)
        if not stream:
            _ = built.content
        return built


class _Original:
    """As much of http.client's response as the cookie jar looks at."""

    def __init__(self, message: HTTPMessage) -> None:
        self.msg = message

    def isclosed(self) -> bool:
        return True

    def close(self) -> None:
        return None


REASONS = {
    200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 414: "Request-URI Too Large", 415: "Unsupported Media Type",
    429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
}  # fmt: skip


def _fingerprint(path: bytes | str | None) -> str:
    """Of the first certificate in a PEM file."""
    if not path:
        return ""
    _, begin, rest = Path(_text(path)).read_text(encoding="ascii").partition("-----BEGIN CERTIFICATE-----")
    return fingerprint(ssl.PEM_cert_to_DER_cert(begin + rest.partition("-----END CERTIFICATE-----")[0] + END))


END = "-----END CERTIFICATE-----"


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes):
        return body
    return bytes(body.read()) if hasattr(body, "read") else b"".join(body)
