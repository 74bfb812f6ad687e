"""docs/doctor.md is what the registry of checks says, and nothing else."""

from __future__ import annotations

from tests.doctor_page import PAGE, page


def test_the_page_of_the_doctor_is_that_of_the_registry() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m tests.doctor_page writes it"
