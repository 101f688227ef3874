"""Images of different origin made alike: the same square, size, format, quality and subsampling.

What tells real from fake by how files were saved and scaled is so overwritten on both sides by the
same, before either is normalised.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image

from workbench.analysis.images.analysed_square import AnalysedSquare
from workbench.analysis.images.normalise import upright

SMALLEST: Final = 64
"""No image is made smaller than that for the sake of a few that are."""
COARSEST: Final = 50
FINEST: Final = 75
"""JPEG qualities: coarser ones destroy what is looked for, finer ones leave earlier steps."""


@dataclass(frozen=True)
class Alike:
    """What all images are made: squares of at most `side` px, JPEG of `quality`, 4:2:0."""

    side: int
    quality: int

    @property
    def written(self) -> str:
        """As images keep it."""
        return f"{self.side}-{self.quality}"

    @classmethod
    def read(cls, written: str) -> Alike:
        """From what images keep."""
        side, quality = map(int, written.split("-"))
        return cls(side, quality)


def alike_for(sides: Iterable[Sequence[int]], qualities: Sequence[int]) -> Alike:
    """What images of these shorter sides, label by label, and JPEG qualities can be made.

    As large as nearly all of each label are, and a quality no finer than nearly all had.
    """
    side = min(_low(each) for each in sides if each)
    quality = _low(qualities) if qualities else FINEST
    return Alike(max(side, SMALLEST), min(max(quality, COARSEST), FINEST))


def _low(values: Sequence[int]) -> int:
    """The 5th percentile: a few odd images shall not decide for all."""
    return sorted(values)[len(values) // 20]


def made_alike(content: bytes, alike: Alike, *, max_pixels: int) -> bytes:
    """An image file as the JPEG that it would be, had it been made like all others.

    Smaller images keep their size. Raises UnusableImageError as `normalise`.
    """
    whole = upright(content, max_pixels=max_pixels)
    square = whole.crop(AnalysedSquare(*whole.size).box)
    if square.width > alike.side:
        square = square.resize((alike.side, alike.side), Image.Resampling.LANCZOS)
    square.info = {}
    made = io.BytesIO()
    square.save(made, "JPEG", quality=alike.quality, subsampling="4:2:0")
    return made.getvalue()
