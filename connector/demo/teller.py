"""Tells what happens: people's moves, what the connector answers, what both sides see then, and whether it is as claimed.

Everything a story needs of the stage, and nothing of any one story.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connector.demo.timeline import CONNECTOR

if TYPE_CHECKING:
    from connector.demo.stage import Stage
    from connector.demo.timeline import Timeline

ORDER = "sn_ind_tmt_orm_order"
LINE = "sn_ind_tmt_orm_order_line_item"
DOMAIN_ORDER = "sn_ind_tmt_orm_domain_order"
ORDER_TASK = "sn_ind_tmt_orm_order_task"
CASE = "sn_customerservice_case"
HAMBURG = "Acme Hamburg HQ"
MUNICH = "Acme Munich Depot"
SYSTEMS = {"om": "Order Management", "fsm": "Field Service"}
TOKEN = re.compile(r"\[om-fsm [0-9a-f]{10}(?: [0-9a-f]{10})*\]")


class Teller:
    """What is done on a stage, told on a timeline. Between two moves `pace` seconds pass on both instances."""

    def __init__(self, stage: Stage, timeline: Timeline, *, pace: float = 60.0) -> None:
        self.stage = stage
        self.timeline = timeline
        self._pace = pace
        self._first_day = stage.now().date()
        self._heard: dict[str, tuple[str, str]] = {}  # record whose notes are told -> its side and table
        self._told: dict[str, int] = {}  # record -> notes told so far

    # --- what people do ------------------------------------------------------------------------------------

    def scene(self, title: str) -> None:
        """What comes next."""
        self.timeline.step(str(len(self.timeline.steps) + 1), title)

    def on(self, days: int, at: str = "12:00:00") -> str:
        """A moment so many days after the story began: UTC, as instances store it."""
        return f"{self._first_day + timedelta(days=days)} {at}"

    def move(self, side: str, do: str, login: str, words: str, **arguments: Any) -> Any:
        """A person does something, and the timeline says so."""
        if self._pace:
            self.stage.advance(self._pace)
        result = self.stage.act(side, do, login, **arguments)
        self.timeline.say(SYSTEMS[side], self.stage.person(side, login), words)
        return result

    def place(self, *lines: dict[str, Any], **given: str) -> str:
        """An agent creates and places an order with these lines. Returns its number."""
        given = {"account": "Acme Logistics", **given}
        made = self.stage.act("om", "create_order", "order_agent", **given, lines=list(lines))
        order = str(made["order"]["number"])
        what = ", ".join(_in_words(line) for line in lines) + (
            f", for {given['contact']}" if "contact" in given else ""
        )
        self.move("om", "place", "order_agent", f"places {order}: {what}", order=order)
        return order

    def approve(self, order: str) -> None:
        """The manager approves an order, and the platform decomposes it."""
        self.move("om", "approve", "fulfillment_manager", f"approves {order}", order=order)
        self.stage.advance(10)
        self.hear(*self.domain_orders(order))

    def later(self, days: float, words: str) -> None:
        """Time passes on both instances."""
        self.stage.advance(days * 86_400)
        self.timeline.say("", "", f"... {words} ...")

    # --- what the connector does ---------------------------------------------------------------------------

    def connector(self) -> None:
        """The connector makes a pass (7: a write is parked); what it tells people is shown."""
        self.stage.advance(10)
        self.stage.ask("sync", accept=(0, 7))
        self.answers()

    def hear(self, *numbers: str, side: str = "om", table: str = DOMAIN_ORDER) -> None:
        """From now on the connector's notes on these records are told."""
        self._heard.update(dict.fromkeys(numbers, (side, table)))

    def answers(self) -> None:
        """Show what the connector wrote on the records we hear since we last looked."""
        for number, (side, table) in sorted(self._heard.items()):
            notes = [note for note in self._side(side).notes(number, table) if TOKEN.search(note)]
            for note in notes[self._told.get(number, 0) :]:
                said = TOKEN.sub("", note).strip()
                about = "" if said.startswith(number) else f"{number}: "
                self.timeline.say(SYSTEMS[side], CONNECTOR, f"{about}{said}")
            self._told[number] = len(notes)

    def typed(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> Any:
        """Somebody types a command of the connector."""
        self.timeline.say("Terminal", "administrator", f"om-fsm {' '.join(arguments)}")
        return self.stage.ask(*arguments, accept=accept)

    def again(self) -> None:
        """Somebody has every write that was refused tried again."""
        for one in self.typed("outbox", "ls"):
            self.timeline.say("Terminal", "administrator", f"om-fsm outbox retry {one['id']}")
            self.stage.command("outbox", "retry", str(one["id"]))

    # --- what both sides see -------------------------------------------------------------------------------

    def both_see(self, number: str, *work_orders: str, table: str = DOMAIN_ORDER) -> None:
        """The record of Order Management as its agent sees it, and the work orders as the dispatcher sees them."""
        record = self.stage.om.one(table, f"number={number}", "state,location")
        place = record["location"]["display_value"]
        self.timeline.view(SYSTEMS["om"], "agent sees", f"{number} {record['state']['display_value']}, {place}")
        for work_order in work_orders:
            row = self.stage.fsm.one("wm_order", f"number={work_order}", "state,template,location,requested_due_by")
            shown = [row[name]["display_value"] for name in ("template", "state", "location")]
            due = row["requested_due_by"]["value"][:10]
            said = ", ".join(part for part in (*shown, f"due {due}" if due else "") if part)
            self.timeline.view(SYSTEMS["fsm"], "dispatcher sees", f"{work_order} {said}")

    def check(self, claim: str, holds: bool, seen: object = "") -> None:
        """Something is looked up in the records."""
        self.timeline.check(claim, holds, "" if holds else str(seen))

    # --- what the records say ------------------------------------------------------------------------------

    def domain_orders(self, order: str, kind: str = "") -> list[str]:
        """Numbers of an order's domain orders, of one class if wanted."""
        query = f"order_line_item.order.number={order}^ORDERBYnumber"
        rows = self.stage.om.rows(DOMAIN_ORDER, query, "number,sys_class_name")
        return [r["number"]["value"] for r in rows if r["sys_class_name"]["value"].endswith(kind)]

    def lines(self, order: str) -> list[str]:
        """Numbers of an order's lines."""
        return [r["number"]["value"] for r in self.stage.om.rows(LINE, f"order.number={order}^ORDERBYnumber", "number")]

    def work_orders(self, order: str, template: str = "") -> list[str]:
        """Numbers of the work orders that name an order or a case, of one template if wanted."""
        about = f"descriptionLIKE{order}" + (f"^template.name={template}" if template else "")
        return [r["number"]["value"] for r in self.stage.fsm.rows("wm_order", f"{about}^ORDERBYnumber", "number")]

    def shown(self, side: str, table: str, number: str, column: str) -> str:
        """One field of a record, as people see it."""
        return str(self._side(side).one(table, f"number={number}", column)[column]["display_value"])

    def state(self, side: str, table: str, number: str) -> str:
        """The state of a record, in lower case: spelling differs between tables."""
        return self.shown(side, table, number, "state").casefold()

    def noted(self, number: str, *words: str, table: str = DOMAIN_ORDER) -> bool:
        """Whether one note on a record of Order Management has all these words."""
        return any(all(word in note for word in words) for note in self.stage.om.notes(number, table))

    def _side(self, side: str) -> Any:
        return self.stage.om if side == "om" else self.stage.fsm


def _in_words(line: dict[str, Any]) -> str:
    what = line.get("offering") or line.get("sold_product") or ""
    action = line.get("action", "add")
    place = f" at {line['location']}" if line.get("location") else ""
    number = f"{line['quantity']} x " if line.get("quantity") else ""
    return f"{action} {number}{what}{place}"
