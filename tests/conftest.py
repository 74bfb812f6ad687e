"""What every kind of test shares: a pair of sandbox instances in virtual time, and the connector beside them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import HealthCheck, settings
from requests.auth import AuthBase

from connector import app, memory
from connector.config import Loaded, load
from connector.demo.setup import write_config
from connector.engine.history import overview
from connector.mapping.marks import WorkOrderKey, tokens_in
from connector.sandbox import World
from tests.leaks import pytest_configure, pytest_runtest_makereport, pytest_runtest_setup  # noqa: F401 - hooks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from requests.adapters import BaseAdapter

    from connector.model import Plan

# A loaded machine is slow; that is no defect. How many examples are tried stays as it is.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

ORDER = "sn_ind_tmt_orm_order"
LINE = "sn_ind_tmt_orm_order_line_item"
DOMAIN_ORDER = "sn_ind_tmt_orm_domain_order"
STATES = {
    "om.order": ORDER,
    "om.domain_order": DOMAIN_ORDER,
    "om.order_task": "sn_ind_tmt_orm_order_task",
    "fsm.work_order": "wm_order",
}
HAMBURG = "Acme Hamburg HQ"
MUNICH = "Acme Munich Depot"
OVERLAP = 721  # seconds after which a poll no longer reads a row again


@dataclass
class Pair:
    """Two sandbox instances in virtual time, and the connector as a person would call it. No socket is opened."""

    world: World
    loaded: Loaded
    _readers: dict[str, requests.Session] = field(default_factory=dict)
    lines: dict[str, BaseAdapter] = field(
        default_factory=dict
    )  # side -> its line to the connector, where that is altered

    # --- the connector -------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return self.world.source.now().astimezone(UTC)

    def outside(self) -> app.World:
        adapters = {side: self.lines.get(side) or self.world.adapter(side) for side in ("om", "fsm")}
        return app.World(clock=self.now, sleep=self.world.advance, adapters=adapters)

    def sync(self, *, full: bool = False) -> app.Pass:
        """One pass, and a moment for the instances to do what is due."""
        with app.writing(self.loaded, self.outside()) as (engine, systems):
            done = app.sync_once(engine, systems, self.now, full=full)
        self.world.advance(5)
        return done

    def settle(self) -> None:
        """Pass after pass, each long after the last, until nothing is left to do."""
        for done, waiting in self._passes():
            if not done.plans and not waiting:
                return
        raise AssertionError(f"the connector does not come to rest: {self.waiting()}")

    def settle_but_parked(self) -> None:
        """Pass after pass until only a parked write is left."""
        for _, waiting in self._passes():
            if set(waiting) == {"parked"}:
                return
        raise AssertionError(f"there is more than one parked write: {self.waiting()}")

    def _passes(self) -> Iterator[tuple[app.Pass, dict[str, int]]]:
        """One life of the connector: at most so many passes, each with the writes that are not settled after it."""
        with app.writing(self.loaded, self.outside()) as (engine, systems):
            for _ in range(12):
                self.world.advance(400)
                done = app.sync_once(engine, systems, self.now)
                self.world.advance(5)
                yield done, engine.store.waiting()

    def parked(self) -> int:
        """The id of the one parked write."""
        database = memory.reading(self.loaded)
        assert database is not None
        [one] = overview(database).waiting
        return one.id

    def retry(self) -> None:
        """A person lets the one parked write be tried again."""
        with app.writing(self.loaded, self.outside()) as (engine, _):
            assert engine.store.release_parked(self.parked(), self.now(), drop=False)

    def finding_codes(self) -> list[str]:
        """What a person should look at, by code."""
        database = memory.reading(self.loaded)
        assert database is not None
        return [found.code.value for found in overview(database).findings]

    def waiting(self) -> dict[str, int]:
        """Writes that are not settled."""
        with app.writing(self.loaded, self.outside()) as (engine, _):
            return engine.store.waiting()

    def plan(self) -> tuple[Plan, ...]:
        return app.plan_once(self.loaded, self.outside())

    @property
    def memory(self) -> Path:
        return self.loaded.resolve(self.loaded.settings.memory.path)

    def forget(self) -> None:
        """Lose the local database."""
        for path in self.memory.parent.glob(f"{self.memory.name}*"):
            path.unlink()

    def copied(self) -> dict[Path, bytes]:
        """A copy of the local database, with what its log holds."""
        names = (self.memory, self.memory.with_name(f"{self.memory.name}-wal"))
        return {path: path.read_bytes() for path in names if path.exists()}

    def put_back(self, copy: dict[Path, bytes]) -> None:
        """Lose the local database, and put an old copy in its place."""
        self.forget()
        for path, content in copy.items():
            path.write_bytes(content)

    def lock(self, side: str, table: str, column: str) -> None:
        """An instance drops silently what anybody writes into a column of a table."""
        access = self.world.instance(side).access
        for at, grant in enumerate(access.grants):
            if table in grant.tables and grant.operations & {"write", "create"}:
                access.grants[at] = replace(grant, excepted=grant.excepted | {column})
        access.rights.cache_clear()

    # --- people --------------------------------------------------------------------------------------------

    def om(self, do: str, **arguments: Any) -> dict[str, Any]:
        return self.world.act("om", {"do": do, **arguments})

    def fsm(self, do: str, **arguments: Any) -> dict[str, Any]:
        return self.world.act("fsm", {"do": do, **arguments})

    def place(self, *sites: str, offering: str = "Business SD-WAN", **more: Any) -> str:
        """An order with one line for each site, placed. Returns its number."""
        common = {"offering": offering, "committed_due_date": "2026-04-01 12:00:00", **more}
        lines = [{**common, "location": site, "characteristics": {"Bandwidth": "100 Mbit/s"}} for site in sites]
        number = self.om("create_order", account="Acme Logistics", contact="Anna Weber", lines=lines)["order"]["number"]
        self.om("place", order=number)
        return str(number)

    def approved(self, *sites: str, **more: Any) -> str:
        """An order that was approved and decomposed."""
        number = self.place(*sites, **more)
        self.om("approve", order=number)
        self.world.advance(10)
        return number

    # --- what the records say, over REST -------------------------------------------------------------------

    def rows(self, side: str, table: str, query: str, *fields: str) -> list[dict[str, str]]:
        """Stored values, read by the administrator."""
        shown = self._read(side, table, query, fields, "false")
        return [{name: str(row.get(name, "")) for name in fields} for row in shown]

    def labels(self, side: str, table: str, query: str, name: str) -> list[str]:
        """One column as people see it."""
        return [str(row[name]) for row in self._read(side, table, query, (name,), "true")]

    def _read(self, side: str, table: str, query: str, fields: tuple[str, ...], display: str) -> list[dict[str, Any]]:
        instance = self.world.instance(side)
        if side not in self._readers:
            session = requests.Session()
            session.trust_env = False  # no proxy is looked for
            session.mount(instance.base_url, self.world.adapter(side))
            session.auth = ("admin", self.world.users(side)["admin"].password)
            self._readers[side] = session
        if instance.switches["basic_auth_gate"]:
            token, _ = instance.tokens.issue("admin", shared=True)
            self._readers[side].auth = _Bearer(token.text)
        answer = self._readers[side].get(
            f"{instance.base_url}/api/now/table/{table}",
            params={
                "sysparm_query": query,
                "sysparm_fields": ",".join(fields),
                "sysparm_display_value": display,
                "sysparm_exclude_reference_link": "true",
            },
        )
        answer.raise_for_status()
        return list(answer.json()["result"])

    def domain_orders(self, order: str, kind: str = "") -> list[str]:
        """Numbers of an order's domain orders, of one class if wanted."""
        query = f"order_line_item.order.number={order}^ORDERBYnumber"
        rows = self.rows("om", DOMAIN_ORDER, query, "number", "sys_class_name")
        return [row["number"] for row in rows if row["sys_class_name"].endswith(kind)]

    def resource_order(self, order: str) -> str:
        """The first resource order: the one whose CPE is installed."""
        return self.domain_orders(order, "resource_order")[0]

    def install(self, order: str) -> str:
        """The first Install CPE work order of an order."""
        return self.work_orders(order, "Install CPE")[0]

    def work_orders(self, order: str, template: str = "") -> list[str]:
        """Numbers of the work orders of an order, by the order number in their description."""
        query = f"descriptionLIKE{order}^ORDERBYnumber" + (f"^template.name={template}" if template else "")
        return [row["number"] for row in self.rows("fsm", "wm_order", query, "number")]

    def notes(self, domain_order: str) -> list[str]:
        """Work notes on a domain order, oldest first."""
        sys_id = self.rows("om", DOMAIN_ORDER, f"number={domain_order}", "sys_id")[0]["sys_id"]
        query = f"element_id={sys_id}^element=work_notes^ORDERBYsys_created_on"
        return [row["value"] for row in self.rows("om", "sys_journal_field", query, "value")]

    def noted(self, domain_order: str, *words: str) -> bool:
        """Whether one note holds all these words."""
        return any(all(word in note for word in words) for note in self.notes(domain_order))

    def state(self, side: str, table: str, number: str) -> str:
        return self.labels(side, table, f"number={number}", "state")[0].casefold()

    # --- the promises --------------------------------------------------------------------------------------

    def assert_nothing_doubled(self) -> None:
        """Each intended work order exists once, and each note was written once."""
        rows = self.rows("fsm", "wm_order", "", "correlation_id")
        keys = Counter(row["correlation_id"] for row in rows if WorkOrderKey.parse(row["correlation_id"]))
        assert [key for key, count in keys.items() if count > 1] == []
        values = [row["value"] for row in self.rows("om", "sys_journal_field", "element=work_notes", "value")]
        tokens = Counter(token for value in values for token in tokens_in(value))
        assert [token for token, count in tokens.items() if count > 1] == []


