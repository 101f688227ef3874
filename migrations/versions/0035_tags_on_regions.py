"""Tags and their checks on regions, which outlive the version whose pixel groups they were put on.

Revision: 0035
After: 0034
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_TAGGING = sa.table(
    "tagging",
    sa.column("id"),
    sa.column("tag_id"),
    sa.column("region_id"),
    sa.column("withdrawn_at", sa.DateTime(timezone=True)),
)
_EVENT = sa.table(
    "audit_event",
    sa.column("action"),
    sa.column("subject"),
    sa.column("detail", sa.JSON()),
    sa.column("at", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    op.drop_index("uq_tagging_standing_pixel_group", table_name="tagging")
    op.drop_index("ix_tagging_pixel_group_id", table_name="tagging")
    op.drop_index("ix_tag_check_tagging_id", table_name="tag_check")
    op.drop_index(op.f("ix_tag_check_pixel_group_id"), table_name="tag_check")
    for name in ("tagging", "tag_check"):
        op.add_column(name, sa.Column("region_id", sa.Integer(), nullable=True))
        op.execute(
            f"update {name} set region_id = (select g.region_id from pixel_group g "  # noqa: S608 - names of tables and columns
            f"where g.id = {name}.pixel_group_id)"
        )
    _withdraw_doubled()
    with op.batch_alter_table("tagging") as table:
        table.drop_constraint(op.f("ck_tagging_one_subject"), type_="check")
        table.drop_constraint(op.f("fk_tagging_pixel_group_id_pixel_group"), type_="foreignkey")
        table.drop_column("pixel_group_id")
        table.create_foreign_key(
            op.f("fk_tagging_region_id_region"), "region", ["region_id"], ["id"]
        )
        table.create_check_constraint(
            op.f("ck_tagging_one_subject"), "pattern_id is null or region_id is null"
        )
    with op.batch_alter_table("tag_check") as table:
        table.drop_constraint(op.f("fk_tag_check_pixel_group_id_pixel_group"), type_="foreignkey")
        table.drop_column("pixel_group_id")
        table.alter_column("region_id", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key(
            op.f("fk_tag_check_region_id_region"), "region", ["region_id"], ["id"]
        )
    op.create_table(
        "tagged_region",
        sa.Column("tagging_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tagging_id"], ["tagging.id"], name=op.f("fk_tagged_region_tagging_id_tagging")
        ),
        sa.ForeignKeyConstraint(
            ["region_id"], ["region.id"], name=op.f("fk_tagged_region_region_id_region")
        ),
        sa.PrimaryKeyConstraint("tagging_id", "region_id", name=op.f("pk_tagged_region")),
    )
    op.create_index(op.f("ix_tagged_region_region_id"), "tagged_region", ["region_id"])
    op.create_index("ix_tagging_region_id", "tagging", ["region_id"])
    op.create_index("ix_tag_check_tagging_id", "tag_check", ["tagging_id", "region_id"])
    op.create_index(op.f("ix_tag_check_region_id"), "tag_check", ["region_id"])
    _one_standing("region_id", "uq_tagging_standing_region")


def _withdraw_doubled() -> None:
    """Where one tag was put on the same region under two versions, the older one stands."""
    connection = op.get_bind()
    standing = connection.execute(
        sa.select(_TAGGING.c.id, _TAGGING.c.tag_id, _TAGGING.c.region_id)
        .where(_TAGGING.c.region_id.is_not(None), _TAGGING.c.withdrawn_at.is_(None))
        .order_by(_TAGGING.c.id)
    )
    first: dict[tuple[int, int], int] = {}
    moment = datetime.now(UTC)
    for tagging_id, tag_id, region_id in standing.all():
        kept = first.setdefault((tag_id, region_id), tagging_id)
        if kept == tagging_id:
            continue
        connection.execute(
            sa.update(_TAGGING).where(_TAGGING.c.id == tagging_id).values(withdrawn_at=moment)
        )
        connection.execute(
            sa.insert(_EVENT).values(
                action="tag.withdraw",
                subject=f"tagging:{tagging_id}",
                detail={"doubled": kept},
                at=moment,
            )
        )


def _one_standing(column: str, name: str) -> None:
    standing = sa.text("withdrawn_at is null")
    op.create_index(
        name,
        "tagging",
        ["tag_id", column],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )


def downgrade() -> None:
    """Put tags and checks on a group with the region.

    Those on several regions at once, or on regions that no version has, are lost.
    """
    op.drop_index("uq_tagging_standing_region", table_name="tagging")
    op.drop_index("ix_tagging_region_id", table_name="tagging")
    op.drop_index("ix_tag_check_tagging_id", table_name="tag_check")
    op.drop_index(op.f("ix_tag_check_region_id"), table_name="tag_check")
    op.drop_table("tagged_region")
    for name in ("tagging", "tag_check"):
        op.add_column(name, sa.Column("pixel_group_id", sa.Integer(), nullable=True))
        op.execute(
            f"update {name} set pixel_group_id = (select min(g.id) from pixel_group g "  # noqa: S608 - names of tables and columns
            f"where g.region_id = {name}.region_id)"
        )
    lost = "select id from tagging where pattern_id is null and pixel_group_id is null"
    op.execute(
        f"delete from tag_check where pixel_group_id is null or tagging_id in ({lost})"  # noqa: S608 - names of tables and columns
    )
    op.execute(f"delete from tagging where id in ({lost})")  # noqa: S608 - no words of anybody
    with op.batch_alter_table("tagging") as table:
        table.drop_constraint(op.f("ck_tagging_one_subject"), type_="check")
        table.drop_constraint(op.f("fk_tagging_region_id_region"), type_="foreignkey")
        table.drop_column("region_id")
        table.create_foreign_key(
            op.f("fk_tagging_pixel_group_id_pixel_group"), "pixel_group", ["pixel_group_id"], ["id"]
        )
        table.create_check_constraint(
            op.f("ck_tagging_one_subject"), "(pattern_id is null) <> (pixel_group_id is null)"
        )
    with op.batch_alter_table("tag_check") as table:
        table.drop_constraint(op.f("fk_tag_check_region_id_region"), type_="foreignkey")
        table.drop_column("region_id")
        table.alter_column("pixel_group_id", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key(
            op.f("fk_tag_check_pixel_group_id_pixel_group"),
            "pixel_group",
            ["pixel_group_id"],
            ["id"],
        )
    op.create_index("ix_tagging_pixel_group_id", "tagging", ["pixel_group_id"])
    op.create_index("ix_tag_check_tagging_id", "tag_check", ["tagging_id", "pixel_group_id"])
    op.create_index(op.f("ix_tag_check_pixel_group_id"), "tag_check", ["pixel_group_id"])
    _one_standing("pixel_group_id", "uq_tagging_standing_pixel_group")
