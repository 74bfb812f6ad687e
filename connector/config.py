"""Settings: one TOML file, checked strictly, every problem reported at once with its path. Secrets never stand in it.

Paths are relative to the file. A secret is named by where it is: `{ env = "NAME" }`, `{ file = "path" }` or
`{ command = ["program", "argument"] }`.
"""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from connector.decide.rules import GateMode
from connector.errors import ConfigError
from connector.fsm.schema import DEFAULT_REFERENCES, FsmSchema, Lookup
from connector.mapping.facts import is_fact, placeholders
from connector.mapping.fields import DEFAULT_FIELDS
from connector.mapping.marks import INSTANCE_NAME
from connector.om.schema import OmSchema

_COMMAND_SECONDS = 30


class Section(BaseModel):
    """A table of the file. Unknown keys are refused: a misspelt setting must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SecretRef(Section):
    """Where a secret is. Exactly one way."""

    env: str | None = None
    file: Path | None = None
    command: tuple[str, ...] | None = None

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


def _run(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise ValueError(f"the command {command[0]} failed ({type(error).__name__})") from error
    return done.stdout


def _https(url: str) -> str:
    if not url.startswith("https://") or len(url) <= len("https://"):
        raise ValueError("an https:// address is needed")
    return url.rstrip("/")


def _instance_name(name: str) -> str:
    if not INSTANCE_NAME.fullmatch(name):
        raise ValueError("use 1 to 16 lower-case letters, digits or '-', beginning with a letter or digit")
    return name


class Instance(Section):
    """What both instances have in common."""

    name: Annotated[str, AfterValidator(_instance_name)]
    url: Annotated[str, AfterValidator(_https)]
    username: Annotated[str, Field(min_length=1)]
    password: SecretRef
    ca_file: Path | None = None
    connect_timeout_seconds: Annotated[float, Field(gt=0)] = 10.0
    read_timeout_seconds: Annotated[float, Field(gt=0)] = 60.0
    tables: dict[str, str] = {}
    columns: dict[str, dict[str, str]] = {}
    states: dict[str, dict[str, str]] = {}


class OmInstance(Instance):
    """The Order Management instance."""

    @property
    def db_schema(self) -> OmSchema:
        """ServiceNow's names with the configured ones in their place. Raises ValueError on an unknown part."""
        schema = OmSchema()
        columns = _columns(self.columns, schema, ("order", "line", "characteristic", "domain_order", "order_task"))
        return OmSchema(tables=_renamed("tables", schema.tables, self.tables), **columns)

    @model_validator(mode="after")
    def _known_parts(self) -> OmInstance:
        _ = self.db_schema
        _known_states(self.states, ("order", "domain_order", "order_task"))
        return self


class Reference(Section):
    """How a reference column of a work order finds its record on the FSM instance."""

    table: str
    by: str = "name"


class FsmInstance(Instance):
    """The Field Service Management instance."""

    references: dict[str, Reference] = {
        column: Reference(table=lookup.table, by=lookup.by) for column, lookup in DEFAULT_REFERENCES.items()
    }

    @property
    def db_schema(self) -> FsmSchema:
        """ServiceNow's names with the configured ones in their place. Raises ValueError on an unknown part."""
        schema = FsmSchema()
        columns = _columns(self.columns, schema, ("work_order", "work_order_task"))
        lookups = {column: Lookup(reference.table, reference.by) for column, reference in self.references.items()}
        return FsmSchema(tables=_renamed("tables", schema.tables, self.tables), references=lookups, **columns)

    @model_validator(mode="after")
    def _known_parts(self) -> FsmInstance:
        _ = self.db_schema
        _known_states(self.states, ("work_order",))
        if "template" not in self.references:
            raise ValueError("references: 'template' is missing; templates are found by name")
        return self


def _columns(given: dict[str, dict[str, str]], schema: Any, kinds: tuple[str, ...]) -> dict[str, dict[str, str]]:
    for kind in given:
        if kind not in kinds:
            raise ValueError(f"columns: unknown record {kind!r}; known are {', '.join(kinds)}")
    return {kind: _renamed(f"columns.{kind}", getattr(schema, kind), given.get(kind, {})) for kind in kinds}


def _renamed(where: str, defaults: Any, given: dict[str, str]) -> dict[str, str]:
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise ValueError(f"{where}: unknown part {unknown[0]!r}; known are {', '.join(defaults)}")
    return {**defaults, **given}


def _known_states(given: dict[str, dict[str, str]], kinds: tuple[str, ...]) -> None:
    for kind in given:
        if kind not in kinds:
            raise ValueError(f"states: unknown record {kind!r}; known are {', '.join(kinds)}")


class Memory(Section):
    """The local database."""

    path: Path = Path("om-fsm.db")


class Policy(Section):
    """The decision tables."""

    domain_order: Path
    order_task: Path


def _field_templates(fields: dict[str, str]) -> dict[str, str]:
    for column, template in fields.items():
        for name in placeholders(template):
            if not is_fact(name.casefold()):
                raise ValueError(f"{column}: {{{name}}} is not a fact the connector knows")
    return fields


class WorkOrderFields(Section):
    """What a work order says."""

    fields: Annotated[dict[str, str], AfterValidator(_field_templates)] = dict(DEFAULT_FIELDS)


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


class Daemon(Section):
    """When the daemon looks."""

    poll_seconds: Annotated[float, Field(ge=0.2)] = 10.0
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
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"The configuration {path} cannot be read: {error.strerror}.",
            hint="Name it with --config or OM_FSM_CONFIG; config.example.toml shows every setting.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The configuration {path} is not valid TOML: {error}.") from error
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        raise _unusable(path, tuple(_problem(one) for one in error.errors(include_url=False))) from error
    return Loaded(path=path, settings=settings, secrets=_read_secrets(path, settings))


def _read_secrets(path: Path, settings: Settings) -> Secrets:
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
    if problems:
        raise _unusable(path, tuple(problems))
    return Secrets(**found)


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
