"""What the newest check warned about, with the collection: it stands beside every figure.

Revision: 0031
After: 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_FIGURES = ("images", "groups")


def upgrade() -> None:
    with op.batch_alter_table("collection") as table:
        table.add_column(sa.Column("warnings", sa.JSON(), nullable=False, server_default="[]"))
    checks = sa.table(
        "data_check", sa.column("collection_id", sa.Integer), sa.column("findings", sa.JSON)
    )
    collection = sa.table("collection", sa.column("id", sa.Integer), sa.column("warnings", sa.JSON))
    connection = op.get_bind()
    for each in connection.execute(sa.select(checks)).all():
        found = [
            {
                "kind": finding["kind"],
                "subject": finding["subject"],
                "figures": {name: finding["figures"][name] for name in _FIGURES},
                "through": None,
            }
            for finding in each.findings
            # Shortcuts stand in the collection's facts of files.
            if finding["severity"] == "warning" and finding["kind"] != "shortcut"
        ]
        connection.execute(
            sa.update(collection)
            .where(collection.c.id == each.collection_id)
            .values(warnings=found)
        )


def downgrade() -> None:
    with op.batch_alter_table("collection") as table:
        table.drop_column("warnings")
