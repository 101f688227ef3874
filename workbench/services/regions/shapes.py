"""What a person drew on an image, as shapes to fill; and the masks that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from flask_babel import gettext
from numpy.typing import NDArray
from sqlalchemy import select

from workbench.analysis.images.analysed_square import AnalysedSquare
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions import drawing
from workbench.analysis.regions.drawing import Cells, DrawnMask, Outline, Square, Step, Stroke
from workbench.analysis.regions.masks import bounding_box, decoded, run_lengths
from workbench.services.errors import ConflictError, InvalidError
from workbench.store.database import session
from workbench.store.images import Image
from workbench.store.regions import Region
from workbench.store.results import PixelGroup

MOST_STEPS: Final = 500
MOST_POINTS: Final = 8000
MOST_RUNS: Final = 10_000
MOST_ROWS: Final = 4_000_000
"""Rows of pixels that all edges together reach through: about a second."""
LONGEST_RLE: Final = 1_000_000
"""A mask of noise has more."""
LARGEST_BRUSH: Final = 0.25
"""Radius, as a share of the picture's longer side."""
OUTLINES: Final = ("box", "polygon", "lasso")


@dataclass(frozen=True)
class DrawnStep:
    """One shape that was added or erased. Points are in pixels of the picture.

    radius: of the brush.
    cells: of superpixels, as (first, length) of runs along the rows of the normalised image.
    groups: ids of pixel groups.
    """

    tool: str
    erase: bool = False
    points: tuple[tuple[float, float], ...] = ()
    radius: float = 0.0
    cells: tuple[tuple[int, int], ...] = ()
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """All steps, and the size of the picture that they were drawn on."""

    width: int
    height: int
    steps: tuple[DrawnStep, ...]

    @property
    def tool(self) -> str:
        """What it was drawn with; what was erased with does not count."""
        tools = {each.tool for each in self.steps if not each.erase}
        return tools.pop() if len(tools) == 1 else "several"


@dataclass(frozen=True)
class MaskFacts:
    """A mask as run lengths, with its bounding box and area."""

    rle: str
    left: int
    top: int
    width: int
    height: int
    area: int


@dataclass(frozen=True)
class Filled:
    """A region at full resolution, over its bounding box, and over the normalised image."""

    full: MaskFacts
    normal: MaskFacts
    whole: bool
    """Whether none of it lies outside of the analysed square."""


def fill(image: Image, drawn: Drawing) -> Filled:
    """Fill what was drawn on an image.

    Raises InvalidError for what makes no region, ConflictError for a picture of another size.
    """
    _check_picture(image, drawn)
    _check_extent(drawn)
    square = AnalysedSquare(drawn.width, drawn.height)
    over = Square(square.left, square.top, square.side, NORMAL_SIZE)
    steps = [_step(each, image.id, over) for each in drawn.steps]
    if drawing.rows_followed(steps) > MOST_ROWS:
        raise InvalidError(gettext("This drawing is too long. Draw it in several parts."))
    mask = drawing.draw(steps, drawn.width, drawn.height)
    if mask is None:
        raise InvalidError(_why_empty(drawn, steps))
    full = _full(mask)
    shares = drawing.share_of_cells(mask, over)
    left, top, right, bottom = square.box
    return Filled(
        full,
        _normal(shares >= 0.5 - 1e-9),
        whole=left <= full.left
        and top <= full.top
        and full.left + full.width <= right
        and full.top + full.height <= bottom,
    )


def _check_picture(image: Image, drawn: Drawing) -> None:
    """Where the original is missing, the page shows the normalised copy."""
    if (drawn.width, drawn.height) not in {
        (image.width, image.height),
        (NORMAL_SIZE, NORMAL_SIZE),
    }:
        raise ConflictError(
            gettext(
                "This was drawn on a picture of %(drawn)s px, and the image has %(now)s px. "
                "Reload the page.",
                drawn=f"{drawn.width} × {drawn.height}",
                now=f"{image.width} × {image.height}",
            )
        )


