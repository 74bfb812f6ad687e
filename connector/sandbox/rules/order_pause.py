"""An order that waits (On hold, Awaiting information): its lines wait with it, nothing is decomposed or completed meanwhile."""

from __future__ import annotations

from functools import partial

from connector.sandbox.records import Change, Rule, Scene
from connector.sandbox.rules.order_fulfill import complete_line, complete_recipe
from connector.sandbox.rules.orders import ORDER, lines_of, move, role

PAUSED = ("on_hold", "awaiting_information")


def pause(scene: Scene, change: Change) -> None:
    if change.became(*PAUSED):
        for line in lines_of(scene, change.sys_id):
            if role(scene, line) in ("in_progress", *PAUSED):
                move(scene, line, change.now(), change.actor)


def go_on(scene: Scene, change: Change) -> None:
    """What became due meanwhile is done after the usual delays."""
    if not (change.became("in_progress") and change.was() in PAUSED):
        return
    for line in lines_of(scene, change.sys_id):
        if role(scene, line) in PAUSED:
            move(scene, line, "in_progress", change.actor)
            scene.later(scene.switches["decomposition_delay_seconds"], partial(complete_recipe, scene, line["sys_id"]))
            scene.later(scene.switches["completion_delay_seconds"], partial(complete_line, scene, line["sys_id"]))


RULES = (
    Rule("Lines wait with the order", ORDER, "after", pause),
    Rule("Lines go on with the order", ORDER, "after", go_on),
)
