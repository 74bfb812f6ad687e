"""Every case of the conformance kit is answered as the kit says, or refused with a reason; none is answered wrongly."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.dmn_tck.cases import Case, cases_in
from tests.dmn_tck.conftest import SETTING, folder
from tests.dmn_tck.kit import run
from tests.dmn_tck.not_carried import why

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_case_of_the_kit(kit_case: Case, record_property: Callable[[str, object], None]) -> None:
    outcome, said = run(kit_case)
    known = why(kit_case.folder, kit_case.id)
    record_property("kit", outcome)
    record_property("folder", kit_case.folder)
    record_property("why", known or said)
    if outcome == "refused" and known:
        pytest.skip(f"not carried: {known} ({said})")
    assert outcome == "passed", said
    assert not known, "this case is answered now: take it out of not_carried.py"


def test_a_folder_that_is_set_holds_cases() -> None:
    place = folder()
    if place is None:
        pytest.skip(f"{SETTING} is not set to a folder of the DMN conformance kit")
    assert place.is_dir(), f"{SETTING}={place} is no folder"
    assert cases_in(place), f"{SETTING}={place} holds no test case of the kit"


MODEL = """
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" namespace="urn:ours" name="ours" id="ours">
  <itemDefinition name="tSpeed"><typeRef>number</typeRef><allowedValues><text>[0..1000]</text></allowedValues></itemDefinition>
  <inputData id="i" name="Line Speed"><variable name="Line Speed" typeRef="tSpeed"/></inputData>
  <businessKnowledgeModel id="b" name="twice"><variable name="twice"/>
    <encapsulatedLogic><formalParameter name="x" typeRef="number"/>
      <literalExpression><text>2 * x</text></literalExpression></encapsulatedLogic>
  </businessKnowledgeModel>
  <decision id="d" name="Class"><variable name="Class" typeRef="string"/>
    <informationRequirement><requiredInput href="#i"/></informationRequirement>
    <knowledgeRequirement><requiredKnowledge href="#b"/></knowledgeRequirement>
    <decisionTable><input><inputExpression typeRef="number"><text>twice(Line Speed)</text></inputExpression></input>
      <output/>
      <rule><inputEntry><text>&lt; 100</text></inputEntry><outputEntry><text>"slow"</text></outputEntry></rule>
      <rule><inputEntry><text>>= 100</text></inputEntry><outputEntry><text>"fast"</text></outputEntry></rule>
    </decisionTable></decision>
  <decision id="j" name="Java"><variable name="Java"/>
    <literalExpression><text>function() external {java: {}}</text></literalExpression></decision>
</definitions>
"""
CASES = """
<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <modelName>ours.dmn</modelName>
  <testCase id="1"><inputNode name="Line Speed"><value xsi:type="xsd:decimal">{speed}</value></inputNode>
    <resultNode name="{asked}" errorResult="{error}"><expected><value xsi:type="xsd:string">{expected}</value></expected>
    </resultNode></testCase>
</testCases>
"""


@pytest.mark.parametrize(
    ("speed", "asked", "expected", "error", "outcome"),
    [
        ("40", "Class", "slow", "false", "passed"),
        ("50", "Class", "fast", "false", "passed"),
        ("50", "Class", "slow", "false", "failed"),
        ("5000", "Class", "", "true", "passed"),  # not allowed, so it is nothing
        ("40", "Class", "", "true", "failed"),
        ("40", "Java", "", "true", "refused"),
        ("40", "Missing", "", "true", "refused"),
    ],
)
def test_the_runner_tells_right_from_wrong(
    tmp_path: Path, speed: str, asked: str, expected: str, error: str, outcome: str
) -> None:
    (tmp_path / "ours.dmn").write_text(MODEL, encoding="utf-8")
    text = textwrap.dedent(CASES).format(speed=speed, asked=asked, expected=expected, error=error)
    (tmp_path / "ours-test.xml").write_text(text.strip(), encoding="utf-8")
    [case] = cases_in(tmp_path)
    assert run(case)[0] == outcome
