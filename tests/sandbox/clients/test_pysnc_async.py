"""pysnc's asynchronous twin over httpx.

What is broken in the client itself is left out: its batches lose their parameters, its requests the token it fetched.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from pysnc.asyncio import AsyncServiceNowClient
from pysnc.exceptions import AuthenticationException

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.sandbox.clients.conftest import Site


def speak(site: Site, talk: Callable[[Any], Awaitable[Any]], password: str = "") -> Any:
    async def whole() -> Any:
        client = AsyncServiceNowClient(site.url, (site.login, password or site.password))
        try:
            return await talk(client)
        finally:
            await client.close()

    return asyncio.run(whole())


def test_a_record_is_inserted_found_updated(site: Site) -> None:
    async def talk(client: Any) -> None:
        record = await client.GlideRecord("wm_order")
        record.initialize()
        record.short_description = "by the twin"
        record.correlation_id = site.mark
        sys_id = await record.insert()
        again = await client.GlideRecord("wm_order")
        assert await again.get(str(sys_id))
        again.short_description = "changed"
        assert await again.update()

    speak(site, talk)
    [stored] = site.world.fsm.store.find("wm_order", correlation_id=site.mark)
    assert stored["short_description"] == "changed"


def test_every_row_comes_once_over_several_pages(site: Site) -> None:
    async def talk(client: Any) -> list[str]:
        locations = await client.GlideRecord("cmn_location", batch_size=2)
        await locations.query()
        return [str(row.sys_id) async for row in locations]

    seen = speak(site, talk)
    assert len(seen) == len(set(seen)) == 6


def test_a_wrong_password_is_refused(site: Site) -> None:
    async def talk(client: Any) -> None:
        record = await client.GlideRecord("wm_order")
        with pytest.raises(AuthenticationException):
            await record.query()

    speak(site, talk, password="wrong")
