"""How bright and how sharp each image is; a check measures those that were imported before.

Revision: 0030
After: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_COLUMNS = ("brightness", "darkest", "brightest", "sharpness")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("image", sa.Column(name, sa.Float(), nullable=True))


def downgrade() -> None:
    for name in _COLUMNS:
        # Not by a copy of the table, which would forget that ids are not given again.
        op.drop_column("image", name)
