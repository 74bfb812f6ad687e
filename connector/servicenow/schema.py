"""What an instance says about itself: class chains and choice lists.

Facts used: `sys_db_object.super_class` gives the parent class; rows of `sys_choice` on a child table replace those of its
parent for the same element, in whatever language they are; labels are translated, values are not, so only English ones count.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping as Lookup
from typing import TYPE_CHECKING

from connector.errors import Denied
from connector.servicenow.query import Op, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connector.servicenow.table import TableApi

_DEEPEST = 10  # classes above one table
_ROOT = "task"
_ENGLISH = "en"


def _accept() -> None:
    """What cannot be read is done without."""


def class_chains(api: TableApi, tables: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Each table with its ancestors, nearest first. Where the class tree cannot be read: the table, then `task`."""
    return chains_in(class_parents(api, tables), tables)


def class_parents(api: TableApi, tables: Sequence[str], *, incomplete: Callable[[], None] = _accept) -> dict[str, str]:
    """These tables and all above them: table -> its parent, "" for a root. Without those that cannot be read."""
    parents: dict[str, str] = {}
    ask = set(tables)
    for _ in range(_DEEPEST):
        if not ask:
            break
        try:
            found = list(api.scan_in("sys_db_object", "name", sorted(ask), ["name", "super_class.name"]))
        except Denied:
            incomplete()
            break
        if not found:  # a right that is missing may look like this, too
            incomplete()
        parents.update({row["name"]: row.get("super_class.name") for row in found})
        ask = {parent for parent in parents.values() if parent and parent not in parents}
    return parents


def chains_in(parents: Mapping[str, str], tables: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Each table with its ancestors in this tree."""
    return {table: _chain(table, parents) for table in tables}


def _chain(table: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    chain = [table]
    while (parent := parents.get(chain[-1], "")) and parent not in chain:
        chain.append(parent)
    if len(chain) == 1 and not parents:
        chain.append(_ROOT)
    return tuple(chain)


def state_choices(
    api: TableApi,
    columns: Mapping[str, str],
    tree: Mapping[str, str] | None = None,
    *,
    incomplete: Callable[[], None] = _accept,
) -> dict[str, dict[str, str]]:
    """The states of each table (table -> its state column): stored value -> English label. Empty where not readable, and where
    the table has a list of its own without English: its parent's words may say something else of the same values.

    `tree` is the class tree where it was read already.
    """
    chains = chains_in(tree or class_parents(api, list(columns), incomplete=incomplete), list(columns))
    elements = sorted(set(columns.values()))
    base = Query().where("element", Op.IN, *elements).where("inactive", Op.IS, "false")
    every = sorted({name for chain in chains.values() for name in chain})
    try:
        rows = list(
            api.scan_in("sys_choice", "name", every, ["name", "element", "value", "label", "language"], base=base)
        )
    except Denied:
        rows = []
    if not rows:
        incomplete()
    choices: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        mine = choices.setdefault((row["name"], row["element"]), {})
        if row.get("language") == _ENGLISH:
            mine[row["value"]] = row["label"]
    return {
        table: next((choices[name, columns[table]] for name in chain if (name, columns[table]) in choices), {})
        for table, chain in chains.items()
    }


class StateChoices:
    """The states of some tables (table -> state column), read when needed: an instance may be down at the start."""

    def __init__(self, api: TableApi, columns: Mapping[str, str]) -> None:
        self._api = api
        self._columns = columns
        self._lock = threading.Lock()
        self._found: dict[str, dict[str, str]] | None = None
        self._whole = True

    def read(self, tree: Mapping[str, str] | None = None) -> dict[str, dict[str, str]]:
        """Table -> stored value -> English label; `tree` is the class tree where it was read already.

        Raises a RemoteError; the next call tries again.
        """
        with self._lock:
            if self._found is None and not self._columns:
                self._found = {}
            if self._found is None:
                self._whole = True
                self._found = state_choices(self._api, self._columns, tree, incomplete=self._miss)
            return self._found

    def learn(self, tree: Mapping[str, str] | None = None) -> None:
        """As `read`; and what could not be read so far is asked for again, because a right may have been given since, or
        an instance refused in passing. Raises a RemoteError."""
        with self._lock:
            if not self._whole:
                self._found = None
        self.read(tree)

    def _miss(self) -> None:
        self._whole = False

    def __getitem__(self, table: str) -> Lookup[str, str]:
        return _LaterRead(self, table)


class _LaterRead(Lookup[str, str]):
    """The choices of one table, as a mapping that is read when somebody looks into it."""

    def __init__(self, choices: StateChoices, table: str) -> None:
        self._choices = choices
        self._table = table

    def __getitem__(self, value: str) -> str:
        return self._read()[value]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> Mapping[str, str]:
        return self._choices.read().get(self._table, {})
