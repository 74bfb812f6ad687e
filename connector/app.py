"""Composition root: the only place that builds clients, memory and rules, and the passes made of them."""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from connector.decide.rules import CaseRules, Rules
from connector.engine.closing import ask_gate
from connector.engine.crew import Crew
from connector.engine.database import claim, open_database, scratch_copy
from connector.engine.drain import Engine, Watch, drain_to_the_end, plan_all
from connector.engine.guard import Guard, Limits
from connector.engine.heed import heed
from connector.engine.hold import Side
from connector.engine.holds import Holds
from connector.engine.lock import refuse_second, sole_writer
from connector.engine.outbox import Outbox, Patience
from connector.engine.sides import Probing, Sides
from connector.engine.store import Store
from connector.engine.watch import notice
from connector.errors import ConfigError, ConnectorError, NotFound, RemoteError
from connector.fsm.port import FsmPort
from connector.mapping.states import fold
from connector.memory import instances, overview_of, reading, repairing
from connector.om.cases import OmWithCases
from connector.om.fallouts import Fallouts
from connector.om.native import NATIVE_POLICIES, NativePolicies
from connector.om.port import OmPort
from connector.policies import (
    Policies,
    Watched,
    field_map,
    load_policies,
    lookups,
    mapped_columns,
    mapped_facts,
    order_fields,
    vocabulary,
)
from connector.reach import endpoint, way_to
from connector.servicenow.names import names_in
from connector.servicenow.table import TableApi
from connector.unsettled import require_settled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    import sqlalchemy as sa
    from requests.adapters import BaseAdapter

    from connector.config import Loaded, Settings
    from connector.discover.discovery import Discovered
    from connector.doctor.check import Result, Suite
    from connector.doctor.patient import Patient, SideView
    from connector.engine.ports import Watched as System
    from connector.mapping.native import Imported
    from connector.mapping.references import Lookup
    from connector.mapping.review import Catalog
    from connector.model import Asked, GateAnswer, Plan
    from connector.om.native import NativePolicy
    from connector.profile import Profile


