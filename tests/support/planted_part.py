"""One kind of content in which one part alone is false, much or a little; other content beside.

The paper's Figure 3 on a set made for it: heads of a cat whose eyes have a checkerboard, the
artefact of transposed convolutions, and cups of coffee that have it in the cup.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from workbench.analysis.images.normalise import NORMAL_SIZE
from workbench.analysis.images.planted.arrays import as_bytes
from workbench.analysis.images.planted.kinds import EDITS

KIND = "checkerboard"
SEVERE, MINOR = 1.0, 0.35
"""Opacity of the artefact."""

Disc = tuple[float, float, float]
"""Row, column, radius."""


@dataclass(frozen=True)
class Photograph:
    """A photograph, and its part that is edited; windows of these sides hold it whole."""

    name: str
    part: tuple[Disc, ...]
    sides: tuple[int, int]
    top: tuple[int, int]
    right: tuple[int, int]
    """Where a window's upper edge, and its right one, may lie."""


CAT = Photograph("chelsea", ((116, 172, 42), (137, 319, 30)), (262, 290), (2, 10), (355, 390))
CUP = Photograph("coffee", ((145, 288, 80),), (290, 380), (2, 20), (400, 440))


@dataclass(frozen=True)
class Picture:
    """A crop of a photograph: how strong the artefact in its part is, 0 where it is real."""

    photograph: Photograph
    strength: float
    seed: int

    @property
    def name(self) -> str:
        """The file's name, which no other picture has."""
        return f"{self.photograph.name}-{self.strength:.2f}-{self.seed:02}.png"

    def draw(self) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """The pixels, normalised already, and where its part is."""
        random = np.random.default_rng(self.seed + round(1000 * self.strength))
        whole = getattr(data, self.photograph.name)().astype(float)
        rows, columns = np.indices(whole.shape[:2])
        part = np.zeros(whole.shape[:2])
        for row, column, radius in self.photograph.part:
            part[np.hypot(rows - row, columns - column) < radius] = 1.0
        top = random.integers(*self.photograph.top)
        right = random.integers(*self.photograph.right)
        side = min(random.integers(*self.photograph.sides), whole.shape[0] - top)
        window = np.s_[top : top + side, right - side : right]
        turned = np.s_[:, ::-1] if random.random() < 0.5 else np.s_[:, :]
        pixels, mask = _resized(whole[window][turned], part[window][turned])
        pixels = pixels * random.uniform(0.85, 1.1) + random.uniform(-8, 8, 3)
        edited = EDITS[KIND](pixels, random)
        opacity = self.strength * mask[..., None]
        return as_bytes(pixels + opacity * (edited - pixels)), mask > 0.5


def _resized(
    pixels: NDArray[np.float64], mask: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    size = (NORMAL_SIZE, NORMAL_SIZE)
    small = Image.fromarray(as_bytes(pixels)).resize(size, Image.Resampling.LANCZOS)
    opacity = Image.fromarray((255 * mask).astype(np.uint8)).resize(size)
    return np.asarray(small, float), np.asarray(opacity, float) / 255


def pictures() -> Iterator[Picture]:
    """All of the set."""
    for photograph, strength, count in (
        (CAT, 0.0, 10),
        (CAT, MINOR, 8),
        (CAT, SEVERE, 8),
        (CUP, 0.0, 8),
        (CUP, SEVERE, 6),
    ):
        for seed in range(count):
            yield Picture(photograph, strength, seed)


def draw_planted_part(folder: Path) -> Path:
    """Write the pictures into folders real/ and fake/."""
    for picture in pictures():
        into = folder / ("fake" if picture.strength else "real")
        into.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.draw()[0]).save(into / picture.name)
    return folder
