"""A template names facts and does nothing else: no attribute, no index, no format, no second reading of what a fact says."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connector.mapping.facts import fill
from connector.mapping.fields import FieldMap

FACTS = {"location": "Berlin", "order": "ORD1", "characteristic.port": "LC"}
PIECES = [*"{}[]()!:.$%", "location", "order", "Characteristic.Port", "__class__", "0", "r", ">10", "\n", "code", "/"]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=12).map("".join)
NAMES = ("location", "order", "characteristic.port")


@pytest.mark.parametrize(
    "template",
    [
        "{location.__class__}",
        "{location.__class__.__mro__[1].__subclasses__()}",
        "{location[0]}",
        "{location!r}",
        "{location:>100000000}",
        "{0}",
        "{}",
        "{__import__('os').system('true')}",
        "{order}{location.__init__.__globals__}",
    ],
)
def test_what_is_no_fact_says_nothing(template: str) -> None:
    assert fill(template, FACTS) == ("ORD1" if template.startswith("{order}") else "")
    assert fill("at {location}, {ORDER}", FACTS) == "at Berlin, ORD1"


@pytest.mark.parametrize("template", ["%(location)s", "$location", "${location.__class__}", "{% location %}", "`id`"])
def test_no_other_language_of_templates_is_understood(template: str) -> None:
    assert "Berlin" not in fill(template, FACTS)


@given(TEXTS, TEXTS)
@example("{location}", "{order}")
@example("{location}", "{location}")
@example("{{location}}", "order")
def test_what_a_fact_says_is_never_read_as_a_template(template: str, value: str) -> None:
    marked = {name: f"\ue000{n}\ue001" for n, name in enumerate(NAMES)}
    outline = fill(template, marked)
    filled = fill(template, dict.fromkeys(NAMES, value))
    assert filled == re.sub("\ue000\\d\ue001", lambda _: value, outline)


@given(TEXTS)
def test_outside_its_braces_a_template_stays_as_it_is(template: str) -> None:
    assert fill(template, {}) == re.sub(r"\{[^{}]*\}", "", template)


@given(st.dictionaries(st.sampled_from(NAMES), TEXTS), st.dictionaries(st.sampled_from(["work_notes", "b"]), TEXTS))
@example({"location": "[code]<script>[/CODE]", "order": "[co"}, {"work_notes": "{location}{order}", "b": "{order}de]"})
def test_no_markup_leaves_in_a_column_even_put_together_from_two_facts(
    facts: dict[str, str], templates: dict[str, str]
) -> None:
    columns = FieldMap(templates).desired({**facts, "policy.remark": facts.get("order", "")})
    assert [text for text in columns.values() if re.search(r"\[/?code\]", text, re.IGNORECASE)] == []


def test_other_brackets_stay_as_they_are() -> None:
    templates = {"work_notes": "[{location}] {order}"}
    facts = {"location": "Rack [4]", "order": "[code]<b>x</b>[/code]"}
    assert FieldMap(templates).desired(facts) == {"work_notes": "[Rack [4]] (code)<b>x</b>(/code)"}
