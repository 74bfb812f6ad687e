"""Who may import whom: design, not taste. The graph is read from the source, so that an import inside a function counts too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "connector"

# room -> rooms of ours it may import. Everybody may import model, exchange and errors, except where said otherwise.
SHARED = {"model", "errors", "exchange"}
LAW: dict[str, set[str]] = {
    "model": set(),
    "errors": set(),
    "visible": set(),
    "exchange": {"model"},
    "mapping": SHARED,
    "decide": SHARED | {"mapping"},
    "servicenow": SHARED,
    "om": SHARED | {"servicenow", "mapping"},
    "fsm": SHARED | {"servicenow", "mapping"},
    "engine": SHARED | {"decide", "mapping"},
    "daemon": SHARED | {"engine", "visible"},
    "setting": set(),
    "sign_in": {"setting"},
    "profile": SHARED | {"mapping", "om", "fsm", "setting"},
    "config": SHARED | {"decide", "mapping", "om", "fsm", "profile", "setting", "sign_in"},
    "unsettled": SHARED | {"config", "decide", "mapping", "profile"},
    "discover": SHARED | {"fsm", "mapping", "om", "profile", "servicenow", "setting"},
    "doctor": SHARED
    | {"config", "decide", "discover", "engine", "fsm", "mapping", "om", "policies", "profile", "servicenow", "sign_in"}
    | {"unsettled"},
    "first_config": set(),
    "reach": SHARED | {"config", "servicenow", "setting", "sign_in"},
    "policies": SHARED | {"config", "mapping"},
    "shelf": SHARED | {"config", "mapping", "policies"},
    "memory": SHARED | {"config", "engine"},
    "app": SHARED
    | {"config", "decide", "discover", "doctor", "engine", "fsm", "mapping", "memory", "om", "policies"}
    | {"profile", "reach", "servicenow", "unsettled"},
    "fixed": SHARED | {"config"},
    "running": SHARED | {"app", "config", "daemon", "doctor", "engine", "fixed"},
    "cli": SHARED
    | {
        "app",
        "config",
        "daemon",
        "demo",
        "discover",
        "doctor",
        "engine",
        "first_config",
        "mapping",
        "memory",
        "policies",
        "profile",
        "running",
        "sandbox",
    }
    | {"shelf", "unsettled", "visible"},
    "demo": set(),  # it uses the connector as anybody would: as a process
    "sandbox": set(),  # shared constants would share our mistakes
    "__main__": {"cli"},
}
# foreign modules a pure room must not touch
IMPURE = {
    "requests", "pysnc", "sqlalchemy", "apscheduler", "tenacity", "structlog", "os", "time", "random", "logging",
    "socket", "subprocess", "threading", "secrets",
}  # fmt: skip
PURE = ("decide", "mapping", "model", "exchange", "errors", "visible")
OUTSIDE = {
    "pysnc": {"servicenow"},
    "requests": {"servicenow", "app", "demo", "sandbox"},
    "sqlalchemy": {"engine", "app", "memory"},
}


def room(path: Path) -> str:
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every module a file imports, dotted, wherever in the file the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "connector"}
    return found


FILES = sorted(p for p in ROOT.rglob("*.py") if p != ROOT / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_each_file_imports_only_what_its_room_may(path: Path) -> None:
    here = room(path)
    allowed = LAW[here] | {here}
    modules = imported(path)
    ours = {m.split(".")[1] for m in modules if m.startswith("connector.") and m != "connector.__version__"}
    assert ours <= allowed, f"{here} must not import {sorted(ours - allowed)}"
    foreign = {m.split(".")[0] for m in modules}
    if here in PURE:
        assert not foreign & IMPURE, f"{here} is pure and must not import {sorted(foreign & IMPURE)}"
    for name, rooms in OUTSIDE.items():
        assert name not in foreign or here in rooms, f"only {sorted(rooms)} know {name}"


def test_the_pure_rooms_never_ask_for_the_time() -> None:
    for path in FILES:
        if room(path) in PURE:
            assert "datetime.now" not in path.read_text(encoding="utf-8"), path


def test_every_room_has_a_law() -> None:
    assert {room(path) for path in FILES} == set(LAW)
