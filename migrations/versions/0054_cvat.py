"""Exports and imports of labels in CVAT's XML.

Revision: 0054
After: 0053
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

_EXPORTS = "'jsonl', 'csv', 'parquet', 'coco', 'label_studio'"
_IMPORTS = "'jsonl', 'csv', 'coco', 'label_studio'"


def upgrade() -> None:
    _allow("export_job", f"{_EXPORTS}, 'cvat'")
    _allow("label_import", f"{_IMPORTS}, 'cvat'")


def downgrade() -> None:
    """Forget exports in CVAT's XML. Imports of it are kept as of JSON lines: they can be undone."""
    op.execute("delete from export_job where format = 'cvat'")
    op.execute("update label_import set format = 'jsonl' where format = 'cvat'")
    _allow("export_job", _EXPORTS)
    _allow("label_import", _IMPORTS)


def _allow(table: str, formats: str) -> None:
    name = op.f(f"ck_{table}_format")
    with op.batch_alter_table(table) as changed:
        changed.drop_constraint(name, type_="check")
        changed.create_check_constraint(name, sa.text(f"format in ({formats})"))
