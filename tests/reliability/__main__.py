"""`make reliability`: measure what is asked for, and write it into docs/reliability.md.

python -m tests.reliability                    # everything; an hour or so
python -m tests.reliability faults             # only what costs nothing
python -m tests.reliability crash grid mutants walk outage --walks 2000
python -m tests.reliability --from DIR         # from reports that are there already: crash*.json, mutants.json, walk*.json, ...
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.reliability import document

PARTS = ("faults", "crash", "grid", "mutants", "walk", "outage")
LANES = 2
SHARE = 29  # of the faults of the grid each of two lanes takes one of so many; all of them take hours


def main() -> int:
    """Exit status 0; what was found is in the document."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--walks", type=int, default=2000)
    parser.add_argument("--from", dest="reports", type=Path)
    given = parser.parse_args()
    parts = given.parts or PARTS
    with tempfile.TemporaryDirectory() as directory:
        reports = given.reports or Path(directory)
        if given.reports is None:
            _measure(reports, parts, given.walks)
        text = document.DOCUMENT.read_text(encoding="utf-8")
        for name in parts:
            text = document.fill(text, name, _content(name, reports))
        document.DOCUMENT.write_text(text, encoding="utf-8")
    return 0


def _measure(reports: Path, parts: tuple[str, ...] | list[str], walks: int) -> None:
    commands: list[list[str]] = []
    if "crash" in parts:
        commands += [
            ["tests.faults.crash", str(n), str(LANES), "--report", str(reports / f"crash{n}.json")]
            for n in range(LANES)
        ]
    if "grid" in parts:
        commands += [
            ["tests.faults.grid", str(n), str(SHARE), "--report", str(reports / f"grid{n}.json")] for n in range(LANES)
        ]
    if "walk" in parts:
        report = ["--report", str(reports / "walk.json"), "--most", str(walks)]
        commands.append(["tests.faults.walk", "0", str(walks), "--lanes", str(LANES), *report])
    if "mutants" in parts:
        commands.append(["tests.faults.mutants", "--report", str(reports / "mutants.json")])
    if "outage" in parts:
        commands.append(["tests.reliability.outage", "--report", str(reports / "outage.json")])
    for first in range(0, len(commands), LANES):
        running = [subprocess.Popen([sys.executable, "-m", *command]) for command in commands[first : first + LANES]]
        for process in running:
            process.wait()


def _content(name: str, reports: Path) -> str:
    match name:
        case "faults":
            return document.faults()
        case "crash":
            return document.crash([document.load(path) for path in sorted(reports.glob("crash*.json"))])
        case "grid":
            return document.grid([document.load(path) for path in sorted(reports.glob("grid*.json"))])
        case "walk":
            return document.walked([document.load(path) for path in sorted(reports.glob("walk*.json"))])
        case "mutants":
            return document.planted(document.load(reports / "mutants.json"))
        case _:
            return str(document.load(reports / "outage.json")["table"])


if __name__ == "__main__":
    sys.exit(main())
