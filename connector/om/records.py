"""OM rows as they come over the wire, checked, and turned into the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator

from connector.model import Case, CustomerOrder, DomainOrder, DomainOrderClass, OrderLine, OrderTask, Ref
from connector.servicenow.wire import Count, Flag, Parts, SysId, Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.mapping.states import StateMap
    from connector.model import CasePhase, DomainOrderPhase, OrderPhase


def _first_version(value: Any) -> Any:
    """An order that was never revised may leave its version empty."""
    return value or 1


Version = Annotated[int, BeforeValidator(_first_version)]


class OrderWire(Wire):
    ponr: Flag
    version: Version
    account: Ref
    contact: Ref

    def order(self, states: StateMap[OrderPhase]) -> CustomerOrder:
        return CustomerOrder(
            sys_id=self.sys_id,
            number=self.number,
            state=states.read(self.state, self.state_label),
            ponr=self.ponr,
            version=self.version,
            account=self.account,
            contact=self.contact,
        )


class LineWire(OrderWire):
    order_id: SysId
    action: str
    quantity: str
    location: Ref
    due: str

    def line(self, states: StateMap[OrderPhase], characteristics: Mapping[str, str]) -> OrderLine:
        return OrderLine(
            sys_id=self.sys_id,
            number=self.number,
            order_id=self.order_id,
            state=states.read(self.state, self.state_label),
            action=self.action,
            quantity=self.quantity,
            ponr=self.ponr,
            version=self.version,
            location=self.location,
            account=self.account,
            contact=self.contact,
            due=self.due,
            characteristics=characteristics,
        )


class DomainOrderWire(Wire):
    kind: str
    line_id: str
    parent_id: str
    action: str
    specification: Ref
    location: Ref
    account: Ref
    contact: Ref
    priority: str
    mod_count: Count
    updated_on: str
    needs_attention: Flag
    record_version: str

    def domain_order(self, states: StateMap[DomainOrderPhase], kind: DomainOrderClass) -> DomainOrder:
        return DomainOrder(
            sys_id=self.sys_id,
            number=self.number,
            kind=kind,
            state=states.read(self.state, self.state_label),
            line_id=self.line_id,
            parent_id=self.parent_id,
            action=self.action,
            specification=self.specification,
            location=self.location,
            account=self.account,
            contact=self.contact,
            priority=self.priority,
            mod_count=self.mod_count,
            updated_on=self.updated_on,
            needs_attention=self.needs_attention,
            record_version=self.record_version,
        )


class OrderTaskWire(Wire):
    domain_order_id: str
    request_type: str
    priority: str
    mod_count: Count
    updated_on: str
    planned_end: str

    def order_task(self, states: StateMap[DomainOrderPhase]) -> OrderTask:
        return OrderTask(
            sys_id=self.sys_id,
            number=self.number,
            domain_order_id=self.domain_order_id,
            state=states.read(self.state, self.state_label),
            request_type=self.request_type,
            priority=self.priority,
            mod_count=self.mod_count,
            updated_on=self.updated_on,
            planned_end=self.planned_end,
        )


class CaseWire(Wire):
    mod_count: Count
    updated_on: str

    def case(self, states: StateMap[CasePhase], said: Mapping[str, str]) -> Case:
        return Case(
            sys_id=self.sys_id,
            number=self.number,
            state=states.read(self.state, self.state_label),
            mod_count=self.mod_count,
            said={"case": self.number, **said},
            updated_on=self.updated_on,
        )


def order_wire(parts: Parts) -> OrderWire:
    return OrderWire.model_validate({**parts.common(), **_agreed(parts)})


def line_wire(parts: Parts) -> LineWire:
    return LineWire.model_validate(
        {
            **parts.common(),
            **_agreed(parts),
            "order_id": parts.value("order"),
            "action": parts.label("action", "line action"),
            "quantity": parts.value("quantity"),
            "location": parts.ref("location"),
            "due": parts.value("due"),
        }
    )


def _agreed(parts: Parts) -> dict[str, Any]:
    """What an order and its lines have in common."""
    return {
        "ponr": parts.value("ponr"),
        "version": parts.value("version"),
        "account": parts.ref("account"),
        "contact": parts.ref("contact"),
    }


def domain_order_wire(parts: Parts) -> DomainOrderWire:
    return DomainOrderWire.model_validate(
        {
            **parts.common(),
            "kind": parts.value("kind"),
            "line_id": parts.value("line"),
            "parent_id": parts.value("parent"),
            "action": parts.label("action", "domain order action"),
            "specification": parts.ref("specification"),
            "location": parts.ref("location"),
            "account": parts.ref("account"),
            "contact": parts.ref("contact"),
            "priority": parts.value("priority"),
            "mod_count": parts.value("mod_count"),
            "updated_on": parts.known("updated_on"),  # tells whether a journal may still grow, decides nothing
            "needs_attention": parts.known("needs_attention"),  # a column the documentation does not name
            "record_version": parts.known("record_version"),  # neither of this
        }
    )


def order_task_wire(parts: Parts) -> OrderTaskWire:
    return OrderTaskWire.model_validate(
        {
            **parts.common(),
            "domain_order_id": parts.value("domain_order"),
            "request_type": parts.label("request_type", "request type"),
            "priority": parts.value("priority"),
            "mod_count": parts.known("mod_count") or "-1",
            "updated_on": parts.known("updated_on"),
            "planned_end": parts.known("planned_end"),  # no column unless it is to be written
        }
    )


def case_wire(parts: Parts) -> CaseWire:
    return CaseWire.model_validate(
        {**parts.common(), "mod_count": parts.value("mod_count"), "updated_on": parts.known("updated_on")}
    )
