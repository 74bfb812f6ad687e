"""A few tables that honour exactly the encoded queries the connector builds, and misbehave as real instances do.

Not an instance: no writes, no rules, no classes. Rows are text, kept in a plain list a test may change between two pages.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from operator import ge, gt, le
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import requests
    import responses

URL = "https://om.example.com"
USER = "connector"
PASSWORD = "correct-horse-battery"
DATE = "Mon, 02 Mar 2026 08:00:00 GMT"

_TERM = re.compile(r"([a-z_.]+)(ISNOTEMPTY|NOT IN|IN|STARTSWITH|LIKE|>=|<=|>|=)(.*)")
_HOLDS: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda found, wanted: found == wanted,
    "IN": lambda found, wanted: found in wanted.split(","),
    "NOT IN": lambda found, wanted: found not in wanted.split(","),
    "STARTSWITH": str.startswith,
    "LIKE": lambda found, wanted: wanted in found,
    "ISNOTEMPTY": lambda found, _: found != "",
    ">": gt,
    ">=": ge,
    "<=": le,
}


@dataclass
class Table:
    """The rows of one table, and what keeps a reader from them."""

    rows: list[dict[str, str]]
    hidden: set[str] = field(default_factory=set)  # sys_ids behind a row ACL: counted, never shown
    denied: set[str] = field(default_factory=set)  # columns behind a field ACL: not in the answer
    ignored: set[str] = field(default_factory=set)  # columns whose terms are dropped from a query
    before: Callable[[int], None] = lambda _: None  # called with the number of the page about to be read
    asked: list[dict[str, str]] = field(default_factory=list)  # the parameters of each request

    def serve(self, mocked: responses.RequestsMock, name: str, url: str = URL) -> Table:
        """Answer for the table of this name."""
        mocked.add_callback("GET", f"{url}/api/now/table/{name}", self._answer)
        return self

    @property
    def queries(self) -> list[str]:
        return [parameters["sysparm_query"] for parameters in self.asked]

    def _answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        parameters = {name: values[0] for name, values in parse_qs(urlsplit(request.url or "").query).items()}
        self.before(len(self.asked) + 1)
        self.asked.append(parameters)
        terms, order = _split(parameters.get("sysparm_query", ""))
        found = [row for row in self.rows if all(self._holds(row, group) for group in terms)]
        found.sort(key=lambda row: [row[column] for column in order])
        offset = int(parameters["sysparm_offset"])
        page = found[offset : offset + int(parameters["sysparm_limit"])]
        columns = parameters["sysparm_fields"].split(",")
        both = parameters["sysparm_display_value"] == "all"
        shown = [self._shown(row, columns, both) for row in page if row["sys_id"] not in self.hidden]
        headers = {"X-Total-Count": str(len(found)), "Date": DATE, "Content-Type": "application/json"}
        return 200, headers, json.dumps({"result": shown})

    def _holds(self, row: Mapping[str, str], group: Sequence[tuple[str, str, str]]) -> bool:
        known = [term for term in group if term[0] not in self.ignored]
        return not known or any(_HOLDS[op](row[column], value) for column, op, value in known)

    def _shown(self, row: Mapping[str, str], columns: Sequence[str], both: bool) -> dict[str, Any]:
        visible = {name: row[name] for name in columns if name in row and name not in self.denied}
        if not both:
            return visible
        return {n: {"value": v, "display_value": row.get(f"{n} shown", v)} for n, v in visible.items()}


def _split(query: str) -> tuple[list[list[tuple[str, str, str]]], list[str]]:
    """The groups of terms and the order. Loud about anything the connector is not known to send."""
    groups: list[list[tuple[str, str, str]]] = []
    order: list[str] = []
    for part in filter(None, query.split("^")):
        if part.startswith("ORDERBY"):
            order.append(part.removeprefix("ORDERBY"))
            continue
        term = _TERM.fullmatch(part.removeprefix("OR"))
        assert term, f"not a query the connector builds: {part!r}"
        if part.startswith("OR"):
            groups[-1].append((term[1], term[2], term[3]))
        else:
            groups.append([(term[1], term[2], term[3])])
    return groups, order


def sys_id(number: int) -> str:
    """A sys_id that sorts by its number."""
    return f"{number:032x}"
