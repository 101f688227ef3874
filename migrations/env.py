"""Alembic's environment: runs migrations on the connection that the store hands over."""

from __future__ import annotations

from alembic import context

from workbench.store import (  # noqa: F401 - registers the tables
    descriptions,
    export_jobs,
    hygiene,
    import_jobs,
    judgements,
    label_imports,
    label_sets,
    queues,
    removals,
    results,
    tag_changes,
    versions,
    webhooks,
)
from workbench.store.database import Base, UtcDateTime


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Write our moments as plain columns, so that a migration needs nothing of today's code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
