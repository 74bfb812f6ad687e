"""What an answer of an instance means: a success, or the error that says who has to act."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from connector.errors import (
    AbsurdAnswer,
    Denied,
    Duplicate,
    Hibernating,
    OutcomeUnknown,
    Rejected,
    RemoteError,
    SignInFailed,
    Unavailable,
)
from connector.servicenow.masking import masked

if TYPE_CHECKING:
    from collections.abc import Collection

    import requests

    from connector.servicenow.credentials import Credentials
    from connector.servicenow.transport import Endpoint

READS = frozenset({"GET", "HEAD"})
_LIST = re.compile(r"/table/[^/]+$")  # the path of a table; that of a record goes on
_RECORD = re.compile(r"/table/[^/]+/([0-9A-Za-z]{32})$")
_LONGEST_TOTAL = 18  # digits
_LONGEST_QUOTE = 300  # characters of a foreign message in one of ours


def short(text: object, request: requests.PreparedRequest | None = None, secrets: Collection[str] = ()) -> str:
    """A foreign message on one line, cut where it is too long, without these secrets, nor what signed in or looks like one."""
    line = " ".join(masked(str(text), request, secrets).split()).rstrip(".")
    return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "…"


def classify(response: requests.Response, endpoint: Endpoint) -> RemoteError | None:
    """None for a JSON success; otherwise the error that says who has to act.

    | status            | read         | write            |
    |-------------------|--------------|------------------|
    | 2xx JSON result   | success      | success          |
    | 2xx of another shape than asked for, of another record, or with two values for one name | AbsurdAnswer | OutcomeUnknown |
    | 2xx with `error`, cut or not JSON | Unavailable | OutcomeUnknown |
    | 3xx, 408          | Unavailable  | OutcomeUnknown   |
    | 401               | SignInFailed | SignInFailed     |
    | 403 unique key    | -            | Duplicate        |
    | 403 rule, policy  | Rejected     | Rejected         |
    | 403 otherwise     | Denied       | Denied           |
    | 400, 404, 4xx     | Rejected     | Rejected         |
    | 429               | Unavailable  | Unavailable      |
    | 5xx               | Unavailable  | OutcomeUnknown   |

    What answers in the place of the instance (a proxy, a login page) may do so after a write was carried out. What does not:
    a 401 is sent before anything is served, and so is a 429 by the documentation of both its kinds (a rate limit rule, a full
    queue); other 4xx wait for a person, and a retry by hand looks first.
    """
    verdict = Answer(response, endpoint, is_read=response.request.method in READS)
    status = response.status_code
    if status < 300:
        return verdict.success()
    if status < 400:
        return verdict.unclear("redirects to another page (a login page?)", "Check the url and the user.")
    if status == 401:
        return verdict.refused(endpoint.credentials)
    if status == 429:
        return verdict.error(Unavailable, "has too many requests", "It is tried again later.", retry_after=True)
    if status == 408 or status >= 500:
        return verdict.unclear(f"failed with status {status}{verdict.quote}")
    if verdict.mentions("unique key violation", "duplicate entry"):
        return verdict.error(Duplicate, f"already has such a record{verdict.quote}", "")
    if status == 403 and not verdict.mentions("aborted by business rule", "data policy exception"):
        return verdict.error(Denied, f"denies it{verdict.quote}", "Ask an administrator for the role or ACL.")
    return verdict.error(Rejected, f"refused it with status {status}{verdict.quote}", "")


_SECOND_FACTOR = (
    "The user has to give a second factor, which the connector cannot: exempt the user, or sign in by OAuth."
)


class _Twice(ValueError):
    """Two values for one name."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Twice
    return made


