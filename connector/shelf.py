"""Policies as files for a person who works on them: with a configuration or without one, and without any secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from connector.config import Settings, load, load_settings
from connector.errors import ConfigError
from connector.mapping.casebook import LOCATIONS, read_examples
from connector.mapping.dmn.problems import Unusable
from connector.mapping.dmn.table import fold
from connector.mapping.policy_file import csv_lines, csv_text, load_policy, read_steadily, table_bytes
from connector.mapping.vocabulary import Initiates, Vocabulary, vocabulary_of
from connector.policies import NAMES, paths_of, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.config import Loaded
    from connector.mapping.casebook import Example
    from connector.mapping.dmn.table import DecisionTable
    from connector.mapping.policy import WorkOrderPolicy


@dataclass(slots=True)
class Shelf:
    """The policies of a configuration, where there is one, and any others."""

    path: Path
    settings: Settings | None
    _initiates: dict[str, str] = field(default_factory=dict)  # source -> what it decides about

    @classmethod
    def open(cls, path: Path) -> Shelf:
        """The shelf beside a configuration; without one, files can still be named. Raises ConfigError."""
        return cls(path, load_settings(path) if path.exists() else None)

    def needed(self) -> Loaded:
        """The configuration with its secrets. Raises ConfigError."""
        return load(self.path)

    @property
    def loaded(self) -> Loaded | None:
        """The configuration with its secrets; None where there is none."""
        return self.needed() if self.settings else None

    def policies(self, files: Sequence[Path], initiates: str | None) -> list[WorkOrderPolicy]:
        """The policies in these files, or the configured ones. Raises ConfigError."""
        configured = paths_of(self.settings, self.path) if self.settings else {}
        if not files:
            if not configured:
                self.needed()  # says that there is no configuration
            chosen = {kind: file for kind, file in configured.items() if initiates in (None, kind)}
            if not chosen:
                raise ConfigError(f"The configuration {self.path} names no {NAMES[initiates or '']}.")
            return [self._load(file, kind) for kind, file in chosen.items()]
        known = {file.resolve(): kind for kind, file in configured.items()}
        return [self._load(file, initiates or known.get(file.resolve(), Initiates.DOMAIN_ORDER)) for file in files]

    def _load(self, file: Path, initiates: str) -> WorkOrderPolicy:
        self._initiates[str(file)] = initiates
        return load_policy(NAMES[initiates], file, self.vocabulary(initiates))

    def vocabulary(self, initiates: str) -> Vocabulary:
        """What the columns of a policy may be called here."""
        return vocabulary(self.settings, initiates) if self.settings else vocabulary_of(initiates)

    def casebooks(self, policy: WorkOrderPolicy) -> list[Path]:
        """The casebook beside a policy, where there is one."""
        beside = Path(policy.source).with_suffix(".cases.csv")
        return [beside] if beside.exists() else []

    def examples(self, book: Path, policy: WorkOrderPolicy) -> tuple[Example, ...]:
        """The cases of a casebook. Raises ConfigError."""
        try:
            return read_examples(
                csv_lines(csv_text(read_steadily(book))), self.vocabulary(self._initiates[policy.source])
            )
        except OSError as error:
            raise ConfigError(f"The casebook {book} cannot be read: {error.strerror}.") from error
        except Unusable as error:
            problems = tuple(str(problem) for problem in error.problems)
            raise ConfigError(f"The casebook {book} cannot be used.", problems) from error

    def facts(self, policy: WorkOrderPolicy, said: Iterable[str]) -> dict[str, str]:
        """Facts as NAME=VALUE. Raises ConfigError for what is no fact."""
        known = self.vocabulary(self._initiates[policy.source])
        facts: dict[str, str] = {}
        problems: list[str] = []
        for one in said:
            name, equals, value = one.partition("=")
            if not equals:
                problems.append(f"{one!r}: write NAME=VALUE")
            elif known.input_kind(fold(name)) is None and fold(name) != LOCATIONS:
                problems.append(f"{name!r}: {known.known()}")
            facts[fold(name)] = value
        if problems:
            raise ConfigError("The inputs cannot be used.", tuple(problems))
        return facts

    def write(self, table: DecisionTable, target: Path, initiates: str, *, force: bool) -> None:
        """Write a table in the format its ending names, whole or not at all. Raises ConfigError."""
        if target.exists() and not force:
            raise ConfigError(f"{target} exists already.", hint="Name another file, or say --force.")
        try:
            raw = table_bytes(table, target.suffix, self.vocabulary(initiates))
            beside = target.with_name(f".{target.name}.new")
            beside.write_bytes(raw)
            beside.replace(target)
        except Unusable as error:
            problems = tuple(str(problem) for problem in error.problems)
            raise ConfigError(f"{target} cannot hold this table; nothing was written.", problems) from error
        except OSError as error:
            raise ConfigError(f"{target} cannot be written: {error.strerror}.") from error

    def initiates(self, policy: WorkOrderPolicy) -> str:
        """What a policy of this shelf decides about."""
        return self._initiates[policy.source]
