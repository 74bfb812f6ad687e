"""pysnc, ServiceNow's own Python client: records, pages, batches, attachments, tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pysnc
import pytest
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
