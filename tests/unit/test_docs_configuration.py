"""docs/configuration.md is what the settings model and the words of config.example.toml make of it."""

from __future__ import annotations

import re

from tests.configuration_page import PAGE, page
from tests.unit.test_config_example import known


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.configuration_page"


def test_every_setting_has_its_place_and_no_row_is_without_words() -> None:
    told: dict[str, str] = {}
    for part in page().split("\n## ")[1:]:
        section = "" if part.startswith("At the top") else part.split("`")[1].strip("[]")
        rows = re.findall(r"^\| `(\w+)` .*\| ([^|]*) \|$", part, re.MULTILINE)
        names = re.findall(r"`(\w+)` = `([^`]+)`", part.strip().splitlines()[-1])
        told |= {f"{section}.{name}".removeprefix("."): words.strip() for name, words in (*rows, *names)}
    assert all(told.values())
    of_tables = ("references.", "facts.", "fields.", "outputs.", "sign_in", "columns.domain_order")
    assert not [path for path in known() if path not in told and not any(name in path for name in of_tables)]
    assert "om.columns.domain_order.needs_attention" in told
