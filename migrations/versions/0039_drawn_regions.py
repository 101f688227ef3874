"""Regions that people draw, and findings: tags with a reason and a severity.

Revision: 0039
After: 0038
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_TOOLS = "tool in ('box', 'polygon', 'lasso', 'brush', 'superpixels', 'groups', 'several')"
_SEVERITIES = "severity in ('minor', 'moderate', 'severe')"


def upgrade() -> None:
    op.create_table(
        "drawn_region",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("tool", sa.String(12), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in (
                "picture_width",
                "picture_height",
                "left",
                "top",
                "width",
                "height",
                "area",
            )
        ),
        sa.Column("rle", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_TOOLS, name=op.f("ck_drawn_region_tool")),
        sa.ForeignKeyConstraint(
            ["region_id"], ["region.id"], name=op.f("fk_drawn_region_region_id_region")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_drawn_region_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drawn_region")),
    )
    op.create_index("ix_drawn_region_region_id", "drawn_region", ["region_id"])
    standing = sa.text("withdrawn_at is null")
    op.create_index(
        "uq_drawn_region_standing_region",
        "drawn_region",
        ["region_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    with op.batch_alter_table("tagging") as table:
        table.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("severity", sa.String(8), nullable=True))
        table.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        table.create_check_constraint(op.f("ck_tagging_severity"), _SEVERITIES)


def downgrade() -> None:
    """Keep the regions, and the tags on them, at the resolution of the normalised image.

    Reasons and severities are lost; so is what was drawn where the normalised image has no pixel,
    with its tags.
    """
    with op.batch_alter_table("tagging") as table:
        table.drop_constraint(op.f("ck_tagging_severity"), type_="check")
        for name in ("revision", "severity", "reason"):
            table.drop_column(name)
    op.drop_table("drawn_region")
    empty = "(select id from region where area = 0)"
    op.execute(
        f"delete from tag_check where region_id in {empty} or tagging_id in "  # noqa: S608 - no words of anybody
        f"(select id from tagging where region_id in {empty})"
    )
    for name in ("tagged_region", "tag_example", "tagging"):
        op.execute(f"delete from {name} where region_id in {empty}")  # noqa: S608 - names of tables
    op.execute("delete from region where area = 0")
