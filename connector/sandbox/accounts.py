"""Keeps who may sign in in step with the records of people: what an administrator changes over REST counts at once.

A password written over REST is stored and usable by nobody, as on the platform.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connector.sandbox.people import User, with_contained
from connector.sandbox.records import Rule

if TYPE_CHECKING:
    from connector.sandbox.instance import Instance
    from connector.sandbox.records import Change, Scene


def _person(scene: Scene, change: Change) -> None:
    """A user was added, changed or removed."""
    instance = cast("Instance", scene)
    login = (change.after or change.before)["user_name"]
    if change.operation == "delete":
        instance.users.pop(login, None)
        return
    if not login or login == instance.system.login:
        return
    known = instance.users.get(login)
    user = known if known and known.sys_id == change.sys_id else _stranger(instance, change)
    after = change.after
    second = instance.second_factor(login) if after["enable_multifactor_authn"] == "true" else ""
    if change.operation == "update" and change.changed("user_password"):
        user = replace(user, password="")
    instance.users[login] = replace(
        user,
        name=after["name"],
        zone=_zone(after["time_zone"], user.zone),
        web_service_only=after["web_service_access_only"] == "true",
        needs_reset=after["password_needs_reset"] == "true",  # noqa: S105
        date_format=after.get("date_format") or instance.default_formats[0],
        time_format=after.get("time_format") or instance.default_formats[1],
        active=after["active"] != "false",
        locked_out=after["locked_out"] == "true",
        mfa_secret=second,
    )


def _role(scene: Scene, change: Change) -> None:
    """A role was given or taken away."""
    instance = cast("Instance", scene)
    row = change.after or change.before
    user = next((user for user in instance.users.values() if user.sys_id == row["user"]), None)
    if user is None:
        return
    links = scene.store.find("sys_user_has_role", user=user.sys_id)
    roles = {role["sys_id"]: role["name"] for role in scene.store.find("sys_user_role")}
    given = [roles[link["role"]] for link in links if link["inherited"] != "true" and link["role"] in roles]
    instance.users[user.login] = replace(user, roles=with_contained(given, instance.contains))


def _stranger(instance: Instance, change: Change) -> User:
    after = change.after
    return User(after["user_name"], after["name"], change.sys_id, "", frozenset(), instance.default_zone)


def _zone(name: str, present: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else present
    except (ZoneInfoNotFoundError, ValueError):
        return present


ACCOUNTS = (
    Rule("Sign-in follows the user record", "sys_user", "after", _person),
    Rule("Sign-in follows the roles", "sys_user_has_role", "after", _role),
)
