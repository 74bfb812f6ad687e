"""The fixtures that other test suites get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from connector.sandbox.pytest_plugin import servicenow, servicenow_https

if TYPE_CHECKING:
    from connector.sandbox import World
    from connector.sandbox.serve import Served

__all__ = ["servicenow", "servicenow_https"]


def test_a_world_in_virtual_time(servicenow: World) -> None:
    assert servicenow.now().isoformat() == "2026-03-02T08:00:00+00:00"


@pytest.mark.parametrize("servicenow", ["single"], indirect=True)
def test_a_world_of_another_profile_behind_https(servicenow: World, servicenow_https: Served) -> None:
    info = servicenow_https.info
    assert info["om"]["url"] == info["fsm"]["url"] == servicenow.om.base_url
    auth = ("connector", info["om"]["users"]["connector"]["password"])
    for table in ("wm_order", "sn_ind_tmt_orm_order"):
        url = f"{info['om']['url']}/api/now/table/{table}"
        assert requests.get(url, auth=auth, verify=info["ca_file"], timeout=5).json() == {"result": []}
