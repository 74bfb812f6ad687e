"""A sandbox that runs in another process, known by the directory it was started with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import requests

from connector.sandbox.moves.bench import Refused

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 60


def act(directory: Path, asked: dict[str, Any]) -> Any:
    """Make a move there, as its control plane takes it ({"do", "as", "instance", ...}), and say what came of it.

    Raises Refused with the sandbox's own words, and OSError where none runs.
    """
    info = json.loads((directory / "sandbox.json").read_text(encoding="utf-8"))
    with requests.Session() as session:
        session.trust_env = False  # it is on this machine, behind no proxy
        session.headers["Authorization"] = f"Bearer {info['control']['token']}"
        url = f"{info['control']['url']}/sandbox/act"
        answer = session.post(url, json=asked, verify=info["ca_file"], timeout=_SECONDS).json()
    if not answer["ok"]:
        raise Refused(str(answer["error"]))
    return answer["result"]
