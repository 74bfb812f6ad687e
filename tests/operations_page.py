"""The list of metrics in docs/operations.md: `python -m tests.operations_page` writes it, a test holds it to what is served."""

from __future__ import annotations

from pathlib import Path

from connector.daemon.metrics import METRICS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "operations.md"
BEGIN = "<!-- metrics: python -m tests.operations_page -->\n"
END = "<!-- end of metrics -->\n"


def page() -> str:
    """The whole page, with the list as it should be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = (
        f"| `{one.name}` | {', '.join(f'`{label}`' for label in one.labels) or '-'} | {one.kind.value} | {one.text} |\n"
        for one in METRICS.values()
    )
    table = "| metric | labels | kind | says |\n|---|---|---|---|\n" + "".join(rows)
    return f"{before}{BEGIN}{table}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
