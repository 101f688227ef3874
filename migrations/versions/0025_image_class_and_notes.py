"""What an image shows by its source, and what the import noted of its file.

Revision: 0025
After: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("class_name", "import_notes"):
        column = sa.Column(name, sa.String(length=120), nullable=False, server_default="")
        op.add_column("image", column)


def downgrade() -> None:
    with op.batch_alter_table("image") as table:
        table.drop_column("import_notes")
        table.drop_column("class_name")