def labels_of(world: World, path: str) -> dict[str, str]:
    """What an administrator of an instance that keeps its choice lists to itself would tell: stored value -> label."""
    column = world.instance(path.partition(".")[0]).schema.table(STATES[path]).columns["state"]
    return {choice.value: choice.label for choice in column.choices}


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def sandbox_info(world: World) -> dict[str, Any]:
    """What a served sandbox would say of itself."""
    info: dict[str, Any] = {"ca_file": "ca.pem"}
    for side in ("om", "fsm"):
        users = {name: {"password": user.password} for name, user in world.users(side).items()}
        instance = world.instance(side)
        info[side] = {"url": instance.base_url, "users": users, "oauth": dict(instance.oauth_client)}
    return info


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """A fresh pair on the default profile."""
    return make_pair(tmp_path)


def with_cases(pair: Pair, policy: str, **said: str) -> Pair:
    """The pair with a policy for cases, and what stands under [case], as TOML."""
    path = pair.loaded.path
    (path.parent / "case_policy.csv").write_text(policy, encoding="utf-8")
    text = path.read_text(encoding="utf-8").replace("[policy]", '[policy]\ncase = "case_policy.csv"')
    lines = "".join(f"{name} = {value}\n" for name, value in said.items())
    path.write_text(f"{text}\n[case]\n{lines}", encoding="utf-8")
    pair.loaded = load(path)
    return pair


def make_pair(tmp_path: Path, profile: str = "default", *, oauth: bool = False, seed: int = 1) -> Pair:
    """Two sandbox instances on the same morning, and a configuration that points at them."""
    world = World.create(profile=profile, clock="manual", start="2026-03-02T08:00:00Z", seed=seed)
    (tmp_path / "ca.pem").touch()  # no certificate is looked at in process
    states = None if profile == "default" else {path: labels_of(world, path) for path in STATES}
    config = write_config(tmp_path, sandbox_info(world), oauth=oauth, states=states)
    # One write after the other: what a test sees does not depend on threads. Sweeps as often as by default.
    text = config.read_text(encoding="utf-8").replace("sweep_seconds = 30.0", "sweep_seconds = 900.0")
    config.write_text(f"{text}\n[outbox]\nin_flight = 1\n", encoding="utf-8")
    return Pair(world, load(config))
