"""`/oauth_auth.do`: a signed-in person lets an application act in the own name; the code travels in a redirect.

There is no page to click on: whoever asks signed in, allows. `sysparm_deny=true` refuses, as the page's other button does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from connector.sandbox.messages import Headers, Response
from connector.sandbox.rest.errors import ApiError, html
from connector.sandbox.signin.ways import authenticate

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance
    from connector.sandbox.messages import Request


def authorize(instance: Instance, request: Request) -> Response:
    asked = request.query
    target = asked.get("redirect_uri", "")
    if asked.get("client_id") != instance.oauth_client["client_id"]:
        return html(400, "Error", "Invalid client_id")
    if target not in instance.switches["oauth_redirect_uris"]:
        return html(400, "Error", "Invalid redirect_uri")  # never sent anywhere else
    try:
        user = authenticate(instance, request)
    except ApiError:
        return _sent_to(f"{instance.base_url}/login_redirect.do?sysparm_stack=no")
    state = {"state": asked["state"]} if "state" in asked else {}
    if asked.get("response_type") != "code" or asked.get("code_challenge_method", "S256") != "S256":
        return _sent_to(f"{target}?{urlencode({'error': 'invalid_request', **state})}")
    if asked.get("sysparm_deny") == "true":
        return _sent_to(f"{target}?{urlencode({'error': 'access_denied', **state})}")
    seconds = float(instance.switches["oauth_code_seconds"])
    code = instance.tokens.authorize(user.login, target, asked.get("code_challenge", ""), seconds=seconds)
    return _sent_to(f"{target}?{urlencode({'code': code, **state})}")


def _sent_to(address: str) -> Response:
    return Response(302, Headers([("Location", address)]))
