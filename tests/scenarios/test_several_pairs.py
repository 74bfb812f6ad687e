"""README promise: several Order Management instances may feed one Field Service, and one may feed several; each pair for itself.

Two sandboxes of the same seed are clones of each other: their orders have the same numbers, and the same sys_ids.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from connector.config import load
from connector.demo.setup import write_config
from connector.sandbox import World
from tests.conftest import DOMAIN_ORDER, HAMBURG, Pair, sandbox_info

if TYPE_CHECKING:
    from pathlib import Path

START = "2026-03-02T08:00:00Z"
INSTALL = "Install CPE"


class Between:
    """The Order Management of one sandbox and the Field Service of another, as if they were one; time passes on all of them."""

    def __init__(self, om: World, fsm: World, everywhere: tuple[World, ...]) -> None:
        self._worlds = {"om": om, "fsm": fsm}
        self._everywhere = everywhere
        self.source = om.source

    def instance(self, side: str) -> Any:
        return self._worlds[side].instance(side)

    def users(self, side: str) -> Any:
        return self._worlds[side].users(side)

    def adapter(self, side: str) -> Any:
        return self._worlds[side].adapter(side)

    def act(self, side: str, move: dict[str, Any]) -> Any:
        return self._worlds[side].act(side, move)

    def advance(self, seconds: float) -> None:
        for world in self._everywhere:
            world.advance(seconds)


def pairs_of(tmp_path: Path, *worlds: tuple[str, World, World]) -> list[Pair]:
    """A connector for each: the name it gives to its Order Management, that, and its Field Service."""
    everywhere = tuple({id(world): world for _, om, fsm in worlds for world in (om, fsm)}.values())
    made = []
    for number, (name, om, fsm) in enumerate(worlds):
        directory = tmp_path / str(number)
        directory.mkdir()
        (directory / "ca.pem").touch()
        config = write_config(directory, sandbox_info(om) | {"fsm": sandbox_info(fsm)["fsm"]})
        text = config.read_text(encoding="utf-8").replace('[om]\nname = "om"', f'[om]\nname = "{name}"')
        config.write_text(f"{text}\n[outbox]\nin_flight = 1\n", encoding="utf-8")
        made.append(Pair(Between(om, fsm, everywhere), load(config)))  # type: ignore[arg-type]
    return made


@pytest.fixture
def worlds() -> list[World]:
    return [World.create(clock="manual", start=START, seed=1) for _ in range(2)]


@pytest.fixture
def clones(tmp_path: Path, worlds: list[World]) -> list[Pair]:
    """Two order managements that feed one field service."""
    return pairs_of(tmp_path, ("east", worlds[0], worlds[0]), ("west", worlds[1], worlds[0]))


def installs(pair: Pair) -> dict[str, str]:
    """Each Install CPE work order in Field Service: its mark and its state."""
    rows = pair.rows("fsm", "wm_order", f"template.name={INSTALL}", "correlation_id", "number")
    return {row["correlation_id"]: pair.state("fsm", "wm_order", row["number"]) for row in rows}


def test_two_order_managements_with_the_same_sys_ids_each_get_their_own_visits(clones: list[Pair]) -> None:
    east, west = clones
    orders = [pair.approved(HAMBURG) for pair in (east, west)]
    assert orders[0] == orders[1]
    for pair in (east, west, east, west):
        pair.settle()
    assert Counter(mark.split(":")[1] for mark in installs(east)) == {"east": 1, "west": 1}
    assert len({mark.split(":")[2] for mark in installs(east)}) == 1
    for pair in (east, west):
        assert not pair.finding_codes()
        assert sum("was created" in note for note in pair.notes(pair.resource_order(orders[0]))) == 1


def test_what_is_called_off_in_one_is_canceled_for_that_one_alone(clones: list[Pair]) -> None:
    east, west = clones
    for pair in (east, west):
        pair.approved(HAMBURG)
        pair.settle()
    west.om("set_domain_order_state", domain_order=west.resource_order("ORD0010001"), state="canceled")
    for pair in (east, west, east):
        pair.settle()
        pair.sync(full=True)
    assert {mark.split(":")[1]: state for mark, state in installs(east).items()} == {
        "east": "ready for dispatch",
        "west": "canceled",
    }


def test_memory_of_both_may_be_lost_and_nothing_is_doubled(clones: list[Pair]) -> None:
    pairs = clones
    for pair in pairs:
        pair.approved(HAMBURG)
        pair.settle()
    for pair in pairs:
        pair.forget()
    for pair in pairs:
        pair.settle()
        assert [plan for plan in pair.plan() if plan.actions] == []
        pair.assert_nothing_doubled()
    assert len(installs(pairs[0])) == 2


def test_each_gate_is_held_shut_by_its_own_visits_alone(clones: list[Pair]) -> None:
    east, west = clones
    for pair in (east, west):
        pair.approved(HAMBURG)
        pair.settle()
    [mine] = [
        row
        for row in east.rows("fsm", "wm_order", f"template.name={INSTALL}", "number", "correlation_id")
        if ":west:" in row["correlation_id"]
    ]
    west.fsm("dispatch", work_order=mine["number"], technician="technician")
    west.fsm("complete", work_order=mine["number"])
    for pair in (east, west):
        pair.settle()
        pair.om("close_domain_order", domain_order=pair.resource_order("ORD0010001"))
        pair.settle()
    states = [pair.state("om", DOMAIN_ORDER, pair.resource_order("ORD0010001")) for pair in (east, west)]
    assert states == ["in progress", "closed complete"]


def test_a_number_typed_by_hand_that_both_have_keeps_both_open(clones: list[Pair]) -> None:
    east, west = clones
    for pair in (east, west):
        pair.approved(HAMBURG)
    number = east.resource_order("ORD0010001")
    east.fsm("create_work_order", short_description="by hand", correlation_id=number)
    for pair in (east, west):
        pair.settle()
        assert pair.noted(number, "by hand")


# --- one Order Management, two Field Services --------------------------------------------------------------------------


def two_fields(tmp_path: Path, worlds: list[World]) -> tuple[Pair, Pair]:
    """One order management; one field service installs, the other surveys. Their policies say so."""
    install, survey = pairs_of(tmp_path, ("om", worlds[0], worlds[0]), ("om", worlds[0], worlds[1]))
    for pair, other in ((install, "order_task"), (survey, "domain_order")):
        path = pair.loaded.path.parent / f"{other}_policy.csv"
        head, *rows = path.read_text(encoding="utf-8").splitlines()
        [last] = [row for row in rows if row.startswith("other,")]
        path.write_text("\n".join((head, last)) + "\n", encoding="utf-8")
        pair.loaded = load(pair.loaded.path)
    return install, survey


def test_one_order_management_feeds_two_field_services_as_the_policies_say(tmp_path: Path, worlds: list[World]) -> None:
    install, survey = two_fields(tmp_path, worlds)
    order = install.approved(HAMBURG)
    for pair in (install, survey, install, survey):
        pair.settle()
    templates = [pair.labels("fsm", "wm_order", "ORDERBYnumber", "template") for pair in (install, survey)]
    assert templates == [[INSTALL], ["Site Survey"]]
    for number in install.domain_orders(order):
        told = install.notes(number)
        assert len(told) == len(set(told))
    assert not [note for pair in (install, survey) for note in field_notes(pair) if "was created" in note]


def test_each_connector_holds_the_gate_for_the_visits_of_its_own_field_service(
    tmp_path: Path, worlds: list[World]
) -> None:
    install, survey = two_fields(tmp_path, worlds)
    order = install.approved(HAMBURG)
    for pair in (install, survey):
        pair.settle()
    [service] = install.domain_orders(order, "service_order")
    for task in install.rows("om", "sn_ind_tmt_orm_order_task", f"parent.number={service}", "number"):
        install.om("close_order_task", task=task["number"])
    install.om("close_domain_order", domain_order=service)
    install.settle()
    assert install.state("om", DOMAIN_ORDER, service) == "closed complete"
    survey.settle()
    assert survey.state("om", DOMAIN_ORDER, service) == "in progress"
    assert survey.noted(service, "was reopened")


def field_notes(pair: Pair) -> list[str]:
    query = "name=wm_order^element=work_notes"
    return [row["value"] for row in pair.rows("fsm", "sys_journal_field", query, "value")]
