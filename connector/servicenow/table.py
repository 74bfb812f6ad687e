"""The Table API of one instance, through pysnc: sets of rows in, rows out, nothing of pysnc beyond this file.

What pysnc does not do is done here: keyset pages instead of offsets, queries bounded by URL bytes, every row checked against
the question, one client per thread, and no cursor object that outlives a call.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pysnc

from connector.errors import AbsurdAnswer, ConnectorError, Denied, OutcomeUnknown, RemoteError
from connector.servicenow.pace import Pace
from connector.servicenow.query import Op, Query, Term, chunks, expressible
from connector.servicenow.session import StrictSession
from connector.servicenow.sign_in import SignIn
from connector.servicenow.token_endpoint import TokenEndpoint
from connector.servicenow.transport import Common, Endpoint, Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from requests.adapters import BaseAdapter

    from connector.exchange import Sent

_JSON = {"Accept": "application/json"}
MOST_EMPTY = 50  # pages in a row of rows that the user may not see; a total that promises more is not believed
_URL_BYTES = 8000  # an edge refuses a little over 8190 with an HTML page


@dataclass(frozen=True, slots=True)
class Row:
    """One record as read: stored values, and what people see where that differs."""

    values: Mapping[str, str]
    displays: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, column: str) -> str:
        return self.values[column]

    def get(self, column: str) -> str:
        """The stored value, empty where the column was not returned (no right, or no such column)."""
        return self.values.get(column, "")

    def display(self, column: str) -> str:
        """The value as people see it; empty where the instance shows nothing of it.

        That is so for a reference to a record that was deleted, or that the user may not see.
        """
        return self.displays.get(column, self.values.get(column, ""))


@dataclass(frozen=True, slots=True)
class _Ask:
    """What is the same for every page of one read."""

    table: str
    columns: tuple[str, ...]
    needed: tuple[str, ...]  # an answer without these is worthless
    display: bool
    page: int


@dataclass(slots=True)
class Tally:
    """How many rows an instance says there are, over several questions; those that the user may not see included, mostly."""

    counted: int = 0


class TableApi:
    """One instance. Safe to use from several threads: each gets its own session and pysnc client."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        adapter: BaseAdapter | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.endpoint = endpoint
        pace = Pace(clock=clock, sleep=sleep)
        self._common = Common(pace, sleep, clock, adapter)
        self._sign_in = SignIn(endpoint.credentials, TokenEndpoint(endpoint, self._common))
        self._threads = threading.local()

    @property
    def _client(self) -> pysnc.ServiceNowClient:
        """This thread's own client: pysnc's batch queue and the platform's session may not be shared."""
        if not hasattr(self._threads, "client"):
            self._threads.client = self._connect()
        return self._threads.client

    def _connect(self) -> pysnc.ServiceNowClient:
        session = StrictSession(self.endpoint, self._common, self._sign_in)
        # auto_retry would mount pysnc's own adapter above ours and sleep out Retry-After inside a thread.
        return pysnc.ServiceNowClient(self.endpoint.url, session, auto_retry=False)

    @property
    def traffic(self) -> Traffic:
        """What passed so far."""
        return self._common.traffic

    @property
    def pace(self) -> Pace:
        """How fast the instance may be asked."""
        return self._common.pace

    def probe(self, table: str) -> None:
        """One cheap request, not repeated: does the instance answer, and accept the user? Raises a RemoteError.

        Credentials that were refused are read again for it.
        """
        session = self._client.session
        params = {"sysparm_limit": "1", "sysparm_fields": "sys_id"}
        session.patient = False
        try:
            with self._sign_in.one_try():
                session.get(f"{self.endpoint.url}/api/now/table/{table}", params=params)
        finally:
            session.patient = True

    @property
    def server_time(self) -> datetime:
        """The instance's own clock in its last answer, UTC. Raises AbsurdAnswer when it never said."""
        now = self.traffic.server_time
        if now is None:
            raise AbsurdAnswer(
                f"{self.endpoint.name} sends no Date header.",
                hint="A proxy may remove it.",
                instance=self.endpoint.name,
            )
        return now

    @property
    def transaction(self) -> str:
        """The platform's id of the last transaction of this thread."""
        return str(self._client.session.transaction)

    def sent(self) -> tuple[Sent, ...]:
        """What this thread sent to write something since it last asked."""
        session = self._client.session
        found, session.sent = tuple(session.sent), []
        return found

    # --- reading -------------------------------------------------------------------------------------------

    def scan(
        self,
        table: str,
        query: Query,
        columns: Sequence[str],
        *,
        by_update: bool = False,
        until_now: bool = False,
        display: bool = True,
        page: int | None = None,
        tally: Tally | None = None,
    ) -> Iterator[Row]:
        """Every row that satisfies the query, ordered by sys_id, or by (sys_updated_on, sys_id).

        Pages by keyset: rows that move while we read are read twice rather than missed. With `until_now`, later pages stop at
        the instance's own clock as it was when the first page was read, so that rows which keep moving cannot keep the scan
        from ending. Raises a RemoteError.
        """
        needed = ("sys_id", "sys_updated_on") if by_update else ("sys_id",)
        ask = _Ask(
            table,
            tuple(dict.fromkeys(["sys_id", *columns, *query.fields, *needed])),
            needed,
            display,
            page or self.endpoint.page,
        )
        if not by_update:
            yield from self._by_sys_id(ask, query, tally=tally)
            return
        position: Row | None = None
        while True:
            later = query if position is None else query.where("sys_updated_on", Op.AFTER, position["sys_updated_on"])
            rows, total = self._page(ask, later, "sys_updated_on^ORDERBYsys_id")
            yield from rows
            if not rows or total <= len(rows):
                return
            if until_now and position is None:
                query = query.where("sys_updated_on", Op.UNTIL, stamp(self.server_time))
            position = rows[-1]
            # The rest of the last second first; then everything after it.
            rest = query.where("sys_updated_on", Op.IS, position["sys_updated_on"])
            yield from self._by_sys_id(ask, rest, after=position["sys_id"])

    def _by_sys_id(self, ask: _Ask, query: Query, *, after: str = "", tally: Tally | None = None) -> Iterator[Row]:
        while True:
            later = query.where("sys_id", Op.AFTER, after) if after else query
            rows, total = self._page(ask, later, "sys_id")
            if tally is not None:
                tally.counted, tally = tally.counted + total, None
            yield from rows
            if not rows or total <= len(rows):
                return
            after = rows[-1]["sys_id"]

    def _page(self, ask: _Ask, query: Query, order: str) -> tuple[list[Row], int]:
        """The next rows, and how many there are of them and after them.

        The platform cuts a page before it drops rows the user may not see, so a page may be short or empty in mid-table:
        an empty page moves on by offset, and only the total says where the end is. Not for ever: see MOST_EMPTY.
        """
        record = self._client.GlideRecord(ask.table, batch_size=ask.page)
        record.fields = list(ask.columns)
        record.display_value = "all" if ask.display else False
        record.add_encoded_query(str(query))
        record.order_by(order)
        with self._understood(AbsurdAnswer):
            record.query()
            rows = list(_rows(record))
            total = record.get_row_count()
            offset = ask.page
            while not rows and offset < total:
                require_end(self.endpoint, ask.table, offset // ask.page)
                record.location = offset - 1  # pysnc asks from the record after its location
                record.query()
                record.location = -1
                rows = list(_rows(record))
                offset += ask.page
        for row in rows:
            self._check(ask, query, row)
        return rows, total

    def _check(self, ask: _Ask, query: Query, row: Row) -> None:
        missing = [name for name in (*query.fields, *ask.needed) if name not in row.values]
        if missing:
            raise Denied(
                f"{self.endpoint.name}: the column {missing[0]!r} of {ask.table} cannot be read, so the answer is worthless.",
                hint=f"Check that the column exists and that the user may read it ({', '.join(ask.columns)}).",
                instance=self.endpoint.name,
            )
        if not query.accepts(row.values) or ("sys_updated_on" in ask.needed and not is_stamp(row["sys_updated_on"])):
            raise AbsurdAnswer(
                f"{self.endpoint.name}: {ask.table} returned {row.get('sys_id')}, which does not satisfy the query {query}.",
                hint="The instance ignores a part of the query; nothing was concluded from the answer.",
                instance=self.endpoint.name,
            )

    def scan_in(
        self,
        table: str,
        column: str,
        values: Iterable[str],
        columns: Sequence[str],
        *,
        base: Query | None = None,
        tally: Tally | None = None,
    ) -> Iterator[Row]:
        """Every row whose column holds one of these values, many per request. Values that cannot be asked for are skipped."""
        base = base or Query()
        budget = self._budget(table, columns, base)
        for chunk in chunks((v for v in values if expressible(v, in_list=True)), budget):
            yield from self.scan(table, base.where(column, Op.IN, *chunk), columns, tally=tally)

    def scan_whole(
        self, table: str, column: str, values: Iterable[str], columns: Sequence[str], *, base: Query | None = None
    ) -> tuple[list[Row], int]:
        """The same, and how many more rows there are by the instance's own count: those the user may not see.

        Not every instance counts what it does not show.
        """
        tally = Tally()
        rows = list(self.scan_in(table, column, values, columns, base=base, tally=tally))
        return rows, max(tally.counted - len(rows), 0)

    def scan_any(
        self, table: str, terms: Iterable[Term], columns: Sequence[str], *, base: Query | None = None
    ) -> Iterator[Row]:
        """Every row that satisfies one of these terms, many per request. A row may come more than once."""
        base = base or Query()
        budget = self._budget(table, columns, base)
        by_text = {f"{term}^OR": term for term in terms}
        for chunk in chunks(by_text, budget):
            yield from self.scan(table, base.either(*(by_text[text] for text in chunk)), columns)

    def _budget(self, table: str, columns: Sequence[str], base: Query) -> int:
        """Bytes of the URL left for a list."""
        fixed = len(self.endpoint.url) + len(table) + 3 * len(",".join(columns)) + 3 * len(str(base)) + 600
        return max(_URL_BYTES - fixed, 500)

    def read_one(self, table: str, sys_id: str, columns: Sequence[str]) -> Row | None:
        """One record, or None when it does not exist or may not be seen."""
        ask = _Ask(table, tuple(dict.fromkeys(["sys_id", *columns])), ("sys_id",), display=True, page=1)
        rows, _ = self._page(ask, Query().where("sys_id", Op.IS, sys_id), "sys_id")
        return rows[0] if rows else None

    def list(self, table: str, parameters: Mapping[str, str]) -> tuple[list[Mapping[str, str]], int]:
        """One page as it came over the wire, unchecked, and how many rows there are in all. `lean.py` knows the parameters."""
        session = self._client.session
        with self._understood(AbsurdAnswer):
            answer = session.get(f"{self.endpoint.url}/api/now/table/{table}", params=parameters, headers=_JSON)
            return answer.json()["result"], int(answer.headers["X-Total-Count"])

    def get(self, path: str) -> Any:
        """The result of a resource that is no table. Raises a RemoteError."""
        with self._understood(AbsurdAnswer):
            return self._client.session.get(f"{self.endpoint.url}{path}", headers=_JSON).json()["result"]

    def oldest(self, table: str, count: int) -> Sequence[str] | None:
        """sys_ids of the records of a table that were created first, of those the user may see; None where it has some and
        none of them is shown."""
        ask = _Ask(table, ("sys_id", "sys_created_on"), ("sys_id",), display=False, page=count)
        rows, total = self._page(ask, Query(), "sys_created_on^ORDERBYsys_id")
        return None if total and not rows else [row["sys_id"] for row in rows]

    # --- writing -------------------------------------------------------------------------------------------

    def insert(self, table: str, values: Mapping[str, str]) -> Row:
        """Create a record and return what the instance made of it."""
        record = self._client.GlideRecord(table)
        record.initialize()
        for column, value in values.items():
            record.set_value(column, value)
        with self._understood(OutcomeUnknown):
            record.insert()
            return _row(record)

    def update(self, table: str, sys_id: str, values: Mapping[str, str]) -> Row:
        """Change these columns of a record and return what the instance made of it."""
        record = self._client.GlideRecord(table)
        record.initialize()
        record.set_value("sys_id", sys_id)
        for column, value in values.items():
            # pysnc sends only what it saw changing, and a first value is no change to it.
            record.set_value(column, None)
            record.set_value(column, value)
        with self._understood(OutcomeUnknown):
            record.update()
            return _row(record)

    @contextmanager
    def _understood(self, otherwise: type[RemoteError]) -> Iterator[None]:
        """An answer that passed every check of the session and still makes pysnc stumble is not an answer."""
        try:
            yield
        except ConnectorError:
            raise
        except Exception as error:
            raise otherwise(
                f"{self.endpoint.name} ({self.endpoint.url}) sent JSON that is not a Table API answer ({type(error).__name__}).",
                hint="Check that no proxy or other product answers in its place.",
                transaction=self.transaction,
                instance=self.endpoint.name,
            ) from error


def require_end(endpoint: Endpoint, table: str, empty: int) -> None:
    """Raises AbsurdAnswer after so many `empty` pages in a row that the total can no longer be believed."""
    if empty > MOST_EMPTY:
        raise AbsurdAnswer(
            f"{endpoint.name}: {table} returned {empty} empty pages in a row and says that there are more rows.",
            hint="Check what the connector's user may see of the table, and that no proxy changes X-Total-Count.",
            instance=endpoint.name,
        )


def stamp(moment: datetime) -> str:
    """A date-time as a plain query literal and as stored: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def is_stamp(text: str) -> bool:
    """Whether this is a date-time as stored."""
    try:
        return len(text) == len("2026-03-02 08:00:00") and bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _rows(record: Any) -> Iterator[Row]:
    while record.has_next():  # `next` alone would fetch further pages by offset
        record.next()
        yield _row(record)


def _row(record: Any) -> Row:
    values: dict[str, str] = {}
    displays: dict[str, str] = {}
    for column, shapes in record.serialize(display_value="both").items():
        value, shown = shapes.get("value"), shapes.get("display_value")
        values[column] = "" if value is None else str(value)
        if shown is not None and shown != value:
            displays[column] = str(shown)
        elif value and record.get_element(column)._display_value == "":  # pysnc would show the value in its place
            displays[column] = ""
    return Row(values, displays)
