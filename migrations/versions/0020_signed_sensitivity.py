"""A cell's sensitivity is the mean of signed ones: change by removal minus that of the control.

Revision: 0020
After: 0019

So far it was the mean of magnitudes, which is the noise of two edits where nothing matters. The
changes are kept with the predictions; both means can be taken from them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

COLUMNS, ROWS = 16, 12
"""The grid of level 0; each level is twice as fine."""
LEVELS = 8

_prediction = sa.table(
    "prediction",
    *(sa.column(name) for name in ("version_id", "removed_change", "control_change", "x", "y")),
)
_cell = sa.table(
    "cell", *(sa.column(name) for name in ("version_id", "level", "row", "column", "sensitivity"))
)


def upgrade() -> None:
    _recompute(lambda removed, control: removed - control)


def downgrade() -> None:
    _recompute(lambda removed, control: abs(removed - control))


def _recompute(sensitivity: Callable[[float, float], float]) -> None:
    connection = op.get_bind()
    found = connection.execute(
        sa.select(_prediction).where(
            _prediction.c.removed_change.is_not(None),
            _prediction.c.control_change.is_not(None),
            _prediction.c.x.is_not(None),
        )
    )
    by_cell: dict[tuple[int, int, int, int], list[float]] = defaultdict(list)
    for version_id, removed, control, x, y in found:
        for level in range(LEVELS):
            place = (level, int(y * (ROWS << level)), int(x * (COLUMNS << level)))
            by_cell[version_id, *place].append(sensitivity(removed, control))
    if not by_cell:
        return
    connection.execute(
        sa.update(_cell)
        .where(
            _cell.c.version_id == sa.bindparam("of_version"),
            _cell.c.level == sa.bindparam("at_level"),
            _cell.c.row == sa.bindparam("at_row"),
            _cell.c.column == sa.bindparam("at_column"),
        )
        .values(sensitivity=sa.bindparam("mean")),
        [
            {
                "of_version": version_id,
                "at_level": level,
                "at_row": row,
                "at_column": column,
                "mean": sum(values) / len(values),
            }
            for (version_id, level, row, column), values in by_cell.items()
        ],
    )
