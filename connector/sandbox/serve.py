"""Opens the HTTPS doors of a world and describes them in DIR/sandbox.json; closes them again.

`serving` is for Python (a thread beside the caller), `run` for a command (until SIGTERM or SIGINT).
"""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.sandbox.control import ControlPlane
from connector.sandbox.doors.authority import Authority
from connector.sandbox.doors.authority import DoorsUnavailable as DoorsUnavailable
from connector.sandbox.doors.https import HttpsDoor
from connector.sandbox.profile import ProfileError as ProfileError
from connector.sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from connector.sandbox.people import User

TICK = 0.05  # seconds between looks for due jobs while doors are open


@dataclass(frozen=True)
class Served:
    """`info` is the content of sandbox.json."""

    info: dict[str, Any]
    directory: Path
    certify: Callable[[str, str], str]

    def client_certificate(self, name: str, login: str) -> Path:
        """A new file with a key and a certificate that signs this user in to the instance over HTTPS."""
        path = self.directory / f"{name}-{login}.pem"
        path.touch(mode=0o600)
        path.write_text(self.certify(name, login), encoding="utf-8")
        return path


@contextmanager
def serving(
    world: World, directory: Path, *, om_port: int = 0, fsm_port: int = 0, control_port: int = 0
) -> Iterator[Served]:
    """Doors open while the block runs; port 0 takes a free one."""
    doors = _Doors(world, directory, {"om": om_port, "fsm": fsm_port, "control": control_port})
    ready: threading.Event = threading.Event()
    failures: list[BaseException] = []

    def live() -> None:
        try:
            asyncio.run(doors.live(lambda _info: ready.set()))
        except BaseException as error:
            failures.append(error)
        finally:
            ready.set()

    addresses = {name: world.instance(name).base_url for name in ("om", "fsm")}
    thread = threading.Thread(target=live, name="sandbox-doors", daemon=True)
    thread.start()
    ready.wait()
    if failures:
        raise failures[0]
    try:
        yield Served(doors.info, directory, doors.certify)
    finally:
        doors.stop()
        thread.join()
        for name, address in addresses.items():
            world.instance(name).base_url = address


def run(
    directory: Path,
    profile: str = "default",
    om_port: int = 0,
    fsm_port: int = 0,
    control_port: int = 0,
    *,
    on_ready: Callable[[dict[str, Any]], None] | None = None,
    seed: int = 1,
) -> None:
    """Serve a real-time world until SIGTERM or SIGINT. `on_ready` is called once with the content of sandbox.json."""
    world = World.create(profile=profile, clock="real", seed=seed)
    doors = _Doors(world, directory, {"om": om_port, "fsm": fsm_port, "control": control_port})

    async def live() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, doors.stop)
        await doors.live(on_ready or (lambda _info: None))

    try:
        asyncio.run(live())
    finally:
        world.close()


class _Doors:
    def __init__(self, world: World, directory: Path, ports: dict[str, int]) -> None:
        self._world = world
        self._directory = directory
        self._ports = ports
        self._token = secrets.token_hex(24)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self.info: dict[str, Any] = {}
        self._authority: Authority | None = None

    async def live(self, on_ready: Callable[[dict[str, Any]], None]) -> None:
        """Open, tell, tick until stopped, close."""
        self._directory.mkdir(parents=True, exist_ok=True)
        ca_file = self._directory.resolve() / "sandbox-ca.pem"
        self._authority = Authority(ca_file)
        context = self._authority.door_context(ask_clients=True)
        control = ControlPlane(self._world, self._token, self.certify)
        doors = {
            "om": HttpsDoor(lambda request: self._world.handle("om", request), context, partial(self._lifetime, "om")),
            "fsm": HttpsDoor(
                lambda request: self._world.handle("fsm", request), context, partial(self._lifetime, "fsm")
            ),
            "control": HttpsDoor(control.handle, self._authority.door_context()),
            "om_http": HttpsDoor(
                lambda request: self._world.handle("om", request), None, partial(self._lifetime, "om")
            ),
            "fsm_http": HttpsDoor(
                lambda request: self._world.handle("fsm", request), None, partial(self._lifetime, "fsm")
            ),
        }
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        try:
            for name, door in doors.items():
                if not (name.startswith("fsm") and self._world.profile.single):
                    await door.open(self._ports.get(name, 0))
            self._describe(doors, ca_file)
            on_ready(self.info)
            while not self._stopped.is_set():
                try:
                    self._world.run_due()
                except Exception as error:
                    self._world.defects.append(f"{type(error).__name__}: {error}")
                await _pause(self._stopped)
        finally:
            for door in doors.values():
                await door.close()

    def certify(self, name: str, login: str) -> str:
        """A key and a certificate (PEM) that sign this user in. Raises Refused."""
        assert self._authority is not None
        pem, print_of_it = self._authority.client_certificate(login)
        self._world.map_certificate(name, print_of_it, login)
        return pem

    def _lifetime(self, name: str) -> float:
        return float(self._world.instance(name).switches["connection_seconds"])

    def stop(self) -> None:
        """May be called from any thread."""
        if self._loop is not None and self._stopped is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopped.set)

    def _describe(self, doors: dict[str, HttpsDoor], ca_file: Path) -> None:
        urls = {name: f"https://localhost:{door.port}" for name, door in doors.items()}
        if self._world.profile.single:
            urls["fsm"], doors["fsm_http"] = urls["om"], doors["om_http"]
        self.info = {"ca_file": str(ca_file), "control": {"url": urls["control"], "token": self._token}}
        for name in ("om", "fsm"):
            instance = self._world.instance(name)
            instance.base_url = urls[name]
            users = {login: _described(user) for login, user in instance.users.items()}
            plain = f"http://localhost:{doors[f'{name}_http'].port}"
            self.info[name] = {
                "url": urls[name],
                "http_url": plain,
                "users": users,
                "oauth": dict(instance.oauth_client),
            }
        path = self._directory / "sandbox.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps(self.info, indent=2) + "\n", encoding="utf-8")


async def _pause(stopped: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stopped.wait(), TICK)
    except TimeoutError:
        return


def _described(user: User) -> dict[str, Any]:
    """What somebody needs to sign in as this user, whichever way."""
    described = {
        "password": user.password,
        "name": user.name,
        "api_key": user.api_key,
        "hmac": {"key_id": user.hmac_key_id, "secret": user.hmac_secret},
    }
    return {**described, "mfa_secret": user.mfa_secret} if user.mfa_secret else described
