"""pysnow, the most used client before pysnc: its query builder, streams, attachments and OAuth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pysnow  # type: ignore[import-untyped]
import pytest
import requests

from tests import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sandbox.clients.conftest import Site


@pytest.fixture
def client(site: Site) -> Iterator[Any]:
    client = pysnow.Client(host=site.host, user=site.login, password=site.password)
    client.parameters.exclude_reference_link = True
    yield client
    client.close()


@pytest.fixture
def work_orders(client: Any) -> Any:
    return client.resource(api_path="/table/wm_order")


def test_a_record_is_created_read_updated(work_orders: Any, site: Site) -> None:
    work_orders.create({"short_description": "by pysnow", "correlation_id": site.mark})
    response = work_orders.get(query={"correlation_id": site.mark})
    assert response.one()["short_description"] == "by pysnow"
    changed = work_orders.update({"correlation_id": site.mark}, {"short_description": "changed"})
    assert changed["short_description"] == "changed"


def test_its_query_builder_selects_and_orders(client: Any, site: Site) -> None:
    query = pysnow.QueryBuilder().field("name").contains("Acme").AND().field("name").order_ascending()
    names = [row["name"] for row in client.resource(api_path="/table/cmn_location").get(query=query).all()]
    assert names == sorted(names)
    assert names
    nobody = pysnow.QueryBuilder().field("name").equals("Nowhere")
    assert client.resource(api_path="/table/cmn_location").get(query=nobody).all() == []


def test_a_stream_shows_one_row_after_the_other(client: Any, site: Site) -> None:
    rows = client.resource(api_path="/table/cmn_location").get(stream=True, limit=4).all()
    assert len({row["sys_id"] for row in rows}) == 4


def test_dates_in_a_query_are_utc(work_orders: Any, site: Site) -> None:
    now = site.world.now().replace(tzinfo=None)
    work_orders.create({"correlation_id": site.mark})
    since = pysnow.QueryBuilder().field("sys_created_on").greater_than_or_equal(now)
    assert site.mark in [row["correlation_id"] for row in work_orders.get(query=since).all()]


@pytest.mark.filterwarnings("ignore:.*unclosed file|.*FileIO:")  # upload() does not close what it opens
def test_a_file_is_attached_and_listed(work_orders: Any, site: Site, tmp_path: Path) -> None:
    record = work_orders.create({"correlation_id": site.mark}).one()
    file = tmp_path / "plan.txt"
    file.write_text("where the cable runs", encoding="utf-8")
    work_orders.attachments.upload(record["sys_id"], str(file))
    [attached] = work_orders.attachments.get(record["sys_id"])
    assert attached["file_name"] == "plan.txt"


def test_a_forbidden_table_is_an_error_with_the_platforms_words(client: Any, site: Site) -> None:
    with pytest.raises(requests.HTTPError, match="403"):
        client.resource(api_path="/table/sys_user_has_role").get().all()


def test_its_oauth_client_works_with_a_token_and_refreshes_it(site: Site) -> None:
    form = {"grant_type": "password", "username": site.login, "password": site.password}
    form |= {"client_id": site.client_id, "client_secret": site.client_secret}
    token = requests.post(f"{site.url}/oauth_token.do", data=form, timeout=PATIENCE).json()
    kept: list[dict[str, Any]] = []
    client = pysnow.OAuthClient(
        host=site.host, client_id=site.client_id, client_secret=site.client_secret, token_updater=kept.append
    )
    for left in (token["expires_in"], -1):
        client.set_token({**token, "expires_in": left, "expires_at": 2_000_000_000 if left > 0 else 1})
        assert len(client.resource(api_path="/table/cmn_location").get().all()) == 6
    assert [new["token_type"] for new in kept] == ["Bearer"]
    client.close()
