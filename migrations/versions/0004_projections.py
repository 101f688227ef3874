"""Forget-to-spell projections.

Revision: 0004
After: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "projection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("encoder_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("artifact_id", sa.Integer(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_projection_collection_id_collection"),
        ),
        sa.ForeignKeyConstraint(
            ["artifact_id"], ["artifact.id"], name=op.f("fk_projection_artifact_id_artifact")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projection")),
    )
    op.create_index(
        "ix_projection_collection_id_encoder_fingerprint",
        "projection",
        ["collection_id", "encoder_fingerprint", "id"],
    )


def downgrade() -> None:
    op.drop_index("ix_projection_collection_id_encoder_fingerprint", table_name="projection")
    op.drop_table("projection")
