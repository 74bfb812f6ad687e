"""The truth about a walk, from the records of both instances. Shares no code with the connector: the texts it knows are those
that people read, and the policy is written down here once more.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.faults.walk.moves import CASE, DOMAIN_ORDER, FALLOUT, LINE, NEW_SITE, ORDER, ORDER_TASK

if TYPE_CHECKING:
    from connector.sandbox import World

Row = dict[str, str]

# specification, class and action of a domain order -> work order template; then request type and action of an order task
FOR_DOMAIN_ORDERS = {
    ("SD-WAN CPE", "sn_ind_tmt_orm_resource_order", "add"): "Install CPE",
    ("SD-WAN CPE", "sn_ind_tmt_orm_resource_order", "change"): "Swap CPE",
    ("SD-WAN CPE", "sn_ind_tmt_orm_resource_order", "disconnect"): "Remove CPE",
}
FOR_ORDER_TASKS = {("Site survey", "add"): "Site Survey", ("Activate line", "add"): "Install CPE"}

CLOSED_WORK = ("closed_complete", "closed_incomplete", "canceled")
AT_WORK = {
    ORDER: ("acknowledged", "scheduled", "in_progress"),
    LINE: ("acknowledged", "scheduled", "in_progress"),
    DOMAIN_ORDER: ("draft", "qualified", "in_progress", "scheduled"),
    ORDER_TASK: ("draft", "open", "scheduled", "in_progress", "resolved"),
}
CANCELED = ("canceled", "cancellation_in_progress")
_NUMBER = re.compile(r"WO\d+")
_TOKENS = re.compile(r"\[om-fsm ([0-9a-f]{10}(?: [0-9a-f]{10})*)\]")
_PARTS_OF_ORDERS = ("product_order", "service_order", "resource_order")  # the classes of domain orders
_PARTS = 6  # of the mark of a work order; one more where somebody went again
_DECISIONS = ("visit again", "release gate")  # meant for the connector
_BEGUN = "Work in Progress"
_AGREES = "agrees with the order again"
_WAIT = "Please do not begin this visit yet"
_SHOWN = 5  # notes of people in one note of the connector
_RATE = re.compile(r"Bandwidth: ([^;\n]*)")
_FAREWELL = "no longer belongs"
_FOLLOWS = "A new work order follows."
_BIRTH = re.compile(r"\S+ .* was (?:created|made by hand) in Field Service")
_VERSION = re.compile(r" v(\d+) ")  # of the order, in our mark on a work order
_COUNT = re.compile(r" \d+ of \d+ work orders? open\.$")
_TOLD_RATE = re.compile(r"(?i)bandwidth: (?:\S+ \S+ -> )?(\d+ [MG]bit/s)(?! ->)")  # the new one of a change


class Truth:
    """Listens to both instances, and judges them when asked. `step` is the step of the story that is being played."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.step = 0
        self.in_order = True  # until a person retries a note that was parked: the others did not wait for it
        self.ponr_follows = False  # the point of no return is set when a technician begins
        self.wrong: list[str] = []
        self.counts: Counter[str] = Counter()
        self.gate_tells = False  # that a domain order should not be closed; it does not reopen it
        self.raises_fallouts = False
        self.asks = False  # who is at work is told nothing new before a person agreed to it
        self._begun_at: dict[str, int] = {}  # work order -> step since which a technician is at work
        self._finished: set[str] = set()  # order tasks that are done
        self._redone: Counter[str] = Counter()  # order task -> how often it was opened again after that
        self.plans_tasks = False  # order tasks say when their visits end
        self.asked_for: set[str] = set()  # keys of the work orders that people asked for by hand
        self._om, self._fsm = world.om, world.fsm
        self._ponr_since: dict[
            str, tuple[int, str]
        ] = {}  # line or order -> the step, and what Field Service's clock said
        self._ends: dict[str, str] = {}  # order task -> the planned end it says
        self._written_ends: dict[str, str] = {}  # the same, as the connector wrote it last
        self._at_rest_since: dict[str, int] = {}  # order task -> step since which it is over, or on hold
        self._opened_at: dict[str, int] = {}  # work order -> step in which it was last open
        self.marks: dict[
            str, str
        ] = {}  # work order -> the mark that it was made with, whatever people write in its place
        self._lost_marks: set[str] = set()  # work orders that nobody can know for ours: no mark, and memory is gone
        self._memory_was_lost = False
        self._passed_along: set[str] = (
            set()
        )  # numbers of work orders that were given to one order after the other, which each hear of it
        self._closed: set[str] = set()  # domain orders that are closed
        self._closings: Counter[str] = Counter()  # domain order -> how often it was closed
        self._called_off: set[str] = set()  # domain orders that are canceled
        self._dropped: defaultdict[str, list[dict[str, str]]] = defaultdict(
            list
        )  # kind of write -> what people gave up
        self._ever_told: list[
            tuple[str, str, int]
        ] = []  # record, text, and how often it stood there when that was given up
        self._known = {row["sys_id"]: self._as_made(row) for row in self._fsm.store.find("wm_order")}
        self._carried: dict[str, list[str]] = defaultdict(list)  # work order -> bandwidths, as they arrived
        labels = {choice.label for choice in self._fsm.schema.table("wm_order").columns["state"].choices}
        label = "|".join(sorted(map(re.escape, labels), key=len, reverse=True))
        self._born = re.compile(
            rf"^(WO\d+) .*?(?:was (?:created|made by hand) in Field Service(?: by .*?)?(?:, \d[^,]*)?|belongs here (?:again|now))"
            rf": ({label})\."
        )
        self._moved = re.compile(rf"^(WO\d+)(?: [^:]*)?: ({label})(?: -> (?:{label}|\d+))* -> ({label})\b")
        self._gone = re.compile(rf"^(WO\d+) .*?was canceled .*?\(was ({label})(?: -> (?:{label}|\d+))*\)")
        self._told_before = self._told([r["value"] for r in self._om.store.find("sys_journal_field")])
        self._om.records.listeners.append(lambda table, sys_id, *_: self._hear_om(table.name, sys_id))
        self._fsm.records.listeners.append(lambda table, sys_id, *_: self._hear_fsm(table.name, sys_id))

    def raise_if_wrong(self) -> None:
        assert not self.wrong, "; ".join(self.wrong)

    def forget_asked(self) -> None:
        """Memory is gone or old: what people asked for and what was not made yet is forgotten; so is what bears no mark."""
        self._memory_was_lost = True
        self._lose_marks()
        self.asked_for &= {row["correlation_id"] for row in self._known.values()}

    def _lose_marks(self) -> None:
        if self._memory_was_lost:
            self._lost_marks |= {
                r["sys_id"]
                for r in self._fsm.store.find("wm_order")
                if self.marks.get(r["sys_id"], "") != r["correlation_id"] and r["sys_id"] in self.marks
            }

    def forgive(self, kind: str, about: dict[str, str]) -> None:
        """A person gave up a write that was refused: it counts as done, and must not be done any more."""
        self.counts["given up"] += 1
        self._dropped[kind].append({**about, "was": "there" if about["key"] in self.marks.values() else ""})
        if kind in ("WriteNote", "WriteFieldNote"):
            record = about["domain_order_id"] or about["work_order_id"]
            self._ever_told.append((record, about["text"], self._times(record, about["text"])))

    def _gave_up(self, kind: str, name: str, value: str) -> bool:
        return any(about[name] == value for about in self._dropped[kind])

    def _gave_up_cancellation(self, row: Row) -> bool:
        """A person gives up one cancellation; what a later version of the order asks for is another."""
        version = _VERSION.search(row["correlation_display"])
        return any(
            about["work_order_id"] == row["sys_id"] and (version is None or about["key"].endswith(f"/{version[1]}"))
            for about in self._dropped["CancelWorkOrder"]
        )

    def _times(self, record: str, text: str) -> int:
        rows = [
            row for side in (self._om, self._fsm) for row in side.store.find("sys_journal_field", element_id=record)
        ]
        return sum(row["value"].startswith(text) for row in rows if row["sys_created_by"] == "connector")

    def _given_up_on(self, record: str) -> list[str]:
        """Notes that people gave up, and that did not arrive."""
        return [text for one, text, times in self._ever_told if one == record and not times]

    def _check_given_up(self) -> None:
        """What a person gave up was not done afterwards."""
        keys = set(self.marks.values())
        made = [one["key"] for one in self._dropped["CreateWorkOrder"] if one["key"] in keys and not one["was"]]
        self.wrong += [f"{key} was made after a person had given it up" for key in made]
        told = [text for record, text, times in self._ever_told if self._times(record, text) > times]
        self.wrong += [f"{text!r} was written after a person had given it up" for text in told]

    # --- while it happens ----------------------------------------------------------------------------------

    def _hear_fsm(self, table: str, sys_id: str) -> None:
        if table != "wm_order":
            return
        row = self._as_made(self._fsm.store.find("wm_order", sys_id=sys_id)[0])
        before, self._known[sys_id] = self._known.get(sys_id), row
        self._lose_marks()
        if before is not None and before["correlation_id"] != row["correlation_id"]:
            self.counts["numbers changed"] += 1
            self._passed_along.add(row["number"])
        if self._is_open(row) or (before is not None and self._is_open(before)):
            self._opened_at[sys_id] = self.step
        if self._label(row) != _BEGUN:
            self._begun_at.pop(sys_id, None)
        else:
            self._begun_at.setdefault(sys_id, self.step)
        if before is not None and row["sys_updated_by"] == "connector":
            self._hear_connector(before, row)

    def _hear_connector(self, before: Row, row: Row) -> None:
        """The connector wrote on a work order."""
        sys_id = row["sys_id"]
        was, now = _RATE.search(before["description"]), _RATE.search(row["description"])
        changed = was and now and was[1] != now[1]
        if changed and now:
            self._carried[sys_id].append(now[1])
        if _is_let_go(before) and _is_let_go(row):
            self.wrong.append(f"{row['number']} was written to after a person had let go of it")
        canceled = self._is_open(before) and not self._is_open(row)
        if changed and self.asks and not self._memory_was_lost and self._begun_at.get(sys_id, self.step) < self.step:
            self.wrong.append(f"{row['number']} was changed while a technician was at work, and nobody was asked")
        if canceled and self._gave_up_cancellation(row):
            self.wrong.append(f"{row['number']} was canceled after a person had given that up")
        if (changed or canceled) and self._was_past_ponr(row):
            self.wrong.append(
                f"{row['number']} was {'canceled' if canceled else 'changed'} past the point of no return"
            )

    def _was_past_ponr(self, work_order: Row) -> bool:
        """Before the present pass began, and before the change was made; what happens in the midst of a pass, or while a change
        is on its way, cannot be known to the connector."""
        owner = self._initiator(work_order)
        line = self._line(owner) if owner else None
        marked = (
            [self._ponr_since[one] for one in (line["sys_id"], line["order"]) if one in self._ponr_since]
            if line
            else []
        )
        is_late = work_order["sys_updated_on"] < self._fsm.clock.stamp()
        return any(
            step < self.step and not (is_late and work_order["sys_updated_on"] <= moment) for step, moment in marked
        )

    def _hear_om(self, table: str, sys_id: str) -> None:
        if table in (LINE, ORDER):
            rows = self._om.store.find(table, sys_id=sys_id)
            if rows and rows[0]["ponr"] == "true":
                self._ponr_since.setdefault(sys_id, (self.step, self._fsm.clock.stamp()))
        if table.endswith(_PARTS_OF_ORDERS) and (rows := self._om.store.find(DOMAIN_ORDER, sys_id=sys_id)):
            self._hear_domain_order(rows[0])
        if table == ORDER_TASK and (rows := self._om.store.find(table, sys_id=sys_id)):
            self._hear_task(rows[0])
        if table == "sys_journal_field":
            [row] = self._om.store.find(table, sys_id=sys_id)
            if row["sys_created_by"] == "connector" and "ready to be closed" in row["value"]:
                for work_order in self._work_of(row["element_id"]):
                    if self._is_open(work_order) and self._opened_at.get(work_order["sys_id"], -1) < self.step:
                        self.wrong.append(
                            f"{work_order['number']} is open, and its domain order was called ready to be closed"
                        )

    def _hear_domain_order(self, row: Row) -> None:
        sys_id, role = row["sys_id"], self._role(row)
        if role == "closed_complete" and sys_id not in self._closed:
            self._closed.add(sys_id)
            self._closings[sys_id] += 1
        elif role != "closed_complete" and sys_id in self._closed:
            self._closed.remove(sys_id)
            by_gate = row["sys_updated_by"] == "connector"
            self.counts["reopened"] += by_gate
            if by_gate and (self.gate_tells or self._gave_up("ReopenDomainOrder", "domain_order_id", sys_id)):
                self.wrong.append(f"{row['number']} was reopened, and nobody wanted that")
        if role == "canceled":
            self._called_off.add(sys_id)
        elif sys_id in self._called_off:
            self._called_off.remove(sys_id)
            self.counts["put back"] += 1

    def _hear_task(self, task: Row) -> None:
        sys_id, end = task["sys_id"], task["planned_end_date"]
        before, self._ends[sys_id] = self._ends.get(sys_id, end), end
        if end != before and task["sys_updated_by"] == "connector":
            self._written_ends[sys_id] = end
            self.counts["planned ends"] += 1
            if not self.plans_tasks or self._at_rest_since.get(sys_id, self.step) < self.step:
                self.wrong.append(f"{task['number']} was planned, and nobody wanted that")
        if self._role(task) == "closed_complete":
            self._finished.add(sys_id)
        elif self._role(task) in AT_WORK[ORDER_TASK] and sys_id in self._finished:
            self._finished.remove(sys_id)
            self._redone[sys_id] += 1
            self.counts["tasks opened again"] += 1
        if self._role(task) in AT_WORK[ORDER_TASK]:
            self._at_rest_since.pop(sys_id, None)
        else:
            self._at_rest_since.setdefault(sys_id, self.step)

    # --- at rest -------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Every promise, over all records of both instances."""
        self._check_doubles()
        self._check_places()
        self._check_given_up()
        self._check_fallouts()
        for domain_order in self._om.store.find(DOMAIN_ORDER):
            self._check_gate(domain_order)
            self._check_notes(domain_order)
            self._check_planned(domain_order)
            for initiator in (domain_order, *self._om.store.find(ORDER_TASK, parent=domain_order["sys_id"])):
                self._check_wanted(initiator, domain_order)
        for case in self._om.store.find(CASE):
            self._check_case(case)
        self.raise_if_wrong()

    def _check_case(self, case: Row) -> None:
        """One open work order at most, none where nobody wants one, told as it is, and the last one has resolved the case."""
        number, role = case["number"], self._role(case)
        mine = [r for r in self._work_orders() if _is_ours(r) and _key(r)[2] == case["sys_id"]]
        self.counts["work orders of cases"] += len(mine)
        by_hand = [r for r in self._work_orders() if r["correlation_id"].casefold() == number.casefold()]
        live = [r for r in mine if self._is_open(r) and not _is_let_go(r)]
        if len(live) > 1 and not self._has_reopened(live):
            self.wrong.append(f"{number} has {len(live)} open work orders")
        wanted = "slow" in case["short_description"]
        if not wanted or role in ("closed", "canceled"):
            self.wrong += [f"nobody wants {r['number']} for {number}" for r in live if not self._stays(r)]
        if role in ("closed", "canceled"):
            return
        self._check_notes(case)
        if role == "resolved" or not wanted:
            return
        if (
            not mine
            and not by_hand
            and not self._was_deleted(case)
            and not self._gave_up("CreateWorkOrder", "initiator_id", case["sys_id"])
        ):
            self.wrong.append(f"{number} has no work order")
        self.wrong += [
            f"{r['number']} does not say {case['priority']}"
            for r in live
            if r["priority"] != case["priority"] and not self._gave_up("UpdateWorkOrder", "work_order_id", r["sys_id"])
        ]
        all_of_it = [*(r for r in mine if not _is_let_go(r)), *by_hand]
        ends = {self._fsm.schema.table("wm_order").role_of("state", r["state"]) for r in all_of_it}
        gave_up = self._gave_up("ResolveCase", "case_id", case["sys_id"])
        if ends == {"closed_complete"} and not case["resolution_code"] and not gave_up:
            self.wrong.append(f"{number} was never resolved")

    def _has_reopened(self, live: list[Row]) -> bool:
        """A work order that was over, for whose sake there is another, may be opened again by the field."""
        return any(_key(row)[-1] != _key(live[0])[-1] for row in live)

    def _check_doubles(self) -> None:
        keys = Counter(row["correlation_id"] for row in self._work_orders() if _is_ours(row))
        self.counts["work orders"] += sum(keys.values())
        self.wrong += [f"there are {many} work orders {key}" for key, many in keys.items() if many > 1]
        notes = [
            row
            for side in (self._om, self._fsm)
            for row in side.store.find("sys_journal_field")
            if row["sys_created_by"] == "connector"
        ]
        tokens = Counter(
            (token, row["element_id"] if self._passed_along & set(_NUMBER.findall(row["value"])) else "")
            for row in notes
            for found in _TOKENS.findall(row["value"])
            for token in found.split()
        )
        self.counts["notes"] += len(notes)
        self.wrong += [f"there are {many} notes {token}" for (token, _), many in tokens.items() if many > 1]

    def _check_places(self) -> None:
        """A place that Field Service did not know was made once, whatever became of the answer."""
        made = Counter(row["name"] for row in self._fsm.store.find("cmn_location"))
        self.counts["places made"] += made[NEW_SITE]
        self.wrong += [f"there are {many} places {name}" for name, many in made.items() if many > 1]

    def _check_fallouts(self) -> None:
        """One open fallout for each occasion; nothing is parked at rest, so none about a refused write; none where none are
        wanted."""
        ours = [f for f in self._om.store.find(FALLOUT) if f["correlation_id"].startswith("om-fsm:fallout:")]
        at_work = [f for f in ours if self._role(f) not in ("resolved", "closed_complete", "canceled")]
        self.counts["fallouts"] += len(ours)
        marks = Counter(f["correlation_id"].rpartition(":")[0] for f in at_work)
        self.wrong += [f"there are {many} open fallouts {mark}" for mark, many in marks.items() if many > 1]
        unsettled = tuple(one["mark"] for one in self._dropped["SettleFallout"])
        about_refusals = [f for f in at_work if "a write was refused" in f["short_description"]]
        refused = [f["number"] for f in about_refusals if not f["correlation_id"].startswith(unsettled)]
        self.wrong += [f"{number} is open, and nothing is refused any more" for number in refused]
        if ours and not self.raises_fallouts:
            self.wrong.append(f"nobody wanted {ours[0]['number']}")

    def _check_gate(self, domain_order: Row) -> None:
        gave_up = self._gave_up("ReopenDomainOrder", "domain_order_id", domain_order["sys_id"])
        if self.gate_tells:
            self._check_told_by_gate(domain_order)
        elif self._role(domain_order) == "closed_complete" and not gave_up:
            for row in self._work_of(domain_order["sys_id"]):
                if self._is_open(row):
                    self.wrong.append(f"{domain_order['number']} stays closed while {row['number']} is open")

    def _check_told_by_gate(self, domain_order: Row) -> None:
        """Where it only tells: each time somebody closes the domain order over open work, once for what is open then; and again
        what it told before something else."""
        number, sys_id = domain_order["number"], domain_order["sys_id"]
        journal = self._om.store.find("sys_journal_field", element_id=sys_id, element="work_notes")
        said = f"{number} should not be closed"
        texts = [r["value"].partition("\n[om-fsm")[0] for r in journal if r["sys_created_by"] == "connector"]
        told = [_COUNT.sub("", text) for text in texts if text.startswith(said)]
        self.counts["told by the gate"] += len(told)
        again = Counter(text for before, text in pairwise(told) if text == before)
        often = [text for text, times in again.items() if times >= max(self._closings[sys_id], 1)]
        self.wrong += [
            f"{number} was closed {self._closings[sys_id]} times, and is told more often: {t}" for t in often
        ]
        told += [text for text in self._given_up_on(sys_id) if text.startswith(said)]
        if self._role(domain_order) == "closed_complete":
            for row in self._work_of(sys_id):
                if self._is_open(row) and not (told and row["number"] in told[-1]):
                    self.wrong.append(f"{number} stays closed, and no note says that {row['number']} is open")

    def _check_wanted(self, initiator: Row, domain_order: Row) -> None:
        line = self._line(initiator)
        order = self._one(ORDER, line["order"]) if line else None
        if line is None or order is None:
            return
        mine = [r for r in self._work_orders() if _is_ours(r) and _key(r)[2] == initiator["sys_id"]]
        there = [r for r in mine if "withdrawn" not in r["correlation_display"]]
        asked = [r for r in there if _is_asked_for(r) and not _is_let_go(r)]
        let_go = [r for r in there if not _is_asked_for(r) and _is_let_go(r)]
        live = [r for r in there if not _is_asked_for(r) and not _is_let_go(r)]
        past = line["ponr"] == "true" or order["ponr"] == "true"
        number = initiator["number"]
        wanted = self._wanted(initiator, domain_order)
        parts = ((ORDER, order), (LINE, line), (DOMAIN_ORDER, domain_order), (ORDER_TASK, initiator))
        states = [(kind, self._role(row)) for kind, row in parts if kind != ORDER_TASK or initiator is not domain_order]
        if all(role in AT_WORK[kind] for kind, role in states):
            gave_up = self._gave_up("CreateWorkOrder", "initiator_id", initiator["sys_id"])
            if wanted and not live and not let_go and not self._was_deleted(initiator) and not gave_up:
                self.wrong.append(f"{number} has no work order {wanted}")
            self._check_instead(number, live, let_go)
            if wanted:
                self._check_sent_again([r for r in mine if not _is_asked_for(r)], live, let_go, domain_order)
            if not past:
                there = [*self._check_place(live, domain_order), *self._at(domain_order, asked)]
                self._check_content(there, line, domain_order)
                self._check_followed(live, line)
                flagged = [
                    r["number"]
                    for r in (*live, *asked)
                    if self._is_open(r)
                    and _is_flagged(r)
                    and not self._gave_up("WarnDispatcher", "work_order_id", r["sys_id"])
                ]
                self.wrong += [f"the dispatcher of {one} still waits for {number}" for one in flagged]
            unaware = [r["number"] for r in (*live, *asked) if self._is_open(r) and self._waits_unflagged(r)]
            self.wrong += [f"nobody told the dispatcher of {one} that {number} goes on" for one in unaware]
            self._check_asked_for(initiator, mine, there)
        if not past and any(role in CANCELED for _, role in states):
            self.wrong += [
                f"nobody wants {r['number']} any more" for r in asked if self._is_open(r) and not self._stays(r)
            ]
        if any(role in CANCELED for _, role in states):
            wanted = ""
        if len({_wish(r) for r in live if not self._stays(r)}) > 1 and not past:
            self.wrong.append(f"{number} has {len(live)} work orders: {[r['number'] for r in live]}")
        if not wanted and not past:
            unwanted = [r["number"] for r in live if self._is_open(r) and not self._stays(r)]
            self.wrong += [f"nobody wants {one} for {number}" for one in unwanted]

    def _check_asked_for(self, initiator: Row, mine: list[Row], there: list[Row]) -> None:
        ever, number = {row["correlation_id"] for row in self._known.values()}, initiator["number"]
        lost = [key for key in self.asked_for - ever if key.split(":")[2] == initiator["sys_id"]]
        lost = [key for key in lost if not self._gave_up("CreateWorkOrder", "key", key)]
        self.wrong += [f"{number} never got what a person asked for: {key}" for key in lost]
        called_off = {_wish(r) for r in mine if _is_asked_for(r)} - {_wish(r) for r in there}
        called_off -= {_wish({"correlation_id": one["key"]}) for one in self._dropped["CreateWorkOrder"]}
        if called_off and not self._was_deleted(initiator):
            self.wrong.append(f"{number} is at work, and what a person asked for is called off: {sorted(called_off)}")

    def _check_instead(self, number: str, live: list[Row], let_go: list[Row]) -> None:
        instead = [r for r in live if _wish(r) not in map(_wish, let_go)]
        if instead and let_go:
            self.wrong.append(f"{number} got {instead[0]['number']} in the place of {let_go[0]['number']}")

    def _check_sent_again(self, ever: list[Row], live: list[Row], let_go: list[Row], domain_order: Row) -> None:
        """Who was asked to go again, below the note of how a visit ended, goes; once for each time that was asked. So does who
        was called off and is wanted after all, or is announced where the field canceled what the order wanted anew; once for
        each time of that."""
        journal = self._om.store.find("sys_journal_field", element_id=domain_order["sys_id"], element="work_notes")
        asked = [r for r in journal if r["value"].startswith("visit again") and r["sys_created_by"] != "connector"]
        again = [r for r in (*live, *let_go) if len(_key(r)) > _PARTS]
        instead = [r for r in ever if len(_key(r)) > _PARTS]
        called_off = [r for r in ever if "withdrawn" in r["correlation_display"]]
        self.counts["visits again"] += len(again)
        redone = self._redone[ever[0]["correlation_id"].split(":")[2]] if ever else 0
        announced = self._announced([r for r in ever if r not in called_off], journal)
        self.counts["made anew after the field canceled"] += len(announced)
        if len(instead) > len(called_off) + len(announced) + redone + (
            0 if self.raises_fallouts else len(asked) * len(live)
        ):
            times = f"{len(asked)} times, and {len(called_off)} were called off"
            self.wrong.append(f"{[r['number'] for r in instead]}: that was asked for {times}")
        if self.raises_fallouts:
            return
        released = [r["sys_created_on"] for r in journal if r["value"].startswith("release gate")]
        for row in live:
            told = [r["sys_created_on"] for r in journal if r["value"].startswith(f"{row['number']} ")]
            since = [r["sys_created_on"] for r in asked if told and r["sys_created_on"] > max(told)]
            since += [moment for number, moment in announced if number == row["number"]]
            is_released = bool(since) and any(moment >= min(since) for moment in released)
            failed = self._label(row) in ("Closed Incomplete", "Canceled") and bool(since) and not is_released
            if self._given_up_on(domain_order["sys_id"]):
                continue  # it may be the note of how the visit ended: a decision counts that was written after that was refused
            again_given_up = [{"correlation_id": one["key"]} for one in self._dropped["CreateWorkOrder"]]
            if failed and not any(_wish(r) == _wish(row) for r in (*again, *again_given_up)):
                self.wrong.append(f"nobody went again in the place of {row['number']}")

    def _announced(self, ever: list[Row], journal: list[Row]) -> list[tuple[str, str]]:
        """The numbers of those of which it is told that a new one follows, and when, once for each time."""
        told = [r for r in journal if r["sys_created_by"] == "connector" and _FOLLOWS in r["value"]]
        numbers = {row["number"] for row in ever}
        return [(n, r["sys_created_on"]) for r in told if (n := r["value"].partition(" ")[0]) in numbers]

    def _check_planned(self, domain_order: Row) -> None:
        """An order task says when the last of its visits ends, or was told so once; the first open one for its domain order."""
        line = self._line(domain_order)
        order = self._one(ORDER, line["order"]) if line else None
        records = [(LINE, line), (ORDER, order), (DOMAIN_ORDER, domain_order)]
        if not self.plans_tasks or any(row is None or self._role(row) not in AT_WORK[table] for table, row in records):
            return
        tasks = sorted(self._om.store.find(ORDER_TASK, parent=domain_order["sys_id"]), key=lambda task: task["number"])
        stands_in = next((task for task in tasks if self._role(task) not in ("closed_complete", "canceled")), None)
        ends: defaultdict[str, list[str]] = defaultdict(list)
        for row in self._work_of(domain_order["sys_id"]):
            owner = next((task for task in tasks if task["sys_id"] in row["correlation_id"]), stands_in)
            if owner is not None and self._is_open(row) and row["expected_end"]:
                ends[owner["sys_id"]].append(row["expected_end"])
        for task in tasks:
            said = (task["planned_end_date"], self._written_ends.get(task["sys_id"]))
            if (
                task["sys_id"] in ends
                and self._role(task) in AT_WORK[ORDER_TASK]
                and max(ends[task["sys_id"]]) not in said
                and not self._gave_up("WritePlannedEnd", "order_task_id", task["sys_id"])
            ):
                self.wrong.append(f"{task['number']} does not say that its visits end {max(ends[task['sys_id']])}")

    def _stays(self, row: Row) -> bool:
        """Whether a person gave up its cancellation, which Field Service had refused."""
        return self._gave_up("CancelWorkOrder", "work_order_id", row["sys_id"])

    def _check_followed(self, live: list[Row], line: Row) -> None:
        begun = [row["number"] for row in live if self._label(row) in ("Work in Progress", "Closed Complete")]
        if self.ponr_follows and begun and not self._gave_up("SetPonr", "line_id", line["sys_id"]):
            self.wrong.append(f"{line['number']} is not past its point of no return, and {begun[0]} has begun")

    def _was_deleted(self, initiator: Row) -> bool:
        """Somebody deleted a work order of this initiator: it is missing, and a person is asked what that means."""
        there = {row["sys_id"] for row in self._work_orders()}
        return any(
            _is_ours(row) and _key(row)[2] == initiator["sys_id"] and sys_id not in there
            for sys_id, row in self._known.items()
        )

    def _at(self, domain_order: Row, work_orders: list[Row]) -> list[Row]:
        """Those of these work orders that go where their domain order is."""
        place = self._name("cmn_location", domain_order["location"])
        return [r for r in work_orders if self._place(r) == place]

    def _check_place(self, live: list[Row], domain_order: Row) -> list[Row]:
        """Another place is another visit: no open one goes elsewhere."""
        there = self._at(domain_order, live)
        gave_up = self._gave_up("CreateWorkOrder", "domain_order_id", domain_order["sys_id"])
        self.wrong += [
            f"{r['number']} goes to {self._place(r)!r}, {domain_order['number']} is elsewhere"
            for r in live
            if r not in there and self._is_open(r) and not self._stays(r) and not gave_up
        ]
        return there

    def _waits_unflagged(self, work_order: Row) -> bool:
        """Whether its dispatcher was asked to wait, and its mark says no more of that, though no note does."""
        journal = self._fsm.store.find("sys_journal_field", element_id=work_order["sys_id"], element="work_notes")
        texts = [r["value"] for r in journal if r["sys_created_by"] == "connector"]
        about = [text for text in texts if _WAIT in text or "goes on in Order Management" in text]
        return bool(about) and _WAIT in about[-1] and not _is_flagged(work_order)

    def _place(self, work_order: Row) -> str:
        return next((r["name"] for r in self._fsm.store.find("cmn_location", sys_id=work_order["location"])), "")

    def _check_content(self, live: list[Row], line: Row, domain_order: Row) -> None:
        for value in self._om.store.find("sn_ind_tmt_orm_order_characteristic_value", order_line_item=line["sys_id"]):
            name = self._name("sn_prd_pm_characteristic", value["characteristic"])
            wanted = value["characteristic_option_value"]
            for row in live:
                found = _RATE.search(row["description"])
                gave_up = self._gave_up("UpdateWorkOrder", "work_order_id", row["sys_id"])
                if gave_up or name != "Bandwidth" or not self._is_open(row):
                    continue
                if not found or found[1].strip() != wanted:
                    if self.asks and self._label(row) == _BEGUN and self._is_asked(row, wanted, domain_order):
                        self.counts["changes that wait"] += 1
                        continue
                    self.wrong.append(f"{row['number']} does not say {wanted}")

    def _is_asked(self, row: Row, wanted: str, domain_order: Row) -> bool:
        """Whether the last that readers of the domain order were told of it is that this change waits for them."""
        journal = self._om.store.find("sys_journal_field", element_id=domain_order["sys_id"], element="work_notes")
        texts = [r["value"] for r in journal if r["sys_created_by"] == "connector"]
        about = [t for t in texts if t.startswith(f"{row['number']} ") and ("was not changed" in t or _AGREES in t)]
        given_up = self._given_up_on(domain_order["sys_id"])  # which may have come at any time
        told = [*about[-1:], *(t for t in given_up if t.startswith(f"{row['number']} "))]
        return any("was not changed" in t and wanted in t for t in told)

    def _check_notes(self, domain_order: Row) -> None:
        """The notes about each work order are one chain from its birth to its present state, and tell every change."""
        journal = self._om.store.find("sys_journal_field", element_id=domain_order["sys_id"], element="work_notes")
        given_up = self._given_up_on(domain_order["sys_id"])
        farewells = [text for text in given_up if _FAREWELL in text]  # what came before them may have come at any time
        texts = [text for text in given_up if _FAREWELL not in text]
        texts += [row["value"] for row in journal if row["sys_created_by"] == "connector"]
        texts += farewells
        for work_order in self._work_of(domain_order["sys_id"]):
            number = work_order["number"]
            since = [i for i, text in enumerate(texts) if text.startswith(f"{number} ") and _FAREWELL in text]
            told = texts[since[-1] if since else 0 :]
            moves = [move for text in told if (move := self._move_in(text, number))]
            ends = {_last(moves)} - {None} if self.in_order else _ends_in_any_order(moves)
            if since and not self.in_order:  # how it came to be before that may have been told late
                late = [text for text in told if not _BIRTH.match(text)]
                ends |= _ends_in_any_order([move for text in late if (move := self._move_in(text, number))])
            if not ends:
                self.wrong.append(f"{number}: the notes are no chain: {moves}")
            elif self._label(work_order) not in ends:
                last = " or ".join(sorted(filter(None, ends))) or "nothing"
                self.wrong.append(f"{number} is {self._label(work_order)}, its last note says {last}")
            self._check_told(work_order, texts)
            self._check_said(work_order, domain_order, texts)
            self._check_passed_on(work_order, domain_order, journal)

    def _check_said(self, work_order: Row, domain_order: Row, texts: list[str]) -> None:
        """What people wrote on a work order and its tasks is told on the domain order, at least once, and never more often than
        it was written; what they wrote there is told on the work order no more often either."""
        number = work_order["number"]
        lines = [line for text in texts for line in text.splitlines() if line.startswith(number)]
        tasks = self._fsm.store.find("wm_task", parent=work_order["sys_id"])
        written = self._of_people(self._fsm, work_order["sys_id"], *(task["sys_id"] for task in tasks))
        few = _is_ours(work_order) and sum(written.values()) <= _SHOWN
        for words, times in written.items():
            told = sum(line.count(words) for line in lines)
            if told > times or (few and not told):
                self.wrong.append(f"{number}: {words!r} was written {times} times and told {told} times")
        journal = self._fsm.store.find("sys_journal_field", element_id=work_order["sys_id"], element="work_notes")
        passed_on = "\n".join(row["value"] for row in journal if row["sys_created_by"] == "connector")
        own_tasks = self._om.store.find(ORDER_TASK, parent=domain_order["sys_id"])
        there = self._of_people(self._om, domain_order["sys_id"], *(task["sys_id"] for task in own_tasks))
        for words, times in there.items():
            if passed_on.count(words) > times:
                self.wrong.append(
                    f"{number} is told {passed_on.count(words)} times what was written {times} times: {words!r}"
                )

    def _check_passed_on(self, work_order: Row, domain_order: Row, journal: list[Row]) -> None:
        """What people wrote on a domain order or case below the first note about an open work order of ours is told there."""
        born = [
            r["sys_created_on"]
            for r in journal
            if (found := self._born.match(r["value"])) and found[1] == work_order["number"]
        ]
        if (
            not (born and _is_ours(work_order) and self._is_open(work_order))
            or "withdrawn" in work_order["correlation_display"]
        ):
            return
        later = [
            r["value"]
            for r in journal
            if r["sys_created_on"] > born[0] and r["sys_created_by"] not in ("connector", "system")
        ]
        passed_on = self._fsm.store.find("sys_journal_field", element_id=work_order["sys_id"], element="work_notes")
        texts = [row["value"] for row in passed_on if row["sys_created_by"] == "connector"]
        told = "\n".join((*texts, *self._given_up_on(work_order["sys_id"])))
        for words in later if len(later) <= _SHOWN else ():
            self.counts["notes passed on"] += 1
            if not words.startswith(_DECISIONS) and _quoted(words) not in told:
                self.wrong.append(
                    f"{work_order['number']} is not told what stands on {domain_order['number']}: {words!r}"
                )

    def _of_people(self, side: Any, *records: str) -> Counter[str]:
        """The notes of people on these records, as they would be quoted."""
        rows = (row for sys_id in records for row in side.store.find("sys_journal_field", element_id=sys_id))
        return Counter(
            _quoted(row["value"])
            for row in rows
            if row["element"] == "work_notes" and row["sys_created_by"] not in ("connector", "system")
        )

    def _move_in(self, text: str, number: str) -> tuple[str, str] | None:
        """From which state to which a note says this work order went; from nothing when it is born."""
        for pattern in (self._born, self._moved, self._gone):
            found = pattern.match(text)
            if found and found[1] == number:
                return {self._born: ("", found[2]), self._gone: (found[2], "Canceled")}.get(pattern) or (
                    found[2],
                    found[3],
                )
        return None

    def _check_told(self, work_order: Row, texts: list[str]) -> None:
        number = work_order["number"]
        told = self._told(texts)[number] - self._told_before[number]
        carried = Counter(self._carried[work_order["sys_id"]])
        if told != carried and not self._gave_up("UpdateWorkOrder", "work_order_id", work_order["sys_id"]):
            self.wrong.append(f"{work_order['number']}: carried {dict(carried)}, told {dict(told)}")

    @staticmethod
    def _told(texts: list[str]) -> defaultdict[str, Counter[str]]:
        """Work order -> bandwidths that notes say were carried to it."""
        told: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for text in texts:
            if " was updated after a change" in text:
                told[text.split(" ", 1)[0]].update(_TOLD_RATE.findall(text.partition(" Field Service did not take")[0]))
        return told

    # --- reading -------------------------------------------------------------------------------------------

    def _as_made(self, row: Row) -> Row:
        """With the mark that it was made with: ours is ours, whatever people write in its correlation id."""
        if _is_ours(row):
            self.marks.setdefault(row["sys_id"], row["correlation_id"])
        return {**row, "correlation_id": self.marks.get(row["sys_id"], row["correlation_id"])}

    def _work_orders(self) -> list[Row]:
        return [self._as_made(row) for row in self._fsm.store.find("wm_order") if row["sys_id"] not in self._lost_marks]

    def _wanted(self, initiator: Row, domain_order: Row) -> str:
        if initiator is not domain_order:
            request = self._name("sn_ind_tmt_orm_request_definition", initiator["request_type"])
            return FOR_ORDER_TASKS.get((request, domain_order["action"]), "")
        kind, specification = domain_order["sys_class_name"], domain_order["specification"]
        name = self._name("sn_prd_pm_resource_specification", specification)
        return FOR_DOMAIN_ORDERS.get((name, kind, domain_order["action"]), "")

    def _work_of(self, domain_order_id: str) -> list[Row]:
        """Work orders that count for a domain order: ours and those made by hand, its own and those of its order tasks."""
        domain_order = self._one(DOMAIN_ORDER, domain_order_id) or self._one(CASE, domain_order_id)
        if domain_order is None:
            return []
        initiators = (domain_order, *self._om.store.find(ORDER_TASK, parent=domain_order_id))
        ids, numbers = {i["sys_id"] for i in initiators}, {i["number"].lower() for i in initiators}
        return [
            row
            for row in self._work_orders()
            if ((_is_ours(row) and _key(row)[2] in ids) or row["correlation_id"].lower() in numbers)
            and not _is_let_go(row)
        ]

    def _initiator(self, work_order: Row) -> Row | None:
        if not _is_ours(work_order):
            return None
        sys_id = _key(work_order)[2]
        return self._one(DOMAIN_ORDER, sys_id) or self._one(ORDER_TASK, sys_id)

    def _line(self, initiator: Row) -> Row | None:
        return self._one(LINE, initiator["order_line_item"]) if initiator.get("order_line_item") else None

    def _one(self, table: str, sys_id: str) -> Row | None:
        return next(iter(self._om.store.find(table, sys_id=sys_id)), None) if sys_id else None

    def _name(self, table: str, sys_id: str) -> str:
        row = self._one(table, sys_id)
        return row["name"] if row else ""

    def _role(self, row: Row) -> str:
        return self._om.schema.table(row["sys_class_name"]).role_of("state", row["state"])

    def _is_open(self, work_order: Row) -> bool:
        return self._fsm.schema.table("wm_order").role_of("state", work_order["state"]) not in CLOSED_WORK

    def _label(self, work_order: Row) -> str:
        column = self._fsm.schema.table("wm_order").columns["state"]
        return str(column.label_of.get(work_order["state"], work_order["state"]))


