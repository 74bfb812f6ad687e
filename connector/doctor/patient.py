"""What the checks look at: both instances, asked lazily and each thing once, the configuration, and memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from connector.discover.evidence import gather
from connector.doctor.written import written
from connector.errors import ConfigError, RemoteError
from connector.mapping.marks import OWNER
from connector.om.cases import columns_of_cases
from connector.policies import mapped_facts
from connector.profile import BASE, SAID_UNDER, class_of
from connector.servicenow.calibrate import calibrate
from connector.servicenow.columns import columns_of, meta_of
from connector.servicenow.lean import page
from connector.servicenow.names import REFUSED
from connector.servicenow.query import Op, Query, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime, timedelta

    from connector.config import FsmInstance, Loaded, OmInstance, Settings
    from connector.discover.evidence import Choice, Evidence
    from connector.doctor.written import Write
    from connector.engine.guard import Guard
    from connector.engine.history import Overview
    from connector.fsm.port import FsmPort
    from connector.fsm.schema import FsmSchema
    from connector.mapping.states import Told
    from connector.om.port import OmPort
    from connector.om.schema import OmSchema
    from connector.policies import Policies
    from connector.profile import Class, Profile
    from connector.servicenow.columns import Column, TableColumns
    from connector.servicenow.feed import Feed
    from connector.servicenow.table import TableApi


@dataclass
class SideView:
    """One instance as the checks see it. What may not be asked raises; who asks says what that means."""

    name: str
    api: TableApi
    settings: Settings
    load_policies: Callable[[], Policies]
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
    def tables(self) -> Mapping[str, str]:
        """Part -> table of the records in use: cases where a policy speaks of them, fallouts where any is raised.
        None of changes in flight, which are done without where they may not be read."""
        said = self.settings
        left_out = {"inflight_change", *([] if said.policy.case else ["case"])}
        tables = {part: table for part, table in self.schema.tables.items() if part not in left_out}
        if self.name == "om" and said.fallout_kinds:
            tables["fallout"] = said.fallout.db_schema.tables["fallout"]
        return tables

    @property
    def states(self) -> Mapping[str, str]:
        """Table -> its column that holds the state, of those in use."""
        names = self.settings.om_names if self.name == "om" else self.settings.fsm_names
        in_use = set(self.tables.values())
        return {table: column for table, column in names.states.items() if table in in_use}

    @cached_property
    def policies(self) -> Policies | None:
        """The decision tables; None where they cannot be used, which `policy.usable` tells."""
        try:
            return self.load_policies()
        except ConfigError:
            return None

    @cached_property
    def writes(self) -> tuple[Write, ...]:
        """Everything that is written to this instance."""
        return tuple(write for write in written(self.settings, self.policies) if write.side == self.name)

    def read_of(self, part: str) -> Collection[str]:
        """The columns without which records that play this part say nothing that can be believed."""
        if part != "case":
            return self.schema.needed[self.tables[part]].keys()
        facts = mapped_facts(self.settings, self.policies) if self.policies else {}
        schema = self.settings.om_schema
        read = [*columns_of_cases(schema, facts.get("case", {})), schema.notes]
        return {column.partition(".")[0] for column in read}

    @cached_property
    def evidence(self) -> Evidence:
        """Columns, choices, properties, plug-ins."""
        return gather(self.api, list(self.tables.values()), self.states)

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

    def columns_of(self, table: str) -> TableColumns:
        """What is known of the columns of a table, also of one that no record in use is kept in."""
        return self.evidence.columns.get(table) or columns_of(self.api, [table])[table]

    def described(self, table: str) -> Mapping[str, Column]:
        """The columns as the user interface is told them, which knows what this user may write; else the dictionary's."""
        return meta_of(self.api, table).columns or self.columns_of(table).columns

    def meant(self, part: str, choice: Choice) -> str:
        """ServiceNow's word for a state: the profile's, or its own label."""
        told = self._told(part)
        return told.means.get(choice.value, choice.label) if told else choice.label

    def given(self, part: str) -> Mapping[str, str]:
        """What the administrator says of the states of these records."""
        return self.overrides.get(SAID_UNDER.get(part, part), {})

    def class_of(self, part: str, choice: Choice) -> Class:
        """What a state is to the connector."""
        return class_of(part, self.given(part).get(choice.value) or self.meant(part, choice))

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
