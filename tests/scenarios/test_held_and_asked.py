"""README promise: no account is locked out by commands that only ask, and an instance that asked for time is given it."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from connector import app
from connector.cli import cli
from connector.demo.setup import write_config
from connector.engine.hold import Hold, HoldReason
from connector.engine.release import release_side
from connector.errors import ConnectorError, Held, NotFound, SignInFailed
from connector.sandbox import World
from tests import PATIENCE
from tests.conftest import HAMBURG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.model import Asked
    from tests.conftest import Pair

LONG: dict[str, Any] = {"kind": "rate_limit", "user": "connector", "seconds": 3600, "count": None}
REFUSED: dict[str, Any] = {"kind": "unauthorized", "user": "connector", "count": None}
ASKING: dict[str, Callable[[Pair], object]] = {
    "plan": lambda pair: pair.plan(),
    "work-order create": lambda pair: app.ask_once(pair.loaded, _nothing, pair.outside()),
    "work-order create --dry-run": lambda pair: app.ask_once(pair.loaded, _nothing, pair.outside(), dry=True),
    "policy check": lambda pair: app.survey(pair.loaded, pair.outside()),
    "policy import": lambda pair: app.native_policy(pair.loaded, "domain order", pair.outside()),
}


def _nothing(_engine: object) -> Asked:
    raise AssertionError("nothing is looked up")


def held_for(pair: Pair, fault: dict[str, Any]) -> str:
    """A side that was found unusable by a pass, and is held."""
    order = pair.approved(HAMBURG)
    pair.settle()
    pair.world.fault("fsm", fault)
    with pytest.raises(ConnectorError):
        pair.sync()
    pair.world.clear_requests()
    return order


def asked(pair: Pair) -> int:
    return len(pair.world.requests("om")) + len(pair.world.requests("fsm"))


def om_fsm(pair: Pair, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--config", str(pair.loaded.path), *arguments])


@pytest.mark.parametrize("verb", ASKING)
def test_a_refused_password_is_not_sent_again_by_a_command_that_only_asks(pair: Pair, verb: str) -> None:
    held_for(pair, REFUSED)
    for _ in range(5):  # somebody watches
        with pytest.raises(Held, match=r"fsm is held since .*: credentials\.") as raised:
            ASKING[verb](pair)
        assert raised.value.exit_code == 3
        assert "om-fsm release fsm" in raised.value.hint
        pair.world.advance(3600)
    assert asked(pair) == 0


def test_the_gate_stays_shut_without_a_question_while_a_password_is_refused(pair: Pair) -> None:
    order = held_for(pair, REFUSED)
    number, visit = pair.resource_order(order), pair.install(order)
    pair.world.clear_requests()
    for _ in range(5):
        found = app.gate_once(pair.loaded, number, pair.outside())
        assert not found.may_close
        assert "fsm is held since" in found.problem
        assert "om-fsm release fsm" in found.problem
        assert [one.number for one in found.work] == [visit]
    assert asked(pair) == 0


def test_typed_at_a_terminal_it_is_an_exit_code_and_words_about_the_hold(pair: Pair) -> None:
    held_for(pair, REFUSED)
    done = om_fsm(pair, "plan")
    assert isinstance(done.exception, Held)
    assert done.exception.exit_code == 3
    assert re.search(r"fsm is held since \d{4}-\d\d-\d\d \d\d:\d\d UTC: credentials", str(done.exception))
    assert asked(pair) == 0


def test_over_https_a_plan_in_a_loop_locks_nobody_out(tmp_path: Path) -> None:
    world = World.create(start="2026-03-02T08:00:00Z")
    with world.serve(tmp_path) as served:
        config = write_config(tmp_path, served.info)

        def typed(verb: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "connector", "--config", str(config), verb]
            return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

        assert typed("sync").returncode == 0
        world.fault("fsm", REFUSED)
        assert typed("sync").returncode == 3
        world.clear_requests()
        for _ in range(3):
            done = typed("plan")
            assert (done.returncode, done.stdout) == (3, "")
            assert "fsm is held since" in done.stderr
            assert "om-fsm release fsm" in done.stderr
        assert [*world.requests("om"), *world.requests("fsm")] == []
    world.close()


def test_after_a_person_released_the_side_the_plan_asks_again(pair: Pair) -> None:
    held_for(pair, REFUSED)
    pair.world.clear_faults()
    with app.writing(pair.loaded, pair.outside(), patient=True) as (engine, _):
        assert release_side(engine.store, "fsm", pair.now(), "corrected", looked=False)
    assert [plan for plan in pair.plan() if plan.actions] == []


def test_an_instance_that_asked_for_an_hour_is_not_asked_by_a_plan_before_it_is_over(pair: Pair) -> None:
    held_for(pair, LONG)
    for _ in range(3):
        with pytest.raises(Held, match="throttled") as raised:
            pair.plan()
        assert raised.value.exit_code == 6
    assert asked(pair) == 0
    pair.world.clear_faults()
    pair.world.advance(3600 * 1.3)
    pair.plan()
    assert asked(pair) > 0


def test_a_side_somebody_holds_or_that_is_braked_is_not_asked_by_a_plan_either(pair: Pair) -> None:
    pair.approved(HAMBURG)
    pair.settle()
    for reason in (HoldReason.BY_HAND, HoldReason.ABSURD, HoldReason.VANISHED, HoldReason.IDENTITY, HoldReason.STRANGE):
        with app.writing(pair.loaded, pair.outside()) as (engine, _):
            engine.sides.holds.place(Hold("fsm", reason, "upgrade tonight", pair.now()))
        pair.world.clear_requests()
        with pytest.raises(Held, match="upgrade tonight") as raised:
            pair.plan()
        assert (raised.value.exit_code, asked(pair)) == (5, 0)
        with app.writing(pair.loaded, pair.outside()) as (engine, _):
            engine.sides.holds.lift("fsm", [reason], pair.now(), "it is over")


@pytest.mark.parametrize(
    "reason", [HoldReason.UNREACHABLE, HoldReason.HIBERNATING, HoldReason.MAINTENANCE, HoldReason.CANCELLATIONS]
)
def test_where_asking_does_no_harm_a_plan_finds_out_by_itself_that_it_is_over(pair: Pair, reason: HoldReason) -> None:
    pair.approved(HAMBURG)
    pair.settle()
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        later = pair.now() + timedelta(minutes=5)
        engine.sides.holds.place(Hold("fsm", reason, "it was away", pair.now(), probe_at=later))
    assert [plan for plan in pair.plan() if plan.actions] == []


def test_the_doctor_tries_a_refused_password_once_and_tells_of_the_hold(pair: Pair) -> None:
    held_for(pair, REFUSED)
    found = {(one.id, one.side): one for one in app.examine_once(pair.loaded, world=pair.outside())}
    assert len(pair.world.requests("fsm")) == 1
    assert "It was sent once" in found["sign_in.accepted", "fsm"].seen
    assert "fsm: credentials" in found["work.held", ""].seen
    assert "om-fsm release fsm" in found["work.held", ""].seen
    pair.world.clear_faults()
    found = {(one.id, one.side): one for one in app.examine_once(pair.loaded, world=pair.outside())}
    assert found["sign_in.accepted", "fsm"].seen == "signed in"


def test_discover_tries_a_refused_password_once(pair: Pair) -> None:
    held_for(pair, REFUSED)
    with pytest.raises(SignInFailed):
        app.discover_once(pair.loaded, pair.outside())
    assert len([row for row in pair.world.requests("fsm") if row.status == 401]) == 1
    pair.world.clear_faults()
    assert app.discover_once(pair.loaded, pair.outside()).profile.fsm


def test_without_memory_nothing_is_held_and_everything_is_asked(pair: Pair) -> None:
    pair.place(HAMBURG)
    assert app.survey(pair.loaded, pair.outside()).templates
    with pytest.raises(NotFound):
        app.gate_once(pair.loaded, "RO9", pair.outside())
