"""The work notes order agents read: short, in business words, with numbers, names and times. Pure.

Moments are written in the zone of those who read.

Every note is one line without square brackets or invisible characters, whatever stood in the records it speaks of: no value,
name or number can begin a line, use `[code]` markup or forge a token. Values are bounded, and so is the list of changes. Only a
digest of what several people wrote has more lines, each made by us.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC
from enum import Enum
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec

from connector.mapping.marks import OWNER
from connector.mapping.moments import moment_of
from connector.mapping.references import in_words
from connector.model import Saved

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from datetime import tzinfo

    from connector.mapping.remarks import Remark
    from connector.model import Change, Link, State, WorkOrder, WorkOrderPhase

_LONGEST = 200  # characters of one value inside a note
_LONGEST_REASON = 400  # characters of why something is not there, with the values of people in it
_LONGEST_REMARK = 2000  # characters of what one person wrote
_MOST_CHANGES = 8  # listed in one note
_CHARACTERISTIC, _EMPTY = "characteristic.", "(empty)"
_GOES_ON = f"{OWNER}: {{}} goes on in Order Management"
_P = ParamSpec("_P")


def _one_line(text: str) -> str:
    """Text that can only be read as what it is.

    ServiceNow renders `[code]...[/code]` in journals as HTML, so square brackets become round ones; characters nobody
    sees (controls, direction marks, zero width) are dropped.
    """
    line = " ".join(text.split()).replace("[", "(").replace("]", ")")
    return " ".join("".join(c for c in line if c.isprintable()).split())


def harmless(value: str, longest: int = _LONGEST) -> str:
    """A field value that may stand inside a note: one line, bounded."""
    line = _one_line(value)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _note(write: Callable[_P, str]) -> Callable[_P, str]:
    """What every sentence of this file goes through before it leaves."""

    @wraps(write)
    def written(*args: _P.args, **kwargs: _P.kwargs) -> str:
        return _one_line(write(*args, **kwargs))

    return written


def _name(work_order: WorkOrder) -> str:
    what = harmless(work_order.template or work_order.summary)
    return f"{work_order.number} {what}" if what else work_order.number


def _open_count(still_open: int, total: int) -> str:
    noun = "work order" if total == 1 else "work orders"
    return f"{still_open} of {total} {noun} open."


def counted(text: str, still_open: int, total: int) -> str:
    """A note, and how many work orders are still open."""
    return f"{text} {_open_count(still_open, total)}" if total else text


def says(note: str, sentence: str) -> bool:
    """Whether a note says this, however many work orders were open when it was written."""
    return re.fullmatch(rf"{re.escape(sentence)}(?: \d+ of \d+ work orders? open\.)?", note) is not None


def _why(work_order: WorkOrder) -> str:
    """The last word from the field, where a visit came to nothing."""
    reason = harmless(work_order.reason).rstrip(".")
    return f" Last note there: {reason}." if reason else ""


def _by(who: str, at: str, zone: tzinfo) -> str:
    return (f" by {harmless(who)}" if who else "") + (f", {moment(at, zone)}" if at else "")


def moment(at: str, zone: tzinfo) -> str:
    """A stored moment (UTC, "YYYY-MM-DD HH:MM:SS") to the minute in this zone; anything else as it is."""
    stored = moment_of(at)
    try:
        local = stored.astimezone(zone) if stored is not None else None
    except OverflowError:  # "never", at the end of the calendar
        local = None
    return harmless(at) if local is None else f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


@dataclass(frozen=True, slots=True)
class Move:
    """From which state a work order came to the present one, by whom and when; `between` are the states on its way."""

    before: str
    between: tuple[str, ...] = ()
    by: str = ""
    at: str = ""  # UTC, "YYYY-MM-DD HH:MM:SS"
    zone: tzinfo = UTC  # of the readers

    @property
    def path(self) -> str:
        """The states it left, in words."""
        return " -> ".join(harmless(label) for label in (self.before, *self.between))

    @property
    def done(self) -> str:
        """By whom and when."""
        return _by(self.by, self.at, self.zone)


def _not_taken(work_order: WorkOrder, refused: Iterable[str], lost: Collection[Change] = (), zone: tzinfo = UTC) -> str:
    """What a work order does not say: what was not taken, with the changes that are lost with it; and what was not sent, because
    the record is not found there."""
    unfound = {column: why for column in refused if (why := work_order.resolves.get(column))}
    columns = ", ".join(in_words(column) for column in refused if column not in unfound)
    gone = [change for change in lost if not change.is_lost(unfound)]
    wanted = f" ({listed(gone, zone)})" if gone else ""
    taken = f" Field Service did not take: {columns}{wanted}." if columns else ""
    if not unfound:
        return taken
    it = "it" if len(unfound) == 1 else "them"
    fix = f"{_put_right(unfound.values(), it)}; until then the work order does not name {it}."
    return f"{taken} {_unfound(unfound.values())} {fix}"


def _unfound(sentences: Iterable[str]) -> str:
    return " ".join(f"{harmless(why, _LONGEST_REASON).rstrip('.')}." for why in sentences)


def _put_right(sentences: Iterable[str], it: str) -> str:
    """What to do about records that are not found."""
    is_known = all(why.startswith("Field Service has ") for why in sentences)
    return f"Please make or correct {it} there" if is_known else f"Please put {it} right"


def not_said(work_order: WorkOrder, refused: Iterable[str]) -> str:
    """For whoever looks into it: the same as a finding."""
    return _one_line(_not_taken(work_order, refused).rstrip("."))


@_note
def said_in_field(work_order: WorkOrder, remark: Remark, zone: tzinfo) -> str:
    """What somebody wrote on a work order or one of its tasks."""
    return f"{_name(work_order)}, {_said(remark, zone)}"


@_note
def said_in_order(remark: Remark, where: str, zone: tzinfo) -> str:
    """What somebody wrote on a domain order, one of its order tasks or a case, for those in the field."""
    return f"{remark.number} {where}, {_said(remark, zone)}"


def _said(remark: Remark, zone: tzinfo) -> str:
    whom = " to the customer" if remark.is_comment else ""
    when = f", {moment(remark.at, zone)}" if remark.at else ""
    return f"{harmless(remark.by)}{whom}{when}: {harmless(remark.text, _LONGEST_REMARK)}"


def digest(lines: Sequence[str], earlier: int, where: str) -> str:
    """Several remarks in one note, oldest first. `earlier` ones are only counted."""
    if len(lines) == 1 and not earlier:
        return lines[0]
    more = f" ({earlier} earlier {'one is' if earlier == 1 else 'ones are'} there)" if earlier else ""
    return "\n".join((f"{len(lines) + earlier} new notes {where}{more}:", *lines))


@_note
def taken_back(work_order: WorkOrder, *, again: bool = True, still_open: int, total: int) -> str:
    """A person had let go of a work order, and has taken it back; or has moved it here."""
    when = "again" if again else "now"
    state = harmless(work_order.state.label)
    return f"{_name(work_order)} belongs here {when}: {state}. {_open_count(still_open, total)}"


@_note
def created(
    work_order: WorkOrder,
    *,
    by_hand: bool,
    refused: tuple[str, ...],
    zone: tzinfo = UTC,
    still_open: int,
    total: int,
) -> str:
    """The first note about a work order. Of one made by hand it tells who made it, and when."""
    who = _by(work_order.created_by, work_order.created_on, zone)
    how = f"was made by hand in Field Service{who}" if by_hand else "was created in Field Service"
    return (
        f"{_name(work_order)} {how}: {harmless(work_order.state.label)}. "
        f"{_open_count(still_open, total)}{_not_taken(work_order, refused)}"
    )


@_note
def not_created(template: str, initiator: str, why: str, *, unfound: str = "") -> str:
    """Field Service did not take a new work order, or was not asked for it because a record is not found there (`unfound`); it is
    still wanted."""
    what = f"{harmless(template)} for {initiator} is not arranged yet"
    if unfound:
        retry = "ask whoever looks after the connector to try again"
        return f"{what}: {_unfound([unfound])} {_put_right([unfound], 'it')}, and {retry}."
    refused = f"{what}: Field Service did not create the work order"
    if not why:
        return f"{refused}. Whoever looks after the connector sees why, and must see to it."
    return f"{refused}, {harmless(why).rstrip('.')}. Whoever looks after the connector must see to it."


@_note
def status(work_order: WorkOrder, move: Move, *, still_open: int, total: int) -> str:
    """A work order's state changed."""
    return (
        f"{_name(work_order)}: {move.path} -> {harmless(work_order.state.label)}"
        f"{move.done}.{_why(work_order)} {_open_count(still_open, total)}"
    )


