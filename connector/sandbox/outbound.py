"""The customer's own business rule with an outbound REST message: tells a webhook that a record of some table changed.

Standard Webhooks headers and signature, or the headers a customer chose. Usually sent once from a background thread and never
repeated; a failure is only recorded. A subscription may choose otherwise: `synchronous`, as a rule that executes its message
itself, so that the writer waits for the receiver (and the sandbox serves nobody else meanwhile), and `retry`, as a flow with
a retry policy.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import threading
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.schema import Table

TIMEOUT = 5.0  # seconds; a subscription may say otherwise
LONGEST_RETRY = 86400.0  # seconds from the first attempt
MOST_RETRIES = 100
TOO_MANY, SERVER_ERROR = 429, 500
POLICIES = ("fixed", "exponential", "retry_after")


@dataclass(frozen=True)
class Retry:
    """When a message that met a dead connection, a 429 or a 5xx is sent again; by default it is not."""

    policy: str = "fixed"
    count: int = 0
    interval: float = 10.0  # seconds

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise ValueError(f"retry.policy is one of {', '.join(POLICIES)}, not {self.policy!r}")
        if isinstance(self.count, bool) or not isinstance(self.count, int) or not 0 <= self.count <= MOST_RETRIES:
            raise ValueError(f"retry.count is a number from 0 to {MOST_RETRIES}, not {self.count!r}")
        _check_seconds("retry.interval", self.interval)

    def pause(self, attempt: int, retry_after: str) -> float:
        """Seconds before attempt number `attempt` (the first repetition is 1); `retry_after` is what the receiver asked for."""
        if self.policy == "exponential":
            return self.interval * 2.0 ** (attempt - 1)
        if self.policy == "retry_after" and retry_after.isascii() and retry_after.isdigit():
            return float(retry_after)
        return self.interval


@dataclass(frozen=True)
class Subscription:
    instance: str
    url: str
    secret: str  # empty: messages are not signed
    tables: frozenset[str]
    headers: dict[str, str] = field(default_factory=dict)  # a shared token, basic authentication: what a customer chose
    retry: Retry = field(default_factory=Retry)
    synchronous: bool = False  # the writer waits until the receiver has answered or the time is over
    timeout: float = TIMEOUT  # seconds

    def covers(self, table: Table) -> bool:
        """A listed base table covers its descendants too."""
        return any(ancestor.name in self.tables for ancestor in table.chain)


@dataclass(frozen=True)
class Message:
    url: str
    headers: dict[str, str]
    body: bytes
    retry: Retry = field(default_factory=Retry)
    synchronous: bool = False
    timeout: float = TIMEOUT
    attempt: int = 0  # how often it was sent before
    waited: float = 0.0  # seconds between those attempts


def read_subscription(raw: dict[str, Any]) -> Subscription:
    """Raises KeyError, TypeError and ValueError for what makes no sense."""
    synchronous, timeout = raw.get("synchronous", False), raw.get("timeout", TIMEOUT)
    if not isinstance(synchronous, bool):
        raise ValueError(f"synchronous is true or false, not {synchronous!r}")
    _check_seconds("timeout", timeout)
    return Subscription(
        instance=str(raw["instance"]),
        url=str(raw["url"]),
        secret=str(raw.get("secret", "")),
        tables=frozenset(raw["tables"]),
        headers={str(name): str(value) for name, value in raw.get("headers", {}).items()},
        retry=Retry(**raw.get("retry", {})),
        synchronous=synchronous,
        timeout=timeout,
    )


def _check_seconds(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= LONGEST_RETRY:
        raise ValueError(f"{name} is a number of seconds above 0, not {value!r}")


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
    return Message(
        subscription.url,
        headers,
        body,
        retry=subscription.retry,
        synchronous=subscription.synchronous,
        timeout=subscription.timeout,
    )


@dataclass
class Sender:
    """One background thread per world, started with the first message; `later` runs work after seconds of the world's time."""

    later: Callable[[float, Callable[[], None]], None]
    failures: list[str] = field(default_factory=list)
    sent: int = 0
    _queue: queue.Queue[Message | None] = field(default_factory=queue.Queue)
    _thread: threading.Thread | None = None

    def put(self, message: Message) -> None:
        """Send it in the background, or at once where the writer is to wait for it."""
        if message.synchronous and not message.attempt:
            with _session() as session:
                self._send(session, message)
            return
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
        with _session() as session:
            while (message := self._queue.get()) is not None:
                try:
                    self._send(session, message)
                finally:
                    self._queue.task_done()
            self._queue.task_done()

    def _send(self, session: requests.Session, message: Message) -> None:
        try:
            answer = session.post(message.url, data=message.body, headers=message.headers, timeout=message.timeout)
            answer.raise_for_status()
            self.sent += 1
        except requests.RequestException as error:
            self.failures.append(f"{message.url}: {error}")
            self._plan_retry(message, error.response)

    def _plan_retry(self, message: Message, answer: requests.Response | None) -> None:
        if message.attempt >= message.retry.count or (answer is not None and not _may_pass(answer.status_code)):
            return
        asked = answer.headers.get("Retry-After", "") if answer is not None else ""
        pause = message.retry.pause(message.attempt + 1, asked)
        if message.waited + pause <= LONGEST_RETRY:
            again = replace(message, attempt=message.attempt + 1, waited=message.waited + pause)
            self.later(pause, partial(self.put, again))


def _may_pass(status: int) -> bool:
    """Whether this answer is about the moment and not about the message."""
    return status == TOO_MANY or status >= SERVER_ERROR


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session
