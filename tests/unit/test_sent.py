"""What is kept of a write for a person tells everything but secrets, whatever an instance or a proxy repeats."""

from __future__ import annotations

import pytest
import requests

from connector.servicenow.answers import short
from connector.servicenow.sent import sent

KEY = "now_7fGkQpW2xLr9VbN4cT8sZy1m"
SESSION = "8A1B2C3D4E5F6A7B8C9D"
HEADERS = {"x-sn-apikey": KEY, "Cookie": f"JSESSIONID={SESSION}; glide_node_id_for_js=4711"}


def request(**headers: str) -> requests.PreparedRequest:
    url = "https://fsm.example/api/now/table/wm_order/1"
    return requests.Request("PATCH", url, json={"work_notes": "WO1"}, headers=headers).prepare()


def answer(text: str) -> requests.Response:
    made = requests.Response()
    made.status_code = 502
    made._content = text.encode()
    return made


@pytest.mark.parametrize(
    "page",
    [
        f"Bad gateway. x-sn-apikey: {KEY}",
        f"<pre>Cookie: JSESSIONID={SESSION}; glide_node_id_for_js=4711</pre>",
        f"unknown key {KEY}",
        f'{{"headers": {{"x-sn-apikey": "{KEY}", "cookie": "{SESSION}"}}}}',
    ],
)
def test_what_signed_in_is_blotted_out_of_a_page_that_repeats_it(page: str) -> None:
    kept = sent(request(**HEADERS), answer(page), "failed")
    told = short(page, request(**HEADERS))
    assert all(secret not in text for secret in (KEY, SESSION) for text in (kept.answer, told))
    assert "***" in kept.answer


def test_a_key_that_is_called_by_its_name_is_blotted_out_although_it_did_not_sign_in() -> None:
    assert KEY not in sent(request(), answer(f"api_key={KEY}&x=1"), "failed").answer


def test_everything_else_is_kept_as_it_came() -> None:
    page = "<p>Bad gateway: no node of the cluster answers (session 3 of 8, key figures below).</p>"
    assert sent(request(**HEADERS), answer(page), "failed").answer == page
