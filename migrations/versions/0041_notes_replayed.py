"""Expectations are written before results; notes have replies, and replays on every version.

Revision: 0041
After: 0040
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_OPEN = sa.text("ended_at is null")
_FIGURES = ("p_before", "p_after", "delta_logit", "control_mean", "control_low", "control_high")
# As `movement` has it: beyond the interval of the controls, and on the side of the change.
_MET = """
    case
        when control_low is null or control_high is null then null
        when expectation = 'stay' then delta_logit between control_low and control_high
        when expectation = 'fall' then delta_logit < control_low and delta_logit < 0
        else delta_logit > control_high and delta_logit > 0
    end
"""


def upgrade() -> None:
    op.create_table(
        "expectation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("edit", sa.JSON(), nullable=False),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("bound", sa.Float(), nullable=True),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "direction in ('fall', 'rise', 'stay')", name=op.f("ck_expectation_direction")
        ),
        sa.CheckConstraint("bound > 0 and bound < 1", name=op.f("ck_expectation_bound")),
        _refers("expectation", "image_id", "image"),
        _refers("expectation", "version_id", "model_version"),
        _refers("expectation", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expectation")),
    )
    for name in ("image_id", "version_id"):
        op.create_index(op.f(f"ix_expectation_{name}"), "expectation", [name])
    op.create_index("ix_expectation_user_id_image_id", "expectation", ["user_id", "image_id"])
    with op.batch_alter_table("counterfactual_note") as table:
        table.add_column(sa.Column("bound", sa.Float(), nullable=True))
        table.add_column(sa.Column("expectation_id", sa.Integer(), nullable=True))
        table.create_foreign_key(
            op.f("fk_counterfactual_note_expectation_id_expectation"),
            "expectation",
            ["expectation_id"],
            ["id"],
        )
        table.create_unique_constraint(
            op.f("uq_counterfactual_note_expectation_id"), ["expectation_id"]
        )
    op.create_table(
        "note_reply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("folded_text", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
        _refers("note_reply", "note_id", "counterfactual_note"),
        _refers("note_reply", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_reply")),
    )
    op.create_index(op.f("ix_note_reply_note_id"), "note_reply", ["note_id"])
    op.create_table(
        "note_replay",
        sa.Column("note_id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float(), nullable=True) for name in _FIGURES),
        sa.Column("met", sa.Boolean(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=False, server_default=""),
        sa.Column("at", _MOMENT, nullable=False),
        _refers("note_replay", "note_id", "counterfactual_note"),
        _refers("note_replay", "version_id", "model_version"),
        sa.PrimaryKeyConstraint("note_id", "version_id", name=op.f("pk_note_replay")),
    )
    op.create_index(op.f("ix_note_replay_version_id"), "note_replay", ["version_id"])
    figures = ", ".join(_FIGURES)
    op.execute(
        f"insert into note_replay (note_id, version_id, {figures}, met, refused, at) "  # noqa: S608 - names of columns
        f"select id, version_id, {figures}, {_MET}, '', created_at "
        "from counterfactual_note where version_id is not null"
    )
    op.create_table(
        "replay_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        _refers("replay_request", "version_id", "model_version"),
        _refers("replay_request", "user_id", "user_account"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replay_request")),
    )
    op.create_index(op.f("ix_replay_request_version_id"), "replay_request", ["version_id"])
    op.create_index(
        "uq_replay_request_open",
        "replay_request",
        ["version_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    """Keep notes with the figures of the version they were written on; replies are lost."""
    for name in ("replay_request", "note_replay", "note_reply"):
        op.drop_table(name)
    with op.batch_alter_table("counterfactual_note") as table:
        table.drop_constraint(op.f("uq_counterfactual_note_expectation_id"), type_="unique")
        table.drop_constraint(
            op.f("fk_counterfactual_note_expectation_id_expectation"), type_="foreignkey"
        )
        for name in ("bound", "expectation_id"):
            table.drop_column(name)
    op.drop_table("expectation")


def _refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )
