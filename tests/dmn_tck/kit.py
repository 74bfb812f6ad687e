"""One test case: run it, and say what came of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.feel.names import squeeze
from connector.mapping.dmn.feel.values import Function
from connector.mapping.dmn.problems import Unusable
from tests.dmn_tck.cases import Case, Unreadable, agrees
from tests.dmn_tck.model import Evaluation, Model
from tests.dmn_tck.scope import Refused

if TYPE_CHECKING:
    from pathlib import Path


def run(case: Case) -> tuple[str, str]:
    """ "passed", "failed" or "refused", and why."""
    try:
        evaluation = Evaluation(model(case.model), {(n, squeeze(name)): v for name, n, v in case.given()})
        for asked in case.results():
            found = answer(case, evaluation, asked.name)
            if asked.is_error and found is not None:
                return "failed", f"{asked.name}: {found!r} instead of an error"
            if not asked.is_error and not agrees(found, asked.expected):
                return "failed", f"{asked.name}: {found!r} instead of {asked.expected!r}"
    except (Refused, Unreadable, Unusable) as error:
        return "refused", str(error)
    return "passed", ""


def answer(case: Case, evaluation: Evaluation, name: str) -> Any:
    """What a decision is worth, or what comes of calling a service or a piece of knowledge."""
    if case.kind == "decision":
        return evaluation.ask("decision", name)
    kind = "decisionService" if case.kind == "decisionService" else "businessKnowledgeModel"
    called = evaluation.ask(kind, case.invocable)
    if not isinstance(called, Function):
        return None
    given = {squeeze(n): value for n, _, value in case.given()}
    found = called.invoke([given.get(parameter) for parameter in called.parameters])
    return found[name] if isinstance(found, dict) and name in found and case.kind == "decisionService" else found


@cache
def model(path: Path) -> Model:
    """A model is read once. Raises Unusable or Refused."""
    return Model(path)
