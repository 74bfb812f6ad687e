"""The gestures the tests of the sandbox share: a signed-in client, placing an order, finding a template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from connector.sandbox import World

START = "2026-03-02T08:00:00Z"
SDWAN = {"offering": "Business SD-WAN", "location": "Acme Hamburg HQ"}
BACKUP = {"offering": "Mobile Backup", "location": "Acme Munich Depot"}


class Client:
    """A `requests` session signed in to one instance, with paths relative to the Table API."""

    def __init__(self, world: World, name: str, login: str) -> None:
        self.world = world
        self.base = world.instance(name).base_url
        self.session = requests.Session()
        self.session.mount(self.base, world.adapter(name))
        self.session.auth = (login, world.users(name)[login].password)

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        path = path if path.startswith("/") else f"/api/now/table/{path}"
        return self.session.request(method, self.base + path, **options)

    def get(self, path: str, **params: str) -> requests.Response:
        return self.call("GET", path, params=params)

    def rows(self, table: str, query: str = "", **params: str) -> list[dict[str, Any]]:
        response = self.get(table, sysparm_query=query, sysparm_exclude_reference_link="true", **params)
        assert response.status_code == 200, response.text
        result: list[dict[str, Any]] = response.json()["result"]
        return result

    def row(self, table: str, query: str, **params: str) -> dict[str, Any]:
        rows = self.rows(table, query, **params)
        assert len(rows) == 1, rows
        return rows[0]

    def post(self, table: str, **body: Any) -> requests.Response:
        return self.call("POST", table, json=body, params={"sysparm_exclude_reference_link": "true"})

    def patch(self, table: str, sys_id: str, **body: Any) -> requests.Response:
        return self.call("PATCH", f"{table}/{sys_id}", json=body, params={"sysparm_exclude_reference_link": "true"})

    def made(self, table: str, **body: Any) -> dict[str, Any]:
        response = self.post(table, **body)
        assert response.status_code == 201, response.text
        result: dict[str, Any] = response.json()["result"]
        return result


def place_order(world: World, *lines: dict[str, Any], approve: bool = True) -> str:
    """The number of a new order, placed and (unless told otherwise) approved and decomposed."""
    made = world.act(
        "om",
        {"do": "create_order", "account": "Acme Logistics", "contact": "Anna Weber", "lines": list(lines or (SDWAN,))},
    )
    number: str = made["order"]["number"]
    world.act("om", {"do": "place", "order": number})
    if approve:
        world.act("om", {"do": "approve", "order": number})
        world.advance(3)
    return number


def template(fsm: Client, name: str) -> str:
    sys_id: str = fsm.row("cmdb_workorder_product_model", f"name={name}")["sys_id"]
    return sys_id


def finish_visits(world: World) -> None:
    """Every open work order is qualified where that is needed, dispatched, worked and closed."""
    fsm = world.fsm
    for order in fsm.store.find("wm_order", active="true"):
        if fsm.schema.table("wm_order").role_of("state", order["state"]) == "awaiting_qualification":
            world.act("fsm", {"do": "qualify", "work_order": order["number"]})
        for move in ({"do": "dispatch", "technician": "technician"}, {"do": "start"}, {"do": "complete"}):
            world.act("fsm", {**move, "work_order": order["number"]})
