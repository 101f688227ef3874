"""Adjudications can be withdrawn; verdicts say whether they were blind, and of a wrong reason.

Revision: 0042
After: 0041
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("adjudication", sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
    for table, name in (
        ("adjudication", "own_opinion"),
        ("adjudication", "by_majority"),
        ("verdict", "blind"),
        ("verdict", "wrong_reason"),
    ):
        op.add_column(
            table, sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    # Tables from before know no withdrawn adjudication: it would decide again.
    op.execute("delete from adjudication where withdrawn_at is not null")
    with op.batch_alter_table("adjudication") as table:
        for name in ("withdrawn_at", "own_opinion", "by_majority"):
            table.drop_column(name)
    with op.batch_alter_table("verdict") as table:
        for name in ("blind", "wrong_reason"):
            table.drop_column(name)
