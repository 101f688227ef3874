"""Folds of cross-fitting: which head scored an image, and which one is not trained on it.

Older versions have none: all their images were scored by the one head, which their training images
taught.

Revision: 0019
After: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("curated_item", "prediction")


def upgrade() -> None:
    # Both databases add an empty column without writing the rows anew.
    for table in TABLES:
        op.add_column(table, sa.Column("fold", sa.Integer(), nullable=True))


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("fold")
