"""The first configuration: two addresses and how to sign in, as a commented TOML file that holds no secret."""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

OAUTH, BASIC, API_KEY = "oauth_client_credentials", "basic", "api_key"
KINDS = (OAUTH, BASIC, API_KEY)
_TABLES = ("domain_order_policy.csv", "order_task_policy.csv", "compensation.csv")
_SECRETS = {OAUTH: ("client_secret", "CLIENT_SECRET"), BASIC: ("password", "PASSWORD"), API_KEY: ("key", "API_KEY")}


@dataclass(frozen=True, slots=True)
class Access:
    """One instance and how to sign in there. `secret` says where it is: env:NAME, file:PATH or command:PROGRAM ARGUMENT."""

    side: str
    name: str
    url: str
    kind: str
    user: str = ""  # the client id of OAuth, the user of a password; none for an API key
    secret: str = ""

    @property
    def place(self) -> str:
        """Where the secret is; an environment variable where nobody said."""
        return self.secret or default_place(self.side, self.kind)


def default_place(side: str, kind: str) -> str:
    """Where a secret is looked for if nobody says otherwise.

    >>> default_place("om", "basic")
    'env:OM_PASSWORD'
    """
    return f"env:{side.upper()}_{_SECRETS[kind][1]}"


def secret_ref(place: str) -> str:
    """A place as the configuration says it. Raises ValueError.

    >>> secret_ref("file:secrets/om")
    '{ file = "secrets/om" }'
    """
    kind, _, where = place.partition(":")
    if kind not in ("env", "file", "command") or not where:
        raise ValueError(f"{place!r}: say env:NAME, file:PATH or command:PROGRAM ARGUMENT, never the secret itself")
    value = json.dumps(shlex.split(where) if kind == "command" else where, ensure_ascii=False)
    return f"{{ {kind} = {value} }}"


_HEAD = """# The configuration of om-fsm, written by `om-fsm init`. Paths are relative to this file; unknown settings are refused.
# A secret never stands here, only where it is: {{ env = "NAME" }}, {{ file = "path" }}, {{ command = ["program", "argument"] }}.
# docs and config.example.toml of the project show every setting.

# The profile that `om-fsm discover` writes: what tables, columns and states are called on these two instances. Until it is
# there, and every "?" in it settled, no pass is made and nothing is written to them.
profile = "profile.toml"
"""

_REST = """
# --- who gets a visit ---
[policy]
domain_order = "domain_order_policy.csv"
order_task = "order_task_policy.csv"
# What becomes of an open work order when a revised order says something else. Without a table every change is patched and noted.
compensation = "compensation.csv"

# --- what people in Order Management have to settle ---
# These become fallouts: a write that could not be carried out, a visit that could not be canceled, a domain order that was
# closed too soon and could not be put back. The platform puts the order task On hold until the fallout is settled. Where
# Fallout Management is not active take this out (`om-fsm doctor` says so: fallouts.usable): notes and findings remain.
[fallout]
kinds = ["write-parked", "not-canceled", "reopen-refused"]

# --- how the connector behaves; these are the defaults ---
# What happens to a domain order that is closed while a work order is open: "reopen", "note" or "alarm".
# [gate]
# mode = "reopen"

# [daemon]
# poll_seconds = 10.0

# The local database. It may be deleted: it is rebuilt from the marks in ServiceNow.
# [memory]
# path = "om-fsm.db"
"""


def config_text(om: Access, fsm: Access, ca_file: str = "") -> str:
    """The file. Raises ValueError for a secret's place that is none."""
    titles = {"om": "the Order Management instance", "fsm": "the Field Service instance"}
    return _HEAD.format() + "".join(_instance(one, titles[one.side], ca_file) for one in (om, fsm)) + _REST


def name_of(url: str) -> str:
    """What an Order Management is called where nobody says otherwise: as the first part of its address, which no other one has.

    >>> name_of("https://AcmeProd.service-now.com"), name_of("https://acme-telecom-production.service-now.com:443")
    ('acmeprod', 'acme-telecom-pro')
    >>> name_of("https://127.0.0.1:8443"), name_of("https://[::1]"), name_of("https://localhost"), name_of("nonsense")
    ('om', 'om', 'om', 'om')
    """
    host = ""
    try:
        host = urlsplit(url).hostname or ""
        ipaddress.ip_address(host)
    except ValueError:
        label, dot, _ = host.partition(".")
        return (re.sub(r"[^a-z0-9-]", "", label).strip("-")[:16].rstrip("-") if dot else "") or "om"
    return "om"


def name_in(path: Path) -> str:
    """What a configuration that is there already calls its Order Management; empty where it cannot be told."""
    try:
        name = tomllib.loads(path.read_text(encoding="utf-8"))["om"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return name if isinstance(name, str) else ""


def _instance(access: Access, title: str, ca_file: str) -> str:
    secret, _ = _SECRETS[access.kind]
    lines = [
        "",
        f"# --- {title} ---",
        f"[{access.side}]",
        "# It becomes part of the marks on work orders: never change it afterwards.",
        *(["# Two that feed one Field Service need two names."] if access.side == "om" else []),
        f"name = {json.dumps(access.name)}",
        f"url = {json.dumps(access.url)}",
    ]
    if ca_file:
        lines.append(f"ca_file = {json.dumps(ca_file)}")
    lines += ["", f"[{access.side}.sign_in]", f"kind = {json.dumps(access.kind)}"]
    if access.kind == OAUTH:
        lines.append(f"client_id = {json.dumps(access.user)}")
    elif access.kind == BASIC:
        lines.append(f"username = {json.dumps(access.user)}")
    return "\n".join([*lines, f"{secret} = {secret_ref(access.place)}", ""])


def copy_tables(directory: Path) -> tuple[Path, ...]:
    """Put the decision tables to start from where there are none yet."""
    tables = resources.files("connector.mapping") / "tables"
    missing = [directory / name for name in _TABLES if not (directory / name).exists()]
    for path in missing:
        path.write_text((tables / path.name).read_text(encoding="utf-8"), encoding="utf-8")
    return tuple(missing)
