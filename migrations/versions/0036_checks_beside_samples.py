"""Whether an answer about a tag was given on a random sample.

Revision: 0036
After: 0035
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "tag_check",
        sa.Column("sampled", sa.Boolean(), nullable=False, server_default=sa.true()),
    )


def downgrade() -> None:
    """Keep the answers on samples: the others would count as if they were drawn at random."""
    op.execute("delete from tag_check where not sampled")
    with op.batch_alter_table("tag_check") as table:
        table.drop_column("sampled")
