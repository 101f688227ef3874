"""A version has several layouts, each with cells of its own.

Revision: 0022
After: 0021

So far there was one, computed from the activations; it stays that of the versions that have it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_FORMER = "activations"
_BEGUN_WITH = "balanced"

_PREDICTION = sa.table(
    "prediction", *(sa.column(name) for name in ("version_id", "image_id", "x", "y"))
)
_PLACEMENT = sa.table(
    "placement", *(sa.column(name) for name in ("version_id", "layout", "image_id", "x", "y"))
)
_CELL = sa.table("cell", sa.column("layout"), sa.column("level"))


def upgrade() -> None:
    op.create_table(
        "placement",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("layout", sa.String(length=16), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("x", sa.Float(), nullable=False),
        sa.Column("y", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"], ["model_version.id"], name=op.f("fk_placement_version_id_model_version")
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_placement_image_id_image")
        ),
        sa.PrimaryKeyConstraint("version_id", "layout", "image_id", name=op.f("pk_placement")),
    )
    op.create_index(op.f("ix_placement_image_id"), "placement", ["image_id"])
    place = _PREDICTION.c
    op.execute(
        sa.insert(_PLACEMENT).from_select(
            ["version_id", "layout", "image_id", "x", "y"],
            sa.select(
                place.version_id, sa.literal(_FORMER), place.image_id, place.x, place.y
            ).where(place.x.is_not(None), place.y.is_not(None)),
        )
    )
    with op.batch_alter_table("prediction") as table:
        table.drop_column("x")
        table.drop_column("y")
    op.drop_index("ix_cell_version_id_level", "cell")
    with op.batch_alter_table("cell") as table:
        table.add_column(
            sa.Column("layout", sa.String(length=16), nullable=False, server_default=_FORMER)
        )
        table.drop_constraint(op.f("uq_cell_version_id_level_row_column"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_cell_version_id_layout_level_row_column"),
            ["version_id", "layout", "level", "row", "column"],
        )
    with op.batch_alter_table("cell") as table:
        table.alter_column("layout", server_default=None)
    op.create_index("ix_cell_version_id_layout_level", "cell", ["version_id", "layout", "level"])


def downgrade() -> None:
    """The layout that pages begin with becomes the only one."""
    op.drop_index("ix_cell_version_id_layout_level", "cell")
    kept = (_FORMER, _BEGUN_WITH)
    op.execute(sa.delete(_CELL).where(_CELL.c.layout.not_in(kept) | (_CELL.c.level < 0)))
    with op.batch_alter_table("cell") as table:
        table.drop_constraint(op.f("uq_cell_version_id_layout_level_row_column"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_cell_version_id_level_row_column"), ["version_id", "level", "row", "column"]
        )
        table.drop_column("layout")
    op.create_index("ix_cell_version_id_level", "cell", ["version_id", "level"])
    with op.batch_alter_table("prediction") as table:
        table.add_column(sa.Column("x", sa.Float(), nullable=True))
        table.add_column(sa.Column("y", sa.Float(), nullable=True))
    op.execute(
        sa.update(_PREDICTION).values(
            {name: _coordinate(_PLACEMENT.c[name], kept) for name in ("x", "y")}
        )
    )
    op.drop_table("placement")


def _coordinate(
    column: sa.ColumnClause[object], layouts: tuple[str, ...]
) -> sa.ScalarSelect[object]:
    return (
        sa.select(column)
        .where(
            _PLACEMENT.c.version_id == _PREDICTION.c.version_id,
            _PLACEMENT.c.image_id == _PREDICTION.c.image_id,
            _PLACEMENT.c.layout.in_(layouts),
        )
        .correlate(_PREDICTION)
        .limit(1)
        .scalar_subquery()
    )
