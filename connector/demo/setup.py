"""A configuration that points the connector at a sandbox, from what the sandbox says of itself."""

from __future__ import annotations

import base64
import json
import os
import secrets
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_USER = "connector"
_POLICIES = ("domain_order_policy.csv", "order_task_policy.csv")


def write_config(directory: Path, info: dict[str, Any], *, webhook_port: int | None = None) -> Path:
    """Write `config.toml`, the example policies and the secrets into `directory`. `info` is the content of sandbox.json."""
    secret_files = directory / "secrets"
    secret_files.mkdir(mode=0o700, parents=True, exist_ok=True)
    for side in ("om", "fsm"):
        _private(secret_files / f"{side}.password", info[side]["users"][_USER]["password"])
    tables = resources.files("connector.mapping") / "tables"
    for name in _POLICIES:
        (directory / name).write_text((tables / name).read_text(encoding="utf-8"), encoding="utf-8")
    text = "".join(_instance(side, info) for side in ("om", "fsm")) + _REST
    if webhook_port is not None:
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        _private(secret_files / "webhook.secret", f"whsec_{key}")
        text += f'\n[webhook]\nport = {webhook_port}\nsecret = {{ file = "secrets/webhook.secret" }}\n'
    path = directory / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _instance(side: str, info: dict[str, Any]) -> str:
    return (
        f"[{side}]\n"
        f'name = "{side}"\n'
        f"url = {json.dumps(info[side]['url'])}\n"
        f'username = "{_USER}"\n'
        f'password = {{ file = "secrets/{side}.password" }}\n'
        f"ca_file = {json.dumps(info['ca_file'])}\n\n"
    )


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
