"""Embeddings are kept, tokens are cached; a run knows its rate.

Revision: 0002
After: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _forget_embeddings()
    op.create_table(
        "cached_part",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("shard_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["shard_id"],
            ["embedding_shard.id"],
            name=op.f("fk_cached_part_shard_id_embedding_shard"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cached_part")),
        sa.UniqueConstraint("shard_id", "part", name=op.f("uq_cached_part_shard_id_part")),
    )
    with op.batch_alter_table("cached_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cached_part_used_at"), ["used_at"], unique=False)

    op.add_column(
        "training_run",
        sa.Column("stage_started_done", sa.Integer(), nullable=False, server_default="0"),
    )


def downgrade() -> None:
    op.drop_column("training_run", "stage_started_done")
    with op.batch_alter_table("cached_part", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_cached_part_used_at"))

    op.drop_table("cached_part")
    _forget_embeddings()


def _forget_embeddings() -> None:
    """Have images encoded again: the files before hold tokens too, those after do not."""
    for table in ("embedding", "embedding_shard"):
        op.execute(sa.table(table).delete())
