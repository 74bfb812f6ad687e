"""The plan while it is being written: the snapshot and memory of one order or case, and what was decided about it so far.

Lives only inside one call of `decide`, so deciding stays a pure function.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector.decide.again import key_of_next
from connector.decide.closure import Coming, Work
from connector.decide.rules import Consequence, WorkOrderEnd
from connector.mapping import notes
from connector.mapping.decisions import decision_about, is_decision, names_number
from connector.mapping.marks import (
    WorkOrderKey,
    anew_key,
    fallout_of,
    is_signed,
    number_in,
    status_key,
    token_of,
    tokens_in,
)
from connector.mapping.quotes import own_words
from connector.mapping.vocabulary import whole
from connector.model import (
    Action,
    AnyInitiator,
    BindWorkOrder,
    CancelWorkOrder,
    Case,
    CaseSnapshot,
    Change,
    CreateWorkOrder,
    DomainOrder,
    Finding,
    FindingCode,
    Initiator,
    Intent,
    IntentState,
    Link,
    Observed,
    OrderLine,
    OrderMemory,
    Plan,
    RaiseFallout,
    ReopenDomainOrder,
    ResolveCase,
    SetPonr,
    SettleFallout,
    Snapshot,
    UpdateWorkOrder,
    Verdict,
    WarnDispatcher,
    WorkOrder,
    WriteFieldNote,
    WriteNote,
    WritePlannedEnd,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from connector.decide.rules import Rules
    from connector.model import JournalEntry

_TALK = (WriteNote, WriteFieldNote, WritePlannedEnd, RaiseFallout, SettleFallout)

# The gate first, because somebody is waiting; then what readers and revisers should know; then what changes the field.
_RANK: dict[type[Action], int] = {
    ReopenDomainOrder: 0,
    WriteNote: 1,
    SetPonr: 1,
    WritePlannedEnd: 1,
    ResolveCase: 2,
    BindWorkOrder: 2,
    WarnDispatcher: 2,
    RaiseFallout: 2,
    SettleFallout: 2,
    CancelWorkOrder: 3,
    UpdateWorkOrder: 4,
    CreateWorkOrder: 5,
    WriteFieldNote: 6,  # it counts as an update of the work order: after what was decided on the count before
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """A finding about an initiator of an order, on one occasion."""

    code: FindingCode
    subject: str
    text: str
    on: Initiator
    occasion: str


class Draft:
    """Collects verdicts, actions, findings and link changes for one order, or one case. `seen` is what was read of it.

    `version` is the version of the order, or which round of visits of the case this is. Without `now` nothing is decided that
    time alone brings about.
    """

    def __init__(
        self, seen: Observed, memory: OrderMemory, rules: Rules, *, version: int = 1, now: datetime | None = None
    ) -> None:
        self.seen = seen
        self.version = seen.order.version if isinstance(seen, Snapshot) else version
        self.memory = memory
        self.rules = rules
        self.now = now
        self._look_at: datetime | None = None
        self.unnamed: set[tuple[str, str]] = set()  # line and fact of it: it is to be asked who revised it
        self.waited_for: set[str] = set()  # records, by number, on which stands what is to be told later
        self.links = {link.work_order_id: link for link in memory.links}
        self.moved: dict[str, Link] = {}  # by sys_id of the work order: as its link was before a person moved it
        self.work_orders = {work_order.sys_id: work_order for work_order in seen.work_orders}
        self.initiators: tuple[AnyInitiator, ...] = tuple(initiators_of(seen))
        self._found_tokens = frozenset[str]().union(*seen.tokens.values())
        # Notes of people that a note of ours carried have tokens, but no intention of their own.
        self._carried = {
            token
            for intent in memory.intents.values()
            if intent.state is IntentState.DONE and isinstance(intent.action, WriteNote)
            for token in intent.action.carries
        }
        self.troubles: list[Trouble] = []
        self.unwanted: set[str] = set()  # work orders that answer no wish of their initiator any more
        self.undecided: set[str] = set()  # initiators about which nothing can be decided, for want of something to read
        self.unlike: dict[
            str, tuple[tuple[Change, ...], str]
        ] = {}  # work order -> what it does not say of its order, and why
        self.waiting: dict[str, str] = {}  # domain order or case for which it is not known what it asks for -> why
        self._said: dict[str, list[tuple[JournalEntry, str]]] = {}
        self._verdicts: list[Verdict] = []
        self._actions: list[Action] = []
        self._findings: list[Finding] = []
        self._withdraw: list[str] = []
        self._over: set[str] = set()

    # --- what is known -------------------------------------------------------------------------------------

    @property
    def snapshot(self) -> Snapshot:
        """What was read, where it is an order."""
        assert isinstance(self.seen, Snapshot)
        return self.seen

    def intent(self, key: str) -> Intent | None:
        """The intention with this key, if it was ever had (and not withdrawn)."""
        token = token_of(key)
        if token in self._withdraw:
            return None
        if token in self._found_tokens:
            return Intent(key, IntentState.DONE)
        return self.memory.intents.get(token)

    def is_recovered(self, token: str) -> bool:
        """Whether it stands in a journal, as this look or an earlier one found."""
        return token in self._found_tokens or token in self.memory.intents

    def told(self) -> frozenset[str]:
        """Every token of ours that stands in a journal, or was ever intended; those of this plan too."""
        journals = (*self.seen.journals.values(), *self.seen.field_journals.values())
        signed = (tokens_in(entry.text) for entries in journals for entry in entries if is_signed(entry.text))
        actions = (*(intent.action for intent in self.memory.intents.values()), *self._actions)
        carried = (a.carries for a in actions if isinstance(a, WriteNote | WriteFieldNote))
        return self._found_tokens.union(self.memory.intents, *signed, *carried)

    def intended(self) -> Iterator[Action]:
        """What is still to be carried out, of earlier plans and of this one."""
        yield from (intent.action for intent in self.open_intents() if intent.action is not None)
        yield from self._actions

    def is_wanted(self, token: str) -> bool:
        """Whether this plan lets an intention stand."""
        return token not in self._withdraw

    def open_intents(self) -> Iterator[Intent]:
        """Intentions still to be carried out, except those withdrawn by this plan."""
        return (i for i in self.memory.intents.values() if i.state.is_open and self.is_unsettled(i))

    def is_unsettled(self, intent: Intent) -> bool:
        """Whether it is still to be carried out, or was refused and waits for a person; and this plan lets it stand."""
        if not intent.state.is_open and intent.state is not IntentState.PARKED:
            return False
        token = token_of(intent.key)
        return token not in self._withdraw and token not in self._found_tokens

    def is_updating(self, work_order_id: str) -> bool:
        """An update of ours is under way; it knows better than the work order what it changed."""
        actions = (intent.action for intent in self.open_intents())
        return any(isinstance(a, UpdateWorkOrder) and a.work_order_id == work_order_id for a in actions)

    def asked_for(self, initiator: AnyInitiator) -> Verdict | None:
        """What people asked for by hand."""
        for verdict in self.memory.verdicts:
            if verdict.initiator_id == initiator.sys_id and verdict.is_of_a_person:
                return verdict
        return None

    def verdict(self, initiator: AnyInitiator, policy: str) -> Verdict | None:
        """The remembered verdict on an initiator at the present version."""
        wanted = (initiator.sys_id, self.version, policy)
        for verdict in (*self._verdicts, *self.memory.verdicts):
            if (verdict.initiator_id, verdict.version, verdict.policy) == wanted:
                return verdict
        return None

    def work_of_initiator(self, initiator: AnyInitiator) -> list[Work]:
        """The work orders of one initiator, oldest first."""
        return list(self.work(lambda link: link.initiator_id == initiator.sys_id))

    def work_of(self, record: DomainOrder | Case) -> list[Work]:
        """The work orders that count for one domain order (its own and those of its order tasks), or for a case."""
        return list(self.work(lambda link: link.domain_order_id == record.sys_id))

    def strange_of(self, record: DomainOrder | Case) -> list[WorkOrder]:
        """The work orders that would count for this record if they could be understood."""
        if not self.seen.strange:
            return []
        by_name = {one.number.casefold(): one for one in self.initiators} | {one.sys_id: one for one in self.initiators}
        found: list[WorkOrder] = []
        for work_order in self.seen.strange:
            key = WorkOrderKey.parse(work_order.names)
            named = by_name.get(key.initiator_id if key else number_in(work_order.names))
            if named is not None and named.noted_on.sys_id == record.sys_id:
                found.append(work_order)
        return found

    def detached_from(self, record: DomainOrder | Case) -> list[Work]:
        """The work orders that would count for this record, had no person let go of them."""
        return list(self.work(lambda link: link.domain_order_id == record.sys_id, detached=True))

    def work(self, which: Callable[[Link], bool] = lambda _: True, *, detached: bool = False) -> Iterator[Work]:
        """The work orders of all initiators, or all that a person has let go of, by number; of these those that are asked for."""
        links = [link for link in self.links.values() if bool(link.detached) == detached and which(link)]
        for link in sorted(links, key=lambda link: (link.work_order_number, link.work_order_id)):
            yield self._decided(Work(link, self.work_orders.get(link.work_order_id)))

    def _decided(self, work: Work) -> Work:
        """The same with what a person decided about it after being told of its present state, or what the order had."""
        link, found = work.link, work.found
        if not self.seen.journals.get(link.domain_order_id) or found is None or link.noted is None or not work.is_told:
            return self._made_anew(work)
        key = status_key(link.work_order_id, link.notes, link.noted.value)
        intent = self.intent(key)
        refused_at = intent.at if intent is not None and intent.is_refused else None
        again = self.words_for_next(work)
        words = (self.decisive_words, *([again] if again else []))
        decision = decision_about(found.number, token_of(key), self._said_on(link.domain_order_id), words, refused_at)
        if decision is None:
            return self._made_anew(work)
        if not (following := key_of_next(link)):
            return replace(work, decision=decision)
        has_next = any(one.key == following for one in self.links.values())
        if isinstance(self.seen, Snapshot):
            is_asked = bool(again) and is_decision(decision.text, again)
        else:
            is_asked = self._may_be_repeated(work) and names_number(decision.text, found.number, self.decisive_words)
        return replace(work, decision=decision, again=following if is_asked else "", has_next=has_next)

    def _said_on(self, record_id: str) -> list[tuple[JournalEntry, str]]:
        """What people wrote on a domain order or case. Many visits may be decided about there: it is sorted out once."""
        if record_id not in self._said:
            self._said[record_id] = own_words(self.seen.journals.get(record_id, ()))
        return self._said[record_id]

    def _made_anew(self, work: Work) -> Work:
        """The same with the visit in its place, where the field canceled what the order had asked to be made anew.

        That is known by the note that told it, or by that visit.
        """
        end = work.number_of_end
        following = key_of_next(work.link, end)
        if work.end is not WorkOrderEnd.CANCELED_IN_FIELD or not following:
            return work
        has_next = any(one.key == following for one in self.links.values())
        told = anew_key(work.link.work_order_id, end)
        is_anew = has_next or token_of(told) in self._over or self.intent(told) is not None
        return replace(work, again=following, has_next=has_next) if is_anew else work

    def _may_be_repeated(self, work: Work) -> bool:
        """Whether a visit of a case may be repeated alone. In the place of earlier rounds came later ones."""
        key = WorkOrderKey.parse(work.link.key)
        return self.is_current(work) or (key is not None and key.is_asked_for)

    def words_for_next(self, work: Work) -> str:
        """How a work note begins that sends somebody again in the place of this visit; empty where nothing does."""
        if not isinstance(self.seen, Snapshot) or not key_of_next(work.link):
            return ""
        reschedules = self.rules.consequence(work.end) is Consequence.RESCHEDULE
        return self.rules.visit_again if reschedules else ""

    @property
    def decisive_words(self) -> str:
        """How a work note begins that is a person's decision about a work order that came to nothing: of an order, that it
        may be closed; of a case, that another visit is wanted."""
        return self.rules.decision if isinstance(self.seen, Snapshot) else self.rules.about_cases.decision

    def is_current(self, work: Work) -> bool:
        """Whether it answers what is wanted now. Of a case, those of earlier rounds of visits do not."""
        if isinstance(self.seen, Snapshot):
            return True
        key = WorkOrderKey.parse(work.link.key)
        return key is not None and (key.version == self.version or (key.is_asked_for and work.is_open))

    def coming(self, record: DomainOrder | Case) -> list[Coming]:
        """Work orders of a domain order or case that are intended but do not exist yet. One that was refused is still wanted,
        until the order asks for it no longer or a person gives it up."""
        unsettled = (intent for intent in self.memory.intents.values() if self.is_unsettled(intent))
        wanted = [(i.action, i.error or "refused" if i.state is IntentState.PARKED else "") for i in unsettled]
        wanted += [(action, "") for action in self._actions]
        return [
            Coming(action.template, refused)
            for action, refused in wanted
            if isinstance(action, CreateWorkOrder) and action.domain_order_id == record.sys_id
        ]

    def counts(self, record: DomainOrder | Case) -> tuple[int, int]:
        """How many of its work orders are still open, those being created too, and how many there are."""
        work, coming = self.work_of(record), len(self.coming(record))
        return sum(w.is_open for w in work) + coming, len(work) + coming

    def _is_settled(self, token: str) -> bool:
        intent = self.memory.intents.get(token)
        return (intent is not None and intent.state is IntentState.DONE) or token in self._carried

    # --- what is decided -----------------------------------------------------------------------------------

    def remember(self, link: Link) -> None:
        """A new link, or a new version of one."""
        self.links[link.work_order_id] = link

    def judge(self, verdict: Verdict) -> None:
        """A verdict to be stored on first use."""
        self._verdicts.append(verdict)

    def do(self, action: Action) -> None:
        """Intend an action, unless the same one was intended before."""
        if self.intent(action.key) is None and all(a.key != action.key for a in self._actions):
            self._actions.append(action)

    def note(
        self,
        key: str,
        record: DomainOrder | Case,
        text: str,
        carries: tuple[str, ...] = (),
        *,
        fleeting: bool = False,
    ) -> None:
        """Intend a work note on a domain order or a case. A case that is over takes none: the platform refuses them. One that is
        `fleeting` and did not leave yet says what is so now."""
        if isinstance(record, Case) and record.state.phase.is_over:
            return
        match self.intent(key):
            case Intent(state=IntentState.PENDING, action=WriteNote(text=before)) as waits if (
                fleeting and before != text
            ):
                self.withdraw(waits)
        self.do(WriteNote(key, record.sys_id, record.number, text, isinstance(record, Case), carries, fleeting))

    def counted(self, text: str, record: DomainOrder | Case) -> str:
        """A note that also says how many work orders of its record are still open."""
        return notes.counted(text, *self.counts(record))

    def look_again(self, at: datetime | None) -> None:
        """At this moment something else is to be decided, although nothing has changed; the earliest counts."""
        if at is not None and self.now is not None:
            self._look_at = min(at, self._look_at) if self._look_at is not None else at

    def withdraw(self, intent: Intent) -> None:
        """Give up an intention that was not sent yet, or was refused."""
        self._withdraw.append(token_of(intent.key))

    def remember_over(self, key: str) -> None:
        """Remember that something is over, under this key. Nothing is written; should memory be lost, it is forgotten."""
        if self.intent(key) is None:
            self._over.add(token_of(key))

    def is_wanted_key(self, key: str) -> bool:
        """Whether this plan lets the intention with this key stand."""
        return self.is_wanted(token_of(key))

    def is_planned(self, key: str) -> bool:
        """Whether this plan intends the action with this key."""
        return any(action.key == key for action in self._actions)

    @property
    def is_busy(self) -> bool:
        """Whether something is still to be carried out, notes apart."""
        return any(not isinstance(a, _TALK) for a in self.intended())

    def initiator(self, sys_id: str) -> AnyInitiator | None:
        """The initiator with this sys_id."""
        return next((one for one in self.initiators if one.sys_id == sys_id), None)

    def find(
        self, code: FindingCode, subject: str, text: str, *, on: AnyInitiator | None = None, occasion: str = ""
    ) -> None:
        """Tell a person. What concerns an initiator of an order (`on`) and an occasion may become a fallout."""
        if isinstance(on, Initiator) and occasion:
            self.troubles.append(Trouble(code, subject, text, on, occasion))
        finding = Finding(code, subject, text)
        if finding not in self._findings:
            self._findings.append(finding)

    def is_found(self, code: FindingCode, subject: str) -> bool:
        """Whether a person is told so in this plan."""
        return any(one.code is code and one.subject == subject for one in self._findings)

    def plan(self) -> Plan:
        """The finished plan."""
        before = {link.work_order_id: link for link in self.memory.links}
        return Plan(
            order_id=self.seen.sys_id,
            order_number=self.seen.number,
            verdicts=tuple(self._verdicts),
            actions=tuple(sorted(self._actions, key=lambda action: _RANK[type(action)])),
            findings=tuple(self._findings),
            links=tuple(link for key, link in self.links.items() if before.get(key) != link),
            withdraw=tuple(self._withdraw),
            recovered=tuple(sorted({*self._over, *(t for t in self._found_tokens if not self._is_settled(t))})),
            unnamed=tuple(sorted(self.unnamed)),
            listen_again=bool(self.seen.fresh),
            look_at=self._look_at,
        )


def initiators_of(seen: Observed) -> Iterator[AnyInitiator]:
    """What may need field work: the case, or each domain order and order task of the order."""
    if isinstance(seen, CaseSnapshot):
        return iter((seen.case,))
    return order_initiators(seen)


def order_initiators(snapshot: Snapshot) -> Iterator[Initiator]:
    """Every domain order that belongs to a line of the order, and every order task of those, by number.

    A line past its point of no return puts its whole order there, whether the platform has spread that yet or not.
    """
    order = replace(snapshot.order, ponr=snapshot.order.ponr or any(line.ponr for line in snapshot.lines))
    lines = {line.sys_id: line for line in snapshot.lines}
    units, families, held = _units(snapshot, lines), _families(snapshot), _held_by_us(snapshot)
    for domain_order in sorted(snapshot.domain_orders, key=lambda d: d.number):
        line = lines.get(domain_order.line_id)
        if line is None:
            continue
        family = families[domain_order.sys_id]
        own, unshown = (units[domain_order.sys_id], _places(family)), _hidden_places(family)
        yield Initiator(order, line, domain_order, None, *own, unshown=unshown)
        for task in sorted(snapshot.order_tasks, key=lambda t: t.number):
            if task.domain_order_id == domain_order.sys_id:
                waits = task.sys_id in held
                yield Initiator(order, line, domain_order, task, *own, is_held_by_us=waits, unshown=unshown)


def _held_by_us(snapshot: Snapshot) -> set[str]:
    """Order tasks whose open fallouts are all the connector's, and that nobody held before."""
    by_task: dict[str, list[bool]] = defaultdict(list)
    for fallout in snapshot.fallouts:
        if fallout.is_open:
            by_task[fallout.task_id].append(bool(fallout_of(fallout.names)) and not fallout.was_held)
    return {task_id for task_id, ours in by_task.items() if all(ours)}


