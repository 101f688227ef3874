"""Sensitivity and effects as they were measured; how stable a pattern is.

Revision: 0003
After: 0002

Sensitivities so far were estimates: they become "not measured". A pattern's effect so far was the
change by removal alone; it becomes the change beyond its control.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("prediction") as table:
        table.add_column(sa.Column("removed_change", sa.Float(), nullable=True))
        table.add_column(sa.Column("control_change", sa.Float(), nullable=True))
        table.drop_column("sensitivity")
    with op.batch_alter_table("cell") as table:
        table.alter_column("sensitivity", existing_type=sa.Float(), nullable=True)
        table.add_column(sa.Column("measured", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE cell SET sensitivity = NULL")
    with op.batch_alter_table("cell") as table:
        table.alter_column("measured", existing_type=sa.Integer(), server_default=None)
    with op.batch_alter_table("pattern") as table:
        table.add_column(sa.Column("effect_low", sa.Float(), nullable=True))
        table.add_column(sa.Column("effect_high", sa.Float(), nullable=True))
        table.add_column(sa.Column("effect_images", sa.Integer(), nullable=True))
        table.add_column(sa.Column("stability", sa.Float(), nullable=True))
    op.execute("UPDATE pattern SET effect = effect - effect_control")


def downgrade() -> None:
    op.execute("UPDATE pattern SET effect = effect + effect_control")
    with op.batch_alter_table("pattern") as table:
        table.drop_column("stability")
        table.drop_column("effect_images")
        table.drop_column("effect_high")
        table.drop_column("effect_low")
    op.execute("UPDATE cell SET sensitivity = 0 WHERE sensitivity IS NULL")
    with op.batch_alter_table("cell") as table:
        table.drop_column("measured")
        table.alter_column("sensitivity", existing_type=sa.Float(), nullable=False)
    with op.batch_alter_table("prediction") as table:
        table.add_column(sa.Column("sensitivity", sa.Float(), nullable=False, server_default="0"))
        table.drop_column("control_change")
        table.drop_column("removed_change")
    with op.batch_alter_table("prediction") as table:
        table.alter_column("sensitivity", existing_type=sa.Float(), server_default=None)
