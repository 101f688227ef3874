"""Dates of images, and the coverage that a check counts.

Revision: 0034
After: 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("image", sa.Column("date", sa.String(10), nullable=True))
    op.add_column("data_check", sa.Column("coverage", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("data_check", "coverage")
    # Not by a copy of the table, which would forget that ids are not given again.
    op.drop_column("image", "date")
