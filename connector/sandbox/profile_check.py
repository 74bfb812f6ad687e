"""Finds the mistakes of a merged profile before anything is built from it, each as `key: sentence`. Pure.

It knows the shape of a profile and which names must exist; which switches there are, and their kinds, is in switches.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connector.sandbox.oauth.keys import public_key_mistake
from connector.sandbox.profile_states import missing_states
from connector.sandbox.schema import LABELED, SYSTEM_COLUMNS, kind_of
from connector.sandbox.switches import mistake_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.sandbox.profile import Tree

SIDES = ("om", "fsm")
TOP = {"name": str, "single": bool, "switches": dict, "platform": dict, "om": dict, "fsm": dict}
SIDE = {
    "tables": dict, "users": dict, "contains": dict, "access": list, "records": list, "catalog": dict, "properties": dict,
    "rename": dict, "imports": dict, "policies": list, "oauth_user": str, "jwt_keys": dict, "switches": dict,
}  # fmt: skip
TABLE = {
    "label": str,
    "extends": str,
    "display": str,
    "number": dict,
    "columns": dict,
    "choices": dict,
    "view": dict,
    "without": list,
}
USER = {
    "name": str, "password": str, "email": str, "roles": list, "time_zone": str, "date_format": str, "time_format": str,
    "locale": str, "domain": str, "web_service_access_only": bool, "password_needs_reset": bool,
    "enable_multifactor_authn": bool,
}  # fmt: skip
ACCESS = {
    "tables": list, "operations": list, "roles": list, "fields": list, "except": list, "where": str, "switch": str,
    "states": list, "parent_states": list,
}  # fmt: skip
OPERATIONS = ("read", "create", "write", "delete", "query_match", "query_range")
POLICY = {
    "name": str, "table": str, "operations": list, "when": dict, "mandatory": list, "abort": str, "set": dict,
    "touch_after": (int, float),
}  # fmt: skip
IMPORT = {"target": str, "fields": dict, "coalesce": str, "outcomes": list}
WORDS = {dict: "a table", list: "a list", str: "a text", bool: "true or false", (int, float): "a number"}


def shape_mistakes(tree: Tree) -> Iterator[tuple[str, str]]:
    """Key and sentence of what is of the wrong kind at the first two levels; where there are some, no more can be said."""
    yield from _shaped("", tree, TOP)
    for part in ("platform", *SIDES):
        yield from _shaped(part, tree.get(part, {}), SIDE)


def mistakes(tree: Tree, merged: dict[str, Tree], known: Tree) -> Iterator[tuple[str, str]]:
    """Key and sentence of each mistake below. `merged` has the whole content of each instance, `known` the switches there are."""
    told: set[str] = set()
    for name in SIDES:
        own = merged[name]
        tables = list(_tables(name, own.get("tables", {})))
        rest = () if tables else (*_states(name, own, tree), *_contents(name, own))
        for key, sentence in (*_switches(name, tree, known), *tables, *rest):
            common = f"{key.partition('.')[2]} {sentence}"
            if common not in told:  # what both instances have is told once
                yield key, sentence
            told.add(common)


def _shaped(key: str, entry: Any, shape: dict[str, Any], needed: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Unknown keys, values of another kind, missing keys."""
    if not isinstance(entry, dict):
        yield key, "is no table"
        return
    for name, value in entry.items():
        if name not in shape:
            yield _dotted(key, name), f"is no key here; there are {', '.join(sorted(shape))}"
        elif not isinstance(value, shape[name]):
            yield _dotted(key, name), f"must be {WORDS[shape[name]]}, not {value!r}"
    for name in needed:
        if name not in entry:
            yield key, f"has no {name}: {str(entry)[:80]}"


