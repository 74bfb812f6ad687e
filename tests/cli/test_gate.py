"""`om-fsm gate` as a person types it while the instances cannot be asked: the answer is no, with what was last known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner

from connector.cli import cli
from connector.errors import NotFound
from tests.conftest import HAMBURG

if TYPE_CHECKING:
    from tests.conftest import Pair


def test_what_cannot_be_asked_is_a_no_with_the_age_of_what_is_known(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    number, work_order = pair.resource_order(order), pair.install(order)
    arguments = ["--config", str(pair.loaded.path), "gate", number, "--output"]
    said = CliRunner().invoke(cli, [*arguments, "table"])
    assert said.exit_code == 5
    assert f"{number}: no" in said.output
    assert f"open  {work_order} Install CPE, Ready for Dispatch, last known state" in said.output
    assert "Known as of 2026-03-02" in said.output
    answer = json.loads(CliRunner().invoke(cli, [*arguments, "json"]).output)
    assert (answer["may_close"], answer["work"][0]["number"]) == (False, work_order)
    assert answer["known_at"].startswith("2026-03-02")
    assert answer["problem"]


def test_a_number_nobody_knows_is_not_found_even_then(pair: Pair) -> None:
    pair.sync()
    done = CliRunner().invoke(cli, ["--config", str(pair.loaded.path), "gate", "RO9"])
    assert isinstance(done.exception, NotFound)
