"""Over real sockets: client certificates, private authorities, proxies. Everything goes the same way, tokens too."""

from __future__ import annotations

import base64
import select
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization

from connector.config import load
from connector.demo.setup import write_config
from connector.errors import SignInFailed, Unavailable
from connector.reach import endpoint
from connector.sandbox import World
from connector.servicenow.query import Query
from connector.servicenow.table import TableApi
from tests import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.sandbox.serve import Served

PASSWORD = "opens the key"
PROXY_PASSWORD = "p@ss:word/"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World.create(start="2026-03-02T08:00:00Z")
    yield world
    world.close()


@pytest.fixture(scope="module")
def served(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with world.serve(tmp_path_factory.mktemp("served")) as served:
        yield served


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def api(tmp_path: Path, served: Served, *, oauth: bool = True, old: str = "", new: str = "") -> TableApi:
    """The Field Service side of the demo's configuration, with something in it replaced."""
    path = write_config(tmp_path, served.info, oauth=oauth)
    before, section, text = path.read_text(encoding="utf-8").partition("[fsm]\n")
    assert old in text
    path.write_text(before + section + text.replace(old, new, 1), encoding="utf-8")
    return TableApi(endpoint(load(path), "fsm"), sleep=lambda _: None)


def look(api: TableApi) -> int:
    return len(list(api.scan("cmn_location", Query(), ["name"])))


def test_a_private_authority_is_trusted_for_tokens_as_for_everything(tmp_path: Path, served: Served) -> None:
    assert look(api(tmp_path, served)) > 0
    ca_file = next(line for line in (tmp_path / "config.toml").read_text().splitlines() if line.startswith("ca_file"))
    with pytest.raises(Unavailable, match="certificate was not accepted"):
        look(api(tmp_path, served, old=ca_file, new=""))


# --- client certificates ------------------------------------------------------------------------------------------


def certified(tmp_path: Path, served: Served, *, encrypted: bool) -> TableApi:
    """Signs in by a client certificate, whose key may be locked."""
    secrets = tmp_path / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    pem = served.client_certificate("fsm", "connector").read_bytes()
    key = serialization.load_pem_private_key(pem, None)
    lock: Any = serialization.BestAvailableEncryption(PASSWORD.encode()) if encrypted else serialization.NoEncryption()
    kind = serialization.PrivateFormat.PKCS8
    begin = pem.index(b"-----BEGIN CERTIFICATE")
    (tmp_path / "client.crt").write_bytes(pem[begin:])
    for name, content in (
        ("key", key.private_bytes(serialization.Encoding.PEM, kind, lock)),
        ("key_password", PASSWORD.encode()),
    ):
        (secrets / name).write_bytes(content)
        (secrets / name).chmod(0o600)
    section = '[fsm.sign_in]\nkind = "mutual_tls"\ncertificate = "client.crt"\nkey = { file = "secrets/key" }\n'
    section += 'key_password = { file = "secrets/key_password" }\n\n' if encrypted else "\n"
    path = write_config(tmp_path, served.info, oauth=True)
    before, _, text = path.read_text(encoding="utf-8").partition("[fsm.sign_in]\n")
    path.write_text(f"{before}{section}{text[text.index('[') :]}", encoding="utf-8")
    return TableApi(endpoint(load(path), "fsm"), sleep=lambda _: None)


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_client_certificate_signs_in(encrypted: bool, tmp_path: Path, served: Served) -> None:
    assert look(certified(tmp_path, served, encrypted=encrypted)) > 0


def test_a_certificate_that_is_mapped_to_nobody_any_more_is_tried_twice(
    tmp_path: Path, served: Served, world: World
) -> None:
    one = certified(tmp_path, served, encrypted=False)
    known = dict(world.instance("fsm").certificates)
    world.instance("fsm").certificates.clear()
    for _ in range(3):
        with pytest.raises(SignInFailed, match="refused the client certificate") as refused:
            look(one)
    assert "supports_tls" in refused.value.hint
    assert one.traffic.requests == 2
    world.instance("fsm").certificates.update(known)


def test_a_certificate_is_replaced_without_a_restart(tmp_path: Path, served: Served, world: World) -> None:
    one = certified(tmp_path, served, encrypted=False)
    assert look(one) > 0
    old = dict(world.instance("fsm").certificates)
    certified(tmp_path, served, encrypted=False)
    for fingerprint in old:
        del world.instance("fsm").certificates[fingerprint]
    assert look(one) > 0
    assert one.traffic.requests == 2


def test_a_key_whose_password_is_wrong_is_said_and_nothing_is_sent(tmp_path: Path, served: Served) -> None:
    one = certified(tmp_path, served, encrypted=True)
    (tmp_path / "secrets" / "key_password").write_text("wrong")
    with pytest.raises(SignInFailed, match="client certificate cannot be used") as raised:
        look(one)
    assert PASSWORD not in f"{raised.value} {raised.value.hint}"


# --- proxies ------------------------------------------------------------------------------------------------------


class Proxy:
    """Tunnels CONNECT requests of whoever brings the right user, and keeps what it was asked."""

    def __init__(self, user: str = "") -> None:
        self._right = base64.b64encode(user.encode()).decode()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.asked: list[str] = []
        self._threads: list[threading.Thread] = []

    def serve(self) -> None:
        while True:
            try:
                guest, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._tunnel, args=(guest,))
            self._threads.append(thread)
            thread.start()

    def _tunnel(self, guest: socket.socket) -> None:
        with guest:
            head = b""
            while b"\r\n\r\n" not in head:
                head += guest.recv(4096)
            self.asked.append(head.decode().partition("\r\n")[0])
            if f"Basic {self._right}".encode() not in head and self._right:
                guest.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            port = int(head.split(b" ")[1].rpartition(b":")[2])
            with socket.create_connection(("localhost", port)) as host:
                guest.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                while True:
                    ready, _, _ = select.select([guest, host], [], [], 5)
                    for one in ready:
                        data = one.recv(65536)
                        if not data:
                            return
                        (host if one is guest else guest).sendall(data)
                    if not ready:
                        return

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def proxy(user: str = "") -> Iterator[Proxy]:
    one = Proxy(user)
    thread = threading.Thread(target=one.serve, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        one.close()
        thread.join(PATIENCE)


def through(tmp_path: Path, served: Served, address: str, more: str = "") -> TableApi:
    marker = "[fsm.sign_in]"
    return api(tmp_path, served, old=marker, new=f'[fsm.proxy]\nurl = "{address}"\n{more}\n{marker}')


def test_tokens_and_records_go_through_the_configured_proxy_and_not_the_environments(
    tmp_path: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with proxy() as one:
        configured = through(tmp_path, served, one.url)
        assert look(configured) > 0
        assert len(one.asked) == 2  # a connection for the token, one for the rows
        assert configured.traffic.requests == 2


def test_without_one_the_environments_proxy_is_used_except_for_hosts_it_exempts(
    tmp_path: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy() as one:
        monkeypatch.setenv("HTTPS_PROXY", one.url)
        assert look(api(tmp_path, served)) > 0
        assert len(one.asked) == 2
        monkeypatch.setenv("NO_PROXY", "localhost")
        assert look(api(tmp_path, served)) > 0
        assert len(one.asked) == 2


def test_the_proxys_user_and_password_open_the_proxy(
    tmp_path: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXY_PASSWORD", PROXY_PASSWORD)
    user = 'username = "us@er"\npassword = { env = "PROXY_PASSWORD" }\n'
    with proxy(f"us@er:{PROXY_PASSWORD}") as one:
        assert look(through(tmp_path, served, one.url, user)) > 0


def test_a_proxy_that_refuses_is_told_from_an_instance_that_does(
    tmp_path: Path, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXY_PASSWORD", "wr0ng-word")
    user = 'username = "us@er"\npassword = { env = "PROXY_PASSWORD" }\n'
    with proxy("somebody:else") as one:
        refusing = through(tmp_path, served, one.url, user)
        with pytest.raises(Unavailable, match="through the proxy") as refused:
            look(refusing)
    shown = f"{refused.value} {refused.value.hint} {refused.value!r} {refusing.endpoint!r}"
    assert "407" in shown
    assert "wr0ng-word" not in shown


def test_a_write_that_never_passed_the_proxy_was_not_sent(tmp_path: Path, served: Served) -> None:
    broken = through(tmp_path, served, "http://127.0.0.1:1")
    with pytest.raises(Unavailable, match="through the proxy"):
        broken.insert("wm_order", {"short_description": "x"})
