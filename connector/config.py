"""Settings: one TOML file, checked strictly, every problem reported at once with its path. Secrets never stand in it.

Paths are relative to the file. A secret is named by where it is: `{ env = "NAME" }`, `{ file = "path" }` or
`{ command = ["program", "argument"] }`.
"""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)

from connector.decide.rules import GateMode
from connector.errors import ConfigError
from connector.fsm.schema import DEFAULT_REFERENCES, FsmSchema, Lookup
from connector.mapping.dmn.table import fold
from connector.mapping.dmn.values import Kind
from connector.mapping.facts import FACTS, is_fact, placeholders
from connector.mapping.fields import DEFAULT_FIELDS
from connector.mapping.marks import INSTANCE_NAME
from connector.mapping.outputs import DEFAULT_OUTPUTS, SAID
from connector.om.schema import OmSchema

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMAND_SECONDS = 30


class Section(BaseModel):
    """A table of the file. Unknown keys are refused: a misspelt setting must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SecretRef(Section):
    """Where a secret is. Exactly one way."""

    env: str | None = None
    file: Path | None = None
    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretRef:
        if sum(way is not None for way in (self.env, self.file, self.command)) != 1:
            raise ValueError("name the secret in exactly one way: env, file or command")
        return self

    def read(self, base: Path) -> SecretStr:
        """The secret. Raises ValueError saying where it was looked for, never what was found."""
        if self.env is not None:
            text = os.environ.get(self.env, "")
            where = f"the environment variable {self.env}"
        elif self.file is not None:
            where = f"the file {base / self.file}"
            text = _read_private(base / self.file)
        else:
            assert self.command is not None
            where = f"the command {self.command[0]}"
            text = _run(self.command)
        if not text.strip():
            raise ValueError(f"{where} is empty or not set")
        return SecretStr(text.strip())


def _read_private(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o007:
            raise ValueError(f"the file {path} can be read by everybody: chmod o= {path}")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"the file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ValueError(f"the file {path} is not UTF-8 text") from None  # the cause would show a piece of it


def _run(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise ValueError(f"the command {command[0]} failed ({type(error).__name__})") from None
    except UnicodeDecodeError:
        raise ValueError(f"the command {command[0]} printed something that is not text") from None
    return done.stdout


def _https(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError(f"an https:// address is needed, not {_without_user(url)!r}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no user or password belongs in the address; use username and password")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError(f"the port in {url!r} is not a number") from None
    if parts.query or parts.fragment or parts.path not in ("", "/") or any(c.isspace() for c in url):
        raise ValueError(f"only the address of the instance is needed, not {url!r}")
    return url.rstrip("/")


def _without_user(url: str) -> str:
    return url.rpartition("@")[2]


def _instance_name(name: str) -> str:
    if not INSTANCE_NAME.fullmatch(name):
        raise ValueError("use 1 to 16 lower-case letters, digits or '-', beginning with a letter or digit")
    return name


def _names(title: str, defaults: Mapping[str, str]) -> Any:
    """A section whose settings are the parts of a schema, each with ServiceNow's own name as default."""
    fields: dict[str, Any] = {part: (str, name) for part, name in defaults.items()}
    return create_model(title, __base__=Section, **fields)


_OM, _FSM = OmSchema(), FsmSchema()
_OM_KINDS = ("order", "line", "characteristic", "domain_order", "order_task")
_FSM_KINDS = ("work_order", "work_order_task")


def _columns(title: str, schema: OmSchema | FsmSchema, kinds: tuple[str, ...]) -> Any:
    """A section for each record kind of a schema, with its columns."""
    sections: dict[str, Any] = {}
    for kind in kinds:
        section = _names(f"{title}{kind}", getattr(schema, kind))
        sections[kind] = (section, section())
    return create_model(title, __base__=Section, **sections)


if TYPE_CHECKING:

    class _OmTables(Section): ...

    class _FsmTables(Section): ...

    class _OmColumns(Section): ...

    class _FsmColumns(Section): ...

