"""Who the connector is on each instance, and whether it will stay so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.doctor.check import Check, Seen, Suite, failed, fine, unknown, warning
from connector.doctor.roles import NEEDED, TOO_MUCH
from connector.errors import SignInFailed
from connector.servicenow.oauth import Bearer
from connector.sign_in import Basic

if TYPE_CHECKING:
    from connector.doctor.patient import SideView

_SHORTEST_LIFE = 300.0  # seconds of a token
_RESTRICTION = "glide.authenticate.basic_auth.restriction"


def _accepted(side: SideView) -> Seen:
    if isinstance(side.failure, SignInFailed):
        fix = (
            f"Correct the user or the secret; a daemon that holds the side goes on after `om-fsm release {side.name}`."
        )
        return failed(f"{side.failure} {side.failure.hint} It was sent once, and nothing else was asked.", fix)
    return fine("signed in") if side.failure is None else unknown("the instance does not answer")


def _user(side: SideView) -> Seen:
    if not side.me:
        return unknown("the instance does not tell who the connector is (sys_user, gs.getUserID())")
    name = side.me.get("user_name", "")
    said = getattr(side.instance.way_in, "username", "")
    if said and name and said != name:
        return failed(f"signed in as {name!r}, the configuration says {said!r}")
    return fine(f"signed in as {name!r}")


def _active(side: SideView) -> Seen:
    if not side.me:
        return unknown("the user's record cannot be read")
    wrong = [
        words
        for column, value, words in (
            ("active", "false", "inactive"),
            ("locked_out", "true", "locked out"),
            ("password_needs_reset", "true", "in need of a new password"),
        )
        if side.me.get(column) == value
    ]
    return failed(f"the user is {', '.join(wrong)}") if wrong else fine("the user is active")


def _second_factor(side: SideView) -> Seen:
    if not side.me:
        return unknown("the user's record cannot be read")
    if side.me.get("enable_multifactor_authn") == "true":
        return failed("the user has to give a second factor")
    return fine("no second factor is asked for")


def _roles(side: SideView) -> Seen:
    if not side.roles:
        return unknown("its roles cannot be read (sys_user_has_role)")
    lacking = [f"{one.role} ({one.need})" for one in NEEDED if one.side == side.name and not one.is_met(side.roles)]
    if lacking and "admin" not in side.roles:
        return warning(f"it does not have {'; '.join(lacking)}")
    return fine(f"it has {len(side.roles)} roles, those to start from among them")


def _least(side: SideView) -> Seen:
    if not side.roles:
        return unknown("its roles cannot be read (sys_user_has_role)")
    more = sorted(side.roles & TOO_MUCH)
    return (
        warning(f"it may do more than it needs: {', '.join(more)}") if more else fine("it has no role it does not need")
    )


def _token_life(side: SideView) -> Seen:
    credentials = side.api.endpoint.credentials
    if not isinstance(credentials, Bearer):
        return fine("it does not sign in by tokens")
    life = credentials.life
    if life is None:
        return unknown("the token does not say how long it lives")
    if life < _SHORTEST_LIFE:
        return warning(f"a token lives {life:.0f} seconds, so a new one is fetched all the time")
    return fine(f"the token lives {life / 60:.0f} minutes")


def _basic_gate(side: SideView) -> Seen:
    if not isinstance(side.instance.way_in, Basic):
        return fine("it does not sign in by password")
    if side.property(f"{_RESTRICTION}.active") != "true":
        return fine("passwords are not restricted, as far as the properties can be read")
    since = side.property(f"{_RESTRICTION}.enforcement_date")
    exempt = "snc_basic_auth_api_access" in side.roles or side.me.get("web_service_access_only") == "true"
    when = f" from {since}" if since else ""
    if exempt:
        return fine(f"passwords are restricted{when}, and this user is exempt")
    return warning(f"passwords are restricted{when}, and this user is not known to be exempt")


_SOME = (Suite.FIRST, Suite.POST_CLONE)

CHECKS = (
    Check(
        "sign_in.accepted",
        "The user is accepted",
        "Without it nothing is carried across; a refused password may lock the account.",
        "Correct the user or the secret; a daemon that holds the side goes on after `om-fsm release om` (or `fsm`).",
        of_side=_accepted,
        offline=True,
    ),
    Check(
        "sign_in.user",
        "It is the user that was meant",
        "Notes and work orders carry this user's name.",
        "Correct the OAuth Application User, the mapping of the certificate, or the configuration.",
        _SOME,
        of_side=_user,
    ),
    Check(
        "sign_in.active",
        "The user is active, not locked out, its password is current",
        "A token may outlive its user for a while, then everything stops.",
        "Activate or unlock the user on the instance.",
        _SOME,
        of_side=_active,
    ),
    Check(
        "sign_in.second_factor",
        "No second factor is asked for",
        "The connector cannot give one.",
        "Exempt the user, or sign in by OAuth client credentials.",
        _SOME,
        of_side=_second_factor,
    ),
    Check(
        "sign_in.roles",
        "The roles to start from are there",
        "A right that is missing shows only when the write it is for is refused.",
        "Ask an administrator for them; `om-fsm init` lists them by table.",
        of_side=_roles,
    ),
    Check(
        "sign_in.least",
        "It may not do more than it needs",
        "An integration user that may do everything is a risk, and approvals are not its business.",
        "Take these roles away.",
        _SOME,
        of_side=_least,
    ),
    Check(
        "sign_in.token_life",
        "Tokens live long enough",
        "Each new token is a request, and a chance to be refused.",
        "Raise the access token lifespan in the Application Registry (1,800 seconds is the default).",
        (Suite.FIRST, Suite.PERFORMANCE),
        of_side=_token_life,
    ),
    Check(
        "sign_in.basic_gate",
        "Basic authentication will not be shut",
        "Since 2026 an instance may refuse passwords from a day on; the connector would stop that day.",
        'Sign in by OAuth: kind = "oauth_client_credentials". Or give the user the role snc_basic_auth_api_access.',
        (Suite.FIRST, Suite.POST_UPGRADE),
        of_side=_basic_gate,
    ),
)