@dataclass(frozen=True, slots=True)
class World:
    """What the connector finds outside itself. Tests and simulations bring their own."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    adapters: Mapping[str, BaseAdapter] | None = None  # by "om" and "fsm"; none means the network
    chance: Callable[[], float] = random.random  # in [0, 1)


REAL_WORLD = World()


@dataclass(frozen=True, slots=True)
class Systems:
    """Both instances."""

    om: OmPort
    fsm: FsmPort
    om_api: TableApi
    fsm_api: TableApi

    def reach(self) -> None:
        """Learn what must be known of both. Raises a RemoteError."""
        self.om.reach()
        self.fsm.reach()

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent so far."""
        return self.om_api.traffic.requests + self.fsm_api.traffic.requests


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass did."""

    changes: int  # new rows the feeds showed
    swept: int  # orders that were woken because they differ from what memory knows
    plans: tuple[Plan, ...]
    requests: int


def connect(loaded: Loaded, world: World = REAL_WORLD) -> Systems:
    """Both instances, not asked anything yet. Raises ConfigError while the profile has open points."""
    require_settled(loaded)
    return _ports(loaded, world)


def _ports(loaded: Loaded, world: World, om_api: TableApi | None = None, fsm_api: TableApi | None = None) -> Systems:
    settings = loaded.settings
    profile = loaded.profile
    told = profile.om.told() if profile else {}
    om_api = om_api or _api(loaded, world, "om")
    fsm_api = fsm_api or _api(loaded, world, "fsm")
    kind = OmWithCases if settings.policy.case else OmPort
    om = kind(
        om_api,
        settings.om_schema,
        overrides=settings.om.states.model_dump(),
        told=told,
        reopen_to=settings.gate.reopen_to,
        known_by=settings.om.identity_properties,
        me=getattr(settings.om.way_in, "username", ""),
        fallouts=Fallouts(om_api, settings.fallout.db_schema, told.get("fallout")) if settings.fallout_kinds else None,
    )
    fsm = FsmPort(
        fsm_api,
        replace(settings.fsm.db_schema, references=lookups(settings)),
        overrides=settings.fsm.states.model_dump(),
        told=profile.fsm.told() if profile else {},
        known_by=settings.fsm.identity_properties,
        me=getattr(settings.fsm.way_in, "username", ""),
        task_notes_every=settings.notes.task_notes_seconds if settings.notes.from_field else None,
    )
    return Systems(om, fsm, om_api, fsm_api)


def discover_once(loaded: Loaded, world: World = REAL_WORLD, *, before: Profile | None = None) -> Discovered:
    """What both instances are like. Asks them, writes nothing anywhere. Raises a RemoteError.

    `before` is the profile there is: it tells which tables a person has settled.
    """
    from connector.config import beneath
    from connector.discover.discovery import discover
    from connector.discover.drift import where_to_look
    from connector.profile import WRITES_CANCELED

    if before is not None:
        loaded = beneath(loaded, where_to_look(before))
    settings = loaded.settings
    said = {"om": settings.om.states.model_dump(), "fsm": settings.fsm.states.model_dump()}
    states = {f"{side}.{part}": labels for side, parts in said.items() for part, labels in parts.items()}
    states["om.fallout"] = settings.fallout.states
    om = (_api(loaded, world, "om"), settings.om_names)
    fsm = (_api(loaded, world, "fsm"), settings.fsm_names)
    written = {
        "domain_order": settings.gate.reopen_to,
        "work_order": WRITES_CANCELED,
        "fallout": settings.fallout.settle_as,
    }
    return discover(
        om,
        fsm,
        _looked_up(settings, before),
        states,
        written,
        priority_in=_priority_in(settings, before),
        with_cases=bool(settings.policy.case),
    )


def _priority_in(settings: Settings, before: Profile | None) -> str:
    """The column of work orders that a person has the priority written to; "" where nobody said one."""
    said = before.fsm.fields.get("priority", "") if before else ""
    filled = [column for column, text in settings.work_order.fields.items() if text.strip() == "{priority}"]
    usual = said.replace("?", "")
    return next((column for column in filled if column != "priority"), "" if usual == "priority" else usual)


def _looked_up(settings: Settings, before: Profile | None) -> Mapping[str, Lookup]:
    """The references to verify: also those that the profile has and the configuration leaves to it."""
    from connector.config import Reference
    from connector.fsm.schema import DEFAULT_REFERENCES
    from connector.profile import as_settings

    said = settings.fsm.db_schema.references
    if before is None:
        return said
    left = {
        column: DEFAULT_REFERENCES.get(column) or Reference(**one).lookup
        for column, one in as_settings(before)["fsm"].get("references", {}).items()
        if column not in said and (column in DEFAULT_REFERENCES or f"reference {column}" in before.fsm.facts)
    }
    return {**said, **left}


def examine_once(
    loaded: Loaded, suites: Collection[Suite] = (), ids: Collection[str] = (), world: World = REAL_WORLD
) -> tuple[Result, ...]:
    """The answers of the doctor's checks. Asks both instances, writes nothing anywhere."""
    from connector.doctor.registry import CHECKS
    from connector.doctor.run import examine

    database = reading(loaded)
    try:
        return examine(patient(loaded, database, world), CHECKS, suites, ids)
    finally:
        if database is not None:
            database.dispose()


def patient(loaded: Loaded, database: sa.Engine | None, world: World, systems: Systems | None = None) -> Patient:
    """What the doctor looks at: the instances, asked nothing yet, and memory where there is one."""
    from connector.config import load
    from connector.doctor.patient import Patient

    systems = systems or _ports(loaded, world)
    memory = loaded.resolve(loaded.settings.memory.path)
    policies = cache(lambda: load_policies(loaded))
    return Patient(
        loaded=loaded,
        om=_view(loaded, systems, world, "om", policies),
        fsm=_view(loaded, systems, world, "fsm", policies),
        om_port=systems.om,
        fsm_port=systems.fsm,
        guard=Guard(database, Limits(**loaded.settings.brakes.model_dump())) if database is not None else None,
        overview=overview_of(database, world.clock()) if database is not None else None,
        free_bytes=lambda: shutil.disk_usage(memory.parent).free,
        clock=world.clock,
        discover=lambda: discover_once(load(loaded.path, with_profile=False), world, before=loaded.profile).profile,
        load_policies=policies,
    )


