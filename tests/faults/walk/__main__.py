"""Walk from the command line.

python -m tests.faults.walk 0 2000 --lanes 2                # seeds 0 to 1999, two at a time
python -m tests.faults.walk 0 2000 --lanes 2 --minutes 10   # as many of them as that gives, from the first on
python -m tests.faults.walk 17 18 --shrink                  # one seed, and the smallest story that still fails
python -m tests.faults.walk --story FILE                    # a story as it was printed
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.faults.walk.crowd import Crowd
from tests.faults.walk.shrink import shrink
from tests.faults.walk.story import printed, read, tell

_TELL_EVERY = 100  # walks


def main() -> int:
    """Exit status 1 when a walk failed."""
    given = _arguments()
    began = time.monotonic()
    failed, counts = _side_by_side(given.lanes) if given.lanes > 1 else _one_after_the_other(given)
    seconds = time.monotonic() - began
    if given.report:
        given.report.write_text(json.dumps({"failed": failed, "seconds": seconds, "counts": counts}))
    print(f"{len(failed)} of {counts['walks']} walks failed, {seconds:.1f} s, {dict(counts)}", flush=True)
    if not given.story and given.every == 1:
        sys.stdout.write(unwalked(int(counts["walks"]), given.last - given.first, failed=bool(failed)))
    return 1 if failed else 0


def unwalked(walked: int, wanted: int, *, failed: bool) -> str:
    """The last line of who stops before the last seed: the exit status does not tell. Pure."""
    why = "it stopped at what failed" if failed else "time was up"
    return f"{walked:,} of {wanted:,} walked, {why}\n" if walked < wanted else ""


def _one_after_the_other(given: argparse.Namespace) -> tuple[dict[str, str], Counter[str]]:
    end = time.monotonic() + given.minutes * 60
    counts, failed = Counter[str](), dict[str, str]()
    seeds = range(given.first + given.lane, given.last, given.every)
    stories = ((-1, read(given.story.read_text())),) if given.story else ((seed, tell(seed)) for seed in seeds)
    with Crowd() as crowd:
        for seed, steps in stories:
            walked = crowd.walk(steps)
            counts.update(walked.counts)
            counts["walks"] += 1
            if walked.why:
                failed[str(seed)] = walked.why
                print(f"seed {seed}: {walked.why}", flush=True)
                if given.shrink:
                    print(printed(shrink(steps, lambda some: bool(crowd.walk(some).why))), flush=True)
            if counts["walks"] % _TELL_EVERY == 0:
                print(f"{counts['walks']} walks to seed {seed}, {len(failed)} failed", flush=True)
            if given.told:
                print(*walked.told, sep="\n")
            if len(failed) >= given.most or time.monotonic() >= end:
                break
    return failed, counts


def _side_by_side(lanes: int) -> tuple[dict[str, str], Counter[str]]:
    """The seeds dealt to as many processes; what is found is printed when it is found."""
    counts, failed = Counter[str](), dict[str, str]()
    with tempfile.TemporaryDirectory() as directory:
        reports = [Path(directory) / f"{lane}.json" for lane in range(lanes)]
        command = [sys.executable, "-m", "tests.faults.walk", *sys.argv[1:]]  # of an option given twice the last counts
        running = [
            subprocess.Popen(
                [*command, "--lanes", "1", "--lane", str(lane), "--every", str(lanes), "--report", str(report)]
            )
            for lane, report in enumerate(reports)
        ]
        for lane, process in enumerate(running):
            if process.wait() not in (0, 1) or not reports[lane].exists():
                failed[f"lane {lane}"] = "did not come to an end"
                continue
            report: dict[str, Any] = json.loads(reports[lane].read_text())
            failed.update(report["failed"])
            counts.update(report["counts"])
    return failed, counts


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("last", type=int, nargs="?", default=100)
    parser.add_argument("--lanes", type=int, default=1, help="so many processes")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no other walk after so long")
    parser.add_argument("--shrink", action="store_true", help="print the smallest story that still fails")
    parser.add_argument("--story", type=Path)
    parser.add_argument("--told", action="store_true", help="print what happened, step by step")
    parser.add_argument("--most", type=int, default=10, help="stop after so many failures")
    parser.add_argument("--report", type=Path, help="write what came out, as JSON")
    parser.add_argument("--lane", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--every", type=int, default=1, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
