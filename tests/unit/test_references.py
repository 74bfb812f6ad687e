"""By what a record of one instance is known on the other."""

from __future__ import annotations

import pytest

from connector.fsm.references import askable, beginning
from connector.mapping.fields import FieldMap, changes_between
from connector.mapping.outputs import facts_for
from connector.mapping.references import Lookup
from connector.model import Change, WantedWorkOrder

CONTACT = Lookup("customer_contact", (("email",), ("name", "account.name"), ("name",)), fact="contact")
ANNA = {"contact": "Anna Weber", "contact.email": "anna@acme.example", "contact.account.name": "Acme"}
OTHER = {**ANNA, "contact.email": "anna@borealis.example"}


def test_keys_come_in_their_order_and_only_where_everything_of_one_is_known() -> None:
    assert CONTACT.keys("Anna Weber", ANNA) == (
        {"email": "anna@acme.example"},
        {"name": "Anna Weber", "account.name": "Acme"},
        {"name": "Anna Weber"},
    )
    assert CONTACT.keys("Anna Weber", {"contact.email": " "}) == ({"name": "Anna Weber"},)
    assert CONTACT.keys("", {}) == ()


def test_what_is_no_record_on_the_other_side_is_a_text() -> None:
    group = Lookup("sys_user_group", (("u_code",),))
    assert group.keys("HH-1", {"contact.u_code": "x"}) == ({"u_code": "HH-1"},)
    assert group.asked == ()


def test_a_text_may_be_any_one_of_the_keys_and_says_nothing_of_two() -> None:
    place = Lookup("cmn_location", (("u_code",), ("name", "city"), ("name",)))
    assert place.keys(" HH-1 ", {}) == ({"u_code": "HH-1"}, {"name": "HH-1"})
    assert place.keys(" ", {}) == ()
    assert place.written == ("u_code", "name + city", "name")


def test_only_what_is_not_shown_anyway_has_to_be_asked_for() -> None:
    made = Lookup("customer_contact", (("name",),), fact="contact", record={"phone": "{contact.phone}, {account}"})
    assert CONTACT.asked == ("email", "account.name")
    assert made.asked == ("phone",)


def test_on_one_instance_the_sys_id_is_the_surest_key() -> None:
    facts = {**ANNA, "contact.sys_id": "c" * 32}
    assert CONTACT.on_one_instance().keys("Anna Weber", facts)[0] == {"sys_id": "c" * 32}
    assert Lookup("sys_user_group").on_one_instance() == Lookup("sys_user_group")


FIELDS = FieldMap({"contact": "{contact}"}, keyed={"contact": ("contact.email", "contact.sys_id")})


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (ANNA, {}),
        (OTHER, {"contact": "Anna Weber"}),
        ({"contact": "Anna Weber"}, {}),  # carried before keys were asked for: that is no change of the order
        ({**ANNA, "contact": "Bernd Weber"}, {"contact": "Anna Weber"}),
    ],
)
def test_a_reference_changes_with_the_name_or_with_a_key_that_was_known(
    before: dict[str, str], expected: dict[str, str]
) -> None:
    assert FIELDS.patch(before, ANNA) == expected


def test_a_sys_id_is_told_to_nobody() -> None:
    changes = changes_between({**ANNA, "contact.sys_id": "a"}, {**OTHER, "contact.sys_id": "b"})
    assert changes == (Change("contact.email", "anna@acme.example", "anna@borealis.example"),)


def test_what_is_known_of_the_initiators_place_says_nothing_about_another() -> None:
    facts = {"location": "Hamburg", "location.parent.name": "North", "account": "Acme"}
    there = facts_for(facts, WantedWorkOrder("r", "T", 1, location="Munich"))
    assert there == {"location": "Munich", "account": "Acme"}
    assert facts_for(facts, WantedWorkOrder("r", "T", 1, location="Hamburg")) == facts


@pytest.mark.parametrize(
    ("value", "begins", "can_be"),
    [
        ("Acme, Gate 3", "Acme, Gate 3", True),
        ("Acme ^ Gate", "Acme", True),
        ("A^B", "A", False),  # half of all names begin so
        ("^", "", False),
        ("Haus\n5", "Haus", True),
        ("javascript:x", "javascript", True),
    ],
)
def test_of_what_no_query_can_hold_the_beginning_is_asked_for(value: str, begins: str, *, can_be: bool) -> None:
    assert beginning(value) == begins
    assert askable(value) is can_be