def _view(loaded: Loaded, systems: Systems, world: World, side: str, policies: Callable[[], Policies]) -> SideView:
    from connector.doctor.patient import SideView

    settings, profile = loaded.settings, loaded.profile
    is_om = side == "om"
    instance = settings.om if is_om else settings.fsm
    said = (profile.om if is_om else profile.fsm) if profile else None
    port = systems.om if is_om else systems.fsm
    polls = 3600 / settings.daemon.poll_seconds
    return SideView(
        name=side,
        api=systems.om_api if is_om else systems.fsm_api,
        settings=settings,
        load_policies=policies,
        instance=instance,
        schema=settings.om_schema if is_om else settings.fsm.db_schema,
        main="order" if is_om else "work_order",
        overrides={**instance.states.model_dump(), **({"fallout": settings.fallout.states} if is_om else {})},
        feeds=port.cursors,
        clock=world.clock,
        told=said.told() if said else {},
        requests_per_hour=round(polls * (len(port.feeds) + 1)),  # and a slice of the sweep at each poll
    )


def _api(loaded: Loaded, world: World, side: str) -> TableApi:
    adapter = (world.adapters or {}).get(side)
    clock = world.clock
    return TableApi(endpoint(loaded, side), adapter=adapter, sleep=world.sleep, clock=lambda: clock().timestamp())


def build_engine(
    loaded: Loaded, policies: Policies, systems: Systems, database: sa.Engine, world: World = REAL_WORLD
) -> Engine:
    """An engine over these systems and this memory. Its `refresh` follows the policies' files."""
    settings = loaded.settings
    store = Store(database)
    patience = Patience(
        look_after=settings.outbox.look_after_seconds,
        first_retry=settings.outbox.first_retry_seconds,
        longest_retry=settings.outbox.longest_retry_seconds,
    )
    probing = Probing(
        first=settings.hold.first_probe_seconds,
        longest=settings.hold.longest_probe_seconds,
        credentials_first=settings.hold.credentials_probe_seconds,
        identity_every=timedelta(seconds=settings.daemon.sweep_seconds),
    )
    by_side: dict[Side, System] = {Side.OM: systems.om, Side.FSM: systems.fsm}
    guard = Guard(database, Limits(**settings.brakes.model_dump()))
    sides = Sides(store, Holds(database), by_side, guard=guard, probing=probing, chance=world.chance)
    watched = Watched(loaded, policies)
    engine = Engine(
        store=store,
        om=systems.om,
        fsm=systems.fsm,
        rules=_rules(loaded, policies, systems),
        outbox=Outbox(store, systems.om, systems.fsm, patience, sides, _cases(systems), store.newest_entry()),
        sides=sides,
        watch=Watch(
            sweep_every=timedelta(seconds=settings.daemon.sweep_seconds),
            overlap=timedelta(seconds=settings.daemon.overlap_seconds),
        ),
        crew=Crew(settings.outbox.in_flight),
        settings=_fingerprint(settings, loaded.profile),
        keep=timedelta(days=settings.memory.archive_days),
        refresh=lambda now: _follow(watched, loaded, systems, engine, now),
    )
    return engine


def build_anew(
    loaded: Loaded, before: Loaded, engine: Engine, systems: Systems, world: World = REAL_WORLD
) -> tuple[Engine, Systems]:
    """The engine of another configuration in place of a running one. Asks no instance, changes nothing. Raises ConfigError.

    Kept: who is at work, what was refused, and the way to each instance where it is the same: tokens, pace, counts.
    """
    require_settled(loaded)
    policies = load_policies(loaded)
    was, now = before.settings, loaded.settings
    om_api = systems.om_api if way_to(was.om) == way_to(now.om) else None
    fsm_api = systems.fsm_api if way_to(was.fsm) == way_to(now.fsm) else None
    fresh = _ports(loaded, world, om_api, fsm_api)
    new = build_engine(loaded, policies, fresh, engine.store.engine, world)
    new.outbox = replace(new.outbox, inherited=engine.outbox.inherited)
    new.sides.take_over(engine.sides)
    new.crew = engine.crew.of(now.outbox.in_flight)
    return new, fresh


