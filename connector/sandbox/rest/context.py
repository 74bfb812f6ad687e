"""One authenticated request on its way through the REST rooms: who asks, what was asked, how the answer shall look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connector.sandbox.messages import Headers, Request, Response, read_json
from connector.sandbox.rest.errors import (
    bad_payload,
    invalid_table,
    malformed,
    missing_header,
    oversize,
    unsupported_media,
)
from connector.sandbox.rest.representation import JSON, read_xml, written
from connector.sandbox.rest.tinyurl import expanded
from connector.sandbox.values import Presenter

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance
    from connector.sandbox.people import User
    from connector.sandbox.schema import Table
    from connector.sandbox.store import Store

Dispatch = Callable[["Context"], Response]
MOST_ROWS = 2**31 - 1


@dataclass
class Context:
    instance: Instance
    request: Request
    user: User
    version: str = ""  # "v1", "v2" or empty, echoed in links
    kind: str = JSON  # the Content-Type of the answer
    extra: Headers = field(default_factory=Headers)
    limits: list[tuple[str, str]] = field(default_factory=list)  # headers of the rate-limit rule that applies, if any
    parameters: dict[str, str] = field(init=False)  # of the address, with those a short address stands for

    def __post_init__(self) -> None:
        self.parameters = expanded(self)

    @property
    def store(self) -> Store:
        """Where lists are read from."""
        replica = self.instance.replica
        switches = self.instance.switches
        routed = (
            switches["replica_lag_seconds"] and self.option("sysparm_query_category") in switches["replica_categories"]
        )
        return replica.store if replica and (routed or self.request.stale) else self.instance.store

    def option(self, name: str) -> str:
        return self.parameters.get(name, "")

    def flag(self, name: str) -> bool:
        return self.option(name).lower() == "true"

    def number(self, name: str, default: int) -> int:
        """The value of a parameter, no larger than a row count can be; what is no number counts as left out."""
        try:
            return max(-MOST_ROWS, min(int(self.option(name)), MOST_ROWS))
        except ValueError:
            return default

    def table(self, name: str) -> Table:
        table = self.instance.schema.tables.get(name)
        if table is None or name in self.instance.switches["closed_tables"]:
            raise invalid_table(name)
        return table

    @property
    def api_base(self) -> str:
        version = f"/{self.version}" if self.version else ""
        return f"{self.address}/api/now{version}"

    @property
    def address(self) -> str:
        """The instance's own, whatever host the client used, unless the instance believes the client."""
        host = self.request.headers.get("Host")
        if host and not self.instance.switches["links_from_property"]:
            return f"https://{host}"
        return self.instance.base_url

    def presenter(self) -> Presenter:
        mode = self.option("sysparm_display_value").lower()
        return Presenter(
            self.instance,
            mode=mode if mode in ("true", "all") else "false",
            formats=self.user.formats,
            links=not self.flag("sysparm_exclude_reference_link"),
            link_base=f"{self.api_base}/table",
        )

    def payload(self) -> dict[str, Any]:
        """The object of the body, JSON or XML; of a list only the first object counts."""
        most = int(self.instance.switches["max_body_bytes"])
        if len(self.request.body) > most:
            raise oversize(len(self.request.body), most)
        kind = self.request.headers.get("Content-Type")
        if not kind and self.instance.switches["headers_required"]:
            raise missing_header("Content-Type")
        name = "XML" if "xml" in kind else "JSON"
        if kind and name == "JSON" and "json" not in kind:
            raise unsupported_media(kind)
        if not self.request.body:
            return {}
        try:
            parsed = read_xml(self.request.body) if name == "XML" else read_json(self.request.body)
        except ValueError as error:
            raise malformed(name) from error
        first = next(iter(parsed), {}) if isinstance(parsed, list) else parsed
        if not isinstance(first, dict):
            raise bad_payload("The payload is not a JSON object.")
        return first

    def _wants(self, header: str) -> bool:
        return self.request.headers.get(header).lower() == "true"

    def _debug_line(self) -> dict[str, Any]:
        """One line of Debug SQL; its words are ours."""
        now = self.instance.clock.now().strftime("%H:%M:%S.000")
        line = f"{now}: Time: 0:00:00.000 for: {self.instance.name}[glide.1] {self.request.method} {self.request.path}"
        return {"type": "sql", "customerUpdate": False, "line": line, "debugClassSet": ""}

    def answer(self, status: int, payload: Any) -> Response:
        if self.instance.switches["session_debug"] and self._wants("X-WantSessionDebugMessages"):
            payload = {**payload, "session": {"debug_logs": [self._debug_line()]}}
        headers = Headers([("Content-Type", self.kind), *self.extra.lines])
        return Response(status, headers, written(payload, self.kind))
