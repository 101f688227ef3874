"""Which pixels are of people: MediaPipe's selfie segmentation."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from jaxtyping import Bool, UInt8
from numpy import ndarray

SIDE: Final = 256
"""The network's input, in pixels."""

_LEAST_SHARE: Final = 0.5


def person_pixels(network: cv2.dnn.Net, picture: UInt8[ndarray, "h w 3"]) -> Bool[ndarray, "h w"]:
    """Segment people from the background; made for one person who fills much of the picture."""
    height, width = picture.shape[:2]
    shown = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    network.setInput((shown.astype(np.float32) / 255).transpose(2, 0, 1)[None].copy())
    share = cv2.resize(network.forward()[0, 0], (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(share >= _LEAST_SHARE)
