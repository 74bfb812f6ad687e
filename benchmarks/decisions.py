"""Decisions a second at 1,000 rows x 8 inputs: ours beside zen-engine and SpiffWorkflow. Written to decisions.md."""

from __future__ import annotations

import argparse
import platform
import sys
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING

from benchmarks import engines, shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.shapes import Shape, Values

PAGE = Path(__file__).with_name("decisions.md")
METHOD = (
    "Each engine gets the same table in its own form and decides the same inputs, first cold (each for the first time), then"
    " warm (the same again); every result is compared, slow engines decide fewer. Per second of processor time; one process."
)


class Line:
    """What one engine did on one table."""

    def __init__(self, engine: str, shape: str, cold: float, warm: float, compared: int) -> None:
        self.engine, self.shape, self.cold, self.warm, self.compared = engine, shape, cold, warm, compared


def per_second(decide: Callable[[Values], object], asked: Sequence[Values]) -> tuple[float, list[object]]:
    started = process_time()
    results = [decide(values) for values in asked]
    return len(asked) / (process_time() - started), results


def measure(shape: Shape, counts: dict[str, int]) -> list[Line]:
    """All engines on one shape. Raises SystemExit when two of them decide differently."""
    expected: list[object] = []
    lines = []
    for name, build in engines.ENGINES.items():
        if not engines.installed(name):
            continue
        asked = shape.inputs[: counts[name]]
        decide = build(shape)
        given = [engines.prepared(name, values) for values in asked]
        cold, results = per_second(decide, given)
        warm, again = per_second(decide, given)
        expected = expected or results
        if results != expected[: len(results)] or again != results:
            different = next(i for i, (one, other) in enumerate(zip(results, expected, strict=False)) if one != other)
            raise SystemExit(
                f"{name} decides {asked[different]} differently: {results[different]}, {expected[different]}"
            )
        lines.append(Line(name, shape.name, cold, warm, len(results)))
    return lines


def machine() -> str:
    """The kind of machine, for whoever compares numbers."""
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = f"{len(names)} x {names[0]}, " if names else ""
    return f"{model}{platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def versions() -> str:
    found = []
    for name in engines.PACKAGES.values():
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} is not installed")
    return ", ".join(found)


def page(lines: Sequence[Line], matched: dict[str, float]) -> str:
    text = [
        "# Decisions a second",
        "",
        "Written by `make bench` (`python -m benchmarks.decisions`); do not edit. "
        + METHOD
        + " ".join((__doc__ or "").split("\n")[2:4]),
        "",
        f"{date.today().isoformat()}: {machine()}; {versions()}.",  # noqa: DTZ011
        "",
        "| table | engine | cold /s | warm /s | results compared |",
        "|---|---|--:|--:|--:|",
    ]
    text += [f"| {one.shape} | {one.engine} | {one.cold:,.0f} | {one.warm:,.0f} | {one.compared:,} |" for one in lines]
    text += ["", *(f"- {sentence}" for sentence in verdicts(lines)), ""]
    text += [
        "Of the inputs, a row matched: " + ", ".join(f"{name} {share:.0%}" for name, share in matched.items()) + ".",
        "",
    ]
    return "\n".join(text)


def verdicts(lines: Sequence[Line]) -> list[str]:
    """How far ahead, in words."""
    found = []
    for shape in dict.fromkeys(line.shape for line in lines):
        here = {line.engine: line for line in lines if line.shape == shape}
        ours = here[engines.OURS]
        ahead = [f"{ours.cold / other.cold:,.0f} x {name}" for name, other in here.items() if name in engines.FOREIGN]
        found.append(f"{shape}: {', '.join(ahead) or 'nothing to compare with'} (cold).")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--decisions", type=int, default=20_000)
    parser.add_argument("--no-write", action="store_true", help=f"do not write {PAGE.name}")
    options = parser.parse_args()
    counts = {
        engines.OURS: options.decisions,
        engines.EXPLAINED: options.decisions // 4,
        engines.ZEN: options.decisions // 10,
        engines.SPIFF: max(5, options.decisions // 400),
    }
    lines: list[Line] = []
    matched = {}
    for shape in shapes.shapes(options.rows, options.decisions):
        measured = measure(shape, counts)
        matched[shape.name] = shape.matched()
        for line in measured:
            print(f"{line.shape:15} {line.engine:28} {line.cold:>10,.0f} cold/s {line.warm:>10,.0f} warm/s")  # noqa: T201
        lines += measured
    missing = [name for name in engines.FOREIGN if not engines.installed(name)]
    if missing:
        sys.stderr.write(f"not compared with {', '.join(missing)}: install the extra [bench]\n")
    for sentence in verdicts(lines):
        print(sentence)  # noqa: T201
    if not options.no_write and not missing:
        PAGE.write_text(page(lines, matched), encoding="utf-8")


if __name__ == "__main__":
    main()
