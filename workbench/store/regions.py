"""Tables of regions: masks on images, which outlive every version that found them.

People draw some: those have a row in `DrawnRegion`, too, with the mask at full resolution.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import NEVER_AGAIN, Base, now
from workbench.store.images import Image
from workbench.store.people import User

TOOLS = ("box", "polygon", "lasso", "brush", "superpixels", "groups", "several")
"""What regions are drawn with; `groups` takes pixel groups as a whole."""


class Region(Base):
    """A mask on one image. Never changed once written.

    Pixel groups of all versions that have the very same mask share one.
    """

    __tablename__ = "region"
    __table_args__ = (NEVER_AGAIN,)

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), index=True)
    rle: Mapped[str] = mapped_column(Text)
    """COCO run lengths over the normalised image, column by column; those of an empty mask where
    people drew outside of the analysed square, or less than half of any pixel."""
    left: Mapped[int]
    top: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    area: Mapped[int]
    """In pixels of the normalised image."""

    image: Mapped[Image] = relationship()


class RegionOverlap(Base):
    """How much of a region lies in another one of its image, where it is a tenth or more."""

    __tablename__ = "region_overlap"

    region_id: Mapped[int] = mapped_column(
        ForeignKey("region.id", ondelete="CASCADE"), primary_key=True
    )
    other_id: Mapped[int] = mapped_column(
        ForeignKey("region.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    share: Mapped[float]
    """Of the area of `region`, in (0, 1]; 1 where what was drawn differs in the original alone."""
    iou: Mapped[float]
    """Intersection over union, in (0, 1], the same both ways."""


class DrawnRegion(Base):
    """A region as a person drew it, at full resolution. Withdrawn, never changed."""

    __tablename__ = "drawn_region"
    __table_args__ = (
        CheckConstraint(
            "tool in ('box', 'polygon', 'lasso', 'brush', 'superpixels', 'groups', 'several')",
            name="tool",
        ),
        # Of one region at most one drawing stands, whoever draws the same at the same moment.
        Index(
            "uq_drawn_region_standing_region",
            "region_id",
            unique=True,
            sqlite_where=text("withdrawn_at is null"),
            postgresql_where=text("withdrawn_at is null"),
        ),
        Index("ix_drawn_region_region_id", "region_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    region_id: Mapped[int] = mapped_column(ForeignKey("region.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    tool: Mapped[str] = mapped_column(String(12))
    picture_width: Mapped[int]
    picture_height: Mapped[int]
    """Of the picture that it was drawn on, in pixels: the upright original, or the normalised image
    where the original was missing."""
    left: Mapped[int]
    top: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    """Of the bounding box, in pixels of that picture."""
    area: Mapped[int]
    rle: Mapped[str] = mapped_column(Text)
    """COCO run lengths over the bounding box, column by column."""
    created_at: Mapped[datetime] = mapped_column(default=now)
    withdrawn_at: Mapped[datetime | None]

    region: Mapped[Region] = relationship()
    user: Mapped[User] = relationship()
