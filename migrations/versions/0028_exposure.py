"""How bright and how sharp each image is; a check measures those that were imported before.

Revision: 0028
After: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_COLUMNS = ("brightness", "darkest", "brightest", "sharpness")


def upgrade() -> None:
    with op.batch_alter_table("image") as table:
        for name in _COLUMNS:
            table.add_column(sa.Column(name, sa.Float(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("image") as table:
        for name in _COLUMNS:
            table.drop_column(name)