@_note
def made_anew(
    work_order: WorkOrder, move: Move, changes: Collection[Change], by: str = "", *, still_open: int, total: int
) -> str:
    """A work order was canceled because its visit is made otherwise; `by` is the number of the new one, where it is there."""
    follows = f"{by} takes its place" if by else ANEW.rstrip(".")
    why = f": {listed(changes, move.zone)}" if changes else ""
    return (
        f"{_name(work_order)} was canceled (was {move.path}){move.done}, because the order was changed and the visit is made"
        f" anew{why}.{_why(work_order)} {follows}. {_open_count(still_open, total)}"
    )


@_note
def canceled(work_order: WorkOrder, move: Move, *, withdrawn_by: str, still_open: int, total: int) -> str:
    """A work order was canceled, by the field or because an order or a case (`withdrawn_by`) no longer wants it."""
    wanted = f"was canceled because the {withdrawn_by} no longer asks for it"
    how = wanted if withdrawn_by else "was canceled in Field Service"
    return (
        f"{_name(work_order)} {how} (was {move.path}){move.done}."
        f"{'' if withdrawn_by else _why(work_order)} {_open_count(still_open, total)}"
    )


def _all_closed(states: Iterable[State[WorkOrderPhase]]) -> str:
    counts = Counter(harmless(state.label).lower() for state in states)
    total = sum(counts.values())
    listed = ", ".join(f"{count} {label}" for label, count in sorted(counts.items()))
    return f"{'Its work order is' if total == 1 else f'All {total} work orders are'} closed ({listed})"


