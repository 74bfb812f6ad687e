"""One secret while the process runs: read once, and again when its file changes or when it was refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _never() -> object:
    return None


class Secret:
    """`read` fetches the secret from where it is and may raise ValueError; `stamp` differs when that place has changed.

    What cannot be read any more leaves what was read before.
    """

    def __init__(self, read: Callable[[], str], *, stamp: Callable[[], object] = _never, known: str = "") -> None:
        self._read = read
        self._stamp = stamp
        self._seen = stamp()
        self._text = known or read()
        self._before = ""

    def text(self) -> str:
        """The secret as it is now."""
        if self.changed:
            self.again()
        return self._text

    @property
    def changed(self) -> bool:
        """Whether its place looks different since it was read."""
        return self._stamp() != self._seen

    @property
    def held(self) -> tuple[str, ...]:
        """All of it that may still be on its way, without looking where it is kept: as it is, and as it was before that."""
        return tuple(filter(None, (self._text, self._before)))

    def again(self) -> None:
        """Read it again."""
        self._seen = self._stamp()
        try:
            found = self._read()
        except ValueError:
            return
        if found != self._text:
            self._text, self._before = found, self._text
