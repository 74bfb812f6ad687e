"""One ServiceNow-like instance: its tables, records, people, rules, clock, and what requests need to be answered.

It puts the parts together and loads the demo data. How requests are answered is in rest/, what people do in moves/.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from connector.sandbox.accounts import ACCOUNTS
from connector.sandbox.home import Home
from connector.sandbox.lookups import LOOKUPS
from connector.sandbox.oauth.keys import Keys
from connector.sandbox.oauth.tokens import Tokens
from connector.sandbox.people import ADMIN, Access, User, read_grants, with_contained
from connector.sandbox.profile import InstanceProfile, ProfileError, Tree
from connector.sandbox.rate_limits import RateLimits
from connector.sandbox.records import Records
from connector.sandbox.replica import Replica
from connector.sandbox.rules import ALL_RULES
from connector.sandbox.rules.declared import declared_rules
from connector.sandbox.rules.settings import follow
from connector.sandbox.schema import Column, Kind, Schema, Table
from connector.sandbox.scripts import Reader
from connector.sandbox.sessions import Sessions
from connector.sandbox.store import DuplicateKey, Row, Store

if TYPE_CHECKING:
    from connector.sandbox.clock import Clock
    from connector.sandbox.messages import Request, Response

KEPT_IMAGES = 8
# Freshly loaded databases with the profile they came from, so that the next equal world is quick.
IMAGES: dict[tuple[int, int, str], tuple[InstanceProfile, Schema, bytes]] = {}
Scheduler = Callable[[float, Callable[[], None]], None]


class Instance:
    """`later` runs work after some seconds of this world's time."""

    def __init__(self, profile: InstanceProfile, *, clock: Clock, seed: int, later: Scheduler) -> None:
        self.name = profile.name
        self.base_url = f"https://{profile.name}.sandbox.test"
        self.clock = clock
        self.switches: dict[str, Any] = dict(profile.switches)
        self.catalog = profile.catalog
        self.shelf: dict[str, Any] = {}
        self.later = later
        self._seed = seed
        self.noise = Random(f"{seed}/{profile.name}/noise")  # noqa: S311
        image_key = (id(profile), seed, clock.stamp())
        _, self.schema, image = IMAGES.get(image_key) or (profile, Schema(profile), None)
        self.store = Store(self.schema, image)
        self.home = Home(self.store, self.schema)
        self.access = Access(read_grants(profile.access, self.schema), self.switches)
        self.default_zone = ZoneInfo(profile.properties.get("glide.sys.default.tz", "GMT"))
        self.default_formats = tuple(
            profile.properties.get(f"glide.sys.{part}_format", "") for part in ("date", "time")
        )
        self.system = User("system", "System", self.known_id("user/system"), "", frozenset({ADMIN}), ZoneInfo("GMT"))
        self.contains = profile.contains
        self.users = {login: self._user(login, entry) for login, entry in profile.users.items()}
        self.tokens = Tokens(self.clock, self.noise)
        self.keys = Keys(self.clock, self.known_id("token key"))
        self.jwt_keys: dict[str, str] = dict(profile.jwt_keys)  # key id -> public key (PEM) that signs assertions
        self.certificates: dict[str, str] = {}  # fingerprint of a client's certificate -> login
        self.failures: dict[str, int] = {}  # login -> wrong passwords since the last right one
        self.rate_limits = RateLimits(self.clock)
        self.sessions = Sessions(self.clock, self.noise)
        self.files: dict[str, bytes] = {}  # attachment sys_id -> content
        self.imports = profile.imports
        self.projections: dict[
            tuple[User, str, str], list[tuple[str, list[tuple[Table, Column]]]]
        ] = {}  # the last asked
        self.replica: Replica | None = None
        self.on_read: list[Callable[[], None]] = []  # told after each answered GET
        self.part_door: Callable[[Request, Callable[[], Response]], Response] = lambda _request, honest: honest()
        self.oauth_user = profile.oauth_user
        self.oauth_client = {
            "client_id": self._secret("client", 32),
            "client_secret": self._secret("client secret", 24),
        }
        if image is None:
            self._load_fresh(profile, image_key)
        rules = (*ALL_RULES, *declared_rules(profile.policies), *LOOKUPS, *ACCOUNTS)
        self.records = Records(self, rules, Random(f"{seed}/{profile.name}"))  # noqa: S311
        self._count_numbers()

    def follow(self, lag: float) -> bool:
        """Keep a replica that is `lag` seconds late from now on; true, for the convenience of the caller."""
        if self.replica is None:
            self.replica = Replica(self.schema, self.store, self.later, lag)
            self.records.followers.append(self.replica.hear)
        self.replica.lag = lag
        return True

    def known_id(self, symbol: str) -> str:
        """The sys_id of a thing named in the profile: the same for the same seed, different on each instance."""
        return sha256(f"{self._seed}/{self.name}/{symbol}".encode()).hexdigest()[:32]

    def user(self, login: str) -> User | None:
        return self.system if login == self.system.login else self.users.get(login)

    def full_name(self, login: str) -> str:
        user = self.user(login)
        return user.name if user else login

    def count_failure(self, user: User) -> None:
        """A wrong password; after so many in a row the user is locked out, where the instance does that."""
        self.failures[user.login] = self.failures.get(user.login, 0) + 1
        if 0 < int(self.switches["lockout_after"]) <= self.failures[user.login]:
            self.users[user.login] = replace(user, locked_out=True)
            self.records.update("sys_user", user.sys_id, {"locked_out": "true"}, self.system)

    def reader(self, user: User) -> Reader:
        return Reader(sys_id=user.sys_id, login=user.login, zone=user.zone, now=self.clock.now(), home=self.home)

    # --- loading --------------------------------------------------------------------------------------------------

    def _secret(self, what: str, length: int) -> str:
        return sha256(f"{self._seed}/{self.name}/{what}/secret".encode()).hexdigest()[:length]

    def _user(self, login: str, entry: Tree) -> User:
        zone = entry.get("time_zone")
        return User(
            login=login,
            name=entry["name"],
            sys_id=self.known_id(f"user/{login}"),
            password=entry.get("password") or self._secret(login, 16),
            roles=with_contained(entry.get("roles", ()), self.contains),
            zone=ZoneInfo(zone) if zone else self.default_zone,
            web_service_only=bool(entry.get("web_service_access_only")),
            api_key=self._secret(f"{login} key", 32),
            hmac_key_id=self._secret(f"{login} hmac id", 32),
            hmac_secret=self._secret(f"{login} hmac", 36),
            mfa_secret=self.second_factor(login) if entry.get("enable_multifactor_authn") else "",
            needs_reset=bool(entry.get("password_needs_reset")),
            domain=entry.get("domain", "global"),
            date_format=entry.get("date_format") or self.default_formats[0],
            time_format=entry.get("time_format") or self.default_formats[1],
            locale=entry.get("locale", "en.US"),
        )

    def second_factor(self, login: str) -> str:
        """The base32 secret this user's authenticator app would have."""
        return base64.b32encode(self._secret(f"{login} second factor", 20).encode()).decode()

    def _load_fresh(self, profile: InstanceProfile, image_key: tuple[int, int, str]) -> None:
        """Load people, dictionary and demo data, and keep an image for the next equal instance."""
        self.records = Records(self, (), Random(f"{self._seed}/{profile.name}/load"))  # noqa: S311
        with self.store.transaction():
            self._load(profile)
        if len(IMAGES) >= KEPT_IMAGES:
            del IMAGES[next(iter(IMAGES))]
        IMAGES[image_key] = (profile, self.schema, self.store.image())

    def _load(self, profile: InstanceProfile) -> None:
        self._load_people(profile)
        self._load_dictionary(profile)
        for name, value in profile.properties.items():
            self._put("sys_properties", {"sys_id": self.known_id(f"property/{name}"), "name": name, "value": value})
        for block in profile.records:
            for row in block["rows"]:
                try:
                    self._put(block["table"], self._resolved(block["table"], row))
                except (ValueError, TypeError, AttributeError, DuplicateKey) as error:
                    raise ProfileError(f"{self.name}.records of {block['table']}: {row}: {error}") from error
        follow(self, self.switches)

    def _put(self, table: str, row: Row) -> None:
        if table in self.schema.tables:
            self.records.insert(table, row, self.system)

    def _resolved(self, table_name: str, raw: dict[str, Any]) -> Row:
        row: Row = {}
        table = self.schema.tables.get(table_name)
        if table is None:
            raise ProfileError(f"the profile has records for {table_name}, which is no table of {self.name}")
        for key, value in raw.items():
            if key == "id":
                row["sys_id"] = self.known_id(value)
            elif isinstance(value, str) and value.startswith("@"):
                row[key] = self.known_id(value[1:])
            elif key in table.columns and table.columns[key].choices:
                row[key] = next((c.value for c in table.columns[key].choices if c.role == value), str(value))
            else:
                row[key] = str(value)
        return row

    def _load_people(self, profile: InstanceProfile) -> None:
        everyone = {**self.users, "system": self.system}
        known = {role for outer, inner in profile.contains.items() for role in (outer, *inner)}
        roles = sorted(known.union(*(user.roles for user in everyone.values())))
        for role in roles:
            self._put("sys_user_role", {"sys_id": self.known_id(f"role/{role}"), "name": role})
        for outer, inner in profile.contains.items():
            for role in inner:
                row = {"role": self.known_id(f"role/{outer}"), "contains": self.known_id(f"role/{role}")}
                self._put("sys_user_role_contains", row)
        for login, user in everyone.items():
            first, _, last = user.name.partition(" ")
            row = {
                "sys_id": user.sys_id, "user_name": login, "name": user.name, "first_name": first, "last_name": last,
                "email": profile.users.get(login, {}).get("email", ""), "time_zone": user.zone.key,
                "date_format": user.date_format, "time_format": user.time_format,
                "user_password": user.password, "web_service_access_only": "true" if user.web_service_only else "false",
                "password_needs_reset": "true" if user.needs_reset else "false",
                "enable_multifactor_authn": "true" if user.mfa_secret else "false",
            }  # fmt: skip
            self._put("sys_user", row)
            for role in sorted(user.roles):
                given = role in profile.users.get(login, {}).get("roles", (ADMIN,))
                has = {"user": user.sys_id, "role": self.known_id(f"role/{role}")}
                self._put("sys_user_has_role", {**has, "inherited": "false" if given else "true"})

    def _load_dictionary(self, profile: InstanceProfile) -> None:
        for table in self.schema.tables.values():
            parent = self.known_id(f"table/{table.parent.name}") if table.parent else ""
            row = {"sys_id": self.known_id(f"table/{table.name}"), "name": table.name, "label": table.label}
            extendable = "true" if table.children else "false"
            self._put("sys_db_object", {**row, "super_class": parent, "is_extendable": extendable})
            self._load_columns(table, profile)

    def _load_columns(self, table: Table, profile: InstanceProfile) -> None:
        raw = profile.tables[table.name]
        inherited = table.parent.columns if table.parent else {}
        self._put("sys_dictionary", {"name": table.name, "internal_type": "collection", "column_label": table.label})
        for key, column in table.columns.items():
            if key not in table.without and (key not in inherited or key in raw.get("columns", {})):
                row = {
                    "name": table.name, "element": column.name, "column_label": column.label,
                    "internal_type": column.kind.value, "reference": column.reference,
                    "max_length": str(column.max_length), "default_value": column.default,
                    "choice": "1" if column.choices else "0",
                    "read_only": "true" if key.startswith("sys_") else "false",
                }  # fmt: skip
                self._put("sys_dictionary", row)
            if column.choice_table == table.name:
                for sequence, choice in enumerate(column.choices):
                    row = {"name": table.name, "element": column.name, "value": choice.value, "label": choice.label}
                    self._put("sys_choice", {**row, "sequence": str(sequence)})

    def _count_numbers(self) -> None:
        for table in self.schema.tables.values():
            if table.prefix and "number" in table.columns and table.columns["number"].kind is Kind.STRING:
                for row in self.store.find(table.name):
                    self.records.seed_number(table.prefix, row["number"])
