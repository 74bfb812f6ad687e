"""Settings: one TOML file, checked strictly, every problem reported at once with its path. Secrets never stand in it.

Paths are relative to the file. A secret is named by where it is: `{ env = "NAME" }`, `{ file = "path" }` or
`{ command = ["program", "argument"] }`.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from connector.decide.jeopardy import JeopardyRules
from connector.decide.rules import (
    ENDS_THAT_RELEASE,
    SOLVED,
    VISIT_AGAIN,
    Completion,
    Consequence,
    GateMode,
    NoteRules,
    OpenTasks,
    PonrMode,
    Rejection,
    WorkOrderEnd,
)
from connector.errors import ConfigError
from connector.fsm.schema import DEFAULT_REFERENCES, FsmSchema
from connector.fsm.schema import OPTIONAL as FSM_OPTIONAL
from connector.mapping.dmn.table import fold
from connector.mapping.dmn.values import Kind
from connector.mapping.facts import CASE_FACTS, FACTS, is_fact, placeholders
from connector.mapping.fallouts import FALLOUT_KINDS
from connector.mapping.fields import DEFAULT_CASE_FIELDS, DEFAULT_FIELDS
from connector.mapping.marks import INSTANCE_NAME
from connector.mapping.outputs import DEFAULT_OUTPUTS, SAID
from connector.mapping.references import Lookup, Unfound, no_key
from connector.mapping.states import FALLOUT_LABELS
from connector.mapping.states import fold as as_word
from connector.model import FindingCode
from connector.om.schema import CHANGE_TYPES, FALLOUT_OPTIONAL, CatalogSchema, FalloutSchema, OmSchema
from connector.om.schema import OPTIONAL as OM_OPTIONAL
from connector.profile import (
    FSM_KINDS,
    LABELS,
    OM_KINDS,
    SPECIFICATIONS,
    UNKNOWN,
    UNSETTLED,
    Names,
    Profile,
    as_settings,
    essential,
    fsm_names,
    no_journals,
    om_names,
    read_profile,
    renamed,
    twice,
)
from connector.setting import SecretRef, Section, no_name
from connector.sign_in import Basic, Proxy, SignIn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connector.sign_in import Kind as SignInKind


def _https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError(f"an https:// address is needed, not {_without_user(url)!r}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no user or password belongs in the address; use username and password")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError(f"the port after {parts.hostname} is not a number") from None
    if parts.query or parts.fragment or parts.path not in ("", "/") or any(c.isspace() for c in url):
        raise ValueError(f"only the address of the instance is needed: https://{parts.hostname}, nothing after it")
    return url.rstrip("/")


def _without_user(url: str) -> str:
    return url.rpartition("@")[2]


def _instance_name(name: str) -> str:
    if not INSTANCE_NAME.fullmatch(name):
        raise ValueError("use 1 to 16 lower-case letters, digits or '-', beginning with a letter or digit")
    return name


def _table(name: str) -> str:
    if name != UNSETTLED and (problem := no_name(name, "table")):
        raise ValueError(problem)
    return name


def _column(name: str) -> str:
    if name not in ("", UNSETTLED) and (problem := no_name(name, "column", dotted=True)):
        raise ValueError(problem)
    return name


def _essential(name: str) -> str:
    if not name:
        raise ValueError("the connector cannot do without it")
    return name


def _filled(fields: dict[str, str]) -> dict[str, str]:
    for name in fields:
        if problem := no_name(name, "column"):
            raise ValueError(problem)
    return fields


TableName = Annotated[str, AfterValidator(_table)]
ColumnName = Annotated[str, AfterValidator(_column)]  # empty: there is none
Essential = Annotated[ColumnName, AfterValidator(_essential)]
Filled = Annotated[dict[str, str], AfterValidator(_filled)]  # column -> what is written to it


def _names(
    title: str, defaults: Mapping[str, str], kind: Any = ColumnName, needed: frozenset[str] = frozenset()
) -> Any:
    """A section whose settings are the parts of a schema, each with ServiceNow's own name as default."""
    fields: dict[str, Any] = {part: (Essential if part in needed else kind, name) for part, name in defaults.items()}
    return create_model(title, __base__=Section, **fields)


_OM, _FSM, _FALLOUTS, _CATALOG = OmSchema(), FsmSchema(), FalloutSchema(), CatalogSchema()


