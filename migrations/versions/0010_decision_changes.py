"""Readers find the decisions that changed since they looked, and need not read all (ADR 29).

Revision: 0010
After: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decision_counter",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_decision_counter_collection_id_collection"),
        ),
        sa.PrimaryKeyConstraint("collection_id", name=op.f("pk_decision_counter")),
    )
    op.create_table(
        "decision_change",
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_decision_change_image_id_image")
        ),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_decision_change_collection_id_collection"),
        ),
        sa.PrimaryKeyConstraint("image_id", name=op.f("pk_decision_change")),
    )
    op.create_index(
        "ix_decision_change_collection_id_number", "decision_change", ["collection_id", "number"]
    )


def downgrade() -> None:
    op.drop_index("ix_decision_change_collection_id_number", table_name="decision_change")
    op.drop_table("decision_change")
    op.drop_table("decision_counter")
