"""Regions of a face by name, from its landmarks and the outline of the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8
from numpy import ndarray

REGIONS: Final = (
    "eyes",
    "brows",
    "nose",
    "mouth",
    "cheeks",
    "forehead",
    "jaw",
    "hair",
    "body",
    "background",
)
"""Within the oval of the face: eyes with lids and sockets, mouth with the upper lip's skin, cheeks
with temples, jaw with the chin. Outside of it, of people: what is above the chin (with ears and
hats), what is below (neck, shoulders, clothes); and the background."""

# Landmarks around each region, person's right side first.
_OVAL: Final = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152),
    *(148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
_FOREHEAD: Final = (
    *(162, 21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251, 389),
    *(368, 383, 276, 283, 282, 295, 285, 8, 55, 65, 52, 53, 46, 156, 139),
)
_JAW: Final = (
    *(58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288),
    *(434, 432, 291, 17, 61, 212, 214),
)
_BROWS: Final = (
    (46, 53, 52, 65, 55, 107, 66, 105, 63, 70),
    (276, 283, 282, 295, 285, 336, 296, 334, 293, 300),
)
_EYES: Final = (
    (226, 113, 225, 224, 223, 222, 221, 189, 244, 233, 232, 231, 230, 229, 228, 31),
    (446, 342, 445, 444, 443, 442, 441, 413, 464, 453, 452, 451, 450, 449, 448, 261),
)
_NOSE: Final = (
    *(168, 193, 245, 188, 174, 217, 198, 209, 49, 129, 203, 98, 97, 2),
    *(326, 327, 423, 358, 279, 429, 420, 437, 399, 412, 465, 417),
)
_MOUTH: Final = (
    *(61, 186, 92, 165, 167, 164, 393, 391, 322, 410, 291),
    *(273, 335, 406, 313, 18, 83, 182, 106, 43),
)
_PAINTED: Final[tuple[tuple[str, tuple[Sequence[int], ...]], ...]] = (
    ("cheeks", (_OVAL,)),
    ("forehead", (_FOREHEAD,)),
    ("jaw", (_JAW,)),
    ("brows", _BROWS),
    ("eyes", _EYES),
    ("nose", (_NOSE,)),
    ("mouth", (_MOUTH,)),
)
"""In the order of painting: what is finer lies over what is coarser."""

_TOP: Final = 10
_CHIN: Final = 152
_RIGHT: Final = 234
_LEFT: Final = 454
_TINY: Final = 1e-9
_BODY_BELOW: Final = 0.75
"""Where the body begins, on the way from the face's centre (0) to the chin (1)."""
_WIDER: Final = {"brows": 0.03}
"""Margin, as a share of the face's width: landmarks follow the hairs' middle."""
_SHIFT: Final = 4
"""Bits of fractions of a pixel, for OpenCV."""


@dataclass(frozen=True)
class Face:
    """A face of a picture: its landmarks, and the region of every pixel of the picture."""

    landmarks: Float[ndarray, "468 2"]
    regions: UInt8[ndarray, "h w"]
    """Index in `REGIONS`."""

    def mask(self, region: str) -> Bool[ndarray, "h w"]:
        """Which pixels belong to a region; ValueError for an unknown name."""
        return np.asarray(self.regions == REGIONS.index(region))

    def shares(self, rows: int, columns: int) -> Float[ndarray, "patch region"]:
        """Compute the share of each region in each patch of a grid, row by row; rows sum to 1.

        ValueError where the grid does not divide the picture.
        """
        height, width = self.regions.shape
        if height % rows or width % columns:
            raise ValueError(f"{rows} x {columns} patches do not divide {height} x {width} pixels")
        cut = self.regions.reshape(rows, height // rows, columns, width // columns)
        by_region = [np.mean(cut == index, axis=(1, 3)) for index in range(len(REGIONS))]
        return np.stack(by_region, axis=-1).reshape(rows * columns, len(REGIONS))


def toward_chin(
    landmarks: Float[ndarray, "468 2"], shape: tuple[int, ...]
) -> Float[ndarray, "h w"]:
    """Measure each pixel along the face's axis: -1 at the top of its oval, 1 at the chin."""
    half = (landmarks[_CHIN] - landmarks[_TOP]) / 2
    offset = np.indices(shape)[::-1] + 0.5 - (landmarks[_TOP] + half)[:, None, None]
    return np.asarray(np.einsum("a,ahw->hw", half, offset) / max(float(half @ half), _TINY))


def face_regions(
    landmarks: Float[ndarray, "468 2"], person: Bool[ndarray, "h w"]
) -> UInt8[ndarray, "h w"]:
    """Paint the regions of a face; `person` are the pixels of people."""
    painted = np.full(person.shape, REGIONS.index("background"), np.uint8)
    below = toward_chin(landmarks, person.shape) > _BODY_BELOW
    painted[person & ~below] = REGIONS.index("hair")
    painted[person & below] = REGIONS.index("body")
    width = float(np.linalg.norm(landmarks[_LEFT] - landmarks[_RIGHT]))
    for region, outlines in _PAINTED:
        for outline in outlines:
            inside = _inside(landmarks[list(outline)], person.shape, _WIDER.get(region, 0) * width)
            painted[inside] = REGIONS.index(region)
    return painted


def _inside(
    outline: Float[ndarray, "corner 2"], shape: tuple[int, ...], margin: float
) -> Bool[ndarray, "h w"]:
    """Pixels in a polygon, or within so many pixels of it."""
    filled = np.zeros(shape, np.uint8)
    # OpenCV measures from the first pixel's centre.
    corners = np.rint((outline - 0.5) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(filled, [corners], 1, shift=_SHIFT)
    if margin >= 0.5:
        side = 2 * round(margin) + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        filled = cv2.dilate(filled, disc).astype(np.uint8)
    return filled > 0
