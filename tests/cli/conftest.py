"""A directory with a usable configuration, the command as a process beside it, and one small HTTPS server for all tests."""

from __future__ import annotations

import base64
import json
import os
import ssl
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from tests import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = Path(__file__).parents[2] / "connector" / "mapping" / "tables"
PASSWORD = "correct-horse-battery"

_HTML = "<html><title>Welcome</title></html>"
_REFUSED = {"error": {"message": "User is not authenticated", "detail": "Required to provide Auth information"}}
_DENIED = {"error": {"message": "Insufficient rights to query records", "detail": None}}
_ANSWERS = {
    "empty": (200, "application/json", '{"result": []}'),
    "refused": (401, "application/json", json.dumps(_REFUSED)),
    "denied": (403, "application/json", json.dumps(_DENIED)),
    "page": (200, "text/html", _HTML),
    "cut": (200, "application/json", '{"result": [{"sys'),
}
"""User name -> what the server answers this user, whatever is asked."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        user = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")[0]
        status, content_type, text = _ANSWERS[user]
        body = text.encode()
        self.send_response(status)
        for name, value in (("Content-Type", content_type), ("Content-Length", str(len(body))), ("X-Total-Count", "0")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@dataclass(frozen=True)
class Server:
    """Where it is, who vouches for it, and an authority that does not."""

    url: str
    ca: bytes
    other_ca: bytes


@pytest.fixture(scope="package")
def server() -> Iterator[Server]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as http:
        http.socket = context.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, args=(0.02,))
        thread.start()
        url = f"https://127.0.0.1:{http.server_port}"
        yield Server(url, authority.cert_pem.bytes(), trustme.CA().cert_pem.bytes())
        http.shutdown()
        thread.join()


@dataclass(frozen=True)
class Said:
    """How a process ended and what it said."""

    code: int
    out: str
    err: str


@dataclass
class Place:
    """A directory from which a person calls the command."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, content: str | bytes) -> None:
        (self.path / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def change(self, before: str, after: str, *, count: int = 1) -> None:
        """Edit the configuration as a person would."""
        text = (self.path / "config.toml").read_text()
        assert before in text
        self.write("config.toml", text.replace(before, after, count))

    def point_to(self, url: str, *, user: str, ca: bytes | None = None) -> None:
        """Let both instances be at this address."""
        self.change("https://127.0.0.1:9", url, count=2)
        self.change('username = "empty"', f'username = "{user}"', count=2)
        if ca is not None:
            self.write("ca.pem", ca)
            self.change("[om]\n", '[om]\nca_file = "ca.pem"\n')
            self.change("[fsm]\n", '[fsm]\nca_file = "ca.pem"\n')

    def run(self, *arguments: str) -> Said:
        """`om-fsm ...` here, as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "connector", *arguments],
            cwd=self.path,
            env={"PATH": os.defpath, "NO_PROXY": "*", "PYTHONDONTWRITEBYTECODE": "1", **self.environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def content(self) -> dict[str, bytes]:
        """Every file by its path, and every directory."""
        return {
            str(path.relative_to(self.path)): path.read_bytes() if path.is_file() else b"(directory)"
            for path in sorted(self.path.rglob("*"))
        }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Nothing is wrong here, except that nobody listens at the two addresses."""
    place = Place(tmp_path, {"OM_PASSWORD": PASSWORD, "FSM_PASSWORD": PASSWORD})
    instances = "".join(
        f'[{side}]\nname = "{side}"\nurl = "https://127.0.0.1:9"\nusername = "empty"\n'
        f'password = {{ env = "{side.upper()}_PASSWORD" }}\n\n'
        for side in ("om", "fsm")
    )
    policy = '[policy]\ndomain_order = "domain_order_policy.csv"\norder_task = "order_task_policy.csv"\n'
    place.write("config.toml", instances + policy)
    for table in TABLES.glob("*.csv"):
        place.write(table.name, table.read_bytes())
    return place
