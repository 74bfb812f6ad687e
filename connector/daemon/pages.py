"""The pages for those who watch the daemon, beside `/webhook`: is it alive, is it ready, what does Prometheus see; and reload.

None of them asks an instance: a daemon whose instance is down keeps what is to be done, and must not be killed for it.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from connector.errors import ConfigError, ConnectorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request


def pages(
    *, alive: Callable[[], str], ready: Callable[[], str], metrics: Callable[[], bytes], reload: Callable[[], str]
) -> list[Route]:
    """The routes. `alive` and `ready` say what is wrong, nothing when all is well; `reload` says what changed, or raises
    ConnectorError. All of them may take a moment.
    """

    async def said(say: Callable[[], str]) -> Response:
        wrong = await run_in_threadpool(say)
        return PlainTextResponse(wrong or "ok", status_code=503 if wrong else 200)

    async def healthz(_: Request) -> Response:
        return await said(alive)

    async def readyz(_: Request) -> Response:
        return await said(ready)

    async def measured(_: Request) -> Response:
        return Response(await run_in_threadpool(metrics), media_type=CONTENT_TYPE_LATEST)

    async def reloaded(request: Request) -> Response:
        if not _is_here(request):
            return PlainTextResponse("only from the machine the daemon runs on", status_code=403)
        try:
            return PlainTextResponse(f"reloaded; changed: {await run_in_threadpool(reload)}")
        except ConnectorError as error:
            said = "\n".join([str(error), *getattr(error, "problems", ()), error.hint]).strip()
            return PlainTextResponse(said, status_code=400 if isinstance(error, ConfigError) else 503)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", measured),
        Route("/-/reload", reloaded, methods=["POST"]),
    ]


def _is_here(request: Request) -> bool:
    """Whether who asks is on this machine, and no page in a browser. A reverse proxy says for whom it asks."""
    try:
        return ip_address(request.client.host if request.client else "").is_loopback and "origin" not in request.headers
    except ValueError:
        return False
