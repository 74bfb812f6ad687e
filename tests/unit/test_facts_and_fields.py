"""Facts and fields: what a policy and a work order can say about an order, and which differences matter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.facts import FACTS, facts_of, fill, is_fact, placeholders, unshown
from connector.mapping.fields import DEFAULT_CASE_FIELDS, DEFAULT_FIELDS, FieldMap, changes_between
from connector.model import Change, Initiator, OrderLine, Ref
from tests.unit.orders import domain_order, line, order, order_task

BERLIN, PARIS = Ref("1" * 32, "Berlin"), Ref("2" * 32, "Paris")
ACME, ACME_FRANCE, ACME_LAB = Ref("3" * 32, "Acme"), Ref("4" * 32, "Acme France"), Ref("5" * 32, "Acme Lab")
INITIATOR = Initiator(order(account=ACME), line(location=BERLIN), domain_order())

FACT_SETS = st.dictionaries(st.sampled_from([*FACTS, "characteristic.port", "characteristic.speed"]), st.text())


def test_a_reference_is_known_by_its_name_because_its_sys_id_means_nothing_in_field_service() -> None:
    facts = facts_of(INITIATOR)
    assert (facts["location"], facts["account"], facts["specification"]) == ("Berlin", "Acme", "CPE")
    sys_ids = {BERLIN.sys_id, ACME.sys_id, INITIATOR.domain_order.specification.sys_id}
    assert not sys_ids & set(facts.values())


@pytest.mark.parametrize(
    ("initiator", "name", "value"),
    [
        (INITIATOR, "location", "Berlin"),
        (replace(INITIATOR, domain_order=domain_order(location=PARIS)), "location", "Paris"),
        (INITIATOR, "account", "Acme"),
        (replace(INITIATOR, line=line(account=ACME_FRANCE)), "account", "Acme France"),
        (replace(INITIATOR, line=line(account=ACME_FRANCE), domain_order=domain_order(account=ACME_LAB)), "account", "Acme Lab"),
        (replace(INITIATOR, order=order(contact=Ref("6" * 32, "Ann"))), "contact", "Ann"),
        (INITIATOR, "contact", ""),
        (INITIATOR, "priority", "4"),
        (replace(INITIATOR, task=order_task()), "priority", "4"),
        (replace(INITIATOR, task=replace(order_task(), priority="1")), "priority", "1"),
        (INITIATOR, "request type", ""),
        (replace(INITIATOR, task=order_task()), "request type", "Site survey"),
        (INITIATOR, "initiator", "RO1"),
        (replace(INITIATOR, task=order_task()), "initiator", "TASK1"),
        (replace(INITIATOR, task=order_task()), "domain order", "RO1"),
    ],
)  # fmt: skip
def test_the_nearest_record_that_says_something_is_believed(initiator: Initiator, name: str, value: str) -> None:
    assert facts_of(initiator)[name] == value


ANN = Ref("6" * 32, "Ann")
OF_THE_ORDER = {"contact.email": "ann@acme.example", "consumer": "Ann", "consumer.email": "ann@home.example"}
ASKED = {"contact.email": "", "consumer": "", "consumer.email": ""}


@pytest.mark.parametrize(
    ("of_line", "name", "value"),
    [
        (line(more=ASKED), "contact.email", "ann@acme.example"),
        (line(more=ASKED, contact=ANN), "contact.email", ""),  # another Ann, perhaps
        (line(more={**ASKED, "contact.email": "a@acme.example"}, contact=ANN), "contact.email", "a@acme.example"),
        (line(contact=ANN), "contact.email", "ann@acme.example"),  # the line is not asked for it
        (line(more=ASKED), "consumer.email", "ann@home.example"),
        (line(more={**ASKED, "consumer": "Nora"}), "consumer.email", ""),
    ],
)
def test_the_keys_of_a_record_are_those_of_the_one_that_is_meant(of_line: OrderLine, name: str, value: str) -> None:
    initiator = replace(INITIATOR, order=order(contact=ANN, more=OF_THE_ORDER), line=of_line)
    assert facts_of(initiator)[name] == value


@pytest.mark.parametrize(
    ("initiator", "unknown"),
    [
        (INITIATOR, ()),
        (replace(INITIATOR, line=line(unshown=("location",))), ("location",)),
        (replace(INITIATOR, line=line(unshown=("location",)), domain_order=domain_order(location=PARIS)), ()),
        (replace(INITIATOR, line=line(location=PARIS), domain_order=domain_order(unshown=("location",))), ("location",)),
        (replace(INITIATOR, order=order(unshown=("contact",)), line=line(contact=Ref("6" * 32, "Ann"))), ()),
        (replace(INITIATOR, order=order(unshown=("site",)), line=line(more={"site": "B7"})), ()),
        (replace(INITIATOR, order=order(unshown=("site",)), line=line(more={"site": ""})), ("site",)),
        (replace(INITIATOR, task=replace(order_task(), unshown=("request type",))), ("request type",)),
        (replace(INITIATOR, unshown=("location of RO2",)), ("location of RO2",)),
    ],
)  # fmt: skip
def test_a_fact_is_not_known_where_the_nearest_record_that_has_one_shows_no_name(
    initiator: Initiator, unknown: tuple[str, ...]
) -> None:
    assert unshown(initiator) == unknown


def test_characteristics_are_said_one_by_one_and_all_together_in_a_stable_order() -> None:
    facts = facts_of(replace(INITIATOR, line=line(characteristics={"Speed": "10G", "Port": "LC"})))
    assert facts["characteristics"] == "Port: LC; Speed: 10G"
    assert (facts["characteristic.speed"], facts["characteristic.port"]) == ("10G", "LC")


def test_two_spaces_in_a_characteristics_name_do_not_hide_it_from_the_policy() -> None:
    facts = facts_of(replace(INITIATOR, line=line(characteristics={"Port  Speed ": "10G"})))
    assert facts["characteristic.port speed"] == "10G"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("location", True),
        ("characteristic.port speed", True),
        ("characteristic.", False),
        ("characteristic", False),
        ("Location", False),
        ("locations", False),
        ("", False),
    ],
)
def test_a_policy_column_must_be_something_the_connector_knows(name: str, known: bool) -> None:
    assert is_fact(name) is known


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{location}", "Berlin"),
        ("{ Location }", "Berlin"),
        ("{location}/{location}", "Berlin/Berlin"),
        ("{characteristic.Port}", "{location}"),  # a value is never read as a template
        ("{characteristic.color}", ""),
        ("{}", ""),
        ("{{location}}", "{Berlin}"),
        ("100 %s {0", "100 %s {0"),
        ("", ""),
    ],
)
def test_a_template_is_filled_once_and_nothing_else_in_it_is_interpreted(template: str, filled: str) -> None:
    assert fill(template, {"location": "Berlin", "characteristic.port": "{location}"}) == filled


@given(st.text(), FACT_SETS)
def test_a_value_reaches_the_work_order_as_it_is(value: str, facts: dict[str, str]) -> None:
    assert fill("<{location}>", {**facts, "location": value}) == f"<{value}>"


def test_the_placeholders_of_a_template_are_found_as_written() -> None:
    assert placeholders("{ location } and {Characteristic.Port}, {} {x") == ("location", "Characteristic.Port", "")


@pytest.mark.parametrize("template", DEFAULT_FIELDS.values())
def test_the_templates_we_ship_use_only_facts_we_know(template: str) -> None:
    assert all(is_fact(name) for name in placeholders(template))


def test_a_work_order_says_where_what_and_for_whom() -> None:
    desired = FieldMap(DEFAULT_FIELDS).desired(facts_of(INITIATOR))
    assert desired["short_description"] == "CPE: add at Berlin (RO1)"
    assert (desired["location"], desired["account"], desired["requested_due_by"]) == (
        "Berlin", "Acme", "2027-03-01 12:00:00",
    )  # fmt: skip
    assert "Order ORD1, line ORDL1, domain order RO1" in desired["description"]


@given(FACT_SETS, FACT_SETS)
def test_carrying_the_patch_makes_the_work_order_say_what_the_order_says(
    before: dict[str, str], after: dict[str, str]
) -> None:
    fields = FieldMap(DEFAULT_FIELDS)
    patch = fields.patch(before, after)
    assert {**fields.desired(before), **patch} == fields.desired(after)
    assert all(fields.desired(before)[column] != value for column, value in patch.items())


@given(FACT_SETS)
def test_an_order_that_did_not_change_changes_no_work_order(facts: dict[str, str]) -> None:
    assert FieldMap(DEFAULT_FIELDS).patch(facts, facts) == {}
    assert changes_between(facts, facts) == ()


def test_a_moved_location_changes_the_work_order_and_only_the_columns_that_name_it() -> None:
    moved = FieldMap(DEFAULT_FIELDS).patch({"location": "Berlin"}, {"location": "Paris"})
    assert moved == {"location": "Paris", "short_description": ":  at Paris ()"}


PORT = {"characteristic.port": "LC"}


@pytest.mark.parametrize(
    ("before", "after", "reached"),
    [
        ({"priority": "4"}, {"priority": "1"}, {"priority": ["priority"]}),
        ({"location": "Bonn"}, {"location": "Paris"}, {"location": ["short_description", "location"]}),
        ({"priority": "4"}, {"priority": "1", "contact": "A"}, {"priority": ["priority"], "contact": ["description", "contact"]}),
        ({**PORT, "characteristics": "port: LC"}, {"characteristics": ""}, {"characteristic.port": ["description"]}),
        ({"request type": "a"}, {"request type": "b"}, {"request type": []}),
        ({"priority": "4", "policy.priority": "2"}, {"priority": "1", "policy.priority": "2"}, {"priority": []}),
        ({"policy.skills": "Fiber"}, {}, {"skills": ["description"]}),
        ({"policy.dispatch group": "A"}, {}, {"dispatch group": ["qualification_group"]}),
    ],
)  # fmt: skip
def test_of_each_change_it_is_known_which_columns_tell_of_it(
    before: dict[str, str], after: dict[str, str], reached: dict[str, list[str]]
) -> None:
    changes = FieldMap(DEFAULT_FIELDS).changes(before, after)
    assert {change.what: sorted(change.columns) for change in changes} == {n: sorted(c) for n, c in reached.items()}


@given(FACT_SETS, FACT_SETS)
def test_the_changes_are_the_same_with_the_columns_they_reach(before: dict[str, str], after: dict[str, str]) -> None:
    changes = FieldMap(DEFAULT_FIELDS).changes(before, after)
    assert tuple(replace(change, columns=()) for change in changes) == changes_between(before, after)


def test_space_around_a_value_is_no_change_of_the_work_order() -> None:
    fields = FieldMap({"location": "{location}"})
    assert fields.patch({"location": "Berlin"}, {"location": " Berlin "}) == {}
    assert fields.patch({"location": "Berlin"}, {"location": " Bern "}) == {"location": "Bern"}


@given(FACT_SETS, FACT_SETS)
def test_a_reader_is_told_each_changed_fact_once_with_before_and_after(
    before: dict[str, str], after: dict[str, str]
) -> None:
    changes = changes_between(before, after)
    told = {c.what: (c.before, c.after) for c in changes}
    every = {*before, *after} - {"characteristics"}
    assert len(told) == len(changes)
    assert told == {n: (before.get(n, ""), after.get(n, "")) for n in every if before.get(n, "") != after.get(n, "")}


def test_a_changed_characteristic_is_told_by_its_name_and_not_again_in_the_list_of_all() -> None:
    before = facts_of(replace(INITIATOR, line=line(characteristics={"Port": "LC"})))
    after = facts_of(replace(INITIATOR, line=line(characteristics={"Port": "SC"})))
    assert changes_between(before, after) == (Change("characteristic.port", "LC", "SC"),)


@pytest.mark.parametrize(
    ("changed", "entered", "unsaid"),
    [
        ({}, {}, ()),
        ({"due date": "2027-04-01 12:00:00"}, {}, ("due date",)),
        ({"quantity": "10"}, {}, ("quantity",)),  # "Quantity: 1" does not say it
        ({"location": "Munich"}, {}, ("location",)),
        ({"location": "Munich"}, {"location": "Munich"}, ()),  # the short description still says the old one
        ({"location": "Munich", "priority": "1"}, {"location": "Munich"}, ("priority",)),
        ({"characteristics": "Rate: 2; Size: L", "characteristic.rate": "2"}, {}, ("characteristic.rate",)),
        ({"characteristics": "Rate: 1"}, {}, ("characteristic.size",)),  # it was removed
        ({"policy.window": "morning"}, {}, ("window",)),
    ],
)
def test_what_a_work_order_does_not_say_may_have_changed(
    changed: dict[str, str], entered: dict[str, str], unsaid: tuple[str, ...]
) -> None:
    fields = FieldMap(DEFAULT_FIELDS)
    before = {
        **facts_of(INITIATOR),
        "quantity": "1",
        "characteristics": "Rate: 1; Size: L",
        "characteristic.rate": "1",
        "characteristic.size": "L",
    }
    after = {**before, **changed}
    if "Size" not in after["characteristics"]:
        del after["characteristic.size"]
    assert fields.unsaid({**fields.desired(before), **entered}, after) == unsaid


def test_a_column_that_is_not_shown_counts_where_the_others_say_what_they_should() -> None:
    fields = FieldMap({"requested_due_by": "{due date}", "description": "{quantity} by {due date}"})
    now = {"due date": "2027-04-01", "quantity": "1"}
    assert fields.unsaid({}, now) == ("due date", "quantity")
    assert fields.unsaid({"requested_due_by": "2027-04-01"}, now) == ("quantity",)
    assert fields.unsaid({"requested_due_by": "2027-03-01"}, now) == ("due date",)
    assert fields.unsaid({"description": "rewritten by hand"}, now) == ("due date", "quantity")


SAYS = {
    "order": "O1",
    "order line": "L1",
    "domain order": "D1",
    "initiator": "D1",
    "domain order action": "add",
    "account": "Acme Logistics",
    "consumer": "",
    "contact": "Ann Lee",
    "quantity": "1",
    "location": "Hamburg",
    "specification": "CPE",
    "priority": "4",
    "due date": "2026-04-01 12:00:00",
    "characteristics": "",
}
RATE = {"characteristics": "Rate: 1", "characteristic.rate": "1"}


@pytest.mark.parametrize(
    ("more", "changed", "unsaid"),
    [
        ({}, {"contact": "Bob"}, ("contact",)),
        ({}, {"contact": "Bob", "quantity": "2"}, ("contact", "quantity")),
        (RATE, {"contact": "Bob"}, ("contact",)),
        (RATE, {"contact": "Ann"}, ("contact",)),
        (RATE, {"contact": ""}, ("contact",)),
        ({"contact": ""}, {"contact": "Ann Lee"}, ("contact",)),
        (RATE, {"account": "Acme"}, ("account", "consumer")),  # as if a consumer called Logistics had been removed
        (RATE, {"account": ""}, ("account", "consumer")),
        ({**RATE, "consumer": "Jim Bob"}, {"account": ""}, ("account",)),
        ({**RATE, "consumer": "Jim Bob"}, {"consumer": ""}, ("consumer",)),
        ({**RATE, "consumer": "Jim Bob"}, {"consumer": "Bob"}, ("consumer",)),
        (RATE, {"characteristics": "", "characteristic.rate": None}, ("characteristic.rate",)),
        ({}, RATE, ("characteristic.rate",)),
        (
            RATE,
            {"characteristics": "", "characteristic.rate": None, "quantity": "2"},
            ("characteristic.rate", "quantity"),
        ),
        (RATE, {"characteristics": "Rate: 10", "characteristic.rate": "10"}, ("characteristic.rate",)),
        ({"characteristics": "Size: ", "characteristic.size": ""}, {"contact": "Bob"}, ("contact",)),
        ({"characteristics": "Note: a; b: c", "characteristic.note": "a; b: c"}, {"contact": "Bob"}, ("contact",)),
        ({"characteristics": "Note: a\nb", "characteristic.note": "a\nb"}, {"contact": "Bob"}, ("contact",)),
        (
            {"characteristics": "Note: a; b; Rate: 1", "characteristic.note": "a; b", "characteristic.rate": "1"},
            {"characteristics": "Note: a; b; Rate: 2", "characteristic.rate": "2"},
            ("characteristic.rate",),
        ),
        (
            {"characteristics": "Note: [code]x[/code]", "characteristic.note": "[code]x[/code]"},
            {"contact": "Bob"},
            ("contact",),
        ),
        ({"policy.skills": "fiber"}, {"contact": "Bob"}, ("contact",)),
        ({"policy.skills": "fiber"}, {"policy.skills": None}, ("skills",)),
        ({"policy.skills": "fiber"}, {"policy.skills": "copper"}, ("skills",)),
        (RATE, {"policy.skills": "copper"}, ("skills",)),
    ],
)
def test_of_a_text_the_fewest_facts_that_explain_it_may_have_changed(
    more: dict[str, str], changed: dict[str, str | None], unsaid: tuple[str, ...]
) -> None:
    fields, before = FieldMap(DEFAULT_FIELDS), {**SAYS, **more}
    after = {name: text for name, text in {**before, **changed}.items() if text is not None}
    assert fields.unsaid(fields.desired(before), after) == unsaid


@pytest.mark.parametrize("changed", [{"contact": "Bob"}, {"priority": "1", "contact": "Bob"}, {"description": "alive"}])
def test_of_a_case_without_a_product_only_what_changed_may_have_changed(changed: dict[str, str]) -> None:
    fields = FieldMap(DEFAULT_CASE_FIELDS)
    before = {**SAYS, "case": "CS1", "short description": "dead", "description": "the router\n\nis dead", "product": ""}
    assert fields.unsaid(fields.desired(before), {**before, **changed}) == tuple(sorted(changed))


def test_of_a_text_that_a_person_wrote_anew_anything_may_have_changed_and_each_characteristic_it_names() -> None:
    fields, now = FieldMap(DEFAULT_FIELDS), {**SAYS, **RATE}
    shown = {**fields.desired(now), "description": "Ring first.\nCustomer: somebody\nGate: 4; Rate: 1"}
    assert fields.unsaid(shown, now) == (
        *("characteristic.", "characteristic.gate", "characteristic.rate", "consumer", "quantity"),
    )
    shown["description"] = fields.desired(now)["description"] + "\nRing first."
    assert fields.unsaid(shown, {**now, "contact": "Bob"}) == ("characteristic.rate", "contact")
