"""Collections whose images are made alike, and the copies that images had before.

Revision: 0032
After: 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("collection") as table:
        table.add_column(sa.Column("made_alike", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("image", sa.Column("made_alike", sa.String(20), nullable=True))
    op.add_column("image", sa.Column("plain_pixel_hash", sa.String(64), nullable=True))
    op.create_index(op.f("ix_image_plain_pixel_hash"), "image", ["plain_pixel_hash"])
    with op.batch_alter_table("data_action") as table:
        table.alter_column("user_id", existing_type=sa.Integer(), nullable=True)


def downgrade() -> None:
    """Give images the copies that they had before."""
    op.execute("UPDATE image SET pixel_hash = plain_pixel_hash WHERE plain_pixel_hash IS NOT NULL")
    op.execute("DELETE FROM data_action WHERE user_id IS NULL")
    with op.batch_alter_table("data_action") as table:
        table.alter_column("user_id", existing_type=sa.Integer(), nullable=False)
    op.drop_index(op.f("ix_image_plain_pixel_hash"), table_name="image")
    # Not by a copy of the table, which would forget that ids are not given again.
    op.drop_column("image", "plain_pixel_hash")
    op.drop_column("image", "made_alike")
    with op.batch_alter_table("collection") as table:
        table.drop_column("made_alike")