def _rules(loaded: Loaded, policies: Policies, systems: Systems) -> Rules:
    """The rules these policies make; both sides are told which columns they need."""
    settings = loaded.settings
    systems.om.map_facts(mapped_facts(settings, policies))
    systems.fsm.map_columns(mapped_columns(settings, policies))
    return Rules(
        om=settings.om.name,
        fsm=f"{settings.fsm.name} {settings.fsm.url}",
        domain_order_policy=policies.domain_order,
        order_task_policy=policies.order_task,
        fields=field_map(settings, order_fields(settings)),
        work_order_states=systems.fsm.states,
        gate=settings.gate.mode,
        max_reopens=settings.gate.max_reopens,
        releases=settings.gate.releases,
        decision=settings.gate.decision,
        visit_again=settings.gate.visit_again,
        canceled_in_field=settings.gate.canceled_in_field,
        closed_incomplete=settings.gate.closed_incomplete,
        order_tasks=settings.gate.order_tasks,
        header_tasks=settings.gate.header_tasks,
        ponr=settings.ponr.mode,
        ponr_at=frozenset(map(fold, settings.ponr.at)),
        notes=settings.notes.rules,
        jeopardy=settings.jeopardy.rules,
        writes_planned_end=bool(settings.jeopardy.write_end_to),
        compensations=policies.compensations,
        fallouts=settings.fallout_kinds,
        fallouts_on_canceled=settings.fallout.on_canceled,
        cases=_case_rules(settings, policies),
    )


def _case_rules(settings: Settings, policies: Policies) -> CaseRules | None:
    if policies.case is None:
        return None
    said = settings.case.model_dump(exclude={"fields"})
    return CaseRules(policies.case, field_map(settings, settings.case.fields), **said)


def _cases(systems: Systems) -> OmWithCases | None:
    return systems.om if isinstance(systems.om, OmWithCases) else None


def _follow(watched: Watched, loaded: Loaded, systems: Systems, engine: Engine, now: datetime) -> None:
    """Take over changed policy files, all or nothing. Raises ConfigError while what is in the files cannot be used."""
    if watched.refresh():
        if not watched.refused:
            engine.rules = _rules(loaded, watched.policies, systems)
        engine.store.note_pass("policies", now, watched.in_words)
    if watched.refused:
        raise ConfigError(watched.refused, hint="The last good policies stay in use. `om-fsm policy check` says more.")


def _fingerprint(settings: Settings, profile: Profile | None) -> str:
    """Of what decides how records are read and what they should look like."""
    parts = {"om": {"tables", "columns", "states"}, "fsm": {"tables", "columns", "states", "references"}}
    whole = dict.fromkeys(("work_order", "gate", "case", "ponr", "notes", "jeopardy", "fallout"), True)
    text = settings.model_dump_json(include={**parts, **whole})
    told = [side.model_dump_json(include={"states"}) for side in (profile.om, profile.fsm)] if profile else []
    return hashlib.sha256("".join([text, *told]).encode()).hexdigest()[:12]


@contextmanager
def writing(loaded: Loaded, world: World = REAL_WORLD, *, patient: bool = False) -> Iterator[tuple[Engine, Systems]]:
    """An engine that may write. Everything that can be refused is checked before memory is touched.

    Without memory both instances must answer first, so that a mistake in the configuration leaves nothing behind; unless
    `patient`: who means to wait for an instance may begin without it.
    """
    policies = load_policies(loaded)
    path = loaded.resolve(loaded.settings.memory.path)
    refuse_second(path)
    systems = connect(loaded, world)
    if not patient and not (path.exists() and path.stat().st_size):
        systems.reach()
    with sole_writer(path):
        database = open_database(path, create=True)
        assert database is not None
        try:
            claim(database, path, instances(loaded))
            yield build_engine(loaded, policies, systems, database, world), systems
        finally:
            database.dispose()


def sync_once(
    engine: Engine,
    systems: Systems,
    clock: Callable[[], datetime],
    *,
    full: bool = False,
    everything: bool = False,
) -> Pass:
    """One pass: notice what changed, then serve every order that is due. Looks at every open order when `full`; at closed
    work orders too when `everything`.

    Raises Held when a side is held; a side that fails is held before its error is raised.
    """
    before = systems.requests
    engine.sides.require(clock())
    try:
        noticed = notice(engine, clock(), full=full, everything=everything)
        plans = drain_to_the_end(engine, clock)
    except RemoteError as error:
        engine.sides.trouble(error, clock())
        raise
    engine.store.note_pass("pass", clock(), f"{noticed.changes} changes, {sum(len(p.actions) for p in plans)} writes")
    return Pass(noticed.changes, noticed.woken, plans, systems.requests - before)


