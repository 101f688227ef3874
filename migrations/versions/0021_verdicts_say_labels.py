"""A verdict says what the image is, and keeps what was shown to who gave it.

Revision: 0021
After: 0020

It was stored against a label, confirmed or overturned: against the one that the page showed, which
is that of the version's prediction, which later versions may have corrected.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_RELATIVE = "decision in ('confirm', 'overturn', 'unsure', 'exclude')"
_ABSOLUTE = "decision in ('real', 'fake', 'unsure', 'exclude')"
_SHOWN = "shown_label in ('real', 'fake')"

_VERDICT = sa.table(
    "verdict",
    sa.column("image_id", sa.Integer),
    sa.column("version_id", sa.Integer),
    sa.column("decision", sa.String),
    sa.column("shown_label", sa.String),
    sa.column("shown_p", sa.Float),
)
_ADJUDICATION = sa.table(
    "adjudication", sa.column("image_id", sa.Integer), sa.column("decision", sa.String)
)
_IMAGE = sa.table("image", sa.column("id", sa.Integer), sa.column("label", sa.String))
_PREDICTION = sa.table(
    "prediction",
    sa.column("version_id", sa.Integer),
    sa.column("image_id", sa.Integer),
    sa.column("label", sa.String),
    sa.column("p", sa.Float),
)


def upgrade() -> None:
    with op.batch_alter_table("verdict") as table:
        table.drop_constraint(op.f("ck_verdict_decision"), type_="check")
        table.add_column(sa.Column("shown_label", sa.String(length=4), nullable=True))
        table.add_column(sa.Column("shown_p", sa.Float(), nullable=True))
    _read_shown()
    _translate(_VERDICT, _VERDICT.c.shown_label, absolute=True)
    _translate(_ADJUDICATION, _imported(_ADJUDICATION), absolute=True)
    with op.batch_alter_table("verdict") as table:
        table.alter_column("shown_label", existing_type=sa.String(length=4), nullable=False)
        table.create_check_constraint(op.f("ck_verdict_decision"), _ABSOLUTE)
        table.create_check_constraint(op.f("ck_verdict_shown_label"), _SHOWN)
    with op.batch_alter_table("adjudication") as table:
        table.create_check_constraint(op.f("ck_adjudication_decision"), _ABSOLUTE)


def downgrade() -> None:
    """Against the label that the older page showed, so that the way up finds the same again."""
    with op.batch_alter_table("adjudication") as table:
        table.drop_constraint(op.f("ck_adjudication_decision"), type_="check")
    with op.batch_alter_table("verdict") as table:
        table.drop_constraint(op.f("ck_verdict_shown_label"), type_="check")
        table.drop_constraint(op.f("ck_verdict_decision"), type_="check")
    _read_shown()
    _translate(_VERDICT, _VERDICT.c.shown_label, absolute=False)
    _translate(_ADJUDICATION, _imported(_ADJUDICATION), absolute=False)
    with op.batch_alter_table("verdict") as table:
        table.drop_column("shown_p")
        table.drop_column("shown_label")
        table.create_check_constraint(op.f("ck_verdict_decision"), _RELATIVE)


def _read_shown() -> None:
    """Label and p(fake) of the version's prediction; without one the imported label."""
    op.execute(
        sa.update(_VERDICT).values(
            shown_label=sa.func.coalesce(_predicted(_PREDICTION.c.label), _imported(_VERDICT)),
            shown_p=_predicted(_PREDICTION.c.p),
        )
    )


def _predicted(column: sa.ColumnClause[object]) -> sa.ScalarSelect[object]:
    return (
        sa.select(column)
        .where(
            _PREDICTION.c.version_id == _VERDICT.c.version_id,
            _PREDICTION.c.image_id == _VERDICT.c.image_id,
        )
        .correlate(_VERDICT)
        .scalar_subquery()
    )


def _imported(table: sa.TableClause) -> sa.ScalarSelect[object]:
    return (
        sa.select(_IMAGE.c.label)
        .where(_IMAGE.c.id == table.c.image_id)
        .correlate(table)
        .scalar_subquery()
    )


def _translate(table: sa.TableClause, label: sa.ColumnElement[object], *, absolute: bool) -> None:
    """Say what was said against a label without it, or the other way round."""
    said = table.c.decision
    if absolute:
        given = said.in_(("confirm", "overturn"))
        is_fake = (said == "confirm") == (label == "fake")
        became = sa.case((is_fake, "fake"), else_="real")
    else:
        given = said.in_(("real", "fake"))
        became = sa.case((said == label, "confirm"), else_="overturn")
    op.execute(sa.update(table).where(given).values(decision=became))
