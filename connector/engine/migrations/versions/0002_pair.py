"""Memory knows whose it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pair",
        sa.Column("side", sa.String(3), primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("url", sa.String(300), nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("memory is rebuilt, not downgraded")