@_note
def detached(link: Link, *, still_open: int, total: int) -> str:
    """A person let go of a work order."""
    return _gone(link, f"detached {harmless(link.detached)}", still_open, total)


@_note
def moved(link: Link, to: str, *, still_open: int, total: int) -> str:
    """A person gave a work order to another domain order."""
    return _gone(link, f"it was given to {to} in Field Service", still_open, total)


def _gone(link: Link, why: str, still_open: int, total: int) -> str:
    what = f"{link.work_order_number} {harmless(link.template)}".strip()
    left = _open_count(still_open, total) if total else "No work order is left."
    return f"{what} no longer belongs here: {why}. {left}"


@_note
def bound(initiator: str, why: str, *, detaches: bool) -> str:
    """For the dispatcher, on a work order that a person gives to an order, or lets go of."""
    how = "no longer belongs to" if detaches else "belongs to"
    return f"{OWNER}: this work order {how} {initiator} of Order Management ({harmless(why)})."


def copied(number: str, original: str) -> str:
    """For whoever looks after the connector: two work orders carry one mark."""
    return (
        f"{number} is a copy of {original}: it carries its mark (correlation id). It is not changed or canceled, and keeps the "
        f"gate shut while it is open. Close it, or, if nobody shall wait for it, empty its correlation id in Field Service"
    )


def _change(change: Change, zone: tzinfo) -> str:
    # What a characteristic says is a text of people, whatever it looks like.
    is_text = change.what.startswith(_CHARACTERISTIC)
    before, after = (harmless(v) if is_text else moment(v, zone) for v in (change.before, change.after))
    # What it was before is not known any more where memory was lost.
    return f"now {after or _EMPTY}" if change.before == change.after else f"{before or _EMPTY} -> {after or _EMPTY}"


