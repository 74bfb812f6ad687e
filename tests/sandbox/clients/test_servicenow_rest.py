"""servicenow-rest, a small client of the first years: it reads no status but 204 and 404, and takes any `error` for a failure.

It builds its address from `fqdn`, which is an attribute of its own that a caller may set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.clients.conftest import Site

api = pytest.importorskip("servicenow_rest.api")


@pytest.fixture
def client(site: Site) -> Iterator[Any]:
    client = api.Client("localhost", site.login, site.password)
    client.fqdn, client.table = site.host, "wm_order"
    yield client
    client._session.close()


def test_a_record_is_inserted_found_and_updated(client: Any, site: Site) -> None:
    made = client.insert({"short_description": "by servicenow-rest", "correlation_id": site.mark})
    assert client.return_code == 201
    assert client.get({"correlation_id": site.mark}, fields=["number"]) == [{"number": made["number"]}]
    assert client.update({"short_description": "changed"}, made["sys_id"])["short_description"] == "changed"
    assert site.count(f"correlation_id={site.mark}") == 1


def test_nothing_found_is_an_empty_list(client: Any, site: Site) -> None:
    assert client.get({"correlation_id": site.mark}) == []


def test_what_may_not_be_deleted_is_an_error_and_stays(client: Any, site: Site) -> None:
    made = client.insert({"correlation_id": site.mark})
    with pytest.raises(api.UnexpectedResponse, match="Expected: 204, got 403"):
        client.delete(made["sys_id"])
    assert site.count(f"correlation_id={site.mark}") == 1


def test_a_wrong_password_is_told_with_the_platforms_words(site: Site) -> None:
    client = api.Client("localhost", site.login, "wrong")
    client.fqdn, client.table = site.host, "wm_order"
    with pytest.raises(api.UnexpectedResponse, match="User is not authenticated"):
        client.get({"active": "true"})
    client._session.close()
