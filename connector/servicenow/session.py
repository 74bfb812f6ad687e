"""A strict `requests` session for one instance: signed in, JSON or nothing, and every failure classified.

pysnc is given this session, so that what it would hide (status, headers, HTML pages) is seen here first. Reads are retried
here, inside one exchange, by tenacity; writes never are: their one retry authority is the outbox.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tenacity

from connector.errors import RemoteError, Unavailable
from connector.servicenow.answers import READS, classify
from connector.servicenow.pace import LONGEST_WAIT
from connector.servicenow.sent import sent
from connector.servicenow.transport import Common, Endpoint, Transport

if TYPE_CHECKING:
    import requests

    from connector.exchange import Sent
    from connector.servicenow.sign_in import SignIn

_ATTEMPTS = 3
_KEPT = 10  # requests that write


class StrictSession(Transport):
    """One cookie jar, one request at a time (the platform serialises a session anyway): one per thread."""

    def __init__(self, endpoint: Endpoint, common: Common, sign_in: SignIn) -> None:
        super().__init__(endpoint, common)
        self._sign_in = sign_in
        self.sent: list[Sent] = []  # the last requests that write
        self.patient = True  # whether reads are tried again
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_worth_retrying),
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            wait=_wait,
            sleep=lambda seconds: common.sleep(seconds) if seconds else None,
            reraise=True,
        )

    def judge(self, response: requests.Response) -> RemoteError | None:
        return classify(response, self.endpoint)

    def keep(
        self, request: requests.PreparedRequest, response: requests.Response | None, failure: RemoteError | None
    ) -> None:
        if request.method not in READS:
            self.sent = [*self.sent, sent(request, response, str(failure or ""), self.endpoint.secrets)][-_KEPT:]

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send one request, signed in. Returns only a JSON success; raises a RemoteError for everything else."""
        if request.method in READS and self.patient:
            return self._retrying(self._signed_in, request, **kwargs)
        return self._signed_in(request, **kwargs)

    def _signed_in(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        return self._sign_in.send(request, lambda: super(StrictSession, self).send(request, **kwargs))


def _worth_retrying(error: BaseException) -> bool:
    return isinstance(error, Unavailable) and (error.retry_after or 0.0) <= LONGEST_WAIT


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, Unavailable) and error.status == 429:
        return 0.0  # the pace makes everybody wait, not this thread alone
    if isinstance(error, Unavailable) and error.retry_after:
        return error.retry_after
    return tenacity.wait_random_exponential(multiplier=0.2, max=2.0)(state)
