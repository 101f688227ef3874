"""Review queues: their items, who takes part, and who is at which item.

Revision: 0043
After: 0042
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_DECISIONS = "'real', 'fake', 'unsure', 'exclude'"
_SOURCES = "'misclassified', 'uncertain', 'label_errors', 'slice', 'random'"


def upgrade() -> None:
    op.create_table(
        "review_queue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer()),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("verdicts_needed", sa.Integer(), nullable=False),
        sa.Column("disputes", sa.String(8), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("independent", sa.Boolean(), nullable=False),
        sa.Column("everybody", sa.Boolean(), nullable=False),
        sa.Column("control_share", sa.Float(), nullable=False),
        sa.Column("round_size", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ready_at", _MOMENT),
        sa.Column("paused_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        _check("review_queue", "source", f"source in ({_SOURCES})"),
        _check("review_queue", "disputes", "disputes in ('any', 'majority')"),
        _check("review_queue", "verdicts_needed", "verdicts_needed between 1 and 9"),
        _check("review_queue", "control_share", "control_share between 0 and 0.5"),
        _refers("review_queue", "collection_id", "collection"),
        _refers("review_queue", "version_id", "model_version"),
        _refers("review_queue", "created_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_queue")),
    )
    for name in ("collection_id", "version_id"):
        op.create_index(f"ix_review_queue_{name}", "review_queue", [name])
    op.create_table(
        "queue_member",
        sa.Column("queue_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        _refers("queue_member", "queue_id", "review_queue"),
        _refers("queue_member", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("queue_id", "user_id", name=op.f("pk_queue_member")),
    )
    op.create_index(op.f("ix_queue_member_user_id"), "queue_member", ["user_id"])
    op.create_table(
        "queue_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("control_answer", sa.String(12)),
        sa.Column("open", sa.Boolean(), nullable=False, server_default=sa.true()),
        _check("queue_item", "control_answer", f"control_answer in ({_DECISIONS})"),
        _refers("queue_item", "queue_id", "review_queue"),
        _refers("queue_item", "image_id", "image"),
        sa.UniqueConstraint("queue_id", "image_id", name=op.f("uq_queue_item_queue_id_image_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_item")),
    )
    op.create_index("ix_queue_item_image_id", "queue_item", ["image_id"])
    op.create_index(
        "ix_queue_item_open",
        "queue_item",
        ["queue_id", "position"],
        sqlite_where=sa.text("open"),
        postgresql_where=sa.text("open"),
    )
    op.create_table(
        "queue_claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("claimed_at", _MOMENT, nullable=False),
        sa.Column("renewed_at", _MOMENT),
        sa.Column("skipped_at", _MOMENT),
        sa.Column("verdict_id", sa.Integer()),
        sa.Column("judged_at", _MOMENT),
        _refers("queue_claim", "item_id", "queue_item"),
        _refers("queue_claim", "user_id", "user_account"),
        _refers("queue_claim", "verdict_id", "verdict"),
        sa.UniqueConstraint("item_id", "user_id", name=op.f("uq_queue_claim_item_id_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_claim")),
    )
    op.create_index("ix_queue_claim_user_id", "queue_claim", ["user_id", "item_id"])
    op.create_index("ix_queue_claim_verdict_id", "queue_claim", ["verdict_id"])


def downgrade() -> None:
    for name in ("queue_claim", "queue_item", "queue_member", "review_queue"):
        op.drop_table(name)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{to}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name)
