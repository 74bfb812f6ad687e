"""Facts of Field Service besides tables and columns: its templates, state flows, and how Service Management is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.servicenow.query import Op, Query

if TYPE_CHECKING:
    from connector.discover.evidence import Evidence
    from connector.mapping.references import Lookup
    from connector.servicenow.table import TableApi

CONFIG = "sm_config"
FLOWS = {"work_order": "sf_work_order", "work_order_task": "sf_work_task"}


def read_fsm_facts(api: TableApi, templates: Lookup, work_orders: str, found: Evidence) -> None:
    """Add what may be read; name what may not."""

    def templates_there() -> None:
        rows = api.scan(templates.table, Query(), [templates.shown_as], display=False)
        names = sorted(row.get(templates.shown_as) for row in rows)
        found.facts["work order templates"] = ", ".join(names)

    def configuration() -> None:
        for row in api.scan(CONFIG, Query().where("table", Op.IS, work_orders), config_columns(api), display=False):
            for column, value in row.values.items():
                if column not in ("sys_id", "table"):
                    found.facts[f"{CONFIG} {work_orders}.{column}"] = value

    def flows() -> None:
        for table in FLOWS.values():
            for row in api.scan(table, Query(), ["name", "starting_state", "ending_state"], display=False):
                steps = f"{row.get('starting_state')} -> {row.get('ending_state')}"
                found.facts[f"{table} {row.get('name')} {row['sys_id'][:6]}"] = steps

    found.try_to("work order templates", "policies cannot be compared with them", templates_there)
    found.try_to(CONFIG, "whether options double the connector's notes is not known", configuration)
    found.try_to("state flows", "which transitions are allowed is only known from refusals", flows)


def config_columns(api: TableApi) -> list[str]:
    """The yes-or-no columns of the configuration of Service Management; they differ by release."""
    flags = Query().where("name", Op.IS, CONFIG).where("internal_type", Op.IS, "boolean")
    return sorted(row.get("element") for row in api.scan("sys_dictionary", flags, ["element"], display=False))
