"""How long a run still needs, and how long its stages took.

Revision: 0013
After: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("training_run") as table:
        table.add_column(sa.Column("seconds_left", sa.Float(), nullable=True))
        table.add_column(sa.Column("stage_seconds", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("training_run") as table:
        table.alter_column("stage_seconds", existing_type=sa.JSON(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("training_run") as table:
        table.drop_column("stage_seconds")
        table.drop_column("seconds_left")
