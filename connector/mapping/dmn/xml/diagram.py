"""The picture of a decision and its inputs (DMNDI), without which some modelers show an empty page."""

from __future__ import annotations

_WIDTH, _HEIGHT, _GAP = 160, 60, 40


def diagram(inputs: int) -> str:
    """The decision above a row of inputs, each with an arrow up to it. Ids are those of the writer."""
    row = max(1, inputs) * (_WIDTH + _GAP) - _GAP
    x, y = 100 + (row - _WIDTH) // 2, 100
    parts = [_shape("decision", x, y)]
    for number in range(1, inputs + 1):
        left = 100 + (number - 1) * (_WIDTH + _GAP)
        parts.append(_shape(f"input_{number}", left, y + 180))
        parts.append(
            f'      <dmndi:DMNEdge id="edge_{number}" dmnElementRef="requirement_{number}">\n'
            f'        <di:waypoint x="{left + _WIDTH // 2}" y="{y + 180}"/>\n'
            f'        <di:waypoint x="{x + _WIDTH // 2}" y="{y + _HEIGHT}"/>\n'
            "      </dmndi:DMNEdge>\n"
        )
    return f'  <dmndi:DMNDI>\n    <dmndi:DMNDiagram id="diagram">\n{"".join(parts)}    </dmndi:DMNDiagram>\n  </dmndi:DMNDI>\n'


def _shape(element: str, x: int, y: int) -> str:
    return (
        f'      <dmndi:DMNShape id="shape_{element}" dmnElementRef="{element}">\n'
        f'        <dc:Bounds x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}"/>\n'
        "      </dmndi:DMNShape>\n"
    )
