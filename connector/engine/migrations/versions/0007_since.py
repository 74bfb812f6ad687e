"""Since when memory has known each open record at its count of updates."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("known", sa.Column("since", sa.DateTime))
    known = sa.table("known", sa.column("since", sa.DateTime))
    long_ago = datetime(1970, 1, 1)  # noqa: DTZ001 - stored as UTC without a zone
    op.execute(known.update().values(since=long_ago))


def downgrade() -> None:
    raise NotImplementedError("memory is rebuilt, not downgraded")
