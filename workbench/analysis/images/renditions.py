"""An original for the screen: whole within a bound, and in tiles up to its full resolution.

Level 0 of the tiles is full resolution; each further level has half as many pixels a side, rounded
up. The levels end where the whole rendition is as fine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from PIL import Image

from workbench.analysis.images.normalise import as_jpeg

WHOLE_SIDE: Final = 2048
"""Most pixels a side of the whole rendition: a large window at two device pixels a point."""
TILE_SIDE: Final = 512


def tile_levels(width: int, height: int) -> int:
    """The number of levels of tiles that are finer than the whole rendition."""
    longest, levels = max(width, height), 0
    while longest > WHOLE_SIDE:
        longest, levels = -(-longest // 2), levels + 1
    return levels


def whole(image: Image.Image) -> bytes:
    """The whole image as a JPEG, of its own size or scaled down to the bound."""
    scale = WHOLE_SIDE / max(image.size)
    if scale < 1:
        size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return as_jpeg(image)


def tiles(image: Image.Image) -> Iterator[tuple[int, int, int, bytes]]:
    """(level, column, row, JPEG) of all tiles; those at the right and lower edge may be smaller."""
    for level in range(tile_levels(*image.size)):
        for top in range(0, image.height, TILE_SIDE):
            for left in range(0, image.width, TILE_SIDE):
                right = min(left + TILE_SIDE, image.width)
                bottom = min(top + TILE_SIDE, image.height)
                tile = image.crop((left, top, right, bottom))
                yield level, left // TILE_SIDE, top // TILE_SIDE, as_jpeg(tile)
        image = image.reduce(2)
