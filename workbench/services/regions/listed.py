"""The regions that people drew on an image, as its page shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from workbench.analysis.images.analysed_square import AnalysedSquare
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.masks import decoded
from workbench.analysis.regions.overlap import LIES_ON, covered
from workbench.services.review.tags import TaggingView, view_of
from workbench.store.database import session
from workbench.store.judgements import Tagging
from workbench.store.regions import DrawnRegion, Region
from workbench.store.results import PixelGroup

_OUTLINED: Final = 2048
"""An outline is followed on a mask of at most this side."""
_NOTICED: Final = 0.05
"""Of a pixel group, from which on it is said to be covered."""


@dataclass(frozen=True)
class Covered:
    """A pixel group that a drawn region covers in part."""

    number: int
    share: float
    """Of the pixel group's area."""

    @property
    def bears(self) -> bool:
        """Whether the pixel group bears the region's tags."""
        return self.share >= LIES_ON


@dataclass(frozen=True)
class DrawnView:
    """A region that somebody drew. The outline is SVG path data in normalised pixels."""

    id: int
    by: str
    at: datetime
    tool: str
    outline: str
    area_share: float
    """Of the picture that it was drawn on."""
    box: tuple[float, float, float, float]
    """(left, top, width, height) in normalised pixels; it may lie outside of the square."""
    outside: bool
    """Whether it has no part in the analysed square."""
    tags: tuple[TaggingView, ...]
    covers: tuple[Covered, ...]
    """The largest share first."""


def drawn_on(image_id: int, groups: Sequence[PixelGroup]) -> tuple[DrawnView, ...]:
    """The standing ones that are no pixel group of the version that is shown, the oldest first.

    At most two queries.
    """
    taken = {each.region_id for each in groups}
    rows = session().scalars(
        select(DrawnRegion)
        .join(Region, Region.id == DrawnRegion.region_id)
        .options(joinedload(DrawnRegion.region), joinedload(DrawnRegion.user))
        .where(Region.image_id == image_id, DrawnRegion.withdrawn_at.is_(None))
        .order_by(DrawnRegion.id)
    )
    found = [each for each in rows if each.region_id not in taken]
    if not found:
        return ()
    tags = _tags_of({each.region_id for each in found})
    covers = _covers(found, groups)
    return tuple(
        _view(each, tags[each.region_id], some) for each, some in zip(found, covers, strict=True)
    )


def _tags_of(region_ids: Collection[int]) -> defaultdict[int, list[TaggingView]]:
    rows = session().scalars(
        select(Tagging)
        .options(joinedload(Tagging.tag), joinedload(Tagging.user))
        .where(Tagging.region_id.in_(region_ids), Tagging.withdrawn_at.is_(None))
        .order_by(Tagging.id)
    )
    found: defaultdict[int, list[TaggingView]] = defaultdict(list)
    for each in rows:
        found[each.region_id or 0].append(view_of(each))
    return found


def _covers(
    drawn: Sequence[DrawnRegion], groups: Sequence[PixelGroup]
) -> list[tuple[Covered, ...]]:
    of_groups = [each.region.rle for each in groups]
    of_drawn = [each.region.rle for each in drawn]
    shares = covered(of_groups, of_drawn, NORMAL_SIZE)
    return [
        tuple(
            Covered(groups[row].number, float(shares[row, column]))
            for row in np.argsort(-shares[:, column], kind="stable")
            if shares[row, column] >= _NOTICED
        )
        for column in range(len(drawn))
    ]


def _view(
    drawn: DrawnRegion, tags: Sequence[TaggingView], covers: tuple[Covered, ...]
) -> DrawnView:
    square = AnalysedSquare(drawn.picture_width, drawn.picture_height)
    scale = NORMAL_SIZE / square.side
    left, top, right, bottom = square.box
    return DrawnView(
        id=drawn.id,
        by=drawn.user.name,
        at=drawn.created_at,
        tool=drawn.tool,
        outline=_outline(
            drawn.rle, drawn.width, drawn.height, drawn.left - left, drawn.top - top, scale
        ),
        area_share=drawn.area / (drawn.picture_width * drawn.picture_height),
        box=(
            (drawn.left - left) * scale,
            (drawn.top - top) * scale,
            drawn.width * scale,
            drawn.height * scale,
        ),
        outside=drawn.left >= right
        or drawn.left + drawn.width <= left
        or drawn.top >= bottom
        or drawn.top + drawn.height <= top,
        tags=tuple(tags),
        covers=covers,
    )


@lru_cache(maxsize=512)
def _outline(rle: str, width: int, height: int, left: int, top: int, scale: float) -> str:
    """Closed paths around a mask at (left, top), holes included, each length times `scale`."""
    mask = decoded(rle, height, width)
    reduced = max(1.0, max(width, height) / _OUTLINED)
    if reduced > 1:
        size = round(width / reduced) or 1, round(height / reduced) or 1
        mask = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
    contours, _hierarchy = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_TC89_L1)
    across, down = width / mask.shape[1], height / mask.shape[0]

    def words(x: int, y: int) -> str:
        return f"{((x + 0.5) * across + left) * scale:.2f} {((y + 0.5) * down + top) * scale:.2f}"

    return " ".join(
        "M" + " L".join(words(x, y) for x, y in contour[:, 0]) + " Z" for contour in contours
    )
