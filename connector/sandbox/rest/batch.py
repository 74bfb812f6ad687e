"""The Batch API: several requests in one, executed one after another, each with its own answer, no transaction.

What does not fit into the output size or the time quota is not executed and listed as unserviced.
"""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.sandbox.messages import Headers, Request, Response, json_body, whole_number
from connector.sandbox.rest.context import Context
from connector.sandbox.rest.errors import ApiError, bad_payload, not_acceptable, transaction_cancelled
from connector.sandbox.rest.representation import JSON, negotiated

if TYPE_CHECKING:
    from connector.sandbox.rest.context import Dispatch

MULTIPART = "multipart/mixed"


class _Budget:
    """What is left of the size of the output and of the time."""

    def __init__(self, context: Context) -> None:
        switches = context.instance.switches
        most = int(switches["batch_max_output_bytes"])
        self._room = _number(context.request.headers.get("X-BATCHREQUEST-MAX-OUTPUT-SIZE"), most)
        self._quota = float(switches["batch_quota_seconds"])
        self._executes = bool(switches["batch_timeout_executes"])
        self.step = float(switches["latency_ms"]) / 1000
        self._parts = context.request.max_parts
        self._spent = 0.0
        self._over = False

    def admits(self) -> bool:
        """Whether one more part is executed; once one is not, none is."""
        in_time = self._spent + self.step <= self._quota or (self._executes and self._spent < self._quota)
        self._over = self._over or self._room <= 0 or self._parts <= 0 or not in_time
        return not self._over

    def take(self, size: int) -> bool:
        """Book an executed part; false when the time was up before it was through."""
        self._room -= size
        self._parts -= 1
        self._spent += self.step
        return self._spent <= self._quota


def run_batch(context: Context, dispatch: Dispatch) -> Response:
    most = int(context.instance.switches["batch_max_input_bytes"])
    if len(context.request.body) > most:
        raise bad_payload(f"Rejected large batch request. Max allowed: {most} bytes.")
    multipart = _wants_multipart(context)
    payload = context.payload()
    parts = payload.get("rest_requests")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise bad_payload("rest_requests is missing")
    budget = _Budget(context)
    serviced: list[dict[str, Any]] = []
    unserviced: list[str] = []
    fate = "send"
    for part in parts:
        if not budget.admits():
            unserviced.append(str(part.get("id", "")))
            continue
        answer = _serve(context, part, dispatch)
        fate = fate if answer.fate == "send" else answer.fate
        if not budget.take(len(answer.body)):
            answer = transaction_cancelled().response(JSON, context.instance.switches)
        serviced.append(_item(part, answer, budget.step))
    body = {
        "batch_request_id": str(payload.get("batch_request_id", "")),
        "serviced_requests": serviced,
        "unserviced_requests": unserviced,
    }
    response = _as_multipart(body) if multipart else context.answer(200, body)
    response.fate, response.steps = fate, max(1, len(serviced))
    return response


def _wants_multipart(context: Context) -> bool:
    """Of the two kinds the API has, the one asked for. Raises a 406 for any other."""
    accept = context.request.headers.get("Accept")
    if MULTIPART in accept.lower():
        return True
    if not negotiated(accept):
        raise not_acceptable(accept)
    return False


def _as_multipart(body: dict[str, Any]) -> Response:
    """One JSON document per part, what remains of the envelope last. No recording exists; the framing is ours."""
    envelope = {key: value for key, value in body.items() if key != "serviced_requests"}
    documents = [*body["serviced_requests"], envelope]
    boundary = f"batch_{len(json.dumps(body)):x}"
    lines = b"".join(
        f"--{boundary}\r\nContent-Type: application/json\r\n\r\n".encode() + json_body(document) + b"\r\n"
        for document in documents
    )
    headers = Headers([("Content-Type", f'{MULTIPART};boundary="{boundary}"')])
    return Response(200, headers, lines + f"--{boundary}--\r\n".encode())


def _serve(context: Context, part: dict[str, Any], dispatch: Dispatch) -> Response:
    url = str(part.get("url", ""))
    if not url.startswith("/"):
        return bad_payload("The url of a batch part is not relative.").response(JSON, context.instance.switches)
    try:
        body = base64.b64decode(str(part.get("body") or ""))
    except ValueError:
        return bad_payload("The body of a batch part is not base64.").response(JSON, context.instance.switches)
    lines = part.get("headers") or []
    if not isinstance(lines, list) or not all(isinstance(line, dict) and "name" in line for line in lines):
        return bad_payload("The headers of a batch part have no names.").response(JSON, context.instance.switches)
    headers = Headers([(str(line["name"]), str(line.get("value") or "")) for line in lines])
    request = Request(str(part.get("method", "GET")).upper(), url, headers, body)

    def honest() -> Response:
        own = Context(context.instance, request, context.user)
        try:
            response = dispatch(own)
        except ApiError as error:
            response = error.response(negotiated(request.headers.get("Accept")) or JSON, context.instance.switches)
        response.headers.lines += own.limits
        return response

    return context.instance.part_door(request, honest)


def _item(part: dict[str, Any], answer: Response, step: float) -> dict[str, Any]:
    lines = [("Content-Length", str(len(answer.body))), *answer.headers.lines]
    lines += [
        ("Pragma", "no-store,no-cache"),
        ("Cache-control", "no-cache,no-store,must-revalidate,max-age=-1"),
        ("Expires", "0"),
    ]
    item = {
        "id": str(part.get("id", "")),
        "body": base64.b64encode(answer.body).decode(),
        "status_code": answer.status,
        "status_text": _phrase(answer.status),
        "execution_time": int(step * 1000),
    }
    if not part.get("exclude_response_headers"):
        item["headers"] = [{"name": name, "value": value} for name, value in lines]
    if answer.headers.get("Location") and 300 <= answer.status < 400:
        item["redirect_url"] = answer.headers.get("Location")
    if answer.status >= 500:
        item["error_message"] = _message(answer)
    return item


def _message(answer: Response) -> str:
    """The words of an error envelope, or the phrase of the status where there is none."""
    try:
        return str(json.loads(answer.body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return _phrase(answer.status)


def _number(text: str, most: int) -> int:
    given = whole_number(text)
    return most if given is None else min(given, most)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
