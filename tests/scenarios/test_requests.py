"""README promise: a pass reads in sets, and a pass in which nothing changed costs the same however much there is."""

from __future__ import annotations

from connector import app
from connector.config import load
from connector.mapping.marks import WorkOrderKey
from connector.model import Link, Origin, Plan, State, WorkOrderPhase
from tests.conftest import HAMBURG, ORDER, OVERLAP, Pair

IDLE = 6  # one per watched table


def orders_with_work(pair: Pair, *, orders: int, lines: int) -> None:
    """That many orders, each with this many lines, two work orders a line; carried out and announced."""
    for _ in range(orders):
        pair.approved(*[HAMBURG] * lines)
    pair.sync()
    pair.world.advance(OVERLAP)
    pair.sync()
    pair.world.advance(OVERLAP)


def plant(pair: Pair, order: str, count: int) -> None:
    """That many more open work orders of ours in Field Service, and in memory as announced long ago."""
    order_id = pair.rows("om", ORDER, f"number={order}", "sys_id")[0]["sys_id"]
    links: list[Link] = []
    for number in range(count):
        key = str(WorkOrderKey("om", f"{number:032x}", "install-cpe", 1, 1))
        made = pair.fsm("create_work_order", short_description="planted", correlation_id=key)["work_order"]
        noted = State(made["state"], "Draft", WorkOrderPhase.OPEN)
        initiator = f"{number:032x}"
        link = Link(
            made["sys_id"], made["number"], order_id, initiator, initiator, Origin.CREATED, key=key, noted=noted
        )
        links.append(link)
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        engine.store.intend(Plan(order_id, order, links=tuple(links)), pair.now())
    for _ in range(2):
        pair.world.advance(OVERLAP)
        pair.sync()
    pair.world.advance(OVERLAP)


def open_work_orders(pair: Pair) -> int:
    return len(pair.rows("fsm", "wm_order", "active=true", "sys_id"))


def idle_requests(pair: Pair) -> list[tuple[str, str]]:
    """What the instances were asked in one pass with no slice of a sweep, counted by themselves (start-up apart)."""
    for _ in range(6):
        pair.sync()
    pair.world.clear_requests()
    done = pair.sync()
    assert done.plans == ()
    asked = [r for side in ("om", "fsm") for r in pair.world.requests(side)]
    assert len(asked) >= done.requests
    return [(r.method, r.path) for r in asked if "sys_created_on" not in r.query and "sys_idIN" not in r.query]


def test_an_idle_pass_costs_the_same_at_10_and_at_1000_open_work_orders(pair: Pair) -> None:
    path = pair.loaded.path  # what is planted is for domain orders that do not exist
    path.write_text(f"{path.read_text(encoding='utf-8')}\n[brakes]\nvanished_percent = 100.0\n", encoding="utf-8")
    pair.loaded = load(path)
    orders_with_work(pair, orders=1, lines=5)
    assert open_work_orders(pair) == 10
    few = idle_requests(pair)
    plant(pair, pair.rows("om", ORDER, "", "number")[0]["number"], 990)
    assert open_work_orders(pair) == 1000
    many = idle_requests(pair)
    assert many == few
    polls = [path for method, path in many if path.endswith(("wm_order", "_order", "_item", "_value", "_task"))]
    assert len(polls) == IDLE


def test_many_changed_orders_are_read_in_sets(pair: Pair) -> None:
    orders_with_work(pair, orders=1, lines=1)
    for number in [pair.approved(HAMBURG) for _ in range(20)]:
        assert number
    pair.world.clear_requests()
    pair.sync()
    reads = [r for side in ("om", "fsm") for r in pair.world.requests(side) if r.method == "GET"]
    writes = [r for side in ("om", "fsm") for r in pair.world.requests(side) if r.method != "GET"]
    assert len(writes) == 20 * 4  # two work orders and two notes each
    # start-up, seven feeds, two looks at twenty orders, and journals of both sides in one of them
    assert len(reads) < 54