class Answer:
    """One response, read defensively."""

    def __init__(self, response: requests.Response, endpoint: Endpoint, *, is_read: bool) -> None:
        self._response = response
        self._instance = endpoint.name
        self._endpoint = endpoint
        self._where = f"{endpoint.name} ({endpoint.url})"
        self._is_read = is_read
        self.is_json = "json" in response.headers.get("Content-Type", "")
        self._is_absurd = False
        self.body = self._parse()
        error = self.body.get("error") if isinstance(self.body, dict) else None
        self._message = str(error.get("message") or "") if isinstance(error, dict) else ""
        self._detail = str(error.get("detail") or "") if isinstance(error, dict) else ""
        self.has_error = error is not None

    def _parse(self) -> Any:
        """As whoever reads it after us will: UTF-8 without a byte order mark. Two values for one name mean nothing."""
        if not self.is_json:
            return None
        self._response.encoding = "utf-8"
        try:
            return json.loads(self._response.content.decode("utf-8"), object_pairs_hook=_each_once)
        except (ValueError, RecursionError) as error:
            self._is_absurd = isinstance(error, _Twice) or self._response.content.startswith(codecs.BOM_UTF8)
            return None

    @property
    def quote(self) -> str:
        said = ": ".join(part for part in (self._message, self._detail) if part)
        return f": {self.short(said)}" if said else ""

    def short(self, said: object) -> str:
        """Something this answer says, fit to be shown."""
        return short(said, self._response.request, self._endpoint.secrets)

    def mentions(self, *words: str) -> bool:
        said = f"{self._message} {self._detail}".casefold()
        return any(word in said for word in words)

    def success(self) -> RemoteError | None:
        if not self._is_read and self._response.status_code == 204 and not self._response.content:
            return None
        if self._is_absurd:
            return self._shapeless()
        if self.is_json and self.has_error:
            return self.unclear(f"broke off{self.quote}")
        if self.is_json and isinstance(self.body, dict) and "result" in self.body:
            return self._shaped()
        if self.is_json:
            return self.unclear("sent an answer that is cut off or has no result")
        return self.page()

    def refused(self, credentials: Credentials) -> RemoteError:
        """A 401."""
        hint = _SECOND_FACTOR if "X-MFA_TOKEN" in self._response.headers else credentials.hint
        return self.error(SignInFailed, credentials.refused, hint)

    def page(self) -> RemoteError:
        """Not JSON where JSON should be: whose page is it?"""
        if self._is_read and "hibernat" in self._response.text[:10_000].casefold():
            return self.error(Hibernating, "is hibernating", "Wake it from the developer site, then try again.")
        if not self._response.headers.get("X-Transaction-ID"):
            return self.unclear(
                "answers with a web page instead of JSON", "Check that the url is a ServiceNow instance."
            )
        return self.unclear("answers with a web page instead of JSON (a login page?)")

    def _shaped(self) -> RemoteError | None:
        """A list must be one of records, and say how many there are; a write is answered with one record."""
        result = self.body["result"]
        is_list = self._is_read and _LIST.search(urlsplit(self._response.request.url or "").path)
        if isinstance(result, dict):
            return self._shapeless() if is_list or not self._is_about(result) else None
        if not isinstance(result, list) or not self._is_read or (is_list and self._response.status_code != 200):
            return self._shapeless()
        total = self._response.headers.get("X-Total-Count", "")
        if not total.isdecimal() or len(total) > _LONGEST_TOTAL:
            return self.error(AbsurdAnswer, "sent a list without X-Total-Count", "A proxy may remove the header.")
        if not all(isinstance(record, dict) for record in result):
            return self._shapeless()
        return None

    def _is_about(self, record: dict[str, Any]) -> bool:
        """Whether a record is the one that was written to, where the request named one."""
        named = _RECORD.search(urlsplit(self._response.request.url or "").path)
        if named is None or self._is_read:
            return True
        sys_id = record.get("sys_id", named[1])
        found = sys_id.get("value") if isinstance(sys_id, dict) else sys_id
        return str(found).casefold() == named[1].casefold()

    def _shapeless(self) -> RemoteError:
        if not self._is_read:
            return self.unclear("sent JSON that is not a Table API answer")
        return self.error(
            AbsurdAnswer, "sent JSON that is not a Table API answer", "Check that the url is an instance."
        )

    def unclear(self, what: str, hint: str = "It is tried again later.") -> RemoteError:
        """Nothing can be said about a write; a read may simply be repeated."""
        if self._is_read:
            return self.error(Unavailable, what, hint, retry_after=True)
        return self.error(OutcomeUnknown, what, "It is looked up before anything is sent again.")

    def error(self, kind: type[RemoteError], what: str, hint: str, *, retry_after: bool = False) -> RemoteError:
        return kind(
            f"{self._where} {what}.",
            hint=hint,
            status=self._response.status_code,
            transaction=self.short(self._response.headers.get("X-Transaction-ID", "")),
            retry_after=_retry_after(self._response) if retry_after else None,
            instance=self._instance,
        )


def _retry_after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None
