"""Removals; notes outlive the version that they were written on; ids of what went stay unused.

Revision: 0028
After: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_NEVER_AGAIN = ("image", "model_version", "pixel_group")
"""Browsers keep pictures by these ids."""
_LOOKED_IN = (("curated_item", "image_id"), ("cell", "exemplar_id"))
_STATES = "state in ('queued', 'running', 'succeeded', 'failed', 'cancelled'{more})"


def _states(more: str) -> None:
    with op.batch_alter_table("training_run") as table:
        table.drop_constraint(op.f("ck_training_run_state"), type_="check")
        table.create_check_constraint(op.f("ck_training_run_state"), _STATES.format(more=more))


def _give_no_id_again(name: str) -> None:
    """Make a table's key AUTOINCREMENT, with its name, which SQLAlchemy leaves out then."""

    def with_name(
        _connection: object,
        _cursor: object,
        statement: str,
        parameters: object,
        *_context: object,
    ) -> tuple[str, object]:
        key = "PRIMARY KEY AUTOINCREMENT"
        return statement.replace(key, f"CONSTRAINT pk_{name} {key}"), parameters

    connection = op.get_bind()
    sa.event.listen(connection, "before_cursor_execute", with_name, retval=True)
    try:
        with op.batch_alter_table(
            name, recreate="always", table_kwargs={"sqlite_autoincrement": True}
        ):
            pass
    finally:
        sa.event.remove(connection, "before_cursor_execute", with_name)


def upgrade() -> None:
    op.create_table(
        "removal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind in ('image', 'collection', 'version')", name=op.f("ck_removal_kind")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_removal_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal")),
    )
    op.create_index("ix_removal_kind_subject_id", "removal", ["kind", "subject_id"])
    op.create_index(op.f("ix_removal_collection_id"), "removal", ["collection_id"])
    op.create_table(
        "removal_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("removal_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["removal_id"], ["removal.id"], name=op.f("fk_removal_file_removal_id_removal")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal_file")),
    )
    op.create_index(op.f("ix_removal_file_removal_id"), "removal_file", ["removal_id"])
    op.create_table(
        "takedown",
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("removal_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["removal_id"], ["removal.id"], name=op.f("fk_takedown_removal_id_removal")
        ),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_takedown")),
    )
    op.create_index(op.f("ix_takedown_removal_id"), "takedown", ["removal_id"])
    # An image that goes is looked for in these.
    for table_name, column in _LOOKED_IN:
        op.create_index(op.f(f"ix_{table_name}_{column}"), table_name, [column])
    with op.batch_alter_table("counterfactual_note") as table:
        table.alter_column("version_id", existing_type=sa.Integer(), nullable=True)
    _states(", 'removed'")
    if op.get_bind().dialect.name == "sqlite":
        for name in _NEVER_AGAIN:
            _give_no_id_again(name)


def downgrade() -> None:
    """Forget what was removed. Refuse where notes have lost their version."""
    without = sa.text("select count(*) from counterfactual_note where version_id is null")
    if op.get_bind().scalar(without):
        raise RuntimeError("there are notes without a version, which the earlier release has not")
    op.execute("update training_run set state = 'cancelled' where state = 'removed'")
    _states("")
    with op.batch_alter_table("counterfactual_note") as table:
        table.alter_column("version_id", existing_type=sa.Integer(), nullable=False)
    for table_name, column in _LOOKED_IN:
        op.drop_index(op.f(f"ix_{table_name}_{column}"), table_name)
    for name in ("takedown", "removal_file", "removal"):
        op.drop_table(name)
