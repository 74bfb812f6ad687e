"""A whole DMN file -> its one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.mapping.dmn.feel.names import squeeze
from connector.mapping.dmn.problems import Problem, Unusable
from connector.mapping.dmn.xml.document import parse
from connector.mapping.dmn.xml.table_reader import Known, read_table
from connector.mapping.dmn.xml.types import item_types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from connector.mapping.dmn.table import DecisionTable
    from connector.mapping.dmn.values import Kind
    from connector.mapping.dmn.xml.document import Element


def read_file(
    data: bytes,
    names: Iterable[str] = (),
    *,
    decision: str = "",
    usual_kind: Callable[[str], Kind | None] = lambda _: None,
    ignore_case: bool = False,
    respelled: Callable[[str], str] = lambda text: text,
) -> DecisionTable:
    """The table of a DMN file: of its only decision, or of the one with this name or id.

    `names` are those that expressions may use besides the inputs that the file itself declares; `usual_kind` tells the kind
    of an input where the file does not; with `ignore_case`, text columns ignore case unless the file says otherwise;
    `respelled` turns the names in an expression into those that are known. Raises Unusable with every problem at once:
    rules are counted from 1, lines are those of the file.
    """
    definitions = parse(data)
    _refuse_imports(definitions)
    found = _decision(definitions, decision)
    _refuse_what_it_needs(found, definitions)
    table = found.child("decisionTable")
    assert table is not None
    declared = {squeeze(one.get("name")) for one in definitions.all("inputData")}
    known = Known(
        names=frozenset({*names, *declared} - {""}),
        members=frozenset(one.get("name") for one in definitions.below() if one.name == "itemComponent"),
        types=item_types(definitions),
        dotted_inputs=True,
        usual_kind=usual_kind,
        ignore_case=ignore_case,
        respelled=respelled,
    )
    return read_table(table, found.get("name") or found.get("id"), known)


def _refuse_imports(definitions: Element) -> None:
    imports = definitions.all("import")
    if imports:
        raise Unusable(
            [
                Problem("imports of other files are not carried", value=one.get("name") or one.get("locationURI"))
                for one in imports
            ]
        )


def _decision(definitions: Element, wanted: str) -> Element:
    tables = [one for one in definitions.all("decision") if one.child("decisionTable")]
    if wanted:
        tables = [one for one in tables if wanted in (one.get("name"), one.get("id"))]
    if not tables:
        named = f" called {wanted}" if wanted else ""
        raise Unusable([Problem(f"the file has no decision{named} with a decision table")])
    if len(tables) > 1:
        names = ", ".join(one.get("name") for one in tables)
        raise Unusable([Problem(f"the file has {len(tables)} decision tables ({names}); say which, or keep one")])
    return tables[0]


def _refuse_what_it_needs(decision: Element, definitions: Element) -> None:
    """A table that needs other decisions or business knowledge says less than its file does."""
    problems = []
    names = {one.get("id"): one.get("name") for one in definitions.children}
    for requirement in decision.children:
        for needed in requirement.children:
            if needed.name in ("requiredDecision", "requiredKnowledge"):
                name = names.get(needed.get("href").lstrip("#"), needed.get("href"))
                what = (
                    f"line {needed.line}: the table needs another decision or business knowledge, which is not carried"
                )
                problems.append(Problem(what, value=name))
    if problems:
        raise Unusable(problems)
