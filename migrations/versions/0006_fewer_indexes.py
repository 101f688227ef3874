"""Predictions are no longer looked up by outcome or p: the columns of a version know them (ADR 23).

Revision: 0006
After: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_prediction_version_id_p", table_name="prediction")
    op.drop_index("ix_prediction_version_id_outcome", table_name="prediction")


def downgrade() -> None:
    op.create_index(
        "ix_prediction_version_id_outcome", "prediction", ["version_id", "outcome", "p"]
    )
    op.create_index("ix_prediction_version_id_p", "prediction", ["version_id", "p", "image_id"])
