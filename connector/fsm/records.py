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
    scheduled_start: str
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
            scheduled_start=self.scheduled_start,
            planned_end=self.planned_end,
            estimated_end=self.estimated_end,
        )


class WorkOrderTaskWire(Wire):
    work_order_id: SysId
    summary: str
    assigned_to: str
    scheduled_start: str
    estimated_end: str
    window_end: str
    work_duration: str
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
            scheduled_start=self.scheduled_start,
            estimated_end=self.estimated_end,
            window_end=self.window_end,
            work_duration=self.work_duration,
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
            "scheduled_start": parts.known(
                "scheduled_start"
            ),  # these three predict and are shown, and decide nothing else
            "planned_end": parts.known("planned_end"),
            "estimated_end": parts.known("estimated_end"),
        }
    )


def work_order_task_wire(parts: Parts) -> WorkOrderTaskWire:
    return WorkOrderTaskWire.model_validate(
        {
            **parts.common(),
            "work_order_id": parts.value("work_order"),
            "summary": parts.value("summary"),
            "assigned_to": parts.label("assigned_to"),
            "scheduled_start": parts.known("scheduled_start"),
            "estimated_end": parts.known("estimated_end"),
            "window_end": parts.known("window_end"),
            "work_duration": parts.known("work_duration"),
            "mod_count": parts.known("mod_count") or "-1",
            "updated_on": parts.known("updated_on"),
        }
    )
