"""requests, the client everybody has: what a script of a few lines does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from tests import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.clients.conftest import Site


@pytest.fixture
def session(site: Site) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.auth = (site.login, site.password)
        yield session


def test_a_work_order_is_created_read_changed_and_found(site: Site, session: requests.Session) -> None:
    table = f"{site.url}/api/now/table/wm_order"
    made = session.post(table, json={"short_description": "by requests", "correlation_id": site.mark}, timeout=PATIENCE)
    assert made.status_code == 201
    place = made.headers["Location"]
    assert session.patch(place, json={"priority": "2"}, timeout=PATIENCE).json()["result"]["priority"] == "2"
    named = {"sysparm_query": f"correlation_id={site.mark}"}
    found = session.get(table, params=named, timeout=PATIENCE).json()["result"]
    assert [row["sys_id"] for row in found] == [made.json()["result"]["sys_id"]]


def test_following_the_link_header_shows_every_row_once(site: Site, session: requests.Session) -> None:
    url = f"{site.url}/api/now/table/cmn_location?sysparm_query=ORDERBYsys_id&sysparm_limit=2"
    seen: list[str] = []
    total = 0
    while url:
        page = session.get(url, timeout=PATIENCE)
        seen += [row["sys_id"] for row in page.json()["result"]]
        total = int(page.headers["X-Total-Count"])
        url = page.links.get("next", {}).get("url", "")
    assert len(seen) == len(set(seen)) == total == 6


def test_a_token_opens_the_same_door(site: Site) -> None:
    form = {"grant_type": "client_credentials", "client_id": site.client_id, "client_secret": site.client_secret}
    token = requests.post(f"{site.url}/oauth_token.do", data=form, timeout=PATIENCE).json()
    headers = {"Authorization": f"{token['token_type']} {token['access_token']}"}
    assert requests.get(f"{site.url}/api/now/table/wm_order", headers=headers, timeout=PATIENCE).status_code == 200


def test_a_large_page_arrives_compressed_and_whole(site: Site, session: requests.Session) -> None:
    url = f"{site.url}/api/now/table/sys_choice"
    plain = session.get(url, headers={"Accept-Encoding": "identity"}, timeout=PATIENCE)
    packed = session.get(url, headers={"Accept-Encoding": "gzip"}, timeout=PATIENCE)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json() == plain.json()
