"""The 468 landmarks of a face (Kartynnik et al. 2019, arXiv 1907.06724)."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from numpy import ndarray
from scipy.special import expit

from workbench.analysis.faces.detection import Detection

COUNT: Final = 468
SIDE: Final = 192
"""The network's input, in pixels."""

_OUTPUTS: Final = ("conv2d_21", "conv2d_31")
_LEAST_PRESENCE: Final = 0.5
_MARGIN: Final = 1.5
"""Side of the crop, over the longer side of the face's box."""
_OUTER_CORNERS: Final = (33, 263)
"""Of the person's right and left eye."""


def find_landmarks(
    network: cv2.dnn.Net, picture: UInt8[ndarray, "h w 3"], detection: Detection
) -> Float[ndarray, "468 2"] | None:
    """Find a detected face's landmarks; None where the network sees no face there.

    Twice: a crop around the first landmarks fits better than one around the detector's box.
    """
    turned = _turn(detection.eyes)
    points = _within(network, picture, detection.centre, float(detection.size.max()), turned)
    if points is None:
        return None
    turned = _turn(points[list(_OUTER_CORNERS)])
    along = points @ turned.T
    low, high = along.min(axis=0), along.max(axis=0)
    return _within(network, picture, (low + high) / 2 @ turned, float((high - low).max()), turned)


def _turn(eyes: Float[ndarray, "2 2"]) -> Float[ndarray, "2 2"]:
    """The face's axes, as rows: from its right eye to the left one, and down."""
    angle = np.arctan2(*(eyes[1] - eyes[0])[::-1])
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _within(
    network: cv2.dnn.Net,
    picture: UInt8[ndarray, "h w 3"],
    centre: Float[ndarray, " 2"],
    size: float,
    axes: Float[ndarray, "2 2"],
) -> Float[ndarray, "468 2"] | None:
    """Landmarks in an upright square around a face of this size."""
    to_picture = axes.T * (_MARGIN * size / SIDE)
    corner = centre - to_picture @ np.full(2, SIDE / 2)
    # OpenCV measures from the first pixel's centre.
    moved = corner + to_picture @ np.full(2, 0.5) - 0.5
    crop = cv2.warpAffine(
        picture,
        np.column_stack([to_picture, moved]),
        (SIDE, SIDE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    network.setInput((crop.astype(np.float32) / 255).transpose(2, 0, 1)[None].copy())
    points, presence = network.forward(_OUTPUTS)
    if expit(float(presence.ravel()[0])) < _LEAST_PRESENCE:
        return None
    flat = points.reshape(COUNT, 3)[:, :2].astype(np.float64)
    return np.asarray(flat @ to_picture.T + corner)
