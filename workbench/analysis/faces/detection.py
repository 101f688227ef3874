"""Face detection by BlazeFace (Bazarevsky et al. 2019, arXiv 1907.05047), short range.

Positions, here and in the other modules of the wing, are (x, y) in pixels of the picture, measured
from its upper left corner: the first pixel's centre is at 0.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from scipy.special import expit

SIDE: Final = 128
"""The network's input, in pixels."""

_OUTPUTS: Final = ("regressors", "classificators")
_LEAST_SCORE: Final = 0.5
_SAME_FACE: Final = 0.3
"""Overlap (intersection over union) above which two boxes are of one face, as in MediaPipe."""
_BORDERS: Final = (0.0, 0.5)
"""Border around the picture, as a share of its side: faces that fill a picture are missed without
one, and of small faces one would lose sight with it."""
_GRIDS: Final = ((16, 2), (8, 6))
"""Cells on a side, and boxes a cell, in the order of the network's output."""


@dataclass(frozen=True)
class Detection:
    """A face: its box, and where its eyes are."""

    score: float
    centre: Float[ndarray, " 2"]
    size: Float[ndarray, " 2"]
    """Width and height."""
    eyes: Float[ndarray, "2 2"]
    """The person's right eye, then the left one."""


def detect(network: cv2.dnn.Net, picture: UInt8[ndarray, "h w 3"]) -> list[Detection]:
    """Detect the faces of an RGB picture, the largest first."""
    for border in _BORDERS:
        score, points = _candidates(network, picture, border)
        found = list(_merged(score, points))
        if found:
            return sorted(found, key=lambda each: float(each.size.prod()), reverse=True)
    return []


def _candidates(
    network: cv2.dnn.Net, picture: UInt8[ndarray, "h w 3"], border: float
) -> tuple[Float[ndarray, " box"], Float[ndarray, "box 8 2"]]:
    """Scores, best first; and centres, sizes, and six points of faces that overlap each other."""
    height, width = picture.shape[:2]
    side = round(max(height, width) * (1 + 2 * border))
    left, top = (side - width) // 2, (side - height) // 2
    square = np.zeros((side, side, 3), np.uint8)
    square[top : top + height, left : left + width] = picture
    small = cv2.resize(square, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    network.setInput((small.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None].copy())
    regressed, logit = network.forward(_OUTPUTS)
    score = expit(logit[0, :, 0].astype(np.float64))
    order = np.argsort(-score, kind="stable")
    chosen = order[score[order] >= _LEAST_SCORE]
    points = regressed[0, chosen].reshape(-1, 8, 2).astype(np.float64) / SIDE
    points[:, [0, *range(2, 8)]] += _cells()[chosen, None]
    points *= side
    points[:, [0, *range(2, 8)]] -= (left, top)
    return score[chosen], points


@lru_cache(maxsize=1)
def _cells() -> Float[ndarray, "box 2"]:
    """The centre of each box's cell, as a share of the picture."""
    found = []
    for side, boxes in _GRIDS:
        rows, columns = np.mgrid[:side, :side]
        centres = (np.stack([columns, rows], axis=-1).reshape(-1, 2) + 0.5) / side
        found.append(np.repeat(centres, boxes, axis=0))
    return np.concatenate(found)


def _merged(
    score: Float[ndarray, " box"], points: Float[ndarray, "box 8 2"]
) -> Iterator[Detection]:
    """One detection for boxes that overlap the best one: their mean, weighted by score."""
    left = np.arange(len(score))
    while len(left):
        near = _overlap(points[left[0], :2], points[left, :2]) >= _SAME_FACE
        near[0] = True  # an empty box overlaps not even itself
        same, left = left[near], left[~near]
        mean = np.average(points[same], axis=0, weights=score[same])
        yield Detection(float(score[same[0]]), centre=mean[0], size=mean[1], eyes=mean[2:4])


def _overlap(
    box: Float[ndarray, "2 2"], others: Float[ndarray, "box 2 2"]
) -> Float[ndarray, " box"]:
    """Intersection over union of boxes given as centre and size."""
    low = np.maximum(box[0] - box[1] / 2, others[:, 0] - others[:, 1] / 2)
    high = np.minimum(box[0] + box[1] / 2, others[:, 0] + others[:, 1] / 2)
    shared = np.maximum(high - low, 0).prod(axis=1)
    union = box[1].prod() + others[:, 1].prod(axis=1) - shared
    return np.asarray(shared / np.maximum(union, np.finfo(np.float64).tiny))
