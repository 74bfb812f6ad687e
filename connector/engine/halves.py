"""What is asked about many records together and fails is asked again in halves, until the record that spoils it stands alone.

What concerns everything (nobody answers, the user is refused) is not searched for: it would be asked again and again. Nor is
what spoils every record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import sqlalchemy as sa

from connector.errors import (
    AbsurdAnswer,
    Denied,
    MemoryFailed,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")

_ENOUGH = 3  # records that each failed alone, while none could be asked about: then it is not about these records
OF_ONE_RECORD = (Denied, AbsurdAnswer, Rejected)
"""Failures of a request that may be the fault of one record it asked about."""


class Search(Generic[Answer]):
    """One question about many records, cut in halves where it fails. `concerns_all` says whether an error does."""

    def __init__(self, ask: Callable[[list[str]], Answer], concerns_all: Callable[[RemoteError], bool]) -> None:
        self.answers: list[Answer] = []
        self.failed: dict[str, Exception] = {}  # what cannot be asked about, and why
        self._ask = ask
        self._concerns_all = concerns_all

    def among(self, sys_ids: list[str]) -> None:
        """Ask about these. Raises what concerns all of them."""
        waiting = [sys_ids] if sys_ids else []
        while waiting:
            some = waiting.pop()
            try:
                answer = self._ask(some)
            except Exception as error:
                if not self._is_of_one_record(error):
                    raise
                if len(some) > 1:
                    first, second = halves(some)
                    waiting += [second, first]
                    continue
                if len(self.failed) + 1 >= _ENOUGH and not self.answers:
                    raise
                self.failed[some[0]] = error
                waiting.sort(key=len)  # elsewhere next: several that stand together are not all of them
            else:
                self.answers.append(answer)

    def _is_of_one_record(self, error: Exception) -> bool:
        if isinstance(error, Unavailable | OutcomeUnknown):
            return not self._concerns_all(error)
        return is_of_one_record(error)


def is_of_one_record(error: Exception) -> bool:
    """Whether an error may be the fault of one record, and says nothing about an instance or memory as a whole."""
    if isinstance(error, RemoteError):
        return isinstance(error, OF_ONE_RECORD)
    if isinstance(error, MemoryFailed):
        return False
    if isinstance(error, sa.exc.SQLAlchemyError):
        return isinstance(error, sa.exc.IntegrityError)
    return not isinstance(error, OSError)


def halves(some: list[str]) -> tuple[list[str], list[str]]:
    """The first and the second half."""
    middle = len(some) // 2
    return some[:middle], some[middle:]
