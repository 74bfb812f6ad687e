"""pysnc, ServiceNow's own Python client: records, pages, batches, attachments, tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pysnc
import pytest
from oauthlib.oauth2 import ServerError
from pysnc.auth import ServiceNowClientCredentialsFlow, ServiceNowPasswordGrantFlow
from pysnc.exceptions import AuthenticationException

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.clients.conftest import Site


@pytest.fixture
def client(site: Site) -> Iterator[Any]:
    client = pysnc.ServiceNowClient(site.url, (site.login, site.password))
    yield client
    client.session.close()


def made(client: Any, site: Site, number: int = 1) -> Any:
    for at in range(number):
        record = client.GlideRecord("wm_order")
        record.initialize()
        record.short_description = f"by pysnc {at}"
        record.correlation_id = site.mark
        assert record.insert()
    return record


def test_a_record_is_inserted_found_and_updated(client: Any, site: Site) -> None:
    made(client, site)
    again = client.GlideRecord("wm_order")
    again.add_query("correlation_id", site.mark)
    again.query()
    assert again.get_row_count() == 1
    assert again.next()
    assert again.get_display_value("state") == "Draft"
    again.work_notes = "noted"
    assert again.update()
    assert site.world.fsm.store.find("sys_journal_field", element_id=again.get_value("sys_id"))


def test_a_chosen_sys_id_is_kept(client: Any, site: Site) -> None:
    record = client.GlideRecord("wm_order")
    record.initialize()
    record.set_new_guid_value(site.mark)
    record.short_description = "chosen"
    assert record.insert() == site.mark


def test_every_row_comes_once_over_several_pages(client: Any, site: Site) -> None:
    locations = client.GlideRecord("cmn_location", batch_size=2)
    locations.query()
    assert len({str(row.sys_id) for row in locations}) == 6


def test_a_misspelt_field_in_a_query_restricts_nothing(client: Any, site: Site) -> None:
    locations = client.GlideRecord("cmn_location")
    locations.add_query("no_such_field", "x")
    locations.query()
    assert len(locations) == 6


def test_many_records_are_updated_in_one_batch(client: Any, site: Site) -> None:
    made(client, site, 3)
    records = client.GlideRecord("wm_order")
    records.add_query("correlation_id", site.mark)
    records.query()
    while records.next():
        records.short_description = "all at once"
    assert records.update_multiple()
    stored = site.world.fsm.store.find("wm_order", correlation_id=site.mark)
    assert [row["short_description"] for row in stored] == ["all at once"] * 3


def test_an_unknown_record_is_not_found_and_an_unknown_password_is_refused(client: Any, site: Site) -> None:
    assert client.GlideRecord("wm_order").get("0" * 32) is False
    stranger = pysnc.ServiceNowClient(site.url, (site.login, "wrong"))
    record = stranger.GlideRecord("wm_order")
    with pytest.raises(AuthenticationException):
        record.query()
    stranger.session.close()


def locations(client: Any) -> int:
    found = client.GlideRecord("cmn_location")
    found.query()
    return len(found)


def test_its_password_flow_gets_a_token_and_works_with_it(site: Site) -> None:
    """It names itself in a Basic header, which some instances do not read."""
    flow = ServiceNowPasswordGrantFlow(site.login, site.password, site.client_id, site.client_secret)
    client = pysnc.ServiceNowClient(site.url, flow)
    assert locations(client) == 6
    client.session.close()
    again = ServiceNowPasswordGrantFlow(site.login, site.password, site.client_id, site.client_secret)
    site.world.switch("fsm", oauth_secret_in_header=False)
    try:
        with pytest.raises(ServerError):
            pysnc.ServiceNowClient(site.url, again)
    finally:
        site.world.switch("fsm", oauth_secret_in_header=True)


def test_its_client_credentials_flow_works_as_the_application_user(site: Site) -> None:
    client = pysnc.ServiceNowClient(site.url, ServiceNowClientCredentialsFlow(site.client_id, site.client_secret))
    record = made(client, site)
    assert locations(client) == 6
    [row] = site.world.fsm.store.find("wm_order", sys_id=str(record.sys_id))
    assert row["sys_created_by"] == "connector"
    client.session.close()
    with pytest.raises(AuthenticationException, match="access_denied"):
        pysnc.ServiceNowClient(site.url, ServiceNowClientCredentialsFlow(site.client_id, "wrong"))


def test_it_signs_in_with_a_client_certificate(site: Site) -> None:
    client = pysnc.ServiceNowClient(site.url, cert=str(site.certificate("dispatcher")))
    record = made(client, site)
    [row] = site.world.fsm.store.find("wm_order", sys_id=str(record.sys_id))
    assert row["sys_created_by"] == "dispatcher"
    client.session.close()
