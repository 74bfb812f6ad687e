"""`/oauth_token.do` of one instance: asked by the rules for all requests, and its answers told from pages of the way there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.errors import RemoteError, SignInFailed, Unavailable
from connector.servicenow.answers import Answer
from connector.servicenow.transport import Common, Endpoint, Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests


class TokenEndpoint:
    """Each question is a session of its own: a token must not hang on somebody's cookie."""

    def __init__(self, endpoint: Endpoint, common: Common) -> None:
        self._endpoint = endpoint
        self._common = common

    @property
    def name(self) -> str:
        return self._endpoint.name

    @property
    def now(self) -> float:
        return self._common.clock()

    def ask(self, form: Mapping[str, str], hint: str) -> Mapping[str, object]:
        """An answer with `access_token`. Raises SignInFailed, Unavailable."""
        with _TokenSession(self._endpoint, self._common, hint) as session:
            response = session.post(
                f"{self._endpoint.url}/oauth_token.do", data=form, headers={"Accept": "application/json"}
            )
            answer: Mapping[str, object] = response.json()
            return answer


class _TokenSession(Transport):
    changes_nothing = True  # a token more or less is nothing that would have to be looked up

    def __init__(self, endpoint: Endpoint, common: Common, hint: str) -> None:
        super().__init__(endpoint, common)
        self._hint = hint

    def judge(self, response: requests.Response) -> RemoteError | None:
        """
        | answer                          | meaning      |
        |---------------------------------|--------------|
        | JSON with an access_token       | success      |
        | JSON with `error`, any status but 429 and 5xx; 401 of any kind | SignInFailed |
        | everything else                 | Unavailable: nobody said that the credentials are wrong |
        """
        answer = Answer(response, self.endpoint, is_read=True)
        status = response.status_code
        if status == 429:
            return answer.error(Unavailable, "has too many requests", "It is tried again later.", retry_after=True)
        if status >= 500:
            return answer.unclear(f"failed with status {status} when asked for a token")
        said = answer.body if isinstance(answer.body, dict) else {}
        if status < 300 and isinstance(said.get("access_token"), str) and said["access_token"]:
            return None
        if "error" in said or status == 401:
            return answer.error(SignInFailed, f"gave no access token{_quote(answer, said)}", self._hint)
        if 300 <= status < 400:
            return answer.error(
                Unavailable, "redirects to another page instead of giving a token (a login page?)", "Check the url."
            )
        if answer.is_json:
            return answer.unclear("answered without a token")
        return answer.page()


def _quote(answer: Answer, said: Mapping[str, object]) -> str:
    """What it says is short and the same for nearly every cause; what is not text is not quoted."""
    parts = [said.get("error"), said.get("error_description")]
    words = ", ".join(answer.short(part) for part in parts if isinstance(part, str) and part)
    return f" ({words})" if words else ""
