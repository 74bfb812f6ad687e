"""What a story is: a set-up as data, and the moves and checks that make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping  # noqa: TC003  (fields of a dataclass)
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Any

from connector.demo.teller import Teller

if TYPE_CHECKING:
    from connector.demo.stage import Stage
    from connector.demo.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Tale:
    """One story. `play` tells it; the rest is how both instances and the connector are set up for it."""

    name: str
    title: str
    play: Callable[[Teller], None]
    settings: str = ""  # TOML, added to the configuration
    policies: Mapping[str, str] = field(default_factory=dict)  # a table besides: setting under [policy] -> CSV
    rows: Mapping[str, str] = field(default_factory=dict)  # a row more, before the last: policy file -> row
    switches: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # side -> switches of the instance


def perform(tale: Tale, stage: Stage, timeline: Timeline) -> None:
    """Set the stage and tell the story."""
    path = stage.directory / "config.toml"
    text = path.read_text(encoding="utf-8")
    for setting, table in tale.policies.items():
        (stage.directory / f"{setting}_policy.csv").write_text(table, encoding="utf-8")
        text = text.replace("[policy]\n", f'[policy]\n{setting} = "{setting}_policy.csv"\n')
    path.write_text(f"{text}\n{tale.settings}", encoding="utf-8")
    for name, row in tale.rows.items():
        policy = stage.directory / name
        rows = policy.read_text(encoding="utf-8").replace("\nother,", f"\n{row}\nother,")
        policy.write_text(rows, encoding="utf-8")
    for side, switches in tale.switches.items():
        stage.switch(side, **switches)
    tale.play(Teller(stage, timeline))


def shipped(name: str) -> str:
    """A table that comes with the connector."""
    return (resources.files("connector.mapping") / "tables" / name).read_text(encoding="utf-8")
