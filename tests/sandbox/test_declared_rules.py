"""Rules of a customer, declared in a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connector.sandbox import Refused, World
from tests.sandbox.gestures import START, Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POLICIES = """
extends = "default"
[[fsm.policies]]
name = "Sites are mandatory"
table = "wm_order"
operations = ["insert"]
when = { priority = ["critical"] }
mandatory = ["location", "cmdb_ci"]
[[fsm.policies]]
name = "No planning"
table = "wm_order"
when = { priority = 5 }
abort = "priority 5 is not for work orders"
[[fsm.policies]]
name = "Everything is billable"
table = "wm_order"
set = { billable = "true" }
[[fsm.policies]]
name = "Index for search"
table = "wm_order"
operations = ["insert"]
touch_after = 30
"""


@pytest.fixture
def fsm(tmp_path: Path) -> Iterator[Client]:
    profile = tmp_path / "declared.toml"
    profile.write_text(POLICIES)
    world = World.create(profile=str(profile), start=START)
    client = Client(world, "fsm", "connector")
    yield client
    client.session.close()
    world.close()


def test_a_data_policy_names_the_labels_of_what_is_missing(fsm: Client) -> None:
    refused = fsm.post("wm_order", priority=1)
    assert refused.status_code == 403
    assert refused.json()["error"] == {
        "message": "Operation Failed",
        "detail": "Data Policy Exception: The following fields are mandatory: Location, Configuration item",
    }
    assert fsm.post("wm_order", priority=2).status_code == 201


def test_a_rule_aborts_the_write(fsm: Client) -> None:
    made = fsm.made("wm_order", priority=2)
    refused = fsm.patch("wm_order", made["sys_id"], priority=5)
    assert "aborted by Business Rule 'No planning^" in refused.json()["error"]["detail"]
    with pytest.raises(Refused, match="not for work orders"):
        fsm.world.act("fsm", {"do": "write", "table": "wm_order", "record": made["number"], "fields": {"priority": 5}})


def test_a_rule_sets_a_value_that_the_answer_shows(fsm: Client) -> None:
    assert fsm.made("wm_order", billable=False)["billable"] == "true"


def test_a_second_update_follows_by_the_platform_itself(fsm: Client) -> None:
    fsm.made("wm_order", priority=2)
    fsm.world.advance(29)
    assert fsm.row("wm_order", "")["sys_mod_count"] == "0"
    fsm.world.advance(1)
    row = fsm.row("wm_order", "")
    assert (row["sys_mod_count"], row["sys_updated_by"], row["sys_updated_on"]) == (
        "1",
        "system",
        "2026-03-02 08:00:30",
    )
