"""The first schema of memory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wakeup",
        sa.Column("order_id", sa.String(32), primary_key=True),
        sa.Column("shard", sa.Integer, nullable=False),
        sa.Column("due", sa.DateTime, nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
    )
    op.create_index("ix_wakeup_due", "wakeup", ["due", "shard"])
    op.create_table(
        "verdict",
        sa.Column("initiator_id", sa.String(32), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("policy", sa.String(40), primary_key=True),
        sa.Column("initiator_number", sa.String(40), nullable=False),
        sa.Column("line_number", sa.String(40), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("order_number", sa.String(40), nullable=False),
        sa.Column("decided_at", sa.DateTime, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
    )
    for column in ("initiator_number", "line_number", "order_id", "order_number"):
        op.create_index(f"ix_verdict_{column}", "verdict", [column])
    op.create_table(
        "link",
        sa.Column("work_order_id", sa.String(32), primary_key=True),
        sa.Column("work_order_number", sa.String(40), nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("domain_order_id", sa.String(32), nullable=False),
        sa.Column("initiator_id", sa.String(32), nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
    )
    for column in ("work_order_number", "order_id", "domain_order_id", "initiator_id"):
        op.create_index(f"ix_link_{column}", "link", [column])
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
    )
    op.create_index("ix_outbox_order", "outbox", ["order_id", "id"])
    for name, columns, rule in (
        ("uq_outbox_token", ["order_id", "token"], "state <> 'withdrawn'"),
        ("uq_outbox_sending", ["order_id"], "state = 'sending'"),
    ):
        op.create_index(
            name, "outbox", columns, unique=True, sqlite_where=sa.text(rule), postgresql_where=sa.text(rule)
        )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("order_id", sa.String(32), nullable=False),
        sa.Column("order_number", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("ix_event_order", "event", ["order_id", "id"])
    op.create_table(
        "finding",
        sa.Column("order_id", sa.String(32), primary_key=True),
        sa.Column("code", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(80), primary_key=True),
        sa.Column("order_number", sa.String(40), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
    )
    op.create_table(
        "cursor",
        sa.Column("system", sa.String(40), primary_key=True),
        sa.Column("feed", sa.String(80), primary_key=True),
        sa.Column("fingerprint", sa.String(12), nullable=False),
        sa.Column("watermark", sa.DateTime, nullable=False),
    )
    op.create_table(
        "seen",
        sa.Column("system", sa.String(40), primary_key=True),
        sa.Column("feed", sa.String(80), primary_key=True),
        sa.Column("sys_id", sa.String(32), primary_key=True),
        sa.Column("mod_count", sa.Integer, nullable=False),
        sa.Column("updated_on", sa.String(19), nullable=False),
    )
    op.create_table(
        "last",
        sa.Column("what", sa.String(40), primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("memory is rebuilt, not downgraded")
