"""docs/configuration.md from the settings model and the words of config.example.toml: `python -m tests.configuration_page`
writes it, a test holds it to both."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticUndefined

from connector.config import Settings
from connector.setting import SecretRef
from connector.sign_in import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "configuration.md"
EXAMPLE = ROOT / "config.example.toml"

HEAD = """# Configuration: every setting

One TOML file, `config.toml` where nothing else is said (`--config FILE`). Unknown settings are refused, and `om-fsm config check`
reports every problem at once without asking an instance; `om-fsm config show` prints what counts, with every default and without
secrets. Paths are relative to the file. `config.example.toml` is the same list to copy from. What tables, columns and states are
called is better left to `om-fsm discover`: [profile.md](profile.md).

Where a setting takes **a secret**, it takes the place of one: `{ env = "NAME" }`, `{ file = "path" }` (a file that others cannot
read) or `{ command = ["pass", "show", "om"] }`.

"""
_MANY = 8  # choices to list
_STATES = "A stored value = what it means, in the words of ServiceNow."
_OF_STATES = {"om.states": _STATES, "fsm.states": _STATES}
_HEADER = re.compile(r"^(?:# )?\[([\w.]+)\]$")
_SETTING = re.compile(r'^(?:# )?("[\w. ]+"|[a-z_]\w*) = (.+)$')


def page() -> str:
    """The whole page."""
    said = words()
    parts = [HEAD]
    for path, model in _sections(Settings):
        title = f"## `[{path}]`\n\n" if path else "## At the top\n\n"
        parts.append(title + "".join(f"{told}\n\n" for told in [said.get(path, "")] if path and told))
        if is_list_of_names(path):
            names = ", ".join(
                f"`{name}` = `{field.get_default() or '(none)'}`" for name, field in model.model_fields.items()
            )
            parts.append(f"{names}\n\n")
        elif rows := list(_rows(path, model, said)):
            parts.append("| setting | takes | default | |\n|---|---|---|---|\n" + "".join(rows) + "\n")
        else:
            parts.pop()
        if path in ("om", "fsm"):
            parts += _ways_in(path) if path == "om" else [f"## `[{path}.sign_in]`\n\nAs `[om.sign_in]`.\n\n"]
    return "".join(parts).rstrip() + "\n"


def is_list_of_names(path: str) -> bool:
    """A section of tables or columns: what each part is called."""
    return ".columns." in path or path.endswith(".tables") or path == "fallout.columns"


def _sections(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, type[BaseModel]]]:
    """Every section in the order of the model. Both instances share most settings: each is told where it is."""
    yield path, model
    for name, field in model.model_fields.items():
        for kind in _kinds(field):
            if not get_args(kind) and issubclass(kind, BaseModel) and kind is not SecretRef:
                yield from _sections(kind, f"{path}.{name}".removeprefix("."))


def _kinds(field: FieldInfo) -> list[type]:
    """The type of a setting; both where it may be one or the other."""
    is_union = get_origin(field.annotation) in (Union, UnionType)
    return [one for one in (get_args(field.annotation) if is_union else (field.annotation,)) if isinstance(one, type)]


def _ways_in(path: str) -> list[str]:
    """How to sign in, told once."""
    rows = [f"## `[{path}.sign_in]`\n\nOne of these, by `kind`.\n\n| kind | settings | |\n|---|---|---|\n"]
    for kind in get_args(Kind):
        name = get_args(kind.model_fields["kind"].annotation)[0]
        settings = ", ".join(
            f"`{other}`" + ("" if field.is_required() else " (optional)")
            for other, field in kind.model_fields.items()
            if other != "kind"
        )
        rows.append(f"| `{name}` | {settings} | {kind.__doc__} |\n")
    return [*rows, "\n"]


def _rows(path: str, model: type[BaseModel], said: dict[str, str]) -> Iterator[str]:
    schema = model.model_json_schema(mode="serialization")
    for name, field in model.model_fields.items():
        takes = _takes(field, schema["properties"][name], schema.get("$defs", {}))
        if takes is not None:
            here = f"{path}.{name}".removeprefix(".")
            there = here.replace("fsm.", "om.", 1) if here.startswith("fsm.") else here.replace("om.", "fsm.", 1)
            told = _OF_STATES.get(path) or said.get(here) or said.get(there, "")
            yield f"| `{name}` | {takes} | {_default(field)} | {told} |\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**needed**"
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined or value is None:
        return "none"
    plain = TypeAdapter(Any).dump_python(value, mode="json")
    if isinstance(plain, dict):
        return "see the example" if plain else "none"
    text = json.dumps(plain, ensure_ascii=False)
    return "empty" if plain in ("", []) else f"`{text}`"


def _takes(field: FieldInfo, schema: dict[str, Any], known: dict[str, Any]) -> str | None:
    """What a setting may be, in words; None for a section, which has a table of its own."""
    kinds = _kinds(field)
    if SecretRef in kinds:
        return "a secret"
    if any(not get_args(kind) and issubclass(kind, BaseModel) for kind in kinds) or "discriminator" in str(schema):
        return None
    return _say(schema, known)


def _say(schema: dict[str, Any], known: dict[str, Any]) -> str:
    if "$ref" in schema:
        schema = known[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return _say(next(one for one in schema["anyOf"] if one != {"type": "null"}), known)
    if "enum" in schema and len(schema["enum"]) > _MANY:
        return "ids of findings"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    match schema.get("type"):
        case "boolean":
            return "`true` or `false`"
        case "integer" | "number":
            return ("whole number" if schema["type"] == "integer" else "number") + _bounds(schema)
        case "array":
            return f"list of: {_say(schema['items'], known)}"
        case "object":
            return "a table: name = value"
        case _:
            return "path" if schema.get("format") == "path" else "text"


def _bounds(schema: dict[str, Any]) -> str:
    words = (("minimum", "from"), ("exclusiveMinimum", "above"), ("maximum", "to"))
    told = [f"{word} {schema[key]:g}" for key, word in words if key in schema]
    return f", {' '.join(told)}" if told else ""


def words() -> dict[str, str]:
    """What the example says of each section and setting: the comment right above it, and the one beside it."""
    said: dict[str, str] = {}
    section, above = "", list[str]()
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if header := _HEADER.match(line):
            section = header[1]
            said.setdefault(section, " ".join(above))
            above = []
        elif setting := _SETTING.match(line):
            _, _, beside = setting[2].partition("  # ")
            told = " ".join([*above, beside.strip()]).strip()
            said.setdefault(f"{section}.{setting[1].strip(chr(34))}".removeprefix("."), told)
            above = []
        elif line.startswith("# ") and not line.startswith(("#   ", "# ---")):
            above.append(line[2:])
        else:
            above = []
    return {path: told.replace("|", "\\|").replace("<", "&lt;") for path, told in said.items()}


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
