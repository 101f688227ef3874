"""Tags have a parent, source, hue, hotkey, state, revision and examples; changes can be reversed.

Revision: 0037
After: 0036
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_STANDING = sa.text("withdrawn_at is null")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Tags that are there have been in use: they are active."""
    with op.batch_alter_table("tag") as table:
        table.add_column(sa.Column("source", sa.String(200), nullable=False, server_default=""))
        table.add_column(sa.Column("parent_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("hue", sa.Integer(), nullable=True))
        table.add_column(sa.Column("hotkey", sa.String(1), nullable=True))
        table.add_column(sa.Column("state", sa.String(10), nullable=False, server_default="active"))
        table.add_column(sa.Column("replaced_by_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="1"))
        table.create_foreign_key(op.f("fk_tag_parent_id_tag"), "tag", ["parent_id"], ["id"])
        table.create_foreign_key(
            op.f("fk_tag_replaced_by_id_tag"), "tag", ["replaced_by_id"], ["id"]
        )
        table.create_check_constraint(
            op.f("ck_tag_state"), "state in ('proposed', 'active', 'deprecated')"
        )
        table.create_check_constraint(op.f("ck_tag_hue"), "hue between 0 and 5")
    op.create_index(op.f("ix_tag_parent_id"), "tag", ["parent_id"])
    op.create_index(op.f("ix_tag_replaced_by_id"), "tag", ["replaced_by_id"])
    _one_standing("uq_tag_standing_hotkey", "tag", "hotkey")
    op.create_table(
        "tag_example",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("positive", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
        _refers("tag_example", "tag_id", "tag"),
        _refers("tag_example", "region_id", "region"),
        _refers("tag_example", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_example")),
    )
    _one_standing("uq_tag_example_standing", "tag_example", "tag_id", "region_id")
    op.create_index(op.f("ix_tag_example_region_id"), "tag_example", ["region_id"])
    op.create_table(
        "tag_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("reverses_id", sa.Integer(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        _refers("tag_change", "tag_id", "tag"),
        _refers("tag_change", "other_id", "tag"),
        _refers("tag_change", "user_id", "user_account"),
        _refers("tag_change", "reverses_id", "tag_change"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_change")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_tag_change_reverses_id")),
    )
    op.create_index(op.f("ix_tag_change_tag_id"), "tag_change", ["tag_id"])
    op.create_index(op.f("ix_tag_change_other_id"), "tag_change", ["other_id"])
    op.create_table(
        "tag_change_item",
        sa.Column("change_id", sa.Integer(), nullable=False),
        sa.Column("tagging_id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.Integer(), nullable=False),
        sa.Column("to_id", sa.Integer(), nullable=False),
        sa.Column("effect", sa.String(9), nullable=False),
        sa.CheckConstraint(
            "effect in ('moved', 'withdrawn', 'restored')", name=op.f("ck_tag_change_item_effect")
        ),
        _refers("tag_change_item", "change_id", "tag_change"),
        _refers("tag_change_item", "tagging_id", "tagging"),
        _refers("tag_change_item", "from_id", "tag"),
        _refers("tag_change_item", "to_id", "tag"),
        sa.PrimaryKeyConstraint("change_id", "tagging_id", name=op.f("pk_tag_change_item")),
    )
    op.create_index(op.f("ix_tag_change_item_tagging_id"), "tag_change_item", ["tagging_id"])


def downgrade() -> None:
    """Tags and what bears them stay as they were changed last; merged tags stay out."""
    for name in ("tag_change_item", "tag_change", "tag_example"):
        op.drop_table(name)
    op.drop_index("uq_tag_standing_hotkey", table_name="tag")
    op.drop_index(op.f("ix_tag_replaced_by_id"), table_name="tag")
    op.drop_index(op.f("ix_tag_parent_id"), table_name="tag")
    with op.batch_alter_table("tag") as table:
        for name in ("state", "hue"):
            table.drop_constraint(op.f(f"ck_tag_{name}"), type_="check")
        for name in ("parent_id", "replaced_by_id"):
            table.drop_constraint(op.f(f"fk_tag_{name}_tag"), type_="foreignkey")
        for name in (
            "source",
            "parent_id",
            "hue",
            "hotkey",
            "state",
            "replaced_by_id",
            "revision",
        ):
            table.drop_column(name)


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def _one_standing(name: str, table: str, *columns: str) -> None:
    op.create_index(
        name,
        table,
        list(columns),
        unique=True,
        sqlite_where=_STANDING,
        postgresql_where=_STANDING,
    )
