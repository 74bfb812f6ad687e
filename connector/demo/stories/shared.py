"""Customer data that stands on both instances, each time under another sys_id and sometimes under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.demo.stories.tale import Tale
from connector.demo.teller import HAMBURG

if TYPE_CHECKING:
    from connector.demo.teller import Teller

ANNA, MARRIED = "Anna Weber", "Anna Schmidt"
THERE = "Hamburg Head Office"


def _renamed(t: Teller, table: str, name: str, other: str) -> None:
    """Field Service calls a record of its own otherwise from now on."""
    found = t.stage.fsm.one(table, f"name={name}", "sys_id")["sys_id"]["value"]
    words = f"calls {name} {other}"
    t.move("fsm", "write", "admin", words, table=table, record=found, fields={"name": other})


def _shared(t: Teller) -> None:
    t.scene("A contact has married; only Field Service knows")
    _renamed(t, "customer_contact", ANNA, MARRIED)
    line = {"offering": "Business SD-WAN", "location": HAMBURG}
    order = t.place(line, contact=ANNA)
    t.approve(order)
    t.connector()
    [work_order] = t.work_orders(order, "Install CPE")
    t.check("she is found by her email", t.shown("fsm", "wm_order", work_order, "contact") == MARRIED)
    t.both_see(t.domain_orders(order, "resource_order")[0], work_order)

    t.scene("A place is called otherwise over there")
    _renamed(t, "cmn_location", HAMBURG, THERE)
    other = t.place(line, contact=ANNA)
    t.approve(other)
    t.connector()
    t.check("nobody is sent to a place that was guessed", t.work_orders(other) == [], t.work_orders(other))
    findings = [f for f in t.typed("status")["findings"] if HAMBURG in f["text"]]
    t.check("status names it", bool(findings), findings)
    for one in findings[:1]:
        t.timeline.view("Terminal", "status says", one["text"])

    t.scene("Field Service's administrator puts it right, and ours has it tried again")
    _renamed(t, "cmn_location", THERE, HAMBURG)
    t.later(0.01, "a quarter of an hour later")
    t.again()
    t.connector()
    made = t.work_orders(other, "Install CPE")
    t.check("the visit is made now, once", len(made) == 1, made)
    codes = [f["code"] for f in t.typed("status")["findings"]]
    t.check("nothing is left to look at", codes == [], codes)
    t.both_see(t.domain_orders(other, "resource_order")[0], *made)


REFERENCES = """[fsm.references]
template = { table = "cmdb_workorder_product_model" }
account = { table = "customer_account" }
contact = { table = "customer_contact", by = ["email", "name + account.name"] }
location = { table = "cmn_location", missing = "ask" }
"""

SHARED = (
    Tale(
        "shared-data",
        "A contact and a place that Field Service calls otherwise: one is found, the other is asked for",
        _shared,
        settings=REFERENCES,
    ),
)
