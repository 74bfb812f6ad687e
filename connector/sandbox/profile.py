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
    sources: list[tuple[Path, Tree]] = []
    tree = _read(_locate(profile), sources)
    single = bool(tree.get("single"))
    sides = {name: tree.setdefault(name, {}) for name in ("om", "fsm")}
    _check(tree, sources, single=single)
    if single:
        both = _merge(copy.deepcopy(sides["om"]), sides["fsm"])
        only = _instance("om", tree, both)
        return Profile(name=str(tree["name"]), single=True, om=only, fsm=only)
    om, fsm = (_instance(name, tree, own) for name, own in sides.items())
    return Profile(name=str(tree["name"]), single=False, om=om, fsm=fsm)


def _check(tree: Tree, sources: list[tuple[Path, Tree]], *, single: bool) -> None:
    """Raises ProfileError with every mistake, each with the last file that says something about its key."""
    from connector.sandbox.profile_check import mistakes, shape_mistakes

    found = list(shape_mistakes(tree))
    if not found:
        both = _merge(copy.deepcopy(tree["om"]), tree["fsm"]) if single else {}
        merged = {name: _merge(copy.deepcopy(tree.get("platform", {})), both or tree[name]) for name in ("om", "fsm")}
        found = list(mistakes(tree, merged, _known_switches()))
    if found:
        raise ProfileError("\n".join(f"{_file_of(key, sources)}: {key} {sentence}" for key, sentence in found))


@lru_cache(maxsize=1)
def _known_switches() -> Tree:
    switches: Tree = _read(_locate("default"), [])["switches"]
    return switches


def _file_of(key: str, sources: list[tuple[Path, Tree]]) -> Path:
    """The last file read that has the longest beginning of this key; what is common to both instances is under `platform`."""
    parts = key.partition("[")[0].split(".")
    paths = [parts, ["platform", *parts[1:]]]
    depths = [max(_depth(tree, path) for path in paths) for _, tree in sources]
    return sources[max(range(len(sources)), key=lambda place: (depths[place], place))][0]


def _depth(tree: Any, path: list[str]) -> int:
    """How many steps of this path the tree can go along."""
    for steps, part in enumerate(path):
        if not isinstance(tree, dict) or part not in tree:
            return steps
        tree = tree[part]
    return len(path)


def _instance(name: str, tree: Tree, own: Tree) -> InstanceProfile:
    merged = _merge(copy.deepcopy(tree.get("platform", {})), own)
    return InstanceProfile(
        name=name,
        tables=with_staging(merged.get("tables", {}), merged.get("imports", {})),
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


def with_staging(tables: Tree, imports: Tree) -> Tree:
    """The tables and those that rows of imports are kept in, unless the profile declares these itself. Pure."""
    staging = {
        name: {
            "label": name.removeprefix("u_").replace("_", " ").capitalize(),
            "extends": "sys_import_set_row",
            "columns": dict.fromkeys(recipe["fields"], "string:4000"),
        }
        for name, recipe in imports.items()
    }
    return {**staging, **tables}


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


def _read(path: Path, sources: list[tuple[Path, Tree]], extending: tuple[Path, ...] = ()) -> Tree:
    """The profile with what it extends and includes; `sources` gets every file that was read, in the order of their weight."""
    if path in extending:
        raise ProfileError(f"{path}: extends leads to the profile itself")
    tree = _parse(path)
    above, removed, included = (_taken(path, tree, name) for name in ("extends", "remove", "include"))
    base: Tree = _read(_locate(above[0]), sources, (*extending, path)) if above else {}
    for dotted in removed:
        _remove(path, base, dotted)
    told = copy.deepcopy(tree)
    for dotted in removed:  # to take a key out is to say something about it
        _merge(told, _nested(dotted))
    sources.append((path, told))
    for name in included:
        part = _parse(path.parent / name)
        sources.append((path.parent / name, copy.deepcopy(part)))
        tree = _merge(tree, part)
    merged = _merge(base, tree)
    merged.setdefault("name", path.stem)
    return merged


def _parse(path: Path) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path} is not valid TOML: {error}") from error
    except OSError as error:
        raise ProfileError(f"{path} cannot be read: {error.strerror}") from error


def _taken(path: Path, tree: Tree, name: str) -> list[str]:
    """Take one of the three keys that are about files out of a tree: one text (`extends`) or a list of texts."""
    value = tree.pop(name, [])
    texts = [value] if name == "extends" and isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ProfileError(
            f"{path}: {name} must be {'a text' if name == 'extends' else 'a list of texts'}, not {value!r}"
        )
    return texts


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


def _nested(dotted: str) -> Tree:
    """A tree that has this path and nothing at its end."""
    tree: Tree = {}
    for part in reversed(dotted.split(".")):
        tree = {part: tree}
    return tree


def _remove(path: Path, tree: Tree, dotted: str) -> None:
    *parents, last = dotted.split(".")
    for part in parents:
        found = tree.get(part)
        tree = found if isinstance(found, dict) else {}
    if last not in tree:
        raise ProfileError(f"{path}: the profile removes {dotted}, which does not exist")
    del tree[last]
