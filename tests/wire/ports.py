"""Both ports over mocked instances, with choice lists read as at a real start."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from connector.fsm.port import FsmPort
from connector.fsm.schema import FsmSchema
from connector.om.port import OmPort
from connector.om.schema import OmSchema
from connector.servicenow.credentials import Basic
from connector.servicenow.secret import Secret
from connector.servicenow.table import TableApi
from connector.servicenow.transport import Endpoint
from tests.wire.answers import said
from tests.wire.instance import PASSWORD, USER, Table, sys_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import responses

OM_URL = "https://om.example.com"
FSM_URL = "https://fsm.example.com"
OM_TABLES = OmSchema().tables
WORK_ORDER_STATES = {"1": "Draft", "18": "Work in progress", "3": "Closed complete", "7": "Cancelled"}
DOMAIN_ORDER_STATES = {"1": "Draft", "2": "In progress", "3": "Closed complete", "7": "Canceled"}


def api(name: str, url: str) -> TableApi:
    auth = Basic(USER, Secret(lambda: PASSWORD))
    return TableApi(Endpoint(name, url, auth), sleep=lambda _: None)


def states(
    mocked: responses.RequestsMock,
    url: str,
    by_table: Mapping[str, Mapping[str, str]],
    more: Sequence[tuple[str, str, str, str]] = (),
) -> None:
    """What an instance says of its choices: states by table, and more as (column, table, value, label)."""
    shared = {"element": "state", "inactive": "false", "language": "en"}
    every = [(name, value, label) for name, states in by_table.items() for value, label in states.items()]
    rows = [
        {"sys_id": sys_id(i), "name": name, "value": value, "label": label, **shared}
        for i, (name, value, label) in enumerate(every, start=1)
    ]
    rows += [
        {**shared, "sys_id": sys_id(900 + i), "element": element, "name": name, "value": value, "label": label}
        for i, (element, name, value, label) in enumerate(more)
    ]
    Table(rows).serve(mocked, "sys_choice", url)
    Table([]).serve(mocked, "sys_db_object", url)
    Table([]).serve(mocked, "sys_dictionary", url)
    body = said("Insufficient rights to query records")
    mocked.get(re.compile(f"{url}/api/now/ui/meta/.*"), body, status=403, content_type="application/json")


def fsm_port(
    mocked: responses.RequestsMock,
    *,
    mapped: tuple[str, ...] = ("short_description", "location"),
    known_states: Mapping[str, str] | None = None,
) -> FsmPort:
    """A Field Service port. Its own reading of choices is not in `mocked.calls`."""
    known = WORK_ORDER_STATES if known_states is None else known_states
    states(mocked, FSM_URL, {"wm_order": known, "wm_task": known})
    port = FsmPort(api("fsm", FSM_URL), FsmSchema(), overrides={}, mapped=mapped)
    port.reach()
    mocked.calls.reset()
    return port


def om_port(mocked: responses.RequestsMock, *, reopen_to: str = "In progress", me: str = "") -> OmPort:
    """An Order Management port. Its own reading of choices is not in `mocked.calls`."""
    states(mocked, OM_URL, dict.fromkeys(OM_TABLES.values(), DOMAIN_ORDER_STATES))
    port = OmPort(api("om", OM_URL), OmSchema(), overrides={}, reopen_to=reopen_to, me=me)
    port.reach()
    mocked.calls.reset()
    return port


def shown(values: Mapping[str, str]) -> dict[str, Any]:
    """A record as an instance answers a write."""
    return {"result": {name: {"value": value, "display_value": value} for name, value in values.items()}}


def bodies(mocked: responses.RequestsMock) -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path and JSON of every write so far."""
    return [
        (str(call.request.method), str(call.request.path_url).partition("?")[0], json.loads(call.request.body or b"{}"))
        for call in mocked.calls
        if call.request.method != "GET"
    ]
