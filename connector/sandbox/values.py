"""Translates single values between the wire and the store: what is accepted on a write, what is shown on a read.

It knows column kinds, choices, zones and link shapes, not which columns a person may see.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from connector.sandbox.clock import STAMP
from connector.sandbox.schema import JOURNALS, Column, Kind, Schema
from connector.sandbox.scripts import to_zone

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.sandbox.formats import Formats
    from connector.sandbox.store import Row, Store

MOST_INTEGER = 2**63 - 1
JOURNAL_TITLES = {"work_notes": "Work notes", "comments": "Additional comments"}


class Shelf(Protocol):
    """The parts of an instance that values are looked up in."""

    schema: Schema
    store: Store
    switches: dict[str, Any]

    def full_name(self, login: str) -> str: ...


# --- from the wire ------------------------------------------------------------------------------------------------


def accept(shelf: Shelf, column: Column, raw: Any, *, display_input: Formats | None = None) -> str | None:
    """What is stored for a value of a request body, or None when the platform silently drops it.

    `display_input` is how the writer sees values when the values are display values (sysparm_input_display_value).
    """
    text = _plain(raw)
    if text == "":
        return None if column.choices and not shelf.switches["empty_clears_choices"] else ""
    if display_input is not None:
        text = _from_display(shelf, column, text, display_input)
    if column.choices and text not in column.label_of and not shelf.switches["allow_unknown_choice"]:
        return None
    return _of_kind(column, text)


def _of_kind(column: Column, text: str) -> str | None:
    match column.kind:
        case Kind.INTEGER:
            return _integer(text)
        case Kind.DECIMAL:
            return text if _is_number(text) else None
        case Kind.BOOLEAN:
            return "true" if text.lower() in ("true", "1") else "false"
        case Kind.CURRENCY:
            return _amount(text)
        case Kind.DATE_TIME | Kind.DUE_DATE | Kind.DURATION:
            return _moment(text)
        case Kind.JOURNAL | Kind.JOURNAL_FIELD:
            return text
        case Kind.JOURNAL_LIST:
            return None
        case _:
            return text[: column.max_length]


def _plain(raw: Any) -> str:
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, dict):
        return "{" + ", ".join(f"{key}={_plain(value)}" for key, value in raw.items()) + "}"  # as Java prints a map
    if isinstance(raw, list):
        return "[" + ", ".join(_plain(value) for value in raw) + "]"
    return str(raw)


def _integer(text: str) -> str | None:
    try:
        number = int(text.replace(",", ""))
    except ValueError:
        number = int(float(text)) if _is_number(text) else MOST_INTEGER + 1
    return str(number) if -MOST_INTEGER <= number <= MOST_INTEGER else None


def _amount(text: str) -> str | None:
    """`1234.5`, `EUR;1234.5` or `$1,234.50`: what counts is the amount."""
    amount = text.rpartition(";")[2].strip("$£€ ").replace(",", "")
    return amount if _is_number(amount) else None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _moment(text: str) -> str | None:
    try:
        return datetime.fromisoformat(text).strftime(STAMP)
    except ValueError:
        return None


def _from_display(shelf: Shelf, column: Column, text: str, formats: Formats) -> str:
    if column.kind in (Kind.DATE_TIME, Kind.DUE_DATE):
        try:
            return formats.read(text)
        except ValueError:
            return text
    by_label = {choice.label: choice.value for choice in column.choices}
    if column.kind is Kind.REFERENCE and column.reference in shelf.schema.tables:
        target = shelf.schema.table(column.reference)
        found = shelf.store.find(target.name, **{target.display: text})
        return found[0]["sys_id"] if found else text
    return by_label.get(text, text)


# --- to the wire --------------------------------------------------------------------------------------------------


class Presenter:
    """Shows values of records to one reader; remembers looked-up names for the length of one answer."""

    def __init__(self, shelf: Shelf, *, mode: str, formats: Formats, links: bool, link_base: str) -> None:
        self._shelf = shelf
        self._mode = mode  # false | true | all
        self._formats = formats
        self._zone = formats.zone
        self._links = links
        self._link_base = link_base
        self._names: dict[tuple[str, str], str] = {}

    def show(self, row: Row, column: Column) -> Any:
        if column.kind is Kind.REFERENCE:
            return self._reference(row.get(column.key, ""), column)
        if column.kind is Kind.DOMAIN and self._links and row.get(column.key):
            return self._domain(row[column.key])
        value = "" if column.kind in (*JOURNALS, Kind.PASSWORD) else row.get(column.key, "")
        if self._mode == "false":
            return value
        display = self.display(row, column)
        return display if self._mode == "true" else {"display_value": display, "value": value}

    def display(self, row: Row, column: Column) -> str:
        value = row.get(column.key, "")
        if column.kind in JOURNALS:
            return self.history(row["sys_id"], self._elements(row, column))
        if column.choices:
            return column.label_of.get(value, value)
        shown = _DISPLAYS.get(column.kind)
        return shown(self, value) if shown else value

    def _elements(self, row: Row, column: Column) -> tuple[str, ...]:
        """The journals whose entries a column shows."""
        if column.kind is not Kind.JOURNAL_LIST:
            return (column.key,)
        columns = self._shelf.schema.table(row["sys_class_name"]).columns.values()
        return tuple(one.key for one in columns if one.kind is Kind.JOURNAL)

    def history(self, sys_id: str, elements: tuple[str, ...]) -> str:
        """The journal as the platform concatenates it: newest first, in the reader's zone."""
        entries = [
            row for e in elements for row in self._shelf.store.find("sys_journal_field", element_id=sys_id, element=e)
        ]
        entries = sorted(entries, key=lambda row: row["sys_created_on"])[::-1]
        longest, most = (int(self._shelf.switches[name]) for name in ("journal_entry_chars", "journal_list_chars"))
        return "".join(
            f"{to_zone(row['sys_created_on'], self._zone)} - {self._shelf.full_name(row['sys_created_by'])} "
            f"({JOURNAL_TITLES.get(row['element'], row['element'])})\n{row['value'][:longest]}\n\n"
            for row in entries
        )[:most]

    def name_of(self, table_name: str, sys_id: str) -> str:
        """The display value of a referenced record; empty when there is none."""
        if (table_name, sys_id) not in self._names:
            table = self._shelf.schema.tables.get(table_name)
            row = self._shelf.store.get(table, sys_id) if table else None
            own = self._shelf.schema.table(row["sys_class_name"]) if row else None
            self._names[table_name, sys_id] = row.get(own.display, "") if row and own else ""
        return self._names[table_name, sys_id]

    def class_label(self, name: str) -> str:
        table = self._shelf.schema.tables.get(name)
        return table.label if table else name

    def zoned(self, stamp: str) -> str:
        return self._formats.moment(stamp) if stamp else ""

    def money(self, amount: str) -> str:
        return self._formats.money(amount) if amount else ""

    def _reference(self, value: str, column: Column) -> Any:
        if not value:
            return self._empty_reference() if self._mode == "all" else ""
        link = f"{self._link_base}/{column.reference}/{value}"
        if self._mode == "false":
            return {"link": link, "value": value} if self._links else value
        name = self.name_of(column.reference, value)
        if self._mode == "true":
            return {"display_value": name, "link": link} if self._links else name
        shown = {"display_value": name, "link": link, "value": value}
        return shown if self._links else {"display_value": name, "value": value}

    def _empty_reference(self) -> dict[str, str]:
        linked = self._links and self._shelf.switches["empty_reference_link"]
        return {"display_value": "", "link": "", "value": ""} if linked else {"display_value": "", "value": ""}

    def _domain(self, value: str) -> Any:
        link = f"{self._link_base}/sys_user_group/{value}"
        match self._mode:
            case "false":
                return {"link": link, "value": value}
            case "true":
                return {"display_value": value, "link": link}
            case _:
                return {"display_value": value, "link": link, "value": value}


def duration_text(value: str) -> str:
    """`1970-01-02 04:23:00` is shown as `1 Day 4 Hours 23 Minutes`."""
    try:
        moment = datetime.strptime(value, STAMP)  # noqa: DTZ007
    except ValueError:
        return value
    parts = ((moment - datetime(1970, 1, 1)).days, moment.hour, moment.minute)  # noqa: DTZ001
    words = [
        f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in zip(parts, ("Day", "Hour", "Minute"), strict=True) if n
    ]
    return " ".join(words) or (f"{moment.second} Seconds" if moment.second else "0 Seconds")


_DISPLAYS: dict[Kind, Callable[[Presenter, str], str]] = {
    Kind.DATE_TIME: lambda presenter, value: presenter.zoned(value),
    Kind.INTEGER: lambda _, value: f"{int(value):,}" if value else "",
    Kind.DURATION: lambda _, value: duration_text(value),
    Kind.PASSWORD: lambda _, value: "********" if value else "",
    Kind.DUE_DATE: lambda presenter, value: presenter.zoned(value) or "UNKNOWN",
    Kind.CURRENCY: lambda presenter, value: presenter.money(value),
    Kind.CLASS_NAME: lambda presenter, value: presenter.class_label(value),
}
