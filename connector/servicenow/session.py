"""A strict `requests` session for one instance: timeouts, no redirects, JSON or nothing, and every failure classified.

pysnc is given this session, so that what it would hide (status, headers, HTML pages) is seen here first. Reads are retried
here, inside one exchange, by tenacity; writes never are: their one retry authority is the outbox.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import requests
import tenacity
import urllib3.exceptions

from connector import __version__
from connector.errors import OutcomeUnknown, RemoteError, SignInFailed, Unavailable
from connector.servicenow.answers import READS, classify, short
from connector.servicenow.pace import LONGEST_WAIT, Pace
from connector.servicenow.sent import sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests.auth import AuthBase

    from connector.exchange import Sent
    from connector.servicenow.sign_in import SignIn

_ATTEMPTS = 3
_KEPT = 10  # requests that write


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an instance is and how to talk to it. Times in seconds."""

    name: str
    url: str
    auth: AuthBase
    renew: Callable[[], AuthBase] | None = None  # reads the credentials again; raises ValueError
    ca_file: str | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 60.0  # the platform's own quota: afterwards it has given up
    page: int = 1000  # rows asked for at once: small ones come at about a thousand a second


@dataclass(slots=True)
class Traffic:
    """What passed between us and an instance, over all threads."""

    requests: int = 0
    server_time: datetime | None = None  # of the last answer, by the instance's own clock


@dataclass(frozen=True, slots=True)
class Common:
    """What the threads that talk to one instance share."""

    sign_in: SignIn
    pace: Pace
    sleep: Callable[[float], None]
    traffic: Traffic = field(default_factory=Traffic)


class StrictSession(requests.Session):
    """One cookie jar, one request at a time (the platform serialises a session anyway): one per thread."""

    def __init__(self, endpoint: Endpoint, common: Common) -> None:
        super().__init__()
        self.auth = _signed_later  # without any, requests would look for one in a .netrc
        self.headers["User-Agent"] = f"om-fsm-connector/{__version__}"
        self.transaction = ""  # of the last answer
        self.sent: list[Sent] = []  # the last requests that write
        self.patient = True  # whether reads are tried again
        self._endpoint = endpoint
        self._common = common
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_worth_retrying),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=_wait,
            sleep=lambda seconds: common.sleep(seconds) if seconds else None,
            reraise=True,
        )

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send one request. Returns only a JSON success; raises a RemoteError for everything else."""
        kwargs["timeout"] = (self._endpoint.connect_timeout, self._endpoint.read_timeout)
        kwargs["verify"] = self._endpoint.ca_file or True  # the environment must not override it
        kwargs["allow_redirects"] = False
        if request.method in READS and self.patient:
            return self._retrying(self._signed_in, request, **kwargs)
        return self._signed_in(request, **kwargs)

    def _signed_in(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        sign_in = self._common.sign_in
        edition = sign_in.sign(request)
        try:
            return self._exchange(request, **kwargs)
        except SignInFailed as error:

            def once_more() -> requests.Response:
                sign_in.sign(request)
                return self._exchange(request, **kwargs)

            return sign_in.again(error, edition, once_more)

    def _exchange(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        pace = self._common.pace
        if pace.pause > LONGEST_WAIT:
            raise _left_alone(self._endpoint, pace.pause)
        with pace.turn():
            try:
                response = self._answer(request, **kwargs)
            except RemoteError as error:
                self._keep(request, None, error)
                raise
        failure = classify(response, self._endpoint)
        self._keep(request, response, failure)
        if failure is None:
            pace.success()
            return response
        if failure.status == 429:
            pace.push_back(failure.retry_after)
        raise failure

    def _keep(
        self, request: requests.PreparedRequest, response: requests.Response | None, failure: RemoteError | None
    ) -> None:
        if request.method not in READS:
            self.sent = [*self.sent, sent(request, response, str(failure or ""))][-_KEPT:]

    def _answer(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        traffic = self._common.traffic
        traffic.requests += 1
        self.transaction = ""
        try:
            response = super().send(request, **kwargs)
        except requests.RequestException as error:
            raise _no_answer(error, request, self._endpoint) from error
        except OSError as error:  # before anything was sent: a certificate file that is gone
            raise Unavailable(
                f"{self._endpoint.name} ({self._endpoint.url}) cannot be asked: {error}.",
                hint=f"Check the settings under [{self._endpoint.name}].",
                instance=self._endpoint.name,
            ) from error
        self.transaction = response.headers.get("X-Transaction-ID", "")
        traffic.server_time = _server_time(response) or traffic.server_time
        return response


def _signed_later(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _left_alone(endpoint: Endpoint, seconds: float) -> Unavailable:
    return Unavailable(
        f"{endpoint.name} ({endpoint.url}) had too many requests and is left alone for {seconds:.0f} seconds.",
        hint="It is tried again later.",
        status=429,
        retry_after=seconds,
        instance=endpoint.name,
    )


def _worth_retrying(error: BaseException) -> bool:
    return isinstance(error, Unavailable) and (error.retry_after or 0.0) <= LONGEST_WAIT


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, Unavailable) and error.status == 429:
        return 0.0  # the pace makes everybody wait, not this thread alone
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
            instance=endpoint.name,
        )
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return Unavailable(
            f"{where} cannot be reached: {_reason(error)}.",
            hint="Check the url, DNS, proxy and firewall.",
            instance=endpoint.name,
        )
    if request.method in READS:
        return Unavailable(
            f"{where} did not answer a read: {_reason(error)}.",
            hint="It is tried again later.",
            instance=endpoint.name,
        )
    return OutcomeUnknown(
        f"{where} did not answer a write: {_reason(error)}.",
        hint="It is looked up before a resend.",
        instance=endpoint.name,
    )


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
    return short(text.rpartition(": ")[2]) or type(error).__name__
