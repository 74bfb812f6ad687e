"""Memory knows every open record as it was last looked at, and how far the sweep has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known",
        sa.Column("part", sa.String(20), primary_key=True),
        sa.Column("sys_id", sa.String(32), primary_key=True),
        sa.Column("mod_count", sa.Integer, nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "round",
        sa.Column("began", sa.DateTime, primary_key=True),
        sa.Column("part", sa.String(20), nullable=False),
        sa.Column("after", sa.String(32), nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("expected", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("memory is rebuilt, not downgraded")