def _columns(title: str, schema: OmSchema | FsmSchema, kinds: tuple[str, ...]) -> Any:
    """A section for each record kind of a schema, with its columns."""
    optional = OM_OPTIONAL if isinstance(schema, OmSchema) else FSM_OPTIONAL
    sections: dict[str, Any] = {}
    for kind in kinds:
        section = _names(f"{title}{kind}", getattr(schema, kind), needed=essential(kind) - optional)
        sections[kind] = (section, section())
    return create_model(title, __base__=Section, **sections)


if TYPE_CHECKING:

    class _OmTables(Section): ...

    class _FsmTables(Section): ...

    class _FalloutTables(Section): ...

    class _FalloutColumns(Section): ...

    class _OmColumns(Section): ...

    class _FsmColumns(Section): ...

else:
    _OmTables = _names("OmTables", _OM.tables, TableName)
    _FsmTables = _names("FsmTables", _FSM.tables, TableName)
    _FalloutTables = _names("FalloutTables", _FALLOUTS.tables, TableName)
    _FalloutColumns = _names("FalloutColumns", _FALLOUTS.columns, needed=essential("fallout") - FALLOUT_OPTIONAL)
    _OmColumns = _columns("OmColumns", _OM, OM_KINDS)
    _FsmColumns = _columns("FsmColumns", _FSM, FSM_KINDS)


