"""What is due to a webhook is found by an index, however much is due to others.

Revision: 0056
After: 0055
"""

from __future__ import annotations

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_webhook_delivery_due", "webhook_delivery", ["webhook_id", "next_at"])
    op.drop_index("ix_webhook_delivery_next_at", "webhook_delivery")


def downgrade() -> None:
    op.create_index("ix_webhook_delivery_next_at", "webhook_delivery", ["next_at"])
    op.drop_index("ix_webhook_delivery_due", "webhook_delivery")
