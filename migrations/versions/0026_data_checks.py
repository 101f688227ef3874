"""Perceptual hashes of images, checks of collections, and what people did about their findings.

Revision: 0026
After: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("image") as table:
        table.add_column(sa.Column("perceptual_hash", sa.BigInteger(), nullable=True))
    op.create_table(
        "data_check",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("images", sa.Integer(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_data_check_collection_id_collection"),
        ),
        sa.PrimaryKeyConstraint("collection_id", name=op.f("pk_data_check")),
    )
    op.create_table(
        "data_action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("finding", sa.String(200), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_data_action_collection_id_collection"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_data_action_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_action")),
    )
    op.create_index(op.f("ix_data_action_collection_id"), "data_action", ["collection_id"])


def downgrade() -> None:
    op.drop_table("data_action")
    op.drop_table("data_check")
    with op.batch_alter_table("image") as table:
        table.drop_column("perceptual_hash")