def _called(what: str) -> str:
    """A fact as readers call it: "city of the location" for `location.city`. What a characteristic is called is people's."""
    if what.startswith(_CHARACTERISTIC):
        return harmless(what.removeprefix(_CHARACTERISTIC))
    *parts, last = what.replace("_", " ").split(".")
    if len(parts) > 1 and last == "name":  # the account that the contact belongs to, which is found by its name
        *parts, last = parts
    return harmless(" of the ".join([last, *reversed(parts)]))


def _only_in(change: Change, refused: Collection[str]) -> str:
    """Which columns tell of a change, where others that should did not take it."""
    taken = [in_words(column) for column in change.columns if column not in refused]
    return f" (only in the {' and the '.join(taken)})" if 0 < len(taken) < len(change.columns) else ""


def listed(changes: Iterable[Change], zone: tzinfo = UTC, refused: Collection[str] = ()) -> str:
    """Changes in words, the first few of them; moments in this zone. Another record is named once: that its city or number is
    another, or the account it belongs to is called otherwise as is said already, goes without saying. `refused` columns did not
    take their part."""
    told = _worth_telling(changes)
    every = [f"{_called(c.what)}: {_change(c, zone)}{_only_in(c, refused)}{_saved(c, zone)}" for c in told]
    more = len(every) - _MOST_CHANGES
    return "; ".join(every[:_MOST_CHANGES]) + (f"; and {more} more" if more > 0 else "")


def _worth_telling(changes: Iterable[Change]) -> list[Change]:
    """Changes without those that go without saying."""
    told = list(changes)
    names, renamed = {c.what for c in told}, {f".{c.what}.name": (c.before, c.after) for c in told}
    told = [c for c in told if not any(c.what.startswith(f"{name}.") for name in names)]
    return [c for c in told if (c.before, c.after) != renamed.get(c.what[c.what.find(".") :])]


def _saved(change: Change, zone: tzinfo) -> str:
    """Who saved last what says it now. That may be another than who changed it, and so it is not called a change."""
    return f" (last saved{_by(change.saved.by, change.saved.at, zone)})" if change.saved.by else ""


def _saved_alike(changes: Collection[Change], zone: tzinfo) -> tuple[str, list[Change]]:
    """Who saved what says all of these, said once, and the changes without it; nothing where that is not the same."""
    saved = {change.saved for change in _worth_telling(changes)}
    if len(saved) != 1:
        return "", list(changes)
    [alike] = saved
    once = f", last saved{_by(alike.by, alike.at, zone)}" if alike.by else ""
    return once, [replace(change, saved=Saved()) for change in changes]


class Forecast(Enum):
    """How it is known when a visit ends, as the reader is told."""

    END = "is expected to end"
    START = "is scheduled to start"
    WINDOW = "is not scheduled yet, and its service window ends"
    NOW = "is still open"  # it should be over by now, or nobody has planned it


@dataclass(frozen=True, slots=True)
class Promise:
    """When a visit is predicted to end, and what the customer of a line was promised. Moments as stored, UTC."""

    end: str
    line: str
    due: str
    left: float  # hours from the end to the due date
    how: Forecast = Forecast.END
    zone: tzinfo = UTC  # of the readers


@_note
def jeopardy(work_order: WorkOrder, promise: Promise, levels: tuple[str, str], *, still_open: int, total: int) -> str:
    """The predicted lateness of a domain order's visits has another level."""
    off = f"{_lasting(abs(promise.left))} {'before' if promise.left >= 0 else 'after'}"
    return (
        f"{_name(work_order)} {promise.how.value} {moment(promise.end, promise.zone)}, {off} the due date of {promise.line}"
        f" ({moment(promise.due, promise.zone)}). Jeopardy: {levels[0]} -> {levels[1]}. {_open_count(still_open, total)}"
    )


def _lasting(hours: float) -> str:
    """So many hours as people say them: to the minute within a day, else to the hour."""
    minutes = round(hours * 60)
    if minutes < 24 * 60:
        return f"{minutes // 60}:{minutes % 60:02} hours"
    days, rest = divmod(round(hours), 24)
    return " ".join(f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in ((days, "day"), (rest, "hour")) if n)