def _in_words(said: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    return _known_words(said, LABELS[str(info.field_name)])


def _fallout_words(said: dict[str, str]) -> dict[str, str]:
    return _known_words(said, FALLOUT_LABELS)


def _known_words(said: dict[str, str], words: Iterable[str]) -> dict[str, str]:
    for value, word in said.items():
        if as_word(word) not in (*words, UNKNOWN):
            raise ValueError(f"{value} = {word!r} is none of ServiceNow's words: {', '.join(words)}, {UNKNOWN}")
    return said


StateWords = Annotated[dict[str, str], AfterValidator(_in_words)]


class OmStates(Section):
    """What stored values of states mean, in ServiceNow's words. What `order` says counts for lines too."""

    order: StateWords = {}
    domain_order: StateWords = {}
    order_task: StateWords = {}
    case: StateWords = {}


class FsmStates(Section):
    """What stored values of states mean, in ServiceNow's words."""

    work_order: StateWords = {}


def _this_or_sign_in(said: Any, info: ValidationInfo) -> Any:
    """User and password stand in the section itself, or a way to sign in does."""
    if "sign_in" not in info.data:
        return said  # it was refused already
    if info.data["sign_in"] is None and said is None:
        raise PydanticCustomError("missing", "this setting is missing")
    if info.data["sign_in"] is not None and said is not None:
        raise ValueError("say it here, or sign in by [sign_in], not both")
    return said


class Instance(Section):
    """What both instances have in common."""

    name: Annotated[str, AfterValidator(_instance_name)]
    url: Annotated[str, AfterValidator(_https)]
    sign_in: SignIn | None = None
    username: Annotated[str | None, Field(min_length=1, validate_default=True), AfterValidator(_this_or_sign_in)] = None
    password: Annotated[SecretRef | None, Field(validate_default=True), AfterValidator(_this_or_sign_in)] = None
    ca_file: Path | None = None
    proxy: Proxy | None = None
    connect_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    read_timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
    rows_per_page: Annotated[int, Field(ge=1, le=10_000)] = 1000
    identity_properties: tuple[str, ...] = ("instance_name", "instance_id")
    notes: Essential = "work_notes"
    comments: ColumnName = "comments"

    @property
    def way_in(self) -> SignInKind:
        """How the connector signs in."""
        if self.sign_in is not None:
            return self.sign_in
        assert self.username is not None
        assert self.password is not None
        return Basic(kind="basic", username=self.username, password=self.password)


def _one_or_several(said: Any) -> Any:
    return (said,) if isinstance(said, str) else said


def _each_once(names: Mapping[str, Mapping[str, str]]) -> None:
    if problems := [problem for where, parts in names.items() for problem in twice(where, parts)]:
        raise ValueError("; ".join(problems))


class MappedFact(Section):
    """A fact read from columns of your own: `from` names them as "<record>.<column>", the nearest record first."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)

    columns: Annotated[tuple[str, ...], BeforeValidator(_one_or_several), Field(alias="from", min_length=1)]
    kind: Kind = Kind.STRING

    @field_validator("columns")
    @classmethod
    def _records_and_columns(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        for column in columns:
            record, _, path = column.partition(".")
            if record not in MAPPED_RECORDS or not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", path):
                known = ", ".join(MAPPED_RECORDS)
                raise ValueError(f"{column!r}: write <record>.<column>, where the record is one of {known}")
        if len({column.partition(".")[0] for column in columns}) < len(columns):
            raise ValueError("name one column of each record")
        return columns


MAPPED_RECORDS = ("order_task", "domain_order", "line", "order")
DEFAULT_MAPPED_FACTS = {
    f"location.{part}": MappedFact(columns=(f"domain_order.location.{part}", f"line.location.{part}"))
    for part in ("country", "state", "city")
}


def _mapped_names(facts: dict[str, MappedFact]) -> dict[str, MappedFact]:
    for name in facts:
        if name in FACTS or is_fact(name) or name.startswith(SAID) or name != fold(name):
            raise ValueError(f"{name!r} cannot be the name of a fact: it is taken, or not in small letters")
    return {**DEFAULT_MAPPED_FACTS, **facts}


class OmCatalogTables(Section):
    """Where the names are that a policy may speak of, for `om-fsm policy check`."""

    specifications: tuple[TableName, ...] = _CATALOG.specifications
    request_types: TableName = _CATALOG.request_types
    name: ColumnName = _CATALOG.name

    @property
    def db_schema(self) -> CatalogSchema:
        """ServiceNow's names with the configured ones in their place."""
        return CatalogSchema(**self.model_dump())


class ChangeTypes(Section):
    """Under which type the platform keeps who revised what of a line."""

    quantity: str = CHANGE_TYPES["quantity"]
    contact: str = CHANGE_TYPES["contact"]
    location: str = CHANGE_TYPES["location"]
    due_date: str = CHANGE_TYPES["due date"]


class OmInstance(Instance):
    """The Order Management instance."""

    catalog: OmCatalogTables = OmCatalogTables()

    facts: Annotated[dict[str, MappedFact], AfterValidator(_mapped_names)] = DEFAULT_MAPPED_FACTS

    tables: _OmTables = _OmTables()
    columns: _OmColumns = _OmColumns()
    change_types: ChangeTypes = ChangeTypes()
    states: OmStates = OmStates()

    @model_validator(mode="after")
    def _one_part_each(self) -> OmInstance:
        columns = {f"columns.{kind}": parts for kind, parts in self.columns.model_dump().items()}
        _each_once({"tables": self.tables.model_dump(), **columns})
        return self

    @property
    def read_facts(self) -> dict[str, MappedFact]:
        """The facts with the columns that are read: a location is in whichever column this instance has it."""
        schema = self.db_schema

        def there(column: str) -> str:
            record, _, path = column.partition(".")
            location, part = getattr(schema, record)["location"], path.partition(".")[2]
            return f"{record}.{location}.{part}" if location else ""

        return {
            name: fact.model_copy(update={"columns": tuple(filter(None, map(there, fact.columns)))})
            if fact == DEFAULT_MAPPED_FACTS.get(name)
            else fact
            for name, fact in self.facts.items()
        }

    @property
    def db_schema(self) -> OmSchema:
        """ServiceNow's names with the configured ones in their place."""
        return OmSchema(
            tables=self.tables.model_dump(),
            notes=self.notes,
            comments=self.comments,
            change_types={name.replace("_", " "): said for name, said in self.change_types.model_dump().items()},
            **self.columns.model_dump(),
        )


def _keys(by: tuple[str, ...]) -> tuple[str, ...]:
    for one in by:
        if one != UNSETTLED and (problem := no_key(one)):
            raise ValueError(f"{one!r}: {problem}")
    return by


def _not_created(said: Unfound) -> Unfound:
    if said is Unfound.CREATE:
        raise ValueError("of several records with the same key no further one is made; use 'blank' or 'ask'")
    return said


class Reference(Section):
    """How a reference column of a work order finds its record on the FSM instance.

    `by` names columns that say the same on both instances, the surest first; "name + parent.name" counts together.
    """

    table: TableName
    by: Annotated[tuple[str, ...], BeforeValidator(_one_or_several), AfterValidator(_keys), Field(min_length=1)] = (
        "name",
    )
    shown_as: Essential = "name"
    missing: Unfound = Unfound.BLANK
    ambiguous: Annotated[Unfound, AfterValidator(_not_created)] = Unfound.BLANK
    record: Filled = {}

    @property
    def lookup(self) -> Lookup:
        """The same, in parts."""
        by = tuple(tuple(column.strip() for column in one.split("+")) for one in self.by)
        return Lookup(self.table, by, self.shown_as, self.missing, self.ambiguous, self.record)


def _with_template(references: dict[str, Reference]) -> dict[str, Reference]:
    _filled(dict.fromkeys(references, ""))
    if "template" not in references:
        raise ValueError("'template' is missing; templates are found by name")
    return references


class FsmInstance(Instance):
    """The Field Service Management instance."""

    shared_with: tuple[Annotated[str, AfterValidator(_instance_name)], ...] = ()
    tables: _FsmTables = _FsmTables()
    columns: _FsmColumns = _FsmColumns()
    states: FsmStates = FsmStates()

    @model_validator(mode="after")
    def _one_part_each(self) -> FsmInstance:
        columns = {f"columns.{kind}": parts for kind, parts in self.columns.model_dump().items()}
        _each_once({"tables": self.tables.model_dump(), **columns})
        return self

    references: Annotated[dict[str, Reference], AfterValidator(_with_template)] = {
        column: Reference(table=lookup.table, by=lookup.written, shown_as=lookup.shown_as)
        for column, lookup in DEFAULT_REFERENCES.items()
    }

    values: dict[str, dict[str, str]] = {}
    """Fact -> what is stored in a column that it fills alone, for each stored value of Order Management; "" leaves it empty, and
    what is not said is stored as it is."""

    @property
    def db_schema(self) -> FsmSchema:
        """ServiceNow's names with the configured ones in their place."""
        lookups = {column: reference.lookup for column, reference in self.references.items()}
        return FsmSchema(
            tables=self.tables.model_dump(),
            references=lookups,
            notes=self.notes,
            comments=self.comments,
            **self.columns.model_dump(),
        )


class Memory(Section):
    """The local database."""

    path: Path = Path("om-fsm.db")
    archive_days: Annotated[int, Field(ge=1, le=36_500)] = 365


class Policy(Section):
    """The decision tables."""

    domain_order: Path
    order_task: Path
    case: Path | None = None
    compensation: Path | None = None
    outputs: Annotated[dict[str, ColumnName], AfterValidator(lambda said: {**DEFAULT_OUTPUTS, **said})] = dict(
        DEFAULT_OUTPUTS
    )


class WorkOrderFields(Section):
    """What a work order says."""

    fields: Filled = dict(DEFAULT_FIELDS)


def _with_complete(ends: tuple[WorkOrderEnd, ...]) -> tuple[WorkOrderEnd, ...]:
    if WorkOrderEnd.COMPLETE not in ends:
        raise ValueError(f"{WorkOrderEnd.COMPLETE.value!r} is missing: no domain order could ever be closed")
    return ends


def _fallout_kinds(kinds: tuple[FindingCode, ...]) -> tuple[FindingCode, ...]:
    for kind in kinds:
        if kind not in FALLOUT_KINDS or kind in _ENDS:
            known = ", ".join(code.value for code in FALLOUT_KINDS if code not in _ENDS)
            raise ValueError(f"{kind.value!r} cannot become a fallout here; use {known}")
    return kinds


_ENDS = (FindingCode.CANCELED_IN_FIELD, FindingCode.CLOSED_INCOMPLETE)  # [gate] says what follows these


class Gate(Section):
    """What happens when a domain order is closed while one of its work orders is open."""

    mode: GateMode = GateMode.REOPEN
    reopen_to: str = "In progress"
    max_reopens: Annotated[int, Field(ge=1, le=1000)] = 10
    releases: Annotated[tuple[WorkOrderEnd, ...], AfterValidator(_with_complete)] = ENDS_THAT_RELEASE
    decision: Annotated[str, Field(pattern=r"^\w+( \w+)*$", max_length=40)] = "release gate"
    visit_again: Annotated[str, Field(pattern=r"^\w+( \w+)*$", max_length=40)] = VISIT_AGAIN
    canceled_in_field: Consequence = Consequence.ASK
    closed_incomplete: Consequence = Consequence.ASK
    order_tasks: OpenTasks = OpenTasks.ANSWER
    header_tasks: OpenTasks = OpenTasks.SHOW

    @model_validator(mode="after")
    def _two_decisions(self) -> Gate:
        one, other = sorted((f"{self.decision} ".casefold(), f"{self.visit_again} ".casefold()), key=len)
        if other.startswith(one):
            raise ValueError("decision and visit_again mean opposite things: neither may begin with the other")
        return self


class Fallouts(Section):
    """What becomes a fallout on an order task. Nothing does unless it is named: the platform puts the task On hold."""

    kinds: Annotated[tuple[FindingCode, ...], AfterValidator(_fallout_kinds)] = ()
    on_canceled: bool = False
    settle_as: str = _FALLOUTS.settle_as
    type: str = _FALLOUTS.type
    tables: _FalloutTables = _FalloutTables()
    columns: _FalloutColumns = _FalloutColumns()
    states: Annotated[dict[str, str], AfterValidator(_fallout_words)] = {}

    @model_validator(mode="after")
    def _one_part_each(self) -> Fallouts:
        _each_once({"tables": self.tables.model_dump(), "columns": dict(self.db_schema.own_columns)})
        return self

    @property
    def db_schema(self) -> FalloutSchema:
        """ServiceNow's names with the configured ones in their place."""
        return FalloutSchema(**self.model_dump(exclude={"kinds", "on_canceled"}))


class Cases(Section):
    """What happens to customer cases whose work orders the case policy asked for."""

    one_open_work_order: bool = True
    completion: Completion = Completion.RESOLVE
    resolution_code: Annotated[str, Field(min_length=1)] = SOLVED
    rejected: Rejection = Rejection.ASK
    decision: Annotated[str, Field(pattern=r"^\w+( \w+)*$", max_length=40)] = VISIT_AGAIN
    fields: Filled = dict(DEFAULT_CASE_FIELDS)


class PonrSettings(Section):
    """What follows for a line's point of no return when the field begins to work on it."""

    mode: PonrMode = PonrMode.OFF
    at: Annotated[tuple[str, ...], Field(min_length=1)] = ("Work in Progress",)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; a name is like Europe/Berlin") from None
    return name


class Notes(Section):
    """What people wrote on one side and the other side should read."""

    from_field: bool = True
    to_field: bool = True
    comments: bool = False
    left_out: tuple[str, ...] = ("system",)
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    task_notes_seconds: Annotated[float, Field(ge=0)] = 60.0
    digest_seconds: Annotated[float, Field(ge=0, le=86400)] = 0.0

    @property
    def rules(self) -> NoteRules:
        """What a decision needs to know of it."""
        return NoteRules(
            from_field=self.from_field,
            to_field=self.to_field,
            comments=self.comments,
            left_out=frozenset(author.casefold() for author in self.left_out),
            zone=UTC if self.time_zone == "UTC" else ZoneInfo(self.time_zone),
            digest=timedelta(seconds=self.digest_seconds),
        )


class Jeopardy(Section):
    """How many hours before its due date a line is in danger; less than nothing is late."""

    warn: bool = True
    low_hours: float = 24.0
    medium_hours: float = 8.0
    high_hours: float = 0.0
    critical_hours: float = -24.0
    write_end_to: Annotated[str, Field(pattern=r"^[a-z0-9_]*$")] = ""

    @model_validator(mode="after")
    def _descending(self) -> Jeopardy:
        bounds = [self.low_hours, self.medium_hours, self.high_hours, self.critical_hours]
        if bounds != sorted(bounds, reverse=True):
            raise ValueError("a worse level begins with fewer hours left: low, medium, high, critical must descend")
        return self

    @property
    def rules(self) -> JeopardyRules | None:
        """What a decision needs to know of it."""
        bounds = (self.low_hours, self.medium_hours, self.high_hours, self.critical_hours)
        return JeopardyRules(*bounds) if self.warn else None


class OutboxSettings(Section):
    """How writes are carried out."""

    in_flight: Annotated[int, Field(ge=1, le=16)] = 4
    look_after_seconds: Annotated[float, Field(gt=0)] = 65.0
    first_retry_seconds: Annotated[float, Field(gt=0)] = 5.0
    longest_retry_seconds: Annotated[float, Field(gt=0)] = 300.0


class HoldSettings(Section):
    """How often an instance that is held is asked whether it is back. Each wait is twice the last."""

    first_probe_seconds: Annotated[float, Field(gt=0)] = 5.0
    longest_probe_seconds: Annotated[float, Field(gt=0)] = 300.0
    credentials_probe_seconds: Annotated[float, Field(ge=60)] = 3600.0


class Brakes(Section):
    """From where on an answer is too absurd to act upon before a person has looked."""

    vanished_percent: Annotated[float, Field(gt=0, le=100)] = 20.0
    vanished_at_least: Annotated[int, Field(ge=1)] = 5
    older_at_least: Annotated[int, Field(ge=1)] = 2
    cancellations: Annotated[int, Field(ge=1)] = 50


class Daemon(Section):
    """When the daemon looks."""

    poll_seconds: Annotated[float, Field(ge=0.2)] = 10.0
    overlap_seconds: Annotated[float, Field(ge=0, le=3600)] = 120.0
    sweep_seconds: Annotated[float, Field(ge=1)] = 900.0
    doctor_seconds: Annotated[float, Field(ge=60)] = 86_400.0
    log_format: Literal["text", "json"] = "text"


class Http(Section):
    """Where the daemon listens: for webhooks, and for those who watch it. It speaks plain HTTP: TLS is a reverse proxy's."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8484
    expose: bool = False

    @model_validator(mode="after")
    def _loopback_unless_said(self) -> Http:
        if not self.expose and not _is_loopback(self.host):
            raise ValueError(
                f"{self.host!r} can be reached from other machines and the server has no TLS: keep 127.0.0.1 behind a "
                "reverse proxy, or say expose = true"
            )
        return self


class Webhook(Section):
    """The receiver of "look at this order". It listens where [http] says."""

    secret: SecretRef
    tolerance_seconds: Annotated[float, Field(gt=0)] = 300.0
    messages_per_second: Annotated[float, Field(gt=0)] = 50.0

    @model_validator(mode="before")
    @classmethod
    def _moved(cls, said: Any) -> Any:
        moved = [name for name in Http.model_fields if isinstance(said, dict) and name in said]
        if moved:
            raise ValueError(f"{', '.join(moved)}: where the daemon listens is now said under [http]")
        return said


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Settings(Section):
    """Everything an administrator can say."""

    profile: Path | None = None
    om: OmInstance
    fsm: FsmInstance
    policy: Policy
    memory: Memory = Memory()
    work_order: WorkOrderFields = WorkOrderFields()
    gate: Gate = Gate()
    fallout: Fallouts = Fallouts()
    case: Cases = Cases()
    ponr: PonrSettings = PonrSettings()
    notes: Notes = Notes()
    jeopardy: Jeopardy = Jeopardy()
    outbox: OutboxSettings = OutboxSettings()
    hold: HoldSettings = HoldSettings()
    brakes: Brakes = Brakes()
    daemon: Daemon = Daemon()
    http: Http | None = None
    webhook: Webhook | None = None

    @property
    def om_schema(self) -> OmSchema:
        """ServiceNow's names on the OM instance, with the column that only some have a use for."""
        schema, column = self.om.db_schema, self.jeopardy.write_end_to
        return replace(schema, order_task={**schema.order_task, "planned_end": column}) if column else schema

    @property
    def om_names(self) -> Names:
        """Everything on the OM instance that can be called otherwise."""
        return om_names(self.om.db_schema, self.fallout.db_schema, self.om.catalog.db_schema)

    @property
    def fsm_names(self) -> Names:
        """Everything on the FSM instance that can be called otherwise."""
        return fsm_names(self.fsm.db_schema)

    @property
    def listens(self) -> Http | None:
        """Where the daemon listens, if it does: for [http] or for webhooks."""
        return self.http or (Http() if self.webhook else None)

    @property
    def fallout_kinds(self) -> frozenset[FindingCode]:
        """What becomes a fallout."""
        ends = dict(zip(_ENDS, (self.gate.canceled_in_field, self.gate.closed_incomplete), strict=True))
        return frozenset((*self.fallout.kinds, *(code for code, then in ends.items() if then is Consequence.FALLOUT)))


class Loaded(Section):
    """A configuration ready for use."""

    path: Path
    settings: Settings
    secrets: dict[str, SecretStr]  # by the path of their setting, as "om.password"
    profile: Profile | None = None

    @property
    def unwritten_profile(self) -> Path | None:
        """The profile that is named and was not read, because nobody has written it yet."""
        return self.resolve(self.settings.profile) if self.settings.profile and self.profile is None else None

    def resolve(self, path: Path) -> Path:
        """A path of the file, as seen from here."""
        return self.path.parent / path


def load(path: Path, *, with_profile: bool = True) -> Loaded:
    """Read and check a configuration with its secrets, and the profile it names. Raises ConfigError with every problem found.

    A profile that is not written yet is none: what needs none works, `require_settled` refuses the rest.
    """
    settings, problems, profile = _settings(path, with_profile=with_profile)
    secrets, unread = _read_secrets(path, settings)
    problems += unread
    for where, instance in (("om", settings.om), ("fsm", settings.fsm)):
        files = {"ca_file": instance.ca_file, "sign_in.certificate": getattr(instance.sign_in, "certificate", None)}
        problems += [
            f"{where}.{name}: there is no file {path.parent / file}"
            for name, file in files.items()
            if file and not (path.parent / file).is_file()
        ]
    if problems:
        raise _unusable(path, tuple(problems))
    return Loaded(path=path, settings=settings, secrets=secrets, profile=profile)


def load_with(path: Path, profile: Profile) -> Loaded:
    """The configuration as it would be with this profile, whether it names one or not. Raises ConfigError."""
    return beneath(load(path, with_profile=False), profile)


def beneath(loaded: Loaded, profile: Profile) -> Loaded:
    """A configuration that is loaded, as it would be with this profile; no secret is read again. Raises ConfigError."""
    settings, _, _ = _settings(loaded.path, profile=profile)
    return loaded.model_copy(update={"settings": settings, "profile": profile})


def load_settings(path: Path) -> Settings:
    """Read and check a configuration without its secrets, for work that asks no instance. Raises ConfigError."""
    settings, problems, _ = _settings(path)
    if problems:
        raise _unusable(path, tuple(problems))
    return settings


def _settings(
    path: Path, *, with_profile: bool = True, profile: Profile | None = None
) -> tuple[Settings, list[str], Profile | None]:
    document = _read(path)
    named = document.get("profile")
    if profile is None and with_profile and isinstance(named, str) and (path.parent / named).exists():
        profile = read_profile(path.parent / named)
    if profile is not None:
        document = _below(document, profile)
    if profile is not None or isinstance(named, str):
        document = _with_default_references(document)
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        raise _unusable(path, tuple(_problem(one) for one in error.errors(include_url=False))) from error
    twofold = [*_tables_twice(settings.om_names)]
    for side, names in (("om", settings.om_names), ("fsm", settings.fsm_names)):
        twofold += no_journals(side, names.journals, names.columns)
    return settings, [*twofold, *_unknown_facts(settings), *_of_the_connector(settings)], profile


def _below(document: dict[str, Any], profile: Profile) -> dict[str, Any]:
    """A configuration with what a profile says in its place where it says nothing itself."""
    said = as_settings(profile)
    names = profile.fsm.fields
    policy = document.get("policy", {})
    outputs = {name: names.get(column, column) for name, column in DEFAULT_OUTPUTS.items()}
    said["work_order"] = {"fields": renamed(DEFAULT_FIELDS, names)} if "work_order" not in document else {}
    if "fields" not in document.get("case", {}):
        said["case"] = {"fields": renamed(DEFAULT_CASE_FIELDS, names)}
    said["policy"] = {"outputs": {**outputs, **policy.get("outputs", {})}} if isinstance(policy, dict) else {}
    return _merged(said, document)


def _with_default_references(document: dict[str, Any]) -> dict[str, Any]:
    """A configuration that leaves to a profile what it does not say of a reference, as if the profile had what is the default."""
    fsm = document.get("fsm")
    said = fsm.get("references") if isinstance(fsm, dict) else None
    if not isinstance(fsm, dict) or not isinstance(said, dict):
        return document
    defaults = {
        column: {"table": one.table, "by": one.written, "shown_as": one.shown_as}
        for column, one in DEFAULT_REFERENCES.items()
        if column == "template" or column in said
    }
    return {**document, "fsm": {**fsm, "references": _merged(defaults, said)}}


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {name: (below[name], above[name]) for name in below.keys() & above.keys()}
    deeper = {
        name: _merged(low, high)
        for name, (low, high) in both.items()
        if isinstance(low, dict) and isinstance(high, dict)
    }
    return {**below, **above, **deeper}


def _unknown_facts(settings: Settings) -> list[str]:
    of_orders = [
        f"work_order.fields.{column}: {{{name}}} is not a fact the connector knows"
        for column, template in settings.work_order.fields.items()
        for name in placeholders(template)
        if not is_fact(fact := fold(name)) and fact not in settings.om.facts and not fact.startswith(SAID)
    ]
    of_cases = [
        f"case.fields.{column}: {{{name}}} is not a fact of a case"
        for column, template in settings.case.fields.items()
        for name in placeholders(template)
        if (fact := fold(name)) not in CASE_FACTS.keys() - {"state"} and not fact.startswith(SAID)
    ]
    of_values = [
        f"fsm.values.{name}: it is not a fact the connector knows"
        for name in settings.fsm.values
        if not is_fact(name) and name not in CASE_FACTS and name not in settings.om.facts
    ]
    return [*of_orders, *of_cases, *of_values]


def _tables_twice(names: Names) -> Iterator[str]:
    """Tables that two sections give two parts, by the place of the later one. A profile's own are refused as it is read."""
    places = {
        "fallout": "fallout.tables.fallout",
        "fallout_type": "fallout.tables.type",
        "request_type": "om.catalog.request_types",
        **dict.fromkeys(SPECIFICATIONS, "om.catalog.specifications"),
    }
    taken: dict[str, str] = {}
    for part, table in names.tables.items():
        if table != UNSETTLED and (first := taken.setdefault(table, part)) != part:
            yield f"{places.get(part, f'om.tables.{part}')}: {table!r} is already the {first.replace('_', ' ')}"


def _of_the_connector(settings: Settings) -> list[str]:
    """Columns of a work order that the connector keeps itself, and is told to fill with something else."""
    schema = settings.fsm.db_schema
    own = {schema.work_order[part]: part for part in ("number", "state", "active", "names", "mark", "template")}
    own |= {schema.notes: "notes"}
    own.pop(UNSETTLED, None)
    filled = {
        "work_order.fields": settings.work_order.fields,
        "case.fields": settings.case.fields,
        "policy.outputs": {column: output for output, column in settings.policy.outputs.items()},
    }
    return [
        f"{where}: the connector itself keeps {column!r}" + (f" ({own[column]})" if column in own else "")
        for where, columns in filled.items()
        for column in columns
        if column and (column in own or column.startswith("sys_"))
    ]


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"The configuration {path} cannot be read: {error.strerror}.",
            hint="Name it with --config or OM_FSM_CONFIG; config.example.toml shows every setting.",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"The configuration {path} is not UTF-8 text: byte {error.start}.", hint="Save it as UTF-8."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"The configuration {path} is not valid TOML: {error}.",
            hint="Correct that line; config.example.toml shows every setting.",
        ) from error