def _check_extent(drawn: Drawing) -> None:
    longest = max(drawn.width, drawn.height)
    for each in drawn.steps:
        if each.tool == "brush" and not 0 < each.radius <= max(1.0, LARGEST_BRUSH * longest):
            raise InvalidError(
                gettext(
                    "A brush has a radius of up to %(most)s px here, not %(radius)s.",
                    most=round(LARGEST_BRUSH * longest),
                    radius=f"{each.radius:g}",
                )
            )
        far = next(
            (
                (x, y)
                for x, y in each.points
                if not -longest <= min(x, y) <= max(x, y) <= 2 * longest
            ),
            None,
        )
        if far:
            raise InvalidError(
                gettext(
                    "The point %(point)s lies far outside of the image, which has %(size)s px.",
                    point=f"({far[0]:g}, {far[1]:g})",
                    size=f"{drawn.width} × {drawn.height}",
                )
            )


def _step(step: DrawnStep, image_id: int, over: Square) -> Step:
    if step.tool == "groups":
        return Cells(_of_groups(image_id, step.groups), over, step.erase)
    if step.tool == "superpixels":
        return Cells(_of_runs(step.cells), over, step.erase)
    points = np.array(step.points, np.float64).reshape(-1, 2)
    if step.tool == "brush":
        if not len(points):
            raise InvalidError(gettext("A stroke of the brush has no points."))
        return Stroke(points, step.radius, step.erase)
    if step.tool == "box" and len(points) == 2:
        (x0, y0), (x1, y1) = points
        points = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    if len(points) < 3:
        raise InvalidError(
            gettext("An outline needs 3 points or more; this one has %(count)s.", count=len(points))
        )
    return Outline(points, step.erase)


def _of_groups(image_id: int, groups: Sequence[int]) -> NDArray[np.bool_]:
    found = dict(
        session()
        .execute(
            select(PixelGroup.id, Region.rle)
            .join(Region, Region.id == PixelGroup.region_id)
            .where(PixelGroup.id.in_(groups), PixelGroup.image_id == image_id)
        )
        .tuples()
        .all()
    )
    mask = np.zeros((NORMAL_SIZE, NORMAL_SIZE), np.bool_)
    for each in groups:
        if each not in found:
            raise InvalidError(gettext("Pixel group %(id)s is not on this image.", id=each))
        mask |= decoded(found[each], NORMAL_SIZE, NORMAL_SIZE).astype(np.bool_)
    return mask


def _of_runs(runs: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    mask = np.zeros(NORMAL_SIZE**2, np.bool_)
    for first, length in runs:
        if first + length > mask.size:
            raise InvalidError(
                gettext("A superpixel lies outside of the image, at pixel %(at)s.", at=first)
            )
        mask[first : first + length] = True
    return mask.reshape(NORMAL_SIZE, NORMAL_SIZE)


def _why_empty(drawn: Drawing, steps: Sequence[Step]) -> str:
    added = [each for each in steps if not each.erase]
    if not added:
        return gettext("Nothing is drawn. Draw a region first.")
    if drawing.draw(added, drawn.width, drawn.height) is not None:
        return gettext("All that was drawn is erased again.")
    if all(isinstance(each, Cells) for each in added):
        return gettext("Nothing is drawn. Draw a region first.")
    points = np.concatenate([each.points for each in added if not isinstance(each, Cells)])
    x, y = points.mean(axis=0)
    if 0 <= x <= drawn.width and 0 <= y <= drawn.height:
        return gettext("What was drawn is smaller than a pixel. Draw a larger region.")
    return gettext(
        "What was drawn lies outside of the image, which has %(size)s px.",
        size=f"{drawn.width} × {drawn.height}",
    )


def _full(mask: DrawnMask) -> MaskFacts:
    height, width = mask.pixels.shape
    rle = run_lengths(mask.pixels)
    if len(rle) > LONGEST_RLE:
        raise InvalidError(gettext("This region has too many small parts. Draw a simpler one."))
    return MaskFacts(rle, mask.left, mask.top, width, height, int(mask.pixels.sum()))


def _normal(mask: NDArray[np.bool_]) -> MaskFacts:
    rle = run_lengths(mask)
    return MaskFacts(rle, *bounding_box(rle, NORMAL_SIZE, NORMAL_SIZE), int(mask.sum()))
