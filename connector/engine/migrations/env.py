"""Alembic's entry point: runs on the connection `database.py` hands over, never on a URL of its own."""

from __future__ import annotations

from alembic import context

from connector.engine.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
