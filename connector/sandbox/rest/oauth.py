"""The token endpoint `/oauth_token.do` and its counterpart for revoking. Nearly every failure looks the same, as recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from connector.sandbox.messages import Headers, Response, json_body
from connector.sandbox.rest.representation import JSON

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance
    from connector.sandbox.messages import Request

Form = dict[str, str]


def token(instance: Instance, request: Request) -> Response:
    form = _form(request)
    if any(form.get(key) != value for key, value in instance.oauth_client.items()):
        return _denied()
    login = _login(instance, form)
    if not login:
        return _denied()
    seconds = int(instance.switches["oauth_access_seconds"])
    access, left = instance.tokens.issue(login, shared=instance.switches["oauth_shared_token"], seconds=seconds)
    answer = {"access_token": access.text, "scope": "useraccount", "token_type": "Bearer", "expires_in": left}
    if form["grant_type"] != "client_credentials":
        answer["refresh_token"] = instance.tokens.refreshing(login).text
    return _json(200, answer)


def revoke(instance: Instance, request: Request) -> Response:
    form = {**request.query, **_form(request)}
    instance.tokens.revoke(form.get("token", ""))
    return _json(200, {})


def _login(instance: Instance, form: Form) -> str:
    match form.get("grant_type"):
        case "password" if instance.switches["oauth_password_grant"]:
            user = instance.users.get(form.get("username", ""))
            return user.login if user and user.password == form.get("password") else ""
        case "refresh_token":
            return instance.tokens.refresher(form.get("refresh_token", ""))
        case "client_credentials" if instance.switches["oauth_client_credentials_grant"]:
            return instance.oauth_user
        case _:
            return ""


def _form(request: Request) -> Form:
    if "x-www-form-urlencoded" not in request.headers.get("Content-Type"):
        return {}
    return {key: values[0] for key, values in parse_qs(request.body.decode("utf-8", "replace")).items()}


def _denied() -> Response:
    return _json(401, {"error_description": "access_denied", "error": "server_error"})


def _json(status: int, payload: object) -> Response:
    return Response(status, Headers([("Content-Type", JSON)]), json_body(payload))
