"""A configuration that points the connector at a sandbox, from what the sandbox says of itself."""

from __future__ import annotations

import base64
import json
import os
import secrets
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_USER = "connector"
_POLICIES = ("domain_order_policy.csv", "order_task_policy.csv")


def write_config(
    directory: Path,
    info: dict[str, Any],
    *,
    webhook_port: int | None = None,
    oauth: bool = False,
    states: Mapping[str, Mapping[str, str]] | None = None,
) -> Path:
    """Write `config.toml`, the example policies and the secrets into `directory`. `info` is the content of sandbox.json.

    Signs in by user and password; by OAuth client credentials if wanted, as a profile that takes only tokens needs. `states`
    are for a profile that keeps its choice lists to itself: "om.domain_order" -> stored value -> label.
    """
    secret_files = directory / "secrets"
    secret_files.mkdir(mode=0o700, parents=True, exist_ok=True)
    for side in ("om", "fsm"):
        if oauth:
            _private(secret_files / f"{side}.client_secret", info[side]["oauth"]["client_secret"])
        else:
            _private(secret_files / f"{side}.password", info[side]["users"][_USER]["password"])
    tables = resources.files("connector.mapping") / "tables"
    for name in _POLICIES:
        (directory / name).write_text((tables / name).read_text(encoding="utf-8"), encoding="utf-8")
    text = "".join(_instance(side, info, oauth=oauth) for side in ("om", "fsm"))
    text += "".join(_states(path, labels) for path, labels in (states or {}).items()) + _REST
    if webhook_port is not None:
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        _private(secret_files / "webhook.secret", f"whsec_{key}")
        text += f'\n[http]\nport = {webhook_port}\n\n[webhook]\nsecret = {{ file = "secrets/webhook.secret" }}\n'
    path = directory / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _instance(side: str, info: dict[str, Any], *, oauth: bool) -> str:
    basic = f'username = "{_USER}"\npassword = {{ file = "secrets/{side}.password" }}\n'
    return (
        f"[{side}]\n"
        f'name = "{side}"\n'
        f"url = {json.dumps(info[side]['url'])}\n"
        f"{'' if oauth else basic}"
        f"ca_file = {json.dumps(info['ca_file'])}\n\n"
        f"{_client_credentials(side, info[side]['oauth']['client_id']) if oauth else ''}"
    )


def _client_credentials(side: str, client_id: str) -> str:
    return (
        f"[{side}.sign_in]\n"
        'kind = "oauth_client_credentials"\n'
        f"client_id = {json.dumps(client_id)}\n"
        f'client_secret = {{ file = "secrets/{side}.client_secret" }}\n\n'
    )


def _states(path: str, labels: Mapping[str, str]) -> str:
    side, _, kind = path.partition(".")
    lines = (f"{json.dumps(value)} = {json.dumps(label)}\n" for value, label in labels.items())
    return f"[{side}.states.{kind}]\n{''.join(lines)}\n"


_REST = """[policy]
domain_order = "domain_order_policy.csv"
order_task = "order_task_policy.csv"

[daemon]
poll_seconds = 1.0
sweep_seconds = 30.0
"""


def _private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
