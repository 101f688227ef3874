"""Verdicts to compare: of each person the newest that stands, on each image."""

from __future__ import annotations

from collections.abc import Iterable
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


def standing_verdicts(collection_id: int) -> list[Said]:
    """All verdicts on images of a collection that stand, the oldest first. One query."""
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
    return [Said(*row) for row in rows]


def newest_of_each(said: Iterable[Said]) -> list[Said]:
    """Of answers, the oldest first, those that no later one by the same person replaces."""
    return list({(each.image_id, each.person_id): each for each in said}.values())


def verdicts(collection_id: int, scale: Scale = "all") -> Compared:
    """What people say that the images of a collection are. Two queries."""
    return compared(newest_of_each(standing_verdicts(collection_id)), SCALES[scale])
