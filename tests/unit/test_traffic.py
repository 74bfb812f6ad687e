"""How a request ended, in the few words by which requests are counted."""

from __future__ import annotations

import pytest

from connector.servicenow.transport import OUTCOMES, Traffic


@pytest.mark.parametrize(
    ("status", "success", "outcome"),
    [
        (200, True, "ok"),
        (201, True, "ok"),
        (200, False, "failed"),  # JSON that is no answer, or a page
        (302, False, "failed"),
        (400, False, "refused"),
        (401, False, "refused"),
        (403, False, "refused"),
        (429, False, "throttled"),
        (500, False, "failed"),
        (503, False, "failed"),
        (0, False, "no answer"),
    ],
)
def test_a_request_is_counted_once_by_how_it_ended(status: int, success: bool, outcome: str) -> None:
    traffic = Traffic()
    traffic.ended(status, success=success)
    assert traffic.outcomes == {**dict.fromkeys(OUTCOMES, 0), outcome: 1}
