"""Masks of pixel groups as regions of images, shared by versions that found the same.

Revision: 0033
After: 0032
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby

import numpy as np
import sqlalchemy as sa
from alembic import op
from pycocotools import mask as coco

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_SIZE = 224
_LEAST = 0.1
_BOX = ("left", "top", "width", "height", "area")
_CHUNK = 10_000


@contextmanager
def _autoincrement(name: str) -> Iterator[None]:
    """Make a table whose key is AUTOINCREMENT with its name, which SQLAlchemy leaves out.

    Ids that were given out before are not given again.
    """
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        yield
        return

    def with_name(
        _connection: object,
        _cursor: object,
        statement: str,
        parameters: object,
        *_context: object,
    ) -> tuple[str, object]:
        key = "PRIMARY KEY AUTOINCREMENT"
        return statement.replace(key, f"CONSTRAINT pk_{name} {key}"), parameters

    last = None
    if connection.scalar(sa.text("select 1 from sqlite_master where name = 'sqlite_sequence'")):
        last = connection.scalar(
            sa.text("select seq from sqlite_sequence where name = :name"), {"name": name}
        )
    sa.event.listen(connection, "before_cursor_execute", with_name, retval=True)
    try:
        yield
    finally:
        sa.event.remove(connection, "before_cursor_execute", with_name)
    if last is not None:
        connection.execute(
            sa.text("delete from sqlite_sequence where name = :name"), {"name": name}
        )
        connection.execute(
            sa.text("insert into sqlite_sequence (name, seq) values (:name, :last)"),
            {"name": name, "last": last},
        )


def upgrade() -> None:
    with _autoincrement("region"):
        op.create_table(
            "region",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("image_id", sa.Integer(), nullable=False),
            sa.Column("rle", sa.Text(), nullable=False),
            *(sa.Column(name, sa.Integer(), nullable=False) for name in _BOX),
            sa.ForeignKeyConstraint(
                ["image_id"], ["image.id"], name=op.f("fk_region_image_id_image")
            ),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_region")),
            sqlite_autoincrement=True,
        )
    op.create_table(
        "region_overlap",
        sa.Column("region_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("iou", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_id"],
            ["region.id"],
            name=op.f("fk_region_overlap_region_id_region"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["other_id"],
            ["region.id"],
            name=op.f("fk_region_overlap_other_id_region"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("region_id", "other_id", name=op.f("pk_region_overlap")),
    )
    box = ", ".join(f'min(g."{name}")' for name in _BOX)
    names = ", ".join(f'"{name}"' for name in _BOX)
    op.execute(
        f"insert into region (image_id, rle, {names}) "  # noqa: S608 - names of columns
        f"select g.image_id, g.rle, {box} from pixel_group g "
        "group by g.image_id, g.rle order by g.image_id, min(g.id)"
    )
    op.create_index(op.f("ix_region_image_id"), "region", ["image_id"])
    op.create_index(op.f("ix_region_overlap_other_id"), "region_overlap", ["other_id"])
    _write_overlaps()
    op.add_column("pixel_group", sa.Column("region_id", sa.Integer(), nullable=True))
    op.execute(
        "update pixel_group set region_id = (select r.id from region r "
        "where r.image_id = pixel_group.image_id and r.rle = pixel_group.rle)"
    )
    with (
        _autoincrement("pixel_group"),
        op.batch_alter_table("pixel_group", table_kwargs={"sqlite_autoincrement": True}) as table,
    ):
        table.alter_column("region_id", existing_type=sa.Integer(), nullable=False)
        table.create_foreign_key(
            op.f("fk_pixel_group_region_id_region"), "region", ["region_id"], ["id"]
        )
        for name in ("rle", *_BOX):
            table.drop_column(name)
    op.create_index(op.f("ix_pixel_group_region_id"), "pixel_group", ["region_id"])


def _write_overlaps() -> None:
    """Between the regions of images that several versions found groups on."""
    connection = op.get_bind()
    several = (
        "select image_id from pixel_group group by image_id having count(distinct version_id) > 1"
    )
    regions = connection.execute(
        sa.text(
            "select r.image_id, r.id, r.rle from region r "  # noqa: S608 - no words of anybody
            f"where r.image_id in ({several}) order by r.image_id, r.id"
        )
    ).all()
    overlap = sa.table(
        "region_overlap", sa.column("region_id"), sa.column("other_id"), sa.column("iou")
    )
    found: list[dict[str, object]] = []
    for _image, some in groupby(regions, key=lambda row: row.image_id):
        ids, masks = [], []
        for row in some:
            ids.append(row.id)
            masks.append({"counts": row.rle.encode("ascii"), "size": [_SIZE, _SIZE]})
        iou = np.nan_to_num(np.asarray(coco.iou(masks, masks, [0] * len(masks))))
        np.fill_diagonal(iou, 0.0)
        found += [
            {"region_id": ids[a], "other_id": ids[b], "iou": float(iou[a, b])}
            for a, b in np.argwhere(iou >= _LEAST)
        ]
        if len(found) >= _CHUNK:
            connection.execute(sa.insert(overlap), found)
            found = []
    if found:
        connection.execute(sa.insert(overlap), found)


def downgrade() -> None:
    op.drop_index(op.f("ix_pixel_group_region_id"), table_name="pixel_group")
    with (
        _autoincrement("pixel_group"),
        op.batch_alter_table("pixel_group", table_kwargs={"sqlite_autoincrement": True}) as table,
    ):
        table.drop_constraint(op.f("fk_pixel_group_region_id_region"), type_="foreignkey")
        for name in _BOX:
            table.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("rle", sa.Text(), server_default="", nullable=False))
    values = ", ".join(
        f'"{name}" = (select r."{name}" from region r where r.id = pixel_group.region_id)'  # noqa: S608 - names of tables and columns
        for name in ("rle", *_BOX)
    )
    op.execute(f"update pixel_group set {values}")  # noqa: S608 - names of columns
    with (
        _autoincrement("pixel_group"),
        op.batch_alter_table("pixel_group", table_kwargs={"sqlite_autoincrement": True}) as table,
    ):
        for name in ("rle", *_BOX):
            table.alter_column(name, server_default=None)
        table.drop_column("region_id")
    op.drop_table("region_overlap")
    op.drop_table("region")
