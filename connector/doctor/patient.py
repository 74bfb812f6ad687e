"""What the checks look at: both instances, asked lazily and each thing once, the configuration, and memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connector.discover.evidence import gather
from connector.errors import ConfigError, RemoteError
from connector.mapping.marks import OWNER
from connector.profile import BASE
from connector.servicenow.calibrate import calibrate
from connector.servicenow.columns import meta_of
from connector.servicenow.lean import page
from connector.servicenow.names import REFUSED
from connector.servicenow.query import Op, Query, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from connector.config import FsmInstance, Loaded, OmInstance, Settings
    from connector.discover.evidence import Choice, Evidence
    from connector.engine.guard import Guard
    from connector.engine.history import Overview
    from connector.fsm.port import FsmPort
    from connector.fsm.schema import FsmSchema
    from connector.mapping.states import Told
    from connector.om.port import OmPort
    from connector.om.schema import OmSchema
    from connector.policies import Policies
    from connector.profile import Profile
    from connector.servicenow.columns import Column
    from connector.servicenow.feed import Feed
    from connector.servicenow.table import TableApi


@dataclass
class SideView:
    """One instance as the checks see it. What may not be asked raises; who asks says what that means."""

    name: str
    api: TableApi
    instance: OmInstance | FsmInstance
    schema: OmSchema | FsmSchema
    main: str  # the part whose table is asked first: orders, work orders
    overrides: Mapping[str, Mapping[str, str]]
    feeds: tuple[Feed, ...]
    clock: Callable[[], datetime]
    told: Mapping[str, Told]  # what the profile says of states
    requests_per_hour: int  # when nothing happens

    @property
    def table(self) -> str:
        """The main table."""
        return self.schema.tables[self.main]

    @cached_property
    def failure(self) -> RemoteError | None:
        """Why nothing can be asked; None where the instance answers and accepts the user."""
        try:
            self.api.probe(self.table)
        except REFUSED:
            return None  # it answers
        except RemoteError as error:
            return error
        return None

    @cached_property
    def offset(self) -> timedelta:
        """How far the instance's clock is ahead of ours."""
        return self.api.server_time - self.clock()

    @cached_property
    def evidence(self) -> Evidence:
        """Columns, choices, properties, plug-ins."""
        return gather(self.api, list(self.schema.tables.values()), self.schema.states)

    def property(self, name: str) -> str:
        """A system property; empty where there is none or it may not be read."""
        return self.evidence.facts.get(f"property {name}", "")

    @cached_property
    def me(self) -> Mapping[str, str]:
        """The user the connector is on this instance; empty where that cannot be told.

        The query is evaluated on the server. An instance that ignores it answers with everybody, which says nothing.
        """
        asked = ("sys_id", "user_name", "name", "active", "locked_out", "password_needs_reset", "time_zone",
                 "web_service_access_only", "enable_multifactor_authn")  # fmt: skip
        try:
            rows, total = page(self.api, "sys_user", "sys_id=javascript:gs.getUserID()", asked, 2)
        except REFUSED:
            return {}
        return rows[0] if len(rows) == 1 and total == 1 else {}

    @cached_property
    def roles(self) -> frozenset[str]:
        """The names of its roles, contained ones too; empty where they may not be read."""
        if not self.me:
            return frozenset()
        query = Query().where("user", Op.IS, self.me["sys_id"])
        try:
            rows = list(self.api.scan("sys_user_has_role", query, ["role.name"], display=False))
        except REFUSED:
            return frozenset()
        return frozenset(row.get("role.name") for row in rows) - {""}

    @cached_property
    def calibration(self) -> bool | Exception:
        """Whether cursors' questions are understood; what they say otherwise. False: no record to measure with."""
        try:
            return calibrate(self.api, self.feeds)
        except (ConfigError, RemoteError) as error:
            return error

    def described(self, table: str) -> Mapping[str, Column]:
        """The columns as the user interface is told them, which knows what this user may write; else the dictionary's."""
        return meta_of(self.api, table).columns or self.evidence.columns[table].columns

    def meant(self, part: str, choice: Choice) -> str:
        """ServiceNow's word for a state: the profile's, or its own label."""
        told = self._told(part)
        return told.means.get(choice.value, choice.label) if told else choice.label

    def settled(self, part: str, choice: Choice) -> bool:
        """Whether the profile says what a state means."""
        told = self._told(part)
        return told is not None and choice.value in told.means

    def _told(self, part: str) -> Told | None:
        return self.told.get(part) or self.told.get(BASE.get(part, part))

    def newest(self, table: str, columns: list[str], only: Query | None = None) -> Mapping[str, str]:
        """The record that was created last, as stored; empty where there is none."""
        query = f"{only}^ORDERBYDESCsys_created_on" if only is not None else "ORDERBYDESCsys_created_on"
        rows, _ = page(self.api, table, query, ["sys_id", *columns], 1)
        return rows[0] if rows else {}

    def seconds(self, ask: Callable[[], Any]) -> float:
        """How long something takes."""
        before = self.clock()
        ask()
        return (self.clock() - before).total_seconds()


@dataclass
class Patient:
    """Everything the checks look at."""

    loaded: Loaded
    om: SideView
    fsm: SideView
    om_port: OmPort
    fsm_port: FsmPort
    guard: Guard | None  # of memory, where there is one
    overview: Overview | None
    free_bytes: Callable[[], int]
    clock: Callable[[], datetime]
    discover: Callable[[], Profile]
    load_policies: Callable[[], Policies]

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @cached_property
    def policies(self) -> Policies | ConfigError:
        """The decision tables, or why there are none."""
        try:
            return self.load_policies()
        except ConfigError as error:
            return error

    @cached_property
    def marked(self) -> tuple[tuple[str, str], ...]:
        """sys_id and key of work orders of ours, of this OM instance or another; the newest of them."""
        names = self.settings.fsm.db_schema.work_order["names"]
        query = Query().either(Term(names, Op.STARTS_WITH, (f"{OWNER}:",)))
        rows, _ = page(self.fsm.api, self.fsm.table, f"{query}^ORDERBYDESCsys_created_on", ["sys_id", names], 200)
        return tuple((row["sys_id"], row.get(names, "")) for row in rows)
