"""Exports of label sets that are asked for on pages.

Revision: 0049
After: 0048
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "export_job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("label_set_id", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(12), nullable=False),
        sa.Column("size", sa.BigInteger()),
        sa.Column("requested_by_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("stage", sa.String(60), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("stage_started_at", sa.DateTime(timezone=True)),
        sa.Column("stage_started_done", sa.Integer(), nullable=False),
        sa.Column("seconds_left", sa.Float()),
        sa.Column("stage_seconds", sa.JSON(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("claimed_by", sa.String(120), nullable=False),
        sa.Column("claim", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True)),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state in ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'expired')",
            name=op.f("ck_export_job_state"),
        ),
        sa.CheckConstraint(
            "format in ('jsonl', 'csv', 'parquet', 'coco', 'label_studio')",
            name=op.f("ck_export_job_format"),
        ),
        _refers("export_job", "label_set_id", "label_set"),
        _refers("export_job", "requested_by_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_job")),
    )
    op.create_index("ix_export_job_state", "export_job", ["state"])
    for column in ("label_set_id", "requested_by_id"):
        op.create_index(op.f(f"ix_export_job_{column}"), "export_job", [column])


def downgrade() -> None:
    op.drop_table("export_job")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )
