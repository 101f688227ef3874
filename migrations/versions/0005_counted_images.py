"""Collections know how many images they have.

Revision: 0005
After: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("collection") as batch:
        batch.add_column(sa.Column("real", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("fake", sa.Integer(), nullable=False, server_default="0"))
    for label in ("real", "fake"):
        op.execute(
            f"update collection set {label} = (select count(*) from image "  # noqa: S608 - ours
            f"where image.collection_id = collection.id and image.label = '{label}')"
        )
    # Places are looked up in the columns of a version now (ADR 23).
    op.drop_index("ix_prediction_version_id_x_y", table_name="prediction")


def downgrade() -> None:
    op.create_index("ix_prediction_version_id_x_y", "prediction", ["version_id", "x", "y"])
    with op.batch_alter_table("collection") as batch:
        batch.drop_column("fake")
        batch.drop_column("real")
