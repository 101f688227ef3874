"""A removal says whether the collection that it was of was restricted.

Revision: 0053
After: 0052

Of collections that are gone already, the newest event that says who sees them tells it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "removal",
        sa.Column("restricted", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    event = sa.table(
        "audit_event",
        sa.column("id", sa.Integer),
        sa.column("action", sa.String),
        sa.column("subject", sa.String),
        sa.column("after", sa.JSON),
    )
    removal = sa.table(
        "removal",
        sa.column("kind", sa.String),
        sa.column("subject_id", sa.Integer),
        sa.column("restricted", sa.Boolean),
    )
    bind = op.get_bind()
    said = sa.select(event.c.subject, event.c.after).where(event.c.action == "collection.members")
    newest = dict(bind.execute(said.order_by(event.c.id)).tuples().all())
    gone = [
        int(subject.removeprefix("collection:"))
        for subject, after in newest.items()
        if after and after.get("restricted")
    ]
    for each in gone:
        of_it = removal.c.kind == "collection", removal.c.subject_id == each
        bind.execute(removal.update().where(*of_it).values(restricted=True))


def downgrade() -> None:
    op.drop_column("removal", "restricted")
