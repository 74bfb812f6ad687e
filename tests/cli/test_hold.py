"""`hold`, `release` and what `status` says of them, as a person types them while a daemon may be running."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from connector import app
from connector.cli import cli
from connector.engine.hold import Hold, HoldReason
from connector.errors import Held, Refused
from tests.conftest import HAMBURG

if TYPE_CHECKING:
    from tests.conftest import Pair


def om_fsm(pair: Pair, *arguments: str) -> Result:
    done = CliRunner().invoke(cli, ["--config", str(pair.loaded.path), *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def test_a_person_holds_a_side_sees_it_in_the_status_and_releases_it(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    assert om_fsm(pair, "hold", "fsm", "--reason", "upgrade tonight").exit_code == 0
    shown = om_fsm(pair, "status", "--output", "table").output
    assert shown.startswith("fsm HELD since ")
    assert "by hand" in shown.splitlines()[0]
    assert "upgrade tonight" in shown
    assert "om-fsm release fsm" in shown
    with pytest.raises(Held):
        pair.sync()
    assert "is released" in om_fsm(pair, "release", "fsm").output
    assert om_fsm(pair, "release", "fsm").output == "fsm is not held.\n"
    pair.settle()
    assert pair.noted(pair.resource_order(order), "was created")


def test_they_do_not_wait_for_a_running_daemon(pair: Pair) -> None:
    pair.sync()
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        assert om_fsm(pair, "hold", "om", "--reason", "now").exit_code == 0
        assert not engine.sides.may_look(pair.now())
        assert om_fsm(pair, "release", "om").exit_code == 0
        assert engine.sides.may_look(pair.now())


def test_a_brake_is_shown_with_its_numbers_and_released_by_who_has_looked_only(pair: Pair) -> None:
    pair.sync()
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        engine.sides.holds.place(Hold("fsm", HoldReason.VANISHED, "17 of 20 work orders are gone.", pair.now()))
    shown = om_fsm(pair, "status", "--output", "table").output
    assert "fsm BRAKED since" in shown
    assert "17 of 20 work orders are gone." in shown
    refused = CliRunner().invoke(cli, ["--config", str(pair.loaded.path), "release", "fsm"])
    assert isinstance(refused.exception, Refused)
    assert refused.exception.exit_code == 5
    assert "17 of 20" in str(refused.exception)
    assert "--i-have-looked" in refused.exception.hint
    assert om_fsm(pair, "release", "fsm", "--i-have-looked").exit_code == 0
    pair.sync()


@pytest.mark.parametrize(
    "arguments",
    [
        ["hold", "--reason", "x"],
        ["hold", "fsm", "--order", "ORD1", "--reason", "x"],
        ["hold", "crm", "--reason", "x"],
        ["hold", "fsm"],
        ["hold", "fsm", "--reason", "x", "--until", "tomorrow"],
        ["hold", "fsm", "--reason", "x", "--until", "2020-01-01T00:00"],
        ["hold", "fsm", "--reason", "x", "--until", "9999-12-31T23:59:59-12:00"],
        ["hold", "--order", " ", "--reason", "x"],
    ],
)
def test_a_hold_that_is_not_clear_is_wrong_usage_and_holds_nothing(pair: Pair, arguments: list[str]) -> None:
    pair.sync()
    assert om_fsm(pair, *arguments).exit_code == 2
    assert json.loads(om_fsm(pair, "status", "--output", "json").output)["holds"] == []


def test_an_order_is_held_by_its_number_until_a_moment(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    until = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    held = om_fsm(pair, "hold", "--order", order.lower(), "--reason", "dispute", "--until", until)
    assert (held.exit_code, "is known here yet" in held.output) == (0, False)
    [hold] = json.loads(om_fsm(pair, "status", "--output", "json").output)["holds"]
    assert (hold["target"], hold["reason"], hold["text"]) == (order, "by hand", "dispute")
    assert hold["until"].startswith(until)
    assert len(hold["order_id"]) == 32
    assert "is released" in om_fsm(pair, "release", "--order", order).output


def test_a_number_that_no_order_has_is_held_and_said_to_be_unknown(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.sync()
    held = om_fsm(pair, "hold", "--order", pair.resource_order(order), "--reason", "dispute")
    assert held.exit_code == 0
    assert "is known here yet; it will wait from the first. A domain order waits with its order." in held.output


def test_the_backlog_and_how_long_it_will_take_are_in_the_status(pair: Pair) -> None:
    pair.sync()
    om_fsm(pair, "hold", "fsm", "--reason", "upgrade")
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        assert "No order waits" in om_fsm(pair, "status", "--output", "table").output
        engine.store.wake([f"{i:032x}" for i in range(600)], due=pair.now(), reason="webhook")
        assert (
            "600 orders to look at now, for a time nobody can tell yet" in om_fsm(pair, "status", "-o", "table").output
        )
        engine.store.note_speed(200, 100.0, pair.now())
    assert "600 orders to look at now, about 5 min once it is released" in om_fsm(pair, "status", "-o", "table").output
