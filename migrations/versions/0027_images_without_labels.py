"""Images without a label: scored and shown, and in no training set before a verdict labels them.

Revision: 0027
After: 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_COUNTS = ("unlabelled_called_real", "unlabelled_called_fake")


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def upgrade() -> None:
    with op.batch_alter_table("collection") as table:
        table.add_column(_number("unlabelled"))
    with op.batch_alter_table("image") as table:
        table.alter_column("label", existing_type=sa.String(4), nullable=True)
    with op.batch_alter_table("verdict") as table:
        table.alter_column("shown_label", existing_type=sa.String(4), nullable=True)
    with op.batch_alter_table("prediction") as table:
        table.alter_column("label", existing_type=sa.String(4), nullable=True)
        table.alter_column("outcome", existing_type=sa.String(16), type_=sa.String(24))
    with op.batch_alter_table("cell") as table:
        for name in _COUNTS:
            table.add_column(_number(name))


def downgrade() -> None:
    """Refuse where images without a label would be lost."""
    without = sa.text("select count(*) from image where label is null")
    if op.get_bind().scalar(without):
        raise RuntimeError("there are images without a label, which the earlier version has not")
    with op.batch_alter_table("cell") as table:
        for name in _COUNTS:
            table.drop_column(name)
    with op.batch_alter_table("prediction") as table:
        table.alter_column("outcome", existing_type=sa.String(24), type_=sa.String(16))
        table.alter_column("label", existing_type=sa.String(4), nullable=False)
    with op.batch_alter_table("verdict") as table:
        table.alter_column("shown_label", existing_type=sa.String(4), nullable=False)
    with op.batch_alter_table("image") as table:
        table.alter_column("label", existing_type=sa.String(4), nullable=False)
    with op.batch_alter_table("collection") as table:
        table.drop_column("unlabelled")
