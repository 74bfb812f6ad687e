"""What people do in a walk: the moves of the sandbox, and what takes several of them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from connector.engine.asking import asked_to_adopt, asked_to_create, asked_to_detach
from connector.errors import ConnectorError
from connector.model import CreateWorkOrder
from connector.sandbox import Refused
from tests.faults.walk.moves import (
    CASE,
    DOMAIN_ORDER,
    LINE,
    MOVES_OF_PEOPLE,
    OPEN_ORDER_TASK,
    OPEN_WORK,
    ORDER_TASK,
    RATES,
    one,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.engine.drain import Engine
    from connector.model import Asked
    from connector.sandbox import World
    from tests.faults.walk.story import Step
    from tests.faults.walk.truth import Truth

_ENDS = ("2026-08-20 12:00:00", "2026-08-25 16:30:00", "2026-09-02 09:00:00")  # that a dispatcher plans for a visit


class People:
    """Everybody in both systems. `ask` types a command of the connector's."""

    def __init__(self, world: World, truth: Truth, ask: Callable[[Callable[[Engine], Asked]], Asked]) -> None:
        self.world = world
        self.truth = truth
        self._ask_connector = ask

    def act(self, step: Step) -> None:
        """Raises Refused as a form would."""
        name, pick = step["move"], step["pick"]
        if name in self._together:
            self._together[name](pick)
            return
        lag = {"commit_lag": step["commit_lag"]} if "commit_lag" in step else {}
        move = MOVES_OF_PEOPLE[name]
        given = move.arguments(self.world, pick)
        self.world.act(move.side, {"do": move.do or name, **given, **lag})
        if name == "dispatch" and self.truth.plans_tasks:
            self._write(given["work_order"], expected_end=_ENDS[pick % len(_ENDS)])

    @property
    def _together(self) -> dict[str, Callable[[int], None]]:
        return {
            "new_order": self._order,
            "new_fiber": lambda pick: self._order(pick, "Fiber Access"),
            "task_done": self._do_task,
            "redo": self._redo,
            "begin_visit": self._begin_visit,
            "change_begun": self._change_begun,
            "by_hand": self._make_by_hand,
            "visit_everybody": self._visit_everybody,
            "close_everything": self._close_everything,
            "name_another": self._name_another,
            "name_nobody": lambda pick: self._name(pick, ("", "PROJECT-7")[pick // 3 % 2]),
            "ask_create": self._ask_to_create,
            "ask_adopt": self._ask_to_adopt,
            "ask_detach": lambda pick: self._ask(lambda e: asked_to_detach(e, self._work_order(pick), "by Mia")),
        }

    def _write(self, work_order: str, **fields: str) -> None:
        self.world.act("fsm", {"do": "write", "table": "wm_order", "record": work_order, "fields": fields})

    def _number(self, side: str, table: str, roles: tuple[str, ...], pick: int) -> str:
        sys_id = one(self.world, side, table, roles, pick)
        return str(self.world.instance(side).store.find(table, sys_id=sys_id)[0]["number"])

    # --- orders ----------------------------------------------------------------------------------------------

    def _order(self, pick: int, offering: str = "") -> None:
        """Every third order is a consumer's, not a company's."""
        given = MOVES_OF_PEOPLE["create_order"].arguments(self.world, pick)
        if pick // 64 % 3 == 0:
            given = {"consumer": "Nora Lind", "lines": given["lines"]}
        for line in given["lines"]:
            line |= {"offering": offering, "action": "add"} if offering else {}
        order = self.world.act("om", {"do": "create_order", **given})["order"]["number"]
        self.world.act("om", {"do": "place", "order": order})
        self.world.act("om", {"do": "approve", "order": order})
        self.world.advance(5)

    def _do_task(self, pick: int) -> None:
        """A technician makes the visit of an order task, and the task is closed."""
        task = one(self.world, "om", ORDER_TASK, OPEN_ORDER_TASK, pick, OPEN_WORK)
        for row in self.world.fsm.store.find("wm_order", active="true"):
            if task in row["correlation_id"]:
                for do in ("dispatch", "complete"):
                    self.world.act("fsm", {"do": do, "work_order": row["number"], "technician": "technician"})
        self.world.act("om", {"do": "close_order_task", "task": task})

    def _redo(self, pick: int) -> None:
        """An order with a finished task is revised, which may open the task again."""
        task = one(self.world, "om", ORDER_TASK, ("closed_complete",), pick, ("closed_complete",))
        line = self._line_of(task)
        rate = {"characteristics": {"Bandwidth": RATES[pick % len(RATES)]}}
        for move in (
            {"do": "revise", "order": line["order"]},
            {"do": "edit_line", "line": line["sys_id"], **rate},
            {"do": "approve_revision", "order": line["order"]},
        ):
            self.world.act("om", move)

    def _line_of(self, initiator: str) -> dict[str, str]:
        store = self.world.om.store
        [task] = store.find(ORDER_TASK, sys_id=initiator) or [{"parent": initiator}]
        [domain_order] = store.find(DOMAIN_ORDER, sys_id=task["parent"]) or [{"order_line_item": ""}]
        [line] = store.find(LINE, sys_id=domain_order["order_line_item"]) or [{}]
        if not line:
            raise Refused("it belongs to no line")
        return line

    def _change_begun(self, pick: int) -> None:
        """Somebody changes the line for which a technician is at work."""
        work_order = one(self.world, "fsm", "wm_order", ("work_in_progress",), pick)
        mark = self.truth.marks.get(work_order, "")
        if not mark:
            raise Refused("it was made by hand")
        changed = {"name": "Bandwidth", "value": RATES[pick // 3 % len(RATES)]}
        self.world.act(
            "om", {"do": "set_characteristic", "line": self._line_of(mark.split(":")[2])["sys_id"], **changed}
        )

    def _close_everything(self, _: int) -> None:
        for row in self.world.om.store.find(DOMAIN_ORDER):
            with suppress(Refused):
                self.world.act("om", {"do": "close_domain_order", "domain_order": row["number"]})

    # --- work orders -----------------------------------------------------------------------------------------

    def _begin_visit(self, pick: int) -> None:
        work_order = one(self.world, "fsm", "wm_order", OPEN_WORK, pick)
        for do in ("dispatch", "start"):
            self.world.act("fsm", {"do": do, "work_order": work_order, "technician": "technician"})

    def _make_by_hand(self, pick: int) -> None:
        number = self._number("om", DOMAIN_ORDER, ("in_progress",), pick)
        self.world.act("fsm", {"do": "create_work_order", "short_description": "by hand", "correlation_id": number})

    def _visit_everybody(self, pick: int) -> None:
        do = "complete" if pick % 2 else "close_incomplete"
        for row in self.world.fsm.store.find("wm_order", active="true"):
            with suppress(Refused):
                self.world.act("fsm", {"do": do, "work_order": row["number"], "reason": "a cable was missing"})

    def _name_another(self, pick: int) -> None:
        tables = (DOMAIN_ORDER, DOMAIN_ORDER, ORDER_TASK, CASE)
        others = [row["number"] for table in tables for row in self.world.om.store.find(table)]
        self._name(pick, *others)

    def _name(self, pick: int, *names: str) -> None:
        """A dispatcher writes another correlation id on a work order made by hand."""
        made = [row for row in self.world.fsm.store.find("wm_order") if row["sys_id"] not in self.truth.marks]
        if not made:
            raise Refused("there is no work order made by hand")
        row = made[pick % len(made)]
        others = [name for name in names if name != row["correlation_id"]] or list(names)
        self._write(row["sys_id"], correlation_id=others[pick // 5 % len(others)])

    # --- `om-fsm work-order ...`, while the connector may be at work -----------------------------------------

    def _work_order(self, pick: int) -> str:
        return self._number("fsm", "wm_order", (), pick)

    def _ask_to_create(self, pick: int) -> None:
        number = self._number("om", DOMAIN_ORDER, ("in_progress",), pick)
        self._ask(lambda engine: asked_to_create(engine, number, ("Swap CPE", "Remove CPE")[pick % 2], 1, "by Mia"))

    def _ask_to_adopt(self, pick: int) -> None:
        number = self._number("om", DOMAIN_ORDER, (), pick)
        self._ask(lambda engine: asked_to_adopt(engine, self._work_order(pick), number, "by Mia"))

    def _ask(self, what: Callable[[Engine], Asked]) -> None:
        try:
            asked = self._ask_connector(what)
        except ConnectorError as error:
            raise Refused(str(error)) from error
        if isinstance(asked.action, CreateWorkOrder):
            self.truth.asked_for.add(asked.action.key)
