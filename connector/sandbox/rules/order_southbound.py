"""Requests to external systems about domain orders: made by a decision table, flagged when the order changes in flight."""

from __future__ import annotations

from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.decisions import decide
from connector.sandbox.rules.orders import DOMAIN_ORDER
from connector.sandbox.rules.settings import OUTBOUND

REQUEST = "sn_tmt_core_outbound_request"


def ask(scene: Scene, change: Change) -> None:
    if change.operation != "insert":
        return
    inputs = {"u_specification": change.after["specification"], "u_domain_order_action": change.after["action"]}
    if decide(scene, OUTBOUND, inputs) is not None:
        scene.records.insert(REQUEST, {"domain_order": change.sys_id}, scene.system)


def flag(scene: Scene, change: Change) -> None:
    """A new version of the domain order is not known to the external system yet."""
    if change.operation == "update" and change.changed("version"):
        for request in scene.records.find(REQUEST, domain_order=change.sys_id):
            scene.records.update(REQUEST, request["sys_id"], {"updates_available": "true"}, scene.system)


def tell(scene: Scene, change: Change) -> None:
    """What the external system answers is a note of the domain order."""
    if change.operation != "update" or not (change.changed("state") or change.filled("response")):
        return
    label = change.table.columns["state"].label_of[change.after["state"]]
    text = f"Outbound request {change.after['number']}: {label}. {change.after['response']}".strip()
    scene.records.update(DOMAIN_ORDER, change.after["domain_order"], {"work_notes": text}, scene.system)


RULES = (
    Rule("Service Order Outbound Policy", DOMAIN_ORDER, "after", ask),
    Rule("Updates available", DOMAIN_ORDER, "after", flag),
    Rule("Answer of external system", REQUEST, "after", tell),
)
