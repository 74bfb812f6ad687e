"""What every kind of test shares: a pair of sandbox instances, and the connector beside them, in one process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connector import app
from connector.config import Loaded, load
from connector.demo.setup import write_config
from connector.sandbox import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.model import Plan

ORDER = "sn_ind_tmt_orm_order"
LINE = "sn_ind_tmt_orm_order_line_item"
DOMAIN_ORDER = "sn_ind_tmt_orm_domain_order"


@dataclass
class Pair:
    """Two sandbox instances in virtual time, and the connector as a person would call it. No socket is opened."""

    world: World
    loaded: Loaded

    def now(self) -> datetime:
        return self.world.source.now().astimezone(UTC)

    def outside(self) -> app.World:
        adapters = {"om": self.world.adapter("om"), "fsm": self.world.adapter("fsm")}
        return app.World(clock=self.now, sleep=lambda seconds: self.world.advance(seconds), adapters=adapters)

    def sync(self, *, full: bool = False) -> app.Pass:
        with app.writing(self.loaded, self.outside()) as (engine, systems):
            return app.sync_once(engine, systems, self.now, full=full)

    def plan(self) -> tuple[Plan, ...]:
        return app.plan_once(self.loaded, self.outside())

    def om(self, do: str, **arguments: Any) -> dict[str, Any]:
        return self.world.act("om", {"do": do, **arguments})

    def fsm(self, do: str, **arguments: Any) -> dict[str, Any]:
        return self.world.act("fsm", {"do": do, **arguments})


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    world = World.create(profile="default", clock="manual", start="2026-03-02T08:00:00Z", seed=1)
    info: dict[str, Any] = {"ca_file": "ca.pem"}
    for side in ("om", "fsm"):
        users = {name: {"password": user.password} for name, user in world.users(side).items()}
        info[side] = {"url": world.instance(side).base_url, "users": users}
    yield Pair(world, load(write_config(tmp_path, info)))
