"""What a running daemon cannot change about itself, and what changed between two configurations. Asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.config import Loaded


def require_fixed(before: Loaded, after: Loaded) -> None:
    """Raise ConfigError with everything that only a restart can change."""
    was, would_be = _fixed(before), _fixed(after)
    problems = tuple(
        f"{name}: it is {was[name]} and would be {would_be[name]}" for name in was if was[name] != would_be[name]
    )
    if problems:
        raise ConfigError(
            f"The configuration {after.path} cannot be taken over while om-fsm runs.",
            problems,
            hint="Restart om-fsm for that. Nothing was changed: the old configuration stays in use.",
        )


def _fixed(loaded: Loaded) -> dict[str, str]:
    settings = loaded.settings
    listens = settings.listens
    return {
        "memory.path": str(loaded.resolve(settings.memory.path)),
        **{
            f"{side}.{name}": getattr(getattr(settings, side), name)
            for side in ("om", "fsm")
            for name in ("name", "url")
        },
        "http": f"{listens.host}:{listens.port}" if listens else "not listening",
    }


def changed(before: Loaded, after: Loaded) -> str:
    """The settings that say something else than before, by name; a secret or a table may have changed besides."""
    was, now = dict(_leaves(before.settings.model_dump())), dict(_leaves(after.settings.model_dump()))
    names = [name for name in sorted(was.keys() | now.keys()) if was.get(name) != now.get(name)]
    if before.profile != after.profile:
        names.append("the profile")
    return ", ".join(names) or "no setting"


def _leaves(said: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in said.items():
        here = f"{path}.{name}".removeprefix(".")
        if isinstance(value, dict) and value:
            yield from _leaves(value, here)
        else:
            yield here, value
