"""Collections whose names cannot stand in an address get one that can; titles stay.

Revision: 0017
After: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LONGEST = 80


def upgrade() -> None:
    connection = op.get_bind()
    collection = sa.table("collection", sa.column("id"), sa.column("name"))
    names = dict(connection.execute(sa.select(collection.c.id, collection.c.name)).tuples().all())
    for number, name in sorted(names.items()):
        if "/" not in name and name not in (".", ".."):
            continue
        wanted = name.replace("/", "-") if "/" in name else name.replace(".", "-")
        new, taken, tries = wanted, set(names.values()), 1
        while new in taken:
            tries += 1
            new = f"{wanted[: LONGEST - len(str(tries)) - 1]}-{tries}"
        names[number] = new
        connection.execute(sa.update(collection).where(collection.c.id == number).values(name=new))


def downgrade() -> None:
    """The new names are as good in the older tables."""
