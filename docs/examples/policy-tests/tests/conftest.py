"""The connector of the production configuration, let loose on the sandbox."""

import shutil
from pathlib import Path

import pytest

from connector import app
from connector.config import load

CONFIG = Path(__file__).parent.parent / "config"


@pytest.fixture
def loaded(servicenow_om, servicenow_fsm, tmp_path, monkeypatch):
    """The production configuration, with the sandbox's passwords and a memory that is thrown away."""
    monkeypatch.setenv("OM_PASSWORD", servicenow_om.password("connector"))
    monkeypatch.setenv("FSM_PASSWORD", servicenow_fsm.password("connector"))
    return load(shutil.copytree(CONFIG, tmp_path / "config") / "config.toml")


@pytest.fixture
def outside(servicenow):
    """Time and network as the connector finds them: virtual, and in process."""
    adapters = {side: servicenow.adapter(side) for side in ("om", "fsm")}
    return app.World(clock=servicenow.now, sleep=servicenow.advance, adapters=adapters)


@pytest.fixture
def sync(servicenow, loaded, outside):
    """One pass of the connector, after a while."""

    def sync():
        servicenow.advance(60)
        with app.writing(loaded, outside) as (engine, systems):
            app.sync_once(engine, systems, outside.clock)
        servicenow.advance(10)

    return sync


@pytest.fixture
def order(servicenow, servicenow_om):
    """Places and approves an order; returns its number."""

    def order(offering, site, action="add"):
        line = {"offering": offering, "location": site, "action": action}
        made = servicenow_om.people.create_order(account="Acme Logistics", contact="Anna Weber", lines=[line])
        number = made["order"]["number"]
        servicenow_om.people.place(order=number)
        servicenow_om.people.approve(order=number)
        servicenow.advance(10)
        return number

    return order


@pytest.fixture
def visits(servicenow_fsm):
    """The work orders of an order: template and state, as people see them."""

    def visits(number):
        fields = ("template", "state")
        rows = servicenow_fsm.rows("wm_order", f"descriptionLIKE{number}^ORDERBYnumber", *fields, labels=True)
        return [(row["template"], row["state"]) for row in rows]

    return visits
