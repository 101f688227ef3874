"""Label sets: what was decided about the images of a collection, frozen and numbered.

Revision: 0048
After: 0047
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "label_set",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("taxonomy", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True)),
        _refers("label_set", "collection_id", "collection"),
        _refers("label_set", "created_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_set")),
        sa.UniqueConstraint(
            "collection_id", "number", name=op.f("uq_label_set_collection_id_number")
        ),
    )
    op.create_index(op.f("ix_label_set_created_by_id"), "label_set", ["created_by_id"])
    op.create_table(
        "label_set_image",
        sa.Column("label_set_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(4)),
        sa.Column("imported", sa.String(4)),
        sa.Column("decision", sa.String(12)),
        sa.Column("rule", sa.String(12), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.CheckConstraint("label in ('real', 'fake')", name=op.f("ck_label_set_image_label")),
        sa.CheckConstraint(
            "decision in ('real', 'fake', 'unsure', 'exclude')",
            name=op.f("ck_label_set_image_decision"),
        ),
        sa.CheckConstraint(
            "rule in ('imported', 'verdicts', 'adjudicated', 'majority', 'disputed', 'none')",
            name=op.f("ck_label_set_image_rule"),
        ),
        _refers("label_set_image", "label_set_id", "label_set"),
        _refers("label_set_image", "image_id", "image"),
        sa.PrimaryKeyConstraint("label_set_id", "image_id", name=op.f("pk_label_set_image")),
    )
    op.create_index("ix_label_set_image_image_id", "label_set_image", ["image_id"])


def downgrade() -> None:
    op.drop_table("label_set_image")
    op.drop_table("label_set")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )
