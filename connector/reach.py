"""From the settings of an instance to how it is reached: its address, its proxy, and what signs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never
from urllib.parse import quote, urlsplit

from connector import sign_in as settings
from connector.servicenow.assertion import needs_extra
from connector.servicenow.client_certificate import ClientCertificate
from connector.servicenow.credentials import ApiKey, Basic
from connector.servicenow.grants import ClientCredentials, JwtBearer, Password, RefreshToken
from connector.servicenow.oauth import Bearer
from connector.servicenow.secret import Secret
from connector.servicenow.transport import Endpoint
from connector.setting import SecretRef

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connector.config import Instance, Loaded
    from connector.servicenow.credentials import Credentials
    from connector.servicenow.grants import Grant


def endpoint(loaded: Loaded, side: str) -> Endpoint:
    """How the instance of a side ("om", "fsm") is reached. Asks nobody. Raises ConfigError where a package is missing."""
    instance = loaded.settings.om if side == "om" else loaded.settings.fsm
    return Endpoint(
        name=instance.name,
        url=instance.url,
        credentials=_Ways(loaded, f"{side}.sign_in" if instance.sign_in else side).credentials(instance.way_in),
        ca_file=str(loaded.resolve(instance.ca_file)) if instance.ca_file else None,
        proxy=_proxy(loaded, side, instance.proxy) if instance.proxy else None,
        connect_timeout=instance.connect_timeout_seconds,
        read_timeout=instance.read_timeout_seconds,
        page=instance.rows_per_page,
    )


def way_to(instance: Instance) -> tuple[object, ...]:
    """Everything of an instance's settings that `endpoint` uses."""
    signs_in = (instance.sign_in, instance.username, instance.password)
    times = (instance.connect_timeout_seconds, instance.read_timeout_seconds)
    return (instance.name, instance.url, *signs_in, instance.ca_file, instance.proxy, *times, instance.rows_per_page)


class _Ways:
    """Credentials by the kind of signing in, with secrets from the settings under one path."""

    def __init__(self, loaded: Loaded, path: str) -> None:
        self._loaded = loaded
        self._path = path

    def credentials(self, way: settings.Kind) -> Credentials:
        match way:
            case settings.Basic():
                return Basic(way.username, self._secret("password", way.password))
            case settings.ApiKey():
                return ApiKey(self._secret("key", way.key))
            case settings.MutualTls():
                certificate = _public_file(self._loaded.resolve(way.certificate))
                return ClientCertificate(certificate, self._secret("key", way.key), self._key_password(way))
            case _:
                return Bearer(self._grant(way))

    def _grant(
        self,
        way: settings.OAuthClientCredentials
        | settings.OAuthPassword
        | settings.OAuthRefreshToken
        | settings.OAuthJwtBearer,
    ) -> Grant:
        client = self._secret("client_secret", way.client_secret) if way.client_secret else None
        if isinstance(way, settings.OAuthJwtBearer):
            needs_extra()
            return JwtBearer(
                way.client_id,
                client,
                key=self._secret("key", way.key),
                password=self._key_password(way),
                head={"kid": way.key_id},
                claims={"sub": way.subject, "aud": way.audience or way.client_id},
            )
        assert client is not None
        match way:
            case settings.OAuthClientCredentials():
                return ClientCredentials(way.client_id, client)
            case settings.OAuthPassword():
                return Password(way.client_id, client, way.username, self._secret("password", way.password))
            case settings.OAuthRefreshToken():
                return RefreshToken(way.client_id, client, self._secret("refresh_token", way.refresh_token))
            case _:
                assert_never(way)

    def _key_password(self, way: settings.MutualTls | settings.OAuthJwtBearer) -> Secret | None:
        return self._secret("key_password", way.key_password) if way.key_password else None

    def _secret(self, name: str, ref: SecretRef) -> Secret:
        return _secret(self._loaded, f"{self._path}.{name}", ref)


def _secret(loaded: Loaded, path: str, ref: SecretRef) -> Secret:
    base = loaded.path.parent
    known = loaded.secrets[path].get_secret_value()
    return Secret(lambda: ref.read(base).get_secret_value(), stamp=lambda: ref.stamp(base), known=known)


def _public_file(path: Path) -> Secret:
    """A certificate is no secret, but changes as one does."""
    place = SecretRef(file=path)

    def read() -> str:
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise ValueError(f"the file {path} cannot be read: {error.strerror}") from error

    return Secret(read, stamp=lambda: place.stamp(path.parent))


def _proxy(loaded: Loaded, side: str, proxy: settings.Proxy) -> Callable[[], str]:
    """The address of the proxy, with its user and password where it has one."""
    password = _secret(loaded, f"{side}.proxy.password", proxy.password) if proxy.password else None
    parts = urlsplit(proxy.url)

    def address() -> str:
        if not proxy.username:
            return proxy.url
        user = quote(proxy.username, safe="")
        word = f":{quote(password.text(), safe='')}" if password else ""
        return f"{parts.scheme}://{user}{word}@{parts.netloc}"

    return address
