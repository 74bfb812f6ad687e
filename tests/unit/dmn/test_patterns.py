"""Regular expressions: XPath's, and no pattern whatever makes anybody wait."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.mapping.dmn.conditions import Like, holds
from connector.mapping.dmn.patterns import PatternError, PatternNotCarried, pattern


@pytest.mark.parametrize(
    ("text", "wanted", "flags", "found"),
    [
        ("abracadabra", "bra", "", True),
        ("abracadabra", "^bra", "", False),
        ("abracadabra", "bra$", "", True),
        ("abZ", "^[A-Z]*$", "i", True),
        ("abZ", "^[A-Z]*$", "", False),
        ("x", "[A-Z-[OI]]", "i", True),
        ("i", "[A-Z-[OI]]", "i", False),
        ("q", "[^Q]", "i", False),
        ("a\nb", "a.b", "", False),
        ("a\nb", "a.b", "s", True),
        ("a\nb", "^b", "", False),
        ("a\nb", "^b", "m", True),
        ("hello world", "hello[ ]world ", "x", True),
        ("a.b", "a.b", "q", True),
        ("axb", "a.b", "q", False),
        ("Ärger", r"^\p{Lu}\w+$", "", True),
        ("ärger", r"^\p{Lu}", "", False),
        ("2026-03-31", r"^\d{4}(-\d{2}){2}$", "", True),
        ("2026-03-3", r"^\d{4}(-\d{2}){2}$", "", False),
        ("", "^$", "", True),
    ],
)
def test_a_pattern_is_found_or_not(text: str, wanted: str, flags: str, found: bool) -> None:
    assert pattern(wanted, flags).is_in(text) is found


@pytest.mark.parametrize(
    "wanted", ["(", ")", "[a", "a{2", "a**", "*a", "[z-a]", "\\q", "\\3", "(?=a)", "a{5,2}", "\\p{Xx}", "(a{999}){999}"]
)
def test_what_is_no_pattern_is_refused(wanted: str) -> None:
    with pytest.raises(PatternError):
        pattern(wanted)


def test_a_reference_back_is_refused_as_not_carried() -> None:
    with pytest.raises(PatternNotCarried):
        pattern(r"(a)\1")


@pytest.mark.parametrize(
    "wanted", ["(a*)*b", "(a|a)*b", "(a|aa)+$", "a*a*a*a*a*a*a*b", "(.*)(.*)(.*)(.*)(.*)x", "((a+)+)+b"]
)
def test_a_pattern_that_makes_others_hang_is_answered_at_once(wanted: str) -> None:
    assert pattern(wanted).is_in("a" * 2_000 + "!") is False
    assert pattern(wanted).replaced("a" * 50 + "!", "") == "a" * 50 + "!"


def test_a_text_too_long_for_a_pattern_does_not_satisfy_it() -> None:
    assert holds(Like("matches", "x{500}"), "x" * 600)
    assert not holds(Like("matches", "x{500}"), "x" * 100_000)


# What Python writes alike: letters, groups, choices and repetitions that cannot be empty inside.
SIMPLE = st.recursive(
    st.sampled_from(["a", "b", "[ab]", "[^a]", "."]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["+", "{2}", "+?", "{1,2}"])).map(lambda two: f"({two[0]}){two[1]}"),
    ),
    max_leaves=6,
)


@given(SIMPLE, st.text("abc", max_size=12), st.booleans())
def test_patterns_agree_with_python_where_both_have_them(wanted: str, text: str, anchored: bool) -> None:
    wanted = f"^{wanted}$" if anchored else wanted
    assert pattern(wanted).is_in(text) is bool(re.search(wanted, text))
    assert pattern(wanted).replaced(text, "<$0>") == re.sub(wanted, r"<\g<0>>", text)
    assert pattern(f"({wanted})?c").split(text) == re.split(f"(?:{re.sub(r'[(]', '(?:', wanted)})?c", text)