def _units(snapshot: Snapshot, lines: Mapping[str, OrderLine]) -> dict[str, int]:
    """How many units of its line each domain order stands for; 0 where several share the line's quantity."""
    alike = Counter((d.line_id, d.kind, d.specification.sys_id) for d in snapshot.domain_orders)
    units: dict[str, int] = {}
    for one in snapshot.domain_orders:
        shared = alike[one.line_id, one.kind, one.specification.sys_id] > 1
        line = lines.get(one.line_id)
        units[one.sys_id] = 0 if shared else whole(line.quantity if line else "")
    return units


def _places(family: Sequence[DomainOrder]) -> tuple[str, ...]:
    """The locations, by name, of a domain order and those beneath it."""
    return tuple(sorted({one.location.name for one in family} - {""}))


def _hidden_places(family: Sequence[DomainOrder]) -> tuple[str, ...]:
    """Those beneath a domain order whose location has no name to read, in words."""
    return tuple(f"location of {one.number}" for one in family[1:] if "location" in one.unshown)


def _families(snapshot: Snapshot) -> dict[str, list[DomainOrder]]:
    """Each domain order with those beneath it, itself first."""
    beneath: dict[str, list[DomainOrder]] = defaultdict(list)
    for one in snapshot.domain_orders:
        beneath[one.parent_id].append(one)
    families: dict[str, list[DomainOrder]] = {}
    for one in snapshot.domain_orders:
        family, seen = [one], {one.sys_id}
        for member in family:
            family += [child for child in beneath[member.sys_id] if child.sys_id not in seen]
            seen.update(child.sys_id for child in family)
        families[one.sys_id] = family
    return families
