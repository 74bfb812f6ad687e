"""What it means that no usable answer arrived, and who has to act."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
import urllib3.exceptions

from connector.errors import OutcomeUnknown, RemoteError, SignInFailed, Unavailable
from connector.servicenow.answers import short
from connector.servicenow.masking import masked

if TYPE_CHECKING:
    from connector.servicenow.transport import Endpoint


def no_answer(error: requests.RequestException, endpoint: Endpoint, *, harmless: bool) -> RemoteError:
    """No usable answer arrived. Only a connection that was never made proves that nothing was executed."""
    where = f"{endpoint.name} ({endpoint.url})"
    if _refused_certificate(error):
        credentials = endpoint.credentials
        return SignInFailed(f"{where} {credentials.refused}.", hint=credentials.hint, instance=endpoint.name)
    if isinstance(error, requests.exceptions.ProxyError):
        return Unavailable(
            f"{where} cannot be reached through the proxy: {_reason(error, endpoint)}.",
            hint=f"Check [{endpoint.name}.proxy], or HTTPS_PROXY and NO_PROXY in the environment, and the proxy's user.",
            instance=endpoint.name,
        )
    if isinstance(error, requests.exceptions.SSLError) and "certificate" in str(error).casefold():
        return Unavailable(
            f"{where}: the TLS certificate was not accepted.",
            hint=f"If the instance uses a private authority, set ca_file under [{endpoint.name}].",
            instance=endpoint.name,
        )
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return Unavailable(
            f"{where} cannot be reached: {_reason(error, endpoint)}.",
            hint="Check the url, DNS, proxy and firewall.",
            instance=endpoint.name,
        )
    if harmless:
        return Unavailable(
            f"{where} did not answer a read: {_reason(error, endpoint)}.",
            hint="It is tried again later.",
            instance=endpoint.name,
        )
    return OutcomeUnknown(
        f"{where} did not answer a write: {_reason(error, endpoint)}.",
        hint="It is looked up before a resend.",
        instance=endpoint.name,
    )


def _refused_certificate(error: requests.RequestException) -> bool:
    """The other side says in the handshake that it does not take our certificate, or wants one."""
    said = str(error).casefold()
    return "alert" in said and ("certificate" in said or "unknown ca" in said) and "verify failed" not in said


def _never_connected(error: requests.RequestException) -> bool:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.NameResolutionError)


def _reason(error: requests.RequestException, endpoint: Endpoint) -> str:
    if isinstance(error, requests.Timeout):
        return "timed out"
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None) or cause
    text = str(getattr(reason, "args", [reason])[-1])
    return short(masked(text, secrets=endpoint.secrets).rpartition(": ")[2]) or type(error).__name__
