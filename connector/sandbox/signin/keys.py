"""API keys and HMAC-signed requests (plug-in com.glide.tokenbased_auth), each in a header or in the address."""

from __future__ import annotations

import base64
import hmac
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance
    from connector.sandbox.messages import Request
    from connector.sandbox.people import User

API_KEY = "x-sn-apikey"
SIGNATURES = {f"x-sn-hmac-signature-{size}": f"sha{size}" for size in (256, 384, 512)}
SIGNED = re.compile(r"KEYID=(?P<key>[^,]+),\s*SIGNATURE=(?P<signature>\S+)")


def given(request: Request, name: str) -> str:
    return request.headers.get(name) or request.query.get(name, "")


def by_api_key(instance: Instance, request: Request) -> User | None:
    if not instance.switches["api_keys"] or not _place_allowed(instance, request, API_KEY):
        return None
    key = given(request, API_KEY)
    return next((user for user in instance.users.values() if user.api_key == key), None)


def by_signature(instance: Instance, request: Request) -> User | None:
    """The user of the key whose secret signed the body: `KEYID=<id>,SIGNATURE=<base64>`."""
    if not instance.switches["hmac_signatures"]:
        return None
    name = next(name for name in SIGNATURES if given(request, name))
    signed = SIGNED.fullmatch(given(request, name))
    if signed is None or not _place_allowed(instance, request, name):
        return None
    user = next((user for user in instance.users.values() if user.hmac_key_id == signed["key"]), None)
    if user is None:
        return None
    body = request.body or str(instance.switches["hmac_empty_body"]).encode()
    expected = base64.b64encode(hmac.digest(user.hmac_secret.encode(), body, SIGNATURES[name])).decode()
    return user if hmac.compare_digest(expected.encode(), signed["signature"].encode()) else None


def _place_allowed(instance: Instance, request: Request, name: str) -> bool:
    place = "header" if name in request.headers else "query"
    return place in instance.switches["token_places"]
