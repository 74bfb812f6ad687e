"""README promise: on an instance that is not as it is configured nothing is written; the connector says what it misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector import app
from connector.config import load
from connector.engine.hold import HoldReason
from connector.errors import Held, SchemaMismatch
from tests.conftest import HAMBURG, make_pair

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Pair


@pytest.fixture
def odd(tmp_path: Path) -> Pair:
    """Renamed columns, and a configuration that knows nothing of it."""
    return make_pair(tmp_path, "odd")


def writes(pair: Pair) -> list[str]:
    return [r.path for side in ("om", "fsm") for r in pair.world.requests(side) if r.method not in ("GET", "HEAD")]


def rename(pair: Pair) -> None:
    """A person says what the columns are called."""
    path = pair.loaded.path
    said = '[om.columns.domain_order]\nline = "u_line_item"\nspecification = "u_specification"\n\n'
    path.write_text(path.read_text(encoding="utf-8").replace("[policy]", f"{said}[policy]"), encoding="utf-8")
    pair.loaded = load(path)


def test_renamed_columns_are_named_before_anything_is_remembered_or_written(odd: Pair) -> None:
    odd.approved(HAMBURG)
    odd.world.clear_requests()
    with pytest.raises(SchemaMismatch) as refused:
        odd.sync()
    for words in ("sn_ind_tmt_orm_domain_order", "order_line_item", "specification"):
        assert words in str(refused.value)
    assert "needs_attention" not in str(refused.value)
    assert "om-fsm discover" in refused.value.hint
    assert refused.value.exit_code == 2
    assert not odd.memory.exists()
    assert writes(odd) == []


def test_what_a_plan_would_do_is_not_told_on_such_an_instance_either(odd: Pair) -> None:
    odd.approved(HAMBURG)
    with pytest.raises(SchemaMismatch):
        odd.plan()


def test_once_a_person_has_named_them_the_work_orders_are_created(odd: Pair) -> None:
    order = odd.approved(HAMBURG)
    odd.world.advance(60)
    rename(odd)
    odd.sync()
    assert odd.work_orders(order)


def test_memory_keeps_why_a_side_is_held_and_ends_it_by_itself(odd: Pair) -> None:
    with app.writing(odd.loaded, odd.outside(), patient=True) as (engine, systems):
        with pytest.raises(Held) as held:
            app.sync_once(engine, systems, odd.now)
        assert held.value.exit_code == 2
        [hold] = engine.sides.holds.all(odd.now())
        assert (hold.target, hold.reason) == ("om", HoldReason.SCHEMA)
        assert not engine.sides.may_look(odd.now())
    rename(odd)
    with app.writing(odd.loaded, odd.outside(), patient=True) as (engine, systems):
        engine.sides.visit(odd.now())
        assert engine.sides.holds.all(odd.now()) == ()
