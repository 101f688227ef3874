"""Words to suggest for dimensions and patterns, where the encoder has a text tower.

Revision: 0024
After: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_DESCRIBED = ("dimension_description", "pattern_description")


def upgrade() -> None:
    op.create_table(
        "vocabulary",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_vocabulary_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vocabulary")),
        sa.UniqueConstraint("replaces", name=op.f("uq_vocabulary_replaces")),
    )
    op.create_index(op.f("ix_vocabulary_user_id"), "vocabulary", ["user_id"])
    for name in _DESCRIBED:
        with op.batch_alter_table(name) as table:
            table.add_column(sa.Column("direction", sa.JSON(), nullable=True))
            table.add_column(sa.Column("suggested", sa.JSON(), nullable=True))


def downgrade() -> None:
    for name in _DESCRIBED:
        with op.batch_alter_table(name) as table:
            table.drop_column("suggested")
            table.drop_column("direction")
    op.drop_table("vocabulary")
