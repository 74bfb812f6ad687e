"""JSON or XML, compressed or not: what the client asked for is what it gets."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING
from xml.etree.ElementTree import fromstring

import pytest

if TYPE_CHECKING:
    from tests.sandbox.gestures import Client

XML = {"Accept": "application/xml"}


def test_a_list_in_xml_repeats_the_result(fsm: Client) -> None:
    answer = fsm.call(
        "GET", "customer_account", headers=XML, params={"sysparm_fields": "name", "sysparm_query": "ORDERBYname"}
    )
    assert answer.headers["Content-Type"] == "application/xml;charset=UTF-8"
    assert answer.content.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?><response><result><name>Acme Logistics</name>'
    )
    names = [element.text for element in fromstring(answer.content).iter("name")]  # noqa: S314
    assert names == [row["name"] for row in fsm.rows("customer_account", "ORDERBYname")]


def test_a_reference_in_xml_has_its_link_and_value_as_elements(fsm: Client) -> None:
    sys_id = fsm.made("wm_order")["sys_id"]
    answer = fsm.call(
        "GET", f"wm_order/{sys_id}", headers={"Accept": "text/xml"}, params={"sysparm_fields": "opened_by"}
    )
    reference = fromstring(answer.content).find("result/opened_by")  # noqa: S314
    assert reference is not None
    assert [child.tag for child in reference] == ["link", "value"]


def test_an_error_in_xml_has_the_same_words(fsm: Client) -> None:
    answer = fsm.call("GET", "no_such_table", headers=XML)
    assert answer.status_code == 400
    assert answer.content.endswith(
        b"<response><error><message>Invalid table no_such_table</message><detail /></error>"
        b"<status>failure</status></response>"
    )


def test_a_record_is_written_in_xml(fsm: Client) -> None:
    body = b"<request><entry><short_description>R&amp;D</short_description><priority>2</priority></entry></request>"
    answer = fsm.call("POST", "wm_order", data=body, headers={"Content-Type": "application/xml"})
    assert answer.status_code == 201
    assert fsm.row("wm_order", "priority=2")["short_description"] == "R&D"


@pytest.mark.parametrize("body", [b"<request>", b"<request/>", b"<!DOCTYPE x><request><entry/></request>"])
def test_broken_xml_is_refused(fsm: Client, body: bytes) -> None:
    answer = fsm.call("POST", "wm_order", data=body, headers={"Content-Type": "text/xml"})
    assert (answer.status_code, answer.json()["error"]["detail"]) == (400, "The payload is not valid XML.")


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("text/html,application/xml;q=0.9", 200),
        ("text/csv", 406),
        ("image/png", 406),
    ],
)
def test_what_cannot_be_produced_is_406(fsm: Client, accept: str, status: int) -> None:
    assert fsm.call("GET", "customer_account", headers={"Accept": accept}).status_code == status


@pytest.mark.parametrize(("kind", "status"), [("application/json", 201), ("text/plain", 415), ("text/csv", 415)])
def test_what_cannot_be_read_is_415(fsm: Client, kind: str, status: int) -> None:
    assert fsm.call("POST", "wm_order", data="{}", headers={"Content-Type": kind}).status_code == status
    assert len(fsm.rows("wm_order")) == (1 if status == 201 else 0)


def test_a_long_answer_is_compressed_for_a_client_that_takes_it(fsm: Client) -> None:
    zipped = fsm.call("GET", "cmn_location", headers={"Accept-Encoding": "gzip"}, stream=True)
    assert zipped.headers["Content-Encoding"] == "gzip"
    raw = zipped.raw.read(decode_content=False)
    plain = fsm.call("GET", "cmn_location", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content)


def test_a_short_answer_or_an_instance_without_gzip_is_plain(fsm: Client) -> None:
    accept = {"Accept-Encoding": "gzip"}
    assert "Content-Encoding" not in fsm.call("GET", "wm_order", headers=accept).headers
    fsm.world.switch("fsm", gzip=False)
    assert "Content-Encoding" not in fsm.call("GET", "cmn_location", headers=accept).headers
