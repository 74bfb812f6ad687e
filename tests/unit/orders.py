"""Small orders for decision tests: one approved order, one line, one domain order, and what a test changes about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector.decide.plan import decide
from connector.decide.rules import GateMode, Rules
from connector.mapping.facts import facts_of
from connector.mapping.fields import DEFAULT_FIELDS, FieldMap
from connector.mapping.marks import Carried, WorkOrderKey, digest_of, sys_id_of, token_of
from connector.mapping.policy_file import parse_policy
from connector.mapping.states import DOMAIN_ORDER_LABELS, ORDER_LABELS, WORK_ORDER_LABELS, StateMap
from connector.mapping.vocabulary import Initiates, vocabulary_of
from connector.model import (
    Action,
    CustomerOrder,
    DomainOrder,
    DomainOrderClass,
    DomainOrderPhase,
    Initiator,
    Intent,
    IntentState,
    Link,
    OrderLine,
    OrderMemory,
    OrderPhase,
    OrderTask,
    Origin,
    Plan,
    Ref,
    Snapshot,
    Verdict,
    WorkOrder,
    WorkOrderPhase,
)

LABELS = {
    "1": "Draft",
    "10": "Ready for Dispatch",
    "16": "Assigned",
    "18": "Work in Progress",
    "3": "Closed Complete",
    "4": "Closed Incomplete",
    "7": "Canceled",
}
WORK_ORDER_STATES = StateMap("wm_order", LABELS, WORK_ORDER_LABELS, WorkOrderPhase.UNKNOWN)
_ORDER_STATES = StateMap("order", {}, ORDER_LABELS, OrderPhase.UNKNOWN)
_DOMAIN_ORDER_STATES = StateMap("domain_order", {}, DOMAIN_ORDER_LABELS, DomainOrderPhase.UNKNOWN)
INSTALL = "Install CPE"


def _policy(name: str, rows: str) -> Any:
    return parse_policy(name, ".csv", rows.encode(), vocabulary_of(Initiates.ORDER_TASK))


RULES = Rules(
    om="om",
    fsm="fsm",
    domain_order_policy=_policy(
        "domain orders",
        "id,specification,domain order action,work order template\n"
        f"install,CPE,add,{INSTALL}\n"
        "swap,CPE,change,Swap CPE\n"
        "other,-,-,NO FIELD WORK\n",
    ),
    order_task_policy=_policy(
        "order tasks", "id,request type,work order template\nsurvey,Site survey,Site Survey\nother,-,NO FIELD WORK\n"
    ),
    fields=FieldMap(DEFAULT_FIELDS),
    work_order_states=WORK_ORDER_STATES,
)
GATE_NOTES = replace(RULES, gate=GateMode.NOTE)
GATE_ALARMS = replace(RULES, gate=GateMode.ALARM)

ORDER_ID, LINE_ID, DOMAIN_ORDER_ID, TASK_ID = ("a" * 32, "b" * 32, "c" * 32, "d" * 32)


def order(state: str = "In progress", **changes: Any) -> CustomerOrder:
    """ORD1, in progress unless said otherwise."""
    return CustomerOrder(ORDER_ID, "ORD1", _ORDER_STATES.read(state), **changes)


def line(state: str = "In progress", **changes: Any) -> OrderLine:
    """ORDL1 of ORD1, for Berlin, due on the first of March."""
    given = {"location": Ref("0" * 32, "Berlin"), "due": "2027-03-01 12:00:00", **changes}
    return OrderLine(LINE_ID, "ORDL1", ORDER_ID, _ORDER_STATES.read(state), **given)


def domain_order(state: str = "In progress", **changes: Any) -> DomainOrder:
    """RO1, the resource order of ORDL1 that installs a CPE."""
    given = {"line_id": LINE_ID, "action": "add", "specification": Ref("1" * 32, "CPE"), "priority": "4", **changes}
    return DomainOrder(DOMAIN_ORDER_ID, "RO1", DomainOrderClass.RESOURCE, _DOMAIN_ORDER_STATES.read(state), **given)


def order_task(state: str = "Open", request_type: str = "Site survey") -> OrderTask:
    """TASK1 of RO1."""
    return OrderTask(TASK_ID, "TASK1", DOMAIN_ORDER_ID, _DOMAIN_ORDER_STATES.read(state), request_type)


def snapshot(
    *work_orders: WorkOrder,
    of: CustomerOrder | None = None,
    with_line: OrderLine | None = None,
    with_domain_order: DomainOrder | None = None,
    with_task: OrderTask | None = None,
    tokens: frozenset[str] | None = None,
) -> Snapshot:
    """ORD1 with ORDL1 and RO1, and these work orders."""
    return Snapshot(
        order=of or order(),
        lines=(with_line or line(),),
        domain_orders=(with_domain_order or domain_order(),),
        order_tasks=(with_task,) if with_task else (),
        work_orders=work_orders,
        tokens={} if tokens is None else {DOMAIN_ORDER_ID: tokens},
    )


def facts(seen: Snapshot | None = None) -> dict[str, str]:
    """The facts about RO1 in a snapshot."""
    now = seen or snapshot()
    return facts_of(Initiator(now.order, now.lines[0], now.domain_orders[0]))


KEY = str(WorkOrderKey("om", DOMAIN_ORDER_ID, "install", 1, 1))


def work_order(state: str = "10", number: str = "WO1", **changes: Any) -> WorkOrder:
    """WO1, made by us for RO1 at version 1, as FSM shows it in this stored state."""
    given: dict[str, Any] = {
        "names": KEY,
        "mark": str(Carried(1, digest_of(facts()))),
        "template": INSTALL,
        "mod_count": 3,
        "updated_by": "Tom Becker",
        "updated_on": "2027-02-01 10:15:00",
        **changes,
    }
    sys_id = given.pop("sys_id", sys_id_of(given["names"]))
    return WorkOrder(sys_id, number, WORK_ORDER_STATES.read(state), **given)


def link(noted: str | None = "10", work: WorkOrder | None = None, **changes: Any) -> Link:
    """What memory holds about WO1: told up to this state."""
    of = work or work_order()
    given: dict[str, Any] = {
        "origin": Origin.CREATED,
        "key": of.names,
        "template": of.template,
        "carried": facts(),
        "noted": None if noted is None else WORK_ORDER_STATES.read(noted),
        "notes": 0 if noted is None else 1,
        "initiator_id": DOMAIN_ORDER_ID,
        **changes,
    }
    return Link(
        work_order_id=of.sys_id,
        work_order_number=of.number,
        order_id=ORDER_ID,
        domain_order_id=DOMAIN_ORDER_ID,
        **given,
    )


def verdict(version: int = 1) -> Verdict:
    """The remembered verdict: RO1 gets an Install CPE."""
    now = snapshot()
    who = Initiator(now.order, now.lines[0], now.domain_orders[0])
    return RULES.domain_order_policy.decide(who, facts(), version=version)


def memory(*links: Link, intents: tuple[Intent, ...] = (), verdicts: tuple[Verdict, ...] = ()) -> OrderMemory:
    """What is remembered about ORD1."""
    return OrderMemory(links, verdicts, {token_of(intent.key): intent for intent in intents})


def intent(action: Action, state: IntentState = IntentState.PENDING) -> Intent:
    """An intention in this state."""
    return Intent(action.key, state, action)


def plan(seen: Snapshot, remembered: OrderMemory | None = None, rules: Rules = RULES) -> Plan:
    """What is decided."""
    return decide(seen, remembered or memory(), rules)


def kinds(decided: Plan) -> list[str]:
    """The actions of a plan, by name."""
    return [type(action).__name__ for action in decided.actions]


def codes(decided: Plan) -> list[str]:
    """The findings of a plan, by code."""
    return [finding.code.value for finding in decided.findings]


def only(decided: Plan, kind: type[Any]) -> Any:
    """The one action of this kind."""
    found = [action for action in decided.actions if isinstance(action, kind)]
    assert len(found) == 1, decided.actions
    return found[0]
