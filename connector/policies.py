"""The work order policies of one configuration: loaded together, watched together, replaced all or nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from connector.errors import ConfigError
from connector.mapping.compensation import load_compensations
from connector.mapping.dmn.table import fold
from connector.mapping.facts import CARRIED_FACTS, CASE_FACTS, placeholders
from connector.mapping.fields import FieldMap
from connector.mapping.outputs import PLANNED_END, PLANNED_START
from connector.mapping.policy_file import load_policy
from connector.mapping.references import SYS_ID
from connector.mapping.vocabulary import QUANTITY, TEMPLATE, WINDOW, Initiates, vocabulary_of
from connector.model import Reads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.config import Loaded, Settings
    from connector.mapping.compensation import Compensations
    from connector.mapping.policy import WorkOrderPolicy
    from connector.mapping.references import Lookup
    from connector.mapping.vocabulary import Vocabulary

NAMES = {
    Initiates.DOMAIN_ORDER: "work order policy for domain orders",
    Initiates.ORDER_TASK: "work order policy for order tasks",
    Initiates.CASE: "work order policy for cases",
}


@dataclass(frozen=True, slots=True)
class Policies:
    """The decision tables that count now."""

    domain_order: WorkOrderPolicy
    order_task: WorkOrderPolicy
    case: WorkOrderPolicy | None = None
    compensations: Compensations | None = None

    def __iter__(self) -> Iterator[WorkOrderPolicy]:
        yield self.domain_order
        yield self.order_task
        if self.case:
            yield self.case

    @property
    def digest(self) -> str:
        """Which tables these are."""
        return " ".join(policy.digest for policy in self)


def load_policies(loaded: Loaded) -> Policies:
    """All decision tables. Raises ConfigError with the problems of all of them."""
    found: dict[str, WorkOrderPolicy] = {}
    failures: list[ConfigError] = []
    for initiates, path in policy_paths(loaded).items():
        try:
            found[initiates] = load_policy(NAMES[initiates], path, vocabulary(loaded.settings, initiates))
        except ConfigError as error:
            failures.append(error)
    compensations = None
    if (table := compensation_path(loaded)) is not None:
        try:
            compensations = load_compensations(table)
        except ConfigError as error:
            failures.append(error)
    match failures:
        case []:
            return Policies(**found, compensations=compensations)
        case [only]:
            raise only
        case _:
            problems = tuple(line for error in failures for line in (str(error), *error.problems))
            raise ConfigError("The work order policies cannot be used.", problems, hint=failures[0].hint)


def compensation_path(loaded: Loaded) -> Path | None:
    """Where the compensation table is, if there is one."""
    said = loaded.settings.policy.compensation
    return None if said is None else loaded.resolve(said)


def policy_paths(loaded: Loaded) -> dict[str, Path]:
    """Where the policies are, by what they initiate from."""
    return paths_of(loaded.settings, loaded.path)


def paths_of(settings: Settings, path: Path) -> dict[str, Path]:
    """The same for settings that were read from the file at `path`."""
    policy = settings.policy
    paths = {
        Initiates.DOMAIN_ORDER: policy.domain_order,
        Initiates.ORDER_TASK: policy.order_task,
        **({Initiates.CASE: policy.case} if policy.case else {}),
    }
    return {initiates: path.parent / file for initiates, file in paths.items()}


def vocabulary(settings: Settings, initiates: str) -> Vocabulary:
    """What the columns of a policy may be called under these settings."""
    mapped = {} if initiates == Initiates.CASE else {name: fact.kind for name, fact in settings.om.facts.items()}
    fields = settings.case.fields if initiates == Initiates.CASE else order_fields(settings)
    return vocabulary_of(initiates, mapped, frozenset(fields))


def mapped_facts(settings: Settings, policies: Policies) -> dict[str, dict[str, tuple[str, Reads]]]:
    """The mapped facts that policies or fields really use: record -> fact -> (column, what is wanted of it)."""
    asked = {name for policy in policies for name in (*policy.inputs, *(fact for fact, _ in policy.asked))}
    asked |= {fold(n) for t in settings.work_order.fields.values() for n in placeholders(t)}
    used: dict[str, dict[str, tuple[str, Reads]]] = {}
    for name, fact in settings.om.read_facts.items():
        for column in fact.columns if name in asked else ():
            record, _, path = column.partition(".")
            used.setdefault(record, {})[name] = (path, Reads.LABEL if fact.kind.is_text else Reads.VALUE)
    for name in (fact for fact in CARRIED_FACTS if fact in asked):
        for record, column in _records_with(settings, name, with_cases=False):
            used.setdefault(record, {})[name] = (column, Reads.LABEL)
    if policies.case:
        used["case"] = _case_facts(settings, policies.case)
    for lookup in lookups(settings).values():
        for column in lookup.asked:
            for record, part in _records_with(settings, lookup.fact, with_cases=policies.case is not None):
                key = (part, Reads.VALUE) if column == SYS_ID else (f"{part}.{column}", Reads.KEY)
                used.setdefault(record, {}).setdefault(f"{lookup.fact}.{column}", key)
    return used


def lookups(settings: Settings) -> dict[str, Lookup]:
    """How reference columns of work orders are filled. Where the template of a column is one fact alone, the keys of the record
    behind that fact can be asked for; where both sides are one instance, its sys_id too."""
    one_instance = settings.om.url == settings.fsm.url
    found: dict[str, Lookup] = {}
    for column, reference in settings.fsm.references.items():
        lookup = replace(reference.lookup, fact=_fact_alone(settings, column))
        found[column] = lookup.on_one_instance() if one_instance else lookup
    return found


def _fact_alone(settings: Settings, column: str) -> str:
    """The fact a column is filled with, "" where it is filled with anything else, or differently for cases."""
    templates = {
        fields[column].strip() for fields in (settings.work_order.fields, settings.case.fields) if column in fields
    }
    if len(templates) != 1:
        return ""
    return _alone(templates.pop())


def _alone(template: str) -> str:
    names = placeholders(template)
    return fold(names[0]) if len(names) == 1 and template.startswith("{") and template.endswith("}") else ""


def order_fields(settings: Settings) -> dict[str, str]:
    """The fields of the work orders of orders; without those that would only say what these orders have no column for."""
    silent = {fact for fact in CARRIED_FACTS if not any(_records_with(settings, fact, with_cases=False))}
    return {column: text for column, text in settings.work_order.fields.items() if _alone(text.strip()) not in silent}


def _records_with(settings: Settings, fact: str, *, with_cases: bool) -> Iterator[tuple[str, str]]:
    """The records of OM that refer to what a fact names, each with its column."""
    columns: dict[str, dict[str, str]] = settings.om.columns.model_dump()
    for record in ("domain_order", "line", "order", *(["case"] if with_cases else [])):
        part = fact.replace(" ", "_")
        if part in REFERRING and (column := columns[record].get(part)):
            yield record, column


REFERRING = (
    "account",
    "contact",
    "consumer",
    "asset",
    "product",
    "install_base_item",
    "location",
    "specification",
    "product_inventory",
)
"""The parts of OM records that refer to records Field Service may have too."""


def _case_facts(settings: Settings, policy: WorkOrderPolicy) -> dict[str, tuple[str, Reads]]:
    """The facts of cases that are really used, each with its column and what is wanted of it."""
    columns: dict[str, str] = settings.om.columns.case.model_dump()  # type: ignore[attr-defined]
    asked = {*policy.inputs, *(fact for fact, _ in policy.asked)}
    asked |= {fold(n) for t in settings.case.fields.values() for n in placeholders(t)}
    by_name = {name: columns[name.replace(" ", "_")] for name in asked & CASE_FACTS.keys() - {"case", "state"}}
    stored = ("priority", "opened")
    return {n: (c, Reads.VALUE if n in stored else Reads.LABEL) for n, c in by_name.items() if c}


def mapped_columns(settings: Settings, policies: Policies) -> tuple[str, ...]:
    """The work order columns that templates fill or that rows of the policies may fill."""
    return tuple(column for column in _columns(settings, policies) if column)


def written_columns(settings: Settings, policies: Policies) -> tuple[str, ...]:
    """The work order columns that are written so: these, and the description where a row says what has no column of its own."""
    return tuple(dict.fromkeys(column or "description" for column in _columns(settings, policies)))


def _columns(settings: Settings, policies: Policies) -> tuple[str, ...]:
    """Each column once; "" where what a row says has none."""
    templates = {**order_fields(settings), **(settings.case.fields if policies.case else {})}
    fields = FieldMap(templates, settings.policy.outputs)
    outputs = {output.name for policy in policies for output in policy.table.outputs} - {TEMPLATE, QUANTITY}
    if WINDOW in outputs:
        outputs = (outputs - {WINDOW}) | {PLANNED_START, PLANNED_END}
    return tuple(dict.fromkeys((*templates, *(fields.column_of(name) for name in sorted(outputs)))))


_Stamps: TypeAlias = "tuple[tuple[int, ...], ...]"


class Watched:
    """Policies that follow their files: a changed file replaces them, a bad one is refused and the last good ones stay.

    A file counts when it stands alike at two looks: one that is still being written, however slowly, is not read.
    """

    def __init__(self, loaded: Loaded, policies: Policies) -> None:
        self._loaded = loaded
        self.policies = policies
        self._read: _Stamps | None = None  # the first look tells which they are
        self._noticed: _Stamps | None = None
        self.refused = ""

    def refresh(self) -> bool:
        """Look at the files. True when they were read anew: either `policies` are new, or `refused` says why they are not."""
        stamps = self._stamps()
        if stamps == self._read:
            return False
        if self._read is not None and stamps != self._noticed:
            self._noticed = stamps
            return False
        self._read = stamps
        try:
            fresh = load_policies(self._loaded)
        except ConfigError as error:
            self.refused = " ".join([str(error), *error.problems[:3]])
            return True
        self.policies, self.refused = fresh, ""
        return True

    @property
    def in_words(self) -> str:
        """Which policies are in use, and why newer ones are not."""
        tables = ", ".join(f"{p.name} {p.digest} ({len(p.rows)} rows)" for p in self.policies)
        return f"{tables}; the changed files are refused: {self.refused}" if self.refused else tables

    def _stamps(self) -> _Stamps:
        compensation = compensation_path(self._loaded)
        paths = [*policy_paths(self._loaded).values(), *([compensation] if compensation else [])]
        return tuple(_stamp(path) for path in paths)


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes with a file's content, its place and its permissions."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def field_map(settings: Settings, templates: dict[str, str]) -> FieldMap:
    """How facts fill these columns; a reference column also changes when a key of the record behind it does."""
    keyed = {column: tuple(f"{one.fact}.{key}" for key in one.asked) for column, one in lookups(settings).items()}
    values = {column: settings.fsm.values.get(_alone(text.strip()), {}) for column, text in templates.items()}
    values = {column: stored for column, stored in values.items() if stored}
    return FieldMap(templates, settings.policy.outputs, {c: names for c, names in keyed.items() if names}, values)
