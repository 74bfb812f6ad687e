"""The receiver: POST /webhook says which record changed, and nothing else is believed of it.

Answers 202 once the wakeup is on disk; everything else about the record is read from ServiceNow by the next look.
Whoever is refused learns nothing but the status: 401 not believed, 408 too slow, 413 too large, 429 too often. A message
that is refused costs nothing but time, for what it would have said is seen by the next poll.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import socket
import threading
import time
from typing import TYPE_CHECKING

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from connector.daemon.connection import LONGEST, brief
from connector.daemon.signature import BadSignature
from connector.daemon.throttle import Throttle
from connector.errors import ConfigError, ConnectorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from connector.daemon.signature import Verifier

_LARGEST = 20_000  # bytes of a body: what Standard Webhooks recommends at most
_SYS_ID = re.compile(r"[0-9A-Za-z]{32}")
_PATIENCE = 10.0  # seconds for a body to arrive
_CONNECTIONS = 100  # at once; further ones are answered 503
_log = structlog.get_logger("webhook")


class _Refused(Exception):
    """The message is not taken. `status` is all the sender is told."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Door:
    """Whose messages are taken: nobody's without a verifier. Each sender may send `per_second` messages on average."""

    def __init__(self, verifier: Verifier | None, *, per_second: float = 50.0) -> None:
        self.verifier = verifier
        self.throttle = Throttle(per_second)

    def become(self, other: Door) -> None:
        """Another secret, another measure. What was heard before may be heard once more, which costs a look."""
        self.verifier, self.throttle = other.verifier, other.throttle


def application(
    door: Door,
    wake: Callable[[str], None],
    clock: Callable[[], float] = time.time,
    *,
    patience: float = _PATIENCE,
    more: Iterable[BaseRoute] = (),
) -> Starlette:
    """The ASGI application. `wake` is called with the sys_id of what changed, off the event loop.

    A sender takes at most `patience` seconds for a body. `more` are the pages beside it.
    """

    async def receive(request: Request) -> Response:
        verifier = door.verifier
        if verifier is None:
            return Response(status_code=404)
        wait = door.throttle.wait(request.client.host if request.client else "", clock())
        if wait:
            return Response(status_code=429, headers={"Retry-After": str(math.ceil(wait)), "Connection": "close"})
        try:
            body = await _body(request, patience)
        except _Refused as refused:
            return Response(status_code=refused.status, headers={"Connection": "close"})
        try:
            is_new = verifier.check(request.headers, body, clock())
        except BadSignature as error:
            _log.warning("webhook refused", reason=str(error))
            return Response(status_code=401)
        sys_id = _sys_id(body)
        if sys_id is None:
            return PlainTextResponse("a JSON object with a sys_id is expected", status_code=400)
        if is_new:
            try:
                await run_in_threadpool(wake, sys_id)
            except ConnectorError as error:  # not on disk: the sender must come again
                _log.error("webhook not kept", reason=str(error))
                return Response(status_code=503)
            verifier.remember(request.headers)
        return Response(status_code=202)

    return Starlette(routes=[Route("/webhook", receive, methods=["POST"]), *more])


async def _body(request: Request, patience: float) -> bytes:
    body = b""
    try:
        async with asyncio.timeout(patience):
            async for part in request.stream():
                body += part
                if len(body) > _LARGEST:
                    raise _Refused(413)
    except TimeoutError:
        raise _Refused(408) from None
    except ClientDisconnect:
        raise _Refused(400) from None  # nobody is there to hear it
    return body


def _sys_id(body: bytes) -> str | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):  # nested too deeply
        return None
    sys_id = document.get("sys_id") if isinstance(document, dict) else None
    return sys_id if isinstance(sys_id, str) and _SYS_ID.fullmatch(sys_id) else None


class Receiver:
    """The application behind a socket, in a thread of its own."""

    def __init__(self, app: Starlette, host: str, port: int, *, longest: float = LONGEST) -> None:
        """Bind the socket; `longest` is how many seconds a connection may last. Raises ConfigError."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
            self._socket.listen()  # from now on senders wait instead of being refused
        except OSError as error:
            self._socket.close()
            raise ConfigError(
                f"The daemon cannot listen on {host}:{port}: {error.strerror}.",
                hint="Choose another host or port under [http].",
            ) from error
        self.port = int(self._socket.getsockname()[1])
        settings = uvicorn.Config(
            app,
            http=brief(longest),
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            limit_concurrency=_CONNECTIONS,
            forwarded_allow_ips="127.0.0.1,::1",  # only a reverse proxy on this machine may say for whom it asks
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="webhook", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Take nothing new; finish what is being answered."""
        self._server.should_exit = True
        self._thread.join(timeout=3)
        self._socket.close()
