"""Plants bugs in a copy of the package and walks until each is found: `python -m tests.faults.mutants`.

A walk that finds nothing proves nothing before it was seen finding something.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted bug: what it is, why it matters, and where to plant it."""

    name: str
    why: str
    edits: tuple[dict[str, str], ...]

    def plant(self, root: Path) -> None:
        """Change the copy at `root`. Raises ValueError when the code has moved on."""
        for edit in self.edits:
            path = root / edit["file"]
            text = path.read_text(encoding="utf-8")
            if text.count(edit["find"]) != 1:
                raise ValueError(f"{self.name}: {edit['file']} has {text.count(edit['find'])} times {edit['find']!r}")
            path.write_text(text.replace(edit["find"], edit["replace"]), encoding="utf-8")


def mutants() -> list[Mutant]:
    """The list, as data."""
    document: dict[str, Any] = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return [Mutant(m["name"], m["why"], tuple(m["edit"])) for m in document["mutant"]]


def hunt(mutant: Mutant, walks: int) -> dict[str, str]:
    """Seed -> what was wrong, of the first walk that finds the bug; empty when none of so many does."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as directory:
        root = Path(directory)
        for name in ("connector", "tests"):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        mutant.plant(root)
        report = root / "report.json"
        command = [sys.executable, "-m", "tests.faults.walk", "0", str(walks), "--most", "1", "--report", str(report)]
        subprocess.run(command, cwd=root, env={"PYTHONPATH": str(root)}, capture_output=True, check=False)
        if not report.exists():
            return {"-": "the copy does not even start"}
        found: dict[str, str] = json.loads(report.read_text(encoding="utf-8"))["failed"]
        return found


def main() -> int:
    """Exit status 1 when a mutant survives."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--walks", type=int, default=400)
    parser.add_argument("--only", default="", help="mutants whose name contains this")
    parser.add_argument("--report", type=Path)
    given = parser.parse_args()
    results: list[dict[str, str]] = []
    for mutant in mutants():
        if given.only not in mutant.name:
            continue
        found = hunt(mutant, given.walks)
        seed, wrong = next(iter(found.items()), ("", "survived"))
        results.append(
            {"name": mutant.name, "why": mutant.why, "seed": seed, "wrong": wrong.strip().split("\n")[-1][:160]}
        )
        sys.stdout.write(f"{mutant.name}: seed {seed or '-'}: {results[-1]['wrong']}\n")
        sys.stdout.flush()
        if given.report:
            given.report.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return 0 if all(result["seed"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
