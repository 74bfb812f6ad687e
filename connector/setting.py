"""What settings are made of: sections that refuse unknown keys, and secrets that are named by where they are:
`{ env = "NAME" }`, `{ file = "path" }` or `{ command = ["program", "argument"] }`.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer, model_validator

_COMMAND_SECONDS = 30


class Section(BaseModel):
    """A table of the file. Unknown keys are refused: a misspelt setting must not be ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


_NAME = re.compile(r"[a-z0-9_]+", re.ASCII | re.IGNORECASE)


def is_name(text: str, *, dotted: bool = False) -> bool:
    """Whether an instance could call a table or column so. What is none never reaches an address or a question.

    >>> is_name("wm_order"), is_name("account.name"), is_name("account.name", dotted=True), is_name("wm_order^active=true")
    (True, False, True, False)
    """
    return all(_NAME.fullmatch(part) for part in (text.split(".") if dotted else [text]))


def no_name(text: str, what: str, *, dotted: bool = False) -> str:
    """What is wrong with the name of a table or column (`what`); empty where nothing is."""
    return "" if is_name(text, dotted=dotted) else f"{text!r} is no name of a {what}: letters, digits and _ alone"


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

    @field_serializer("command")
    def _program_alone(self, command: tuple[str, ...] | None) -> tuple[str, ...] | None:
        # Whoever put a secret among the arguments after all finds it shown nowhere.
        return command and (command[0], *("***" for _ in command[1:]))

    def stamp(self, base: Path) -> tuple[int, ...]:
        """Differs when the file was changed or replaced; always the same for other places and for a file that is gone."""
        if self.file is None:
            return ()
        try:
            seen = (base / self.file).stat()
        except OSError:
            return ()
        return seen.st_ino, seen.st_mtime_ns, seen.st_size

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
