"""The walk is only as good as what it finds. `make mutants` plants every bug; this test holds the list to the code."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.faults.mutants import ROOT, Mutant, hunt, mutants

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("mutant", mutants(), ids=lambda m: m.name)
def test_every_planted_bug_still_has_its_place_in_the_code(mutant: Mutant, tmp_path: Path) -> None:
    for edit in mutant.edits:
        path = tmp_path / edit["file"]
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            shutil.copy(ROOT / edit["file"], path)
    mutant.plant(tmp_path)
    for edit in mutant.edits:
        assert edit["replace"] in (tmp_path / edit["file"]).read_text(encoding="utf-8")


@pytest.mark.timeout(900)
def test_a_planted_bug_is_found() -> None:
    [mutant] = [m for m in mutants() if m.name == "one page is all"]
    assert hunt(mutant, 40)  # it stops at the first walk that finds it
