"""The pages for those who watch the daemon, beside `/webhook`: is it alive, is it ready, and what Prometheus wants to know.

None of them asks an instance: a daemon whose instance is down keeps what is to be done, and must not be killed for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request


def pages(*, alive: Callable[[], str], ready: Callable[[], str], metrics: Callable[[], bytes]) -> list[Route]:
    """The routes. `alive` and `ready` say what is wrong, nothing when all is well; they and `metrics` may take a moment."""

    async def said(say: Callable[[], str]) -> Response:
        wrong = await run_in_threadpool(say)
        return PlainTextResponse(wrong or "ok", status_code=503 if wrong else 200)

    async def healthz(_: Request) -> Response:
        return await said(alive)

    async def readyz(_: Request) -> Response:
        return await said(ready)

    async def measured(_: Request) -> Response:
        return Response(await run_in_threadpool(metrics), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", measured)]