@_note
def no_jeopardy(line: str, before: str, *, has_due_date: bool, still_open: int, total: int) -> str:
    """Nothing is left that could be late, or no date that it could be late for."""
    why = f"Every visit for {line} is over" if has_due_date else f"{line} has no due date any more"
    return f"{why}. Jeopardy: {before} -> None. {_open_count(still_open, total)}"


@_note
def updated(
    work_order: WorkOrder,
    changes: Iterable[Change],
    refused: tuple[str, ...],
    *,
    of: str = "order",
    zone: tzinfo = UTC,
    still_open: int,
    total: int,
) -> str:
    """Changed data of an order or a case was carried to a work order, all of it or what was taken."""
    once, changes = _saved_alike(tuple(changes), zone)
    lost = [change for change in changes if change.is_lost(refused)]
    if carried := [change for change in changes if change not in lost]:
        what, missing = (
            f"was updated after a change of the {of}{once}: {listed(carried, zone, refused)}",
            _not_taken(work_order, refused, lost, zone),
        )
    else:
        what, missing = (
            f"does not follow a change of the {of}{once}: {listed(lost, zone)}",
            _not_taken(work_order, refused),
        )
    return (
        f"{_name(work_order)} {what}. Current status: {harmless(work_order.state.label)}. "
        f"{_open_count(still_open, total)}{missing}"
    )


@_note
def taken(
    work_order: WorkOrder,
    changes: Iterable[Change],
    refused: tuple[str, ...],
    *,
    zone: tzinfo = UTC,
    still_open: int,
    total: int,
) -> str:
    """Field Service says now what it had not taken before. Each change is called by its column."""
    said = (replace(change, what=in_words(change.what)) for change in changes)
    return (
        f"{_name(work_order)} now says what was missing: {listed(said, zone)}. "
        f"{_open_count(still_open, total)}{_not_taken(work_order, refused)}"
    )


@_note
def past_ponr(work_order: WorkOrder, line: str, changes: Iterable[Change], zone: tzinfo = UTC) -> str:
    """A change came after the point of no return."""
    return (
        f"{_name(work_order)} was not changed: {line} is past its point of no return. "
        f"Not carried to Field Service: {listed(changes, zone)}."
    )


@_note
def unwanted_past_ponr(work_order: WorkOrder, line: str) -> str:
    """The order no longer asks for a work order, but it is too late to cancel it."""
    return f"{_name(work_order)} is no longer asked for but was not canceled: {line} is past its point of no return."


@_note
def ponr_set(work_order: WorkOrder, line: str, zone: tzinfo) -> str:
    """The connector put a line past its point of no return."""
    return (
        f"{line} is past its point of no return, because {_name(work_order)} is {harmless(work_order.state.label)}"
        f"{_by(work_order.updated_by, work_order.updated_on, zone)}: it can no longer be revised or canceled."
    )


@_note
def ponr_proposed(work_order: WorkOrder, line: str, zone: tzinfo) -> str:
    """Somebody should put a line past its point of no return."""
    return (
        f"{_name(work_order)} is {harmless(work_order.state.label)}{_by(work_order.updated_by, work_order.updated_on, zone)}:"
        f" a change of {line} would come too late. Please set its point of no return."
    )


@_note
def change_waits(work_order: WorkOrder, changes: Iterable[Change], why: str = "", zone: tzinfo = UTC) -> str:
    """A change that the compensation table wants a person to decide about."""
    because = why or f"it is {harmless(work_order.state.label)}"
    return (
        f"{_name(work_order)} was not changed, because {because}: {listed(changes, zone)}."
        f" Somebody must agree with the dispatcher what follows."
    )


@_note
def agrees(work_order: WorkOrder, of: str = "order") -> str:
    """What was told of a work order that was left as it is does not hold any more."""
    return f"{_name(work_order)} agrees with the {of} again: what had not been carried to it is settled."


@_note
def on_hold(initiator: str) -> str:
    """For the dispatcher, on a work order whose order may change."""
    return f"{OWNER}: {initiator} is on hold in Order Management and may change. Please do not begin this visit yet."


