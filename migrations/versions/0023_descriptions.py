"""What dimensions and patterns show is described by the run that makes them.

Versions that are there stay without a description.

Revision: 0023
After: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dimension_description",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("strongest", sa.JSON(), nullable=False),
        sa.Column("in_groups", sa.Float(), nullable=False),
        *_described(),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["model_version.id"],
            name=op.f("fk_dimension_description_version_id_model_version"),
        ),
        sa.PrimaryKeyConstraint("version_id", "dimension", name=op.f("pk_dimension_description")),
    )
    op.create_table(
        "pattern_description",
        sa.Column("pattern_id", sa.Integer(), nullable=False),
        sa.Column("by_dimension", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.Float(), nullable=False),
        *_described(),
        sa.ForeignKeyConstraint(
            ["pattern_id"],
            ["pattern.id"],
            name=op.f("fk_pattern_description_pattern_id_pattern"),
        ),
        sa.PrimaryKeyConstraint("pattern_id", name=op.f("pk_pattern_description")),
    )


def downgrade() -> None:
    op.drop_table("pattern_description")
    op.drop_table("dimension_description")


def _described() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("location", sa.String(length=16), nullable=True),
        sa.Column("mean_map", sa.JSON(), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=True),
    )
