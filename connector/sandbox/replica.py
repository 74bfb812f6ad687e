"""A read replica that lags: another store that receives every committed record some seconds late."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connector.sandbox.store import Row, Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.schema import Schema, Table


class Replica:
    """It starts as an exact copy; from then on `hear` is its listener to the commits of the primary."""

    def __init__(
        self, schema: Schema, primary: Store, later: Callable[[float, Callable[[], None]], None], lag: float
    ) -> None:
        self.lag = lag
        self.store = Store(schema, primary.image())
        self._primary = primary
        self._later = later

    def hear(self, table: Table, sys_id: str, _operation: str, _mod_count: str) -> None:
        row = self._primary.get(table, sys_id)
        if row is not None:
            self._later(self.lag, partial(self._arrive, table, row))
        else:
            self._later(self.lag, partial(self.store.delete, table, sys_id))

    def _arrive(self, table: Table, row: Row) -> None:
        self.store.put(table, row)
