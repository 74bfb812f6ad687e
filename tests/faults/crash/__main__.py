"""python -m tests.faults.crash [LANE LANES] [--step NAME] [--report FILE]: kills everywhere, and says what came of it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tests.faults.crash.matrix import Trial, as_json, play
from tests.faults.crash.story import STEPS


def _tell(trial: Trial) -> None:
    if trial.wrong:
        print(trial, flush=True)


def main() -> int:
    """Exit status 1 when a kill had another outcome than no kill."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lane", type=int, nargs="?", default=0)
    parser.add_argument("lanes", type=int, nargs="?", default=1)
    parser.add_argument("--step", choices=list(STEPS), default="")
    parser.add_argument("--report", type=Path)
    given = parser.parse_args()
    began = time.monotonic()
    trials, points = play(lane=given.lane, lanes=given.lanes, step=given.step, tell=_tell)
    wrong = [trial for trial in trials if trial.wrong]
    if given.report:
        given.report.write_text(json.dumps({"trials": as_json(trials), "points": points}), encoding="utf-8")
    total = sum(map(len, points.values()))
    print(f"{total} points, {len(trials)} kills, {len(wrong)} with another outcome, {time.monotonic() - began:.0f} s")
    return 1 if wrong or not trials else 0


if __name__ == "__main__":
    sys.exit(main())
