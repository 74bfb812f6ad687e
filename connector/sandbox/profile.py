"""Reads a profile: the data files that say which tables, people, rules' switches and records the instances have.

Merging and paths live here; what the entries mean does not (see schema.py, people.py, records.py).
A profile is the name of a directory beside this file, or the path of a directory (with profile.toml) or of a TOML file.
`extends` names the profile it differs from, `include` lists further files, `remove` takes dotted paths out of what it extends.
Tables merge key by key, arrays of tables are appended, every other value replaces.
"""

from __future__ import annotations

import copy
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

Tree = dict[str, Any]
PROFILES = Path(__file__).parent / "profiles"


class ProfileError(ValueError):
    """The profile cannot be found or does not make sense."""


@dataclass(frozen=True)
class InstanceProfile:
    """Everything one instance is made of, still as plain data."""

    name: str
    tables: Tree
    users: Tree
    contains: dict[str, list[str]]  # role -> the roles it contains
    access: list[Tree]
    records: list[Tree]
    catalog: Tree
    properties: dict[str, str]
    switches: Tree
    rename: dict[str, str]
    imports: Tree  # staging table -> target, coalesce, fields
    policies: list[Tree]  # rules declared as data, see rules/declared.py
    oauth_user: str  # who acts with a client-credentials token
    jwt_keys: dict[str, str]  # key id -> public key (PEM) whose signature makes an assertion genuine


@dataclass(frozen=True)
class Profile:
    name: str
    single: bool
    om: InstanceProfile
    fsm: InstanceProfile


@lru_cache(maxsize=16)
def load(profile: str) -> Profile:
    """The profile called, or stored at, `profile`."""
    tree = _read(_locate(profile))
    om, fsm = tree.get("om", {}), tree.get("fsm", {})
    if tree.get("single"):
        both = _merge(copy.deepcopy(om), fsm)
        only = _instance("om", tree, both)
        return Profile(name=str(tree["name"]), single=True, om=only, fsm=only)
    return Profile(name=str(tree["name"]), single=False, om=_instance("om", tree, om), fsm=_instance("fsm", tree, fsm))


def _instance(name: str, tree: Tree, own: Tree) -> InstanceProfile:
    merged = _merge(copy.deepcopy(tree.get("platform", {})), own)
    return InstanceProfile(
        name=name,
        tables=merged.get("tables", {}),
        users=merged.get("users", {}),
        contains=merged.get("contains", {}),
        access=merged.get("access", []),
        records=merged.get("records", []),
        catalog=merged.get("catalog", {}),
        properties=merged.get("properties", {}),
        switches={**tree.get("switches", {}), **own.get("switches", {})},
        rename=merged.get("rename", {}),
        imports=merged.get("imports", {}),
        policies=merged.get("policies", []),
        oauth_user=merged.get("oauth_user", ""),
        jwt_keys=merged.get("jwt_keys", {}),
    )


def _locate(profile: str) -> Path:
    if profile.isidentifier():
        for candidate in (PROFILES / profile / "profile.toml", PROFILES / f"{profile}.toml"):
            if candidate.is_file():
                return candidate
    path = Path(profile)
    path = path / "profile.toml" if path.is_dir() else path
    if not path.is_file():
        known = sorted({entry.stem for entry in PROFILES.iterdir() if not entry.name.startswith(("_", "."))})
        raise ProfileError(
            f"there is no profile {profile!r}: name one of {', '.join(known)}, or give the path of a file"
        )
    return path


def _read(path: Path) -> Tree:
    tree = _parse(path)
    base: Tree = _read(_locate(tree.pop("extends"))) if "extends" in tree else {}
    base = copy.deepcopy(base)
    for dotted in tree.pop("remove", []):
        _remove(base, dotted)
    for name in tree.pop("include", []):
        tree = _merge(tree, _parse(path.parent / name))
    merged = _merge(base, tree)
    merged.setdefault("name", path.stem)
    return merged


def _parse(path: Path) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{path} is not valid TOML: {error}") from error


def _merge(base: Tree, over: Tree) -> Tree:
    for key, value in over.items():
        present = base.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value)
        elif isinstance(present, list) and isinstance(value, list) and any(isinstance(item, dict) for item in value):
            base[key] = present + copy.deepcopy(value)
        else:
            base[key] = copy.deepcopy(value)
    return base


def _remove(tree: Tree, dotted: str) -> None:
    *parents, last = dotted.split(".")
    for part in parents:
        tree = tree.get(part, {})
    if last not in tree:
        raise ProfileError(f"the profile removes {dotted}, which does not exist")
    del tree[last]
