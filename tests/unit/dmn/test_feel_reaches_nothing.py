"""A decision table is a file somebody wrote: its expressions know FEEL and the facts, and nothing of Python."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from connector.mapping.dmn.feel.errors import FeelError
from connector.mapping.dmn.feel.expression import parse_expression

MAPPING = Path(__file__).parents[3] / "connector" / "mapping"
RUNS_TEXT = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "open",
    "globals",
    "locals",
    "vars",
    "setattr",
    "breakpoint",
    "input",
}
REACHES_OUT = {"pickle", "marshal", "shelve", "subprocess", "socket", "importlib", "ctypes", "os", "builtins", "code"}


@pytest.mark.parametrize(
    "text",
    [
        '__import__("os")',
        'open("/etc/passwd")',
        'eval("1")',
        'exec("1")',
        "globals()",
        "city.__class__",
        "city.upper",
        "count.__globals__",
        "[1].__class__.__mro__",
        "{a: 1}.__dict__",
        "(function(x) x).__globals__",
        "(function(x) x).__code__.co_consts",
        'date("2026-01-01").replace',
        'date("2026-01-01").__reduce__',
        'duration("P1D").__class__',
        "string.__init__",
        "lambda: 1",
        "function() external {java: {class: 'java.lang.Runtime', 'method signature': 'exec(java.lang.String)'}}",
        'function() external {java: {class: "java.lang.Runtime", method signature: "exec(java.lang.String)"}}',
    ],
)
def test_nothing_of_python_answers(text: str) -> None:
    try:
        expression = parse_expression(text, ("city",))
    except FeelError:
        return
    answer = expression.value({"city": "Berlin"})
    if text.startswith("function()"):  # a function of nowhere
        assert parse_expression(f"({text})()", ("city",)).value({"city": "Berlin"}) is None
    else:
        assert answer in (None, [None])


def test_what_is_feel_does_answer() -> None:
    assert parse_expression("upper case(city)", ("city",)).value({"city": "Berlin"}) == "BERLIN"
    assert parse_expression("{a: 1}.a", ()).value({}) == 1


def reaching(source: str) -> list[str]:
    """What in a source text could run text as a program or reach out of the process. Pure."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RUNS_TEXT:
            found.append(node.func.id)
        elif isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name.partition(".")[0] in REACHES_OUT]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in REACHES_OUT:
            found.append(str(node.module))
        elif isinstance(node, ast.Attribute) and node.attr in ("__globals__", "__subclasses__", "__builtins__"):
            found.append(node.attr)
    return found


def test_the_code_that_decides_has_nothing_that_could_run_a_text() -> None:
    files = sorted(MAPPING.rglob("*.py"))
    assert len(files) > 50
    assert {
        str(p.relative_to(MAPPING)): found for p in files if (found := reaching(p.read_text(encoding="utf-8")))
    } == {}


@pytest.mark.parametrize("source", ["eval('1')", "import pickle", "from os import system", "f.__globals__"])
def test_code_that_could_is_noticed(source: str) -> None:
    assert len(reaching(source)) == 1
