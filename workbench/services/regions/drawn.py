"""Regions that people draw where the found ones miss, with the tag that says what is there."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from flask_babel import gettext
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from workbench.services import audit
from workbench.services.errors import NotFoundError
from workbench.services.regions.found import known_regions, new_region
from workbench.services.regions.shapes import Drawing, Filled, fill
from workbench.services.review.drawings import withdraw_drawn
from workbench.services.review.findings import UNSAID, Finding, clean_finding
from workbench.services.review.standing import put_unless_standing
from workbench.services.review.tags import Tagged, clean_name, put_tag
from workbench.store.database import session, transaction
from workbench.store.images import Image
from workbench.store.regions import DrawnRegion, Region
from workbench.store.versions import ModelVersion


@dataclass(frozen=True)
class Drawn:
    """A region as it stands after somebody drew it, with its tag."""

    id: int
    region_id: int
    new: bool
    """False where somebody has drawn the very same before."""
    tagged: Tagged


def draw_region(
    user_id: int,
    image_id: int,
    drawing: Drawing,
    name: str,
    finding: Finding = UNSAID,
    *,
    version_id: int,
) -> Drawn:
    """Save what a person drew on an image, with a tag on it; one transaction.

    What is drawn as it was drawn before, or as a pixel group lies, is that region. `version_id` is
    of the version that was looked at. Raises NotFoundError for an image of another collection,
    InvalidError and ConflictError.
    """
    name, finding = clean_name(name), clean_finding(finding)
    image = session().scalar(
        select(Image)
        .join(ModelVersion, ModelVersion.collection_id == Image.collection_id)
        .where(Image.id == image_id, ModelVersion.id == version_id)
    )
    if image is None:
        raise NotFoundError(gettext("Image not found."))
    # Before the write lock is taken: it may last a second.
    filled = fill(image, drawing)
    with transaction() as write:
        audit.acting(write, user_id, version_id=version_id)
        drawn, new = _put(write, user_id, image_id, drawing, filled)
        tagged = put_tag(write, user_id, name, finding, region_id=drawn.region_id)
        return Drawn(drawn.id, drawn.region_id, new, tagged)


def _put(
    write: Session, user_id: int, image_id: int, drawing: Drawing, filled: Filled
) -> tuple[DrawnRegion, bool]:
    known = known_regions(write, [image_id])[image_id]
    if write.get(Image, image_id, populate_existing=True) is None:
        raise NotFoundError(gettext("Image not found."))
    full = filled.full
    same = select(DrawnRegion).where(
        DrawnRegion.region_id.in_(select(Region.id).where(Region.image_id == image_id)),
        DrawnRegion.picture_width == drawing.width,
        DrawnRegion.picture_height == drawing.height,
        DrawnRegion.left == full.left,
        DrawnRegion.top == full.top,
        DrawnRegion.rle == full.rle,
    )
    before = write.scalar(same.order_by(DrawnRegion.id.desc()).limit(1))
    region_id = before.region_id if before else _found(write, filled, known)
    if region_id is None:
        region_id = new_region(write, image_id, filled.normal, known)
    return put_unless_standing(
        write,
        DrawnRegion(
            region_id=region_id,
            user_id=user_id,
            tool=drawing.tool,
            picture_width=drawing.width,
            picture_height=drawing.height,
            **asdict(full),
        ),
        select(DrawnRegion).where(
            DrawnRegion.region_id == region_id, DrawnRegion.withdrawn_at.is_(None)
        ),
    )


def _found(write: Session, filled: Filled, known: dict[int, str]) -> int | None:
    """The region with this mask that versions found, and nobody has drawn otherwise."""
    if not filled.whole or not filled.normal.area:
        return None
    alike = [region_id for region_id, rle in known.items() if rle == filled.normal.rle]
    return write.scalar(
        select(Region.id)
        .where(Region.id.in_(alike), ~exists().where(DrawnRegion.region_id == Region.id))
        .order_by(Region.id)
        .limit(1)
    )


def tag_drawn(user_id: int, drawn_id: int, name: str, finding: Finding = UNSAID) -> Tagged:
    """Put a tag on a region that somebody drew."""
    name, finding = clean_name(name), clean_finding(finding)
    with transaction() as write:
        drawn = write.get(DrawnRegion, drawn_id, with_for_update={"read": True})
        if drawn is None or drawn.withdrawn_at is not None:
            raise NotFoundError(gettext("This region is withdrawn, or was removed."))
        audit.acting(write, user_id)
        return put_tag(write, user_id, name, finding, region_id=drawn.region_id)


def withdraw_region(user_id: int, drawn_id: int) -> None:
    """Take back a region that one has drawn oneself, with one's own tags on it.

    Raises NotFoundError, and ConflictError for somebody else's, or where others have tagged it.
    """
    with transaction() as write:
        withdraw_drawn(write, user_id, drawn_id)
