"""Which order is behind a work order: by its link, by its mark, or by the number a person gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.marks import WorkOrderKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.engine.ports import OrderManagement
    from connector.engine.store import Store


def orders_named(store: Store, om: OrderManagement, names: Mapping[str, str]) -> dict[str, str]:
    """Work order -> its order, for those that have one. `names` is what each says in its correlation id."""
    orders = store.orders_of_work_orders(list(names))
    initiators: dict[str, str] = {}
    for sys_id, name in names.items():
        key = WorkOrderKey.parse(name)
        if sys_id not in orders and name and (key is None or key.om == om.name):
            initiators[sys_id] = key.initiator_id if key else name
    found = store.orders_of_initiators(set(initiators.values()))
    unknown = set(initiators.values()) - set(found)
    if unknown:
        found = {**found, **om.orders_of(unknown)}
    return orders | {sys_id: found[name] for sys_id, name in initiators.items() if name in found}
