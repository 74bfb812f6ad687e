"""The control plane: JSON in and out beside the instances, behind a bearer token.

    POST   /sandbox/act       {"instance", "as", "do", ...}   one move of one person (moves/__init__.py)
    POST   /sandbox/clock     {"advance": seconds} and/or {"skew": {"fsm": seconds}}
    GET    /sandbox/clock     the present time of the world and of both instances
    POST   /sandbox/fault     {"instance", "kind", ...}       arm a fault (faults.py)
    DELETE /sandbox/fault[/id]
    POST   /sandbox/outbound  {"instance", "url", "tables", ["secret", "headers", "synchronous", "timeout", "retry"]}
    GET    /sandbox/requests?instance=om      DELETE /sandbox/requests
    GET    /sandbox/switches?instance=om      POST /sandbox/switches {"instance", name: value, ...}
    GET    /sandbox/failures  messages that did not arrive, and defects of the sandbox itself
    POST   /sandbox/certificate {"instance", "user"}         a key and a certificate (PEM) that sign this user in over HTTPS
    POST   /sandbox/oauth_key {"instance", "kid", "public_key"}  a key (PEM) whose signature makes assertions genuine
    POST   /sandbox/reset     both instances as they were created

An answer is {"ok": true, "result": ...} or {"ok": false, "error": "sentence"}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.sandbox.faults import FaultError
from connector.sandbox.messages import Headers, Request, Response, json_body, read_json
from connector.sandbox.moves import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.world import World

Payload = dict[str, Any]
MOST_SECONDS = 10**9


class ControlPlane:
    def __init__(self, world: World, token: str, certify: Callable[[str, str], str]) -> None:
        self._world = world
        self._token = token
        self._certify = certify
        self._rooms: dict[tuple[str, str], Callable[[Request, Payload], Any]] = {
            ("POST", "act"): self._act,
            ("POST", "clock"): self._clock,
            ("GET", "clock"): lambda _request, _payload: self._times(),
            ("POST", "fault"): self._fault,
            ("DELETE", "fault"): self._disarm,
            ("POST", "outbound"): self._outbound,
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): self._clear_requests,
            ("GET", "failures"): lambda _request, _payload: {
                "outbound": list(self._world.sender.failures),
                "defects": list(self._world.defects),
            },
            ("GET", "switches"): self._switches,
            ("POST", "switches"): self._switch,
            ("POST", "certificate"): lambda _request, payload: {
                "pem": self._certify(str(payload["instance"]), str(payload["user"]))
            },
            ("POST", "oauth_key"): self._oauth_key,
            ("POST", "reset"): self._reset,
        }

    def handle(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {self._token}":
            return _refuse(401, "the control plane needs the header 'Authorization: Bearer <token>'")
        _, _, path = request.path.partition("/sandbox/")
        room = self._rooms.get((request.method, path.split("/")[0]))
        if room is None:
            return _refuse(404, f"there is no {request.method} {request.path} on the control plane")
        try:
            payload = read_json(request.body) if request.body else {}
        except ValueError:
            return _refuse(400, "the body is not valid JSON")
        if not isinstance(payload, dict):
            return _refuse(400, "the body is not a JSON object")
        try:
            return _answer(200, {"ok": True, "result": room(request, payload)})
        except Refused as refused:
            return _refuse(409, str(refused))
        except (FaultError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            return _refuse(400, f"{type(error).__name__}: {error}")

    def _act(self, _request: Request, payload: Payload) -> Any:
        name = payload.pop("instance", None)
        return self._world.act(name, payload)

    def _clock(self, _request: Request, payload: Payload) -> Any:
        skews = payload.get("skew", {})
        if not isinstance(skews, dict):
            raise ValueError('skew is {"om": seconds, "fsm": seconds}')
        for name, seconds in skews.items():
            self._world.skew(name, _seconds(seconds, least=-MOST_SECONDS))
        if "advance" in payload:
            self._world.advance(_seconds(payload["advance"], least=0))
        return self._times()

    def _times(self) -> dict[str, str]:
        world = self._world
        times = {"now": world.now(), "om": world.om.clock.now(), "fsm": world.fsm.clock.now()}
        return {name: moment.isoformat() for name, moment in times.items()}

    def _fault(self, _request: Request, payload: Payload) -> Any:
        return {"id": self._world.fault(str(payload.get("instance", "")), payload)}

    def _disarm(self, request: Request, _payload: Payload) -> Any:
        fault_id = request.path.partition("/sandbox/fault")[2].strip("/")
        return {"removed": self._world.clear_faults(fault_id or None)}

    def _outbound(self, _request: Request, payload: Payload) -> Any:
        self._world.outbound(payload)
        return {}

    def _requests(self, request: Request, _payload: Payload) -> Any:
        name = request.query.get("instance", "om")
        self._world.instance(name)
        return self._world.describe_requests(name)

    def _clear_requests(self, _request: Request, _payload: Payload) -> Any:
        self._world.clear_requests()
        return {}

    def _switches(self, request: Request, _payload: Payload) -> Any:
        return dict(self._world.instance(request.query.get("instance", "om")).switches)

    def _switch(self, _request: Request, payload: Payload) -> Any:
        self._world.switch(str(payload.pop("instance", "")), **payload)
        return {}

    def _oauth_key(self, _request: Request, payload: Payload) -> Any:
        self._world.register_key(str(payload["instance"]), str(payload["kid"]), str(payload["public_key"]))
        return {}

    def _reset(self, _request: Request, _payload: Payload) -> Any:
        self._world.reset()
        return {}


def _seconds(value: Any, *, least: float) -> float:
    if not least <= float(value) <= MOST_SECONDS:
        raise ValueError(f"a clock moves by at most {MOST_SECONDS} seconds at once, and never back, not by {value!r}")
    return float(value)


def _answer(status: int, payload: Payload) -> Response:
    return Response(status, Headers([("Content-Type", "application/json")]), json_body(payload))


def _refuse(status: int, sentence: str) -> Response:
    return _answer(status, {"ok": False, "error": sentence})
