"""Which claim on a run is valid, and which dataset a run froze.

Revision: 0011
After: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("training_run") as table:
        table.add_column(sa.Column("claim", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("dataset_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            op.f("fk_training_run_dataset_id_curated_dataset"),
            "curated_dataset",
            ["dataset_id"],
            ["id"],
        )
        table.create_index("ix_training_run_dataset_id", ["dataset_id"])
    with op.batch_alter_table("training_run") as table:
        table.alter_column("claim", existing_type=sa.Integer(), server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("training_run") as table:
        table.drop_index("ix_training_run_dataset_id")
        table.drop_constraint(
            op.f("fk_training_run_dataset_id_curated_dataset"), type_="foreignkey"
        )
        table.drop_column("dataset_id")
        table.drop_column("claim")
