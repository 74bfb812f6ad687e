"""python -m tests.faults.grid [LANE LANES] [--report FILE]: every request meets every fault, and what came of it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tests.faults.grid.grid import Trial, play


def _tell(trial: Trial) -> None:
    if trial.wrong:
        print(trial, flush=True)


def main() -> int:
    """Exit status 1 when a fault had another outcome than none."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lane", type=int, nargs="?", default=0)
    parser.add_argument("lanes", type=int, nargs="?", default=1)
    parser.add_argument("--report", type=Path)
    given = parser.parse_args()
    began = time.monotonic()
    trials, requests, possible = play(lane=given.lane, lanes=given.lanes, tell=_tell)
    wrong = [trial for trial in trials if trial.wrong]
    if given.report:
        report = {"trials": [asdict(trial) for trial in trials], "requests": requests, "possible": possible}
        given.report.write_text(json.dumps(report), encoding="utf-8")
    total = sum(requests.values())
    taken = f"{len(trials)} of {possible} faults"
    print(f"{total} requests, {taken}, {len(wrong)} with another outcome, {time.monotonic() - began:.0f} s")
    return 1 if wrong or not trials else 0


if __name__ == "__main__":
    sys.exit(main())
