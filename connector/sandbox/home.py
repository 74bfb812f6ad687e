"""What scripts in queries can ask an instance about itself and its people: groups, columns of a user, properties, filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.sandbox.schema import Schema
    from connector.sandbox.store import Row, Store


@dataclass(frozen=True)
class Home:
    store: Store
    schema: Schema

    def groups_of(self, user_id: str) -> list[str]:
        return [row["group"] for row in self._find("sys_user_grmember", user=user_id)]

    def user_value(self, user_id: str, key: str) -> str:
        """Empty for a user or a column nobody knows, and for the password."""
        rows = self._find("sys_user", sys_id=user_id)
        return rows[0].get(key, "") if rows and key != "user_password" else ""

    def property_of(self, name: str) -> str:
        rows = self._find("sys_properties", name=name)
        return rows[0]["value"] if rows else ""

    def dynamic_filter(self, sys_id: str) -> str:
        """The script of a dynamic filter option; empty when there is none that is active."""
        rows = self._find("sys_filter_option_dynamic", sys_id=sys_id, active="true") if sys_id else []
        return rows[0]["script"] if rows else ""

    def _find(self, table: str, **equal: str) -> list[Row]:
        return self.store.find(table, **equal) if table in self.schema.tables else []
