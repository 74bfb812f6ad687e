"""Everything an instance shows of how it is made, read once. What it does not show is named with what that costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.servicenow.columns import META, columns_of
from connector.servicenow.names import REFUSED
from connector.servicenow.query import Op, Query, Term
from connector.setting import is_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from connector.servicenow.columns import TableColumns
    from connector.servicenow.table import Row, TableApi

ENGLISH = "en"
PROPERTIES = (
    "sn_ind_tmt_orm.", "work.management.", "glide.sys.default.tz", "glide.invalid_query.", "glide.rest.choice.",
    "glide.authenticate.basic_auth.restriction.", "glide.buildtag", "instance_name", "instance_id", "glide.servlet.uri",
)  # fmt: skip
"""Beginnings of the names of properties that say how an instance behaves towards the connector."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One state of a table as its choice list shows it."""

    value: str
    label: str
    language: str


@dataclass(slots=True)
class Evidence:
    """One instance."""

    columns: dict[str, TableColumns] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)  # table -> what people call it
    choices: dict[str, tuple[Choice, ...]] = field(default_factory=dict)  # table -> its active states
    facts: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def try_to(self, what: str, costs: str, read: Callable[[], None]) -> None:
        """Read something that an integration user is often kept from."""
        try:
            read()
        except REFUSED:
            self.unreadable[what] = costs


def gather(api: TableApi, tables: Sequence[str], state_columns: Mapping[str, str]) -> Evidence:
    """Read what an instance says about these tables and itself; states where it is known which columns hold them.

    Raises a RemoteError where it says nothing at all.
    """
    found = Evidence(columns=columns_of(api, tables))
    for table, said in found.columns.items():
        if said.exists and not said.is_known:
            found.unreadable[f"columns of {table}"] = "they are taken from the configuration, unverified"
    found.try_to(
        "sys_db_object", "a table that is called differently is not found", lambda: _labels(api, tables, found)
    )
    if state_columns:
        read_choices(api, state_columns, found)
    found.try_to("sys_properties", "settings of the platform are not watched", lambda: _properties(api, found))
    found.try_to("v_plugin", "nobody tells which plug-ins are active", lambda: _plugins(api, found))
    if not any(fact.startswith("plugin ") for fact in found.facts):
        found.unreadable["v_plugin"] = "nobody tells which plug-ins are active"
    return found


def _labels(api: TableApi, tables: Iterable[str], found: Evidence) -> None:
    for row in api.scan_in("sys_db_object", "name", tables, ["name", "label"]):
        found.labels[row.get("name")] = row.get("label")


def tables_called(api: TableApi, label: str) -> list[str]:
    """The tables people call so; none where that may not be asked."""
    try:
        rows = list(api.scan("sys_db_object", Query().where("label", Op.IS, label), ["name", "label"], display=False))
    except REFUSED:
        return []
    return sorted(row.get("name") for row in rows if is_name(row.get("name")))


def read_choices(api: TableApi, state_columns: Mapping[str, str], found: Evidence) -> None:
    """Add the states of these tables (table -> its state column)."""
    chains = {table: found.columns[table].chain for table in state_columns if table in found.columns}
    names = sorted({name for chain in chains.values() for name in chain})
    elements = sorted({column for column in state_columns.values() if column})
    base = Query().where("element", Op.IN, *elements)
    asked = ["name", "element", "value", "label", "language", "inactive"]
    try:
        rows = list(api.scan_in("sys_choice", "name", names, asked, base=base))
    except REFUSED:
        rows = []
    active = [row for row in rows if row.get("inactive") != "true"]
    for table, chain in chains.items():
        listed = _listed(active, chain, state_columns[table])
        column = found.columns[table].columns.get(state_columns[table])
        if not listed and column is not None and found.columns[table].source == META:
            listed = tuple(Choice(value, label, "") for value, label in column.choices.items())
        if listed:
            found.choices[table] = listed
        else:
            found.unreadable[f"states of {table}"] = "they are taken from the configuration"


def _listed(rows: Sequence[Row], chain: Sequence[str], column: str) -> tuple[Choice, ...]:
    """The rows of the nearest class that has any: they replace those of its parents."""
    for name in chain:
        mine = [row for row in rows if row.get("name") == name and row.get("element") == column]
        if mine:
            english = {row.get("value") for row in mine if row.get("language") == ENGLISH}
            kept = [row for row in mine if row.get("language") == ENGLISH or row.get("value") not in english]
            return tuple(Choice(row.get("value"), row.get("label"), row.get("language")) for row in kept)
    return ()


def _properties(api: TableApi, found: Evidence) -> None:
    terms = [Term("name", Op.STARTS_WITH, (name,)) for name in PROPERTIES]
    for row in api.scan_any("sys_properties", terms, ["name", "value"]):
        if row.get("value"):
            found.facts[f"property {row.get('name')}"] = row.get("value")[:200]


def _plugins(api: TableApi, found: Evidence) -> None:
    wanted = ("com.sn_ind_tmt_orm", "com.snc.work_management", "com.snc.csm_fsm_integration", "com.sn_om_tmt",
              "com.snc.uib.fsm_agent_workspace")  # fmt: skip
    for row in api.scan_in("v_plugin", "id", wanted, ["id", "active"]):
        found.facts[f"plugin {row.get('id')}"] = row.get("active")
