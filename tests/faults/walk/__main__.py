"""Walk from the command line.

python -m tests.faults.walk 0 2000            # seeds 0 to 1999
python -m tests.faults.walk 17 18 --shrink    # one seed, and the smallest story that still fails
python -m tests.faults.walk --story FILE      # a story as it was printed
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from tests.faults.walk.crowd import Crowd
from tests.faults.walk.shrink import shrink
from tests.faults.walk.story import printed, read, tell


def main() -> int:
    """Exit status 1 when a walk failed."""
    given = _arguments()
    began, counts, failed = time.monotonic(), Counter[str](), dict[int, str]()
    stories = (
        {-1: read(given.story.read_text())} if given.story else {s: tell(s) for s in range(given.first, given.last)}
    )
    with Crowd() as crowd:
        for seed, steps in stories.items():
            walked = crowd.walk(steps)
            counts.update(walked.counts)
            counts["walks"] += 1
            if walked.why:
                failed[seed] = walked.why
                print(f"seed {seed}: {walked.why}", flush=True)
                if given.shrink:
                    print(printed(shrink(steps, lambda some: bool(crowd.walk(some).why))), flush=True)
            if given.told:
                print(*walked.told, sep="\n")
            if len(failed) >= given.most:
                break
    seconds = time.monotonic() - began
    if given.report:
        given.report.write_text(json.dumps({"failed": failed, "seconds": seconds, "counts": counts}))
    print(f"{len(failed)} of {counts['walks']} walks failed, {seconds:.1f} s, {dict(counts)}")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("last", type=int, nargs="?", default=100)
    parser.add_argument("--shrink", action="store_true", help="print the smallest story that still fails")
    parser.add_argument("--story", type=Path)
    parser.add_argument("--told", action="store_true", help="print what happened, step by step")
    parser.add_argument("--most", type=int, default=10, help="stop after so many failures")
    parser.add_argument("--report", type=Path, help="write what came out, as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
