"""README promise: one occasion is one fallout, which stays until what it is about surely no longer holds."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from connector import app, memory
from connector.engine.history import overview
from connector.errors import Held
from connector.model import CreateWorkOrder
from connector.sandbox import World
from tests.conftest import HAMBURG
from tests.scenarios.test_fallouts import (
    FALLOUT,
    KINDS,
    configured,
    fallouts,
    raising,  # noqa: F401 - a fixture
    refuse,
    retry,
    states,
    waiting,
    with_refused_creation,
)
from tests.scenarios.test_several_pairs import START, two_fields

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Pair

LOOKED_FOR = "correlation_idSTARTSWITH"  # how it is looked for by its mark, whichever task it is on


def delete(pair: Pair, number: str) -> None:
    om = pair.world.om
    [row] = pair.rows("om", FALLOUT, f"number={number}", "sys_id")
    om.records.delete(FALLOUT, row["sys_id"], om.system)


def give_up_creation(pair: Pair) -> None:
    database = memory.reading(pair.loaded)
    assert database is not None
    [refused] = [one for one in overview(database).waiting if isinstance(one.intent.action, CreateWorkOrder)]
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        assert engine.store.release_parked(refused.id, pair.now(), drop=True)


def test_a_fallout_found_again_that_somebody_deletes_before_it_is_remembered_is_not_raised_empty(
    raising: Pair,  # noqa: F811
) -> None:
    order, _ = with_refused_creation(raising)
    [fallout] = fallouts(raising)
    raising.forget()
    raising.world.fault("om", {"kind": "rate_limit", "path_contains": LOOKED_FOR, "user": "connector", "count": None})
    for _ in range(2):
        with suppress(Held):
            raising.sync(full=True)
    assert [entry.intent.action.occasion for entry in waiting(raising)] == [""]  # to be remembered
    delete(raising, fallout["number"])
    raising.world.clear_faults()
    raising.settle()
    assert fallouts(raising) == []
    assert raising.install(order)


def test_a_fallout_of_the_connector_to_another_field_service_is_left_alone(tmp_path: Path) -> None:
    worlds = [World.create(clock="manual", start=START, seed=1) for _ in range(2)]
    install, survey = two_fields(tmp_path, worlds)
    for pair, name in ((install, "field"), (survey, "other")):  # their addresses are the same in a sandbox
        path = pair.loaded.path
        path.write_text(path.read_text(encoding="utf-8").replace('name = "fsm"', f'name = "{name}"'), encoding="utf-8")
        configured(pair, f"[fallout]\nkinds = {KINDS}\n")
    install.approved(HAMBURG)
    worlds[0].fault("fsm", {"kind": "status", "status": 403, "method": "POST", "path_contains": "wm_order", "count": 1})
    install.settle_but_parked()
    assert states(install) == ["open"]
    for _ in range(2):
        survey.settle()
        install.settle_but_parked()
        install.sync(full=True)
    assert states(install) == ["open"]
    retry(install)
    install.settle()
    assert states(install) == ["resolved"]


def test_a_fallout_whose_fate_is_unknown_is_not_raised_once_it_is_about_nothing(raising: Pair) -> None:  # noqa: F811
    fault = {"kind": "drop", "method": "POST", "path_contains": FALLOUT, "user": "connector", "count": None}
    raising.world.fault("om", fault)
    raising.approved(HAMBURG)
    refuse(raising, "fsm", "POST", "wm_order")
    for _ in range(2):
        with suppress(Held):
            raising.sync()
    assert fallouts(raising) == []
    give_up_creation(raising)
    raising.world.clear_faults()
    raising.settle()
    assert fallouts(raising) == []
