"""Whether the two addresses were given the wrong way round: the first mistake of a first hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import Denied, NotFound, Rejected

if TYPE_CHECKING:
    from connector.servicenow.table import TableApi


def swapped(om: TableApi, orders: str, fsm: TableApi, work_orders: str) -> str:
    """What is wrong, in words, where orders are at the address of Field Service and work orders at that of Order Management.

    Empty otherwise. Asks at most four questions, one where all is well. Raises a RemoteError.
    """
    if om.endpoint.url == fsm.endpoint.url or _has(om, orders):
        return ""
    if _has(fsm, work_orders) or not (_has(fsm, orders) and _has(om, work_orders)):
        return ""
    return (
        f"the two addresses are swapped: {om.endpoint.url}, given as Order Management, has work orders and no orders; "
        f"{fsm.endpoint.url}, given as Field Service, has orders and no work orders"
    )


def _has(api: TableApi, table: str) -> bool:
    """A table that is denied is there."""
    try:
        api.probe(table)
    except Denied:
        return True
    except (NotFound, Rejected):
        return False
    return True
