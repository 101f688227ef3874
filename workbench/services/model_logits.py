"""The logits that a model gives to pixels as they are."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Picture

from workbench.analysis.distilled_head import DistilledHead
from workbench.analysis.encoder import Encoder


def logits_of(
    pictures: list[NDArray[np.uint8]], encoder: Encoder, head: DistilledHead
) -> list[float]:
    """One logit a picture (height, width, 3), + toward fake; all in one pass."""
    batch = encoder.preprocess([Picture.fromarray(each) for each in pictures])
    with torch.no_grad():
        return [float(value) for value in head.logit(encoder.encode(batch).embedding)]
