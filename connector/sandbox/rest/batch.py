"""The Batch API: several requests in one, executed one after another, each with its own answer, no transaction.

What does not fit into the output size or the time quota is not executed and listed as unserviced.
"""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.sandbox.messages import Headers, Request, Response
from connector.sandbox.rest.context import Context
from connector.sandbox.rest.errors import ApiError, bad_payload
from connector.sandbox.rest.representation import JSON, negotiated

if TYPE_CHECKING:
    from connector.sandbox.rest.context import Dispatch

MAX_INPUT = 5_242_880
MAX_OUTPUT = 10_485_760
QUOTA_SECONDS = 30.0


def run_batch(context: Context, dispatch: Dispatch) -> Response:
    if len(context.request.body) > MAX_INPUT:
        raise bad_payload(f"Rejected large batch request. Max allowed: {MAX_INPUT} bytes.")
    payload = context.payload()
    parts = payload.get("rest_requests")
    if not isinstance(parts, list):
        raise bad_payload("rest_requests is missing")
    room = _number(context.request.headers.get("X-BATCHREQUEST-MAX-OUTPUT-SIZE"), MAX_OUTPUT)
    step = float(context.instance.switches["latency_ms"]) / 1000
    serviced: list[dict[str, Any]] = []
    unserviced: list[str] = []
    fate = "send"
    for part in parts:
        out_of_time = step * (len(serviced) + 1) > QUOTA_SECONDS
        if room <= 0 or out_of_time or unserviced or len(serviced) >= context.request.max_parts:
            unserviced.append(str(part.get("id", "")))
            continue
        answer = _serve(context, part, dispatch)
        fate = fate if answer.fate == "send" else answer.fate
        room -= len(answer.body)
        serviced.append(_item(part, answer, step))
    body = {
        "batch_request_id": str(payload.get("batch_request_id", "")),
        "serviced_requests": serviced,
        "unserviced_requests": unserviced,
    }
    response = context.answer(200, body)
    response.fate, response.steps = fate, max(1, len(serviced))
    return response


def _serve(context: Context, part: dict[str, Any], dispatch: Dispatch) -> Response:
    try:
        body = base64.b64decode(part.get("body") or "")
    except (binascii.Error, ValueError):
        return bad_payload("The body of a batch part is not base64.").response()
    headers = Headers([(line["name"], str(line["value"])) for line in part.get("headers", [])])
    request = Request(str(part.get("method", "GET")).upper(), str(part.get("url", "")), headers, body)

    def honest() -> Response:
        try:
            return dispatch(Context(context.instance, request, context.user))
        except ApiError as error:
            return error.response(negotiated(request.headers.get("Accept")) or JSON)

    return context.instance.part_door(request, honest)


def _item(part: dict[str, Any], answer: Response, step: float) -> dict[str, Any]:
    lines = [("Content-Length", str(len(answer.body))), *answer.headers.lines]
    lines += [("Pragma", "no-store,no-cache"), ("Cache-control", "no-cache,no-store,must-revalidate,max-age=-1")]
    item = {
        "id": str(part.get("id", "")),
        "body": base64.b64encode(answer.body).decode(),
        "status_code": answer.status,
        "status_text": HTTPStatus(answer.status).phrase if answer.status else "",
        "execution_time": int(step * 1000),
    }
    if not part.get("exclude_response_headers"):
        item["headers"] = [{"name": name, "value": value} for name, value in lines]
    return item


def _number(text: str, default: int) -> int:
    return min(int(text), default) if text.isdigit() else default
