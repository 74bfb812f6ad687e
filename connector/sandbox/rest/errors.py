"""How an instance says no over REST: the envelope and its recorded texts. Nothing decides here."""

from __future__ import annotations

from connector.sandbox.messages import Headers, Response
from connector.sandbox.rest.representation import JSON as JSON
from connector.sandbox.rest.representation import written


class ApiError(Exception):
    """An answer with an error envelope; `detail` None is JSON null."""

    def __init__(self, status: int, message: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.detail = status, message, detail
        self.headers: list[tuple[str, str]] = []

    def response(self, kind: str = JSON) -> Response:
        body = {"error": {"message": self.message, "detail": self.detail}, "status": "failure"}
        return Response(self.status, Headers([("Content-Type", kind), *self.headers]), written(body, kind))


def not_authenticated(message: str = "User is not authenticated") -> ApiError:
    return ApiError(401, message, "Required to provide Auth information")


def invalid_table(name: str) -> ApiError:
    return ApiError(400, f"Invalid table {name}")


def no_record() -> ApiError:
    return ApiError(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")


def no_resource(status: int) -> ApiError:
    return ApiError(status, "Requested URI does not represent any resource")


def no_method(method: str) -> ApiError:
    return ApiError(405, f"Method {method} not allowed", "The resource does not support this method")


def not_acceptable(accept: str) -> ApiError:
    """No recording of a 406 exists; the words are ours."""
    return ApiError(406, "Not acceptable", f"{accept} cannot be produced: application/json, application/xml, text/xml")


def unsupported_media(kind: str) -> ApiError:
    """No recording of a 415 exists; the words are ours."""
    return ApiError(
        415, "Unsupported media type", f"{kind} cannot be read: application/json, application/xml, text/xml"
    )


def api_denied() -> ApiError:
    return ApiError(403, "User Not Authorized", "Failed API level ACL Validation")


def query_denied(table: str) -> ApiError:
    return ApiError(403, "Insufficient rights to query records", f"No permission to read table '{table}'")


def query_fields_denied() -> ApiError:
    detail = "Field(s) present in the query do not have permission to be read"
    return ApiError(403, "Insufficient rights to query records", detail)


def write_denied(operation: str) -> ApiError:
    return ApiError(403, "Operation Failed", f"ACL Exception {operation} Failed due to security constraints")


def aborted(detail: str) -> ApiError:
    """By a business rule or a data policy."""
    return ApiError(403, "Operation Failed", detail)


def duplicate(status: int, value: str, key: str) -> ApiError:
    detail = f"Unique Key violation detected by database (Duplicate entry '{value}' for key '{key}')"
    return ApiError(status, "Operation Failed", detail)


CANCELLED = "Transaction cancelled: maximum execution time exceeded"
CHECK_LOGS = ". Check logs for error trace or enable glide.rest.debug property to verify REST request processing"


def transaction_cancelled() -> ApiError:
    """The quota is used up; what was written may be there all the same."""
    return ApiError(500, CANCELLED, CANCELLED + CHECK_LOGS)


def rate_limited(limit: int, api: str) -> ApiError:
    """`api` as the platform names it: Table API."""
    return ApiError(429, "Rate limit exceeded", f"Rate limit of {limit} requests per hour for {api} exceeded")


def bad_payload(detail: str) -> ApiError:
    return ApiError(400, "Exception while reading request", detail)


def html(status: int, title: str, body: str, *, length: int = 0) -> Response:
    """A page of the edge or of a sleeping instance, padded to a recorded length."""
    page = f"<html><head><title>{title}</title></head><body>{body}</body></html>"
    return Response(status, Headers([("Content-Type", "text/html")]), page.ljust(length).encode())
