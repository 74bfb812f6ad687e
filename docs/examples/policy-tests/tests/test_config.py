"""The configuration can be used, and what its tables name exists on the instance."""

import csv

import pytest

from connector import app

TABLES = ("domain_order_policy.csv", "order_task_policy.csv")


def test_both_instances_are_understood(loaded, outside):
    systems = app.connect(loaded, outside)
    assert systems.om is not None
    assert len(list(app.load_policies(loaded))) == 2


@pytest.mark.parametrize("table", TABLES)
def test_every_template_exists(servicenow_fsm, loaded, table):
    with (loaded.path.parent / table).open(encoding="utf-8", newline="") as file:
        named = {row["work order template"] for row in csv.DictReader(file)} - {"NO FIELD WORK"}
    there = {row["name"] for row in servicenow_fsm.rows("cmdb_workorder_product_model", "", "name")}
    assert named <= there
