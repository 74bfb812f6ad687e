"""What happens before anything is looked at: find out which orders to look at, by everything that can tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from connector.engine.archive import Archive
from connector.engine.cursors import is_first_contact, poll, wake_everything
from connector.engine.sweep import sweep
from connector.errors import ConfigError
from connector.model import Finding, FindingCode

if TYPE_CHECKING:
    from datetime import datetime

    from connector.engine.drain import Engine
    from connector.engine.ports import Watched
    from connector.engine.store import Store

CALIBRATE_EVERY = timedelta(hours=1)  # a zone may change its summer time, and an administrator the user's zone
TRY_AGAIN = timedelta(minutes=5)  # where no record was there to measure with
FORGET_EVERY = timedelta(days=1)
_FORGETTING = "forgetting"
_NOTHING = " nothing to measure with"
_SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Noticed:
    """What there is to look at: rows that are new, and orders woken by looking for differences."""

    changes: int
    woken: int


def notice(engine: Engine, now: datetime, *, full: bool = False, everything: bool = False) -> Noticed:
    """Wake the orders behind everything that changed. Wakes every open order when `full`, at first contact, and when the
    settings have changed; closed work orders' orders too when `everything`. Raises ConfigError, RemoteError, MemoryFailed."""
    store = engine.store
    for system in (engine.om, engine.fsm):
        calibrate(store, system, now)
    _tell_shortcoming(engine, now)
    woken = 0
    if full or is_first_contact(store, (engine.om, engine.fsm)) or not _same_settings(engine):
        woken = wake_everything(store, engine.om, engine.fsm, now, everything=everything)
        store.note_pass(_SETTINGS, now, engine.settings)
    changes = poll(store, engine.om, engine.fsm, now, overlap=engine.watch.overlap)
    woken += sweep(
        store,
        engine.om,
        engine.fsm,
        now,
        engine.watch.sweep_every,
        lambda system, counts: engine.sides.restored(system, counts, now),
    )
    forget(store, now, engine.keep)
    return Noticed(changes, woken)


def forget(store: Store, now: datetime, keep: timedelta) -> None:
    """Once a day, let go of orders that have been in the archive for as long as they are kept."""
    at, _ = store.last_passes().get(_FORGETTING, (None, ""))
    if at is None or not timedelta(0) <= now - at < FORGET_EVERY:
        forgotten = Archive(store.engine).forget(now - keep)
        store.note_pass(_FORGETTING, now, f"orders: {forgotten}")


def calibrate(store: Store, system: Watched, now: datetime) -> None:
    """Measure what an instance makes of our questions, if that was not done for these questions lately."""
    what, asked = f"calibration of {system.name}", " ".join(feed.fingerprint for feed in system.feeds)
    at, before = store.last_passes().get(what, (None, ""))
    patience = {asked: CALIBRATE_EVERY, f"{asked}{_NOTHING}": TRY_AGAIN}.get(before)
    if at is not None and patience is not None and timedelta(0) <= now - at < patience:
        return
    try:
        measured = system.calibrate()
    except ConfigError:
        store.forget_cursors()  # what they have missed is not known: once it is put right, everything is looked at
        raise
    store.note_pass(what, now, asked if measured else f"{asked}{_NOTHING}")


def _tell_shortcoming(engine: Engine, now: datetime) -> None:
    """What an instance lacks is a finding about no order."""
    cases = engine.outbox.cases
    text = cases.shortcoming if cases else ""
    findings = [Finding(FindingCode.MISSING_TABLE, engine.om.name, text)] if text else []
    if findings or engine.store.has_findings(""):
        engine.store.find("", engine.om.name, findings, now)


def _same_settings(engine: Engine) -> bool:
    _, before = engine.store.last_passes().get(_SETTINGS, (None, ""))
    return before == engine.settings
