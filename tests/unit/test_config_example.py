"""config.example.toml is exactly the settings model: every setting, nothing else, and every shown default is the real one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from connector.config import FsmInstance, Reference, Settings
from connector.fsm.schema import FsmSchema
from connector.om.schema import OmSchema
from connector.sign_in import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.toml"
# Settings that show an example because they have no default.
NO_DEFAULT = {
    "profile",
    "policy.case",
    "policy.compensation",
    "om.ca_file",
    "fsm.ca_file",
    "om.states.domain_order.3",
    "fsm.states.work_order.7",
    "webhook.secret",
}
REQUIRED = {
    *(f"{side}.{name}" for side in ("om", "fsm") for name in ("name", "url")),
    "om.sign_in",
    *(f"fsm.{name}" for name in ("username", "password")),
    *(f"{side}.proxy.{name}" for side in ("om", "fsm") for name in ("url", "password")),
    "policy.domain_order",
    "policy.order_task",
}
_SETTING = re.compile(r'^# (\[[\w.]+\]|("[\w. ]+"|\w+) = .+)$')


def leaves(document: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every setting with its dotted path. A secret and a reference are one setting."""
    for name, value in document.items():
        here = f"{path}.{name}".removeprefix(".")
        if isinstance(value, dict) and not {"env", "file", "command", "table", "kind"} & set(value):
            yield from leaves(value, here)
        else:
            yield here, value


def shown() -> dict[str, Any]:
    """The example with every commented setting uncommented."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return dict(leaves(tomllib.loads("\n".join(_SETTING.sub(r"\1", line) for line in lines))))


def known() -> dict[str, Any]:
    """Every setting of the model with its default."""
    needed = {"name": "x", "url": "https://x", "proxy": {"url": "http://x", "password": {"env": "X"}}}
    registered = {"kind": "oauth_client_credentials", "client_id": "x", "client_secret": {"env": "X"}}
    document = {
        "om": {**needed, "sign_in": registered},
        "fsm": {**needed, "username": "x", "password": {"env": "X"}},
        "policy": {"domain_order": "x", "order_task": "x"},
        "http": {},
        "webhook": {"secret": {"env": "X"}},
    }
    settings = Settings.model_validate(document).model_dump(mode="json", by_alias=True)
    # Each side signs in one of two ways.
    del settings["om"]["username"], settings["om"]["password"], settings["fsm"]["sign_in"]
    for side, schema in (("om", OmSchema()), ("fsm", FsmSchema())):
        settings[side]["tables"] = dict(schema.tables)
        kinds = (
            "order",
            "line",
            "characteristic",
            "domain_order",
            "order_task",
            "case",
            "inflight_change",
            "work_order",
            "work_order_task",
        )
        settings[side]["columns"] = {kind: dict(getattr(schema, kind)) for kind in kinds if hasattr(schema, kind)}
    return dict(leaves(settings))


def test_the_example_shows_every_setting_and_nothing_else() -> None:
    assert set(shown()) == set(known()) | NO_DEFAULT


def test_every_default_it_shows_is_the_real_one() -> None:
    real = known()
    for path, value in shown().items():
        if path.startswith("fsm.references."):
            value = Reference.model_validate(value).model_dump(mode="json")
        if path not in NO_DEFAULT | REQUIRED:
            assert value == real[path], path


def test_as_it_is_it_is_a_valid_configuration() -> None:
    settings = Settings.model_validate(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")))
    assert settings.webhook is None
    assert isinstance(settings.fsm, FsmInstance)


def test_with_everything_uncommented_it_is_a_valid_configuration_too() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    document = tomllib.loads("\n".join(_SETTING.sub(r"\1", line) for line in lines))
    assert Settings.model_validate(document).webhook is not None


def ways_in() -> list[dict[str, Any]]:
    """Every [om.sign_in] the example shows: the one that counts and those to put in its place."""
    text = EXAMPLE.read_text(encoding="utf-8")
    others = "\n".join(line.removeprefix("#").strip() for line in text.splitlines() if re.match(r"#( {3}|$)", line))
    blocks = [block for block in others.split("\n\n") if block.startswith("kind")]
    return [tomllib.loads(text)["om"]["sign_in"], *(tomllib.loads(block) for block in blocks)]


def test_every_way_to_sign_in_is_shown_with_all_its_settings() -> None:
    kinds = {get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in get_args(Kind)}
    shown = ways_in()
    assert {way["kind"]: set(way) for way in shown} == {name: set(kind.model_fields) for name, kind in kinds.items()}
    for way in shown:
        kinds[way["kind"]].model_validate(way)
