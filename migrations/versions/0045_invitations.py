"""Links that people come in by, and members of restricted collections.

Revision: 0045
After: 0044

All collections stay open to everybody who could see them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "collection",
        sa.Column("restricted", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "collection_member",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _refers("collection_member", "collection_id", "collection"),
        _refers("collection_member", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("collection_id", "user_id", name=op.f("pk_collection_member")),
    )
    op.create_index(op.f("ix_collection_member_user_id"), "collection_member", ["user_id"])
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("note", sa.String(120), nullable=False),
        sa.Column("created_by_id", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("user_id", sa.Integer()),
        _refers("invitation", "created_by_id", "user_account"),
        _refers("invitation", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_table(
        "invited_to",
        sa.Column("invitation_id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        _refers("invited_to", "invitation_id", "invitation"),
        _refers("invited_to", "collection_id", "collection"),
        sa.PrimaryKeyConstraint("invitation_id", "collection_id", name=op.f("pk_invited_to")),
    )
    op.create_index(op.f("ix_invited_to_collection_id"), "invited_to", ["collection_id"])
    op.create_table(
        "password_reset",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        _refers("password_reset", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_password_reset")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_reset_token_hash")),
    )


def downgrade() -> None:
    for table in ("password_reset", "invited_to", "invitation", "collection_member"):
        op.drop_table(table)
    op.drop_column("collection", "restricted")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )
