"""The schema of memory, with its rules as constraints. SQLite by default; nothing here is SQLite's own dialect alone.

wakeup   look at this order soon                    verdict   what a policy said, on first use
link     initiator <-> work order                   outbox    one intended write
event    what happened, for people; append-only     finding   what a person should look at now
cursor   how far a feed was read                    seen      rows of the overlap that were read already
last     when something was last done, and how it went
known    every open record as it was last looked at; what a sweep compares with
round    how far the present round of sweeping has come
pair     the two instances all of this is about      identity  what each of them is known by
hold     a side or an order on which nothing is done for now
looked   when an order was last looked at
attempt  one try to carry out an outbox entry that did not succeed at once
archive  everything remembered of an order that is over    archived_name  the sys_ids and numbers it is found by
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(sa.types.TypeDecorator[datetime]):
    """A moment, stored as UTC without a zone, read back with one."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.replace(tzinfo=UTC)


SHARDS = 64

wakeup = sa.Table(
    "wakeup",
    metadata,
    sa.Column("order_id", sa.String(32), primary_key=True),
    sa.Column("shard", sa.Integer, nullable=False),
    sa.Column("due", Utc, nullable=False),
    sa.Column("reason", sa.String(200), nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Index("ix_wakeup_due", "due", "shard"),
)

verdict = sa.Table(
    "verdict",
    metadata,
    sa.Column("initiator_id", sa.String(32), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("policy", sa.String(40), primary_key=True),
    sa.Column("initiator_number", sa.String(40), nullable=False, index=True),
    sa.Column("line_number", sa.String(40), nullable=False, index=True),
    sa.Column("order_id", sa.String(32), nullable=False, index=True),
    sa.Column("order_number", sa.String(40), nullable=False, index=True),
    sa.Column("decided_at", Utc, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
)

link = sa.Table(
    "link",
    metadata,
    sa.Column("work_order_id", sa.String(32), primary_key=True),
    sa.Column("work_order_number", sa.String(40), nullable=False, index=True),
    sa.Column("order_id", sa.String(32), nullable=False, index=True),
    sa.Column("domain_order_id", sa.String(32), nullable=False, index=True),
    sa.Column("initiator_id", sa.String(32), nullable=False, index=True),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("token", sa.String(10), nullable=False),
    sa.Column("key", sa.String(200), nullable=False),
    sa.Column("order_id", sa.String(32), nullable=False),
    sa.Column("order_number", sa.String(40), nullable=False),
    sa.Column("kind", sa.String(40)),
    sa.Column("document", sa.JSON),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("not_before", Utc, nullable=False),
    sa.Column("error", sa.Text, nullable=False, default=""),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("settled_at", Utc),
    sa.Column("transaction_id", sa.String(40), nullable=False, default=""),
    sa.CheckConstraint("state IN ('pending', 'sending', 'unknown', 'done', 'parked', 'withdrawn')", name="state"),
    sa.Index("ix_outbox_order", "order_id", "id"),
    # One intention per key of an order, ever: what was withdrawn before it was sent may be intended again.
    sa.Index(
        "uq_outbox_token",
        "order_id",
        "token",
        unique=True,
        sqlite_where=sa.text("state <> 'withdrawn'"),
        postgresql_where=sa.text("state <> 'withdrawn'"),
    ),
    # One request under way per order.
    sa.Index(
        "uq_outbox_sending",
        "order_id",
        unique=True,
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    ),
    sqlite_autoincrement=True,  # who starts tells its own entries from those it found by their numbers: none is used twice
)

event = sa.Table(
    "event",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("order_id", sa.String(32), nullable=False),
    sa.Column("order_number", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(80), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Index("ix_event_order", "order_id", "id"),
)

finding = sa.Table(
    "finding",
    metadata,
    sa.Column("order_id", sa.String(32), primary_key=True),
    sa.Column("code", sa.String(40), primary_key=True),
    sa.Column("subject", sa.String(80), primary_key=True),
    sa.Column("order_number", sa.String(40), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("since", Utc, nullable=False),
)

cursor = sa.Table(
    "cursor",
    metadata,
    sa.Column("system", sa.String(40), primary_key=True),
    sa.Column("feed", sa.String(80), primary_key=True),
    sa.Column("fingerprint", sa.String(12), nullable=False),
    sa.Column("watermark", Utc, nullable=False),  # by the instance's own clock
)

seen = sa.Table(
    "seen",
    metadata,
    sa.Column("system", sa.String(40), primary_key=True),
    sa.Column("feed", sa.String(80), primary_key=True),
    sa.Column("sys_id", sa.String(32), primary_key=True),
    sa.Column("mod_count", sa.Integer, nullable=False),
    sa.Column("updated_on", sa.String(19), nullable=False),
)

last = sa.Table(
    "last",
    metadata,
    sa.Column("what", sa.String(40), primary_key=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("text", sa.Text, nullable=False, default=""),
)

known = sa.Table(
    "known",
    metadata,
    sa.Column("part", sa.String(20), primary_key=True),
    sa.Column("sys_id", sa.String(32), primary_key=True),  # in lower case: the platform compares without regard to it
    sa.Column("mod_count", sa.Integer, nullable=False),
    sa.Column("state", sa.String(40), nullable=False),
    sa.Column("order_id", sa.String(32), nullable=False),  # empty: a record that belongs to no order
    # When this count was first read, by the instance's own clock; none: a person has looked at what it is now.
    sa.Column("since", Utc),
    sqlite_with_rowid=False,
)

# One row: the present or last round.
sweep_round = sa.Table(
    "round",
    metadata,
    sa.Column("began", Utc, primary_key=True),
    sa.Column("part", sa.String(20), nullable=False),  # the next slice begins in this part (empty: the round is over)
    sa.Column("after", sa.String(32), nullable=False),  # after this sys_id
    sa.Column("done", sa.Integer, nullable=False),  # slices of this round
    sa.Column("expected", sa.Integer, nullable=False),  # slices of the round before
)

pair = sa.Table(
    "pair",
    metadata,
    sa.Column("side", sa.String(3), primary_key=True),  # om, fsm
    sa.Column("name", sa.String(40), nullable=False),
    sa.Column("url", sa.String(300), nullable=False),
)

hold = sa.Table(
    "hold",
    metadata,
    sa.Column("target", sa.String(40), primary_key=True),  # om, fsm, or the number of an order
    sa.Column("reason", sa.String(20), primary_key=True),
    sa.Column("order_id", sa.String(32), nullable=False, default=""),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("by", sa.String(80), nullable=False, default=""),
    sa.Column("since", Utc, nullable=False),
    sa.Column("until", Utc),
    sa.Column("probe_at", Utc),
    sa.Column("probes", sa.Integer, nullable=False, default=0),
)

identity = sa.Table(
    "identity",
    metadata,
    sa.Column("side", sa.String(3), primary_key=True),
    sa.Column("fact", sa.String(80), primary_key=True),
    sa.Column("value", sa.String(300), nullable=False),
    sa.Column("since", Utc, nullable=False),
)

looked = sa.Table(
    "looked",
    metadata,
    sa.Column("order_id", sa.String(32), primary_key=True),
    sa.Column("at", Utc, nullable=False),
)

attempt = sa.Table(
    "attempt",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("outbox_id", sa.Integer, nullable=False, index=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("outcome", sa.String(10), nullable=False),  # the state of the entry afterwards
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("requests", sa.JSON, nullable=False),  # those that write, without secrets, with their answers
)

archive = sa.Table(
    "archive",
    metadata,
    sa.Column("order_id", sa.String(32), primary_key=True),
    sa.Column("archived_at", Utc, nullable=False, index=True),
    sa.Column("document", sa.LargeBinary, nullable=False),
)

archived_name = sa.Table(
    "archived_name",
    metadata,
    sa.Column("name", sa.String(40), primary_key=True),  # in upper case
    sa.Column("order_id", sa.String(32), primary_key=True, index=True),
    sqlite_with_rowid=False,
)


def shard_of(order_id: str) -> int:
    """The shard an order belongs to: a stable function of its sys_id."""
    return sum(order_id.encode()) % SHARDS


_IN_A_LIST = 400  # values


def in_lists(values: Collection[str]) -> Iterator[list[str]]:
    """The values in order, as many at a time as one IN list holds."""
    ordered = sorted(values)
    return (ordered[i : i + _IN_A_LIST] for i in range(0, len(ordered), _IN_A_LIST))
