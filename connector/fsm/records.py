"""FSM rows as they come over the wire, checked, and turned into the vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.model import WorkOrder, WorkOrderTask
from connector.servicenow.wire import Count, Parts, SysId, Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.mapping.states import StateMap
    from connector.model import WorkOrderPhase


class WorkOrderWire(Wire):
    names: str
    mark: str
    template: str
    summary: str
    updated_by: str
    updated_on: str
    mod_count: Count
    planned_end: str
    estimated_end: str

    def work_order(
        self, states: StateMap[WorkOrderPhase], fields: Mapping[str, str], tasks: tuple[WorkOrderTask, ...]
    ) -> WorkOrder:
        return WorkOrder(
            sys_id=self.sys_id,
            number=self.number,
            state=states.read(self.state, self.state_label),
            names=self.names,
            mark=self.mark,
            template=self.template,
            summary=self.summary,
            updated_by=self.updated_by,
            updated_on=self.updated_on,
            mod_count=self.mod_count,
            fields=fields,
            tasks=tasks,
            planned_end=self.planned_end,
            estimated_end=self.estimated_end,
        )


class WorkOrderTaskWire(Wire):
    work_order_id: SysId
    summary: str
    assigned_to: str
    estimated_end: str
    mod_count: Count
    updated_on: str

    def task(self, states: StateMap[WorkOrderPhase]) -> WorkOrderTask:
        return WorkOrderTask(
            sys_id=self.sys_id,
            number=self.number,
            work_order_id=self.work_order_id,
            state=states.read(self.state, self.state_label),
            summary=self.summary,
            assigned_to=self.assigned_to,
            estimated_end=self.estimated_end,
            mod_count=self.mod_count,
            updated_on=self.updated_on,
        )


def work_order_wire(parts: Parts) -> WorkOrderWire:
    return WorkOrderWire.model_validate(
        {
            **parts.common(),
            "names": parts.value("names"),
            "mark": parts.value("mark"),
            "template": parts.label("template"),
            "summary": parts.value("summary"),
            "updated_by": parts.value("updated_by"),
            "updated_on": parts.value("updated_on"),
            "mod_count": parts.value("mod_count"),
            "estimated_end": parts.known("estimated_end"),
            "planned_end": parts.known("planned_end"),  # shown to people, decides nothing
        }
    )


def work_order_task_wire(parts: Parts) -> WorkOrderTaskWire:
    return WorkOrderTaskWire.model_validate(
        {
            **parts.common(),
            "work_order_id": parts.value("work_order"),
            "summary": parts.value("summary"),
            "assigned_to": parts.label("assigned_to"),
            "estimated_end": parts.known("estimated_end"),
            "mod_count": parts.known("mod_count") or "-1",
            "updated_on": parts.known("updated_on"),
        }
    )
