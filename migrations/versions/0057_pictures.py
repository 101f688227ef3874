"""Exports of labels with their pictures.

Revision: 0057
After: 0056
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

_LABELS = "'jsonl', 'csv', 'parquet', 'coco', 'label_studio', 'cvat'"
_PICTURES = "'imagefolder', 'coco_zip', 'cvat_zip'"


def upgrade() -> None:
    _allow(f"{_LABELS}, {_PICTURES}")


def downgrade() -> None:
    """Forget the exports with pictures."""
    op.execute(f"delete from export_job where format in ({_PICTURES})")  # noqa: S608 - no words of anybody
    _allow(_LABELS)


def _allow(formats: str) -> None:
    name = op.f("ck_export_job_format")
    with op.batch_alter_table("export_job") as changed:
        changed.drop_constraint(name, type_="check")
        changed.create_check_constraint(name, sa.text(f"format in ({formats})"))
