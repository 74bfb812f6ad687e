"""A connection that ends after a while whatever the other side does: who sends its headers drop by drop holds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

LONGEST = 30.0  # seconds from the first byte to the last; a webhook takes milliseconds


def brief(longest: float) -> type[H11Protocol]:
    """uvicorn's HTTP/1.1 with connections of at most `longest` seconds. uvicorn itself waits for headers without end."""

    class Brief(H11Protocol):
        _ending: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._ending = self.loop.call_later(longest, transport.abort)

        def connection_lost(self, exc: Exception | None) -> None:
            if self._ending is not None:
                self._ending.cancel()
            super().connection_lost(exc)

    return Brief
