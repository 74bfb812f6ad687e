"""aiosnow, an asynchronous client with declared models over aiohttp.

Its age shows in deprecation warnings of its own dependencies; those are the only thing passed over here.
"""

from __future__ import annotations

import asyncio
import ssl
import warnings
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.sandbox.clients.conftest import Site

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import aiosnow  # type: ignore[import-untyped]
    from aiosnow.exceptions import NoItems  # type: ignore[import-untyped]
    from aiosnow.models import TableModel, fields  # type: ignore[import-untyped]

    class WorkOrders(TableModel):  # type: ignore[misc]
        """What its users write for a table of theirs."""

        sys_id = fields.String(is_primary=True)
        number = fields.String()
        short_description = fields.String()
        correlation_id = fields.String()
        state = fields.IntegerMap()
        active = fields.Boolean()
        sys_created_on = fields.DateTime()
        sys_mod_count = fields.Integer()


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def speak(site: Site, talk: Callable[[Any], Awaitable[Any]], password: str = "") -> Any:
    """`session_cls` is its way to bring a connector of one's own, here one that trusts the sandbox's authority."""
    trust = ssl.create_default_context(cafile=site.ca_file)

    class Session(aiohttp.ClientSession):
        def __init__(self, connector: aiohttp.TCPConnector, **options: Any) -> None:
            connector._ssl = trust
            super().__init__(connector=connector, **options)

    async def whole() -> Any:
        client = aiosnow.Client(site.host, basic_auth=(site.login, password or site.password), session_cls=Session)
        async with WorkOrders(client, table_name="wm_order") as work_orders:
            return await talk(work_orders)

    return asyncio.run(whole())


def test_a_record_is_created_read_typed_and_updated(site: Site) -> None:
    async def talk(work_orders: Any) -> Any:
        await work_orders.create({"short_description": "by aiosnow", "correlation_id": site.mark})
        mine = WorkOrders.correlation_id.equals(site.mark)
        await work_orders.update(mine, {"short_description": "changed"})
        return (await work_orders.get_one(mine)).data

    record = speak(site, talk)
    assert record["short_description"] == "changed"
    assert (record["state"].key, record["state"].value) == (1, "Draft")
    assert record["active"] is True
    assert record["sys_mod_count"] == 1
    assert record["sys_created_on"].isoformat() == "2026-03-02T08:00:00"


def test_a_stream_shows_every_record_once(site: Site) -> None:
    async def talk(work_orders: Any) -> list[str]:
        for _ in range(5):
            await work_orders.create({"correlation_id": site.mark})
        stream = work_orders.stream(WorkOrders.correlation_id.equals(site.mark), page_size=2)
        return [record["sys_id"] async for _, record in stream]

    seen = speak(site, talk)
    assert len(seen) == len(set(seen)) == 5


def test_nothing_found_is_told(site: Site) -> None:
    async def talk(work_orders: Any) -> None:
        with pytest.raises(NoItems):
            await work_orders.get_one(WorkOrders.correlation_id.equals(site.mark))

    speak(site, talk)


def test_a_wrong_password_is_refused(site: Site) -> None:
    async def talk(work_orders: Any) -> None:
        with pytest.raises(aiosnow.exceptions.AiosnowException, match="not authenticated"):
            await work_orders.get(limit=1)

    speak(site, talk, password="wrong")
