"""An instance that shows things otherwise than they are: what a list answers is changed on its way to the connector."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from requests.adapters import BaseAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from tests.conftest import Pair

Rows = list[dict[str, Any]]


class Altered(BaseAdapter):
    """The line to one side of a pair, from now on. `change` gets the decoded rows of each answer to a GET whose URL holds `where`
    and says which are shown instead; the headers, X-Total-Count among them, stay as they were."""

    def __init__(self, pair: Pair, side: str, where: str, change: Callable[[Rows], Rows]) -> None:
        super().__init__()
        self._through, self._where, self._change = pair.world.adapter(side), where, change
        self.is_on = True
        self.altered = 0  # answers that were changed
        pair.lines[side] = self

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        answer = self._through.send(request, *args, **kwargs)
        if self.is_on and request.method == "GET" and self._where in (request.url or ""):
            said = json.loads(answer.content)
            rows = said.get("result")
            if isinstance(rows, list) and (shown := self._change(json.loads(json.dumps(rows)))) != rows:
                self.altered += 1
                answer._content = json.dumps({**said, "result": shown}).encode()
        return answer

    def close(self) -> None:
        self._through.close()


def value_of(row: dict[str, Any], column: str) -> str:
    """A stored value, in whichever shape it was asked for."""
    said = row.get(column, "")
    return str(said["value"] if isinstance(said, dict) else said)
