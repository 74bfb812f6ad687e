"""Boxed expressions: everything that may stand where a model says how something is computed."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.evaluate import Evaluator, result
from connector.mapping.dmn.feel.control import at_position, listed
from connector.mapping.dmn.feel.functions import BUILT_IN
from connector.mapping.dmn.feel.names import squeeze
from connector.mapping.dmn.feel.types import coerced
from connector.mapping.dmn.feel.values import Function
from connector.mapping.dmn.problems import Unusable
from connector.mapping.dmn.xml.table_reader import Known, read_table
from tests.dmn_tck.scope import Refused, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.mapping.dmn.xml.document import Element

_TABLES: dict[tuple[int, frozenset[str]], Evaluator] = {}


def inner(element: Element) -> Element | None:
    """The boxed expression inside an element."""
    return next((one for one in element.children if one.name in BOXED), None)


def value_in(element: Element | None, scope: Scope, name: str = "") -> Any:
    """What the boxed expression inside an element is worth."""
    found = inner(element) if element else None
    return value(found, scope, name) if found else None


def value(element: Element, scope: Scope, name: str = "") -> Any:
    """What a boxed expression is worth. Raises Refused."""
    found = BOXED[element.name](element, scope, name)
    reference = element.get("typeRef")
    if reference and element.name not in ("decisionTable", "functionDefinition"):
        return coerced(found, scope.type(reference))
    return found


def _literal(element: Element, scope: Scope, _: str) -> Any:
    language = element.get("expressionLanguage")
    if language and "feel" not in language.casefold():
        raise Refused(f"expressions in {language}")
    text = element.said("text")
    return scope.value(text) if text else None


def _table(element: Element, scope: Scope, name: str) -> Any:
    known = Known(frozenset(scope.values), scope.members, scope.types)
    try:
        table = read_table(element, name or element.get("outputLabel") or "table", known)
    except Unusable as error:
        raise Refused(str(error)) from None
    decision = Evaluator(table).decide(scope.values)
    return result(table, decision, scope.values)


def _context(element: Element, scope: Scope, name: str) -> Any:
    found: dict[str, Any] = {}
    for entry in element.all("contextEntry"):
        variable = entry.child("variable")
        if variable is None:
            return value_in(entry, scope, name)
        key = squeeze(variable.get("name"))
        found[key] = coerced(value_in(entry, scope, key), scope.type_of(variable))
        scope = scope.with_these({key: found[key]})
    return found


def _list(element: Element, scope: Scope, name: str) -> Any:
    return [value(one, scope, name) for one in element.children if one.name in BOXED]


def _relation(element: Element, scope: Scope, name: str) -> Any:
    columns = [one.get("name") for one in element.all("column")]
    rows = []
    for row in element.all("row"):
        cells = [value(one, scope, name) for one in row.children if one.name in BOXED]
        rows.append(dict(zip(columns, cells, strict=False)))
    return rows


def _invocation(element: Element, scope: Scope, name: str) -> Any:
    arguments = {}
    for binding in element.all("binding"):
        parameter = binding.child("parameter")
        assert parameter is not None
        key = squeeze(parameter.get("name"))
        arguments[key] = coerced(value_in(binding, scope, key), scope.type_of(parameter))
    called = element.child("literalExpression")
    text = called.said("text") if called else ""
    function = scope.value(text)
    if isinstance(function, Function):
        return function.invoke_named(arguments)
    return BUILT_IN[text].call_named(arguments) if text in BUILT_IN else None


def function(element: Element, scope: Callable[[], Scope]) -> Function:
    """A functionDefinition (or a BKM's encapsulatedLogic), in the scope where it stands."""
    if element.get("kind") not in ("", "FEEL"):
        raise Refused(f"functions written in {element.get('kind')}")
    parameters = element.all("formalParameter")
    names = tuple(squeeze(one.get("name")) for one in parameters)

    def call(arguments: list[Any]) -> Any:
        around = scope()
        types = [around.type_of(one) for one in parameters]
        given = {n: coerced(a, t) for n, a, t in zip(names, arguments, types, strict=True)}
        if any(given[n] is None and a is not None for n, a in zip(names, arguments, strict=True)):
            return None
        return coerced(value_in(element, around.with_these(given)), around.type_of(element))

    return Function(names, call)


def _function(element: Element, scope: Scope, _: str) -> Any:
    return function(element, lambda: scope)


def _conditional(element: Element, scope: Scope, name: str) -> Any:
    condition = value_in(element.child("if"), scope)
    if condition is not None and not isinstance(condition, bool):
        return None
    chosen = "then" if condition is True else "else"
    return value_in(element.child(chosen), scope, name)


def _filter(element: Element, scope: Scope, _: str) -> Any:
    found = value_in(element.child("in"), scope)
    items = found if isinstance(found, list) else [] if found is None else [found]
    kept = []
    for item in items or [None]:
        members = item if isinstance(item, dict) else {}
        answer = value_in(element.child("match"), scope.with_these({"item": item, **members}))
        if isinstance(answer, Decimal):
            return at_position(items, answer)
        if answer is not None and not isinstance(answer, bool):
            return None
        if answer is True and items:
            kept.append(item)
    return kept


def _rounds(element: Element, scope: Scope, body: str) -> list[Any] | None:
    variable = squeeze(element.get("iteratorVariable"))
    items = listed(value_in(element.child("in"), scope))
    if items is None:
        return None
    found: list[Any] = []
    for item in items:
        found.append(value_in(element.child(body), scope.with_these({variable: item, "partial": list(found)})))
    return found


def _for(element: Element, scope: Scope, _: str) -> Any:
    return _rounds(element, scope, "return")


def _some(element: Element, scope: Scope, _: str) -> Any:
    return _quantified(_rounds(element, scope, "satisfies"), True)


def _every(element: Element, scope: Scope, _: str) -> Any:
    return _quantified(_rounds(element, scope, "satisfies"), False)


def _quantified(said: list[Any] | None, decisive: bool) -> bool | None:
    if said is None or any(one is not None and not isinstance(one, bool) for one in said):
        return None
    if decisive in said:
        return decisive
    return None if None in said else not decisive


BOXED: dict[str, Callable[[Element, Scope, str], Any]] = {
    "literalExpression": _literal,
    "decisionTable": _table,
    "context": _context,
    "list": _list,
    "relation": _relation,
    "invocation": _invocation,
    "functionDefinition": _function,
    "conditional": _conditional,
    "filter": _filter,
    "for": _for,
    "some": _some,
    "every": _every,
}
