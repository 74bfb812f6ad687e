"""README promise: `om-fsm discover` believes evidence, and asks where there is none."""

from __future__ import annotations

import pytest

from connector.discover.choose import choose_column
from connector.profile import UNSETTLED
from connector.servicenow.columns import Column, TableColumns

TABLES = {"work_order": "wm_order", "work_order_task": "wm_task", "location": "cmn_location"}


@pytest.mark.parametrize(
    ("refers_to", "chosen"),
    [("wm_order", "parent"), ("task", "parent"), ("sm_order", "parent"), ("cmn_location", UNSETTLED)],
)
def test_a_column_that_every_task_has_may_refer_to_any_task(refers_to: str, chosen: str) -> None:
    column = Column("parent", "Parent", "reference", reference=refers_to)
    said = TableColumns("wm_task", ("wm_task", "task"), {"parent": column}, "sys_dictionary")
    assert choose_column("work_order_task", "work_order", "parent", said, TABLES, optional=False).column == chosen
