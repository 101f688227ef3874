"""Suggested tags that somebody has dismissed.

Revision: 0040
After: 0039
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dismissed_suggestion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("pattern_id", sa.Integer()),
        sa.Column("region_id", sa.Integer()),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "(pattern_id is null) <> (region_id is null)",
            name=op.f("ck_dismissed_suggestion_one_subject"),
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tag.id"], name=op.f("fk_dismissed_suggestion_tag_id_tag")
        ),
        sa.ForeignKeyConstraint(
            ["pattern_id"], ["pattern.id"], name=op.f("fk_dismissed_suggestion_pattern_id_pattern")
        ),
        sa.ForeignKeyConstraint(
            ["region_id"], ["region.id"], name=op.f("fk_dismissed_suggestion_region_id_region")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_dismissed_suggestion_user_id_user_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dismissed_suggestion")),
    )
    for column in ("tag_id", "pattern_id", "region_id"):
        op.create_index(op.f(f"ix_dismissed_suggestion_{column}"), "dismissed_suggestion", [column])


def downgrade() -> None:
    op.drop_table("dismissed_suggestion")
