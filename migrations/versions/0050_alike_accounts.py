"""No two accounts have names that read alike, and a password reset says who made it.

Revision: 0050
After: 0049

Of accounts that read alike already, the first has the folded name. Open links were made by whom the
newest event of their account says.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from workbench.store.folding import folded

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

LONGEST = 80
MADE_BY = (
    "update password_reset set made_by_id = (select user_id from audit_event where id ="
    " (select max(id) from audit_event where action = 'user.reset'"
    " and subject = 'user:' || password_reset.user_id))"
)


def upgrade() -> None:
    with op.batch_alter_table("user_account") as batch:
        batch.add_column(sa.Column("folded_name", sa.String(LONGEST)))
    _fold()
    with op.batch_alter_table("user_account") as batch:
        batch.create_unique_constraint(op.f("uq_user_account_folded_name"), ["folded_name"])
    with op.batch_alter_table("password_reset") as batch:
        batch.add_column(sa.Column("made_by_id", sa.Integer()))
        batch.create_foreign_key(
            op.f("fk_password_reset_made_by_id_user_account"),
            "user_account",
            ["made_by_id"],
            ["id"],
        )
        batch.create_index(op.f("ix_password_reset_made_by_id"), ["made_by_id"])
    op.execute(MADE_BY)


def downgrade() -> None:
    with op.batch_alter_table("password_reset") as batch:
        batch.drop_index(op.f("ix_password_reset_made_by_id"))
        batch.drop_constraint(op.f("fk_password_reset_made_by_id_user_account"), type_="foreignkey")
        batch.drop_column("made_by_id")
    with op.batch_alter_table("user_account") as batch:
        batch.drop_constraint(op.f("uq_user_account_folded_name"), type_="unique")
        batch.drop_column("folded_name")


def _fold() -> None:
    user = sa.table(
        "user_account",
        sa.column("id", sa.Integer),
        sa.column("name", sa.String),
        sa.column("folded_name", sa.String),
    )
    bind = op.get_bind()
    taken: set[str] = set()
    for user_id, name in bind.execute(sa.select(user.c.id, user.c.name).order_by(user.c.id)).all():
        alike = folded(name)
        if alike not in taken and len(alike) <= LONGEST:
            taken.add(alike)
            bind.execute(user.update().where(user.c.id == user_id).values(folded_name=alike))
