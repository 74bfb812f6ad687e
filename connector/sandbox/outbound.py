"""The customer's own business rule with an outbound REST message: tells a webhook that a record of some table changed.

Standard Webhooks headers and signature, or the headers a customer chose. Sent once from a background thread, never repeated;
a failure is only recorded.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from connector.sandbox.schema import Table

TIMEOUT = 5.0


@dataclass(frozen=True)
class Subscription:
    instance: str
    url: str
    secret: str  # empty: messages are not signed
    tables: frozenset[str]
    headers: dict[str, str] = field(default_factory=dict)  # a shared token, basic authentication: what a customer chose

    def covers(self, table: Table) -> bool:
        """A listed base table covers its descendants too."""
        return any(ancestor.name in self.tables for ancestor in table.chain)


@dataclass(frozen=True)
class Message:
    url: str
    headers: dict[str, str]
    body: bytes


def read_subscription(raw: dict[str, Any]) -> Subscription:
    return Subscription(
        instance=str(raw["instance"]),
        url=str(raw["url"]),
        secret=str(raw.get("secret", "")),
        tables=frozenset(raw["tables"]),
        headers={str(name): str(value) for name, value in raw.get("headers", {}).items()},
    )


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `v1,...` signature over `id.timestamp.body`; the secret is `whsec_` and a base64 key."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def compose(subscription: Subscription, event: dict[str, str], message_id: str, timestamp: int) -> Message:
    body = json.dumps(event, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        **subscription.headers,
    }
    if subscription.secret:
        headers["webhook-signature"] = sign(subscription.secret, message_id, timestamp, body)
    return Message(subscription.url, headers, body)


@dataclass
class Sender:
    """One background thread per world, started with the first message."""

    failures: list[str] = field(default_factory=list)
    sent: int = 0
    _queue: queue.Queue[Message | None] = field(default_factory=queue.Queue)
    _thread: threading.Thread | None = None

    def put(self, message: Message) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sandbox-outbound", daemon=True)
            self._thread.start()
        self._queue.put(message)

    def wait(self) -> None:
        """Until everything put so far was sent or failed."""
        self._queue.join()

    def close(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(TIMEOUT)
            self._thread = None

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (message := self._queue.get()) is not None:
                try:
                    answer = session.post(message.url, data=message.body, headers=message.headers, timeout=TIMEOUT)
                    answer.raise_for_status()
                    self.sent += 1
                except requests.RequestException as error:
                    self.failures.append(f"{message.url}: {error}")
                finally:
                    self._queue.task_done()
            self._queue.task_done()
