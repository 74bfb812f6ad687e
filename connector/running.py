"""The daemon put together: its loop, the doctor's rounds beside it, where it listens; put together anew when it is reloaded."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from connector.app import REAL_WORLD, build_anew, patient
from connector.config import load
from connector.daemon.pulse import Pulse
from connector.daemon.service import Service
from connector.engine.gauges import gauges
from connector.engine.hold import Side
from connector.errors import ConfigError, MemoryFailed
from connector.fixed import changed, require_fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from connector.app import Systems, World
    from connector.config import Loaded
    from connector.daemon.metrics import Traffic
    from connector.daemon.rounds import Rounds
    from connector.daemon.systemd import Systemd
    from connector.daemon.webhook import Door
    from connector.engine.drain import Engine

_STUCK_AFTER = 300.0  # seconds without a sign of life, beyond the longest a request may take
_log = structlog.get_logger("om-fsm")


@dataclass(frozen=True, slots=True)
class Reloads:
    """How the last reload ended, and when the configuration in use was taken over."""

    successful: bool
    at: datetime


class Running:
    """One daemon with the configuration it works by now."""

    def __init__(
        self,
        loaded: Loaded,
        engine: Engine,
        systems: Systems,
        world: World = REAL_WORLD,
        *,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.loaded = loaded
        self.reloads = Reloads(successful=True, at=world.clock())
        self._world = world
        self._engine = engine
        self._systems = systems
        self._reloading = threading.Lock()
        self._door: Door | None = None
        daemon = loaded.settings.daemon
        self.service = Service(
            engine,
            poll_seconds=daemon.poll_seconds,
            clock=world.clock,
            pulse=Pulse(ticks=ticks, requests=lambda: self._systems.requests),
            rounds=self._rounds(loaded, engine, systems),
            rounds_seconds=daemon.doctor_seconds,
        )

    # --- from start to stop --------------------------------------------------------------------------------

    def run(self, say: Callable[[str], object], systemd: Systemd) -> bool:
        """Run until SIGTERM or SIGINT, and `say` where once it does. True when everything under way was finished."""
        over = threading.Event()

        def ready(where: str) -> None:
            say(f"om-fsm is running{where}.")
            systemd.ready(f"running{where}")
            systemd.watch(lambda: not self.stuck, over)

        def reload() -> None:
            with systemd.reloading():
                self.reload()

        with self.listening() as where:
            try:
                return self.service.run(
                    ready=lambda: ready(where), reload=reload, stopping=lambda: systemd.tell(STOPPING=1)
                )
            finally:
                over.set()

    # --- reload --------------------------------------------------------------------------------------------

    def reload(self) -> str:
        """Read configuration, secrets, profile and policies again and go on with them from the next turn, or change nothing.

        Returns what changed, in words. Raises ConfigError.
        """
        with self._reloading:
            try:
                said = self._reload()
            except ConfigError as error:
                self.reloads = replace(self.reloads, successful=False)
                why = " ".join([str(error), *error.problems[:3]])
                _log.error("reload refused", error=str(error), problems="; ".join(error.problems), hint=error.hint)
                self._note(f"refused, the old configuration stays: {why}")
                raise
            self.reloads = Reloads(successful=True, at=self._world.clock())
            _log.info("reloaded", changed=said)
            self._note(said)
            return said

    def _note(self, text: str) -> None:
        """For `om-fsm status`. A full disk makes no reload fail; whoever asks whether the daemon is ready hears of it."""
        with suppress(MemoryFailed):
            self._engine.store.note_pass("reload", self._world.clock(), text)

    def _reload(self) -> str:
        before, loaded = self.loaded, load(self.loaded.path)
        require_fixed(before, loaded)
        change = _door_of(loaded) if self._door else None
        engine, systems = build_anew(loaded, before, self._engine, self._systems, self._world)
        rounds = self._rounds(loaded, engine, systems)
        # Everything that can be refused was; from here on nothing fails.
        self.loaded, self._engine, self._systems = loaded, engine, systems
        if self._door is not None and change is not None:
            self._door.become(change)
        daemon = loaded.settings.daemon
        if daemon.log_format != before.settings.daemon.log_format:
            from connector.daemon.logs import configure

            configure(daemon.log_format)
        self.service.take_over(
            engine, poll_seconds=daemon.poll_seconds, rounds=rounds, rounds_seconds=daemon.doctor_seconds
        )
        return changed(before, loaded)

    def _rounds(self, loaded: Loaded, engine: Engine, systems: Systems) -> Rounds:
        """The doctor's rounds, by the same clients: a user that was refused is not tried once more."""
        from connector.daemon.rounds import Round, Rounds
        from connector.doctor.check import Level, Suite
        from connector.doctor.registry import CHECKS
        from connector.doctor.run import examine, in_short

        world = self._world

        def examine_now() -> Round:
            seen = examine(patient(loaded, engine.store.engine, world, systems), CHECKS, [Suite.FIRST])
            bad = [one for one in seen if one.level in (Level.FAILED, Level.WARNING)]
            return Round(in_short(seen), tuple(f"{one.id} {one.side}: {one.seen}. Fix: {one.fix}" for one in bad))

        return Rounds(examine_now, lambda summary: engine.store.note_pass("doctor", world.clock(), summary))

    # --- what others ask -----------------------------------------------------------------------------------

    @property
    def patience(self) -> float:
        """Seconds without a sign of life after which the loop is stuck: no request of it may take that long."""
        sides = (self.loaded.settings.om, self.loaded.settings.fsm)
        return _STUCK_AFTER + max(side.connect_timeout_seconds + side.read_timeout_seconds for side in sides)

    @property
    def stuck(self) -> str:
        """What is wrong with the loop; nothing while it turns."""
        return self.service.stuck(self.patience)

    def metrics(self) -> bytes:
        """The page for Prometheus."""
        from connector.daemon.metrics import Observatory, exposition

        database, clock = self._engine.store.engine, self._world.clock
        return exposition(
            Observatory(
                memory=lambda: gauges(database, clock()),
                pulse=self.service.pulse,
                names={Side.OM: self.loaded.settings.om.name, Side.FSM: self.loaded.settings.fsm.name},
                traffic=traffic(self._systems),
                reload_successful=self.reloads.successful,
                reloaded_at=self.reloads.at,
            )
        )

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Serve the pages and receive webhooks meanwhile, if the settings want it. Yields where, in words; empty when nowhere."""
        settings = self.loaded.settings.listens
        if settings is None:
            yield ""
            return
        try:
            from connector.daemon.pages import pages
            from connector.daemon.webhook import Receiver, application
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"Listening needs a package that is not installed: {error.name}.",
                hint="pip install 'om-fsm-connector[webhook]', or remove [http] and [webhook] from the configuration.",
            ) from error
        self._door = _door_of(self.loaded)
        shown = pages(alive=lambda: self.stuck, ready=self.service.unready, metrics=self.metrics, reload=self.reload)
        receiver = Receiver(application(self._door, self.service.wake, more=shown), settings.host, settings.port)
        receiver.start()
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        address = f"http://{host}:{receiver.port}"
        try:
            yield f", listening on {address}" + (f", webhooks on {address}/webhook" if self._door.verifier else "")
        finally:
            receiver.stop()


def _door_of(loaded: Loaded) -> Door:
    """Whose messages are taken, and how many; nobody's without a secret."""
    from connector.daemon.signature import Verifier
    from connector.daemon.webhook import Door

    settings, secret = loaded.settings.webhook, loaded.secrets.get("webhook.secret")
    if settings is None or secret is None:
        return Door(None)
    try:
        verifier = Verifier(secret.get_secret_value(), tolerance=settings.tolerance_seconds)
    except ValueError as error:
        raise ConfigError(f"The webhook secret cannot be used: {error}.") from error
    return Door(verifier, per_second=settings.messages_per_second)


def traffic(systems: Systems) -> dict[Side, Traffic]:
    """What passed between us and both instances."""
    from connector.daemon.metrics import Traffic

    return {
        side: Traffic(dict(api.traffic.outcomes), api.pace.limit, api.pace.pause)
        for side, api in ((Side.OM, systems.om_api), (Side.FSM, systems.fsm_api))
    }
