"""The generated parts of docs/reliability.md, from the reports of the walk, the crash matrix, the mutants and the outage."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

from connector.sandbox.moves import MOVES
from tests.faults.crash.launcher import has_effect
from tests.faults.crash.matrix import AS_A_DAEMON
from tests.faults.mutants import ROOT, mutants
from tests.faults.walk.moves import MOVES_OF_PEOPLE
from tests.faults.walk.story import KINDS, NOT_MET

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = ROOT / "docs" / "reliability.md"
_PART = r"(<!-- generated: {name} -->\n).*?(<!-- end -->)"


def fill(text: str, name: str, content: str) -> str:
    """The text with another content between the marks of one part. Raises ValueError when there are none."""
    pattern = re.compile(_PART.format(name=re.escape(name)), re.S)
    if len(pattern.findall(text)) != 1:
        raise ValueError(f"the document has no part {name!r}")
    return pattern.sub(lambda found: f"{found[1]}{content.rstrip()}\n{found[2]}", text)


def part(text: str, name: str) -> str:
    """What stands between the marks of one part."""
    found = re.search(_PART.format(name=re.escape(name)), text, re.S)
    assert found is not None, name
    return found[0].split("-->\n", 1)[1].removesuffix("<!-- end -->").rstrip()


def faults() -> str:
    """What the walk meets, and what it does not."""
    met = ", ".join(f"`{kind}`" for kind in sorted(KINDS))
    lines = [f"Faults met, on both sides ({len(KINDS)}): {met}.", "", "Not met:", ""]
    lines += [f"- `{kind}`: {why}" for kind, why in sorted(NOT_MET.items())]
    made = ", ".join(f"`{move}`" for move in sorted(MOVES_OF_PEOPLE))
    left = ", ".join(f"`{move}`" for move in sorted(set(MOVES) - set(MOVES_OF_PEOPLE))) or "none"
    return "\n".join(
        [*lines, "", f"Moves of people made ({len(MOVES_OF_PEOPLE)}): {made}.", "", f"Moves not made: {left}."]
    )


def crash(reports: list[dict[str, Any]]) -> str:
    """One row for each step and command, and each kill point of each step, neighbours of the same kind together."""
    points: dict[str, list[str]] = reports[0]["points"]
    trials = [trial for report in reports for trial in report["trials"]]
    rows = ["| step | command | points | effects | killed | another outcome |", "|---|---|---|---|---|---|"]
    for step, passed in points.items():
        effects = sum(map(has_effect, passed))
        for command, name in (("sync", step), ("run", step + AS_A_DAEMON)):
            mine = [trial for trial in trials if trial["step"] == name]
            wrong = sum(bool(trial["wrong"]) for trial in mine)
            rows.append(f"| {step} | `{command}` | {len(passed)} | {effects} | {len(mine)} | {wrong} |")
    killed, wrong = len(trials), sum(bool(trial["wrong"]) for trial in trials)
    idle = sum(trial["what"] == "at rest" for trial in trials)
    rows += [
        "",
        f"{killed} kills, {wrong} with another outcome. {idle} of them met a daemon that had nothing left to do.",
        "",
        "Step by step, in order, what `sync` passes (reads between two effects change nothing and share their kills):",
        "",
    ]
    for step, passed in points.items():
        runs = [(what, len(list(same))) for what, same in groupby(_short(what) for what in passed)]
        rows.append(f"- **{step}**: " + ", ".join(f"{count} x {what}" if count > 1 else what for what, count in runs))
    return "\n".join(rows)


def grid(reports: list[dict[str, Any]]) -> str:
    """Fault x step: how many requests met it, and how many of them came to another outcome."""
    requests: dict[str, int] = reports[0]["requests"]
    trials = [trial for report in reports for trial in report["trials"]]
    kinds = sorted({trial["fault"].split(" ")[0] for trial in trials})
    rows = ["| fault | " + " | ".join(requests) + " |", "|---" * (len(requests) + 1) + "|"]
    for kind in kinds:
        cells = []
        for step in requests:
            mine = [trial for trial in trials if trial["step"] == step and trial["fault"].split(" ")[0] == kind]
            wrong = sum(bool(trial["wrong"]) for trial in mine)
            cells.append(f"{len(mine)}" + (f", **{wrong} with another outcome**" if wrong else ""))
        rows.append(f"| `{kind}` | " + " | ".join(cells) + " |")
    rows.append("| requests of the pass | " + " | ".join(str(count) for count in requests.values()) + " |")
    wrong = sum(bool(trial["wrong"]) for trial in trials)
    taken = f"{len(trials)} of {reports[0]['possible']} faults at {sum(requests.values())} requests"
    return "\n".join([*rows, "", f"{taken}, {wrong} with another outcome."])


def _short(what: str) -> str:
    return "reads" if not has_effect(what) else what.replace("table/", "")


NOT_MEASURED = "not measured with the present stories"


def planted(results: list[dict[str, str]]) -> str:
    """Each planted bug of the list, and the first seed that finds it; of one that was not measured, that."""
    found = {one["name"]: one for one in results}
    rows = ["| planted bug | what it does | found by seed | as |", "|---|---|---|---|"]
    for mutant in mutants():
        one = found.get(mutant.name, {"seed": NOT_MEASURED, "wrong": ""})
        wrong = one["wrong"].replace("|", "/").removeprefix("AssertionError: ")
        rows.append(f"| {mutant.name} | {mutant.why} | {one['seed'] or 'not found'} | {wrong} |")
    return "\n".join(rows)


DOUBLE, LOSS, GATE, LEFT = "a double", "a loss", "a wrong gate", "something left to do"
_A_DOUBLE = re.compile(
    r"^there are \d+ |has \d+ (open )?work orders|^nobody want|more often|was (made|written|written to|changed|canceled) after"
    r"|was (changed|canceled) past|was changed while|in the place of WO|was asked for \d+ times|was planned, and nobody wanted"
)
_A_GATE = re.compile(r"stays closed|should not be closed|ready to be closed|was reopened, and nobody")
_TIMES = re.compile(r"written (\d+) times and told (\d+) times|told (\d+) times what was written (\d+) times")


def kinds_of(why: str) -> set[str]:
    """What kinds of failure a walk ended with, from what the oracle said. What it does not know is a loss."""
    last = why.strip().split("\n")[-1]
    what = last.removeprefix("AssertionError: ")
    if not last.startswith("AssertionError: ") or what.startswith("the next plan is not empty"):
        return {LEFT}  # it does not come to rest, or to an end
    return {_kind_of(one) for one in what.split("; ")}


def _kind_of(wrong: str) -> str:
    if times := _TIMES.search(wrong):
        written, told = (times[1], times[2]) if times[1] else (times[4], times[3])
        return DOUBLE if int(told) > int(written) else LOSS
    if _A_DOUBLE.search(wrong):
        return DOUBLE
    return GATE if _A_GATE.search(wrong) else LOSS


def walked(reports: list[dict[str, Any]]) -> str:
    """The figures of the walk."""

    def total(name: str) -> float:
        return sum(float(report["counts"].get(name, 0)) for report in reports)

    failures = [kinds_of(why) for report in reports for why in report["failed"].values()]
    return "\n".join(
        [
            "| | |",
            "|---|---|",
            f"| seeds walked | {total('walks'):.0f} |",
            f"| simulated days | {total('days'):.0f} |",
            f"| times the connector was killed in them | {total('deaths'):.0f} |",
            f"| domain orders put back after they were called off | {total('put back'):.0f} |",
            f"| visits made in the place of others | {total('visits again'):.0f} |",
            f"| finished order tasks opened again | {total('tasks opened again'):.0f} |",
            f"| changes that waited for a person at the end | {total('changes that wait'):.0f} |",
            f"| correlation ids of work orders made by hand changed | {total('numbers changed'):.0f} |",
            f"| places made that only Order Management knew | {total('places made'):.0f} |",
            f"| parked writes that a person gave up | {total('given up'):.0f} |",
            f"| work orders of the connector at the end | {total('work orders'):.0f} |",
            f"| notes of the connector at the end | {total('notes'):.0f} |",
            *(f"| walks with {kind} | {sum(kind in one for one in failures)} |" for kind in (DOUBLE, LOSS, GATE, LEFT)),
        ]
    )


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
