"""Alembic's entry: runs in the transaction that Store.migrate hands over."""

from __future__ import annotations

from alembic import context

from lss_core.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
