"""People check a random sample of the groups that inherit a pattern's tag.

Revision: 0007
After: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tag_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tagging_id", sa.Integer(), nullable=False),
        sa.Column("pixel_group_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("fits", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["tagging_id"], ["tagging.id"], name=op.f("fk_tag_check_tagging_id_tagging")
        ),
        sa.ForeignKeyConstraint(
            ["pixel_group_id"],
            ["pixel_group.id"],
            name=op.f("fk_tag_check_pixel_group_id_pixel_group"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_tag_check_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_check")),
    )
    op.create_index("ix_tag_check_tagging_id", "tag_check", ["tagging_id", "pixel_group_id"])


def downgrade() -> None:
    op.drop_index("ix_tag_check_tagging_id", table_name="tag_check")
    op.drop_table("tag_check")