def _dotted(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _switches(name: str, tree: Tree, known: Tree) -> Iterator[tuple[str, str]]:
    for key, values in (("switches", tree.get("switches", {})), (f"{name}.switches", tree[name].get("switches", {}))):
        for switch, value in values.items():
            sentence = mistake_of(switch, value, known)
            if sentence:
                yield f"{key}.{switch}", sentence
    missing = sorted({*known} - {*tree.get("switches", {}), *tree[name].get("switches", {})})
    if missing:
        yield name, f'has no value for the switch {missing[0]}: a profile begins with extends = "default"'


# --- tables -------------------------------------------------------------------------------------------------------


def _tables(name: str, tables: Tree) -> Iterator[tuple[str, str]]:
    for table, raw in tables.items():
        key = f"{name}.tables.{table}"
        broken = list(_shaped(key, raw, TABLE, needed=("label",)))
        yield from broken
        if not broken:
            yield from _table(key, table, tables)


def _table(key: str, table: str, tables: Tree) -> Iterator[tuple[str, str]]:
    raw = tables[table]
    chain = _chain(table, tables)
    if chain[-1] not in tables or "extends" in tables[chain[-1]]:
        said = "itself" if chain[-1] in tables else f"the table {chain[-1]}, which does not exist"
        yield f"{key}.extends", f"leads to {said}"
        return
    for column, spec in raw.get("columns", {}).items():
        yield from _column(f"{key}.columns.{column}", spec, tables)
    columns = _columns(table, tables)
    for column, choices in raw.get("choices", {}).items():
        yield from _choices(f"{key}.choices.{column}", column in columns, choices)
    for column in raw.get("without", ()):
        if column not in columns:
            yield f"{key}.without", f"names {column!r}, which is no column of it"
    if raw.get("display", "sys_id") not in columns and "view" not in raw:
        yield f"{key}.display", f"names {raw['display']!r}, which is no column of it"
    for prefix, member in raw.get("view", {}).get("tables", {}).items():
        if member not in tables:
            yield f"{key}.view.tables.{prefix}", f"names {member!r}, which is no table of the instance"


def _column(key: str, spec: Any, tables: Tree) -> Iterator[tuple[str, str]]:
    match = LABELED.match(spec) if isinstance(spec, str) else None
    if match is None:
        yield key, f"{spec!r} is not 'type[:argument] [= default] [| Label]'"
    elif kind_of(match["type"]) is None:
        yield key, f"{match['type']!r} is no type of a column"
    elif match["type"] == "reference" and match["argument"] not in tables:
        yield key, f"refers to {match['argument']!r}, which is no table of the instance"


def _choices(key: str, exists: bool, choices: Any) -> Iterator[tuple[str, str]]:
    if not exists:
        yield key, "is for a column the table does not have"
    elif not isinstance(choices, dict):
        yield key, "is no table of role = [value, label]"
    else:
        for role, entry in choices.items():
            if not (isinstance(entry, list) and len(entry) == 2):
                yield f"{key}.{role}", f"must be [value, label], not {entry!r}"


def _chain(table: str, tables: Tree) -> list[str]:
    """The table and its ancestors, as far as they exist and do not come again."""
    chain = [table]
    while isinstance(tables.get(chain[-1]), dict) and "extends" in tables[chain[-1]]:
        chain.append(str(tables[chain[-1]]["extends"]))
        if chain[-1] in chain[:-1]:
            break
    return chain


def _columns(table: str, tables: Tree) -> set[str]:
    """Keys of all columns, inherited ones included."""
    own = {key for key, _, _ in SYSTEM_COLUMNS}
    return own.union(*(tables.get(ancestor, {}).get("columns", {}) for ancestor in _chain(table, tables)))


def _states(name: str, own: Tree, tree: Tree) -> Iterator[tuple[str, str]]:
    switches = {**tree.get("switches", {}), **tree[name].get("switches", {})}
    for table, column, state in missing_states(own.get("tables", {}), switches):
        yield f"{name}.tables.{table}.choices.{column}.{state}", "is missing: the rules bring records to this state"


# --- what refers to tables ----------------------------------------------------------------------------------------


def _contents(name: str, own: Tree) -> Iterator[tuple[str, str]]:
    tables = own.get("tables", {})
    yield from _people(name, own)
    for key_id, public_key in own.get("jwt_keys", {}).items():
        mistake = public_key_mistake(public_key)
        if mistake:
            yield f"{name}.jwt_keys.{key_id}", mistake
    for place, block in enumerate(own.get("records", [])):
        yield from _records(f"{name}.records[{place}]", block, tables)
    for place, entry in enumerate(own.get("access", [])):
        yield from _access(f"{name}.access[{place}]", entry, tables)
    for place, policy in enumerate(own.get("policies", [])):
        yield from _policy(f"{name}.policies[{place}]", policy, tables)
    for offering, parts in own.get("catalog", {}).items():
        yield from _catalog(f"{name}.catalog.{offering}", parts, tables)
    for path in own.get("rename", {}):
        table, _, column = path.partition(".")
        if table not in tables or column not in _columns(table, tables):
            yield f"{name}.rename", f"{path!r} is no 'table.column' of the instance"
    for staging, recipe in own.get("imports", {}).items():
        yield from _import(f"{name}.imports.{staging}", recipe, tables)


def _people(name: str, own: Tree) -> Iterator[tuple[str, str]]:
    for login, user in own.get("users", {}).items():
        key = f"{name}.users.{login}"
        yield from _shaped(key, user, USER, needed=("name",))
        yield from _zone(f"{key}.time_zone", user.get("time_zone") if isinstance(user, dict) else None)
    yield from _zone(f"{name}.properties", own.get("properties", {}).get("glide.sys.default.tz"))
    for role, contained in own.get("contains", {}).items():
        if not isinstance(contained, list):
            yield f"{name}.contains.{role}", f"must be a list of roles, not {contained!r}"
    if own.get("oauth_user") and own["oauth_user"] not in own.get("users", {}):
        yield f"{name}.oauth_user", f"{own['oauth_user']!r} is no user of the instance"


def _zone(key: str, zone: Any) -> Iterator[tuple[str, str]]:
    if not zone:
        return
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, TypeError, OSError):
        yield key, f"{zone!r} is no time zone"


