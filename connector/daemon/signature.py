"""Standard Webhooks 1.0: is this message from somebody who knows the secret, fresh, and not heard before? Pure but for memory.

Signed is `id.timestamp.body` with HMAC-SHA256; the header may hold several signatures, so that a secret can be rotated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX = "whsec_"
_REMEMBERED = 10_000
_SHORTEST_KEY = 24  # bytes, as Standard Webhooks asks
_LONGEST_TIMESTAMP = 12  # digits


class BadSignature(Exception):
    """The message is not believed. The text says why, for the log; the sender is told nothing."""


def key_of(secret: str) -> bytes:
    """The signing key in a secret: base64, with or without the usual `whsec_` before it. Raises ValueError."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a webhook secret is base64, usually with whsec_ before it") from error
    if len(key) < _SHORTEST_KEY:
        raise ValueError(f"a webhook secret holds at least {_SHORTEST_KEY} bytes")
    return key


class Verifier:
    """Checks signatures, and recognises messages it has believed before."""

    def __init__(self, secret: str, *, tolerance: float) -> None:
        self._key = key_of(secret)
        self._tolerance = tolerance  # seconds a clock may be off, and a message may be late
        self._heard: OrderedDict[str, None] = OrderedDict()

    def check(self, headers: Mapping[str, str], body: bytes, now: float) -> bool:
        """Whether the message is new. Raises BadSignature. `now` in seconds since the epoch.

        A message stays new until `remember` is told of it: what could not be acted upon must be heard again.
        """
        message_id = headers.get("webhook-id", "")
        timestamp = headers.get("webhook-timestamp", "")
        if not message_id or not timestamp.isdecimal() or len(timestamp) > _LONGEST_TIMESTAMP:
            raise BadSignature("webhook-id or webhook-timestamp is missing")
        if abs(now - int(timestamp)) > self._tolerance:
            raise BadSignature("the timestamp is too far from now")
        signed = b".".join((message_id.encode(), timestamp.encode(), body))
        expected = base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest())
        offered = (part.partition(",") for part in headers.get("webhook-signature", "").split())
        if not any(version == "v1" and hmac.compare_digest(expected, s.encode()) for version, _, s in offered):
            raise BadSignature("no signature fits")
        return message_id not in self._heard

    def remember(self, headers: Mapping[str, str]) -> None:
        """A message was acted upon; the next one with its id is no news."""
        self._heard[headers.get("webhook-id", "")] = None
        if len(self._heard) > _REMEMBERED:
            self._heard.popitem(last=False)
