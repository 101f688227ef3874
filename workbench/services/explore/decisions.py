"""What people decided, laid over a version's images."""

from __future__ import annotations

import numpy as np
from sqlalchemy import func, select

from workbench.services.explore.columns import Columns, Rows
from workbench.store.database import session
from workbench.store.judgements import Verdict


def judged_rows(columns: Columns, decision: str | None = None) -> Rows:
    """The images whose newest standing verdict is this one, or any."""
    first, last = int(columns.image_ids[0]), int(columns.image_ids[-1])
    # By ids and not by collection: every page counts these, and need not look at the images.
    standing = (Verdict.withdrawn_at.is_(None), Verdict.image_id.between(first, last))
    query = select(Verdict.image_id).where(*standing)
    if decision is not None:
        newest = select(func.max(Verdict.id)).where(*standing).group_by(Verdict.image_id)
        newest = newest.correlate(None)
        query = query.where(Verdict.id.in_(newest), Verdict.decision == decision)
    rows = np.zeros(columns.count, np.bool_)
    rows[columns.rows_of(session().scalars(query).all())] = True
    return rows
