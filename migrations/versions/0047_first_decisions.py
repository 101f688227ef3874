"""A turn in a review queue keeps what was said first: figures on hidden controls are of it.

Revision: 0047
After: 0046
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("queue_claim", sa.Column("first_decision", sa.String(12)))
    op.execute(
        "update queue_claim set first_decision ="
        " (select decision from verdict where verdict.id = queue_claim.verdict_id)"
        " where verdict_id is not null"
    )


def downgrade() -> None:
    op.drop_column("queue_claim", "first_decision")
