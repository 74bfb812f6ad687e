"""A DMN model: decisions, business knowledge, services and input data, and what each is worth when inputs are given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.feel.names import squeeze
from connector.mapping.dmn.feel.types import coerced
from connector.mapping.dmn.feel.values import Function
from connector.mapping.dmn.problems import Unusable
from connector.mapping.dmn.xml.document import Element, parse
from connector.mapping.dmn.xml.types import ItemType, item_types
from tests.dmn_tck.boxed import function, value_in
from tests.dmn_tck.cases import typed
from tests.dmn_tck.scope import Refused, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REQUIRED = ("requiredInput", "requiredDecision", "requiredKnowledge")


class Model:
    """One file, with those it imports."""

    def __init__(self, path: Path, importing: tuple[str, ...] = ()) -> None:
        self.definitions = parse(path.read_bytes())
        self.namespace = self.definitions.get("namespace")
        if self.namespace in importing:
            raise Refused("models that import each other")
        self.imports = self._imports(path, (*importing, self.namespace))
        self.types = self._types()
        self.elements = {one.get("id"): one for one in self.definitions.children if one.get("id")}
        self.members: frozenset[str] = frozenset(
            squeeze(one.get("name"))
            for one in self.definitions.below()
            if one.name in ("itemComponent", "variable", "output", "column", "decision", "inputData")
            and one.get("name")
        ).union(*(model.members for model in self.imports.values()))

    def _imports(self, path: Path, importing: tuple[str, ...]) -> dict[str, Model]:
        wanted = {
            one.get("namespace"): one.get("name")
            for one in self.definitions.all("import")
            if "DMN" in one.get("importType")
        }
        found = {}
        for other in sorted(path.parent.glob("*.dmn")) if wanted else ():
            if other != path and parse(other.read_bytes()).get("namespace") in wanted:
                model = Model(other, importing)
                found[wanted[model.namespace]] = model
        return found

    def _types(self) -> dict[str, ItemType]:
        foreign = {
            f"{prefix}.{name}" if prefix else name: item
            for prefix, model in self.imports.items()
            for name, item in model.types.items()
        }
        try:
            return item_types(self.definitions, foreign)
        except Unusable as error:
            raise Refused(str(error)) from None

    def element(self, kind: str, name: str) -> Element | None:
        named = [one for one in self.definitions.all(kind) if squeeze(one.get("name")) == squeeze(name)]
        return named[0] if named else None


class Evaluation:
    """One model with one set of inputs (by namespace and name; names alone for this model's own)."""

    def __init__(
        self, model: Model, inputs: Mapping[tuple[str, str], Any], imported: Mapping[str, Evaluation] | None = None
    ) -> None:
        self.model = model
        self.inputs = inputs
        self.imported = (
            imported
            if imported is not None
            else {prefix: Evaluation(other, inputs) for prefix, other in model.imports.items()}
        )
        self._found: dict[str, Any] = {}
        self._open: list[str] = []

    def ask(self, kind: str, name: str) -> Any:
        """A decision or service by name. Raises Refused."""
        element = self.model.element(kind, name)
        if element is None:
            others = [one for one in self.imported.values() if one.model.element(kind, name)]
            if not others:
                raise Refused(f"there is no {kind} called {name}")
            return others[0].ask(kind, name)
        return self.value(element)

    def value(self, element: Element) -> Any:
        """What an element is worth; for knowledge and services, the function it is."""
        key = element.get("id")
        if key in self._found:
            return self._found[key]
        if key in self._open:
            raise Refused("a decision that needs itself")
        self._open.append(key)
        self._found[key] = self._computed(element)
        self._open.pop()
        return self._found[key]

    def _computed(self, element: Element) -> Any:
        name = squeeze(element.get("name"))
        scope = Scope({}, self.model.members, self.model.types)
        given = self._given(name)
        match element.name:
            case "inputData":
                kind = scope.type_of(element.child("variable"))
                return None if given is _NOT_GIVEN else coerced(typed(given, kind), kind)
            case "decision":
                if given is not _NOT_GIVEN:
                    return coerced(given, scope.type_of(element.child("variable")))
                found = value_in(element, self.scope_of(element), name)
                return coerced(found, scope.type_of(element.child("variable")))
            case "businessKnowledgeModel":
                return self._knowledge(element)
            case "decisionService":
                return self._service(element)
            case other:
                raise Refused(f"a {other} where something with a value is needed")

    def _given(self, name: str) -> Any:
        for key in ((self.model.namespace, name), ("", name)):
            if key in self.inputs:
                return self.inputs[key]
        return _NOT_GIVEN

    def scope_of(self, element: Element) -> Scope:
        """What the requirements of an element give its expressions."""
        scope = Scope({"now()": _NOW, "today()": _NOW.date()}, self.model.members, self.model.types)
        own: dict[str, Any] = {}
        foreign: dict[str, dict[str, Any]] = {}
        for requirement in element.children:
            for needed in requirement.children:
                if needed.name in REQUIRED:
                    self._add(needed.get("href"), own, foreign)
        return scope.with_these({**foreign.get("", {}), **{k: v for k, v in foreign.items() if k}, **own})

    def _add(self, href: str, own: dict[str, Any], foreign: dict[str, dict[str, Any]]) -> None:
        namespace, _, key = href.rpartition("#")
        if not namespace or namespace == self.model.namespace:
            element = self.model.elements.get(key)
            if element is None:
                raise Refused(f"a requirement that is not in the model: {href}")
            own[squeeze(element.get("name"))] = self.value(element)
            return
        for prefix, other in self.imported.items():
            if other.model.namespace == namespace and key in other.model.elements:
                element = other.model.elements[key]
                foreign.setdefault(prefix, {})[squeeze(element.get("name"))] = other.value(element)
                return
        raise Refused(f"a requirement in a model that is not imported: {href}")

    def _knowledge(self, element: Element) -> Function | None:
        logic = element.child("encapsulatedLogic")
        if logic is None:
            return None
        name = squeeze(element.get("name"))
        made: list[Function] = []
        made.append(function(logic, lambda: self.scope_of_knowledge(element, name, made[0])))
        return made[0]

    def scope_of_knowledge(self, element: Element, name: str, itself: Function) -> Scope:
        return self.scope_of(element).with_these({name: itself})

    def _service(self, element: Element) -> Function:
        """A decision service is a function of its input data, then its input decisions."""
        needed = [self._target(one) for role in ("inputData", "inputDecision") for one in element.all(role)]
        names = tuple(squeeze(one.get("name")) for one in needed)

        def call(arguments: list[Any]) -> Any:
            scope = Scope({}, self.model.members, self.model.types)
            kinds = [scope.type_of(one.child("variable")) for one in needed]
            fitting = [coerced(one, kind) for one, kind in zip(arguments, kinds, strict=True)]
            if any(one is None and was is not None for one, was in zip(fitting, arguments, strict=True)):
                return None
            given = {("", name): argument for name, argument in zip(names, fitting, strict=True)}
            inside = Evaluation(self.model, given, self.imported)
            outputs = [self._target(one) for one in element.all("outputDecision")]
            found = {squeeze(one.get("name")): inside.value(one) for one in outputs}
            whole = next(iter(found.values())) if len(found) == 1 else found
            return coerced(whole, scope.type_of(element.child("variable")))

        return Function(names, call)

    def _target(self, reference: Element) -> Element:
        key = reference.get("href").rpartition("#")[2]
        if key not in self.model.elements:
            raise Refused(f"a service with something that is not in the model: {reference.get('href')}")
        return self.model.elements[key]


_NOT_GIVEN = object()
_NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