def _quoted(text: str) -> str:
    return " ".join(text.split()).replace("[", "(").replace("]", ")")


def _is_ours(row: Row) -> bool:
    return row["correlation_id"].startswith("om-fsm:")


def _is_asked_for(row: Row) -> bool:
    return _key(row)[3].startswith("~")


def _is_let_go(row: Row) -> bool:
    return " detached" in row["correlation_display"]


def _is_flagged(row: Row) -> bool:
    return row["correlation_display"].endswith(" warned")


def _wish(row: Row) -> tuple[str, ...]:
    """The work order that was wanted first; others were made in its place."""
    return tuple(_key(row)[:_PARTS])


def _key(row: Row) -> list[str]:
    return row["correlation_id"].split(":")


def _last(moves: list[tuple[str, str]]) -> str | None:
    """Where a chain ends; None when it is broken."""
    at = ""
    for before, after in moves:
        if before != at:
            return None
        at = after
    return at


def _ends_in_any_order(moves: list[tuple[str, str]]) -> set[str]:
    """Where these moves may end when put in some order, each used once; none when there is no such order. A birth that is told
    after other moves may say where the work order was by then."""
    ends = {_end_of(moves)}
    steps = [move for move in moves if move[0]]
    births = [after for before, after in moves if not before]
    if len(births) == 1 and moves[0][0] and births[0] in {state for step in steps for state in step}:
        begins = [before for before, _ in steps if before not in {after for _, after in steps}]
        ends.add(_end_of([("", [*begins, steps[0][0]][0]), *steps]))
    return {end for end in ends if end is not None}


def _end_of(moves: list[tuple[str, str]]) -> str | None:
    balance = Counter(after for _, after in moves)
    balance.subtract(before for before, _ in moves)
    ends = [state for state, count in balance.items() if count == 1 and state]
    sound = all(count in (0, 1) for state, count in balance.items() if state) and balance[""] in (0, -1)
    return (ends[0] if ends else moves[0][1] if moves else "") if sound and len(ends) <= 1 else None