def _records(key: str, block: Any, tables: Tree) -> Iterator[tuple[str, str]]:
    broken = list(_shaped(key, block, {"table": str, "rows": list}, needed=("table", "rows")))
    yield from broken
    if broken:
        return
    if block["table"] not in tables:
        yield f"{key}.table", f"{block['table']!r} is no table of the instance"
        return
    columns = {"id", *_columns(block["table"], tables)}
    for place, row in enumerate(block["rows"]):
        unknown = sorted(set(row) - columns) if isinstance(row, dict) else ["(no table)"]
        if unknown:
            yield f"{key}.rows[{place}]", f"{block['table']} has no column {', '.join(unknown)}"


def _access(key: str, entry: Any, tables: Tree) -> Iterator[tuple[str, str]]:
    broken = list(_shaped(key, entry, ACCESS, needed=("tables", "operations", "roles")))
    yield from broken
    if broken:
        return
    for operation in entry["operations"]:
        if operation not in OPERATIONS:
            yield f"{key}.operations", f"{operation!r} is none of {', '.join(OPERATIONS)}"
    for table in entry["tables"]:
        if table not in tables:
            yield f"{key}.tables", f"{table!r} is no table of the instance"


def _policy(key: str, policy: Any, tables: Tree) -> Iterator[tuple[str, str]]:
    broken = list(_shaped(key, policy, POLICY, needed=("name", "table")))
    yield from broken
    if broken:
        return
    if policy["table"] not in tables:
        yield f"{key}.table", f"{policy['table']!r} is no table of the instance"
        return
    if not {"mandatory", "abort", "set", "touch_after"} & set(policy):
        yield key, "does nothing: it needs mandatory, abort, set or touch_after"
    used = [*policy.get("when", {}), *policy.get("mandatory", ()), *policy.get("set", {})]
    unknown = sorted(set(used) - _columns(policy["table"], tables))
    if unknown:
        yield key, f"{policy['table']} has no column {', '.join(unknown)}"


def _catalog(key: str, offering: Any, tables: Tree) -> Iterator[tuple[str, str]]:
    """What an offering is decomposed into: a table per domain order."""
    if not isinstance(offering, dict):
        yield key, f"must be a table, not {offering!r}"
        return
    for part, order in offering.items():
        if not isinstance(order, dict) or order.get("class") not in tables:
            yield f"{key}.{part}", f"needs the class of a domain order, a table of the instance: {str(order)[:80]}"


def _import(key: str, recipe: Any, tables: Tree) -> Iterator[tuple[str, str]]:
    broken = list(_shaped(key, recipe, IMPORT, needed=("target", "fields")))
    yield from broken
    if broken:
        return
    if recipe["target"] not in tables:
        yield f"{key}.target", f"{recipe['target']!r} is no table of the instance"
        return
    elif recipe.get("coalesce", "sys_id") not in _columns(recipe["target"], tables):
        yield f"{key}.coalesce", f"{recipe['target']} has no column {recipe['coalesce']}"
