"""The archive of orders that are over. Numbers of outbox entries are never used twice any more, although entries leave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive",
        sa.Column("order_id", sa.String(32), primary_key=True),
        sa.Column("archived_at", sa.DateTime, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_archive_archived_at", "archive", ["archived_at"])
    op.create_table(
        "archived_name",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("order_id", sa.String(32), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_archived_name_order_id", "archived_name", ["order_id"])
    if op.get_bind().dialect.name == "sqlite":
        _number_outbox_entries_once()


def _number_outbox_entries_once() -> None:
    op.rename_table("outbox", "outbox_before")
    for name in ("ix_outbox_order", "uq_outbox_token", "uq_outbox_sending"):
        op.drop_index(name, "outbox_before")
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("token", sa.String(10), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("order_number", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(40)),
        sa.Column("document", sa.JSON),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("not_before", sa.DateTime, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("settled_at", sa.DateTime),
        sa.Column("transaction_id", sa.String(40), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'sending', 'unknown', 'done', 'parked', 'withdrawn')", name="state"),
        sqlite_autoincrement=True,
    )
    columns = (
        "id, token, key, order_id, order_number, kind, document, state, attempts, not_before, error, created_at, "
        "settled_at, transaction_id"
    )
    op.execute(f"INSERT INTO outbox ({columns}) SELECT {columns} FROM outbox_before")  # noqa: S608 - our own columns
    op.drop_table("outbox_before")
    op.create_index("ix_outbox_order", "outbox", ["order_id", "id"])
    for name, indexed, rule in (
        ("uq_outbox_token", ["order_id", "token"], "state <> 'withdrawn'"),
        ("uq_outbox_sending", ["order_id"], "state = 'sending'"),
    ):
        op.create_index(name, "outbox", indexed, unique=True, sqlite_where=sa.text(rule))


def downgrade() -> None:
    raise NotImplementedError("memory is rebuilt, not downgraded")
