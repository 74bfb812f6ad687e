"""The token endpoint `/oauth_token.do` and its counterpart for revoking. Nearly every failure looks the same, as recorded."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from connector.sandbox.messages import Headers, Response, json_body
from connector.sandbox.oauth.grants import Denied, Form, granted
from connector.sandbox.rest.representation import JSON

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance
    from connector.sandbox.messages import Request


def token(instance: Instance, request: Request) -> Response:
    form = _form(request)
    if instance.switches["oauth_secret_in_header"]:
        form = {**_of_header(request), **form}
    if instance.switches["oauth_assertion_in_header"]:
        form.setdefault("assertion", request.headers.get("Authentication").removeprefix("Bearer "))
    try:
        grant = granted(instance, form)
    except Denied as denied:
        return _denied(instance, denied.code)
    switches = instance.switches
    access, left = instance.tokens.issue(
        grant.login,
        shared=switches["oauth_shared_token"],
        seconds=int(switches["oauth_access_seconds"]),
        written=instance.keys.token if switches["oauth_token_format"] == "jwt" else None,  # noqa: S105
    )
    answer = {"access_token": access.text, "scope": "useraccount", "token_type": "Bearer", "expires_in": left}
    if grant.refresh:
        answer["refresh_token"] = grant.refresh
    return _json(200, answer)


def revoke(instance: Instance, request: Request) -> Response:
    """Needs no authentication: who has the token may end it. Also of a token nobody knows it says that all is well."""
    form = {**request.query, **_form(request)}
    instance.tokens.revoke(form.get("token", ""))
    return _json(200, {})


def jwks(instance: Instance, _request: Request) -> Response:
    """The public keys that signed access tokens can be checked with."""
    return _json(200, instance.keys.published())


def _form(request: Request) -> Form:
    if "x-www-form-urlencoded" not in request.headers.get("Content-Type"):
        return {}
    return {key: values[0] for key, values in parse_qs(request.body.decode("utf-8", "replace")).items()}


def _of_header(request: Request) -> Form:
    """The client's id and secret from a Basic header."""
    scheme, _, credentials = request.headers.get("Authorization").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client, _, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        return {}
    return {"client_id": client, "client_secret": secret}


def _denied(instance: Instance, code: str) -> Response:
    if instance.switches["oauth_errors"] == "rfc6749":
        return _json(401, {"error_description": "access_denied", "error": code})
    return _json(401, {"error_description": "access_denied", "error": "server_error"})


def _json(status: int, payload: object) -> Response:
    return Response(status, Headers([("Content-Type", JSON)]), json_body(payload))
