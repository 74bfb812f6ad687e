"""README promise: customer, place and equipment of a work order are the very ones of the order, found by what they are known by
on both instances; what cannot be told apart is never guessed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from connector import app, memory
from connector.config import load
from connector.engine.history import explain, overview
from connector.engine.letters import letter
from connector.errors import ConfigError
from tests.conftest import HAMBURG, LINE, make_pair
from tests.scenarios.test_gate import ask as asked

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connector.engine.history import Happened
    from tests.conftest import Pair

ACCOUNT, CONTACT, LOCATION = "customer_account", "customer_contact", "cmn_location"
BY_KEYS = {
    "contact": 'table = "customer_contact", by = ["email", "name + account.name"]',
    "account": 'table = "customer_account", by = ["number", "name"]',
}


def knowing(pair: Pair, **references: str) -> Pair:
    """The pair with references that are found so; the others as always."""
    default = {
        "template": 'table = "cmdb_workorder_product_model"',
        "location": 'table = "cmn_location"',
        "account": 'table = "customer_account"',
        "contact": 'table = "customer_contact"',
    }
    path = pair.loaded.path
    text = path.read_text(encoding="utf-8").partition("\n[fsm.references]")[0]
    lines = "".join(f"{column} = {{ {said} }}\n" for column, said in {**default, **references}.items())
    path.write_text(f"{text}\n[fsm.references]\n{lines}", encoding="utf-8")
    pair.loaded = load(path)
    return pair


def made(pair: Pair, side: str, table: str, **values: str) -> str:
    """A record an administrator made on one instance. Returns its sys_id."""
    instance = pair.world.instance(side)
    return str(instance.records.insert(table, values, instance.system)["sys_id"])


def known(pair: Pair, side: str, table: str, name: str) -> str:
    return pair.rows(side, table, f"name={name}", "sys_id")[0]["sys_id"]


def changed(pair: Pair, side: str, table: str, sys_id: str, **values: str) -> None:
    instance = pair.world.instance(side)
    instance.records.update(table, sys_id, values, instance.system)


def shown(pair: Pair, order: str, *columns: str) -> dict[str, str]:
    return pair.rows("fsm", "wm_order", f"number={pair.install(order)}", *columns)[0]


def another_anna(pair: Pair, side: str, email: str = "anna@borealis.example") -> str:
    account = known(pair, side, ACCOUNT, "Borealis Foods")
    return made(pair, side, CONTACT, name="Anna Weber", email=email, account=account, user_name=email)


def test_of_two_customers_with_one_name_the_right_one_is_taken_by_email(pair: Pair) -> None:
    knowing(pair, **BY_KEYS)
    right = known(pair, "fsm", CONTACT, "Anna Weber")
    another_anna(pair, "fsm")
    order = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, order, "contact")["contact"] == right


def test_by_the_name_alone_two_are_nobody_and_that_is_said(pair: Pair) -> None:
    knowing(pair)
    another_anna(pair, "fsm")
    order = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, order, "contact")["contact"] == ""
    assert pair.noted(pair.resource_order(order), "Field Service has 2 records for the contact Anna Weber.")
    assert "not-applied" in pair.finding_codes()


def test_a_record_called_otherwise_is_found_by_its_number(pair: Pair) -> None:
    knowing(pair, **BY_KEYS)
    acme = known(pair, "fsm", ACCOUNT, "Acme Logistics")
    changed(pair, "fsm", ACCOUNT, acme, name="ACME Logistics GmbH & Co. KG")
    order = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, order, "account")["account"] == acme


def test_a_namesake_that_a_surer_key_tells_apart_is_not_taken(pair: Pair) -> None:
    knowing(pair, **BY_KEYS)
    acme, anna = known(pair, "fsm", ACCOUNT, "Acme Logistics"), known(pair, "fsm", CONTACT, "Anna Weber")
    changed(pair, "fsm", CONTACT, anna, email="a.weber-schmidt@acme.example", user_name="another")
    changed(pair, "fsm", ACCOUNT, acme, number="ACCT9999999")
    order = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, order, "contact", "account") == {"contact": "", "account": ""}


def test_a_name_counts_together_with_what_it_belongs_to(pair: Pair) -> None:
    knowing(pair, location='table = "cmn_location", by = "name + parent.name"')
    for side in ("om", "fsm"):
        for city in ("Hamburg", "Munich"):
            parent = made(pair, side, LOCATION, name=f"City of {city}")
            made(pair, side, LOCATION, name="Main Street 1", parent=parent, city=city)
    place = pair.rows("om", LOCATION, "name=Main Street 1^city=Munich", "sys_id")[0]["sys_id"]
    order = pair.approved(place)
    pair.sync()
    assert shown(pair, order, "location.city")["location.city"] == "Munich"


def test_an_approved_order_waits_where_a_person_is_to_be_asked_and_goes_on_when_it_is_put_right(pair: Pair) -> None:
    knowing(pair, location='table = "cmn_location", missing = "ask", ambiguous = "ask"')
    hamburg = known(pair, "fsm", LOCATION, HAMBURG)
    changed(pair, "fsm", LOCATION, hamburg, name="Acme Headquarters")
    order = pair.approved(HAMBURG, offering="Business SD-WAN")
    pair.sync()
    assert pair.work_orders(order) == []
    assert "write-parked" in pair.finding_codes()
    changed(pair, "fsm", LOCATION, hamburg, name=HAMBURG)
    with_engine_retry(pair)
    assert shown(pair, order, "location")["location"] == hamburg
    pair.assert_nothing_doubled()


NO_PLACE = f"Field Service has no location {HAMBURG} (city Hamburg)."
TWO_PLACES = f"Field Service has 2 records for the location {HAMBURG} (city Hamburg)."
UNTIL_THEN = "Please make or correct it there; until then the work order does not name it."


def unknown(pair: Pair, kind: str) -> None:
    """Field Service calls the place otherwise, or has it twice."""
    if kind == "missing":
        changed(pair, "fsm", LOCATION, known(pair, "fsm", LOCATION, HAMBURG), name="Hamburg Head Office")
    else:
        made(pair, "fsm", LOCATION, name=HAMBURG, city="Hamburg")


def named_in_findings(pair: Pair) -> list[str]:
    database = memory.reading(pair.loaded)
    assert database is not None
    return [one.text for one in overview(database).findings]


@pytest.mark.parametrize(("kind", "told"), [("missing", NO_PLACE), ("ambiguous", TWO_PLACES)])
def test_a_place_that_is_left_out_is_named_with_what_to_do_and_not_called_refused(
    pair: Pair, kind: str, told: str
) -> None:
    unknown(pair, kind)
    order = pair.approved(HAMBURG, offering="Business SD-WAN")
    pair.settle()
    number, work_order = pair.resource_order(order), pair.install(order)
    assert shown(pair, order, "location")["location"] == ""
    [note] = pair.notes(number)
    assert f"{work_order} Install CPE was created" in note
    assert f"{told} {UNTIL_THEN}" in note
    assert "did not take" not in note
    assert "cmn_location" not in note
    findings = named_in_findings(pair)
    assert findings
    assert all(told in text and "did not take" not in text for text in findings)
    event = f"{work_order} (Install CPE) for {number} created in Field Service; {told.rstrip('.')}"
    assert event in [one.text for one in happened(pair, work_order)]


def happened(pair: Pair, number: str) -> Sequence[Happened]:
    """What `om-fsm explain` tells."""
    database = memory.reading(pair.loaded)
    assert database is not None
    return explain(database, number).events


def test_a_place_that_is_put_right_is_told_as_what_was_missing(pair: Pair) -> None:
    hamburg = known(pair, "fsm", LOCATION, HAMBURG)
    unknown(pair, "missing")
    order = pair.approved(HAMBURG)
    pair.settle()
    changed(pair, "fsm", LOCATION, hamburg, name=HAMBURG)
    pair.world.advance(4 * 3600 + 60)
    pair.settle()
    assert shown(pair, order, "location")["location"] == hamburg
    told = f"now says what was missing: location: (empty) -> {HAMBURG}."
    assert pair.noted(pair.resource_order(order), pair.install(order), told)
    assert pair.finding_codes() == []


def test_who_is_moved_to_a_place_that_field_service_has_not_reads_which(pair: Pair) -> None:
    order = pair.approved(HAMBURG)
    pair.settle()
    there = made(pair, "om", LOCATION, name="Acme Bremen Hub", city="Bremen")
    [line] = pair.rows("om", LINE, f"order.number={order}", "number")
    pair.om("revise", order=order)
    pair.om("edit_line", line=line["number"], fields={"location": there})
    pair.om("approve_revision", order=order)
    pair.settle()
    told = "Field Service has no location Acme Bremen Hub (city Bremen)."
    assert pair.noted(pair.resource_order(order), pair.install(order), told, UNTIL_THEN)
    assert not pair.noted(pair.resource_order(order), "did not take")


@pytest.mark.parametrize(("kind", "told"), [("missing", NO_PLACE), ("ambiguous", TWO_PLACES)])
def test_who_waits_because_a_person_is_asked_reads_for_what_and_from_whom(pair: Pair, kind: str, told: str) -> None:
    knowing(pair, location='table = "cmn_location", by = "name + city", missing = "ask", ambiguous = "ask"')
    unknown(pair, kind)
    order = pair.approved(HAMBURG)
    pair.settle_but_parked()
    number = pair.resource_order(order)
    [note] = pair.notes(number)
    assert note.startswith(
        f"Install CPE for {number} is not arranged yet: {told} Please make or correct it there, and ask whoever"
        " looks after the connector to try again. 1 of 1 work order open."
    )
    findings = named_in_findings(pair)
    assert findings
    assert all(told in text and "cmn_location" not in text for text in findings)
    said = attempts_at(pair, number)
    assert told in said
    assert "cmn_location" not in said
    answer = asked(pair, number)
    assert [one.state for one in answer.work] == [f"not created yet: {told.rstrip('.')}"]


def attempts_at(pair: Pair, number: str) -> str:
    """What `om-fsm outbox show` tells of the write for this domain order that is parked."""
    database = memory.reading(pair.loaded)
    assert database is not None
    [entry] = [one.id for one in overview(database).waiting if one.subject == number]
    return " ".join(one.text for one in letter(database, entry, pair.now()).attempts)


def test_a_template_that_field_service_has_not_is_named(pair: Pair) -> None:
    table = "cmdb_workorder_product_model"
    changed(pair, "fsm", table, known(pair, "fsm", table, "Install CPE"), name="Install equipment")
    order = pair.approved(HAMBURG)
    pair.settle_but_parked()
    told = "is not arranged yet: Field Service has no work order template Install CPE. Please make or correct"
    assert pair.noted(pair.resource_order(order), told)


def with_engine_retry(pair: Pair) -> None:
    """`om-fsm outbox retry` for everything that is parked."""
    pair.world.advance(400)
    with app.writing(pair.loaded, pair.outside()) as (engine, _):
        for number in range(1, engine.store.newest_entry() + 1):
            engine.store.release_parked(number, pair.now(), drop=False)
    pair.settle()


def may_write_customer_data(pair: Pair) -> None:
    users = pair.world.users("fsm")
    users["connector"] = replace(users["connector"], roles=users["connector"].roles | {"admin"})


CREATE = 'table = "cmn_location", missing = "create", record = { city = "{location.city}", company = "{account}" }'


def test_a_missing_place_is_made_once_for_all_orders_with_what_is_known_of_it(pair: Pair) -> None:
    knowing(pair, location=CREATE)
    may_write_customer_data(pair)
    made(pair, "om", LOCATION, name="Acme Bremen Hub", city="Bremen")
    orders = [pair.approved("Acme Bremen Hub") for _ in range(3)]
    pair.sync()
    [place] = pair.rows("fsm", LOCATION, "name=Acme Bremen Hub", "sys_id", "city")
    assert place["city"] == "Bremen"
    assert {shown(pair, order, "location")["location"] for order in orders} == {place["sys_id"]}
    assert place["sys_id"] != known(pair, "om", LOCATION, "Acme Bremen Hub")


@pytest.mark.parametrize("kind", ["commit_then_500", "commit_then_drop", "status", "late_commit"])
def test_a_place_is_made_once_whatever_becomes_of_the_answer(pair: Pair, kind: str) -> None:
    knowing(pair, location=CREATE)
    may_write_customer_data(pair)
    made(pair, "om", LOCATION, name="Acme Bremen Hub")
    fault = {"kind": kind, "method": "POST", "path_contains": LOCATION, "count": 2, "user": "connector"}
    pair.world.fault("fsm", fault | ({"status": 503} if kind == "status" else {}))
    order = pair.approved("Acme Bremen Hub")
    pair.sync()
    pair.forget()
    pair.settle()
    assert len(pair.rows("fsm", LOCATION, "name=Acme Bremen Hub", "sys_id")) == 1
    assert shown(pair, order, "location.name")["location.name"] == "Acme Bremen Hub"
    pair.assert_nothing_doubled()


def test_a_user_who_may_not_make_records_leaves_the_order_to_a_person(pair: Pair) -> None:
    knowing(pair, location=CREATE)
    made(pair, "om", LOCATION, name="Acme Bremen Hub")
    order = pair.approved("Acme Bremen Hub")
    pair.sync()
    assert pair.work_orders(order) == []
    assert "write-parked" in pair.finding_codes()


@pytest.mark.parametrize("name", ["Acme, Gate 3", "Acme ^ Gate 3", "Gate 3 ^", "Düsseldorf = Düren"])
def test_names_that_a_query_cannot_hold_are_compared_another_way(pair: Pair, name: str) -> None:
    here = made(pair, "fsm", LOCATION, name=name)
    made(pair, "fsm", LOCATION, name=f"{name} B")
    there = made(pair, "om", LOCATION, name=name)
    order = pair.approved(there)
    pair.sync()
    assert shown(pair, order, "location")["location"] == here


# --- as it is configured by default ------------------------------------------------------------------------------------


def test_a_namesake_at_another_account_is_not_taken_for_the_contact_who_is_called_otherwise_now(pair: Pair) -> None:
    anna = known(pair, "fsm", CONTACT, "Anna Weber")
    changed(pair, "fsm", CONTACT, anna, name="Anna Schmidt", email="anna.schmidt@acme.example", user_name="schmidt")
    another_anna(pair, "fsm")
    order = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, order, "contact", "account.name") == {"contact": "", "account.name": "Acme Logistics"}
    nobody = "Field Service has no contact Anna Weber (email anna.weber@acme.example, account Acme Logistics)."
    assert pair.noted(pair.resource_order(order), nobody)
    assert "not-applied" in pair.finding_codes()


def test_a_contact_is_taken_by_email_whatever_the_name_is_now(pair: Pair) -> None:
    anna = known(pair, "fsm", CONTACT, "Anna Weber")
    changed(pair, "fsm", CONTACT, anna, name="Anna Schmidt")
    another_anna(pair, "fsm")
    order = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, order, "contact")["contact"] == anna
    assert "not-applied" not in pair.finding_codes()


@pytest.mark.parametrize("side", ["om", "fsm"])
def test_without_an_email_the_name_counts_together_with_the_account(side: str, pair: Pair) -> None:
    anna = known(pair, "fsm", CONTACT, "Anna Weber")
    changed(pair, side, CONTACT, known(pair, side, CONTACT, "Anna Weber"), email="")
    another_anna(pair, "fsm")
    order = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, order, "contact")["contact"] == anna


def test_without_an_email_a_namesake_at_another_account_is_not_taken(pair: Pair) -> None:
    changed(pair, "om", CONTACT, known(pair, "om", CONTACT, "Anna Weber"), email="")
    changed(pair, "fsm", CONTACT, known(pair, "fsm", CONTACT, "Anna Weber"), name="Anna Schmidt")
    another_anna(pair, "fsm")
    order = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, order, "contact")["contact"] == ""
    assert "not-applied" in pair.finding_codes()


@pytest.mark.parametrize("number", ["", "ACCT9999999"])
def test_instances_may_number_their_accounts_each_by_itself(number: str, pair: Pair) -> None:
    acme, same = known(pair, "fsm", ACCOUNT, "Acme Logistics"), known(pair, "fsm", ACCOUNT, "Borealis Foods")
    theirs = pair.rows("om", ACCOUNT, "name=Acme Logistics", "number")[0]["number"]
    changed(pair, "fsm", ACCOUNT, acme, number=number)
    changed(pair, "fsm", ACCOUNT, same, number=theirs)
    order = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, order, "account")["account"] == acme


@pytest.mark.parametrize("city", ["Hamburg", "Munich", ""])
def test_a_place_of_the_same_name_in_another_city_is_not_taken(pair: Pair, city: str) -> None:
    there = made(pair, "om", LOCATION, name="Main Office", city="Hamburg")
    here = made(pair, "fsm", LOCATION, name="Main Office", city=city)
    order = pair.approved(there)
    before = asked_about(pair, LOCATION)
    pair.sync()
    assert shown(pair, order, "location")["location"] == ("" if city == "Munich" else here)
    assert asked_about(pair, LOCATION) == before + 1  # however many keys begin with the name


HIDDEN = {"kind": "hide_field", "user": "connector", "count": None}


@pytest.mark.parametrize("side", ["om", "fsm"])
def test_a_key_that_is_not_there_on_one_side_leaves_it_to_the_next(pair: Pair, side: str) -> None:
    anna, acme = known(pair, "fsm", CONTACT, "Anna Weber"), known(pair, "fsm", ACCOUNT, "Acme Logistics")
    another_anna(pair, "fsm")
    gone = {"om": ["contact.email", "location.city"], "fsm": ["email"]}[side]
    for field in gone:
        pair.world.fault(side, {**HIDDEN, "field": field})
    order = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, order, "contact", "account") == {"contact": anna, "account": acme}
    assert "unreadable" not in pair.finding_codes()
    assert "not-applied" not in pair.finding_codes()


def test_where_no_key_can_be_asked_for_a_person_has_to_help(pair: Pair) -> None:
    pair.world.fault("fsm", {**HIDDEN, "field": "name", "path_contains": ACCOUNT})
    order = pair.approved(HAMBURG)
    pair.sync()
    assert pair.work_orders(order) == []


def asked_about(pair: Pair, table: str) -> int:
    return sum(seen.path.endswith(table) and seen.method == "GET" for seen in pair.world.requests("fsm"))


def test_many_orders_at_many_places_are_looked_up_together(pair: Pair) -> None:
    names = [f"Acme Site {number}" for number in range(12)]
    for name in names:
        for side in ("om", "fsm"):
            made(pair, side, LOCATION, name=name)
    orders = [pair.approved(name) for name in names]
    before = asked_about(pair, LOCATION)
    pair.sync()
    assert asked_about(pair, LOCATION) == before + 1
    assert [shown(pair, order, "location.name")["location.name"] for order in orders] == names


@pytest.mark.parametrize("seconds", [10, 400])
def test_a_record_that_was_replaced_is_looked_up_again_after_a_while(pair: Pair, seconds: int) -> None:
    first = pair.approved(HAMBURG)
    with app.writing(pair.loaded, pair.outside()) as (engine, systems):
        app.sync_once(engine, systems, pair.now)
        before = shown(pair, first, "location")["location"]
        changed(pair, "fsm", LOCATION, before, name="Acme Hamburg (old)")
        anew = made(pair, "fsm", LOCATION, name=HAMBURG)
        pair.world.advance(seconds)
        second = pair.approved(HAMBURG)
        app.sync_once(engine, systems, pair.now)
    assert shown(pair, second, "location")["location"] == (anew if seconds > 300 else before)


def test_on_one_instance_the_very_records_of_the_order_are_taken(tmp_path: Path) -> None:
    single = make_pair(tmp_path, "single")
    another_anna(single, "om")
    right = single.rows("om", CONTACT, "email=anna.weber@acme.example", "sys_id")[0]["sys_id"]
    account = known(single, "om", ACCOUNT, "Acme Logistics")
    line = {"offering": "Business SD-WAN", "location": HAMBURG, "committed_due_date": "2026-04-01 12:00:00"}
    placed = single.om("create_order", account="Acme Logistics", contact=right, lines=[line])["order"]["number"]
    single.om("place", order=placed)
    single.om("approve", order=placed)
    single.world.advance(10)
    before = asked_about(single, CONTACT)
    single.sync()
    assert shown(single, placed, "contact", "account") == {"contact": right, "account": account}
    assert asked_about(single, CONTACT) == before


def test_a_sys_id_of_the_other_instance_is_no_key(pair: Pair) -> None:
    with pytest.raises(ConfigError) as refused:
        knowing(pair, contact='table = "customer_contact", by = "sys_id"')
    assert "means nothing on the other instance" in str(refused.value.problems)


def test_another_customer_of_the_same_name_reaches_the_open_work_order(pair: Pair) -> None:
    knowing(pair, **BY_KEYS)
    there, here = another_anna(pair, "om"), another_anna(pair, "fsm")
    order = pair.approved(HAMBURG)
    pair.sync()
    assert shown(pair, order, "contact")["contact"] not in ("", here)
    sys_id = pair.rows("om", "sn_ind_tmt_orm_order", f"number={order}", "sys_id")[0]["sys_id"]
    for table, query in (
        ("sn_ind_tmt_orm_order", f"sys_id={sys_id}"),
        ("sn_ind_tmt_orm_order_line_item", f"order={sys_id}"),
        ("sn_ind_tmt_orm_domain_order", f"order_line_item.order={sys_id}"),
    ):
        for row in pair.rows("om", table, query, "sys_id"):
            changed(pair, "om", table, row["sys_id"], contact=there)
    pair.settle()
    assert shown(pair, order, "contact")["contact"] == here
    assert pair.noted(pair.resource_order(order), "was updated")
