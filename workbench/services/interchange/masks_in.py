"""Masks that come from outside: checked, and laid over the picture and the analysed square."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flask_babel import gettext

from workbench.analysis.images.analysed_square import AnalysedSquare
from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.regions.drawing import DrawnMask, Square, share_of_cells
from workbench.analysis.regions.masks import bounding_box, decoded, run_lengths
from workbench.analysis.regions.run_lengths import BrokenRunLengthsError, counts_of
from workbench.services.errors import ServiceError
from workbench.services.interchange.incoming import IncomingRegion, LineError
from workbench.services.regions.shapes import (
    LONGEST_RLE,
    Drawing,
    DrawnStep,
    MaskFacts,
    fill,
)
from workbench.store.images import Image

_NORMAL = (NORMAL_SIZE, NORMAL_SIZE)


@dataclass(frozen=True)
class Placed:
    """A region as it is written: over the picture that it was drawn on, and over the square."""

    size: tuple[int, int]
    full: MaskFacts
    normal: MaskFacts
    tool: str


def placed(image: Image, region: IncomingRegion) -> Placed:
    """A region on an image. Raises LineError for a mask of another size, a broken or empty one."""
    if region.size not in {(image.width, image.height), _NORMAL}:
        raise LineError(
            "size",
            gettext(
                "The mask is of %(mask)s px, and the image has %(image)s px.",
                mask="{} × {}".format(*region.size),
                image=f"{image.width} × {image.height}",
            ),
        )
    if region.outlines:
        return _filled(image, region)
    left, top, width, height = region.box
    if left + width > region.size[0] or top + height > region.size[1]:
        raise LineError("box", gettext("The box lies outside of the picture."))
    try:
        counts = counts_of(region.rle)
    except BrokenRunLengthsError:
        counts = []
    if sum(counts) != width * height or len(region.rle) > LONGEST_RLE:
        raise LineError(
            "rle",
            gettext(
                "These run lengths are not of a mask of %(mask)s px.", mask=f"{width} × {height}"
            ),
        )
    pixels = decoded(region.rle, height, width).astype(np.bool_)
    if not pixels.any():
        raise LineError("rle", gettext("The mask is empty."))
    x, y, across, down = bounding_box(region.rle, height, width)
    cut = pixels[y : y + down, x : x + across]
    full = MaskFacts(run_lengths(cut), left + x, top + y, across, down, int(cut.sum()))
    return Placed(region.size, full, _over_the_square(image, region.size, full, cut), region.tool)


def _over_the_square(
    image: Image, size: tuple[int, int], full: MaskFacts, pixels: np.ndarray
) -> MaskFacts:
    if size == _NORMAL:
        mask = np.zeros(_NORMAL, np.bool_)
        mask[full.top : full.top + full.height, full.left : full.left + full.width] = pixels
    else:
        square = AnalysedSquare(image.width, image.height)
        over = Square(square.left, square.top, square.side, NORMAL_SIZE)
        mask = share_of_cells(DrawnMask(full.left, full.top, pixels), over) >= 0.5 - 1e-9
    rle = run_lengths(mask)
    return MaskFacts(rle, *bounding_box(rle, *_NORMAL), int(mask.sum()))


def _filled(image: Image, region: IncomingRegion) -> Placed:
    steps = tuple(DrawnStep("polygon", points=outline) for outline in region.outlines)
    try:
        filled = fill(image, Drawing(*region.size, steps))
    except ServiceError as error:
        raise LineError("segmentation", str(error)) from error
    return Placed(region.size, filled.full, filled.normal, region.tool)
