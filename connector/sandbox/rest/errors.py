"""How an instance says no over REST: the envelope and its texts. Nothing decides here.

Every error has a name. The switch `answers` gives the answers of that name another status or other words, as no recording of some
of them exists: `malformed`, `oversize`, `missing_header`, `no_method`, `not_acceptable`, `unsupported_media`, `duplicate`, and
releases differ in the rest. A text may contain the facts of the error in braces, and {detail}; an empty detail is JSON null.

    [switches.answers]
    oversize = { status = 413, message = "Payload too large", detail = "{size} bytes" }
    no_method = { status = 405, page = true }       # in HTML, without an envelope
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.messages import Headers, Response
from connector.sandbox.rest.representation import JSON as JSON
from connector.sandbox.rest.representation import written

if TYPE_CHECKING:
    from collections.abc import Mapping

READ = "Exception while reading request"
MEDIA = "application/json, application/xml, text/xml"


class ApiError(Exception):
    """An answer with an error envelope; `detail` None is JSON null."""

    def __init__(
        self, status: int, message: str, detail: str | None = None, *, name: str = "", facts: Mapping[str, str] = {}
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.detail = status, message, detail
        self.name, self.facts = name, facts
        self.headers: list[tuple[str, str]] = []

    def response(self, kind: str = JSON, switches: Mapping[str, Any] = {}) -> Response:
        other = switches.get("answers", {}).get(self.name, {})
        message = self._filled(other.get("message", self.message))
        detail = self._filled(other["detail"]) or None if "detail" in other else self.detail
        status = int(other.get("status", self.status))
        if other.get("page"):
            return html(status, f"{status} {message}", f"<h1>{message}</h1>")
        error: dict[str, Any] = {"message": message, "detail": detail}
        if switches.get("error_order") == "detail_first":
            error = {"detail": detail, "message": message}
        body = {"error": error, "status": "failure"}
        return Response(status, Headers([("Content-Type", kind), *self.headers]), written(body, kind))

    def _filled(self, text: str) -> str:
        for name, value in {**self.facts, "detail": self.detail or ""}.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def not_authenticated() -> ApiError:
    return ApiError(401, "User is not authenticated", "Required to provide Auth information", name="not_authenticated")


def invalid_table(table: str) -> ApiError:
    return ApiError(400, f"Invalid table {table}", name="invalid_table", facts={"table": table})


def no_record() -> ApiError:
    detail = "Record doesn't exist or ACL restricts the record retrieval"
    return ApiError(404, "No Record found", detail, name="no_record")


def no_resource(status: int) -> ApiError:
    return ApiError(status, "Requested URI does not represent any resource", name="no_resource")


def no_method(method: str) -> ApiError:
    """No recording of a 405 exists; the words are ours."""
    detail = "The resource does not support this method"
    return ApiError(405, f"Method {method} not allowed", detail, name="no_method", facts={"method": method})


def not_acceptable(accept: str) -> ApiError:
    """No recording of a 406 exists; the words are ours."""
    detail = f"{accept} cannot be produced: {MEDIA}"
    return ApiError(406, "Not acceptable", detail, name="not_acceptable", facts={"accept": accept})


def unsupported_media(kind: str) -> ApiError:
    """No recording of a 415 exists; the words are ours."""
    detail = f"{kind} cannot be read: {MEDIA}"
    return ApiError(415, "Unsupported media type", detail, name="unsupported_media", facts={"kind": kind})


def missing_header(header: str) -> ApiError:
    """The documentation has the status; the words are ours."""
    return ApiError(400, READ, f"The header {header} is missing.", name="missing_header", facts={"header": header})


def api_denied() -> ApiError:
    return ApiError(403, "User Not Authorized", "Failed API level ACL Validation", name="api_denied")


def query_denied(table: str) -> ApiError:
    detail = f"No permission to read table '{table}'"
    return ApiError(403, "Insufficient rights to query records", detail, name="query_denied", facts={"table": table})


def query_fields_denied() -> ApiError:
    detail = "Field(s) present in the query do not have permission to be read"
    return ApiError(403, "Insufficient rights to query records", detail, name="query_fields_denied")


def query_too_large(reason: str) -> ApiError:
    """No recording exists; the words are ours."""
    return ApiError(400, "Invalid query", f"The query is too large: {reason}", name="query_too_large")


def write_denied(operation: str) -> ApiError:
    detail = f"ACL Exception {operation} Failed due to security constraints"
    return ApiError(403, "Operation Failed", detail, name="write_denied", facts={"operation": operation})


def aborted(detail: str) -> ApiError:
    """By a business rule or a data policy."""
    return ApiError(403, "Operation Failed", detail, name="aborted")


def duplicate(status: int, value: str, key: str) -> ApiError:
    detail = f"Unique Key violation detected by database (Duplicate entry '{value}' for key '{key}')"
    return ApiError(status, "Operation Failed", detail, name="duplicate", facts={"value": value, "key": key})


CANCELLED = "Transaction cancelled: maximum execution time exceeded"
CHECK_LOGS = ". Check logs for error trace or enable glide.rest.debug property to verify REST request processing"


def transaction_cancelled() -> ApiError:
    """The quota is used up; what was written may be there all the same."""
    return ApiError(500, CANCELLED, CANCELLED + CHECK_LOGS, name="transaction_cancelled")


def rate_limited(limit: int, api: str) -> ApiError:
    """`api` as the platform names it: Table API."""
    detail = f"Rate limit of {limit} requests per hour for {api} exceeded"
    return ApiError(429, "Rate limit exceeded", detail, name="rate_limited")


def bad_payload(detail: str) -> ApiError:
    return ApiError(400, READ, detail, name="bad_payload")


def bad_offset(offset: int) -> ApiError:
    """What a negative offset does is not recorded; the words are ours."""
    return ApiError(400, "Invalid sysparm_offset", f"{offset} is negative", name="bad_offset")


def malformed(form: str) -> ApiError:
    """The words are from memory."""
    return ApiError(400, READ, f"The payload is not valid {form}.", name="malformed", facts={"form": form})


def oversize(size: int, most: int) -> ApiError:
    """The words are recorded, the status is not."""
    detail = f"Rejected large REST payload with content-length = {size} bytes. Max allowed: {most} bytes."
    return ApiError(400, READ, detail, name="oversize", facts={"size": str(size), "most": str(most)})


def html(status: int, title: str, body: str, *, length: int = 0) -> Response:
    """A page of the edge or of a sleeping instance, padded to a recorded length."""
    page = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    return Response(status, Headers([("Content-Type", "text/html")]), page.ljust(length).encode())
