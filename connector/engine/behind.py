"""Which orders are behind a work order: by its link, by its mark, or by the number a person gave it."""

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
    return orders | _owners(store, om, {sys_id: name for sys_id, name in names.items() if sys_id not in orders})


def orders_behind(store: Store, om: OrderManagement, names: Mapping[str, str]) -> set[str]:
    """The same orders, and those that people have given work orders to, by number, which another order still holds."""
    orders = store.orders_of_work_orders(list(names))
    asked = {i: name for i, name in names.items() if i not in orders or WorkOrderKey.parse(name) is None}
    return {*orders.values(), *_owners(store, om, asked).values()}


def _owners(store: Store, om: OrderManagement, names: Mapping[str, str]) -> dict[str, str]:
    """Work order -> the order of the initiator it names."""
    initiators: dict[str, str] = {}
    for sys_id, name in names.items():
        key = WorkOrderKey.parse(name)
        if name and (key is None or key.om == om.name):
            initiators[sys_id] = key.initiator_id if key else name
    found = store.orders_of_initiators(set(initiators.values()))
    unknown = set(initiators.values()) - set(found)
    if unknown:
        found = {**found, **om.orders_of(unknown)}
    return {sys_id: found[name] for sys_id, name in initiators.items() if name in found}
