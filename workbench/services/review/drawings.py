"""Withdrawing what one has drawn, and restoring it, within a transaction."""

from __future__ import annotations

from flask_babel import gettext, lazy_gettext
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from workbench.services.errors import ConflictError
from workbench.services.review.tags import withdraw_tagging
from workbench.services.review.withdrawal import Words, withdraw_own
from workbench.store.judgements import Tagging
from workbench.store.people import User
from workbench.store.regions import DrawnRegion
from workbench.store.results import PixelGroup

_WITHDRAWAL = Words(
    gone=lazy_gettext("This region is already withdrawn."),
    not_own=lazy_gettext("Only its author can withdraw this region."),
)


def withdraw_drawn(write: Session, user_id: int, drawn_id: int) -> DrawnRegion:
    """Withdraw a region that one has drawn oneself, with one's own tags on it.

    Raises NotFoundError for one that is withdrawn already, ConflictError for somebody else's, and
    where others have tagged it, unless a pixel group lies there, which keeps their tags.
    """
    drawn = write.get(DrawnRegion, drawn_id, with_for_update=True, populate_existing=True)
    if drawn is not None and drawn.withdrawn_at is None and drawn.user_id == user_id:
        for tagging in _own_tags(write, drawn):
            withdraw_tagging(write, user_id, tagging.id)
    return withdraw_own(write, user_id, DrawnRegion, drawn_id, _WITHDRAWAL)


def check_restorable(write: Session, drawn: DrawnRegion) -> None:
    """Make sure that a withdrawn region can stand again. Its tags are restored one by one.

    Raises ConflictError where the same was drawn since.
    """
    standing = write.scalar(
        select(DrawnRegion).where(
            DrawnRegion.region_id == drawn.region_id, DrawnRegion.withdrawn_at.is_(None)
        )
    )
    if standing is not None:
        raise ConflictError(
            gettext("%(name)s has drawn the same region since.", name=standing.user.name)
        )


def _own_tags(write: Session, drawn: DrawnRegion) -> list[Tagging]:
    standing = write.execute(
        select(Tagging, User.name)
        .join(User, User.id == Tagging.user_id)
        .where(Tagging.region_id == drawn.region_id, Tagging.withdrawn_at.is_(None))
        .order_by(Tagging.id)
    )
    found = standing.tuples().all()
    other = next((name for tagging, name in found if tagging.user_id != drawn.user_id), None)
    shared = exists().where(PixelGroup.region_id == drawn.region_id)
    if other is not None and not write.scalar(select(shared)):
        raise ConflictError(gettext("%(name)s has tagged this region, too; it stays.", name=other))
    return [tagging for tagging, _name in found if tagging.user_id == drawn.user_id]
