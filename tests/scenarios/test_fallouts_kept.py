"""README promise: one occasion is one fallout, which stays until what it is about surely no longer holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.sandbox import World
from tests.conftest import HAMBURG
from tests.scenarios.test_fallouts import (
    KINDS,
    configured,
    retry,
    states,
)
from tests.scenarios.test_several_pairs import START, two_fields

if TYPE_CHECKING:
    from pathlib import Path


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
