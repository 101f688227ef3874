"""Deleting a row finds what refers to it by an index.

Revision: 0009
After: 0008
"""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KEYS = (
    ("tag_check", "pixel_group_id"),
    ("verdict", "version_id"),
    ("counterfactual_note", "version_id"),
    ("embedding_shard", "artifact_id"),
    ("result_shard", "artifact_id"),
    ("model_version", "parent_id"),
    ("model_version", "dataset_id"),
    ("model_version", "weights_id"),
    ("projection", "artifact_id"),
    ("active_version", "version_id"),
    ("training_run", "version_id"),
)


def upgrade() -> None:
    for table, column in _KEYS:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table, column in _KEYS:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
