"""Fallouts as they leave: what an instance has no column for is not said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.marks import SETTLED
from connector.model import Fallout, RaiseFallout
from connector.om.fallouts import Fallouts
from connector.om.schema import FALLOUT_COLUMNS, FALLOUT_OPTIONAL, FalloutSchema
from tests.wire.instance import sys_id
from tests.wire.ports import OM_URL, api, bodies, shown, states

if TYPE_CHECKING:
    import responses

TABLE = "sn_fallout_mgmt_fallout"
URL = f"{OM_URL}/api/now/table/{TABLE}"
RAISED = RaiseFallout("k", "m", "o", sys_id(1), sys_id(2), "TASK1", sys_id(3), "summary", "text")
WITHOUT = {part: "" if part in FALLOUT_OPTIONAL else column for part, column in FALLOUT_COLUMNS.items()}


def written(mocked: responses.RequestsMock, columns: dict[str, str]) -> list[set[str]]:
    """The columns of a fallout that are sent when it is raised, and when it is settled."""
    states(mocked, OM_URL, {TABLE: {"1": "Open", "6": "Resolved"}})
    said = {"state": "6", "correlation_display": SETTLED, "correlation_id": "m:1", "order_task": RAISED.order_task_id}
    answer = shown({"sys_id": sys_id(9), "number": "FO1", **said})
    mocked.post(URL, json=answer, status=201)
    mocked.patch(f"{URL}/{sys_id(9)}", json=answer)
    fallouts = Fallouts(api("om", OM_URL), FalloutSchema(columns=columns))
    fallouts.raise_one(RAISED, 1)
    fallouts.settle(Fallout(sys_id(9), "FO1", sys_id(2), is_open=True, names="m:1"), "settled")
    return [set(body) for _, _, body in bodies(mocked)]


def test_a_fallout_says_what_it_is_about_and_why_it_was_settled(mocked: responses.RequestsMock) -> None:
    raised, settled = written(mocked, dict(FALLOUT_COLUMNS))
    assert raised == {"order_task", "order_line_item", "short_description", "description", "correlation_id", "sys_id"}
    assert settled == {"state", "correlation_display", "work_notes"}


def test_what_an_instance_has_no_column_for_is_not_sent(mocked: responses.RequestsMock) -> None:
    raised, settled = written(mocked, WITHOUT)
    assert raised == {"order_task", "correlation_id", "sys_id"}
    assert settled == {"state", "correlation_display"}
