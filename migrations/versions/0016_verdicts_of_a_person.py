"""A person's last verdicts are found by an index, however many others have given.

Revision: 0016
After: 0015
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_verdict_user_id_id", "verdict", ["user_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_verdict_user_id_id", table_name="verdict")
