"""README promise: the whole story plays on instances that let nobody in without a token, with the rights that were asked for.

Their choice lists are closed to the connector, so the configuration says what states mean; so are the journal tables, and what
people wrote is read as forms show it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from connector import app, memory
from connector.config import load
from connector.demo.setup import write_config
from connector.engine.release import release_side
from connector.errors import ConnectorError, SignInFailed
from tests.conftest import HAMBURG, make_pair, sandbox_info
from tests.scenarios import test_first_light as first_light

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from _pytest.mark import ParameterSet

    from tests.conftest import Pair


def chapters() -> Iterator[ParameterSet]:
    """Every test of first light, once for each value it is played with."""
    for name, told in vars(first_light).items():
        if name.startswith("test_"):
            marks = [mark for mark in getattr(told, "pytestmark", ()) if mark.name == "parametrize"]
            played = [(partial(told, **{m.args[0]: value}), f"{name}-{value}") for m in marks for value in m.args[1]]
            for chapter, called in played or [(told, name)]:
                yield pytest.param(chapter, id=called)


@pytest.fixture
def strict(tmp_path: Path) -> Pair:
    return make_pair(tmp_path, "strict", oauth=True)


@pytest.mark.parametrize("chapter", list(chapters()))
def test_the_story_of_first_light_plays_with_tokens_only(chapter: Callable[[Pair], None], strict: Pair) -> None:
    chapter(strict)


def test_without_tokens_nobody_is_let_in_and_the_reason_is_explained(strict: Pair, tmp_path: Path) -> None:
    by_password = load(write_config(tmp_path, sandbox_info(strict.world)))
    with pytest.raises(SignInFailed) as refused:
        app.plan_once(by_password, strict.outside())
    for words in ("snc_basic_auth_api_access", "web_service_access_only", "restriction.active", "reset"):
        assert words in refused.value.hint


def test_a_gate_that_closes_behind_a_running_connector_is_explained_and_not_run_against(pair: Pair) -> None:
    """The password is right, and refused from one day to the next; more tries would lock the user out."""
    order = pair.approved(HAMBURG)
    users = pair.world.users("fsm")
    users["connector"] = replace(users["connector"], web_service_only=False)
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        app.sync_once(engine, systems, pair.now)
        pair.fsm("dispatch", work_order=pair.install(order), technician="technician")
        pair.world.switch("fsm", basic_auth_gate=True)
        pair.world.clear_requests()
        for _ in range(5):
            pair.world.advance(20)
            with pytest.raises(ConnectorError) as refused:
                app.sync_once(engine, systems, pair.now)
            assert "snc_basic_auth_api_access" in f"{refused.value} {refused.value.hint}"
        assert len(pair.world.requests("fsm")) == 2  # one, and once more with the password read again
    users["connector"] = replace(users["connector"], web_service_only=True)
    with memory.repairing(pair.loaded) as store:
        release_side(store, "fsm", pair.now(), "the user is for web services only now", looked=True)
    pair.settle()
    assert pair.noted(pair.resource_order(order), "-> Assigned")
    pair.assert_nothing_doubled()
