"""Plays a story: two sandbox instances in virtual time, and a connector that is started, killed and started again."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from requests.adapters import BaseAdapter

from connector import app, memory
from connector.decide.rules import Consequence, GateMode, PonrMode
from connector.engine.cursors import wake_everything
from connector.engine.database import scratch_copy
from connector.engine.drain import plan_all
from connector.engine.history import overview
from connector.engine.release import release_side
from connector.errors import ConnectorError, Held, Unavailable
from connector.mapping.references import Unfound
from connector.model import FindingCode, IntentState, WriteNote
from connector.policies import load_policies
from connector.sandbox import Refused
from tests.faults.walk.moves import NEW_SITE, SITES
from tests.faults.walk.people import People
from tests.faults.walk.truth import Truth
from tests.faults.walk.turns import Turns, Yielding

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import requests

    from connector.config import Loaded
    from connector.engine.drain import Engine
    from connector.model import Action, Asked, Plan
    from connector.sandbox import World
    from tests.faults.walk.story import Step

_KINDS = tuple(map(FindingCode, ("write-parked", "not-applied", "not-canceled", "past-ponr", "reopen-refused")))
NEVER = 1e9  # seconds
SWEEP_SECONDS = 900.0
_REPLACED = (
    60  # seconds between the end of a process and its start on other memory: what was under way is known to nobody else
)
_LOOK_AGAIN = 400  # seconds between passes of a quiet period: longer than any patience


class Killed(BaseException):
    """The process is gone. Nothing of the connector may catch this."""


class Restless(AssertionError):
    """The faults are over and the connector does not come to rest."""


class Wire(BaseAdapter):
    """The line to one instance, which is where a process notices that it is dead."""

    def __init__(self, side: str, inner: BaseAdapter, player: Player) -> None:
        super().__init__()
        self._side = side
        self._inner = inner
        self._player = player

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        what = "request" if request.method == "GET" else "write"
        self._player.turns.pause()
        self._player.before(what)
        self._player.passing(self._side, request)
        response = self._inner.send(request, *args, **kwargs)
        self._player.after(what)
        return response

    def close(self) -> None:
        self._inner.close()


class Player:
    """One walk. `told` is what happened, in words; `truth` collects what was wrong while it happened."""

    def __init__(self, world: World, loaded: Loaded) -> None:
        self.world = world
        self.loaded = loaded
        self.truth = Truth(world)
        self.people = People(world, self.truth, self._ask_connector)
        self.turns = Turns(0)
        self.told: list[str] = []
        self.deaths = 0
        self.refused = 0
        self._began = world.now()
        self._page = 1000
        self._sweep_every = SWEEP_SECONDS
        self._process: ExitStack | None = None
        self._engine: Engine | None = None
        self._systems: app.Systems | None = None
        self._counts: dict[str, int] = {}
        self._end: tuple[str, int] | None = None  # how and when the process dies
        self._meanwhile: tuple[int, Step] | None = None
        self._playing = False
        self._gives_up = False  # whether a person gives some of the parked writes up
        self._struck: tuple[int, Step] | None = None  # before which request something breaks, and what
        self.passed: list[str] = []  # requests of the last pass of the story: side, method and path
        self._dead = False
        self._copy: bytes | None = None

    @property
    def days(self) -> float:
        """Simulated days since the walk began."""
        return (self.world.now() - self._began) / timedelta(days=1)

    def play(self, steps: Sequence[Step]) -> None:
        """The story, then rest. Raises AssertionError at the first promise that does not hold, and whatever a defect raises."""
        for number, step in enumerate(steps):
            self.truth.step = number
            self.told.append(str(step))
            try:
                self._do(step)
            except Refused as refusal:
                self.refused += 1
                self.told[-1] += f" refused: {refusal}"
            self.truth.raise_if_wrong()
        self.truth.step = len(steps)
        self._rest()
        self.truth.check()

    def _do(self, step: Step) -> None:
        match step["do"]:
            case "conditions":
                self._set_conditions(step)
            case "person":
                if step["move"] == "empty_mark" and self._sweep_every == NEVER:
                    raise Refused("no feed asks for what has no mark: the sweep follows it")
                self.people.act(step)
            case "pass":
                self._pass(step)
            case "wait":
                self.world.advance(step["seconds"])
            case "fault":
                self.world.fault(step["side"], step["fault"])
            case "mend":
                self.world.clear_faults()
            case "skew":
                self.world.skew(step["side"], step["seconds"])
            case other:
                self._process_moves[other]()

    @property
    def _process_moves(self) -> dict[str, Callable[[], None]]:
        return {
            "restart": self._stop,
            "lose memory": self._forget,
            "keep a copy": self._keep_copy,
            "put the copy back": self._put_back,
        }

    def _set_conditions(self, step: Step) -> None:
        self._page = step["page"]
        self.turns = Turns(step["turns"], step["in_flight"])
        self._sweep_every = NEVER if step["feeds_only"] else SWEEP_SECONDS
        self.truth.ponr_follows = step["ponr_follows"]
        self._gives_up = step["gives_up"]
        self.truth.gate_tells = step["gate_tells"]
        self.truth.raises_fallouts = step["turns"] % 2 == 0
        self.truth.plans_tasks = step["turns"] % 4 in (1, 2)
        self.truth.asks = step["turns"] % 8 in (1, 2, 3)
        self.world.switch("om", writer_sets_ponr=step["ponr_follows"], writer_plans_order_tasks=self.truth.plans_tasks)
        self.world.switch("fsm", client_sys_id=step["turns"] % 16 not in (3, 6, 9, 12))
        for side in ("om", "fsm"):
            self.world.skew(side, step[f"{side}_skew"])
            self.world.switch(side, literal_zone=step[f"{side}_literals"])
            self._set_zone(side, step[f"{side}_zone"])
        self._stop()

    def _set_zone(self, side: str, zone: str) -> None:
        users = self.world.users(side)
        users["connector"] = replace(users["connector"], zone=ZoneInfo(zone))

    # --- the connector -------------------------------------------------------------------------------------

    def _pass(self, step: Step) -> None:
        self._counts = {}
        killed = step.get("killed")
        self._end = (killed["how"], killed["at"]) if killed else None
        meanwhile = step.get("meanwhile")
        self._meanwhile = (meanwhile["at"], meanwhile["step"]) if meanwhile else None
        struck = step.get("struck")
        self._struck = (struck["at"], struck["fault"]) if struck else None
        self.passed, self._playing = [], True
        try:
            self._look(full=step.get("full", False))
        except Killed:
            self.deaths += 1
            self.told[-1] += " killed"
            self._bury()
        except ConnectorError as error:
            self.told[-1] += f" ({error})"
        finally:
            self._end = self._meanwhile = self._struck = None
            self._playing = False

    def _look(self, *, full: bool = False) -> app.Pass:
        if self._engine is None or self._systems is None:
            self._start()
        assert self._engine is not None
        assert self._systems is not None
        return app.sync_once(self._engine, self._systems, self._now, full=full)

    def _start(self) -> None:
        self._dead = False
        adapters: dict[str, BaseAdapter] = {side: Wire(side, self.world.adapter(side), self) for side in ("om", "fsm")}
        outside = app.World(clock=self._now, sleep=self.world.advance, adapters=adapters)
        with ExitStack() as stack:
            engine, self._systems = stack.enter_context(app.writing(self._configured(), outside))
            for api in (self._systems.om_api, self._systems.fsm_api):
                api.pace._turn = Yielding(self.turns)
            dialect = engine.store.engine.dialect
            commit = dialect.do_commit

            def do_commit(connection: Any) -> None:
                self.before("commit")
                commit(connection)
                self.after("commit")

            setattr(dialect, "do_commit", do_commit)  # noqa: B010 - of this one database
            self._engine = replace(engine, crew=self.turns)
            self._process = stack.pop_all()

    def _configured(self) -> Loaded:
        settings = self.loaded.settings
        changed: dict[str, Any] = {
            side: getattr(settings, side).model_copy(update={"rows_per_page": self._page}) for side in ("om", "fsm")
        }
        references = {**settings.fsm.references}
        references["location"] = references["location"].model_copy(update={"missing": Unfound.CREATE})
        changed["fsm"] = changed["fsm"].model_copy(update={"references": references})
        table = "asking.csv" if self.truth.asks else "compensation.csv"
        changed["policy"] = settings.policy.model_copy(update={"compensation": Path(table)})
        changed["daemon"] = settings.daemon.model_copy(update={"sweep_seconds": self._sweep_every})
        follows = PonrMode.SET if self.truth.ponr_follows else PonrMode.OFF
        changed["ponr"] = settings.ponr.model_copy(update={"mode": follows})
        if self.truth.plans_tasks:
            changed["jeopardy"] = settings.jeopardy.model_copy(update={"write_end_to": "planned_end_date"})
        if self.truth.raises_fallouts:
            changed["fallout"] = settings.fallout.model_copy(update={"kinds": _KINDS})
        # Walks with small pages collect bursts of notes.
        changed["notes"] = settings.notes.model_copy(update={"digest_seconds": 90.0 if self._page < 1000 else 0.0})
        then = Consequence.FALLOUT if self.truth.raises_fallouts else Consequence.RESCHEDULE
        ends = dict.fromkeys(("closed_incomplete", "canceled_in_field"), then)
        mode = GateMode.NOTE if self.truth.gate_tells else GateMode.REOPEN
        changed["gate"] = settings.gate.model_copy(update={**ends, "mode": mode})
        # So short that orders come back even after they were forgotten.
        changed["memory"] = settings.memory.model_copy(update={"archive_days": 1})
        return self.loaded.model_copy(update={"settings": settings.model_copy(update=changed)})

    def _ask_connector(self, what: Callable[[Engine], Asked]) -> Asked:
        """Somebody types a command, which is a process of its own."""
        adapters: dict[str, BaseAdapter] = {side: self.world.adapter(side) for side in ("om", "fsm")}
        outside = app.World(clock=self._now, sleep=self.world.advance, adapters=adapters)
        return app.ask_once(self._configured(), what, outside)

    def _stop(self) -> None:
        """In order, as after SIGTERM."""
        process, self._process, self._engine = self._process, None, None
        if process is not None:
            process.close()

    def _bury(self) -> None:
        """What the operating system does for a process that was killed: close its files, release its locks."""
        self._stop()
        self._dead = False

    def _now(self) -> datetime:
        return self.world.source.now().astimezone(UTC)

    # --- dying ---------------------------------------------------------------------------------------------

    def before(self, what: str) -> None:
        if self._dead:
            raise Killed
        self._counts[what] = self._counts.get(what, 0) + 1
        every = self._counts.get("request", 0) + self._counts.get("write", 0)
        if what != "commit" and self._meanwhile is not None and self._meanwhile[0] <= every:
            (_, step), self._meanwhile = self._meanwhile, None
            self.told[-1] += f" meanwhile {step['move']}"
            with suppress(Refused):
                self.people.act(step)
        self._die_if_due("before", what)

    def passing(self, side: str, request: requests.PreparedRequest) -> None:
        """A request leaves. Something may break on its way."""
        if self._playing:
            self.passed.append(
                f"{side} {request.method} {request.path_url.partition('?')[0].removeprefix('/api/now/')}"
            )
        if self._struck is not None and self._struck[0] == len(self.passed):
            self.world.fault(side, self._struck[1])

    def after(self, what: str) -> None:
        if self._dead:
            raise Killed
        self._die_if_due("after", what)

    def _die_if_due(self, when: str, what: str) -> None:
        if self._end is not None and self._end == (f"{when} {what}", self._counts[what]):
            self._dead = True
            raise Killed

    # --- memory --------------------------------------------------------------------------------------------

    @property
    def _memory(self) -> Any:
        return self.loaded.resolve(self.loaded.settings.memory.path)

    def _forget(self) -> None:
        self._stop()
        self.world.advance(_REPLACED)
        known = memory.overview_of(memory.reading(self.loaded))
        if any(e.intent.state is IntentState.PARKED and isinstance(e.intent.action, WriteNote) for e in known.waiting):
            self.truth.in_order = False  # what was refused is told late by who does not know that
        self.truth.forget_asked()
        for path in self._memory.parent.glob(f"{self._memory.name}*"):
            path.unlink()

    def _keep_copy(self) -> None:
        if self._memory.exists():
            with sqlite3.connect(self._memory) as original:
                self._copy = original.serialize()
            original.close()

    def _put_back(self) -> None:
        if self._copy is None:
            raise Refused("there is no copy")
        self._forget()
        self._memory.write_bytes(self._copy)

    # --- rest ----------------------------------------------------------------------------------------------

    def _rest(self) -> None:
        """The faults end; pass after pass until nothing is left to do. A person sees to what was parked, to questionnaires
        without which a task cannot be closed, and to the zone of a user for whom an instance reads date-times otherwise than
        they are stored."""
        self.world.clear_faults()
        for side in ("om", "fsm"):
            self._set_zone(side, "GMT")
        self.world.fsm.shelf.pop("autopilot:technician", None)
        for questionnaire in self.world.fsm.store.find("wm_questionnaire"):
            with suppress(Refused):
                self.world.act("fsm", {"do": "answer_questionnaire", "questionnaire": questionnaire["sys_id"]})
        self.world.advance(_LOOK_AGAIN if self._sweep_every == NEVER else SWEEP_SECONDS)
        for number in range(15):
            self.told.append("rest")
            self._release()
            try:
                done = self._look(full=number == 0 and self._sweep_every != NEVER)
            except (Unavailable, Held) as error:
                # A person may end a hold, but not the time an instance asked for: the same process waits for that, once.
                if number:
                    raise
                self.told[-1] += f" ({error})"
                self.world.advance(_LOOK_AGAIN)
                continue
            self.world.advance(_LOOK_AGAIN)
            if not done.plans and not self._waiting() and not self._is_due():
                break
        else:
            raise Restless(f"the connector does not come to rest: {self._waiting()}")
        plans = [plan for plan in self._plan() if plan.actions]
        assert plans == [], f"the next plan is not empty: {[a.key for p in plans for a in p.actions]}"

    def _release(self) -> None:
        """A person has looked at what put a brake on, and lets the connector go on."""
        if self._engine is None:
            self._start()
        assert self._engine is not None
        for side in ("om", "fsm"):
            release_side(self._engine.store, side, self._now(), "released in a walk", looked=True)

    def _is_due(self) -> bool:
        """Whether a note that waited for others may be told now."""
        assert self._engine is not None
        return self._engine.store.backlog(self._now()) > 0

    def _waiting(self) -> dict[str, int]:
        assert self._engine is not None
        waiting = self._engine.store.waiting()
        if "parked" in waiting:
            for entry in overview(self._engine.store.engine).waiting:
                # What was intended for a work order that somebody deleted meanwhile cannot be done.
                gone = getattr(entry.intent.action, "work_order_id", "")
                hopeless = bool(gone) and not self.world.fsm.store.find("wm_order", sys_id=gone)
                drop = hopeless or (self._gives_up and entry.id % 3 > 0)
                if self._engine.store.release_parked(entry.id, self._now(), drop=drop):
                    self.truth.in_order = False
                    if drop:
                        self.told[-1] += f" dropped {entry.intent.key}"
                        self.truth.forgive(type(entry.intent.action).__name__, _about(entry.intent.action))
        return waiting

    def _plan(self) -> tuple[Plan, ...]:
        """What one more look at everything would do, on a copy of memory."""
        assert self._engine is not None
        assert self._systems is not None
        loaded = self._configured()
        scratch = app.build_engine(loaded, load_policies(loaded), self._systems, scratch_copy(memory.reading(loaded)))
        wake_everything(scratch.store, scratch.om, scratch.fsm, self._now(), everything=True)
        return plan_all(scratch, self._now())


def _about(action: Action | None) -> dict[str, str]:
    """What a write is about, in plain strings."""
    names = (
        "key",
        "initiator_id",
        "domain_order_id",
        "case_id",
        "work_order_id",
        "line_id",
        "order_task_id",
        "mark",
        "text",
    )
    return {name: str(getattr(action, name, "")) for name in names}


def prepare(world: World) -> None:
    """What every walk begins with: a case, an order of a company at work, one of a consumer just approved, and a place that only
    Order Management knows; the connector may make it in Field Service."""
    world.om.records.insert("cmn_location", {"name": NEW_SITE}, world.om.system)
    users = world.users("fsm")
    users["connector"] = replace(users["connector"], roles=users["connector"].roles | {"admin"})
    made = {"short_description": "the line is slow", "account": "Acme Logistics", "location": SITES[0], "priority": "2"}
    world.act("om", {"do": "create_case", **made})
    customers = ({"account": "Acme Logistics", "contact": "Anna Weber"}, {"consumer": "Nora Lind"})
    for site, customer in zip(SITES, customers, strict=False):
        order = {"do": "create_order", **customer}
        line = {"offering": "Business SD-WAN", "location": site, "committed_due_date": "2026-09-01 12:00:00"}
        rate = {"characteristics": {"Bandwidth": "100 Mbit/s"}}
        number = world.act("om", {**order, "lines": [{**line, **rate}]})["order"]["number"]
        world.act("om", {"do": "place", "order": number})
        world.act("om", {"do": "approve", "order": number})
        world.advance(10)