@_note
def goes_on(initiator: str) -> str:
    """For the dispatcher, when it did not change."""
    return f"{_GOES_ON.format(initiator)}: this visit is wanted as it is."


@_note
def goes_on_changed(initiator: str, changes: Iterable[Change], zone: tzinfo = UTC, *, check: bool = False) -> str:
    """For the dispatcher who was asked to wait, when it did change and the work order says so."""
    please = " Please check the visit." if check else ""
    return f"{_GOES_ON.format(initiator)}: this visit is wanted, with a change: {listed(changes, zone)}.{please}"


@_note
def goes_on_but(initiator: str, changes: Collection[Change], why: str, zone: tzinfo = UTC) -> str:
    """The same, when the work order does not say so, and `why`; without `changes` nobody asks for the visit any more."""
    what = f"was changed: {listed(changes, zone)}" if changes else "no longer asks for this visit"
    return f"{_GOES_ON.format(initiator)}, but {what}. This work order stays as it is: {why}."


@_note
def flag(initiator: str, changes: Iterable[Change], zone: tzinfo = UTC) -> str:
    """For the dispatcher, on the work order."""
    return f"{OWNER}: {initiator} was changed in Order Management: {listed(changes, zone)}. Please check the visit."


@_note
def cancel_refused(work_order: WorkOrder, why: str, changes: Collection[Change] = (), zone: tzinfo = UTC) -> str:
    """Field Service did not cancel what the order no longer asks for, or asks for otherwise (`changes`)."""
    wish = f"is to be made anew ({listed(changes, zone)})" if changes else "is no longer asked for"
    then = "; the new one is made when it is canceled" if changes else ""
    said = f": {harmless(why).rstrip('.')}" if why else ", and whoever looks after the connector sees why"
    return (
        f"{_name(work_order)} {wish}, but Field Service did not cancel it{said}."
        f" It is still {harmless(work_order.state.label)}, and the connector does not try again by itself: please cancel it in"
        f" Field Service, or let it be carried out{then}."
    )


def not_canceled_yet(work_order: WorkOrder, why: str) -> str:
    """Field Service did not cancel it, and for now nobody knows whether it is still to be canceled."""
    said = f": {harmless(why).rstrip('.')}" if why else ""
    return f"Field Service did not cancel {_name(work_order)}{said}. Nothing is decided about it now; what follows is told then."


ANEW = "A new work order follows."
NOBODY_GOES = "Nobody is sent again by itself; if somebody must go, ask for a work order."


@_note
def changed_too_late(
    work_order: WorkOrder, changes: Iterable[Change], zone: tzinfo = UTC, *, waited: bool = False
) -> str:
    """The order was revised about a visit that is over, or a change `waited` for a person meanwhile. Which came first is not
    said: a side may have been away."""
    when = "while a change waited for a decision" if waited else "before a change of the order could reach it"
    return f"{_name(work_order)} was {harmless(work_order.state.label)} {when}: {listed(changes, zone)}. {NOBODY_GOES}"


@_note
def changed_since(work_order: WorkOrder, changes: Iterable[Change], zone: tzinfo = UTC, *, follows: str = "") -> str:
    """The order says something else than a work order that the field canceled."""
    what = f"{_name(work_order)} is {harmless(work_order.state.label)}, and the order was changed: {listed(changes, zone)}."
    return f"{what} {follows}"


@_note
def canceled_too_late(work_order: WorkOrder) -> str:
    """The order no longer asks for a work order that was over before it could be canceled."""
    return (
        f"{_name(work_order)} was {harmless(work_order.state.label)} before it could be canceled:"
        f" what was done in the field may have to be undone."
    )


@_note
def done_in_vain(work_order: WorkOrder, initiator: str) -> str:
    """A visit was made, and its domain order, line or order is canceled."""
    return (
        f"{_name(work_order)} is {harmless(work_order.state.label)}, and {initiator} is canceled:"
        f" what was done in the field may have to be undone."
    )


