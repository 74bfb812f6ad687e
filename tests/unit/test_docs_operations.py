"""docs/operations.md lists the metrics that are served, and no other."""

from __future__ import annotations

from tests.operations_page import PAGE, page


def test_the_list_of_metrics_is_that_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.operations_page writes it"
