"""The engines that are compared: each takes a shape in its own form and answers values with the output of the first row."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.util import find_spec
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.conditions import ANYTHING, Between, Compare
from connector.mapping.dmn.evaluate import Evaluator
from connector.mapping.dmn.table import DecisionTable, Entry, HitPolicy, Input, Output, Rule
from connector.mapping.dmn.values import Kind
from connector.mapping.policy import WorkOrderPolicy
from connector.mapping.vocabulary import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.shapes import Cell, Shape
    from connector.mapping.dmn.conditions import Condition

OURS, EXPLAINED = "om-fsm-connector", "... verdict with near misses"
ZEN, SPIFF = "zen-engine", "SpiffWorkflow"
FOREIGN = (ZEN, SPIFF)
PACKAGES = {ZEN: "zen-engine", SPIFF: "SpiffWorkflow"}
_MODULES = {ZEN: "zen", SPIFF: "SpiffWorkflow"}
OUTPUT = TEMPLATE


def installed(name: str) -> bool:
    return name not in _MODULES or find_spec(_MODULES[name]) is not None


def prepared(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Values in the types an engine works with: made before the clock runs, as whoever asks would have them."""
    if name in FOREIGN:
        return values
    if name == EXPLAINED:
        return {key: str(value) for key, value in values.items()}
    return {key: Decimal(value) if isinstance(value, int) else value for key, value in values.items()}


def table(shape: Shape) -> DecisionTable:
    """A shape as our table, hit policy FIRST."""
    inputs = [Input(name, Kind.NUMBER if i in shape.numbers else Kind.STRING) for i, name in enumerate(shape.columns)]
    rules = [
        Rule(str(number), tuple(map(_condition, row)), (Entry(_output(number)),))
        for number, row in enumerate(shape.rows, 1)
    ]
    return DecisionTable(shape.name, tuple(inputs), (Output(OUTPUT, Kind.STRING),), tuple(rules), HitPolicy.FIRST)


def _condition(cell: Cell) -> Condition:
    if cell is None:
        return ANYTHING
    return Between(Decimal(cell[0]), Decimal(cell[1])) if isinstance(cell, tuple) else Compare("=", cell)


def _output(number: int) -> str:
    return f"template {number}"


def ours(shape: Shape) -> Callable[[dict[str, Any]], Any]:
    evaluator = Evaluator(table(shape))

    def decide(values: dict[str, Any]) -> Any:
        won = evaluator.decide(values).won
        return won[0].entries[0].constant if won else None

    return decide


def explained(shape: Shape) -> Callable[[dict[str, Any]], Any]:
    """The verdict as it is stored: facts as text, the rows that won in words, the nearest misses, the work orders wanted."""
    policy = WorkOrderPolicy(shape.name, table(shape), "")
    initiator: Any = SimpleNamespace(
        sys_id="i", number="DO1", line=SimpleNamespace(number="L1", quantity=1), units=1, locations=()
    )

    def decide(facts: dict[str, Any]) -> Any:
        verdict = policy.decide(initiator, facts, version=1)
        return verdict.wanted[0].template if verdict.wanted else None

    return decide


def zen(shape: Shape) -> Callable[[dict[str, Any]], Any]:
    from zen import ZenEngine

    def text(cell: Cell) -> str:
        if cell is None:
            return ""
        return f"[{cell[0]}..{cell[1]}]" if isinstance(cell, tuple) else f'"{cell}"'

    content = {
        "hitPolicy": "first",
        "inputs": [{"id": name, "name": name, "field": name} for name in shape.columns],
        "outputs": [{"id": OUTPUT, "name": OUTPUT, "field": OUTPUT}],
        "rules": [
            {
                "_id": str(number),
                **{name: text(cell) for name, cell in zip(shape.columns, row, strict=True)},
                OUTPUT: f'"{_output(number)}"',
            }
            for number, row in enumerate(shape.rows, 1)
        ],
    }
    graph = {
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode"},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": content},
            {"id": "out", "name": "out", "type": "outputNode"},
        ],
        "edges": [
            {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }
    decision = ZenEngine().create_decision(json.dumps(graph))

    def decide(values: dict[str, Any]) -> Any:
        return decision.evaluate(values)["result"].get(OUTPUT)

    return decide


def spiff(shape: Shape) -> Callable[[dict[str, Any]], Any]:
    """Its hit policy UNIQUE takes the first row that matches. Cells are expressions of Python."""
    from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
    from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
    from SpiffWorkflow.dmn.specs import model

    decision_table = model.DecisionTable("table", "table", "UNIQUE")
    decision_table.inputs = [model.Input(name, name, name, name, "") for name in shape.columns]
    output = model.Output(OUTPUT, OUTPUT, OUTPUT, "")
    for number, row in enumerate(shape.rows, 1):
        rule = model.Rule(str(number))
        for column, cell in zip(decision_table.inputs, row, strict=True):
            entry = model.InputEntry(column.id, column)
            if cell is not None:
                entry.lhs.append(f"{cell[0]} <= ? <= {cell[1]}" if isinstance(cell, tuple) else repr(cell))
            rule.inputEntries.append(entry)
        said = model.OutputEntry(OUTPUT, output)
        said.text = repr(_output(number))
        rule.outputEntries.append(said)
        decision_table.rules.append(rule)
    engine = DMNEngine(decision_table)
    workflow = SimpleNamespace(script_engine=PythonScriptEngine())

    def decide(values: dict[str, Any]) -> Any:
        return engine.result(SimpleNamespace(data=dict(values), workflow=workflow)).get(OUTPUT)

    return decide


ENGINES: dict[str, Callable[[Shape], Callable[[dict[str, Any]], Any]]] = {
    OURS: ours,
    EXPLAINED: explained,
    ZEN: zen,
    SPIFF: spiff,
}
