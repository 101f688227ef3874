"""Overlaps of regions as the share of the one that lies in the other.

Measured anew from the masks, both ways: a small region in a large one was not kept before.

Revision: 0044
After: 0043
"""

from __future__ import annotations

from itertools import groupby

import numpy as np
import sqlalchemy as sa
from alembic import op
from pycocotools import mask as coco

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_SIZE = 224
_LEAST = 0.1
_CHUNK = 10_000


def upgrade() -> None:
    op.execute("delete from region_overlap")
    with op.batch_alter_table("region_overlap") as table:
        table.add_column(sa.Column("share", sa.Float(), nullable=False))
    _measure("share", "iou")


def downgrade() -> None:
    op.execute("delete from region_overlap")
    with op.batch_alter_table("region_overlap") as table:
        table.drop_column("share")
    _measure("iou")


def _measure(*columns: str) -> None:
    """Fill these; pairs are kept whose first is a tenth or more."""
    connection = op.get_bind()
    regions = connection.execute(
        sa.text(
            "select image_id, id, rle from region where area > 0 and image_id in "
            "(select image_id from region group by image_id having count(*) > 1) "
            "order by image_id, id"
        )
    ).all()
    overlap = sa.table("region_overlap", *map(sa.column, ("region_id", "other_id", *columns)))
    found: list[dict[str, object]] = []
    for _image, some in groupby(regions, key=lambda row: row.image_id):
        ids, masks = [], []
        for row in some:
            ids.append(row.id)
            masks.append({"counts": row.rle.encode("ascii"), "size": [_SIZE, _SIZE]})
        # A crowd, in the words of COCO, is one that the union is not taken with.
        measured = {
            each: np.asarray(coco.iou(masks, masks, [int(each == "share")] * len(masks)))
            for each in columns
        }
        decisive = measured[columns[0]]
        np.fill_diagonal(decisive, 0.0)
        found += [
            {
                "region_id": ids[a],
                "other_id": ids[b],
                **{each: float(values[a, b]) for each, values in measured.items()},
            }
            for a, b in np.argwhere(decisive >= _LEAST)
        ]
        if len(found) >= _CHUNK:
            connection.execute(sa.insert(overlap), found)
            found = []
    if found:
        connection.execute(sa.insert(overlap), found)
