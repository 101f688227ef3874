"""Imports of labels, with the decisions that each brought in.

Revision: 0052
After: 0051
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "label_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(12), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "format in ('jsonl', 'csv', 'coco', 'label_studio')",
            name=op.f("ck_label_import_format"),
        ),
        _refers("label_import", "collection_id", "collection"),
        _refers("label_import", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_import")),
    )
    for column in ("collection_id", "user_id"):
        op.create_index(op.f(f"ix_label_import_{column}"), "label_import", [column])
    op.create_table(
        "label_import_row",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind in ('verdict', 'drawn_region', 'tagging', 'note')",
            name=op.f("ck_label_import_row_kind"),
        ),
        _refers("label_import_row", "import_id", "label_import"),
        _refers("label_import_row", "image_id", "image"),
        sa.PrimaryKeyConstraint("import_id", "kind", "row_id", name=op.f("pk_label_import_row")),
    )
    op.create_index("ix_label_import_row_image_id", "label_import_row", ["image_id"])


def downgrade() -> None:
    op.drop_table("label_import_row")
    op.drop_table("label_import")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )
