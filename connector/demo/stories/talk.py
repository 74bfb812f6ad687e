"""What people write on one side, and the other side reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.demo.stories.changes import visit
from connector.demo.stories.tale import Tale

if TYPE_CHECKING:
    from connector.demo.teller import Teller

AGENT = "fulfillment_agent"


def _write(t: Teller, side: str, login: str, record: str, text: str, *, public: bool = False) -> None:
    more = {"customer_visible": True} if public else {}
    kind = "to the customer" if public else "in a work note"
    t.move(side, "add_note", login, f"writes on {record} {kind}: {text}", record=record, text=text, **more)


def _notes(t: Teller) -> None:
    t.scene("A technician writes on his work order")
    _, number, work_order = visit(t)
    t.hear(work_order, side="fsm", table="wm_order")
    _write(t, "fsm", "technician", work_order, "the customer asks to ring twice")
    t.connector()
    t.check("the order agent reads it, with his name", t.noted(number, work_order, "Tom Becker", "ring twice"))

    t.scene("The order agent answers")
    _write(t, "om", AGENT, number, "the gate code is 1234")
    t.connector()

    def field() -> list[str]:
        return t.stage.fsm.notes(work_order, "wm_order")

    t.check("the technician reads it, with her name", any("Grace Kim" in n and "1234" in n for n in field()))
    t.both_see(number, work_order)

    t.scene("Nothing comes back, and a burst is one note")
    before = len(t.stage.om.notes(number))
    for words in ("found the cabinet", "it is locked", "the caretaker has a key"):
        _write(t, "fsm", "technician", work_order, words)
    t.connector()
    t.connector()
    told = t.stage.om.notes(number)[before:]
    t.check("three notes of the field are one note of the agent's", len(told) == 1 and "3 new notes" in told[0], told)
    t.check(
        "what the agent wrote did not come back to her", sum("1234" in note for note in t.stage.om.notes(number)) == 1
    )
    t.check("nor what he wrote to him", sum("ring twice" in note for note in field()) == 1)

    t.scene("What is written to the customer stays on its side")
    _write(t, "fsm", "dispatcher", work_order, "we come at nine", public=True)
    t.connector()
    t.check("it is not carried", not any("we come at nine" in note for note in t.stage.om.notes(number)))


TALK = (
    Tale("notes", "Technicians and order agents read each other's work notes, once, under their own names", _notes),
)
