"""A strict `requests` session for one instance: timeouts, no redirects, JSON or nothing, and every failure classified.

pysnc is given this session, so that what it would hide (status, headers, HTML pages) is seen here first. Reads are retried
here, inside one exchange, by tenacity; writes never are: their one retry authority is the outbox.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import requests
import tenacity
import urllib3.exceptions

from connector import __version__
from connector.errors import (
    AbsurdAnswer,
    Denied,
    Duplicate,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    SignInFailed,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests.auth import AuthBase

_READS = frozenset({"GET", "HEAD"})
_ATTEMPTS = 3
_LONGEST_WAIT = 5.0  # seconds a read may wait for Retry-After; longer is somebody else's decision
_LONGEST_QUOTE = 300  # characters of a foreign message in one of ours


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an instance is and how to talk to it. Times in seconds."""

    name: str
    url: str
    auth: AuthBase
    ca_file: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 60.0  # the platform's own quota: afterwards it has given up


@dataclass(slots=True)
class Traffic:
    """What passed between us and an instance, over all threads."""

    requests: int = 0
    server_time: datetime | None = None  # of the last answer, by the instance's own clock


class StrictSession(requests.Session):
    """One cookie jar, one request at a time (the platform serialises a session anyway): one per thread."""

    def __init__(self, endpoint: Endpoint, traffic: Traffic, *, sleep: Callable[[float], None]) -> None:
        super().__init__()
        self.auth = endpoint.auth
        self.headers["User-Agent"] = f"om-fsm-connector/{__version__}"
        self.transaction = ""  # of the last answer
        self._endpoint = endpoint
        self._traffic = traffic
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_worth_retrying),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=_wait,
            sleep=sleep,
            reraise=True,
        )

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send one request. Returns only a JSON success; raises a RemoteError for everything else."""
        kwargs["timeout"] = (self._endpoint.connect_timeout, self._endpoint.read_timeout)
        kwargs["verify"] = self._endpoint.ca_file or True  # the environment must not override it
        kwargs["allow_redirects"] = False
        if request.method in _READS:
            return self._retrying(self._exchange, request, **kwargs)
        return self._exchange(request, **kwargs)

    def _exchange(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        self._traffic.requests += 1
        self.transaction = ""
        try:
            response = super().send(request, **kwargs)
        except requests.RequestException as error:
            raise _no_answer(error, request, self._endpoint) from error
        except OSError as error:  # before anything was sent: a certificate file that is gone
            raise Unavailable(
                f"{self._endpoint.name} ({self._endpoint.url}) cannot be asked: {error}.",
                hint=f"Check the settings under [{self._endpoint.name}].",
            ) from error
        self.transaction = response.headers.get("X-Transaction-ID", "")
        self._traffic.server_time = _server_time(response) or self._traffic.server_time
        failure = classify(response, self._endpoint)
        if failure is not None:
            raise failure
        return response


def _worth_retrying(error: BaseException) -> bool:
    return isinstance(error, Unavailable) and (error.retry_after or 0.0) <= _LONGEST_WAIT


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, Unavailable) and error.retry_after:
        return error.retry_after
    return tenacity.wait_random_exponential(multiplier=0.2, max=2.0)(state)


def _server_time(response: requests.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return None


def _no_answer(error: requests.RequestException, request: requests.PreparedRequest, endpoint: Endpoint) -> RemoteError:
    """No usable answer arrived. Only a connection that was never made proves that nothing was executed."""
    where = f"{endpoint.name} ({endpoint.url})"
    if isinstance(error, requests.exceptions.SSLError) and "certificate" in str(error).casefold():
        return Unavailable(
            f"{where}: the TLS certificate was not accepted.",
            hint=f"If the instance uses a private authority, set ca_file under [{endpoint.name}].",
        )
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return Unavailable(
            f"{where} cannot be reached: {_reason(error)}.", hint="Check the url, DNS, proxy and firewall."
        )
    if request.method in _READS:
        return Unavailable(f"{where} did not answer a read: {_reason(error)}.", hint="It is tried again later.")
    return OutcomeUnknown(f"{where} did not answer a write: {_reason(error)}.", hint="It is looked up before a resend.")


def _never_connected(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.NameResolutionError)


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "timed out"
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None) or cause
    text = str(getattr(reason, "args", [reason])[-1])
    return _short(text.rpartition(": ")[2]) or type(error).__name__


def _short(text: object) -> str:
    line = " ".join(str(text).split()).rstrip(".")
    return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "…"


# --- what an answer means ---------------------------------------------------------------------------------------


def classify(response: requests.Response, endpoint: Endpoint) -> RemoteError | None:
    """None for a JSON success; otherwise the error that says who has to act.

    | status            | read         | write            |
    |-------------------|--------------|------------------|
    | 2xx JSON result   | success      | success          |
    | 2xx with `error`, cut or not JSON | Unavailable | OutcomeUnknown (Unavailable for an edge page) |
    | 3xx               | Unavailable  | Unavailable      |
    | 401               | SignInFailed | SignInFailed     |
    | 403 unique key    | -            | Duplicate        |
    | 403 rule, policy  | Rejected     | Rejected         |
    | 403 otherwise     | Denied       | Denied           |
    | 400, 404, 4xx     | Rejected     | Rejected         |
    | 429               | Unavailable  | Unavailable      |
    | 5xx               | Unavailable  | OutcomeUnknown   |
    """
    verdict = _Answer(response, endpoint)
    status = response.status_code
    if status < 300:
        return verdict.success()
    if status < 400:
        return verdict.error(Unavailable, "redirects to another page (a login page?)", "Check the url and the user.")
    if status == 401:
        return verdict.error(SignInFailed, "refused the user or password", _HINT_401)
    if status == 429:
        return verdict.error(Unavailable, "has too many requests", "It is tried again later.", retry_after=True)
    if status >= 500:
        return verdict.unclear(f"failed with status {status}{verdict.quote}")
    if verdict.mentions("unique key violation", "duplicate entry"):
        return verdict.error(Duplicate, f"already has such a record{verdict.quote}", "")
    if status == 403 and not verdict.mentions("aborted by business rule", "data policy exception"):
        return verdict.error(Denied, f"denies it{verdict.quote}", "Ask an administrator for the role or ACL.")
    return verdict.error(Rejected, f"refused it with status {status}{verdict.quote}", "")


_HINT_401 = (
    "Check username and password. On releases of 2026 Basic authentication also needs the role snc_basic_auth_api_access "
    "(or web service access only); a password that must be reset is refused in the same words."
)


class _Answer:
    """One response, read defensively."""

    def __init__(self, response: requests.Response, endpoint: Endpoint) -> None:
        self._response = response
        self._where = f"{endpoint.name} ({endpoint.url})"
        self._is_read = response.request.method in _READS
        self._is_json = "json" in response.headers.get("Content-Type", "")
        self.body = self._parse()
        error = self.body.get("error") if isinstance(self.body, dict) else None
        self._message = str(error.get("message") or "") if isinstance(error, dict) else ""
        self._detail = str(error.get("detail") or "") if isinstance(error, dict) else ""
        self.has_error = error is not None

    def _parse(self) -> Any:
        try:
            return json.loads(self._response.content) if self._is_json else None
        except ValueError:
            return None

    @property
    def quote(self) -> str:
        said = ": ".join(part for part in (self._message, self._detail) if part)
        return f": {_short(said)}" if said else ""

    def mentions(self, *words: str) -> bool:
        said = f"{self._message} {self._detail}".casefold()
        return any(word in said for word in words)

    def success(self) -> RemoteError | None:
        if self._response.status_code == 204 and not self._response.content:
            return None
        if self._is_json and self.has_error:
            return self.unclear(f"broke off{self.quote}")
        if self._is_json and isinstance(self.body, dict) and "result" in self.body:
            return self._counted()
        if self._is_json:
            return self.unclear("sent an answer that is cut off or has no result")
        if "hibernat" in self._response.text[:10_000].casefold():
            return self.error(Unavailable, "is hibernating", "Wake it from the developer site, then try again.")
        if not self._response.headers.get("X-Transaction-ID"):
            return self.error(
                Unavailable, "answers with a web page instead of JSON", "Check that the url is a ServiceNow instance."
            )
        return self.unclear("answers with a web page instead of JSON (a login page?)")

    def _counted(self) -> RemoteError | None:
        """A list must be one of records, and say how many there are."""
        result = self.body["result"]
        if not isinstance(result, list):
            return None if isinstance(result, dict) else self._shapeless()
        if not self._response.headers.get("X-Total-Count", "").isdecimal():
            return self.error(AbsurdAnswer, "sent a list without X-Total-Count", "A proxy may remove the header.")
        if not all(isinstance(record, dict) for record in result):
            return self._shapeless()
        return None

    def _shapeless(self) -> RemoteError:
        kind = AbsurdAnswer if self._is_read else OutcomeUnknown
        return self.error(kind, "sent JSON that is not a Table API answer", "Check that the url is an instance.")

    def unclear(self, what: str) -> RemoteError:
        """Nothing can be said about a write; a read may simply be repeated."""
        if self._is_read:
            return self.error(Unavailable, what, "It is tried again later.", retry_after=True)
        return self.error(OutcomeUnknown, what, "It is looked up before anything is sent again.")

    def error(self, kind: type[RemoteError], what: str, hint: str, *, retry_after: bool = False) -> RemoteError:
        return kind(
            f"{self._where} {what}.",
            hint=hint,
            status=self._response.status_code,
            transaction=self._response.headers.get("X-Transaction-ID", ""),
            retry_after=_retry_after(self._response) if retry_after else None,
        )


def _retry_after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None
