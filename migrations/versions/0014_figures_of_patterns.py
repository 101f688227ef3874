"""A pattern's prevalence and lift are figured from the columns of a version (ADR 23) alone.

Revision: 0014
After: 0013

They were kept for all images beside it, and given where images tell nothing of them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_UNKNOWN = {
    "prevalence_real": "0",
    "prevalence_fake": "0",
    "lift": "1",
    "lift_low": "0",
    "lift_high": "99",
}
"""What stood there where nothing was known."""


def upgrade() -> None:
    with op.batch_alter_table("pattern") as table:
        for name in _UNKNOWN:
            table.drop_column(name)


def downgrade() -> None:
    with op.batch_alter_table("pattern") as table:
        for name, value in _UNKNOWN.items():
            table.add_column(sa.Column(name, sa.Float(), nullable=False, server_default=value))
    with op.batch_alter_table("pattern") as table:
        for name in _UNKNOWN:
            table.alter_column(name, existing_type=sa.Float(), server_default=None)
