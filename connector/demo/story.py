"""The seven steps of the scenario: an order with two locations, from its creation to the closing of a domain order.

Each step is people's moves, then what must be true in the records of the two instances, read over REST.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.demo.teller import DOMAIN_ORDER, HAMBURG, LINE, MUNICH, ORDER, TOKEN, Teller
from connector.demo.timeline import CONNECTOR

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.demo.stage import Daemon, Stage
    from connector.demo.timeline import Timeline

_CLASSES = {"product_order": "product order", "service_order": "service order", "resource_order": "resource order"}
_QUIET = 2.2  # seconds in which something must not happen: two polls of the daemon


class Story(Teller):
    """One customer order, told as it happens, while the connector runs as a daemon."""

    def __init__(self, stage: Stage, daemon: Daemon, timeline: Timeline) -> None:
        super().__init__(stage, timeline, pace=0.0)
        self.daemon = daemon
        self.order = ""
        self.line_at: dict[str, str] = {}  # site -> line

    def play(self) -> None:
        """All steps, in order."""
        for scene in (
            self.create,
            self.locations,
            self.placed,
            self.approved,
            self.work,
            self.cancel_in_field,
            self.revise,
            self.point_of_no_return,
            self.closure,
            self.account,
        ):
            scene()

    # --- tools of the stage --------------------------------------------------------------------------------

    def expect(self, claim: str, holds: Callable[[], bool], seen: Callable[[], Any] = lambda: "") -> None:
        """Something must become true."""
        done = self.stage.until(holds)
        self.answers()
        self.timeline.check(claim, done, "" if done else str(seen()))

    def still(self, claim: str, holds: Callable[[], bool]) -> None:
        """Something must stay true while the connector has every chance to break it."""
        time.sleep(_QUIET)
        self.answers()
        self.timeline.check(claim, holds())

    def made(self, site: str = "", kind: str = "") -> list[str]:
        """Numbers of the order's domain orders, of one site or class if wanted."""
        query = f"order_line_item.order.number={self.order}^ORDERBYnumber"
        if site:
            query = f"order_line_item.number={self.line_at[site]}^{query}"
        rows = self.stage.om.rows(DOMAIN_ORDER, query, "number,sys_class_name")
        return [r["number"]["value"] for r in rows if not kind or r["sys_class_name"]["value"].endswith(kind)]

    def visits(self, site: str = "", template: str = "") -> list[dict[str, Any]]:
        """Work orders in Field Service, of one site or template if wanted."""
        query = "correlation_idSTARTSWITHom-fsm:"
        query += f"^location.name={site}" if site else ""
        query += f"^template.name={template}" if template else ""
        fields = "number,state,short_description,description,requested_due_by,location,correlation_id,sys_mod_count"
        return self.stage.fsm.rows("wm_order", f"{query}^ORDERBYnumber", fields)

    def exactly_one(self, site: str, template: str) -> bool:
        return len(self.visits(site, template)) == 1

    def work_order(self, site: str, template: str) -> dict[str, Any]:
        return self.visits(site, template)[0]

    # --- the steps -----------------------------------------------------------------------------------------

    def create(self) -> None:
        self.timeline.step("1", "An agent creates a customer order")
        line = {"offering": "Business SD-WAN", "action": "add", "committed_due_date": self.on(DUE)}
        result = self.stage.act(
            "om",
            "create_order",
            "order_agent",
            account="Acme Logistics",
            contact="Anna Weber",
            lines=[{**line, "location": site, "characteristics": {"Bandwidth": "100 Mbit/s"}} for site in SITES],
        )
        self.order = result["order"]["number"]
        self.line_at = {site: made["number"] for site, made in zip(SITES, result["lines"], strict=True)}
        who = self.stage.person("om", "order_agent")
        self.timeline.say("Order Management", who, f"creates {self.order} for Acme Logistics: Business SD-WAN")
        self.expect(f"{self.order} is a draft", lambda: self.shown("om", ORDER, self.order, "state") == "Draft")

    def locations(self) -> None:
        self.timeline.step("2", "Two service locations, hence two order lines")
        for site, line in self.line_at.items():
            self.timeline.say("Order Management", self.stage.person("om", "order_agent"), f"{line} for {site}")
        rows = self.stage.om.rows(LINE, f"order.number={self.order}", "number,location")
        found = {row["location"]["display_value"] for row in rows}
        self.timeline.check("the order has one line for each location", found == set(SITES), str(found))

    def placed(self) -> None:
        self.timeline.step("3", "The agent reviews and places the order")
        self.move("om", "place", "order_agent", f"places {self.order}", order=self.order)
        self.timeline.say("Connector", CONNECTOR, "starts as a daemon and listens to both instances")
        url = self.daemon.start()
        self.stage.subscribe(url, (self.stage.directory / "secrets" / "webhook.secret").read_text(encoding="utf-8"))
        self.expect(f"{self.order} waits for approval", lambda: self.shown("om", ORDER, self.order, "state") == "New")
        self.still("nothing exists in Field Service before the approval", lambda: not self.visits())

    def approved(self) -> None:
        self.timeline.step("4", "The fulfillment manager approves; work orders appear in Field Service")
        self.move("om", "approve", "fulfillment_manager", f"approves {self.order}", order=self.order)
        self.expect(
            "Order Management decomposes each line into a product, a service and a resource order",
            lambda: all(len(self.made(s, kind)) == 1 for s in SITES for kind in _CLASSES),
            self.made,
        )
        self.hear(*self.made())
        for site in SITES:
            for template in (INSTALL, SURVEY):
                self.expect(
                    f"one work order {template} exists for {site}",
                    partial(self.exactly_one, site, template),
                    partial(self.visits, site),
                )
        self.timeline.check("and no other work order", len(self.visits()) == 4, str(len(self.visits())))
        self._template_and_identity()
        self._explained()

    def _template_and_identity(self) -> None:
        install = self.work_order(HAMBURG, INSTALL)
        tasks = self.stage.fsm.rows("wm_task", f"parent.number={install['number']['value']}", "number")
        self.timeline.check("the template gave it its two tasks", len(tasks) == 2, str(len(tasks)))
        there = self.stage.om.one("cmn_location", f"name={HAMBURG}", "sys_id")["sys_id"]["value"]
        here = install["location"]
        same_place = here["display_value"] == HAMBURG and here["value"] != there
        self.timeline.check("its location is Field Service's own record of the same place", same_place, str(here))
        for site in SITES:
            number = self.made(site, "resource_order")[0]
            made = self.work_order(site, INSTALL)["number"]["value"]
            self.expect(f"{number} says that {made} was created", partial(self.noted, number, made, "created"))

    def _explained(self) -> None:
        number = self.made(HAMBURG, "resource_order")[0]
        verdict = self.stage.ask("explain", number)["verdicts"][0]["verdict"]
        read = ", ".join(f"{name} = {value}" for name, value in verdict["inputs"].items())
        self.timeline.say(
            "connector", CONNECTOR, f"explains {number}: row {verdict['rows'][0]} won, having read {read}"
        )
        self.timeline.check("explain names the row that won", verdict["rows"] == ["install-cpe"], str(verdict["rows"]))

    def work(self) -> None:
        self.timeline.step("5", "Technicians work; the domain order's work notes follow")
        work_order = self.work_order(HAMBURG, INSTALL)["number"]["value"]
        number = self.made(HAMBURG, "resource_order")[0]
        for do, login, words, state in (
            ("dispatch", "dispatcher", "assigns {} to Tom Becker", "Assigned"),
            ("accept", "technician", "accepts {}", "Accepted"),
            ("start", "technician", "starts work on {}", "Work in Progress"),
        ):
            more = {"technician": "technician"} if do == "dispatch" else {}
            self.move("fsm", do, login, words.format(work_order), work_order=work_order, **more)
            self.expect(
                f"{number} says: {work_order} -> {state}",
                partial(self.noted, number, work_order, f"-> {state}"),
                lambda: self.stage.om.notes(number, DOMAIN_ORDER),
            )

    def cancel_in_field(self) -> None:
        self.timeline.step("5", "One work order is canceled in Field Service")
        survey = self.work_order(MUNICH, SURVEY)["number"]["value"]
        reason = "the customer sent photographs instead"
        words = f"cancels {survey}: {reason}"
        self.move("fsm", "cancel_work_order", "dispatcher", words, work_order=survey, reason=reason)
        number = self.made(MUNICH, "service_order")[0]
        self.expect(f"{number} says that {survey} was canceled", lambda: self.noted(number, survey, "canceled"))
        self.still("it is not created again", lambda: len(self.visits(MUNICH, SURVEY)) == 1)

    def revise(self) -> None:
        self.timeline.step("5", "A line is revised inflight")
        line = self.line_at[MUNICH]
        number = self.made(MUNICH, "resource_order")[0]
        before = self.work_order(MUNICH, INSTALL)
        self.move("om", "revise", "order_agent", f"revises {self.order}", order=self.order)
        words = f"{line}: bandwidth 100 -> 500 Mbit/s, due two weeks later"
        due = self.on(DUE + 14)
        edit = {"fields": {"committed_due_date": due}, "characteristics": {"Bandwidth": "500 Mbit/s"}}
        self.move("om", "edit_line", "order_agent", words, line=line, **edit)
        self.expect(f"{number} is on hold", lambda: self.shown("om", DOMAIN_ORDER, number, "state") == "On hold")
        self.still(
            "nothing moves in Field Service meanwhile",
            lambda: self.work_order(MUNICH, INSTALL)["sys_mod_count"] == before["sys_mod_count"],
        )
        self.move("om", "approve_revision", "fulfillment_manager", "approves the revision", order=self.order)
        self.expect(
            f"{before['number']['value']} carries the new date and bandwidth",
            lambda: self._carries(due, "500 Mbit/s"),
            lambda: self.work_order(MUNICH, INSTALL),
        )
        self.expect(
            f"{number} shows before -> after",
            lambda: self.noted(number, "100 Mbit/s -> 500 Mbit/s", f"{self.on(DUE)[:16]} UTC -> {due[:16]} UTC"),
            lambda: self.stage.om.notes(number, DOMAIN_ORDER),
        )

    def _carries(self, due: str, bandwidth: str) -> bool:
        work_order = self.work_order(MUNICH, INSTALL)
        return work_order["requested_due_by"]["value"] == due and bandwidth in work_order["description"]["value"]

    def point_of_no_return(self) -> None:
        self.timeline.step("6", "A line passes its point of no return")
        line = self.line_at[HAMBURG]
        number = self.made(HAMBURG, "resource_order")[0]
        before = self.work_order(HAMBURG, INSTALL)
        self.move("om", "set_ponr", "admin", f"{line} passes its point of no return", line=line)
        words = f"still edits {line}: bandwidth 100 -> 1000 Mbit/s"
        edit = {"characteristics": {"Bandwidth": "1000 Mbit/s"}}
        self.move("om", "edit_line", "order_agent", words, line=line, **edit)
        self.expect(
            f"{number} says why it is not carried", lambda: self.noted(number, "point of no return", "1000 Mbit/s")
        )
        self.still(
            f"{before['number']['value']} is unchanged",
            lambda: self.work_order(HAMBURG, INSTALL)["description"] == before["description"],
        )

    def closure(self) -> None:
        self.timeline.step("7", "A domain order cannot stay closed while a work order is open")
        number = self.made(HAMBURG, "resource_order")[0]
        work_order = self.work_order(HAMBURG, INSTALL)["number"]["value"]
        manager = "fulfillment_manager"
        self.move("om", "close_domain_order", manager, f"closes {number} too early", domain_order=number)
        self.expect(f"{number} is open again", lambda: self.shown("om", DOMAIN_ORDER, number, "state") == "In progress")
        self.expect(f"a note names {work_order}", lambda: self.noted(number, "reopened", work_order))
        self.move("fsm", "complete", "technician", f"completes {work_order}", work_order=work_order)
        self.expect(f"{number} is said to be ready to be closed", lambda: self.noted(number, "ready to be closed"))
        self.move("om", "close_domain_order", manager, f"closes {number}", domain_order=number)
        self.still(
            f"{number} stays closed",
            lambda: self.shown("om", DOMAIN_ORDER, number, "state").casefold() == "closed complete",
        )

    def account(self) -> None:
        self.timeline.step("=", "In the end")
        keys = [row["correlation_id"]["value"] for row in self.visits()]
        self.timeline.check(
            "every intended work order exists exactly once", len(keys) == 4 == len(set(keys)), str(keys)
        )
        tokens = [
            token
            for number in self.made()
            for note in self.stage.om.notes(number, DOMAIN_ORDER)
            for token in TOKEN.findall(note)
        ]
        self.timeline.check(f"each of {len(tokens)} notes was written exactly once", len(tokens) == len(set(tokens)))
        code, seconds = self.daemon.stop()
        self.timeline.check(
            "the daemon stops in order within ten seconds", code == 0, f"exit {code} in {seconds:.1f} s"
        )


SITES = (HAMBURG, MUNICH)
INSTALL = "Install CPE"
SURVEY = "Site Survey"
DUE = 100  # days after the story began