@_note
def watched_called_off(work_order: WorkOrder, initiator: str) -> str:
    """What a work order made by hand is for is canceled."""
    return (
        f"{initiator} is canceled, and {_name(work_order)} is {harmless(work_order.state.label)}. It was made by hand in Field"
        f" Service, so the connector does not cancel it: please cancel it there, or let it be carried out."
    )


@_note
def watched_changed(work_order: WorkOrder, initiator: str, changes: Iterable[Change], zone: tzinfo) -> str:
    """What a work order made by hand is for has changed."""
    return (
        f"{initiator} was changed: {listed(changes, zone)}. {_name(work_order)} was made by hand in Field Service, so nothing was"
        f" changed there: please agree with the dispatcher what follows."
    )


@_note
def watched_since(work_order: WorkOrder, initiator: str) -> str:
    """What a work order made by hand is for has changed since readers heard of it last, and memory of how is lost."""
    return (
        f"{initiator} was changed since the last note here about {_name(work_order)}, which was made by hand in Field Service, so"
        f" nothing was changed there: please compare them, and agree with the dispatcher what follows."
    )


@_note
def still_open(domain_order: str, blockers: Iterable[str], asks: Iterable[str] = (), *, reopened: bool) -> str:
    """A domain order was closed too early. `asks` say how it is decided about work orders that came to nothing."""
    did = "was reopened" if reopened else "should not be closed"
    return " ".join([f"{domain_order} {did}: it cannot be closed yet: {'; '.join(blockers)}.", *asks])


def undecided(work_order: WorkOrder, word: str, again: str = "") -> str:
    """How a person decides about a work order that keeps the gate shut."""
    return f"Somebody must decide about {work_order.number}: {_ways_out(work_order, word, again)}."


def _ways_out(work_order: WorkOrder, word: str, again: str) -> str:
    visit = f" (nobody goes again) or with: {again} {work_order.number} (somebody goes again)" if again else ""
    return f"the field completes a follow-on, or a work note here begins with: {word} {work_order.number}{visit}"


@_note
def ask(domain_order: str, work_order: WorkOrder, word: str, again: str = "") -> str:
    """A work order ended in a way that keeps the gate shut until a person decides; `again` are the words for another visit."""
    return f"{domain_order} cannot be closed until somebody decides what follows: {_ways_out(work_order, word, again)}"


@_note
def ask_of_case(case: str, work_order: WorkOrder, word: str) -> str:
    """A work order of a case ended in a way that resolves nothing."""
    return (
        f"{case} is not resolved by it. Somebody must decide what follows: the field completes a follow-on,"
        f" or a work note here asks for another visit and begins with: {word} {work_order.number}"
    )


@_note
def solved(states: Iterable[State[WorkOrderPhase]]) -> str:
    """Every work order of a case is closed: what its resolution says."""
    return f"{_all_closed(states)}."


@_note
def solvable(case: str, states: Iterable[State[WorkOrderPhase]]) -> str:
    """The same, where a person resolves cases."""
    return f"{solved(states)} {case} can be resolved."


@_note
def rejected(case: str, word: str, *, by_hand: bool = False, still_open: int, total: int) -> str:
    """A case that was resolved, by its work orders or by a person after they were over, is open again."""
    resolved = "it was resolved and its work orders were closed" if by_hand else "its work orders had resolved it"
    return (
        f"{case} was opened again after {resolved}. {_open_count(still_open, total)}"
        f" Nobody is sent by itself: another visit is arranged when a work note here begins with: {word}"
    )


@_note
def ready(
    domain_order: str,
    states: Iterable[State[WorkOrderPhase]],
    decided: Collection[str] = (),
    tasks: Collection[str] = (),
) -> str:
    """Every work order of a domain order is closed. `tasks` of Order Management that are not are named."""
    who = f", as decided by {' and '.join(harmless(name) for name in decided)}" if decided else ""
    left = f"; open order {'task' if len(tasks) == 1 else 'tasks'}: {', '.join(tasks)}" if tasks else ""
    return f"{_all_closed(states)}: {domain_order} is ready to be closed{who}{left}."


@_note
def cancel_reason(why: str) -> str:
    """The note FSM asks for when a work order is canceled."""
    return f"Canceled by {OWNER}: {why}"
