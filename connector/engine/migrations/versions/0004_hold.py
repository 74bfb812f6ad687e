"""Sides and orders can be held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hold",
        sa.Column("target", sa.String(40), primary_key=True),
        sa.Column("reason", sa.String(20), primary_key=True),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
        sa.Column("until", sa.DateTime),
        sa.Column("probe_at", sa.DateTime),
        sa.Column("probes", sa.Integer, nullable=False),
    )
    op.create_table(
        "identity",
        sa.Column("side", sa.String(3), primary_key=True),
        sa.Column("fact", sa.String(80), primary_key=True),
        sa.Column("value", sa.String(300), nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("outbox_id", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("requests", sa.JSON, nullable=False),
    )
    op.create_index("ix_attempt_outbox_id", "attempt", ["outbox_id"])


def downgrade() -> None:
    raise NotImplementedError("memory is rebuilt, not downgraded")
