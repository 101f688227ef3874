"""Verdicts to compare: of each person the newest that stands, on each image."""

from __future__ import annotations

from typing import Final, Literal

from sqlalchemy import select

from workbench.services.agreement.compared import Compared, Said, compared
from workbench.store.database import session
from workbench.store.images import LABELS, Image
from workbench.store.judgements import DECISIONS, Verdict

Scale = Literal["all", "labels"]
SCALES: Final[dict[Scale, tuple[str, ...]]] = {"all": DECISIONS, "labels": LABELS}
"""Which answers count: each of the four, or real and fake alone, where who is unsure or excludes
an image has not answered."""


def verdicts(collection_id: int, scale: Scale = "all") -> Compared:
    """What people say that the images of a collection are. Two queries."""
    rows = session().execute(
        select(
            Verdict.image_id,
            Verdict.user_id,
            Verdict.decision,
            Image.group_key,
            Verdict.created_at,
        )
        .join(Image, Image.id == Verdict.image_id)
        .where(Image.collection_id == collection_id, Verdict.withdrawn_at.is_(None))
        .order_by(Verdict.id)
    )
    # The newest come last, and stand.
    newest = {(row[0], row[1]): row for row in rows}
    return compared([Said(*row) for row in newest.values()], SCALES[scale])