else:
    _OmTables = _names("OmTables", _OM.tables)
    _FsmTables = _names("FsmTables", _FSM.tables)
    _OmColumns = _columns("OmColumns", _OM, _OM_KINDS)
    _FsmColumns = _columns("FsmColumns", _FSM, _FSM_KINDS)


class OmStates(Section):
    """What stored values of states mean, in ServiceNow's words."""

    order: dict[str, str] = {}
    domain_order: dict[str, str] = {}
    order_task: dict[str, str] = {}


class FsmStates(Section):
    """What stored values of states mean, in ServiceNow's words."""

    work_order: dict[str, str] = {}


class Instance(Section):
    """What both instances have in common."""

    name: Annotated[str, AfterValidator(_instance_name)]
    url: Annotated[str, AfterValidator(_https)]
    username: Annotated[str, Field(min_length=1)]
    password: SecretRef
    ca_file: Path | None = None
    connect_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    read_timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
    rows_per_page: Annotated[int, Field(ge=1, le=10_000)] = 1000
    identity_properties: tuple[str, ...] = ("instance_name", "instance_id")


class MappedFact(Section):
    """A fact read from columns of your own: `from` names them as "<record>.<column>", the nearest record first."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)

    columns: Annotated[tuple[str, ...], Field(alias="from", min_length=1)]
    kind: Kind = Kind.STRING

    @field_validator("columns", mode="before")
    @classmethod
    def _one_or_several(cls, said: Any) -> Any:
        return (said,) if isinstance(said, str) else said

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

    specifications: tuple[str, ...] = (
        "sn_prd_pm_product_specification",
        "sn_prd_pm_service_specification",
        "sn_prd_pm_resource_specification",
    )
    request_types: str = "sn_ind_tmt_orm_request_definition"
    name: str = "name"


class OmInstance(Instance):
    """The Order Management instance."""

    catalog: OmCatalogTables = OmCatalogTables()

    facts: Annotated[dict[str, MappedFact], AfterValidator(_mapped_names)] = DEFAULT_MAPPED_FACTS

    tables: _OmTables = _OmTables()
    columns: _OmColumns = _OmColumns()
    states: OmStates = OmStates()

    @property
    def db_schema(self) -> OmSchema:
        """ServiceNow's names with the configured ones in their place."""
        return OmSchema(tables=self.tables.model_dump(), **self.columns.model_dump())


class Reference(Section):
    """How a reference column of a work order finds its record on the FSM instance."""

    table: str
    by: str = "name"


def _with_template(references: dict[str, Reference]) -> dict[str, Reference]:
    if "template" not in references:
        raise ValueError("'template' is missing; templates are found by name")
    return references


class FsmInstance(Instance):
    """The Field Service Management instance."""

    tables: _FsmTables = _FsmTables()
    columns: _FsmColumns = _FsmColumns()
    states: FsmStates = FsmStates()
    references: Annotated[dict[str, Reference], AfterValidator(_with_template)] = {
        column: Reference(table=lookup.table, by=lookup.by) for column, lookup in DEFAULT_REFERENCES.items()
    }

    @property
    def db_schema(self) -> FsmSchema:
        """ServiceNow's names with the configured ones in their place."""
        lookups = {column: Lookup(reference.table, reference.by) for column, reference in self.references.items()}
        return FsmSchema(tables=self.tables.model_dump(), references=lookups, **self.columns.model_dump())


class Memory(Section):
    """The local database."""

    path: Path = Path("om-fsm.db")


class Policy(Section):
    """The decision tables."""

    domain_order: Path
    order_task: Path
    case: Path | None = None
    outputs: Annotated[dict[str, str], AfterValidator(lambda said: {**DEFAULT_OUTPUTS, **said})] = dict(DEFAULT_OUTPUTS)


class WorkOrderFields(Section):
    """What a work order says."""

    fields: dict[str, str] = dict(DEFAULT_FIELDS)


class Gate(Section):
    """What happens when a domain order is closed while one of its work orders is open."""

    mode: GateMode = GateMode.REOPEN
    reopen_to: str = "In progress"
    max_reopens: Annotated[int, Field(ge=1, le=1000)] = 10


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
    cancellations: Annotated[int, Field(ge=1)] = 50


