"""Tables of regions: masks on images, which outlive every version that found them."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workbench.store.database import NEVER_AGAIN, Base
from workbench.store.images import Image


class Region(Base):
    """A mask on one image. Never changed once written.

    Pixel groups of all versions that have the very same mask share one.
    """

    __tablename__ = "region"
    __table_args__ = (NEVER_AGAIN,)

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("image.id"), index=True)
    rle: Mapped[str] = mapped_column(Text)
    """COCO run lengths over the normalised image, column by column."""
    left: Mapped[int]
    top: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    area: Mapped[int]
    """In pixels of the normalised image."""

    image: Mapped[Image] = relationship()


class RegionOverlap(Base):
    """How far two regions of one image overlap; in both directions, where they do noticeably."""

    __tablename__ = "region_overlap"

    region_id: Mapped[int] = mapped_column(
        ForeignKey("region.id", ondelete="CASCADE"), primary_key=True
    )
    other_id: Mapped[int] = mapped_column(
        ForeignKey("region.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    iou: Mapped[float]
    """Intersection over union, in (0, 1)."""
