"""The daemon put together: its loop, the doctor's rounds beside it, and where it listens."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connector.app import REAL_WORLD, patient
from connector.daemon.pulse import Pulse
from connector.daemon.service import Service
from connector.engine.gauges import gauges
from connector.engine.hold import Side
from connector.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.app import Systems, World
    from connector.config import Loaded
    from connector.daemon.metrics import Traffic
    from connector.daemon.rounds import Rounds
    from connector.daemon.signature import Verifier
    from connector.engine.drain import Engine

_STUCK_AFTER = 300.0  # seconds without a sign of life, beyond the longest a request may take


def service(loaded: Loaded, engine: Engine, systems: Systems) -> Service:
    """The loop, not started yet."""
    daemon = loaded.settings.daemon
    return Service(
        engine,
        poll_seconds=daemon.poll_seconds,
        clock=lambda: datetime.now(UTC),
        pulse=Pulse(requests=lambda: systems.requests),
        rounds=rounds(loaded, engine, systems),
        rounds_seconds=daemon.doctor_seconds,
    )


def rounds(loaded: Loaded, engine: Engine, systems: Systems, world: World = REAL_WORLD) -> Rounds:
    """The doctor's rounds of a daemon, by the same clients: a user that was refused is not tried once more."""
    from connector.daemon.rounds import Round, Rounds
    from connector.doctor.check import Level, Suite
    from connector.doctor.registry import CHECKS
    from connector.doctor.run import examine, in_short

    def examine_now() -> Round:
        seen = examine(patient(loaded, engine.store.engine, world, systems), CHECKS, [Suite.FIRST])
        bad = [one for one in seen if one.level in (Level.FAILED, Level.WARNING)]
        return Round(in_short(seen), tuple(f"{one.id} {one.side}: {one.seen}. Fix: {one.fix}" for one in bad))

    return Rounds(examine_now, lambda summary: engine.store.note_pass("doctor", world.clock(), summary))


def patience(loaded: Loaded) -> float:
    """Seconds without a sign of life after which the loop is stuck: no request of it may take that long."""
    sides = (loaded.settings.om, loaded.settings.fsm)
    return _STUCK_AFTER + max(side.connect_timeout_seconds + side.read_timeout_seconds for side in sides)


@contextmanager
def listening(loaded: Loaded, service: Service, engine: Engine, systems: Systems) -> Iterator[str]:
    """Serve the pages and receive webhooks meanwhile, if the settings want it. Yields where, in words; empty when nowhere."""
    settings = loaded.settings.listens
    if settings is None:
        yield ""
        return
    try:
        from connector.daemon.metrics import Observatory, exposition
        from connector.daemon.pages import pages
        from connector.daemon.webhook import Receiver, application
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"Listening needs a package that is not installed: {error.name}.",
            hint="pip install 'om-fsm-connector[webhook]', or remove [http] and [webhook] from the configuration.",
        ) from error
    verifier = _verifier(loaded)
    seen = Observatory(lambda: gauges(engine.store.engine, datetime.now(UTC)), service.pulse, lambda: traffic(systems))
    app = application(
        verifier,
        service.wake,
        per_second=loaded.settings.webhook.messages_per_second if loaded.settings.webhook else 1.0,
        more=pages(
            alive=lambda: service.stuck(patience(loaded)),
            ready=service.unready,
            metrics=lambda: exposition(seen),
        ),
    )
    receiver = Receiver(app, settings.host, settings.port)
    receiver.start()
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{receiver.port}"
    try:
        yield f", listening on {address}" + (f", webhooks on {address}/webhook" if verifier else "")
    finally:
        receiver.stop()


def _verifier(loaded: Loaded) -> Verifier | None:
    from connector.daemon.signature import Verifier

    settings, secret = loaded.settings.webhook, loaded.secrets.get("webhook.secret")
    if settings is None or secret is None:
        return None
    try:
        return Verifier(secret.get_secret_value(), tolerance=settings.tolerance_seconds)
    except ValueError as error:
        raise ConfigError(f"The webhook secret cannot be used: {error}.") from error


def traffic(systems: Systems) -> dict[Side, Traffic]:
    """What passed between us and both instances."""
    from connector.daemon.metrics import Traffic

    return {
        side: Traffic(dict(api.traffic.outcomes), api.pace.limit, api.pace.pause)
        for side, api in ((Side.OM, systems.om_api), (Side.FSM, systems.fsm_api))
    }