class Daemon(Section):
    """When the daemon looks."""

    poll_seconds: Annotated[float, Field(ge=0.2)] = 10.0
    overlap_seconds: Annotated[float, Field(ge=0, le=3600)] = 120.0
    sweep_seconds: Annotated[float, Field(ge=1)] = 900.0
    log_format: Literal["text", "json"] = "text"


class Webhook(Section):
    """The receiver of "look at this order"."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8484
    secret: SecretRef
    tolerance_seconds: Annotated[float, Field(gt=0)] = 300.0


class Settings(Section):
    """Everything an administrator can say."""

    om: OmInstance
    fsm: FsmInstance
    policy: Policy
    memory: Memory = Memory()
    work_order: WorkOrderFields = WorkOrderFields()
    gate: Gate = Gate()
    outbox: OutboxSettings = OutboxSettings()
    hold: HoldSettings = HoldSettings()
    brakes: Brakes = Brakes()
    daemon: Daemon = Daemon()
    webhook: Webhook | None = None


class Secrets(Section):
    """The secrets the settings point to, read and kept apart from them."""

    om_password: SecretStr
    fsm_password: SecretStr
    webhook_secret: SecretStr | None = None


class Loaded(Section):
    """A configuration ready for use."""

    path: Path
    settings: Settings
    secrets: Secrets

    def resolve(self, path: Path) -> Path:
        """A path of the file, as seen from here."""
        return self.path.parent / path


def load(path: Path) -> Loaded:
    """Read and check a configuration with its secrets. Raises ConfigError with every problem found."""
    settings, problems = _settings(path)
    secrets, unread = _read_secrets(path, settings)
    problems += unread
    for where, instance in (("om", settings.om), ("fsm", settings.fsm)):
        if instance.ca_file and not (path.parent / instance.ca_file).is_file():
            problems.append(f"{where}.ca_file: there is no file {path.parent / instance.ca_file}")
    if problems:
        raise _unusable(path, tuple(problems))
    return Loaded(path=path, settings=settings, secrets=Secrets(**secrets))


def load_settings(path: Path) -> Settings:
    """Read and check a configuration without its secrets, for work that asks no instance. Raises ConfigError."""
    settings, problems = _settings(path)
    if problems:
        raise _unusable(path, tuple(problems))
    return settings


def _settings(path: Path) -> tuple[Settings, list[str]]:
    document = _read(path)
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        raise _unusable(path, tuple(_problem(one) for one in error.errors(include_url=False))) from error
    return settings, _unknown_facts(settings)


def _unknown_facts(settings: Settings) -> list[str]:
    return [
        f"work_order.fields.{column}: {{{name}}} is not a fact the connector knows"
        for column, template in settings.work_order.fields.items()
        for name in placeholders(template)
        if not is_fact(fact := fold(name)) and fact not in settings.om.facts and not fact.startswith(SAID)
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
    wanted = {
        "om_password": ("om.password", settings.om.password),
        "fsm_password": ("fsm.password", settings.fsm.password),
    }
    if settings.webhook:
        wanted["webhook_secret"] = ("webhook.secret", settings.webhook.secret)
    found: dict[str, SecretStr] = {}
    problems: list[str] = []
    for name, (where, secret) in wanted.items():
        try:
            found[name] = secret.read(path.parent)
        except ValueError as error:
            problems.append(f"{where}: {error}")
    return found, problems


def _unusable(path: Path, problems: tuple[str, ...]) -> ConfigError:
    return ConfigError(
        f"The configuration {path} cannot be used.",
        problems,
        hint="Correct it; nothing was done. config.example.toml shows every setting.",
    )


def _problem(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    what = error["msg"].removeprefix("Value error, ")
    match error["type"]:
        case "extra_forbidden":
            what = "unknown setting"
        case "missing":
            what = "this setting is missing"
        case _:
            pass
    return f"{where}: {what}"
