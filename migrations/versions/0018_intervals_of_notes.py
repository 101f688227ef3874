"""Notes keep the 95% prediction interval of their controls, by which an expectation is met.

A region's edit always had ten controls, so that the interval of its notes follows from the mean and
the standard deviation that they keep. A dimension's had as many as there were: unknown.

Revision: 0018
After: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

REACH = 2.2621571627409915 * (1 + 1 / 10) ** 0.5
"""Student's t quantile of 0.975 with nine degrees of freedom, of one more control than ten."""


def upgrade() -> None:
    with op.batch_alter_table("counterfactual_note") as table:
        table.add_column(sa.Column("control_low", sa.Float))
        table.add_column(sa.Column("control_high", sa.Float))
    note = sa.table(
        "counterfactual_note",
        sa.column("edit", sa.JSON),
        *(sa.column(f"control_{name}", sa.Float) for name in ("mean", "spread", "low", "high")),
    )
    reach = REACH * note.c.control_spread
    op.execute(
        sa.update(note)
        .where(note.c.edit["kind"].as_string() == "region")
        .values(
            control_low=note.c.control_mean - reach,
            control_high=note.c.control_mean + reach,
        )
    )


def downgrade() -> None:
    with op.batch_alter_table("counterfactual_note") as table:
        table.drop_column("control_high")
        table.drop_column("control_low")
