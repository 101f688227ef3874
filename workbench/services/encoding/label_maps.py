"""Superpixels as they are kept: one compressed label map an image, about 3 kB of 50."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.analysis.regions.pixel_groups import SUPERPIXELS_VERSION

SUPERPIXELS = f"superpixels_{SUPERPIXELS_VERSION}"
"""The name of this part of the cache; an older way of making them has another."""

Arrays = dict[str, NDArray[np.generic]]


def packed(maps: Sequence[NDArray[np.uint8]]) -> Arrays:
    """Label maps of one size as arrays: `labels`, zlib streams end to end, `ends`, and `size`."""
    streams = [zlib.compress(each.tobytes()) for each in maps]
    return {
        "labels": np.frombuffer(b"".join(streams), dtype=np.uint8),
        "ends": np.cumsum([len(stream) for stream in streams], dtype=np.int64),
        "size": np.array(maps[0].shape if maps else (0, 0), dtype=np.int64),
    }


def unpacked(arrays: Arrays, row: int) -> NDArray[np.uint8]:
    """One label map (height, width) of `packed`."""
    ends = arrays["ends"]
    start = int(ends[row - 1]) if row else 0
    content = zlib.decompress(arrays["labels"][start : int(ends[row])].tobytes())
    height, width = (int(side) for side in arrays["size"])
    return np.frombuffer(content, dtype=np.uint8).reshape(height, width)
