"""Of one tag on one pattern or pixel group at most one row stands.

Revision: 0008
After: 0007

Of those that stand doubled the oldest is kept; the others are withdrawn, and what was checked of
them counts for the one that is kept.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_TAGGING = sa.table(
    "tagging",
    sa.column("id", sa.Integer),
    sa.column("tag_id", sa.Integer),
    sa.column("pattern_id", sa.Integer),
    sa.column("pixel_group_id", sa.Integer),
    sa.column("withdrawn_at", _MOMENT),
)
_CHECK = sa.table("tag_check", sa.column("tagging_id", sa.Integer))
_AUDIT = sa.table(
    "audit_event",
    sa.column("action", sa.String),
    sa.column("subject", sa.String),
    sa.column("detail", sa.JSON),
    sa.column("at", _MOMENT),
)
_INDEXES = {
    "uq_tagging_standing_pattern": ["tag_id", "pattern_id"],
    "uq_tagging_standing_pixel_group": ["tag_id", "pixel_group_id"],
}


def upgrade() -> None:
    _withdraw_doubled(op.get_bind())
    standing = sa.text("withdrawn_at is null")
    for name, columns in _INDEXES.items():
        op.create_index(
            name,
            "tagging",
            columns,
            unique=True,
            sqlite_where=standing,
            postgresql_where=standing,
        )


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, table_name="tagging")


def _withdraw_doubled(connection: sa.Connection) -> None:
    now = datetime.now(UTC)
    kept: dict[tuple[int | None, ...], int] = {}
    columns = _TAGGING.c
    rows = connection.execute(
        sa.select(columns.id, columns.tag_id, columns.pattern_id, columns.pixel_group_id)
        .where(columns.withdrawn_at.is_(None))
        .order_by(columns.id)
    )
    for tagging_id, *subject in rows.all():
        first = kept.setdefault(tuple(subject), tagging_id)
        if first == tagging_id:
            continue
        connection.execute(
            _CHECK.update().where(_CHECK.c.tagging_id == tagging_id).values(tagging_id=first)
        )
        connection.execute(
            _TAGGING.update().where(columns.id == tagging_id).values(withdrawn_at=now)
        )
        connection.execute(
            _AUDIT.insert().values(
                action="tag.withdraw",
                subject=f"tagging:{tagging_id}",
                detail={"doubled": first},
                at=now,
            )
        )