def plan_once(loaded: Loaded, world: World = REAL_WORLD) -> tuple[Plan, ...]:
    """What a pass would do now. Works on a copy of memory that is thrown away, and writes nothing anywhere.

    Raises Held where a side must be left in peace.
    """
    policies = load_policies(loaded)
    systems = connect(loaded, world)
    engine = build_engine(loaded, policies, systems, scratch_copy(reading(loaded)), world)
    now = world.clock()
    heed(engine.sides.holds.all(now), now)
    systems.reach()
    notice(engine, now)
    return plan_all(engine, now)


def gate_once(loaded: Loaded, number: str, world: World = REAL_WORLD) -> GateAnswer:
    """May this domain order be closed? Asks both instances, writes nothing anywhere. Raises NotFound."""
    systems = connect(loaded, world)
    database = scratch_copy(reading(loaded))
    engine = build_engine(loaded, load_policies(loaded), systems, database, world)
    return ask_gate(engine, number, world.clock())


def ask_once(loaded: Loaded, what: Callable[[Engine], Asked], world: World = REAL_WORLD, *, dry: bool = False) -> Asked:
    """What a person asks for by hand is looked up on both instances and put on disk, unless `dry`; the next pass carries it out.

    Beside a running daemon or without one. Raises Held, NotFound, Refused, RemoteError; then nothing was changed.
    """
    with nullcontext() if dry else repairing(loaded) as store:
        systems = connect(loaded, world)
        database = scratch_copy(reading(loaded))
        engine = build_engine(loaded, load_policies(loaded), systems, database, world)
        heed(engine.sides.holds.all(world.clock()), world.clock())
        asked = what(engine)
        if store is not None and not asked.already:
            store.ask(asked, world.clock())
    return asked


def _heed_memory(loaded: Loaded, world: World) -> None:
    """Raise Held where memory, if there is one that can be read, says that a side must be left in peace."""
    database = None
    with suppress(ConnectorError):
        database = reading(loaded)
    if database is not None:
        heed(Holds(scratch_copy(database)).all(world.clock()), world.clock())


def survey(loaded: Loaded, world: World = REAL_WORLD) -> Catalog:
    """What exists on both instances that a policy may speak of. Raises Held, RemoteError; writes nothing anywhere."""
    from connector.mapping.review import Catalog  # brings the whole analysis, which no pass needs

    _heed_memory(loaded, world)
    settings = loaded.settings
    om = _api(loaded, world, "om")
    fsm = _api(loaded, world, "fsm")
    template = settings.fsm.references["template"]
    tables = settings.om.catalog
    native = NativePolicies(om, template.table)
    return Catalog(
        templates=names_in(fsm, [template.table], template.shown_as),
        specifications=names_in(om, tables.specifications, tables.name),
        request_types=names_in(om, [tables.request_types], tables.name),
        native=tuple(name for kind, name in NATIVE_POLICIES.items() if native.native_policy(kind).is_active),
    )


def native_policy(loaded: Loaded, initiates: str, world: World = REAL_WORLD) -> tuple[NativePolicy, Imported]:
    """ServiceNow's own policy on the OM instance, and as a table of ours. Raises Held, RemoteError, NotFound."""
    from connector.mapping.native import Decided, carry

    _heed_memory(loaded, world)
    settings = loaded.settings
    om = NativePolicies(_api(loaded, world, "om"), settings.fsm.references["template"].table)
    found = om.native_policy(initiates)
    if found.unreadable or not found.rows:
        why = found.unreadable or "it has no rows, or does not exist"
        raise NotFound(f"{found.name!r} cannot be taken over from {settings.om.name}: {why}.")
    decisions = [Decided(row.label, row.condition, row.template) for row in found.rows]
    known, name = vocabulary(settings, initiates), settings.om.catalog.name
    return found, carry(found.name, found.inputs, decisions, known, lambda t, i: om.display_names(t, [i], name).get(i))
