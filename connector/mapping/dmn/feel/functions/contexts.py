"""Functions on contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.mapping.dmn.feel.functions.signature import built_in

if TYPE_CHECKING:
    from connector.mapping.dmn.feel.functions.signature import Signature


def entries(context: dict[str, Any]) -> list[Any]:
    return [{"key": key, "value": value} for key, value in context.items()]


def context_of(items: list[Any]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("key"), str) or "value" not in item:
            return None
        if item["key"] in found:
            return None
        found[item["key"]] = item["value"]
    return found


def put(context: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    return {**context, key: value}


def put_deep(context: dict[str, Any], keys: list[Any], value: Any) -> dict[str, Any] | None:
    if not keys or not isinstance(keys[0], str):
        return None
    if len(keys) == 1:
        return put(context, keys[0], value)
    inner = context.get(keys[0])
    if not isinstance(inner, dict):
        return None
    deeper = put_deep(inner, keys[1:], value)
    return None if deeper is None else put(context, keys[0], deeper)


def merged(contexts: list[Any]) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    for one in contexts:
        if not isinstance(one, dict):
            return None
        found |= one
    return found


CONTEXTS: tuple[Signature, ...] = (
    built_in("get value(m: context, key: string)", lambda context, key: context.get(key)),
    built_in("get value(context: context, key: string)", lambda context, key: context.get(key)),
    built_in("get entries(m: context)", entries),
    built_in("get entries(context: context)", entries),
    built_in("context(entries: list)", context_of),
    built_in("context put(context: context, key: string, value: any)", put),
    built_in("context put(context: context, keys: list, value: any)", put_deep),
    built_in("context merge(contexts: list)", merged),
)
