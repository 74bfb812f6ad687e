"""How anything is sent to an instance: time limits, certificates, proxy, no redirects, no faster than the instance bears.

Both kinds of requests go this way: those to its APIs (`session.py`) and those for a token (`oauth.py`).
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import requests

from connector import __version__
from connector.errors import RemoteError, Unavailable
from connector.servicenow.answers import READS
from connector.servicenow.bounds import BoundedAdapter, whole
from connector.servicenow.no_answer import no_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests.adapters import BaseAdapter

    from connector.servicenow.credentials import Credentials
    from connector.servicenow.pace import Pace


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an instance is and how to talk to it. Times in seconds."""

    name: str
    url: str
    credentials: Credentials
    ca_file: str | None = None
    proxy: Callable[[], str] | None = field(default=None, repr=False)  # with its password; none: the environment's
    connect_timeout: float = 10.0
    read_timeout: float = 60.0  # the platform's own quota: afterwards it has given up
    page: int = 1000  # rows asked for at once: small ones come at about a thousand a second

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no text may show that comes from there: what the sign-in holds, and the password of the proxy."""
        proxy = self.proxy() if self.proxy is not None else ""
        word = urlsplit(proxy).password or ""
        return (*self.credentials.secrets, *filter(None, (word, unquote(word))))


OUTCOMES = ("ok", "throttled", "refused", "failed", "no answer")


@dataclass(slots=True)
class Traffic:
    """What passed between us and an instance, over all threads."""

    requests: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(OUTCOMES, 0))
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    server_time: datetime | None = None  # of the last answer, by the instance's own clock
    headers: Mapping[str, str] = field(default_factory=dict)  # of the last answer

    def ended(self, status: int, *, success: bool) -> None:
        """One more request is over; `status` is 0 without an answer."""
        outcome = "ok" if success else _OUTCOME_OF.get(status) or ("refused" if 400 <= status < 500 else "failed")
        with self.lock:
            self.outcomes[outcome] += 1


_OUTCOME_OF = {0: "no answer", 429: "throttled"}


@dataclass(frozen=True, slots=True)
class Common:
    """What the threads that talk to one instance share. `clock` in seconds since 1970."""

    pace: Pace
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    adapter: BaseAdapter | None = None  # none means the network
    traffic: Traffic = field(default_factory=Traffic)


class Transport(requests.Session):
    """A session that sends by these rules; what an answer means is said by those who send."""

    changes_nothing = False  # whatever the method

    def __init__(self, endpoint: Endpoint, common: Common) -> None:
        super().__init__()
        self.auth = _signed_elsewhere  # without any, requests would look for one in a .netrc
        self.headers["User-Agent"] = f"om-fsm-connector/{__version__}"
        self.transaction = ""  # of the last answer
        self.endpoint = endpoint
        self.common = common
        if common.adapter is not None:
            self.mount(endpoint.url, common.adapter)
            self.trust_env = False  # there is no network, and so no proxy to look for at each request
        else:
            self.mount("https://", BoundedAdapter())

    @abstractmethod
    def judge(self, response: requests.Response) -> RemoteError | None:
        """None for a success."""

    def keep(
        self, request: requests.PreparedRequest, response: requests.Response | None, failure: RemoteError | None
    ) -> None:
        """Remember what was sent and what came of it, if that is of use to anybody."""

    def get_adapter(self, url: str) -> BaseAdapter:
        """The way to an address: with a client certificate where one signs in."""
        adapter = None if self.common.adapter else self.endpoint.credentials.adapter(self.endpoint.name)
        return adapter or super().get_adapter(url)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send one request, once. Returns only a success; raises a RemoteError for everything else."""
        kwargs["timeout"] = (self.endpoint.connect_timeout, self.endpoint.read_timeout)
        kwargs["verify"] = self.endpoint.ca_file or True  # the environment must not override it
        kwargs["allow_redirects"] = False
        kwargs["stream"] = True  # read by `whole`
        if self.endpoint.proxy is not None:
            kwargs["proxies"] = {"https": self.endpoint.proxy()}  # requests would prefer the environment's
        pace = self.common.pace
        with pace.turn() as pause:
            if pause:
                raise _left_alone(self.endpoint, pause)
            try:
                response = self._answer(request, **kwargs)
            except RemoteError as error:
                self.common.traffic.ended(0, success=False)
                self.keep(request, None, error)
                raise
            failure = self.judge(response)
            self.common.traffic.ended(response.status_code, success=failure is None)
            self.keep(request, response, failure)
            if failure is None:
                pace.success()
                return response
            if failure.status == 429:
                pace.push_back(failure.retry_after)  # before anybody else has its turn
            raise failure

    def _answer(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        traffic = self.common.traffic
        traffic.requests += 1
        self.transaction = ""
        try:
            response = whole(super().send(request, **kwargs))
        except requests.RequestException as error:
            harmless = self.changes_nothing or request.method in READS
            raise no_answer(error, self.endpoint, harmless=harmless) from error
        except OSError as error:  # before anything was sent: a certificate file that is gone
            raise Unavailable(
                f"{self.endpoint.name} ({self.endpoint.url}) cannot be asked: {error}.",
                hint=f"Check the settings under [{self.endpoint.name}].",
                instance=self.endpoint.name,
            ) from error
        self.transaction = response.headers.get("X-Transaction-ID", "")
        traffic.server_time = _server_time(response) or traffic.server_time
        traffic.headers = response.headers
        return response


def _signed_elsewhere(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _left_alone(endpoint: Endpoint, seconds: float) -> Unavailable:
    return Unavailable(
        f"{endpoint.name} ({endpoint.url}) had too many requests and is left alone for {seconds:.0f} seconds.",
        hint="It is tried again later.",
        status=429,
        retry_after=seconds,
        instance=endpoint.name,
    )


def _server_time(response: requests.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return None
