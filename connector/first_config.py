"""The first configuration: two addresses and how to sign in, as a commented TOML file that holds no secret."""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
import tomllib
from dataclasses import dataclass
from hashlib import sha256
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
    """What an Order Management is called where nobody says otherwise: as the first part of its address, with a few letters of a
    digest of the whole host where that part had to be altered or does not stand for the instance alone.

    >>> name_of("https://AcmeProd.service-now.com"), name_of("https://acme-telecom-production.service-now.com:443")
    ('acmeprod', 'acme-tele-5275d2')
    >>> name_of("https://portal.emea.example.com"), name_of("https://portal.apac.example.com"), name_of("https://10.0.0.1")
    ('portal-0a9dba', 'portal-62eb5c', 'om-f50473')
    >>> name_of("https://127.0.0.1:8443"), name_of("https://[::1]"), name_of("https://localhost"), name_of("nonsense")
    ('om', 'om', 'om', 'om')
    """
    host = _host(url)
    if not host or host == "localhost" or (_is_digits(host) and ipaddress.ip_address(host).is_loopback):
        return "om"
    label = "" if _is_digits(host) else host.partition(".")[0]
    if host == f"{label}.service-now.com" and re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?", label):
        return label
    return _unlike(label, host, "om")


def names_of(om: str, fsm: str, kept: tuple[str, str], said: str) -> tuple[str, str]:
    """What both sides are called, never the same: as was said or as they were called before, else the Order Management as its
    address and Field Service "fsm". Raises ValueError where the name that was said is the other's already.

    >>> names_of("https://fsm.service-now.com", "https://field.service-now.com", ("", ""), "")
    ('fsm-044b70', 'fsm')
    >>> names_of("https://acme.service-now.com", "https://acme.service-now.com", ("", ""), "fsm")
    ('fsm', 'fsm-0cf0a3')
    """
    of_om, of_fsm = said or kept[0] or name_of(om), kept[1] or "fsm"
    if of_om != of_fsm:
        return of_om, of_fsm
    if not (said or kept[0]):
        return _unlike(of_om, _host(om), "om"), of_fsm
    if kept[1] == said:
        raise ValueError(f"{said!r} is what the Field Service instance is called already: use another --om-name")
    return of_om, "fsm" if of_om != "fsm" else _unlike("fsm", _host(fsm), "fsm")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_digits(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _unlike(label: str, host: str, otherwise: str) -> str:
    """A name that no other host has: what can be read of its first part, and a digest of the whole."""
    readable = re.sub(r"[^a-z0-9-]", "", label).strip("-")[:9].rstrip("-") or otherwise
    return f"{readable}-{sha256(host.encode()).hexdigest()[:6]}"


def names_in(path: Path, om: str, fsm: str) -> tuple[str, str]:
    """What a configuration that is there already calls the instances of these addresses; empty where it has others."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "", ""
    return _name_in(document.get("om"), om), _name_in(document.get("fsm"), fsm)


def _name_in(section: object, url: str) -> str:
    said = section if isinstance(section, dict) else {}
    name, its_url = said.get("name"), said.get("url")
    return name if isinstance(name, str) and isinstance(its_url, str) and _address(its_url) == _address(url) else ""


def _address(url: str) -> tuple[str, int | None]:
    """Host and port, however they are written."""
    try:
        return _host(url), urlsplit(url).port or 443
    except ValueError:
        return url, None


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
