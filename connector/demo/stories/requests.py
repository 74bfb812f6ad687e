"""What people ask for: visits no policy thought of, and customers' cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.demo.stories.changes import visit
from connector.demo.stories.tale import Tale
from connector.demo.teller import CASE, DOMAIN_ORDER, HAMBURG

if TYPE_CHECKING:
    from connector.demo.teller import Teller


def _by_hand(t: Teller) -> None:
    t.scene("A visit that no policy asks for")
    order, number, _ = visit(t, assigned=False)
    ask = ("work-order", "create", number, "--template", "Swap CPE", "--reason", "the cabinet is wet")
    t.typed(*ask, "--dry-run")
    t.connector()
    t.check("a dry run creates nothing", t.work_orders(order, "Swap CPE") == [])
    for _ in range(2):
        t.typed(*ask)
    t.connector()
    made = t.work_orders(order, "Swap CPE")
    t.check("asked for twice, it exists once", len(made) == 1, made)
    t.check("the agent reads of it", bool(made) and t.noted(number, made[0], "was created"))

    t.scene("A dispatcher made one herself; it is adopted")
    own = t.move(
        "fsm",
        "create_work_order",
        "dispatcher",
        "makes a work order: look at the mast",
        short_description="look at the mast",
    )
    hers = own["work_order"]["number"]
    t.typed("work-order", "adopt", hers, number, "--reason", "it belongs to this order")
    t.connector()
    t.both_see(number, *made, hers)
    t.move("om", "close_domain_order", "fulfillment_manager", f"closes {number} too early", domain_order=number)
    t.connector()
    t.check(f"{hers} keeps {number} open", t.noted(number, "was reopened", hers))
    t.check(
        "what she wrote is as she wrote it", t.shown("fsm", "wm_order", hers, "short_description") == "look at the mast"
    )

    t.scene("It is let go of again")
    t.typed("work-order", "detach", hers, "--reason", "the partner does it")
    t.connector()
    work = [one["number"] for one in t.typed("gate", number, accept=(5,))["work"] if one["blocks"]]
    t.check(f"{hers} does not count any more", hers not in work and bool(made) and made[0] in work, work)


def _case(t: Teller) -> None:
    t.scene("A customer's case needs somebody on site")
    given = {
        "short_description": "the router is dead",
        "account": "Acme Logistics",
        "location": HAMBURG,
        "priority": "3",
    }
    case = t.move("om", "create_case", "order_agent", "opens a case: the router is dead", **given)["case"]["number"]
    t.move("om", "take_case", "order_agent", f"takes {case}", case=case)
    t.hear(case, table=CASE)
    t.connector()
    visits = t.work_orders(case)
    t.check("one visit is created", len(visits) == 1, visits)
    work_order = visits[0] if visits else ""
    t.both_see(case, *visits, table=CASE)

    t.scene("The case becomes urgent; the visit follows")
    t.move("om", "write", "admin", f"{case}: priority 1", table=CASE, record=case, fields={"priority": "1"})
    t.connector()
    t.check(f"{work_order} is urgent too", t.shown("fsm", "wm_order", work_order, "priority").startswith("1"))

    t.scene("The visit is made; the case is resolved")
    t.move(
        "fsm",
        "dispatch",
        "dispatcher",
        f"assigns {work_order} to Tom Becker",
        work_order=work_order,
        technician="technician",
    )
    t.connector()
    t.move("fsm", "complete", "technician", f"completes {work_order}", work_order=work_order)
    t.connector()
    t.check(
        f"{case} is resolved, with code and notes",
        t.state("om", CASE, case) == "resolved" and bool(t.shown("om", CASE, case, "close_notes")),
    )
    t.check("every step was told in private notes", t.noted(case, work_order, "Closed Complete", table=CASE))
    t.check("no domain order was touched", t.stage.om.rows(DOMAIN_ORDER, "", "number") == [])
    t.both_see(case, work_order, table=CASE)


REQUESTS = (
    Tale(
        "by-hand",
        "A work order nobody's policy asks for; one that a dispatcher made is adopted, and let go of",
        _by_hand,
    ),
    Tale(
        "case",
        "A customer's case gets a visit, the visit follows the case, and the case is resolved by it",
        _case,
        policies={
            "case": 'id,short description,work order template\nswap,"contains ""router""",Swap CPE\n'
            'other,"not(contains ""router"")",NO FIELD WORK\n'
        },
    ),
)
