"""Every kind of answer an instance, its edge or a proxy was seen to give, and what each means for a read and for a write."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.errors import (
    Denied,
    Duplicate,
    Hibernating,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    SignInFailed,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import responses

JSON = "application/json;charset=UTF-8"
HTML = "text/html"
TRANSACTION = "4c0e4d5d1b2f"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, and the error a read and a write make of it."""

    name: str
    status: int
    body: str
    read: type[RemoteError]
    write: type[RemoteError]
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=lambda: {"X-Transaction-ID": TRANSACTION})

    def add_to(self, mocked: responses.RequestsMock, method: str, url: str) -> responses.BaseResponse:
        """Let `mocked` answer so, whatever the query."""
        return mocked.add(
            method, url, self.body, status=self.status, content_type=self.content_type, headers=dict(self.headers)
        )


def said(message: str, detail: str | None = None) -> str:
    """The platform's error envelope."""
    return json.dumps({"error": {"message": message, "detail": detail}, "status": "failure"})


_EDGE: Mapping[str, str] = {"Server": "snow_adc"}  # answers of the edge carry no X-Transaction-ID
_CANCELLED = "Transaction cancelled: maximum execution time exceeded"
_PAGE = "<html><title>Log in | ServiceNow</title></html>"
_SLEEPING = "<html><title>Instance Hibernating page</title>Your instance is hibernating</html>"
_RULE = "Operation against file 'wm_order' was aborted by Business Rule 'Stop^1f'. Business Rule Stack:Stop"
_TAKEN = "Unique Key violation detected by database ((conn=7) Duplicate entry '1f' for key 'PRIMARY')"
_LIMIT = "Rate limit of 100 requests per hour for Table API exceeded"
_ABSENT = "Record doesn't exist or ACL restricts the record retrieval"

ANSWERS = (
    # 200 that is none
    Answer("error beside result", 200, f'{{"result": [], {said(_CANCELLED)[1:]}', Unavailable, OutcomeUnknown),
    Answer("error instead of result", 200, said(_CANCELLED), Unavailable, OutcomeUnknown),
    Answer("list cut in the middle", 200, '{"result": [{"sys_id": "1"}, {"sys', Unavailable, OutcomeUnknown),
    Answer("no result", 200, "{}", Unavailable, OutcomeUnknown),
    Answer("a bare list", 200, "[]", Unavailable, OutcomeUnknown),
    Answer("empty body", 200, "", Unavailable, OutcomeUnknown),
    Answer("login page of the node", 200, _PAGE, Unavailable, OutcomeUnknown, HTML),
    Answer("page of the edge", 200, _PAGE, Unavailable, OutcomeUnknown, HTML, _EDGE),
    Answer("hibernating", 200, _SLEEPING, Hibernating, OutcomeUnknown, HTML, _EDGE),
    Answer("page of the node that speaks of hibernation", 200, _SLEEPING, Hibernating, OutcomeUnknown, HTML),
    # somewhere else
    Answer(
        "redirect to a login page", 302, "", Unavailable, OutcomeUnknown, HTML, {"Location": "https://sso.example.com/"}
    ),
    Answer("moved for good", 301, "", Unavailable, OutcomeUnknown, HTML, {"Location": "https://sso.example.com/"}),
    Answer("redirect that keeps the method", 307, "", Unavailable, OutcomeUnknown, HTML, {"Location": "/login.do"}),
    # the request
    Answer("unknown table", 400, said("Invalid table u_none"), Rejected, Rejected),
    Answer("unknown path", 400, said("Requested URI does not represent any resource"), Rejected, Rejected),
    Answer("no such record", 404, said("No Record found", _ABSENT), Rejected, Rejected),
    Answer("request timeout of a proxy", 408, "", Unavailable, OutcomeUnknown, HTML, _EDGE),
    Answer("method not allowed", 405, "", Rejected, Rejected),
    Answer("URL too long", 414, "<html>Request-URI Too Large</html>", Rejected, Rejected, HTML, _EDGE),
    # who asks
    Answer(
        "wrong password",
        401,
        said("User is not authenticated", "Required to provide Auth information"),
        SignInFailed,
        SignInFailed,
    ),
    Answer("wrong password, a page", 401, "<html>401</html>", SignInFailed, SignInFailed, HTML, _EDGE),
    # the five kinds of 403, and its edge
    Answer(
        "table ACL", 403, said("Insufficient rights to query records", "No permission to read table"), Denied, Denied
    ),
    Answer(
        "query ACL", 403, said("Insufficient rights", "Field(s) present in the query do not have..."), Denied, Denied
    ),
    Answer("API ACL", 403, said("User Not Authorized", "Failed API level ACL Validation"), Denied, Denied),
    Answer("record ACL", 403, said("Operation Failed", "ACL Exception Update Failed due to ..."), Denied, Denied),
    Answer("business rule", 403, said("Operation Failed", _RULE), Rejected, Rejected),
    Answer("data policy", 403, said("Operation Failed", "Data Policy Exception: mandatory: Code"), Rejected, Rejected),
    Answer("unique key", 403, said("Operation Failed", _TAKEN), Duplicate, Duplicate),
    Answer("unique key as 400", 400, said("Operation Failed", _TAKEN), Duplicate, Duplicate),
    Answer("403 of the edge", 403, "<html>Forbidden</html>", Denied, Denied, HTML, _EDGE),
    # too much
    Answer("rate limit", 429, said("Rate limit exceeded", _LIMIT), Unavailable, Unavailable),
    Answer("rate limit of the edge", 429, "", Unavailable, Unavailable, HTML, _EDGE),
    # broken
    Answer("cancelled after a minute", 500, said(_CANCELLED), Unavailable, OutcomeUnknown),
    Answer("unique key as 500", 500, said("Operation Failed", _TAKEN), Unavailable, OutcomeUnknown),
    Answer("no node behind the edge", 502, "<html>502</html>", Unavailable, OutcomeUnknown, HTML, _EDGE),
    Answer("maintenance", 503, "<html>Upgrade</html>", Unavailable, OutcomeUnknown, HTML, _EDGE),
    Answer("gateway timeout", 504, "", Unavailable, OutcomeUnknown, HTML, _EDGE),
)
"""A body that says `result` where `error` stands too is what the platform sends when its minute is over in mid-stream."""
