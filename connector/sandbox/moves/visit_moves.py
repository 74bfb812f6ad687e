"""More moves on the Field Service instance: approval, scheduling, rejecting, parts, questionnaires, a technician on autopilot."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.sandbox.moves.bench import Arguments, Bench, Move, Refused, summary
from connector.sandbox.moves.work_moves import DISPATCHER, FIELD, OPEN, UNSTARTED, answer, unstarted_tasks
from connector.sandbox.rules.visits import PART, QUESTIONNAIRE, TRANSFER, reject

if TYPE_CHECKING:
    from connector.sandbox.store import Row

APPROVER = ("wm_approver_user",)


def approve_work_order(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    next_stage = "awaiting_qualification" if bench.instance.switches["qualification"] else "ready_for_dispatch"
    return _decide(bench, arguments, next_stage, "approving")


def reject_work_order(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    reason = str(bench.argument(arguments, "reason"))
    return _decide(bench, arguments, bench.instance.switches["rejected_work_order"], "rejecting", work_notes=reason)


def _decide(bench: Bench, arguments: Arguments, state: str, what: str, **values: str) -> dict[str, Any]:
    bench.demand_role(*APPROVER)
    order = bench.record("wm_order", bench.argument(arguments, "work_order"))
    bench.demand(order, ("waiting_for_approval",), what)
    return {"work_order": summary(bench.press_state(order, state, **values))}


def schedule(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """Give the open tasks of a work order (or one task) a start; UTC, `yyyy-MM-dd HH:mm:ss`."""
    bench.demand_role(*DISPATCHER)
    start = str(bench.argument(arguments, "start"))
    if arguments.get("task"):
        task = bench.record("wm_task", arguments["task"])
        order, tasks = bench.record("wm_order", task["parent"]), [task]
        bench.demand(task, UNSTARTED, "scheduling")
    else:
        order = bench.record("wm_order", bench.argument(arguments, "work_order"))
        tasks = unstarted_tasks(bench, order, "scheduling")
    return answer(bench, order, [bench.press(task, expected_start=start) for task in tasks])


def reject_task(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role(*FIELD)
    task = bench.record("wm_task", bench.argument(arguments, "task"))
    bench.demand(task, ("assigned",), "rejecting")
    reject(bench.instance, task, str(bench.argument(arguments, "reason")), bench.actor)
    return answer(bench, bench.record("wm_order", task["parent"]), [task])


# --- parts and questionnaires -----------------------------------------------------------------------------------------


def require_part(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """A part the task needs, with the transfer order that brings it."""
    bench.demand_role(*FIELD)
    task = bench.record("wm_task", bench.argument(arguments, "task"))
    bench.demand(task, OPEN, "asking for a part")
    insert = bench.instance.records.insert
    transfer = insert(TRANSFER, {"to_location": task["location"]}, bench.actor)
    values = {"service_order_task": task["sys_id"], "transfer_order": transfer["sys_id"]}
    values["short_description"] = str(bench.argument(arguments, "part"))
    return {"part": summary(insert(PART, values, bench.actor)), "transfer_order": summary(transfer)}


def ship_part(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    return _transfer(bench, arguments, "draft", "shipped", "shipping")


def receive_part(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    return _transfer(bench, arguments, "shipped", "received", "receiving")


def _transfer(bench: Bench, arguments: Arguments, before: str, after: str, what: str) -> dict[str, Any]:
    transfer = bench.record(TRANSFER, bench.argument(arguments, "transfer_order"))
    if bench.role(transfer, "stage") != before:
        raise Refused(f"{transfer['number']} is {bench.label(transfer, 'stage')}: {what} is not possible")
    stage = bench.instance.schema.table(TRANSFER).value_of("stage", after)
    return {"transfer_order": summary(bench.press(transfer, stage=stage))}


def attach_questionnaire(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    task = bench.record("task", bench.argument(arguments, "record"))
    blocks = str(arguments.get("blocks", ""))
    states = bench.instance.schema.table(task["sys_class_name"]).columns["state"].choices
    if blocks and blocks not in {choice.role for choice in states}:
        raise Refused(f"{blocks!r} is the role of no state of {task['number']}")
    mandatory = "false" if arguments.get("optional") else "true"
    values = {"task": task["sys_id"], "name": str(bench.argument(arguments, "name")), "mandatory": mandatory}
    made = bench.instance.records.insert(QUESTIONNAIRE, {**values, "blocks": blocks}, bench.actor)
    return {"questionnaire": summary(made)}


def answer_questionnaire(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    bench.demand_role(*FIELD)
    row = bench.record(QUESTIONNAIRE, bench.argument(arguments, "questionnaire"))
    return {"questionnaire": summary(bench.press_state(row, "complete"))}


# --- autopilot --------------------------------------------------------------------------------------------------------


def autopilot(bench: Bench, arguments: Arguments) -> dict[str, Any]:
    """From now on this technician makes the next step of each of his tasks every `seconds`, or after every `reads`.

    Neither stops him. A step that is refused is tried again the next time.
    """
    technician = bench.record("sys_user", bench.argument(arguments, "technician"))
    user = bench.instance.user(technician["user_name"])
    if user is None or not user.roles & set(FIELD):
        raise Refused(f"{technician['name']} is no technician")
    seconds, reads = float(arguments.get("seconds", 0)), int(arguments.get("reads", 0))
    shift = _Shift(Bench(bench.instance, user))
    shift.begin()
    if seconds > 0:
        bench.instance.later(seconds, partial(shift.every, seconds))
    if reads > 0:
        bench.instance.on_read.append(partial(shift.read, reads))
    return {"technician": user.login, "seconds": seconds, "reads": reads}


class _Shift:
    """One technician on autopilot until he gets another shift."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._key = f"autopilot:{bench.actor.login}"
        self._reads = 0

    def begin(self) -> None:
        self._bench.instance.shelf[self._key] = self

    @property
    def _over(self) -> bool:
        return self._bench.instance.shelf.get(self._key) is not self

    def every(self, seconds: float) -> None:
        if not self._over:
            self._step()
            self._bench.instance.later(seconds, partial(self.every, seconds))

    def read(self, reads: int) -> None:
        self._reads += 1
        if not self._over and self._reads % reads == 0:
            self._step()

    def _step(self) -> None:
        mine = {"assigned_to": self._bench.actor.sys_id, "active": "true"}
        for task in self._bench.instance.store.find("wm_task", **mine):
            with suppress(Refused):
                _move_on(self._bench, task)


def _move_on(bench: Bench, task: Row) -> None:
    state = bench.role(task)
    if state == "assigned":
        bench.press_state(task, "accepted")
    elif state == "accepted":
        bench.press(task, work_start=bench.instance.clock.stamp())
    elif state == "work_in_progress":
        bench.press_state(task, "closed_complete")


VISIT_MOVES = (
    Move("approve_work_order", "fsm", "approver", approve_work_order),
    Move("reject_work_order", "fsm", "approver", reject_work_order),
    Move("schedule", "fsm", "dispatcher", schedule),
    Move("reject_task", "fsm", "technician", reject_task),
    Move("require_part", "fsm", "technician", require_part),
    Move("ship_part", "fsm", "dispatcher", ship_part),
    Move("receive_part", "fsm", "technician", receive_part),
    Move("attach_questionnaire", "fsm", "dispatcher", attach_questionnaire),
    Move("answer_questionnaire", "fsm", "technician", answer_questionnaire),
    Move("autopilot", "fsm", "system", autopilot),
)