def _read_secrets(path: Path, settings: Settings) -> tuple[dict[str, SecretStr], list[str]]:
    """The secrets that could be read, and what is wrong with the others."""
    found: dict[str, SecretStr] = {}
    problems: list[str] = []
    for where, secret in secret_settings(settings):
        try:
            found[where] = secret.read(path.parent)
        except ValueError as error:
            problems.append(f"{where}: {error}")
    return found, problems


def secret_settings(section: BaseModel, path: str = "") -> Iterator[tuple[str, SecretRef]]:
    """Every secret that is named under a section, with the path of its setting."""
    for name, value in section:
        here = f"{path}.{name}".removeprefix(".")
        if isinstance(value, SecretRef):
            yield here, value
        elif isinstance(value, BaseModel):
            yield from secret_settings(value, here)


def _unusable(path: Path, problems: tuple[str, ...]) -> ConfigError:
    return ConfigError(
        f"The configuration {path} cannot be used.",
        problems,
        hint="Correct it; nothing was done. config.example.toml shows every setting.",
    )


def _problem(error: Any) -> str:
    loc = [part for i, part in enumerate(error["loc"]) if not (i and error["loc"][i - 1] == "sign_in")]  # not the kind
    where = ".".join(str(part) for part in loc)
    what = error["msg"].removeprefix("Value error, ")
    match error["type"]:
        case "extra_forbidden":
            what = "unknown setting"
        case "missing":
            what = "this setting is missing"
        case _:
            pass
    return f"{where}: {what}"
