"""Whether two pictures show the very same, cut, scaled, mirrored or re-coloured."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from PIL import Image, ImageFilter

_SIDE: Final = 56
"""Of what is compared: a quarter of the normalised image, which a JPEG decoder gives for little."""
_SCALES: Final = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7)
_COARSE: Final = 4.0
"""Radius of what is taken away: faces that are cut out alike agree in it, whoever they are of."""

_ROUGHLY: Final = 0.6
"""Agreement at half the size: of copies 0.70 or more, of 99% of different faces less."""

Detail = Float[ndarray, "56 56"]
Picture = Float[ndarray, "side side"]


def detail(content: bytes) -> Detail:
    """What a normalised image shows in little, without its coarse light and shade."""
    with Image.open(io.BytesIO(content), formats=["JPEG"]) as picture:
        picture.draft("L", (_SIDE, _SIDE))
        grey = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    coarse = grey.filter(ImageFilter.GaussianBlur(_COARSE))
    return np.asarray(grey, np.float32) - np.asarray(coarse, np.float32)


def agreement(first: Detail, second: Detail) -> float:
    """The largest correlation of one picture with a part of the other, or with its mirror image.

    Of parts of 70% of a side or more, wherever they lie; 1 for equal pictures, 0 for flat ones.
    What does not agree at half the size is not looked at more closely.
    """
    import cv2  # noqa: PLC0415 - pages need none

    half = (_SIDE // 2, _SIDE // 2)
    smaller = [cv2.resize(each, half, interpolation=cv2.INTER_AREA) for each in (first, second)]
    roughly = _both_ways(smaller[0], smaller[1], _SCALES[::2])
    return roughly if roughly < _ROUGHLY else _both_ways(first, second, _SCALES)


def _both_ways(first: Picture, second: Picture, scales: Sequence[float]) -> float:
    return max(
        _best(part, whole, scales)
        for one, whole in ((first, second), (second, first))
        for part in (one, np.ascontiguousarray(one[:, ::-1]))
    )


def _best(picture: Picture, whole: Picture, scales: Sequence[float]) -> float:
    """The largest correlation of the picture, made smaller, with where it may lie in the whole."""
    import cv2  # noqa: PLC0415 - pages need none

    best = 0.0
    for scale in scales:
        side = round(len(picture) * scale)
        part = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        if part.std() < 1.0:
            continue
        found = cv2.matchTemplate(whole, part, cv2.TM_CCOEFF_NORMED)
        best = max(best, float(found[np.isfinite(found)].max(initial=0.0)))
    return min(best, 1.0)
