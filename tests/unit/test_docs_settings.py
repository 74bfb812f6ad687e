"""Every setting that README and docs/ speak of with its section exists, and a value that they give it is one it takes."""

from __future__ import annotations

import re
import tomllib

import pytest

from connector.config import Settings
from connector.setting import SecretRef
from tests.cli.told import ROOT, pages, unfenced

_SETTING = re.compile(r"`\[([\w.]+)\] (\w+)(?: = ([^`]+))?`(?: and `(\w+ = [^`]+)`)?")
_UNDER = re.compile(r"`(\w+)` (?:under|of|in) `\[([\w.]+)\]`")
_SECRET = re.compile(r"`(\{ (?:env|file|command) = [^`]+ \})`")
NEEDED = """
[om]
name = "om"
url = "https://om.example"
username = "u"
password = { env = "OM" }
[fsm]
name = "fsm"
url = "https://fsm.example"
username = "u"
password = { env = "FSM" }
[policy]
domain_order = "a.csv"
order_task = "b.csv"
"""


def spoken_of(text: str) -> list[tuple[str, str, str, str]]:
    """Section, setting, its value, and a setting that goes with it, where they are said. Pure."""
    return [*_SETTING.findall(text), *((section, name, "", "") for name, section in _UNDER.findall(text))]


def wrong(text: str) -> list[str]:
    """What is spoken of and does not exist, or does not take the value. Pure."""
    found = []
    for section, name, value, besides in spoken_of(text):
        document = tomllib.loads(NEEDED)
        here = document
        for part in section.split("."):
            here = here.setdefault(part, {})
        given = tomllib.loads(f"{name} = {value}")[name] if value else object()
        here.update({name: given}, **tomllib.loads(besides))
        try:
            Settings.model_validate(document)
        except ValueError as error:
            said = str(error)
            if value or "Extra inputs" in said:
                found.append(f"[{section}] {name} {value}: {said}")
    return found


@pytest.mark.parametrize("page", pages())
def test_a_setting_that_is_spoken_of_exists_and_takes_the_value_it_is_given(page: str) -> None:
    assert wrong(unfenced((ROOT / page).read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("page", pages())
def test_a_place_of_a_secret_is_one_where_a_secret_is_looked_for(page: str) -> None:
    for place in _SECRET.findall((ROOT / page).read_text(encoding="utf-8")):
        SecretRef.model_validate(tomllib.loads(f"place = {place}")["place"])


def test_a_setting_that_does_not_exist_is_noticed() -> None:
    assert [bool(wrong(text)) for text in ("`[gate] mood`", '`[gate] mode = "slam"`', "`mood` under `[gate]`")] == [
        True
    ] * 3
    assert (
        wrong('`[gate] mode = "note"`, `[notes] time_zone`, `archive_days` under `[memory]`, `[http] port = 0`') == []
    )
    pages_that_do = [page for page in pages() if spoken_of((ROOT / page).read_text(encoding="utf-8"))]
    assert len(pages_that_do) > 5
