"""The error tree. Each error answers one question: again, later, or a human? docs/troubleshooting.md has its id.

ConnectorError                    exit code   who acts
├── ConfigError                   2           a human: every problem of the configuration at once
├── NotFound                      4           a human: no such number in memory
├── Refused                       5           a human: a rule says no (a second daemon, the gate)
├── Held                          2, 3, 5, 6  later, or a human: a side is held or braked
├── MemoryFailed                  1           later: the disk is full, the file locked; nothing was sent that is not on disk
│   └── MemoryDamaged             1           a human: the file is broken; nothing may be read from it
└── RemoteError
    ├── SignInFailed              3           a human: 401; concerns everything, and is never repeated in a loop
    ├── Denied                    3           a human: a right is missing; some reads have a fallback
    ├── Rejected                  1           a human: the instance understood and said no
    │   └── Duplicate             1           look: a record with this sys_id or unique key exists already
    ├── SchemaMismatch            2           a human: tables or columns are called differently there
    ├── AbsurdAnswer              1           a human: an answer that cannot be true; nothing may be concluded from it
    │   └── NothingShown          1           look again: an empty answer where nothing shows that it is not merely closed
    ├── Unavailable               6           later: nothing was executed (refused connection, 429, a read that failed)
    │   └── Hibernating           6           later: somebody has to wake it
    └── OutcomeUnknown            6           look first: a write may or may not have been executed
"""

from __future__ import annotations

from pathlib import Path


class ConnectorError(Exception):
    """What happened (`str(error)`), and what to do about it (`hint`)."""

    id = "failed"  # as docs/troubleshooting.md knows it; never changed
    exit_code = 1

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.hint = hint


class ConfigError(ConnectorError):
    """The configuration or a policy cannot be used. Nothing was done."""

    id = "config-unusable"
    exit_code = 2

    def __init__(self, what: str, problems: tuple[str, ...] = (), *, hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.problems = problems


class NotFound(ConnectorError):
    """Memory knows nothing by that number."""

    id = "not-found"
    exit_code = 4


class Refused(ConnectorError):
    """A rule of ours says no."""

    id = "refused"
    exit_code = 5


class MemoryFailed(ConnectorError):
    """The local database could not be read or written."""

    id = "memory-failed"


class MemoryDamaged(MemoryFailed):
    """The local database is broken. What it says can no longer be believed."""

    id = "memory-damaged"


class Held(ConnectorError):
    """A side is held, or braked, so nothing was done. `exit_code` says why: 2, 3, 5 or 6."""

    id = "held"

    def __init__(self, what: str, *, hint: str, exit_code: int) -> None:
        super().__init__(what, hint=hint)
        self.exit_code = exit_code


class RemoteError(ConnectorError):
    """An instance did not do what was asked. `status` is the HTTP status, 0 when there was none.

    `instance` is the name of the instance; empty where the error is not about the instance but about one value.
    """

    id = "remote-failed"

    def __init__(
        self,
        what: str,
        *,
        hint: str = "",
        status: int = 0,
        transaction: str = "",
        retry_after: float | None = None,
        instance: str = "",
    ) -> None:
        super().__init__(what, hint=hint)
        self.instance = instance
        self.status = status
        self.transaction = transaction  # the platform's X-Transaction-ID, for a ServiceNow support case
        self.retry_after = retry_after  # seconds


class SignInFailed(RemoteError):
    """The instance does not accept the user."""

    id = "sign-in-failed"
    exit_code = 3


class Denied(RemoteError):
    """A right is missing."""

    id = "denied"
    exit_code = 3


class Rejected(RemoteError):
    """The instance understood the request and refused it; repeating it would not help."""

    id = "rejected"


class Duplicate(Rejected):
    """A record with this sys_id or unique key exists already."""

    id = "duplicate"


class SchemaMismatch(RemoteError):
    """The instance is not as it is configured: a table or column is missing, or called differently."""

    id = "schema-mismatch"
    exit_code = 2


class AbsurdAnswer(RemoteError):
    """An answer that contradicts the question. The one brake every read has."""

    id = "absurd-answer"


class NothingShown(AbsurdAnswer):
    """A table without a single record to see: empty, or closed to the user. The two look the same."""

    id = "nothing-shown"


class Unavailable(RemoteError):
    """The instance could not be used, and surely executed nothing."""

    id = "unavailable"
    exit_code = 6


class Hibernating(Unavailable):
    """The instance sleeps until somebody wakes it on the developer site."""

    id = "hibernating"


class OutcomeUnknown(RemoteError):
    """A write was sent and its fate is not known."""

    id = "outcome-unknown"
    exit_code = 6


def unexpected(error: Exception) -> str:
    """Which error nobody expected, and where it arose. Its message is left out: it may quote a record or a secret."""
    place, step = "", error.__traceback__
    while step is not None:
        place = f" at {Path(step.tb_frame.f_code.co_filename).name}:{step.tb_lineno}"
        step = step.tb_next
    return f"{type(error).__name__}{place}"
