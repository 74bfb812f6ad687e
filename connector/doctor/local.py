"""The connector itself: its profile, memory, disk, what waits, what is held, the gate and webhooks."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from connector.discover.drift import drift
from connector.doctor.check import EVERYWHERE, Check, Seen, Suite, failed, fine, warning
from connector.model import FindingCode
from connector.profile import PROFILE_FILE
from connector.unsettled import unsettled

if TYPE_CHECKING:
    from connector.doctor.patient import Patient

_DISK_FULL, _DISK_LOW = 50_000_000, 500_000_000  # bytes
_QUIET = timedelta(days=1)  # without a webhook
_LATE = timedelta(minutes=30)


def _settled(patient: Patient) -> Seen:
    profile = patient.loaded.profile
    if missing := patient.loaded.unwritten_profile:
        return failed(f"the configuration names {missing}, and there is none", "Run `om-fsm discover`: it writes it.")
    if profile is None:
        beside = patient.loaded.resolve(Path(PROFILE_FILE))
        if beside.exists():
            return warning(f"{beside} is there, but the configuration does not name it: ServiceNow's own names count")
        return fine("the configuration names no profile; ServiceNow's own names count")
    points = list(unsettled(patient.settings, profile))
    return failed("; ".join(points)) if points else fine("the profile is settled")


def _drift(patient: Patient) -> Seen:
    profile = patient.loaded.profile
    if profile is None:
        return fine("there is no profile to compare with")
    changes = drift(profile, patient.discover())
    shown = "; ".join(changes[:5]) + (f"; and {len(changes) - 5} more" if len(changes) > 5 else "")
    return (
        warning(f"changed since the profile was written: {shown}")
        if changes
        else fine("nothing has changed since the profile")
    )


def _release(patient: Patient) -> Seen:
    profile = patient.loaded.profile
    if profile is None:
        return fine("there is no profile to compare with")
    fact = "property glide.buildtag"
    changed = [
        f"{name} was {before} and is {now}"
        for name, side, said in (("om", patient.om, profile.om), ("fsm", patient.fsm, profile.fsm))
        if (before := said.facts.get(fact)) and (now := side.evidence.facts.get(fact)) and before != now
    ]
    return (
        warning(f"upgraded since the profile was written: {', '.join(changed)}")
        if changed
        else fine("the same release as then")
    )


def _memory(patient: Patient) -> Seen:
    if patient.overview is None:
        return fine("there is no memory yet; the first pass makes it")
    return fine("memory can be read and is of this version")


def _rights(patient: Patient) -> Seen:
    path = patient.loaded.resolve(patient.settings.memory.path)
    if not path.exists():
        return fine("there is no memory yet")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return warning(f"{path} can be read by others")
    return fine("memory is for its owner alone")


def _disk(patient: Patient) -> Seen:
    free = patient.free_bytes()
    text = f"{free / 1e9:.1f} GB are free where memory is"
    return failed(text) if free < _DISK_FULL else warning(text) if free < _DISK_LOW else fine(text)


def _held(patient: Patient) -> Seen:
    holds = patient.overview.holds if patient.overview else ()
    if holds:
        return failed("; ".join(f"{one.target}: {one.reason.value}: {one.text} {one.way_out}" for one in holds))
    return fine("nothing is held")


def _parked(patient: Patient) -> Seen:
    count = patient.overview.outbox.get("parked", 0) if patient.overview else 0
    return (
        warning(f"{count} writes were refused and wait for a person") if count else fine("no write waits for a person")
    )


def _late(patient: Patient) -> Seen:
    overview = patient.overview
    if overview is None or overview.next_wakeup is None:
        return fine("no order waits for a look")
    late = patient.clock() - overview.next_wakeup
    if late > _LATE:
        return warning(
            f"an order has waited {late.total_seconds() / 60:.0f} minutes for its look; is the daemon running?"
        )
    return fine("no order waits too long for its look")


def _refused_columns(patient: Patient) -> Seen:
    findings = patient.overview.findings if patient.overview else ()
    codes = (FindingCode.NOT_APPLIED, FindingCode.REOPEN_REFUSED, FindingCode.NOT_CANCELED)
    refused = [f"{found.order_number}: {found.text}" for found in findings if found.code in codes]
    shown = "; ".join(refused[:3])
    return (
        warning(f"{len(refused)} writes were not taken as sent: {shown}")
        if refused
        else fine("writes are taken as they are sent")
    )


def _unreadable(patient: Patient) -> Seen:
    findings = patient.overview.findings if patient.overview else ()
    left = [found.text for found in findings if found.code is FindingCode.UNREADABLE]
    return warning(f"{len(left)} orders are left alone: {left[0]}") if left else fine("no order is left alone")


def _webhooks(patient: Patient) -> Seen:
    if patient.settings.webhook is None:
        return fine(
            f"no webhooks are expected; both instances are polled every {patient.settings.daemon.poll_seconds:g} seconds"
        )
    at, _ = patient.overview.last.get("webhook", (None, "")) if patient.overview else (None, "")
    if at is None:
        return warning("no webhook has arrived yet")
    quiet = patient.clock() - at
    return warning(f"the last webhook arrived {quiet.days} days ago") if quiet > _QUIET else fine("webhooks arrive")


_LOCAL = (*EVERYWHERE, Suite.PERFORMANCE)
_LOOK = "`om-fsm status` and `om-fsm outbox ls` say more."

CHECKS = (
    Check(
        "profile.settled",
        "The profile has no open point",
        "While it is missing, or a point is open, nothing is read or written; one that is not named does not count.",
        '`om-fsm discover` writes the profile; say in it what is open in place of "?"; name it: profile = "profile.toml".',
        of_pair=_settled,
        offline=True,
    ),
    Check(
        "profile.current",
        "The instances are as the profile says",
        "What was renamed or relabeled since is read by its old name.",
        "`om-fsm discover` tells each difference; `om-fsm discover --accept` takes them over.",
        (Suite.POST_CLONE, Suite.POST_UPGRADE),
        of_pair=_drift,
    ),
    Check(
        "profile.release",
        "The release is the one of the profile",
        "An upgrade may rename choices and change rights.",
        "`om-fsm doctor --suite post-upgrade`, then `om-fsm discover --accept`.",
        (Suite.POST_UPGRADE,),
        of_pair=_release,
    ),
    Check(
        "webhook.arriving",
        "Webhooks arrive",
        "Without them changes are seen at the next poll only.",
        "Look at the business rule's outbound messages on the instance, and the reverse proxy.",
        _LOCAL,
        of_pair=_webhooks,
        offline=True,
    ),
    Check(
        "memory.usable",
        "Memory is whole and of this version",
        "Without memory marks must be found again first.",
        "Move the file away, then `om-fsm rebuild`.",
        _LOCAL,
        of_pair=_memory,
        offline=True,
    ),
    Check(
        "memory.private",
        "Memory is for its owner alone",
        "It holds what customers ordered.",
        "chmod 600.",
        (Suite.FIRST,),
        of_pair=_rights,
        offline=True,
    ),
    Check(
        "memory.disk",
        "There is room on the disk",
        "Nothing is sent that is not on disk first.",
        "Make room, or move [memory] path.",
        _LOCAL,
        of_pair=_disk,
        offline=True,
    ),
    Check(
        "work.held",
        "Nothing is held",
        "On a held side nothing is done.",
        "Each hold says its way out.",
        _LOCAL,
        of_pair=_held,
        offline=True,
    ),
    Check(
        "work.parked",
        "No write waits for a person",
        "What was refused is not repeated by itself.",
        _LOOK,
        _LOCAL,
        of_pair=_parked,
        offline=True,
    ),
    Check(
        "work.late",
        "No order waits too long for its look",
        "The daemon may be down.",
        _LOOK,
        (Suite.PERFORMANCE,),
        of_pair=_late,
        offline=True,
    ),
    Check(
        "work.not_taken",
        "Writes are taken as they are sent",
        "A column may be closed to the user in that state of the record.",
        _LOOK,
        _LOCAL,
        of_pair=_refused_columns,
        offline=True,
    ),
    Check(
        "work.unreadable",
        "No order is left alone",
        "A record that makes no sense stops its whole order.",
        _LOOK,
        _LOCAL,
        of_pair=_unreadable,
        offline=True,
    ),
)
